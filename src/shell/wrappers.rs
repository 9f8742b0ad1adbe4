//! Programs that run another program (`env`, `sudo`, `uv run`).

use super::Language;
use super::{Command, Word};
use crate::hub::programs::PROGRAMS;
use crate::text::{Span, Text};

/// Returns the last part of a path, without `.exe`.
pub(super) fn base_name(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name).to_owned()
}

/// Returns the name of a program, given its path, `$(which NAME)` or `$(command -v NAME)`.
pub(super) fn program_name(program: &str) -> String {
    let inner = program.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')'));
    let inner = inner.or_else(|| program.strip_prefix('`')?.strip_suffix('`'));
    let looked_for = inner.map(str::trim).and_then(|inner| {
        ["which ", "command -v ", "type -p "].iter().find_map(|finder| inner.strip_prefix(finder))
    });
    base_name(looked_for.map_or(program, str::trim))
}

/// Returns the `HOME` that a program sets when it changes the user, or `None` if it leaves `HOME`
/// unchanged.
pub(super) fn home_of(program: &str, arguments: &[Word]) -> Option<(String, Word)> {
    let texts: Vec<_> = arguments.iter().map(|word| word.text.to_str()).collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let value_of = |short: &str, long: &str| {
        texts.iter().enumerate().find_map(|(at, text)| match *text {
            option if option == short || option == long => texts.get(at + 1).copied(),
            option => option.strip_prefix(long)?.strip_prefix('='),
        })
    };
    let user = match program {
        "gosu" | "su-exec" => *texts.first()?,
        "sudo" | "doas" => {
            let keeps = |text: &&str| matches!(*text, "-E" | "--preserve-env");
            if texts.iter().take_while(|text| text.starts_with('-')).any(keeps) {
                return None;
            }
            value_of("-u", "--user").unwrap_or("root")
        }
        "runuser" if value_of("-u", "--user").is_some() => value_of("-u", "--user")?,
        "su" | "runuser" => {
            let keeps = |text: &&str| matches!(*text, "-m" | "-p" | "--preserve-environment");
            if texts.iter().any(keeps) {
                return None;
            }
            let mut words = texts.iter().copied();
            loop {
                match words.next() {
                    Some("-c" | "--command" | "-s" | "--shell" | "-g" | "--group") => drop(words.next()),
                    Some(option) if option.starts_with('-') => {}
                    Some(user) => break user,
                    None => break "root",
                }
            }
        }
        _ => return None,
    };
    let name = user.split(':').next().unwrap_or_default();
    let is_known = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let home = match name {
        "root" | "0" => "/root".to_owned(),
        _ => format!("/home/{name}"),
    };
    // The home directory of a user given by number is recorded in a file of the image.
    let is_number = name != "0" && name.bytes().all(|b| b.is_ascii_digit());
    let mut text = Text::new();
    text.push(home.as_bytes(), arguments.first().map_or_else(Span::default, |word| word.text.span()));
    Some(("HOME".to_owned(), Word { text, has_substitution: !is_known || is_number, ..Word::default() }))
}

/// Returns the variable in which `conda run -n NAME` gives the name of the environment.
fn environment_of(program: &str, arguments: &[Word]) -> Option<(String, Word)> {
    if !matches!(program, "conda" | "mamba" | "micromamba") {
        return None;
    }
    let at = arguments.iter().position(|word| matches!(word.text.as_bytes(), b"-n" | b"--name"))?;
    Some((ENVIRONMENT.to_owned(), arguments.get(at + 1)?.clone()))
}

/// The variable that holds the name of the active conda environment.
pub(crate) const ENVIRONMENT: &str = "CONDA_DEFAULT_ENV";

/// A command without its wrappers.
pub(super) struct Unwrapped<'a> {
    pub(super) words: &'a [Word],
    pub(super) assignments: Vec<(String, Word)>,
}

/// Programs that run the program named in their arguments.
const WRAPPERS: [&str; 27] = [
    "env",
    "sudo",
    "doas",
    "exec",
    "command",
    "nohup",
    "time",
    "nice",
    "ionice",
    "timeout",
    "stdbuf",
    "xargs",
    "setsid",
    "chroot",
    "gosu",
    "su-exec",
    "setpriv",
    "tini",
    "dumb-init",
    "uvx",
    "unbuffer",
    "busybox",
    "builtin",
    "retry",
    "flock",
    "xvfb-run",
    "catchsegv",
];

