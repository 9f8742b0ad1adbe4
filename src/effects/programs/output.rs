//! The token that a command prints.

use std::borrow::Cow;

use super::Call;
use super::table::Output;
use crate::detect;
use crate::effects::source::{Sources, ValueSource};
use crate::effects::state::State;
use crate::effects::variables::View;
use crate::effects::words::{self, expanded};
use crate::hub::files::CACHED;
use crate::hub::variables::PREFIX;
use crate::sensitive::Sensitive;
use crate::shell::{StepKind, Word};

/// Returns the sources of the token that a command prints.
pub(super) fn output(call: &Call<'_>, state: &State<'_>) -> Sources {
    match call.program.output {
        Output::Operands => in_words(call, state).or_else(|| literal(call, state)),
        Output::Environment | Output::NamedVariables if is_dump(call.arguments) => environment(state),
        Output::NamedVariables => {
            let mut named = Sources::default();
            for word in call.arguments {
                named.extend(&state.variables.value(&word.text.to_str(), View::Program).tokens());
            }
            named
        }
        Output::AllVariables if call.arguments.is_empty() => environment(state).or_else(|| {
            let mut carriers = state.variables.carriers();
            let value = |name| state.variables.value(name, View::Shell).tokens();
            carriers.next().map(value).unwrap_or_default()
        }),
        Output::Matches if !may_find(call.arguments, state) => Sources::default(),
        Output::Input | Output::Matches => read(call, &call.fed, state),
        Output::Edited => read(call, &call.fed, state).or_else(|| in_words(call, state)),
        Output::Computed => read(call, &call.fed, state).or_else(|| in_code(call, state)),
        Output::Substituted => read(call, &call.fed, state).or_else(|| substituted(call, state)),
        Output::HubToken => super::hub::printed(call, state),
        Output::Nothing | Output::Environment | Output::AllVariables => Sources::default(),
    }
}

/// Returns the source of a credential of unknown shape that a command prints into a file, or whose own text says
/// what it is for.
fn literal(call: &Call<'_>, state: &State<'_>) -> Sources {
    let mut text = Sensitive::default();
    let words = call.arguments.iter().map(|word| word.text.as_bytes());
    for part in std::iter::once(call.name.as_bytes()).chain(words) {
        text.extend(part);
        text.push(b' ');
    }
    for output in &call.near.step.outputs {
        text.extend(b"> ");
        let is_token_file = || {
            let files = state.login_files()?;
            (files.first()? == &state.file(output)?).then_some(())
        };
        match is_token_file() {
            // Variables may move the file.
            Some(()) => text.extend(format!("~/.cache/{}", CACHED[0]).as_bytes()),
            None => text.extend(output.text.as_bytes()),
        }
        text.push(b' ');
    }
    if detect::opaque_in(&text).is_empty() {
        Sources::default()
    } else {
        Sources::token(ValueSource::Literal)
    }
}

/// Returns the sources of the token in the words of a command.
pub(super) fn in_words(call: &Call<'_>, state: &State<'_>) -> Sources {
    let mut sources = Sources::default();
    for word in call.arguments {
        sources.extend(&state.sources(word).tokens());
    }
    sources
}

/// Returns the sources of the token in the words of a command, or in the environment that a program in them
/// reads.
pub(super) fn in_code(call: &Call<'_>, state: &State<'_>) -> Sources {
    in_words(call, state).or_else(|| {
        let mut sources = Sources::default();
        for (name, tokens) in state.variables.exported_tokens() {
            if call.arguments.iter().any(|word| reads_environment(&word.text.to_str(), name)) {
                sources.extend(&tokens);
            }
        }
        sources
    })
}

