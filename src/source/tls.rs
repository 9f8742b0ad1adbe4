//! TLS: certificates in files, which of them are trusted, and the connections that are made so.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, InvalidMessage, RootCertStore,
    SignatureScheme, StreamOwned,
};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout,
    SocksConnector, TcpConnector, Transport, TransportAdapter,
};
use ureq::{Agent, config::Config};

type Certificates = Vec<CertificateDer<'static>>;

/// A certificate that a client shows, with those that vouch for it, and its key.
pub(super) struct ClientCertificate {
    chain: Certificates,
    key: PrivateKeyDer<'static>,
}

/// Returns an agent whose connections trust these certificates.
///
/// # Errors Returns an error if the client's certificate cannot be used.
pub(super) fn agent(
    config: Config,
    roots: Certificates,
    client: Option<ClientCertificate>,
    is_unverified: bool,
) -> io::Result<Agent> {
    let provider = Arc::new(ring::default_provider());
    let trust = Trust::new(roots, is_unverified, Arc::clone(&provider))?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let tls = match client {
        Some(client) => tls.with_client_auth_cert(client.chain, client.key).map_err(io::Error::other)?,
        None => tls.with_no_client_auth(),
    };
    let connector =
        ().chain(SocksConnector::default())
            .chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(Tls(Arc::new(tls)));
    Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
}

/// Returns the certificates that the system trusts.
pub(super) fn of_system() -> Certificates {
    rustls_native_certs::load_native_certs().certs
}

/// Reads the certificates in a PEM file.
pub(super) fn read_certificates(path: &Path) -> io::Result<Certificates> {
    let bytes = std::fs::read(path).map_err(|error| of_file(path, error))?;
    let found: Result<Certificates, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(of_file(path, "there is no certificate in it")),
        Err(_) => Err(of_file(path, "its certificates cannot be read")),
    }
}

/// Reads a client's certificate and its key.
pub(super) fn client_certificate(certificate: &Path, key: &Path) -> io::Result<ClientCertificate> {
    let chain = read_certificates(certificate)?;
    let pem = zeroize::Zeroizing::new(std::fs::read(key).map_err(|error| of_file(key, error))?);
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| of_file(key, "it is not a private key"))?;
    Ok(ClientCertificate { chain, key })
}

/// Returns false if a server answered the handshake with something else than TLS.
pub(super) fn is_spoken(error: &ureq::Error) -> bool {
    let of_tls = |error: &io::Error| error.get_ref()?.downcast_ref::<rustls::Error>().cloned();
    let refused = if let ureq::Error::Io(error) = error { of_tls(error) } else { None };
    !matches!(refused, Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)))
}

/// Returns an error that names the file.
fn of_file(path: &Path, why: impl fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {why}", path.display()))
}

/// The certificates that are trusted.
#[derive(Debug)]
struct Trust {
    /// The check of chains that end at a trusted certificate. `None` if none is trusted.
    chains: Option<Arc<WebPkiServerVerifier>>,
    trusted: Certificates,
    /// Whether any certificate will do.
    is_unverified: bool,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    fn new(trusted: Certificates, is_unverified: bool, provider: Arc<CryptoProvider>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        let chains = if roots.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
            Some(builder.build().map_err(io::Error::other)?)
        };
        Ok(Self { chains, trusted, is_unverified, provider })
    }

    fn verify_signature(
        &self,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.is_unverified {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify(&self.provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.is_unverified {
            return Ok(ServerCertVerified::assertion());
        }
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let Some(chains) = &self.chains else { return Err(unknown) };
        let outcome = chains.verify_server_cert(certificate, intermediates, name, ocsp, now);
        // A certificate that signs itself, as docker's documentation makes it, is an authority as well as a server's. Chains
        // may not end with it, but it is trusted by itself. Its dates have been checked by then.
        match outcome {
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                if self.trusted.iter().any(|trusted| trusted == certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Adds TLS to connections that need it.
#[derive(Debug)]
struct Tls(Arc<ClientConfig>);

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Stream>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name).map_err(io::Error::other)?;
        let mut socket = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Either::B(Stream { stream: StreamOwned::new(connection, socket), buffers })))
    }
}

/// A connection with TLS.
struct Stream {
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    buffers: LazyBuffers,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl Transport for Stream {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
