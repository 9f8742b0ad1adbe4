//! The interpreter, which visits the steps of a script once.

use crate::hub::python as names;
use std::rc::Rc;

use super::effect::{
    Agent, Effect, EffectKind, Form, Handover, Login, Logout, MountCopy, Read, Reader, Tokens, Write,
};
use super::files::TextSource;
use super::login::{self, Near};
use super::pipes::Pipes;
use super::programs::{self, Call};
use super::python;
use super::scripts::{self, Running};
use super::source::{Sources, ValueSource};
use super::state::State;
use super::surroundings::Surroundings;
use super::traps::{Trap, Traps};
use super::variables::View;
use super::words;
use crate::detect;
use crate::shell::{self, Step, StepKind};
use crate::text::{Span, Text};

/// Returns the effects of the steps of a script, in order.
pub(crate) fn interpret(steps: &[Step], surroundings: Surroundings<'_>) -> Interpreted {
    let state = State::new(surroundings);
    let mut interpreter = Interpreter {
        state,
        effects: Vec::new(),
        running: Vec::new(),
        copied: Vec::new(),
        scripts: Vec::new(),
    };
    let mut traps = Traps::default();
    let mut pipes = Pipes::default();
    for (index, step) in steps.iter().enumerate() {
        for trap in traps.ended(step) {
            interpreter.trapped(&trap, steps);
        }
        let frame = Frame { step: index, agent: Agent::Step, around: None, script: None };
        interpreter.step(steps, index, frame, &mut pipes);
        traps.take(index, step);
    }
    for trap in traps.rest() {
        interpreter.trapped(&trap, steps);
    }
    Interpreted { effects: interpreter.effects, scripts: interpreter.scripts, copied: interpreter.copied }
}

/// The effects of a script, and the script files that it runs.
pub(crate) struct Interpreted {
    /// The effects in order.
    pub(crate) effects: Vec<Effect>,
    /// The steps of the script files that the steps run.
    pub(crate) scripts: Vec<Rc<[Step]>>,
    /// The files of the build context that the steps copy from bind mounts.
    pub(crate) copied: Vec<MountCopy>,
}

struct Interpreter<'a> {
    state: State<'a>,
    effects: Vec<Effect>,
    /// The paths of the script files that run, the outermost first.
    running: Vec<String>,
    copied: Vec<MountCopy>,
    /// The script files that have run.
    scripts: Vec<Rc<[Step]>>,
}

/// The maximum depth of script files that run others.
const MAX_DEPTH: usize = 8;
/// The maximum number of script files that a script runs, with those that they run.
const MAX_SCRIPTS: usize = 64;

/// The context in which a step runs.
#[derive(Clone, Copy)]
struct Frame<'a> {
    /// The index of the step in the outermost script.
    step: usize,
    agent: Agent,
    /// The Python script that runs the step, or the step that runs its script file.
    around: Option<&'a Step>,
    /// The script file of the step, and the span of the step that runs it.
    script: Option<(&'a TextSource, Span)>,
}

