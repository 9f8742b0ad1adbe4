//! `image/token-in-file`

use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in a file of a layer.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-file",
    severity: Severity::Critical,
    summary: "Token text in a file of a layer",
    why: "Layers are published with the image, and whoever can pull it can read every file of every \
          layer. A file that a later layer deletes or replaces is read just as easily: the later layer \
          only hides it.",
    bad: "COPY . /app\n# /app/.env holds HF_TOKEN=hf_…",
    good: "# .dockerignore lists .env\nCOPY . /app",
    fix: Fix(
        "Revoke the token at {revoke}. Then take it out of the instruction that made the layer and build \
         again: a later `RUN rm` leaves it in the lower layer. If the build needs a token, give it a secret mount \
         (`RUN --mount=type=secret,…`); if the container needs one, pass it when the container starts. Delete the \
         published image with all its tags and digests.",
    ),
};
