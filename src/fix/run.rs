//! Mends one `RUN`: logins and token text are removed, and the secrets that the remaining commands need are
//! mounted.

use crate::hub::variables::HF_TOKEN;

use super::outcome::{Declined, Secret};
use super::{
    clone::{self, Clone, Given},
    cut::{Cut, Page},
    defaults::{Default, default},
    edit::Edits,
    keys::Key,
    literal::{self, Place},
    mounts::{Ids, Mounting},
    names::Names,
    needs::{Needs, Reading},
    script::cut,
    settings::Settings,
    unset::unset,
};
use crate::dockerfile::Instruction;
use crate::dockerfile::Mount;
use crate::dockerfile::MountKind;
use crate::dockerfile::Scope;
use crate::effects::Agent;
use crate::effects::Effect;
use crate::effects::EffectKind;
use crate::effects::Run;
use crate::effects::TokenOrigin;
use crate::effects::git;
use crate::effects::holds_word;
use crate::effects::login_files_in;
use crate::mask::Masked;
use crate::rules::dockerfile::hit::within;
use crate::rules::dockerfile::logins::{Login, User};
use crate::rules::dockerfile::{Context, Hit, literal_token, token_in_url};
use crate::shell;
use crate::shell::Command;
use crate::shell::Language;
use crate::shell::Script;
use crate::shell::Step;
use crate::shell::StepKind;
use crate::text::Span;

/// The maximum number of findings of one `RUN` that are mended in one round.
pub(super) const MAX_HITS: usize = 16;

/// Returns the spans in order, with overlapping spans united.
fn united(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.collect();
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        last.end = if overlaps { last.end.max(next.end) } else { last.end };
        overlaps
    });
    spans
}

/// The state of a file that is being mended.
pub(super) struct Mending<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) page: Page<'a>,
    pub(super) hits: &'a [Hit],
    pub(super) names: &'a Names,
    pub(super) settings: &'a Settings,
    pub(super) ids: &'a Ids,
    pub(super) keys: &'a [Key],
}

/// The remains of a `RUN`.
pub(super) enum Written {
    /// The `RUN`, with the secrets that it gets.
    Run {
        secrets: Vec<Secret>,
        is_about_token: bool,
        /// Whether its logins could not be removed.
        is_kept: bool,
    },
    Nothing,
}

/// A `RUN` that is being mended.
pub(super) struct MendedRun<'a> {
    mending: &'a Mending<'a>,
    instruction: &'a Instruction,
    scope: Scope<'a>,
    run: &'a Run,
    /// The commands of the script, if it is a shell script.
    commands: Vec<Command>,
    /// The logins to remove.
    targets: Vec<Span>,
    /// Token text, each with the variable that replaces it.
    literals: Vec<(Span, String)>,
    clones: Vec<Clone>,
}

