//! The Hub's command-line clients.

use super::Call;
use super::table::{Action, Output, Program};
use crate::effects::effect::{EffectKind, Handover, Login, Logout, Tokens};
use crate::effects::login;
use crate::effects::source::Sources;
use crate::effects::state::State;
use crate::effects::surroundings::Ambient;
use crate::effects::variables::View;
use crate::hub::files::OLD_TOKEN;
use crate::hub::programs::{self, Command, Does, FOR_GIT, ONE_TOKEN, Program as Client, TOKEN_OPTION};
use crate::hub::variables::HF_TOKEN;
use crate::shell::Word;

pub(super) const ROWS: &[Program] = &[
    client(&programs::HF).prints(Output::HubToken),
    client(&programs::CLI).prints(Output::HubToken),
    client(&programs::TRANSFORMERS),
];

const fn client(client: &'static Client) -> Program {
    Program::new(client.names).does(Action::Hub(client))
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
