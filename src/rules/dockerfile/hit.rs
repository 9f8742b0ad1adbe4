//! Hits of the Dockerfile rules.

use super::removals::Removed;
use crate::detect::{Confidence, TokenSummary};
use crate::dockerfile::{Keyword, Reach};
use crate::effects::{ScriptPlace, layer_path};
use crate::finding::{Provenance, Severity, Where};
use crate::mask::{Message, Quoted, message};
use crate::rules::Rule;
use crate::text::Span;

/// One place at which a rule fires.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// The severity at this place.
    pub severity: Severity,
    /// The confidence that this is a leak.
    pub confidence: Confidence,
    /// The location in the file.
    pub span: Span,
    /// The token, if its text is in the file.
    pub token: Option<TokenSummary>,
    /// The finding, in one sentence.
    pub(crate) message: Message,
    /// Additions to the message.
    pub(crate) remarks: Vec<Remark>,
    /// The advice on how to fix it.
    pub(crate) help: Message,
    /// The residues that a build would leave behind.
    pub(crate) leaves: Vec<Residue>,
    /// The index of the stage.
    pub stage: Option<usize>,
    /// The place in a script file, if that has the effect.
    pub(crate) script: Option<ScriptPlace>,
    /// The command in normal form, without a location. The fingerprint is computed from it if there is no
    /// token.
    pub(crate) subject: Message,
}

/// Something that the build of this Dockerfile would leave behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Residue {
    /// The kind of place.
    pub(crate) place: Where,
    /// The path in the layer, if it is a file and the path is known.
    pub(crate) path: Option<String>,
    /// The mode of the provenance, for an attestation.
    pub(crate) mode: Option<Provenance>,
}

/// An addition to a message that depends on the rest of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The stage is not part of the final image. Provenance of this mode shows what the builder was given, but no
    /// files.
    StaysInBuildCache { provenance: Option<Provenance> },
    /// A later instruction with this keyword sets the variable, label or command to another value.
    SetAnew(Keyword),
    /// No `RUN` follows a build argument.
    NewerBuilders,
    /// The file is in a volume that was declared before.
    BehindVolume,
    /// A trigger with a token in its text.
    TriggerText,
    /// A trigger without a token in its text.
    Trigger,
}

impl Remark {
    /// Returns the text of the remark, which is appended to the message.
    pub(crate) fn text(self) -> Message {
        match self {
            Self::StaysInBuildCache { provenance: None } => {
                Message::own("its stage does not reach the final image, so it stays in the builder's cache")
            }
            Self::StaysInBuildCache { provenance: Some(Provenance::Max) } => Message::own(
                "its stage does not reach the final image, so it stays in the builder's cache, and in provenance of \
                 `mode=max`",
            ),
            Self::StaysInBuildCache { provenance: Some(Provenance::Min) } => Message::own(
                "its stage does not reach the final image, but the provenance that BuildKit attaches to the image by \
                 default holds the URL with it",
            ),
            Self::SetAnew(keyword) => {
                message!("a later {} sets it anew, but the history keeps it", keyword.name())
            }
            Self::NewerBuilders => {
                Message::own("no RUN follows, so that only Docker 28 and later write it into the history")
            }
            Self::TriggerText => Message::own(
                "images that are based on this one run it; images of the OCI format keep no ONBUILD, and BuildKit writes \
                 it into no history",
            ),
            Self::Trigger => Message::own("it is left in the images that are based on this one"),
            Self::BehindVolume => Message::own(
                "the file is in a VOLUME: the classic builder throws it away, other builders keep it",
            ),
        }
    }
}

/// The maximum number of removals of one file that are examined.
const MAX_REMOVED: usize = 256;

/// Returns the next lower severity.
pub(crate) fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}

/// Returns a residue at a place without a path.
pub(crate) fn left_in(place: Where) -> Residue {
    Residue { place, path: None, mode: None }
}

/// Returns a residue in provenance.
pub(crate) fn left_in_provenance(mode: Provenance) -> Residue {
    Residue { place: Where::Attestation, path: None, mode: Some(mode) }
}

/// Returns a residue in a layer. The path is included if it is known.
pub(crate) fn left_in_layer(path: Option<&str>) -> Residue {
    Residue { place: Where::Layer, path: path.and_then(layer_path).map(str::to_owned), mode: None }
}

/// Says in which script file of the context something happens.
pub(crate) fn in_script(message: Message, script: Option<&ScriptPlace>) -> Message {
    match script {
        Some(ScriptPlace::File { path, .. }) => message!("{}, in `{}`", message, Quoted(path)),
        Some(ScriptPlace::Here(_)) | None => message,
    }
}

/// Returns the hits that begin in a part of the source.
pub(crate) fn within(hits: &[Hit], span: Span) -> impl Iterator<Item = &Hit> {
    let first = hits.partition_point(|hit| hit.span.start < span.start);
    hits.iter().skip(first).take_while(move |hit| hit.span.start < span.end)
}

impl Hit {
    /// Returns the message with all remarks.
    pub(crate) fn full_message(&self) -> Message {
        let add = |message, remark: &Remark| message!("{}; {}", message, remark.text());
        self.remarks.iter().fold(self.message.clone(), add)
    }

    /// Drops the residues that are not part of the final image. If none remains, the token is still in the
    /// build cache, and in the file if `is_literal` says that it is written there. A file that its stage removes again is not there to be copied.
    pub(crate) fn forecast(&mut self, reach: &Reach, removed: &[Removed], is_literal: bool) {
        let Some(stage) = self.stage else { return };
        let before = self.leaves.len();
        let mut reaching = Vec::new();
        for leaves in std::mem::take(&mut self.leaves) {
            match leaves.place {
                Where::Source | Where::BuildCache | Where::Attestation => reaching.push(leaves),
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
            // A token that is written in the file is known to all who have the file.
            if is_literal {
                self.leaves.push(left_in(Where::Source));
            } else {
                self.severity = lower(self.severity);
            }
            self.leaves.push(left_in(Where::BuildCache));
            self.remarks.push(Remark::StaysInBuildCache { provenance: None });
        }
    }
}
