//! Rules about Dockerfiles, which report what the build of a file would leave behind.

mod builders;
mod context_leaks_token;
pub(crate) mod copies_token_file;
mod expansions;
mod flow;
pub(crate) mod hit;
mod ignores;
pub(crate) mod literal_token;
pub(crate) mod login_command;
pub(crate) mod login_with_secret_mount;
pub(crate) mod logins;
mod overridden;
mod probed;
mod provenance;
mod readings;
mod removals;
mod removed_too_late;
pub(crate) mod token_in_arg;
pub(crate) mod token_in_env;
pub(crate) mod token_in_url;
mod token_place;
pub(crate) mod token_written_to_file;
mod triggers;
pub(crate) mod unknown;
mod unshipped;
mod writes;

use super::Rule;
use crate::dockerfile::{Dockerfile, Instruction, Mount, MountKind, Reach, Scope, Scopes, normal};
use crate::effects::{self, BroughtBy, Files, Given, NO_FILES, ReadFile, Run};
use crate::hub::variables::is_read;
use expansions::Expansions;
use flow::Flow;
use std::collections::BTreeMap;

pub(crate) use effects::ScriptPlace;

pub(crate) use context_leaks_token::{ContextCopies, ContextToken};
pub(crate) use hit::Hit;
pub(crate) use hit::Residue;
pub(crate) use ignores::{Ignored, ignored};

/// The rules about Dockerfiles.
pub(crate) const DOCKERFILE_RULES: &[&Rule] = &[
    &literal_token::RULE,
    &token_in_env::RULE,
    &token_in_arg::RULE,
    &login_command::RULE,
    &login_with_secret_mount::RULE,
    &token_in_url::RULE,
    &token_written_to_file::RULE,
    &copies_token_file::RULE,
    &removed_too_late::RULE,
    &context_leaks_token::RULE,
];

/// A Dockerfile with the data that the rules need.
pub(crate) struct Context<'a> {
    pub(crate) source: &'a [u8],
    pub(crate) dockerfile: &'a Dockerfile,
    pub(crate) scopes: Scopes,
    pub(crate) reach: Reach,
    /// The `RUN`s with their effects.
    runs: Vec<Option<Run>>,
    /// The variables and files that `RUN`s give to the Hub, by the index of the instruction.
    given: BTreeMap<usize, Given>,
    files: Files<'a>,
}

/// A file that a `COPY` brings and a `RUN` gives to the Hub.
pub(crate) struct Brought<'a> {
    pub(crate) by: BroughtBy,
    /// The path in the image.
    pub(crate) path: &'a str,
    /// The index of the `RUN`.
    pub(crate) run: usize,
}

impl<'a> Context<'a> {
    /// Reads a Dockerfile of which the build context is not known.
    pub(crate) fn new(source: &'a [u8], dockerfile: &'a Dockerfile) -> Self {
        Self::within(source, dockerfile, NO_FILES)
    }

    /// Reads a Dockerfile. `read` reads the files of its build context.
    pub(crate) fn within(source: &'a [u8], dockerfile: &'a Dockerfile, read: ReadFile<'a>) -> Self {
        let mut scopes = Scopes::of(dockerfile);
        let files = Files::new(dockerfile, &scopes, read);
        let mut runs = effects::runs(dockerfile, &scopes, &files, &BTreeMap::new());
        let Flow { carriers, given } = flow::of(dockerfile, &scopes, &runs);
        if !carriers.is_empty() || !given.is_empty() {
            scopes = Scopes::with(dockerfile, carriers);
            runs = effects::runs(dockerfile, &scopes, &files, &given);
        }
        let reach = Reach::new(dockerfile, &scopes);
        Self { source, dockerfile, scopes, reach, runs, given, files }
    }

