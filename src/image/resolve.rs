//! Resolution of a source's blobs to images: `index.json` and `manifest.json`, nested indexes, configs,
//! layers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::Config;
use super::document::{self, DocumentError, Documents};
use super::history::align;
use super::inventory::Inventory;
use super::manifest::{Descriptor, Manifest};
use super::platform::joined;
use super::resolved::{DocumentRef, Image, Layer, Resolved};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{Document, ImagePart, Place, Problem};
use crate::mask::{Message, message};
use crate::source::{self, Blob, Root};

/// The maximum nesting depth of indexes. Real indexes are nested once or twice.
const MAX_DEPTH: usize = 32;
/// The maximum number of references that are followed. Nested indexes can name one manifest any number of
/// times.
const MAX_REFERENCES: usize = 10_000;
/// The maximum number of layers of an image. Engines stack a few hundred at most.
pub(super) const MAX_LAYERS: usize = 1000;
/// The maximum number of layers of all images together.
const MAX_ALL_LAYERS: usize = 20_000;

/// Finds the images of a source. With a tag, finds only those to which `index.json` gives this name.
/// Documents are read on demand. Blobs that they refer to are added to the inventory if the source does not
/// list them.
pub(crate) fn resolve(
    root: &Root,
    inventory: &mut Inventory,
    documents: &mut dyn Documents,
    tag: Option<&str>,
) -> Resolved {
    let mut resolver = Resolver {
        inventory,
        given: documents,
        resolved: Resolved::default(),
        references: 0,
        layers: 0,
        bounded: false,
        manifests: BTreeMap::new(),
        configs: BTreeMap::new(),
        seen: BTreeSet::new(),
        chain: Vec::new(),
    };
    match root {
        Root::Files => resolver.files(tag),
        Root::Manifest { blob, name } => resolver.manifest(blob, name.as_deref()),
        Root::Layer(blob) => resolver.lone_layer(blob),
    }
    let mut resolved = resolver.resolved;
    resolved.is_selection = tag.is_some();
    resolved
}

pub(super) struct Resolver<'a> {
    pub(super) inventory: &'a mut Inventory,
    pub(super) given: &'a mut dyn Documents,
    pub(super) resolved: Resolved,
    references: usize,
    layers: usize,
    /// Whether an exceeded limit has been reported.
    bounded: bool,
    /// Manifests read so far. They are cached because a document may be named any number of times.
    manifests: BTreeMap<usize, Result<Arc<Manifest>, DocumentError>>,
    configs: BTreeMap<usize, Result<(Arc<Config>, Digest), DocumentError>>,
    /// The manifests taken so far, with the names under which they were taken.
    seen: BTreeSet<(usize, Option<String>)>,
    /// The entries of the indexes and subjects that lead to the current one.
    pub(super) chain: Vec<usize>,
}

