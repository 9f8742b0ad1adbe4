//! What a user names as a target: a path, `-`, or a transport as `skopeo` spells it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// A target, as it is spelled; what is there is told by [`super::inspect()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An image archive on standard input.
    Stdin,
    /// `docker-archive:PATH` or `oci-archive:PATH`.
    Archive(PathBuf),
    /// `oci:DIR[:TAG]`.
    Layout(PathBuf, Option<String>),
    /// `dockerfile:PATH`.
    Dockerfile(PathBuf),
    /// `file:PATH`.
    File(PathBuf),
    /// A bare path, told by its content.
    Bare(PathBuf),
}

/// A target that this version does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A transport that `skopeo` knows and this version does not.
    #[error("{0} targets are not supported by this version")]
    Unsupported(&'static str),
    /// Nothing behind the colon, or an empty argument.
    #[error("the target names no path")]
    Empty,
}

impl Target {
    /// Reads a target. A path that contains a colon is one if it exists: the transports come first.
    pub fn parse(text: &OsStr) -> Result<Self, TargetError> {
        const UNSUPPORTED: [&str; 9] = [
            "docker://",
            "docker-daemon:",
            "podman:",
            "dir:",
            "containers-storage:",
            "ostree:",
            "sif:",
            "registry://",
            "tarball:",
        ];
        let bytes = text.as_bytes();
        if bytes == b"-" {
            return Ok(Self::Stdin);
        }
        if let Some(transport) = UNSUPPORTED.iter().find(|&prefix| bytes.starts_with(prefix.as_bytes())) {
            return Err(TargetError::Unsupported(transport));
        }
        let behind = |prefix: &str| bytes.strip_prefix(prefix.as_bytes());
        let path = |bytes: &[u8]| {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            if bytes.is_empty() { Err(TargetError::Empty) } else { Ok(path) }
        };
        if let Some(rest) = behind("docker-archive:").or_else(|| behind("oci-archive:")) {
            return Ok(Self::Archive(path(rest)?));
        }
        if let Some(rest) = behind("oci:") {
            let whole = path(rest)?;
            // As skopeo does, the first colon splits off a tag, which may hold further ones; a directory
            // that has a colon in its name wins.
            let colons = memchr::memchr_iter(b':', rest).filter(|_| !whole.exists());
            let splits: Vec<_> =
                colons.filter_map(|at| Some((path(rest.get(..at)?).ok()?, rest.get(at + 1..)?))).collect();
            let split = splits.iter().find(|(directory, _)| directory.exists()).or(splits.first());
            return Ok(match split {
                Some((directory, tag)) => {
                    Self::Layout(directory.clone(), Some(String::from_utf8_lossy(tag).into_owned()))
                }
                None => Self::Layout(whole, None),
            });
        }
        if let Some(rest) = behind("dockerfile:") {
            return Ok(Self::Dockerfile(path(rest)?));
        }
        if let Some(rest) = behind("file:") {
            return Ok(Self::File(path(rest)?));
        }
        Ok(Self::Bare(path(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(OsStr::new(text))
    }

    #[test]
    fn forms() {
        assert_eq!(parse("-"), Ok(Target::Stdin));
        assert_eq!(parse("docker-archive:a.tar"), Ok(Target::Archive("a.tar".into())));
        assert_eq!(parse("oci-archive:/x/a.tar"), Ok(Target::Archive("/x/a.tar".into())));
        assert_eq!(parse("oci:layout"), Ok(Target::Layout("layout".into(), None)));
        assert_eq!(parse("oci:layout:v1"), Ok(Target::Layout("layout".into(), Some("v1".into()))));
        assert_eq!(parse("oci:no/layout:a:1"), Ok(Target::Layout("no/layout".into(), Some("a:1".into()))));
        assert_eq!(parse("dockerfile:x"), Ok(Target::Dockerfile("x".into())));
        assert_eq!(parse("file:ci.log"), Ok(Target::File("ci.log".into())));
        assert_eq!(parse("app.tar"), Ok(Target::Bare("app.tar".into())));
        assert_eq!(parse("odd:name"), Ok(Target::Bare("odd:name".into())));
    }

    #[test]
    fn refused() {
        for text in ["docker://alpine", "docker-daemon:a", "podman:a", "dir:.", "containers-storage:a"] {
            assert!(matches!(parse(text), Err(TargetError::Unsupported(_))), "{text}");
        }
        for text in ["", "file:", "oci:", "docker-archive:"] {
            assert_eq!(parse(text), Err(TargetError::Empty), "{text}");
        }
    }
}
