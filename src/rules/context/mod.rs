//! Rules about the contents of source trees, build contexts and logs.

mod ci_help;
mod login_in_ci;
mod token_in_file;

use super::Rule;

pub(crate) use login_in_ci::{CiHit, MAX_HITS as MAX_CI_HITS, RULE as LOGIN_IN_CI, check as check_ci};
pub(crate) use token_in_file::RULE as TOKEN_IN_FILE;

/// The rules of the `context` family.
pub(crate) const CONTEXT_RULES: &[&Rule] = &[&TOKEN_IN_FILE, &LOGIN_IN_CI];
