//! Targets as users name them: a path, `-`, or a transport in the spelling of `skopeo`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::daemon::Engine as ContainerEngine;
use super::registry::{Reference, ReferenceError};

/// A target as it is spelled. [`super::inspect()`] examines the content of a bare path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An image archive on standard input.
    Stdin,
    /// `docker-archive:PATH` or `oci-archive:PATH`.
    Archive(PathBuf),
    /// `oci:DIR[:TAG]`.
    Layout(PathBuf, Option<String>),
    /// `dockerfile:PATH`.
    Dockerfile(PathBuf),
    /// `docker://REF`.
    Registry(Reference),
    /// `docker-daemon:REF` or `podman:REF`: an image of an engine, by name or id. All of its images without one.
    Engine(ContainerEngine, String),
    /// `containers-storage:REF`.
    Storage(String),
    /// `dir:PATH`.
    Directory(PathBuf),
    /// `rootfs:PATH`.
    RootFs(PathBuf),
    /// `context:PATH`.
    Context(PathBuf),
    /// `file:PATH`.
    File(PathBuf),
    /// A bare path, classified by its content.
    Bare(PathBuf),
}

/// An argument that this version does not accept as a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// A transport that `skopeo` knows and this version does not.
    #[error("{0} targets are not supported by this version")]
    Unsupported(&'static str),
    /// A reference that is not valid.
    #[error("{0}")]
    Reference(#[from] ReferenceError),
    /// An empty argument, or nothing after the colon.
    #[error("the target has no path")]
    Empty,
}

impl Target {
    /// Parses a target. Transports take precedence. Every other argument is a path, even if it contains a
    /// colon.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, TargetError> {
        const UNSUPPORTED: [&str; 4] = ["ostree:", "sif:", "registry://", "tarball:"];
        let bytes = text.as_bytes();
        if bytes == b"-" {
            return Ok(Self::Stdin);
        }
        if let Some(transport) = UNSUPPORTED.iter().find(|&prefix| bytes.starts_with(prefix.as_bytes())) {
            return Err(TargetError::Unsupported(transport));
        }
        let behind = |prefix: &str| bytes.strip_prefix(prefix.as_bytes());
        if let Some(reference) = behind("docker://") {
            return Ok(Self::Registry(Reference::parse(&String::from_utf8_lossy(reference))?));
        }
        let engines = [("docker-daemon:", ContainerEngine::Docker), ("podman:", ContainerEngine::Podman)];
        let engine = engines.iter().find_map(|(prefix, engine)| Some((engine, behind(prefix)?)));
        if let Some((engine, image)) = engine {
            return Ok(Self::Engine(*engine, String::from_utf8_lossy(image).into_owned()));
        }
        if let Some(image) = behind("containers-storage:") {
            let image = String::from_utf8_lossy(image).into_owned();
            return if image.is_empty() { Err(TargetError::Empty) } else { Ok(Self::Storage(image)) };
        }
        let path = |bytes: &[u8]| {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            if bytes.is_empty() { Err(TargetError::Empty) } else { Ok(path) }
        };
        // A file with the name `-` is spelled `./-`.
        let file = |bytes: &[u8]| path(if bytes == b"-" { b"/dev/stdin" } else { bytes });
        if let Some(rest) = behind("docker-archive:").or_else(|| behind("oci-archive:")) {
            if rest == b"-" {
                return Ok(Self::Stdin);
            }
            return Ok(Self::Archive(path(rest)?));
        }
        if let Some(rest) = behind("oci:") {
            let whole = path(rest)?;
            // As in skopeo, the first colon separates the directory from a tag, and a tag may contain further
            // colons. However, an existing directory with a colon in its name takes precedence.
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
            return Ok(Self::Dockerfile(file(rest)?));
        }
        if let Some(rest) = behind("dir:") {
            return Ok(Self::Directory(path(rest)?));
        }
        if let Some(rest) = behind("rootfs:") {
            return Ok(Self::RootFs(file(rest)?));
        }
        if let Some(rest) = behind("context:") {
            return Ok(Self::Context(path(rest)?));
        }
        if let Some(rest) = behind("file:") {
            return Ok(Self::File(file(rest)?));
        }
        Ok(Self::Bare(path(bytes)?))
    }

    /// Returns the image in a registry that the target is, if it is one.
    pub(crate) fn reference(&self) -> Option<Reference> {
        match self {
            Self::Registry(reference) => Some(reference.clone()),
            Self::Bare(path) if !path.exists() && looks_like_reference(path) => {
                Reference::parse(path.to_str()?).ok()
            }
            _ => None,
        }
    }

    /// Returns true if a server gives the image.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Engine(..)) || self.reference().is_some()
    }

    /// Returns the named file or directory, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin | Self::Registry(_) | Self::Engine(..) | Self::Storage(_) => None,
            Self::Archive(path)
            | Self::Layout(path, _)
            | Self::Dockerfile(path)
            | Self::Directory(path)
            | Self::RootFs(path)
            | Self::Context(path)
            | Self::File(path)
            | Self::Bare(path) => Some(path),
        }
    }
}

