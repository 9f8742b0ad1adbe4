//! Build arguments in front of a recorded command: `|2 NAME=value OTHER=value /bin/sh -c …`. BuildKit writes
//! `RUN ` in front of them.

use std::ops::Range;

/// The name of a build argument and the range of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildArgument<'a> {
    /// The name.
    pub name: &'a str,
    /// The range of the value in the text.
    pub value: Range<usize>,
}

/// Returns the build arguments in front of a command. Values are not quoted and may hold blanks. A value
/// ends where the next name begins, and the last value ends where the path of the shell begins.
pub(crate) fn build_arguments(text: &[u8]) -> Vec<BuildArgument<'_>> {
    arguments(text).unwrap_or_default()
}

fn arguments(text: &[u8]) -> Option<Vec<BuildArgument<'_>>> {
    let rest = text.strip_prefix(b"RUN ").unwrap_or(text).strip_prefix(b"|")?;
    let blank = memchr::memchr(b' ', rest)?;
    let count: usize = std::str::from_utf8(rest.get(..blank)?).ok()?.parse().ok()?;
    let rest = rest.get(blank + 1..)?;
    let start = text.len() - rest.len();
    let mut found: Vec<BuildArgument<'_>> = Vec::new();
    let mut at = start;
    for word in rest.split(|&b| b == b' ') {
        let end = at + word.len();
        match name(word) {
            Some(name) if found.len() < count => {
                found.push(BuildArgument { name, value: at + name.len() + 1..end });
            }
            _ if word.starts_with(b"/") && found.len() >= count => break,
            _ => found.last_mut()?.value.end = end,
        }
        at = end + 1;
    }
    Some(found)
}

/// Returns the name in front of the `=` of a word.
fn name(word: &[u8]) -> Option<&str> {
    let name = word.get(..memchr::memchr(b'=', word)?)?;
    let plain = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    std::str::from_utf8(name).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, &str)> {
        build_arguments(text.as_bytes()).into_iter().map(|a| (a.name, text.get(a.value).unwrap())).collect()
    }

    #[test]
    fn values_end_where_the_next_name_or_the_shell_begins() {
        for (text, arguments) in [
            ("|1 A=b /bin/sh -c true C=d", &[("A", "b")][..]),
            ("RUN |2 A=b C=d /bin/sh -c true # buildkit", &[("A", "b"), ("C", "d")]),
            ("|2 A=b and more C=d; e' /bin/bash -c true", &[("A", "b and more"), ("C", "d; e'")]),
            ("|1 A=b=c", &[("A", "b=c")]),
            ("|2 A=/opt /srv C=d /bin/sh -c true", &[("A", "/opt /srv"), ("C", "d")]),
            ("|2 A= C=d /bin/sh", &[("A", ""), ("C", "d")]),
            ("|0 /bin/sh -c A=b", &[]),
            ("|1 ", &[]),
            ("|x A=b", &[]),
            ("RUN /bin/sh -c A=b", &[]),
            ("", &[]),
        ] {
            assert_eq!(read(text), arguments, "{text}");
        }
    }
}
