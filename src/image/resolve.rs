//! From what a source holds to images: `index.json` and `manifest.json`, nested indexes, configs, layers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::DocumentError;
use super::config::Config;
use super::history::align;
use super::inventory::Inventory;
use super::manifest::{Descriptor, Manifest};
use crate::digest::{DiffId, Digest};
use crate::fault::Code;
use crate::finding::{Document, ImagePart, Place, Problem};
use crate::mask::{Message, message};

/// An index nested deeper is not followed: real ones nest once or twice.
const MAX_DEPTH: usize = 32;
/// More references are not followed: an index of indexes can name one manifest without end.
const MAX_REFERENCES: usize = 10_000;
/// Further layers of an image are left out: engines stack a few hundred at most.
const MAX_LAYERS: usize = 1000;
/// Layers of all images together.
const MAX_ALL_LAYERS: usize = 20_000;

/// An image of a source.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// Its name.
    pub name: Option<String>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// The digest of its manifest; a docker archive has none.
    pub manifest_digest: Option<Digest>,
    /// The digest of its config.
    pub config_digest: Option<Digest>,
    /// The entry of its config.
    pub config_entry: Option<usize>,
    /// What its config says.
    pub config: Arc<Config>,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
    /// Whether any of its blobs is in this source.
    pub held: bool,
    /// Whether its history could be lined up with its layers.
    pub history_aligned: bool,
    /// Problems with it. They do not count while none of it is held and other images are.
    pub(crate) problems: Vec<Problem>,
}

/// A layer of an image.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// The entry that holds it; none if it is missing.
    pub entry: Option<usize>,
    /// The digest its descriptor names.
    pub digest: Option<Digest>,
    /// The digest of the uncompressed layer.
    pub diff_id: Option<DiffId>,
    /// The media type its descriptor names.
    pub media_type: Option<String>,
    /// The size its descriptor names.
    pub size: Option<u64>,
    /// The command that made it.
    pub created_by: Option<String>,
}

/// A JSON document that belongs to an image or an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRef {
    /// Its entry.
    pub entry: usize,
    /// Which document it is.
    pub document: Document,
    /// The image it belongs to, by number; none for an index.
    pub image: Option<usize>,
}

/// All images of a source.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The images, in the order in which the source names them.
    pub images: Vec<Image>,
    /// The documents they are made of. One may stand several times, for several images.
    pub documents: Vec<DocumentRef>,
    /// Entries that belong to attestations and other artifacts.
    pub attached: BTreeSet<usize>,
    /// Problems with the source as a whole.
    pub(crate) problems: Vec<Problem>,
    /// Whether there is an `index.json` or a `manifest.json`.
    pub names_images: bool,
    /// Whether a tag was asked for, so that what belongs to other images is left alone.
    pub is_selection: bool,
}

/// Finds the images of a source. With a tag, only those that `index.json` names so.
pub fn resolve(inventory: &Inventory, tag: Option<&str>) -> Resolved {
    let mut resolver = Resolver {
        inventory,
        resolved: Resolved::default(),
        references: 0,
        layers: 0,
        bounded: false,
        manifests: BTreeMap::new(),
        configs: BTreeMap::new(),
        seen: BTreeSet::new(),
        chain: Vec::new(),
    };
    let index = inventory.by_name(b"index.json");
    let docker = inventory.by_name(b"manifest.json");
    if let Some(entry) = index {
        resolver.root_index(entry, tag);
    }
    if let Some(entry) = docker.filter(|_| tag.is_none()) {
        resolver.docker_manifest(entry);
    }
    let mut resolved = resolver.resolved;
    resolved.is_selection = tag.is_some();
    resolved.names_images = index.is_some() || docker.is_some();
    if index.is_none() && docker.is_none() {
        let detail = Message::own("it is not an image: neither index.json nor manifest.json is in it");
        resolved.problems.push(Problem::error(Code::Missing, Place::Archive, detail));
    }
    resolved
}

pub(super) struct Resolver<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) resolved: Resolved,
    references: usize,
    layers: usize,
    /// Whether that there are too many has been said.
    bounded: bool,
    /// What has been read, since one document may be named without end.
    manifests: BTreeMap<usize, Result<Arc<Manifest>, DocumentError>>,
    configs: BTreeMap<usize, Result<Arc<Config>, DocumentError>>,
    /// The manifests that have been taken, with the names they were taken under.
    seen: BTreeSet<(usize, Option<String>)>,
    /// The entries of the indexes that lead to the present one.
    chain: Vec<usize>,
}

