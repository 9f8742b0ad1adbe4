//! A directory as a tar stream, made while it is read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, Walk, WalkBuilder};
use tar::{Builder, EntryType, Header};

use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::Message;

/// The unit of a tar stream.
const BLOCK: u64 = 512;
/// The number of zeros at the end of a tar stream.
const END: usize = 1024;

/// A reader of the stream. Links are not followed. Parts that cannot be read are left out and become problems.
pub(super) struct TreeTar {
    root: PathBuf,
    /// The root without links. Mount points are named so.
    top: Option<PathBuf>,
    walk: Walk,
    /// Directories that are not entered.
    left_out: Vec<PathBuf>,
    problems: Arc<Mutex<Vec<Problem>>>,
    /// The first names of files with several names.
    names: HashMap<(u64, u64), PathBuf>,
    /// Bytes of headers and padding.
    pending: io::Cursor<Vec<u8>>,
    body: Option<Body>,
    is_done: bool,
}

/// The maximum size of a file whose length is said to be 0. The kernel says so of the files that it makes.
const MAX_UNMEASURED: u64 = 1 << 20;

/// The file that is being read.
struct Body {
    file: Box<dyn Read + Send>,
    path: Vec<u8>,
    left: u64,
    len: u64,
    /// Whether the file has ended before its length, or failed. Zeros stand for the rest.
    is_short: bool,
}

impl TreeTar {
    pub(super) fn new(root: &Path, left_out: Vec<PathBuf>, problems: Arc<Mutex<Vec<Problem>>>) -> Self {
        let top = root.canonicalize().ok();
        let walk = WalkBuilder::new(root)
            .standard_filters(false)
            .follow_links(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry({
                let (left_out, top) = (left_out.clone(), top.clone());
                let root = root.to_owned();
                move |entry| {
                    let parent = entry.path().parent().unwrap_or(&root);
                    let inside = parent.strip_prefix(&root).ok();
                    let real = top.as_ref().zip(inside).map(|(top, inside)| top.join(inside));
                    real.is_none_or(|real| !left_out.contains(&real))
                }
            })
            .build();
        Self {
            root: root.to_owned(),
            top,
            walk,
            left_out,
            problems,
            names: HashMap::new(),
            pending: io::Cursor::default(),
            body: None,
            is_done: false,
        }
    }

    fn problem(&self, problem: Problem) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }

    fn failed(&self, path: &[u8], error: &io::Error) {
        self.problem(Problem::of(error, Place::entry(path)));
    }

