//! How registries are reached: credentials and trust, as the command line gives them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::credentials::{self, Credentials, Surroundings};
use super::reference::Reference;

/// The way to registries.
#[derive(Clone, Default)]
pub(crate) struct Access {
    /// Credentials for all registries of a run, instead of those in files.
    pub(crate) credentials: Option<Credentials>,
    /// Whether certificates are not checked, and plain HTTP is taken.
    pub(crate) insecure: bool,
    /// A file with certificates that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

/// The directories in which docker and podman keep the certificates of registries.
const CERTIFICATES: [&str; 3] =
    ["/etc/containers/certs.d", "/etc/docker/certs.d", "/usr/share/containers/certs.d"];

impl Access {
    /// Returns the credentials for a reference.
    pub(super) fn credentials(&self, reference: &Reference) -> io::Result<Option<Credentials>> {
        if let Some(given) = &self.credentials {
            return Ok(Some(given.clone()));
        }
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let surroundings = Surroundings { variable: &variable };
        credentials::find(&surroundings, &reference.registry, &reference.repository).map_err(io::Error::other)
    }

    /// Returns the TLS settings for a registry: the system's certificates, those of `--ca-file`, and those that docker and
    /// podman keep for it (`certs.d/HOST[:PORT]`, containers-certs.d(5)).
    pub(super) fn tls(&self, registry: &str) -> io::Result<TlsConfig> {
        let mut roots: Vec<Certificate<'static>> =
            rustls_native_certs::load_native_certs().certs.iter().map(|der| trusted(der)).collect();
        if let Some(file) = &self.ca_file {
            roots.extend(read_certificates(file)?.iter().map(|der| trusted(der)));
        }
        let home =
            std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config/containers/certs.d"));
        let directories = home.into_iter().chain(CERTIFICATES.iter().map(PathBuf::from));
        let mut client = None;
        for directory in directories.map(|directory| directory.join(registry)).filter(|path| path.is_dir()) {
            for entry in std::fs::read_dir(&directory)? {
                let path = entry?.path();
                match path.extension().and_then(|ending| ending.to_str()) {
                    Some("crt") => roots.extend(read_certificates(&path)?.iter().map(|der| trusted(der))),
                    Some("cert") if client.is_none() => client = Some(client_certificate(&path)?),
                    _ => {}
                }
            }
        }
        Ok(TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::new_with_certs(&roots))
            .client_cert(client)
            .disable_verification(self.insecure)
            .build())
    }
}

fn trusted(der: &CertificateDer<'_>) -> Certificate<'static> {
    Certificate::from_der(der).to_owned()
}

/// Returns an error that names the file.
fn of_file(path: &Path, why: impl fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {why}", path.display()))
}

fn read_certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let bytes = std::fs::read(path).map_err(|error| of_file(path, error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(of_file(path, "there is no certificate in it")),
        Err(_) => Err(of_file(path, "its certificates cannot be read")),
    }
}

/// Reads `client.cert` and the `client.key` beside it.
fn client_certificate(path: &Path) -> io::Result<ClientCert> {
    let chain: Vec<_> = read_certificates(path)?.iter().map(|der| trusted(der)).collect();
    let key = path.with_extension("key");
    let pem = std::fs::read(&key).map_err(|error| of_file(&key, error))?;
    let key = PrivateKey::from_pem(&pem).map_err(|_| of_file(&key, "it is not a private key"))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}
