//! Removes whole instructions, with the comments that are about them and the blank lines that would be doubled.

use std::collections::BTreeSet;

use super::edit::Edits;
use crate::dockerfile::Instruction;
use crate::hub::words::STEMS;
use crate::rules::dockerfile::Context;
use crate::text::Span;

/// The kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// A part of an instruction, by its index.
    Instruction(usize),
    Comment,
    Blank,
    /// A parser directive or a `#!` line.
    Head,
}

/// The lines of a file.
struct Lines<'a> {
    context: &'a Context<'a>,
    spans: Vec<Span>,
    kinds: Vec<Line>,
    /// Whether each line goes.
    gone: Vec<bool>,
}

/// Deletes the instructions with these indices.
pub(super) fn delete(context: &Context<'_>, instructions: &BTreeSet<usize>, edits: &mut Edits) {
    if instructions.is_empty() {
        return;
    }
    let mut lines = Lines::new(context, instructions);
    lines.take_comments();
    lines.take_blanks();
    let gone = lines.spans.iter().zip(&lines.gone).filter(|(_, gone)| **gone);
    edits.delete(gone.map(|(span, _)| *span));
}

impl<'a> Lines<'a> {
    fn new(context: &'a Context<'a>, instructions: &BTreeSet<usize>) -> Self {
        let all = &context.dockerfile.instructions;
        let directives: Vec<Span> =
            context.dockerfile.directives.iter().map(|directive| directive.span).collect();
        let (mut spans, mut kinds, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = if context.source.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let source = context.source.get(at..).unwrap_or_default();
        for line in source.split_inclusive(|&b| b == b'\n') {
            let span = Span::new(at, at + line.len());
            at = span.end;
            let holder = all.partition_point(|instruction| instruction.span.end <= span.start);
            let holds = |instruction: &Instruction| instruction.span.start < span.end;
            let kind = if all.get(holder).is_some_and(holds) {
                Line::Instruction(holder)
            } else if line.trim_ascii().is_empty() {
                Line::Blank
            } else if line.starts_with(b"#!") || directives.iter().any(|directive| directive.overlaps(span)) {
                Line::Head
            } else {
                Line::Comment
            };
            gone.push(matches!(kind, Line::Instruction(index) if instructions.contains(&index)));
            spans.push(span);
            kinds.push(kind);
        }
        Self { context, spans, kinds, gone }
    }

    fn kind(&self, line: usize) -> Option<Line> {
        self.kinds.get(line).copied()
    }

    /// Returns the runs of adjacent lines that go.
    fn runs(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (line, _) in self.gone.iter().enumerate().filter(|(_, gone)| **gone) {
            match runs.last_mut() {
                Some((_, end)) if *end == line => *end = line + 1,
                _ => runs.push((line, line + 1)),
            }
        }
        runs
    }

    /// Adds the comments directly above, if they are about what goes.
    fn take_comments(&mut self) {
        for (start, end) in self.runs() {
            let is_comment = |line: &usize| self.kind(*line) == Some(Line::Comment);
            let count = (0..start).rev().take_while(is_comment).count();
            let first = start - count;
            if count > 0 && self.is_about(first, start, end) {
                self.gone.iter_mut().skip(first).take(count).for_each(|gone| *gone = true);
            }
        }
    }

    /// Returns true if the comments from `first` to `start` are about the lines from there to `end` alone.
    fn is_about(&self, first: usize, start: usize, end: usize) -> bool {
        let text = |lines: std::ops::Range<usize>| {
            let spans = self.spans.get(lines).unwrap_or_default();
            let bytes = spans
                .iter()
                .flat_map(|span| self.context.source.get(span.start..span.end).unwrap_or_default());
            String::from_utf8_lossy(&bytes.copied().collect::<Vec<u8>>()).to_lowercase()
        };
        let comment = zeroize::Zeroizing::new(text(first..start));
        let is_on_token = SPEAK.iter().chain(&STEMS).any(|word| comment.contains(word));
        // The head of a file is about all of it.
        let is_head = self.kinds.iter().take(first).all(|kind| *kind == Line::Head);
        let Some(Line::Instruction(next)) = self.kind(end) else { return is_on_token || !is_head };
        // The comment may be about the line that follows without a blank line.
        let stays = self.kinds.iter().skip(end).take_while(|kind| **kind == Line::Instruction(next)).count();
        let stays = zeroize::Zeroizing::new(text(end..end + stays));
        let is_plain =
            |word: &&str| word.len() > 3 && !SPEAK.iter().chain(&STEMS).any(|speaks| word.contains(speaks));
        let mut words = comment.split(|c: char| !c.is_alphanumeric()).filter(is_plain);
        is_on_token && !words.any(|word| stays.contains(word))
    }

    /// Adds the blank lines that would follow another blank line, or stand at the start or the end.
    fn take_blanks(&mut self) {
        for (start, end) in self.runs() {
            let is_blank = |line: &usize| self.kind(*line) == Some(Line::Blank);
            let above = (0..start).rev().find(|&line| self.gone.get(line) == Some(&false));
            if above.is_none_or(|line| is_blank(&line)) {
                let count = (end..self.kinds.len()).take_while(is_blank).count();
                self.gone.iter_mut().skip(end).take(count).for_each(|gone| *gone = true);
            }
        }
        // Nothing follows the last line that stays.
        if self.gone.last() == Some(&true) {
            let is_over =
                |line: &usize| self.gone.get(*line) == Some(&true) || self.kind(*line) == Some(Line::Blank);
            let count = (0..self.kinds.len()).rev().take_while(is_over).count();
            let first = self.kinds.len() - count;
            self.gone.iter_mut().skip(first).for_each(|gone| *gone = true);
        }
    }
}

/// Words of comments about tokens and logins.
const SPEAK: [&str; 10] = [
    "token",
    "secret",
    "credential",
    "login",
    "log in",
    "logged in",
    "logging in",
    "auth",
    "api key",
    "api_key",
];
