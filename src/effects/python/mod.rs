//! Python scripts: calls of `huggingface_hub` that log in or out, and tokens written into files.

mod extent;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use extent::{extent, only_logs_in};
pub(crate) use writes::{Read, Written};

use crate::hub::python::Does;
use crate::hub::python::EXPORTS;
use crate::hub::python::FOR_GIT;
use crate::hub::python::FUNCTIONS;
use crate::hub::python::LIBRARY;
use crate::hub::python::SUBMODULES;
use crate::shell::Language;
use crate::shell::Script;
use crate::text::{Span, Text};
use writes::writes;

/// A call of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// `login(…)` or `auth_switch(…)`, which writes the token and the list of tokens.
    Login {
        /// Whether the call also stores the token in git's credential helper.
        for_git: bool,
    },
    /// `HfFolder.save_token(…)`, which writes only the token.
    SaveToken,
    /// `logout()` or `HfFolder.delete_token()`.
    Logout,
}

/// An action of a script that matters to tokens.
pub(crate) enum Event<C> {
    /// A call of the library, with the span of the called name.
    Call(Call, Span),
    /// A command that the script gives to a shell or runs as a process.
    Process(Script),
    /// A token that the script writes into a file.
    Write(Written<C>),
}

/// Functions that run a command.
const RUNNERS: [&str; 9] =
    ["system", "popen", "run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"];

/// Parses a script and returns its events in the order in which they are written. The script is never run:
/// only names, calls, imports and assignments are examined. `carries` returns the token in something that
/// the script reads.
pub(crate) fn events<C: Clone>(script: &Text, carries: &dyn Fn(&Read<'_>) -> Option<C>) -> Vec<Event<C>> {
    let tokens = tokens(script);
    let names = imports(&tokens);
    let mut events: Vec<(usize, Event<C>)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Name(name) = &token.kind else { continue };
        if !is(&tokens, at + 1, '(') || at.checked_sub(1).is_some_and(|at| is_name(&tokens, at, "def")) {
            continue;
        }
        if let Some(call) = names.call(&tokens, at, name) {
            let call = match call {
                Call::Login { .. } => Call::Login { for_git: is_for_git(&tokens, at + 1) },
                call => call,
            };
            events.push((at, Event::Call(call, script.source_span(token.start..token.end))));
        } else if RUNNERS.contains(&name.as_str()) {
            events.extend(process(script, &tokens, at + 2).map(|script| (at, Event::Process(script))));
        }
    }
    let written = writes(script, &tokens, carries);
    events.extend(written.into_iter().map(|written| (written.at, Event::Write(written))));
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

/// The maximum number of tokens of one call that are examined.
const MAX_TOKENS: usize = 1024;

/// Returns true if the call whose parenthesis opens at `open` asks the library to store the token in git's
/// credential helper.
fn is_for_git(tokens: &[Token], open: usize) -> bool {
    let arguments = tokens.iter().enumerate().skip(open + 1).take(MAX_TOKENS);
    let mut arguments = arguments.take_while(|(_, token)| token.kind != Kind::Mark('\n')).map(|(at, _)| at);
    arguments.any(|at| {
        is_name(tokens, at, FOR_GIT) && is(tokens, at + 1, '=') && !is_name(tokens, at + 2, "False")
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Name(String),
    /// A string, with the start and end offsets of its content.
    String(usize, usize),
    Mark(char),
}

struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

fn is(tokens: &[Token], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark))
}

fn is_name(tokens: &[Token], at: usize, expected: &str) -> bool {
    matches!(tokens.get(at).map(|token| &token.kind), Some(Kind::Name(name)) if name == expected)
}

fn name_at(tokens: &[Token], at: usize) -> Option<&str> {
    match &tokens.get(at)?.kind {
        Kind::Name(name) => Some(name),
        _ => None,
    }
}

/// Splits a script into names, strings and other marks. Comments and blanks are left out.
fn tokens(script: &Text) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = script.byte(at) {
        let start = at;
        let kind = match byte {
            b'#' => {
                while script.byte(at).is_some_and(|b| b != b'\n') {
                    at += 1;
                }
                continue;
            }
            b'\'' | b'"' => {
                let (content, end) = string(script, at);
                at = end;
                Kind::String(content.0, content.1)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                while script.byte(at).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
                    at += 1;
                }
                Kind::Name(script.slice(start..at).to_str().into_owned())
            }
            b' ' | b'\t' | b'\r' | b'\\' => {
                at += 1;
                continue;
            }
            _ => {
                at += 1;
                Kind::Mark(char::from(byte))
            }
        };
        tokens.push(Token { kind, start, end: at });
    }
    tokens
}

