//! Each image as a stack of layers: how large they are, who made them, and where tokens are in them.

use std::collections::{BTreeMap, BTreeSet};

use super::stacks::Stacks;
use crate::finding::{Finding, ImageSummary, LayerSummary, Location, Origin, Report, State};
use crate::report::escape;
use crate::report::escape::shorten;
use crate::report::place::{document_name, image_name};
use crate::report::size::size;
use crate::report::text::count;

/// The maximum length of a command, in characters.
const MAX_COMMAND: usize = 300;
/// The maximum number of places that are listed for a layer. All of them are among the findings.
const MAX_MARKS: usize = 8;
/// The width of the longest bar, and of the shortest.
const BARS: (u64, u64) = (1000, 6);

/// An image.
pub(super) struct ImageView {
    pub(super) name: String,
    pub(super) facts: Vec<String>,
    /// Whether it is shown open: there are tokens in it.
    pub(super) is_open: bool,
    pub(super) rows: Vec<Row>,
}

/// A layer, or a document of an image.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) size: String,
    /// Whether it is a layer.
    pub(super) is_layer: bool,
    /// The width of the bar, in thousandths.
    pub(super) bar: u64,
    pub(super) command: String,
    /// The line of the Dockerfile, if a finding names it.
    pub(super) line: Option<String>,
    pub(super) origin: Option<&'static str>,
    pub(super) marks: Vec<Mark>,
    pub(super) more: usize,
    /// The files that this layer hides, each with its layer.
    pub(super) hides: Vec<(String, usize)>,
    pub(super) more_hidden: usize,
}

/// A place of a token.
pub(super) struct Mark {
    pub(super) token: String,
    pub(super) place: String,
    pub(super) state: String,
}

/// The facts that the findings give about one layer or document.
#[derive(Default)]
struct Found {
    marks: Vec<Mark>,
    more: usize,
    hides: BTreeSet<(String, usize)>,
    more_hidden: usize,
    line: Option<String>,
    origins: Vec<Origin>,
}

/// The facts that the findings give about one image.
#[derive(Default)]
struct FoundInImage {
    layers: BTreeMap<usize, Found>,
    documents: BTreeMap<&'static str, Found>,
}

impl Found {
    fn mark(&mut self, finding: &Finding, place: &str, state: String) {
        if self.marks.len() >= MAX_MARKS {
            self.more += 1;
            return;
        }
        let token = match &finding.token {
            Some(token) => token.redacted.to_string(),
            None => finding.rule.as_str().to_owned(),
        };
        let (token, place) = (escape(&token).into_owned(), escape(place).into_owned());
        self.marks.push(Mark { token, place, state });
    }

    fn hide(&mut self, path: &str, layer: usize) {
        let hidden = (escape(path).into_owned(), layer);
        if self.hides.len() < MAX_MARKS {
            self.hides.insert(hidden);
        } else if !self.hides.contains(&hidden) {
            self.more_hidden += 1;
        }
    }
}

/// Returns the images that the sources hold, those with findings first.
pub(super) fn images(report: &Report) -> Vec<ImageView> {
    let stacks = Stacks::of(report);
    let mut found: BTreeMap<usize, FoundInImage> = BTreeMap::new();
    for finding in report.open_findings() {
        add(finding, &stacks, &mut found);
    }
    let mut views: Vec<ImageView> = stacks
        .images
        .iter()
        .enumerate()
        .map(|(number, (target, image))| {
            view(target.target.as_str(), image, &found.remove(&number).unwrap_or_default())
        })
        .collect();
    views.sort_by_key(|view| !view.is_open);
    views
}

