//! Files on disk.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use crate::fault::{Code, Fault};
use crate::finding::{Place, Problem};
use crate::mask::{Message, message};
use crate::sensitive::Sensitive;
use crate::stop::Stop;
use crate::stream::relay;

/// A file, pipe or device that is read from front to back.
pub(crate) struct Input {
    pub(crate) bytes: Box<dyn Read + Send>,
    /// The size of a regular file, which alone can be read again.
    pub(crate) size: Option<u64>,
}

/// Opens what is at a path, to be read until `stop` is due. A directory and a socket are errors.
pub(crate) fn open_input(path: &Path, stop: &Stop) -> io::Result<Input> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(Fault::io(Code::Unsupported, "it is a directory"));
    }
    if kind.is_socket() {
        return Err(Fault::io(Code::Unsupported, "it is a socket, not a file"));
    }
    if kind.is_fifo() {
        // A pipe with a name opens only when there is a writer.
        let path = path.to_owned();
        return Ok(Input { bytes: relayed(stop, move || File::open(path)), size: None });
    }
    Ok(Input::of(File::open(path)?, stop))
}

impl Input {
    /// Reads an open file until `stop` is due.
    pub(crate) fn of(file: File, stop: &Stop) -> Self {
        let size = file.metadata().ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        let bytes = if size.is_some() { Box::new(file) } else { relayed(stop, || Ok(file)) };
        Self { bytes, size }
    }
}

/// The maximum number of pieces of 64 KiB in transit from another thread.
const PIECES: usize = 16;

/// Returns a reader for a pipe, a device or a connection. Opening and reading one may block for longer than a scan may
/// take. Therefore a separate thread does both, and the reader abandons that thread when `stop` is due.
pub(super) fn relayed<R: Read>(
    stop: &Stop,
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> Box<dyn Read + Send> {
    let (reader, relayed) = relay(PIECES);
    std::thread::spawn(move || match open() {
        Ok(mut input) => reader.run_promptly(&mut input),
        Err(error) => reader.fail(error),
    });
    Box::new(relayed.until(stop.clone()))
}

/// Opens a file for reading. A directory is an error.
pub(crate) fn open_file(path: &Path) -> Result<File, Problem> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Problem::error(Code::Unsupported, Place::Target, Message::own("it is a directory")));
    }
    Ok(file)
}

/// Reads the whole input, which must not exceed `limit` bytes. `wrong` is the error message for larger input.
pub(crate) fn read_up_to(input: impl Read, limit: u64, wrong: &'static str) -> Result<Sensitive, Problem> {
    let bytes = Sensitive::read(input.take(limit + 1)).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        let wrong = Message::own(wrong);
        let detail = if limit < 1 << 20 {
            message!("{}: it is larger than {} KiB", wrong, limit >> 10)
        } else {
            message!("{}: it is larger than {} MiB", wrong, limit >> 20)
        };
        return Err(Problem::error(Code::Limit, Place::Target, detail));
    }
    Ok(bytes)
}

/// Creates the problem that a target cannot be read. It contains the operating system's reason without its
/// error number.
pub(crate) fn unreadable(error: &io::Error) -> Problem {
    let detail = match error.kind() {
        io::ErrorKind::NotFound => Message::own("there is no such file or directory"),
        io::ErrorKind::PermissionDenied => Message::own("permission to read it is denied"),
        _ => Message::foreign(error.to_string()),
    };
    Problem::error(Code::of(error), Place::Target, detail)
}

/// Returns a path as bytes, without normalising it.
pub(crate) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The maximum size of a script in bytes.
const MAX_SCRIPT: u64 = 256 << 10;

/// Reads a file that a build may run as a script. Returns `None` if it is too large or cannot be read.
pub(crate) fn read_script(file: File) -> Option<Sensitive> {
    let metadata = file.metadata().ok()?;
    (metadata.is_file() && metadata.len() <= MAX_SCRIPT)
        .then(|| Sensitive::read(file.take(MAX_SCRIPT)).ok())
        .flatten()
}

/// Reads a script below a directory. Links are not followed, because builders do not follow them either.
pub(crate) fn script_in(directory: &Path, path: &[u8]) -> Option<Sensitive> {
    let mut file = directory.to_owned();
    for part in path.split(|&byte| byte == b'/') {
        let is_name = !matches!(part, b"" | b"." | b"..");
        file.push(is_name.then(|| OsStr::from_bytes(part))?);
        if file.symlink_metadata().ok()?.is_symlink() {
            return None;
        }
    }
    // A pipe would wait for its writer.
    file.symlink_metadata().ok()?.is_file().then_some(())?;
    read_script(File::open(&file).ok()?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::stop::Cancel;

    #[test]
    fn a_pipe_with_a_name_is_read_until_time_is_up() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let read = |timeout| {
            let stop = Stop::new(Cancel::default(), Some(timeout));
            let mut input = open_input(&pipe, &stop).unwrap();
            assert!(input.size.is_none());
            let mut bytes = Vec::new();
            let outcome = input.bytes.read_to_end(&mut bytes);
            (bytes, outcome.err().map(|error| Code::of(&error)))
        };
        std::thread::scope(|scope| {
            // It opens when there is a reader.
            let writer = scope.spawn(|| fs::OpenOptions::new().write(true).open(&pipe)?.write_all(b"text"));
            assert_eq!(read(Duration::from_mins(1)), (b"text".to_vec(), None));
            writer.join().unwrap().unwrap();
        });
        assert_eq!(read(Duration::from_millis(100)), (Vec::new(), Some(Code::TimedOut)));
    }

    #[test]
    fn a_socket_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = open_input(&path, &Stop::default()).err().unwrap();
        assert_eq!(unreadable(&error).detail.seal().as_str(), "it is a socket, not a file");
    }
}
