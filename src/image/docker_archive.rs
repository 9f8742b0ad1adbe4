//! The images that the `manifest.json` of a docker archive names.

use std::collections::BTreeMap;

use super::manifest::read_docker_manifest;
use super::resolve::Resolver;
use super::resolved::{DocumentRef, Image, Layer};
use crate::fault::Code;
use crate::finding::{Document, ImagePart, Place, Problem};
use crate::mask::message;
use crate::source::claimed_digest;

impl Resolver<'_> {
    /// Adds the images of `manifest.json`, except those that `index.json` names as well.
    pub(super) fn docker_manifest(&mut self, entry: usize) {
        self.resolved.documents.push(DocumentRef { entry, document: Document::Manifest, image: None });
        let read = self.read(entry).and_then(|document| read_docker_manifest(&document.bytes));
        let images = match read {
            Ok(images) => images,
            Err(error) => return self.unreadable(manifest_json(), error),
        };
        // Newer versions of `docker save` name their images in both files.
        let known: BTreeMap<usize, usize> = self
            .resolved
            .images
            .iter()
            .enumerate()
            .filter_map(|(number, image)| Some((image.config_entry?, number)))
            .collect();
        for docker in images {
            let config_entry = self.inventory.by_name(docker.config.as_bytes());
            let name = docker.repo_tags.first().cloned();
            let same = config_entry.and_then(|entry| known.get(&entry)).filter(|&&image| {
                let layers = self.resolved.images.get(image).map(|image| &image.layers[..]);
                let named = docker.layers.iter().map(|name| self.inventory.by_name(name.as_bytes()));
                layers.is_some_and(|layers| layers.iter().map(|layer| layer.entry).eq(named))
            });
            if let Some(&image) = same {
                if let (Some(image), Some(name)) = (self.resolved.images.get_mut(image), name) {
                    image.name = Some(name);
                }
                continue;
            }
            let layers = self.bounded(&docker.layers, "manifest.json");
            let number = self.resolved.images.len();
            let mut image = Image { name, config_entry, ..Image::default() };
            for (i, name) in layers.iter().enumerate() {
                let entry = self.inventory.by_name(name.as_bytes());
                let digest = claimed_digest(name.as_bytes());
                if entry.is_none() {
                    image.problems.push(missing(name, ImagePart::Layer(i)));
                }
                image.layers.push(Layer { entry, digest, ..Layer::default() });
            }
            if let Some(entry) = config_entry {
                let document = DocumentRef { entry, document: Document::Config, image: Some(number) };
                self.resolved.documents.push(document);
            } else {
                image.problems.push(missing(&docker.config, ImagePart::Config));
            }
            image.held = config_entry.is_some() || image.layers.iter().any(|layer| layer.entry.is_some());
            self.finish(image);
        }
    }
}

/// Returns the place of the document that lists the images of a docker archive.
fn manifest_json() -> Place {
    Place::entry(b"manifest.json")
}

/// Creates the problem that an entry named by the manifest is not in the archive.
fn missing(name: &str, part: ImagePart) -> Problem {
    Problem::error(Code::Missing, Place::image(part), message!("{} is not in the archive", name))
}
