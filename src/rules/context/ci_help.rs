//! The replacement for a login or a build argument in a CI file.

use crate::ci::{BuildArgument, Dialect, Given};
use crate::detect;
use crate::finding::TokenSummary;
use crate::hub::variables::HF_TOKEN;
use crate::mask::Message;
use crate::mask::mask;
use crate::mask::message;
use crate::text::Text;

/// Returns the line of the Dockerfile that mounts a secret.
fn mount(id: &str) -> Message {
    message!(
        "In the Dockerfile, delete `ARG {}` and write `RUN --mount=type=secret,id={},env={} …` where the token is \
         needed.",
        id,
        id,
        id
    )
}

/// Returns the help on giving a build the token as a secret.
pub(super) fn for_argument(
    dialect: Dialect,
    argument: &BuildArgument,
    token: Option<&TokenSummary>,
) -> Message {
    let name = argument.name.to_str();
    let id = if is_short_name(&name) && detect::is_token_variable(&name) { name.as_ref() } else { HF_TOKEN };
    let revoke = match token {
        Some(token) => message!("{}Then delete the argument", revoke(token)),
        None => Message::own("Delete the argument"),
    };
    let change = match argument.given {
        Given::Compose => message!(
            "{}, and give the build a secret:\n    services:\n      …:\n        build:\n          secrets:\n            - {}\n    \
             secrets:\n      {}:\n        environment: {}\n",
            revoke,
            id,
            id,
            id
        ),
        Given::Bake if dialect == Dialect::Actions => message!(
            "{}, give the target `secret = [\"id={},env={}\"]`, and the step `env:` with `{}: ${{{{ secrets.{} }}}}`. ",
            revoke,
            id,
            id,
            id,
            id
        ),
        Given::Bake => {
            message!("{}, and give the target a secret:\n    secret = [\"id={},env={}\"]\n", revoke, id, id)
        }
        Given::Input => {
            let value = argument.value.as_ref().map(Text::to_str).unwrap_or_default();
            let secret = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let secret = secret.filter(|name| detect::is_token_variable(name) && is_short_name(name));
            let secret = secret.unwrap_or(id);
            message!(
                "{}, and give the build a secret:\n    secrets: |\n      {}=${{{{ secrets.{} }}}}\n",
                revoke,
                id,
                secret
            )
        }
        Given::Devcontainer => message!(
            "{}, and give the build a secret:\n    \"build\": {{\"options\": [\"--secret\", \"id={},env={}\"]}}\nA \
             container that needs the token when it runs gets it by `\"remoteEnv\": {{\"{}\": \
             \"${{localEnv:{}}}\"}}`. ",
            revoke,
            id,
            id,
            id,
            id
        ),
        Given::Command => {
            message!(
                "{}, and write `--secret id={},env={}` instead of `--build-arg {}`. ",
                revoke,
                id,
                id,
                id
            )
        }
    };
    message!("{}{}", change, mount(id))
}

/// Returns true if a text is a name that can be shown in a sentence as it is.
fn is_short_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && mask(name.as_bytes()).as_str() == name
}

fn revoke(token: &TokenSummary) -> Message {
    message!("Revoke the token at {}. ", Message::own(token.kind.revoke_address()))
}

/// Returns the help on removing a login. `login` is the text of the login, which is examined but never
/// shown. `token` is the token in it.
pub(super) fn for_login(dialect: Dialect, login: &[u8], token: Option<&TokenSummary>) -> Message {
    const WHY: &str = "the Hub's tools read `HF_TOKEN` from the environment";
    let revoke = token.map(revoke).unwrap_or_default();
    let why = Message::own(WHY);
    match dialect {
        Dialect::GitLab => message!(
            "{}Delete the login: {}. Name the masked CI/CD variable `HF_TOKEN`, and every job has it without a line \
             in the file.",
            revoke,
            why
        ),
        Dialect::Devcontainer => message!(
            "{}Delete the login: {}. Write\n    \"remoteEnv\": {{\"HF_TOKEN\": \"${{localEnv:HF_TOKEN}}\"}}",
            revoke,
            why
        ),
        _ => {
            let secret = secret(login).unwrap_or_else(|| HF_TOKEN.to_owned());
            message!(
                "{}Delete the login: {}. Give it to the steps that need it:\n    env:\n      HF_TOKEN: ${{{{ \
                 secrets.{} }}}}",
                revoke,
                why,
                secret
            )
        }
    }
}

/// Returns the secret that a login names, `${{ secrets.NAME }}`.
fn secret(login: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(login, b"secrets.")?;
    let rest = login.get(at + b"secrets.".len()..)?;
    let name: Vec<u8> =
        rest.iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').collect();
    String::from_utf8(name).ok().filter(|name| is_short_name(name))
}
