//! A CI file: what it gives builds as arguments, and where it logs in.

use std::collections::HashMap;

use crate::ci;
use crate::detect::mask_path;
use crate::dockerfile::LineIndex;
use crate::finding::{Finding, Location, Masked, PathName, fingerprint};
use crate::rules::context::{CiHit, LOGIN_IN_CI, MAX_CI_HITS, check_ci};

/// What there is to say of a CI file.
#[derive(Debug, Default)]
pub(super) struct Audited {
    /// In order of position.
    pub(super) findings: Vec<Finding>,
    /// The places and messages of limits of ours that were hit.
    pub(super) errors: Vec<(String, String)>,
    /// The places and messages of what could not be read as such a file. Its bytes were searched for tokens all the same.
    pub(super) notes: Vec<(String, String)>,
}

/// Audits a file, where its path says that it is one.
pub(super) fn audit(target: &Masked, path: &[u8], bytes: &[u8]) -> Option<Audited> {
    let file = ci::read(path, bytes)?;
    let lines = LineIndex::new(bytes);
    let name = mask_path(path);
    let told = |problem: &ci::Problem| {
        let line = lines.position(problem.offset).line;
        (
            format!("{}: line {line}", name.as_str()),
            format!("not all of it was read as a CI file: {}", problem.message),
        )
    };
    let (limits, broken): (Vec<_>, Vec<_>) = file.problems.iter().partition(|problem| problem.is_limit);
    let notes = broken.into_iter().map(told).collect();
    let mut errors: Vec<_> = limits.into_iter().map(told).collect();
    let mut hits = check_ci(bytes, &file);
    if hits.len() > MAX_CI_HITS {
        let message = format!("more than {MAX_CI_HITS} findings of {} in one file", LOGIN_IN_CI.id);
        errors.push((name.as_str().to_owned(), message));
    }
    hits.truncate(MAX_CI_HITS);
    let mut equals: HashMap<_, usize> = HashMap::new();
    let findings = hits.into_iter().map(|hit| {
        let token = hit.token.as_ref().and_then(|token| token.sha256);
        let ordinal = equals.entry((token, token.map_or_else(|| hit.subject.clone(), |_| String::new())));
        let ordinal = ordinal.or_default();
        *ordinal += 1;
        finding(target, &name, &lines, hit, *ordinal - 1)
    });
    Some(Audited { findings: findings.collect(), errors, notes })
}

fn finding(target: &Masked, name: &PathName, lines: &LineIndex<'_>, hit: CiHit, ordinal: usize) -> Finding {
    let token = hit.token.as_ref().and_then(|token| token.sha256);
    Finding {
        rule: LOGIN_IN_CI.id,
        severity: LOGIN_IN_CI.severity,
        confidence: hit.confidence,
        fingerprint: fingerprint(LOGIN_IN_CI.id, token.as_ref(), &hit.subject, name.as_str(), ordinal),
        message: hit.message,
        help: hit.help,
        token: hit.token,
        target: target.clone(),
        location: Location::File {
            path: name.clone(),
            position: Some(lines.position(hit.span.start)),
            offset: hit.span.start as u64,
            via: Vec::new(),
        },
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
    }
}
