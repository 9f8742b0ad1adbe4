//! The images of a docker archive, as its `manifest.json` names them.

use std::collections::BTreeMap;

use super::inventory::claimed_digest;
use super::manifest::read_docker_manifest;
use super::resolve::{DocumentRef, Image, Layer, NO_DOCUMENT, Problem, Resolver};
use crate::finding::Document;

impl Resolver<'_> {
    /// Adds the images of `manifest.json`, but for those that `index.json` has named as well.
    pub(super) fn docker_manifest(&mut self, entry: usize) {
        self.resolved.documents.push(DocumentRef { entry, document: Document::Manifest, image: None });
        let Some((bytes, _)) = self.inventory.document(entry) else {
            return self.problem("manifest.json", NO_DOCUMENT);
        };
        let images = match read_docker_manifest(bytes) {
            Ok(images) => images,
            Err(error) => return self.problem("manifest.json", error.to_string()),
        };
        // The newer `docker save` names its images in both ways.
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
                    let message = format!("{name} is not in the archive");
                    image.problems.push(Problem::new(format!("layer {i}"), message));
                }
                image.layers.push(Layer { entry, digest, ..Layer::default() });
            }
            if let Some(entry) = config_entry {
                image.config_digest = self.inventory.document(entry).map(|(_, digest)| digest);
                let document = DocumentRef { entry, document: Document::Config, image: Some(number) };
                self.resolved.documents.push(document);
            } else {
                let message = format!("{} is not in the archive", docker.config);
                image.problems.push(Problem::new("config", message));
            }
            image.held = config_entry.is_some() || image.layers.iter().any(|layer| layer.entry.is_some());
            self.finish(image);
        }
    }
}
