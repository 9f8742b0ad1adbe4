//! What a Dockerfile rule says of a place.

use super::removals::Removed;
use crate::detect::{Confidence, TokenSummary};
use crate::dockerfile::{Keyword, Reach};
use crate::effects::layer_path;
use crate::finding::{Severity, Where};
use crate::mask::{Message, message};
use crate::rules::Rule;
use crate::text::Span;

/// One place that a rule fires on.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is.
    pub span: Span,
    /// The token, where its text stands in the file.
    pub token: Option<TokenSummary>,
    /// What was found, one sentence.
    pub(crate) message: Message,
    /// What has to be added to that.
    pub(crate) remarks: Vec<Remark>,
    /// What to do.
    pub(crate) help: Message,
    /// What a build would leave behind.
    pub(crate) leaves: Vec<Residue>,
    /// The stage it is in, by number.
    pub stage: Option<usize>,
    /// The command in normal form, without a place: the fingerprint is made from it where there is no token.
    pub(crate) subject: Message,
}

/// Something that a build as written would leave behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Residue {
    /// The kind of place.
    pub(crate) place: Where,
    /// The path as it would be in the layer, where it is a file and known.
    pub(crate) path: Option<String>,
}

/// Something that a later look at the whole file adds to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The stage does not reach the final image.
    StaysInBuildCache,
    /// A later instruction of that kind sets the variable, label or command to another value.
    SetAnew(Keyword),
}

impl Remark {
    /// The remark in words, to follow the message.
    pub(crate) fn text(self) -> Message {
        match self {
            Self::StaysInBuildCache => {
                Message::own("its stage does not reach the final image, so it stays in the build cache")
            }
            Self::SetAnew(keyword) => {
                message!("a later {} sets it anew, and the history keeps it", keyword.name())
            }
        }
    }
}

/// How many removals are looked at for one file.
const MAX_REMOVED: usize = 256;

/// The severity below.
pub(crate) fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}

/// Something that is left at a place without a path.
pub(crate) fn left_in(place: Where) -> Residue {
    Residue { place, path: None }
}

/// A file that is left in a layer, at a path where that is known.
pub(crate) fn left_in_layer(path: Option<&str>) -> Residue {
    Residue { place: Where::Layer, path: path.and_then(layer_path).map(str::to_owned) }
}

/// The findings that begin in a part of the source.
pub(crate) fn within(hits: &[Hit], span: Span) -> impl Iterator<Item = &Hit> {
    let first = hits.partition_point(|hit| hit.span.start < span.start);
    hits.iter().skip(first).take_while(move |hit| hit.span.start < span.end)
}

impl Hit {
    /// The message with all remarks.
    pub(crate) fn full_message(&self) -> Message {
        let add = |message, remark: &Remark| message!("{}; {}", message, remark.text());
        self.remarks.iter().fold(self.message.clone(), add)
    }

    /// Takes away what does not reach the final image. Where nothing does, the build cache still holds it. A file that its
    /// stage removes again is not there to be copied.
    pub(crate) fn forecast(&mut self, reach: &Reach, removed: &[Removed]) {
        let Some(stage) = self.stage else { return };
        let before = self.leaves.len();
        let mut reaching = Vec::new();
        for leaves in std::mem::take(&mut self.leaves) {
            match leaves.place {
                Where::Source | Where::BuildCache => reaching.push(leaves),
                Where::Layer => {
                    let path = leaves.path.as_deref();
                    let behind = removed.iter().filter(|removed| {
                        removed.stage == Some(stage)
                            && (removed.instruction.start > self.span.start || removed.span == self.span)
                    });
                    let is_gone = |path| behind.take(MAX_REMOVED).any(|removed| removed.removes(path));
                    if !reach.is_whole(Some(stage)) && path.is_some_and(is_gone) {
                        continue;
                    }
                    let places = reach.places(Some(stage), path);
                    reaching.extend(places.iter().map(|place| left_in_layer(place.as_deref())));
                }
                Where::Env | Where::Label | Where::Config | Where::History => {
                    reaching.extend(reach.is_whole(Some(stage)).then_some(leaves));
                }
            }
        }
        self.leaves = reaching;
        if before > 0 && self.leaves.is_empty() {
            self.leaves.push(left_in(Where::BuildCache));
            self.severity = lower(self.severity);
            self.remarks.push(Remark::StaysInBuildCache);
        }
    }
}
