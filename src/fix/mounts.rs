//! The secret mounts of a `RUN`, and the ids that a file gives to its secrets.

use std::collections::BTreeMap;

use super::edit::Edits;
use super::outcome::Secret;
use super::readers::readers;
use crate::dockerfile::{Flag, Instruction, Mount, MountKind};
use crate::effects::{Reader, Run, holds_word};
use crate::hub::variables::is_read;
use crate::rules::dockerfile::Context;

/// The secrets that a file mounts already, each with the variable that holds it.
pub(super) struct Ids {
    all: Vec<(String, Option<String>)>,
    /// The secret that is given to the Hub, if there is one alone.
    of_hub: Option<String>,
}

impl Ids {
    pub(super) fn new(context: &Context<'_>) -> Self {
        let mounts = context.runs().flat_map(|(_, _, run)| &run.mounts);
        let secrets = mounts.filter(|mount| mount.kind == MountKind::Secret);
        let all = secrets.filter_map(|mount| Some((mount.id.clone()?, mount.env.clone()))).collect();
        let mut ids = context.hub_secrets().filter_map(|mount| mount.id.as_ref());
        let first = ids.next().filter(|first| ids.all(|id| id == *first));
        Self { all, of_hub: first.cloned() }
    }

    /// Returns the id under which the file mounts the secret of this name, or else the name itself.
    pub(super) fn of<'a>(&'a self, name: &'a str) -> &'a str {
        let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
        let is_same = |other: &str| {
            plain(other) == plain(name) || (is_read(name) && is_read(&plain(other).to_ascii_uppercase()))
        };
        let find = |is_it: &dyn Fn(&str, Option<&str>) -> bool| {
            self.all.iter().find(|(id, variable)| is_it(id, variable.as_deref()))
        };
        let found = find(&|id, _| id == name)
            .or_else(|| find(&|_, variable| variable == Some(name)))
            .or_else(|| find(&|id, variable| is_same(id) || variable.is_some_and(is_same)));
        let of_hub = self.of_hub.as_deref().filter(|_| is_read(name));
        found.map(|(id, _)| id.as_str()).or(of_hub).unwrap_or(name)
    }
}

/// A `RUN` that gets secrets.
pub(super) struct Mounting<'a> {
    pub(super) source: &'a [u8],
    pub(super) instruction: &'a Instruction,
    pub(super) run: &'a Run,
    pub(super) ids: &'a Ids,
    /// The text of the commands that are left.
    pub(super) rest: &'a str,
    /// Whether a login was removed.
    pub(super) had_login: bool,
}

impl Mounting<'_> {
    /// Returns true if a program other than the Hub's own tools runs, which may read a mounted file.
    fn reads_files(&self) -> bool {
        readers(self.run).any(|(_, reader)| reader == Reader::Other)
    }

    /// Mounts the secrets that are not mounted yet.
    pub(super) fn write(&self, needed: BTreeMap<String, String>, edits: &mut Edits) -> Vec<Secret> {
        let mut secrets = Vec::new();
        let acts = self.instruction.effective();
        let is_mount = |flag: &&Flag| flag.name.as_bytes() == b"mount" && flag.value.is_some();
        let flags: Vec<_> = acts.flags.iter().filter(is_mount).collect();
        let mut added = String::new();
        let reads_files = self.reads_files();
        for (variable, name) in needed {
            let id = self.ids.of(&name).to_owned();
            let is_secret = |mount: &Mount| mount.kind == MountKind::Secret;
            if self.run.mounts.iter().any(|mount| is_secret(mount) && mount.env.as_ref() == Some(&variable)) {
                continue;
            }
            // A mount that only the login used is reused.
            let is_free = |mount: &Mount| {
                if reads_files {
                    return false;
                }
                let names = [&mount.target, &mount.env];
                is_secret(mount)
                    && mount.id.as_ref() == Some(&id)
                    && !names.into_iter().flatten().any(|name| holds_word(self.rest, name))
            };
            let old = self.run.mounts.iter().zip(&flags).find(|(mount, _)| is_free(mount));
            let required = if old.is_some_and(|(mount, _)| mount.required) { ",required=true" } else { "" };
            let flag = format!("--mount=type=secret,id={id},env={variable}{required}");
            match old {
                Some((_, old)) if self.had_login => edits.replace(old.span, flag),
                _ => added.extend([flag.as_str(), " "]),
            }
            secrets.push(Secret::new(id, &variable));
        }
        if !added.is_empty() {
            let at = acts.keyword_span.end;
            let blank = self.source.get(at..).unwrap_or_default();
            let blanks = blank.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            edits.insert(at + blanks, added);
        }
        secrets
    }
}
