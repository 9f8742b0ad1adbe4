//! Runs an audit.

mod progress;
mod stub;

pub use progress::{Progress, Silent};
pub use stub::{Options, Platform, PlatformFilter, run};
