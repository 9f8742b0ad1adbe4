//! Selects the `ARG`, `ENV` and `LABEL` pairs to remove, and the names of the secrets that replace them.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::Page;
use super::defaults::{self, default};
use super::edit::Edits;
use super::outcome::{Declined, Secret};
use crate::detect;
use crate::dockerfile::{Instruction, Keyword, Origin, Pair, Scope};
use crate::effects::{TokenOrigin, expanded, holds_word};
use crate::mask::Masked;
use crate::rules::dockerfile::hit::within;
use crate::rules::dockerfile::logins::Login;
use crate::rules::dockerfile::{Context, Hit, literal_token, token_in_arg, token_in_env};
use crate::shell::Step;
use crate::text::Span;

/// A variable whose value now comes from a secret.
#[derive(Debug, Default, Clone)]
pub(super) struct Variable {
    /// The ids of the secrets from which it takes its values, by the index of the instruction that sets it.
    ids: BTreeMap<usize, String>,
    /// Whether a program may read the variable although the script does not mention it. That is so for the
    /// names of token variables.
    pub(super) is_known: bool,
    /// Whether it is a build argument that only gives its value to another variable.
    pub(super) is_handed_on: bool,
}

impl Variable {
    /// Returns the id of the secret that the variable `name` has in a scope.
    pub(super) fn id(&self, scope: Scope<'_>, name: &str) -> String {
        let here = scope.get(name).and_then(|binding| self.ids.get(&binding.by));
        here.or_else(|| self.ids.values().next()).map_or(name, String::as_str).to_owned()
    }
}

/// The changes to the settings of a file.
#[derive(Default)]
pub(super) struct Settings {
    /// The variables by name.
    pub(super) variables: BTreeMap<String, Variable>,
    /// The names of the `ENV`s to remove.
    pub(super) environment: BTreeSet<String>,
    /// The pairs to remove, by the index of the instruction and of the pair.
    dropped: BTreeSet<(usize, usize)>,
}

struct Candidate {
    keyword: Keyword,
    name: String,
    /// The variable from which the pair takes its value.
    from: Option<String>,
    is_known: bool,
}

const MORE: &str = "its value contains more than the token, and a secret is the token alone";
const SEVERAL: &str = "its value is made of several variables: mount a secret for each, and write the expression into \
                       the RUN";
const LOST: &str = "its default is compared with, and the variable would not be set in a build without the secret: \
                    write `${NAME:-default}` there, and mount the secret";

/// The maximum number of variables of a file that are mended.
const MAX_NAMES: usize = 16;
/// The maximum number of rounds in the search for variables that other settings keep.
const MAX_ROUNDS: usize = 8;

