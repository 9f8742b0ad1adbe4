//! Mends Dockerfiles and describes the changes. Logins and variables that carry a token are removed, and
//! the `RUN`s that need the token get it from a secret.

mod advice;
mod beside;
mod calls;
mod clone;
mod cut;
mod defaults;
mod diff;
mod edit;
mod file;
mod keys;
mod leftover;
mod lines;
mod literal;
mod mend;
mod mounts;
mod names;
mod needs;
mod outcome;
mod pipelines;
mod plan;
mod readers;
mod run;
mod script;
mod settings;
mod shown;
mod syntax;
mod taken;
mod unset;
mod uses;

pub(crate) use advice::{check_and_advise, check_and_advise_within};
pub(crate) use beside::Beside;
pub(crate) use file::MendError;
pub(crate) use file::mend_file;
pub(crate) use shown::masked_lines;

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod default_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod leftover_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod tests;
