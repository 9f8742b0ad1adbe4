//! Mends Dockerfiles and describes the changes. Logins and variables that carry a token are removed, and
//! the `RUN`s that need the token get it from a secret.

mod advice;
mod clone;
mod cut;
mod diff;
mod edit;
mod file;
mod literal;
mod mend;
mod names;
mod outcome;
mod plan;
mod run;
mod script;
mod settings;
mod shown;
mod syntax;
mod taken;
mod uses;

pub(crate) use advice::{check_and_advise, check_and_advise_within};
pub(crate) use file::MendError;
pub(crate) use file::mend_file;
pub(crate) use shown::masked_lines;

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
