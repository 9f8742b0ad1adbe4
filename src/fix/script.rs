//! Takes commands out of a script.

use std::collections::{BTreeSet, HashSet};

use super::cut::Page;
use crate::effects::python;
use crate::shell::{Command, Language, Redirect, Redirection, Script, Step, StepKind};
use crate::text::{Span, Text};

/// A pipeline of the outermost list of a script, in offsets of its text.
struct Pipeline {
    start: usize,
    end: usize,
    /// Whether a here-document follows it, whose lines would have to go as well.
    has_document: bool,
}

/// What stands between two pipelines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Nothing: the script begins or ends there.
    End,
    And,
    Semicolon,
    Line,
    /// A list begins in front of it: `then`, `do`, `{`, `(`.
    Opening,
    Other,
}

/// What is to become of a script.
pub(super) enum Cut {
    /// Nothing is left of it.
    All,
    /// These parts of the source go, and these are replaced.
    Parts { deleted: Vec<Span>, replaced: Vec<(Span, &'static str)> },
}

/// Takes out the commands at `targets`; none where that cannot be done without changing what the rest does.
/// `commands` are those of the script, where it is one for a shell.
pub(super) fn cut(
    page: Page<'_>,
    script: &Script,
    commands: &[Command],
    steps: &[Step],
    targets: &[Span],
) -> Option<Cut> {
    let text = match script {
        Script::Exec(words) => {
            // All of it is one command; what a script within it does beside the login is not taken apart.
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
                // The last command of a pipeline that only feeds it stands for all of it.
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
    // A comment between its lines would go with a command that another stands for.
    let is_whole = !replaced.iter().any(|(span, _)| page.has_comment(*span));
    is_whole.then_some(Cut::Parts { deleted, replaced })
}

enum Target<'a> {
    /// The whole command.
    Command(Span),
    /// A call in a Python script that does more.
    Call(&'a Text),
}

/// A login in a Python script is the command that runs the script, where the script does nothing else.
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

/// Calls of a Python script, put out of action.
fn calls(text: &Text, targets: &[Span]) -> Option<Cut> {
    let extent = |target: &Span| Some((python::extent(text, *target)?, "None"));
    let replaced = targets.iter().map(extent).collect::<Option<Vec<_>>>()?;
    Some(Cut::Parts { deleted: Vec::new(), replaced })
}

/// The pipelines of a script that stand in no other command.
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

/// What stands in front of a pipeline; for the number behind the last one, what follows that.
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

/// Takes out neighbours; none where what stands around them would mean something else then.
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
