//! The layers of an image as a stack, with those marked that hold a token or hide one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::columns::{cut_middle, padded, width_of};
use super::count;
use crate::finding::{ImageSummary, LayerIndex, Location, Report};
use crate::report::place::{image_name, join};
use crate::report::size::size;
use crate::report::{Style, escape};

/// The maximum number of images that are drawn.
const MAX_IMAGES: usize = 3;
/// The largest number of layers that are all drawn.
const MAX_LAYERS: usize = 12;
/// The width of the longest bar.
const BAR: usize = 14;

/// The tokens in a layer, and the layers that it hides files of.
#[derive(Default)]
struct Mark {
    /// The tokens that the layer holds.
    tokens: BTreeSet<String>,
    /// The layers of which it hides files with a token.
    hides: BTreeSet<LayerIndex>,
}

/// Draws the images that have a token in a layer.
pub(super) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut left_out = 0;
    let mut drawn = 0;
    for target in &report.targets {
        for image in target.images.iter().filter(|image| image.held) {
            let marks = marks(report, &target.target, image);
            if marks.is_empty() {
                continue;
            }
            if drawn == MAX_IMAGES {
                left_out += 1;
                continue;
            }
            drawn += 1;
            let total: u64 = image.layers.iter().filter_map(|layer| layer.size).sum();
            let name = join(&[
                escape(target.target.as_str()).into_owned(),
                image_name(image.name.as_ref(), image.platform.as_ref()),
            ]);
            let layers = count(image.layers.len(), "layer");
            let tail = format!("  {layers}, {}", size(total));
            let room = style.width().saturating_sub(2 + width_of(&tail));
            writeln!(out, "  {}{tail}", style.strong(cut_middle(&name, room)))?;
            draw(image, &marks, style, out)?;
            writeln!(out)?;
        }
    }
    if left_out > 0 {
        writeln!(out, "  {} with a token not drawn\n", count(left_out, "other image"))?;
    }
    Ok(())
}

/// Collects what is to be said of the layers of an image. Empty if no layer of it holds a token.
fn marks(
    report: &Report,
    target: &crate::finding::Masked,
    image: &ImageSummary,
) -> BTreeMap<LayerIndex, Mark> {
    let mut marks: BTreeMap<LayerIndex, Mark> = BTreeMap::new();
    let mut mark = |layer: LayerIndex, hidden_by: Option<LayerIndex>, token: Option<String>| {
        marks.entry(layer).or_default().tokens.extend(token);
        if let Some(above) = hidden_by {
            marks.entry(above).or_default().hides.insert(layer);
        }
    };
    for finding in report.open_findings().filter(|finding| finding.target == *target) {
        let token = || finding.token.as_ref().map(|token| token.redacted.to_string());
        if let Location::Layer { image: name, platform, layer, hidden_by, .. } = &finding.location
            && (name, platform) == (&image.name, &image.platform)
        {
            mark(*layer, *hidden_by, token());
        }
        for also in &finding.also {
            if let Some(layer) = also.layer
                && (&also.image, &also.platform) == (&image.name, &image.platform)
            {
                mark(layer, also.hidden_by, token());
            }
        }
    }
    marks
}

fn draw(
    image: &ImageSummary,
    marks: &BTreeMap<LayerIndex, Mark>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_shown = |index: LayerIndex| image.layers.len() <= MAX_LAYERS || marks.contains_key(&index);
    let largest = image.layers.iter().filter_map(|layer| layer.size).max().unwrap_or_default().max(1);
    let number = image.layers.len().saturating_sub(1).to_string().len();
    let mut skipped: (usize, u64) = (0, 0);
    for layer in &image.layers {
        let bytes = layer.size.unwrap_or_default();
        if !is_shown(layer.index) {
            skipped = (skipped.0 + 1, skipped.1.saturating_add(bytes));
            continue;
        }
        rest(std::mem::take(&mut skipped), style, out)?;
        let length = usize::try_from(u128::from(bytes) * BAR as u128 / u128::from(largest)).unwrap_or(BAR);
        let bar = if length == 0 { "▏".to_owned() } else { "▇".repeat(length.min(BAR)) };
        let mark = marks.get(&layer.index);
        let holds = mark.is_some_and(|mark| !mark.tokens.is_empty());
        let sign = if holds { "✗" } else { " " };
        let bytes = layer.size.map(size).unwrap_or_default();
        let remark = mark.map(remark).unwrap_or_default();
        let command = layer.created_by.as_ref().map(|command| command_of(&escape(command.as_str())));
        let used = 2 + number + 1 + BAR + 3 + 9 + 2;
        let beside = if remark.is_empty() { 0 } else { width_of(&remark) + 2 };
        let is_wide = style.width() >= used + beside + 16;
        let room = style.width().saturating_sub(used + if is_wide { beside } else { 0 }).max(8);
        let command = cut_middle(&command.unwrap_or_default(), room);
        let command = if is_wide && beside > 0 { padded(&command, room) } else { command };
        let tail = if is_wide { format!("  {remark}") } else { String::new() };
        let line = format!(
            "  {:>number$} {} {} {bytes:>9}  {command}{}",
            layer.index.to_string(),
            padded(&bar, BAR),
            style.error(sign),
            style.strong(tail.trim_end()),
        );
        writeln!(out, "{}", line.trim_end())?;
        if !is_wide && !remark.is_empty() {
            writeln!(out, "  {:number$} {}", "", style.strong(remark))?;
        }
    }
    rest(skipped, style, out)
}

/// Writes how many layers were left out.
fn rest((layers, bytes): (usize, u64), style: Style, out: &mut dyn Write) -> io::Result<()> {
    if layers == 0 {
        return Ok(());
    }
    writeln!(out, "  {}", style.faint(format_args!("⋮ {}, {}", count(layers, "layer"), size(bytes))))
}

fn remark(mark: &Mark) -> String {
    let mut parts = Vec::new();
    if let Some(first) = mark.tokens.first() {
        let more = mark.tokens.len() - 1;
        parts.push(if more > 0 { format!("← {first} and {more} more") } else { format!("← {first}") });
    }
    if !mark.hides.is_empty() {
        let layers: Vec<String> = mark.hides.iter().map(ToString::to_string).collect();
        let layer = if layers.len() == 1 { "layer" } else { "layers" };
        parts.push(format!("hides {layer} {}, removes nothing", layers.join(", ")));
    }
    parts.join("; ")
}

/// Returns a command without what builders put around it.
fn command_of(command: &str) -> String {
    let inner = command.strip_suffix(" # buildkit").unwrap_or(command);
    let inner = inner.strip_prefix("/bin/sh -c #(nop) ").unwrap_or(inner).trim_start();
    let text = match inner.split_once("/bin/sh -c ") {
        Some((before, shell))
            if before.is_empty()
                || before == "RUN "
                || before.starts_with("RUN |")
                || before.starts_with('|') =>
        {
            format!("RUN {shell}")
        }
        _ => inner.to_owned(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
