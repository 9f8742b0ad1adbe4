//! Real tools from Debian packages.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::place;

/// Runs a tool, which must succeed, and returns its standard output.
///
/// # Panics Panics if the tool is missing: a test that cannot run has failed.
#[track_caller]
pub fn run<A: AsRef<OsStr>>(tool: &str, args: &[A]) -> String {
    let output = Command::new(tool).args(args).output().unwrap_or_else(|error| {
        panic!("{tool} did not start ({error}): run `make test`, which installs what the tests need")
    });
    let Output { status, stdout, stderr } = output;
    assert!(status.success(), "{tool}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

/// Runs `skopeo copy FROM TO OPTIONS…`.
#[track_caller]
pub fn skopeo_copy(from: &str, to: &str, options: &[&str]) {
    let mut args = vec!["--insecure-policy", "copy", "--quiet"];
    args.extend(options);
    args.extend([from, to]);
    run("skopeo", &args);
}

/// An OCI layout written by `umoci`, and one of its tags.
#[derive(Debug, Clone)]
pub struct Umoci {
    image: String,
    dir: PathBuf,
    steps: usize,
}

impl Umoci {
    /// Creates an empty image `tag` in a new layout.
    #[track_caller]
    pub fn new(dir: &Path, tag: &str) -> Self {
        run("umoci", &["init", "--layout", text(dir)]);
        let image = format!("{}:{tag}", text(dir));
        run("umoci", &["new", "--image", &image]);
        Self { image, dir: dir.to_owned(), steps: 0 }
    }

    /// Creates another empty image in the same layout.
    #[track_caller]
    #[must_use]
    pub fn sibling(&self, tag: &str) -> Self {
        let image = format!("{}:{tag}", text(&self.dir));
        run("umoci", &["new", "--image", &image]);
        Self { image, dir: self.dir.clone(), steps: 0 }
    }

    /// Adds a layer with one file.
    #[track_caller]
    #[must_use]
    pub fn file(self, path: &str, bytes: &[u8]) -> Self {
        let source = self.dir.with_extension(format!("step{}", self.steps));
        fs::write(&source, bytes).unwrap();
        self.insert(&[text(&source), path])
    }

    /// Adds a layer with a copy of a directory tree.
    #[track_caller]
    #[must_use]
    pub fn tree(self, source: &Path, path: &str) -> Self {
        self.insert(&[text(source), path])
    }

    /// Adds a layer with a directory tree that hides the earlier contents of `path`.
    #[track_caller]
    #[must_use]
    pub fn opaque_tree(self, source: &Path, path: &str) -> Self {
        self.insert(&["--opaque", text(source), path])
    }

    /// Adds a layer that removes a path.
    #[track_caller]
    #[must_use]
    pub fn remove(self, path: &str) -> Self {
        self.insert(&["--whiteout", path])
    }

    fn insert(mut self, args: &[&str]) -> Self {
        let created_by = format!("--history.created_by=RUN step {}", self.steps);
        let mut all = vec!["insert"];
        all.extend(rootless());
        all.extend(["--image", &self.image, &created_by]);
        all.extend(args);
        run("umoci", &all);
        self.steps += 1;
        self
    }

    /// Adds a layer with the changes that `change` makes to the unpacked root file system.
    #[track_caller]
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&Path)) -> Self {
        let bundle = self.dir.with_extension(format!("bundle{}", self.steps));
        let mut unpack = vec!["unpack"];
        unpack.extend(rootless());
        unpack.extend(["--image", &self.image, text(&bundle)]);
        run("umoci", &unpack);
        change(&bundle.join("rootfs"));
        let created_by = format!("--history.created_by=RUN step {}", self.steps);
        run("umoci", &["repack", "--image", &self.image, &created_by, text(&bundle)]);
        fs::remove_dir_all(&bundle).unwrap();
        self.steps += 1;
        self
    }

    /// Passes options to `umoci config`, such as `--config.env=A=b`.
    #[track_caller]
    #[must_use]
    pub fn config(self, options: &[&str]) -> Self {
        let mut args = vec!["config", "--image", &self.image];
        args.extend(options);
        run("umoci", &args);
        self
    }

    /// Returns the reference `oci:DIR:TAG`.
    pub fn reference(&self) -> String {
        format!("oci:{}", self.image)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Returns the option that umoci needs where the tests do not run as root.
pub fn rootless() -> Option<&'static str> {
    static ROOT: OnceLock<bool> = OnceLock::new();
    let root = ROOT.get_or_init(|| run("id", &["-u"]).trim() == "0");
    (!root).then_some("--rootless")
}

/// Builds a Dockerfile with buildah on a busybox base, and pushes the image to `to`.
///
/// The Dockerfile begins with `FROM scratch` and `ADD root.tar /`. The directory `context` contains it and its
/// files.
#[track_caller]
pub fn buildah(place: &place::Place, dockerfile: &str, options: &[&str], to: &str) {
    let context = place.join("context");
    place.write("context/Dockerfile", dockerfile);
    place.write("context/root.tar", busybox_root());
    let (root, runroot) = (place.join("storage"), place.join("run"));
    let store = ["--storage-driver", "vfs", "--root", text(&root), "--runroot", text(&runroot)];
    let mut build = store.to_vec();
    build.extend(["build", "--isolation", "chroot", "--network", "host", "--pull=never"]);
    build.extend(["--layers", "--no-cache", "--force-rm", "--tag", "built"]);
    build.extend(options);
    build.push(text(&context));
    run("buildah", &build);
    let mut push = store.to_vec();
    push.extend(["push", "--quiet", "built", to]);
    run("buildah", &push);
    fs::remove_dir_all(&root).unwrap();
}

/// Returns a root file system with a static busybox, and the links that a shell script needs.
fn busybox_root() -> Vec<u8> {
    let busybox = fs::read("/bin/busybox").unwrap_or_else(|error| {
        panic!("/bin/busybox (Debian's busybox-static): {error}; run `make test`, which installs it")
    });
    let program = super::tar::Header { path: b"bin/busybox", mode: 0o755, ..super::tar::Header::default() };
    let mut tar = super::Tar::new().dir("bin").dir("root").dir("proc").dir("sys").dir("dev").dir("etc");
    tar = tar.entry(&program, &busybox);
    for name in ["sh", "mkdir", "rm", "echo", "ln", "cat", "printf"] {
        tar = tar.symlink(format!("bin/{name}"), "busybox");
    }
    tar.finish()
}

/// The sparse formats that GNU tar writes, and the options that select them.
pub const SPARSE_FORMATS: [(&str, &[&str]); 4] = [
    ("GNU", &["--format=gnu"]),
    ("pax 0.0", &["--format=pax", "--sparse-version=0.0"]),
    ("pax 0.1", &["--format=pax", "--sparse-version=0.1"]),
    ("pax 1.0", &["--format=pax", "--sparse-version=1.0"]),
];

/// Makes a file of `size` bytes that holds these pieces at their offsets, and packs it with GNU tar as a sparse one.
#[track_caller]
pub fn sparse_tar(
    place: &place::Place,
    name: &str,
    pieces: &[(u64, &[u8])],
    size: u64,
    options: &[&str],
) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(size).unwrap()];
    for (at, piece) in pieces {
        let at = usize::try_from(*at).unwrap();
        bytes[at..at + piece.len()].copy_from_slice(piece);
    }
    let directory = place.join("to-pack");
    drop(fs::remove_dir_all(&directory));
    place.write(&format!("to-pack/{name}"), bytes);
    tar_sparse(&directory, &place.join("packed.tar"), options)
}

