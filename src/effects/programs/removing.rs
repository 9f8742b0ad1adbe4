//! Programs that remove files.

use super::Call;
use super::table::{Action, Program};
use crate::effects::effect::{Extent, Removal};
use crate::effects::state::State;

pub(super) const ROWS: &[Program] = &[
    Program::harmless(&["rm", "unlink"]).does(Action::Remove),
    Program::new(&["shred"]).does(Action::Remove),
];

/// Returns the removals of `rm` and similar commands.
pub(super) fn removals(call: &Call<'_>, state: &State<'_>) -> Vec<Removal> {
    let is_recursive = call.arguments.iter().filter(|word| super::is_option(word)).any(|word| {
        let option = word.text.to_str();
        option == "--recursive" || (!option.starts_with("--") && option.contains(['r', 'R']))
    });
    let extent = if is_recursive { Extent::Trees } else { Extent::Files };
    call.operands().map(|word| Removal { pattern: state.file(word), extent }).collect()
}
