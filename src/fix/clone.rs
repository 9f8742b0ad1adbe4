//! Rewrites `git clone` with a token in the URL so that git asks a credential helper.

use super::edit::Edits;
use crate::shell::Command;
use crate::text::Span;

/// A `git clone` that can be rewritten.
pub(super) struct Clone {
    pub(super) command: Span,
    /// The offset after the word `git`.
    git_end: usize,
    /// The user and the password in the URL, including the `@`.
    userinfo: Span,
    /// The variable in place of the token.
    password: String,
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
        text.starts_with("https://")
            && text.split('/').nth(2).is_some_and(|authority| authority.contains('@'))
    })?;
    let url_text = url.text.to_str();
    let authority = url_text.get("https://".len()..)?.split('/').next()?;
    let (userinfo, _) = authority.rsplit_once('@')?;
    let password = userinfo.split_once(':').map_or(userinfo, |(_, password)| password);
    // Only values that the helper's quotes can hold and that are not composed of several parts.
    let is_variable = |text: &str| {
        let name = text.strip_prefix('$').unwrap_or_default();
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if !is_variable(password) || !url.text.is_contiguous() {
        return None;
    }
    let start = "https://".len();
    let userinfo = url.text.source_span(start..start + userinfo.len() + 1);
    let git_end = command.words.first()?.text.span().end;
    Some(Clone { command: span, git_end, userinfo, password: password.to_owned() })
}

impl Clone {
    /// Returns the name of the variable that holds the token.
    pub(super) fn variable(&self) -> &str {
        self.password.trim_start_matches('$').trim_matches(['{', '}'])
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