    /// Prepares the next entry.
    fn next_entry(&mut self) -> io::Result<()> {
        match self.walk.next() {
            None => {
                self.is_done = true;
                self.pending = io::Cursor::new(vec![0; END]);
            }
            Some(Err(error)) => {
                let code = error.io_error().map_or(Code::Io, Code::of);
                self.problem(Problem::error(code, Place::Here, Message::foreign(error.to_string())));
            }
            Some(Ok(entry)) if entry.depth() > 0 => self.entry(&entry)?,
            Some(Ok(_)) if self.top.as_ref().is_some_and(|top| self.left_out.contains(top)) => {
                let detail = Message::own(
                    "it is a file system of the kernel, which holds no files; it was not searched",
                );
                self.problem(Problem::error(Code::Unsupported, Place::Target, detail));
            }
            Some(Ok(_)) => {}
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry) -> io::Result<()> {
        let path = entry.path().strip_prefix(&self.root).unwrap_or(entry.path()).to_owned();
        let name = path.as_os_str().as_bytes();
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            if self.top.as_ref().is_some_and(|top| self.left_out.contains(&top.join(&path))) {
                let detail = Message::own(
                    "a file system of the kernel is mounted there, which is no part of the root file system; it was not \
                     searched",
                );
                self.problem(Problem::note(Code::Odd, Place::entry(name), detail));
            }
            return self.header(EntryType::Directory, &path, 0, None);
        }
        if kind.is_some_and(|kind| kind.is_symlink()) {
            return match fs::read_link(entry.path()) {
                Ok(target) => self.header(EntryType::Symlink, &path, 0, Some(&target)),
                Err(error) => {
                    self.failed(name, &error);
                    Ok(())
                }
            };
        }
        // Opening a pipe would wait for its writer. It holds nothing, and neither does a device.
        if !kind.is_some_and(|kind| kind.is_file()) {
            return Ok(());
        }
        let opened = File::open(entry.path()).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.failed(name, &error);
                return Ok(());
            }
        };
        if metadata.nlink() > 1 {
            let first = self.names.entry((metadata.dev(), metadata.ino())).or_insert_with(|| path.clone());
            if *first != path {
                let first = first.clone();
                return self.header(EntryType::Link, &path, 0, Some(&first));
            }
        }
        let mut len = metadata.len();
        let mut file: Box<dyn Read + Send> = Box::new(file);
        if len == 0 {
            let mut unmeasured = Vec::new();
            if let Err(error) = file.by_ref().take(MAX_UNMEASURED).read_to_end(&mut unmeasured) {
                self.failed(name, &error);
            }
            len = unmeasured.len() as u64;
            file = Box::new(io::Cursor::new(unmeasured).chain(file));
        }
        self.header(EntryType::Regular, &path, len, None)?;
        self.body = Some(Body { file, path: name.to_vec(), left: len, len, is_short: false });
        Ok(())
    }

    fn header(&mut self, kind: EntryType, path: &Path, size: u64, target: Option<&Path>) -> io::Result<()> {
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        match target {
            Some(target) => builder.append_link(&mut header, path, target)?,
            None => builder.append_data(&mut header, path, io::empty())?,
        }
        // Without the blocks that end an archive, which follow the last entry.
        self.pending = io::Cursor::new(std::mem::take(builder.get_mut()));
        Ok(())
    }

    /// Reads from the file. Returns 0 at its end.
    fn read_body(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(body) = &mut self.body else { return Ok(0) };
        let most = usize::try_from(body.left).unwrap_or(usize::MAX).min(out.len());
        let out = out.get_mut(..most).unwrap_or_default();
        if out.is_empty() {
            if !body.is_short && body.file.read(&mut [0]).is_ok_and(|n| n > 0) {
                let detail = Message::own("it became longer while it was read; the rest was not searched");
                let problem = Problem::error(Code::Truncated, Place::entry(&body.path), detail);
                self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
            }
            let padding = body.len.next_multiple_of(BLOCK) - body.len;
            self.pending = io::Cursor::new(vec![0; usize::try_from(padding).unwrap_or_default()]);
            self.body = None;
            return Ok(0);
        }
        let mut n = 0;
        let mut problem = None;
        if !body.is_short {
            match body.file.read(out) {
                Ok(read) => n = read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => problem = Some(Problem::of(&error, Place::entry(&body.path))),
            }
            if n == 0 {
                body.is_short = true;
                let detail = Message::own("it became shorter while it was read");
                problem
                    .get_or_insert_with(|| Problem::error(Code::Truncated, Place::entry(&body.path), detail));
            }
        }
        if body.is_short {
            out.fill(0);
            n = out.len();
        }
        body.left -= n as u64;
        if let Some(problem) = problem {
            self.problem(problem);
        }
        Ok(n)
    }
}