impl Resolver<'_> {
    pub(super) fn problem(&mut self, code: Code, place: Place, detail: Message) {
        self.resolved.problems.push(Problem::error(code, place, detail));
    }

    fn root_index(&mut self, entry: usize, tag: Option<&str>) {
        self.resolved.documents.push(DocumentRef { entry, document: Document::Index, image: None });
        let Some((bytes, _)) = self.inventory.document(entry) else {
            return self.problem(Code::Corrupt, index_json(), DocumentError::None.into());
        };
        match Manifest::read(bytes) {
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
            Err(error) => self.problem(Code::Corrupt, index_json(), error.into()),
        }
    }

    fn descriptor(&mut self, descriptor: &Descriptor, inherited: Option<&str>) {
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
        let entry = descriptor.digest.and_then(|digest| self.inventory.by_digest(&digest));
        let Some(entry) = entry else {
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
        let manifest = self.manifests.entry(entry).or_insert_with(|| match self.inventory.document(entry) {
            Some((bytes, _)) => Manifest::read(bytes).map(Arc::new),
            None => Err(DocumentError::None),
        });
        match manifest.clone().as_deref() {
            Ok(Manifest::Index { manifests }) => {
                self.resolved.documents.push(DocumentRef { entry, document: Document::Index, image: None });
                self.chain.push(entry);
                for child in manifests {
                    self.descriptor(child, name);
                }
                self.chain.pop();
            }
            Ok(Manifest::Image { config, layers, is_artifact }) => {
                if descriptor.is_attestation || *is_artifact {
                    self.attachment(entry, config, layers);
                } else {
                    self.image(entry, descriptor, name, config, layers);
                }
            }
            Err(error) => {
                let document = DocumentRef { entry, document: Document::Manifest, image: None };
                self.resolved.documents.push(document);
                self.problem(Code::Corrupt, place, (*error).into());
            }
        }
    }

    /// An index names more than an exporter may have put in: whether that is an error depends on whether
    /// anything else is there.
    fn not_held(&mut self, descriptor: &Descriptor, name: Option<&str>, place: Place) {
        if descriptor.is_attestation {
            let detail =
                Message::own("the attestation is not there; what it says of the build was not searched");
            return self.resolved.problems.push(Problem::note(Code::NotHeld, place, detail));
        }
        self.resolved.images.push(Image {
            name: name.map(str::to_owned),
            platform: descriptor.platform.clone(),
            manifest_digest: descriptor.digest,
            problems: vec![missing(descriptor, place)],
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
        let layers = self.bounded(layers, &from.digest_text);
        let number = self.resolved.images.len();
        let document = |entry, document| DocumentRef { entry, document, image: Some(number) };
        self.resolved.documents.push(document(entry, Document::Manifest));
        let mut image = Image {
            name: name.map(str::to_owned),
            platform: from.platform.clone(),
            manifest_digest: from.digest,
            config_digest: config.digest,
            layers: layers.iter().map(|layer| self.layer(layer)).collect(),
            ..Image::default()
        };
        image.config_entry = config.digest.and_then(|digest| self.inventory.by_digest(&digest));
        let layer_held = image.layers.iter().any(|layer| layer.entry.is_some());
        image.held = layer_held || (layers.is_empty() && image.config_entry.is_some());
        for (i, (layer, descriptor)) in image.layers.iter().zip(layers).enumerate() {
            if layer.entry.is_none() && !descriptor.has_urls {
                image.problems.push(missing(descriptor, Place::image(ImagePart::Layer(i))));
            }
        }
        if let Some(config_entry) = image.config_entry {
            self.resolved.documents.push(document(config_entry, Document::Config));
        } else {
            image.problems.push(missing(config, Place::image(ImagePart::Config)));
        }
        self.finish(image);
    }

    /// As many of an image's layers as are looked at.
    pub(super) fn bounded<'a, T>(&mut self, layers: &'a [T], manifest: &str) -> &'a [T] {
        let room = MAX_LAYERS.min(MAX_ALL_LAYERS.saturating_sub(self.layers));
        let taken = layers.get(..room).unwrap_or(layers);
        self.layers += taken.len();
        if taken.len() < layers.len() && !std::mem::replace(&mut self.bounded, true) {
            let detail = message!(
                "it has {} layers; at most {} of an image and {} in all are told apart",
                layers.len(),
                MAX_LAYERS,
                MAX_ALL_LAYERS
            );
            self.problem(Code::Limit, Place::Manifest(manifest.into(), None), detail);
        }
        taken
    }

    fn layer(&self, descriptor: &Descriptor) -> Layer {
        Layer {
            entry: descriptor.digest.and_then(|digest| self.inventory.by_digest(&digest)),
            digest: descriptor.digest,
            media_type: Some(descriptor.media_type.clone()),
            size: Some(descriptor.size),
            ..Layer::default()
        }
    }

    /// Reads the image's config and puts its history and `diff_ids` to the layers.
    pub(super) fn finish(&mut self, mut image: Image) {
        if let Some(entry) = image.config_entry {
            let config = self.configs.entry(entry).or_insert_with(|| match self.inventory.document(entry) {
                Some((bytes, _)) => Config::read(bytes).map(Arc::new),
                None => Err(DocumentError::None),
            });
            match config {
                Ok(config) => image.config = config.clone(),
                Err(error) => {
                    let place = Place::image(ImagePart::Config);
                    image.problems.push(Problem::error(Code::Corrupt, place, (*error).into()));
                }
            }
        }
        image.platform = image.config.platform.clone().or(image.platform);
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

    /// An attestation, or another artifact that refers to an image: its layers are documents.
    fn attachment(&mut self, entry: usize, config: &Descriptor, layers: &[Descriptor]) {
        let document = |entry, document| DocumentRef { entry, document, image: None };
        self.resolved.documents.push(document(entry, Document::Manifest));
        for (i, layer) in [config].into_iter().chain(layers).enumerate() {
            let held = layer.digest.and_then(|digest| self.inventory.by_digest(&digest));
            match held {
                Some(entry) => {
                    self.resolved.attached.insert(entry);
                    // What is too large for a document, or no JSON, is searched as any blob is.
                    if self.inventory.document(entry).is_some() {
                        self.resolved.documents.push(document(entry, Document::Attestation));
                    }
                }
                None if i == 0 => {}
                None => {
                    let place = Place::Attestation(layer.digest_text.as_str().into());
                    self.resolved.problems.push(missing(layer, place));
                }
            }
        }
    }
}

/// The document that lists the images of a layout.
fn index_json() -> Place {
    Place::entry(b"index.json")
}

/// The problem that the blob of a descriptor is not held.
fn missing(descriptor: &Descriptor, place: Place) -> Problem {
    let digest = &descriptor.digest_text;
    if descriptor.digest.is_none() {
        let detail = message!("its digest {} is of a kind that cannot be read", digest);
        return Problem::error(Code::Unsupported, place, detail);
    }
    Problem::error(Code::Missing, place, message!("the blob {} is not there", digest))
}
