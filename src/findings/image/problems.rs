//! Problems with the images of a target: parts that could not be read, and oddities.

use std::collections::BTreeSet;

use super::{Context, is_filtered};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{ImageName, ImagePart, Place, Problem};
use crate::image::{Image, Layer};
use crate::mask::{Message, message};
use crate::verdict::{BlobVerdict, Content};

/// The maximum number of platforms to list when none of them is the requested one.
const MAX_PLATFORMS: usize = 8;

/// Returns all problems. Those of the target as a whole are first.
pub(super) fn collect(context: &Context<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = context.gathered.problems.clone();
    problems.extend(context.resolved.problems.iter().cloned());
    choice(context, &mut problems);
    let mut seen = BTreeSet::new();
    for (number, image) in context.images() {
        let name = image_name(context, number, image);
        let place = |part| Place::Image(part, name.clone());
        problems.extend(image.problems.iter().map(|problem| of_image(problem, name.as_ref())));
        if !image.history_aligned && !image.layers.is_empty() {
            let detail = Message::own(
                "its entries do not match the layers, so it is not known which instruction made which layer",
            );
            problems.push(Problem::note(Code::Odd, place(ImagePart::History), detail));
        }
        if let Some((_, origins)) = context.origins(number) {
            let notes = origins.notes.iter();
            problems
                .extend(notes.map(|note| Problem::note(Code::Odd, place(ImagePart::History), note.clone())));
        }
        for (i, layer) in image.layers.iter().enumerate() {
            let Some(entry) = layer.entry.filter(|&entry| seen.insert(entry)) else { continue };
            let place = place(ImagePart::Layer(i));
            if let Some(verdict) = context.gathered.verdicts.get(&entry) {
                of_layer(layer, verdict, &place, &mut problems);
            }
        }
    }
    for (&entry, verdict) in &context.gathered.verdicts {
        if seen.contains(&entry) {
            continue;
        }
        let place = context.gathered.place(entry);
        problems.extend(verdict.problem.iter().map(|problem| problem.clone().at(place.clone())));
        problems.extend(inner(verdict, &place));
        let claimed = context.gathered.inventory.blob(entry).and_then(|blob| blob.digest);
        problems.extend(digest_mismatch(claimed, verdict, &place));
    }
    problems
}

/// Reports a target that has nothing to audit, or that lacks a part of what was asked for.
fn choice(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let nothing_held = context.images().next().is_none();
    if context.chosen.is_empty() && !context.resolved.images.is_empty() {
        problems.push(no_platform(context));
    } else if context.resolved.images.is_empty()
        && !context.resolved.names_artifacts
        && !context.resolved.problems.iter().any(Problem::is_error)
    {
        let detail = Message::own("it names no image");
        problems.push(Problem::error(Code::Missing, Place::entry(b"index.json"), detail));
    }
    for (number, image) in context.chosen.iter().filter_map(|&n| Some((n, context.image(n)?))) {
        if !image.held && (nothing_held || is_filtered(context.selection)) {
            let name = image_name(context, number, image);
            problems.extend(image.problems.iter().map(|problem| of_image(problem, name.as_ref())));
            if image.problems.is_empty() {
                let place = Place::Image(ImagePart::Whole, name);
                problems.push(Problem::error(Code::Missing, place, Message::own("none of it is there")));
            }
        }
    }
}

fn no_platform(context: &Context<'_>) -> Problem {
    let held = context.resolved.images.iter().filter_map(|image| image.platform.as_deref());
    let held: BTreeSet<&str> = held.collect();
    let wanted = context.selection.platform.to_string();
    let mut detail = message!("none of its images is for {}", wanted);
    for (n, platform) in held.into_iter().take(MAX_PLATFORMS).enumerate() {
        let joint = Message::own(if n == 0 { "; there is " } else { ", " });
        detail = message!("{}{}{}", detail, joint, platform);
    }
    Problem::error(Code::Missing, Place::Option("--platform"), detail)
}

/// Returns a problem of an image, with the image's name if the target holds several images.
fn of_image(problem: &Problem, name: Option<&ImageName>) -> Problem {
    let place = match &problem.place {
        Place::Image(part, _) => Place::Image(*part, name.cloned()),
        Place::Manifest(digest, _) => Place::Manifest(digest.clone(), name.cloned()),
        place => place.clone(),
    };
    problem.clone().at(place)
}

