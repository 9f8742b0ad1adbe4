//! Build arguments on the command lines of builders, such as `docker build --build-arg NAME=value`.

use super::arguments::split;
use crate::shell::Word;
use crate::text::Text;

/// Returns the build arguments on a builder's command line: `NAME=value`, or `NAME` for a value from the
/// environment.
pub(super) fn build_arguments(program: &str, arguments: &[Word]) -> Vec<Text> {
    match build(program, arguments) {
        Some(Build::Plain) => options(arguments, &["--build-arg", "--secret-build-arg"]),
        Some(Build::Heroku) => options(arguments, &["--arg"]),
        Some(Build::Bake) => {
            let set = options(arguments, &["--set"]);
            set.iter().filter_map(bake_override).collect()
        }
        Some(Build::Frontend) => {
            let given = options(arguments, &["--opt"]);
            let prefix = b"build-arg:";
            let given = given.iter().filter(|text| text.starts_with_at(0, prefix));
            given.map(|text| text.slice(prefix.len()..text.len())).collect()
        }
        Some(Build::Google) => {
            let given = options(arguments, &["--substitutions"]);
            let names = given.iter().flat_map(split);
            names.map(|text| text.slice(usize::from(text.byte(0) == Some(b'_'))..text.len())).collect()
        }
        None => Vec::new(),
    }
}

/// Returns the build argument that an override of Bake sets: `TARGET.args.NAME=value`.
pub(super) fn bake_override(text: &Text) -> Option<Text> {
    let bytes = text.as_bytes();
    let name = memchr::memchr(b'=', bytes).unwrap_or(bytes.len());
    let at = memchr::memmem::find(bytes.get(..name)?, b".args.")?;
    Some(text.slice(at + 6..bytes.len()))
}

enum Build {
    /// A builder with the option `--build-arg`.
    Plain,
    Bake,
    /// BuildKit's own client.
    Frontend,
    /// Google Cloud Build, whose substitutions become build arguments.
    Google,
    Heroku,
}

/// Returns the kind of builder, if a command builds an image.
fn build(program: &str, arguments: &[Word]) -> Option<Build> {
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
    let is_build = |verb: &str| matches!(verb, "build" | "b" | "bud" | "build-using-dockerfile");
    let is_kaniko = |word: &Word| memchr::memmem::find(word.text.as_bytes(), b"kaniko").is_some();
    match program {
        // Kaniko, and a program that accepts the option anywhere.
        "executor" | "earthly" => Some(Build::Plain),
        "buildctl" | "buildctl-daemonless.sh" => (verbs.next()? == "build").then_some(Build::Frontend),
        "az" => (verbs.next()? == "acr" && verbs.next()? == "build").then_some(Build::Plain),
        "fly" | "flyctl" => matches!(verbs.next()?.as_ref(), "deploy" | "launch").then_some(Build::Plain),
        "heroku" => (verbs.next()? == "container:push").then_some(Build::Heroku),
        "gcloud" => {
            let group = verbs.find(|verb| !matches!(verb.as_ref(), "alpha" | "beta"))?;
            (group == "builds" && verbs.next()? == "submit").then_some(Build::Google)
        }
        "docker" | "podman" | "nerdctl" | "buildah" | "img" | "docker-compose" | "podman-compose"
        | "docker-buildx" | "finch" | "depot" => {
            for _ in 0..3 {
                let verb = verbs.next()?;
                match verb.as_ref() {
                    "bake" => return Some(Build::Bake),
                    "run" => return arguments.iter().any(is_kaniko).then_some(Build::Plain),
                    verb if is_build(verb) => return Some(Build::Plain),
                    "buildx" | "image" | "builder" | "compose" => {}
                    _ => return None,
                }
            }
            None
        }
        _ => None,
    }
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
                    shell::StepKind::Program { name, arguments, .. } => {
                        Some(build_arguments(name, arguments))
                    }
                    shell::StepKind::Python(_) => None,
                })
                .flatten()
                .map(|text| text.to_str().into_owned())
                .collect();
            assert_eq!(found, expected, "{command}");
        }
    }
}
