//! Where a report goes: standard output, or a file that is there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use super::interrupt::Temporary;
use super::stream;

/// Where a report goes. Opened before the audit, so that one that cannot be written costs no audit.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A device, a named pipe or an open descriptor, written to as it is: a rename would put a file in
    /// its place.
    Special(File),
    /// A file, written beside its place first.
    File(Replacement),
}

impl Output {
    /// Makes sure that a report can be written to `file`; none and `-` are standard output, and so is a
    /// path that leads to the same file.
    pub(super) fn open(file: Option<&Path>) -> io::Result<Self> {
        let Some(file) = file.filter(|file| *file != Path::new("-")) else { return Ok(Self::Stdout) };
        match fs::metadata(file) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if stream::is(&metadata, io::stdout()) => Ok(Self::Stdout),
            Ok(metadata) if stream::is(&metadata, io::stderr()) => Ok(Self::Stderr),
            // What the caller has written through the descriptor so far stays.
            Ok(_) if stream::names_descriptor(file) => {
                OpenOptions::new().append(true).open(file).map(Self::Special)
            }
            Ok(metadata) if !metadata.is_file() => {
                OpenOptions::new().write(true).open(file).map(Self::Special)
            }
            // What a symbolic link points to is replaced, not the link.
            Ok(metadata) => {
                let replacement = Replacement::beside(file.canonicalize()?)?;
                // Only root may give a file away; for everybody else it is theirs already, or stays so.
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

    /// Whether what is written is seen where errors are: nothing needs to be said twice.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stdout | Self::Stderr)
    }

    /// Writes what `render` writes. A reader that has closed the pipe has read what it wanted: that is no
    /// error.
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

/// A temporary file that will take the place of another.
pub(super) struct Replacement {
    temporary: Temporary,
    place: PathBuf,
}

impl Replacement {
    /// A new temporary file in the directory of `place`. That it can be made shows that the directory is
    /// there and may be written to.
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
                // The crate's own files are for the owner alone, and its errors quote the path.
                .make_in(directory.unwrap_or(Path::new(".")), |path| File::create_new(path))
        })?;
        Ok(Self { temporary, place })
    }

    fn commit(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        write_all(self.temporary.file(), render)?;
        self.temporary.persist(&self.place)
    }
}
