//! The addresses of the Hub.

/// The page on which a token is revoked.
pub(super) const REVOKE: &str = "https://huggingface.co/settings/tokens";

/// The start of the path of that page. It was in the singular.
pub(crate) const TOKENS_PAGE: &str = "/settings/token";

/// A domain that receives Hub credentials.
pub(crate) struct Domain {
    pub(crate) name: &'static str,
    /// Whether scripts fetch from the domain by URL. A variable in the user part of such a URL is taken for
    /// a token, whatever its name.
    pub(crate) is_fetched_from: bool,
}

impl Domain {
    const fn new(name: &'static str, is_fetched_from: bool) -> Self {
        Self { name, is_fetched_from }
    }

    /// Returns true if a host is the domain or one of its subdomains.
    pub(crate) fn holds(&self, host: &[u8]) -> bool {
        host.len().checked_sub(self.name.len()).and_then(|at| host.split_at_checked(at)).is_some_and(
            |(sub, rest)| {
                rest.eq_ignore_ascii_case(self.name.as_bytes()) && (sub.is_empty() || sub.ends_with(b"."))
            },
        )
    }
}

/// The Hub, its spaces and registries, its endpoints, and the mirror that takes only Hub tokens.
pub(crate) const DOMAINS: [Domain; 5] = [
    Domain::new("huggingface.co", true),
    Domain::new("hf.co", true),
    Domain::new("hf.space", true),
    Domain::new("huggingface.cloud", false),
    Domain::new("hf-mirror.com", false),
];

/// Returns true if scripts fetch from a host by URL.
pub(crate) fn is_fetched_from(host: &str) -> bool {
    DOMAINS.iter().any(|domain| domain.is_fetched_from && domain.holds(host.as_bytes()))
}

/// The hosts of repositories. A token may be the whole user part of their URLs.
pub(crate) const REPOSITORIES: [&str; 3] = ["huggingface.co", "hf.co", "hub-ci.huggingface.co"];

/// The first parts of the paths of repositories that are no models, each with the kind that the command-line client
/// calls them by.
const KINDS: [(&str, &str); 2] = [("spaces/", "space"), ("datasets/", "dataset")];

/// Returns the repository of the first URL of the Hub in a text, followed by the file in it that the URL names, and
/// the kind of the repository. The kind is empty for a model.
pub(crate) fn repository(text: &str) -> Option<(String, &'static str)> {
    let hosts = REPOSITORIES.iter().filter_map(|host| Some(text.find(&format!("{host}/"))? + host.len() + 1));
    let path = text.get(hosts.min()?..)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let path = path.get(..path.find(|c| !is_plain(c)).unwrap_or(path.len()))?;
    let kind = KINDS.iter().find(|(start, _)| path.starts_with(start));
    let (path, kind) =
        kind.map_or((path, ""), |(start, kind)| (path.strip_prefix(start).unwrap_or(path), *kind));
    let mut parts = path.trim_end_matches('/').splitn(5, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let name = name.strip_suffix(".git").unwrap_or(name);
    let file = match (parts.next(), parts.next(), parts.next()) {
        (Some("resolve" | "raw" | "blob"), Some(_), Some(file)) => format!(" {file}"),
        _ => String::new(),
    };
    (!owner.is_empty() && !name.is_empty()).then(|| (format!("{owner}/{name}{file}"), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_repository() {
        for (url, expected) in [
            ("git clone https://u:$T@huggingface.co/a/b.git /x", Some(("a/b", ""))),
            ("https://u:$(cat /t)@huggingface.co/spaces/me/app", Some(("me/app", "space"))),
            ("\"https://$T@hf.co/datasets/a/d/\"", Some(("a/d", "dataset"))),
            ("https://u:x@huggingface.co/a/b/resolve/main/c/d.bin", Some(("a/b c/d.bin", ""))),
            ("https://u:x@huggingface.co/$REPO", None),
            ("https://u:x@example.org/a/b", None),
        ] {
            let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
            assert_eq!(repository(url), expected, "{url}");
        }
    }

    #[test]
    fn subdomains_are_hosts_of_the_hub() {
        assert!(is_fetched_from("HF.co") && is_fetched_from("cdn.huggingface.co"));
        assert!(!is_fetched_from("nothf.co") && !is_fetched_from("hf-mirror.com"));
    }
}
