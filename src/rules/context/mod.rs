//! Rules about what lies in source trees, build contexts and logs.

mod token_in_file;

use super::Rule;

pub use token_in_file::RULE as TOKEN_IN_FILE;

/// The `context` family.
pub const CONTEXT_RULES: &[&Rule] = &[&TOKEN_IN_FILE];
