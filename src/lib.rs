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
//! Data flows one way; a room imports only rooms below it:
//!
//! | room | what it holds |
//! | --- | --- |
//! | `cli` | arguments, progress, exit codes |
//! | `targets` | one target from its name to its findings, one file a kind of target |
//! | `report` | one file a format, each a pure function of the report value |
//! | `policy` | threshold and verdict |
//! | `fix` | a Dockerfile mended, and what its findings advise |
//! | `findings` | from verdicts to findings |
//! | `engine` | reads blobs, each once; decides what runs in parallel |
//! | `verdict` | what was found in a blob, its form on disk, and the store that keeps it |
//! | `rules` | the catalogue: one rule, one file, with its text and its logic |
//! | `effects` | what scripts do with tokens, and with the files that hold them |
//! | `ci` | what CI systems and builders are told: scripts and build arguments |
//! | `dockerfile` | text to instructions with exact spans |
//! | `shell` | scripts to the commands that they run |
//! | `text` | source text with places |
//! | `image` | what an image is: manifests, configs, layers as streams of entries, whiteouts |
//! | `source` | where bytes come from: archives, layouts, standard input |
//! | `unpack` | what lies within a file: compressed streams, archives, files within those |
//! | `detect` | bytes to token occurrences |
//! | `hub` | all that is Hugging Face's, as tables |
//! | `search` | the first of several short strings in a piece of bytes |
//! | `stream` | bytes in motion: decompression, tar streams as entries |
//! | [`finding`] | the types that all reports share |

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
