//! `dockerfile/literal-token`.

use std::collections::BTreeMap;

use super::{
    Context, Hit,
    hit::{Residue, left_in, left_in_layer},
};
use crate::detect::{Confidence, Occurrence, TokenKind, TokenSummary};
use crate::dockerfile::{Arguments, Destination, Instruction, Keyword, Scope, Value};
use crate::finding::Severity;
use crate::finding::Where;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;
use crate::shell::{Language, Script, Step};
use crate::text::{Span, Text};
use crate::{detect, shell};

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/literal-token",
    severity: Severity::Critical,
    summary: "Token text in a Dockerfile",
    why: "Whoever can read the Dockerfile has the token, and so has whoever pulls the image: instructions are kept in \
          its history. A comment leaks from the repository all the same.",
    bad: "ENV HF_TOKEN=hf_…",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix("Revoke the token at {revoke}: it is in the repository's history too. Then give \
          the build a new one as a secret: `docker build --secret id=HF_TOKEN,env=HF_TOKEN .`."),
};

/// A token and its location in the source.
struct Found {
    span: Span,
    occurrence: Occurrence,
}

pub(crate) fn check(context: &Context<'_>) -> Vec<Hit> {
    let mut found = Places::default();
    let mut decoded = Vec::new();
    let source = Text::from_source(context.source, Span::new(0, context.source.len()));
    search(&source, &mut found, &mut decoded);
    // A token found through an encoding is located by the narrowest text that contains it.
    let outer = std::mem::take(&mut decoded);
    for comment in &context.dockerfile.comments {
        search(&Text::from_source(context.source, comment.span), &mut found, &mut decoded);
    }
    for (instruction, scope) in context.instructions() {
        search(&instruction.text, &mut found, &mut decoded);
        for text in readings(context, instruction) {
            search(&text, &mut found, &mut decoded);
        }
        // A token that only expansion puts together is not in the source as a whole. A token that is
        // already known is therefore not reported again here.
        for (span, value) in expanded(instruction.effective(), scope) {
            let tokens = detect::find(value.as_str().as_bytes()).into_iter();
            decoded.extend(tokens.map(|occurrence| Found { span, occurrence }));
        }
    }
    for candidate in decoded.into_iter().chain(outer) {
        let is_known = |known: &Found| known.occurrence.token == candidate.occurrence.token;
        if !found.0.values().any(is_known) {
            found.insert(candidate);
        }
    }
    let hit = |Found { span, occurrence }: Found| hit(context, span, occurrence.token, occurrence.confidence);
    found.0.into_values().map(hit).collect()
}

/// Tokens by start offset. They do not overlap.
#[derive(Default)]
struct Places(BTreeMap<usize, Found>);

impl Places {
    /// Adds a token, unless it overlaps a known one.
    fn insert(&mut self, found: Found) {
        let before = self.0.range(..found.span.end.max(found.span.start + 1)).next_back();
        if before.is_none_or(|(_, known)| known.span.end <= found.span.start) {
            self.0.insert(found.span.start, found);
        }
    }
}

/// Searches a text for plain tokens and for tokens hidden by an encoding.
fn search(text: &Text, found: &mut Places, decoded: &mut Vec<Found>) {
    for occurrence in detect::find(text.as_bytes()) {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let span = text.source_span(place(occurrence.at.start)..place(occurrence.at.end));
        let candidate = Found { span, occurrence };
        if candidate.occurrence.via.is_empty() {
            found.insert(candidate);
        } else {
            decoded.push(candidate);
        }
    }
}

/// Returns the decoded texts of an instruction: the exec form with its escapes resolved, and the words of
/// scripts with their quotes resolved.
fn readings(context: &Context<'_>, instruction: &Instruction) -> Vec<Text> {
    let run = context.run(instruction);
    let instruction = instruction.effective();
    let mut texts: Vec<Text> = instruction.heredocs.iter().map(|heredoc| heredoc.body.clone()).collect();
    if let Arguments::Exec(words) = &instruction.arguments {
        texts.extend(words.iter().cloned());
    }
    texts.extend(run.map(|run| words_of(&run.steps)).unwrap_or_default());
    texts.extend(command(instruction).map(|steps| words_of(&steps)).unwrap_or_default());
    texts
}

/// Returns the steps of the script that a container runs.
fn command(instruction: &Instruction) -> Option<Vec<Step>> {
    let is_command = matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
    let Arguments::Line(line) = &instruction.arguments else { return None };
    is_command.then(|| shell::steps(&Script::Text { language: Language::Shell, text: line.clone() }))
}

/// Returns the steps of the scripts in an instruction.
pub(super) fn scripts_of(context: &Context<'_>, instruction: &Instruction) -> Vec<Vec<Step>> {
    let run = context.run(instruction).map(|run| run.steps.clone());
    run.into_iter().chain(command(instruction.effective())).collect()
}