impl Read for TreeTar {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let n = self.pending.read(out)?;
            if n > 0 {
                return Ok(n);
            }
            if self.body.is_some() {
                let n = self.read_body(out)?;
                if n > 0 {
                    return Ok(n);
                }
            } else if self.is_done {
                return Ok(0);
            } else {
                self.next_entry()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the entries of the stream that `reader` makes: path, kind, and content or target.
    fn entries(reader: impl Read) -> Vec<(String, EntryType, Vec<u8>)> {
        let mut archive = tar::Archive::new(reader);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let target = entry.link_name_bytes().map(|name| name.to_vec());
            let name = String::from_utf8(entry.path_bytes().to_vec()).unwrap();
            (name, entry.header().entry_type(), target.unwrap_or(content))
        });
        entries.collect()
    }

    #[test]
    fn another_reader_sees_the_tree() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let long = "long/".repeat(60) + "name";
        for (name, content) in [("a", "a".repeat(512)), ("b", String::new()), (&long, "c".repeat(70_000))] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::hard_link(root.join("a"), root.join("d")).unwrap();
        std::os::unix::fs::symlink(&long, root.join("e")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(root.join("f")).status().unwrap().success());
        let problems = Arc::default();
        let found = entries(TreeTar::new(root, Vec::new(), Arc::clone(&problems)));
        let files: Vec<_> = found.into_iter().filter(|(_, kind, _)| *kind != EntryType::Directory).collect();
        assert_eq!(
            files,
            [
                ("a".to_owned(), EntryType::Regular, vec![b'a'; 512]),
                ("b".to_owned(), EntryType::Regular, vec![]),
                ("d".to_owned(), EntryType::Link, b"a".to_vec()),
                ("e".to_owned(), EntryType::Symlink, long.clone().into_bytes()),
                (long, EntryType::Regular, vec![b'c'; 70_000]),
            ]
        );
        assert_eq!(*problems.lock().unwrap(), []);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_and_the_others_are_read() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "a".repeat(2000)).unwrap();
        fs::write(directory.path().join("b"), "b").unwrap();
        let problems = Arc::default();
        let mut reader = TreeTar::new(directory.path(), Vec::new(), Arc::clone(&problems));
        let mut header = [0; 512];
        reader.read_exact(&mut header).unwrap();
        fs::write(directory.path().join("a"), "short").unwrap();
        let found = entries(header.chain(reader));
        assert_eq!(found[0].2, [&b"short"[..], &[0; 1995]].concat());
        assert_eq!(found[1].2, b"b");
        let problems = problems.lock().unwrap();
        assert_eq!((problems.len(), problems[0].code), (1, Code::Truncated));
    }

    #[test]
    fn a_file_that_grows_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "a".repeat(600)).unwrap();
        let problems = Arc::default();
        let mut reader = TreeTar::new(directory.path(), Vec::new(), Arc::clone(&problems));
        let mut header = [0; 512];
        reader.read_exact(&mut header).unwrap();
        fs::write(directory.path().join("a"), "b".repeat(601)).unwrap();
        assert_eq!(entries(header.chain(reader))[0].2, vec![b'b'; 600]);
        assert_eq!(problems.lock().unwrap()[0].code, Code::Truncated);
    }

    #[test]
    fn files_of_the_kernel_have_content_although_their_length_is_0() {
        let problems = Arc::default();
        let found = entries(TreeTar::new(Path::new("/proc/self/net"), Vec::new(), Arc::clone(&problems)));
        let (_, _, content) = found.iter().find(|(name, ..)| name == "dev").unwrap();
        assert!(!content.is_empty());
        let whole = TreeTar::new(
            Path::new("/proc/self/net"),
            vec![Path::new("/proc/self/net").canonicalize().unwrap()],
            Arc::clone(&problems),
        );
        assert_eq!(entries(whole), []);
        assert!(problems.lock().unwrap().iter().any(|problem| problem.code == Code::Unsupported));
    }

    #[test]
    fn what_is_left_out_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("proc/1")).unwrap();
        fs::write(root.join("proc/kcore"), "endless").unwrap();
        let problems = Arc::default();
        let found = entries(TreeTar::new(&root, vec![root.join("proc")], Arc::clone(&problems)));
        let names: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["proc"]);
        let problems = problems.lock().unwrap();
        assert_eq!((problems.len(), problems[0].is_error()), (1, false));
    }
}
