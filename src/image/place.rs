//! What files with credentials are called, wherever they lie.

/// What a place keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// One token, as it is.
    Token,
    /// An INI file of named tokens.
    StoredTokens,
    /// What git's `store` helper keeps.
    GitCredentials,
    /// A configuration of git's.
    GitConfig,
    /// A netrc.
    Netrc,
    /// A docker or podman login.
    DockerAuth,
    /// A configuration of pip's.
    PipConfig,
}

impl Place {
    /// Whether `hf auth login` itself writes it.
    pub fn is_written_by_login(self) -> bool {
        matches!(self, Self::Token | Self::StoredTokens | Self::GitCredentials)
    }
}

/// How places end in every home, and wherever the cache is moved as a whole.
pub(super) const ENDINGS: [(&[u8], Place); 12] = [
    (b".cache/huggingface/token", Place::Token),
    (b".cache/huggingface/stored_tokens", Place::StoredTokens),
    (b".cache/huggingface_staging/token", Place::Token),
    (b".cache/huggingface_staging/stored_tokens", Place::StoredTokens),
    (b".huggingface/token", Place::Token),
    (b"huggingface/token", Place::Token),
    (b"huggingface/stored_tokens", Place::StoredTokens),
    (b".git-credentials", Place::GitCredentials),
    (b"git/credentials", Place::GitCredentials),
    (b".gitconfig", Place::GitConfig),
    (b".netrc", Place::Netrc),
    (b".docker/config.json", Place::DockerAuth),
];

/// Variables that move one file, or the directory in which it has a name.
pub(super) const MOVED: [(&str, &str, Place); 5] = [
    ("GIT_CONFIG_GLOBAL", "", Place::GitConfig),
    ("NETRC", "", Place::Netrc),
    ("DOCKER_CONFIG", "config.json", Place::DockerAuth),
    ("REGISTRY_AUTH_FILE", "", Place::DockerAuth),
    ("PIP_CONFIG_FILE", "", Place::PipConfig),
];