/// Programs that do so only with one of the words [`RUNS`].
const RUNNERS: [&str; 15] = [
    "uv",
    "pipx",
    "poetry",
    "pdm",
    "conda",
    "mamba",
    "micromamba",
    "rye",
    "hatch",
    "pixi",
    "pipenv",
    "doppler",
    "op",
    "infisical",
    "dotenv",
];

/// The subcommands of [`RUNNERS`] that run a program.
const RUNS: [&str; 3] = ["run", "exec", "x"];

/// Programs that are recognized after a wrapper, in addition to the Hub's tools, shells, Python and other
/// wrappers. Options of the wrapper before them are skipped, along with their values.
const TARGETS: [&str; 69] = [
    "apk",
    "apt",
    "apt-get",
    "awk",
    "aws",
    "az",
    "buildah",
    "buildctl",
    "bundle",
    "cat",
    "comfy",
    "composer",
    "cp",
    "crane",
    "crontab",
    "crudini",
    "curl",
    "dasel",
    "dd",
    "depot",
    "dnf",
    "docker",
    "docker-compose",
    "dvc",
    "earthly",
    "echo",
    "envsubst",
    "eval",
    "executor",
    "export",
    "fly",
    "flyctl",
    "gawk",
    "gcloud",
    "gh",
    "git",
    "glab",
    "go",
    "helm",
    "img",
    "install",
    "jq",
    "kubectl",
    "mc",
    "mv",
    "nerdctl",
    "npm",
    "perl",
    "pip",
    "pip3",
    "pnpm",
    "podman",
    "podman-compose",
    "printf",
    "rclone",
    "rm",
    "sed",
    "skopeo",
    "sponge",
    "su",
    "tee",
    "tomlq",
    "wget",
    "yarn",
    "yq",
    "yum",
    "printenv",
    "source",
    ".",
];

/// Wrappers that take paths of their own.
const TAKES_PATHS: [&str; 3] = ["chroot", "flock", "xargs"];

/// Returns true if a program may run the program named in its arguments.
fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name) || RUNNERS.contains(&name)
}

/// Removes the wrappers of a command.
pub(super) fn unwrap(command: &Command) -> Unwrapped<'_> {
    let mut words = command.words.as_slice();
    let mut assignments = command.assignments.clone();
    while let Some((first, rest)) = words.split_first() {
        let name = base_name(&first.text.to_str());
        // `runuser -u USER -- PROGRAM …` does not use a shell.
        let is_runuser = name == "runuser" && rest.first().is_some_and(|w| w.text.as_bytes() == b"-u");
        if !is_runuser && !is_wrapper(&name) {
            break;
        }
        let wrapper = name.as_str();
        let is_target = |word: &Word| {
            let text = word.text.to_str();
            // `uvx hf@latest` names a version.
            let name = base_name(text.split('@').next().unwrap_or_default());
            TARGETS.contains(&name.as_str())
                || text.starts_with("./")
                || (text.starts_with('/') && !TAKES_PATHS.contains(&wrapper))
                || name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "sh" | "py"))
                || PROGRAMS.iter().any(|program| program.name() == name)
                || is_wrapper(&name)
                || Language::of_program(&name) != Language::Other
        };
        let Some(at) = rest.iter().position(is_target) else { break };
        let runs = |word: &Word| RUNS.contains(&word.text.to_str().as_ref());
        let is_pip =
            at == 0 && name == "uv" && rest.first().is_some_and(|word| word.text.as_bytes() == b"pip");
        if RUNNERS.contains(&name.as_str()) && !is_pip && !rest.iter().take(at).any(runs) {
            break;
        }
        if name == "env" {
            for word in rest.iter().take(at) {
                let text = word.text.to_str();
                if let Some((name, _)) = text.split_once('=').filter(|(name, _)| !name.starts_with('-')) {
                    let value =
                        Word { text: word.text.slice(name.len() + 1..word.text.len()), ..word.clone() };
                    assignments.push((name.to_owned(), value));
                }
            }
        }
        assignments.extend(home_of(&name, rest));
        assignments.extend(environment_of(&name, rest));
        words = rest.get(at..).unwrap_or_default();
    }
    Unwrapped { words, assignments }
}
