//! Images of an engine on this machine (Docker Engine API, `/images/NAME/get`; podman has the same).

mod host;
mod socket;

use std::io::{self, Read};
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode};

use self::host::Host;
use self::socket::{NoNames, Socket};
use super::file::relayed;
use super::tls;
use crate::fault::{Code, Fault};
use crate::stop::Stop;

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// `docker-daemon:`
    Docker,
    /// `podman:`
    Podman,
}

/// The time within which more of an image has to come. Older engines write all of it to their disk first.
const IDLE: Duration = Duration::from_mins(10);
/// The maximum size of an answer other than an image.
const MAX_ANSWER: u64 = 4 << 20;

/// The maximum length of a list of names in an address.
const MAX_QUERY: usize = 60_000;

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// Returns who may use the usual socket, and the variable that names another.
    fn users(self) -> (&'static str, &'static str) {
        match self {
            Self::Docker => ("the group docker, or root (sudo),", "DOCKER_HOST"),
            Self::Podman => ("its user, or root (sudo),", "CONTAINER_HOST"),
        }
    }
}

/// Returns an image of an engine, by name or id, or all of its images, as an archive that is read until `stop` is due.
pub(crate) fn export(engine: Engine, image: Option<&str>, stop: &Stop) -> Box<dyn Read + Send> {
    let image = image.map(str::to_owned);
    relayed(stop, move || request(engine, image.as_deref()))
}

