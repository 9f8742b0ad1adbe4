//! The catalogue: every rule, one to a file, with its id, text, examples and logic together.
//! `stowaway rules`, reports and the documentation are made from it.

pub mod dockerfile;

use crate::finding::{RuleId, Severity};

/// One rule: what it finds and what to do about it. Examples carry `hf_…` where a token would stand.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `family/name`; never changes.
    pub id: RuleId,
    /// The severity of its findings, before anything raises or lowers it.
    pub severity: Severity,
    /// What it finds, one line without a full stop.
    pub summary: &'static str,
    /// Why that matters, a short paragraph.
    pub why: &'static str,
    /// An example that it fires on.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    /// How to fix it, a short paragraph.
    pub fix: &'static str,
}
