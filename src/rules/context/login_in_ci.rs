//! `context/login-in-ci`

use std::collections::HashSet;

use super::ci_help;
use crate::{
    ci::{BuildArgument, CiFile, CiScript, Dialect, Given, Job, build_arguments},
    detect,
    dockerfile::{
        Scopes, Span, Text, parse,
        shell::{self, Step, StepKind, Word},
    },
    finding::{Confidence, Masked, RuleId, Severity, TokenSummary},
    rules::{
        Rule,
        login::{Act, CleanUps, Event, Paths, Reader},
    },
};

/// A login in a CI script, or a token as a build argument of a compose file, a bake file or an action.
pub const RULE: Rule = Rule {
    id: RuleId("context/login-in-ci"),
    severity: Severity::Medium,
    summary: "A login command in a CI script, or a token as a compose or bake build argument",
    why: "A login writes the token to `~/.cache/huggingface/token` and `stored_tokens`: a self-hosted runner keeps both for \
          every later job, caches and artifacts of the directory carry them along. The value of a build argument stays in the \
          history of the image and in its provenance, wherever it came from: that a CI system keeps it as a secret does not \
          help the image.",
    bad: "- uses: docker/build-push-action@v6\n  with:\n    build-args: |\n      HF_TOKEN=${{ secrets.HF_TOKEN }}",
    good: "- uses: docker/build-push-action@v6\n  with:\n    secrets: |\n      HF_TOKEN=${{ secrets.HF_TOKEN }}",
    fix: "Give builds the token as a secret, and mount it in the Dockerfile with \
          `RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN …`. Scripts need no login: the Hub's tools read `HF_TOKEN` from \
          the environment.",
};

/// How many hits of one file are told.
pub const MAX_HITS: usize = 1000;

/// One place that the rule fires on. All its text is safe to show.
#[derive(Debug, Clone)]
pub struct CiHit {
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is.
    pub span: Span,
    /// The token, where its text stands there.
    pub token: Option<TokenSummary>,
    /// What was found, one sentence.
    pub message: Masked,
    /// What to do.
    pub help: Masked,
    /// What is wrong in normal form: the fingerprint is made from it.
    pub subject: String,
}

/// Runs the rule over a file, in order of position. At most one more than [`MAX_HITS`] are given.
pub fn check(source: &[u8], file: &CiFile) -> Vec<CiHit> {
    let mut found = Found { source, dialect: file.dialect, hits: Vec::new(), seen: HashSet::new() };
    for argument in &file.arguments {
        found.argument(argument);
    }
    for job in &file.jobs {
        found.job(job);
    }
    found.hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
    found.hits
}

struct Found<'a> {
    source: &'a [u8],
    dialect: Dialect,
    hits: Vec<CiHit>,
    /// What is used in several places is told once.
    seen: HashSet<(usize, bool)>,
}

