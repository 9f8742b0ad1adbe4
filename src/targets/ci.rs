//! A CI file: what it gives builds as arguments, and where it logs in.

use std::collections::{HashMap, HashSet};

use super::dockerfile;
use crate::ci;
use crate::detect::mask_path;
use crate::dockerfile::parse;
use crate::finding::{Finding, Location, Masked, PathName, RuleId, TokenHash, fingerprint};
use crate::fix::check_and_advise;
use crate::rules::context::{CiHit, LOGIN_IN_CI, MAX_CI_HITS, check_ci};
use crate::rules::dockerfile::{Ignored, ignored};
use crate::text::{LineIndex, Text};

/// What there is to say of a CI file.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// In order of position.
    pub(crate) findings: Vec<Finding>,
    /// The places and messages of limits of ours that were hit.
    pub(crate) errors: Vec<(String, String)>,
    /// The places and messages of what could not be read as such a file. Its bytes were searched for tokens all the same.
    pub(crate) notes: Vec<(String, String)>,
}

/// Audits a file, where its path says that it is one.
pub(crate) fn audit(target: &Masked, path: &[u8], bytes: &[u8]) -> Option<Audited> {
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
    let mut audited = Audited { findings: findings.collect(), errors, notes };
    let mut equals = HashMap::new();
    // What several places share is told once.
    let mut seen = HashSet::new();
    for text in file.dockerfiles.iter().filter(|text| seen.insert(text.span().start)) {
        inline(target, &name, &lines, text, &mut equals, &mut audited);
    }
    audited.findings.sort_by_key(|finding| (place(finding), finding.rule));
    Some(audited)
}

/// Where a finding lies: line, column and offset, as far as it says.
pub(crate) fn place(finding: &Finding) -> (u64, u64, u64) {
    match finding.location {
        Location::Dockerfile { line, column, .. } => (line, column, 0),
        Location::File { position, offset, .. } => {
            position.map_or((0, 0, offset), |position| (position.line, position.column, offset))
        }
        _ => (0, 0, 0),
    }
}

/// How many findings were equal so far in what a fingerprint is made from.
type Equals = HashMap<(RuleId, Option<TokenHash>, String), usize>;

/// Tokens in the text of a file are told by another rule, wherever in it they stand.
const LITERAL_TOKEN: RuleId = RuleId("dockerfile/literal-token");

/// Audits a Dockerfile that stands in the file. Tokens in its text are told with those of the whole file.
fn inline(
    target: &Masked,
    name: &PathName,
    lines: &LineIndex<'_>,
    text: &Text,
    equals: &mut Equals,
    audited: &mut Audited,
) {
    let bytes = text.as_bytes();
    let dockerfile = parse(bytes);
    let hits = check_and_advise(bytes, &dockerfile);
    let own_lines = LineIndex::new(bytes);
    let Ignored { silenced, notes } = ignored(bytes, &dockerfile, &own_lines, &hits);
    let line_of = |offset: usize| lines.position(text.source_offset(offset)).line;
    let told = |line: u64, message: &Masked| (format!("{}: line {line}", name.as_str()), message.to_string());
    // The first byte of each line, by the number that the line has in the text.
    let starts: Vec<_> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1)).collect();
    let start = |line: u64| usize::try_from(line).ok().and_then(|line| starts.get(line.checked_sub(1)?));
    audited.notes.extend(
        notes.iter().map(|(line, message)| told(line_of(start(*line).copied().unwrap_or_default()), message)),
    );
    // What the builder fills in is not known here: a line that it would refuse may be none.
    audited.notes.extend(
        dockerfile.problems.iter().map(|problem| told(line_of(problem.span.start), &problem.message)),
    );
    for (mut hit, silenced) in hits.into_iter().zip(silenced) {
        if hit.rule.id == LITERAL_TOKEN {
            continue;
        }
        let token = hit.token.as_ref().and_then(|token| token.sha256);
        hit.span = text.source_span(hit.span.start..hit.span.end);
        let subject = token.map_or_else(|| hit.subject.clone(), |_| String::new());
        let ordinal = equals.entry((hit.rule.id, token, subject)).or_default();
        *ordinal += 1;
        if !silenced {
            let found = dockerfile::finding(target, name, &dockerfile, lines, hit, token, *ordinal - 1);
            audited.findings.push(found);
        }
    }
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
