//! Files that build images: those of CI systems and builders, makefiles and scripts.
//!
//! Each dialect is parsed into the same plain value, [`CiFile`]: scripts, with the position in the file of
//! every byte, and build arguments. Secrets, the environment of services and everything else are left out.

mod arguments;
mod build_command;
mod carriers;
mod command_line;
mod dialect;
mod dialects;
mod file;
mod kind;
mod lists;
mod syntax;
mod to_shell;

use crate::hub::files;
use crate::hub::variables::READ;
use crate::mask::Message;
use crate::mask::Quoted;
use crate::mask::message;
use crate::text::{Flaw, Span, Text};

pub(crate) use build_command::Builder;
pub(crate) use carriers::Carriers;
pub(crate) use command_line::ShellVariables;
#[cfg(any(test, feature = "internals"))]
pub(crate) use dialect::EXAMPLES;
pub(crate) use dialect::{Dialect, Logins};
pub(crate) use file::{BuildArgument, CiFile, CiScript, Given, Job, Reach, Variables};

/// The maximum size of a file. Nobody writes larger files by hand, and a parsed file takes many times its
/// size in memory.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// The maximum size of an HCL file. Its parser takes quadratic time in the number of entries of an object.
const MAX_HCL: usize = 64 << 10;

/// The variables that determine the source of the token for the Hub's tools, and the location of their
/// files.
pub(crate) const VARIABLES: [&str; 6] =
    [READ[0], READ[1], files::HOME, files::TOKEN_PATH, files::CACHE_HOME, "HOME"];

/// Returns true if [`read`] may know the file at that path. For some files, the content decides.
pub(crate) fn may_be_known(path: &[u8]) -> bool {
    kind::may_be_known(path)
}

/// Parses a file. Returns `None` if its path and its content show that it is of another kind. Parsing never
/// fails: unreadable parts become flaws, and the rest is kept.
pub(crate) fn read(path: &[u8], bytes: &[u8]) -> Option<CiFile> {
    let (dialect, syntax) = kind::kind(path, bytes)?;
    let mut file = CiFile::new(dialect);
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
    if syntax == kind::Syntax::Plain {
        dialects::read_text(&plain(&text, base), &mut file);
    } else {
        let (documents, flaw) = syntax::parse(syntax, &text, base);
        file.flaws.extend(flaw);
        for document in &documents {
            dialects::read_document(document, &mut file);
        }
    }
    file::bound_variables(&mut file);
    Some(file)
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

/// Returns a text with plain ends of lines. It begins at `base` in the file.
fn plain(text: &str, base: usize) -> Text {
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut start = 0;
    let mut push = |start: usize, end: usize| {
        out.push(bytes.get(start..end).unwrap_or_default(), Span::new(base + start, base + end));
    };
    for at in memchr::memmem::find_iter(bytes, b"\r\n") {
        push(start, at);
        start = at + 1;
    }
    push(start, bytes.len());
    out
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
            || build_command::is_builder(value.to_str().trim())
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
