//! What the `RUN`s of a file write a token into, and what they remove. The rules about URLs, files and late
//! removals report from it.

use super::{
    Context, Steps,
    credential_store::credential_stores,
    git,
    hit::{Residue, left_in, left_in_layer},
};
use crate::dockerfile::{Instruction, Keyword, Mount, MountKind, Scope, mounts, normal};
use crate::effects::{Carried, CleanUps, Flow, LOGOUT, Paths, Removal, covers, login_program, python, url};
use crate::finding::Where;
use crate::shell::{Step, StepKind, Word};
use crate::text::{Span, Text};

/// How a token got to where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// In a URL.
    Url,
    /// Written into a file.
    File,
}

/// A place of a script that leaves a token behind.
pub(crate) struct Write {
    pub(crate) how: How,
    /// The program.
    pub(crate) program: String,
    pub(crate) span: Span,
    pub(crate) stage: Option<usize>,
    pub(crate) carried: Carried,
    pub(crate) leaves: Vec<Residue>,
}

/// A removal, with the instruction it is in.
pub(crate) struct Removed {
    pub(crate) span: Span,
    pub(crate) stage: Option<usize>,
    pub(crate) instruction: Span,
    pub(crate) what: Vec<Removal>,
    branches: Vec<usize>,
    /// Whether it runs in what is built on the image alone.
    is_trigger: bool,
}

impl Removed {
    /// Whether it takes a file away in any case.
    pub(crate) fn removes(&self, path: &str) -> bool {
        let mut clean_ups = CleanUps::default();
        clean_ups.remove(&self.branches, &self.what);
        !self.is_trigger && clean_ups.removes(&[], path)
    }
}

/// All that the `RUN`s of a file do with tokens.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) writes: Vec<Write>,
    pub(crate) removed: Vec<Removed>,
}

/// What a step does.
pub(crate) enum Act {
    Write {
        how: How,
        carried: Carried,
        /// The file; none where its place is not known.
        file: Option<String>,
    },
    /// The token goes by, and only the history has it.
    Pass(Carried),
    Remove(Vec<Removal>),
}

struct Event {
    act: Act,
    step: usize,
}

pub(crate) fn find(context: &Context<'_>) -> Effects {
    let mut effects = Effects::default();
    let stores = credential_stores(context);
    for ((instruction, scope), store) in context.instructions().zip(&stores) {
        let acts = instruction.effective();
        if acts.keyword == Keyword::Run
            && let Some(Steps { steps, .. }) = context.script(instruction)
        {
            let run = Run { instruction, scope, mounts: mounts(acts, scope), steps, store: store.as_deref() };
            run.effects(&mut effects);
        }
    }
    effects
}

struct Run<'a> {
    instruction: &'a Instruction,
    scope: Scope<'a>,
    mounts: Vec<Mount>,
    steps: &'a [Step],
    /// The file in which git keeps the passwords it is handed.
    store: Option<&'a str>,
}

