//! The tools whose files are read.

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
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    CircleCi,
    /// Drone and Woodpecker.
    Drone,
    /// Jenkins: pipelines in Groovy.
    Jenkins,
    /// Google Cloud Build.
    CloudBuild,
    /// Tekton, Argo Workflows and other pods of Kubernetes.
    Pods,
    Skaffold,
    /// Cog: `cog.yaml`.
    Cog,
    /// Builds of Railway and Nixpacks.
    Railway,
    /// Fly.io: `fly.toml`.
    Fly,
    /// GNU make and its like.
    Make,
    Just,
    /// Task: `Taskfile.yml`.
    Task,
    /// Earthly.
    Earthly,
    /// Scripts of `package.json`.
    Npm,
    /// Tasks of `pyproject.toml`.
    Python,
    /// Shell scripts.
    Shell,
    PowerShell,
    /// Batch files of Windows.
    Batch,
}

/// The places in which logins of a file leave the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logins {
    /// On the machine of a CI system.
    OnRunner,
    /// In a container for development.
    InContainer,
    /// On a machine that may be anybody's: it counts if the file builds images.
    WhereBuilt,
    /// In the image.
    InImage,
}

impl Dialect {
    pub(crate) fn logins(self) -> Logins {
        match self {
            Self::Devcontainer => Logins::InContainer,
            Self::Cog | Self::Railway | Self::Earthly => Logins::InImage,
            Self::Compose
            | Self::Bake
            | Self::Actions
            | Self::GitLab
            | Self::Azure
            | Self::Bitbucket
            | Self::CircleCi
            | Self::Drone
            | Self::Jenkins => Logins::OnRunner,
            Self::CloudBuild
            | Self::Pods
            | Self::Skaffold
            | Self::Fly
            | Self::Make
            | Self::Just
            | Self::Task
            | Self::Npm
            | Self::Python
            | Self::Shell
            | Self::PowerShell
            | Self::Batch => Logins::WhereBuilt,
        }
    }
}

/// A path for each dialect and syntax.
#[cfg(any(test, feature = "internals"))]
pub(crate) const EXAMPLES: [&str; 26] = [
    "compose.yaml",
    "docker-bake.hcl",
    "docker-bake.json",
    ".devcontainer.json",
    ".github/workflows/a.yml",
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".circleci/config.yml",
    ".drone.yml",
    "Jenkinsfile",
    "cloudbuild.yaml",
    ".tekton/a.yaml",
    "skaffold.yaml",
    "cog.yaml",
    "railway.toml",
    "fly.toml",
    "Makefile",
    "justfile",
    "Taskfile.yml",
    "Earthfile",
    "package.json",
    "pyproject.toml",
    "a.sh",
    "a.ps1",
    "a.bat",
];
