//! The Hub's command-line clients.

use super::Call;
use super::table::{Action, Export, Output, Program};
use crate::effects::effect::{EffectKind, Handover, Login, Logout, Tokens};
use crate::effects::login;
use crate::effects::python;
use crate::effects::source::{Certainty, Sources, ValueSource};
use crate::effects::state::State;
use crate::effects::surroundings::Ambient;
use crate::effects::variables::View;
use crate::hub::files::OLD_TOKEN;
use crate::hub::programs::{self, Command, Does, FOR_GIT, ONE_TOKEN, Program as Client, TOKEN_OPTION};
use crate::hub::variables::{HF_TOKEN, is_read};
use crate::shell::{Language, StepKind, Word};

pub(super) const ROWS: &[Program] = &[
    client(&programs::HF).prints(Output::HubToken).takes_token(TOKEN_OPTION),
    client(&programs::CLI).prints(Output::HubToken).takes_token(TOKEN_OPTION),
    client(&programs::TRANSFORMERS),
    Program::new(programs::DOWNLOADER.names).takes_token(TOKEN_OPTION),
];

const fn client(client: &'static Client) -> Program {
    Program::new(client.names).does(Action::Hub(client))
}

/// Returns the variables whose values a command gives to the Hub's tools as a token: in an option, in a
/// variable that the tools read, or in a Python script that logs in.
pub(super) fn handed(call: &Call<'_>) -> Sources {
    let mut sources = Sources::default();
    let mut take = |word: &Word| {
        for name in &word.variables {
            let source = ValueSource::Variable { name: name.clone(), origin: None };
            sources.add(source, Certainty::Possible);
        }
    };
    let step = call.near.step;
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

/// Returns the words that hold the value of an option, either the next word or `--option=VALUE`.
fn values_of<'a>(option: &'a str, arguments: &'a [Word]) -> impl Iterator<Item = &'a Word> {
    arguments.iter().enumerate().filter_map(move |(at, word)| {
        let rest = word.text.as_bytes().strip_prefix(option.as_bytes());
        let before = at.checked_sub(1).and_then(|at| arguments.get(at));
        let is_behind = before.is_some_and(|before| before.text.as_bytes() == option.as_bytes());
        (is_behind || rest.is_some_and(|rest| rest.starts_with(b"="))).then_some(word)
    })
}

/// Adds the effects of a client.
pub(super) fn effects(call: &Call<'_>, client: &Client, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let Some(command) = command(call, client) else { return };
    if call.has("--help") || call.has("-h") {
        return;
    }
    let place = state.login_files();
    let handover = if call.has(FOR_GIT) { Handover::ToGit } else { Handover::None };
    let files = match command.does {
        Does::Print => return,
        Does::LogOut => {
            let names_one = |word: &Word| word.text.starts_with_at(0, ONE_TOKEN.as_bytes());
            let is_one = call.arguments.iter().any(names_one);
            let tokens = if is_one { Tokens::Named } else { Tokens::All };
            effects.push(EffectKind::Logout(Logout { files: place, tokens }));
            return;
        }
        // With a token in the environment, the login asks for none and writes nothing.
        Does::LogIn { asks: true }
            if !is_fed(call) && !gives_token(command, call.arguments) && state.ambient == Ambient::Token =>
        {
            return;
        }
        Does::LogIn { .. } => login::files(state, handover),
        Does::LogInOld => Some([state.home_file(OLD_TOKEN)].into()),
    };
    let token = login::token(&call.near, state).into();
    effects.push(EffectKind::Login(Login { command: command.name, files, place, handover, token }));
}

/// Returns the command of a client if it deals with tokens. The client's own options come before the
/// command.
fn command(call: &Call<'_>, client: &Client) -> Option<&'static Command> {
    let verbs: Vec<&[u8]> = call.operands().map(|word| word.text.as_bytes()).collect();
    programs::command(client, &verbs)
}

/// Returns true if a login could read a token from its standard input.
fn is_fed(call: &Call<'_>) -> bool {
    let is_empty = |word: &Word| word.text.as_bytes() == b"/dev/null";
    let inputs = &call.near.step.inputs;
    call.near.step.is_fed && (inputs.is_empty() || !inputs.iter().all(is_empty))
}

/// Returns true if the arguments of a login contain a token, in its option or as a separate word.
fn gives_token(command: &Command, arguments: &[Word]) -> bool {
    arguments.iter().map(|word| word.text.to_str()).any(|word| {
        word.starts_with(TOKEN_OPTION) || !(word.starts_with("--") || command.verbs.contains(&word.as_ref()))
    })
}

/// Returns the token that a client prints.
pub(super) fn printed(call: &Call<'_>, state: &State<'_>) -> Sources {
    let command = match call.program.action {
        Action::Hub(client) => command(call, client),
        _ => None,
    };
    if command.is_some_and(|command| command.does == Does::Print) {
        state.variables.value(HF_TOKEN, View::Program).tokens()
    } else {
        Sources::default()
    }
}
