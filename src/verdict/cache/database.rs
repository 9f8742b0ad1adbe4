//! The open database, and its errors.

use redb::{Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase as _};

use super::Failed;

/// A database opened for reading only, or also for writing.
pub(super) enum Either {
    Reading(ReadOnlyDatabase),
    Writing(Database),
}

impl Either {
    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Failed> {
        match self {
            Self::Reading(database) => database.begin_read(),
            Self::Writing(database) => database.begin_read(),
        }
        .map_err(failed)
    }
}

/// Maps an error of the database to its consequence for the file.
pub(super) fn failed(error: impl Into<redb::Error>) -> Failed {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.into() {
        redb::Error::DatabaseAlreadyOpen => Failed::Busy,
        redb::Error::RepairAborted => Failed::Unclean,
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
            Failed::Broken
        }
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TableIsNotMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::ValueTooLarge(_) => Failed::Broken,
        _ => Failed::Unusable,
    }
}
