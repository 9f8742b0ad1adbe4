//! buildah, with a store for each worker.

use std::fs;
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
}

impl Store {
    /// Creates a store that contains the bases.
    pub(super) fn new(dir: &Path) -> Self {
        let store = Self { dir: dir.join("buildah"), limits: limits() };
        build_bases(&store.dir, |base, context| {
            let mut build = store.buildah(&["build", "--layers=false", "--tag", base]);
            let output = build.arg(context).output().unwrap();
            assert!(output.status.success(), "the base: {}", String::from_utf8_lossy(&output.stderr));
        });
        store
    }

    fn buildah(&self, args: &[&str]) -> Command {
        let mut buildah = command("buildah");
        buildah.args(["--storage-driver", "overlay", "--root"]).arg(self.dir.join("root"));
        buildah.arg("--runroot").arg(self.dir.join("run")).args(args);
        buildah
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
        let layout = self.dir.join("layout");
        empty(&layout);
        // `buildah push` would compress the base each time.
        let dir = self.dir.display();
        let from = format!("containers-storage:[overlay@{dir}/root+{dir}/run]localhost/built:latest");
        let mut copy = Command::new("skopeo");
        copy.args(["--insecure-policy", "copy", "--quiet", "--dest-oci-accept-uncompressed-layers", &from]);
        run(copy.arg(format!("oci:{}:built", layout.display())), job.token)?;
        Ok(Image::Layout(layout))
    }

    fn version(&self) -> String {
        tools::run("buildah", &["--version"]).trim().to_owned()
    }
}

/// Removes everything from the layout except the large layers of the bases, so that they are not written again.
fn empty(layout: &Path) {
    const LARGE: u64 = 32 << 20;
    let Ok(blobs) = fs::read_dir(layout.join("blobs/sha256")) else { return };
    for blob in blobs.map(Result::unwrap).filter(|blob| blob.metadata().unwrap().len() < LARGE) {
        fs::remove_file(blob.path()).unwrap();
    }
    fs::remove_file(layout.join("index.json")).unwrap();
}
