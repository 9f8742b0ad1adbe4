//! What CI systems and builders are told: compose and bake files, development containers, GitHub Actions, GitLab CI.
//!
//! Each dialect gives the same plain value, [`CiFile`]: scripts, whose every byte knows where it stands in the file, and build
//! arguments. What a file says of secrets, of the environment of services and of anything else is left out.

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

/// How large a file is read; nobody writes larger ones by hand, and parsed it takes many times the memory.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// The same for HCL, whose reader takes time by the square of an object's entries.
const MAX_HCL: usize = 64 << 10;

/// What a file holds that may give away a token.
#[derive(Debug)]
pub(crate) struct CiFile {
    /// Who reads it.
    pub dialect: Dialect,
    /// Scripts that run in one place, one after the other.
    pub jobs: Vec<Job>,
    /// Build arguments that stand in fields of their own; those on command lines are in the scripts.
    pub arguments: Vec<BuildArgument>,
    /// Dockerfiles that stand in it.
    pub dockerfiles: Vec<Text>,
    /// What was not read.
    pub(crate) flaws: Vec<Flaw>,
}

/// Scripts that see what those in front of them have written.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// In the order in which they run.
    pub scripts: Vec<CiScript>,
}

/// A script.
#[derive(Debug)]
pub(crate) struct CiScript {
    /// What it runs, expressions of the CI system replaced by variables.
    pub script: Script,
    /// Where it stands, in words: "job `build`, step 2".
    pub(crate) place: Message,
    /// The condition it runs under, by where the first one of that text stands; none where it always does.
    pub condition: Option<usize>,
    /// The variables that are set for it, the outermost first; shared with the other scripts that they are set for.
    pub environment: Vec<Variables>,
}

impl CiScript {
    /// The variables that are set for it; the last of a name counts.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.environment.iter().flat_map(|layer| layer.iter())
    }
}

/// Variables with their values.
pub(crate) type Variables = Arc<[(Text, Text)]>;

/// A build argument.
#[derive(Debug)]
pub(crate) struct BuildArgument {
    /// Its name.
    pub name: Text,
    /// What it is given, as written; none where the environment has it.
    pub value: Option<Text>,
    /// Where it stands.
    pub span: Span,
    /// Where that is, in words: "service `web`".
    pub(crate) place: Message,
    /// What gives it.
    pub given: Given,
    /// Whether variables of the file bring a token into its value, whatever their names are.
    pub carries: bool,
}

/// What gives a build argument.
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

/// The variables that say where the Hub's tools have a token from, and where they put one.
pub(crate) const VARIABLES: [&str; 6] =
    [READ[0], READ[1], files::HOME, files::TOKEN_PATH, files::CACHE_HOME, "HOME"];

/// Whether a file of that path is one that [`read`] knows.
pub(crate) fn is_known(path: &[u8]) -> bool {
    kind::kind(path).is_some()
}

/// Reads a file; none where its path says that it is of another kind. Nothing in it makes this fail: what cannot be read
/// is a flaw beside what can.
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

/// The text, each byte that is not UTF-8 replaced by one that is, so that offsets stay.
fn decoded(bytes: &[u8]) -> zeroize::Zeroizing<String> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    zeroize::Zeroizing::new(text)
}

/// The variables among these that say where the Hub's tools have a token from and where they put one, that are given a
/// token, or that hold build arguments. Long values are cut.
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

/// A name from a file, as a sentence may show it.
fn shown(name: &Text) -> Message {
    message!("`{}`", Quoted(name.as_bytes()))
}

#[cfg(test)]
mod tests;
