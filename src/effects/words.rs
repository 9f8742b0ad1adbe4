//! The words of a script: the paths they name, and the possible sources of their values.

use std::collections::BTreeSet;

use super::source::{Certainty, Sources, ValueSource};
use super::variables::{Setting, Variables, View};
use crate::detect;
use crate::effects::secrets::holds_word;
use crate::shell::{HereDocument, Word};

/// Returns a text with `~` and `$VARIABLE` replaced, or `None` if a part is unknown.
pub(super) fn expand(variables: &Variables<'_>, text: &str, view: View) -> Option<String> {
    let text = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            format!("{}{rest}", variables.home(view))
        }
        _ => text.to_owned(),
    };
    let Some(rest) = text.strip_prefix('$') else {
        return (!text.contains(['$', '`'])).then_some(text);
    };
    let (name, rest) = if let Some(rest) = rest.strip_prefix('{') {
        rest.split_once('}')?
    } else {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.split_at_checked(end)?
    };
    if rest.contains(['$', '`']) {
        return None;
    }
    let (name, default) = match name.split_once('-') {
        Some((name, default)) => (name.trim_end_matches(':'), Some(default)),
        None => (name, None),
    };
    let value = match (name, variables.setting(name, view), default) {
        (_, Setting::Known(value), _) => value,
        ("HOME", _, _) => variables.home(view),
        (_, Setting::Unset, Some(default)) => expand(variables, default, view)?,
        _ => return None,
    };
    Some(format!("{value}{rest}"))
}

/// Returns the text that an assignment gives a variable.
pub(super) fn assigned(variables: &Variables<'_>, value: &Word, view: View) -> Setting {
    if let Some(path) = temporary(value) {
        return Setting::Known(path);
    }
    let text = if value.has_substitution { None } else { expand(variables, &value.text.to_str(), view) };
    text.map_or(Setting::Unknown, Setting::Known)
}

/// Returns a path that stands for the new file or directory of `$(mktemp)`. Its real name is not known, but no other
/// command has it.
fn temporary(value: &Word) -> Option<String> {
    let text = value.text.to_str();
    let command = text.strip_prefix("$(").and_then(|text| text.strip_suffix(')'));
    let command = command.or_else(|| text.strip_prefix('`').and_then(|text| text.strip_suffix('`')))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | '_');
    let is_temporary = command.trim().split(' ').next() == Some("mktemp") && command.chars().all(is_plain);
    is_temporary.then(|| format!("/tmp/tmp.{:010}", value.text.span().start))
}

/// Returns the possible sources of the value of a word after a shell has expanded it.
pub(super) fn sources(variables: &Variables<'_>, word: &Word, view: View) -> Sources {
    let mut sources = Sources::default();
    let bytes = word.text.as_bytes();
    if !detect::find(bytes).is_empty() {
        sources.add(ValueSource::Literal, Certainty::Token);
    }
    for name in &word.variables {
        sources.extend(&variables.value(name, view));
    }
    if !word.has_substitution && variables.secrets().is_empty() {
        return sources;
    }
    let text = word.text.to_str();
    if word.has_substitution {
        sources.extend(&substituted(variables, &text));
        // The effect of a command on a variable's value is unknown.
        let inner = expanded(&text).into_iter().filter(|name| variables.is_set(name));
        for name in inner {
            sources.extend(&variables.value(name, view).made_possible());
        }
    }
    sources.extend(&named(variables, &text));
    sources
}

/// Returns the secrets that a text names, without regard to how the text turns them into a value.
pub(super) fn named(variables: &Variables<'_>, text: &str) -> Sources {
    let mut sources = Sources::default();
    for secret in variables.secrets().iter().filter(|secret| secret.is_in(text)) {
        sources.add(ValueSource::Secret(secret.number), Certainty::Possible);
    }
    sources
}

/// Returns the token that a substitution in a text prints: `$(cat /run/secrets/x)`, `$(< /run/secrets/x)`,
/// `$(echo $X)`.
pub(super) fn substituted(variables: &Variables<'_>, text: &str) -> Sources {
    let reads = |inner: &&str| inner.contains('<') || READERS.iter().any(|name| holds_word(inner, name));
    let mut sources = Sources::default();
    let (mut printed, mut looked_up) = (BTreeSet::new(), BTreeSet::new());
    for inner in commands(text) {
        let mut words = inner.split_whitespace();
        match words.next() {
            Some("echo" | "printf") => printed.extend(expanded(inner)),
            Some("printenv") => looked_up.extend(words),
            _ => {}
        }
    }
    for name in printed.into_iter().take(MAX_PRINTED) {
        sources.extend(&variables.value(name, View::Shell));
    }
    for name in looked_up.into_iter().take(MAX_PRINTED) {
        sources.extend(&variables.value(name, View::Program));
    }
    for inner in text.split(['$', '`']).skip(1).filter(reads) {
        for secret in variables.secrets().iter().filter(|secret| secret.file_is_in(inner)) {
            sources.add(ValueSource::Secret(secret.number), secret.certainty);
        }
    }
    sources
}

/// Programs that print what they read.
const READERS: [&str; 10] = ["cat", "head", "tail", "tr", "sed", "awk", "cut", "grep", "tac", "base64"];

/// The maximum number of bytes of a command in a substitution that are examined.
const MAX_COMMAND: usize = 256;
/// The maximum number of variables in substitutions of one text that are examined.
const MAX_PRINTED: usize = 64;

/// Returns the first commands of the substitutions in a text: what stands behind each `$(`, `` ` `` and `<(`.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let openings = text.char_indices().filter(|(_, c)| matches!(c, '$' | '`' | '<'));
    openings.filter_map(|(at, c)| {
        let rest = text.get(at + 1..)?;
        let rest = if c == '`' { rest } else { rest.strip_prefix('(')? };
        let rest = rest.get(..rest.floor_char_boundary(MAX_COMMAND))?;
        rest.get(..rest.find([')', '`', '|', ';']).unwrap_or(rest.len()))
    })
}

/// Returns the sources of the token in a heredoc.
pub(super) fn document(variables: &Variables<'_>, document: &HereDocument) -> Sources {
    let mut sources = Sources::default();
    let body = document.body.as_bytes();
    if !detect::find(body).is_empty() || !detect::opaque_in(body).is_empty() {
        sources.add(ValueSource::Literal, Certainty::Token);
    }
    if document.expand {
        let text = document.body.to_str();
        for name in expanded(&text) {
            sources.extend(&variables.value(name, View::Shell).tokens());
        }
        sources.extend(&substituted(variables, &text).tokens());
    }
    sources
}

/// Returns the secret whose file or directory a word names.
pub(super) fn secret_file(variables: &Variables<'_>, word: &Word) -> Sources {
    secret_at(variables, &word.text.to_str())
}

/// Returns the secret at a path.
pub(super) fn secret_at(variables: &Variables<'_>, path: &str) -> Sources {
    let mut sources = Sources::default();
    for secret in variables.secrets().iter().filter(|secret| secret.lies_at(path)) {
        sources.add(ValueSource::Secret(secret.number), secret.certainty);
    }
    sources
}

/// Returns the names of the variables that are expanded in a text: `$NAME` and `${NAME…}`.
pub(crate) fn expanded(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '$' {
            let rest = text.get(at + 1..).unwrap_or_default();
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let name =
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}
