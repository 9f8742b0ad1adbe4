//! Recognizes files that build images, by their paths and, where these say nothing, by their content.

use super::dialect::Dialect;
pub(super) use super::syntax::Syntax;

/// Returns true if [`kind`] may know the file at a path.
pub(super) fn may_be_known(path: &[u8]) -> bool {
    let Some(path) = Path::new(path) else { return false };
    named(&path).is_some() || path.is_yaml()
}

/// Returns the dialect and the syntax of a file. Names must be spelled as the tools expect them, in any directory.
pub(super) fn kind(path: &[u8], bytes: &[u8]) -> Option<(Dialect, Syntax)> {
    let path = Path::new(path)?;
    let (dialect, syntax) = match named(&path) {
        Some(kind) => kind,
        None if path.is_yaml() => (by_content(bytes)?, Syntax::Yaml),
        None => return None,
    };
    // Most files with such names build nothing.
    let is_any = matches!(
        dialect,
        Dialect::Shell
            | Dialect::PowerShell
            | Dialect::Batch
            | Dialect::Npm
            | Dialect::Python
            | Dialect::Make
    );
    if is_any && !may_build(bytes) {
        return None;
    }
    let is_script = path.extension.is_empty() && dialect == Dialect::Shell;
    (!is_script || has_shell(bytes)).then_some((dialect, syntax))
}

/// A path in the parts that matter.
struct Path<'a> {
    name: &'a str,
    /// The name without its last extension.
    stem: &'a str,
    extension: &'a str,
    parent: &'a str,
    above: &'a str,
}

impl<'a> Path<'a> {
    fn new(path: &'a [u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(path).ok()?.rsplit('/');
        let name = parts.next()?;
        let (parent, above) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        Some(Self { name, stem, extension, parent, above })
    }

    fn is_yaml(&self) -> bool {
        matches!(self.extension, "yaml" | "yml")
    }

    /// Returns true if the name without its extension is this word, or this word with something behind it:
    /// `word-prod`, `word.gpu`, `word_x`.
    fn is_named(&self, word: &str) -> bool {
        let rest = self.stem.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
    }

    fn is_in(&self, directory: &str) -> bool {
        self.parent == directory || self.above == directory
    }
}

fn named(path: &Path<'_>) -> Option<(Dialect, Syntax)> {
    let name = path.name;
    if name == ".devcontainer.json" || (name == "devcontainer.json" && path.is_in(".devcontainer")) {
        return Some((Dialect::Devcontainer, Syntax::Json));
    }
    match path.extension {
        "yaml" | "yml" => Some((yaml(path)?, Syntax::Yaml)),
        "json" => Some((json(path)?, Syntax::Json)),
        "hcl" => is_bake(path).then_some((Dialect::Bake, Syntax::Hcl)),
        "toml" => Some((toml(path)?, Syntax::Toml)),
        _ => Some((plain(path)?, Syntax::Plain)),
    }
}

fn is_bake(path: &Path<'_>) -> bool {
    let stem = path.stem;
    stem == "bake"
        || stem == "docker-bake"
        || stem.starts_with("docker-bake.")
        || stem.rsplit_once('.').is_some_and(|(_, last)| last == "bake")
}

fn yaml(path: &Path<'_>) -> Option<Dialect> {
    let stem = path.stem;
    let is_workflow = path.parent == "workflows" && matches!(path.above, ".github" | ".gitea" | ".forgejo");
    let is_compose = stem == "compose"
        || stem.starts_with("docker-compose")
        || ["compose.", "compose-"].iter().any(|start| stem.starts_with(start))
        || [".compose", ".docker-compose"].iter().any(|end| stem.ends_with(end));
    let is_azure = path.is_named("azure-pipelines")
        || path.is_named("azure-pipeline")
        || stem.ends_with(".azure-pipelines")
        || path.is_in(".azure-pipelines")
        || path.is_in("azure-pipelines")
        || path.is_in(".azuredevops");
    let dialect = if is_workflow || stem == "action" {
        Dialect::Actions
    } else if stem.ends_with(".gitlab-ci")
        || path.is_in(".gitlab-ci")
        || (path.parent == "ci" && path.above == ".gitlab")
    {
        Dialect::GitLab
    } else if is_compose {
        Dialect::Compose
    } else if is_azure {
        Dialect::Azure
    } else if path.is_in(".circleci") {
        Dialect::CircleCi
    } else if path.is_named("bitbucket-pipelines") {
        Dialect::Bitbucket
    } else if path.is_named(".drone") || path.is_named(".woodpecker") || path.is_in(".woodpecker") {
        Dialect::Drone
    } else if path.is_named("cloudbuild") || stem.ends_with(".cloudbuild") {
        Dialect::CloudBuild
    } else if path.is_in(".tekton") {
        Dialect::Pods
    } else if path.is_named("skaffold") {
        Dialect::Skaffold
    } else if path.is_named("cog") {
        Dialect::Cog
    } else if path.is_named("Taskfile") || path.is_named("taskfile") {
        Dialect::Task
    } else {
        return None;
    };
    Some(dialect)
}