/// Returns the words of an instruction that expansion changes, with variables, quotes and escapes resolved.
fn expanded(instruction: &Instruction, scope: Scope<'_>) -> Vec<(Span, Value)> {
    let words: Vec<&Text> = match &instruction.arguments {
        Arguments::Pairs(pairs) => {
            pairs.iter().flat_map(|pair| std::iter::once(&pair.name).chain(&pair.value)).collect()
        }
        Arguments::Words(words) => words.iter().collect(),
        Arguments::Line(line) if instruction.keyword != Keyword::Run => vec![line],
        Arguments::Line(_) | Arguments::Exec(_) | Arguments::None => Vec::new(),
    };
    let is_changed =
        |word: &&Text| word.as_bytes().iter().any(|b| matches!(b, b'$' | b'"' | b'\'' | b'\\' | b'`'));
    words.into_iter().filter(is_changed).map(|word| (word.span(), scope.expand(word))).collect()
}

fn words_of(steps: &[Step]) -> Vec<Text> {
    let mut texts = Vec::new();
    for step in steps {
        match &step.kind {
            shell::StepKind::Program { arguments, assignments, .. } => {
                let assigned = assignments.iter().map(|(_, word)| word);
                let words = arguments.iter().chain(assigned).map(|word| &word.text);
                texts.extend(words.filter(|text| !text.is_contiguous()).cloned());
            }
            shell::StepKind::Python(text) => texts.push(text.clone()),
        }
    }
    texts
}

/// Returns the hit for a token, or for a credential of unknown shape.
pub(super) fn hit(context: &Context<'_>, span: Span, token: TokenSummary, confidence: Confidence) -> Hit {
    let holder = context.holder(span.start);
    let (place, leaves) = match holder {
        Some(instruction) => (name(instruction), leaves(context, instruction, span)),
        None if context.is_comment(span.start) => ("a comment", vec![left_in(Where::Source)]),
        None => ("the file", vec![left_in(Where::Source)]),
    };
    let advice = Message::own(holder.map_or("delete it there.", advice));
    let (message, help) = if token.kind == TokenKind::UNKNOWN {
        let message = message!("a credential for the Hub is in {}", Message::own(place));
        (message, message!("Revoke it first, if it is one. Then {}", advice))
    } else {
        let (redacted, revoke) = (&token.redacted, Message::own(token.kind.revoke_address()));
        let help = message!("Revoke {} at {} first. Then {}", redacted, revoke, advice);
        (message!("the token {} is in {}", redacted, Message::own(place)), help)
    };
    Hit {
        rule: &RULE,
        severity: RULE.severity,
        confidence,
        span,
        message,
        help,
        script: None,
        remarks: Vec::new(),
        leaves,
        stage: holder.and_then(|instruction| instruction.stage),
        subject: Message::own(place),
        token: Some(token),
    }
}

fn name(instruction: &Instruction) -> &'static str {
    match instruction.keyword {
        Keyword::Unknown => "a line that is not an instruction",
        keyword => keyword.name(),
    }
}

/// Returns the places in which a build leaves the text of the instruction.
fn leaves(context: &Context<'_>, instruction: &Instruction, span: Span) -> Vec<Residue> {
    if instruction.stage.is_none() {
        return vec![left_in(Where::Source)];
    }
    if context.is_waiting(instruction) {
        return vec![left_in(Where::Config), left_in(Where::History)];
    }
    let scope = context.scope_of(instruction);
    let instruction = instruction.effective();
    match instruction.keyword {
        Keyword::From | Keyword::Unknown => vec![left_in(Where::Source)],
        Keyword::Env => vec![left_in(Where::Env), left_in(Where::History)],
        Keyword::Label => vec![left_in(Where::Label), left_in(Where::History)],
        Keyword::Copy | Keyword::Add => {
            let heredoc = instruction.heredocs.iter().find(|heredoc| heredoc.span.contains(span.start));
            let Some(heredoc) = heredoc else { return vec![left_in(Where::History)] };
            let file =
                Destination::of(instruction, scope).and_then(|(to, _)| to.file(&heredoc.name.to_str()));
            vec![left_in_layer(file.as_deref())]
        }
        Keyword::Arg | Keyword::Run => vec![left_in(Where::History)],
        // Builders of Docker make the directory as well.
        Keyword::Workdir => vec![left_in(Where::Config), left_in_layer(None), left_in(Where::History)],
        _ => vec![left_in(Where::Config), left_in(Where::History)],
    }
}

fn advice(instruction: &Instruction) -> &'static str {
    match instruction.effective().keyword {
        Keyword::Env | Keyword::Arg => {
            "delete the line; put `--mount=type=secret,id=HF_TOKEN,env=HF_TOKEN` on each RUN that needs the token, and \
             build with `docker build --secret id=HF_TOKEN,env=HF_TOKEN .`; at run time: `docker run -e HF_TOKEN …`."
        }
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck => {
            "take it out of the command, and give it when the container starts: `docker run -e HF_TOKEN …`."
        }
        Keyword::Label | Keyword::Maintainer => "delete it: a label is read by whoever can pull the image.",
        _ => {
            "replace it: `RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN …` gives the command `$HF_TOKEN`, and \
             `docker build --secret id=HF_TOKEN,env=HF_TOKEN .` gives it its value."
        }
    }
}
