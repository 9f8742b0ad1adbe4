//! The builders by name, and what they build and return.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::case::Case;
use crate::support::{Token, token, tools};

/// The number of a builder's last lines to show.
const LAST_LINES: usize = 24;

/// A program that builds images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Builder {
    Buildah,
    /// The BuildKit of Docker 20.10.
    BuildKit20,
    /// The classic builder, of Docker 20.10.
    Classic,
    /// The BuildKit of Docker 28, with buildx and the containerd store.
    Docker28,
    Podman,
}

impl Builder {
    pub(crate) const ALL: [Self; 5] =
        [Self::Buildah, Self::BuildKit20, Self::Classic, Self::Docker28, Self::Podman];

    /// Returns the name in cases, variables and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::BuildKit20 => "buildkit-20.10",
            Self::Classic => "classic",
            Self::Docker28 => "docker-28",
            Self::Podman => "podman-5",
        }
    }

    /// Whether the builder attaches a record of the build to the image.
    pub(crate) fn attests(self) -> bool {
        self == Self::Docker28
    }

    /// Parses names that are separated by commas.
    ///
    /// # Panics Panics on an unknown name.
    pub(crate) fn list(names: &str) -> Vec<Self> {
        let by_name = |name: &str| Self::ALL.into_iter().find(|builder| builder.name() == name);
        names
            .split(',')
            .map(|name| by_name(name).unwrap_or_else(|| panic!("there is no builder {name:?}")))
            .collect()
    }
}

impl fmt::Display for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The input of one build.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) context: &'a Path,
    pub(crate) case: &'a Case,
    /// The names of the build arguments whose value is the token.
    pub(crate) arguments: &'a [String],
    /// The secrets, as `id=ID,env=NAME`. The token is in the variables.
    pub(crate) secrets: &'a [String],
    pub(crate) token: &'a Token,
}

impl Job<'_> {
    /// Adds the build arguments and the secrets to a command, which all builders spell alike.
    pub(crate) fn give_token(self, build: &mut Command) {
        for name in self.arguments {
            // An argument without a value is taken from the environment, which other processes cannot see.
            build.args(["--build-arg", name]).env(name, self.token.text());
        }
        for secret in self.secrets {
            build.args(["--secret", secret]);
            let variable = secret.split(',').find_map(|part| part.strip_prefix("env="));
            build.env(variable.expect("a secret from a variable"), self.token.text());
        }
    }
}

/// An image on disk.
#[derive(Debug)]
pub(crate) enum Image {
    /// An OCI layout with one image.
    Layout(PathBuf),
    /// The output of `docker save` or `podman save`.
    Archive(PathBuf),
}

impl Image {
    /// Returns the target of `stowaway scan`.
    pub(crate) fn target(&self) -> String {
        match self {
            Self::Layout(path) => format!("oci:{}", tools::text(path)),
            Self::Archive(path) => format!("docker-archive:{}", tools::text(path)),
        }
    }
}

/// The last lines of a builder's output, with the token removed.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// Runs a builder's command.
pub(crate) fn run(command: &mut Command, token: &Token) -> Result<(), Failure> {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{} did not start: {error}", command_name(command)));
    if status.success() {
        return Ok(());
    }
    let said = [stdout, stderr].concat();
    let said = String::from_utf8_lossy(&said).replace('\x1b', "");
    // Instructions that a builder does not know are shown in capitals.
    let said = said.replace(token.text(), "<token>").replace(&token.text().to_uppercase(), "<token>");
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let masked =
        last.iter().map(|line| if token::shows_a_secret(line) { "<a line with a token>" } else { line });
    Err(Failure(masked.collect::<Vec<_>>().join("\n")))
}

/// Returns a command whose environment has no variables of the Hub.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HF_")) {
        command.env_remove(name);
    }
    command
}

fn command_name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
