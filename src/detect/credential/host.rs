//! The hosts that receive Hub credentials.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::hub::addresses::DOMAINS;

/// Returns true if a host, with or without scheme, port and path, belongs to Hugging Face.
pub(super) fn is_hub(host: &[u8]) -> bool {
    let host = memchr::memmem::find(host, b"://").and_then(|at| host.get(at + 3..)).unwrap_or(host);
    let host = host.split(|b| matches!(b, b'/' | b':' | b'?' | b'#')).next().unwrap_or_default();
    let host = host.strip_suffix(b".").unwrap_or(host);
    DOMAINS.iter().any(|domain| domain.holds(host))
}

/// Returns true if a text names such a host anywhere.
pub(super) fn names_hub(text: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is made of constants, and compiled by every test")]
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        let names = DOMAINS.map(|domain| regex::escape(domain.name));
        Regex::new(&format!("(?i-u)(?:{})", names.join("|"))).expect("a valid pattern")
    });
    NAMED.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_hub() {
        for host in [
            "huggingface.co",
            "HuggingFace.co",
            "hub-ci.huggingface.co",
            "hf.co",
            "hf.co.",
            "registry.hf.space",
            "alice-app.hf.space",
            "https://huggingface.co/",
            "https://huggingface.co:443/a",
            "x.endpoints.huggingface.cloud",
        ] {
            assert!(is_hub(host.as_bytes()), "{host}");
            assert!(names_hub(format!("a {host} b").as_bytes()), "{host}");
        }
        for host in ["", "co", "github.com", "nothf.co", "huggingface.com", "hf.co.example", "example/hf.co"]
        {
            assert!(!is_hub(host.as_bytes()), "{host}");
        }
    }
}
