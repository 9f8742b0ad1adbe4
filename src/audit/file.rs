//! Any one file, searched as it is.

use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::path::Path;

use super::Progress;
use super::budget::Budget;
use super::progress::Counted;
use super::search::search;
use crate::detect::{mask, mask_path};
use crate::finding::{Finding, Issue, Location, Masked, TokenHash, fingerprint};
use crate::rules::context::TOKEN_IN_FILE;

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
    let outcome = search(&mut BufReader::with_capacity(256 * 1024, input), &mut found);
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
            message: Masked::own(format!("Hugging Face token in {}", name.as_str())),
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
