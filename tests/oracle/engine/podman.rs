//! podman, with a store for each worker. It writes images in the OCI format, as it does by default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Engine, build_bases, limits};
use crate::builder::{Builder, Failure, Image, Job, command, run};
use crate::support::tools;

/// A store for one build at a time.
#[derive(Debug)]
pub(super) struct Podman {
    dir: PathBuf,
    limits: [String; 2],
}

impl Podman {
    /// Creates a store that contains the bases.
    pub(super) fn new(dir: &Path) -> Self {
        let store = Self { dir: dir.join("podman"), limits: limits() };
        build_bases(&store.dir, |base, context| {
            let mut build = store.podman(&["build", "--layers=false", "--tag", base]);
            let output = build.arg(context).output().unwrap();
            assert!(output.status.success(), "the base: {}", String::from_utf8_lossy(&output.stderr));
        });
        store
    }

    fn podman(&self, args: &[&str]) -> Command {
        let mut podman = command("podman");
        podman.args(["--storage-driver", "overlay", "--root"]).arg(self.dir.join("root"));
        podman.arg("--runroot").arg(self.dir.join("run")).args(args);
        podman
    }
}

impl Engine for Podman {
    fn build(&self, job: Job<'_>) -> Result<Image, Failure> {
        let mut build = self.podman(&["build", "--isolation", "chroot", "--network", "host", "--pull=never"]);
        build.args(["--no-cache", "--force-rm", "--quiet", "--tag", "built"]);
        for limit in &self.limits {
            build.args(["--ulimit", limit]);
        }
        build.args(job.case.options(Builder::Podman));
        job.give_token(&mut build);
        run(build.arg(job.context), job.token)?;
        let archive = self.dir.join("built.tar");
        // podman does not write over an archive.
        drop(fs::remove_file(&archive));
        let mut save = self.podman(&["save", "--quiet", "--format", "docker-archive", "--output"]);
        run(save.arg(&archive).arg("built"), job.token)?;
        Ok(Image::Archive(archive))
    }

    fn version(&self) -> String {
        tools::run("podman", &["--version"]).trim().to_owned()
    }
}
