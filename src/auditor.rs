//! The public interface of the library: an auditor, its options, and ways to end or watch a scan.

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

/// A scanner for images, Dockerfiles and build contexts. It is meant to live as long as the program. All of its
/// scans share threads, memory and remembered layers, including scans started from different threads.
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
    /// Returns a builder for an auditor with options.
    pub fn builder() -> AuditorBuilder {
        AuditorBuilder::default()
    }

    /// Scans targets in the syntax of the command line: a path, or a transport such as `oci:DIR`. A problem
    /// with a target becomes an error in the report. A target that is named twice is scanned once.
    pub fn scan(&self, targets: impl IntoIterator<Item = impl Into<OsString>>) -> Report {
        self.scan_with(targets, &Control::default())
    }

    /// Scans targets like [`Self::scan`], with a control that can end and watch the scan.
    pub fn scan_with(
        &self,
        targets: impl IntoIterator<Item = impl Into<OsString>>,
        control: &Control<'_>,
    ) -> Report {
        let targets: Vec<OsString> = targets.into_iter().map(Into::into).collect();
        let stop = Stop::new(control.cancel.clone(), control.timeout);
        targets::run(&self.engine, &targets, &self.options, &stop, control.progress).finish()
    }
}

/// The options of an [`Auditor`].
#[derive(Debug, Default)]
pub struct AuditorBuilder {
    jobs: Option<NonZeroUsize>,
    cache: Option<PathBuf>,
    options: Options,
}

impl AuditorBuilder {
    /// Sets the number of cores to use. 0 means all cores, which is the default.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = NonZeroUsize::new(jobs);
        self
    }

    /// Stores the verdicts on layers in a file in this directory, so that known layers are not read again.
    /// Without a cache, every scan reads every layer.
    #[must_use]
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Restricts audits to images of these platforms.
    #[must_use]
    pub fn platform(mut self, platform: PlatformFilter) -> Self {
        self.options.platform = platform;
        self
    }

    /// Also hashes the plain layers of local archives, and checks uncompressed layers against the config's
    /// `diff_ids`. Compressed blobs are always checked against their digests.
    #[must_use]
    pub fn verify_digests(mut self, verify: bool) -> Self {
        self.options.verify_digests = verify;
        self
    }

    /// Builds the auditor.
    pub fn build(self) -> Auditor {
        let store = self.cache.map(|directory| Arc::new(Cache::at(directory)) as Arc<dyn Store>);
        Auditor { engine: Engine::new(self.jobs, store, Clock::System), options: self.options }
    }
}

/// The means to end and watch one scan.
pub struct Control<'a> {
    /// Ends the scan on request.
    pub cancel: Cancel,
    /// Ends the scan after this time. The report then has an error with the code `timed-out`, in addition to
    /// everything found so far.
    pub timeout: Option<Duration>,
    /// Receives the progress of the scan.
    pub progress: &'a dyn Progress,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self { cancel: Cancel::default(), timeout: None, progress: &Silent }
    }
}
