//! Finds Hugging Face tokens that a Dockerfile would bake into an image, or that an image already
//! carries, and says how to get them out.
//!
//! ```no_run
//! use stowaway::{Auditor, Format};
//!
//! # fn main() -> std::io::Result<()> {
//! let report = Auditor::builder().jobs(2).build().scan(["app.tar", "Dockerfile"]);
//! for finding in &report.findings {
//!     println!("{}: {}", finding.rule, finding.message);
//! }
//! report.write(Format::Json, &mut std::io::sink())?;
//! # Ok(())
//! # }
//! ```
//!
//! The modules, and what each may import, are listed in `ARCHITECTURE.md`.

// Without the program nobody mends files or asks for the cache.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod auditor;
mod ci;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod detect;
mod digest;
mod dockerfile;
mod effects;
mod engine;
mod fault;
pub mod finding;
mod findings;
mod fix;
mod hub;
mod image;
#[cfg(any(test, feature = "internals"))]
#[doc(hidden)]
pub mod internals;
mod mask;
mod panics;
mod policy;
mod report;
mod rules;
mod search;
mod sensitive;
mod shell;
mod source;
mod stop;
mod stream;
mod targets;
mod text;
mod timestamp;
mod unpack;
mod verdict;

pub use auditor::{Auditor, AuditorBuilder, Control};
pub use engine::Progress;
pub use finding::Report;
pub use image::{Platform, PlatformFilter};
pub use report::Format;
pub use stop::Cancel;
