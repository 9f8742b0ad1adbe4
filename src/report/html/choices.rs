//! The rules, targets and origins of the findings, as numbers that the filters compare.

use std::collections::HashMap;

use crate::finding::{Finding, Masked, Origin, Report, RuleId};
use crate::report::escape;
use crate::rules::{self, Rule};

/// One option of a filter.
pub(super) struct Choice {
    pub(super) value: usize,
    pub(super) name: String,
    /// The number of open findings.
    pub(super) count: usize,
}

/// The options of all filters.
pub(super) struct Choices {
    pub(super) rules: Vec<Choice>,
    pub(super) targets: Vec<Choice>,
    pub(super) origins: Vec<Choice>,
    by_rule: HashMap<RuleId, usize>,
    by_target: HashMap<Masked, usize>,
}

/// Returns the number of an origin, and its name.
pub(super) fn origin(origin: Option<Origin>) -> (usize, &'static str) {
    match origin {
        Some(Origin::Own) => (0, "built on the base image"),
        Some(Origin::Base) => (1, "base image"),
        Some(Origin::Unknown) => (2, "base image or built on it"),
        None => (3, "not an image"),
    }
}

impl Choices {
    /// Counts the open findings.
    pub(super) fn of(report: &Report) -> Self {
        let mut choices = Self {
            rules: Vec::new(),
            targets: Vec::new(),
            origins: Vec::new(),
            by_rule: HashMap::new(),
            by_target: HashMap::new(),
        };
        let mut origins = [0; 4];
        for finding in report.open_findings() {
            let (rule, target) = (choices.rule(finding), choices.target(finding));
            let counted = [choices.rules.get_mut(rule), choices.targets.get_mut(target)];
            counted.into_iter().flatten().for_each(|choice| choice.count += 1);
            if let Some(count) = origins.get_mut(origin(finding.origin).0) {
                *count += 1;
            }
        }
        for known in [Some(Origin::Own), Some(Origin::Base), Some(Origin::Unknown), None] {
            let (value, name) = origin(known);
            let count = origins.get(value).copied().unwrap_or_default();
            if count > 0 {
                choices.origins.push(Choice { value, name: name.to_owned(), count });
            }
        }
        choices
    }

    /// Returns the number of a finding's rule.
    pub(super) fn rule(&mut self, finding: &Finding) -> usize {
        let choices = &mut self.rules;
        *self.by_rule.entry(finding.rule.clone()).or_insert_with(|| add(choices, finding.rule.as_str()))
    }

    /// Returns the number of a finding's target.
    pub(super) fn target(&mut self, finding: &Finding) -> usize {
        let choices = &mut self.targets;
        *self.by_target.entry(finding.target.clone()).or_insert_with(|| add(choices, finding.target.as_str()))
    }

    /// Returns the rules of the catalogue that reported something, ignored findings included.
    pub(super) fn known_rules(&self) -> Vec<&'static Rule> {
        rules::all().into_iter().filter(|rule| self.by_rule.contains_key(&RuleId::from(rule.id))).collect()
    }
}

fn add(choices: &mut Vec<Choice>, name: &str) -> usize {
    let value = choices.len();
    choices.push(Choice { value, name: escape(name).into_owned(), count: 0 });
    value
}
