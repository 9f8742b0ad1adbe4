//! Paths, and the patterns that a shell expands to paths.

use crate::dockerfile::normal;

/// Returns true if `rm PATTERN`, or a mount at `pattern`, hides or removes the file at `path`. The pattern
/// may match the file itself or a directory above it. `path` is a normal path.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    covers_normal(&normal(pattern), path)
}

/// Does what [`covers`] does, for a pattern that is already a normal path.
pub(crate) fn covers_normal(pattern: &str, path: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return path
            .strip_prefix(pattern)
            .is_some_and(|rest| rest.is_empty() || (!pattern.is_empty() && rest.starts_with('/')));
    }
    let mut parts = path.split('/');
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| matches_glob(expected, part)))
}

/// Returns true if a name matches a pattern with `*` and `?`. As in a shell, they match within one path
/// component.
fn matches_glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // A leading wildcard does not match a dot.
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
