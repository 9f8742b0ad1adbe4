//! The line to write in place of one with a login in it.

use super::logins::{LOGOUT, login_program};
use crate::{
    detect,
    dockerfile::{Language, Script, Span, Text, shell},
    finding::Masked,
};

/// What a plain list of commands does beside the login at `login` and what is piped into it; none where that
/// cannot be told for sure.
pub(super) fn rest(script: &Script, login: Span) -> Option<Masked> {
    let Script::Text { language: Language::Shell, text } = script else { return None };
    let (start, end) = (text.offset_of(login.start), text.offset_of(login.end));
    let outside = [text.slice(0..start), text.slice(end..text.len())];
    let is_plain = |part: &Text| {
        memchr::memmem::find(part.as_bytes(), b"||").is_none()
            && !part.as_bytes().iter().any(|b| matches!(b, b'\n' | b'(' | b'{' | b'#' | b'`' | b'<' | b'>'))
    };
    if !outside.iter().all(is_plain) {
        return None;
    }
    let commands = shell::commands(text);
    // Substitutions come in front of the command they are in.
    let itself = commands.iter().rev().find(|command| command.span == login)?;
    let others: Vec<_> = commands
        .iter()
        .filter(|command| command.pipeline != itself.pipeline && !command.span.overlaps(login))
        .filter(|command| !is_logout(command))
        .collect();
    let is_compound = |command: &&shell::Command| {
        matches!(command.word(0).as_deref(), Some("for" | "case" | "function" | "if" | "while" | "until"))
    };
    let has_pipe = others.windows(2).any(|pair| matches!(pair, [a, b] if a.pipeline == b.pipeline));
    let has_reserved = [" then ", " do ", " else "].iter().any(|word| text.to_str().contains(word));
    if others.is_empty() || has_pipe || has_reserved || others.iter().any(is_compound) {
        return None;
    }
    let written = |command: &&shell::Command| {
        text.slice(text.offset_of(command.span.start)..text.offset_of(command.span.end))
    };
    let parts: Vec<Text> = others.iter().map(written).collect();
    // A line with a token in it must not be written again, and where quotes or escapes split the token, the
    // mask would not see it.
    let holds_token = |bytes: &[u8]| {
        !detect::find(bytes).is_empty()
            || detect::holds_split_token(bytes)
            || memchr::memmem::find(bytes, b"$'").is_some()
    };
    let words = || others.iter().flat_map(|command| command.all_words());
    if parts.iter().any(|part| holds_token(part.as_bytes()))
        || words().any(|word| holds_token(word.text.as_bytes()))
    {
        return None;
    }
    let parts: Vec<_> = parts.iter().map(|part| part.masked().as_str().to_owned()).collect();
    Some(Masked::own(parts.join(" && ")))
}

fn is_logout(command: &shell::Command) -> bool {
    let Some((program, arguments)) = command.words.split_first() else { return false };
    let program = program.text.to_str();
    let name = program.rsplit('/').next().unwrap_or_default();
    login_program(name, arguments) == Some(LOGOUT)
}
