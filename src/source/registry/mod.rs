//! An image in a registry (OCI distribution specification, "Pull"). Blobs are read as they arrive, and never stored.

mod access;
mod address;
mod challenge;
mod client;
mod credentials;
mod fetch;
mod link;
mod listing;
mod pace;
mod proxy;
mod reference;
mod referrers;
mod token;
mod unreached;

use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

pub(crate) use access::Access;
pub(crate) use credentials::Credentials;
pub(crate) use listing::{Listed, repositories, tags};
pub(crate) use reference::{Namespace, Reference, ReferenceError};

use self::client::{Client, MANIFESTS, Request};
use self::fetch::Fetch;
use self::referrers::Referrers;
use super::file::relayed;
use super::{Blob, Descriptor, Root, Source};
use crate::digest::Digest;
use crate::fault::{Code, Fault};
use crate::stop::Stop;

/// The maximum size of a manifest or index. The specification asks registries to take 4 MiB.
const MAX_MANIFEST: u64 = 4 << 20;
/// The time to wait for an answer before `stop` is checked.
const PATIENCE: Duration = Duration::from_millis(50);

/// The numbers of blobs, by the endpoint that has them.
const BLOB: usize = 0;
const MANIFEST: usize = 1;
const ROOT: usize = 2;

/// An image, or several, under one reference.
pub(crate) struct Registry {
    client: Arc<Client>,
    root: Blob,
    /// The document of the reference.
    document: Arc<[u8]>,
    referrers: Arc<Referrers>,
    stop: Stop,
}

impl Registry {
    /// Asks the registry for a reference, until `stop` is due.
    ///
    /// # Errors Returns an error if there is no answer, or if the document does not match its digest.
    pub(crate) fn open(reference: &Reference, access: &Access, stop: &Stop) -> io::Result<Self> {
        let (reference, access, of_thread) = (reference.clone(), access.clone(), stop.clone());
        abandonable(stop, move || Self::ask(&reference, &access, &of_thread))
    }

    fn ask(reference: &Reference, access: &Access, stop: &Stop) -> io::Result<Self> {
        let client = Client::connect(reference, access, stop)?;
        let path = format!("manifests/{}", reference.version());
        let response = client.get(Request { path: &path, accept: MANIFESTS, from: 0, until: None })?;
        let told = response.headers().get("docker-content-digest");
        let told: Option<Digest> = told.and_then(|value| value.to_str().ok()?.parse().ok());
        let mut document = Vec::new();
        pace::body(response).take(MAX_MANIFEST + 1).read_to_end(&mut document)?;
        if document.len() as u64 > MAX_MANIFEST {
            let detail = format!("the manifest is larger than {} MiB", MAX_MANIFEST >> 20);
            return Err(Fault::io(Code::Limit, detail));
        }
        let algorithm = reference.digest.or(told).map(Digest::algorithm).unwrap_or_default();
        let digest = Digest::of(algorithm, &document);
        if let Some(expected) = reference.digest.or(told).filter(|expected| *expected != digest) {
            let detail = format!("the manifest is not the one of {expected}: its digest is {digest}");
            return Err(Fault::io(Code::DigestMismatch, detail));
        }
        if serde_json::from_slice::<serde::de::IgnoredAny>(&document).is_err() {
            let detail = format!("{} answers with something else than a manifest", reference.registry);
            return Err(Fault::io(Code::Corrupt, detail));
        }
        let root = Blob {
            id: ROOT,
            name: digest.to_string().into_bytes(),
            size: document.len() as u64,
            digest: Some(digest),
            is_trusted: true,
        };
        Ok(Self {
            client: Arc::new(client),
            root,
            document: document.into(),
            referrers: Arc::default(),
            stop: stop.clone(),
        })
    }
}

impl Registry {
    /// Returns false if the registry says that it does not have a blob. Any other fault is met again when it is read.
    fn holds(&self, digest: Digest) -> bool {
        let client = Arc::clone(&self.client);
        let asked = abandonable(&self.stop, move || {
            let path = format!("blobs/{digest}");
            client.get(Request { path: &path, accept: "*/*", from: 0, until: Some(1) }).map(drop)
        });
        asked.err().is_none_or(|error| Code::of(&error) != Code::Missing)
    }
}

/// Runs `work` on a thread that is abandoned when `stop` is due. A registry may answer later than the scan may take.
fn abandonable<T: Send + 'static>(
    stop: &Stop,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (send, receive) = channel();
    std::thread::spawn(move || drop(send.send(work())));
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) => stop.check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the thread ended early"));
            }
        }
    }
}

impl Source for Registry {
    fn root(&self) -> Root {
        Root::Manifest { blob: self.root.clone(), name: Some(self.client.reference.to_string()) }
    }

    fn refer(&self, descriptor: &Descriptor) -> Option<Blob> {
        if descriptor.is_elsewhere && !self.holds(descriptor.digest) {
            return None;
        }
        Some(Blob {
            id: if descriptor.is_manifest { MANIFEST } else { BLOB },
            name: descriptor.digest.to_string().into_bytes(),
            size: descriptor.size,
            digest: Some(descriptor.digest),
            is_trusted: true,
        })
    }

    fn referrers(&self, digest: Digest, is_image: bool) -> io::Result<Vec<Blob>> {
        let (client, referrers) = (Arc::clone(&self.client), Arc::clone(&self.referrers));
        abandonable(&self.stop, move || referrers.of(&client, digest, is_image))
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        if blob.id == ROOT {
            return Ok(Box::new(Cursor::new(Arc::clone(&self.document))));
        }
        let (endpoint, accept) =
            if blob.id == MANIFEST { ("manifests", MANIFESTS) } else { ("blobs", "*/*") };
        let digest = blob.digest.ok_or(io::ErrorKind::NotFound)?;
        let fetch = Fetch::new(Arc::clone(&self.client), format!("{endpoint}/{digest}"), accept, blob.size);
        Ok(relayed(&self.stop, move || Ok(fetch)))
    }

    fn part(&self, blob: &Blob, range: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        let Some(digest) = blob.digest.filter(|_| blob.id == BLOB) else { return Ok(None) };
        let client = Arc::clone(&self.client);
        abandonable(&self.stop, move || fetch::part(&client, &format!("blobs/{digest}"), &range))
    }

    fn rereads(&self) -> usize {
        2
    }

    fn waits(&self) -> bool {
        true
    }
}
