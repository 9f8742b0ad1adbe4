//! What to write in place of a login or a build argument in a CI file.

use crate::ci::{BuildArgument, Dialect, Given};
use crate::detect;
use crate::finding::{Masked, TokenSummary};
use crate::hub::variables::HF_TOKEN;
use crate::text::Text;

/// The line of the Dockerfile that goes with a secret.
fn mount(id: &str) -> String {
    format!(
        "In the Dockerfile, delete `ARG {id}` and write `RUN --mount=type=secret,id={id},env={id} …` where the token is needed."
    )
}

/// How to give a build the token as a secret.
pub(super) fn for_argument(
    dialect: Dialect,
    argument: &BuildArgument,
    token: Option<&TokenSummary>,
) -> Masked {
    let name = argument.name.to_str();
    let id = if is_short_name(&name) && detect::is_token_variable(&name) { name.as_ref() } else { HF_TOKEN };
    let revoke = match token {
        Some(token) => format!("{}Then delete the argument", revoke(token)),
        None => "Delete the argument".to_owned(),
    };
    let change = match argument.given {
        Given::Compose => format!(
            "{revoke}, and give the build a secret:\n    services:\n      …:\n        build:\n          secrets:\n            - \
             {id}\n    secrets:\n      {id}:\n        environment: {id}\n"
        ),
        Given::Bake if dialect == Dialect::Actions => format!(
            "{revoke}, give the target `secret = [\"id={id},env={id}\"]`, and the step `env:` with \
             `{id}: ${{{{ secrets.{id} }}}}`. "
        ),
        Given::Bake => {
            format!("{revoke}, and give the target a secret:\n    secret = [\"id={id},env={id}\"]\n")
        }
        Given::Input => {
            let value = argument.value.as_ref().map(Text::to_str).unwrap_or_default();
            let secret = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let secret = secret.filter(|name| detect::is_token_variable(name) && is_short_name(name));
            let secret = secret.unwrap_or(id);
            format!(
                "{revoke}, and give the build a secret:\n    secrets: |\n      {id}=${{{{ secrets.{secret} }}}}\n"
            )
        }
        Given::Devcontainer => format!(
            "{revoke}, and give the build a secret:\n    \"build\": {{\"options\": [\"--secret\", \"id={id},env={id}\"]}}\nA \
             container that needs the token when it runs gets it by \
             `\"remoteEnv\": {{\"{id}\": \"${{localEnv:{id}}}\"}}`. "
        ),
        Given::Command => {
            format!("{revoke}, and write `--secret id={id},env={id}` in place of `--build-arg {id}`. ")
        }
    };
    Masked::own(format!("{change}{}", mount(id)))
}

/// Whether a text is a name that may stand in a sentence as it is.
fn is_short_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && detect::mask(name.as_bytes()).as_str() == name
}

fn revoke(token: &TokenSummary) -> String {
    format!("Revoke the token at {}. ", token.kind.revoke_address())
}

/// How to do without a login. `login` is its text, which is looked at, never shown; `token` is what stands in it.
pub(super) fn for_login(dialect: Dialect, login: &[u8], token: Option<&TokenSummary>) -> Masked {
    let revoke = token.map(revoke).unwrap_or_default();
    let why = "the Hub's tools read `HF_TOKEN` from the environment";
    let change = match dialect {
        Dialect::GitLab => format!(
            "Delete the login: {why}. Name the masked CI/CD variable `HF_TOKEN`, and every job has it without a line in the file."
        ),
        Dialect::Devcontainer => format!(
            "Delete the login: {why}. Write\n    \"remoteEnv\": {{\"HF_TOKEN\": \"${{localEnv:HF_TOKEN}}\"}}"
        ),
        _ => {
            let secret = secret(login).unwrap_or_else(|| HF_TOKEN.to_owned());
            format!(
                "Delete the login: {why}. Give it to the steps that need it:\n    env:\n      HF_TOKEN: ${{{{ secrets.{secret} }}}}"
            )
        }
    };
    Masked::own(format!("{revoke}{change}"))
}

/// The secret that a login names, `${{ secrets.NAME }}`.
fn secret(login: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(login, b"secrets.")?;
    let rest = login.get(at + b"secrets.".len()..)?;
    let name: Vec<u8> =
        rest.iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').collect();
    String::from_utf8(name).ok().filter(|name| is_short_name(name))
}
