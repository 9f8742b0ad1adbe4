//! Runs an audit: one target after the other, the entries of each on all threads, and puts the report
//! together. The only room that decides what runs in parallel.

mod ci;
pub(crate) mod context;
mod dockerfile;
mod file;
mod options;
mod stream;
pub(crate) mod target;

use std::collections::HashSet;
use std::ffi::OsString;

use crate::engine::Progress;
use crate::finding::{Report, Target};
use crate::findings::{Audited, Sealer, finish};
use crate::mask::{Masked, mask};
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
    let names: Vec<Masked> = targets.iter().map(|target| mask(target.as_encoded_bytes())).collect();
    let audit = || {
        let named = targets.iter().zip(&names);
        named.map(|(target, name)| target::audit(name, target, options, progress)).collect::<Vec<_>>()
    };
    let audited = match pool {
        Ok(pool) => pool.install(audit),
        // Threads are to be had no more; the calling one does all the work.
        Err(_) => audit(),
    };
    let (mut summaries, mut sealed) = (Vec::new(), Vec::new());
    let (mut errors, mut notes) = (Vec::new(), Vec::new());
    for (target, Audited { kind, images, findings, problems }) in names.into_iter().zip(audited) {
        let sealer = Sealer::new(&target, &[], None);
        for problem in &problems {
            let list = if problem.is_error() { &mut errors } else { &mut notes };
            list.push(sealer.issue(problem));
        }
        sealed.push(findings);
        summaries.push(Target { target, kind, images });
    }
    Report::new(summaries, finish(sealed), errors, notes)
}
