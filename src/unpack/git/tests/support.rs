//! Repositories in temporary directories, and the tokens found in them.

use crate::detect::tests::labels;
use crate::finding::Problem;
use crate::stop::Stop;
use crate::unpack::allowance::Allowance;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};

use crate::detect;
use crate::stream::Peek;
use crate::unpack::git::{
    GitFile, GitFinding, Kind, Limits, Objects, Reread, begins_loose, begins_pack, loose, pack,
};

/// Builds a token at run time.
pub(super) fn token(seed: &str) -> String {
    token_of("hf_", seed)
}

pub(super) fn token_of(prefix: &str, seed: &str) -> String {
    let digests = [Sha256::digest(seed), Sha256::digest(format!("{seed}, again"))];
    let letters = digests.iter().flatten().take(34).map(|byte| {
        let first = if byte & 128 == 0 { b'a' } else { b'A' };
        char::from(first + byte % 26)
    });
    letters.fold(prefix.to_owned(), |token, letter| token + &letter.to_string())
}

/// Returns lines that compress badly and do not repeat.
pub(super) fn text(seed: &str, lines: usize) -> String {
    let line = |n| {
        let digest = Sha256::digest(format!("{seed} {n}"));
        digest.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect::<String>()
    };
    (0..lines).map(line).collect()
}

/// Returns bytes that do not compress.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    });
    words.take(len.div_ceil(4)).flat_map(u32::to_le_bytes).take(len).collect()
}

/// A repository that is deleted when it is dropped.
pub(super) struct Repository {
    pub(super) dir: PathBuf,
    ticks: Cell<u64>,
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Repository {
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    pub(super) fn with(options: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("stowaway-git-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let new = Self { dir, ticks: Cell::new(1_700_000_000) };
        new.git(&[&["init", "-q", "-b", "main"], options].concat());
        new
    }

    /// Runs git, one second after the previous run.
    pub(super) fn git(&self, args: &[&str]) -> String {
        self.ticks.set(self.ticks.get() + 1);
        let time = format!("{} +0000", self.ticks.get());
        let output = Command::new("git")
            .args(["-c", "core.fsync=none", "-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(args)
            .current_dir(&self.dir)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b"), ("GIT_COMMITTER_NAME", "a")])
            .envs([("GIT_COMMITTER_EMAIL", "a@b"), ("GIT_AUTHOR_DATE", &time), ("GIT_COMMITTER_DATE", &time)])
            .output()
            .expect("git is there: `make test` installs it");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits all files and returns the ID of the commit.
    pub(super) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Packs all objects and keeps unreachable ones.
    pub(super) fn repack(&self, options: &[&str]) {
        self.git(&[&["repack", "-q", "-a", "-d", "-f", "--keep-unreachable"], options].concat());
        self.git(&["prune-packed"]);
    }

    /// Returns the contents of all packs.
    pub(super) fn packs(&self) -> Vec<Vec<u8>> {
        let packs = self
            .files()
            .into_iter()
            .filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "pack"));
        packs.map(|(_, bytes)| bytes).collect()
    }

    /// Returns all files of the repository except its worktree, sorted by name.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let git = self.dir.join(".git");
        collect(if git.exists() { &git } else { &self.dir }, &mut files);
        files.sort();
        files
    }

    /// Searches the repository.
    pub(super) fn audit(&self) -> Audit {
        Audit::of(&self.files())
    }
}

fn collect(dir: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push((path.to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
        }
    }
}

/// Whether a pack can be read a second time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    Works,
    Fails,
}

/// The result of reading some files.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) findings: Vec<GitFinding>,
    pub(super) problems: Vec<Problem>,
}

impl Audit {
    pub(super) fn of(files: &[(String, Vec<u8>)]) -> Self {
        let left = Allowance::new(64 << 30, Stop::default());
        let mut objects = Objects::new(24 << 20);
        let mut problems = Vec::new();
        for (n, (path, bytes)) in (0..).zip(files) {
            let place = GitFile::new(n, path.as_bytes());
            let (mut body, limits) = (bytes.as_slice(), Limits::new(&left));
            if begins_loose(bytes) {
                problems.extend(loose(&mut body, place, &mut objects, limits, &mut search).unwrap());
            } else if begins_pack(bytes) {
                problems.extend(pack(&mut body, None, place, &mut objects, limits, &mut search).unwrap());
            }
        }
        Self::finish(objects, problems)
    }

    /// Audits one pack with limits of its own. Returns how often it was read again.
    pub(super) fn of_pack(bytes: &[u8], limits: Limits<'_>, again: Again) -> (Self, usize) {
        let mut objects = Objects::new(24 << 20);
        let place = GitFile::new(0, b"repo/.git/objects/pack/pack-1.pack");
        let mut times = 0;
        let mut open = || {
            times += 1;
            match again {
                Again::Fails => Err(std::io::Error::other("the file is gone")),
                _ => Ok(Box::new(bytes) as Box<dyn Peek>),
            }
        };
        let open: Option<&mut Reread<'_>> = if again == Again::Never { None } else { Some(&mut open) };
        let problems = pack(&mut &bytes[..], open, place, &mut objects, limits, &mut search).unwrap();
        (Self::finish(objects, problems), times)
    }

    fn finish(objects: Objects, mut problems: Vec<Problem>) -> Self {
        let (findings, more) = objects.finish();
        problems.extend(more);
        Self { findings, problems }
    }

    /// Returns the `via` labels of all findings of a token.
    #[track_caller]
    pub(super) fn ways(&self, token: &str) -> Vec<String> {
        let summary = detect::find(token.as_bytes()).remove(0).token;
        let of_token = self.findings.iter().filter(|finding| finding.occurrence.token == summary);
        of_token.map(|finding| labels(&finding.occurrence.via).remove(0)).collect()
    }

    #[track_caller]
    pub(super) fn assert_whole(&self) {
        assert_eq!(self.problems, [], "nothing was left out");
    }
}

/// Searches the content of an object as it is.
pub(super) fn search(_: Kind, content: &mut dyn Peek) -> Vec<detect::Occurrence> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).unwrap();
    detect::find(&bytes)
}
