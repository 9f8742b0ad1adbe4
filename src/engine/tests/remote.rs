//! A source that acts like a registry: it lists no blobs, is asked by name, and can be read only front to
//! back.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::source::{Blob, Descriptor, Root, Source};

/// A side effect of reading a blob after a given number of bytes.
pub(super) type Fault = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// Blobs by digest, and a record of requests.
#[derive(Default)]
pub(super) struct Remote {
    blobs: BTreeMap<Digest, Vec<u8>>,
    manifest: Option<Digest>,
    faults: BTreeMap<Digest, (usize, Fault)>,
    opened: Mutex<Vec<Digest>>,
    bytes: Mutex<usize>,
    /// Whether the digests are trusted.
    pub(super) is_trusted: bool,
    /// Whether parts of blobs are given.
    pub(super) gives_parts: bool,
    parts: Mutex<usize>,
}

pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

impl Remote {
    /// Adds a blob.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Digest {
        let digest = digest_of(bytes);
        self.blobs.insert(digest, bytes.to_vec());
        digest
    }

    /// Creates an image with these layers, which are gzip-compressed tars.
    pub(super) fn image(layers: &[Vec<u8>]) -> Self {
        Self::annotated(&layers.iter().map(|layer| (layer.clone(), "")).collect::<Vec<_>>())
    }

    /// Creates an image with these layers, each with an annotation (`"key":"value"`) or none.
    pub(super) fn annotated(layers: &[(Vec<u8>, &str)]) -> Self {
        let mut remote = Self { is_trusted: true, ..Self::default() };
        let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
        let descriptor = |digest: Digest, kind: &str, size: usize, annotation: &str| {
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size},
                   "annotations":{{{annotation}}}}}"#
            )
        };
        let config = descriptor(remote.add(config.as_bytes()), "config.v1+json", config.len(), "");
        let layers: Vec<String> = layers
            .iter()
            .map(|(layer, annotation)| {
                descriptor(remote.add(layer), "layer.v1.tar+gzip", layer.len(), annotation)
            })
            .collect();
        let manifest = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{}]}}"#, layers.join(","));
        remote.manifest = Some(remote.add(manifest.as_bytes()));
        remote
    }

    /// Makes reading the blob trigger `fault` after `after` bytes.
    pub(super) fn fault(&mut self, digest: Digest, after: usize, fault: Fault) {
        self.faults.insert(digest, (after, fault));
    }

    /// Removes a blob that is still referred to.
    pub(super) fn forget(&mut self, digest: Digest) {
        self.blobs.remove(&digest);
    }

    /// Returns the number of parts that were asked for.
    pub(super) fn parts(&self) -> usize {
        *self.parts.lock().unwrap()
    }

    /// Returns the blobs opened since the last call, in order, and the number of bytes read.
    pub(super) fn asked(&self) -> (Vec<Digest>, usize) {
        (std::mem::take(&mut self.opened.lock().unwrap()), std::mem::take(&mut self.bytes.lock().unwrap()))
    }

    fn blob(&self, digest: Digest, size: u64) -> Blob {
        Blob {
            id: 0,
            name: digest.to_string().into_bytes(),
            size,
            digest: Some(digest),
            is_trusted: self.is_trusted,
        }
    }
}

impl Source for Remote {
    fn root(&self) -> Root {
        Root::Manifest { blob: self.blob(self.manifest.unwrap(), 0), name: Some("example/app:1".to_owned()) }
    }

    fn refer(&self, descriptor: &Descriptor) -> Option<Blob> {
        Some(self.blob(descriptor.digest, descriptor.size))
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        let digest = blob.digest.unwrap();
        self.opened.lock().unwrap().push(digest);
        let bytes = self.blobs.get(&digest).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Forward { remote: self, bytes, at: 0, fault: self.faults.get(&digest) }))
    }

    fn part(&self, blob: &Blob, range: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        *self.parts.lock().unwrap() += 1;
        let bytes = self.blobs.get(&blob.digest.unwrap()).ok_or(io::ErrorKind::NotFound)?;
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        Ok(bytes.get(range).filter(|_| self.gives_parts).map(<[u8]>::to_vec))
    }

    fn rereads(&self) -> usize {
        0
    }

    fn waits(&self) -> bool {
        true
    }
}

struct Forward<'a> {
    remote: &'a Remote,
    bytes: &'a [u8],
    at: usize,
    fault: Option<&'a (usize, Fault)>,
}

impl Read for Forward<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut end = (self.at + out.len().min(4096)).min(self.bytes.len());
        if let Some((after, fault)) = self.fault {
            if self.at >= *after {
                fault()?;
            } else {
                end = end.min(*after);
            }
        }
        let n = end - self.at;
        out[..n].copy_from_slice(&self.bytes[self.at..end]);
        self.at = end;
        *self.remote.bytes.lock().unwrap() += n;
        Ok(n)
    }
}
