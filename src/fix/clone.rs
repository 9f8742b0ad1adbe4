//! Rewrites `git clone` with a token in the URL so that git asks a credential helper.

use super::edit::Edits;
use crate::detect;
use crate::effects::userinfo;
use crate::hub::variables::HF_TOKEN;
use crate::shell::Command;
use crate::text::Span;

/// A `git clone` that can be rewritten.
pub(super) struct Clone {
    pub(super) command: Span,
    /// The offset after the word `git`.
    git_end: usize,
    /// The user and the password in the URL, including the `@`.
    userinfo: Span,
    /// The expansion in place of the token.
    password: String,
    /// Whether the URL has the password itself, of unknown shape.
    pub(super) is_literal: bool,
}

/// The source of a clone's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given<'a> {
    Variable(&'a str),
    /// A file, in `$(cat FILE)` or another spelling of it.
    File(&'a str),
}

/// Finds the `git clone` at `span`.
pub(super) fn find(commands: &[Command], span: Span) -> Option<Clone> {
    let command = commands.iter().find(|command| command.span == span)?;
    let word = |index: usize| command.word(index);
    if word(0)? != "git" || word(1)? != "clone" {
        return None;
    }
    let url = command.words.iter().skip(2).find(|word| {
        let text = word.text.to_str();
        scheme(&text).is_some() && userinfo(&text).is_some()
    })?;
    let url_text = url.text.to_str();
    let userinfo = userinfo(&url_text)?;
    let password = userinfo.split_once(':').map_or(userinfo, |(_, password)| password);
    // Only values that the helper's quotes can hold and that are not composed of several parts.
    let is_literal = is_literal(password);
    if !url.text.is_contiguous() || (given(password).is_none() && !is_literal) {
        return None;
    }
    let password = match given(password) {
        _ if is_literal => format!("${HF_TOKEN}"),
        // The helper runs in another shell, which may not know `$(<FILE)`.
        Some(Given::File(file)) => format!("$(cat {file})"),
        _ => password.to_owned(),
    };
    let start = scheme(&url_text)?.len();
    let userinfo = url.text.source_span(start..start + userinfo.len() + 1);
    let git_end = command.words.first()?.text.span().end;
    Some(Clone { command: span, git_end, userinfo, password, is_literal })
}

impl Clone {
    /// Returns the source of the clone's token.
    pub(super) fn given(&self) -> Option<Given<'_>> {
        given(&self.password)
    }

    pub(super) fn write(&self, edits: &mut Edits) {
        let Self { password, .. } = self;
        let helper = format!(
            " -c credential.helper='!f() {{ echo username=user; echo \"password={password}\"; }}; f'"
        );
        edits.insert(self.git_end, helper);
        edits.delete([self.userinfo]);
    }
}

/// Returns the scheme of a URL that git fetches from.
fn scheme(url: &str) -> Option<&'static str> {
    ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))
}

/// Returns true if a password is a text without expansions. Tokens of known shape are replaced by a variable first.
fn is_literal(password: &str) -> bool {
    password.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.~+%=".contains(&b))
        && detect::find(password.as_bytes()).is_empty()
}

/// Returns the source of a password that is a single expansion.
fn given(password: &str) -> Option<Given<'_>> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let backticks = || password.strip_prefix('`')?.strip_suffix('`');
    let substitution = password.strip_prefix("$(").and_then(|text| text.strip_suffix(')'));
    if let Some(command) = substitution.or_else(backticks) {
        let file = command.trim().strip_prefix("cat ").or_else(|| substitution?.strip_prefix('<'))?.trim();
        let is_plain = file.bytes().all(|b| is_part(b) || matches!(b, b'/' | b'.' | b'-'));
        return (is_plain && file.starts_with('/')).then_some(Given::File(file));
    }
    let text = password.strip_prefix('$')?;
    let name = text.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(text);
    (!name.is_empty() && name.bytes().all(is_part)).then_some(Given::Variable(name))
}
