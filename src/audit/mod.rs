//! Runs an audit.

pub mod dockerfile;
