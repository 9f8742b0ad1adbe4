//! Addresses of requests, as registries name them.

use ureq::http::Uri;

use super::reference::host;

/// Returns the host and port of a URL.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Returns true if two addresses are of one server: the same scheme, host and port.
pub(super) fn is_same_origin(a: &str, b: &str) -> bool {
    origin(a).is_some_and(|origin_of_a| origin(b) == Some(origin_of_a))
}

/// Returns the scheme, the host and the port of an address.
pub(super) fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let host = uri.host()?.to_ascii_lowercase();
    Some((scheme, host, uri.port_u16().unwrap_or(usual)))
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
    if !is_http || !is_plain || host(authority(&whole)).is_empty() {
        return None;
    }
    // A scheme in capitals is compared as it is written.
    let (scheme, rest) = whole.split_once("://")?;
    Some(format!("{}://{rest}", scheme.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (a, b, expected) in [
            ("https://a/x", "https://a", true),
            ("https://a:443/x", "https://A/y", true),
            ("http://[::1]:5000/x", "http://[::1]:5000", true),
            ("https://a/x", "http://a/x", false),
            ("http://a:443/x", "https://a/x", false),
            ("https://a:5000/x", "https://a:5001/x", false),
            ("https://a.b/x", "https://a/x", false),
            ("https://a@b/x", "https://a/x", false),
            ("ftp://a/x", "ftp://a/x", false),
            ("x", "x", false),
        ] {
            assert_eq!(is_same_origin(a, b), expected, "{a} {b}");
        }
    }

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
            ("https://a/v2/x", "HTTP://b/y", Some("http://b/y")),
            ("https://a/v2/x", "Https://b/y", Some("https://b/y")),
        ] {
            assert_eq!(resolve(base, address).as_deref(), expected, "{address}");
        }
    }
}
