//! Credentials in URLs, as written in scripts.

use super::source::{Sources, ValueSource};
use super::variables::{Variables, View};
use super::words::{expanded, substituted};
use crate::detect;
use crate::hub::addresses::is_fetched_from;
use crate::shell::Word;

/// A URL with userinfo before its host.
#[derive(Debug, PartialEq, Eq)]
struct Url<'a> {
    /// The part before the `@`.
    userinfo: &'a str,
    host: &'a str,
    /// The part after the host, up to white space or a quote.
    path: &'a str,
}

/// Returns the URLs in a text that contain a user or a password.
fn urls(text: &str) -> Vec<Url<'_>> {
    let rests = text.match_indices("://").filter_map(|(at, found)| text.get(at + found.len()..));
    rests
        .filter_map(|rest| {
            let (authority, behind) = rest.split_at_checked(authority_len(rest)?)?;
            let (userinfo, host) = authority.rsplit_once('@')?;
            let host = host.split(':').next().unwrap_or_default();
            let path = behind.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next()?;
            Some(Url { userinfo, host, path })
        })
        .collect()
}

/// Returns the part before the `@` of the first URL in a text that has one.
pub(crate) fn userinfo(text: &str) -> Option<&str> {
    urls(text).into_iter().next().map(|url| url.userinfo)
}

/// The maximum length of the part before the path. A text with a longer one is not a URL.
const MAX_AUTHORITY: usize = 4096;

/// Returns the length of the part before the path, or `None` if it is too long. Expansions in it are
/// skipped as a whole.
fn authority_len(text: &str) -> Option<usize> {
    let mut closing: Vec<char> = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            _ if at > MAX_AUTHORITY => return None,
            _ if closing.last() == Some(&c) => {
                closing.pop();
            }
            '(' if before == '$' || !closing.is_empty() => closing.push(')'),
            '{' if before == '$' => closing.push('}'),
            '`' => closing.push('`'),
            '/' | '?' | '#' | '"' | '\'' if closing.is_empty() => return Some(at),
            _ if c.is_whitespace() && closing.is_empty() => return Some(at),
            _ => {}
        }
        before = c;
    }
    Some(text.len())
}

/// A token before the host of a URL.
pub(crate) struct Credential {
    /// The sources of the token.
    pub(crate) value: Sources,
    /// The part after the host.
    pub(crate) path: String,
}

/// Returns the token in the user or the password of a URL. Before a host of the Hub, any value is a token.
pub(super) fn credential(variables: &Variables<'_>, word: &Word) -> Option<Credential> {
    let text = word.text.to_str();
    urls(&text).into_iter().find_map(|url| {
        let value = sources(variables, word, &url);
        (!value.have_no_token()).then(|| Credential { value, path: url.path.to_owned() })
    })
}

fn sources(variables: &Variables<'_>, word: &Word, url: &Url<'_>) -> Sources {
    if !detect::find(url.userinfo.as_bytes()).is_empty() {
        return Sources::token(ValueSource::Literal);
    }
    let is_hub = is_fetched_from(url.host);
    let is_literal =
        || !detect::opaque_in(format!("https://{}@{}/", url.userinfo, url.host).as_bytes()).is_empty();
    if is_hub && is_literal() {
        return Sources::token(ValueSource::Literal);
    }
    let names = expanded(url.userinfo).into_iter();
    let names = names.filter(|&name| word.variables.iter().any(|variable| variable == name));
    let mut sources = Sources::default();
    for name in names {
        if is_hub {
            sources.extend(&variables.password(name));
        } else if detect::is_token_variable(name) {
            sources.extend(&variables.value(name, View::Shell).tokens());
        }
    }
    if is_hub {
        sources.extend(&substituted(variables, url.userinfo).tokens());
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url_are_found() {
        let url = |userinfo, host, path| Url { userinfo, host, path };
        for (text, expected) in [
            ("https://u:$T@hf.co/a/b", vec![url("u:$T", "hf.co", "/a/b")]),
            ("git+https://u:${T}@hf.co:443/a@v1", vec![url("u:${T}", "hf.co", "/a@v1")]),
            ("https://u:$(cat /run/secrets/t)@hf.co/a", vec![url("u:$(cat /run/secrets/t)", "hf.co", "/a")]),
            ("url.https://`cat /t`@hf.co/.insteadOf", vec![url("`cat /t`", "hf.co", "/.insteadOf")]),
            ("https://hf.co/a@b", vec![]),
            ("https://hf.co", vec![]),
            ("see https://hf.co and x@y", vec![]),
        ] {
            assert_eq!(urls(text), expected, "{text}");
        }
    }
}
