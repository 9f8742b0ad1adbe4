//! Runs an audit: one target after the other, the entries of each on all threads, and puts the report
//! together. The only room that decides what runs in parallel.

mod ci;
pub(crate) mod context;
mod dockerfile;
mod file;
#[cfg(test)]
mod made_up_tests;
mod options;
mod stream;
pub(crate) mod target;

use std::collections::HashSet;
use std::ffi::OsString;

use crate::engine::Progress;
use crate::finding::Report;
use crate::findings::expiry;
use crate::verdict::store::Version;

pub use options::Options;

/// More threads than any machine of today has cores would only cost memory.
const MAX_THREADS: usize = 256;

/// The version of all that decides what is found in a layer. What is remembered counts for that one alone.
pub fn detector() -> Version {
    Version::named(env!("STOWAWAY_DETECTOR"))
}

/// Audits the targets and reports on all of them, whatever is wrong with any. One that is named twice is
/// audited once.
pub fn run(targets: &[OsString], options: &Options, progress: &dyn Progress) -> Report {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.map_or(0, |jobs| jobs.get().min(MAX_THREADS)))
        .build();
    let mut named = HashSet::new();
    let targets: Vec<_> = targets.iter().filter(|target| named.insert(*target)).collect();
    let audit = || targets.iter().map(|target| target::audit(target, options, progress)).collect::<Vec<_>>();
    let audited = match pool {
        Ok(pool) => pool.install(audit),
        // Threads are to be had no more; the calling one does all the work.
        Err(_) => audit(),
    };
    let mut summaries = Vec::new();
    let (mut findings, mut errors, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for audited in audited {
        summaries.push(audited.target);
        findings.extend(audited.findings);
        errors.extend(audited.errors);
        notes.extend(audited.notes);
    }
    expiry::tell(&mut findings, options.now);
    Report::new(summaries, findings, errors, notes)
}