impl<'a> MendedRun<'a> {
    pub(super) fn new(
        mending: &'a Mending<'a>,
        instruction: &'a Instruction,
        scope: Scope<'a>,
    ) -> Option<Self> {
        let run = mending.context.run(instruction)?;
        let commands = match &run.script {
            Script::Text { language: Language::Shell, text } => shell::commands(text),
            Script::Text { .. } | Script::Exec(_) => Vec::new(),
        };
        let (targets, literals, clones) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { mending, instruction, scope, run, commands, targets, literals, clones })
    }

    /// Records the findings in this `RUN`. Returns the secret from which a login took its token.
    pub(super) fn take(&mut self, logins: &[&Login<'_>], declined: &mut Vec<Declined>) -> Option<String> {
        let Mending { context, hits, names, settings, .. } = *self.mending;
        let mut given = None;
        let id = |login: &Login<'_>| match login.origin {
            TokenOrigin::Secret(mount) => mount.id.clone(),
            TokenOrigin::Literal | TokenOrigin::Other => {
                let known = |name: &&str| Some(settings.variables.get(*name)?.id(self.scope, name));
                let variable = login.variables.iter().find_map(known);
                let literal = || names.of(hits, self.pipeline(login.span)).map(str::to_owned);
                variable.or_else(literal)
            }
        };
        let ids: Vec<_> =
            logins.iter().map(|login| id(login).unwrap_or_else(|| HF_TOKEN.to_owned())).collect();
        let refused = if self.has_quoted_mount() {
            Some("the flags of this RUN have quotes in them")
        } else if ids.iter().any(|id| ids.first() != Some(id)) {
            Some("the RUN logs in with several tokens")
        } else {
            None
        };
        for (login, id) in logins.iter().zip(ids) {
            if let Some(why) = refused {
                declined.push(Declined { span: login.span, why: Masked::own(why) });
                continue;
            }
            if login.user == User::Git {
                let why = "a later `git clone` relies on the login, and git does not read HF_TOKEN: use `hf \
                     download` instead";
                declined.push(Declined { span: login.span, why: Masked::own(why) });
                continue;
            }
            self.targets.push(login.span);
            given = Some(id);
        }
        // Without the token text, a login that is followed by a logout would fail. The variable replaces
        // that login too.
        for hit in within(hits, self.instruction.span).take(MAX_HITS) {
            if let Some(span) = self.undone_login(hit).filter(|_| refused.is_none()) {
                given = given.or_else(|| names.of(hits, self.pipeline(span)).map(str::to_owned));
                self.targets.push(span);
            }
        }
        for hit in within(hits, self.instruction.span).take(MAX_HITS) {
            if hit.rule.id == token_in_url::RULE.id {
                let found = clone::find(&self.commands, hit.span);
                match found.filter(|found| self.can_ask(found)) {
                    Some(found) => self.clones.push(found),
                    None => declined.push(Declined {
                        span: hit.span,
                        why: Masked::own(
                            "only the URL of a plain `git clone` can be rewritten: use `hf download`, which reads \
                             HF_TOKEN",
                        ),
                    }),
                }
            } else if hit.rule.id == literal_token::RULE.id
                && !self.targets.iter().any(|target| target.overlaps(hit.span))
            {
                match literal::place(context.source, &self.run.script, &self.commands, hit.span) {
                    Place::Shell(_) => {
                        let name = names.of(hits, hit.span).unwrap_or(HF_TOKEN);
                        self.literals.push((hit.span, name.to_owned()));
                    }
                    Place::Elsewhere(why) => {
                        declined.push(Declined { span: hit.span, why: Masked::own(why) });
                    }
                }
            }
        }
        given
    }

    /// Records a token file of the Hub that the `RUN` itself writes. Writing it is equivalent to a login.
    pub(super) fn writes_token_file(&mut self, hit: &Hit) -> Option<String> {
        let places = login_files_in(self.scope)?;
        let is_place = |path: &String| places.contains(path);
        let in_layer = hit.leaves.iter().filter_map(|leaves| leaves.path.as_ref());
        if !in_layer.clone().any(is_place) || !in_layer.clone().all(is_place) {
            return None;
        }
        self.targets.push(hit.span);
        let text = self.mending.page.source.get(hit.span.start..hit.span.end).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let is_used = |mount: &&Mount| {
            let names = [&mount.target, &mount.env];
            mount.kind == MountKind::Secret
                && names.into_iter().flatten().any(|name| name.len() > 1 && holds_word(&text, name))
        };
        let secret = self.run.mounts.iter().find(is_used).and_then(|mount| mount.id.clone());
        Some(secret.unwrap_or_else(|| HF_TOKEN.to_owned()))
    }

    /// Writes the changes. `logged_in` is the secret that replaces the logins up to here, and `before` the one without
    /// the logins of this `RUN`, which may have to stay.
    pub(super) fn write(
        self,
        logged_in: Option<&str>,
        before: Option<&str>,
        edits: &mut Edits,
        declined: &mut Vec<Declined>,
    ) -> Written {
        let mut all = self.targets.clone();
        if logged_in.is_some() {
            all.extend(self.ends_of_logins());
        }
        let cut = |targets: &[Span]| {
            cut(self.mending.page, &self.run.script, &self.commands, &self.run.steps, targets)
        };
        all.extend(unset(self.run, &self.commands, self.mending.settings));
        let made = cut(&all).or_else(|| cut(&self.targets));
        let is_kept = made.is_none();
        let logged_in = if is_kept { before } else { logged_in };
        let (deleted, replaced) = match made {
            Some(Cut::All) if all.is_empty() => (Vec::new(), Vec::new()),
            Some(Cut::All) => return Written::Nothing,
            Some(Cut::Parts { deleted, replaced }) => (deleted, replaced),
            None => {
                let why = "it is written in a way that cannot be rewritten safely";
                declined.extend(self.targets.iter().map(|&span| Declined { span, why: Masked::own(why) }));
                (Vec::new(), Vec::new())
            }
        };
        let gone = united(deleted.iter().copied().chain(replaced.iter().map(|(span, _)| *span)));
        let rest = self.rest(&gone);
        let Mending { settings, ids, .. } = *self.mending;
        let had_login = !self.targets.is_empty() && !is_kept;
        let reading =
            Reading { run: self.run, scope: self.scope, settings, rest: &rest, gone: &gone, had_login };
        let Needs { variables: mut needed, mut is_about_token } = reading.needs(logged_in);
        let is_gone = |span: Span| gone.iter().any(|gone| gone.overlaps(span));
        for (literal, variable) in self.literals.iter().filter(|(literal, _)| !is_gone(*literal)) {
            needed.entry(variable.clone()).or_insert_with(|| variable.clone());
            is_about_token = true;
            if let Place::Shell(quotes) =
                literal::place(self.mending.page.source, &self.run.script, &self.commands, *literal)
            {
                let (span, text) = quotes.write(variable, self.mending.page.source, *literal);
                edits.replace(span, text);
            }
        }
        for clone in self.clones.iter().filter(|clone| !is_gone(clone.command)) {
            clone.write(edits);
            if clone.is_literal {
                needed.entry(HF_TOKEN.to_owned()).or_insert_with(|| HF_TOKEN.to_owned());
            }
            is_about_token = true;
        }
        for name in needed.keys() {
            let written =
                default(self.mending.context, self.mending.page, self.instruction, self.scope, name);
            if let (Default::Written(expansions), true) =
                (written, self.mending.settings.variables.contains_key(name))
            {
                for (span, with) in expansions.into_iter().filter(|(span, _)| !is_gone(*span)) {
                    edits.replace(span, with);
                }
            }
        }
        edits.delete(deleted);
        for (span, with) in replaced {
            edits.replace(span, with);
        }
        let source = self.mending.page.source;
        let mounting =
            Mounting { source, instruction: self.instruction, run: self.run, ids, rest: &rest, had_login };
        Written::Run { secrets: mounting.write(needed, edits), is_about_token, is_kept }
    }

    /// Returns the effects of the commands of the script itself.
    fn effects(&self) -> impl Iterator<Item = &'a Effect> {
        let is_command = |effect: &&Effect| {
            let step = self.run.steps.get(effect.step);
            effect.by == Agent::Step && step.is_some_and(|step| matches!(step.kind, StepKind::Program { .. }))
        };
        self.run.effects.iter().filter(is_command)
    }

    /// Returns the login that token text belongs to.
    fn undone_login(&self, hit: &Hit) -> Option<Span> {
        let login = self.effects().find(|effect| {
            matches!(effect.kind, EffectKind::Login(_)) && self.pipeline(effect.span).overlaps(hit.span)
        })?;
        let is_new = hit.rule.id == literal_token::RULE.id && !self.targets.contains(&login.span);
        is_new.then_some(login.span)
    }

    /// Returns true if the credential helper of a clone sees the variable, and no later command relies on
    /// the URL that git stored.
    fn can_ask(&self, clone: &Clone) -> bool {
        let mut mounts = self.run.mounts.iter().filter(|mount| mount.kind == MountKind::Secret);
        let is_there = match clone.given() {
            _ if clone.is_literal => true,
            Some(Given::File(file)) => mounts.any(|mount| mount.target.as_deref() == Some(file)),
            Some(Given::Variable(name)) => {
                let is_mounted = mounts.any(|mount| mount.env.as_deref() == Some(name));
                let is_set = |step: &Step| match &step.kind {
                    StepKind::Program { assignments, arguments, .. } => {
                        assignments.iter().any(|(set, _)| set == name)
                            || arguments.iter().any(|word| word.text.to_str().split('=').next() == Some(name))
                    }
                    StepKind::Python(_) => false,
                };
                (is_mounted || self.mending.settings.in_scope(self.scope).any(|(known, _)| known == name))
                    && !self.run.steps.iter().any(is_set)
            }
            None => false,
        };
        let behind = self.mending.page.source.get(clone.command.end..).unwrap_or_default();
        is_there && !git::uses_clone(behind)
    }

    /// Returns true if a mount is written with quotes. The spans of its words do not give its position
    /// then.
    fn has_quoted_mount(&self) -> bool {
        let quote = |span: Span| {
            let behind = self.mending.page.source.get(span.start..span.end + 1).unwrap_or_default();
            behind.iter().any(|byte| matches!(byte, b'"' | b'\''))
        };
        self.instruction.effective().flags.iter().any(|flag| quote(flag.span))
    }

    /// Returns the span of the login and of the command that is piped into it.
    fn pipeline(&self, login: Span) -> Span {
        let steps = &self.run.steps;
        let step = steps.iter().find(|step| step.span == login);
        let feeder = step.and_then(|step| steps.get(step.feeder?));
        feeder.map_or(login, |feeder| feeder.span.to(login))
    }

    /// Returns the source of the `RUN` without the removed parts, to search it for names. It may hold a
    /// token.
    fn rest(&self, gone: &[Span]) -> zeroize::Zeroizing<String> {
        let mut edits = Edits::default();
        let span = self.instruction.span;
        let within = |gone: &Span| {
            Span::new(gone.start.saturating_sub(span.start), gone.end.saturating_sub(span.start))
        };
        edits.delete(gone.iter().filter(|gone| gone.start >= span.start).map(within));
        let flags = self.instruction.effective().flags.iter().map(|flag| within(&flag.span));
        edits.delete(flags);
        let comments = self.mending.page.comments.iter().map(|comment| comment.span);
        edits.delete(
            comments
                .filter(|comment| span.start <= comment.start && comment.end <= span.end)
                .map(|c| within(&c)),
        );
        let source = self.mending.page.source.get(span.start..span.end).unwrap_or_default();
        zeroize::Zeroizing::new(String::from_utf8_lossy(&edits.apply(source)).into_owned())
    }

    /// Returns the commands that end a login, which would fail or do nothing without one. Returns none if a
    /// login stays.
    fn ends_of_logins(&self) -> Vec<Span> {
        let files = login_files_in(self.scope);
        let is_key = |path: &String| self.mending.keys.iter().any(|key| key.path == *path);
        let is_file =
            |path: &String| is_key(path) || files.as_ref().is_some_and(|files| files.contains(path));
        let is_target = |effect: &Effect| self.targets.iter().any(|target| target.overlaps(effect.span));
        let is_login = |effect: &&Effect| matches!(effect.kind, EffectKind::Login(_));
        if self.effects().filter(is_login).any(|login| !is_target(login)) {
            return Vec::new();
        }
        let mut ends = Vec::new();
        let effects: Vec<&Effect> = self.effects().collect();
        for step in effects.chunk_by(|a, b| a.step == b.step) {
            let takes =
                |effect: &&&Effect| !matches!(effect.kind, EffectKind::Read(_) | EffectKind::Helper(_));
            let mut done = step.iter().filter(takes);
            let (Some(effect), None) = (done.next(), done.next()) else { continue };
            match &effect.kind {
                EffectKind::Logout(_) => ends.push(effect.span),
                EffectKind::Removal(removals) => {
                    let mut paths = removals.iter().map(|removal| removal.pattern.as_ref()).peekable();
                    let is_some = paths.peek().is_some();
                    if is_some && paths.all(|path| path.is_some_and(is_file)) {
                        ends.push(effect.span);
                    }
                }
                _ => {}
            }
        }
        ends
    }
}
