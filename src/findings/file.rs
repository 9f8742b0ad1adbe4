//! Tokens in files on disk.

use super::anchor::Anchor;
use super::draft::{Draft, Order};
use super::site::{FileSite, Site};
use super::words::describe_in_tree;
use crate::detect::Occurrence;
use crate::finding::Severity;
use crate::mask::{Message, message};
use crate::rules::context::TOKEN_IN_FILE;
use crate::sensitive::Name;

/// Returns the findings for the occurrences in a file. `path` is the path to show. `anchor` is the path
/// relative to the audited root.
pub(crate) fn occurrence_drafts(
    path: &Name,
    anchor: &[u8],
    occurrences: Vec<Occurrence>,
    severity: Severity,
) -> Vec<Draft> {
    let anchor = Anchor::file(anchor);
    let draft = |occurrence: Occurrence| Draft {
        order: Order { image: 0, layer: 0, path: path.clone(), offset: occurrence.offset },
        rule: &TOKEN_IN_FILE,
        severity: if occurrence.is_named() { severity.min(Severity::High) } else { severity },
        confidence: occurrence.confidence,
        message: message!("{} in {}", describe_in_tree(occurrence.token.kind), **path),
        help: TOKEN_IN_FILE.fix.for_token(occurrence.token.kind),
        subject: Message::default(),
        anchor,
        site: Site::File(FileSite::of(path, &occurrence)),
        token: Some(occurrence.token),
        secret: occurrence.text,
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
        ignored: None,
    };
    occurrences.into_iter().map(draft).collect()
}

impl FileSite {
    /// Returns the place of an occurrence in a file.
    pub(crate) fn of(path: &Name, occurrence: &Occurrence) -> Self {
        Self {
            path: path.clone(),
            position: occurrence.position,
            offset: occurrence.offset,
            via: occurrence.via.clone(),
        }
    }
}