/// Asks an engine for an image, or for all.
///
/// # Errors Returns an error if the engine does not answer or has no such image.
fn request(engine: Engine, image: Option<&str>) -> io::Result<impl Read + use<>> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = host::find(engine, &variable).map_err(|why| Fault::io(Code::Unsupported, why))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    if image.is_some_and(|image| !image.chars().all(is_name) || image.contains("..")) {
        return Err(Fault::io(Code::Missing, "it is not the name of an image, or its id"));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .max_idle_connections(0)
        .timeout_per_read(Some(IDLE))
        .build();
    let (agent, base) = match &host {
        Host::Socket(path) => {
            (Agent::with_parts(config, Socket(path.clone()), NoNames), "http://engine".to_owned())
        }
        Host::Tcp(address) => (Agent::new_with_config(config), format!("http://{address}")),
        Host::Tls(address, directory) => {
            let roots = tls::read_certificates(&directory.join("ca.pem"))?;
            let client = tls::client_certificate(&directory.join("cert.pem"), &directory.join("key.pem"))?;
            (tls::agent(config, roots, Some(client), false)?, format!("https://{address}"))
        }
    };
    let get = |path: &str| -> io::Result<Response<ureq::Body>> {
        let response = agent.get(format!("{base}{path}")).call();
        let mut response = response.map_err(|error| unreachable(engine, &host, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string().unwrap_or_default();
        // The answer of Go's server to plain HTTP.
        if response.status() == StatusCode::BAD_REQUEST && body.contains("HTTP request to an HTTPS server") {
            let detail =
                format!("{} wants TLS; DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH give it", engine.name());
            return Err(Fault::io(Code::Denied, detail));
        }
        let said: Option<serde_json::Value> = serde_json::from_str(&body).ok();
        let said =
            said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or("it gives no reason");
        let said = said_once(said);
        let code = if response.status() == StatusCode::NOT_FOUND { Code::Missing } else { Code::Io };
        Err(Fault::io(code, format!("{} answers: {said}", engine.name())))
    };
    let document = |path: &str| -> io::Result<Option<serde_json::Value>> {
        let mut answer = get(path)?;
        let bytes =
            answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(io::Error::other)?;
        Ok(serde_json::from_slice(&bytes).ok())
    };
    let Some(image) = image else {
        let names = names(document("/images/json")?.as_ref());
        if names.is_empty() {
            return Err(Fault::io(Code::Missing, format!("{} has no images", engine.name())));
        }
        let query: Vec<String> = names.iter().map(|name| format!("names={}", encoded(name))).collect();
        let query = query.join("&");
        if query.len() > MAX_QUERY {
            let detail =
                format!("{} has {} images, more than one request can name", engine.name(), names.len());
            return Err(Fault::io(Code::Limit, detail));
        }
        return Ok(get(&format!("/images/get?{query}"))?.into_body().into_reader());
    };
    // An engine with the containerd store exports by digest what it does not export by a bare id.
    let described = document(&format!("/images/{image}/json"))?;
    let id = described.as_ref().and_then(|described| described.get("Id")?.as_str());
    let is_id = image.len() >= 12 && image.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wanted = id.filter(|_| is_id).unwrap_or(image);
    Ok(get(&format!("/images/{wanted}/get"))?.into_body().into_reader())
}

/// Returns a name as a part of an address.
fn encoded(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/@".contains(&byte);
    name.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Returns a name of each image in a list, or its id if it has none.
fn names(listed: Option<&serde_json::Value>) -> Vec<String> {
    let images = listed.and_then(serde_json::Value::as_array).into_iter().flatten();
    let names = images.filter_map(|image| {
        let tags = image.get("RepoTags").and_then(serde_json::Value::as_array).into_iter().flatten();
        let mut tags = tags.filter_map(serde_json::Value::as_str).filter(|tag| !tag.contains('<'));
        tags.next().or_else(|| image.get("Id")?.as_str()).map(str::to_owned)
    });
    names.collect()
}

/// Returns a message without a beginning that its rest repeats: `no such image: a: No such image: a:latest`.
fn said_once(said: &str) -> &str {
    let repeated = said.match_indices(": ").find_map(|(at, joint)| {
        let (first, rest) = (said.get(..at)?, said.get(at + joint.len()..)?);
        // A single word may begin the rest by chance.
        let is_same = first.contains(' ')
            && rest.get(..first.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(first));
        is_same.then_some(rest)
    });
    repeated.unwrap_or(said)
}

fn unreachable(engine: Engine, host: &Host, error: &ureq::Error) -> io::Error {
    let (name, at) = match host {
        Host::Socket(path) => (engine.name(), path.display().to_string()),
        Host::Tcp(address) | Host::Tls(address, _) => (engine.name(), address.clone()),
    };
    if !tls::is_spoken(error) {
        let asked = "DOCKER_TLS_VERIFY or the certificates of docker's context ask for";
        return Fault::io(Code::Denied, format!("{name} at {at} does not speak TLS, which {asked}"));
    }
    let kind = match error {
        ureq::Error::Io(error) => error.kind(),
        _ => io::ErrorKind::Other,
    };
    match kind {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            Fault::io(Code::Unreachable, format!("{name} does not listen at {at}; is it running?"))
        }
        io::ErrorKind::PermissionDenied => {
            let (who, variable) = engine.users();
            let detail = format!(
                "permission to use {at}, the socket of {name}, is denied; {who} may use it, and {variable} names another"
            );
            Fault::io(Code::Denied, detail)
        }
        _ => Fault::io(Code::Unreachable, format!("{name} at {at} cannot be reached: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_repeats_itself() {
        for (said, expected) in [
            ("no such image: a: No such image: a:latest", "No such image: a:latest"),
            ("No such image: a: no such image: a", "no such image: a"),
            ("No such image: a:latest", "No such image: a:latest"),
            ("a: b: c", "a: b: c"),
            (
                "failed to find image a: docker.io/a: No such image",
                "failed to find image a: docker.io/a: No such image",
            ),
            (": : x", ": : x"),
            ("x: xyz failed", "x: xyz failed"),
            ("é: É", "é: É"),
            ("", ""),
        ] {
            assert_eq!(said_once(said), expected, "{said}");
        }
    }

    #[test]
    fn why_an_engine_is_not_reached() {
        let at = |host: &Host, error: io::Error| unreachable(Engine::Docker, host, &error.into()).to_string();
        let socket = Host::Socket("/s".into());
        let denied = at(&socket, io::ErrorKind::PermissionDenied.into());
        assert!(denied.contains("the group docker") && denied.contains("DOCKER_HOST"), "{denied}");
        assert!(at(&socket, io::ErrorKind::NotFound.into()).contains("is it running?"));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        let plain = at(&Host::Tls("a:1".to_owned(), "/c".into()), io::Error::other(plain));
        assert!(plain.contains("a:1 does not speak TLS, which DOCKER_TLS_VERIFY"), "{plain}");
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let unknown = at(&Host::Tls("a:1".to_owned(), "/c".into()), io::Error::other(unknown));
        assert!(unknown.contains("cannot be reached"), "{unknown}");
    }
}
