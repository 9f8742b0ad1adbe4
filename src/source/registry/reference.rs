//! References to images as Docker writes them (distribution project, `reference` package): `app`, `org/app:1`,
//! `host:5000/a/b@sha256:…`.

use std::ffi::OsStr;

use crate::digest::Digest;

/// The registry that a reference without a host means, and the host that serves it.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_SERVER: &str = "registry-1.docker.io";
/// The other names of that registry.
const DOCKER_HUB_NAMES: [&str; 3] = [DOCKER_HUB, "index.docker.io", DOCKER_HUB_SERVER];
/// The namespace of names that consist of one part, in that registry.
const LIBRARY: &str = "library";
/// The tag of a reference without a tag.
const LATEST: &str = "latest";
/// The maximum length of a repository's name with its host.
const MAX_NAME: usize = 255;

/// A reference to an image in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The registry as it is named: a host, with a port if it has one.
    pub(crate) registry: String,
    /// The repository in the registry.
    pub(crate) repository: String,
    /// The tag, if one is written or none of tag and digest is.
    pub(crate) tag: Option<String>,
    /// The digest.
    pub(crate) digest: Option<Digest>,
}

/// The reason why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// There is nothing.
    #[error("the reference is empty")]
    Empty,
    /// The host, the repository or the tag has characters that they cannot have.
    #[error(
        "the reference is not valid: HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], in lower case but for the tag"
    )]
    Invalid,
    /// The digest is none, or of another algorithm.
    #[error("the digest is neither sha256 with 64 hexadecimal digits nor sha512 with 128")]
    Digest,
}

/// A registry, or the repositories in it whose names begin alike: `HOST[:PORT][/NAMESPACE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) registry: String,
    /// The first parts of the names. Empty for the whole registry.
    path: String,
}

impl Namespace {
    /// Returns the registry or namespace of a target, as `--catalog` takes it: `docker://HOST[:PORT][/NAMESPACE]`.
    pub(crate) fn of_target(target: &OsStr) -> Option<Self> {
        Self::parse(target.to_str()?.strip_prefix("docker://")?).ok()
    }

    /// Parses the name of a registry or a namespace.
    fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (registry, path) = text.split_once('/').unwrap_or((text, ""));
        let path = path.trim_end_matches('/');
        if !is_registry(registry) || !is_host(registry) || !(path.is_empty() || path.split('/').all(is_part))
        {
            return Err(ReferenceError::Invalid);
        }
        Ok(Self { registry: registry.to_owned(), path: path.to_owned() })
    }

    /// Returns true for a repository of the namespace.
    pub(super) fn holds(&self, repository: &str) -> bool {
        let rest = repository.strip_prefix(&self.path);
        rest.is_some_and(|rest| self.path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }
}

impl Reference {
    /// Creates a reference to a repository, without a tag or digest.
    pub(super) fn of(registry: &str, repository: &str) -> Self {
        Self { registry: registry.to_owned(), repository: repository.to_owned(), tag: None, digest: None }
    }

    /// Creates a reference to what a registry lists. Returns `None` for a name that is not valid.
    pub(super) fn listed(registry: &str, repository: &str, tag: Option<&str>) -> Option<Self> {
        let is_valid = repository.split('/').all(is_part)
            && repository.len() + registry.len() < MAX_NAME
            && tag.is_none_or(is_tag);
        is_valid.then(|| Self { tag: tag.map(str::to_owned), ..Self::of(registry, repository) })
    }

