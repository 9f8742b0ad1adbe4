//! Paths as bytes, in the form in which layers name them.

/// Normalises a path to names with single slashes between them: no leading `/` or `./`, no `//`, no `.`.
/// `..` is resolved as if the root were its own parent, as extractors do.
pub(crate) fn normalise(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// Returns true if a name is absolute or contains `..`, which no builder writes.
pub(crate) fn is_odd(path: &[u8]) -> bool {
    path.first() == Some(&b'/') || path.split(|&b| b == b'/').any(|part| part == b"..")
}

/// Splits a normalised path into the directory and the last name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

/// Returns the proper ancestors of a normalised path, from the nearest to the root (`""`).
pub(crate) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        rest = split(rest).0;
        Some(rest)
    })
}

/// Returns `directory/name`, or only one of them if the other is empty.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match (directory, name) {
        (b"", alone) | (alone, b"") => alone.to_vec(),
        (directory, name) => [directory, name].join(&b'/'),
    }
}

/// Returns the git directory of the repository that contains a path.
pub(crate) fn repository(path: &[u8]) -> Option<&[u8]> {
    let ends = memchr::memchr_iter(b'/', path).filter_map(|at| path.get(..at));
    ends.into_iter().find(|directory| directory.ends_with(b".git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one_path() {
        for spelling in ["a/b", "./a/b", "/a/b", "a//b", "a/b/", "a/./b", "x/../a/b", "../../a/b"] {
            assert_eq!(normalise(spelling.as_bytes()), b"a/b", "{spelling}");
        }
        assert_eq!(normalise(b"./"), b"");
    }

    #[test]
    fn odd_names() {
        for odd in ["/etc/x", "../x", "a/../../x", ".."] {
            assert!(is_odd(odd.as_bytes()), "{odd}");
        }
        for usual in ["etc/x", "./etc", "a..b/c", "...", ""] {
            assert!(!is_odd(usual.as_bytes()), "{usual}");
        }
    }

    #[test]
    fn ancestors_end_at_the_root() {
        let all: Vec<&[u8]> = ancestors(b"a/b/c").collect();
        assert_eq!(all, [&b"a/b"[..], b"a", b""]);
        assert_eq!(ancestors(b"").count(), 0);
    }

    #[test]
    fn the_files_of_a_repository_belong_together() {
        for (path, expected) in [
            (".git/objects/ab/cd", Some(".git")),
            ("a/b.git/HEAD", Some("a/b.git")),
            ("a/.git", None),
            ("a/.github/x", None),
        ] {
            assert_eq!(repository(path.as_bytes()), expected.map(str::as_bytes), "{path}");
        }
    }
}
