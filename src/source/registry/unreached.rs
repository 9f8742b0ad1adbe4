//! The errors of requests to which no response came.

use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::address::{authority, is_same_origin};
use super::proxy::Via;
use crate::fault::{Code, Fault};

/// The system's message for a name that no host has.
const NO_HOST: [&str; 4] = [
    "Name or service not known",
    "No address associated with hostname",
    "nodename nor servname provided",
    "Name does not resolve",
];
const NO_SUCH_HOST: &str = ": there is no such host";
const NOT_LOOKED_UP: &str = ": the name cannot be looked up";
const REFUSED: &str = " refuses the connection";
/// The beginning of what the standard library says of a name that was not looked up.
const LOOKUP: &str = "failed to lookup address information: ";

/// The registry that was asked, or that named the server that was.
#[derive(Clone, Copy)]
pub(super) struct Registry<'a> {
    pub(super) name: &'a str,
    pub(super) base: &'a str,
    pub(super) insecure: bool,
    /// The proxy of the request.
    pub(super) via: Option<&'a Via>,
}

impl Registry<'_> {
    /// Returns the error for a request without a response.
    pub(super) fn unreached(&self, url: &str, error: &ureq::Error) -> io::Error {
        let at = authority(url);
        if let Some(error) = of_tls(error) {
            let is_own = is_same_origin(url, self.base);
            return Fault::io(Code::Denied, format!("{at}{}", self.tls_failed(error, is_own)));
        }
        let why = match error {
            ureq::Error::HostNotFound => NO_SUCH_HOST.to_owned(),
            ureq::Error::Timeout(_) => " does not answer in time".to_owned(),
            ureq::Error::Io(error) => not_connected(error),
            ureq::Error::ConnectProxyFailed(why) => format!(" is not reached: {why}"),
            error => format!(" cannot be reached: {error}"),
        };
        let subject = match self.via {
            // With a proxy, it alone is connected to, and mostly it alone has a name to look up.
            Some(via) if why == REFUSED || (is_of_name(&why) && !via.proxy.resolve_target()) => via.shown(),
            Some(via) => format!("{at}, through {},", via.shown()),
            None => at.to_owned(),
        };
        Fault::io(Code::Unreachable, format!("{subject}{why}"))
    }

    /// Returns what a fault of TLS is, and what to do about it.
    fn tls_failed(&self, error: &rustls::Error, is_own: bool) -> String {
        const TRUST: &str = "; --ca-file trusts a certificate, --insecure any";
        match error {
            rustls::Error::InvalidMessage(_) if is_own && !self.insecure => {
                " does not speak TLS but, it seems, plain HTTP, which --insecure takes".to_owned()
            }
            rustls::Error::InvalidMessage(_) => " does not speak TLS".to_owned(),
            rustls::Error::InvalidCertificate(CertificateError::Other(_)) => {
                format!(": TLS failed: the certificate signs itself, and is not trusted{TRUST}")
            }
            rustls::Error::InvalidCertificate(_) => format!(": TLS failed: {error}{TRUST}"),
            rustls::Error::AlertReceived(alert) if wants_certificate(*alert) => format!(
                " wants a client's certificate: client.cert and client.key in ~/.config/containers/certs.d/{0} \
                 or /etc/docker/certs.d/{0}",
                self.name
            ),
            rustls::Error::AlertReceived(alert) if refuses_certificate(*alert) => {
                format!(" refuses the client's certificate, which certs.d gives ({alert:?})")
            }
            error => format!(": TLS failed: {error}"),
        }
    }
}

/// Returns true if a name was not found.
fn is_of_name(why: &str) -> bool {
    why == NO_SUCH_HOST || why.starts_with(NOT_LOOKED_UP)
}

/// Returns what a connection that failed is said to be.
fn not_connected(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return REFUSED.to_owned();
    }
    let said = error.to_string();
    match said.strip_prefix(LOOKUP) {
        Some(why) if NO_HOST.iter().any(|known| why.contains(known)) => NO_SUCH_HOST.to_owned(),
        Some(why) => format!("{NOT_LOOKED_UP}: {why}"),
        None => format!(" cannot be reached: {said}"),
    }
}

/// Returns the fault of TLS that another try would meet again.
pub(super) fn of_tls(error: &ureq::Error) -> Option<&rustls::Error> {
    let ureq::Error::Io(error) = error else { return None };
    let error = error.get_ref()?.downcast_ref()?;
    let is_lasting = matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::AlertReceived(_)
            | rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)
    );
    is_lasting.then_some(error)
}

/// Returns true if the server speaks TLS, and only its certificate or ours is in the way.
pub(super) fn speaks_tls(error: &ureq::Error) -> bool {
    of_tls(error).is_some_and(|error| !matches!(error, rustls::Error::InvalidMessage(_)))
}

/// Returns true for an alert to a client that showed no certificate (RFC 8446, section 6.2).
fn wants_certificate(alert: AlertDescription) -> bool {
    alert == AlertDescription::CertificateRequired
}

/// Returns true for an alert to a client whose certificate will not do.
fn refuses_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    [
        Alert::BadCertificate,
        Alert::UnsupportedCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateExpired,
        Alert::CertificateUnknown,
        Alert::UnknownCA,
        Alert::AccessDenied,
    ]
    .contains(&alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_found() {
        for (error, expected) in [
            (format!("{LOOKUP}Name or service not known"), ": there is no such host"),
            (format!("{LOOKUP}No address associated with hostname"), ": there is no such host"),
            (
                format!("{LOOKUP}Temporary failure in name resolution"),
                ": the name cannot be looked up: Temporary failure in name resolution",
            ),
            ("Peer disconnected".to_owned(), " cannot be reached: Peer disconnected"),
        ] {
            assert_eq!(not_connected(&io::Error::other(error)), expected);
        }
        assert_eq!(not_connected(&io::ErrorKind::ConnectionRefused.into()), " refuses the connection");
    }

    #[test]
    fn faults_of_tls_that_last() {
        let of = |error| ureq::Error::Io(io::Error::other(error));
        let plain = of(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType));
        let unknown = of(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        let asked = of(rustls::Error::AlertReceived(AlertDescription::CertificateRequired));
        assert!(of_tls(&plain).is_some() && !speaks_tls(&plain));
        assert!(speaks_tls(&unknown) && speaks_tls(&asked));
        assert!(of_tls(&ureq::Error::Io(io::ErrorKind::UnexpectedEof.into())).is_none());
        assert!(wants_certificate(AlertDescription::CertificateRequired));
        assert!(!wants_certificate(AlertDescription::UnknownCA));
        assert!(refuses_certificate(AlertDescription::UnknownCA));
        assert!(!refuses_certificate(AlertDescription::HandshakeFailure));
    }
}