fn json(path: &Path<'_>) -> Option<Dialect> {
    match path.stem {
        _ if is_bake(path) => Some(Dialect::Bake),
        "railway" => Some(Dialect::Railway),
        "package" => Some(Dialect::Npm),
        _ => path.is_named("cloudbuild").then_some(Dialect::CloudBuild),
    }
}

fn toml(path: &Path<'_>) -> Option<Dialect> {
    match path.stem {
        "railway" | "nixpacks" => Some(Dialect::Railway),
        "pyproject" => Some(Dialect::Python),
        _ => path.is_named("fly").then_some(Dialect::Fly),
    }
}

fn plain(path: &Path<'_>) -> Option<Dialect> {
    let name = path.name;
    let is_makefile = matches!(name, "Makefile" | "makefile" | "GNUmakefile" | "BSDmakefile");
    if is_makefile || name.starts_with("Makefile.") || matches!(path.extension, "mk" | "mak") {
        return Some(Dialect::Make);
    }
    if name.eq_ignore_ascii_case("justfile") || name == ".justfile" || path.extension == "just" {
        return Some(Dialect::Just);
    }
    if name.starts_with("Jenkinsfile")
        || name.to_ascii_lowercase().ends_with(".jenkinsfile")
        || (path.extension == "groovy" && path.is_in("vars"))
        || path.extension == "jenkins"
    {
        return Some(Dialect::Jenkins);
    }
    match path.extension {
        "sh" | "bash" | "zsh" | "ksh" => Some(Dialect::Shell),
        "ps1" | "psm1" => Some(Dialect::PowerShell),
        "bat" | "cmd" => Some(Dialect::Batch),
        "earth" => Some(Dialect::Earthly),
        "" if name == "Earthfile" => Some(Dialect::Earthly),
        // Hooks of Docker Hub have no extension, nor have many scripts.
        "" if path.parent == "hooks" || may_be_script(name) => Some(Dialect::Shell),
        _ => None,
    }
}

/// Returns true if a name without an extension is one that people give to scripts that build.
fn may_be_script(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["build", "docker", "image", "release", "deploy", "publish", "push", "make", "ci"]
        .iter()
        .any(|word| name.split(['-', '_']).any(|part| part == *word))
}

/// Returns true if the first line names a shell.
fn has_shell(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    line.len() < 256
        && line.strip_prefix(b"#!").is_some_and(|line| memchr::memmem::find(line, b"sh").is_some())
}

/// Returns true if the words of a build command are in a file. What has a NUL in it is no text, unless it is written
/// in UTF-16.
fn may_build(bytes: &[u8]) -> bool {
    const VERBS: [&[u8]; 7] = [b"build", b"bake", b"bud", b"push", b"deploy", b"launch", b"executor"];
    const PROGRAMS: [&[u8]; 16] = [
        b"docker",
        b"podman",
        b"nerdctl",
        b"buildah",
        b"buildctl",
        b"build-arg",
        b"img",
        b"finch",
        b"depot",
        b"earthly",
        b"az ",
        b"fly",
        b"heroku",
        b"gcloud",
        b"kaniko",
        b"cog",
    ];
    let has =
        |bytes: &[u8], words: &[&[u8]]| words.iter().any(|word| memchr::memmem::find(bytes, word).is_some());
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
        return has(&narrow, &VERBS) && has(&narrow, &PROGRAMS);
    }
    memchr::memchr(0, bytes).is_none() && has(bytes, &VERBS) && has(bytes, &PROGRAMS)
}

