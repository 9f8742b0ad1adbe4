//! The secrets that are mounted into a `RUN`.

use super::pattern::covers;
use super::source::Certainty;
use super::surroundings::Given;
use crate::dockerfile::{Mount, MountKind, normal};
use crate::hub::files::{BY_NAME, CredentialFile, IN_HOMES, Keeper, OWN_NAMES};
use crate::hub::words::STEMS;

/// A mounted secret.
pub(super) struct Secret<'a> {
    /// The index of the secret among the mounts.
    pub(super) number: usize,
    pub(super) mount: &'a Mount,
    /// The file of the secret, as a normal path.
    file: Option<String>,
    /// Whether the secret is considered a token of the Hub.
    pub(super) certainty: Certainty,
}

/// Returns the secrets among the mounts, and the files of the context that keep a token by their names.
pub(super) fn secrets<'a>(mounts: &'a [Mount], given: Option<&Given>) -> Vec<Secret<'a>> {
    let mounts = mounts.iter().enumerate().filter(|(_, mount)| match mount.kind {
        MountKind::Secret => true,
        MountKind::Bind => mount.from.is_none() && mount.source.as_deref().is_some_and(keeps_token),
        _ => false,
    });
    let secret = |(number, mount): (usize, &'a Mount)| {
        let file = mount.target.as_deref().map(normal);
        let is_given = given.is_some_and(|given| {
            let is_variable = mount.env.as_ref().is_some_and(|name| given.variables.contains(name));
            is_variable || file.as_ref().is_some_and(|file| given.files.contains(file))
        });
        let is_token = is_given || may_be_for_the_hub(mount);
        let certainty = if is_token { Certainty::Token } else { Certainty::Possible };
        Secret { number, mount, file, certainty }
    };
    mounts.map(secret).collect()
}

/// Returns true if a file keeps a token by its name.
fn keeps_token(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_kept = |file: &&CredentialFile| {
        matches!(file.keeper, Keeper::Token | Keeper::StoredTokens | Keeper::Netrc | Keeper::GitCredentials)
            && file.is_at(path.as_bytes())
    };
    name == ".env" || OWN_NAMES.contains(&name) || IN_HOMES.iter().chain(&BY_NAME).find(is_kept).is_some()
}

impl Secret<'_> {
    /// Returns true if a path, as written, names the secret's file or a directory above it.
    pub(super) fn lies_at(&self, path: &str) -> bool {
        path.starts_with('/') && self.file.as_deref().is_some_and(|file| covers(path, file))
    }

    /// Returns true if a text names the secret's file.
    pub(super) fn file_is_in(&self, text: &str) -> bool {
        let file = self.mount.target.as_deref().filter(|target| target.len() > 1);
        file.is_some_and(|file| holds_word(text, file))
    }

    /// Returns true if a text names the secret's file or its variable.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.file_is_in(text) || self.mount.env.as_deref().is_some_and(|name| holds_word(text, name))
    }
}

/// Returns true if a text contains a name or a path that is not part of a longer one.
pub(crate) fn holds_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        })
}

/// Words in the name of a secret that show that it belongs to another service.
const OTHER_SERVICES: [&str; 48] = [
    "npm",
    "npmrc",
    "yarn",
    "pip",
    "pypi",
    "pypirc",
    "poetry",
    "uv",
    "aws",
    "gcp",
    "google",
    "azure",
    "github",
    "gh",
    "gitlab",
    "git",
    "bitbucket",
    "ssh",
    "rsa",
    "ed25519",
    "gpg",
    "ca",
    "cert",
    "certs",
    "pem",
    "crt",
    "docker",
    "wandb",
    "openai",
    "anthropic",
    "nexus",
    "artifactory",
    "maven",
    "gradle",
    "cargo",
    "conda",
    "kaggle",
    "ngc",
    "sentry",
    "stripe",
    "db",
    "database",
    "postgres",
    "mysql",
    "redis",
    "rails",
    "apt",
    "kube",
];

/// Returns true if a secret may be a token of the Hub, that is, unless its name mentions another service.
fn may_be_for_the_hub(mount: &Mount) -> bool {
    let names = [&mount.id, &mount.env, &mount.target];
    let last = |name: &String| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<String> = names.into_iter().flatten().map(last).collect();
    let words = || names.iter().flat_map(|name| name.split(['_', '-', '.', ' ']));
    words().any(|word| STEMS.iter().any(|stem| word.starts_with(stem)))
        || !words().any(|word| OTHER_SERVICES.contains(&word))
}
