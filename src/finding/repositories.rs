//! The result for each repository of a registry, where several images were audited.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, RepositorySummary};
use crate::mask::Masked;

impl Report {
    /// Adds the result for each repository. `repositories` holds that of each target, in the order of the targets.
    pub(crate) fn summarise(&mut self, repositories: &[Option<Masked>]) {
        let (mut of_target, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        for (target, repository) in self.targets.iter().zip(repositories) {
            let Some(repository) = repository else { continue };
            let number = *numbers.entry(repository).or_insert_with(|| {
                self.repositories.push(RepositorySummary {
                    repository: repository.clone(),
                    targets: 0,
                    findings: 0,
                    tokens: 0,
                    complete: true,
                });
                self.repositories.len() - 1
            });
            of_target.insert(&target.target, number);
            if let Some(summary) = self.repositories.get_mut(number) {
                summary.targets += 1;
            }
        }
        let mut tokens = BTreeSet::new();
        for finding in self.findings.iter().filter(|finding| finding.suppressed.is_none()) {
            let Some(&number) = of_target.get(&finding.target) else { continue };
            let Some(summary) = self.repositories.get_mut(number) else { continue };
            summary.findings += 1;
            let hash = finding.token.as_ref().and_then(|token| token.sha256);
            summary.tokens += usize::from(hash.is_some_and(|hash| tokens.insert((number, hash))));
        }
        for error in &self.errors {
            let summary = of_target.get(&error.target).and_then(|&number| self.repositories.get_mut(number));
            if let Some(summary) = summary {
                summary.complete = false;
            }
        }
    }
}
