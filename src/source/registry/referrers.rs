//! The manifests that refer to another one: by the API, by the tag that takes its place where a registry has none (OCI
//! distribution specification, "Listing Referrers"), and by the tags of cosign (`SIGNATURE_SPEC.md`).

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use ureq::Body;
use ureq::http::{Response, header};

use super::client::{Client, MANIFESTS, Request};
use super::link::next_page;
use super::{MANIFEST, MAX_MANIFEST, pace};
use crate::digest::{Algorithm, Digest};
use crate::fault::{Code, Fault};
use crate::source::Blob;

/// The endings of cosign's tags for signatures, attestations and bills of materials. The digest comes before them.
const COSIGN: [&str; 3] = [".sig", ".att", ".sbom"];

/// The media types of indexes.
const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// The maximum number of manifests in the lists of one subject.
const MAX_LISTED: usize = 10_000;

/// A lookup of referrers in one repository.
#[derive(Default)]
pub(super) struct Referrers {
    /// Whether the registry has been found to have no API for them.
    no_api: AtomicBool,
}

impl Referrers {
    /// Returns the manifests that refer to another one. Those of an `image` may have tags.
    ///
    /// # Errors Returns an error if the registry does not tell.
    pub(super) fn of(&self, client: &Client, digest: Digest, is_image: bool) -> io::Result<Vec<Blob>> {
        let mut found = Vec::new();
        if !self.no_api.load(Ordering::Relaxed) && !by_api(client, digest, &mut found)? {
            self.no_api.store(true, Ordering::Relaxed);
        }
        // A registry that has the API since lately may still have the tag.
        if found.is_empty()
            && let Some(document) = document(client, &format!("manifests/{}", tag(digest)))?
        {
            let path = format!("the tag {}", tag(digest));
            let listed = serde_json::from_slice(&document).ok();
            let listed = listed.as_ref().and_then(manifests).ok_or_else(|| {
                Fault::io(Code::Corrupt, format!("{path} is not the index that such a tag is"))
            })?;
            add(listed, &mut found)?;
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

/// Adds what the API lists. Returns false if the registry does not have it.
fn by_api(client: &Client, digest: Digest, found: &mut Vec<Blob>) -> io::Result<bool> {
    let mut path = format!("referrers/{digest}");
    let mut pages = 0;
    loop {
        let response = match client.get(Request { path: &path, accept: MANIFESTS, from: 0, until: None }) {
            Ok(response) => response,
            // Registries without such an endpoint answer in more than one way.
            Err(error) if pages == 0 && matches!(Code::of(&error), Code::Missing | Code::Io) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let next = next_page(client, &path, &response)?;
        let told = response.headers().get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok());
        let told = told.unwrap_or_default().to_owned();
        let before = found.len();
        match Answer::of(&told, &read(response, &path)?) {
            Answer::Index(listed) => add(&listed, found)?,
            // It answers everything, as some proxies do.
            Answer::Other if pages == 0 => return Ok(false),
            Answer::Other | Answer::Broken => {
                let registry = &client.reference.registry;
                let detail = format!("{registry} answers with something else than an index");
                return Err(Fault::io(Code::Corrupt, detail));
            }
        }
        pages += 1;
        match next {
            None => return Ok(true),
            Some(next) if found.len() > before && found.len() < MAX_LISTED => path = next,
            Some(_) => return Err(Fault::io(Code::Limit, "the list of what refers to it has no end")),
        }
    }
}

/// The answer of a registry to a request for the referrers of a digest.
#[derive(Debug, PartialEq)]
enum Answer {
    /// The descriptors in an index.
    Index(Vec<Value>),
    /// A body that claims to be an index and is none.
    Broken,
    /// Something else. The registry does not know the question.
    Other,
}

impl Answer {
    /// Reads an answer and its media type. What has the form of an index is one, whatever it is called.
    fn of(media_type: &str, document: &[u8]) -> Self {
        let is_index = |media_type: &str| {
            let media_type = media_type.split(';').next().unwrap_or_default().trim();
            INDEXES.iter().any(|index| media_type.eq_ignore_ascii_case(index))
        };
        let is_called_index = is_index(media_type);
        let Ok(mut document) = serde_json::from_slice::<Value>(document) else {
            // JSON that breaks off may be the list as well as anything else.
            let is_object = document.trim_ascii_start().starts_with(b"{");
            return if is_called_index || is_object { Self::Broken } else { Self::Other };
        };
        let says_index =
            document.get("mediaType").and_then(Value::as_str).is_some_and(is_index) || is_called_index;
        match document.get_mut("manifests").map(Value::take) {
            Some(Value::Array(listed)) => Self::Index(listed),
            // Go writes an empty list so.
            Some(Value::Null) if says_index => Self::Index(Vec::new()),
            None if !says_index => Self::Other,
            _ => Self::Broken,
        }
    }
}

/// Returns the descriptors in an index.
fn manifests(document: &Value) -> Option<&Vec<Value>> {
    document.get("manifests")?.as_array()
}

/// Adds manifests that an index lists. Their sizes are of no use here.
fn add(listed: &[Value], found: &mut Vec<Blob>) -> io::Result<()> {
    for descriptor in listed {
        let digest = descriptor.get("digest").and_then(Value::as_str).unwrap_or_default();
        let digest = digest.parse().map_err(|_| {
            let detail = format!("the digest of a referrer, {digest:?}, is none that can be read");
            Fault::io(Code::Unsupported, detail)
        })?;
        let size = descriptor.get("size").and_then(Value::as_u64).unwrap_or_default();
        if !found.iter().any(|known: &Blob| known.digest == Some(digest)) {
            found.push(manifest(digest, size));
        }
    }
    Ok(())
}

/// Returns a document, unless the registry has none at this path.
fn document(client: &Client, path: &str) -> io::Result<Option<Vec<u8>>> {
    match client.get(Request { path, accept: MANIFESTS, from: 0, until: None }) {
        Ok(response) => read(response, path).map(Some),
        Err(error) if Code::of(&error) == Code::Missing => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(response: Response<Body>, path: &str) -> io::Result<Vec<u8>> {
    let mut document = Vec::new();
    pace::body(response).take(MAX_MANIFEST + 1).read_to_end(&mut document)?;
    if document.len() as u64 > MAX_MANIFEST {
        return Err(Fault::io(Code::Limit, format!("{path} is larger than {} MiB", MAX_MANIFEST >> 20)));
    }
    Ok(document)
}

fn manifest(digest: Digest, size: u64) -> Blob {
    Blob { id: MANIFEST, name: digest.to_string().into_bytes(), size, digest: Some(digest), is_trusted: true }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_to_the_question_what_refers_to_a_digest() {
        const INDEX: &str = "application/vnd.oci.image.index.v1+json";
        let index = |listed: Vec<Value>| Answer::Index(listed);
        let named = format!(r#"{{"mediaType": "{INDEX}"}}"#);
        for (media_type, document, expected) in [
            (INDEX, r#"{"manifests": []}"#, index(vec![])),
            (INDEX, r#"{"manifests": [{}]}"#, index(vec![json!({})])),
            ("", r#"{"manifests": [{}]}"#, index(vec![json!({})])),
            ("text/html", r#"{"manifests": [{}]}"#, index(vec![json!({})])),
            (INDEX, r#"{"manifests": null}"#, index(vec![])),
            (INDEX, r#"{"manifests": ["#, Answer::Broken),
            (INDEX, "", Answer::Broken),
            (INDEX, "<html></html>", Answer::Broken),
            ("Application/vnd.OCI.image.index.v1+json; charset=utf-8", "<html></html>", Answer::Broken),
            (INDEX, "{}", Answer::Broken),
            (INDEX, "[]", Answer::Broken),
            (INDEX, r#"{"errors": []}"#, Answer::Broken),
            ("application/json", r#"{"manifests": "x"}"#, Answer::Broken),
            ("application/json", r#"{"manifests": {}}"#, Answer::Broken),
            ("application/json", r#"{"manifests": [{"dig"#, Answer::Broken),
            ("application/json", named.as_str(), Answer::Broken),
            // The registry does not know the question.
            ("text/html", "<html></html>", Answer::Other),
            ("", "<html></html>", Answer::Other),
            ("text/plain", "", Answer::Other),
            ("application/json", r#"{"errors": []}"#, Answer::Other),
            ("application/json", "{}", Answer::Other),
            ("application/json", "[]", Answer::Other),
        ] {
            assert_eq!(Answer::of(media_type, document.as_bytes()), expected, "{media_type} {document}");
        }
    }
}
