//! The manifests that refer to another one: by the API, by the tag that takes its place where a registry has none (OCI
//! distribution specification, "Listing Referrers"), and by the tags of cosign (`SIGNATURE_SPEC.md`).

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use super::client::{Client, MANIFESTS, Request};
use super::{MANIFEST, MAX_MANIFEST};
use crate::digest::{Algorithm, Digest};
use crate::fault::{Code, Fault};
use crate::source::Blob;

/// What cosign appends to the digest in a tag: signatures, attestations and bills of materials.
const COSIGN: [&str; 3] = [".sig", ".att", ".sbom"];

/// A lookup of referrers in one repository.
#[derive(Default)]
pub(super) struct Referrers {
    /// Whether the registry has been found to have no API for them.
    no_api: AtomicBool,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    digest: String,
    #[serde(default)]
    size: u64,
}

impl Referrers {
    /// Returns the manifests that refer to another one. Those of an `image` may have tags.
    ///
    /// # Errors Returns an error if the registry does not tell.
    pub(super) fn of(&self, client: &Client, digest: Digest, is_image: bool) -> io::Result<Vec<Blob>> {
        let mut found = Vec::new();
        let listed = if self.no_api.load(Ordering::Relaxed) {
            None
        } else {
            document(client, &format!("referrers/{digest}"))?
        };
        let listed = if listed.is_some() {
            listed
        } else {
            self.no_api.store(true, Ordering::Relaxed);
            document(client, &format!("manifests/{}", tag(digest)))?
        };
        // An answer that is no index, as proxies give, refers to nothing.
        let index: Option<Index> = listed.and_then(|listed| serde_json::from_slice(&listed).ok());
        for listed in index.into_iter().flat_map(|index| index.manifests) {
            let digest = listed.digest.parse().map_err(|_| {
                let detail = format!("the digest {} of a referrer is none that can be read", listed.digest);
                Fault::io(Code::Unsupported, detail)
            })?;
            found.push(manifest(digest, listed.size));
        }
        for ending in COSIGN.iter().filter(|_| is_image) {
            let path = format!("manifests/{}{ending}", tag(digest));
            if let Some(document) = document(client, &path)? {
                let digest = Digest::of(Algorithm::default(), &document);
                found.push(manifest(digest, document.len() as u64));
            }
        }
        Ok(found)
    }
}

/// Returns the tag that stands for what refers to a digest (OCI distribution specification, "Referrers Tag Schema").
fn tag(digest: Digest) -> String {
    const LONGEST: usize = 64;
    let text = digest.to_string().replace(':', "-");
    let hex = text.find('-').map_or(0, |at| at + 1);
    text.get(..hex + LONGEST).unwrap_or(&text).to_owned()
}

/// Returns a document, unless the registry has none at this path.
fn document(client: &Client, path: &str) -> io::Result<Option<Vec<u8>>> {
    let response = match client.get(Request { path, accept: MANIFESTS, from: 0 }) {
        Ok(response) => response,
        // Registries without such an endpoint answer in more than one way.
        Err(error) if matches!(Code::of(&error), Code::Missing | Code::Io) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut document = Vec::new();
    response.into_body().into_reader().take(MAX_MANIFEST + 1).read_to_end(&mut document)?;
    if document.len() as u64 > MAX_MANIFEST {
        return Err(Fault::io(Code::Limit, format!("{path} is larger than {} MiB", MAX_MANIFEST >> 20)));
    }
    Ok(Some(document))
}

fn manifest(digest: Digest, size: u64) -> Blob {
    Blob { id: MANIFEST, name: digest.to_string().into_bytes(), size, digest: Some(digest), is_trusted: true }
}
