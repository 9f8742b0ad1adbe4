//! Programs that run another one (`env`, `sudo`, `uv run`): what they run.

use super::{Command, Word};
use crate::dockerfile::Language;

/// The last part of a path, without `.exe`.
pub(super) fn base_name(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name).to_owned()
}

/// A command without its wrappers.
pub(super) struct Unwrapped<'a> {
    pub(super) words: &'a [Word],
    pub(super) assignments: Vec<(String, Word)>,
}

/// Programs that run the program named in their arguments.
const WRAPPERS: [&str; 42] = [
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
    "unbuffer",
    "busybox",
    "builtin",
    "retry",
    "pipenv",
    "flock",
    "xvfb-run",
    "doppler",
    "op",
    "infisical",
    "dotenv",
    "catchsegv",
];

/// Programs that are looked for behind a wrapper, beside shells, Python and other wrappers. Options of the
/// wrapper in front of them, with whatever values, are passed over.
const TARGETS: [&str; 26] = [
    "hf",
    "huggingface-cli",
    "transformers-cli",
    "rm",
    "cat",
    "echo",
    "printf",
    "tee",
    "eval",
    "su",
    "git",
    "export",
    "cp",
    "mv",
    "sed",
    "curl",
    "wget",
    "pip",
    "pip3",
    "docker",
    "docker-compose",
    "podman",
    "nerdctl",
    "buildah",
    "img",
    "executor",
];

/// Takes the wrappers away.
pub(super) fn unwrap(command: &Command) -> Unwrapped<'_> {
    let mut words = command.words.as_slice();
    let mut assignments = command.assignments.clone();
    while let Some((first, rest)) = words.split_first() {
        let name = base_name(&first.text.to_str());
        // `runuser -u USER -- PROGRAM …` has no shell.
        let is_runuser = name == "runuser" && rest.first().is_some_and(|w| w.text.as_bytes() == b"-u");
        if !is_runuser && !WRAPPERS.contains(&name.as_str()) {
            break;
        }
        let is_target = |word: &Word| {
            let text = word.text.to_str();
            // `uvx hf@latest` names a version.
            let name = base_name(text.split('@').next().unwrap_or_default());
            TARGETS.contains(&name.as_str())
                || WRAPPERS.contains(&name.as_str())
                || Language::of_program(&name) != Language::Other
        };
        let Some(at) = rest.iter().position(is_target) else { break };
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
        words = rest.get(at..).unwrap_or_default();
    }
    Unwrapped { words, assignments }
}
