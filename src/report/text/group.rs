//! Findings grouped by subject.

use crate::finding::TokenSummary;
use crate::finding::{Finding, Location, Severity};
use crate::finding::{Masked, PathName};

/// The common subject of the findings of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Subject<'r> {
    /// One token.
    Token(&'r TokenSummary),
    /// Credentials of unknown shape in one place. They have no name, and there is no way to know whether they
    /// are equal.
    Unknown,
    /// A line of a Dockerfile or another file, without token text.
    Line { path: &'r PathName, line: u64 },
    /// A place without a line or token text.
    Other(&'r Masked),
}

/// The findings about one subject, in report order.
pub(in crate::report) struct Group<'r> {
    pub(in crate::report) subject: Subject<'r>,
    pub(in crate::report) findings: Vec<&'r Finding>,
}

impl Group<'_> {
    /// Returns the number of places, including the other references.
    pub(in crate::report) fn places(&self) -> usize {
        self.findings.iter().map(|finding| 1 + finding.also.len()).sum()
    }

    /// Returns the severity of the worst finding.
    pub(in crate::report) fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Groups all findings. The worst group is first; otherwise, groups are in report order.
pub(in crate::report) fn groups<'r>(findings: impl IntoIterator<Item = &'r Finding>) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    // An audit of a large source tree can find thousands of tokens, so a linear search through the groups is
    // too slow.
    let mut by_token = std::collections::HashMap::new();
    let mut by_line = std::collections::HashMap::new();
    let mut by_place = std::collections::HashMap::new();
    for finding in findings {
        let subject = subject(finding);
        let next = groups.len();
        let at = match subject {
            Subject::Token(TokenSummary { sha256: Some(sha256), .. }) => {
                *by_token.entry(sha256).or_insert(next)
            }
            Subject::Line { path, line } => *by_line.entry((&finding.target, path, line)).or_insert(next),
            Subject::Unknown => {
                let place = (&finding.target, path(&finding.location), finding.help.as_str());
                *by_place.entry(place).or_insert(next)
            }
            Subject::Token(TokenSummary { sha256: None, .. }) | Subject::Other(_) => next,
        };
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { subject, findings: vec![finding] }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.severity()));
    groups
}

fn subject(finding: &Finding) -> Subject<'_> {
    match (&finding.token, &finding.location) {
        (Some(TokenSummary { sha256: None, .. }), _) => Subject::Unknown,
        (Some(token), _) => Subject::Token(token),
        (None, Location::Dockerfile { path, line, .. }) => Subject::Line { path, line: *line },
        (None, Location::File { path, position: Some(position), .. }) => {
            Subject::Line { path, line: position.line }
        }
        (None, _) => Subject::Other(&finding.target),
    }
}

fn path(location: &Location) -> Option<&PathName> {
    match location {
        Location::Layer { path, .. } | Location::File { path, .. } => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn credentials_of_unknown_shape_are_told_by_file() {
        let findings = samples::every_location().findings;
        let unknown = |finding: &&Finding| finding.token == Some(TokenSummary::unknown());
        let one = findings.iter().find(unknown).unwrap();
        let mut elsewhere = one.clone();
        elsewhere.target = Masked::own("other.tar");
        let sizes =
            |findings: &[Finding]| groups(findings).iter().map(|g| g.findings.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[one.clone(), elsewhere, one.clone()]), [2, 1]);
    }
}
