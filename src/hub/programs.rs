//! The command-line programs of the Hub: their names, the commands that log in and out, and the flags that
//! pass a token.

use super::python::LIBRARY;

/// A program of the Hub.
#[derive(Debug)]
pub(crate) struct Program {
    /// The names of the program: its file name, and the modules that `python -m` runs as the program.
    pub(crate) names: &'static [&'static str],
    /// Whether the program reads the token from the environment, and from no file but its own.
    pub(crate) reads_environment: bool,
}

impl Program {
    /// Returns the file name of the program.
    pub(crate) const fn name(&self) -> &'static str {
        let [name, ..] = self.names else { return "" };
        name
    }
}

/// The program of `huggingface_hub`, by its current name.
pub(crate) const HF: Program = Program {
    names: &["hf", "huggingface_hub.cli.hf", "huggingface_hub.cli", LIBRARY],
    reads_environment: true,
};
/// The program of `huggingface_hub`, by its old name.
pub(crate) const CLI: Program = Program {
    names: &["huggingface-cli", "huggingface_hub.commands.huggingface_cli"],
    reads_environment: true,
};
/// The program of `transformers` before release 4.
pub(crate) const TRANSFORMERS: Program = Program {
    names: &["transformers-cli", "transformers.commands.transformers_cli"],
    reads_environment: false,
};

/// The programs that have commands.
pub(crate) const PROGRAMS: [Program; 3] = [HF, CLI, TRANSFORMERS];

/// The effect of a command on tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Writes the token and the list of tokens. If `asks` is set, the command prompts for the token, unless
    /// the environment has one: then it writes nothing.
    LogIn { asks: bool },
    /// Writes the token to the file of releases before 0.12.
    LogInOld,
    /// Removes the stored tokens.
    LogOut,
    /// Prints the token.
    Print,
}

/// A command that handles tokens.
#[derive(Debug)]
pub(crate) struct Command {
    programs: &'static [Program],
    pub(crate) verbs: &'static [&'static str],
    /// The name in messages.
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

/// The login flag that also hands the token to git.
pub(crate) const FOR_GIT: &str = "--add-to-git-credential";
/// The logout flag that names one of several tokens.
pub(crate) const ONE_TOKEN: &str = "--token-name";
/// The flag that passes a token to the programs of the Hub, without hyphens.
pub(crate) const TOKEN_FLAG: &str = "token";
/// The flag that passes a token to the programs of the Hub, with its hyphens.
pub(crate) const TOKEN_OPTION: &str = "--token";
/// The flag of llama.cpp that is spelled with one hyphen.
pub(crate) const SHORT_FLAG: &str = "hft";

/// The flag of comfy-cli that stores a token of the Hub.
pub(crate) const COMFY_FLAG: &str = "--set-hf-api-token";

/// Patterns of flags that take a token in any program.
pub(crate) const FLAGS: [&str; 3] = ["hf[-_]?token", TOKEN_FLAG, SHORT_FLAG];

/// Patterns that show that a line runs one of the programs.
pub(crate) const RUNS: [&str; 4] =
    [CLI.name(), LIBRARY, TRANSFORMERS.name(), r#"hf(?:[ \t]+|["'],[ \t]*["'])[a-z]"#];

/// The last verbs of commands that only say something: `hf auth whoami`.
const QUESTIONS: [&str; 3] = ["whoami", "version", "env"];

/// Returns true if a command line, without its options, only asks a program of the Hub something.
pub(crate) fn only_asks(words: &[&str]) -> bool {
    let [program, .., verb] = words else { return false };
    QUESTIONS.contains(verb) && PROGRAMS.iter().any(|known| known.names.contains(program))
}

/// Returns the command of a program that begins with these verbs.
pub(crate) fn command(program: &Program, verbs: &[&[u8]]) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| {
        let is_its = command.programs.iter().any(|one| one.name() == program.name());
        let mut verbs = verbs.iter();
        is_its && command.verbs.iter().all(|verb| verbs.next().is_some_and(|given| *given == verb.as_bytes()))
    })
}
