//! Files of CI systems and builders: compose and bake files, development containers, GitHub Actions and
//! GitLab CI.
//!
//! Each dialect is parsed into the same plain value, [`CiFile`]: scripts, with the position in the file of
//! every byte, and build arguments. Secrets, the environment of services and everything else are left out.

mod actions;
mod align;
mod arguments;
mod bake;
mod build_command;
mod carriers;
mod command_line;
mod compose;
mod devcontainer;
mod expression;
mod github_env;
mod gitlab;
mod hcl;
mod inline;
mod inputs;
mod json;
mod kind;
mod tree;
mod yaml;

use std::sync::Arc;

use crate::hub::files;
use crate::hub::variables::READ;
use crate::mask::Message;
use crate::mask::Quoted;
use crate::mask::message;
use crate::shell::Script;
use crate::text::{Flaw, Span, Text};

pub(crate) use carriers::Carriers;
pub(crate) use command_line::ShellVariables;
pub(crate) use kind::Dialect;

/// The maximum size of a file. Nobody writes larger files by hand, and a parsed file takes many times its
/// size in memory.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// The maximum size of an HCL file. Its parser takes quadratic time in the number of entries of an object.
const MAX_HCL: usize = 64 << 10;

/// The parts of a file that may give away a token.
#[derive(Debug)]
pub(crate) struct CiFile {
    /// The tool that reads the file.
    pub dialect: Dialect,
    /// Scripts that run in one place, one after the other.
    pub jobs: Vec<Job>,
    /// Build arguments in fields of their own. Those on command lines are in the scripts.
    pub arguments: Vec<BuildArgument>,
    /// Dockerfiles embedded in the file.
    pub dockerfiles: Vec<Text>,
    /// The parts that could not be read.
    pub(crate) flaws: Vec<Flaw>,
}

/// A list of scripts in which each sees the files written by the previous ones.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// The scripts in the order in which they run.
    pub scripts: Vec<CiScript>,
}

/// A script.
#[derive(Debug)]
pub(crate) struct CiScript {
    /// The script, with expressions of the CI system replaced by variables.
    pub script: Script,
    /// The location in words: "job `build`, step 2".
    pub(crate) place: Message,
    /// The condition under which the script runs, identified by the offset of its first occurrence. `None`
    /// if it always runs.
    pub condition: Option<usize>,
    /// The variables that are set for the script, the outermost first. They are shared with the other
    /// scripts for which they are set.
    pub environment: Vec<Variables>,
}

impl CiScript {
    /// Returns the variables that are set for the script. The last one with a given name applies.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.environment.iter().flat_map(|layer| layer.iter())
    }
}

/// Variables with their values.
pub(crate) type Variables = Arc<[(Text, Text)]>;

/// A build argument.
#[derive(Debug)]
pub(crate) struct BuildArgument {
    pub name: Text,
    /// The value as written, or `None` if it comes from the environment.
    pub value: Option<Text>,
    /// The location in the file.
    pub span: Span,
    /// The location in words: "service `web`".
    pub(crate) place: Message,
    /// The origin of the build argument.
    pub given: Given,
    /// Whether variables of the file put a token into the value, whatever their names are.
    pub carries: bool,
}

/// The origin of a build argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// `build.args` of a compose service.
    Compose,
    /// `args` of a bake target, or an override of it.
    Bake,
    /// `build` of a development container.
    Devcontainer,
    /// An input of an action.
    Input,
    /// A command line.
    Command,
}

/// The variables that determine the source of the token for the Hub's tools, and the location of their
/// files.
pub(crate) const VARIABLES: [&str; 6] =
    [READ[0], READ[1], files::HOME, files::TOKEN_PATH, files::CACHE_HOME, "HOME"];

/// Returns true if [`read`] knows files at that path.
pub(crate) fn is_known(path: &[u8]) -> bool {
    kind::kind(path).is_some()
}

/// Parses a file. Returns `None` if its path shows that it is of another kind. Parsing never fails:
/// unreadable parts become flaws, and the rest is kept.
pub(crate) fn read(path: &[u8], bytes: &[u8]) -> Option<CiFile> {
    let (dialect, syntax) = kind::kind(path)?;
    let mut file = CiFile {
        dialect,
        jobs: Vec::new(),
        arguments: Vec::new(),
        dockerfiles: Vec::new(),
        flaws: Vec::new(),
    };
    let limit = if syntax == kind::Syntax::Hcl { MAX_HCL } else { MAX_SIZE };
    if bytes.len() > limit {
        file.flaws
            .push(Flaw::limit(Span::default(), message!("the file is larger than {} KiB", limit >> 10)));
        return Some(file);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        file.flaws.push(Flaw::new(Span::default(), Message::own("the file is written in UTF-16")));
        return Some(file);
    }
    let base = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let text = decoded(bytes.get(base..).unwrap_or_default());
    let (documents, flaw) = match syntax {
        kind::Syntax::Yaml => yaml::parse(&text, base),
        kind::Syntax::Json => one(json::parse(&text, base)),
        kind::Syntax::Hcl => one(hcl::parse(&text, base)),
    };
    file.flaws.extend(flaw);
    for document in &documents {
        match dialect {
            Dialect::Compose => compose::read(document, &mut file),
            Dialect::Bake => bake::read(document, &mut file),
            Dialect::Devcontainer => devcontainer::read(document, &mut file),
            Dialect::Actions => actions::read(document, &mut file),
            Dialect::GitLab => gitlab::read(document, &mut file),
        }
    }
    Some(file)
}

fn one(parsed: Result<tree::Node, Flaw>) -> (Vec<tree::Node>, Option<Flaw>) {
    match parsed {
        Ok(node) => (vec![node], None),
        Err(flaw) => (Vec::new(), Some(flaw)),
    }
}

/// Decodes the text. Each byte that is not UTF-8 is replaced by a single byte, so that offsets stay the
/// same.
fn decoded(bytes: &[u8]) -> zeroize::Zeroizing<String> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    zeroize::Zeroizing::new(text)
}

/// Returns the relevant variables among these: those that determine the source of the token or the location
/// of the Hub's files, those that are given a token, and those that hold build arguments. Long values are
/// truncated.
fn environment<'a>(entries: impl Iterator<Item = (&'a Text, Option<&'a Text>)>) -> Option<Variables> {
    const MAX_VALUE: usize = 4096;
    const MAX_VARIABLES: usize = 64;
    let matters = |name: &Text, value: &Text| {
        VARIABLES.contains(&name.to_str().as_ref())
            || memchr::memchr(b'$', value.as_bytes()).is_some()
            || memchr::memmem::find(value.as_bytes(), b"build-arg").is_some()
            || !crate::detect::find(value.as_bytes()).is_empty()
    };
    let entries = entries.filter_map(|(name, value)| Some((name, value?)));
    let entries = entries.filter(|(name, value)| matters(name, value)).take(MAX_VARIABLES);
    let variables: Variables =
        entries.map(|(name, value)| (name.clone(), value.slice(0..MAX_VALUE))).collect();
    (!variables.is_empty()).then_some(variables)
}

/// Returns a name from a file in a form that can be shown in a sentence.
fn shown(name: &Text) -> Message {
    message!("`{}`", Quoted(name.as_bytes()))
}

#[cfg(test)]
mod tests;
