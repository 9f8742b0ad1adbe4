//! The effects of scripts on tokens and on the files that hold them. The kind of file that contains the
//! script does not matter.
//!
//! [`interpret`] visits the steps of a script once and lists its [`Effect`]s in order: tokens written into
//! files, removals, logins, logouts, and reads of programs. Rules, forecasts and `fix` all use that list.
//! The module `programs` describes the programs, with one file for each kind of program.

mod effect;
mod files;
mod instruction;
mod interpreter;
mod login;
mod login_files;
mod pattern;
mod pipes;
mod programs;
pub(crate) mod python;
mod remains;
mod run;
mod scripts;
mod secrets;
mod source;
mod state;
mod surroundings;
mod traps;
mod url;
mod variables;
mod words;

pub(crate) use effect::{Agent, Effect, EffectKind, Form, Handover, MountCopy, Read, Reader, Removal};
pub(crate) use files::{BroughtBy, Files, NO_FILES, ReadFile, ScriptPlace};
pub(crate) use instruction::{token_in_document, token_in_url};
pub(crate) use interpreter::interpret;
pub(crate) use login::{TokenOrigin, variables as variables_of};
pub(crate) use login_files::is_made_by_login;
pub(crate) use pattern::covers;
pub(crate) use programs::users::hides_variables;
pub(crate) use programs::{declares, git};
pub(crate) use remains::{Fate, LoginLeft, logins_left, writes_left};
pub(crate) use run::{Place, Run, runs};
pub(crate) use secrets::holds_word;
pub(crate) use source::ValueSource;
pub(crate) use state::{layer_path, login_files_in};
pub(crate) use surroundings::{Ambient, Given, Surroundings};
pub(crate) use url::userinfo;
pub(crate) use words::expanded;
