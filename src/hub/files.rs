//! Files in which Hugging Face tools, and those that they log in to, keep a credential: how their paths end, what they
//! hold, and which variables move them (`huggingface_hub/constants.py`).

use serde::{Deserialize, Serialize};

/// How a file holds what may be a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum KeptForm {
    /// It holds one word and nothing else, as the Hub client writes `token`.
    Word,
    /// It is an INI file with the keys of the Hub client in a section, as that writes `stored_tokens`.
    StoredTokens,
    /// A password for a Hugging Face host in a netrc.
    Netrc,
    /// A password or a credential for a user in the URL of such a host.
    Url,
    /// An `Authorization` header for such a host.
    Header,
    /// A login of docker's for such a host.
    DockerAuth,
    /// The value of a token variable.
    Assignment,
    /// The value of a flag on a command line, of its like in the configuration of a tool, or of an argument in a call.
    Argument,
    /// It is named after a token variable and holds one word.
    Value,
}

/// What a file with credentials is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Keeper {
    /// One token of the Hub's, as it is.
    Token,
    /// An INI file of named tokens of the Hub's.
    StoredTokens,
    /// A netrc.
    Netrc,
    /// What git's `store` helper keeps.
    GitCredentials,
    /// A configuration of git's.
    GitConfig,
    /// A docker or podman login.
    DockerAuth,
    /// Anything with URLs in it: requirements, lock files, configurations of package managers, reflogs.
    Urls,
    /// The configuration of a download tool.
    Client,
    /// The state of a tool that downloads from the Hub alone.
    Downloader,
    /// Shell text: environment files, start-up files, histories.
    Shell,
    /// Python text.
    Python,
    /// YAML, JSON or TOML in which names are given values.
    Settings,
    /// The parameters of a training run, which call it `token`.
    Training,
    /// The value of a variable after which the file is named.
    Variable,
}

impl Keeper {
    /// The forms in which it may hold a credential.
    pub(crate) fn forms(self) -> &'static [KeptForm] {
        use KeptForm::{Argument, Assignment, DockerAuth, Header, Netrc, StoredTokens, Url, Value, Word};
        match self {
            Self::Token => &[Word],
            Self::StoredTokens => &[StoredTokens],
            Self::Netrc => &[Netrc],
            Self::GitCredentials | Self::Urls => &[Url],
            Self::GitConfig => &[Url, Header],
            Self::Client | Self::Downloader => &[Url, Header, Argument],
            Self::DockerAuth => &[DockerAuth],
            Self::Training => &[Assignment],
            Self::Shell | Self::Python | Self::Settings => &[Url, Header, Assignment, Argument],
            Self::Variable => &[Value],
        }
    }

    /// Whether `hf auth login` itself writes it.
    pub(crate) fn is_written_by_login(self) -> bool {
        matches!(self, Self::Token | Self::StoredTokens | Self::GitCredentials)
    }
}

/// A file, by the end of its path.
#[derive(Debug)]
pub(crate) struct CredentialFile {
    /// Whole names. The last one may be `*`, for any file of the directory.
    pub(crate) ending: &'static str,
    pub(crate) keeper: Keeper,
}

const fn file(ending: &'static str, keeper: Keeper) -> CredentialFile {
    CredentialFile { ending, keeper }
}

impl CredentialFile {
    /// Whether it is the file at a path.
    pub(crate) fn is_at(&self, path: &[u8]) -> bool {
        match self.ending.strip_suffix("/*") {
            Some(directory) => directory_of(path).is_some_and(|parent| ends_with(parent, directory)),
            None => ends_with(path, self.ending),
        }
    }
}

fn directory_of(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|&b| b == b'/')?;
    path.get(..slash)
}

/// Whether a path ends with these names.
pub(crate) fn ends_with(path: &[u8], ending: &str) -> bool {
    let head = path.strip_suffix(ending.as_bytes());
    head.is_some_and(|head| head.is_empty() || head.ends_with(b"/"))
}

