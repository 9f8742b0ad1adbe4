//! Draft findings: typed facts, of which nothing is masked yet.

use super::anchor::{Anchor, Identity};
use super::site::{AlsoSite, Site};
use crate::detect::{Confidence, TokenSummary};
use crate::finding::{Problem, Severity};
use crate::mask::Message;
use crate::rules::Rule;
use crate::rules::dockerfile::Residue;
use crate::sensitive::Name;

/// The sort key of a finding in the report of its target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    /// The number of the image.
    pub(crate) image: usize,
    /// 0 for documents, otherwise the index of the layer plus one.
    pub(crate) layer: usize,
    /// The path or field.
    pub(crate) path: Name,
    /// The offset in the file.
    pub(crate) offset: u64,
}

/// A finding before it is sealed. It holds typed facts, and nothing in it is masked.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) order: Order,
    pub(crate) rule: &'static Rule,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// The token, if token text was found.
    pub(crate) token: Option<TokenSummary>,
    /// The text of a token of unknown shape, which is hidden in the report.
    pub(crate) secret: Option<Name>,
    /// One sentence about what was found.
    pub(crate) message: Message,
    /// Advice on what to do.
    pub(crate) help: Message,
    /// The normalised command. It identifies the finding if there is no token of known shape.
    pub(crate) subject: Message,
    /// The canonical place.
    pub(crate) anchor: Anchor,
    pub(crate) site: Site,
    pub(crate) also: Vec<AlsoSite>,
    pub(crate) related: Vec<Site>,
    pub(crate) leaves: Vec<Residue>,
    /// The reason, if a comment in the file asks to ignore this finding.
    pub(crate) ignored: Option<Message>,
}

/// The drafts and problems of one part of a target.
#[expect(clippy::struct_field_names, reason = "there is no better name")]
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) problems: Vec<Problem>,
    /// Texts of unknown shape that are hidden in the report.
    pub(crate) secrets: Vec<Name>,
}

impl Draft {
    /// Returns the identity of the finding.
    pub(super) fn identity(&self) -> Identity {
        let hash = self.token.as_ref().and_then(|token| token.sha256).map(|hash| hash.to_string());
        let subject = hash.unwrap_or_else(|| self.subject.seal().as_str().to_owned());
        Identity::new(self.rule.id, &subject, &self.anchor)
    }
}
