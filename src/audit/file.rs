//! Any one file, with all that lies in it.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use super::Progress;
use super::budget::Budget;
use super::progress::Counted;
use super::troubles::Troubles;
use crate::detect::{mask, mask_path};
use crate::finding::{Finding, Issue, Location, Masked, TokenHash, fingerprint};
use crate::rules::context::TOKEN_IN_FILE;
use crate::stream::Window;
use crate::unpack::{self, Origin};

/// What an audit of a file gives.
pub(super) struct Audited {
    /// In order of offset.
    pub(super) findings: Vec<Finding>,
    /// What kept some of it from being read.
    pub(super) errors: Vec<Issue>,
    /// What nobody could read in it.
    pub(super) notes: Vec<Issue>,
}

/// Audits a file.
pub(super) fn audit(target: &Masked, path: &Path, input: &mut dyn Read, progress: &dyn Progress) -> Audited {
    let budget = Budget::default();
    let (mut found, outcome) =
        unpack::search(Origin::default(), &mut Window::new(Counted { input, progress }));
    let overflow = (!budget.keep(&mut found.occurrences)).then(Budget::overflow);
    let issue = |message: String| Issue {
        target: target.clone(),
        place: Masked::own("file"),
        message: mask(message.as_bytes()),
    };
    let mut troubles = Troubles::default();
    troubles.add(b"", found.troubles);
    let problem = outcome.err().map(|error| error.to_string()).or(overflow);
    let errors = problem.into_iter().chain(troubles.errors()).map(issue).collect();
    let notes = troubles.notes().map(issue).collect();
    let mut occurrences = found.occurrences;
    occurrences.sort_by_key(|occurrence| occurrence.offset);
    let name = mask_path(path.as_os_str().as_encoded_bytes());
    let mut equals: HashMap<Option<TokenHash>, usize> = HashMap::new();
    let findings = occurrences.into_iter().map(|occurrence| {
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
    Audited { findings: findings.collect(), errors, notes }
}
