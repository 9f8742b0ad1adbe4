//! Command lines of scripts, with the script's own variables expanded: the build arguments that they give,
//! and the variables that they set for later steps.

use std::collections::HashMap;

use super::{BuildArgument, Carriers, CiScript, Given, build_command::build_arguments};
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
}

impl ShellVariables {
    /// Sets the variables in the environment of a script.
    pub(crate) fn enter(&mut self, script: &CiScript) {
        for (name, value) in script.variables() {
            self.set(&name.to_str(), value, true);
        }
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
                    self.set(name, &value.text, is_sure);
                }
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                for word in arguments {
                    if let Some(at) = memchr::memchr(b'=', word.text.as_bytes()) {
                        let value = word.text.slice(at + 1..word.text.len());
                        self.set(&word.text.slice(0..at).to_str(), &value, is_sure);
                    }
                }
            }
            _ => return self.command(name, arguments, script),
        }
        Vec::new()
    }

    fn command(&mut self, name: &str, arguments: &[Word], script: &CiScript) -> Vec<BuildArgument> {
        let arguments = self.expand(arguments);
        let given = match self.held(name).and_then(<[_]>::split_first) {
            // The program is given by a variable too.
            Some((program, first)) => {
                let program = program.text.to_str();
                let program = program.rsplit('/').next().unwrap_or_default();
                build_arguments(program, &[first, &arguments].concat())
            }
            None => build_arguments(name, &arguments),
        };
        let mut given: Vec<_> =
            given.iter().map(|text| BuildArgument::from_text(text, &script.place, Given::Command)).collect();
        for argument in &mut given {
            self.carriers.mark(argument);
        }
        given
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
        if !may_be_options && !text.contains("build") && !text.contains('$') {
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
            let held = if word.text.byte(0) == Some(b'$') { self.held(&word.text.to_str()) } else { None };
            match held.filter(|held| self.expanded + held.len() <= MAX_EXPANDED) {
                Some(held) => {
                    out.extend_from_slice(held);
                    self.expanded += held.len();
                }
                None => out.push(word.clone()),
            }
        }
        out
    }
}

/// Splits a value that is expanded without quotes into words.
fn split(text: &Text) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    for part in bytes.split(u8::is_ascii_whitespace).take(MAX_WORDS) {
        if !part.is_empty() {
            words.push(Word { text: text.slice(at..at + part.len()), ..Word::default() });
        }
        at += part.len() + 1;
    }
    words
}
