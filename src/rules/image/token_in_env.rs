//! `image/token-in-env`

use crate::finding::Document;
use crate::finding::Severity;
use crate::image::Field;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in the environment of the config.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-env",
    severity: Severity::Critical,
    summary: "Token text in the config's environment",
    why: "The environment of an image is part of its config: `docker inspect` shows it without running \
          anything, and every process of every container gets it, as do crash reports and debug pages \
          that print the environment. An `ENV` that refers to a build argument stores the argument's \
          value.",
    bad: "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nRUN hf download org/model",
    good: "RUN --mount=type=secret,id=HF_TOKEN \\\n    HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" hf download org/model",
    fix: Fix(
        "Revoke the token at {revoke}. Then remove the `ENV`, and the `ARG` it refers to. Give the token to \
         steps of the build as a secret mount, and to the container when it starts, from a secret of the \
         orchestrator or with `docker run --env HF_TOKEN`. Delete the published image.",
    ),
};

/// Returns true if this rule covers `field` of `document`. Older Docker releases stored `container_config`
/// beside `config`. It describes the container in which the last step ran.
pub(super) fn claims(document: Document, field: &Field) -> bool {
    document == Document::Config
        && ["config", "container_config"].iter().any(|config| field.below(&[config, "Env"]).is_some())
}
