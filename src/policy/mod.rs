//! The threshold and the outcome, which decide the exit code.

use crate::finding::{Report, Severity};

/// The lowest severity that makes an audit fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub(crate) enum FailOn {
    /// Only critical findings.
    Critical,
    /// High and critical findings.
    High,
    /// Findings of medium severity and above.
    #[default]
    Medium,
    /// Every finding.
    Low,
    /// No finding; an incomplete audit still exits with 2.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity is at or above the threshold.
    pub(crate) fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Critical => severity >= Severity::Critical,
            Self::High => severity >= Severity::High,
            Self::Medium => severity >= Severity::Medium,
            Self::Low => severity >= Severity::Low,
            Self::Never => false,
        }
    }
}

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

/// Judges a report. A leak is certain even if not everything could be read, so it is checked first.
pub(crate) fn outcome(report: &Report, fail_on: FailOn) -> Outcome {
    if report.findings.iter().any(|finding| fail_on.reached_by(finding.severity)) {
        Outcome::Failed
    } else if report.complete {
        Outcome::Passed
    } else {
        Outcome::Incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Confidence;
    use crate::digest::Digest;
    use crate::finding::{Code, Finding, Fingerprint, Issue, Location};
    use crate::mask::Masked;

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
            let code = |complete| outcome(&report(severities, complete), fail_on).exit_code();
            assert_eq!((code(true), code(false)), (complete, incomplete), "{severities:?} {fail_on:?}");
        }
    }
}
