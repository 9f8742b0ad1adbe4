//! `context/token-in-file`

use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in a file of a build context or source tree, or in a single file given as `file:`.
pub(crate) const RULE: Rule = Rule {
    id: "context/token-in-file",
    severity: Severity::Critical,
    summary: "Token text in a file of a build context or source tree",
    why: "Whoever can read the file can use the token: everybody with access to the repository and its \
          history, to the CI log, or to the artefact the file ends up in. A file in a build context is \
          one `COPY . .` away from being published with the image.",
    bad: "# config.yaml, committed\nhub_token: hf_…",
    good: "# config.yaml\nhub_token: ${HF_TOKEN}",
    fix: Fix("Revoke the token at {revoke}: taking it out of the file does not \
          take it out of the repository's history or out of copies of the log. Then read it from the \
          environment or from the CI system's secret store, and list files that must hold one in both \
          .gitignore and .dockerignore."),
};
