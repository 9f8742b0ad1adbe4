//! Requests to one registry (OCI distribution specification): authentication, redirects and retries.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::typestate::{WithBody, WithoutBody};
use ureq::{Agent, Body, RequestBuilder};

use super::access::Access;
use super::address::{authority, is_same_origin, resolve};
use super::challenge::challenges;
use super::credentials::Credentials;
use super::proxy::Proxies;
use super::reference::{Reference, is_loopback};
use super::unreached::{self, speaks_tls};
use crate::fault::{Code, Fault};
use crate::sensitive::Sensitive;
use crate::stop::Stop;
use crate::timestamp::Timestamp;

/// The time within which a connection has to be there.
const CONNECT: Duration = Duration::from_secs(20);
/// The time within which the headers of a response have to be there.
const RESPONSE: Duration = Duration::from_mins(1);
/// The time within which more of a response has to come.
const IDLE: Duration = Duration::from_mins(1);
/// The maximum number of redirects of a request.
const MAX_REDIRECTS: usize = 5;
/// The number of times that a request is repeated.
pub(super) const RETRIES: u32 = 4;
/// The first time to wait before a request is repeated. It doubles each time.
const BACKOFF: Duration = Duration::from_millis(250);
/// The maximum time that a registry can make us wait.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// The media types of manifests and indexes.
pub(super) const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, */*;q=0.1";

/// A client of one repository.
pub(super) struct Client {
    agent: Agent,
    proxies: Proxies,
    /// `https://HOST[:PORT]`
    base: String,
    pub(super) reference: Reference,
    pub(super) credentials: Option<Credentials>,
    pub(super) insecure: bool,
    /// The value of the `Authorization` header, once the registry has asked for one.
    authorization: Mutex<Option<Sensitive>>,
    stop: Stop,
}

/// A request.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// The path below the repository, `manifests/latest`, or of the server, `/v2/_catalog`.
    pub(super) path: &'a str,
    pub(super) accept: &'a str,
    /// The offset of the first byte that is wanted.
    pub(super) from: u64,
    /// The offset behind the last byte that is wanted, if it is not the end.
    pub(super) until: Option<u64>,
}

impl Client {
    /// Finds out how the registry speaks: with TLS, or in plain HTTP where that is allowed.
    pub(super) fn connect(reference: &Reference, access: &Access, stop: &Stop) -> io::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("stowaway/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(RESPONSE))
            .timeout_per_read(Some(IDLE))
            .timeout_per_write(Some(IDLE))
            .accept_encoding("identity")
            .build();
        let mut client = Self {
            agent: access.agent(&reference.registry, config)?,
            proxies: Proxies::of_environment(&variable),
            base: format!("https://{}", reference.server()),
            reference: reference.clone(),
            credentials: access.credentials(reference)?,
            insecure: access.insecure,
            authorization: Mutex::new(None),
            stop: stop.clone(),
        };
        if access.insecure || is_loopback(reference.server()) {
            let plain = format!("http://{}", reference.server());
            // A server without TLS answers the handshake with something else, or hangs up.
            let refused = client.request(&format!("{}/v2/", client.base))?.call().err();
            let has_no_tls = refused.is_some_and(|error| !speaks_tls(&error));
            if has_no_tls && client.request(&format!("{plain}/v2/"))?.call().is_ok() {
                client.base = plain;
            }
        }
        Ok(client)
    }

    /// Sends a request, authenticated if the registry asks for it. It is repeated where that may help.
    pub(super) fn get(&self, request: Request<'_>) -> io::Result<Response<Body>> {
        let mut tries = 0;
        loop {
            let outcome = self.get_once(request);
            let wait = match &outcome {
                Ok((response, _)) if is_passing(response.status()) => Some(retry_after(response)),
                Err(error) if Code::of(error) == Code::Unreachable => Some(None),
                _ => None,
            };
            let Some(asked) = wait.filter(|_| tries < RETRIES) else {
                let (response, url) = outcome?;
                return match response.status() {
                    status if status.is_success() => Ok(response),
                    status => Err(self.refused(status, request.path, &url)),
                };
            };
            self.pause(asked.unwrap_or(BACKOFF * 2_u32.pow(tries)))?;
            tries += 1;
        }
    }

    /// Waits, unless the scan has to end.
    pub(super) fn pause(&self, time: Duration) -> io::Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        let mut left = time.min(MAX_WAIT);
        while !left.is_zero() {
            self.stop.check()?;
            std::thread::sleep(left.min(STEP));
            left = left.saturating_sub(STEP);
        }
        Ok(())
    }

    /// Waits before another try of something that failed.
    pub(super) fn back_off(&self, tries: u32) -> io::Result<()> {
        self.pause(BACKOFF * 2_u32.pow(tries))
    }

    /// Begins a request for what is at an address.
    pub(super) fn request(&self, url: &str) -> io::Result<RequestBuilder<WithoutBody>> {
        let proxy = self.proxies.of(url)?.map(|via| via.proxy.clone());
        Ok(self.agent.get(url).config().proxy(proxy).build())
    }

    /// Begins a request that sends something to an address.
    pub(super) fn post(&self, url: &str) -> io::Result<RequestBuilder<WithBody>> {
        let proxy = self.proxies.of(url)?.map(|via| via.proxy.clone());
        Ok(self.agent.post(url).config().proxy(proxy).build())
    }

    /// Returns the error for a request without a response.
    pub(super) fn unreached(&self, url: &str, error: &ureq::Error) -> io::Error {
        let Self { base, reference, insecure, proxies, .. } = self;
        let via = proxies.of(url).ok().flatten();
        let name = &reference.registry;
        unreached::Registry { name, base, insecure: *insecure, via }.unreached(url, error)
    }

    /// Returns the scheme and the host.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Returns the address of a path.
    pub(super) fn address(&self, path: &str) -> String {
        let Self { base, reference, .. } = self;
        if path.starts_with('/') {
            format!("{base}{path}")
        } else {
            format!("{base}/v2/{}/{path}", reference.repository)
        }
    }

    /// Sends a request. Returns the response and the address that it is from.
    fn get_once(&self, request: Request<'_>) -> io::Result<(Response<Body>, String)> {
        let url = self.address(request.path);
        let known = self.authorization();
        let (response, from) = self.follow(&url, request, known.as_ref())?;
        // The credentials are for the registry, and not for another server that asks for them.
        if response.status() != StatusCode::UNAUTHORIZED || !self.is_own(&from) {
            return Ok((response, from));
        }
        let asked = challenges(response.headers());
        let Some(authorization) = self.authenticate(&asked)? else { return Ok((response, from)) };
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorization.clone());
        self.follow(&url, request, Some(&authorization))
    }

    fn authorization(&self) -> Option<Sensitive> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns true for an address of the registry itself.
    fn is_own(&self, url: &str) -> bool {
        is_same_origin(url, &self.base)
    }

    /// Sends a request and follows redirects. The authorization is for the registry alone.
    fn follow(
        &self,
        url: &str,
        request: Request<'_>,
        authorization: Option<&Sensitive>,
    ) -> io::Result<(Response<Body>, String)> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            self.stop.check()?;
            let mut call = self.request(&url)?.header(header::ACCEPT, request.accept);
            let until = request.until.map(|until| until.saturating_sub(1).to_string());
            if request.from > 0 || until.is_some() {
                let range = format!("bytes={}-{}", request.from, until.unwrap_or_default());
                call = call.header(header::RANGE, range);
            }
            if let Some(value) = authorization.filter(|_| self.is_own(&url)) {
                call = call.header(header::AUTHORIZATION, &**value);
            }
            let response = call.call().map_err(|error| self.unreached(&url, &error))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return Ok((response, url));
            }
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| resolve(&url, location)).ok_or_else(|| {
                Fault::io(Code::Corrupt, format!("{} redirects to no address", self.reference.registry))
            })?;
            if url.starts_with("https:") && !next.starts_with("https:") && !self.insecure {
                let detail =
                    format!("{} redirects to plain HTTP, which --insecure allows", self.reference.registry);
                return Err(Fault::io(Code::Denied, detail));
            }
            url = next;
        }
        Err(Fault::io(
            Code::Limit,
            format!("{} redirects more than {MAX_REDIRECTS} times", self.reference.registry),
        ))
    }

    /// Returns the error for a response that is not a success.
    fn refused(&self, status: StatusCode, path: &str, from: &str) -> io::Error {
        let Reference { registry, repository, .. } = &self.reference;
        let what = path.strip_prefix("/v2/").map_or_else(|| format!("{repository}/{path}"), str::to_owned);
        let (code, said) = match status.as_u16() {
            401 | 403 => (Code::Denied, "denies access"),
            404 => (Code::Missing, "has no such image or part"),
            429 => (Code::Unreachable, "is asked too often"),
            500..=599 => (Code::Unreachable, "has a fault of its own"),
            _ => (Code::Io, "gives an answer that is not expected"),
        };
        let status_and = format!("({})", status.as_u16());
        Fault::io(
            code,
            if self.is_own(from) {
                format!("{registry} {said}: {what} {status_and}{}", self.advice(status))
            } else {
                format!("{}, to which {registry} redirects, {said}: {what} {status_and}", authority(from))
            },
        )
    }

    /// Returns what to do about a status.
    pub(super) fn advice(&self, status: StatusCode) -> String {
        match status.as_u16() {
            401 | 403 if self.credentials.is_none() => {
                format!("; `docker login {}` or --username gives credentials", self.reference.registry)
            }
            401 | 403 => "; the credentials that were found do not allow it".to_owned(),
            429 | 500..=599 => "; try again later".to_owned(),
            _ => String::new(),
        }
    }
}

/// Returns true for a status that may be gone the next time.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Returns the time that a response tells us to wait.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    wait_of(value.trim(), Timestamp::now()?)
}

/// Returns the time that is meant by seconds or a date (RFC 9110, section 10.2.3).
fn wait_of(value: &str, now: Timestamp) -> Option<Duration> {
    let seconds = value.parse().ok();
    let until = || Some(Timestamp::of_http(value)?.to_unix().saturating_sub(now.to_unix()));
    seconds.or_else(until).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_wait() {
        let now = Timestamp::of_http("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30)),
            ("Wednesday, 21-Oct-15 07:29:00 GMT", Some(60)),
            ("Wed Oct 21 07:28:05 2015", Some(5)),
            ("Wed, 21 Oct 2015 07:27:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(wait_of(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
