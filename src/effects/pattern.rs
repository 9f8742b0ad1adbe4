//! Paths and the patterns that a shell expands.

use crate::dockerfile::normal;

/// Whether `rm PATTERN`, or a mount at `pattern`, takes the file at `path` away: the file itself, or a directory above it.
/// The path is a normal one.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    covers_normal(&normal(pattern), path)
}

/// [`covers`] for a pattern that is a normal path already.
pub(crate) fn covers_normal(pattern: &str, path: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return path
            .strip_prefix(pattern)
            .is_some_and(|rest| rest.is_empty() || (!pattern.is_empty() && rest.starts_with('/')));
    }
    let mut parts = path.split('/');
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| matches_glob(expected, part)))
}

/// `*` and `?`, as a shell has them within one name.
fn matches_glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // A wildcard in front does not stand for a dot.
    if name.first() == Some(&'.') && matches!(pattern.first(), Some('*' | '?')) {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || name.get(n) == Some(&c) => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, start)) => {
                    retry = Some((star, start + 1));
                    p = star + 1;
                    n = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_lies_below() {
        let token = "root/.cache/huggingface/token";
        for pattern in [
            "/root/.cache",
            "/root/.cache/huggingface/token",
            "/root/.cache/huggingface/*",
            "/root/.ca?he/*/t*n",
            "//root/./",
        ] {
            assert!(covers(pattern, token), "{pattern}");
        }
        for pattern in [
            "",
            "/",
            "/root/.cach",
            "/root/.cache/huggingface/hub",
            "/roo*/.cache/x",
            "/root/.cache/huggingface/token/x",
            "/root/*",
            "/root/?cache",
        ] {
            assert!(!covers(pattern, token), "{pattern}");
        }
    }
}
