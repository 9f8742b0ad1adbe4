//! Credential files of Hugging Face tools and of the tools that they log in to: path endings, contents, and
//! the variables that relocate them (`huggingface_hub/constants.py`).

use serde::{Deserialize, Serialize};

/// The form in which a file holds a possible credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum CredentialForm {
    /// A file with a single word, as the Hub client writes `token`.
    Word,
    /// An INI file whose sections have the keys of the Hub client, as it writes `stored_tokens`.
    StoredTokens,
    /// A password for a Hugging Face host in a netrc file.
    Netrc,
    /// A password, or a credential in place of the user, in the URL of a Hugging Face host.
    Url,
    /// An `Authorization` header for a Hugging Face host.
    Header,
    /// A docker login for a Hugging Face host.
    DockerAuth,
    /// The value of a token variable.
    Assignment,
    /// The value of a flag on a command line, of a similar setting in the configuration of a tool, or of an
    /// argument of a call.
    Argument,
    /// A file with a single word that is named after a token variable.
    Value,
}

/// The type of a file with credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Keeper {
    /// One plain Hub token.
    Token,
    /// An INI file of named Hub tokens.
    StoredTokens,
    /// A netrc file.
    Netrc,
    /// The file of git's `store` credential helper.
    GitCredentials,
    /// A git configuration.
    GitConfig,
    /// A docker or podman login.
    DockerAuth,
    /// Any file with URLs: requirements, lock files, package manager configurations, reflogs.
    Urls,
    /// The configuration of a download tool.
    Client,
    /// The state of a tool that downloads only from the Hub.
    Downloader,
    /// Shell text: environment files, start-up files, histories.
    Shell,
    /// Python source text.
    Python,
    /// YAML, JSON or TOML that assigns values to names.
    Settings,
    /// The parameters of a training run, in which the token is called `token`.
    Training,
    /// The value of the variable that the file is named after.
    Variable,
}

impl Keeper {
    /// Returns the forms in which the file may hold a credential.
    pub(crate) fn forms(self) -> &'static [CredentialForm] {
        use CredentialForm::{
            Argument, Assignment, DockerAuth, Header, Netrc, StoredTokens, Url, Value, Word,
        };
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

    /// Returns true if `hf auth login` itself writes the file.
    pub(crate) fn is_written_by_login(self) -> bool {
        matches!(self, Self::Token | Self::StoredTokens | Self::GitCredentials)
    }
}

/// A credential file, identified by the end of its path.
#[derive(Debug)]
pub(crate) struct CredentialFile {
    /// Whole path components. The last component may be `*`, for any file of the directory.
    pub(crate) ending: &'static str,
    pub(crate) keeper: Keeper,
}

const fn file(ending: &'static str, keeper: Keeper) -> CredentialFile {
    CredentialFile { ending, keeper }
}

impl CredentialFile {
    /// Returns true if the path is that of this file.
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

/// Returns true if a path ends with these components.
pub(crate) fn ends_with(path: &[u8], ending: &str) -> bool {
    let head = path.strip_suffix(ending.as_bytes());
    head.is_some_and(|head| head.is_empty() || head.ends_with(b"/"))
}

/// The file that holds the token, in the directory of the Hub tools.
pub(crate) const TOKEN: &str = "token";
/// The file next to [`TOKEN`] that holds all tokens by name.
pub(crate) const STORED_TOKENS: &str = "stored_tokens";
/// The token file in the home directory for releases before 0.12.
pub(crate) const OLD_TOKEN: &str = ".huggingface/token";
/// The directory of the Hub tools in a cache directory.
pub(crate) const DIRECTORY: &str = "huggingface";
/// The files that a login writes in the cache directory of any home.
pub(crate) const CACHED: [&str; 2] = ["huggingface/token", "huggingface/stored_tokens"];
/// The directories of the Hub tools in a home directory.
pub(crate) const DIRECTORIES: [&str; 2] = [".huggingface", ".cache/huggingface"];
/// Names that people give to a file with nothing but a token.
pub(crate) const OWN_NAMES: [&str; 3] = ["hf_token", ".hf_token", "hf_token.txt"];

/// The keys of [`STORED_TOKENS`] that hold a token.
pub(crate) const STORED_KEYS: [&str; 2] = ["hf_token", "refresh_token"];
/// The other keys of [`STORED_TOKENS`].
pub(crate) const OTHER_KEYS: [&str; 1] = ["expires_at"];

/// The credential files of every home directory and of every relocated cache. They count whatever links lead
/// to them.
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

/// Files that count by their name alone, in any directory.
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

/// A variable that relocates a file.
pub(crate) struct Moved {
    pub(crate) variable: &'static str,
    /// The path of the file, relative to the value of the variable.
    pub(crate) path: &'static str,
    pub(crate) keeper: Keeper,
}

const fn moved(variable: &'static str, path: &'static str, keeper: Keeper) -> Moved {
    Moved { variable, path, keeper }
}

/// The directory of the Hub tools.
pub(crate) const HOME: &str = "HF_HOME";
/// The token file itself.
pub(crate) const TOKEN_PATH: &str = "HF_TOKEN_PATH";
/// The parent of the directory of the Hub tools, unless another variable overrides it.
pub(crate) const CACHE_HOME: &str = "XDG_CACHE_HOME";

/// The variables that relocate files. Later rows take precedence over earlier ones.
pub(crate) static MOVED: [Moved; 15] = [
    moved(HOME, TOKEN, Keeper::Token),
    moved(HOME, STORED_TOKENS, Keeper::StoredTokens),
    moved("HUGGINGFACE_HOME", TOKEN, Keeper::Token),
    moved("HUGGINGFACE_HOME", STORED_TOKENS, Keeper::StoredTokens),
    moved(TOKEN_PATH, "", Keeper::Token),
    moved(TOKEN_PATH, "../stored_tokens", Keeper::StoredTokens),
    moved(CACHE_HOME, CACHED[0], Keeper::Token),
    moved(CACHE_HOME, CACHED[1], Keeper::StoredTokens),
    // The `hf-hub` crate looks next to the cache.
    moved("HF_HUB_CACHE", "../token", Keeper::Token),
    moved("HUGGINGFACE_HUB_CACHE", "../token", Keeper::Token),
    moved("GIT_CONFIG_GLOBAL", "", Keeper::GitConfig),
    moved("NETRC", "", Keeper::Netrc),
    moved("DOCKER_CONFIG", "config.json", Keeper::DockerAuth),
    moved("REGISTRY_AUTH_FILE", "", Keeper::DockerAuth),
    moved("PIP_CONFIG_FILE", "", Keeper::Urls),
];