impl Run<'_> {
    fn effects(&self, effects: &mut Effects) {
        let events = self.events();
        let stage = self.instruction.stage;
        let mut later = CleanUps::default();
        let mut writes = Vec::new();
        for Event { act, step } in events {
            let Some(step) = self.steps.get(step) else { continue };
            let (how, carried, mut leaves) = match act {
                Act::Remove(what) => {
                    later.remove(&step.branches, &what);
                    let instruction = self.instruction.span;
                    let mut what = what;
                    // What lies under a mount is not the layer's.
                    what.retain(|removal| !self.is_under_mount(&removal.pattern));
                    let branches = step.branches.clone();
                    let is_trigger = self.instruction.is_onbuild();
                    effects.removed.push(Removed {
                        span: step.span,
                        stage,
                        instruction,
                        what,
                        branches,
                        is_trigger,
                    });
                    continue;
                }
                Act::Pass(carried) => (How::Url, carried, Vec::new()),
                Act::Write { how, carried, file } => {
                    let is_gone = file.as_deref().is_some_and(|file| {
                        later.removes(&step.branches, file) || self.is_under_mount(file) || is_device(file)
                    });
                    if is_gone && how == How::File {
                        continue;
                    }
                    let left = left_in_layer(file.as_deref());
                    (how, carried, if is_gone { Vec::new() } else { vec![left] })
                }
            };
            if carried.is_in_history() {
                leaves.push(left_in(Where::History));
            }
            if !leaves.is_empty() {
                let program = match &step.kind {
                    StepKind::Program { name, .. } if name.is_empty() => "{ … }".to_owned(),
                    StepKind::Program { name, .. } => name.clone(),
                    StepKind::Python(_) => "python".to_owned(),
                };
                writes.push(Write { how, program, span: step.span, stage, carried, leaves });
            }
        }
        // They were gone through from the end.
        writes.reverse();
        effects.writes.extend(writes);
    }

    /// What the steps do, the last one first.
    fn events(&self) -> Vec<Event> {
        let mut flow = Flow::new(self.scope, &self.mounts);
        let mut paths = Paths::new(self.scope);
        let mut outputs: Vec<Option<Carried>> = Vec::new();
        // What was printed, and may go where the output of a group of commands goes.
        let mut printed = None;
        let mut events: Vec<Event> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            paths.enter(step);
            let fed = step.feeder.and_then(|feeder| outputs.get(feeder).copied().flatten());
            let mut output = flow.output(step, fed);
            let (name, arguments, assignments) = match &step.kind {
                StepKind::Program { name, arguments, assignments } => (name, arguments, assignments),
                StepKind::Python(text) => {
                    events.extend(written(step, text, &flow, &paths).map(|act| Event { act, step: index }));
                    outputs.push(None);
                    paths.leave(step);
                    continue;
                }
            };
            if name.is_empty() && assignments.is_empty() && !step.outputs.is_empty() {
                output = printed.take();
            } else if step.outputs.is_empty() && output.is_some() {
                printed = output;
            }
            // What is piped on is no output of the group.
            if step.feeder.is_some() && step.outputs.is_empty() && output.is_none() {
                printed = None;
            }
            let mut acts = Vec::new();
            if let Some(carried) = output {
                acts.extend(write_to(&step.outputs, carried, &paths));
                if name == "tee" {
                    let files: Vec<Word> = arguments
                        .iter()
                        .filter(|word| word.text.byte(0) != Some(b'-') && !flow.is_secret_file(word))
                        .cloned()
                        .collect();
                    acts.extend(write_to(&files, carried, &paths));
                }
            }
            let known = |path: &str| {
                events.iter().rev().find_map(|event| match &event.act {
                    Act::Write { carried, file: Some(file), .. } if covers(path, file) => Some(*carried),
                    _ => None,
                })
            };
            acts.extend(act(name, arguments, &flow, &paths, &known));
            if name == "git"
                && let (Some(carried), Some(store)) = (flow.read(step, fed), self.store)
                && git::keeps_password(arguments)
            {
                acts.push(Act::Write { how: How::File, carried, file: paths.named(store) });
            }
            events.extend(acts.into_iter().map(|act| Event { act, step: index }));
            flow.take(step);
            paths.leave(step);
            outputs.push(output);
        }
        events.reverse();
        events
    }

    /// Whether a file lies under a mount, so that it is in no layer.
    fn is_under_mount(&self, file: &str) -> bool {
        let targets = self.mounts.iter().filter(|mount| mount.kind != MountKind::Ssh);
        targets
            .filter_map(|mount| mount.target.as_deref())
            .any(|target| !normal(target).is_empty() && covers(target, file))
    }
}

fn is_device(file: &str) -> bool {
    ["dev/", "proc/", "sys/"].iter().any(|root| file.starts_with(root))
}

/// The files that these words name, as written to.
fn write_to<'a>(
    words: &'a [Word],
    carried: Carried,
    paths: &'a Paths<'_>,
) -> impl Iterator<Item = Act> + use<'a> {
    let files = words.iter().filter(|word| !word.text.starts_with_at(0, b">("));
    files.map(move |word| Act::Write { how: How::File, carried, file: paths.file(word) })
}

/// What a Python script writes into files.
fn written<'a>(
    step: &'a Step,
    script: &Text,
    flow: &'a Flow<'_>,
    paths: &'a Paths<'_>,
) -> impl Iterator<Item = Act> + use<'a> {
    let carries = |read: &python::Read<'_>| {
        let given = match read {
            python::Read::Variable(name) => step.environment.iter().find(|(given, _)| given == name),
            python::Read::Environment => step.environment.first(),
            python::Read::File(_) | python::Read::Text(_) => None,
        };
        given.and_then(|(_, word)| flow.word(word)).or_else(|| flow.python(read))
    };
    let written = python::writes(script, &carries).into_iter();
    written.map(|python::Written { carried, file }| {
        let file = file.and_then(|file| paths.named(&file.to_str()));
        Act::Write { how: How::File, carried, file }
    })
}

