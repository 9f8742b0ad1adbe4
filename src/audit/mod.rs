//! Runs an audit.
