//! The alignment of history entries with layers (OCI image specification, "Image Configuration", `history`).

use super::config::HistoryEntry;
use crate::sensitive::Name;

/// Returns the command that made each layer. Returns `None` if history and layers do not match, since a guess
/// could be wrong.
pub(crate) fn align(history: &[HistoryEntry], layers: usize) -> Option<Vec<Option<Name>>> {
    let made: Vec<_> =
        history.iter().filter(|entry| !entry.empty_layer).map(|entry| entry.created_by.clone()).collect();
    (made.len() == layers).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(created_by: &str, empty_layer: bool) -> HistoryEntry {
        HistoryEntry { created_by: Some(created_by.into()), empty_layer, author: None }
    }

    #[test]
    fn entries_without_a_layer_are_passed_over() {
        let history = [entry("ADD", false), entry("ENV", true), entry("RUN", false)];
        assert_eq!(align(&history, 2), Some(vec![Some("ADD".into()), Some("RUN".into())]));
    }

    #[test]
    fn what_does_not_line_up_is_not_guessed() {
        let history = [entry("squashed", false)];
        assert_eq!(align(&history, 10), None);
        assert_eq!(align(&[], 1), None);
        assert_eq!(align(&[], 0), Some(vec![]));
    }
}
