//! buildah, with a store for each worker.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Engine, build_bases, limits};
use crate::builder::{Builder, Failure, Image, Job, command, run};
use crate::support::tools;

/// A store for one build at a time.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    limits: [String; 2],
    /// The blobs of the bases. They stay in the layout, so that they are not written again.
    kept: BTreeSet<OsString>,
}

impl Store {
    /// Creates a store that contains the bases.
    pub(super) fn new(dir: &Path) -> Self {
        let mut store = Self { dir: dir.join("buildah"), limits: limits(), kept: BTreeSet::new() };
        build_bases(&store.dir, |base, context| {
            let mut build = store.buildah(&["build", "--layers=false", "--tag", base]);
            let output = build.arg(context).output().unwrap();
            assert!(output.status.success(), "the base: {}", String::from_utf8_lossy(&output.stderr));
            let copied = store.copy(base).output().unwrap();
            assert!(copied.status.success(), "the base: {}", String::from_utf8_lossy(&copied.stderr));
        });
        store.kept = store.blobs().map(|blob| blob.file_name()).collect();
        store
    }

    fn buildah(&self, args: &[&str]) -> Command {
        let mut buildah = command("buildah");
        buildah.args(["--storage-driver", "overlay", "--root"]).arg(self.dir.join("root"));
        buildah.arg("--runroot").arg(self.dir.join("run")).args(args);
        buildah
    }

    fn layout(&self) -> PathBuf {
        self.dir.join("layout")
    }

    fn blobs(&self) -> impl Iterator<Item = DirEntry> {
        fs::read_dir(self.layout().join("blobs/sha256")).unwrap().map(Result::unwrap)
    }

    /// Copies an image to the layout. `buildah push` would compress the base each time.
    fn copy(&self, image: &str) -> Command {
        let dir = self.dir.display();
        let from = format!("containers-storage:[overlay@{dir}/root+{dir}/run]localhost/{image}:latest");
        let mut copy = command("skopeo");
        copy.args(["--insecure-policy", "copy", "--quiet", "--dest-oci-accept-uncompressed-layers", &from]);
        copy.arg(format!("oci:{}:built", self.layout().display()));
        copy
    }
}

impl Engine for Store {
    fn build(&self, job: Job<'_>) -> Result<Image, Failure> {
        let mut build =
            self.buildah(&["build", "--isolation", "chroot", "--network", "host", "--pull=never"]);
        build.args(["--no-cache", "--force-rm", "--format", "docker", "--quiet", "--tag", "built"]);
        for limit in &self.limits {
            build.args(["--ulimit", limit]);
        }
        let mut options = job.case.options(Builder::Buildah).peekable();
        if options.peek().is_none() {
            build.arg("--layers");
        }
        build.args(options);
        job.give_token(&mut build);
        run(build.arg(job.context), job.token)?;
        for blob in self.blobs().filter(|blob| !self.kept.contains(&blob.file_name())) {
            fs::remove_file(blob.path()).unwrap();
        }
        // It is missing if the last copy failed.
        drop(fs::remove_file(self.layout().join("index.json")));
        run(&mut self.copy("built"), job.token)?;
        Ok(Image::Layout(self.layout()))
    }

    fn version(&self) -> String {
        tools::run("buildah", &["--version"]).trim().to_owned()
    }
}
