//! The Hub's command-line clients.

use super::Call;
use super::table::{Action, Client, Export, Output, Program};
use crate::effects::effect::{EffectKind, Handover, Login, Logout, Tokens};
use crate::effects::hub_names::{TOKEN_VARIABLE, TOKEN_VARIABLES};
use crate::effects::login;
use crate::effects::python;
use crate::effects::source::{Certainty, Source, Sources};
use crate::effects::state::State;
use crate::effects::surroundings::Ambient;
use crate::effects::variables::View;
use crate::shell::{Language, StepKind, Word};

pub(super) const ROWS: &[Program] = &[
    Program::new(&["hf"]).does(Action::Hub(Client::Hf)).prints(Output::HubToken).takes_token("--token"),
    Program::new(&["huggingface_hub.cli.hf", "huggingface_hub.cli", "huggingface_hub"])
        .does(Action::Hub(Client::Hf)),
    Program::new(&["huggingface-cli"])
        .does(Action::Hub(Client::HuggingfaceCli))
        .prints(Output::HubToken)
        .takes_token("--token"),
    Program::new(&["huggingface_hub.commands.huggingface_cli"]).does(Action::Hub(Client::HuggingfaceCli)),
    Program::new(&["transformers-cli", "transformers.commands.transformers_cli"])
        .does(Action::Hub(Client::TransformersCli)),
    Program::new(&["hfd.sh"]).takes_token("--token"),
];

/// The variables that a command hands to the Hub's tools as a token: by an option, by a variable that they read, or in a
/// Python script that logs in.
pub(super) fn handed(call: &Call<'_>) -> Sources {
    let mut sources = Sources::default();
    let mut take = |word: &Word| {
        for name in &word.variables {
            let source = Source::Variable { name: name.clone(), origin: None };
            sources.add(source, Certainty::Possible);
        }
    };
    let step = call.near.step;
    let is_read = |name: &str| TOKEN_VARIABLES.contains(&name);
    if let StepKind::Program { assignments, .. } = &step.kind {
        let assigned = assignments.iter().chain(&step.environment);
        assigned.filter(|(name, _)| is_read(name)).for_each(|(_, word)| take(word));
    }
    if let Some(option) = call.program.token_option {
        values_of(option, call.arguments).for_each(&mut take);
    } else if matches!(call.program.action, Action::Declare(Export::Yes)) {
        let sets = |word: &&Word| word.text.to_str().split_once('=').is_some_and(|(name, _)| is_read(name));
        call.arguments.iter().filter(sets).for_each(&mut take);
    } else if Language::of_program(call.name) == Language::Python {
        call.arguments.iter().filter(|word| python::may_log_in(&word.text)).for_each(&mut take);
    }
    sources
}

/// The words that hold the value of an option: the word behind it, or `--option=VALUE`.
fn values_of<'a>(option: &'a str, arguments: &'a [Word]) -> impl Iterator<Item = &'a Word> {
    arguments.iter().enumerate().filter_map(move |(at, word)| {
        let rest = word.text.as_bytes().strip_prefix(option.as_bytes());
        let before = at.checked_sub(1).and_then(|at| arguments.get(at));
        let is_behind = before.is_some_and(|before| before.text.as_bytes() == option.as_bytes());
        (is_behind || rest.is_some_and(|rest| rest.starts_with(b"="))).then_some(word)
    })
}

/// A command of a client that has to do with logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// `hf auth login`, `huggingface-cli login`: asks for a token where it is given none.
    Login(&'static str),
    /// `hf auth switch`.
    Switch,
    /// `transformers-cli login`, which has a file of its own.
    OldLogin,
    Logout,
}

impl Command {
    fn read(client: Client, arguments: &[Word]) -> Option<Self> {
        // Options of the program itself stand in front of the command.
        let mut verbs =
            arguments.iter().map(|word| word.text.as_bytes()).filter(|word| !word.starts_with(b"-"));
        let (first, second) = (verbs.next()?, verbs.next());
        match (client, first, second) {
            (Client::Hf | Client::HuggingfaceCli, b"auth", Some(b"login")) => {
                Some(Self::Login("hf auth login"))
            }
            (Client::Hf | Client::HuggingfaceCli, b"auth", Some(b"switch")) => Some(Self::Switch),
            (Client::HuggingfaceCli, b"login", _) => Some(Self::Login("huggingface-cli login")),
            (Client::TransformersCli, b"login", _) => Some(Self::OldLogin),
            (Client::Hf | Client::HuggingfaceCli, b"auth", Some(b"logout"))
            | (Client::HuggingfaceCli | Client::TransformersCli, b"logout", _) => Some(Self::Logout),
            _ => None,
        }
    }

    /// The command in normal form.
    fn name(self) -> &'static str {
        match self {
            Self::Login(name) => name,
            Self::Switch => "hf auth switch",
            Self::OldLogin => "transformers-cli login",
            Self::Logout => "hf auth logout",
        }
    }
}

/// What a client does.
pub(super) fn effects(call: &Call<'_>, client: Client, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let Some(command) = Command::read(client, call.arguments) else { return };
    if call.has("--help") || call.has("-h") {
        return;
    }
    // With a token in the environment it asks for none, and writes nothing.
    let asks = matches!(command, Command::Login(_)) && !is_fed(call) && !gives_token(call.arguments);
    if asks && state.ambient == Ambient::Token {
        return;
    }
    let place = state.login_files();
    let (files, handover) = match command {
        Command::Logout => {
            let names_one = |word: &Word| word.text.starts_with_at(0, b"--token-name");
            let is_one = call.arguments.iter().any(names_one);
            let tokens = if is_one { Tokens::Named } else { Tokens::All };
            effects.push(EffectKind::Logout(Logout { files: place, tokens }));
            return;
        }
        Command::OldLogin => (Some([state.home_file(".huggingface/token")].into()), Handover::None),
        Command::Login(_) | Command::Switch => {
            let for_git = call.has("--add-to-git-credential");
            let handover = if for_git { Handover::ToGit } else { Handover::None };
            (login::files(state, handover), handover)
        }
    };
    let token = login::token(&call.near, state).into();
    effects.push(EffectKind::Login(Login { command: command.name(), files, place, handover, token }));
}

/// Whether something comes in that a login could read a token from.
fn is_fed(call: &Call<'_>) -> bool {
    let is_empty = |word: &Word| word.text.as_bytes() == b"/dev/null";
    let inputs = &call.near.step.inputs;
    call.near.step.is_fed && (inputs.is_empty() || !inputs.iter().all(is_empty))
}

/// Whether a login's arguments hold a token, by `--token` or as a word of its own.
fn gives_token(arguments: &[Word]) -> bool {
    let is_verb = |word: &str| matches!(word, "auth" | "login");
    arguments.iter().any(|word| {
        let word = word.text.to_str();
        word.starts_with("--token") || !(word.starts_with("--") || is_verb(&word))
    })
}

/// The token that `hf auth token` prints.
pub(super) fn printed(call: &Call<'_>, state: &State<'_>) -> Sources {
    let is = |at: usize, verb: &[u8]| call.arguments.get(at).is_some_and(|word| word.text.as_bytes() == verb);
    if is(0, b"auth") && is(1, b"token") {
        state.variables.value(TOKEN_VARIABLE, View::Program).tokens()
    } else {
        Sources::default()
    }
}
