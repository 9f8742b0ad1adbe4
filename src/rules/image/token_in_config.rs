//! `image/token-in-config`

use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in a field of the config that no other rule claims.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-config",
    severity: Severity::Critical,
    summary: "Token text elsewhere in the config: command, entrypoint, labels, health check, triggers",
    why: "The config is a JSON document that is published with the image and readable with `docker \
          inspect`. A token in the command or the entrypoint also appears in the process list of every \
          host that runs the container; one in an `ONBUILD` trigger is handed on to every image built \
          from this one.",
    bad: "CMD [\"vllm\", \"serve\", \"org/model\", \"--hf-token\", \"hf_…\"]",
    good: "# HF_TOKEN is set when the container is started\nCMD [\"vllm\", \"serve\", \"org/model\"]",
    fix: Fix("Revoke the token at {revoke}. Then take it out of the \
          instruction (`CMD`, `ENTRYPOINT`, `LABEL`, `HEALTHCHECK`, `ONBUILD`, …) and let the program \
          read `HF_TOKEN`, set when the container is started. Build again and delete the published \
          image."),
};
