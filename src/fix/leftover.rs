//! Finds what would do nothing once a login is removed: the test in front of it, the `|| true` behind it, the `if`
//! or the loop around it.

use std::collections::BTreeSet;

use super::pipelines::Pipeline;
use crate::text::Text;

/// The work that a part of a script does without the removed commands, from none to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// It is removed, or only reports something.
    Nothing,
    /// It tests something, and may fail.
    Test,
    /// It changes the state of the shell.
    State,
    /// It may do anything.
    Any,
}

/// A part of a script: a pipeline or a compound command, with the pipelines in it.
#[derive(Debug, Clone, Copy)]
struct Part {
    effect: Effect,
    /// Whether something in it is removed.
    has_removed: bool,
    /// Whether its status may be another one than that of a command that succeeds.
    may_fail: bool,
    is_compound: bool,
    /// The indices of its first and its last pipeline.
    first: usize,
    last: usize,
    start: usize,
    end: usize,
}

impl Part {
    /// Returns true if the whole part can be removed.
    fn is_idle(self) -> bool {
        self.effect <= Effect::Test && self.has_removed
    }

    /// Unites two parts.
    fn with(self, other: Self) -> Self {
        Self {
            effect: self.effect.max(other.effect),
            has_removed: self.has_removed || other.has_removed,
            may_fail: self.may_fail || other.may_fail,
            is_compound: self.is_compound || other.is_compound,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A word between two pipelines of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Pipeline(usize),
    And,
    Or,
    /// `!`.
    Not,
    /// `;`, `&` or a new line.
    End,
    /// `if`, `while`, `until`, `for`, `{` or `(`.
    Open(&'static str),
    /// `then`, `elif`, `else` or `do`.
    Next(&'static str),
    /// `fi`, `done`, `}` or `)`.
    Close(&'static str),
}

/// Returns the pipelines with everything idle united: a united pipeline is in `removed` as a whole. Returns `None`
/// if nothing of the script would be left that does something.
pub(super) fn unite(
    text: &Text,
    list: Vec<Pipeline>,
    removed: &BTreeSet<usize>,
    effect: impl Fn(&Pipeline) -> Effect,
) -> Option<(Vec<Pipeline>, BTreeSet<usize>)> {
    let parts: Vec<Part> = list
        .iter()
        .enumerate()
        .map(|(at, pipeline)| {
            let has_removed = removed.contains(&at);
            let effect = if has_removed { Effect::Nothing } else { effect(pipeline) };
            let may_fail = !has_removed && effect != Effect::Nothing;
            let (start, end) = (pipeline.start, pipeline.end);
            Part { effect, has_removed, may_fail, is_compound: false, first: at, last: at, start, end }
        })
        .collect();
    let tokens = tokens(text, &list);
    let mut reader = Reader {
        tokens: tokens.as_deref().unwrap_or_default(),
        at: 0,
        parts: &parts,
        idle: Vec::new(),
        conditions: 0,
    };
    let is_read = tokens.is_some() && reader.list(0).is_some() && reader.at == reader.tokens.len();
    let idle = if is_read { reader.idle } else { Vec::new() };
    if parts.iter().all(|part| part.effect <= Effect::State) && parts.iter().any(|part| part.has_removed) {
        return None;
    }
    // The outermost of the parts that are idle.
    let mut united: Vec<Pipeline> = Vec::new();
    let mut is_removed = BTreeSet::new();
    for (at, pipeline) in list.into_iter().enumerate() {
        let around = idle.iter().filter(|part| part.first <= at && at <= part.last);
        let around = around.max_by_key(|part| (part.end - part.start, part.last));
        match around {
            Some(part) if part.first == at => {
                is_removed.insert(united.len());
                united.push(Pipeline { start: part.start, end: part.end, ..pipeline });
            }
            Some(_) => {
                if let Some(last) = united.last_mut() {
                    last.has_document |= pipeline.has_document;
                }
            }
            None => {
                if removed.contains(&at) {
                    is_removed.insert(united.len());
                }
                united.push(pipeline);
            }
        }
    }
    Some((united, is_removed))
}

/// The maximum depth of compound commands.
const MAX_DEPTH: usize = 16;

/// Reads lists of commands.
struct Reader<'a> {
    tokens: &'a [(Token, usize, usize)],
    at: usize,
    parts: &'a [Part],
    /// The parts that can be removed as a whole.
    idle: Vec<Part>,
    /// The number of conditions around the current position. Their status decides what runs.
    conditions: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).map(|(token, ..)| *token)
    }

    /// Reads a list up to a token that ends it. Returns its parts, or `None` if it cannot be read.
    fn list(&mut self, depth: usize) -> Option<Vec<Part>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut parts = Vec::new();
        loop {
            while self.peek() == Some(Token::End) {
                self.at += 1;
            }
            match self.peek() {
                None | Some(Token::Next(_) | Token::Close(_)) => return Some(parts),
                Some(Token::And | Token::Or) => return None,
                Some(Token::End) => continue,
                Some(Token::Not | Token::Pipeline(_) | Token::Open(_)) => {}
            }
            parts.push(self.chain(depth)?);
        }
    }

    /// Reads commands that are joined by `&&` and `||`.
    fn chain(&mut self, depth: usize) -> Option<Part> {
        let mut members = vec![self.member(depth)?];
        let mut joints = Vec::new();
        while let Some(joint @ (Token::And | Token::Or)) = self.peek() {
            self.at += 1;
            while self.peek() == Some(Token::End) {
                self.at += 1;
            }
            joints.push(joint);
            members.push(self.member(depth)?);
        }
        let whole = members.iter().copied().reduce(Part::with)?;
        let (first, rest) = members.split_first()?;
        let may_fail = joints.iter().zip(rest).fold(first.may_fail, |before, (joint, part)| match joint {
            Token::Or => before && part.may_fail,
            _ => before || part.may_fail,
        });
        let whole = Part { may_fail, ..whole };
        // The status of a part of a compound command may be that of the whole command.
        if self.conditions > 0 || (depth > 0 && whole.is_idle() && may_fail) {
            return Some(whole);
        }
        if whole.is_idle() {
            self.idle.push(whole);
            return Some(whole);
        }
        let succeeds = |part: &Part| part.is_idle() && !part.may_fail;
        self.idle.extend(members.iter().filter(|part| part.is_compound && succeeds(part)));
        // Removed commands count as successful, so that nothing behind `||` runs.
        let mut head = *first;
        let skipped = joints.iter().zip(rest).take_while(|(joint, _)| **joint == Token::Or);
        for (_, skipped) in skipped.filter(|_| succeeds(first)) {
            head = Part { effect: Effect::Nothing, ..head.with(*skipped) };
        }
        if head.last > first.last {
            self.idle.push(head);
        }
        Some(whole)
    }

    /// Reads a pipeline or a compound command.
    fn member(&mut self, depth: usize) -> Option<Part> {
        let &(token, start, _) = self.tokens.get(self.at)?;
        self.at += 1;
        let open = match token {
            Token::Pipeline(index) => return self.parts.get(index).copied(),
            Token::Open("for") => "do",
            Token::Open(open) => open,
            Token::Not => {
                let part = self.member(depth)?;
                return Some(Part { start, may_fail: true, is_compound: true, ..part });
            }
            _ => return None,
        };
        let mut whole: Option<Part> = None;
        let mut is_condition = matches!(token, Token::Open("if" | "do"));
        loop {
            self.conditions += usize::from(is_condition);
            let mut part = self.list(depth + 1)?.into_iter().reduce(Part::with);
            self.conditions -= usize::from(is_condition);
            if let Some(part) = part.as_mut().filter(|_| is_condition) {
                part.may_fail = false;
            }
            whole = match (whole, part) {
                (Some(whole), Some(part)) => Some(whole.with(part)),
                (whole, part) => whole.or(part),
            };
            let &(token, _, end) = self.tokens.get(self.at)?;
            self.at += 1;
            match token {
                Token::Next(word) if matches!(open, "if" | "do") => is_condition = word == "elif",
                Token::Close(close) if closes(open, close) => {
                    let part = whole?;
                    let (start, end) = (start.min(part.start), end.max(part.end));
                    return Some(Part { is_compound: true, start, end, ..part });
                }
                _ => return None,
            }
        }
    }
}

fn closes(open: &str, close: &str) -> bool {
    matches!((open, close), ("if", "fi") | ("do", "done") | ("{", "}") | ("(", ")"))
}

/// Returns the tokens of a script, each with its offsets. Returns `None` if something else stands between the
/// pipelines.
fn tokens(text: &Text, list: &[Pipeline]) -> Option<Vec<(Token, usize, usize)>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    for index in 0..=list.len() {
        let this = list.get(index);
        between(bytes, at, this.map_or(bytes.len(), |this| this.start), &mut tokens)?;
        if let Some(this) = this {
            // A `for` is read together with its words.
            if text.starts_with_at(this.start, b"for ") {
                tokens.push((Token::Open("for"), this.start, this.start));
            }
            tokens.push((Token::Pipeline(index), this.start, this.end));
            at = this.end;
        }
    }
    Some(tokens)
}

