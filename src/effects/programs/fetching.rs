//! Programs that fetch from URLs.

use super::Call;
use super::table::{Action, Editable, Environment, Program};
use crate::effects::effect::{EffectKind, Form, Pass, Write};
use crate::effects::state::State;
use crate::effects::url;

pub(super) const ROWS: &[Program] = &[
    PIP,
    Program { environment: Environment::ReadByBuilds, ..Program::new(&["uv"]) }
        .does(Action::Fetch(Editable::Never)),
    Program::new(&["curl", "wget", "aria2c"]).does(Action::Fetch(Editable::Never)),
];

const PIP: Program = Program { environment: Environment::ReadByBuilds, ..Program::new(&["pip", "pip3"]) }
    .does(Action::Fetch(Editable::Possible));

/// Adds the effect on a credential in a URL.
pub(super) fn fetch(call: &Call<'_>, editable: Editable, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let found = call.arguments.iter().find_map(|word| url::credential(&state.variables, word));
    let Some(url::Credential { value, .. }) = found else { return };
    let program = call.name.to_owned();
    // pip removes the credential from `direct_url.json`. An editable install is a clone, which stays.
    if editable == Editable::Possible && (call.has("-e") || call.has("--editable")) {
        effects.push(EffectKind::Write(Write { program, value, form: Form::Url, file: None }));
    } else {
        effects.push(EffectKind::Pass(Pass { program, value }));
    }
}

/// Returns true if an installer runs code of a package that it builds, or is used for something other than
/// installing.
pub(super) fn builds(call: &Call<'_>) -> bool {
    let installs =
        call.name != "uv" || call.arguments.first().is_some_and(|word| word.text.as_bytes() == b"pip");
    // A package in a local directory has code of its own.
    let is_local = call.arguments.iter().any(|word| matches!(word.text.byte(0), Some(b'.' | b'/')));
    is_local || !installs
}
