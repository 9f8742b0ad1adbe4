//! Findings in the making, and their numbers.

use super::anchor::{Anchor, Identity};
use super::site::{AlsoSite, Site};
use crate::detect::{Confidence, TokenSummary};
use crate::finding::{Problem, Severity};
use crate::mask::Message;
use crate::rules::Rule;
use crate::rules::dockerfile::Residue;
use crate::sensitive::Name;

/// Where a finding is listed in the report of its target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    /// The image, by number.
    pub(crate) image: usize,
    /// 0 for documents, then the layers.
    pub(crate) layer: usize,
    /// The path or field.
    pub(crate) path: Name,
    /// The offset in it.
    pub(crate) offset: u64,
}

/// A finding in the making: typed facts, of which nothing is masked.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) order: Order,
    pub(crate) rule: &'static Rule,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// The token, where token text was found.
    pub(crate) token: Option<TokenSummary>,
    /// What was found, one sentence.
    pub(crate) message: Message,
    /// What to do.
    pub(crate) help: Message,
    /// The command in normal form: it identifies the finding where no token of known shape does.
    pub(crate) subject: Message,
    /// The canonical place.
    pub(crate) anchor: Anchor,
    pub(crate) site: Site,
    pub(crate) also: Vec<AlsoSite>,
    pub(crate) related: Vec<Site>,
    pub(crate) leaves: Vec<Residue>,
    /// Whether a comment in the file asks to leave it out. It is counted among its equals all the same, so that an ignore
    /// changes no other fingerprint.
    pub(crate) is_silenced: bool,
}

/// Drafts and problems of a part of a target.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) problems: Vec<Problem>,
}

impl Draft {
    /// What makes the finding this one.
    pub(super) fn identity(&self) -> Identity {
        let hash = self.token.as_ref().and_then(|token| token.sha256).map(|hash| hash.to_string());
        let subject = hash.unwrap_or_else(|| self.subject.seal().as_str().to_owned());
        Identity::new(self.rule.id, &subject, &self.anchor)
    }
}