/// Adds the tokens between two pipelines, each with its offsets. Returns `None` if something else stands there.
pub(super) fn between(
    bytes: &[u8],
    from: usize,
    to: usize,
    tokens: &mut Vec<(Token, usize, usize)>,
) -> Option<()> {
    let mut at = from;
    while at < to {
        let rest = bytes.get(at..to)?;
        let (token, len) = match rest {
            [b'&', b'&', ..] => (Some(Token::And), 2),
            [b'|', b'|', ..] => (Some(Token::Or), 2),
            [b';', b';', ..] => return None,
            [b';' | b'\n', ..] => (Some(Token::End), 1),
            [b'(', ..] => (Some(Token::Open("(")), 1),
            [b')', ..] => (Some(Token::Close(")")), 1),
            [b' ' | b'\t' | b'\r' | b'\\', ..] => (None, 1),
            [b'#', ..] => (None, memchr::memchr(b'\n', rest).unwrap_or(rest.len())),
            _ => {
                let is_end =
                    |b: &u8| b.is_ascii_whitespace() || matches!(b, b';' | b'&' | b'|' | b'(' | b')');
                let len = rest.iter().position(is_end).unwrap_or(rest.len());
                let word = rest.get(..len)?;
                let token = match word {
                    b"!" => Token::Not,
                    b"if" => Token::Open("if"),
                    b"while" | b"until" => Token::Open("do"),
                    b"{" => Token::Open("{"),
                    b"elif" => Token::Next("elif"),
                    b"then" | b"else" | b"do" => Token::Next("then"),
                    b"fi" => Token::Close("fi"),
                    b"done" => Token::Close("done"),
                    b"}" => Token::Close("}"),
                    _ => return None,
                };
                (Some(token), len)
            }
        };
        tokens.extend(token.map(|token| (token, at, at + len)));
        at += len;
    }
    Some(())
}
