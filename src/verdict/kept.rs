//! Which of the credentials of unknown shape that a file may hold count: that is for the file's names to say.

use std::collections::HashSet;

use crate::detect::Confidence;
use crate::detect::KeptSearch;
use crate::detect::KeptToken;
use crate::detect::Occurrence;
use crate::detect::TokenSummary;
use crate::detect::keeps;
use crate::image::Keeper;
use crate::image::Places;

/// What the credentials of unknown shape among `kept` are to a report, in a file of that name alone: those at
/// which `known` has none of known shape.
pub(crate) fn occurrences(name: &[u8], kept: &[KeptToken], known: &[Occurrence]) -> Vec<Occurrence> {
    let seen = |offset: u64| known.iter().any(|o| o.offset == offset && o.via.is_empty());
    let credentials = credentials(kept, std::iter::once(name), &Places::default()).into_iter();
    let credentials = credentials.filter(|kept| !seen(kept.offset));
    credentials
        .map(|kept| Occurrence {
            token: TokenSummary::unknown(),
            offset: kept.offset,
            len: 0,
            at: kept.offset..kept.offset,
            position: kept.position,
            via: Vec::new(),
            confidence: Confidence::Medium,
        })
        .collect()
}

/// Those of `kept` that count in a file of these names, one for each offset.
pub(crate) fn credentials<'k>(
    kept: &'k [KeptToken],
    names: impl Iterator<Item = &'k [u8]>,
    places: &Places,
) -> Vec<&'k KeptToken> {
    if kept.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<&[u8]> = names.collect();
    names.dedup();
    let counts = |kept: &&KeptToken| {
        names.iter().any(|name| {
            places.at(name).is_some_and(|keeper| keeper.forms().contains(&kept.form))
                || keeps(name, kept.form)
        })
    };
    let mut seen = HashSet::new();
    kept.iter().filter(counts).filter(|kept| seen.insert(kept.offset)).collect()
}

/// Whether a file of that name may be one in which credentials count, whatever image it is in.
pub(crate) fn is_keeper(name: &[u8]) -> bool {
    KeptSearch::reads_large(name) || Places::default().at(name).is_some()
}

/// Whether `hf auth login` itself writes a file of one of these names.
pub(crate) fn is_login<'n>(mut names: impl Iterator<Item = &'n [u8]>, places: &Places) -> bool {
    names.any(|name| places.at(name).is_some_and(Keeper::is_written_by_login))
}