    /// Returns the sources of `COPY`s whose files `RUN`s give to the Hub.
    pub(crate) fn brought(&self) -> impl Iterator<Item = Brought<'_>> {
        self.given.iter().flat_map(move |(&number, given)| {
            let stage = self.dockerfile.instructions.get(number).and_then(|run| run.stage);
            given.files.iter().filter_map(move |path| {
                Some(Brought { by: self.files.brought_by(stage?, number, path)?, path, run: number })
            })
        })
    }

    /// Returns the mounts of secrets whose content goes to the Hub, or is in a variable that its tools read.
    pub(crate) fn hub_secrets(&self) -> impl Iterator<Item = &Mount> {
        let numbered = self.runs.iter().enumerate().filter_map(|(number, run)| Some((number, run.as_ref()?)));
        numbered.flat_map(|(number, run)| {
            let given = self.given.get(&number);
            run.mounts.iter().filter(move |mount| {
                let variable = mount.env.as_ref();
                let file = mount.target.as_deref().map(normal);
                let is_given = given.is_some_and(|given| {
                    variable.is_some_and(|name| given.variables.contains(name))
                        || file.is_some_and(|file| given.files.contains(&file))
                });
                mount.kind == MountKind::Secret && (is_given || variable.is_some_and(|name| is_read(name)))
            })
        })
    }

    /// Returns all instructions, each with the scope before it.
    pub(crate) fn instructions(&self) -> impl Iterator<Item = (&'a Instruction, Scope<'_>)> {
        let numbered = self.dockerfile.instructions.iter().enumerate();
        numbered.map(|(number, instruction)| (instruction, self.scopes.at(number)))
    }

    pub(crate) fn number(&self, instruction: &Instruction) -> usize {
        self.dockerfile.instructions.partition_point(|i| i.span.start < instruction.span.start)
    }

    /// Returns the scope before an instruction of this file.
    pub(crate) fn scope_of(&self, instruction: &Instruction) -> Scope<'_> {
        self.scopes.at(self.number(instruction))
    }

    /// Returns all `RUN`s with their effects, in order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&'a Instruction, Scope<'_>, &Run)> {
        let runs = self.runs.iter();
        self.instructions()
            .zip(runs)
            .filter_map(|((instruction, scope), run)| Some((instruction, scope, run.as_ref()?)))
    }

    /// Returns the effects of a `RUN` of this file. Returns `None` for other instructions and for a `RUN`
    /// without arguments.
    pub(crate) fn run(&self, instruction: &Instruction) -> Option<&Run> {
        self.runs.get(self.number(instruction))?.as_ref()
    }

    /// Returns true for a trigger that no stage of this file runs. Its text is in the image, and it acts in the builds
    /// of images that are based on it. The triggers of a base are not in the images that are based on it.
    fn is_waiting(&self, instruction: &Instruction) -> bool {
        instruction.is_onbuild() && !self.reach.is_base(instruction.stage)
    }

    pub(crate) fn is_comment(&self, offset: usize) -> bool {
        let comments = &self.dockerfile.comments;
        let comment = comments.get(comments.partition_point(|comment| comment.span.end <= offset));
        comment.is_some_and(|comment| comment.span.contains(offset))
    }

    /// Returns the instruction that contains this offset. Returns `None` in a comment, which is not part of
    /// any build.
    pub(crate) fn holder(&self, offset: usize) -> Option<&'a Instruction> {
        if self.is_comment(offset) {
            return None;
        }
        let instructions = &self.dockerfile.instructions;
        let found = instructions.get(instructions.partition_point(|i| i.span.end <= offset));
        found.filter(|instruction| instruction.span.contains(offset))
    }
}

/// Runs all rules over a Dockerfile. The hits are sorted by position, then by rule.
#[cfg(any(test, feature = "internals"))]
pub(crate) fn check(source: &[u8], dockerfile: &Dockerfile) -> Vec<Hit> {
    find(&Context::new(source, dockerfile))
}

/// Runs all rules over a Dockerfile. The help of a hit does not depend on the rest of the file. The hits
/// are sorted by position, then by rule.
pub(crate) fn find(context: &Context<'_>) -> Vec<Hit> {
    let mut hits = literal_token::check(context);
    let expansions = Expansions::new(context);
    hits.extend(token_in_env::check(context, &expansions));
    hits.extend(token_in_arg::check(context, &expansions));
    let logins = logins::find(context);
    hits.extend(login_command::check(&logins));
    hits.extend(login_with_secret_mount::check(&logins));
    let writes = writes::find(context);
    hits.extend(token_in_url::check(context, &writes));
    hits.extend(token_written_to_file::check(context, &writes));
    hits.extend(copies_token_file::check(context));
    let unreported = unknown::unreported(context, &hits);
    hits.extend(unreported);
    let removed = removals::find(context);
    let late = removed_too_late::check(context, &hits, &removed);
    hits.extend(late);
    overridden::take_away(context, &mut hits);
    for hit in &mut hits {
        let is_literal = hit.rule.id == literal_token::RULE.id;
        triggers::forecast(context, hit);
        hit.forecast(&context.reach, &removed, is_literal);
        unshipped::reword(hit);
    }
    provenance::add(context, &mut hits);
    hits.extend(token_in_arg::undeclared(context));
    builders::say(context, &mut hits);
    hits.sort_by_key(|hit| (hit.span, hit.rule.id));
    // One place may leave several files.
    hits.dedup_by(|b, a| {
        let is_same = a.rule.id == b.rule.id && a.span == b.span;
        if is_same {
            let more = b.leaves.drain(..).filter(|leaves| !a.leaves.contains(leaves));
            let more: Vec<_> = more.collect();
            a.leaves.extend(more);
        }
        is_same
    });
    hits
}

#[cfg(test)]
mod clean_up_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod forecast_tests;
#[cfg(test)]
mod program_tests;
#[cfg(test)]
mod run_script_tests;
#[cfg(test)]
mod script_tests;
#[cfg(test)]
mod tests;
