//! Any one file, with all that lies in it.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use crate::detect::{Occurrence, mask, mask_path};
use crate::engine::Counted;
use crate::engine::Progress;
use crate::engine::budget::Budget;
use crate::engine::tree::search_file;
use crate::finding::{Finding, Issue, Location, Masked, PathName, Severity, TokenHash, fingerprint};
use crate::rules::context::TOKEN_IN_FILE;
use crate::stream::Window;
use crate::unpack::{Origin, Unpacker};
use crate::verdict::Troubles;

/// What an audit of a file gives.
pub(crate) struct Audited {
    /// In order of offset.
    pub(crate) findings: Vec<Finding>,
    /// What kept some of it from being read.
    pub(crate) errors: Vec<Issue>,
    /// What nobody could read in it.
    pub(crate) notes: Vec<Issue>,
}

/// Audits a file.
pub(crate) fn audit(target: &Masked, path: &Path, input: &mut dyn Read, progress: &dyn Progress) -> Audited {
    let budget = Budget::default();
    // Some places are told by the directory as well, which a relative path need not name.
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = place.as_os_str().as_encoded_bytes();
    let place = place.strip_prefix(b"/").unwrap_or(place);
    let mut unpacker = Unpacker::new();
    let mut input = Window::new(Counted { input, progress });
    let origin = Origin { path: place, ..Origin::default() };
    let mut searched = search_file(&mut unpacker, origin, &mut input);
    let (in_git, troubles) = unpacker.finish();
    searched.occurrences.extend(in_git.into_iter().map(|(_, occurrence)| occurrence));
    searched.troubles.extend(troubles);
    searched.occurrences.sort_by_key(|occurrence| occurrence.offset);
    let overflow = (!budget.keep(&mut searched.occurrences)).then(Budget::overflow);
    let issue = |message: String| Issue {
        target: target.clone(),
        place: Masked::own("file"),
        message: mask(message.as_bytes()),
    };
    let mut troubles = Troubles::default();
    troubles.add(b"", searched.troubles);
    let problem = searched.problem.or(overflow);
    let errors = problem.into_iter().chain(troubles.errors()).map(issue).collect();
    let notes = troubles.notes().map(issue).collect();
    let name = mask_path(path.as_os_str().as_encoded_bytes());
    let findings = findings(target, &name, searched.occurrences, TOKEN_IN_FILE.severity);
    Audited { findings, errors, notes }
}

/// The findings in a file of that name.
pub(crate) fn findings(
    target: &Masked,
    name: &PathName,
    occurrences: Vec<Occurrence>,
    severity: Severity,
) -> Vec<Finding> {
    let mut equals: HashMap<Option<TokenHash>, usize> = HashMap::new();
    let findings = occurrences.into_iter().map(|occurrence| {
        let hash = occurrence.token.sha256;
        let ordinal = equals.entry(hash).or_default();
        let number = *ordinal;
        *ordinal += 1;
        Finding {
            rule: TOKEN_IN_FILE.id,
            severity,
            confidence: occurrence.confidence,
            message: Masked::own(format!("{} in {}", occurrence.token.kind.in_brief(), name.as_str())),
            help: Masked::own(TOKEN_IN_FILE.fix.for_token(occurrence.token.kind)),
            fingerprint: fingerprint(TOKEN_IN_FILE.id, hash.as_ref(), "", name.as_str(), number),
            token: Some(occurrence.token.clone()),
            target: target.clone(),
            location: location(name, &occurrence),
            also: Vec::new(),
            related: Vec::new(),
            leaves: Vec::new(),
        }
    });
    findings.collect()
}

/// A place in a file.
pub(crate) fn location(name: &PathName, occurrence: &Occurrence) -> Location {
    Location::File {
        path: name.clone(),
        position: occurrence.position,
        offset: occurrence.offset,
        via: occurrence.via.clone(),
    }
}
