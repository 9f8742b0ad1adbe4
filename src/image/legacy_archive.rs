//! The images of a docker archive from before Docker 1.10 (Docker image specification v1.0): `repositories`, and
//! `ID/json` and `ID/layer.tar` for each layer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::config::{Config, HistoryEntry};
use super::document::{DocumentError, as_go_reads, parse};
use super::resolve::{MAX_LAYERS, Resolver};
use super::resolved::{DocumentRef, Image, Layer};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{Document, ImagePart, Place, Problem};
use crate::mask::{Message, message};
use crate::sensitive::{Name, Sensitive};

/// The members that are read, as Docker spells them.
const NAMES: [&str; 3] = ["parent", "container_config", "Cmd"];

/// One layer, as its `json` describes it.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    parent: String,
    #[serde(default)]
    container_config: Command,
}

/// The command that made a layer.
#[derive(Default, Deserialize)]
struct Command {
    #[serde(rename = "Cmd", default)]
    words: Vec<String>,
}

/// The layers that were read, by id, since images share them.
type Known = BTreeMap<String, Result<(Arc<Step>, Option<String>), Option<DocumentError>>>;

/// One layer of an image that is being put together.
struct Step {
    id: String,
    entry: usize,
    bytes: Sensitive,
    digest: Digest,
    created_by: Option<Name>,
}

impl Resolver<'_> {
    /// Adds the images. Returns true if there are any.
    pub(super) fn legacy_archive(&mut self) -> bool {
        let mut known = Known::new();
        let heads = match self.inventory.by_name(b"repositories") {
            Some(entry) => match self.read(entry).and_then(|document| repositories(&document.bytes)) {
                Ok(heads) => heads,
                Err(error) => {
                    self.unreadable(Place::entry(b"repositories"), error);
                    return true;
                }
            },
            None => self.heads(&mut known),
        };
        for (name, id) in &heads {
            self.legacy_image(name.clone(), id, &mut known);
        }
        !heads.is_empty()
    }

    /// Returns the layers that no other one is built on. An image that was saved by its id has no name.
    fn heads(&mut self, known: &mut Known) -> Vec<(Option<String>, String)> {
        let names = (0..self.inventory.len()).map(|number| self.inventory.name(number));
        let ids = names.filter_map(|name| std::str::from_utf8(name.strip_suffix(b"/json")?).ok());
        let ids: Vec<String> = ids.filter(|id| is_id(id)).map(str::to_owned).collect();
        let mut parents = BTreeSet::new();
        for id in &ids {
            let parent = self.step(id, known).map(|(_, parent)| parent);
            parents.extend(parent.unwrap_or_default());
        }
        ids.into_iter().filter(|id| !parents.contains(id)).map(|id| (None, id)).collect()
    }

    /// Adds the image with this topmost layer.
    fn legacy_image(&mut self, name: Option<String>, head: &str, known: &mut Known) {
        let number = self.resolved.images.len();
        let mut image = Image { name, history_aligned: true, held: true, ..Image::default() };
        let (steps, problem) = self.chain(head, known);
        image.problems.extend(problem);
        let taken = self.bounded(&steps, "repositories").len();
        // The topmost layers are the last.
        let steps = steps.get(steps.len() - taken..).unwrap_or_default();
        for (i, step) in steps.iter().enumerate() {
            let file = format!("{}/layer.tar", step.id);
            let entry = self.inventory.by_name(file.as_bytes());
            if entry.is_none() {
                let detail = message!("{} is not in the archive", file);
                let place = Place::image(ImagePart::Layer(i));
                image.problems.push(Problem::error(Code::Missing, place, detail));
            }
            image.layers.push(Layer { entry, created_by: step.created_by.clone(), ..Layer::default() });
        }
        if let Some(top) = steps.last() {
            let document = DocumentRef { entry: top.entry, document: Document::Config, image: Some(number) };
            self.resolved.documents.push(document);
            (image.config_entry, image.config_digest) = (Some(top.entry), Some(top.digest));
            match Config::read_legacy(&top.bytes) {
                Ok(mut config) => {
                    let entry = |step: &Arc<Step>| HistoryEntry {
                        created_by: step.created_by.clone(),
                        ..HistoryEntry::default()
                    };
                    config.history = steps.iter().map(entry).collect();
                    image.platform.clone_from(&config.platform);
                    image.config = Arc::new(config);
                }
                Err(error) => {
                    let place = Place::image(ImagePart::Config);
                    image.problems.push(Problem::error(error.code(), place, error.into()));
                }
            }
        }
        self.resolved.images.push(image);
    }

    /// Returns the layers below `head` and itself, lowest first, and why they are not all.
    fn chain(&mut self, head: &str, known: &mut Known) -> (Vec<Arc<Step>>, Option<Problem>) {
        let mut steps = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(head.to_owned());
        let mut problem = None;
        while let Some(id) = next.take() {
            let place = Place::entry(format!("{id}/json").as_bytes());
            let error = |code, detail| Some(Problem::error(code, place.clone(), detail));
            if !seen.insert(id.clone()) {
                problem = error(Code::Corrupt, Message::own("it refers to itself"));
            } else if seen.len() > MAX_LAYERS {
                problem = error(Code::Limit, message!("it has more than {} layers", MAX_LAYERS));
            } else {
                match self.step(&id, known) {
                    Ok((step, parent)) => {
                        steps.push(step);
                        next = parent;
                    }
                    Err(None) => problem = error(Code::Missing, Message::own("it is not in the archive")),
                    // A document that could not be read is reported as such.
                    Err(Some(DocumentError::Unread)) => {}
                    Err(Some(why)) => problem = error(why.code(), why.into()),
                }
            }
        }
        steps.reverse();
        (steps, problem)
    }

    /// Returns a layer, and the id of the one below it.
    fn step(
        &mut self,
        id: &str,
        known: &mut Known,
    ) -> Result<(Arc<Step>, Option<String>), Option<DocumentError>> {
        if let Some(step) = known.get(id) {
            return step.clone();
        }
        let step = self.read_step(id);
        known.insert(id.to_owned(), step.clone());
        step
    }

    fn read_step(&mut self, id: &str) -> Result<(Arc<Step>, Option<String>), Option<DocumentError>> {
        let entry = self.inventory.by_name(format!("{id}/json").as_bytes()).ok_or(None)?;
        let document = self.read(entry)?;
        let parsed = as_go_reads(parse(&document.bytes)?, &NAMES);
        let described = Described::deserialize(parsed.value()).map_err(DocumentError::from)?;
        let words = &described.container_config.words;
        let created_by = (!words.is_empty()).then(|| Name::from(words.join(" ").as_str()));
        let step =
            Step { id: id.to_owned(), entry, bytes: document.bytes, digest: document.digest, created_by };
        Ok((step.into(), Some(described.parent).filter(|parent| !parent.is_empty())))
    }
}

/// Reads `repositories`: the tags of each name, and the layers that they mean.
fn repositories(bytes: &[u8]) -> Result<Vec<(Option<String>, String)>, DocumentError> {
    let parsed = parse(bytes)?;
    let named = BTreeMap::<String, BTreeMap<String, String>>::deserialize(parsed.value())?;
    let tags = named
        .into_iter()
        .flat_map(|(name, tags)| tags.into_iter().map(move |(tag, id)| (Some(format!("{name}:{tag}")), id)));
    Ok(tags.collect())
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