    /// Returns true if the text of the reference has a tag or a digest.
    pub(crate) fn names_version(&self, text: &OsStr) -> bool {
        let text = text.as_encoded_bytes();
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}"));
        self.digest.is_some() || tag.is_some_and(|tag| text.ends_with(tag.as_bytes()))
    }

    /// Parses a reference.
    pub(crate) fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| ReferenceError::Digest)?)),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest),
            _ => (DOCKER_HUB, rest),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (rest, None),
        };
        let is_hub = DOCKER_HUB_NAMES.contains(&registry);
        let repository = if is_hub && !repository.contains('/') {
            format!("{LIBRARY}/{repository}")
        } else {
            repository.to_owned()
        };
        let is_valid = is_registry(registry)
            && repository.split('/').all(is_part)
            && repository.len() + registry.len() < MAX_NAME
            && tag.is_none_or(is_tag);
        if !is_valid {
            return Err(ReferenceError::Invalid);
        }
        let registry = if is_hub { DOCKER_HUB } else { registry }.to_owned();
        let tag = tag.map(str::to_owned).or_else(|| digest.is_none().then(|| LATEST.to_owned()));
        Ok(Self { registry, repository, tag, digest })
    }

    /// Returns the host that serves the registry, with its port.
    pub(crate) fn server(&self) -> &str {
        if self.registry == DOCKER_HUB { DOCKER_HUB_SERVER } else { &self.registry }
    }

    /// Returns what the registry is asked for: the digest, or the tag.
    pub(crate) fn version(&self) -> String {
        match &self.digest {
            Some(digest) => digest.to_string(),
            None => self.tag.clone().unwrap_or_else(|| LATEST.to_owned()),
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// Returns true if a host with an optional port is this machine.
pub(super) fn is_loopback(registry: &str) -> bool {
    let host = host(registry);
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Returns the host without its port.
pub(super) fn host(registry: &str) -> &str {
    match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => registry,
    }
}

/// Returns true if the first part of a reference is a host, and not the first part of a name in Docker Hub.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.starts_with('[')
}

fn is_registry(text: &str) -> bool {
    let host = host(text);
    let port = text.get(host.len()..).unwrap_or_default().strip_prefix(':');
    let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    let is_address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match is_address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Returns true for a part of a repository's name: lower-case letters and digits, with single separators between.
fn is_part(part: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = |byte: Option<u8>| byte.is_some_and(is_word);
    ends(part.bytes().next())
        && ends(part.bytes().last())
        && part.bytes().all(|c| is_word(c) || matches!(c, b'.' | b'_' | b'-'))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|c| is_word(c) || matches!(c, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let hex = "0a".repeat(32);
        for (text, expected) in [
            ("app", "docker.io/library/app:latest"),
            ("app:1", "docker.io/library/app:1"),
            ("org/app", "docker.io/org/app:latest"),
            ("docker.io/library/app", "docker.io/library/app:latest"),
            ("index.docker.io/app", "docker.io/library/app:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("localhost:5000/a/b:V_1.2", "localhost:5000/a/b:V_1.2"),
            ("[::1]:5000/app", "[::1]:5000/app:latest"),
            ("ghcr.io/Org/app", ""),
            ("host:99999/app", ""),
            ("ho/st:5/app", ""),
            ("app:", ""),
            ("/app", ""),
            ("a//b", ""),
            ("a b", ""),
            ("-a", ""),
            ("", ""),
            ("app@sha256:12", ""),
        ] {
            let shown = Reference::parse(text).map(|reference| reference.to_string()).unwrap_or_default();
            assert_eq!(shown, expected, "{text}");
        }
        let by_digest = Reference::parse(&format!("host:1/a@sha256:{hex}")).unwrap();
        assert_eq!((by_digest.tag.as_ref(), by_digest.version()), (None, format!("sha256:{hex}")));
        let both = Reference::parse(&format!("host:1/a:b@sha256:{hex}")).unwrap();
        assert_eq!((both.tag.as_deref(), both.version()), (Some("b"), format!("sha256:{hex}")));
        assert_eq!(Reference::parse("app").unwrap().server(), DOCKER_HUB_SERVER);
    }

    #[test]
    fn namespaces() {
        let holds = |namespace: &str, repository| Namespace::parse(namespace).unwrap().holds(repository);
        assert!(holds("localhost:5000", "a/b") && holds("a.b/a", "a/b") && holds("a.b/a/", "a"));
        assert!(!holds("a.b/a", "ab") && !holds("a.b/a/b", "a"));
        for wrong in ["", "/a", "a.b/A", "ho st", "a.b//a", "host", "host/a"] {
            assert!(Namespace::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn loopback() {
        for (registry, expected) in [
            ("localhost:5000", true),
            ("127.0.0.2", true),
            ("[::1]:5000", true),
            ("localhost.example.org", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(registry), expected, "{registry}");
        }
    }
}
