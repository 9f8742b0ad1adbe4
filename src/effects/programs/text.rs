//! Programs that print their arguments or their input.

use super::table::{Output, Program};

pub(super) const ROWS: &[Program] = &[
    Program::harmless(&["echo", "printf"]).prints(Output::Operands),
    Program::new(&["env"]).prints(Output::Environment),
    Program::new(&["printenv"]).prints(Output::NamedVariables),
    Program::harmless(&["cat", "head", "tail"]).prints(Output::Input).needs_operands(),
    Program::harmless(&["tr", "cut", "sort", "uniq"]).prints(Output::Input),
    Program::new(&["base64"]).prints(Output::Input).needs_operands(),
    Program::new(&["tac"]).prints(Output::Input),
    Program::harmless(&["grep"]).prints(Output::Matches).needs_operands(),
    Program::new(&["egrep"]).prints(Output::Matches),
];
