//! Files in which credentials for the Hub are kept, told by their names alone: the directory counts where
//! the name itself is common.

use super::KeptForm;
use crate::detect::variables::{is_hub_key, is_hub_variable};

/// What a file of some name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Keeper {
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
    /// What a file of that path is.
    pub(super) fn of(path: &[u8]) -> Option<Self> {
        let mut parts = path.rsplit(|&b| b == b'/');
        let name = std::str::from_utf8(parts.next()?).ok()?;
        let above = std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
        by_name(name)
            .or_else(|| by_directory(above, name))
            .or_else(|| in_directory(path, name))
            .or_else(|| by_pattern(above, name))
    }

    /// The forms in which it may hold a credential.
    pub(super) fn forms(self) -> &'static [KeptForm] {
        use KeptForm::{Argument, Assignment, DockerAuth, Header, Netrc, Url, Value};
        match self {
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

    /// Whether each of its lines stands for itself, so that it can be read in pieces, and names the Hub where it
    /// holds a credential for it.
    pub(super) fn is_lines(self) -> bool {
        matches!(self, Self::GitCredentials | Self::Urls | Self::Shell | Self::Python | Self::Settings)
    }
}

fn by_name(name: &str) -> Option<Keeper> {
    Some(match name {
        ".netrc" | "_netrc" | "netrc" => Keeper::Netrc,
        ".git-credentials" => Keeper::GitCredentials,
        ".gitconfig" | ".lfsconfig" | ".gitmodules" | "gitconfig" => Keeper::GitConfig,
        ".dockercfg" | ".dockerconfigjson" => Keeper::DockerAuth,
        "FETCH_HEAD" | "direct_url.json" | "pip.conf" | "pip.ini" | "uv.toml" | "uv.lock" | "poetry.lock"
        | "poetry.toml" | "pdm.lock" | "Pipfile" | "Pipfile.lock" | "pyproject.toml" | ".condarc"
        | "condarc" => Keeper::Urls,
        ".curlrc" | "_curlrc" | ".wgetrc" | "wgetrc" | "aria2.conf" => Keeper::Client,
        ".env" | ".envrc" | ".bashrc" | ".bash_profile" | ".bash_login" | ".bash_aliases" | ".profile"
        | ".zshrc" | ".zshenv" | ".zprofile" | ".zlogin" | ".kshrc" | ".cshrc" | ".tcshrc" | ".login"
        | "config.fish" | ".pam_environment" | "supervisord.conf" | ".bash_history" | ".zsh_history"
        | ".zhistory" | ".histfile" | ".sh_history" | ".ash_history" | ".history" | "fish_history" => {
            Keeper::Shell
        }
        ".python_history" => Keeper::Python,
        "training_params.json" => Keeper::Training,
        "wandb-metadata.json" | ".gitlab-ci.yml" | "cog.yaml" | "bentofile.yaml" => Keeper::Settings,
        _ => return None,
    })
}

/// Names that mean something in one directory only.
fn by_directory(above: &str, name: &str) -> Option<Keeper> {
    Some(match (above, name) {
        ("git", "credentials") => Keeper::GitCredentials,
        (".git" | "git", "config") | (".git", "config.worktree") => Keeper::GitConfig,
        (".docker", "config.json") | ("containers" | ".config", "auth.json") => Keeper::DockerAuth,
        ("pypoetry", "auth.toml" | "config.toml") => Keeper::Urls,
        (".hfd", _) => Keeper::Downloader,
        ("etc", "environment" | "profile" | "bash.bashrc" | "bashrc" | "zshrc" | "zshenv")
        | ("profile.d" | "environment.d" | "conf.d" | "cron.d", _) => Keeper::Shell,
        (".hydra", _) => Keeper::Settings,
        ("params", _) if is_hub_key(name) => Keeper::Variable,
        _ => return None,
    })
}

/// Files anywhere below a directory.
fn in_directory(path: &[u8], name: &str) -> Option<Keeper> {
    let below = |directory: &[u8]| {
        let at = memchr::memmem::find(path, directory);
        at.is_some_and(|at| at == 0 || path.get(at - 1) == Some(&b'/'))
    };
    let yaml = has_extension(name, "yml") || has_extension(name, "yaml");
    let unit = has_extension(name, "conf") || has_extension(name, "service");
    if path.starts_with(b"etc/default/") || (unit && (below(b"supervisor/") || below(b"systemd/"))) {
        Some(Keeper::Shell)
    } else if let Some(at) = memchr::memmem::rfind(path, b".git/") {
        // `.git`, or a bare repository, which is called `model.git`.
        let inside = path.get(at + b".git/".len()..).unwrap_or_default();
        let is_log = inside.starts_with(b"logs/")
            || ([&b"modules/"[..], b"worktrees/"].iter().any(|start| inside.starts_with(start))
                && below(b"logs/"));
        let is_lfs = inside.starts_with(b"lfs/") && !inside.starts_with(b"lfs/objects/");
        match name {
            "config" | "config.worktree" => Some(Keeper::GitConfig),
            _ if is_log || is_lfs => Some(Keeper::Urls),
            _ => None,
        }
    } else if (matches!(name, "config.yaml" | "output.log") && below(b"wandb/"))
        || (yaml && below(b".github/workflows/"))
    {
        Some(Keeper::Settings)
    } else {
        None
    }
}

