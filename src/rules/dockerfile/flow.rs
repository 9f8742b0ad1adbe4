//! Variables that carry a token whatever their names are, because their values go where only a token of the Hub goes.
//!
//! Each variable is replaced by a made-up value. If that is found as the credential that a command, a script or a
//! setting gives to the Hub, the variable carries a token, and so does each variable that its own value is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::probed::{FILE, Probed, file_name, read_files};
use super::token_place::TokenPlace;
use crate::detect;
use crate::dockerfile::{Arguments, Base, Carriers, Dockerfile, Instruction, Keyword, Scope, Scopes};
use crate::effects::{Given, Run, declares, expanded};
use crate::shell::{Step, StepKind, Word};

/// The variables and files whose values go to the Hub in a build.
pub(super) struct Flow {
    /// The variables that carry a token by where their values go.
    pub(super) carriers: Carriers,
    /// The files, and the variables of mounts, whose content `RUN`s give to the Hub, by the index of the `RUN`.
    pub(super) given: BTreeMap<usize, Given>,
}

/// Follows the values of variables and files to where only a token of the Hub goes.
pub(super) fn of(dockerfile: &Dockerfile, scopes: &Scopes, runs: &[Option<Run>]) -> Flow {
    let mut found = Carriers::default();
    let mut given = BTreeMap::new();
    let numbered = || dockerfile.instructions.iter().enumerate();
    for ((number, instruction), run) in numbered().zip(runs) {
        let scope = scopes.at(number);
        let mut names = BTreeSet::new();
        if let Some(run) = run {
            let all = in_run(run, scope);
            let mounted = given_by_mounts(run, scope, &all);
            if mounted != Given::default() {
                given.insert(number, mounted);
            }
            names = all.variables;
            names.retain(|name| is_new(scope, name));
        }
        names.extend(in_documents(instruction, scope));
        names.extend(in_addresses(instruction, scope));
        add(dockerfile, instruction.stage, &names, &mut found);
    }
    // A value may be handed on several times, and each time by an earlier instruction.
    for (number, instruction) in numbered().rev() {
        let scope = scopes.at(number);
        let acts = instruction.effective();
        if !matches!(acts.keyword, Keyword::Env | Keyword::Arg | Keyword::Label) {
            continue;
        }
        for pair in acts.pairs() {
            let name = scope.name(pair);
            let Some(value) = &pair.value else { continue };
            let is_variable = acts.keyword != Keyword::Label;
            let is_carrier =
                detect::is_plain_variable(&name) || (is_variable && found.contains(instruction.stage, &name));
            if is_carrier {
                let text = value.to_str();
                let names = expanded(&text).into_iter().filter(|name| is_new(scope, name));
                add(dockerfile, instruction.stage, &names.map(String::from).collect(), &mut found);
            }
        }
    }
    Flow { carriers: found, given }
}

/// Returns the files that a `RUN` gives to the Hub, as normal paths, and the variables of its secret mounts.
fn given_by_mounts(run: &Run, scope: Scope<'_>, all: &Given) -> Given {
    let is_mounted = |name: &&String| run.mounts.iter().any(|mount| mount.env.as_ref() == Some(*name));
    let normal = |file: &String| scope.absolute(file).map(|file| crate::dockerfile::normal(&file));
    Given {
        variables: all.variables.iter().filter(is_mounted).cloned().collect(),
        files: all.files.iter().filter_map(normal).collect(),
    }
}

/// Adds the names in a stage and in the stages on which it is based.
fn add(dockerfile: &Dockerfile, stage: Option<usize>, names: &BTreeSet<String>, found: &mut Carriers) {
    let mut stage = stage;
    while let (Some(number), false) = (stage, names.is_empty()) {
        for name in names {
            found.add(stage, name);
        }
        stage = match dockerfile.stages.get(number).map(|stage| &stage.base) {
            Some(&Base::Stage(base)) if base < number => Some(base),
            _ => None,
        };
    }
}

/// Returns true if an instruction sets the variable, and it is not known yet that it carries a token.
fn is_new(scope: Scope<'_>, name: &str) -> bool {
    scope.get(name).is_some_and(|binding| !binding.value.carries_token)
}

