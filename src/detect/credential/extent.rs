//! The text of a credential, from its first byte. Reports hide it wherever else it is.

use std::ops::Range;

use super::CredentialForm;
use super::value::basic_password;
use crate::sensitive::Name;

/// The longest text that is kept of one credential.
const LONGEST: usize = 4096;

/// Returns the range of the credential that begins at `at`.
pub(super) fn range(form: CredentialForm, content: &[u8], at: usize) -> Range<usize> {
    let rest = content.get(at..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    let quote =
        at.checked_sub(1).and_then(|before| content.get(before)).filter(|b| matches!(b, b'"' | b'\''));
    let ends = |b: &u8| match (form, quote) {
        (CredentialForm::Url, _) => {
            b.is_ascii_whitespace() || matches!(b, b'/' | b'?' | b'#' | b'@' | b':' | b'"' | b'\'' | b'`')
        }
        (_, Some(quote)) => b == quote || *b == b'\n',
        (
            CredentialForm::Word
            | CredentialForm::Value
            | CredentialForm::StoredTokens
            | CredentialForm::Netrc,
            _,
        ) => b.is_ascii_whitespace(),
        _ => {
            b.is_ascii_whitespace()
                || matches!(b, b'"' | b'\'' | b'`' | b';' | b'&' | b'|' | b'<' | b'>' | b'\\')
        }
    };
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    at..at + len
}

/// Returns the text of the credential that begins at `at`, and of the password in it if it is the base64 text of a
/// user and a password.
pub(super) fn text(form: CredentialForm, content: &[u8], at: usize) -> Name {
    let text = content.get(range(form, content, at)).unwrap_or_default();
    let is_login = matches!(form, CredentialForm::DockerAuth | CredentialForm::Header);
    match basic_password(text).filter(|_| is_login) {
        Some(password) if password.len() >= 4 => password.as_slice().into(),
        _ => text.into(),
    }
}