/// Selects the settings to remove. Settings that cannot be removed are added to `declined`.
pub(super) fn settings<'a>(
    context: &Context<'_>,
    page: Page<'_>,
    hits: &[Hit],
    logins: impl Iterator<Item = &'a Login<'a>>,
    declined: &mut Vec<Declined>,
) -> Settings {
    let mut blocked: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut candidates: BTreeMap<(usize, usize), Candidate> = BTreeMap::new();
    let arguments: BTreeSet<String> = logins.flat_map(|login| given(context, login)).collect();
    for (index, (instruction, scope)) in context.instructions().enumerate() {
        let acts = instruction.effective();
        if !matches!(acts.keyword, Keyword::Arg | Keyword::Env) {
            continue;
        }
        for (number, pair) in acts.pairs().iter().enumerate() {
            let is_hit = within(hits, pair.span).any(|hit| {
                let is_setting = hit.rule.id == token_in_arg::RULE.id || hit.rule.id == token_in_env::RULE.id;
                // Before the first FROM, only token text is a problem.
                let is_text = hit.rule.id == literal_token::RULE.id && instruction.stage.is_none();
                (is_setting && hit.span == pair.span) || (is_text && hit.span.overlaps(pair.span))
            });
            let name = scope.name(pair);
            let is_login = acts.keyword == Keyword::Arg && pair.value.is_none() && arguments.contains(&name);
            if !is_hit && !is_login {
                continue;
            }
            let from = reference(pair);
            let value = pair.value.as_ref().map_or_else(String::new, |value| value.to_str().into_owned());
            let variables = expanded(&value).len();
            if from.is_none() && variables > 0 {
                blocked.insert(name.clone(), if variables > 1 { SEVERAL } else { MORE });
            }
            candidates
                .insert((index, number), Candidate { keyword: acts.keyword, name, from, is_known: is_hit });
        }
    }
    let names: BTreeSet<&String> = candidates.values().map(|candidate| &candidate.name).collect();
    let too_many = names.iter().skip(MAX_NAMES);
    blocked.extend(too_many.map(|name| ((*name).clone(), "too many variables of the file carry a token")));
    let mut rounds = 0;
    while block(context, page, &candidates, &mut blocked) {
        rounds += 1;
        if rounds > MAX_ROUNDS {
            let why = "too many variables take their values from each other";
            blocked.extend(candidates.values().map(|candidate| (candidate.name.clone(), why)));
        }
    }
    let sources = sources(context, &candidates);
    let mut settings = Settings::default();
    for (&place, candidate) in &candidates {
        let Candidate { keyword, name, is_known, .. } = candidate;
        if let Some(why) = blocked.get(name) {
            if let Some(pair) = pair_at(context, place) {
                declined.push(Declined { span: pair.span, why: Masked::own(why) });
            }
            continue;
        }
        settings.dropped.insert(place);
        let is_handed_on = *keyword == Keyword::Arg
            && !detect::is_token_variable(name)
            && candidates.values().any(|other| other.from.as_ref() == Some(name) && other.name != *name);
        let known = settings.variables.entry(name.clone()).or_default();
        known.ids.extend(sources.get(name.as_str()).cloned().unwrap_or_default());
        known.is_known |= is_known;
        known.is_handed_on |= is_handed_on;
        if *keyword == Keyword::Env {
            settings.environment.insert(name.clone());
        }
    }
    settings.take_rest(context, hits);
    settings
}

impl Settings {
    /// Adds labels with a token in them, and declarations before the first `FROM` of removed variables.
    fn take_rest(&mut self, context: &Context<'_>, hits: &[Hit]) {
        let is_named = |from: usize, name: &str| {
            let mut later = context.dockerfile.instructions.iter().skip(from + 1);
            later.any(|instruction| {
                let is_setting = matches!(instruction.effective().keyword, Keyword::Arg | Keyword::Env);
                !is_setting
                    && holds_word(&written(context, instruction).replace(&format!("unset {name}"), ""), name)
            })
        };
        for (index, (instruction, scope)) in context.instructions().enumerate() {
            let acts = instruction.effective();
            for (number, pair) in acts.pairs().iter().enumerate() {
                let goes = match acts.keyword {
                    Keyword::Label => {
                        let is_text = |hit: &&Hit| hit.rule.id == literal_token::RULE.id;
                        let holds_token = within(hits, pair.span).any(|hit| is_text(&hit));
                        let names = pair.value.as_ref().map_or_else(String::new, |v| v.to_str().into_owned());
                        let is_used = |name: &&str| {
                            self.variables.contains_key(*name)
                                && scope.get(name).is_some_and(|b| b.value.carries_token)
                        };
                        holds_token || expanded(&names).iter().any(is_used)
                    }
                    Keyword::Arg => {
                        instruction.stage.is_none() && self.variables.contains_key(&scope.name(pair))
                    }
                    // It takes back what another ENV has set.
                    Keyword::Env => {
                        let is_empty = pair
                            .value
                            .as_ref()
                            .is_some_and(|value| value.to_str().trim_matches(['"', '\'']).is_empty());
                        is_empty
                            && self.environment.contains(&scope.name(pair))
                            && !is_named(index, &scope.name(pair))
                    }
                    _ => false,
                };
                if goes {
                    self.dropped.insert((index, number));
                }
            }
            // BuildKit takes the words of a comment behind an ARG for arguments.
            let is_arg = acts.keyword == Keyword::Arg;
            let comment =
                acts.pairs().iter().position(|pair| is_arg && pair.name.as_bytes().starts_with(b"#"));
            if let Some(comment) = comment
                && (0..comment).all(|number| self.dropped.contains(&(index, number)))
            {
                self.dropped.extend((comment..acts.pairs().len()).map(|number| (index, number)));
            }
        }
    }

