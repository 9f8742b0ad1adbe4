//! The policy: which findings count, which make an audit fail, and the outcome, which decides the exit code.

mod baseline;
mod config;
mod discover;
mod fault;
mod file;
mod ignore;
mod pattern;
#[cfg(test)]
mod tests;
mod threshold;

use std::collections::HashMap;

use crate::finding::{Code, Finding, Issue, Masked, Report, SuppressedBy, Suppression, TargetKind};
use crate::mask::mask;
use crate::timestamp::Timestamp;

pub(crate) use baseline::Baseline;
pub(crate) use config::Config;
pub(crate) use discover::{Discovery, discover};
pub(crate) use fault::PolicyError;
pub(crate) use threshold::{ByOrigin, FailOn};

/// The outcome of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was read, and nothing is at or above the threshold.
    Passed,
    /// A finding is at or above the threshold, whether everything was read or not.
    Failed,
    /// Something was not read, and no finding is at or above the threshold.
    Incomplete,
}

impl Outcome {
    /// Returns the exit code of the process.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
        }
    }
}

/// The policy of a run.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// The threshold of the command line, which goes before that of files.
    pub(crate) fail_on: Option<ByOrigin>,
    pub(crate) configs: Vec<Config>,
    /// The number of the configuration for each local target, by the name that the report shows.
    pub(crate) of_target: HashMap<Masked, Option<usize>>,
    /// The number of the configuration for all other targets.
    pub(crate) default: Option<usize>,
    /// The findings that are known.
    pub(crate) baseline: Option<Baseline>,
    /// The time that decides whether ignores have expired.
    pub(crate) now: Option<Timestamp>,
}

impl Policy {
    /// Creates a policy with one threshold and nothing else.
    #[cfg(test)]
    pub(crate) fn of(fail_on: FailOn) -> Self {
        Self { fail_on: Some(fail_on.into()), ..Self::default() }
    }

    fn number(&self, target: &Masked) -> Option<usize> {
        self.of_target.get(target).copied().unwrap_or(self.default)
    }

    fn config(&self, target: &Masked) -> Option<&Config> {
        self.configs.get(self.number(target)?)
    }

    /// Suppresses the findings that the policy accepts, and adds notes on ignores that do nothing. All findings stay in the
    /// report.
    pub(crate) fn apply(&self, report: &mut Report) {
        let mut used: Vec<Vec<bool>> =
            self.configs.iter().map(|config| vec![false; config.ignores.len()]).collect();
        for finding in report.findings.iter_mut().filter(|finding| finding.suppressed.is_none()) {
            let number = self.number(&finding.target);
            let ignores = number.and_then(|number| self.configs.get(number)).map(|config| &config.ignores);
            for (at, (_, ignore)) in ignores.into_iter().flatten().enumerate() {
                if ignore.has_expired(self.now) || !ignore.applies(finding) {
                    continue;
                }
                if let Some(used) = number.and_then(|number| used.get_mut(number)?.get_mut(at)) {
                    *used = true;
                }
                let reason = Some(ignore.reason.clone());
                finding.suppressed.get_or_insert(Suppression { by: SuppressedBy::Config, reason });
            }
        }
        for (config, used) in self.configs.iter().zip(&used) {
            report.policy.extend(config.names());
            for ((file, ignore), is_used) in config.ignores.iter().zip(used) {
                let file = config.name(*file);
                if let Some(expires) = ignore.expires.filter(|_| ignore.has_expired(self.now)) {
                    let message = format!("this ignore expired on {} and no longer applies", expires.date());
                    report.notes.push(ignore.note(&file, &message));
                } else if !is_used && report.complete && ignore.concerns(report) {
                    report.notes.push(ignore.note(&file, "this ignore applies to no finding"));
                }
            }
        }
        if let Some(baseline) = &self.baseline {
            baseline.apply(report);
        }
        report.recount();
    }

    /// Returns true if a finding makes the audit fail.
    pub(crate) fn fails(&self, finding: &Finding, kind: Option<TargetKind>) -> bool {
        if finding.suppressed.is_some() {
            return false;
        }
        let config = self.config(&finding.target);
        let special = config.into_iter().flat_map(|config| &config.thresholds);
        let special =
            special.filter(|threshold| threshold.applies(finding, kind)).map(|found| found.fail_on).next();
        let general = || self.fail_on.or_else(|| config?.fail_on).unwrap_or_default().of(finding.origin);
        special.unwrap_or_else(general).reached_by(finding.severity)
    }

    /// Judges a report. A leak is certain even if not everything could be read, so it is checked first.
    pub(crate) fn outcome(&self, report: &Report) -> Outcome {
        let kinds: HashMap<&Masked, _> =
            report.targets.iter().map(|target| (&target.target, target.kind)).collect();
        let kind = |finding: &Finding| kinds.get(&finding.target).copied().flatten();
        if report.findings.iter().any(|finding| self.fails(finding, kind(finding))) {
            Outcome::Failed
        } else if report.complete {
            Outcome::Passed
        } else {
            Outcome::Incomplete
        }
    }
}

/// Returns a note on a place in a file of the policy.
fn note(file: &Masked, place: Masked, message: &str) -> Issue {
    Issue { target: file.clone(), place, code: Code::Odd, message: mask(message.as_bytes()) }
}

#[cfg(test)]
mod outcomes {
    use super::*;
    use crate::detect::Confidence;
    use crate::digest::Digest;
    use crate::finding::{Fingerprint, Location, Severity};

    fn report(severities: &[Severity], complete: bool) -> Report {
        let finding = |&severity: &Severity| Finding {
            rule: "image/token-in-file".into(),
            severity,
            confidence: Confidence::High,
            message: Masked::default(),
            help: Masked::default(),
            fingerprint: Fingerprint::new(Digest::from_bytes([0; 32])),
            token: None,
            target: Masked::default(),
            location: Location::Blob { digest: None, entry: Masked::default(), offset: 0, via: Vec::new() },
            also: Vec::new(),
            related: Vec::new(),
            leaves: Vec::new(),
            origin: None,
            suppressed: None,
        };
        let error = Issue {
            target: Masked::default(),
            place: Masked::default(),
            code: Code::Io,
            message: Masked::default(),
        };
        let errors = if complete { Vec::new() } else { vec![error] };
        Report::new(Vec::new(), severities.iter().map(finding).collect(), errors, Vec::new())
    }

    #[test]
    fn the_exit_code_follows_severity_threshold_and_completeness() {
        use FailOn as F;
        use Severity::{Critical, High, Low, Medium};
        for (severities, fail_on, complete, incomplete) in [
            (&[][..], F::Low, 0, 2),
            (&[], F::Never, 0, 2),
            (&[Low], F::Low, 1, 1),
            (&[Low], F::Medium, 0, 2),
            (&[Medium], F::Medium, 1, 1),
            (&[Medium], F::High, 0, 2),
            (&[High], F::High, 1, 1),
            (&[High], F::Critical, 0, 2),
            (&[Critical], F::Critical, 1, 1),
            (&[Critical], F::Low, 1, 1),
            (&[Critical], F::Never, 0, 2),
            (&[Low, Critical], F::High, 1, 1),
            (&[Low, Medium, High], F::Critical, 0, 2),
        ] {
            let code = |complete| Policy::of(fail_on).outcome(&report(severities, complete)).exit_code();
            assert_eq!((code(true), code(false)), (complete, incomplete), "{severities:?} {fail_on:?}");
        }
    }
}
