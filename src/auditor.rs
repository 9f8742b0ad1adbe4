//! The library as others use it: an auditor, what it can be told, and how a scan is ended or watched.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{Engine, Progress, Silent};
use crate::finding::Report;
use crate::image::PlatformFilter;
use crate::stop::{Cancel, Stop};
use crate::targets::{self, Options};
use crate::timestamp::Clock;
use crate::verdict::Store;
use crate::verdict::cache::Cache;

/// Scans images, Dockerfiles and build contexts. It is meant to live as long as the program: its scans share threads,
/// memory and what is remembered of layers, also those of several threads.
///
/// ```
/// use stowaway::{Auditor, Format, Report};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("stowaway-example-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let dockerfile = directory.join("Dockerfile");
/// std::fs::write(&dockerfile, "FROM python:3.12\nARG HF_TOKEN\nRUN hf download org/model --token $HF_TOKEN\n")?;
///
/// let auditor = Auditor::builder().jobs(2).build();
/// let report = auditor.scan([&dockerfile]);
/// assert!(report.complete);
/// assert_eq!(report.findings[0].rule.as_str(), "dockerfile/token-in-arg");
///
/// // A report can be written in every format, and its JSON can be read again.
/// let mut json = Vec::new();
/// report.write(Format::Json, &mut json)?;
/// let again: Report = serde_json::from_slice(&json)?;
/// assert_eq!(again, report);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Auditor {
    engine: Engine,
    options: Options,
}

impl Auditor {
    /// An auditor that can be told how to work.
    pub fn builder() -> AuditorBuilder {
        AuditorBuilder::default()
    }

    /// Scans targets as the command line names them: a path, or a transport such as `oci:DIR`. Whatever is wrong with
    /// one of them is an error in the report. One that is named twice is scanned once.
    pub fn scan(&self, targets: impl IntoIterator<Item = impl Into<OsString>>) -> Report {
        self.scan_with(targets, &Control::default())
    }

    /// As [`Self::scan`], for a scan that can be ended and watched.
    pub fn scan_with(
        &self,
        targets: impl IntoIterator<Item = impl Into<OsString>>,
        control: &Control<'_>,
    ) -> Report {
        let targets: Vec<OsString> = targets.into_iter().map(Into::into).collect();
        let stop = Stop::new(control.cancel.clone(), control.timeout);
        targets::run(&self.engine, &targets, &self.options, &stop, control.progress)
    }
}

/// What an [`Auditor`] can be told.
#[derive(Debug, Default)]
pub struct AuditorBuilder {
    jobs: Option<NonZeroUsize>,
    cache: Option<PathBuf>,
    options: Options,
}

impl AuditorBuilder {
    /// Uses so many cores; 0 is all that there are, which is also what it does untold.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = NonZeroUsize::new(jobs);
        self
    }

    /// Remembers in a file of that directory what was found in layers, and does not read again what is remembered. Without
    /// one, every layer is read by every scan.
    #[must_use]
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Audits images of these platforms only.
    #[must_use]
    pub fn platform(mut self, platform: PlatformFilter) -> Self {
        self.options.platform = platform;
        self
    }

    /// Hashes plain layers of local archives, too, and checks uncompressed layers against the config's `diff_ids`.
    /// Compressed blobs always are checked against their digests.
    #[must_use]
    pub fn verify_digests(mut self, verify: bool) -> Self {
        self.options.verify_digests = verify;
        self
    }

    /// The auditor.
    pub fn build(self) -> Auditor {
        let store = self.cache.map(|directory| Arc::new(Cache::at(directory)) as Arc<dyn Store>);
        Auditor { engine: Engine::new(self.jobs, store, Clock::System), options: self.options }
    }
}

/// How one scan is ended and watched.
pub struct Control<'a> {
    /// Ends the scan when it is told to.
    pub cancel: Cancel,
    /// Ends the scan after this time. The report then has an error with the code `timed-out`, beside all that was found.
    pub timeout: Option<Duration>,
    /// Is told how far the scan is.
    pub progress: &'a dyn Progress,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self { cancel: Cancel::default(), timeout: None, progress: &Silent }
    }
}
