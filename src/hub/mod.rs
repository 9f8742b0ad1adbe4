//! All that is Hugging Face's, as tables: kinds of token, credential files, variables, hosts, programs, the Python
//! library, and the words by which texts speak of them. The rooms above apply the tables and name none of this in their
//! code, but in texts for people.

pub(crate) mod addresses;
pub(crate) mod files;
mod kind;
pub(crate) mod programs;
pub(crate) mod python;
pub(crate) mod tokens;
pub(crate) mod variables;
pub(crate) mod words;

#[cfg(test)]
mod only_here_tests;

pub use kind::TokenKind;
