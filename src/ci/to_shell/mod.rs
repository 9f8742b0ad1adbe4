//! Translates scripts of other languages into shell text. References to variables become `${NAME}`.
//! Each byte keeps its place in the file.

mod batch;
mod doubled;
mod expression;
mod just;
mod make;
mod powershell;
mod references;

pub(super) use batch::from_batch;
pub(super) use doubled::without_doubled;
pub(super) use expression::without_expressions;
pub(super) use just::{from_just, just_value};
pub(super) use make::from_make;
pub(super) use powershell::from_powershell;
pub(super) use references::{References, without_references};

use crate::shell::{Language, Script};
use crate::text::Text;

/// Returns the script that a shell of this name runs.
pub(super) fn script(shell: &str, text: Text) -> Script {
    let program = shell.split_whitespace().next().unwrap_or_default();
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let text = match name.trim_end_matches(".exe") {
        "pwsh" | "powershell" => from_powershell(&text),
        "cmd" => from_batch(&text),
        _ => text,
    };
    Script::Text { language: Language::of_program(program), text }
}
