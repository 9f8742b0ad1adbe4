//! Credentials in URLs, as scripts write them.

use super::flow::{Carried, Flow, expanded};
use crate::detect;
use crate::shell::Word;

/// A URL with something in front of its host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// What stands in front of the `@`.
    userinfo: &'a str,
    host: &'a str,
    /// What follows the host, up to white space or a quote.
    pub(crate) path: &'a str,
}

/// The URLs in a text that have a user or a password in them.
fn urls(text: &str) -> Vec<Url<'_>> {
    let rests = text.match_indices("://").filter_map(|(at, found)| text.get(at + found.len()..));
    rests
        .filter_map(|rest| {
            let (authority, behind) = rest.split_at_checked(authority_len(rest))?;
            let (userinfo, host) = authority.rsplit_once('@')?;
            let host = host.split(':').next().unwrap_or_default();
            let path = behind.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next()?;
            Some(Url { userinfo, host, path })
        })
        .collect()
}

/// How long the part in front of the path is; expansions in it count as a whole.
fn authority_len(text: &str) -> usize {
    let mut closing: Vec<char> = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            _ if closing.last() == Some(&c) => {
                closing.pop();
            }
            '(' if before == '$' || !closing.is_empty() => closing.push(')'),
            '{' if before == '$' => closing.push('}'),
            '`' => closing.push('`'),
            '/' | '?' | '#' | '"' | '\'' if closing.is_empty() => return at,
            _ if c.is_whitespace() && closing.is_empty() => return at,
            _ => {}
        }
        before = c;
    }
    text.len()
}

fn is_hub(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["huggingface.co", "hf.co", "hf.space"]
        .iter()
        .any(|hub| host.strip_suffix(hub).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// The token in a URL's user or password, with the path behind it.
pub(crate) fn credential(flow: &Flow<'_>, word: &Word) -> Option<(Carried, String)> {
    let text = word.text.to_str();
    urls(&text).into_iter().find_map(|url| {
        let is_hub = is_hub(url.host);
        let variables = || {
            let names = expanded(url.userinfo).into_iter();
            let mut names = names.filter(|&name| word.variables.iter().any(|variable| variable == name));
            names.find_map(|name| match is_hub {
                true => flow.password(name),
                false if detect::is_token_variable(name) => flow.variable(name),
                false => None,
            })
        };
        let carried = if detect::find(url.userinfo.as_bytes()).is_empty() {
            let substituted = || if is_hub { flow.substitution(url.userinfo) } else { None };
            variables().or_else(substituted)
        } else {
            Some(Carried::Literal)
        };
        carried.map(|carried| (carried, url.path.to_owned()))
    })
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
        assert!(is_hub("HF.co") && is_hub("cdn.huggingface.co") && !is_hub("nothf.co"));
    }
}
