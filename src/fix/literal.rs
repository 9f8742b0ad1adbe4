//! Token text in a script that a variable can replace.

use crate::dockerfile::{Arguments, Instruction};
use crate::shell;
use crate::shell::{Command, Language, Redirection, Script};
use crate::text::{Span, Text};

/// The quotes around a place in a shell script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

/// The location of token text.
pub(super) enum Place {
    /// In a shell word, in which a variable is expanded.
    Shell(Quotes),
    /// Anywhere else, with the reason why the token text is left there.
    Elsewhere(&'static str),
}

impl Quotes {
    /// Returns the text that expands the variable, and the span that it replaces.
    pub(super) fn write(self, name: &str, source: &[u8], span: Span) -> (Span, String) {
        let next = source.get(span.end).copied().unwrap_or(b' ');
        let is_longer = next.is_ascii_alphanumeric() || next == b'_';
        match self {
            Self::None | Self::Double if is_longer => (span, format!("${{{name}}}")),
            Self::None | Self::Double => (span, format!("${name}")),
            Self::Single if next == b'\'' => (Span::new(span.start, span.end + 1), format!("'\"${name}\"")),
            Self::Single => (span, format!("'\"${name}\"'")),
        }
    }
}

/// Determines the location of a token in a script with these commands.
pub(super) fn place(source: &[u8], script: &Script, commands: &[Command], span: Span) -> Place {
    let Script::Text { language, text } = script else {
        return Place::Elsewhere(
            "the exec form does not expand variables: use the shell form, with $HF_TOKEN",
        );
    };
    if *language != Language::Shell {
        return Place::Elsewhere("it stands in a script: let that read HF_TOKEN from its environment");
    }
    let (start, end) = (text.offset_of(span.start), text.offset_of(span.end));
    let written = text.slice(start..end);
    let token = written.as_bytes();
    let is_plain = token == source.get(span.start..span.end).unwrap_or_default()
        && token.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'`' | b'$'))
        && crate::detect::find(token).iter().all(|found| found.via.is_empty());
    if !is_plain {
        return Place::Elsewhere("its text is encoded or in pieces");
    }
    let holders =
        commands.iter().filter(|command| command.span.start <= span.start && span.end <= command.span.end);
    // The innermost command.
    let Some(command) = holders.min_by_key(|command| command.span.end - command.span.start) else {
        return Place::Elsewhere(
            "it stands in a here-document: let what reads that use HF_TOKEN from its environment",
        );
    };
    let has_document = command.redirects.iter().any(|r| matches!(r.to, Redirection::HereDocument { .. }));
    let program = command.words.first().map_or_else(String::new, |word| word.text.to_str().into_owned());
    if has_document || program == "eval" || Language::of_program(&program) != Language::Other {
        return Place::Elsewhere(
            "it stands in a script within the script: let that read HF_TOKEN from its environment",
        );
    }
    match quotes(text, text.offset_of(command.span.start), start) {
        Some(quotes) => Place::Shell(quotes),
        None => Place::Elsewhere("it is in quotes within quotes"),
    }
}

/// Determines the location of a token in a `CMD` or a similar instruction, which runs when the container
/// starts.
pub(super) fn in_command(
    source: &[u8],
    instruction: &Instruction,
    span: Span,
) -> Result<Quotes, &'static str> {
    let Arguments::Line(line) = &instruction.arguments else {
        return Err(
            "the exec form expands no variables: let the program read HF_TOKEN, and start with `docker run -e \
                    HF_TOKEN`",
        );
    };
    let script = Script::Text { language: Language::Shell, text: line.clone() };
    match place(source, &script, &shell::commands(line), span) {
        Place::Shell(quotes) => Ok(quotes),
        Place::Elsewhere(why) => Err(why),
    }
}

/// Returns the quotes that are open at `to`, or `None` if they cannot be determined.
fn quotes(text: &Text, from: usize, to: usize) -> Option<Quotes> {
    let mut open = Quotes::None;
    let mut at = from;
    while at < to {
        match (text.byte(at)?, open) {
            (b'\'', Quotes::None) => open = Quotes::Single,
            (b'\'', Quotes::Single) | (b'"', Quotes::Double) => open = Quotes::None,
            (b'"', Quotes::None) => open = Quotes::Double,
            (b'\\', Quotes::None | Quotes::Double) => at += 1,
            (b'`', Quotes::None | Quotes::Double) => return None,
            (b'$', Quotes::None | Quotes::Double) if matches!(text.byte(at + 1), Some(b'(' | b'\'')) => {
                return None;
            }
            _ => {}
        }
        at += 1;
    }
    Some(open)
}
