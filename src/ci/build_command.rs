//! Build arguments on the command lines of builders, such as `docker build --build-arg NAME=value`.

use super::lists::split;
use crate::shell::Word;
use crate::text::Text;

/// A program that builds images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builder {
    /// Docker and everything with its options: Podman, Buildah, nerdctl, Depot and others.
    Docker,
    /// `docker compose` and its like.
    Compose,
    Bake,
    /// BuildKit's own client.
    Buildctl,
    Kaniko,
    Earthly,
    /// Azure Container Registry.
    Azure,
    /// OpenShift.
    OpenShift,
    Fly,
    Heroku,
    /// Google Cloud Build, whose substitutions become build arguments.
    Google,
    /// Nixpacks, whose variables become those of the image.
    Nixpacks,
    /// A program that takes its build arguments from a file of its own: Cog, Skaffold.
    Other,
}

/// A command that builds an image.
pub(super) struct Build {
    pub(super) builder: Builder,
    /// The build arguments that it gives: `NAME=value`, or `NAME` for a value from the environment.
    pub(super) arguments: Vec<Text>,
}

impl Build {
    /// Reads a command line, if it builds an image.
    pub(super) fn of_command(program: &str, arguments: &[Word]) -> Option<Self> {
        let builder = builder(program, arguments)?;
        let arguments = match builder {
            Builder::Docker | Builder::Compose | Builder::Kaniko | Builder::Earthly | Builder::OpenShift => {
                options(arguments, &["--build-arg"])
            }
            Builder::Azure => {
                options(arguments, &["--build-arg", "--secret-build-arg", "--arg", "--secret-arg"])
            }
            Builder::Fly => options(arguments, &["--build-arg"]),
            Builder::Heroku => options(arguments, &["--arg"]),
            Builder::Nixpacks => options(arguments, &["--env"]),
            Builder::Bake => {
                let set = options(arguments, &["--set"]);
                set.iter().filter_map(bake_override).collect()
            }
            Builder::Buildctl => {
                let given = options(arguments, &["--opt"]);
                let prefix = b"build-arg:";
                let given = given.iter().filter(|text| text.starts_with_at(0, prefix));
                given.map(|text| text.slice(prefix.len()..text.len())).collect()
            }
            Builder::Google => {
                let given = options(arguments, &["--substitutions"]);
                let names = given.iter().flat_map(split);
                names.map(|text| text.slice(usize::from(text.byte(0) == Some(b'_'))..text.len())).collect()
            }
            Builder::Other => Vec::new(),
        };
        Some(Self { builder, arguments })
    }
}

/// Returns the build argument that an override of Bake sets: `TARGET.args.NAME=value`.
pub(super) fn bake_override(text: &Text) -> Option<Text> {
    let bytes = text.as_bytes();
    let name = memchr::memchr(b'=', bytes).unwrap_or(bytes.len());
    let at = memchr::memmem::find(bytes.get(..name)?, b".args.")?;
    Some(text.slice(at + 6..bytes.len()))
}

/// Returns the builder, if a command builds an image.
fn builder(program: &str, arguments: &[Word]) -> Option<Builder> {
    // `docker buildx build`, `docker compose build` and others. Options before the subcommand may take a
    // word.
    let mut words = arguments.iter().map(|word| word.text.to_str());
    let mut verbs = std::iter::from_fn(|| {
        loop {
            let word = words.next()?;
            if !word.starts_with('-') {
                return Some(word);
            }
            if TAKES_WORD.contains(&word.as_ref()) {
                words.next();
            }
        }
    });
    let has =
        |text: &[u8]| arguments.iter().any(|word| memchr::memmem::find(word.text.as_bytes(), text).is_some());
    let is_build = |verb: &str| matches!(verb, "build" | "b" | "bud" | "build-using-dockerfile");
    match program {
        "executor" => Some(Builder::Kaniko),
        "earthly" => Some(Builder::Earthly),
        "buildctl" | "buildctl-daemonless.sh" => (verbs.next()? == "build").then_some(Builder::Buildctl),
        "az" => {
            let is_registry = verbs.next()? == "acr";
            (is_registry && matches!(verbs.next()?.as_ref(), "build" | "task")).then_some(Builder::Azure)
        }
        "oc" => matches!(verbs.next()?.as_ref(), "start-build" | "new-build").then_some(Builder::OpenShift),
        "fly" | "flyctl" => matches!(verbs.next()?.as_ref(), "deploy" | "launch").then_some(Builder::Fly),
        "heroku" => (verbs.next()? == "container:push").then_some(Builder::Heroku),
        "nixpacks" => (verbs.next()? == "build").then_some(Builder::Nixpacks),
        "gcloud" => {
            let group = verbs.find(|verb| !matches!(verb.as_ref(), "alpha" | "beta"))?;
            (group == "builds" && verbs.next()? == "submit").then_some(Builder::Google)
        }
        "cog" => matches!(verbs.next()?.as_ref(), "build" | "push").then_some(Builder::Other),
        "skaffold" => matches!(verbs.next()?.as_ref(), "build" | "run" | "dev").then_some(Builder::Other),
        "docker" | "podman" | "nerdctl" | "buildah" | "img" | "docker-compose" | "podman-compose"
        | "docker-buildx" | "finch" | "depot" | "okteto" => {
            let mut plain = if program.ends_with("-compose") { Builder::Compose } else { Builder::Docker };
            for _ in 0..3 {
                let verb = verbs.next()?;
                match verb.as_ref() {
                    "bake" => return Some(Builder::Bake),
                    "run" => return has(b"kaniko").then_some(Builder::Kaniko),
                    "up" => return has(b"--build").then_some(plain),
                    verb if is_build(verb) => return Some(plain),
                    "compose" => plain = Builder::Compose,
                    "buildx" | "image" | "builder" => {}
                    _ => return None,
                }
            }
            None
        }
        // A program of the caller's choice, which only a builder's option tells.
        _ if program.starts_with('$') && has(b"--build-arg") => {
            verbs.take(3).any(|verb| is_build(&verb)).then_some(Builder::Docker)
        }
        _ => None,
    }
}

