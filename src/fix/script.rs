//! Removes commands from a script.

use std::collections::{BTreeSet, HashSet};

use super::calls::calls;
use super::cut::{Cut, Page};
use super::leftover::{Effect, Token, between, unite};
use super::pipelines::{Pipeline, pipelines};
use crate::effects::python;
use crate::hub::programs::only_asks;
use crate::shell::{Command, Language, Redirect, Redirection, Script, Step, StepKind};
use crate::text::{Span, Text};

/// The text between two pipelines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// The start or the end of the script.
    End,
    And,
    Or,
    Semicolon,
    Line,
    /// The start of a list: `then`, `do`, `{` or `(`.
    Opening,
    Other,
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
            let is_login = (targets.iter().all(is_all) && !has_script) || only_runs(steps, all, targets);
            return is_login.then_some(Cut::All);
        }
        Script::Text { language: Language::Shell, text } => text,
        Script::Text { language, text } => {
            let is_all = *language == Language::Python && python::only_logs_in(text);
            return if is_all { Some(Cut::All) } else { calls(page, text, targets) };
        }
    };
    let list = pipelines(text, commands);
    let mut whole = BTreeSet::new();
    let mut replaced = Vec::new();
    let mut within: Vec<(&Text, Span)> = Vec::new();
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
                let around = text.source_span(pipeline.start..pipeline.end);
                // The last command of a pipeline represents the whole pipeline if the other commands only
                // feed it.
                // So does any command if those behind it only print what they are fed.
                let behind = commands
                    .iter()
                    .filter(|other| command.end <= other.span.start && other.span.end <= around.end);
                let is_shown =
                    || behind.map(|other| effect_of(other, false)).all(|effect| effect <= Effect::Test);
                if (spans.contains(&command) && (pipeline.end == end || is_shown()))
                    || only_runs(steps, around, targets)
                {
                    whole.insert(index);
                } else {
                    replaced.push((command, ":"));
                }
            }
            Target::Call(script) => within.push((script, target)),
        }
    }
    let effect = |pipeline: &Pipeline| {
        let span = text.source_span(pipeline.start..pipeline.end);
        let here = commands
            .iter()
            .filter(|command| span.start <= command.span.start && command.span.end <= span.end);
        here.map(|command| effect_of(command, replaced.iter().any(|(gone, _)| command.span.overlaps(*gone))))
            .max()
            .unwrap_or(Effect::Any)
    };
    let Some((list, whole)) = unite(text, list, &whole, effect) else { return Some(Cut::All) };
    if whole.iter().any(|&index| list.get(index).is_some_and(|pipeline| pipeline.has_document)) {
        return None;
    }
    let mut deleted = Vec::new();
    for group in within.chunk_by(|(one, _), (other, _)| one.span() == other.span()) {
        let Some((script, _)) = group.first() else { continue };
        let here: Vec<Span> = group.iter().map(|(_, target)| *target).collect();
        let Cut::Parts { deleted: lines, replaced: calls } = calls(page, script, &here)? else { return None };
        deleted.extend(lines);
        replaced.extend(calls);
    }
    let mut rest: &[usize] = &whole.into_iter().collect::<Vec<_>>();
    while let Some(&first) = rest.first() {
        let joined = |(index, pipeline): &(usize, &usize)| {
            **pipeline == first + index
                && (*index == 0
                    || !matches!(
                        gap(text, &list, **pipeline),
                        Gap::Other | Gap::Or | Gap::Opening | Gap::End
                    ))
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

/// Returns true if the steps within a command do nothing but log in: `sh -c 'hf auth login'`.
fn only_runs(steps: &[Step], command: Span, targets: &[Span]) -> bool {
    let is_within = |step: &&Step| {
        step.span != command && command.start <= step.span.start && step.span.end <= command.end
    };
    let mut inner = steps.iter().filter(is_within).peekable();
    let has_shell = steps.iter().any(|step| match &step.kind {
        StepKind::Program { name, .. } => {
            step.span == command
                && (Language::of_program(name) == Language::Shell || name == "su" || name == "runuser")
        }
        StepKind::Python(_) => false,
    });
    let is_login = |step: &Step| match &step.kind {
        StepKind::Program { name, .. } => {
            targets.contains(&step.span)
                || (step.outputs.is_empty()
                    && (IDLE.contains(&name.as_str()) || TESTS.contains(&name.as_str())))
        }
        StepKind::Python(_) => false,
    };
    has_shell && inner.peek().is_some() && inner.all(is_login)
}

/// Programs that only print or wait.
const IDLE: [&str; 8] = [":", "true", "echo", "printf", "for", "break", "continue", "sleep"];

/// Programs that only test or read something.
const TESTS: [&str; 12] =
    ["[", "[[", "test", "cat", "grep", "ls", "which", "type", "command", "whoami", "id", "pwd"];

/// Programs that change the state of the shell alone.
const STATE: [&str; 12] =
    ["", "set", "export", "cd", "pushd", "popd", "umask", "unset", "declare", "local", "shopt", "read"];

/// Returns what a command does if the commands within it are removed.
fn effect_of(command: &Command, is_replaced: bool) -> Effect {
    let is_written = |redirect: &Redirect| match &redirect.to {
        Redirection::File(word) => {
            redirect.operator.starts_with(['>', '&'])
                && !redirect.operator.ends_with('&')
                && word.text.as_bytes() != b"/dev/null"
        }
        Redirection::String(_) | Redirection::HereDocument { .. } => false,
    };
    if is_replaced || command.redirects.iter().any(is_written) {
        return Effect::Any;
    }
    let name = command.word(0).unwrap_or_default();
    let words: Vec<_> = command.words.iter().map(|word| word.text.to_str()).collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).filter(|word| !word.starts_with('-')).collect();
    if IDLE.contains(&name.as_ref()) {
        Effect::Nothing
    } else if TESTS.contains(&name.as_ref()) || only_asks(&words) {
        Effect::Test
    } else if STATE.contains(&name.as_ref()) {
        Effect::State
    } else {
        Effect::Any
    }
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
        [b"||"] => Gap::Or,
        [b";"] => Gap::Semicolon,
        [.., b"then" | b"do" | b"else" | b"{" | b"("] => Gap::Opening,
        _ => Gap::Other,
    }
}

