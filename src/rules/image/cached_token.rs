//! `image/cached-token`

use crate::finding::Severity;
use crate::rules::Fix;
use crate::rules::Rule;

/// A token in a file in which Hugging Face tools keep it.
pub(crate) const RULE: Rule = Rule {
    id: "image/cached-token",
    severity: Severity::Critical,
    summary: "A file in which Hugging Face tools keep a token, when it holds one",
    why: "`hf auth login` and `login()` write the token to `token` and `stored_tokens` under `$HF_HOME` \
         (`~/.cache/huggingface` unless set otherwise; releases before 0.12 wrote `~/.huggingface/token`); with \
         `--add-to-git-credential`, git keeps it in `~/.git-credentials` as well. In a build, they leave these \
         files in the layer, even if the token itself came from a secret mount. A logout in a later instruction \
         only hides them.",
    bad: "RUN --mount=type=secret,id=HF_TOKEN \\\n    hf auth login --token \"$(cat /run/secrets/HF_TOKEN)\" && hf \
         download org/model",
    good: "RUN --mount=type=secret,id=HF_TOKEN \\\n    HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" hf download org/model",
    fix: Fix(
        "Revoke the token at {revoke}. Then take the login out of the build: with `HF_TOKEN` set for the one \
         command, no login is needed and nothing is written. Build again without the cache, since a layer built \
         with the old token is reused otherwise, and delete the published image.",
    ),
};