impl Resolver<'_> {
    pub(super) fn problem(&mut self, code: Code, place: Place, detail: Message) {
        self.resolved.problems.push(Problem::error(code, place, detail));
    }

    /// Reads the document with this number.
    pub(super) fn read(&mut self, number: usize) -> Result<document::Document, DocumentError> {
        let blob = self.inventory.blob(number).ok_or(DocumentError::None)?;
        self.given.read(number, blob)
    }

    /// Returns the blob of a descriptor, if the source has it.
    pub(super) fn find(&mut self, descriptor: &Descriptor) -> Option<usize> {
        self.find_as(descriptor, false)
    }

    fn find_as(&mut self, descriptor: &Descriptor, is_manifest: bool) -> Option<usize> {
        let digest = descriptor.digest?;
        self.inventory.by_digest(&digest).or_else(|| {
            let wanted = source::Descriptor {
                digest,
                size: descriptor.size,
                is_manifest,
                is_elsewhere: descriptor.is_elsewhere(),
            };
            Some(self.inventory.add(self.given.refer(&wanted)?).0)
        })
    }

    /// Resolves the images that an OCI image layout and a docker archive name in files.
    fn files(&mut self, tag: Option<&str>) {
        let index = self.inventory.by_name(b"index.json");
        let docker = self.inventory.by_name(b"manifest.json");
        if let Some(entry) = index {
            self.root_index(entry, tag);
        }
        if let Some(entry) = docker.filter(|_| tag.is_none()) {
            self.docker_manifest(entry);
        }
        self.resolved.names_images =
            index.is_some() || docker.is_some() || (tag.is_none() && self.legacy_archive());
        if !self.resolved.names_images {
            let detail = Message::own(
                "it is not an image: neither index.json nor manifest.json is in it; rootfs:PATH reads a root file system",
            );
            self.problem(Code::Missing, Place::Archive, detail);
        }
    }

    /// Resolves the images of one manifest or index.
    fn manifest(&mut self, blob: &Blob, name: Option<&str>) {
        self.resolved.names_images = true;
        let descriptor = Descriptor::root(blob, name);
        if self.inventory.by_name(&blob.name).is_none() {
            self.inventory.add(blob.clone());
        }
        self.descriptor(&descriptor, name);
    }

    fn root_index(&mut self, entry: usize, tag: Option<&str>) {
        self.resolved.documents.push(DocumentRef { entry, document: Document::Index, image: None });
        let manifest = self.read(entry).and_then(|document| Manifest::read(&document.bytes));
        match manifest {
            Ok(Manifest::Index { manifests }) => {
                let wanted: Vec<_> =
                    manifests.iter().filter(|d| tag.is_none() || d.tag.as_deref() == tag).collect();
                if let (Some(tag), true) = (tag, wanted.is_empty()) {
                    self.problem(
                        Code::Missing,
                        index_json(),
                        message!("it names no image with the tag {}", tag),
                    );
                }
                self.chain.push(entry);
                for descriptor in wanted {
                    self.descriptor(descriptor, None);
                }
                self.chain.pop();
            }
            Ok(Manifest::Image { .. }) => {
                self.problem(Code::Corrupt, index_json(), Message::own("it lists no manifests"));
            }
            Err(error) => self.unreadable(index_json(), error),
        }
    }

    /// Reports what is wrong with a document, unless it has been reported already.
    pub(super) fn unreadable(&mut self, place: Place, error: DocumentError) {
        if error != DocumentError::Unread {
            self.problem(error.code(), place, error.into());
        }
    }

    pub(super) fn descriptor(&mut self, descriptor: &Descriptor, inherited: Option<&str>) {
        let place = Place::Manifest(descriptor.digest_text.as_str().into(), None);
        self.references += 1;
        if self.references > MAX_REFERENCES {
            if self.references == MAX_REFERENCES + 1 {
                let detail = message!(
                    "more than {} manifests are referred to; the rest is not followed",
                    MAX_REFERENCES
                );
                self.problem(Code::Limit, index_json(), detail);
            }
            return;
        }
        let name = descriptor.name.as_deref().or(inherited);
        let Some(entry) = self.find_as(descriptor, true) else {
            return self.not_held(descriptor, name, place);
        };
        if self.chain.contains(&entry) {
            return self.problem(Code::Corrupt, place, Message::own("it refers to itself"));
        }
        if self.chain.len() > MAX_DEPTH {
            return self.problem(
                Code::Limit,
                place,
                message!("indexes are nested deeper than {}", MAX_DEPTH),
            );
        }
        if !self.seen.insert((entry, name.map(str::to_owned))) {
            return;
        }
        let manifest = if let Some(known) = self.manifests.get(&entry) {
            known.clone()
        } else {
            let read = self.read(entry).and_then(|document| Manifest::read(&document.bytes).map(Arc::new));
            self.manifests.insert(entry, read.clone());
            read
        };
        match manifest.as_deref() {
            Ok(Manifest::Index { manifests }) => {
                self.resolved.documents.push(DocumentRef { entry, document: Document::Index, image: None });
                self.referrers(descriptor, entry);
                if manifests.iter().any(Descriptor::is_cache_config) {
                    return self.cache_index(descriptor, name, manifests);
                }
                self.chain.push(entry);
                for child in manifests {
                    self.descriptor(child, name);
                }
                self.chain.pop();
            }
            Ok(Manifest::Image { config, layers, is_artifact }) => {
                if config.is_cache_config() {
                    self.cache_manifest(entry, descriptor, name, config, layers);
                } else if descriptor.is_attestation || *is_artifact {
                    self.resolved.names_artifacts |= !descriptor.is_attestation;
                    self.attachment(entry, config, layers);
                } else {
                    self.image(entry, descriptor, name, config, layers);
                }
                self.referrers(descriptor, entry);
            }
            Err(error) => {
                let document = DocumentRef { entry, document: Document::Manifest, image: None };
                self.resolved.documents.push(document);
                self.unreadable(place, *error);
            }
        }
    }

    /// Reports a blob that an index names but the source does not hold. Exporters may leave blobs out, so it
    /// depends on the presence of other blobs whether this is an error.
    fn not_held(&mut self, descriptor: &Descriptor, name: Option<&str>, place: Place) {
        if descriptor.is_attestation {
            let detail =
                Message::own("the attestation is missing; what it says of the build was not searched");
            return self.resolved.problems.push(Problem::note(Code::NotHeld, place, detail));
        }
        self.resolved.images.push(Image {
            name: name.map(str::to_owned),
            platform: descriptor.platform.clone(),
            manifest_digest: descriptor.digest,
            problems: vec![descriptor.missing(place)],
            ..Image::default()
        });
    }

    fn image(
        &mut self,
        entry: usize,
        from: &Descriptor,
        name: Option<&str>,
        config: &Descriptor,
        layers: &[Descriptor],
    ) {
        let number = self.resolved.images.len();
        self.resolved.documents.push(DocumentRef {
            entry,
            document: Document::Manifest,
            image: Some(number),
        });
        let mut image = self.layered(from, name, config, layers);
        let layer_held = image.layers.iter().any(|layer| layer.entry.is_some());
        image.held = layer_held || (image.layers.is_empty() && image.config_entry.is_some());
        self.finish(image);
    }

    /// Creates the next image from its layers and its config, which is listed as a document.
    pub(super) fn layered(
        &mut self,
        from: &Descriptor,
        name: Option<&str>,
        config: &Descriptor,
        layers: &[Descriptor],
    ) -> Image {
        let layers = self.bounded(layers, &from.digest_text);
        let mut image = Image {
            name: name.map(str::to_owned),
            platform: from.platform.clone(),
            manifest_digest: from.digest,
            config_digest: config.digest,
            config_entry: self.find(config),
            layers: layers.iter().map(|layer| self.layer(layer)).collect(),
            ..Image::default()
        };
        image.problems = missing_layers(&image.layers, layers);
        if let Some(entry) = image.config_entry {
            let image = Some(self.resolved.images.len());
            self.resolved.documents.push(DocumentRef { entry, document: Document::Config, image });
        } else {
            image.problems.push(config.missing(Place::image(ImagePart::Config)));
        }
        image
    }

    /// Returns the layers of an image up to the limit.
    pub(super) fn bounded<'a, T>(&mut self, layers: &'a [T], manifest: &str) -> &'a [T] {
        let room = MAX_LAYERS.min(MAX_ALL_LAYERS.saturating_sub(self.layers));
        let taken = layers.get(..room).unwrap_or(layers);
        self.layers += taken.len();
        if taken.len() < layers.len() && !std::mem::replace(&mut self.bounded, true) {
            let detail = message!(
                "it has {} layers; at most {} of an image and {} in all are read one by one",
                layers.len(),
                MAX_LAYERS,
                MAX_ALL_LAYERS
            );
            self.problem(Code::Limit, Place::Manifest(manifest.into(), None), detail);
        }
        taken
    }

    pub(super) fn layer(&mut self, descriptor: &Descriptor) -> Layer {
        Layer {
            entry: self.find(descriptor),
            digest: descriptor.digest,
            media_type: Some(descriptor.media_type.clone()),
            size: Some(descriptor.size),
            contents: descriptor.contents.clone(),
            ..Layer::default()
        }
    }

    /// Reads the image's config and assigns its history and `diff_ids` to the layers.
    pub(super) fn finish(&mut self, mut image: Image) {
        if let Some(entry) = image.config_entry {
            match self.config(entry) {
                Ok((config, digest)) => {
                    image.config = config;
                    image.config_digest.get_or_insert(digest);
                }
                Err(DocumentError::Unread) => {}
                Err(error) => {
                    let place = Place::image(ImagePart::Config);
                    image.problems.push(Problem::error(error.code(), place, error.into()));
                }
            }
        }
        image.platform = joined(image.config.platform.as_deref(), image.platform.as_deref());
        if image.layers.is_empty() {
            image.history_aligned = true;
            return self.resolved.images.push(image);
        }
        let aligned = align(&image.config.history, image.layers.len());
        image.history_aligned = aligned.is_some();
        for (layer, created_by) in image.layers.iter_mut().zip(aligned.unwrap_or_default()) {
            layer.created_by = created_by;
        }
        if image.config.diff_ids.len() == image.layers.len() {
            for (layer, diff_id) in image.layers.iter_mut().zip(&image.config.diff_ids) {
                layer.diff_id = *diff_id;
            }
        }
        self.resolved.images.push(image);
    }

    /// Reads a config. Also returns its digest.
    fn config(&mut self, number: usize) -> Result<(Arc<Config>, Digest), DocumentError> {
        if let Some(known) = self.configs.get(&number) {
            return known.clone();
        }
        let read = self
            .read(number)
            .and_then(|document| Ok((Arc::new(Config::read(&document.bytes)?), document.digest)));
        self.configs.insert(number, read.clone());
        read
    }
}

/// Returns the place of the document that lists the images of a layout.
fn index_json() -> Place {
    Place::entry(b"index.json")
}

/// Returns the problems of layers that are not held.
fn missing_layers(layers: &[Layer], descriptors: &[Descriptor]) -> Vec<Problem> {
    let layers = layers.iter().zip(descriptors).enumerate().filter(|(_, (layer, _))| layer.entry.is_none());
    let problems = layers.map(|(i, (_, descriptor))| {
        let place = Place::image(ImagePart::Layer(i));
        if descriptor.is_elsewhere() {
            let detail =
                Message::own("the layer is kept elsewhere, as its media type says; it was not searched");
            return Problem::note(Code::NotHeld, place, detail);
        }
        descriptor.missing(place)
    });
    problems.collect()
}
