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
        [only] if heredoc::is_whole_line(only, line) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::{Scopes, parse};

    #[test]
    fn a_heredoc_without_a_command_is_the_script() {
        for (run, expected) in [
            ("RUN <<EOF", "x\n"),
            ("RUN << EOF", "x\n"),
            ("RUN --network=none <<\t'EOF'", "x\n"),
            ("RUN 3<< \"EOF\"", "x\n"),
            ("RUN << EOF cat", "<< EOF cat\nx\nEOF"),
            ("RUN cat << EOF", "cat << EOF\nx\nEOF"),
        ] {
            let source = format!("FROM a\n{run}\nx\nEOF\n");
            let dockerfile = parse(source.as_bytes());
            let script = run_script(&dockerfile.instructions[1], Scopes::of(&dockerfile).at(1));
            let Some(Script::Text { text, .. }) = script else { panic!("{run}") };
            assert_eq!(text.to_str(), expected, "{run}");
        }
    }
}