/// Returns true if a program reads the variable: `strenv(NAME)`, `env.NAME`, `ENVIRON["NAME"]`, `$ENV{NAME}`.
fn reads_environment(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let behind = code.get(at + name.len()..).and_then(|rest| rest.chars().next());
        let before = code.get(..at).unwrap_or_default();
        let object = before.trim_end_matches(['[', '(', '{', '.', '"', '\'', '\\', ' ']);
        object.len() < before.len()
            && ["env", "ENV", "ENVIRON"].iter().any(|environment| object.ends_with(environment))
            && !behind.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Returns the sources of the tokens that `envsubst` puts into its input. An argument limits the variables.
fn substituted(call: &Call<'_>, state: &State<'_>) -> Sources {
    let step = call.near.step;
    let feeder = call.near.before.filter(|_| step.feeder.is_some());
    let given = match feeder.map(|feeder| &feeder.kind) {
        Some(StepKind::Program { arguments, .. }) => arguments.as_slice(),
        _ => &[],
    };
    let documents = step.documents.iter().chain(feeder.iter().flat_map(|feeder| &feeder.documents));
    let words = given.iter().chain(&step.inputs).map(|word| word.text.to_str());
    let texts = words.chain(documents.map(|document| document.body.to_str()));
    let is_allowed = |name: &str| {
        call.operands().next().is_none_or(|allowed| expanded(&allowed.text.to_str()).contains(&name))
    };
    let mut texts: Vec<Cow<'_, str>> = texts.collect();
    // A template of the context or one that the build has written.
    let template = |word: &Word| Some(state.files?.at(&state.file(word)?)?.text.to_str().into_owned());
    texts.extend(step.inputs.iter().chain(given).filter_map(template).map(Cow::Owned));
    let mut sources = Sources::default();
    for name in texts.iter().flat_map(|text| expanded(text)).filter(|name| is_allowed(name)) {
        if state.variables.is_exported(name) {
            sources.extend(&state.variables.value(name, View::Program).tokens());
        }
    }
    sources
}

/// Returns the sources of the token that a program finds in its environment. If there are several tokens,
/// it prefers one that the history contains too.
pub(in crate::effects) fn environment(state: &State<'_>) -> Sources {
    let is_in_history = |tokens: &Sources| tokens.first_token().is_some_and(ValueSource::is_in_history);
    let tokens: Vec<Sources> = state.variables.exported_tokens().map(|(_, tokens)| tokens).collect();
    let mut sources = Sources::default();
    let worst = tokens.iter().max_by_key(|tokens| is_in_history(tokens));
    for tokens in worst.into_iter().chain(&tokens) {
        sources.extend(tokens);
    }
    sources
}

/// Returns true if a command with these arguments prints the environment. The command otherwise sets
/// variables or runs another command.
fn is_dump(arguments: &[Word]) -> bool {
    let is_plain = |word: &Word| matches!(word.text.as_bytes(), b"-0" | b"--null" | b"-p" | b"-x" | b"-px");
    arguments.iter().all(is_plain)
}

/// Returns true if a search may print a line with a token. A search for another variable does not.
fn may_find(arguments: &[Word], state: &State<'_>) -> bool {
    let is_inverted = |word: &Word| {
        let option = word.text.to_str();
        option == "--invert-match"
            || (option.starts_with('-') && !option.starts_with("--") && option.contains('v'))
    };
    let pattern = arguments.iter().find(|word| !super::is_option(word));
    let Some(pattern) = pattern.filter(|_| !arguments.iter().any(is_inverted)) else { return true };
    let pattern = pattern.text.to_str().trim_start_matches('^').trim_end_matches('=').to_ascii_uppercase();
    let is_plain = pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let has_pattern = |name: &str| name.to_ascii_uppercase().contains(&pattern);
    !is_plain
        || PREFIX.starts_with(&pattern)
        || pattern.starts_with(PREFIX)
        || state.variables.exported_tokens().any(|(name, _)| has_pattern(name))
        || state.variables.carriers().any(has_pattern)
}

/// Returns the sources of the token in the input of a command. `fed` is the input from the pipe.
pub(super) fn read(call: &Call<'_>, fed: &Sources, state: &State<'_>) -> Sources {
    let inputs = &call.near.step.inputs;
    let mut sources = Sources::default();
    for word in call.arguments.iter().chain(inputs) {
        sources.extend(&words::secret_file(&state.variables, word).tokens());
    }
    sources.extend(fed);
    for word in inputs {
        sources.extend(&state.sources(word).tokens());
    }
    for document in &call.near.step.documents {
        sources.extend(&words::document(&state.variables, document));
    }
    sources
}
