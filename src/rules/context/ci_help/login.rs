//! The replacement for a login.

use crate::ci::Dialect;
use crate::finding::TokenSummary;
use crate::hub::variables::HF_TOKEN;
use crate::mask::{Message, message};

use super::environment::of_step;
use super::{is_short_name, revoke};

/// Returns the help on removing a login. `login` is the text of the login, which is examined but never
/// shown. `token` is the token in it. `is_given` tells that the token is in the environment already.
pub(in crate::rules::context) fn for_login(
    dialect: Dialect,
    login: &[u8],
    token: Option<&TokenSummary>,
    is_given: bool,
) -> Message {
    const WHY: &str = "the Hub's tools read `HF_TOKEN` from the environment";
    let revoke = token.map(revoke).unwrap_or_default();
    let delete = message!("{}Delete the login: {}. ", revoke, Message::own(WHY));
    let change = match dialect {
        Dialect::Cog => {
            return message!(
                "{}Delete the login, and mount the token where it is needed:\n    build:\n      run:\n        - command: \
                 {}=$(cat /run/secrets/{}) …\n          mounts:\n            - type: secret\n              id: {}\n              \
                 target: /run/secrets/{}\nBuild with `cog build --secret id={},src=FILE`. ",
                revoke,
                HF_TOKEN,
                HF_TOKEN,
                HF_TOKEN,
                HF_TOKEN,
                HF_TOKEN
            );
        }
        Dialect::Earthly => {
            return message!(
                "{}Delete the login, write `RUN --secret {} …` where the token is needed, and build with `earthly \
                 --secret {}`. ",
                revoke,
                HF_TOKEN,
                HF_TOKEN
            );
        }
        _ if is_given => Message::default(),
        Dialect::Railway => Message::own(
            "Name the service's variable `HF_TOKEN`: variables of a service are in the environment of its build.",
        ),
        Dialect::GitLab => Message::own(
            "Name the masked CI/CD variable `HF_TOKEN`, and every job has it without a line in the file.",
        ),
        Dialect::CircleCi => Message::own(
            "Name the variable of the project or its context `HF_TOKEN`, and every step has it without a line in \
             the file.",
        ),
        Dialect::Bitbucket => Message::own(
            "Name the secured variable of the repository `HF_TOKEN`, and every step has it without a line in the \
             file.",
        ),
        Dialect::Devcontainer => {
            Message::own("Write\n    \"remoteEnv\": {\"HF_TOKEN\": \"${localEnv:HF_TOKEN}\"}")
        }
        _ => {
            let secret = secret(login).unwrap_or_else(|| HF_TOKEN.to_owned());
            of_step(dialect, HF_TOKEN, &secret).unwrap_or_else(|| {
                Message::own("Whoever runs the file exports `HF_TOKEN`, or logs in by hand.")
            })
        }
    };
    message!("{}{}", delete, change)
}

/// Returns the secret that a login names, `${{ secrets.NAME }}`.
fn secret(login: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(login, b"secrets.")?;
    let rest = login.get(at + b"secrets.".len()..)?;
    let name: Vec<u8> =
        rest.iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').collect();
    String::from_utf8(name).ok().filter(|name| is_short_name(name))
}