/// Notes down what a finding says of the images that it is in.
fn add<'r>(finding: &'r Finding, stacks: &Stacks<'r>, found: &mut BTreeMap<usize, FoundInImage>) {
    match &finding.location {
        Location::Layer { image, platform, layer, diff_id, path, state, hidden_by, dockerfile, .. } => {
            let place = Some((*layer, *diff_id));
            let number = stacks.find(&finding.target, image.as_ref(), platform.as_ref(), place);
            let Some(number) = number else { return };
            let in_image = found.entry(number).or_default();
            let own = in_image.layers.entry(layer.0).or_default();
            own.mark(finding, path.as_str(), state_text(*state, hidden_by.map(|by| by.0)));
            own.origins.extend(finding.origin);
            if let Some(line) = dockerfile {
                own.line = Some(format!("{}:{}", escape(line.path.as_str()), line.line));
            }
            if let Some(by) = hidden_by {
                in_image.layers.entry(by.0).or_default().hide(path.as_str(), layer.0);
            }
        }
        Location::Config { image, platform, document, field, dockerfile, .. } => {
            let number = stacks.find(&finding.target, image.as_ref(), platform.as_ref(), None);
            let Some(number) = number else { return };
            let in_image = found.entry(number).or_default();
            let own = in_image.documents.entry(document_name(*document)).or_default();
            let line = dockerfile.as_ref();
            let line = line.map(|line| format!(", from {}:{}", escape(line.path.as_str()), line.line));
            own.mark(finding, field.as_str(), line.unwrap_or_default());
            own.origins.extend(finding.origin);
        }
        _ => {}
    }
    for also in &finding.also {
        let (Some(layer), Some(path)) = (also.layer, &also.path) else { continue };
        let place = Some((layer, None));
        let number = stacks.find(&finding.target, also.image.as_ref(), also.platform.as_ref(), place);
        let Some(number) = number else { continue };
        let in_image = found.entry(number).or_default();
        let state = state_text(also.state.unwrap_or(State::Present), also.hidden_by.map(|by| by.0));
        in_image.layers.entry(layer.0).or_default().mark(finding, path.as_str(), state);
        if let Some(by) = also.hidden_by {
            in_image.layers.entry(by.0).or_default().hide(path.as_str(), layer.0);
        }
    }
}

fn state_text(state: State, hidden_by: Option<usize>) -> String {
    let does = match state {
        State::Present => return String::new(),
        State::Deleted => "deleted",
        State::Overwritten => "overwritten",
    };
    let by = hidden_by.map(|by| format!(" by layer {by}")).unwrap_or_default();
    format!(", {does}{by}, still readable")
}

fn view(target: &str, image: &ImageSummary, found: &FoundInImage) -> ImageView {
    let own = image_name(image.name.as_ref(), image.platform.as_ref());
    let sizes: u64 = image.layers.iter().filter_map(|layer| layer.size).fold(0, u64::saturating_add);
    let largest = image.layers.iter().filter_map(|layer| layer.size).max().unwrap_or_default();
    let mut facts = Vec::new();
    if !own.is_empty() {
        facts.push(format!("in {}", escape(target)));
    }
    if image.held {
        facts.push(count(image.layers.len(), "layer"));
    } else {
        facts.push("not held by the source".to_owned());
    }
    if sizes > 0 {
        facts.push(size(sizes));
    }
    let mut rows: Vec<Row> = image
        .layers
        .iter()
        .map(|layer| layer_row(layer, largest, found.layers.get(&layer.index.0)))
        .collect();
    for (name, found) in &found.documents {
        rows.push(row((*name).to_owned(), Some(found)));
    }
    let is_open = !found.layers.is_empty() || !found.documents.is_empty();
    let name = if own.is_empty() { escape(target).into_owned() } else { own };
    ImageView { name, facts, is_open, rows }
}

fn layer_row(layer: &LayerSummary, largest: u64, found: Option<&Found>) -> Row {
    let mut row = row(layer.index.to_string(), found);
    row.is_layer = true;
    row.size = layer.size.map(size).unwrap_or_default();
    let (longest, shortest) = BARS;
    let share =
        |size: u64| u64::try_from(u128::from(size) * u128::from(longest) / u128::from(largest.max(1)));
    row.bar = layer.size.map_or(0, |size| share(size).unwrap_or(longest).max(shortest));
    let command = layer.created_by.as_ref().map(|command| escape(command.as_str()));
    row.command = command.map(|command| shorten(&command, MAX_COMMAND).into_owned()).unwrap_or_default();
    row
}

fn row(name: String, found: Option<&Found>) -> Row {
    let mut row = Row {
        name,
        size: String::new(),
        is_layer: false,
        bar: 0,
        command: String::new(),
        line: None,
        origin: None,
        marks: Vec::new(),
        more: 0,
        hides: Vec::new(),
        more_hidden: 0,
    };
    let Some(found) = found else { return row };
    row.line.clone_from(&found.line);
    row.origin = match found.origins.first() {
        Some(first) if found.origins.iter().all(|origin| origin == first) => match first {
            Origin::Base => Some("base image"),
            Origin::Own => Some("built on the base image"),
            Origin::Unknown => None,
        },
        _ => None,
    };
    let copy = |mark: &Mark| Mark {
        token: mark.token.clone(),
        place: mark.place.clone(),
        state: mark.state.clone(),
    };
    row.marks = found.marks.iter().map(copy).collect();
    (row.more, row.more_hidden) = (found.more, found.more_hidden);
    row.hides = found.hides.iter().cloned().collect();
    row
}