/// The file that holds the token, in the directory of the Hub's tools.
pub(crate) const TOKEN: &str = "token";
/// The file beside it that holds all tokens by name.
pub(crate) const STORED_TOKENS: &str = "stored_tokens";
/// Where the first is in the home of whoever uses a release before 0.12.
pub(crate) const OLD_TOKEN: &str = ".huggingface/token";
/// The directory of the Hub's tools in a cache.
pub(crate) const DIRECTORY: &str = "huggingface";
/// What a login writes, in the cache of any home.
pub(crate) const CACHED: [&str; 2] = ["huggingface/token", "huggingface/stored_tokens"];
/// The directories of the Hub's tools in a home.
pub(crate) const DIRECTORIES: [&str; 2] = [".huggingface", ".cache/huggingface"];
/// What people call a file that holds a token and nothing else.
pub(crate) const OWN_NAMES: [&str; 3] = ["hf_token", ".hf_token", "hf_token.txt"];

/// The keys with a token, of the file that holds all by name.
pub(crate) const STORED_KEYS: [&str; 2] = ["hf_token", "refresh_token"];
/// The other keys of that file.
pub(crate) const OTHER_KEYS: [&str; 1] = ["expires_at"];

/// The files of every home, and of wherever a cache is moved as a whole. They count by whatever links lead to them.
pub(crate) static IN_HOMES: [CredentialFile; 12] = [
    file(".cache/huggingface/token", Keeper::Token),
    file(".cache/huggingface/stored_tokens", Keeper::StoredTokens),
    file(".cache/huggingface_staging/token", Keeper::Token),
    file(".cache/huggingface_staging/stored_tokens", Keeper::StoredTokens),
    file(OLD_TOKEN, Keeper::Token),
    file(CACHED[0], Keeper::Token),
    file(CACHED[1], Keeper::StoredTokens),
    file(".git-credentials", Keeper::GitCredentials),
    file("git/credentials", Keeper::GitCredentials),
    file(".gitconfig", Keeper::GitConfig),
    file(".netrc", Keeper::Netrc),
    file(".docker/config.json", Keeper::DockerAuth),
];

/// Files that count by their name alone, wherever they lie.
pub(crate) static BY_NAME: [CredentialFile; 77] = [
    file("_netrc", Keeper::Netrc),
    file("netrc", Keeper::Netrc),
    file(".lfsconfig", Keeper::GitConfig),
    file(".gitmodules", Keeper::GitConfig),
    file("gitconfig", Keeper::GitConfig),
    file(".git/config", Keeper::GitConfig),
    file("git/config", Keeper::GitConfig),
    file(".git/config.worktree", Keeper::GitConfig),
    file(".dockercfg", Keeper::DockerAuth),
    file(".dockerconfigjson", Keeper::DockerAuth),
    file("containers/auth.json", Keeper::DockerAuth),
    file(".config/auth.json", Keeper::DockerAuth),
    file("FETCH_HEAD", Keeper::Urls),
    file("direct_url.json", Keeper::Urls),
    file("pip.conf", Keeper::Urls),
    file("pip.ini", Keeper::Urls),
    file("uv.toml", Keeper::Urls),
    file("uv.lock", Keeper::Urls),
    file("poetry.lock", Keeper::Urls),
    file("poetry.toml", Keeper::Urls),
    file("pdm.lock", Keeper::Urls),
    file("Pipfile", Keeper::Urls),
    file("Pipfile.lock", Keeper::Urls),
    file("pyproject.toml", Keeper::Urls),
    file(".condarc", Keeper::Urls),
    file("condarc", Keeper::Urls),
    file("pypoetry/auth.toml", Keeper::Urls),
    file("pypoetry/config.toml", Keeper::Urls),
    file(".curlrc", Keeper::Client),
    file("_curlrc", Keeper::Client),
    file(".wgetrc", Keeper::Client),
    file("wgetrc", Keeper::Client),
    file("aria2.conf", Keeper::Client),
    file(".hfd/*", Keeper::Downloader),
    file(".env", Keeper::Shell),
    file(".envrc", Keeper::Shell),
    file(".bashrc", Keeper::Shell),
    file(".bash_profile", Keeper::Shell),
    file(".bash_login", Keeper::Shell),
    file(".bash_aliases", Keeper::Shell),
    file(".profile", Keeper::Shell),
    file(".zshrc", Keeper::Shell),
    file(".zshenv", Keeper::Shell),
    file(".zprofile", Keeper::Shell),
    file(".zlogin", Keeper::Shell),
    file(".kshrc", Keeper::Shell),
    file(".cshrc", Keeper::Shell),
    file(".tcshrc", Keeper::Shell),
    file(".login", Keeper::Shell),
    file("config.fish", Keeper::Shell),
    file(".pam_environment", Keeper::Shell),
    file("supervisord.conf", Keeper::Shell),
    file(".bash_history", Keeper::Shell),
    file(".zsh_history", Keeper::Shell),
    file(".zhistory", Keeper::Shell),
    file(".histfile", Keeper::Shell),
    file(".sh_history", Keeper::Shell),
    file(".ash_history", Keeper::Shell),
    file(".history", Keeper::Shell),
    file("fish_history", Keeper::Shell),
    file("etc/environment", Keeper::Shell),
    file("etc/profile", Keeper::Shell),
    file("etc/bash.bashrc", Keeper::Shell),
    file("etc/bashrc", Keeper::Shell),
    file("etc/zshrc", Keeper::Shell),
    file("etc/zshenv", Keeper::Shell),
    file("profile.d/*", Keeper::Shell),
    file("environment.d/*", Keeper::Shell),
    file("conf.d/*", Keeper::Shell),
    file("cron.d/*", Keeper::Shell),
    file(".python_history", Keeper::Python),
    file("training_params.json", Keeper::Training),
    file("wandb-metadata.json", Keeper::Settings),
    file(".gitlab-ci.yml", Keeper::Settings),
    file("cog.yaml", Keeper::Settings),
    file("bentofile.yaml", Keeper::Settings),
    file(".hydra/*", Keeper::Settings),
];

