//! What the steps of a script mean for token files: logins, logouts, removals and copies.

use super::{
    cleanup::Removal,
    paths::Paths,
    python::{self, Call},
    token_file::covers,
    traps::{Trap, Traps},
};
use crate::shell;
use crate::shell::{Step, StepKind, Word};
use crate::text::Span;

/// What a step means for token files.
pub(crate) struct Event {
    pub(crate) act: Act,
    /// The branches it stands in.
    pub(crate) branches: Vec<usize>,
}

pub(crate) enum Act {
    /// Files are written: their paths, none where the place is not known.
    Login {
        command: &'static str,
        span: Span,
        files: Option<Vec<String>>,
        /// Where a logout would look for them.
        place: Option<Vec<String>>,
        step: usize,
    },
    /// These files are removed, where their place is known.
    Logout(Option<Vec<String>>),
    Remove(Vec<Removal>),
    /// Files of a login are copied or moved to another place.
    Copy,
}

/// Reads steps; what it is told holds for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// Whether the Hub's tools find a token in the environment.
    pub(crate) has_token: bool,
    /// The file in which a credential helper keeps what it is handed, as git is told it.
    pub(crate) store: Option<&'a str>,
}

impl Reader<'_> {
    /// What the steps do, in order.
    pub(crate) fn read(self, steps: &[Step], paths: &mut Paths<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        let mut traps = Traps::default();
        for (index, step) in steps.iter().enumerate() {
            self.trapped(steps, traps.ended(step), paths, &mut events);
            self.event(index, step, paths, &mut events, 0);
            traps.take(index, step);
        }
        self.trapped(steps, traps.rest(), paths, &mut events);
        events
    }

    /// What traps take away when their shells end.
    fn trapped(self, steps: &[Step], traps: Vec<Trap>, paths: &mut Paths<'_>, events: &mut Vec<Event>) {
        for trap in traps {
            let mut inner = trap.steps(steps);
            for step in &mut inner {
                step.subshells.splice(0..0, trap.subshells.iter().copied());
                step.branches.clear();
            }
            let mut found = Vec::new();
            self.events(&inner, paths, &mut found, 1);
            found.retain(|event| matches!(event.act, Act::Logout(_) | Act::Remove(_)));
            for mut event in found {
                event.branches.splice(0..0, trap.branches.iter().copied());
                events.push(event);
            }
        }
    }

    fn events(self, steps: &[Step], paths: &mut Paths<'_>, events: &mut Vec<Event>, depth: usize) {
        for (index, step) in steps.iter().enumerate() {
            self.event(index, step, paths, events, depth);
        }
    }

    fn event(self, index: usize, step: &Step, paths: &mut Paths<'_>, events: &mut Vec<Event>, depth: usize) {
        paths.enter(step);
        match &step.kind {
            StepKind::Python(text) => {
                for act in python::acts(text) {
                    match act {
                        python::Act::Call(call, span) => events.push(Event {
                            act: self.python_act(call, span, paths, index),
                            branches: step.branches.clone(),
                        }),
                        python::Act::Process(script) if depth == 0 => {
                            let mut inner = shell::steps(&script);
                            for inner in &mut inner {
                                inner.subshells.splice(0..0, step.subshells.iter().copied());
                                inner.environment.splice(0..0, step.environment.iter().cloned());
                            }
                            let first = events.len();
                            self.events(&inner, paths, events, depth + 1);
                            for event in events.iter_mut().skip(first) {
                                event.branches.splice(0..0, step.branches.iter().copied());
                            }
                        }
                        python::Act::Process(_) => {}
                    }
                }
            }
            StepKind::Program { name, arguments, .. } => {
                let act = self.act(name, arguments, step, paths, index);
                events.extend(act.map(|act| Event { act, branches: step.branches.clone() }));
            }
        }
        paths.leave(step);
    }

    fn act(
        self,
        program: &str,
        arguments: &[Word],
        from: &Step,
        paths: &Paths<'_>,
        step: usize,
    ) -> Option<Act> {
        let span = from.span;
        if matches!(program, "rm" | "unlink" | "shred") {
            return Some(Act::Remove(paths.removals(arguments)));
        }
        if matches!(program, "cp" | "mv" | "install" | "rsync" | "ln" | "tar") {
            let takes_token = |word: &Word| {
                let files = paths.login_files().unwrap_or_default();
                paths
                    .file(word)
                    .is_some_and(|path| !path.is_empty() && files.iter().any(|file| covers(&path, file)))
            };
            let sources = arguments.split_last().map(|(_, sources)| sources).unwrap_or_default();
            return sources.iter().any(takes_token).then_some(Act::Copy);
        }
        let command = login_program(program, arguments)?;
        let has = |option: &[u8]| arguments.iter().any(|word| word.text.as_bytes() == option);
        if has(b"--help") || has(b"-h") {
            return None;
        }
        // With a token in the environment it asks for none, and writes nothing.
        if matches!(command, "hf auth login" | "huggingface-cli login")
            && !is_given(from)
            && !gives_token(arguments)
            && self.has_token
        {
            return None;
        }
        let place = paths.login_files();
        if command == LOGOUT {
            // With a name it removes that one token; which one the login wrote is not known.
            let names_one = |word: &Word| word.text.starts_with_at(0, b"--token-name");
            return (!arguments.iter().any(names_one)).then_some(Act::Logout(place));
        }
        let files = if command == "transformers-cli login" {
            Some(vec![paths.home_file(".huggingface/token")])
        } else {
            self.login_files(paths, has(b"--add-to-git-credential"))
        };
        Some(Act::Login { command, span, files, place, step })
    }

    /// The files of a login that may hand its token to git.
    fn login_files(self, paths: &Paths<'_>, for_git: bool) -> Option<Vec<String>> {
        let mut files = paths.login_files()?;
        if let (true, Some(store)) = (for_git, self.store) {
            files.push(paths.named(store)?);
        }
        Some(files)
    }

    fn python_act(self, call: Call, span: Span, paths: &Paths<'_>, step: usize) -> Act {
        let place = paths.login_files();
        match call {
            Call::Logout => Act::Logout(place),
            Call::Login { for_git } => {
                let files = self.login_files(paths, for_git);
                Act::Login { command: "huggingface_hub.login", span, files, place, step }
            }
            Call::SaveToken => {
                let files = place.clone().map(|files| files.into_iter().take(1).collect());
                Act::Login { command: "HfFolder.save_token", span, files, place, step }
            }
        }
    }
}