impl Found<'_> {
    fn is_new(&mut self, span: Span, is_login: bool) -> bool {
        self.hits.len() <= MAX_HITS && self.seen.insert((span.start, is_login))
    }

    fn argument(&mut self, argument: &BuildArgument) {
        let name = argument.name.to_str();
        let token = || {
            let value = argument.value.as_ref()?;
            detect::find(value.as_bytes()).into_iter().next().map(|occurrence| occurrence.token)
        };
        let Some(confidence) = confidence(&name, argument.value.as_ref()) else { return };
        if !self.is_new(argument.span, false) {
            return;
        }
        let shown = detect::quote(argument.name.as_bytes());
        self.hits.push(CiHit {
            confidence,
            span: argument.span,
            token: token(),
            message: Masked::own(format!(
                "`{shown}` is given as a build argument in {}: its value stays in the image's history",
                argument.place
            )),
            help: ci_help::for_argument(self.dialect, argument),
            subject: format!("build-arg {shown}"),
        });
    }

    fn job(&mut self, job: &Job) {
        // Nothing is known but what the file sets.
        let scopes = Scopes::of(&parse(b""));
        let mut events: Vec<(Event, &CiScript)> = Vec::new();
        let scope = scopes.at(0);
        let mut paths = Paths::new(scope);
        for script in &job.scripts {
            // The commands of a GitLab job run in one shell, all others in one of their own.
            if self.dialect != Dialect::GitLab {
                paths = Paths::new(scope);
            }
            let mut has_token = false;
            for (name, value) in &script.environment {
                let name = name.to_str();
                has_token |=
                    matches!(name.as_ref(), "HF_TOKEN" | "HUGGING_FACE_HUB_TOKEN") && !value.is_empty();
                paths.assign(&name, &Word { text: value.clone(), ..Word::default() });
            }
            let steps = shell::steps(&script.script);
            self.commands(&steps, script);
            let reader = Reader { has_token, store: None };
            for mut event in reader.read(&steps, &mut paths) {
                event.branches.splice(0..0, script.condition);
                events.push((event, script));
            }
        }
        self.logins(&events);
    }

    /// Tells of the logins that no logout or removal behind them takes back.
    fn logins(&mut self, events: &[(Event, &CiScript)]) {
        let mut later = CleanUps::default();
        for (Event { act, branches }, script) in events.iter().rev() {
            match act {
                Act::Logout(files) => later.logout(branches, files.as_deref()),
                Act::Remove(removals) => later.remove(branches, removals),
                Act::Copy => later.copy(),
                Act::Login { command, span, files, place, .. } => {
                    let is_removed = files
                        .as_ref()
                        .filter(|_| !later.copied)
                        .is_some_and(|files| files.iter().all(|file| later.removes(branches, file)));
                    if !later.logs_out(branches, place.as_deref()) && !is_removed && self.is_new(*span, true)
                    {
                        self.login(command, *span, script);
                    }
                }
            }
        }
    }

    fn login(&mut self, command: &'static str, span: Span, script: &CiScript) {
        let text = self.source.get(span.start..span.end).unwrap_or_default();
        let token = detect::find(text).into_iter().next().map(|occurrence| occurrence.token);
        let place = match self.dialect {
            Dialect::Devcontainer => "in the container",
            _ => "on the runner",
        };
        self.hits.push(CiHit {
            confidence: Confidence::High,
            span,
            token,
            message: Masked::own(format!("`{command}` in {} leaves a token file {place}", script.place)),
            help: ci_help::for_login(self.dialect, text),
            subject: command.to_owned(),
        });
    }

    /// Tells of the build arguments on command lines.
    fn commands(&mut self, steps: &[Step], script: &CiScript) {
        for step in steps {
            let StepKind::Program { name, arguments, .. } = &step.kind else { continue };
            for text in build_arguments(name, arguments) {
                let argument = BuildArgument::from_text(&text, &script.place, Given::Command);
                self.argument(&argument);
            }
        }
    }
}

/// How sure it is that a build argument has a token; none where it has not.
fn confidence(name: &str, value: Option<&Text>) -> Option<Confidence> {
    let Some(value) = value else { return detect::is_token_variable(name).then_some(Confidence::High) };
    let text = value.to_str();
    if !detect::find(text.as_bytes()).is_empty() {
        return Some(Confidence::High);
    }
    let is_known = !text.contains(['$', '`', '%']);
    if is_known && (text.is_empty() || detect::is_placeholder(text.as_bytes())) {
        return None;
    }
    if detect::carries_token(name, if is_known { &text } else { "" }) {
        return Some(Confidence::High);
    }
    refers_to_token(&text).then_some(Confidence::Medium)
}

/// Whether the value of a token variable goes into a text: `$HF_TOKEN`, `${HF_TOKEN:-x}`, `${localEnv:HF_TOKEN}`. What is
/// only said where there is one (`${HF_TOKEN:+yes}`) does not count.
fn refers_to_token(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let (rest, is_braced) = match rest.strip_prefix(['{', '(']) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let rest = rest.strip_prefix("localEnv:").or_else(|| rest.strip_prefix("env:")).unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let is_asked = is_braced && (behind.starts_with(":+") || behind.starts_with('+'));
        detect::is_token_variable(name) && !is_asked
    })
}

#[cfg(test)]
mod tests;
