//! What lies within a file.

pub(crate) mod git;