impl Interpreter<'_> {
    /// Adds the effects of a trap that runs when its shell ends.
    fn trapped(&mut self, trap: &Trap, steps: &[Step]) {
        let frame = Frame { step: trap.step, agent: Agent::Trap, around: None, script: None };
        self.inner(&trap.steps(steps), frame);
    }

    /// Adds the effects of a script that a step runs.
    fn inner(&mut self, steps: &[Step], frame: Frame<'_>) {
        let mut pipes = Pipes::default();
        for index in 0..steps.len() {
            self.step(steps, index, frame, &mut pipes);
        }
    }

    fn step(&mut self, steps: &[Step], index: usize, frame: Frame<'_>, pipes: &mut Pipes) {
        let Some(step) = steps.get(index) else { return };
        let before = index.checked_sub(1).and_then(|before| steps.get(before));
        let feeder = step.feeder.and_then(|feeder| steps.get(feeder));
        self.script_file(step, feeder, frame);
        self.state.enter(step);
        match &step.kind {
            StepKind::Python(script) => {
                pipes.push(Sources::default());
                self.python(script, step, before, frame);
                self.state.leave(step);
            }
            StepKind::Program { name, arguments, .. } => {
                let (program, fed) = (programs::of(name), pipes.fed(step));
                let near = Near { step, before, around: frame.around };
                let call = Call { name, program, arguments, near, fed };
                for kind in self.command(&call, pipes) {
                    self.add(kind, step.span, &step.branches, frame);
                }
                if let Some(files) = self.state.files {
                    let taken = programs::taken(&call, &self.state).into_iter();
                    self.copied
                        .extend(taken.filter_map(|copy| {
                            Some(MountCopy { from: files.in_mount(&copy.from)?, ..copy })
                        }));
                    scripts::remember(step, programs::copied(&call, &self.state), &self.state, files);
                }
                self.state.leave(step);
                programs::take(&call, &mut self.state);
            }
        }
    }

    /// Adds the effects of the script file that a step runs.
    fn script_file(&mut self, step: &Step, feeder: Option<&Step>, frame: Frame<'_>) {
        let Some(files) = self.state.files else { return };
        if self.running.len() >= MAX_DEPTH || self.scripts.len() >= MAX_SCRIPTS {
            return;
        }
        self.state.enter(step);
        let running =
            scripts::running((step, feeder), &self.state, files, &self.running, self.scripts.len() + 1);
        self.state.leave(step);
        let Some(Running { source, steps, path }) = running else { return };
        self.running.push(path);
        self.scripts.push(Rc::clone(&steps));
        let span = frame.script.map_or(step.span, |(_, span)| span);
        let agent = if frame.agent == Agent::Trap { Agent::Trap } else { Agent::Script };
        self.inner(&steps, Frame { agent, around: Some(step), script: Some((&*source, span)), ..frame });
        self.running.pop();
    }

    /// Returns the effects of a command, including its redirections.
    fn command(&self, call: &Call<'_>, pipes: &mut Pipes) -> Vec<EffectKind> {
        let mut kinds = Vec::new();
        let step = call.near.step;
        let output = pipes.redirected(step, programs::output(call, &self.state));
        if !output.have_no_token() {
            let program = if call.name.is_empty() { "{ … }" } else { call.name };
            kinds.extend(programs::targets(step.outputs.iter(), &self.state).into_iter().map(|file| {
                let value = output.clone();
                EffectKind::Write(Write { program: program.to_owned(), value, form: Form::Text, file })
            }));
        }
        programs::effects(call, &output, &self.state, &mut kinds);
        pipes.push(output);
        kinds
    }

    fn add(&mut self, kind: EffectKind, span: Span, branches: &[usize], frame: Frame<'_>) {
        // Only the cleaning up that a trap does is reported.
        if frame.agent == Agent::Trap && !matches!(kind, EffectKind::Logout(_) | EffectKind::Removal(_)) {
            return;
        }
        match &kind {
            EffectKind::Write(Write { value, file: Some(file), .. }) => {
                self.state.note(file.clone(), value.clone());
            }
            EffectKind::Helper(file) => self.state.helper = Some(file.clone()),
            _ => {}
        }
        let (step, by, branches) = (frame.step, frame.agent, branches.to_vec());
        let script = frame.script.map(|(source, _)| source.place(span));
        let span = frame.script.map_or(span, |(_, outer)| outer);
        self.effects.push(Effect { kind, span, step, by, branches, script });
    }

    /// Adds the effects of a Python script.
    fn python(&mut self, script: &Text, step: &Step, before: Option<&Step>, frame: Frame<'_>) {
        let read = EffectKind::Read(Read::Environment(Reader::Other));
        self.add(read, step.span, &step.branches, frame);
        let events = python::events(script, &|read| self.carried(read));
        let mut token: Option<Rc<Sources>> = None;
        for event in events {
            match event {
                python::Event::Call(call, span) => {
                    let near = Near { step, before, around: None };
                    let token = token.get_or_insert_with(|| login::token(&near, &self.state).into());
                    let kind = self.call(call, Rc::clone(token));
                    self.add(kind, span, &step.branches, frame);
                }
                python::Event::Process(script) if matches!(frame.agent, Agent::Step | Agent::Script) => {
                    let agent = if frame.agent == Agent::Script { Agent::Script } else { Agent::Process };
                    let mut inner = shell::steps(&script);
                    for inner in &mut inner {
                        inner.branches.splice(0..0, step.branches.iter().copied());
                        inner.subshells.splice(0..0, step.subshells.iter().copied());
                        inner.environment.splice(0..0, step.environment.iter().cloned());
                    }
                    self.inner(&inner, Frame { agent, around: Some(step), ..frame });
                }
                // Scripts of traps and scripts inside other scripts are not followed any further.
                python::Event::Process(_) => {}
                python::Event::Write(python::Written { carried, file, .. }) => {
                    let file = file.and_then(|file| self.state.named(&file.to_str()));
                    let program = "python".to_owned();
                    let write = Write { program, value: carried, form: Form::Text, file };
                    self.add(EffectKind::Write(write), step.span, &step.branches, frame);
                }
            }
        }
    }

    /// Returns the sources of the token in something that a Python script reads.
    fn carried(&self, read: &python::Read<'_>) -> Option<Sources> {
        let variables = &self.state.variables;
        let sources = match read {
            python::Read::Variable(name) if variables.is_exported(name) => {
                variables.value(name, View::Program).tokens()
            }
            python::Read::Variable(_) => Sources::default(),
            python::Read::Environment => programs::environment(&self.state),
            python::Read::File(path) => words::secret_at(variables, path).tokens(),
            python::Read::Text(text) if detect::find(text).is_empty() => Sources::default(),
            python::Read::Text(_) => Sources::token(ValueSource::Literal),
        };
        (!sources.have_no_token()).then_some(sources)
    }

    /// Returns the effect of a call of the Hub's library.
    fn call(&self, call: python::Call, token: Rc<Sources>) -> EffectKind {
        let place = self.state.login_files();
        let (command, files, handover) = match call {
            python::Call::Logout => {
                return EffectKind::Logout(Logout { files: place, tokens: Tokens::All });
            }
            python::Call::Login { for_git } => {
                let handover = if for_git { Handover::ToGit } else { Handover::None };
                (names::LOGIN, login::files(&self.state, handover), handover)
            }
            python::Call::SaveToken => {
                let first = place.as_deref().and_then(<[_]>::first);
                (names::SAVE, first.map(|file| [file.clone()].into()), Handover::None)
            }
        };
        EffectKind::Login(Login { command, files, place, handover, token })
    }
}
