//! Everything that is no image: attestations, build records, charts, models, what BuildKit exports of its cache, and
//! root file systems.

use super::manifest::Descriptor;
use super::resolve::Resolver;
use super::resolved::{DocumentRef, Image, Layer};
use crate::fault::Code;
use crate::finding::{Document, Place};
use crate::mask::{Message, message};
use crate::source::Blob;

impl Resolver<'_> {
    /// Adds a layer that belongs to no image, as an image of this layer.
    pub(super) fn lone_layer(&mut self, blob: &Blob) {
        self.resolved.names_images = true;
        let (entry, _) = self.inventory.add(blob.clone());
        let layer = Layer { entry: Some(entry), ..Layer::default() };
        self.resolved.images.push(Image {
            layers: vec![layer],
            held: true,
            history_aligned: true,
            ..Image::default()
        });
    }

    /// Handles an attestation or another artifact. Its layers are documents.
    pub(super) fn attachment(&mut self, entry: usize, config: &Descriptor, layers: &[Descriptor]) {
        let document = |entry, document| DocumentRef { entry, document, image: None };
        self.resolved.documents.push(document(entry, Document::Manifest));
        for (i, layer) in [config].into_iter().chain(layers).enumerate() {
            match self.find(layer) {
                Some(entry) => {
                    self.resolved.attached.insert(entry);
                    // A blob that is too large for a document, or is not JSON, is searched like any other
                    // blob.
                    self.resolved.documents.push(document(entry, Document::Attestation));
                }
                None if i == 0 => {}
                None => {
                    let place = Place::Attestation(layer.digest_text.as_str().into());
                    self.resolved.problems.push(layer.missing(place));
                }
            }
        }
    }

    /// Handles what refers to a manifest or index, directly or through another such reference.
    pub(super) fn referrers(&mut self, subject: &Descriptor, entry: usize) {
        let Some(digest) = subject.digest else { return };
        let listed = self.given.referrers(digest, !subject.is_attestation).unwrap_or_else(|error| {
            let detail =
                message!("what refers to it could not be listed: {}", Message::foreign(error.to_string()));
            let place = Place::Manifest(subject.digest_text.as_str().into(), None);
            self.problem(Code::of(&error), place, detail);
            Vec::new()
        });
        self.chain.push(entry);
        for blob in listed {
            let known = blob.digest.and_then(|digest| self.inventory.by_digest(&digest));
            // A list that names its own subject has nothing new.
            if known.is_some_and(|known| self.chain.contains(&known)) {
                continue;
            }
            if blob.digest.is_some_and(|digest| self.inventory.by_digest(&digest).is_none()) {
                self.inventory.add(blob.clone());
            }
            self.descriptor(&Descriptor::referrer(&blob), None);
        }
        self.chain.pop();
    }

    /// Handles a cache that is exported as an index: the layers are listed as manifests, beside the config.
    pub(super) fn cache_index(&mut self, from: &Descriptor, name: Option<&str>, manifests: &[Descriptor]) {
        let (configs, layers): (Vec<_>, Vec<_>) =
            manifests.iter().cloned().partition(Descriptor::is_cache_config);
        for config in configs {
            self.cache(from, name, &config, &layers);
        }
    }

    /// Handles a cache that is exported as a manifest (`image-manifest=true`).
    pub(super) fn cache_manifest(
        &mut self,
        entry: usize,
        from: &Descriptor,
        name: Option<&str>,
        config: &Descriptor,
        layers: &[Descriptor],
    ) {
        let image = Some(self.resolved.images.len());
        self.resolved.documents.push(DocumentRef { entry, document: Document::Manifest, image });
        self.cache(from, name, config, layers);
    }

    /// Adds the layers of a cache as those of an image. They are of several stages.
    fn cache(&mut self, from: &Descriptor, name: Option<&str>, config: &Descriptor, layers: &[Descriptor]) {
        let mut image = self.layered(from, name, config, layers);
        // The config of a cache is none of an image.
        image.config_entry = None;
        (image.is_cache, image.held, image.history_aligned) = (true, true, true);
        self.resolved.images.push(image);
    }
}
