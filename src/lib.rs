//! Finds Hugging Face tokens that a Dockerfile would bake into an image, or that an image already
//! carries, and says how to get them out.
//!
//! Data flows one way; a room imports only rooms below it:
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`cli`] | arguments, progress, exit codes |
//! | [`audit`] | runs an audit: decides what runs in parallel, and puts the report together |
//! | [`report`] | one file a format, each a pure function of the report value |
//! | [`source`] | where bytes come from: archives, layouts, standard input |
//! | [`image`] | what an image is: manifests, configs, layers as streams of entries, whiteouts |
//! | [`rules`] | the catalogue: one rule, one file, with its text and its logic |
//! | [`ci`] | what CI systems and builders are told: scripts and build arguments |
//! | [`dockerfile`] | text to instructions with exact spans |
//! | [`unpack`] | what lies within a file: compressed streams, archives, files within those |
//! | [`detect`] | bytes to token occurrences |
//! | `search` | the first of several short strings in a piece of bytes |
//! | [`stream`] | bytes in motion: decompression, tar streams as entries |
//! | [`policy`] | threshold and verdict |
//! | [`cache`] | bytes that one run leaves for the next |
//! | [`finding`] | the types that all reports share |

pub mod audit;
pub mod cache;
pub mod ci;
pub mod cli;
pub mod detect;
pub mod dockerfile;
pub mod finding;
pub mod image;
pub mod policy;
pub mod report;
pub mod rules;
mod search;
pub mod shell;
pub mod source;
pub mod stream;
pub mod text;
pub mod unpack;
