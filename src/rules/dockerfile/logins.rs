//! Finds the logins in `RUN`s that leave a token file behind. Two rules report them, by where the token
//! comes from.

use super::hit::Residue;
use super::{
    Context, Hit, Steps,
    credential_store::credential_stores,
    hit::{left_in, left_in_layer, lower},
};
use crate::detect::Confidence;
use crate::dockerfile::{Instruction, Keyword, Mount, MountKind, Origin as From, Scope, mounts, normal};
use crate::effects::{
    Act, CleanUps, Event, Origin, Paths, Reader, Source, covers, is_in_environment, origin,
};
use crate::finding::Where;
use crate::mask::{Message, message};
use crate::rules::Rule;
use crate::shell::{Script, Step};
use crate::text::{Span, Text};

/// A login that leaves something behind.
pub(crate) struct Login {
    pub(crate) span: Span,
    /// Where its token comes from.
    pub(crate) origin: Origin,
    /// Whether a `git clone` behind it counts on it.
    pub(crate) is_for_git: bool,
    /// `hf auth login`: the command in normal form.
    command: &'static str,
    /// Whether its token comes from a mounted secret.
    pub(crate) has_secret: bool,
    leaves: Vec<Residue>,
    pub(crate) stage: Option<usize>,
    is_onbuild: bool,
}

impl Login {
    pub(crate) fn hit(&self, rule: &'static Rule, confidence: Confidence, effect: &'static str) -> Hit {
        let cached_only = self.leaves.iter().all(|leaves| leaves.place == Where::BuildCache);
        let effect = if cached_only { "leaves a token file in the builder's cache mount" } else { effect };
        Hit {
            rule,
            severity: if cached_only { lower(rule.severity) } else { rule.severity },
            confidence,
            span: self.span,
            token: None,
            message: message!("`{}` {}", self.command, Message::own(effect)),
            help: self.help(),
            remarks: Vec::new(),
            leaves: self.leaves.clone(),
            stage: self.stage,
            subject: Message::own(self.command),
        }
    }

    /// What to do about it in general.
    fn help(&self) -> Message {
        let secret = match &self.origin.source {
            Source::Secret(mount) => Some(mount),
            Source::Literal | Source::Other => None,
        };
        let id = secret.and_then(|mount| mount.id.as_ref());
        let id = id.map_or("HF_TOKEN", String::as_str);
        let run = Message::own(if self.is_onbuild { "ONBUILD RUN" } else { "RUN" });
        let git = Message::own(if self.is_for_git {
            ". Git does not: in place of `git clone` use `hf download`, or a credential helper that reads HF_TOKEN in the same \
         RUN"
        } else {
            ""
        });
        message!(
            "Delete the login, and write `{} --mount=type=secret,id={},env=HF_TOKEN hf download …` where the token is \
         needed: the Hub's tools read HF_TOKEN from the environment{}. Build with `docker build --secret id={},env=HF_TOKEN .`",
            run,
            id,
            git,
            id
        )
    }
}

/// All logins of a file that leave something behind.
pub(crate) fn find(context: &Context<'_>) -> Vec<Login> {
    let mut logins = Vec::new();
    let stores = credential_stores(context);
    let uses: [&[u8]; 7] =
        [b"git clone", b"git pull", b"git fetch", b"git lfs", b"git submodule", b"git -C", b"git+https://"];
    let last_clone =
        uses.iter().filter_map(|text| memchr::memmem::rfind(context.source, text)).max().unwrap_or(0);
    for ((instruction, scope), store) in context.instructions().zip(&stores) {
        let acts = instruction.effective();
        if acts.keyword != Keyword::Run {
            continue;
        }
        let Some(Steps { script, steps }) = context.script(instruction) else { continue };
        let run =
            Run { instruction, scope, mounts: mounts(acts, scope), store: store.as_deref(), last_clone };
        logins.extend(run.logins(script, steps));
    }
    logins
}

struct Run<'a> {
    instruction: &'a Instruction,
    scope: Scope<'a>,
    mounts: Vec<Mount>,
    store: Option<&'a str>,
    /// Where the file's last use of a remote repository stands.
    last_clone: usize,
}

