//! Command lines of scripts, with the script's own variables expanded: the build arguments that they give,
//! and the variables that they set for later steps.

use std::collections::{HashMap, HashSet};

use super::build_command::{Build, is_builder};
use super::{BuildArgument, Carriers, CiScript, Given, Reach};
use crate::shell::{Step, StepKind, Word};
use crate::text::Text;

/// The maximum number of words of a variable, and of variables with words that are remembered.
const MAX_WORDS: usize = 256;
/// The maximum number of words that variables add to all commands of a script together.
const MAX_EXPANDED: usize = 1 << 16;

/// The variables of a shell at the current step.
#[derive(Debug, Default)]
pub(crate) struct ShellVariables {
    carriers: Carriers,
    /// The words of variables that may be part of a command line. The words from other branches are
    /// included.
    words: HashMap<String, Vec<Word>>,
    expanded: usize,
    /// The variables that the script sets.
    assigned: HashSet<String>,
    /// The variables in the environment of the commands.
    exported: HashSet<String>,
    builds: bool,
}

impl ShellVariables {
    /// Sets the variables in the environment of a script.
    pub(crate) fn enter(&mut self, script: &CiScript) {
        for (name, value) in script.variables() {
            self.set(&name.to_str(), value, true);
        }
        for (name, _) in script.exported() {
            self.export(&name.to_str());
        }
    }

    fn export(&mut self, name: &str) {
        if self.exported.len() < MAX_WORDS {
            self.exported.insert(name.to_owned());
        }
    }

    /// Returns true if one of the commands so far builds an image.
    pub(crate) fn builds(&self) -> bool {
        self.builds
    }

    /// Returns true if a text expands to a token.
    pub(super) fn carries(&self, text: &Text) -> bool {
        self.carriers.carries(&text.to_str())
    }

    /// Returns the build arguments that a step of a script gives. Variables that the step sets apply to the
    /// following steps.
    pub(crate) fn step(&mut self, step: &Step, script: &CiScript) -> Vec<BuildArgument> {
        let StepKind::Program { name, arguments, assignments } = &step.kind else { return Vec::new() };
        let is_sure = step.branches.is_empty();
        match name.as_str() {
            "" => {
                for (name, value) in assignments {
                    self.assign(name);
                    self.set(name, &value.text, is_sure);
                }
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                let exports = name == "export" || arguments.iter().any(|word| word.text.as_bytes() == b"-x");
                for word in arguments {
                    let equals = memchr::memchr(b'=', word.text.as_bytes());
                    let name = word.text.slice(0..equals.unwrap_or(word.text.len()));
                    let name = name.to_str();
                    if exports {
                        self.export(&name);
                    }
                    if let Some(at) = equals {
                        self.assign(&name);
                        self.set(&name, &word.text.slice(at + 1..word.text.len()), is_sure);
                    }
                }
            }
            _ => return self.command(name, arguments, assignments, script),
        }
        Vec::new()
    }

    fn command(
        &mut self,
        name: &str,
        arguments: &[Word],
        assignments: &[(String, Word)],
        script: &CiScript,
    ) -> Vec<BuildArgument> {
        let arguments = self.expand(arguments);
        // The program may be given by a variable too.
        let build = if let Some((program, first)) = self.held(name).and_then(<[_]>::split_first) {
            let program = program.text.to_str();
            let program = program.rsplit('/').next().unwrap_or_default();
            Build::of_command(program, &[first, &arguments].concat())
        } else {
            let default = alternative(name).map(|(_, default)| default);
            Build::of_command(default.filter(|name| is_builder(name)).unwrap_or(name), &arguments)
        };
        let Some(Build { builder, arguments }) = build else { return Vec::new() };
        self.builds = true;
        let given = arguments.iter().map(|text| {
            let mut given = BuildArgument::from_text(text, &script.place, Given::Command(builder));
            self.carriers.mark(&mut given);
            given.reach = self.reach(&given, assignments, script);
            given
        });
        given.collect()
    }

