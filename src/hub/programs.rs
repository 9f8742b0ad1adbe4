//! The Hub's command-line programs: what they are called, which of their commands log in and out, and by which flags
//! programs are given a token.

use super::python::LIBRARY;

/// A program of the Hub's.
#[derive(Debug)]
pub(crate) struct Program {
    /// The names it goes by: that of its file, and those of the modules that `python -m` runs as it.
    pub(crate) names: &'static [&'static str],
    /// Whether it reads the token from the environment, and from no file but its own.
    pub(crate) reads_environment: bool,
}

impl Program {
    /// The name of its file.
    pub(crate) const fn name(&self) -> &'static str {
        let [name, ..] = self.names else { return "" };
        name
    }
}

/// `huggingface_hub`'s, by its name of today.
pub(crate) const HF: Program = Program {
    names: &["hf", "huggingface_hub.cli.hf", "huggingface_hub.cli", LIBRARY],
    reads_environment: true,
};
/// The same by its old name.
pub(crate) const CLI: Program = Program {
    names: &["huggingface-cli", "huggingface_hub.commands.huggingface_cli"],
    reads_environment: true,
};
/// That of `transformers` before release 4.
pub(crate) const TRANSFORMERS: Program = Program {
    names: &["transformers-cli", "transformers.commands.transformers_cli"],
    reads_environment: false,
};
/// A script that downloads from the Hub.
pub(crate) const DOWNLOADER: Program = Program { names: &["hfd.sh"], reads_environment: false };

/// Those that have commands.
pub(crate) const PROGRAMS: [Program; 3] = [HF, CLI, TRANSFORMERS];

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

/// A command that has to do with tokens.
#[derive(Debug)]
pub(crate) struct Command {
    programs: &'static [Program],
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
/// The same with its hyphens.
pub(crate) const TOKEN_OPTION: &str = "--token";
/// The flag of llama.cpp with one hyphen.
pub(crate) const SHORT_FLAG: &str = "hft";

/// Patterns of flags that are given a token, whatever the program.
pub(crate) const FLAGS: [&str; 3] = ["hf[-_]?token", TOKEN_FLAG, SHORT_FLAG];

/// Patterns by which a line shows that it runs one of the programs.
pub(crate) const RUNS: [&str; 4] = [CLI.name(), LIBRARY, TRANSFORMERS.name(), r"hf[ \t]+[a-z]"];

/// The command of a program that begins with these verbs.
pub(crate) fn command(program: &Program, verbs: &[&[u8]]) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| {
        let is_its = command.programs.iter().any(|one| one.name() == program.name());
        let mut verbs = verbs.iter();
        is_its && command.verbs.iter().all(|verb| verbs.next().is_some_and(|given| *given == verb.as_bytes()))
    })
}