/// What a program does with tokens, beside its output.
fn act(
    program: &str,
    arguments: &[Word],
    flow: &Flow<'_>,
    paths: &Paths<'_>,
    known: &dyn Fn(&str) -> Option<Carried>,
) -> Vec<Act> {
    if login_program(program, arguments) == Some(LOGOUT) {
        let names_one = |word: &Word| word.text.starts_with_at(0, b"--token-name");
        if arguments.iter().any(names_one) {
            return Vec::new();
        }
        let remove = |pattern| Removal { pattern, recursive: false };
        return vec![Act::Remove(paths.login_files().unwrap_or_default().into_iter().map(remove).collect())];
    }
    match program {
        "rm" | "unlink" | "shred" => vec![Act::Remove(paths.removals(arguments))],
        "cp" | "mv" | "install" => copied(program, arguments, flow, paths, known),
        "dd" => {
            let operand = |name: &str| {
                let words = arguments.iter();
                let mut found = words.filter(|word| word.text.to_str().starts_with(name));
                found
                    .next()
                    .map(|word| Word { text: word.text.slice(name.len()..word.text.len()), ..word.clone() })
            };
            match (operand("if="), operand("of=")) {
                (Some(from), Some(to)) if flow.is_secret_file(&from) => {
                    vec![Act::Write { how: How::File, carried: Carried::Secret, file: paths.file(&to) }]
                }
                _ => Vec::new(),
            }
        }
        "sed" => {
            let is_in_place = |word: &Word| {
                let option = word.text.to_str();
                option.starts_with("--in-place")
                    || (option.starts_with("-i") || option == "-ri" || option == "-Ei")
            };
            let carried = arguments.iter().find_map(|word| flow.word(word));
            match (carried, arguments.last()) {
                (Some(carried), Some(file)) if arguments.iter().any(is_in_place) => {
                    vec![Act::Write { how: How::File, carried, file: paths.file(file) }]
                }
                _ => Vec::new(),
            }
        }
        "git" => git::acts(arguments, flow, paths),
        "pip" | "pip3" | "uv" | "curl" | "wget" | "aria2c" => {
            let found = arguments.iter().find_map(|word| url::credential(flow, word));
            let Some((carried, _)) = found else { return Vec::new() };
            // pip takes the credential out of `direct_url.json`; an editable install is a clone that stays.
            let is_editable = |word: &Word| matches!(word.text.as_bytes(), b"-e" | b"--editable");
            if program.starts_with("pip") && arguments.iter().any(is_editable) {
                return vec![Act::Write { how: How::Url, carried, file: None }];
            }
            vec![Act::Pass(carried)]
        }
        _ => Vec::new(),
    }
}

/// Copies of a mounted secret, or of a file that a step in front wrote.
fn copied(
    program: &str,
    arguments: &[Word],
    flow: &Flow<'_>,
    paths: &Paths<'_>,
    known: &dyn Fn(&str) -> Option<Carried>,
) -> Vec<Act> {
    let mut operands = Vec::new();
    let mut directory = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.to_str();
        match text.as_ref() {
            "-t" | "--target-directory" => directory = words.next(),
            "-m" | "-o" | "-g" if program == "install" => {
                words.next();
            }
            option if option.starts_with('-') => {}
            _ => operands.push(word),
        }
    }
    let is_into = directory.is_some();
    let Some(to) = directory.or_else(|| operands.pop()) else { return Vec::new() };
    let text = to.text.to_str();
    let is_into =
        is_into || text.ends_with('/') || operands.len() > 1 || matches!(text.as_ref(), "." | ".." | "~");
    let mut acts = Vec::new();
    for from in operands {
        let source = paths.file(from);
        let carried =
            if flow.is_secret_file(from) { Some(Carried::Secret) } else { source.as_deref().and_then(known) };
        let Some(carried) = carried else { continue };
        let name = source.as_deref().and_then(|source| source.rsplit('/').next().map(str::to_owned));
        let file = match (paths.file(to), name) {
            (Some(to), Some(name)) if is_into => Some(normal(&format!("{to}/{name}"))),
            (to, _) if !is_into => to,
            _ => None,
        };
        acts.push(Act::Write { how: How::File, carried, file });
        if let (true, Some(pattern)) = (program == "mv", source) {
            acts.push(Act::Remove(vec![Removal { pattern, recursive: true }]));
        }
    }
    acts
}