/// Packs a directory with GNU tar, with files stored as sparse ones where they have blocks of zeros.
#[track_caller]
pub fn tar_sparse(directory: &Path, archive: &Path, options: &[&str]) -> Vec<u8> {
    // GNU tar looks for holes only in files that have some.
    let holey = directory.with_extension("holey");
    drop(fs::remove_dir_all(&holey));
    run("cp", &["-r", "--sparse=always", text(directory), text(&holey)]);
    let mut args = vec!["-S", "--hole-detection=raw", "-cf", text(archive), "-C", text(&holey)];
    args.extend(options);
    args.push(".");
    run("tar", &args);
    fs::read(archive).unwrap()
}

/// Installs Python packages with pip, including compiled modules. They are installed once for each target
/// directory.
#[track_caller]
pub fn pip_packages(packages: &[&str]) -> PathBuf {
    let name = format!("pip-{}", packages.join("-").replace("==", "-"));
    let dir = place::root().join(&name);
    if !dir.exists() {
        let fresh = place::root().join(format!("{name}.part"));
        drop(fs::remove_dir_all(&fresh));
        let mut args = vec!["-m", "pip", "install", "--quiet", "--no-deps", "--target", text(&fresh)];
        args.extend(packages);
        run("python3", &args);
        fs::rename(&fresh, &dir).unwrap();
    }
    dir
}

/// Returns a path as text, for the arguments of tools.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the target directory's path is UTF-8")
}
