//! Hides secrets of unknown shape in all texts of a report. It is the last thing that is done to one.

use super::{
    Also, DockerfileLine, Finding, Hunk, ImageSummary, Issue, LayerSummary, Leak, Leaves, Line, Location,
    Mending, Report, RepositorySummary, Suppression, Target,
};
use crate::mask::{Masked, PathName, Secrets};

/// A value with texts in which secrets can be hidden.
pub(crate) trait Hide {
    fn hide(&mut self, secrets: &mut Secrets);
}

impl Hide for Masked {
    fn hide(&mut self, secrets: &mut Secrets) {
        self.hide_found(secrets);
    }
}

impl Hide for PathName {
    fn hide(&mut self, secrets: &mut Secrets) {
        self.hide_found(secrets);
    }
}

impl<T: Hide> Hide for Option<T> {
    fn hide(&mut self, secrets: &mut Secrets) {
        for value in self.iter_mut() {
            value.hide(secrets);
        }
    }
}

impl<T: Hide> Hide for Vec<T> {
    fn hide(&mut self, secrets: &mut Secrets) {
        for value in self.iter_mut() {
            value.hide(secrets);
        }
    }
}

/// Hides secrets in the texts of a type. All fields are named, so that a new one is not forgotten.
macro_rules! hide {
    ($($type:ident { $($text:ident),* ; $($other:ident),* })*) => {
        $(impl Hide for $type {
            fn hide(&mut self, found: &mut Secrets) {
                let Self { $($text,)* $($other: _,)* } = self;
                $($text.hide(found);)*
            }
        })*
    };
}

hide! {
    Report { targets, repositories, policy, findings, errors, notes; schema, tool, complete, summary, wanted }
    RepositorySummary { repository; targets, findings, tokens, complete }
    Target { target, images; kind }
    ImageSummary { name, platform, layers; manifest_digest, config_digest, held }
    LayerSummary { media_type, created_by; index, digest, diff_id, size, cached }
    Issue { target, place, message; code }
    Finding {
        message, help, target, location, also, related, leaves, suppressed;
        rule, severity, confidence, fingerprint, token, origin
    }
    Suppression { reason; by }
    Leaves { path; place, mode }
    Also { image, platform, path; layer, state, hidden_by }
    DockerfileLine { path; line }
    Mending { path, hunks, secrets, at_start, left, unread; mended, kinds }
    Leak { message, why, help; line_before, line_after, rule, severity }
    Hunk { lines; before, after }
}

impl Hide for Location {
    fn hide(&mut self, secrets: &mut Secrets) {
        match self {
            Self::Layer {
                image,
                platform,
                path,
                via,
                created_by,
                dockerfile,
                layer: _,
                digest: _,
                diff_id: _,
                position: _,
                offset: _,
                state: _,
                hidden_by: _,
            } => {
                image.hide(secrets);
                platform.hide(secrets);
                path.hide(secrets);
                via.hide(secrets);
                created_by.hide(secrets);
                dockerfile.hide(secrets);
            }
            Self::Config { image, platform, field, via, dockerfile, document: _, digest: _ } => {
                image.hide(secrets);
                platform.hide(secrets);
                field.hide(secrets);
                via.hide(secrets);
                dockerfile.hide(secrets);
            }
            Self::Blob { entry, via, digest: _, offset: _ } => {
                entry.hide(secrets);
                via.hide(secrets);
            }
            Self::Dockerfile { path, stage, line: _, column: _, end_line: _, end_column: _ } => {
                path.hide(secrets);
                stage.hide(secrets);
            }
            Self::File { path, via, position: _, offset: _ } => {
                path.hide(secrets);
                via.hide(secrets);
            }
        }
    }
}

impl Hide for Line {
    fn hide(&mut self, secrets: &mut Secrets) {
        let before = self.text.clone();
        self.text.hide(secrets);
        self.is_whole &= before == self.text;
    }
}
