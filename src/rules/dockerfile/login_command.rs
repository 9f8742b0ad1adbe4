//! `dockerfile/login-command`.

use super::{Hit, logins::Login};
use crate::detect::Confidence;
use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/login-command",
    severity: Severity::High,
    summary: "A login that leaves a token file in the layer",
    why: "A login writes the token to `~/.cache/huggingface/token` and `stored_tokens`. Both stay in the layer of that RUN, \
          and a later `rm` or logout only hides them: whoever pulls the image can still read them.",
    bad: "ARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN && hf download org/model",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix(
        "No login is needed: the Hub's tools read `HF_TOKEN` from the environment. Delete the login and mount the token as \
          a secret for the commands that need it.",
    ),
};

pub(crate) fn check(logins: &[Login<'_>]) -> Vec<Hit> {
    let here = logins.iter().filter(|login| !login.has_secret());
    here.map(|login| login.hit(&RULE, Confidence::High, "leaves a token file in the layer")).collect()
}
