//! Docker's builders: the classic one and the BuildKit of 20.10, and the BuildKit of 28.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::daemon::{Daemon, Release};
use super::{Engine, build_bases};
use crate::builder::{Builder, Failure, Image, Job, run};

/// Docker 20.10 of Debian 12, which `make-builder.sh` unpacks beside the other programs.
pub(super) const OLD: Release = Release {
    name: "docker20",
    version: "20.10.",
    path: "/opt/docker-20.10/usr/bin:/opt/docker-20.10/usr/sbin",
    options: &[],
};

/// Docker 28, with the store that keeps attestations.
pub(super) const NEW: Release = Release {
    name: "docker28",
    version: "28.",
    path: "/usr/bin:/usr/sbin",
    options: &["--feature", "containerd-snapshotter=true"],
};

/// Docker 28 with the store of older releases, the graph driver.
pub(super) const GRAPH: Release = Release { name: "docker28-graph", options: &[], ..NEW };

/// A client of a daemon for one build at a time.
#[derive(Debug)]
pub(super) struct Client {
    builder: Builder,
    daemon: Arc<Daemon>,
    /// The name of the image, which no other worker uses.
    image: String,
    archive: PathBuf,
}

impl Client {
    pub(super) fn new(builder: Builder, daemon: Arc<Daemon>, worker: usize) -> Self {
        let image = format!("built-{}-{worker}", builder.name());
        let archive = daemon.dir().join(format!("{image}.tar"));
        Self { builder, daemon, image, archive }
    }

    fn attempt(&self, job: Job<'_>, options: &[&str]) -> Result<Image, Failure> {
        let mut build = build(&self.daemon, self.builder);
        // The hosts of the build are those of the daemon only in the classic builder.
        build.args(["--add-host", "huggingface.co:127.0.0.1", "--tag", &self.image]).args(options);
        // BuildKit runs equal steps of builds at the same time once, and secrets are no part of a step.
        build.args(["--add-host", &format!("{}.test:127.0.0.1", self.image)]);
        build.args(job.case.options(self.builder));
        job.give_token(&mut build);
        run(build.arg(job.context), job.token)?;
        run(self.daemon.client().args(["save", "--output"]).arg(&self.archive).arg(&self.image), job.token)?;
        run(self.daemon.client().args(["image", "rm", "--force", &self.image]), job.token)?;
        Ok(Image::Archive(self.archive.clone()))
    }
}

impl Engine for Client {
    fn build(&self, job: Job<'_>) -> Result<Image, Failure> {
        match self.builder {
            Builder::Docker28 => self.attempt(job, &["--no-cache", "--provenance=mode=max"]),
            _ => self.attempt(job, &["--no-cache"]),
        }
    }

    fn build_by_default(&self, job: Job<'_>) -> Option<Result<Image, Failure>> {
        // The layers of the other build are taken again.
        (self.builder == Builder::Docker28).then(|| self.attempt(job, &[]))
    }

    fn version(&self) -> String {
        format!("Docker {}", self.daemon.version().unwrap_or_default())
    }
}

/// Gives a daemon the bases.
pub(super) fn make_bases(daemon: &Daemon) {
    build_bases(&daemon.dir().join("bases"), |base, context: &Path| {
        let mut build = build(daemon, Builder::BuildKit20);
        let output = build.args(["--tag", base]).arg(context).output().unwrap();
        assert!(output.status.success(), "the base: {}", String::from_utf8_lossy(&output.stderr));
    });
}

fn build(daemon: &Daemon, builder: Builder) -> Command {
    let mut build = daemon.client();
    let is_classic = builder == Builder::Classic;
    build.env("DOCKER_BUILDKIT", if is_classic { "0" } else { "1" }).args(["build", "--network", "host"]);
    if is_classic {
        build.arg("--force-rm");
    } else {
        build.arg("--progress=plain");
    }
    build
}