/// Returns the variables of a `RUN` and the files whose values it gives to the Hub.
fn in_run(run: &Run, scope: Scope<'_>) -> Given {
    let mut given = Given::default();
    let place = TokenPlace::of(scope);
    let scripts = run.scripts.iter().map(|script| &**script);
    for steps in std::iter::once(run.steps.as_slice()).chain(scripts.clone()) {
        for step in steps {
            let feeder = step.feeder.and_then(|feeder| steps.get(feeder));
            if !feeder.into_iter().chain([step]).any(may_give) {
                continue;
            }
            let mut text = Probed::default();
            if let Some(feeder) = feeder {
                text.step(feeder, &place);
                text.plain("| ");
            }
            text.step(step, &place);
            if let Some(file) = feeder.and_then(printed_file) {
                text.probe(vec![file_name(&file)]);
            }
            text.copy(step, &place);
            for name in text.given() {
                match name.strip_prefix(FILE) {
                    Some(file) => given.files.insert(file.to_owned()),
                    None => given.variables.insert(name),
                };
            }
        }
    }
    // Variables of the scripts themselves.
    let all = std::iter::once(run.steps.as_slice()).chain(scripts).flatten();
    let set: Vec<(String, Word)> = all.flat_map(assignments).collect();
    let names = &mut given.variables;
    for _ in 0..set.len().min(MAX_ROUNDS) {
        let before = names.len();
        for (name, word) in &set {
            if names.contains(name) || detect::is_plain_variable(name) {
                names.extend(word.variables.iter().cloned());
                given.files.extend(read_files(&word.text.to_str()).map(|(_, file)| file.to_owned()));
            }
        }
        if names.len() == before {
            break;
        }
    }
    given
}

/// Returns true if a step may give a value that is not written in it: of a variable or of a file.
fn may_give(step: &Step) -> bool {
    let expands = |word: &Word| word.has_substitution || !word.variables.is_empty();
    let has_more = !step.documents.is_empty() || !step.inputs.is_empty() || step.outputs.iter().any(expands);
    has_more
        || match &step.kind {
            StepKind::Python(_) => true,
            StepKind::Program { name, arguments, assignments, .. } => {
                let set = assignments.iter().chain(&step.environment).map(|(_, word)| word);
                matches!(name.as_str(), "cat" | "head" | "tail" | "tr" | "cp" | "mv" | "install" | "ln")
                    || arguments.iter().chain(set).any(expands)
            }
        }
}

/// Returns the file that a command prints as it is.
fn printed_file(step: &Step) -> Option<String> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return None };
    let file = arguments.iter().find(|word| word.text.byte(0) != Some(b'-')).or(step.inputs.first())?;
    let is_plain = !file.has_substitution && file.variables.is_empty();
    (is_plain && matches!(name.as_str(), "cat" | "head" | "tail" | "tr"))
        .then(|| file.text.to_str().into_owned())
}

/// The maximum number of times that a script hands a value from one of its variables to another.
const MAX_ROUNDS: usize = 16;

/// Returns the variables that a step sets, with their values.
fn assignments(step: &Step) -> Vec<(String, Word)> {
    let StepKind::Program { name, assignments, arguments, .. } = &step.kind else { return Vec::new() };
    let mut set: Vec<(String, Word)> = assignments.iter().chain(&step.environment).cloned().collect();
    if declares(name) {
        let pair = |word: &Word| Some((word.text.to_str().split_once('=')?.0.to_owned(), word.clone()));
        set.extend(arguments.iter().filter_map(pair));
    }
    set
}

/// Returns the variables in the here-documents of a `COPY` or `ADD` that hold a token there.
fn in_documents(instruction: &Instruction, scope: Scope<'_>) -> BTreeSet<String> {
    let acts = instruction.effective();
    let mut names = BTreeSet::new();
    if let (Keyword::Copy | Keyword::Add, Arguments::Words(words)) = (acts.keyword, &acts.arguments) {
        let destination = words.last().map_or_else(String::new, |word| scope.expand(word).to_text());
        for heredoc in acts.heredocs.iter().filter(|heredoc| heredoc.expand) {
            let mut text = Probed::default();
            text.plain("echo ");
            text.shell(heredoc.body.to_str().trim_end(), |_| true);
            text.plain(" > ");
            text.plain(&destination);
            names.extend(text.given());
        }
    }
    names.retain(|name| is_new(scope, name));
    names
}

/// Returns the variables in the addresses that an `ADD` fetches, as far as they hold a token there.
fn in_addresses(instruction: &Instruction, scope: Scope<'_>) -> BTreeSet<String> {
    let acts = instruction.effective();
    let mut names = BTreeSet::new();
    if let (Keyword::Add, Arguments::Words(words) | Arguments::Exec(words)) = (acts.keyword, &acts.arguments)
    {
        for word in words.iter().filter(|word| word.as_bytes().contains(&b'$')) {
            let mut text = Probed::default();
            text.shell(&word.to_str(), |_| true);
            names.extend(text.given());
        }
    }
    names.retain(|name| is_new(scope, name));
    names
}