    fn reach(&self, argument: &BuildArgument, assignments: &[(String, Word)], script: &CiScript) -> Reach {
        let Some(name) = argument.variable() else { return Reach::Unknown };
        if argument.value.is_none()
            || self.exported.contains(&name)
            || assignments.iter().any(|(assigned, _)| *assigned == name)
        {
            Reach::Environment
        } else if self.assigned.contains(&name) || script.expands(&name) {
            Reach::Shell
        } else {
            Reach::Unknown
        }
    }

    fn assign(&mut self, name: &str) {
        if self.assigned.len() < MAX_WORDS {
            self.assigned.insert(name.to_owned());
        }
    }

    fn set(&mut self, name: &str, value: &Text, is_sure: bool) {
        let text = value.to_str();
        // `NAME+=' --option'` cannot be distinguished from `NAME=`. A value that looks like an addition is
        // added.
        if is_sure && !text.contains('$') && !text.starts_with([' ', '-']) {
            self.carriers.unset(name);
        }
        self.carriers.set(name, &text);
        let may_be_options = text.contains("build-arg") || text.contains("--set") || text.contains("--opt");
        let is_command = text.contains("build") || is_builder(text.trim());
        if !may_be_options && !is_command && !text.contains('$') {
            return;
        }
        let words = self.expand(&split(value));
        if self.words.len() < MAX_WORDS || self.words.contains_key(name) {
            let held = self.words.entry(name.to_owned()).or_default();
            held.extend(words);
            held.truncate(MAX_WORDS);
        }
    }

    /// Returns the words of a variable if the whole word is its expansion: `$X`, `${X}` or `${X[@]}`.
    fn held(&self, word: &str) -> Option<&[Word]> {
        let name = word.strip_prefix('$')?;
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        let name = name.strip_suffix("[@]").or_else(|| name.strip_suffix("[*]")).unwrap_or(name);
        self.words.get(name).map(Vec::as_slice)
    }

    fn expand(&mut self, words: &[Word]) -> Vec<Word> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            if word.text.byte(0) != Some(b'$') {
                out.push(word.clone());
                continue;
            }
            let text = word.text.to_str();
            // `${X:+--build-arg NAME="$X"}`
            let other = alternative(&text).filter(|(_, other)| other.contains("--"));
            let inner = other.map(|(at, other)| split(&word.text.slice(at..at + other.len())));
            match inner.as_deref().or_else(|| self.held(&text)) {
                Some(held) if self.expanded + held.len() <= MAX_EXPANDED => {
                    out.extend_from_slice(held);
                    self.expanded += held.len();
                }
                _ => out.push(word.clone()),
            }
        }
        out
    }
}

/// Returns the text of an expansion that takes the place of the value, with its offset: `${X:-text}`, `${X:+text}`.
fn alternative(word: &str) -> Option<(usize, &str)> {
    let inner = word.strip_prefix("${")?.strip_suffix('}')?;
    let name = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let rest = inner.get(name..)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let text = rest.strip_prefix(['+', '-'])?;
    Some((word.len() - 1 - text.len(), text))
}

/// Splits a value that is expanded without quotes into words. Quotes around a word or its end are removed.
fn split(text: &Text) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    for part in bytes.split(u8::is_ascii_whitespace).take(MAX_WORDS) {
        if !part.is_empty() {
            words.push(Word { text: unquoted(&text.slice(at..at + part.len())), ..Word::default() });
        }
        at += part.len() + 1;
    }
    words
}

fn unquoted(word: &Text) -> Text {
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'');
    if !word.as_bytes().iter().any(is_quote) {
        return word.clone();
    }
    let mut out = Text::new();
    for (at, _) in word.as_bytes().iter().enumerate().filter(|(_, b)| !is_quote(b)) {
        out.push_text(word, at..at + 1);
    }
    out
}