pub(crate) const LOGOUT: &str = "hf auth logout";

/// The login or logout that a command line is, in normal form.
pub(crate) fn login_program(program: &str, arguments: &[Word]) -> Option<&'static str> {
    let words: Vec<_> = arguments.iter().map(|word| word.text.to_str()).collect();
    // Options of the program itself stand in front of the command.
    let mut verbs = words.iter().map(AsRef::as_ref).filter(|word: &&str| !word.starts_with('-'));
    let (first, second) = (verbs.next()?, verbs.next());
    let program = program.split('@').next().unwrap_or_default();
    let tool = match program {
        "hf" | "huggingface_hub.cli.hf" | "huggingface_hub.cli" | "huggingface_hub" => "hf",
        "huggingface-cli" | "huggingface_hub.commands.huggingface_cli" => "huggingface-cli",
        "transformers-cli" | "transformers.commands.transformers_cli" => "transformers-cli",
        _ => return None,
    };
    match (tool, first, second) {
        ("hf" | "huggingface-cli", "auth", Some("login")) => Some("hf auth login"),
        ("hf" | "huggingface-cli", "auth", Some("switch")) => Some("hf auth switch"),
        ("huggingface-cli", "login", _) => Some("huggingface-cli login"),
        ("transformers-cli", "login", _) => Some("transformers-cli login"),
        ("hf" | "huggingface-cli", "auth", Some("logout"))
        | ("huggingface-cli" | "transformers-cli", "logout", _) => Some(LOGOUT),
        _ => None,
    }
}

/// Whether something comes in that a login could read a token from.
fn is_given(step: &Step) -> bool {
    let is_empty = |word: &Word| word.text.as_bytes() == b"/dev/null";
    step.is_fed && (step.inputs.is_empty() || !step.inputs.iter().all(is_empty))
}

/// Whether a login's arguments hold a token, by `--token` or as a word of its own.
fn gives_token(arguments: &[Word]) -> bool {
    let words: Vec<_> = arguments.iter().map(|word| word.text.to_str()).collect();
    let is_verb = |word: &str| matches!(word, "auth" | "login");
    words.iter().any(|word| word.starts_with("--token") || !(word.starts_with("--") || is_verb(word)))
}
