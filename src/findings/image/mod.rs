//! Turns verdicts into findings: each occurrence becomes a finding of the images that contain it.

mod blobs;
mod built_from;
mod commands;
mod documents;
mod held;
mod layers;
mod problems;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use built_from::BuiltFrom;

use crate::engine::gathered::Gathered;
use crate::finding::{ImageSummary, LayerIndex, LayerSummary, TargetKind};
use crate::findings::{Audited, Drafts, ImageText, Sealer};
use crate::image::{Image, Inventory, Layer, PlatformFilter, Resolved};
use crate::mask::{Masked, mask};
use crate::timestamp::Timestamp;
use built_from::Origins;

/// The parts of a target that the user asked for, and the Dockerfile that the user named.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// The platforms to audit.
    pub(crate) platform: PlatformFilter,
    /// The Dockerfile that the images were built from, as named by the user.
    pub(crate) dockerfile: Option<Arc<BuiltFrom>>,
}

/// The input shared by the modules of this directory.
struct Context<'a> {
    gathered: &'a Gathered,
    resolved: &'a Resolved,
    selection: &'a Selection,
    /// The numbers of the images that are audited, in report order.
    chosen: Vec<usize>,
    /// The known Dockerfile lines of each image, by the number of the image.
    origins: BTreeMap<usize, Rc<Origins>>,
}

fn image_text(image: &Image) -> ImageText {
    let text = |text: &Option<String>| text.as_ref().map(|text| mask(text.as_bytes()));
    let command = |layer: &Layer| layer.created_by.as_ref().map(|command| mask(command));
    ImageText {
        name: text(&image.name),
        platform: text(&image.platform),
        created_by: image.layers.iter().map(command).collect(),
    }
}

impl<'a> Context<'a> {
    fn image(&self, number: usize) -> Option<&'a Image> {
        self.resolved.images.get(number)
    }

    /// Returns the images that are selected and present in the target.
    fn images(&self) -> impl Iterator<Item = (usize, &'a Image)> {
        self.chosen.iter().filter_map(|&n| Some((n, self.image(n)?))).filter(|(_, image)| image.held)
    }

    /// Returns the Dockerfile, and the lines of it that the parts of an image come from.
    fn origins(&self, number: usize) -> Option<(&'a BuiltFrom, &Origins)> {
        Some((self.selection.dockerfile.as_deref()?, self.origins.get(&number)?))
    }
}

/// Returns the entries that belong only to images which the options exclude. `all` is the number of entries.
pub(crate) fn unwanted(
    inventory: &Inventory,
    resolved: &Resolved,
    platform: &PlatformFilter,
    all: usize,
) -> BTreeSet<usize> {
    let mut wanted = BTreeSet::new();
    let mut others = BTreeSet::new();
    for image in &resolved.images {
        let entries = image.layers.iter().filter_map(|layer| layer.entry);
        let set = if platform.takes(image.platform.as_deref()) { &mut wanted } else { &mut others };
        set.extend(entries.chain(image.config_entry));
        set.extend(image.manifest_digest.and_then(|digest| inventory.by_digest(&digest)));
    }
    if resolved.is_selection {
        others.extend(0..all);
    }
    wanted.extend(&resolved.attached);
    &others - &wanted
}

/// Returns the findings and problems of one target.
pub(crate) fn assemble(
    target: &Masked,
    gathered: &Gathered,
    resolved: &Resolved,
    selection: &Selection,
    now: Option<Timestamp>,
) -> Audited {
    let chosen = (0..resolved.images.len()).filter(|&n| {
        resolved.images.get(n).is_some_and(|image| selection.platform.takes(image.platform.as_deref()))
    });
    let chosen = chosen.collect();
    let mut context = Context { gathered, resolved, selection, chosen, origins: BTreeMap::new() };
    context.origins = origins(&context);
    let texts: Vec<ImageText> = resolved.images.iter().map(image_text).collect();
    let (mut drafts, secrets) = documents::drafts(&context);
    let Drafts { drafts: of_layers, problems: of_names, secrets: _ } = layers::drafts(&context);
    drafts.extend(of_layers);
    drafts.extend(blobs::drafts(&context));
    let sealer = Sealer::new(target, &texts, now);
    let summaries = context.chosen.iter().filter_map(|&n| Some((context.image(n)?, texts.get(n)?)));
    Audited {
        kind: Some(TargetKind::Image),
        images: summaries.map(|(image, text)| summary(image, text, gathered)).collect(),
        findings: drafts.iter().map(|draft| sealer.finding(draft)).collect(),
        problems: problems::collect(&context).into_iter().chain(of_names).collect(),
        secrets,
    }
}

/// The maximum total cost of aligning the images of a target, in instructions times history entries.
const MAX_LINING_UP: usize = 32 << 20;

/// Aligns the images with the Dockerfile that they were built from. Images with the same config share the
/// result.
fn origins(context: &Context<'_>) -> BTreeMap<usize, Rc<Origins>> {
    let Some(from) = context.selection.dockerfile.as_deref() else { return BTreeMap::new() };
    let mut budget = MAX_LINING_UP;
    let mut of_config: BTreeMap<(Option<usize>, bool), Rc<Origins>> = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for (number, image) in context.images() {
        let known = of_config.entry((image.config_entry, image.history_aligned));
        let known = known.or_insert_with(|| from.origins(image, &mut budget).into());
        origins.insert(number, Rc::clone(known));
    }
    origins
}

fn summary(image: &Image, text: &ImageText, gathered: &Gathered) -> ImageSummary {
    let verdict = |layer: &Layer| gathered.verdicts.get(&layer.entry?);
    let layers = image.layers.iter().enumerate().map(|(i, layer)| LayerSummary {
        index: LayerIndex(i),
        digest: stored_digest(layer, gathered),
        diff_id: layer.diff_id,
        media_type: layer.media_type.as_ref().map(|media_type| mask(media_type.as_bytes())),
        size: verdict(layer).map(|v| v.size).or(layer.size),
        created_by: text.created_by.get(i).cloned().flatten(),
        cached: verdict(layer).is_some_and(|v| v.is_cached),
    });
    ImageSummary {
        name: text.name.clone(),
        platform: text.platform.clone(),
        manifest_digest: image.manifest_digest,
        config_digest: image.config_digest,
        held: image.held,
        layers: layers.collect(),
    }
}

/// Returns the digest of a layer as it is stored. The descriptor names it. A docker archive has no descriptors,
/// so the computed digest is next. The last resort, for a plain layer, is its `diff_id`, which is the same by
/// definition.
fn stored_digest(layer: &Layer, gathered: &Gathered) -> Option<crate::digest::Digest> {
    let verdict = layer.entry.and_then(|entry| gathered.verdicts.get(&entry));
    layer.digest.or_else(|| verdict?.digest).or_else(|| {
        let plain = verdict.is_some_and(|verdict| !verdict.is_compressed);
        layer.diff_id.filter(|_| plain).map(|id| id.0)
    })
}

/// Whether the user asked for one platform only.
fn is_filtered(selection: &Selection) -> bool {
    matches!(selection.platform, PlatformFilter::Only(_))
}
