//! Files that keep Hub credentials, recognised by their names alone. For common names, the directory counts
//! as well.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::detect::variables::{is_hub_key, is_hub_variable};
use crate::hub::files::{BY_NAME, CredentialFile, IN_HOMES};

pub(super) use crate::hub::files::Keeper;

impl Keeper {
    /// Returns the type of a file with the given path.
    pub(super) fn of(path: &[u8]) -> Option<Self> {
        let mut parts = path.rsplit(|&b| b == b'/');
        let name = std::str::from_utf8(parts.next()?).ok()?;
        let above = std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
        by_name(path, name)
            .or_else(|| by_setting(above, name))
            .or_else(|| in_directory(path, name))
            .or_else(|| by_pattern(above, name))
    }

    /// Returns true if the lines of the file are independent of each other. Then the file can be read in
    /// pieces, and a line that holds a Hub credential also names the Hub.
    pub(super) fn is_lines(self) -> bool {
        matches!(self, Self::GitCredentials | Self::Urls | Self::Shell | Self::Python | Self::Settings)
    }
}

/// Looks up the files of the table, except those that count only if the Hub client is configured to use
/// them.
fn by_name(path: &[u8], name: &str) -> Option<Keeper> {
    static BY_LAST_NAME: LazyLock<HashMap<&str, Vec<&CredentialFile>>> = LazyLock::new(|| {
        let is_own = |file: &&CredentialFile| matches!(file.keeper, Keeper::Token | Keeper::StoredTokens);
        let mut files: HashMap<&str, Vec<&CredentialFile>> = HashMap::new();
        for file in IN_HOMES.iter().chain(&BY_NAME).filter(|file| !is_own(file)) {
            let last = file.ending.rsplit('/').next().unwrap_or_default();
            files.entry(last).or_default().push(file);
        }
        files
    });
    let files = [name, "*"].into_iter().filter_map(|last| BY_LAST_NAME.get(last)).flatten();
    files.into_iter().find(|file| file.is_at(path)).map(|file| file.keeper)
}

/// Recognises the parameters of a run that mlflow keeps, one file each.
fn by_setting(above: &str, name: &str) -> Option<Keeper> {
    (above == "params" && is_hub_key(name)).then_some(Keeper::Variable)
}

/// Recognises files anywhere below a directory.
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
        // `.git`, or a bare repository, which is named like `model.git`.
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
