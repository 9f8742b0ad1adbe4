//! Parts of an image that a registry need not hold, and the platforms that it names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::registries::error;
use crate::support::image::{INDEX, MANIFEST, descriptor, digest};
use crate::support::registry::{Proxy, Reply};
use crate::support::{Compression, Image, Layer, Outcome, Tar, Token, scan};

/// The blobs and manifests of a registry, by the ends of their paths.
#[derive(Default, Clone)]
struct Held(BTreeMap<String, Vec<u8>>);

impl Held {
    fn put(&mut self, endpoint: &str, media_type: &str, bytes: &[u8]) -> Value {
        self.0.insert(format!("{endpoint}/{}", digest(bytes)), bytes.to_vec());
        descriptor(media_type, bytes)
    }

    /// Adds the blobs of an image, and its manifest with more layers.
    fn add(&mut self, image: &Image, more: &[Value]) -> Value {
        self.put("blobs", "", &image.config_bytes());
        for layer in &image.layers {
            self.put("blobs", "", &layer.blob);
        }
        let mut manifest = image.manifest();
        manifest["layers"].as_array_mut().unwrap().extend_from_slice(more);
        self.put("manifests", MANIFEST, &serde_json::to_vec(&manifest).unwrap())
    }

    /// Starts a registry that answers with one of the manifests for the tag.
    fn start(mut self, root: &Value) -> Proxy {
        let root = self.0[&format!("manifests/{}", root["digest"].as_str().unwrap())].clone();
        self.0.insert("manifests/1".to_owned(), root);
        Proxy::start("127.0.0.1:1", move |asked, _| {
            if asked.path == "/v2/" {
                return Reply::Answer(200, Vec::new(), b"{}".to_vec());
            }
            let path = asked.path.strip_prefix("/v2/team/app/").unwrap_or_default();
            match self.0.get(path) {
                Some(bytes) => Reply::Answer(200, Vec::new(), bytes.clone()),
                None => Reply::Answer(404, Vec::new(), Vec::new()),
            }
        })
    }
}

fn layer(path: &str, bytes: &[u8]) -> Layer {
    Layer::stored(&Tar::new().file(path, bytes).finish(), Compression::Gzip)
}

#[test]
fn a_layer_that_is_kept_elsewhere() {
    const OCI: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const DOCKER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let made = Token::user("foreign");
    let image = Image::new("app", [layer("srv/own", b"own")]);
    let bare = Image::new("app", []);
    let scanned = |image: &Image, media_type: &str, urls: &[&str], is_held: bool| {
        let foreign = layer("srv/token", made.bytes());
        let mut listed = descriptor(media_type, &foreign.blob);
        listed["urls"] = json!(urls);
        let mut held = Held::default();
        if is_held {
            held.put("blobs", media_type, &foreign.blob);
        }
        let root = held.add(image, &[listed]);
        let registry = held.start(&root);
        scan(&[format!("docker://{}/team/app:1", registry.address)])
    };
    let urls = ["https://example.org/layer"];
    let is_image_held =
        |outcome: &Outcome| outcome.report()["targets"][0]["images"][0]["held"].as_bool().unwrap();
    for media_type in [OCI, DOCKER] {
        let outcome = scanned(&image, media_type, &urls, false);
        assert_eq!((outcome.code, outcome.errors().len()), (0, 0), "{media_type}: {:#?}", outcome.errors());
        let notes = outcome.report()["notes"].as_array().unwrap();
        assert!(notes.iter().any(|note| note["code"] == "not-held"), "{media_type}: {notes:#?}");
        assert!(is_image_held(&outcome), "{media_type}");
        let outcome = scanned(&bare, media_type, &urls, false);
        assert_eq!((outcome.errors().len(), is_image_held(&outcome)), (0, false), "{media_type}");
        // One that the registry holds is read.
        scanned(&image, media_type, &urls, true).assert_found_only(&[&made]);
    }
    for (media_type, urls) in
        [("application/vnd.oci.image.layer.v1.tar+gzip", &urls[..]), (OCI, &[]), (DOCKER, &[])]
    {
        let (code, message) = error(&scanned(&image, media_type, urls, false));
        assert_eq!(code, "missing", "{media_type}: {message}");
    }
}

#[test]
fn a_variant_that_the_index_alone_has() {
    let made = Token::user("variant");
    let scanned = |architecture: &str, variant: Option<&str>, wanted: &str| {
        let image = Image::new("app", [layer("srv/token", made.bytes())]).platform(architecture);
        let mut held = Held::default();
        let mut listed = held.add(&image, &[]);
        listed["platform"] = json!({"os": "linux", "architecture": architecture});
        if let Some(variant) = variant {
            listed["platform"]["variant"] = json!(variant);
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]});
        let root = held.put("manifests", INDEX, &serde_json::to_vec(&index).unwrap());
        let registry = held.start(&root);
        scan(&["--platform", wanted, &format!("docker://{}/team/app:1", registry.address)])
    };
    for (architecture, variant, wanted) in [
        ("arm64", Some("v8"), "linux/arm64/v8"),
        ("arm64", None, "linux/arm64/v8"),
        ("arm64", Some("v8"), "linux/arm64"),
        ("arm", Some("v7"), "linux/arm/v7"),
        ("arm", Some("v6"), "linux/arm/v6"),
    ] {
        let outcome = scanned(architecture, variant, wanted);
        assert!(outcome.errors().is_empty(), "{wanted}: {:#?}", outcome.errors());
        outcome.assert_found_only(&[&made]);
    }
    for (architecture, variant, wanted) in
        [("arm", Some("v6"), "linux/arm/v7"), ("arm64", None, "linux/arm64/v9"), ("arm64", None, "linux/arm")]
    {
        assert_eq!(scanned(architecture, variant, wanted).code, 2, "{wanted}");
    }
}
