//! Runs an audit.

mod progress;

pub use progress::{Progress, Silent};