    /// Returns the removed variables, each with its name and its secret, by the place of the pair.
    pub(super) fn secrets(&self, context: &Context<'_>) -> BTreeMap<Span, (String, Secret)> {
        let mut secrets = BTreeMap::new();
        for &(index, number) in &self.dropped {
            let Some(pair) = pair_at(context, (index, number)) else { continue };
            let name = context.scopes.at(index).name(pair);
            let id = self.variables.get(&name).and_then(|variable| variable.ids.get(&index));
            if let Some(id) = id {
                let secret = Secret::new(id.clone(), &name);
                secrets.insert(pair.span, (name, secret));
            }
        }
        secrets
    }

    /// Returns true if the span is in a removed setting.
    pub(super) fn drops(&self, context: &Context<'_>, span: Span) -> bool {
        let instructions = &context.dockerfile.instructions;
        let index = instructions.partition_point(|instruction| instruction.span.end <= span.start);
        let Some(instruction) = instructions.get(index) else { return false };
        let pairs = instruction.effective().pairs();
        let number = pairs.partition_point(|pair| pair.span.end <= span.start);
        pairs.get(number).is_some_and(|pair| pair.span.overlaps(span))
            && self.dropped.contains(&(index, number))
    }

    /// Returns the variables that a `RUN` in this scope saw before.
    pub(super) fn in_scope(&self, scope: Scope<'_>) -> impl Iterator<Item = (&str, &Variable)> {
        let is_there = move |name: &str| scope.get(name).is_some_and(|b| b.value.may_hold_something());
        self.variables
            .iter()
            .map(|(name, variable)| (name.as_str(), variable))
            .filter(move |(name, _)| is_there(name))
    }

    /// Removes the pairs. Instructions of which no pair stays are added to `gone`.
    pub(super) fn write(
        &self,
        context: &Context<'_>,
        page: Page<'_>,
        edits: &mut Edits,
        gone: &mut BTreeSet<usize>,
    ) {
        let mut by_instruction: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &(index, number) in &self.dropped {
            by_instruction.entry(index).or_default().insert(number);
        }
        for (index, numbers) in by_instruction {
            let Some(instruction) = context.dockerfile.instructions.get(index) else { continue };
            let pairs = instruction.effective().pairs();
            if numbers.len() == pairs.len() {
                gone.insert(index);
                continue;
            }
            let mut number = 0;
            while let Some(first) = pairs.get(number) {
                let count = (number..pairs.len()).take_while(|number| numbers.contains(number)).count();
                let last = (number + count).checked_sub(1).filter(|_| count > 0).and_then(|at| pairs.get(at));
                if let Some(last) = last {
                    let before = number.checked_sub(1).and_then(|at| pairs.get(at));
                    match (pairs.get(number + count), before) {
                        (Some(next), _) => {
                            edits.delete(page.cut_forward(first.span.start, last.span.end, next.span.start));
                        }
                        (None, Some(before)) => {
                            edits.delete(Page::cut_backward(before.span.end, last.span.end));
                        }
                        (None, None) => {}
                    }
                }
                number += count.max(1);
            }
        }
    }
}

/// Returns the variable at the start of the chain from which each candidate takes its value, by name and instruction.
fn sources<'a>(
    context: &Context<'_>,
    candidates: &'a BTreeMap<(usize, usize), Candidate>,
) -> BTreeMap<&'a str, BTreeMap<usize, String>> {
    let mut sources: BTreeMap<&str, BTreeMap<usize, String>> = BTreeMap::new();
    // Values come from earlier instructions, whose sources are known already.
    for (&(index, _), Candidate { name, from, .. }) in candidates {
        let source = from.as_deref().and_then(|from| {
            let by = context.scopes.at(index).get(from)?.by;
            sources.get(from)?.get(&by).cloned()
        });
        sources.entry(name).or_default().insert(index, source.unwrap_or_else(|| name.clone()));
    }
    sources
}