/// Returns the dialect of a YAML file with any name.
fn by_content(bytes: &[u8]) -> Option<Dialect> {
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    if !has(b"apiVersion:") {
        let is_google = has(b"steps:") && (has(b"gcr.io/cloud-builders/") || has(b"gcr.io/kaniko-project/"));
        return (is_google && has(b"args:")).then_some(Dialect::CloudBuild);
    }
    if has(b"apiVersion: skaffold/") {
        return Some(Dialect::Skaffold);
    }
    let words: [&[u8]; 5] = [b"build-arg", b"BUILD_ARGS", b"kaniko", b"buildah", b"buildctl"];
    words.iter().any(|word| has(word)).then_some(Dialect::Pods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_name_and_directory() {
        use Dialect::{
            Actions, Azure, Bake, Batch, Bitbucket, CircleCi, CloudBuild, Cog, Compose, Devcontainer, Drone,
            Earthly, Fly, GitLab, Jenkins, Just, Make, Npm, Pods, PowerShell, Python, Railway, Shell,
            Skaffold, Task,
        };
        let content = b"#!/bin/sh\ndocker build .\n";
        for (path, expected) in [
            ("compose.yaml", Some(Compose)),
            ("a/compose.yml", Some(Compose)),
            ("docker-compose.yml", Some(Compose)),
            ("docker-compose.override.yaml", Some(Compose)),
            ("docker-compose-gpu.yml", Some(Compose)),
            ("compose.gpu.yaml", Some(Compose)),
            ("compose.yaml.txt", None),
            ("composer.yaml", None),
            ("docker-bake.hcl", Some(Bake)),
            ("docker-bake.json", Some(Bake)),
            ("docker-bake.override.json", Some(Bake)),
            ("gpu.bake.hcl", Some(Bake)),
            ("main.hcl", None),
            ("package.json", Some(Npm)),
            ("package-lock.json", None),
            (".devcontainer.json", Some(Devcontainer)),
            (".devcontainer/devcontainer.json", Some(Devcontainer)),
            ("x/.devcontainer/gpu/devcontainer.json", Some(Devcontainer)),
            ("devcontainer.json", None),
            (".github/workflows/ci.yml", Some(Actions)),
            ("sub/.github/workflows/ci.yaml", Some(Actions)),
            (".github/workflows/sub/ci.yml", None),
            (".github/dependabot.yml", None),
            ("action.yml", Some(Actions)),
            (".github/actions/a/action.yaml", Some(Actions)),
            (".gitlab-ci.yml", Some(GitLab)),
            ("ci/build.gitlab-ci.yml", Some(GitLab)),
            (".gitlab/ci/build.yml", Some(GitLab)),
            ("gitlab-ci.yml", None),
            ("workflows/ci.yml", None),
            ("azure-pipelines.yml", Some(Azure)),
            ("ci/azure-pipelines-gpu.yml", Some(Azure)),
            (".azure-pipelines/build.yml", Some(Azure)),
            ("azure.yaml", None),
            (".circleci/config.yml", Some(CircleCi)),
            (".circleci/src/jobs.yml", Some(CircleCi)),
            ("circle.yml", None),
            ("bitbucket-pipelines.yml", Some(Bitbucket)),
            (".drone.yml", Some(Drone)),
            (".woodpecker.yaml", Some(Drone)),
            (".woodpecker/build.yml", Some(Drone)),
            ("Jenkinsfile", Some(Jenkins)),
            ("ci/Jenkinsfile.gpu", Some(Jenkins)),
            ("vars/buildImage.groovy", Some(Jenkins)),
            ("src/A.groovy", None),
            ("cloudbuild.yaml", Some(CloudBuild)),
            ("cloudbuild-prod.json", Some(CloudBuild)),
            (".tekton/push.yaml", Some(Pods)),
            ("skaffold.yaml", Some(Skaffold)),
            ("cog.yaml", Some(Cog)),
            ("cog-gpu.yaml", Some(Cog)),
            ("cognito.yaml", None),
            ("railway.toml", Some(Railway)),
            ("railway.json", Some(Railway)),
            ("nixpacks.toml", Some(Railway)),
            ("fly.production.toml", Some(Fly)),
            ("Cargo.toml", None),
            ("pyproject.toml", Some(Python)),
            ("Makefile", Some(Make)),
            ("a/docker.mk", Some(Make)),
            ("Makefile.docker", Some(Make)),
            ("justfile", Some(Just)),
            (".justfile", Some(Just)),
            ("Taskfile.yml", Some(Task)),
            ("Taskfile.dist.yaml", Some(Task)),
            ("Earthfile", Some(Earthly)),
            ("build.sh", Some(Shell)),
            ("hooks/build", Some(Shell)),
            ("bin/docker-build", Some(Shell)),
            ("bin/other", None),
            ("build.ps1", Some(PowerShell)),
            ("build.cmd", Some(Batch)),
            ("main.py", None),
        ] {
            assert_eq!(kind(path.as_bytes(), content).map(|(dialect, _)| dialect), expected, "{path}");
            assert!(expected.is_none() || may_be_known(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn some_files_are_told_by_content() {
        for (path, content, expected) in [
            ("run.sh", "hf download m", None),
            ("run.sh", "X build --build-arg A", Some(Dialect::Shell)),
            ("run.sh", "docker build .\0", None),
            ("hooks/pre-commit", "#!/usr/bin/env python\ndocker build .", None),
            ("Makefile", "all:\n\tcc a.c\n", None),
            (
                "ci/a.yaml",
                "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build]\n",
                Some(Dialect::CloudBuild),
            ),
            ("ci/a.yaml", "apiVersion: skaffold/v4beta6\n", Some(Dialect::Skaffold)),
            ("ci/a.yaml", "apiVersion: tekton.dev/v1\nargs: [--build-arg, A]\n", Some(Dialect::Pods)),
            ("ci/a.yaml", "apiVersion: v1\nkind: Service\n", None),
        ] {
            let kind = kind(path.as_bytes(), content.as_bytes()).map(|(dialect, _)| dialect);
            assert_eq!(kind, expected, "{path} {content}");
        }
        let wide: Vec<u8> = "docker build".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = [b"\xFF\xFE".as_slice(), &wide].concat();
        assert!(kind(b"a.ps1", &wide).is_some());
    }
}