impl Run<'_> {
    fn logins(&self, script: &Script, steps: &[Step]) -> Vec<Login> {
        let reader = Reader { has_token: is_in_environment(&self.mounts, self.scope), store: self.store };
        let events = reader.read(steps, &mut Paths::new(self.scope));
        let mut logins = Vec::new();
        let mut known: Option<(usize, Origin, bool)> = None;
        let mut later = CleanUps::default();
        for Event { act, branches } in events.iter().rev() {
            let (command, span, files, place, step) = match act {
                Act::Login { command, span, files, place, step } => (*command, *span, files, place, *step),
                Act::Logout(files) => {
                    later.logout(branches, files.as_deref());
                    continue;
                }
                Act::Remove(removals) => {
                    later.remove(branches, removals);
                    continue;
                }
                Act::Copy => {
                    later.copy();
                    continue;
                }
            };
            if later.logs_out(branches, place.as_deref()) {
                continue;
            }
            let Some(leaves) = self.left(files.as_deref(), &later, branches) else { continue };
            // A script has many logins, and is one step.
            let (origin, is_for_git) = match &known {
                Some((last, origin, is_for_git)) if *last == step => (origin.clone(), *is_for_git),
                _ => {
                    let written = steps.get(step).map_or(span, |step| step.span);
                    let is_for_git = span.start < self.last_clone && is_for_git(script, written);
                    (origin(steps, step, &self.mounts, self.scope), is_for_git)
                }
            };
            known = Some((step, origin.clone(), is_for_git));
            let mut leaves = leaves;
            let has_secret = matches!(origin.source, Source::Secret(_));
            let is_argument = |name: &String| self.scope.get(name).is_some_and(|b| b.origin == From::Arg);
            let in_history = matches!(origin.source, Source::Literal)
                || self.scope.has_token_argument()
                || origin.variables.iter().any(is_argument);
            if in_history && !has_secret && leaves.iter().any(|l| l.place == Where::Layer) {
                leaves.push(left_in(Where::History));
            }
            let stage = self.instruction.stage;
            let is_onbuild = self.instruction.is_onbuild();
            logins.push(Login { span, origin, is_for_git, command, has_secret, leaves, stage, is_onbuild });
        }
        logins.reverse();
        logins
    }

    /// What is still there when the `RUN` ends; none where nothing is.
    fn left(&self, files: Option<&[String]>, later: &CleanUps, branches: &[usize]) -> Option<Vec<Residue>> {
        let Some(files) = files.filter(|_| !later.copied) else { return Some(vec![left_in(Where::Layer)]) };
        let mut leaves = Vec::new();
        for file in files {
            if later.removes(branches, file) {
                continue;
            }
            let left = match self.mount_over(file) {
                Some(MountKind::Cache) => left_in(Where::BuildCache),
                // What is written into memory, or over a bind mount, is gone when the RUN ends.
                Some(_) => continue,
                None => left_in_layer(Some(file)),
            };
            if !leaves.contains(&left) {
                leaves.push(left);
            }
        }
        (!leaves.is_empty()).then_some(leaves)
    }

    /// The mount that a file lies under, secrets and sockets left out: the innermost one.
    fn mount_over(&self, file: &str) -> Option<MountKind> {
        let holds = |mount: &&Mount| {
            matches!(mount.kind, MountKind::Bind | MountKind::Cache | MountKind::Tmpfs)
                && mount
                    .target
                    .as_deref()
                    .is_some_and(|target| !normal(target).is_empty() && covers(target, file))
        };
        let innermost =
            self.mounts.iter().filter(holds).max_by_key(|mount| mount.target.as_ref().map(String::len));
        innermost.map(|mount| mount.kind)
    }
}

/// Whether a login hands its token to git too.
fn is_for_git(script: &Script, login: Span) -> bool {
    let holds = |text: &Text| {
        let (start, end) = (text.offset_of(login.start), text.offset_of(login.end));
        let text = text.slice(start..end);
        [&b"--add-to-git-credential"[..], b"add_to_git_credential"]
            .iter()
            .any(|option| memchr::memmem::find(text.as_bytes(), option).is_some())
    };
    match script {
        Script::Text { text, .. } => holds(text),
        Script::Exec(words) => words.iter().any(holds),
    }
}
