//! Files on disk.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::{Message, message};
use crate::sensitive::Sensitive;

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
