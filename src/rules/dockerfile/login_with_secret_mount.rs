//! `dockerfile/login-with-secret-mount`.

use super::{Hit, logins::Login};
use crate::detect::Confidence;
use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/login-with-secret-mount",
    severity: Severity::High,
    summary: "A login with a mounted secret still leaves a token file in the layer",
    why: "The secret mount is safe: it is gone when the RUN ends. The login copies the token out of it into \
          `~/.cache/huggingface/token` and `stored_tokens`, which stay in the layer.",
    bad: "RUN --mount=type=secret,id=HF_TOKEN hf auth login --token $(cat /run/secrets/HF_TOKEN)",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix(
        "Keep the mount, add `env=HF_TOKEN` to it and delete the login: the Hub's tools read `HF_TOKEN` from the \
          environment.",
    ),
};

pub(crate) fn check(logins: &[Login<'_>]) -> Vec<Hit> {
    let here = logins.iter().filter(|login| login.has_secret());
    here.map(|login| {
        login.hit(&RULE, Confidence::High, "copies the mounted secret into a token file in the layer")
    })
    .collect()
}