/// Returns the variables through which a login is given its token. If that cannot be followed, these are all
/// variables in its command.
fn given(context: &Context<'_>, login: &Login<'_>) -> Vec<String> {
    if !login.variables.is_empty() || !matches!(login.origin, TokenOrigin::Other) {
        return login.variables.iter().map(|name| (*name).to_owned()).collect();
    }
    let holder = context.holder(login.span.start).and_then(|instruction| context.run(instruction));
    let around = |step: &&Step| step.span.start <= login.span.start && login.span.end <= step.span.end;
    let steps = holder.map(|run| run.steps.as_slice()).unwrap_or_default();
    let Some(step) = steps.iter().filter(around).min_by_key(|step| step.span.end - step.span.start) else {
        return Vec::new();
    };
    let text = context.source.get(step.span.start..step.span.end).unwrap_or_default();
    expanded(&String::from_utf8_lossy(text)).into_iter().map(str::to_owned).collect()
}

fn pair_at<'a>(context: &Context<'a>, (index, number): (usize, usize)) -> Option<&'a Pair> {
    context.dockerfile.instructions.get(index)?.effective().pairs().get(number)
}

/// Returns the variable that is the whole value of a pair. A default may stand behind it, but no other variable.
fn reference(pair: &Pair) -> Option<String> {
    let value = pair.value.as_ref()?.to_str().into_owned();
    let inner = value.trim_matches('"').strip_prefix('$')?;
    let inner = match inner.strip_prefix('{') {
        Some(braced) => {
            let inner = braced.strip_suffix('}')?;
            let (name, rest) = inner.split_at(inner.find([':', '-', '?']).unwrap_or(inner.len()));
            let is_other = rest.starts_with(":+") || rest.contains('$');
            (!is_other).then_some(name)?
        }
        None => inner,
    };
    let is_name = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| inner.to_owned())
}

/// Finds the variables that are still needed elsewhere, where no secret can replace them. Returns true if
/// it found new ones.
fn block(
    context: &Context<'_>,
    page: Page<'_>,
    candidates: &BTreeMap<(usize, usize), Candidate>,
    blocked: &mut BTreeMap<String, &'static str>,
) -> bool {
    let before = blocked.len();
    let names: BTreeSet<&str> = candidates.values().map(|candidate| candidate.name.as_str()).collect();
    let mut lost = Vec::new();
    for (index, (instruction, scope)) in context.instructions().enumerate() {
        let acts = instruction.effective();
        let goes = |number: usize| {
            candidates.get(&(index, number)).is_some_and(|candidate| !blocked.contains_key(&candidate.name))
        };
        let (text, why) = match acts.keyword {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck => {
                for &name in names.iter().filter(|name| !blocked.contains_key(**name)).collect::<Vec<_>>() {
                    if matches!(default(context, page, instruction, scope, name), defaults::Default::Lost) {
                        lost.push(name.to_owned());
                    }
                }
                blocked.extend(lost.drain(..).map(|name| (name, LOST)));
                continue;
            }
            Keyword::Label => continue,
            Keyword::Arg | Keyword::Env => {
                let stay = acts.pairs().iter().enumerate().filter(|(number, _)| !goes(*number));
                let values: Vec<_> =
                    stay.filter_map(|(_, pair)| Some(pair.value.as_ref()?.to_str().into_owned())).collect();
                (values.join(" "), "another variable that stays takes its value from it")
            }
            _ => (written(context, instruction), "an instruction that no secret reaches uses it"),
        };
        for name in expanded(&text) {
            if names.contains(name)
                && scope.get(name).is_some_and(|b| b.origin == Origin::Env || b.value.may_hold_something())
            {
                blocked.entry(name.to_owned()).or_insert(why);
            }
        }
    }
    blocked.len() > before
}

/// Returns the source of an instruction, including its here-documents.
fn written(context: &Context<'_>, instruction: &Instruction) -> String {
    let Span { start, end } = instruction.span;
    String::from_utf8_lossy(context.source.get(start..end).unwrap_or_default()).into_owned()
}
