//! How registries are reached: credentials and trust, as the command line gives them.

use std::fmt;
use std::io;
use std::path::PathBuf;

use ureq::Agent;
use ureq::config::Config;

use super::credentials::{self, Credentials, Surroundings};
use super::reference::Reference;
use crate::source::tls;

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

    /// Returns an agent for a registry. It trusts the system's certificates, those of `--ca-file`, and those that docker and
    /// podman keep for the registry (`certs.d/HOST[:PORT]`, containers-certs.d(5)).
    pub(super) fn agent(&self, registry: &str, config: Config) -> io::Result<Agent> {
        let mut roots = tls::of_system();
        if let Some(file) = &self.ca_file {
            roots.extend(tls::read_certificates(file)?);
        }
        let home =
            std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config/containers/certs.d"));
        let directories = home.into_iter().chain(CERTIFICATES.iter().map(PathBuf::from));
        let mut client = None;
        for directory in directories.map(|directory| directory.join(registry)).filter(|path| path.is_dir()) {
            for entry in std::fs::read_dir(&directory)? {
                let path = entry?.path();
                match path.extension().and_then(|ending| ending.to_str()) {
                    Some("crt") => roots.extend(tls::read_certificates(&path)?),
                    // `client.cert` and the `client.key` beside it.
                    Some("cert") if client.is_none() => {
                        client = Some(tls::client_certificate(&path, &path.with_extension("key"))?);
                    }
                    _ => {}
                }
            }
        }
        tls::agent(config, roots, client, self.insecure)
    }
}
