//! The types that describe programs.

use crate::effects::effect::Form;
use crate::hub::programs::Program as Client;
use crate::shell::Word;

/// The description of a program. The default describes a program about which nothing is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// The names of the program.
    pub(super) names: &'static [&'static str],
    /// The action of the program on files and variables.
    pub(super) action: Action,
    /// The output of the program.
    pub(super) output: Output,
    /// Whether the program may read a token from its environment.
    pub(super) environment: Environment,
    /// The behaviour of the program if a file it is given is missing.
    pub(super) operands: Operands,
}

/// The action of a program on files and variables.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Nothing,
    /// Assigns the values in its operands to variables.
    Declare(Export),
    /// Assigns its input to the variables in its operands.
    ReadVariables,
    Unset,
    ChangeDirectory,
    /// Removes its operands.
    Remove,
    Copy(&'static Copying),
    /// Writes a value into a file.
    Write(&'static [Writer]),
    Git,
    /// Fetches from URLs. A package installed as editable is a clone, which stays.
    Fetch(Editable),
    /// Logs in to the Hub or out of it.
    Hub(&'static Client),
}

/// Whether programs see the declared variables.
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

/// The output of a program, as far as tokens are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Nothing,
    /// Its operands.
    Operands,
    /// The environment, unless an operand asks for something else.
    Environment,
    /// The environment, or the variables named by its operands.
    NamedVariables,
    /// All variables, if it has no operands.
    AllVariables,
    /// Its input.
    Input,
    /// The lines of its input that match its first operand.
    Matches,
    /// Its input, with its operands inserted.
    Edited,
    /// The result of a program in its operands, which may read its input and its environment.
    Computed,
    /// Its input, with the values of the variables that the input names.
    Substituted,
    /// The token of a login.
    HubToken,
}

/// Whether a program may read a token from its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Environment {
    Ignored,
    Read,
    /// Read only if the program builds a package in a local directory, because that runs the package's own
    /// code.
    ReadByBuilds,
}

/// The behaviour of a program if a file it is given is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// The program fails.
    MustExist,
    /// The program does not fail, or its behaviour is unknown.
    Free,
}

/// The way in which a program takes the files it copies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copying {
    pub(super) arrangement: Arrangement,
    /// Options that take a word of their own, apart from the target directory.
    pub(super) with_word: &'static [&'static str],
    pub(super) outcome: Copied,
}

/// The position of the copied files on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Operands, followed by the destination or preceded by it as `-t`.
    BeforeDestination,
    /// `if=FILE of=FILE`.
    Named,
    /// All words except the last.
    AllButLast,
}

/// The result of copying a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// There are two files.
    Twice,
    /// The file is only at the new path.
    Moved,
    /// The file has two names, unless the second is a symbolic link.
    Linked,
    /// The file is part of another file.
    Packed,
}

/// A way in which a program writes a value into a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    /// The words before the operands.
    pub(super) subcommand: &'static [&'static str],
    /// The option without which the program does not write, if it needs one.
    pub(super) option: Option<fn(&str) -> bool>,
    pub(super) value: Given,
    pub(super) target: Target,
    pub(super) form: Form,
}

/// The value that a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// Its output.
    Output,
    /// Its input.
    Input,
    /// A token in its words.
    Words,
    /// A token in its words or in the environment that a program in them reads.
    Code,
}

/// The destination of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Each operand.
    Operands,
    /// The last word.
    Last,
    /// The first operand.
    First,
    /// Each operand behind the program that the words give, by one of these options or as the first operand.
    /// Others of its options take a word as well.
    BehindCode { code: &'static [&'static str], with_word: &'static [&'static str] },
    /// The word of one of these options.
    Named(&'static [&'static str]),
    /// The file of git's credential helper, if there is one.
    Helper,
}

impl Program {
    /// Describes a program that does nothing to tokens but may read one from its environment.
    pub(super) const fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            action: Action::Nothing,
            output: Output::Nothing,
            environment: Environment::Read,
            operands: Operands::Free,
        }
    }

    /// Describes a program that does nothing to tokens and reads none.
    pub(super) const fn harmless(names: &'static [&'static str]) -> Self {
        Self { environment: Environment::Ignored, ..Self::new(names) }
    }

    pub(super) const fn does(self, action: Action) -> Self {
        Self { action, ..self }
    }

    pub(super) const fn prints(self, output: Output) -> Self {
        Self { output, ..self }
    }

    pub(super) const fn needs_operands(self) -> Self {
        Self { operands: Operands::MustExist, ..self }
    }
}

impl Writer {
    /// Returns true if a command line is of this kind. Options before the subcommand are ignored.
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