/// Returns true if a path could be meant as an image reference, such as `alpine` or `ghcr.io/org/app:1`. The
/// grammar is that of the distribution project's `reference` package, without names that end like a file
/// name.
pub(crate) fn looks_like_reference(path: &Path) -> bool {
    let Some(text) = path.to_str() else { return false };
    let (above, last) = text.rsplit_once('/').map_or((None, text), |(above, last)| (Some(above), last));
    let repository = last.split([':', '@']).next().unwrap_or_default();
    let is_word = |word: &str, further: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || further.contains(c))
    };
    let has_tag = repository.len() < last.len();
    is_word(repository, if has_tag { "._-" } else { "_-" })
        && above.is_none_or(|above| above.split('/').all(|part| is_word(part, "._-:")))
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
        assert_eq!(parse("dir:image"), Ok(Target::Directory("image".into())));
        assert_eq!(parse("rootfs:root.tar"), Ok(Target::RootFs("root.tar".into())));
        assert_eq!(parse("context:src"), Ok(Target::Context("src".into())));
        assert_eq!(parse("file:ci.log"), Ok(Target::File("ci.log".into())));
        let app = Reference::parse("host:1/app").unwrap();
        assert_eq!(parse("docker://host:1/app"), Ok(Target::Registry(app)));
        let image = Target::Engine(ContainerEngine::Podman, "a:1".to_owned());
        assert_eq!(parse("podman:a:1"), Ok(image));
        assert_eq!(parse("docker-daemon:"), Ok(Target::Engine(ContainerEngine::Docker, String::new())));
        assert_eq!(parse("containers-storage:a"), Ok(Target::Storage("a".to_owned())));
        assert_eq!(parse("containers-storage:"), Err(TargetError::Empty));
        assert_eq!(parse("app.tar"), Ok(Target::Bare("app.tar".into())));
        assert_eq!(parse("odd:name"), Ok(Target::Bare("odd:name".into())));
    }

    #[test]
    fn standard_input() {
        assert_eq!(parse("dockerfile:-"), Ok(Target::Dockerfile("/dev/stdin".into())));
        assert_eq!(parse("file:-"), Ok(Target::File("/dev/stdin".into())));
        assert_eq!(parse("rootfs:-"), Ok(Target::RootFs("/dev/stdin".into())));
        assert_eq!(parse("oci-archive:-"), Ok(Target::Stdin));
        assert_eq!(parse("file:./-"), Ok(Target::File("./-".into())));
    }

    #[test]
    fn references() {
        for text in ["alpine", "alpine:3.20", "ghcr.io/a/b:1", "localhost:5000/x", "a/b@sha256:00", "a/b:V1"]
        {
            assert!(looks_like_reference(Path::new(text)), "{text}");
        }
        for text in ["app.tar", "./alpine", "/alpine", "../a", "Dockerfile", "a/b.tar.gz", "a//b", "a b", ""]
        {
            assert!(!looks_like_reference(Path::new(text)), "{text}");
        }
    }

    #[test]
    fn refused() {
        assert_eq!(parse("docker://"), Err(TargetError::Reference(ReferenceError::Empty)));
        assert_eq!(parse("docker://A/b"), Err(TargetError::Reference(ReferenceError::Invalid)));
        for text in ["tarball:a", "ostree:a"] {
            assert!(matches!(parse(text), Err(TargetError::Unsupported(_))), "{text}");
        }
        for text in ["", "file:", "dir:", "rootfs:", "context:", "oci:", "docker-archive:"] {
            assert_eq!(parse(text), Err(TargetError::Empty), "{text}");
        }
    }
}
