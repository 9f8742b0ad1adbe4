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
    /// A limit of ours that was hit.
    pub(super) error: Option<String>,
    /// The places and messages of what could not be read as such a file. Its bytes were searched for tokens all the same.
    pub(super) notes: Vec<(String, String)>,
}

/// Audits a file, where its path says that it is one.
pub(super) fn audit(target: &Masked, path: &[u8], bytes: &[u8]) -> Option<Audited> {
    let file = ci::read(path, bytes)?;
    let lines = LineIndex::new(bytes);
    let name = mask_path(path);
    let notes = file.problems.iter().map(|problem| {
        let line = lines.position(problem.offset).line;
        (
            format!("{}: line {line}", name.as_str()),
            format!("not all of it was read as a CI file: {}", problem.message),
        )
    });
    let notes = notes.collect();
    let mut hits = check_ci(bytes, &file);
    let error = (hits.len() > MAX_CI_HITS)
        .then(|| format!("more than {MAX_CI_HITS} findings of {} in one file", LOGIN_IN_CI.id));
    hits.truncate(MAX_CI_HITS);
    let mut equals: HashMap<_, usize> = HashMap::new();
    let findings = hits.into_iter().map(|hit| {
        let token = hit.token.as_ref().and_then(|token| token.sha256);
        let ordinal = equals.entry((token, token.map_or_else(|| hit.subject.clone(), |_| String::new())));
        let ordinal = ordinal.or_default();
        *ordinal += 1;
        finding(target, &name, &lines, hit, *ordinal - 1)
    });
    Some(Audited { findings: findings.collect(), error, notes })
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