fn by_pattern(above: &str, name: &str) -> Option<Keeper> {
    let yaml = has_extension(name, "yml") || has_extension(name, "yaml");
    let text = has_extension(name, "txt") || has_extension(name, "in");
    if name.starts_with(".env.") || has_extension(name, "env") {
        Some(Keeper::Shell)
    } else if has_extension(name, "tfvars")
        || (yaml && (name.starts_with("docker-compose") || name.starts_with("compose")))
    {
        Some(Keeper::Settings)
    } else if (text
        && (name.contains("requirements") || name.contains("constraints") || above == "requirements"))
        || (yaml && (name.starts_with("environment") || name.starts_with("conda")))
        || (name.ends_with("condarc"))
    {
        Some(Keeper::Urls)
    } else {
        let stem = name.strip_prefix('.').unwrap_or(name);
        let stem = stem.strip_suffix(".txt").unwrap_or(stem);
        is_hub_variable(stem).then_some(Keeper::Variable)
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, keeper) in [
            ("root/.netrc", Keeper::Netrc),
            ("home/a/_netrc", Keeper::Netrc),
            ("root/.git-credentials", Keeper::GitCredentials),
            ("root/.config/git/credentials", Keeper::GitCredentials),
            ("app/.git/config", Keeper::GitConfig),
            ("root/.config/git/config", Keeper::GitConfig),
            ("app/.git/modules/model/config", Keeper::GitConfig),
            ("app/.gitmodules", Keeper::GitConfig),
            ("etc/gitconfig", Keeper::GitConfig),
            ("app/.git/worktrees/x/config.worktree", Keeper::GitConfig),
            ("srv/model.git/config", Keeper::GitConfig),
            ("srv/model.git/logs/HEAD", Keeper::Urls),
            ("app/.git/worktrees/x/logs/HEAD", Keeper::Urls),
            ("app/.git/FETCH_HEAD", Keeper::Urls),
            ("app/.git/logs/HEAD", Keeper::Urls),
            ("app/.git/modules/model/logs/refs/heads/main", Keeper::Urls),
            ("app/.git/lfs/cache/x", Keeper::Urls),
            ("root/.docker/config.json", Keeper::DockerAuth),
            ("run/user/0/containers/auth.json", Keeper::DockerAuth),
            ("x/direct_url.json", Keeper::Urls),
            ("app/requirements-gpu.txt", Keeper::Urls),
            ("app/requirements/base.txt", Keeper::Urls),
            ("app/environment.yml", Keeper::Urls),
            ("root/.hfd/aria2c_urls.txt", Keeper::Downloader),
            ("root/.wgetrc", Keeper::Client),
            ("app/.env", Keeper::Shell),
            (".env.production", Keeper::Shell),
            ("app/prod.env", Keeper::Shell),
            ("etc/environment", Keeper::Shell),
            ("etc/profile.d/hub.sh", Keeper::Shell),
            ("etc/default/app", Keeper::Shell),
            ("etc/systemd/system/app.service", Keeper::Shell),
            ("etc/supervisor/conf.d/app.conf", Keeper::Shell),
            ("root/.local/share/fish/fish_history", Keeper::Shell),
            ("root/.python_history", Keeper::Python),
            ("app/wandb/run-1/files/wandb-metadata.json", Keeper::Settings),
            ("app/wandb/run-1/files/config.yaml", Keeper::Settings),
            ("outputs/1/.hydra/overrides.yaml", Keeper::Settings),
            ("app/.github/workflows/ci.yml", Keeper::Settings),
            ("app/docker-compose.prod.yaml", Keeper::Settings),
            ("run/s6/container_environment/HF_TOKEN", Keeper::Variable),
            ("mlruns/0/1/params/hf_token", Keeper::Variable),
            ("mlruns/0/1/params/push_to_hub_token", Keeper::Variable),
            ("HF_Token", Keeper::Variable),
            ("app/hf_token.txt", Keeper::Variable),
        ] {
            assert_eq!(Keeper::of(path.as_bytes()), Some(keeper), "{path}");
        }
        for path in [
            "",
            "token",
            "app/config",
            "app/config.json",
            "usr/lib/python3/config.yaml",
            "app/.git/objects/ab/cdef",
            "app/.git/lfs/objects/ab/cd/x",
            "app/env",
            "etc/git",
            "app/README.md",
            "usr/lib/hf_tokenizer.txt",
            "app/params/lr",
            "mlruns/0/1/params/hf_key",
            "app/hf_secret.txt",
            "app/credentials",
        ] {
            assert_eq!(Keeper::of(path.as_bytes()), None, "{path}");
        }
    }
}
