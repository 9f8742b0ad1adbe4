//! A root file system: an archive of it (`docker export`, `-o type=tar`, one layer), or a directory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::{Input, open_input};
use super::tree_tar::TreeTar;
use super::{Blob, Root, Source};
use crate::finding::Problem;
use crate::stop::Stop;

/// The name of the only blob.
const NAME: &[u8] = b"rootfs";

/// A root file system, as the only layer of an image.
pub(crate) struct RootFs {
    blob: Blob,
    bytes: Bytes,
}

enum Bytes {
    File(PathBuf),
    /// A pipe, until it is opened.
    Pipe(Mutex<Option<Input>>),
    Directory(PathBuf, Arc<Mutex<Vec<Problem>>>),
}

impl RootFs {
    /// Opens what is at a path.
    pub(crate) fn open(path: &Path, stop: &Stop) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            // A directory that must not be read is an error of the target.
            fs::read_dir(path)?;
            return Ok(Self::of(0, Bytes::Directory(path.to_owned(), Arc::default())));
        }
        let input = open_input(path, stop)?;
        Ok(match input.size {
            Some(size) => Self::of(size, Bytes::File(path.to_owned())),
            None => Self::of(0, Bytes::Pipe(Mutex::new(Some(input)))),
        })
    }

    fn of(size: u64, bytes: Bytes) -> Self {
        Self { blob: Blob { id: 0, name: NAME.to_vec(), size, digest: None, is_trusted: false }, bytes }
    }

    /// Returns the parts of a directory that could not be read, each once.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let Bytes::Directory(_, problems) = &self.bytes else { return Vec::new() };
        let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        problems.sort();
        problems.dedup();
        problems
    }
}

impl Source for RootFs {
    fn root(&self) -> Root {
        Root::Layer(self.blob.clone())
    }

    fn open(&self, _blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(match &self.bytes {
            Bytes::File(path) => Box::new(File::open(path)?),
            Bytes::Pipe(input) => {
                let input = input.lock().unwrap_or_else(PoisonError::into_inner).take();
                input.ok_or_else(|| io::Error::other("a pipe gives its bytes once"))?.bytes
            }
            Bytes::Directory(root, problems) => {
                Box::new(TreeTar::new(root, kernel_mounts(), Arc::clone(problems)))
            }
        })
    }

    fn rereads(&self) -> usize {
        if matches!(self.bytes, Bytes::Pipe(_)) { 0 } else { 16 }
    }
}

/// The file systems through which the kernel shows itself. Some of their files have no end.
const KERNEL: [&str; 19] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "sysfs",
    "tracefs",
];

/// Returns the places where such a file system is mounted (`proc_pid_mountinfo(5)`).
fn kernel_mounts() -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    mounts_in(&table)
}

fn mounts_in(table: &[u8]) -> Vec<PathBuf> {
    let mounts = table.split(|&b| b == b'\n').filter_map(|line| {
        let place = line.split(|&b| b == b' ').nth(4)?;
        let behind = memchr::memmem::find(line, b" - ").and_then(|at| line.get(at + 3..))?;
        let kind = behind.split(|&b| b == b' ').next()?;
        KERNEL.iter().any(|known| known.as_bytes() == kind).then(|| unescaped(place))
    });
    mounts.collect()
}

/// Resolves the octal escapes of blanks and backslashes.
fn unescaped(text: &[u8]) -> PathBuf {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<3>().filter(|_| byte == b'\\');
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(code.unwrap_or(byte));
        rest = behind.get(if code.is_some() { 3 } else { 0 }..).unwrap_or_default();
    }
    PathBuf::from(std::ffi::OsStr::from_bytes(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_the_kernel() {
        let table = b"22 1 0:21 / / rw - overlay overlay rw\n\
            23 22 0:22 / /proc rw,nosuid shared:5 - proc proc rw\n\
            24 22 0:23 / /a\\040b\\134c rw - sysfs none rw\n\
            25 22 0:24 / /data rw - ext4 /dev/x rw\n\
            short\n";
        assert_eq!(mounts_in(table), [PathBuf::from("/proc"), PathBuf::from("/a b\\c")]);
    }
}