/// Returns the content of the string at `at` and the offset after the string. A plain string ends at the
/// end of its line.
fn string(script: &Text, at: usize) -> ((usize, usize), usize) {
    let quote = script.byte(at).unwrap_or(b'"');
    let triple = script.starts_with_at(at, &[quote; 3]);
    let width = if triple { 3 } else { 1 };
    let closing = [quote; 3];
    let start = at + width;
    let mut end = start;
    while let Some(byte) = script.byte(end) {
        if script.starts_with_at(end, closing.get(..width).unwrap_or_default()) {
            return ((start, end), end + width);
        }
        if byte == b'\n' && !triple {
            break;
        }
        end += if byte == b'\\' { 2 } else { 1 };
    }
    let end = end.min(script.len());
    ((start, end), end)
}

/// The names by which a script refers to the library.
#[derive(Default)]
struct Names {
    modules: BTreeSet<String>,
    /// Maps an alias to the original name.
    functions: BTreeMap<String, String>,
}

/// The maximum number of parts in the path of a called name.
const MAX_PARTS: usize = 8;

fn imports(tokens: &[Token]) -> Names {
    let mut names = Names::default();
    for at in 0..tokens.len() {
        if is_name(tokens, at, "import") {
            names.modules.extend(modules(tokens, at + 1));
        }
        if !is_name(tokens, at, "from") || !is_name(tokens, at + 1, LIBRARY) {
            continue;
        }
        let mut next = at + 2;
        while is(tokens, next, '.') {
            next += 2;
        }
        if !is_name(tokens, next, "import") {
            continue;
        }
        next += 1;
        let in_parentheses = is(tokens, next, '(');
        if in_parentheses {
            next += 1;
        }
        if is(tokens, next, '*') {
            names.functions.extend(EXPORTS.map(|name| (name.to_owned(), name.to_owned())));
        }
        while let Some(token) = tokens.get(next) {
            match &token.kind {
                Kind::Name(name) if name == "from" || name == "import" => break,
                Kind::Name(name) => {
                    let alias =
                        if is_name(tokens, next + 1, "as") { name_at(tokens, next + 2) } else { None };
                    names.functions.insert(alias.unwrap_or(name).to_owned(), name.clone());
                    next += if alias.is_some() { 3 } else { 1 };
                }
                Kind::Mark(',') => next += 1,
                Kind::Mark('\n') if in_parentheses => next += 1,
                _ => break,
            }
        }
    }
    names
}

/// Returns the names that `import a, b.c as d` gives the library. `at` is the position after `import`.
fn modules(tokens: &[Token], mut at: usize) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(module) = name_at(tokens, at).filter(|&name| name != "import" && name != "from") {
        at += 1;
        while is(tokens, at, '.') {
            at += 2;
        }
        let alias = if is_name(tokens, at, "as") { name_at(tokens, at + 1) } else { None };
        if module == LIBRARY {
            found.push(alias.unwrap_or(LIBRARY).to_owned());
        }
        at += if alias.is_some() { 2 } else { 0 };
        if !is(tokens, at, ',') {
            break;
        }
        at += 1;
    }
    found
}

impl Names {
    /// Returns the call of the library at `at`, if the name is one of its functions.
    fn call(&self, tokens: &[Token], at: usize, name: &str) -> Option<Call> {
        let path = self.path(tokens, at, name)?;
        let (_, does) = FUNCTIONS.iter().find(|(function, _)| *function == path)?;
        Some(match does {
            Does::LogIn => Call::Login { for_git: false },
            Does::LogOut => Call::Logout,
            Does::Save => Call::SaveToken,
        })
    }

