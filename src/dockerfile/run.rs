//! The script of a `RUN` (BuildKit, `dispatchRun` in `frontend/dockerfile/dockerfile2llb/convert.go`).

use super::{Arguments, Instruction, Scope, heredoc};
use crate::shell::{Language, Script, shebang};
use crate::text::Span;

/// Returns the script of a `RUN`, or `None` if it has no arguments.
pub(crate) fn run_script(instruction: &Instruction, scope: Scope<'_>) -> Option<Script> {
    let line = match &instruction.arguments {
        Arguments::Exec(words) => return Some(Script::Exec(words.clone())),
        Arguments::Line(line) => line,
        _ => return None,
    };
    let default = match scope.shell() {
        // A wrapper such as `conda run` is followed by the name of the shell.
        Some(words) => {
            let mut known = words.iter().map(|word| Language::of_program(&word.to_str()));
            known.find(|language| *language != Language::Other).unwrap_or(Language::Other)
        }
        None => Language::Shell,
    };
    match instruction.heredocs.as_slice() {
        [] => Some(Script::Text { language: default, text: line.clone() }),
        // If the line consists only of a heredoc, the heredoc is the script.
        [only] if heredoc::is_single_word(line) => {
            let language = shebang(&only.body).unwrap_or(default);
            Some(Script::Text { language, text: only.body.clone() })
        }
        heredocs => {
            let mut text = line.clone();
            for heredoc in heredocs {
                let start = Span::new(heredoc.span.start, heredoc.span.start);
                let end = Span::new(heredoc.span.end, heredoc.span.end);
                text.push(b"\n", start);
                text.push_text(&heredoc.body, 0..heredoc.body.len());
                text.push(heredoc.name.as_bytes(), end);
            }
            Some(Script::Text { language: default, text })
        }
    }
}
