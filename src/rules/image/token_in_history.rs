//! `image/token-in-history`

use crate::finding::Document;
use crate::finding::Severity;
use crate::image::Field;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in a history entry of the config.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-history",
    severity: Severity::Critical,
    summary: "Token text in a history entry, build arguments included",
    why: "The config keeps the command of every instruction, and `docker history --no-trunc` prints it. For a \
         `RUN`, builders put the build arguments in scope in front, with their values (`|1 HF_TOKEN=… /bin/sh -c \
         …`), whether the command uses them or not. A clean-up in the same command does not change the text of the \
         command.",
    bad: "ARG HF_TOKEN\nRUN hf download org/model --token $HF_TOKEN",
    good: "RUN --mount=type=secret,id=HF_TOKEN \\\n    HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" hf download org/model",
    fix: Fix("Revoke the token at {revoke}. Then replace the build argument, \
          or the token written into the command, by a secret mount: the history keeps commands \
          unexpanded, so what is read from /run/secrets does not get into it. Build again and delete \
          the published image; squashing the layers is not enough, because the history may stay."),
};

/// Returns true if this rule covers `field` of `document`.
pub(super) fn claims(document: Document, field: &Field) -> bool {
    document == Document::Config && field.below(&["history"]).is_some()
}