    /// Returns the library's own path of a called name, such as `["HfFolder", "save_token"]`. The number of
    /// its parts is limited.
    fn path<'a>(&'a self, tokens: &'a [Token], at: usize, name: &'a str) -> Option<Vec<&'a str>> {
        let mut parts = vec![name];
        let mut at = at;
        while at >= 2 && is(tokens, at - 1, '.') {
            if parts.len() > MAX_PARTS {
                return None;
            }
            at -= 2;
            // Handles `HfFolder().save_token` and `__import__("huggingface_hub").login`.
            if is(tokens, at, ')') {
                if at >= 2 && is(tokens, at - 1, '(') {
                    at -= 2;
                } else if at >= 3 && matches!(tokens.get(at - 1), Some(Token { kind: Kind::String(..), .. }))
                {
                    let is_import =
                        name_at(tokens, at - 3).is_some_and(|n| n == "__import__" || n == "import_module");
                    parts.reverse();
                    return is_import.then_some(parts);
                }
            }
            parts.push(name_at(tokens, at)?);
        }
        let base = parts.pop()?;
        if self.modules.contains(base) {
            // Submodules are ignored, as in `huggingface_hub._login.login`.
            parts.retain(|part| !SUBMODULES.contains(part));
        } else {
            parts.push(self.functions.get(base)?);
        }
        parts.reverse();
        Some(parts)
    }
}

/// Returns the command whose argument list begins at `at`.
fn process(script: &Text, tokens: &[Token], at: usize) -> Option<Script> {
    let content = |at: usize| match tokens.get(at)?.kind {
        Kind::String(start, end) => Some(script.slice(start..end)),
        _ => None,
    };
    if is(tokens, at, '[') {
        let strings = tokens.iter().skip(at + 1).take(MAX_TOKENS);
        let strings = strings.take_while(|token| token.kind != Kind::Mark(']'));
        let words = strings.filter_map(|token| match token.kind {
            Kind::String(start, end) => Some(script.slice(start..end)),
            _ => None,
        });
        return Some(Script::Exec(words.collect()));
    }
    // Skips an `f` before the string.
    let at = if matches!(tokens.get(at), Some(Token { kind: Kind::Name(_), .. })) { at + 1 } else { at };
    let text = content(at)?;
    Some(Script::Text { language: Language::Shell, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: Call = Call::Login { for_git: false };

    fn calls(source: &str) -> Vec<Call> {
        let text = Text::from_source(source.as_bytes(), Span::new(0, source.len()));
        let call = |event| match event {
            Event::Call(call, _) => Some(call),
            Event::Process(_) | Event::Write(_) => None,
        };
        events::<()>(&text, &|_| None).into_iter().filter_map(call).collect()
    }

    #[test]
    fn calls_of_the_library_are_found() {
        for (source, expected) in [
            ("from huggingface_hub import login; login('t')", vec![LOGIN]),
            (
                "from huggingface_hub import login as l, logout\nl(token=x)\nlogout()",
                vec![LOGIN, Call::Logout],
            ),
            ("from huggingface_hub import (\n  HfApi,\n  login,\n)\nlogin()", vec![LOGIN]),
            ("import huggingface_hub as h\nh.login(t, add_to_git_credential=False)", vec![LOGIN]),
            (
                "import huggingface_hub as h\nh.login(t, add_to_git_credential=True)",
                vec![Call::Login { for_git: true }],
            ),
            ("import os, huggingface_hub", vec![]),
            ("import os, huggingface_hub; huggingface_hub.login(t)", vec![LOGIN]),
            ("import os.path as p, huggingface_hub as h\nh.login(t)", vec![LOGIN]),
            ("import os, huggingface_hub\nhuggingface_hub.HfFolder.save_token(t)", vec![Call::SaveToken]),
            ("from huggingface_hub import HfApi, login as l\nl(t)", vec![LOGIN]),
            ("import huggingface_hub\nhuggingface_hub.login(t)", vec![LOGIN]),
            ("import huggingface_hub as h; h.login(t)", vec![LOGIN]),
            ("from huggingface_hub import HfFolder; HfFolder.save_token(t)", vec![Call::SaveToken]),
            ("from huggingface_hub.utils import HfFolder; HfFolder().save_token(t)", vec![Call::SaveToken]),
            ("from huggingface_hub import *\nlogin()", vec![LOGIN]),
            ("__import__('huggingface_hub').login('t')", vec![LOGIN]),
            ("from huggingface_hub import login\n# login()\nx = 'login()'\n", vec![]),
            ("from huggingface_hub import login\ndef login(x): pass", vec![]),
            ("import wandb; wandb.login()", vec![]),
            ("login('t')", vec![]),
            ("from huggingface_hub import hf_hub_download; hf_hub_download('a', token=t)", vec![]),
            ("\"\"\"from huggingface_hub import login\nlogin()\"\"\"", vec![]),
        ] {
            assert_eq!(calls(source), expected, "{source}");
        }
    }
}
