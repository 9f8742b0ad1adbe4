//! Certificates in files, and the TLS settings that they make.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// Returns settings that trust these certificates.
pub(super) fn config(
    roots: &[Certificate<'static>],
    client: Option<ClientCert>,
    is_unverified: bool,
) -> TlsConfig {
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(roots))
        .client_cert(client)
        .disable_verification(is_unverified)
        .build()
}

/// Returns the certificates that the system trusts.
pub(super) fn of_system() -> Vec<Certificate<'static>> {
    rustls_native_certs::load_native_certs().certs.iter().map(|der| trusted(der)).collect()
}

/// Reads the certificates in a PEM file.
pub(super) fn read_certificates(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let bytes = std::fs::read(path).map_err(|error| of_file(path, error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found.iter().map(|der| trusted(der)).collect()),
        Ok(_) => Err(of_file(path, "there is no certificate in it")),
        Err(_) => Err(of_file(path, "its certificates cannot be read")),
    }
}

/// Reads a client's certificate and its key.
pub(super) fn client_certificate(certificate: &Path, key: &Path) -> io::Result<ClientCert> {
    let chain = read_certificates(certificate)?;
    let pem = std::fs::read(key).map_err(|error| of_file(key, error))?;
    let key = PrivateKey::from_pem(&pem).map_err(|_| of_file(key, "it is not a private key"))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

fn trusted(der: &CertificateDer<'_>) -> Certificate<'static> {
    Certificate::from_der(der).to_owned()
}

/// Returns an error that names the file.
fn of_file(path: &Path, why: impl fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {why}", path.display()))
}