/// Returns the name of an image for use in problems, or `None` if it is the only image.
fn image_name(context: &Context<'_>, number: usize, image: &Image) -> Option<ImageName> {
    (context.chosen.len() > 1).then(|| {
        let name = image.name.clone().unwrap_or_else(|| format!("image {number}"));
        let platform = image.platform.as_ref().map(|platform| platform.as_str().into());
        ImageName { name: name.into(), platform }
    })
}

fn of_layer(layer: &Layer, verdict: &BlobVerdict, place: &Place, problems: &mut Vec<Problem>) {
    let error = |code, detail| Problem::error(code, place.clone(), detail);
    let note = |detail| Problem::note(Code::Odd, place.clone(), detail);
    problems.extend(verdict.problem.iter().map(|problem| problem.clone().at(place.clone())));
    if !verdict.is_fetched {
        // There is no size or digest to compare.
        return problems.extend(inner(verdict, place));
    }
    problems.extend(digest_mismatch(layer.digest, verdict, place));
    let unpacked = if verdict.is_compressed { verdict.diff_id } else { verdict.digest };
    if let (Some(unpacked), Some(diff_id)) = (unpacked, layer.diff_id)
        && unpacked != diff_id.0
        // Uncompressed bytes are hashed by one algorithm alone.
        && unpacked.algorithm() == diff_id.0.algorithm()
        && (verdict.is_compressed || layer.digest.is_none())
    {
        let detail =
            message!("its uncompressed bytes do not match its diff_id: their digest is {}", unpacked);
        problems.push(error(Code::DigestMismatch, detail));
    }
    if let Some(size) = layer.size.filter(|&size| size != verdict.size) {
        let detail = message!("its descriptor says {} bytes, but it has {}", size, verdict.size);
        problems.push(match verdict.digest {
            Some(_) => note(detail),
            // The blob was not hashed, so nothing else shows that it differs from the layer in the manifest.
            None => error(Code::DigestMismatch, detail),
        });
    }
    problems.extend(inner(verdict, place));
    if verdict.size == 0 {
        let detail = Message::own("it is empty, without even an end-of-archive marker");
        problems.push(error(Code::Truncated, detail));
    }
    match &verdict.content {
        Content::Bytes(_) | Content::Document(_) if is_encrypted(layer) => {
            let detail = Message::own(
                "it is encrypted, as its media type says: its files are not known without the key",
            );
            problems.push(error(Code::Encrypted, detail));
        }
        Content::Bytes(_) | Content::Document(_) if says_tar(layer) => {
            problems.extend(verdict.problem.is_none().then(|| no_tar(place.clone())));
        }
        Content::Bytes(_) | Content::Document(_) => {
            let media_type = layer.media_type.as_deref().unwrap_or_default();
            let detail = message!("its media type {} is not a layer's; its bytes were searched", media_type);
            problems.push(note(detail));
        }
        Content::Layer(content) => {
            let odd = content.odd_names.as_ref().map(|(first, count)| {
                note(message!(
                    "{} names in it are absolute or climb with `..`, the first of {}",
                    *count,
                    first
                ))
            });
            problems.extend(odd);
        }
    }
}

/// Returns the problems inside a blob.
fn inner(verdict: &BlobVerdict, place: &Place) -> Vec<Problem> {
    verdict.content.problems().into_iter().flat_map(|problems| problems.at(place)).collect()
}

/// Returns the problem for bytes that do not match the digest by which they are referenced.
fn mismatch(digest: Digest, place: Place) -> Problem {
    let detail = message!("its bytes do not match its name: their digest is {}", digest);
    Problem::error(Code::DigestMismatch, place, detail)
}

fn no_tar(place: Place) -> Problem {
    let detail = Message::own("it is not a tar archive, so its files are not known; its bytes were searched");
    Problem::error(Code::Corrupt, place, detail)
}

/// Whether a layer is encrypted (`ocicrypt`, "Media Types").
fn is_encrypted(layer: &Layer) -> bool {
    layer.media_type.as_deref().is_some_and(|media_type| media_type.ends_with("+encrypted"))
}

/// Whether a layer is meant to be a tar archive. In a docker archive, every layer is.
fn says_tar(layer: &Layer) -> bool {
    layer.media_type.as_deref().is_none_or(|media_type| media_type.contains("tar"))
}

fn digest_mismatch(claimed: Option<Digest>, verdict: &BlobVerdict, place: &Place) -> Option<Problem> {
    let digest = verdict.digest.filter(|digest| claimed.is_some_and(|claimed| claimed != *digest))?;
    Some(mismatch(digest, place.clone()))
}
