//! Recognizes files of CI systems and builders by their paths.

/// The tool that reads a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Docker Compose.
    Compose,
    /// Docker Buildx Bake.
    Bake,
    /// Development containers.
    Devcontainer,
    /// GitHub Actions and compatible systems (Gitea, Forgejo): workflows and composite actions.
    Actions,
    /// GitLab CI.
    GitLab,
}

/// The syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Yaml,
    /// JSON, with comments and trailing commas allowed.
    Json,
    Hcl,
}

/// Returns the dialect and the syntax of the file at a path. Names must be spelled as the tools expect
/// them, in any directory.
pub(super) fn kind(path: &[u8]) -> Option<(Dialect, Syntax)> {
    let path = std::str::from_utf8(path).ok()?;
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    let (parent, above) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if name == ".devcontainer.json"
        || (name == "devcontainer.json" && (parent == ".devcontainer" || above == ".devcontainer"))
    {
        return Some((Dialect::Devcontainer, Syntax::Json));
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let syntax = match extension {
        "yaml" | "yml" => Syntax::Yaml,
        "json" => Syntax::Json,
        "hcl" => Syntax::Hcl,
        _ => return None,
    };
    if syntax != Syntax::Yaml {
        let is_bake = stem == "bake"
            || stem == "docker-bake"
            || stem.starts_with("docker-bake.")
            || stem.rsplit_once('.').is_some_and(|(_, last)| last == "bake");
        return is_bake.then_some((Dialect::Bake, syntax));
    }
    let is_workflow = parent == "workflows" && matches!(above, ".github" | ".gitea" | ".forgejo");
    if is_workflow || stem == "action" {
        return Some((Dialect::Actions, Syntax::Yaml));
    }
    if stem.ends_with(".gitlab-ci") {
        return Some((Dialect::GitLab, Syntax::Yaml));
    }
    let is_compose = stem == "compose"
        || stem.starts_with("docker-compose")
        || ["compose.", "compose-"].iter().any(|start| stem.starts_with(start))
        || [".compose", ".docker-compose"].iter().any(|end| stem.ends_with(end));
    is_compose.then_some((Dialect::Compose, Syntax::Yaml))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_name_and_directory() {
        use Dialect::{Actions, Bake, Compose, Devcontainer, GitLab};
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
            ("package.json", None),
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
            ("gitlab-ci.yml", None),
            ("workflows/ci.yml", None),
        ] {
            assert_eq!(kind(path.as_bytes()).map(|(dialect, _)| dialect), expected, "{path}");
        }
    }
}
