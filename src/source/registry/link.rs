//! The next page of a list (RFC 8288, `Link: <…>; rel="next"`).

use std::io;

use ureq::Body;
use ureq::http::{Response, header};

use super::address::resolve;
use super::client::Client;
use crate::fault::{Code, Fault};

/// Returns the path of the page that follows the one at `path`. It must be on the same server.
///
/// # Errors Returns an error if there is a next page that cannot be asked for.
pub(super) fn next_page(
    client: &Client,
    path: &str,
    response: &Response<Body>,
) -> io::Result<Option<String>> {
    let registry = &client.reference.registry;
    for value in response.headers().get_all(header::LINK) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let Some(next) = next_in(&value) else {
            if value.to_ascii_lowercase().contains("next") {
                let detail = format!("{registry} names a next page in a form that cannot be read");
                return Err(Fault::io(Code::Corrupt, detail));
            }
            continue;
        };
        let address = resolve(&client.address(path), next);
        let own = address.as_deref().and_then(|address| address.strip_prefix(client.base()));
        let own = own.filter(|path| path.starts_with('/')).map(str::to_owned);
        return own.map(Some).ok_or_else(|| {
            Fault::io(Code::Denied, format!("{registry} continues a list at another server"))
        });
    }
    Ok(None)
}

/// Returns the target of the link to the next page.
fn next_in(value: &str) -> Option<&str> {
    let mut rest = value;
    loop {
        let (target, behind) = rest.split_once('<')?.1.split_once('>')?;
        // A comma outside of quotes ends the parameters.
        let mut is_quoted = false;
        let end = behind.find(|c: char| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        let parameters = behind.get(..end.unwrap_or(behind.len()))?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let mut relations = value.trim().trim_matches(['"', '\'']).split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = behind.get(end?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::next_in;

    #[test]
    fn links_to_the_next_page() {
        for (value, expected) in [
            ("</v2/_catalog?last=a&n=1>; rel=\"next\"", Some("/v2/_catalog?last=a&n=1")),
            ("</x?last=a,b>; rel=next", Some("/x?last=a,b")),
            ("</x>; title=\"a, b\"; rel = 'next'", Some("/x")),
            ("</a>; rel=prev, </b>; REL=\"start Next\"", Some("/b")),
            ("</a>; rel=\"prev\"", None),
            ("</a>; rel=nextish", None),
            ("/a; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_in(value), expected, "{value}");
        }
    }
}
