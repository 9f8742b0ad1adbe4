//! The findings of all targets, in order and numbered.

use std::collections::HashMap;

use super::anchor::Identity;
use super::seal::Sealed;
use crate::finding::{Finding, Fingerprint, ImageSummary, Problem, TargetKind};
use crate::sensitive::Name;

/// The contribution of one target to a report.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// The detected kind of the target.
    pub(crate) kind: Option<TargetKind>,
    /// The images in the target.
    pub(crate) images: Vec<ImageSummary>,
    /// The findings of the target, in no particular order.
    pub(crate) findings: Vec<Sealed>,
    /// Errors and notes, in the order in which they are reported.
    pub(crate) problems: Vec<Problem>,
    /// Texts of unknown shape, other than those of the findings, that are hidden in the report.
    pub(crate) secrets: Vec<Name>,
}

impl Audited {
    /// Returns all texts of unknown shape that are hidden in the report.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Name> {
        self.secrets.iter().chain(self.findings.iter().filter_map(|sealed| sealed.secret.as_ref()))
    }
}

/// Sorts the findings of each target, and numbers equal findings across all targets. No two findings of a
/// report have the same fingerprint.
pub(crate) fn finish(targets: Vec<Vec<Sealed>>) -> Vec<Finding> {
    let mut equals: HashMap<Identity, u64> = HashMap::new();
    let mut findings = Vec::new();
    for mut sealed in targets {
        sealed.sort_by(|a, b| a.order.cmp(&b.order));
        for Sealed { identity, mut finding, .. } in sealed {
            let hash = {
                let ordinal = equals.entry(identity.clone()).or_default();
                let hash = identity.numbered(*ordinal);
                *ordinal += 1;
                hash
            };
            finding.fingerprint = Fingerprint::new(hash);
            findings.push(finding);
        }
    }
    findings
}
