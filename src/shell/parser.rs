//! Parses script text into simple commands (POSIX.1-2017, "Shell Command Language", 2.2 to 2.7 and 2.9).

use super::branches::{Branches, Compound};
use super::{Command, Redirect, Redirection, Word};
use crate::text::Text;

/// The maximum depth of nested substitutions. Deeper ones stay plain text.
pub(super) const MAX_DEPTH: usize = 24;

/// Returns the simple commands of a script. The commands of a substitution come before the command that
/// contains it, because they run first.
pub(crate) fn commands(script: &Text) -> Vec<Command> {
    let mut parser = Parser {
        script,
        at: 0,
        out: Vec::new(),
        pipelines: 0,
        is_behind_group: false,
        pending: Vec::new(),
        depth: 0,
        next_id: 0,
        branches: Branches::within(Vec::new(), Vec::new()),
    };
    parser.list(Until::End);
    parser.out.into_iter().map(|(_, command)| command).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    End,
    Parenthesis,
}

/// A here-document whose body has not been read yet.
struct Pending {
    command: usize,
    redirect: usize,
    delimiter: Vec<u8>,
    strip_tabs: bool,
}

pub(super) struct Parser<'a> {
    pub(super) script: &'a Text,
    pub(super) at: usize,
    /// The finished commands with their numbers.
    out: Vec<(usize, Command)>,
    pub(super) pipelines: usize,
    /// Whether the next command reads the output of a group.
    is_behind_group: bool,
    pending: Vec<Pending>,
    pub(super) depth: usize,
    next_id: usize,
    branches: Branches,
}

/// The command that is being parsed.
struct Open {
    id: usize,
    start: usize,
    command: Command,
}

const RESERVED: [&[u8]; 14] = [
    b"if", b"then", b"elif", b"else", b"fi", b"do", b"done", b"while", b"until", b"{", b"}", b"!", b"time",
    b"esac",
];

