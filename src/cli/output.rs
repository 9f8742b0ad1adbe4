//! The destination of a report: standard output, or a file that is written completely or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use super::interrupt::Temporary;
use super::stream;

/// The destination of a report. It is opened before the audit, so that an unwritable one fails early.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A device, a named pipe or an open descriptor. It is written to directly, because a rename would replace
    /// it with a file.
    Special(File),
    /// A regular file. The report is first written to a temporary file beside it.
    File(Replacement),
}

impl Output {
    /// Opens `file` for a report. `None`, `-` and any path to the same file as standard output are standard
    /// output.
    pub(super) fn open(file: Option<&Path>) -> io::Result<Self> {
        let Some(file) = file.filter(|file| *file != Path::new("-")) else { return Ok(Self::Stdout) };
        match fs::metadata(file) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if stream::is(&metadata, io::stdout()) => Ok(Self::Stdout),
            Ok(metadata) if stream::is(&metadata, io::stderr()) => Ok(Self::Stderr),
            // The file may already have content that the caller wrote through the descriptor. Keep it.
            Ok(_) if stream::names_descriptor(file) => {
                OpenOptions::new().append(true).open(file).map(Self::Special)
            }
            Ok(metadata) if !metadata.is_file() => {
                OpenOptions::new().write(true).open(file).map(Self::Special)
            }
            // The target of a symbolic link is replaced, not the link.
            Ok(metadata) => {
                let replacement = Replacement::beside(file.canonicalize()?)?;
                // Only root can change the owner. For other users, the new file already belongs to them.
                let file = replacement.temporary.file();
                let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
                file.set_permissions(metadata.permissions())?;
                Ok(Self::File(replacement))
            }
            Err(_) => Replacement::beside(file.to_owned()).map(Self::File),
        }
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Whether the report is written to the terminal streams, where errors need not be repeated.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stdout | Self::Stderr)
    }

    /// Writes the output of `render`. A closed pipe is not an error: the reader has read all it wanted.
    pub(super) fn write(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let written = match self {
            Self::Stdout => write_all(io::stdout().lock(), render),
            Self::Stderr => write_all(io::stderr().lock(), render),
            Self::Special(file) => write_all(file, render),
            Self::File(replacement) => return replacement.commit(render),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

fn write_all(out: impl Write, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    render(&mut out)?;
    out.flush()
}

/// A temporary file that will replace another file.
pub(super) struct Replacement {
    temporary: Temporary,
    place: PathBuf,
}

impl Replacement {
    /// Creates a temporary file in the directory of `place`. This also checks that the directory exists and is
    /// writable.
    fn beside(place: PathBuf) -> io::Result<Self> {
        let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".");
        let directory = place.parent().filter(|parent| !parent.as_os_str().is_empty());
        let temporary = Temporary::new(|| {
            tempfile::Builder::new()
                .prefix(&hidden)
                .suffix(".tmp")
                // By default, the crate makes files that only the owner can read, and its errors quote the
                // path.
                .make_in(directory.unwrap_or(Path::new(".")), |path| File::create_new(path))
        })?;
        Ok(Self { temporary, place })
    }

    fn commit(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        write_all(self.temporary.file(), render)?;
        self.temporary.persist(&self.place)
    }
}
