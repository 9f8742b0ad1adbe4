//! Addresses of requests, as registries name them.

use ureq::http::Uri;

use super::reference::host;

/// Returns the host and port of a URL.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Resolves an address relative to another. Returns `None` if it is none of HTTP, or has credentials in it.
pub(super) fn resolve(base: &str, address: &str) -> Option<String> {
    let (scheme, _) = base.split_once("://")?;
    let whole = if let Some(rest) = address.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if address.starts_with('/') {
        format!("{scheme}://{}{address}", authority(base))
    } else if address.contains("://") {
        address.to_owned()
    } else if address.is_empty() || address.starts_with('?') {
        format!("{}{address}", base.split(['?', '#']).next()?)
    } else {
        let directory = base.split(['?', '#']).next()?.rsplit_once('/').map(|(directory, _)| directory)?;
        format!("{directory}/{address}")
    };
    let uri: Uri = whole.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    (is_http && is_plain && !host(authority(&whole)).is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved() {
        for (base, address, expected) in [
            ("https://a/v2/x", "/y?z", Some("https://a/y?z")),
            ("https://a:1/v2/x", "//b/y", Some("https://b/y")),
            ("https://a/v2/x", "http://b:2/y", Some("http://b:2/y")),
            ("https://a/v2/x?q", "y", Some("https://a/v2/y")),
            ("https://a/v2/x?q", "?y", Some("https://a/v2/x?y")),
            ("https://a/v2/x", "file:///etc/passwd", None),
            ("https://a/v2/x", "https://u:p@b/", None),
            ("https://a/v2/x", "https://", None),
        ] {
            assert_eq!(resolve(base, address).as_deref(), expected, "{address}");
        }
    }
}