/// Returns how a pipeline is joined to a compound command that ends before it, and the end of that command.
fn closed(text: &Text, from: usize, to: usize) -> Option<(Gap, usize)> {
    let mut tokens = Vec::new();
    between(text.as_bytes(), from, to, &mut tokens)?;
    let [.., (Token::Close(_), _, close), (joint, at, _)] = tokens.as_slice() else { return None };
    match joint {
        Token::And => Some((Gap::And, *close)),
        Token::End if text.byte(*at) == Some(b'\n') => Some((Gap::Line, *close)),
        Token::End => Some((Gap::Semicolon, *close)),
        _ => None,
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
    let previous = first.checked_sub(1).and_then(|at| list.get(at)).map(|previous| previous.end);
    let (before, previous) = match closed(text, previous.unwrap_or(0), start) {
        Some((joint, close)) if before == Gap::Other => (joint, Some(close)),
        _ => (before, previous),
    };
    let previous = previous.map(source_end);
    match (before, behind) {
        (Gap::End, Gap::End) => Some(Group::All),
        // Whole lines of a script.
        (Gap::End | Gap::Line, Gap::Line) | (Gap::Line, Gap::End) => {
            let span = Span::new(source(start), source_end(end));
            Some(Group::Parts(page.cut_script_lines(span, source(0))))
        }
        (Gap::End | Gap::And | Gap::Semicolon | Gap::Line | Gap::Opening, Gap::And)
        | (Gap::End | Gap::Semicolon | Gap::Line | Gap::Opening, Gap::Semicolon) => {
            Some(Group::Parts(page.cut_forward(source(start), source_end(end), next?)))
        }
        (Gap::And | Gap::Semicolon, Gap::End) => {
            Some(Group::Parts(Page::cut_backward(previous?, source_end(end))))
        }
        _ => {
            // Keywords follow: `if`, `then`, `fi`.
            let mut behind = Vec::new();
            between(
                text.as_bytes(),
                end,
                list.get(last + 1).map_or(text.len(), |next| next.start),
                &mut behind,
            )?;
            let mut tokens = behind.iter().map(|&(token, at, _)| (token, at));
            let (first, at) = tokens.next()?;
            let opens = tokens.next().filter(|(token, _)| matches!(token, Token::Open(_) | Token::Not));
            let is_line = text.byte(at) == Some(b'\n');
            match (before, first, opens) {
                (
                    Gap::End | Gap::Semicolon | Gap::Line | Gap::Opening,
                    Token::And | Token::End,
                    Some((_, next)),
                ) if !is_line => {
                    Some(Group::Parts(page.cut_forward(source(start), source_end(end), source(next))))
                }
                // A command that succeeds changes nothing behind `&&`.
                (Gap::And, ..) | (Gap::Semicolon, Token::End | Token::Close(_), _) => {
                    Some(Group::Parts(Page::cut_backward(previous?, source_end(end))))
                }
                (Gap::Line, Token::End, _) if is_line => {
                    let span = Span::new(source(start), source_end(end));
                    Some(Group::Parts(page.cut_script_lines(span, source(0))))
                }
                _ => None,
            }
        }
    }
}
