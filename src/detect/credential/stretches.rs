//! The lines of a text that may mention the Hub.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::hub::programs::PROGRAMS;
use crate::hub::words::{CALLS, MENTIONS};

/// The maximum number of lines between a name and its value.
const BELOW: usize = 3;

/// Returns the ranges of whole lines that name a host, a variable or a command of the Hub, with the lines
/// just below them. Such lines are rare in a history or a lock file, and the parsers read nothing else.
pub(super) fn stretches(content: &[u8], python: bool) -> Vec<Range<usize>> {
    static NAMED: LazyLock<Regex> =
        LazyLock::new(|| any(MENTIONS.into_iter().chain(PROGRAMS.map(|program| program.name()))));
    static CALLED: LazyLock<Regex> = LazyLock::new(|| any(MENTIONS.into_iter().chain(CALLS)));
    let named: &Regex = if python { &CALLED } else { &NAMED };
    let line_end = |from: usize, nth: usize| {
        let behind = content.get(from..).unwrap_or_default();
        memchr::memchr_iter(b'\n', behind).nth(nth).map_or(content.len(), |at| from + at + 1)
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(named) = named.find_at(content, from) {
        let before = content.get(..named.start()).unwrap_or_default();
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let end = line_end(named.end(), BELOW);
        match found.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => found.push(start..end),
        }
        // Other names in the same line make no difference.
        from = line_end(named.end(), 0);
    }
    found
}

fn any(patterns: impl Iterator<Item = &'static str>) -> Regex {
    let patterns: Vec<&str> = patterns.collect();
    #[expect(clippy::expect_used, reason = "the patterns are constants, compiled by every test")]
    Regex::new(&format!("(?i-u){}", patterns.join("|"))).expect("a valid pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_those_below() {
        for (text, expected) in [
            ("", &[][..]),
            ("a\nb\n", &[]),
            ("a\nHF_TOKEN=x hf\nb\nc\nd\ne\n", &["HF_TOKEN=x hf\nb\nc\nd\n"]),
            ("a\nhub_token\nb\nHugging\nc", &["hub_token\nb\nHugging\nc"]),
            ("hf\n1\n2\n3\n4\nhf\n", &["hf\n1\n2\n3\n", "hf\n"]),
            ("hf", &["hf"]),
            ("github.com\n", &[]),
        ] {
            let found: Vec<_> =
                stretches(text.as_bytes(), false).into_iter().map(|s| text.get(s).unwrap()).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(stretches(b"a\nlogin('x')\n", true).first(), Some(&(2..13)));
        assert!(stretches(b"a\nlogin('x')\n", false).is_empty());
    }
}
