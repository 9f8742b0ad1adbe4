//! The Hub's command-line programs: what they are called, which of their commands log in and out, and by which flags
//! programs are given a token.

use super::python::LIBRARY;

/// A program of the Hub's.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// The modules that `python -m` runs as it.
    modules: &'static [&'static str],
    /// Whether it reads the token from the environment, and from no file but its own.
    pub(crate) reads_environment: bool,
}

/// `huggingface_hub`'s, by its name of today.
const HF: &str = "hf";
/// The same by its old name.
const CLI: &str = "huggingface-cli";
/// That of `transformers` before release 4.
const TRANSFORMERS: &str = "transformers-cli";

/// All of them.
pub(crate) const PROGRAMS: [Program; 3] = [
    Program {
        name: HF,
        modules: &["huggingface_hub.cli.hf", "huggingface_hub.cli", LIBRARY],
        reads_environment: true,
    },
    Program { name: CLI, modules: &["huggingface_hub.commands.huggingface_cli"], reads_environment: true },
    Program {
        name: TRANSFORMERS,
        modules: &["transformers.commands.transformers_cli"],
        reads_environment: false,
    },
];

/// What a command does with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Writes the token and the list of tokens. `asks` says that it asks for the token, unless there is one in the
    /// environment: then it writes nothing.
    LogIn { asks: bool },
    /// Writes the token to where releases before 0.12 keep it.
    LogInOld,
    /// Removes what is kept.
    LogOut,
    /// Prints the token.
    Print,
}

impl Does {
    /// Whether it writes a token.
    pub(crate) fn logs_in(self) -> bool {
        matches!(self, Self::LogIn { .. } | Self::LogInOld)
    }
}

/// A command that has to do with tokens.
#[derive(Debug)]
pub(crate) struct Command {
    programs: &'static [&'static str],
    pub(crate) verbs: &'static [&'static str],
    /// How messages name it.
    pub(crate) name: &'static str,
    pub(crate) does: Does,
}

pub(crate) static COMMANDS: [Command; 7] = [
    Command {
        programs: &[HF, CLI],
        verbs: &["auth", "login"],
        name: "hf auth login",
        does: Does::LogIn { asks: true },
    },
    Command {
        programs: &[HF, CLI],
        verbs: &["auth", "switch"],
        name: "hf auth switch",
        does: Does::LogIn { asks: false },
    },
    Command {
        programs: &[CLI],
        verbs: &["login"],
        name: "huggingface-cli login",
        does: Does::LogIn { asks: true },
    },
    Command {
        programs: &[TRANSFORMERS],
        verbs: &["login"],
        name: "transformers-cli login",
        does: Does::LogInOld,
    },
    Command { programs: &[HF, CLI], verbs: &["auth", "logout"], name: LOGOUT, does: Does::LogOut },
    Command { programs: &[CLI, TRANSFORMERS], verbs: &["logout"], name: LOGOUT, does: Does::LogOut },
    Command { programs: &[HF, CLI], verbs: &["auth", "token"], name: "hf auth token", does: Does::Print },
];

const LOGOUT: &str = "hf auth logout";

/// The flag of a login that hands the token to git as well.
pub(crate) const FOR_GIT: &str = "--add-to-git-credential";
/// The flag of a logout that names one of several tokens.
pub(crate) const ONE_TOKEN: &str = "--token-name";
/// The flag by which the Hub's programs are given a token, without hyphens.
pub(crate) const TOKEN_FLAG: &str = "token";
/// The flag of llama.cpp with one hyphen.
pub(crate) const SHORT_FLAG: &str = "hft";

/// Patterns of flags that are given a token, whatever the program.
pub(crate) const FLAGS: [&str; 3] = ["hf[-_]?token", TOKEN_FLAG, SHORT_FLAG];

/// The programs that are given a token by `--token`.
pub(crate) const CLIENTS: [&str; 3] = [HF, CLI, "hfd.sh"];

/// Patterns by which a line shows that it runs one of the programs.
pub(crate) const RUNS: [&str; 4] = [CLI, LIBRARY, TRANSFORMERS, r"hf[ \t]+[a-z]"];

/// The program of a name or a module, which may have a version behind `@`.
pub(crate) fn program(name: &str) -> Option<&'static str> {
    let name = name.split('@').next().unwrap_or_default();
    let is_it = |program: &&Program| program.name == name || program.modules.contains(&name);
    PROGRAMS.iter().find(is_it).map(|program| program.name)
}

/// The command of a program that begins with these verbs.
pub(crate) fn command(program: &str, verbs: &[&str]) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.programs.contains(&program) && verbs.starts_with(command.verbs))
}