/// A variable that moves a file.
pub(crate) struct Moved {
    pub(crate) variable: &'static str,
    /// The file's path from what the variable holds.
    pub(crate) path: &'static str,
    pub(crate) keeper: Keeper,
}

const fn moved(variable: &'static str, path: &'static str, keeper: Keeper) -> Moved {
    Moved { variable, path, keeper }
}

/// The directory of the Hub's tools.
pub(crate) const HOME: &str = "HF_HOME";
/// The token file itself.
pub(crate) const TOKEN_PATH: &str = "HF_TOKEN_PATH";
/// The directory in which that of the Hub's tools lies, where nothing else is said.
pub(crate) const CACHE_HOME: &str = "XDG_CACHE_HOME";

/// What moves files, the later rows before the earlier ones.
pub(crate) static MOVED: [Moved; 15] = [
    moved(HOME, TOKEN, Keeper::Token),
    moved(HOME, STORED_TOKENS, Keeper::StoredTokens),
    moved("HUGGINGFACE_HOME", TOKEN, Keeper::Token),
    moved("HUGGINGFACE_HOME", STORED_TOKENS, Keeper::StoredTokens),
    moved(TOKEN_PATH, "", Keeper::Token),
    moved(TOKEN_PATH, "../stored_tokens", Keeper::StoredTokens),
    moved(CACHE_HOME, CACHED[0], Keeper::Token),
    moved(CACHE_HOME, CACHED[1], Keeper::StoredTokens),
    // Rust's `hf-hub` looks beside the cache.
    moved("HF_HUB_CACHE", "../token", Keeper::Token),
    moved("HUGGINGFACE_HUB_CACHE", "../token", Keeper::Token),
    moved("GIT_CONFIG_GLOBAL", "", Keeper::GitConfig),
    moved("NETRC", "", Keeper::Netrc),
    moved("DOCKER_CONFIG", "config.json", Keeper::DockerAuth),
    moved("REGISTRY_AUTH_FILE", "", Keeper::DockerAuth),
    moved("PIP_CONFIG_FILE", "", Keeper::Urls),
];
