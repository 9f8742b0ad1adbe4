//! Patterns for paths of a build context, in `.dockerignore` and in the sources of `COPY` and `ADD`.

use regex::bytes::{Regex, RegexBuilder};

/// The maximum memory of one compiled pattern, in bytes.
const MAX_PATTERN: usize = 1 << 20;

/// A pattern anchored at the root of the context.
#[derive(Debug)]
pub(crate) struct PathPattern(Regex);

impl PathPattern {
    /// Compiles a pattern in the syntax of Go's `filepath.Match`, with `**` for any number of directories.
    /// Returns `None` if Docker refuses the pattern.
    pub(crate) fn new(pattern: &[u8]) -> Option<Self> {
        compile(&clean(pattern)).map(Self)
    }

    /// Returns true if the pattern matches the path or one of its parent directories. The path is relative
    /// to the root and has no `.` or `..` parts.
    pub(crate) fn takes(&self, path: &[u8]) -> bool {
        self.taken(path).is_some()
    }

    /// Returns the path or its outermost parent directory that the pattern matches.
    pub(crate) fn taken<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let slashes = memchr::memchr_iter(b'/', path).filter_map(|at| path.get(..at));
        slashes.chain(std::iter::once(path)).find(|path| self.0.is_match(path))
    }
}

/// Cleans a pattern as Go's `filepath.Clean` does, and removes the leading slash.
fn clean(pattern: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let is_rooted = pattern.first() == Some(&b'/');
    for part in pattern.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|&last| last != b"..") => {
                parts.pop();
            }
            b".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

/// Translates a pattern into a regular expression. The syntax is that of Go's `filepath.Match`, with `**`
/// for any number of directories.
fn compile(pattern: &[u8]) -> Option<Regex> {
    let mut regex = String::from("^");
    let mut rest = pattern;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'*' if rest.first() == Some(&b'*') => {
                rest = rest.get(1..).unwrap_or_default();
                rest = rest.strip_prefix(b"/").unwrap_or(rest);
                regex.push_str(if rest.is_empty() { ".*" } else { "(.*/)?" });
            }
            b'*' => regex.push_str("[^/]*"),
            b'?' => regex.push_str("[^/]"),
            b'[' => rest = class(rest, &mut regex)?,
            b'\\' => {
                let (&escaped, behind) = rest.split_first()?;
                rest = behind;
                push(escaped, &mut regex);
            }
            byte => push(byte, &mut regex),
        }
    }
    regex.push('$');
    RegexBuilder::new(&regex).unicode(false).dot_matches_new_line(true).size_limit(MAX_PATTERN).build().ok()
}

/// Parses a character class after its `[`. Returns the rest of the pattern.
fn class<'a>(mut rest: &'a [u8], regex: &mut String) -> Option<&'a [u8]> {
    regex.push('[');
    if let Some(behind) = rest.strip_prefix(b"^") {
        rest = behind;
        regex.push('^');
    }
    let mut is_first = true;
    loop {
        let (low, behind) = member(rest, is_first)?;
        let Some(low) = low else {
            regex.push(']');
            return Some(behind);
        };
        (rest, is_first) = (behind, false);
        push(low, regex);
        if let Some(behind) = rest.strip_prefix(b"-") {
            let (high, behind) = member(behind, true)?;
            let high = high.filter(|&high| high >= low)?;
            rest = behind;
            regex.push('-');
            push(high, regex);
        }
    }
}

/// Parses one byte of a class. The byte is `None` for the `]` that ends the class.
fn member(rest: &[u8], must_be: bool) -> Option<(Option<u8>, &[u8])> {
    let (&byte, behind) = rest.split_first()?;
    match byte {
        b']' if !must_be => Some((None, behind)),
        b'-' | b']' => None,
        b'\\' => behind.split_first().map(|(&byte, behind)| (Some(byte), behind)),
        byte => Some((Some(byte), behind)),
    }
}

fn push(byte: u8, regex: &mut String) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(regex, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_told() {
        for (pattern, path, taken) in [
            ("a", "a/b/c", Some("a")),
            ("a/b", "a/b/c", Some("a/b")),
            ("*.env", "x.env", Some("x.env")),
            ("*", "a/b", Some("a")),
            ("a/*", "a/b/c", Some("a/b")),
            ("a", "ab", None),
        ] {
            let found = PathPattern::new(pattern.as_bytes()).unwrap();
            assert_eq!(found.taken(path.as_bytes()), taken.map(str::as_bytes), "{pattern} {path}");
        }
    }
}
