//! Removes commands from a script.

use std::collections::{BTreeSet, HashSet};

use super::cut::Page;
use crate::effects::python;
use crate::shell::{Command, Language, Redirect, Redirection, Script, Step, StepKind};
use crate::text::{Span, Text};

/// A pipeline of the outermost list of a script, given by offsets into the text.
struct Pipeline {
    start: usize,
    end: usize,
    /// Whether the pipeline has a here-document, whose lines would have to be removed too.
    has_document: bool,
}

/// The text between two pipelines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// The start or the end of the script.
    End,
    And,
    Semicolon,
    Line,
    /// The start of a list: `then`, `do`, `{` or `(`.
    Opening,
    Other,
}

/// The result of removing commands from a script.
pub(super) enum Cut {
    /// The whole script is removed.
    All,
    /// Some parts of the source are deleted, and others are replaced.
    Parts { deleted: Vec<Span>, replaced: Vec<(Span, &'static str)> },
}

/// Removes the commands at `targets`. Returns `None` if that would change the meaning of the remaining
/// commands. `commands` are those of the script if it is a shell script.
pub(super) fn cut(
    page: Page<'_>,
    script: &Script,
    commands: &[Command],
    steps: &[Step],
    targets: &[Span],
) -> Option<Cut> {
    let text = match script {
        Script::Exec(words) => {
            // The script is a single command. If it runs an inner script that does more than log in, it is
            // not taken apart.
            let all = words.first()?.span().to(words.last()?.span());
            let is_all =
                |target: &Span| matches!(whole_command(steps, *target), Target::Command(span) if span == all);
            let has_script = steps.iter().any(|step| step.span != all);
            return (targets.iter().all(is_all) && !has_script).then_some(Cut::All);
        }
        Script::Text { language: Language::Shell, text } => text,
        Script::Text { language, text } => {
            let is_all = *language == Language::Python && python::only_logs_in(text);
            return if is_all { Some(Cut::All) } else { calls(text, targets) };
        }
    };
    let list = pipelines(text, commands);
    let mut whole = BTreeSet::new();
    let mut replaced = Vec::new();
    let spans: HashSet<Span> = commands.iter().map(|command| command.span).collect();
    for &target in targets {
        match whole_command(steps, target) {
            Target::Command(command) => {
                let (start, end) = (text.offset_of(command.start), text.offset_of(command.end));
                let index = list.partition_point(|p| p.end < end);
                let pipeline = list.get(index).filter(|p| p.start <= start)?;
                if pipeline.has_document {
                    return None;
                }
                // The last command of a pipeline represents the whole pipeline if the other commands only
                // feed it.
                if spans.contains(&command) && pipeline.end == end {
                    whole.insert(index);
                } else {
                    replaced.push((command, ":"));
                }
            }
            Target::Call(script) => match calls(script, &[target])? {
                Cut::Parts { replaced: calls, .. } => replaced.extend(calls),
                Cut::All => return None,
            },
        }
    }
    let mut deleted = Vec::new();
    let mut rest: &[usize] = &whole.into_iter().collect::<Vec<_>>();
    while let Some(&first) = rest.first() {
        let joined = |(index, pipeline): &(usize, &usize)| {
            **pipeline == first + index
                && (*index == 0
                    || !matches!(gap(text, &list, **pipeline), Gap::Other | Gap::Opening | Gap::End))
        };
        let count = rest.iter().enumerate().take_while(joined).count().max(1);
        match group(page, text, &list, first, first + count - 1) {
            Some(Group::All) if replaced.is_empty() => return Some(Cut::All),
            Some(Group::Parts(parts)) => deleted.extend(parts),
            _ => {
                for &pipeline in rest.iter().take(count) {
                    let pipeline = list.get(pipeline)?;
                    replaced.push((text.source_span(pipeline.start..pipeline.end), ":"));
                }
            }
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    // A comment between the lines of a replaced command would be lost with it.
    let is_whole = !replaced.iter().any(|(span, _)| page.has_comment(*span));
    is_whole.then_some(Cut::Parts { deleted, replaced })
}

enum Target<'a> {
    /// A whole command.
    Command(Span),
    /// A call in a Python script that does more than log in.
    Call(&'a Text),
}

/// Returns the command that runs a Python script if the script does nothing but log in.
fn whole_command(steps: &[Step], target: Span) -> Target<'_> {
    let script = steps.iter().find_map(|step| match &step.kind {
        StepKind::Python(text) if text.span().overlaps(target) => Some((text, step.span)),
        _ => None,
    });
    match script {
        Some((text, command)) if python::only_logs_in(text) => Target::Command(command),
        Some((text, _)) => Target::Call(text),
        None => Target::Command(target),
    }
}

/// Replaces calls of a Python script by `None`.
fn calls(text: &Text, targets: &[Span]) -> Option<Cut> {
    let extent = |target: &Span| Some((python::extent(text, *target)?, "None"));
    let replaced = targets.iter().map(extent).collect::<Option<Vec<_>>>()?;
    Some(Cut::Parts { deleted: Vec::new(), replaced })
}

/// Returns the pipelines of a script that are not inside another command.
fn pipelines(text: &Text, commands: &[Command]) -> Vec<Pipeline> {
    let mut commands: Vec<_> = commands
        .iter()
        .map(|command| {
            let (start, end) = (text.offset_of(command.span.start), text.offset_of(command.span.end));
            let is_document = |r: &Redirect| matches!(r.to, Redirection::HereDocument { .. });
            (start, end, command.pipeline, command.redirects.iter().any(is_document))
        })
        .collect();
    commands.sort_by_key(|&(start, end, ..)| (start, std::cmp::Reverse(end)));
    let mut out: Vec<Pipeline> = Vec::new();
    let mut last = None;
    for (start, end, pipeline, has_document) in commands {
        if let Some(before) = out.last_mut() {
            if end <= before.end {
                continue;
            }
            let between = text.slice(before.end.min(start)..start).trimmed();
            if last == Some(pipeline) && matches!(between.as_bytes(), b"|" | b"|&") {
                before.end = end;
                before.has_document |= has_document;
                continue;
            }
        }
        last = Some(pipeline);
        out.push(Pipeline { start, end, has_document });
    }
    out
}

/// Returns the text before a pipeline. For the index after the last one, it is the text after that
/// pipeline.
fn gap(text: &Text, list: &[Pipeline], index: usize) -> Gap {
    let before = index.checked_sub(1).and_then(|before| list.get(before));
    let this = list.get(index);
    let range = before.map_or(0, |before| before.end)..this.map_or(text.len(), |this| this.start);
    let written = text.slice(range);
    let bytes = written.as_bytes();
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
    // Comments of a script end with their line.
    let words = bytes.split(|&b| b == b'\n').flat_map(|line| {
        let words = line.split(is_blank).take_while(|word| !word.starts_with(b"#"));
        words.filter(|word| !matches!(word, [] | [b'\\']))
    });
    let words: Vec<&[u8]> = words.collect();
    match words.as_slice() {
        [] if before.is_none() || this.is_none() => Gap::End,
        [] if bytes.contains(&b'\n') => Gap::Line,
        [b"&&"] => Gap::And,
        [b";"] => Gap::Semicolon,
        [.., b"then" | b"do" | b"else" | b"{" | b"("] => Gap::Opening,
        _ => Gap::Other,
    }
}

enum Group {
    All,
    Parts(Vec<Span>),
}

/// Removes adjacent pipelines. Returns `None` if that would change the meaning of the surrounding text.
fn group(page: Page<'_>, text: &Text, list: &[Pipeline], first: usize, last: usize) -> Option<Group> {
    let (before, behind) = (gap(text, list, first), gap(text, list, last + 1));
    let (start, end) = (list.get(first)?.start, list.get(last)?.end);
    let source = |at: usize| text.source_offset(at);
    let source_end = |at: usize| text.source_span(at.saturating_sub(1)..at).end;
    let next = list.get(last + 1).map(|next| source(next.start));
    let previous = first.checked_sub(1).and_then(|at| list.get(at)).map(|previous| source_end(previous.end));
    match (before, behind) {
        (Gap::End, Gap::End) => Some(Group::All),
        // Whole lines of a script.
        (Gap::End | Gap::Line, Gap::Line) | (Gap::Line, Gap::End) => {
            let span = Span::new(source(start), source_end(end));
            Some(Group::Parts(page.cut_lines(span)))
        }
        (Gap::End | Gap::And | Gap::Semicolon | Gap::Line | Gap::Opening, Gap::And)
        | (Gap::End | Gap::Semicolon | Gap::Line, Gap::Semicolon) => {
            Some(Group::Parts(page.cut_forward(source(start), next?)))
        }
        (Gap::And | Gap::Semicolon, Gap::End) => {
            Some(Group::Parts(page.cut_backward(previous?, source_end(end))))
        }
        _ => None,
    }
}
