//! The ways to authenticate that a registry offers: the `WWW-Authenticate` headers of a response (RFC 9110, section 11.6.1).

use ureq::http::{HeaderMap, header};

/// A way to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// An access token from a token server.
    Bearer {
        /// The address of the token server, which may be relative.
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
    /// A user name and a password.
    Basic,
}

/// Returns the known challenges of all headers, tokens first.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut found = Vec::new();
    for value in headers.get_all(header::WWW_AUTHENTICATE) {
        let Ok(value) = value.to_str() else { continue };
        // Some registries end the list with a comma.
        let Ok(all) = http_auth::parse_challenges(value.trim_end_matches([',', ' '])) else { continue };
        for challenge in all {
            let parameter = |name: &str| {
                let named = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                named.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                found.extend(parameter("realm").map(|realm| Challenge::Bearer {
                    realm,
                    service: parameter("service"),
                    scope: parameter("scope"),
                }));
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                found.push(Challenge::Basic);
            }
        }
    }
    found.sort_by_key(|challenge| matches!(challenge, Challenge::Basic));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Vec<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, value.parse().unwrap());
        }
        challenges(&headers)
    }

    #[test]
    fn as_registries_send_them() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        };
        for (values, expected) in [
            (
                &[r#"Bearer realm="https://a/token",service="s",scope="repository:x:pull,push""#][..],
                vec![bearer("https://a/token", Some("s"), Some("repository:x:pull,push"))],
            ),
            (&[r#"bearer realm="/token""#], vec![bearer("/token", None, None)]),
            (
                &[r#"Basic realm="x""#, r#"Bearer realm="https://a""#],
                vec![bearer("https://a", None, None), Challenge::Basic],
            ),
            (
                &[r#"Negotiate, Basic realm="x", Bearer realm="https://a", service=b"#],
                vec![bearer("https://a", Some("b"), None), Challenge::Basic],
            ),
            (&[r#"Basic realm="x","#], vec![Challenge::Basic]),
            (&["Bearer", "Digest nonce=a", "\"", ""], vec![]),
        ] {
            assert_eq!(read(values), expected, "{values:?}");
        }
    }
}
