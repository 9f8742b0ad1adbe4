//! The reasons why a tar stream is not read as a whole.

use std::io;

use crate::fault::Code;

/// The reason that a walk did not reach the end of its stream, or that container engines would not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    /// The underlying reader failed: a decoder, or the disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The stream does not begin with a tar header.
    #[error("it is not a tar archive")]
    NotTar,
    /// There is no valid tar header where one is required.
    #[error("there is no valid tar header at byte {at}, so the files after it are not known")]
    BadHeader {
        /// The offset in the stream.
        at: u64,
    },
    /// The stream ends inside an entry.
    #[error("it ends early inside {}: {missing} more bytes were expected", String::from_utf8_lossy(path))]
    Truncated {
        /// The path of the entry.
        path: Vec<u8>,
        /// The number of announced bytes that are missing.
        missing: u64,
    },
    /// The stream ends between the announcement of an entry and its start.
    #[error("it ends early {place}, at byte {at}")]
    BreaksOff {
        /// The offset of the header in or after which the stream ends.
        at: u64,
        /// A description of the place.
        place: &'static str,
    },
    /// An extended header that no extractor accepts.
    #[error("an extended tar header at byte {at} claims {size} bytes")]
    HugeHeader {
        /// The offset in the stream.
        at: u64,
        /// The size in the header.
        size: u64,
    },
    /// A header that Go refuses, although the entries after it could be read. No container engine unpacks the
    /// archive to its end.
    #[error("the tar header at byte {at} {reason}, and container engines refuse such an archive")]
    Refused {
        /// The offset in the stream.
        at: u64,
        /// The fault of the header.
        reason: &'static str,
    },
    /// A sparse file of an image archive whose holes are not read as a whole.
    #[error("the holes of the sparse file {} are longer than the limit", String::from_utf8_lossy(path))]
    Holes {
        /// The path of the entry.
        path: Vec<u8>,
    },
    /// A sparse file with more pieces than are remembered.
    #[error("the sparse file at byte {at} has more pieces than the limit: not all are at their places")]
    Scattered {
        /// The offset of its header in the stream.
        at: u64,
    },
}

impl TarError {
    /// Returns the kind of the problem.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Io(error) => Code::of(error),
            Self::NotTar | Self::BadHeader { .. } | Self::HugeHeader { .. } | Self::Refused { .. } => {
                Code::Corrupt
            }
            Self::Scattered { .. } | Self::Holes { .. } => Code::Limit,
            Self::Truncated { .. } | Self::BreaksOff { .. } => Code::Truncated,
        }
    }
}
