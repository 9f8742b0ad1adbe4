//! All facts about Hugging Face, as tables: kinds of tokens, credential files, variables, hosts, programs,
//! the Python library, and the words with which texts mention them. The modules above apply the tables and
//! name none of these facts in their code, except in texts for people.

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
