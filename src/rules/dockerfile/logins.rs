//! The logins in `RUN`s that leave a token file behind. Two rules report them, depending on the origin of
//! the token.

use std::collections::BTreeSet;

use super::hit::Residue;
use super::{
    Context, Hit,
    hit::{in_script, left_in, left_in_layer, lower},
};
use crate::detect::Confidence;
use crate::dockerfile::{Instruction, MountKind, Origin, Scope};
use crate::effects::{
    Handover, LoginLeft, Place, Run, ScriptPlace, TokenOrigin, git, logins_left, variables_of,
};
use crate::finding::Where;
use crate::hub::variables::HF_TOKEN;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Rule;
use crate::text::Span;

/// A login that leaves a residue.
pub(crate) struct Login<'a> {
    pub(crate) span: Span,
    /// The origin of its token.
    pub(crate) origin: TokenOrigin<'a>,
    /// The variables through which its token passes.
    pub(crate) variables: BTreeSet<&'a str>,
    /// A user of the login other than the Hub's tools.
    pub(crate) user: User,
    /// The command in normal form, such as `hf auth login`.
    command: &'static str,
    leaves: Vec<Residue>,
    /// The place in a script file, if that logs in.
    pub(crate) script: Option<ScriptPlace>,
    pub(crate) stage: Option<usize>,
    /// The replacement for the instruction.
    run: &'static str,
}

/// A user of a login other than the Hub's tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Nothing,
    /// Git, which is given the token and later fetches from a repository.
    Git,
}

impl Login<'_> {
    /// Returns true if its token comes from a mounted secret.
    pub(crate) fn has_secret(&self) -> bool {
        matches!(self.origin, TokenOrigin::Secret(_))
    }

    pub(crate) fn hit(&self, rule: &'static Rule, confidence: Confidence, effect: &'static str) -> Hit {
        let cached_only = self.leaves.iter().all(|leaves| leaves.place == Where::BuildCache);
        let effect = if cached_only { "leaves a token file in the builder's cache mount" } else { effect };
        Hit {
            rule,
            severity: if cached_only { lower(rule.severity) } else { rule.severity },
            confidence,
            span: self.span,
            token: None,
            message: in_script(message!("`{}` {}", self.command, Message::own(effect)), self.script.as_ref()),
            help: self.help(),
            script: self.script.clone(),
            remarks: Vec::new(),
            leaves: self.leaves.clone(),
            stage: self.stage,
            subject: Message::own(self.command),
        }
    }

    /// Returns the general advice.
    fn help(&self) -> Message {
        let secret = match self.origin {
            TokenOrigin::Secret(mount) => Some(mount),
            TokenOrigin::Literal | TokenOrigin::Other => None,
        };
        let id = secret.and_then(|mount| mount.id.as_ref());
        let id = id.map_or(HF_TOKEN, String::as_str);
        let run = Message::own(self.run);
        let git = Message::own(match self.user {
            User::Git => {
                ". Git does not: instead of `git clone`, use `hf download`, or a credential helper that reads \
                 HF_TOKEN in the same RUN"
            }
            User::Nothing => "",
        });
        message!(
            "Delete the login, and write `{} --mount=type=secret,id={},env=HF_TOKEN hf download …` where the token \
             is needed: the Hub's tools read HF_TOKEN from the environment{}. Build with `docker build --secret \
             id={},env={} .`",
            run,
            id,
            git,
            id,
            variable_of(id, HF_TOKEN).to_owned()
        )
    }
}

/// Returns the variable of the build's caller from which a secret may be taken: `other`, unless the id is a name of
/// variables.
pub(crate) fn variable_of<'a>(id: &'a str, other: &'a str) -> &'a str {
    let is_name = id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_name { id } else { other }
}

/// Returns all logins of a file that leave a residue, in order.
pub(crate) fn find<'a>(context: &'a Context<'_>) -> Vec<Login<'a>> {
    let last_use = git::last_use(context.source).unwrap_or(0);
    let mut logins = Vec::new();
    for (instruction, scope, run) in context.runs() {
        let site = Site { instruction, scope, run, last_use };
        logins.extend(logins_left(run.effects.iter()).into_iter().filter_map(|left| site.login(left)));
    }
    logins
}

/// A `RUN` and its context in the file.
struct Site<'a> {
    instruction: &'a Instruction,
    scope: Scope<'a>,
    run: &'a Run,
    /// The offset of the file's last use of a remote repository.
    last_use: usize,
}

impl<'a> Site<'a> {
    /// Returns the login with its residues, or `None` if it leaves nothing in the layer or in a cache.
    fn login(&self, left: LoginLeft<'a>) -> Option<Login<'a>> {
        let LoginLeft { number, login, files } = left;
        let effect = self.run.effects.get(number)?;
        let span = effect.span;
        let mut leaves = self.left(files.as_deref());
        if leaves.is_empty() {
            return None;
        }
        let origin = self.run.origin(login, self.scope);
        let has_secret = matches!(origin, TokenOrigin::Secret(_));
        let is_argument = |name: &&str| self.scope.get(name).is_some_and(|b| b.origin == Origin::Arg);
        let variables: BTreeSet<&str> = variables_of(&login.token).collect();
        let in_history = matches!(origin, TokenOrigin::Literal)
            || self.scope.has_token_argument()
            || variables.iter().any(is_argument);
        if in_history && !has_secret && leaves.iter().any(|leaves| leaves.place == Where::Layer) {
            leaves.push(left_in(Where::History));
        }
        let is_for_git = login.handover == Handover::ToGit && span.start < self.last_use;
        Some(Login {
            span,
            origin,
            variables,
            user: if is_for_git { User::Git } else { User::Nothing },
            command: login.command,
            leaves,
            script: effect.script.clone(),
            stage: self.instruction.stage,
            run: if self.instruction.is_onbuild() { "ONBUILD RUN" } else { "RUN" },
        })
    }

    /// Returns the locations of a login's files when the `RUN` ends.
    fn left(&self, files: Option<&[&str]>) -> Vec<Residue> {
        let Some(files) = files else { return vec![left_in(Where::Layer)] };
        let mut leaves = Vec::new();
        for file in files {
            let left = match self.run.place(file) {
                Place::Layer => left_in_layer(Some(file)),
                Place::Mount(MountKind::Cache) => left_in(Where::BuildCache),
                // Files in memory or on a bind mount are gone when the RUN ends.
                Place::Mount(_) | Place::Device => continue,
            };
            if !leaves.contains(&left) {
                leaves.push(left);
            }
        }
        leaves
    }
}