/// Returns true if a program builds images, among other things.
pub(super) fn is_builder(program: &str) -> bool {
    const NAMES: [&str; 12] = [
        "docker",
        "podman",
        "nerdctl",
        "buildah",
        "img",
        "docker-compose",
        "podman-compose",
        "docker-buildx",
        "finch",
        "depot",
        "executor",
        "buildctl",
    ];
    NAMES.contains(&program.rsplit('/').next().unwrap_or_default())
}

/// Options before the subcommand that take a word.
const TAKES_WORD: [&str; 25] = [
    "-c",
    "--context",
    "-H",
    "--host",
    "--config",
    "-l",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--env-file",
    "--profile",
    "--project-directory",
    "--ansi",
    "--parallel",
    "--progress",
    "--builder",
    "--root",
    "--storage-driver",
    "--project",
    "--addr",
];

/// Returns the values of options, given as `--option value` or `--option=value`.
fn options(arguments: &[Word], names: &[&str]) -> Vec<Text> {
    let mut values = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        for name in names {
            if word.text.as_bytes() == name.as_bytes() {
                values.extend(words.next().map(|value| value.text.clone()));
            } else if word.text.starts_with_at(0, name.as_bytes()) && word.text.byte(name.len()) == Some(b'=')
            {
                values.push(word.text.slice(name.len() + 1..word.text.len()));
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell;
    use crate::shell::{Language, Script};
    use crate::text::Span;

    #[test]
    fn builders_are_known() {
        for (command, expected) in [
            ("docker build --build-arg A=b --build-arg C .", vec!["A=b", "C"]),
            ("docker --context x buildx build --build-arg=A=\"b c\" .", vec!["A=b c"]),
            ("docker compose -f x.yml build --build-arg A=b web", vec!["A=b"]),
            ("docker-compose build --build-arg A=b", vec!["A=b"]),
            ("sudo docker image build --build-arg A=b", vec!["A=b"]),
            ("podman build --build-arg A", vec!["A"]),
            ("buildah bud --build-arg A=b", vec!["A=b"]),
            ("/kaniko/executor --context . --build-arg A=b", vec!["A=b"]),
            ("docker buildx bake --set '*.args.A=b' --set x.tags=y", vec!["A=b"]),
            ("nerdctl build --build-arg A=b .", vec!["A=b"]),
            (
                "buildctl --addr x build --opt build-arg:A=b --opt target=x --opt=build-arg:C=d",
                vec!["A=b", "C=d"],
            ),
            ("az acr build -r x --build-arg A=b --secret-build-arg C=d .", vec!["A=b", "C=d"]),
            ("flyctl deploy --build-arg A=b", vec!["A=b"]),
            ("fly deploy --build-secret A=b", vec![]),
            ("az acr task create -n x --arg A=b", vec!["A=b"]),
            ("az acr login", vec![]),
            ("oc start-build x --build-arg=A=b", vec!["A=b"]),
            ("nixpacks build . --env A=b", vec!["A=b"]),
            ("$DOCKER build --build-arg A=b .", vec!["A=b"]),
            ("$TOOL --build-arg A=b", vec![]),
            ("docker compose up --build --build-arg A=b", vec!["A=b"]),
            ("gcloud --project x builds submit --substitutions=_A=b,_C=d,e .", vec!["A=b", "C=d,e"]),
            ("gcloud run deploy --substitutions=_A=b", vec![]),
            ("heroku container:push web --arg A=b", vec!["A=b"]),
            ("depot build --build-arg A=b", vec!["A=b"]),
            ("earthly --build-arg A=b +image", vec!["A=b"]),
            ("timeout 60 podman-compose build --build-arg A=b", vec!["A=b"]),
            ("docker run -v x:/y gcr.io/kaniko-project/executor --build-arg A=b", vec!["A=b"]),
            ("docker run x build --build-arg A=b", vec![]),
            ("docker build --secret id=A,env=A .", vec![]),
            ("echo docker build --build-arg A=b", vec![]),
        ] {
            let text = Text::from_source(command.as_bytes(), Span::new(0, command.len()));
            let found: Vec<String> = shell::steps(&Script::Text { language: Language::Shell, text })
                .iter()
                .filter_map(|step| match &step.kind {
                    shell::StepKind::Program { name, arguments, .. } => Some(
                        Build::of_command(name, arguments).map_or_else(Vec::new, |build| build.arguments),
                    ),
                    shell::StepKind::Python(_) => None,
                })
                .flatten()
                .map(|text| text.to_str().into_owned())
                .collect();
            assert_eq!(found, expected, "{command}");
        }
    }
}
