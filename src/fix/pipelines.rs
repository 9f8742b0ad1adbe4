//! The pipelines of a script that are not inside another command.

use crate::shell::{Command, Redirect, Redirection};
use crate::text::Text;

/// A pipeline of the outermost list of a script, given by offsets into the text.
pub(super) struct Pipeline {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether the pipeline has a here-document, whose lines would have to be removed too.
    pub(super) has_document: bool,
}

/// Returns the pipelines of a script that are not inside another command.
pub(super) fn pipelines(text: &Text, commands: &[Command]) -> Vec<Pipeline> {
    let mut commands: Vec<_> = commands
        .iter()
        .map(|command| {
            let (start, end) = (text.offset_of(command.span.start), text.offset_of(command.span.end));
            let is_document = |r: &Redirect| matches!(r.to, Redirection::HereDocument { .. });
            (start, end, command.pipeline, command.redirects.iter().any(is_document))
        })
        .collect();
    commands.sort_by_key(|&(start, end, ..)| (start, std::cmp::Reverse(end)));
    let mut out: Vec<Pipeline> = Vec::new();
    let mut last = None;
    for (start, end, pipeline, has_document) in commands {
        if let Some(before) = out.last_mut() {
            if end <= before.end {
                continue;
            }
            let between = text.slice(before.end.min(start)..start).trimmed();
            if last == Some(pipeline) && matches!(between.as_bytes(), b"|" | b"|&") {
                before.end = end;
                before.has_document |= has_document;
                continue;
            }
        }
        last = Some(pipeline);
        out.push(Pipeline { start, end, has_document });
    }
    out
}
