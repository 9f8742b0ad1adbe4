//! The part of a build context that Docker leaves out (`moby/patternmatcher`, as used by BuildKit's
//! `fsutil`).
//!
//! The format resembles `.gitignore` but differs from it. A pattern is anchored at the root of the context.
//! A pattern that matches a directory applies to everything below it. The last matching pattern decides, so
//! `!` can include a file of an excluded directory again.

use super::PathPattern;

/// A line that makes Docker refuse the whole file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a valid pattern")]
pub(crate) struct BadPattern {
    /// The line number, starting at 1.
    pub line: usize,
}

/// The patterns of a `.dockerignore` file.
#[derive(Debug, Default)]
pub(crate) struct Dockerignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    path: PathPattern,
    /// Whether the pattern begins with `!`, which includes the files that it matches.
    takes_in: bool,
    line: usize,
}

impl Dockerignore {
    /// Parses the file.
    ///
    /// # Errors
    ///
    /// Returns the first line that is not a valid pattern. `docker build` fails at that line too.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, BadPattern> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut patterns = Vec::new();
        for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.first() == Some(&b'#') {
                continue;
            }
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let bad = BadPattern { line: number };
            let (pattern, takes_in) = match line.strip_prefix(b"!") {
                Some(pattern) => (pattern.trim_ascii(), true),
                None => (line, false),
            };
            if pattern.is_empty() {
                return Err(bad);
            }
            let path = PathPattern::new(pattern).ok_or(bad)?;
            patterns.push(Pattern { path, takes_in, line: number });
        }
        Ok(Self { patterns })
    }

    /// Returns the number of the line that excludes the file at `path`, or `None` if the file is included.
    /// The path is relative to the root of the context and has no `.` or `..` parts.
    pub(crate) fn excluded_by(&self, path: &[u8]) -> Option<usize> {
        let last = self.patterns.iter().rev().find(|pattern| pattern.path.takes(path))?;
        (!last.takes_in).then_some(last.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(text: &str, path: &str) -> bool {
        Dockerignore::parse(text.as_bytes()).unwrap().excluded_by(path.as_bytes()).is_some()
    }

    #[test]
    fn what_docker_leaves_out() {
        for (text, path) in [
            (".env", ".env"),
            ("/.env", ".env"),
            ("./.env", ".env"),
            (".env/", ".env"),
            ("  .env  ", ".env"),
            (".env\r\n", ".env"),
            ("\u{feff}.env", ".env"),
            ("a", "a/b/c"),
            ("a/", "a/b"),
            ("a//b/../c", "a/c"),
            ("*", ".env"),
            ("*", "a/b"),
            ("*/temp*", "a/temporary"),
            ("temp?", "tempa"),
            ("**", "a/b"),
            ("**/.env", ".env"),
            ("**/.env", "a/b/.env"),
            ("**/node_modules", "x/node_modules/y"),
            ("a/**", "a/b/c"),
            ("a/**/b", "a/b"),
            ("a/**/b", "a/x/y/b"),
            ("**/*.ipynb", "n/x.ipynb"),
            ("[ab].txt", "a.txt"),
            ("[^ab].txt", "c.txt"),
            ("[a-c].txt", "b.txt"),
            ("a+b(c)|{d}", "a+b(c)|{d}"),
            ("\\*", "*"),
            ("!.env\n*", ".env"),
            ("*\n!a\na/b", "a/b"),
            ("a\n!a/b\na/b/c", "a/b/c"),
            ("#x\nx", "x"),
            (" #x", "#x"),
        ] {
            assert!(excludes(text, path), "{text:?} {path}");
        }
    }

    #[test]
    fn what_docker_takes_in() {
        for (text, path) in [
            ("", ".env"),
            ("# .env", ".env"),
            (".env", "a/.env"),
            (".env", ".env.local"),
            ("*.env", "a/x.env"),
            ("temp?", "temp"),
            ("temp?", "temp/a"),
            ("a/*", "a"),
            ("*\n!.env", ".env"),
            ("a\n!a/b", "a/b"),
            ("a\n!a/b", "a/b/c"),
            ("**\n!**/*.py", "a/b.py"),
            ("[^ab].txt", "a.txt"),
            (".", "a"),
            ("/", "a"),
            ("../a", "a"),
            ("A", "a"),
            ("*\n! .env", ".env"),
        ] {
            assert!(!excludes(text, path), "{text:?} {path}");
        }
    }

    #[test]
    fn what_docker_refuses() {
        for text in ["!", "[", "[]", "[a", "[b-a]", "a\\", "[a-]", "[-a]"] {
            let error = Dockerignore::parse(format!("ok\n{text}\n").as_bytes()).unwrap_err();
            assert_eq!(error, BadPattern { line: 2 }, "{text}");
        }
    }

    #[test]
    fn the_line_that_decides_is_told() {
        let rules = Dockerignore::parse(b"a\n\n# x\n!a/b\na/b/c\n").unwrap();
        assert_eq!(rules.excluded_by(b"a/x"), Some(1));
        assert_eq!(rules.excluded_by(b"a/b/c/d"), Some(5));
        assert_eq!(rules.excluded_by(b"a/b"), None);
    }
}
