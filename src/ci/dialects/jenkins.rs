//! Jenkins (pipeline syntax): the scripts of steps, images that `docker.build` makes, and credentials.

use super::groovy::{Token, tokens, variable};
use crate::ci::to_shell::script;
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::{Message, message};
use crate::text::{Flaw, Span, Text};

/// The maximum number of blocks around a step whose variables are known.
const MAX_LAYERS: usize = 64;

pub(super) fn read(text: &Text, file: &mut CiFile) {
    let tokens = tokens(text);
    let mut reader = Pipeline {
        tokens: &tokens,
        at: 0,
        place: Message::own("the pipeline"),
        layers: Vec::new(),
        blocks: Vec::new(),
        waiting: Vec::new(),
        assigned: Vec::new(),
        left: MAX_READ,
        job: Job::default(),
    };
    while reader.step() {}
    if reader.left == 0 {
        let message = Message::own("its calls and assignments are nested in more ways than are followed");
        file.flaws.push(Flaw::limit(text.span(), message));
    }
    let expanded = layer(&reader.assigned);
    let mut job = reader.job;
    for script in &mut job.scripts {
        script.expanded.extend(expanded.clone());
    }
    file.job(job);
}

fn layer(pairs: &[(Text, Text)]) -> Option<Variables> {
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

/// The kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// `environment { … }` sets variables for the block around it.
    Environment,
    /// Any other, with the number of layers of variables outside of it.
    Other(usize),
}

struct Pipeline<'a> {
    tokens: &'a [Token],
    at: usize,
    place: Message,
    /// The variables of the blocks around, the outermost first.
    layers: Vec<Variables>,
    blocks: Vec<Block>,
    /// The variables of the next block.
    waiting: Vec<(Text, Text)>,
    /// The variables of Groovy.
    assigned: Vec<(Text, Text)>,
    /// The number of tokens that may still be read as parts of calls and values.
    left: usize,
    job: Job,
}

