//! Which image of which target a reference is to.

use std::collections::HashMap;

use crate::finding::{
    DiffId, Finding, ImageSummary, LayerIndex, LayerSummary, Location, Masked, Report, Target,
};

type Name<'r> = (&'r Masked, Option<&'r Masked>, Option<&'r Masked>);

/// The images of a report, by name.
pub(super) struct Stacks<'r> {
    pub(super) images: Vec<(&'r Target, &'r ImageSummary)>,
    by_name: HashMap<Name<'r>, Vec<usize>>,
}

impl<'r> Stacks<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let images: Vec<(&Target, &ImageSummary)> = report
            .targets
            .iter()
            .flat_map(|target| target.images.iter().map(move |image| (target, image)))
            .collect();
        let mut by_name: HashMap<Name<'r>, Vec<usize>> = HashMap::new();
        for (number, (target, image)) in images.iter().enumerate() {
            let name = (&target.target, image.name.as_ref(), image.platform.as_ref());
            by_name.entry(name).or_default().push(number);
        }
        Self { images, by_name }
    }

    /// Returns the number of an image. Of images with one name, the one is meant that has the layer.
    pub(super) fn find(
        &self,
        target: &'r Masked,
        image: Option<&'r Masked>,
        platform: Option<&'r Masked>,
        layer: Option<(LayerIndex, Option<DiffId>)>,
    ) -> Option<usize> {
        let named = self.by_name.get(&(target, image, platform))?;
        let is_meant = |number: &&usize| {
            let Some((layer, Some(diff_id))) = layer else { return false };
            self.layer(**number, layer).is_some_and(|layer| layer.diff_id == Some(diff_id))
        };
        named.iter().find(is_meant).or_else(|| named.first()).copied()
    }

    /// Returns a layer of the image in which a finding is.
    pub(super) fn layer_of(&self, finding: &'r Finding, index: LayerIndex) -> Option<&'r LayerSummary> {
        let Location::Layer { image, platform, layer, diff_id, .. } = &finding.location else { return None };
        let place = Some((*layer, *diff_id));
        let number = self.find(&finding.target, image.as_ref(), platform.as_ref(), place)?;
        self.layer(number, index)
    }

    fn layer(&self, number: usize, index: LayerIndex) -> Option<&'r LayerSummary> {
        let (_, image) = self.images.get(number)?;
        // Layers are listed in order, but a report may leave some out.
        let guess = image.layers.get(index.0).filter(|layer| layer.index == index);
        guess.or_else(|| image.layers.iter().find(|layer| layer.index == index))
    }
}
