//! The form in which programs are described.

use crate::effects::effect::Form;
use crate::hub::programs::Program as Client;
use crate::shell::Word;

/// What is known of a program. The default is one of which nothing is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// The names it goes by.
    pub(super) names: &'static [&'static str],
    /// What it does to files and variables.
    pub(super) action: Action,
    /// What it prints.
    pub(super) output: Output,
    /// Whether it may read a token from its environment.
    pub(super) environment: Environment,
    /// What becomes of it where a file that it is given is not there.
    pub(super) operands: Operands,
    /// The option whose value it takes for a token of the Hub.
    pub(super) token_option: Option<&'static str>,
}

/// What a program does to files and variables.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Nothing,
    /// Gives variables the values in its operands.
    Declare(Export),
    /// Gives the variables in its operands what it reads.
    ReadVariables,
    Unset,
    ChangeDirectory,
    /// Removes its operands.
    Remove,
    Copy(&'static Copying),
    /// Writes what it is given into a file.
    Write(&'static [Writer]),
    Git,
    /// Fetches from URLs. A package that it installs as editable is a clone that stays.
    Fetch(Editable),
    /// Logs in to the Hub and out.
    Hub(&'static Client),
}

/// Whether programs see the variables that are declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Export {
    Yes,
    No,
}

/// Whether a program can install a package as editable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Editable {
    Possible,
    Never,
}

/// What a program prints, as far as tokens go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Nothing,
    /// Its operands.
    Operands,
    /// The environment, where no operand tells it to do something else.
    Environment,
    /// The environment, or the variables that its operands name.
    NamedVariables,
    /// All variables, where it has no operands.
    AllVariables,
    /// What it reads.
    Input,
    /// The lines of what it reads that match its first operand.
    Matches,
    /// What it reads, with its operands in it.
    Edited,
    /// The token of a login.
    HubToken,
}

/// Whether a program may read a token from its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Environment {
    Ignored,
    Read,
    /// Where it builds a package in a local directory, which runs the package's own code.
    ReadByBuilds,
}

/// What becomes of a program where a file that it is given is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// It fails.
    MustExist,
    /// Nothing, or nobody knows.
    Free,
}

/// How a program takes the files that it copies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copying {
    pub(super) arrangement: Arrangement,
    /// Options that take a word of their own, beside the target directory.
    pub(super) with_word: &'static [&'static str],
    pub(super) outcome: Copied,
}

/// Where the files that are copied stand on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Operands, with the destination behind them or in front as `-t`.
    BeforeDestination,
    /// `if=FILE of=FILE`.
    Named,
    /// All words but the last.
    AllButLast,
}

/// What becomes of a file that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// There are two.
    Twice,
    /// It is at the new place alone.
    Moved,
    /// It has two names, unless the second is a symbolic link.
    Linked,
    /// It is somewhere in another file.
    Packed,
}

/// A way in which a program writes what it is given into a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    /// The words in front of the operands.
    pub(super) subcommand: &'static [&'static str],
    /// Whether it does so only with an option.
    pub(super) option: Option<fn(&str) -> bool>,
    pub(super) value: Given,
    pub(super) target: Target,
    pub(super) form: Form,
}

/// What a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// What it prints.
    Output,
    /// What it reads.
    Input,
    /// What is in its words.
    Words,
}

/// Where a program writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Into each operand.
    Operands,
    /// Into its last word.
    Last,
    /// Into the file of git's credential helper, where there is one.
    Helper,
}

impl Program {
    /// A program that does nothing to tokens, and may read one from its environment.
    pub(super) const fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            action: Action::Nothing,
            output: Output::Nothing,
            environment: Environment::Read,
            operands: Operands::Free,
            token_option: None,
        }
    }

    /// A program that does nothing to tokens, and reads none.
    pub(super) const fn harmless(names: &'static [&'static str]) -> Self {
        Self { environment: Environment::Ignored, ..Self::new(names) }
    }

    pub(super) const fn does(self, action: Action) -> Self {
        Self { action, ..self }
    }

    pub(super) const fn prints(self, output: Output) -> Self {
        Self { output, ..self }
    }

    pub(super) const fn takes_token(self, option: &'static str) -> Self {
        Self { token_option: Some(option), ..self }
    }

    pub(super) const fn needs_operands(self) -> Self {
        Self { operands: Operands::MustExist, ..self }
    }
}

impl Writer {
    /// Whether a command line is of this kind, options in front of the subcommand taken off.
    pub(super) fn fits(&self, arguments: &[Word]) -> bool {
        let mut operands = arguments.iter().filter(|word| word.text.byte(0) != Some(b'-'));
        let is_subcommand = self
            .subcommand
            .iter()
            .all(|expected| operands.next().is_some_and(|word| word.text.as_bytes() == expected.as_bytes()));
        let has_option =
            self.option.is_none_or(|is_it| arguments.iter().any(|word| is_it(&word.text.to_str())));
        is_subcommand && has_option
    }
}
