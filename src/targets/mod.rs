//! Audits each target, from its name to its findings. Each kind of target has a file of its own.

mod ci;
pub(crate) mod context;
mod dockerfile;
mod expansion;
mod file;
mod image;
mod listing;
#[cfg(test)]
mod made_up_tests;
mod options;
mod reader;
mod target;
mod turns;

use std::collections::HashSet;
use std::ffi::OsString;

use crate::engine::{Engine, Progress};
use crate::fault::Code;
use crate::finding::{Finding, Hide as _, Place, Problem, Report, Target};
use crate::findings::{Audited, Sealer, finish};
use crate::mask::{Masked, Secrets, mask, message};
use crate::sensitive::Name;
use crate::source;
use crate::stop::Stop;
use expansion::Item;

pub(crate) use listing::{Listing, Tags};
pub(crate) use options::Options;

/// The results of a run. Nothing of them may be shown before [`Results::finish`].
pub(crate) struct Results {
    report: Report,
    /// The secrets that are hidden in the report.
    secrets: Vec<Name>,
    /// The repository of each target.
    repositories: Vec<Option<Masked>>,
}

impl Results {
    /// Lets the policy judge the report.
    pub(crate) fn amend(&mut self, amend: impl FnOnce(&mut Report)) {
        amend(&mut self.report);
        self.report.recount();
    }

    /// Returns the report, with all secrets hidden.
    pub(crate) fn finish(mut self) -> Report {
        self.report.summarise(&self.repositories);
        if let Some(mut secrets) = Secrets::new(self.secrets.iter().map(|secret| &**secret)) {
            self.report.hide(&mut secrets);
        }
        self.report
    }
}

/// Audits the targets and reports on all of them, even if some of them fail. A target that is named twice is
/// audited once.
pub(crate) fn run(
    engine: &Engine,
    targets: &[OsString],
    options: &Options,
    stop: &Stop,
    progress: &dyn Progress,
) -> Results {
    let mut named = HashSet::new();
    let items = targets.iter().flat_map(|target| expansion::expand(target, options, stop));
    // Each problem of a list counts, although several may be of one target.
    let is_new = |item: &Item| item.problem.is_some() || named.insert(item.target.clone());
    let items: Vec<Item> = items.filter(is_new).collect();
    let names: Vec<Masked> = items.iter().map(|item| mask(item.target.as_encoded_bytes())).collect();
    let waits = |number: usize| {
        let item = items.get(number).filter(|item| item.problem.is_none());
        item.is_some_and(|item| source::Target::parse(&item.target).is_ok_and(|target| target.is_remote()))
    };
    let audited = turns::in_turn(items.len(), progress, waits, |number, progress| {
        let (Some(item), Some(name)) = (items.get(number), names.get(number)) else {
            return Audited::default();
        };
        match &item.problem {
            None => target::Audit { engine, options, stop, progress }.target(name, &item.target),
            Some(problem) => Audited { problems: vec![problem.clone()], ..Audited::default() },
        }
    });
    let secrets: Vec<_> = audited.iter().flat_map(Audited::secrets).cloned().collect();
    let (mut summaries, mut sealed) = (Vec::new(), Vec::new());
    let (mut errors, mut notes) = (Vec::new(), Vec::new());
    for (target, Audited { kind, images, findings, problems, secrets: _ }) in names.into_iter().zip(audited) {
        let sealer = Sealer::new(&target, &[], None);
        for problem in &problems {
            let list = if problem.is_error() { &mut errors } else { &mut notes };
            list.push(sealer.issue(problem));
        }
        sealed.push(findings);
        summaries.push(Target { target, kind, images });
    }
    let mut findings = finish(sealed);
    if let Some(tokens) = &options.tokens {
        let hash = |finding: &Finding| finding.token.as_ref().and_then(|token| token.sha256);
        let nameless =
            findings.iter().filter(|finding| finding.token.is_some() && hash(finding).is_none()).count();
        if nameless > 0 {
            let detail =
                message!("{} credentials of unknown shape were found, which no hash tells apart", nameless);
            let all = Masked::default();
            notes.push(Sealer::new(&all, &[], None).issue(&Problem::note(Code::Odd, Place::Target, detail)));
        }
        findings.retain(|finding| hash(finding).is_some_and(|hash| tokens.contains(&hash)));
    }
    let mut report = Report::new(summaries, findings, errors, notes);
    report.wanted = options.tokens.iter().flatten().copied().collect();
    Results { report, secrets, repositories: items.into_iter().map(|item| item.repository).collect() }
}
