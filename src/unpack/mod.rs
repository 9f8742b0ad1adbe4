//! What lies within a file.

pub(crate) mod sqlite;