impl<'a> Pipeline<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    fn step(&mut self) -> bool {
        let Some(token) = self.peek(0) else { return false };
        self.at += 1;
        match token {
            Token::Sign(b'{') => {
                self.blocks.push(Block::Other(self.layers.len()));
                let waiting = std::mem::take(&mut self.waiting);
                self.push(layer(&waiting));
            }
            Token::Sign(b'}') => {
                if let Some(Block::Other(outside)) = self.blocks.pop() {
                    self.layers.truncate(outside);
                }
            }
            Token::Word(word) => self.word(word),
            Token::Sign(_) | Token::String(_) => {}
        }
        true
    }

    fn push(&mut self, variables: Option<Variables>) {
        if self.layers.len() < MAX_LAYERS {
            self.layers.extend(variables);
        }
    }

    fn word(&mut self, word: &Text) {
        let name = word.to_str();
        match name.as_ref() {
            "environment" if self.peek(0).is_some_and(|token| token.is_sign(b'{')) => {
                self.at += 1;
                self.blocks.push(Block::Environment);
            }
            "stage" => {
                if let Some(Token::String(name)) = self.arguments().first() {
                    self.place = message!("stage {}", shown(name));
                }
            }
            "withCredentials" => {
                let names = self.arguments();
                for pair in names.windows(3) {
                    let [Token::Word(key), Token::Sign(b':'), Token::String(name)] = pair else { continue };
                    if key.to_str().to_ascii_lowercase().ends_with("variable") {
                        self.waiting.push((name.clone(), reference(name)));
                    }
                }
            }
            "withEnv" => {
                for token in self.arguments() {
                    let Token::String(text) = token else { continue };
                    let Some(at) = memchr::memchr(b'=', text.as_bytes()) else { continue };
                    self.waiting.push((text.slice(0..at), text.slice(at + 1..text.len())));
                }
            }
            "sh" | "bat" | "powershell" | "pwsh" => {
                let shell = if name == "bat" { "cmd" } else { name.as_ref() };
                let text = value(script_of(self.arguments()));
                self.run(shell, text);
            }
            "docker.build" => {
                let arguments = self.arguments();
                let comma = arguments.iter().position(|token| token.is_sign(b','));
                let options = comma.and_then(|at| arguments.get(at + 1..)).unwrap_or_default();
                self.build(word, &value(options));
            }
            "additionalBuildArgs" => {
                let options = value(self.arguments());
                self.build(word, &options);
            }
            _ => self.assignment(word),
        }
    }

    /// Returns the tokens of a call, with or without parentheses, and goes on behind its head.
    fn arguments(&mut self) -> &'a [Token] {
        let start = self.at;
        let rest = self.tokens.get(start..).unwrap_or_default();
        let has_parentheses = rest.first().is_some_and(|token| token.is_sign(b'('));
        let rest = rest.get(usize::from(has_parentheses)..).unwrap_or_default();
        let mut depth = 0_usize;
        let end = rest.iter().take(MAX_TOKENS.min(self.left)).position(|token| {
            match token {
                Token::Sign(b'(' | b'[') => depth += 1,
                Token::Sign(b')' | b']') if depth > 0 => depth -= 1,
                Token::Sign(b')') => return true,
                Token::Sign(b'\n' | b';' | b'{' | b'}') if !has_parentheses && depth == 0 => return true,
                _ => {}
            }
            false
        });
        // A parenthesis without its end opens no call.
        let arguments =
            end.and_then(|end| rest.get(..end)).unwrap_or(if has_parentheses { &[] } else { rest });
        let arguments = arguments.get(..arguments.len().min(MAX_TOKENS).min(self.left)).unwrap_or_default();
        self.left -= arguments.len();
        self.at += arguments.len() + usize::from(has_parentheses && !arguments.is_empty());
        arguments
    }

    fn run(&mut self, shell: &str, text: Text) {
        if !text.is_empty() {
            self.job.scripts.push(CiScript::new(script(shell, text), &self.place, &self.layers));
        }
    }

    /// Adds a build with options as if it were a command.
    fn build(&mut self, word: &Text, options: &Text) {
        if options.is_empty() {
            return;
        }
        let start = word.span().start;
        let mut command = Text::new();
        command.push(b"docker build ", Span::new(start, start));
        command.push_text(options, 0..options.len());
        self.run("sh", command);
    }

    /// Reads `NAME = value` or `NAME += value`.
    fn assignment(&mut self, name: &Text) {
        let width = match (self.peek(0), self.peek(1)) {
            (Some(Token::Sign(b'=')), Some(Token::Sign(b'=' | b'~'))) => return,
            (Some(Token::Sign(b'=')), _) => 1,
            (Some(Token::Sign(b'+')), Some(Token::Sign(b'='))) => 2,
            _ => return,
        };
        let text = name.to_str();
        let name = name.slice(if text.starts_with("env.") { 4 } else { 0 }..name.len());
        let before = self.at;
        self.at += width;
        let tokens = self.arguments();
        let text = value(tokens);
        // A call in the value is read again as one.
        self.at = before + width;
        if self.blocks.last() == Some(&Block::Environment) {
            let is_secret = tokens.iter().any(|token| token.is_word("credentials"));
            let text = if is_secret { reference(&name) } else { text };
            self.push(layer(&[(name, text)]));
        } else {
            self.assigned.push((name, text));
        }
    }
}

/// The maximum number of tokens of a call or a value that are looked at.
const MAX_TOKENS: usize = 512;
/// The maximum number of tokens that are read as parts of calls and values. A token is part of as many as are nested
/// around it.
const MAX_READ: usize = 1 << 19;

/// Returns `${NAME}` for a name.
fn reference(name: &Text) -> Text {
    let mut value = Text::new();
    value.push(format!("${{{}}}", name.to_str()).as_bytes(), name.span());
    value
}

/// Returns the tokens of the argument `script:`, or all if no argument has that name.
fn script_of(arguments: &[Token]) -> &[Token] {
    let named = arguments
        .windows(2)
        .position(|pair| matches!(pair, [name, colon] if name.is_word("script") && colon.is_sign(b':')));
    let Some(at) = named else { return arguments };
    let rest = arguments.get(at + 2..).unwrap_or_default();
    let end = rest.iter().position(|token| token.is_sign(b',')).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Returns the text of an expression: its strings, and its variables in shell syntax. A list gives words.
fn value(tokens: &[Token]) -> Text {
    let mut text = Text::new();
    for token in tokens {
        match token {
            Token::String(string) => text.push_text(string, 0..string.len()),
            // A method of what stands before it.
            Token::Word(word) if word.byte(0) == Some(b'.') => {}
            Token::Word(word) => {
                let name = variable(&word.to_str());
                text.push(format!("${{{name}}}").as_bytes(), word.span());
            }
            Token::Sign(b',' | b'\n') => {
                let end = text.span().end;
                text.push(b" ", Span::new(end, end));
            }
            Token::Sign(_) => {}
        }
    }
    text
}