impl Parser<'_> {
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.script.byte(self.at + ahead)
    }

    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.script.starts_with_at(self.at, text)
    }

    fn open(&mut self) -> Open {
        self.next_id += 1;
        Open {
            id: self.next_id,
            start: self.at,
            command: Command { pipeline: self.pipelines, ..Command::default() },
        }
    }

    /// Adds the parsed command to the list, and begins the next.
    fn finish(&mut self, open: &mut Open, same_pipeline: bool) {
        let end = self.at;
        let pipeline = open.command.pipeline;
        let mut done = std::mem::replace(open, self.open());
        let command = &mut done.command;
        let is_empty =
            command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty();
        // A pipe without a command before it follows a group.
        let feeds_next = is_empty && same_pipeline;
        if !is_empty {
            command.is_fed_by_group = std::mem::take(&mut self.is_behind_group);
            command.branches = self.branches.path(self.script.source_offset(done.start));
            command.subshells = self.branches.subshells().to_vec();
            command.span = self.script.slice(done.start..end).trimmed().span();
            self.out.push((done.id, done.command));
        }
        self.is_behind_group |= feeds_next;
        if !same_pipeline {
            self.pipelines += 1;
        }
        open.command.pipeline = if same_pipeline { pipeline } else { self.pipelines };
    }

    pub(super) fn list(&mut self, until: Until) {
        let mut open = self.open();
        let outside = self.branches.open(Compound::Other, self.here());
        let mut parentheses = 0_usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.peek(1) == Some(b'\n') => self.at += 2,
                b'#' => self.skip_line(),
                b'\n' => {
                    self.finish(&mut open, false);
                    self.branches.end_list();
                    self.at += 1;
                    self.read_here_documents();
                    open.start = self.at;
                }
                b')' => {
                    if parentheses == 0 && until == Until::Parenthesis {
                        break;
                    }
                    parentheses = parentheses.saturating_sub(1);
                    self.end_command(&mut open, 1, false);
                    self.branches.parenthesis(self.here());
                }
                b'(' => {
                    parentheses += 1;
                    self.end_command(&mut open, 1, false);
                    self.branches.open(Compound::Parentheses, self.here());
                }
                b';' => {
                    self.end_command(&mut open, 1, false);
                    self.branches.end_list();
                }
                b'&' if self.peek(1) == Some(b'>') => self.redirect(&mut open, None),
                b'&' => {
                    let is_and = self.peek(1) == Some(b'&');
                    self.end_command(&mut open, if is_and { 2 } else { 1 }, false);
                    if !is_and {
                        self.branches.end_list();
                    } else if self.is_behind_test() {
                        self.branches.chain(self.here());
                    }
                }
                b'|' => match self.peek(1) {
                    Some(b'|') => {
                        self.end_command(&mut open, 2, false);
                        self.branches.chain(self.here());
                    }
                    Some(b'&') => self.end_command(&mut open, 2, true),
                    _ => self.end_command(&mut open, 1, true),
                },
                b'<' | b'>' if self.peek(1) == Some(b'(') => self.word(&mut open),
                b'<' | b'>' => self.redirect(&mut open, None),
                b'0'..=b'9' if self.descriptor_width().is_some() => {
                    let width = self.descriptor_width().unwrap_or(1);
                    let number = self.script.slice(self.at..self.at + width).to_str().parse().ok();
                    self.at += width;
                    self.redirect(&mut open, number);
                }
                _ => self.word(&mut open),
            }
        }
        self.finish(&mut open, false);
        self.branches.truncate(outside);
    }

    /// Returns the source offset of the current position.
    fn here(&self) -> usize {
        self.script.source_offset(self.at)
    }

    /// Returns true if the previous command is a test, so that a command joined to it by `&&` runs only
    /// sometimes.
    fn is_behind_test(&self) -> bool {
        let program = self.out.last().and_then(|(_, command)| command.words.first());
        program.is_some_and(|word| {
            matches!(word.text.as_bytes(), b"[" | b"[[" | b"test" | b"exit" | b"return" | b"false" | b"grep")
        })
    }

    fn end_command(&mut self, open: &mut Open, width: usize, same_pipeline: bool) {
        self.finish(open, same_pipeline);
        self.at += width;
        open.start = self.at;
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|b| b != b'\n') {
            self.at += 1;
        }
    }

    /// Returns the number of digits at the cursor that precede `<` or `>`.
    fn descriptor_width(&self) -> Option<usize> {
        let digits = (0..4).take_while(|&n| self.peek(n).is_some_and(|b| b.is_ascii_digit())).count();
        matches!(self.peek(digits), Some(b'<' | b'>')).then_some(digits)
    }

    fn redirect(&mut self, open: &mut Open, descriptor: Option<u32>) {
        const OPERATORS: [&str; 12] =
            ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];
        let operator = OPERATORS.into_iter().find(|op| self.starts_with(op.as_bytes())).unwrap_or(">");
        self.at += operator.len();
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let word = self.read_word();
        let redirects = &mut open.command.redirects;
        let to = match operator {
            "<<" | "<<-" => {
                self.pending.push(Pending {
                    command: open.id,
                    redirect: redirects.len(),
                    delimiter: word.text.as_bytes().to_vec(),
                    strip_tabs: operator == "<<-",
                });
                Redirection::HereDocument { body: Text::new(), expand: !word.is_quoted }
            }
            "<<<" => Redirection::String(word),
            _ => Redirection::File(word),
        };
        redirects.push(Redirect { operator, descriptor, to });
    }

    fn read_here_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = Text::new();
            while self.at < self.script.len() {
                let rest = self.script.as_bytes().get(self.at..).unwrap_or_default();
                let width = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                let line = rest.get(..width).unwrap_or_default();
                let tabs =
                    if pending.strip_tabs { line.iter().take_while(|&&b| b == b'\t').count() } else { 0 };
                let bare = line.get(tabs..).unwrap_or_default();
                let bare = bare.strip_suffix(b"\n").unwrap_or(bare);
                let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
                let start = self.at + tabs;
                self.at += width;
                if bare == pending.delimiter {
                    break;
                }
                body.push_text(self.script, start..self.at);
            }
            let mut commands = self.out.iter_mut().rev();
            let Some((_, command)) = commands.find(|(id, _)| *id == pending.command) else { continue };
            if let Some(redirect) = command.redirects.get_mut(pending.redirect)
                && let Redirection::HereDocument { expand, .. } = redirect.to
            {
                redirect.to = Redirection::HereDocument { body, expand };
            }
        }
    }

    fn word(&mut self, open: &mut Open) {
        let start = self.at;
        let word = self.read_word();
        if self.at == start {
            // Always advance, whatever the byte is.
            self.at += 1;
            return;
        }
        if open.command.words.is_empty() {
            if open.command.assignments.is_empty() && !word.is_quoted {
                let at = self.script.source_offset(start);
                match word.text.as_bytes() {
                    b"if" | b"while" | b"until" | b"for" | b"select" | b"{" => {
                        self.branches.open(Compound::Other, at);
                    }
                    b"case" => {
                        self.branches.open(Compound::Case, at);
                    }
                    b"then" | b"elif" | b"else" | b"do" => self.branches.branch(at),
                    b"fi" | b"done" | b"esac" | b"}" => self.branches.close(),
                    _ => {}
                }
                if RESERVED.contains(&word.text.as_bytes()) {
                    open.start = self.at;
                    return;
                }
            }
            if let Some((name, mut value)) = assignment(&word) {
                if value.text.is_empty() && self.peek(0) == Some(b'(') {
                    value = self.array();
                }
                open.command.assignments.push((name, value));
                return;
            }
        }
        open.command.words.push(word);
    }

    /// Parses the words of an array, `(…)`, joined by blanks.
    fn array(&mut self) -> Word {
        let mut array = Word::default();
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            let start = self.at;
            match byte {
                b')' => {
                    self.at += 1;
                    break;
                }
                b'#' => self.skip_line(),
                _ => {
                    let word = self.read_word();
                    if self.at == start {
                        self.at += 1;
                        continue;
                    }
                    if !array.text.is_empty() {
                        let place = self.script.source_span(start.saturating_sub(1)..start);
                        array.text.push(b" ", place);
                    }
                    array.text.push_text(&word.text, 0..word.text.len());
                    array.variables.extend(word.variables);
                    array.has_substitution |= word.has_substitution;
                }
            }
        }
        array
    }

    /// Parses the commands of a text that is not a plain part of this script.
    pub(super) fn nested(&mut self, script: &Text) {
        let mut subshells = self.branches.subshells().to_vec();
        subshells.push(self.here());
        let mut parser = Parser {
            script,
            at: 0,
            out: Vec::new(),
            pipelines: self.pipelines + 1,
            is_behind_group: false,
            pending: Vec::new(),
            depth: self.depth + 1,
            next_id: self.next_id,
            branches: Branches::within(self.branches.path(self.here()), subshells),
        };
        parser.list(Until::End);
        self.pipelines = parser.pipelines + 1;
        self.next_id = parser.next_id;
        self.out.append(&mut parser.out);
    }
}

/// Parses `NAME=value` or `NAME+=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let bytes = word.text.as_bytes();
    let at = bytes.iter().position(|&b| b == b'=')?;
    let end = if bytes.get(at.checked_sub(1)?) == Some(&b'+') { at - 1 } else { at };
    let name = word.text.slice(0..end).to_str().into_owned();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = Word { text: word.text.slice(at + 1..word.text.len()), ..word.clone() };
    is_name.then_some((name, value))
}
