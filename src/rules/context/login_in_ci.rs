//! `context/login-in-ci`

use std::collections::HashSet;

use super::ci_help;
use crate::ci::{BuildArgument, Carriers, CiFile, CiScript, Dialect, Job, Logins, ShellVariables};
use crate::detect::{Confidence, TokenSummary};
use crate::dockerfile::{Scope, Scopes};
use crate::effects::{Ambient, Effect, LoginLeft, Surroundings, covers, interpret, logins_left};
use crate::finding::Severity;
use crate::hub::variables::is_read;
use crate::mask::Message;
use crate::mask::Quoted;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;
use crate::shell::Step;
use crate::shell::Word;
use crate::text::{Span, Text};
use crate::{detect, shell};

/// A login in a CI script or another file that builds, or a token as a build argument in one.
pub(crate) const RULE: Rule = Rule {
    id: "context/login-in-ci",
    severity: Severity::Medium,
    summary: "A login command in a CI script or a file that builds, or a token as a build argument in one",
    why: "A login writes the token to `~/.cache/huggingface/token` and `stored_tokens`: a self-hosted runner keeps \
         both for every later job, caches and artifacts of the directory carry them along. The value of a build \
         argument stays in the history of the image and in its provenance, even if the CI system keeps it as a \
         secret.",
    bad: "- uses: docker/build-push-action@v6\n  with:\n    build-args: |\n      HF_TOKEN=${{ secrets.HF_TOKEN }}",
    good: "- uses: docker/build-push-action@v6\n  with:\n    secrets: |\n      HF_TOKEN=${{ secrets.HF_TOKEN }}",
    fix: Fix("Give builds the token as a secret, and mount it in the Dockerfile with `RUN \
         --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN …`. Scripts need no login: the Hub's tools read `HF_TOKEN` \
         from the environment."),
};

/// The directory that a runner empties before and after each job, as in `RUNNER_TEMP`.
const EMPTIED: &str = "home/runner/work/_temp";

/// The maximum number of hits of one file that are reported.
pub(crate) const MAX_HITS: usize = 1000;

/// One place at which the rule fires.
#[derive(Debug, Clone)]
pub(crate) struct CiHit {
    /// The confidence that this is a leak.
    pub confidence: Confidence,
    /// The location in the file.
    pub span: Span,
    /// The token, if its text is at that location.
    pub token: Option<TokenSummary>,
    /// The finding, in one sentence.
    pub(crate) message: Message,
    /// The advice on how to fix it.
    pub(crate) help: Message,
    /// The command in normal form. The fingerprint is computed from it if there is no token.
    pub(crate) subject: Message,
}

/// Runs the rule over a file. The hits are sorted by position. Returns at most one more than [`MAX_HITS`].
pub(crate) fn check(source: &[u8], file: &CiFile) -> Vec<CiHit> {
    let mut found = Found {
        source,
        dialect: file.dialect,
        hits: Vec::new(),
        logins: Vec::new(),
        builds: !file.arguments.is_empty(),
        seen: HashSet::new(),
    };
    for argument in &file.arguments {
        found.argument(argument);
    }
    for job in &file.jobs {
        found.job(job);
    }
    // A script that only logs in prepares somebody's machine.
    if found.builds || file.dialect.logins() != Logins::WhereBuilt {
        found.hits.append(&mut found.logins);
    }
    found.hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
    found.hits
}

struct Found<'a> {
    source: &'a [u8],
    dialect: Dialect,
    hits: Vec<CiHit>,
    /// The logins, which count only in files that build.
    logins: Vec<CiHit>,
    /// Whether a command or a field of the file builds an image.
    builds: bool,
    /// The places that were reported already, because a place used several times is reported once.
    seen: HashSet<(usize, bool)>,
}

