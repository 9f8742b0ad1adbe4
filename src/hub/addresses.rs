//! The addresses of the Hub.

/// The page on which a token is revoked.
pub(super) const REVOKE: &str = "https://huggingface.co/settings/tokens";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_hosts_of_the_hub() {
        assert!(is_fetched_from("HF.co") && is_fetched_from("cdn.huggingface.co"));
        assert!(!is_fetched_from("nothf.co") && !is_fetched_from("hf-mirror.com"));
    }
}
