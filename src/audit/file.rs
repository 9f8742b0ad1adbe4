//! Any one file, searched as it is.

use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::path::Path;

use super::Progress;
use super::budget::Budget;
use super::kept;
use super::progress::Counted;
use super::search::search_file;
use crate::detect::{mask, mask_path};
use crate::finding::{Finding, Issue, Location, Masked, TokenHash, TokenKind, fingerprint};
use crate::rules::context::TOKEN_IN_FILE;

fn describe(kind: TokenKind) -> &'static str {
    if kind == TokenKind::Unknown { "Hugging Face credential of unknown shape" } else { "Hugging Face token" }
}

/// The findings of a file, in order of offset, and what kept it from being read.
pub(super) fn audit(
    target: &Masked,
    path: &Path,
    input: &mut dyn Read,
    progress: &dyn Progress,
) -> (Vec<Finding>, Vec<Issue>) {
    let input = Counted { input, progress };
    let budget = Budget::default();
    let mut found = Vec::new();
    // Some places are told by the directory as well, which a relative path need not name.
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = place.as_os_str().as_encoded_bytes();
    let place = place.strip_prefix(b"/").unwrap_or(place);
    let mut kept = Vec::new();
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let outcome = search_file(place, &mut input, &mut found, &mut kept);
    found.extend(kept::occurrences(place, &kept, &found));
    found.sort_by_key(|occurrence| occurrence.offset);
    let overflow = (!budget.keep(&mut found)).then(Budget::overflow);
    let errors = outcome.err().map(|error| error.to_string()).or(overflow).map(|message| Issue {
        target: target.clone(),
        place: Masked::own("file"),
        message: mask(message.as_bytes()),
    });
    let name = mask_path(path.as_os_str().as_encoded_bytes());
    let mut equals: HashMap<Option<TokenHash>, usize> = HashMap::new();
    let findings = found.into_iter().map(|occurrence| {
        let hash = occurrence.token.sha256;
        let ordinal = equals.entry(hash).or_default();
        let number = *ordinal;
        *ordinal += 1;
        Finding {
            rule: TOKEN_IN_FILE.id,
            severity: TOKEN_IN_FILE.severity,
            confidence: occurrence.confidence,
            message: Masked::own(format!("{} in {}", describe(occurrence.token.kind), name.as_str())),
            help: Masked::own(TOKEN_IN_FILE.fix),
            fingerprint: fingerprint(TOKEN_IN_FILE.id, hash.as_ref(), "", name.as_str(), number),
            token: Some(occurrence.token),
            target: target.clone(),
            location: Location::File {
                path: name.clone(),
                position: occurrence.position,
                offset: occurrence.offset,
                via: occurrence.via,
            },
            also: Vec::new(),
            related: Vec::new(),
            leaves: Vec::new(),
        }
    });
    (findings.collect(), errors.into_iter().collect())
}
