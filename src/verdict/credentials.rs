//! The selection of credentials of unknown shape in a file. The names of the file decide which of them count.

use std::collections::HashSet;

use crate::detect::Confidence;
use crate::detect::Credential;
use crate::detect::CredentialSearch;
use crate::detect::Occurrence;
use crate::detect::TokenSummary;
use crate::detect::keeps;
use crate::image::Keeper;
use crate::image::PathHashes;
use crate::image::Places;
use crate::verdict::LayerContent;

/// Returns the occurrences to report for the credentials of unknown shape in `credentials`, in a file with this
/// single name. A credential is omitted if `known` has a token of known shape at the same offset.
pub(crate) fn occurrences(name: &[u8], credentials: &[Credential], known: &[Occurrence]) -> Vec<Occurrence> {
    let seen = |offset: u64| known.iter().any(|o| o.offset == offset && o.via.is_empty() && !o.is_unknown());
    let counting = counting(credentials, std::iter::once(name), &Places::default());
    counting
        .into_iter()
        .filter(|credential| !seen(credential.offset))
        .map(|credential| Occurrence {
            token: TokenSummary::unknown(),
            offset: credential.offset,
            len: 0,
            at: credential.offset..credential.offset,
            position: credential.position,
            via: Vec::new(),
            confidence: Confidence::Medium,
            text: credential.text.clone(),
        })
        .collect()
}

/// Adds the occurrences for the credentials of unknown shape that count in a file with this single name. One that
/// its name marks as a token as well is listed once.
pub(crate) fn add_occurrences(name: &[u8], credentials: &[Credential], found: &mut Vec<Occurrence>) {
    let unknown = occurrences(name, credentials, found);
    found.retain(|o| !o.is_unknown() || !unknown.iter().any(|other| o.is_beside(other.offset)));
    found.extend(unknown);
}

/// Returns the credentials of unknown shape that count in a file with these names, one for each offset.
pub(crate) fn counting<'k>(
    credentials: &'k [Credential],
    names: impl Iterator<Item = &'k [u8]>,
    places: &Places,
) -> Vec<&'k Credential> {
    if credentials.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<&[u8]> = names.collect();
    names.dedup();
    let counts = |credential: &&Credential| {
        names.iter().any(|name| {
            places.at(name).is_some_and(|keeper| keeper.forms().contains(&credential.form))
                || keeps(name, credential.form)
        })
    };
    let mut seen = HashSet::new();
    credentials.iter().filter(counts).filter(|credential| seen.insert(credential.offset)).collect()
}

/// Returns true if a credential is a token of known shape.
pub(crate) fn is_known(credential: &Credential, found: &[Occurrence]) -> bool {
    found.iter().any(|o| o.is_beside(credential.offset) && !o.is_unknown())
}

/// Returns true if a credential in a layer counts in an image with these places.
pub(crate) fn any_counts(layer: &LayerContent, places: &Places) -> bool {
    layer.files.iter().filter(|file| !file.credentials.is_empty()).any(|file| {
        let own = PathHashes::own(&file.path);
        let links = layer.hard_links.iter().filter(|link| link.target == own);
        let names = links.map(|link| &*link.name).chain(std::iter::once(&*file.path));
        counting(&file.credentials, names, places).iter().any(|known| !is_known(known, &file.occurrences))
    })
}

/// Returns true if a file with this name may be a credential file in some image.
pub(crate) fn is_keeper(name: &[u8]) -> bool {
    CredentialSearch::reads_large(name) || Places::default().at(name).is_some()
}

/// Returns true if `hf auth login` itself writes a file with one of these names.
pub(crate) fn is_login<'n>(mut names: impl Iterator<Item = &'n [u8]>, places: &Places) -> bool {
    names.any(|name| places.at(name).is_some_and(Keeper::is_written_by_login))
}
