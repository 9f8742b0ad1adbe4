//! What could not be read of a target, and what is odd about it.

use std::collections::BTreeSet;

use super::{Context, Outcome, is_filtered};
use crate::engine::gather::mismatch;
use crate::image::{Image, Layer, Problem};
use crate::verdict::{BlobVerdict, Content};

/// So many platforms are named where none is the one that was asked for.
const MAX_PLATFORMS: usize = 8;

pub(super) fn collect(context: &Context<'_>, outcome: &mut Outcome) {
    let mut errors: Vec<Problem> = context.gathered.problems.clone();
    let mut notes: Vec<Problem> = Vec::new();
    errors.extend(context.resolved.problems.iter().cloned());
    notes.extend(context.resolved.notes.iter().cloned());
    choice(context, &mut errors);
    let mut seen = BTreeSet::new();
    for (number, image) in context.images() {
        let of = of_image(context, number, image);
        let put = |problem: &Problem| Problem::new(format!("{}{of}", problem.place), &problem.message);
        errors.extend(image.problems.iter().map(put));
        if !image.history_aligned && !image.layers.is_empty() {
            let message = "its entries do not line up with the layers, so what made each layer is not known";
            notes.push(Problem::new(format!("history{of}"), message));
        }
        if let Some((_, origins)) = context.origins(number) {
            notes.extend(origins.notes.iter().map(|note| Problem::new(format!("history{of}"), note)));
        }
        for (i, layer) in image.layers.iter().enumerate() {
            let Some(entry) = layer.entry else { continue };
            if !seen.insert(entry) {
                continue;
            }
            let place = format!("layer {i}{of}");
            if context.gathered.inventory.document(entry).is_some() && says_tar(layer) {
                errors.push(Problem::new(&place, NO_TAR));
            }
            if let Some(verdict) = context.gathered.verdicts.get(&entry) {
                errors.extend(layer_errors(layer, verdict).into_iter().map(|m| Problem::new(&place, m)));
                notes.extend(layer_notes(layer, verdict).into_iter().map(|m| Problem::new(&place, m)));
            }
        }
    }
    for (&entry, verdict) in &context.gathered.verdicts {
        if seen.contains(&entry) {
            continue;
        }
        let place = context.gathered.place(entry);
        errors.extend(verdict.problem.iter().map(|problem| Problem::new(&place, problem)));
        errors.extend(verdict.content.troubles().errors().map(|message| Problem::new(&place, message)));
        notes.extend(verdict.content.troubles().notes().map(|message| Problem::new(&place, message)));
        let claimed = context.gathered.names.get(entry).and_then(|name| crate::image::claimed_digest(name));
        errors.extend(digest_error(claimed, verdict).map(|message| Problem::new(&place, message)));
    }
    outcome.errors = errors.iter().map(|problem| context.issue(problem)).collect();
    outcome.notes = notes.iter().map(|problem| context.issue(problem)).collect();
}

/// Whether there is anything to audit, and all of what was asked for.
fn choice(context: &Context<'_>, errors: &mut Vec<Problem>) {
    let nothing_held = context.images().next().is_none();
    if context.chosen.is_empty() && !context.resolved.images.is_empty() {
        let held = context.resolved.images.iter().filter_map(|image| image.platform.as_deref());
        let held: BTreeSet<&str> = held.collect();
        let mut message = format!("none of its images is for {}", context.selection.platform);
        if !held.is_empty() {
            let named: Vec<_> = held.into_iter().take(MAX_PLATFORMS).collect();
            message = format!("{message}; there is {}", named.join(", "));
        }
        errors.push(Problem::new("--platform", message));
    } else if context.resolved.images.is_empty() && context.resolved.problems.is_empty() {
        errors.push(Problem::new("index.json", "it names no image"));
    }
    for (number, image) in context.chosen.iter().filter_map(|&n| Some((n, context.image(n)?))) {
        if !image.held && (nothing_held || is_filtered(context.selection)) {
            let of = of_image(context, number, image);
            errors
                .extend(image.problems.iter().map(|p| Problem::new(format!("{}{of}", p.place), &p.message)));
            if image.problems.is_empty() {
                errors.push(Problem::new(format!("image{of}"), "none of it is there"));
            }
        }
    }
}

/// ` of NAME (PLATFORM)`, where a target holds more than one image.
fn of_image(context: &Context<'_>, number: usize, image: &Image) -> String {
    if context.chosen.len() < 2 {
        return String::new();
    }
    let name = image.name.clone().unwrap_or_else(|| format!("image {number}"));
    let platform = image.platform.as_ref().map(|platform| format!(" ({platform})")).unwrap_or_default();
    format!(" of {name}{platform}")
}

fn layer_errors(layer: &Layer, verdict: &BlobVerdict) -> Vec<String> {
    let mut errors: Vec<String> = verdict.problem.iter().cloned().collect();
    errors.extend(digest_error(layer.digest, verdict));
    let unpacked = if verdict.is_compressed { verdict.diff_id } else { verdict.digest };
    if let (Some(unpacked), Some(diff_id)) = (unpacked, layer.diff_id)
        && unpacked != diff_id.0
        && (verdict.is_compressed || layer.digest.is_none())
    {
        errors.push(format!("its uncompressed bytes do not match its diff_id: their digest is {unpacked}"));
    }
    if let (None, Some(size)) = (verdict.digest, layer.size.filter(|&size| size != verdict.size)) {
        // Not hashed, so this alone tells that it is not the layer that the manifest means.
        errors.push(format!("its descriptor says {size} bytes, but it has {}", verdict.size));
    }
    errors.extend(verdict.content.troubles().errors());
    if verdict.size == 0 {
        errors.push("it is empty, without even an end-of-archive marker".to_owned());
    }
    if matches!(verdict.content, Content::Bytes(_)) && says_tar(layer) && verdict.problem.is_none() {
        errors.push(NO_TAR.to_owned());
    }
    errors
}

const NO_TAR: &str = "it is not a tar archive, so its files are not known; its bytes were searched";

/// Whether a layer is meant to be a tar archive; in a docker archive every layer is.
fn says_tar(layer: &Layer) -> bool {
    layer.media_type.as_deref().is_none_or(|media_type| media_type.contains("tar"))
}

fn digest_error(claimed: Option<crate::finding::Digest>, verdict: &BlobVerdict) -> Option<String> {
    verdict.digest.filter(|digest| claimed.is_some_and(|claimed| claimed != *digest)).map(|d| mismatch(&d))
}

fn layer_notes(layer: &Layer, verdict: &BlobVerdict) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(_), Some(size)) = (verdict.digest, layer.size.filter(|&size| size != verdict.size)) {
        notes.push(format!("its descriptor says {size} bytes, but it has {}", verdict.size));
    }
    notes.extend(verdict.content.troubles().notes());
    match &verdict.content {
        Content::Layer(content) => {
            if let Some((first, count)) = &content.odd_names {
                let first = String::from_utf8_lossy(first);
                let message =
                    format!("{count} names in it are absolute or climb with `..`, the first of {first}");
                notes.push(message);
            }
        }
        Content::Bytes(_) => {
            if let Some(media_type) = layer.media_type.as_deref().filter(|m| !m.contains("tar")) {
                notes.push(format!("its media type {media_type} is not a layer's; its bytes were searched"));
            }
        }
    }
    notes
}
