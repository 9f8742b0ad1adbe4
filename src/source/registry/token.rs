//! Answers to the challenges of a registry: a password for itself, or a token of its token server (distribution project,
//! "Token Authentication" and "`OAuth2` Token Authentication").

use std::io;

use ureq::Body;
use ureq::http::{Response, StatusCode, header};

use super::address::{authority, is_same_origin, resolve};
use super::challenge::Challenge;
use super::client::{Client, is_passing};
use super::credentials::Credentials;
use crate::fault::{Code, Fault};
use crate::sensitive::Sensitive;

/// The maximum size of the answer of a token server.
const MAX_TOKEN: u64 = 1 << 20;

/// The fields of a request for a token.
type Fields<'a> = [(&'static str, &'a str)];

impl Client {
    /// Answers the challenges of the registry. Returns `None` if there is no answer.
    pub(super) fn authenticate(&self, asked: &[Challenge]) -> io::Result<Option<Sensitive>> {
        for challenge in asked {
            match challenge {
                Challenge::Bearer { realm, service, scope } => {
                    return self.token(realm, service.as_deref(), scope.as_deref()).map(Some);
                }
                Challenge::Basic => {
                    if let Some(value) = self.credentials.as_ref().and_then(Credentials::basic) {
                        return Ok(Some(value));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Fetches an access token.
    fn token(&self, realm: &str, service: Option<&str>, scope: Option<&str>) -> io::Result<Sensitive> {
        let registry = &self.reference.registry;
        let realm = resolve(self.base(), realm).ok_or_else(|| {
            Fault::io(Code::Corrupt, format!("{registry} names a token server without an address"))
        })?;
        let own_scope = match self.reference.repository.as_str() {
            "" => "registry:catalog:*".to_owned(),
            repository => format!("repository:{repository}:pull"),
        };
        let scope = scope.filter(|scope| !scope.is_empty()).unwrap_or(&own_scope);
        if self.credentials.is_some() && !may_have_credentials(&realm, self.base()) {
            let detail = format!(
                "{registry} asks for credentials over plain HTTP, at {}; they were not sent",
                authority(&realm)
            );
            return Err(Fault::io(Code::Denied, detail));
        }
        let fields: Vec<_> = [("service", service.unwrap_or_default()), ("scope", scope)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut answer = self.ask(&realm, &fields)?;
        if let Some(next) = moved(&realm, &answer) {
            // An identity token is in the body, which only these repeat (RFC 9110, section 15.4).
            let is_repeated = matches!(answer.status().as_u16(), 307 | 308);
            match &self.credentials {
                Some(Credentials::Identity(_)) if !is_repeated => {}
                Some(Credentials::Identity(_)) => answer = self.ask(&next, &fields)?,
                // The address has the fields already.
                _ => answer = self.ask(&next, &[])?,
            }
        }
        if !answer.status().is_success() {
            return Err(self.no_token(&realm, answer.status()));
        }
        let wrong = || Fault::io(Code::Corrupt, format!("the token server of {registry} gives no token"));
        let body = answer.body_mut().with_config().limit(MAX_TOKEN).read_to_vec().map_err(|_| wrong())?;
        let body = Sensitive::from(body);
        let answer: serde_json::Value = serde_json::from_slice(&body).map_err(|_| wrong())?;
        let token = ["token", "access_token"].iter().find_map(|key| answer.get(key)?.as_str());
        let mut value = Sensitive::from("Bearer ");
        value.extend(token.ok_or_else(wrong)?.as_bytes());
        Ok(value)
    }

    /// Asks a token server, with the credentials if there are any.
    fn ask(&self, url: &str, fields: &Fields<'_>) -> io::Result<Response<Body>> {
        let fields = fields.iter().copied();
        let answer = match &self.credentials {
            Some(Credentials::Identity(token)) => {
                let token = String::from_utf8_lossy(token);
                let form = fields.chain([
                    ("grant_type", "refresh_token"),
                    ("client_id", "stowaway"),
                    ("refresh_token", &*token),
                ]);
                self.post(url)?.send_form(form)
            }
            other => {
                let mut call = self.request(url)?;
                for (name, value) in fields {
                    call = call.query(name, value);
                }
                if let Some(value) = other.as_ref().and_then(Credentials::basic) {
                    call = call.header(header::AUTHORIZATION, &*value);
                }
                call.call()
            }
        };
        answer.map_err(|error| self.unreached(url, &error))
    }

    /// Returns the error for a token server that refuses.
    fn no_token(&self, realm: &str, status: StatusCode) -> io::Error {
        let what = if self.credentials.is_some() { "refuses the credentials" } else { "gives no token" };
        let detail = format!(
            "the token server of {}, {}, {what} ({}){}",
            self.reference.registry,
            authority(realm),
            status.as_u16(),
            self.advice(status)
        );
        let code = if is_passing(status) { Code::Unreachable } else { Code::Denied };
        Fault::io(code, detail)
    }
}

/// Returns true if credentials for the registry at `base` may be sent to an address: with TLS, or to the registry itself
/// where that is spoken to in plain HTTP.
fn may_have_credentials(url: &str, base: &str) -> bool {
    url.starts_with("https:") || is_same_origin(url, base)
}

/// Returns the address on the same server to which an answer redirects.
fn moved(from: &str, answer: &Response<Body>) -> Option<String> {
    let location = answer.headers().get(header::LOCATION).filter(|_| answer.status().is_redirection())?;
    resolve(from, location.to_str().ok()?).filter(|next| is_same_origin(next, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_credentials_may_go() {
        for (realm, base, expected) in [
            ("https://auth.example/token", "https://reg.example", true),
            ("https://auth.example/token", "http://127.0.0.1:5000", true),
            ("http://127.0.0.1:5000/token", "http://127.0.0.1:5000", true),
            ("http://LOCALHOST:5000/token", "http://localhost:5000", true),
            ("http://reg.example:80/token", "http://reg.example", true),
            // A registry with TLS asks for the password in clear, at its own port or another.
            ("http://reg.example:5000/token", "https://reg.example:5000", false),
            ("http://reg.example/token", "https://reg.example", false),
            ("http://reg.example:443/token", "https://reg.example", false),
            ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000", false),
            ("http://127.0.0.2:5000/token", "http://127.0.0.1:5000", false),
            ("http://reg.example.org/token", "http://reg.example", false),
        ] {
            assert_eq!(may_have_credentials(realm, base), expected, "{realm} {base}");
        }
    }
}
