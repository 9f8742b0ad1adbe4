//! The baseline: findings that were there before, so that only new ones make an audit fail.
//!
//! It holds fingerprints, and rule and place for those who review it, but no tokens. A finding whose token has another
//! text has another fingerprint.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::read_text_up_to;
use super::fault::PolicyError;
use crate::finding::{Finding, Fingerprint, Issue, Masked, Report, SuppressedBy, Suppression};
use crate::mask::mask;
use crate::timestamp::Timestamp;

/// The maximum size of a baseline in bytes: about 100,000 findings.
const MAX_BYTES: u64 = 64 << 20;
/// The maximum number of findings that a note lists.
const MAX_LISTED: usize = 20;

const HEAD: &str = "\
# The findings that stowaway knows. Only others make a scan with --baseline fail.
# Fill in `by` and `reason`; `stowaway scan --write-baseline` keeps them.
";

/// A finding of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Kept {
    fingerprint: Fingerprint,
    /// The rule and the place, for those who read the file.
    rule: String,
    place: String,
    /// The day on which the finding was written into the file.
    #[serde(default)]
    first_seen: String,
    /// The person who accepts the finding.
    #[serde(default)]
    by: String,
    /// The reason.
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    finding: Vec<Kept>,
}

/// A baseline.
#[derive(Debug)]
pub(crate) struct Baseline {
    file: PathBuf,
    kept: BTreeMap<Fingerprint, Kept>,
}

impl Baseline {
    /// Creates an empty baseline that is to be written to a file.
    pub(crate) fn empty(file: &Path) -> Self {
        Self { file: file.to_owned(), kept: BTreeMap::new() }
    }

    /// Reads a baseline.
    ///
    /// # Errors Returns an error with its place if the file cannot be read or is none.
    pub(crate) fn read(file: &Path) -> Result<Self, PolicyError> {
        let text = read_text_up_to(file, MAX_BYTES)?;
        let File { finding } = toml::from_str(&text).map_err(|error| PolicyError::of(file, &text, &error))?;
        let kept = finding.into_iter().map(|kept| (kept.fingerprint, kept)).collect();
        Ok(Self { file: file.to_owned(), kept })
    }

    fn name(&self) -> Masked {
        mask(self.file.as_os_str().as_encoded_bytes())
    }

    /// Suppresses the findings that are known, and says which of them are gone.
    pub(super) fn apply(&self, report: &mut Report) {
        let mut seen = HashSet::new();
        for finding in &mut report.findings {
            let Some(kept) = self.kept.get(&finding.fingerprint) else { continue };
            seen.insert(kept.fingerprint);
            let words: Vec<&str> =
                [&*kept.reason, &*kept.by].into_iter().filter(|word| !word.is_empty()).collect();
            let reason = (!words.is_empty()).then(|| mask(words.join(" — ").as_bytes()));
            finding.suppressed.get_or_insert(Suppression { by: SuppressedBy::Baseline, reason });
        }
        // Findings may be in parts that were not read.
        if !report.complete {
            return;
        }
        let gone: Vec<&Kept> = self.kept.values().filter(|kept| !seen.contains(&kept.fingerprint)).collect();
        for kept in gone.iter().take(MAX_LISTED) {
            let message = format!("{} at {} is gone", kept.rule, kept.place);
            report.notes.push(self.note(&message));
        }
        let more = gone.len().saturating_sub(MAX_LISTED);
        if more > 0 {
            report.notes.push(self.note(&format!("{more} more findings are gone")));
        }
    }

    fn note(&self, message: &str) -> Issue {
        super::note(&self.name(), Masked::default(), message)
    }

    /// Returns the text of a baseline with the findings of a report that nothing else suppresses. What was filled in by
    /// hand is kept. If not everything was read, findings that were not seen stay.
    pub(crate) fn updated(
        &self,
        report: &Report,
        place: impl Fn(&Finding) -> String,
        today: Option<Timestamp>,
    ) -> String {
        let today = today.map(Timestamp::date).unwrap_or_default();
        let by_policy = |finding: &&Finding| {
            finding.suppressed.as_ref().is_none_or(|suppressed| suppressed.by == SuppressedBy::Baseline)
        };
        let mut kept: BTreeMap<Fingerprint, Kept> = BTreeMap::new();
        if !report.complete {
            kept.clone_from(&self.kept);
        }
        for finding in report.findings.iter().filter(by_policy) {
            let known = self.kept.get(&finding.fingerprint);
            let known = known.map(|kept| (kept.first_seen.clone(), kept.by.clone(), kept.reason.clone()));
            let (first_seen, by, reason) =
                known.unwrap_or_else(|| (today.clone(), String::new(), String::new()));
            kept.insert(
                finding.fingerprint,
                Kept {
                    fingerprint: finding.fingerprint,
                    rule: finding.rule.to_string(),
                    place: place(finding),
                    first_seen,
                    by,
                    reason,
                },
            );
        }
        let mut finding: Vec<Kept> = kept.into_values().collect();
        finding.sort_by(|a, b| (&a.place, &a.rule, a.fingerprint).cmp(&(&b.place, &b.rule, b.fingerprint)));
        let tables = toml::to_string(&File { finding }).unwrap_or_default();
        format!("{HEAD}\n{tables}")
    }
}