impl Found<'_> {
    fn is_new(&mut self, span: Span, is_login: bool) -> bool {
        self.hits.len() + self.logins.len() <= MAX_HITS && self.seen.insert((span.start, is_login))
    }

    fn argument(&mut self, argument: &BuildArgument) {
        let name = argument.name.to_str();
        let token = || {
            let value = argument.value.as_ref()?;
            detect::find(value.as_bytes()).into_iter().next().map(|occurrence| occurrence.token)
        };
        let Some(confidence) = confidence(&name, argument) else { return };
        if !self.is_new(argument.span, false) {
            return;
        }
        let token = token();
        let help = ci_help::for_argument(self.dialect, argument, token.as_ref()).trimmed();
        let name = Quoted(argument.name.as_bytes());
        self.hits.push(CiHit {
            confidence,
            span: argument.span,
            token,
            message: message!(
                "`{}` is given as a build argument in {}: its value stays in the image's history",
                name,
                argument.place
            ),
            help,
            subject: message!("build-arg {}", name),
        });
    }

    fn job(&mut self, job: &Job) {
        let mut effects: Vec<(Effect, &CiScript)> = Vec::new();
        let size = if job.is_one_shell { job.scripts.len().max(1) } else { 1 };
        for scripts in job.scripts.chunks(size) {
            let Some(script) = scripts.first() else { continue };
            let steps = steps(scripts);
            let mut variables = ShellVariables::default();
            variables.enter(script);
            for argument in steps.iter().flat_map(|step| variables.step(step, script)) {
                self.argument(&argument);
            }
            self.builds |= variables.builds();
            let scopes = Scopes::nothing();
            let done = interpret(&steps, self.surroundings(scopes.at(0), script));
            effects.extend(done.effects.into_iter().map(|mut effect| {
                effect.branches.splice(0..0, script.condition);
                (effect, script)
            }));
        }
        self.logins(&effects);
    }

    /// Returns the surroundings of a script. Only the settings of the file are known.
    fn surroundings<'a>(&self, scope: Scope<'a>, script: &CiScript) -> Surroundings<'a> {
        let mut variables = Vec::new();
        if self.dialect == Dialect::Actions {
            let mut text = Text::new();
            text.push(format!("/{EMPTIED}").as_bytes(), Span::default());
            variables.push(("RUNNER_TEMP".to_owned(), Word { text, ..Word::default() }));
        }
        let mut ambient = Ambient::Nothing;
        for (name, value) in script.variables() {
            variables.push((name.to_str().into_owned(), Word { text: value.clone(), ..Word::default() }));
        }
        if script.exported().any(|(name, value)| is_read(&name.to_str()) && !value.is_empty()) {
            ambient = Ambient::Token;
        }
        Surroundings { variables, ambient, ..Surroundings::of_instruction(scope) }
    }

    /// Reports the logins that no later logout or removal undoes.
    fn logins(&mut self, effects: &[(Effect, &CiScript)]) {
        let left = logins_left(effects.iter().map(|(effect, _)| effect));
        for LoginLeft { number, login, files } in left.into_iter().rev() {
            let Some((effect, script)) = effects.get(number) else { continue };
            let is_emptied = files.is_some_and(|files| files.iter().all(|file| covers(EMPTIED, file)));
            if !is_emptied && self.is_new(effect.span, true) {
                self.login(login.command, effect.span, script);
            }
        }
    }

    fn login(&mut self, command: &'static str, span: Span, script: &CiScript) {
        let text = self.source.get(span.start..span.end).unwrap_or_default();
        let token = detect::find(text).into_iter().next().map(|occurrence| occurrence.token);
        let place = match self.dialect.logins() {
            Logins::InContainer => "in the container",
            Logins::InImage => "in the image",
            Logins::OnRunner => "on the runner",
            Logins::WhereBuilt => "on the machine that builds",
        };
        // A person who runs a script may want the login; a build never does.
        let confidence = match self.dialect.logins() {
            Logins::WhereBuilt => Confidence::Medium,
            _ => Confidence::High,
        };
        let is_given = script.exported().any(|(name, _)| is_read(&name.to_str()));
        let help = ci_help::for_login(self.dialect, text, token.as_ref(), is_given).trimmed();
        let hits = match self.dialect.logins() {
            Logins::WhereBuilt => &mut self.logins,
            _ => &mut self.hits,
        };
        hits.push(CiHit {
            confidence,
            span,
            token,
            message: message!(
                "`{}` in {} leaves a token file {}",
                command,
                script.place,
                Message::own(place)
            ),
            help,
            subject: Message::own(command),
        });
    }
}

/// Returns the steps of several scripts, one after the other.
fn steps(scripts: &[CiScript]) -> Vec<Step> {
    let mut all = Vec::new();
    for script in scripts {
        let first = all.len();
        all.extend(shell::steps(&script.script).into_iter().map(|mut step| {
            step.feeder = step.feeder.map(|feeder| feeder + first);
            step
        }));
    }
    all
}

/// Returns the confidence that a build argument has a token, or `None` if it has none.
fn confidence(name: &str, argument: &BuildArgument) -> Option<Confidence> {
    let by_variable = argument.carries.then_some(Confidence::Medium);
    let Some(value) = &argument.value else {
        return detect::is_token_variable(name).then_some(Confidence::High).or(by_variable);
    };
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
    Carriers::default().carries(&text).then_some(Confidence::Medium).or(by_variable)
}

#[cfg(test)]
mod dialects_tests;
#[cfg(test)]
mod tests;
