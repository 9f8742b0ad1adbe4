//! Maps the history of an image to the lines of the Dockerfile that it was built from, as named by the user.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use crate::dockerfile::history::{Doubt, Lineup, NoLineup, Past, Recipe, Together};
use crate::dockerfile::parse;
use crate::finding::DockerfileLine;
use crate::image::{Field, FieldStep, Image};
use crate::mask::PathName;
use crate::mask::mask_path;
use crate::mask::{Message, Quoted, message};
use crate::source::{open_input, unreadable};
use crate::stop::Stop;
use crate::text::LineIndex;

/// A parsed Dockerfile that images are aligned with. The file itself is not audited.
#[derive(Debug)]
pub(crate) struct BuiltFrom {
    path: PathName,
    recipe: Recipe,
    /// The first line of each instruction.
    lines: Vec<u64>,
}

/// The reason why a file cannot be aligned with images.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuiltFromError {
    /// The file cannot be read.
    #[error("{}", unreadable(.0).detail.seal())]
    Unreadable(#[from] io::Error),
    /// The file is too large for a Dockerfile.
    #[error("it is larger than {} MiB, too large for a Dockerfile", MAX_SIZE >> 20)]
    TooLarge,
    /// The file has no stage.
    #[error("it is not a Dockerfile: it has no FROM")]
    NoStage,
}

/// The maximum size of the file in bytes. A parsed Dockerfile takes a hundred times its size in memory.
const MAX_SIZE: u64 = 1 << 20;

impl BuiltFrom {
    /// Reads the file at `path`. `-` is standard input.
    ///
    /// # Errors Returns an error if the file cannot be read or is not a Dockerfile.
    pub(crate) fn read(path: &Path, stop: &Stop) -> Result<Self, BuiltFromError> {
        let path = if path == Path::new("-") { Path::new("/dev/stdin") } else { path };
        let input = open_input(path, stop)?;
        let mut bytes = Vec::new();
        input.bytes.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(BuiltFromError::TooLarge);
        }
        Self::new(mask_path(path.as_os_str().as_encoded_bytes()), &bytes)
    }

    fn new(path: PathName, bytes: &[u8]) -> Result<Self, BuiltFromError> {
        let dockerfile = parse(bytes);
        if dockerfile.stages.is_empty() {
            return Err(BuiltFromError::NoStage);
        }
        let index = LineIndex::new(bytes);
        let lines = dockerfile.instructions.iter().map(|i| index.position(i.span.start).line).collect();
        Ok(Self { path, recipe: Recipe::new(dockerfile), lines })
    }

    fn line(&self, instruction: usize) -> Option<DockerfileLine> {
        let line = *self.lines.get(instruction)?;
        Some(DockerfileLine { path: self.path.clone(), line })
    }

    /// Aligns an image with the Dockerfile. `budget` bounds the total cost for all images of a target.
    pub(crate) fn origins(&self, image: &Image, budget: &mut usize) -> Origins {
        let history = &image.config.history;
        let past: Vec<_> = history
            .iter()
            .map(|entry| Past {
                created_by: entry
                    .created_by
                    .as_deref()
                    .and_then(|text| str::from_utf8(text).ok())
                    .unwrap_or_default(),
                empty_layer: entry.empty_layer,
                author: entry.author.as_deref(),
            })
            .collect();
        let lineup = match self.recipe.line_up(&past, budget) {
            Ok(lineup) => lineup,
            Err(reason) => return Origins { notes: vec![self.refusal(&reason)], ..Origins::default() },
        };
        let lines = |instructions: &[Option<usize>]| -> Vec<Option<DockerfileLine>> {
            instructions.iter().map(|instruction| self.line((*instruction)?)).collect()
        };
        let mut layers = Vec::new();
        if image.history_aligned {
            let made = lineup.layers.iter().zip(&past).filter(|(_, past)| !past.empty_layer);
            layers = lines(&made.map(|(instruction, _)| *instruction).collect::<Vec<_>>());
        }
        let notes = self.notes(&lineup, image, &past);
        Origins { stage: Some(lineup.stage), entries: lines(&lineup.entries), layers, notes }
    }

    fn refusal(&self, reason: &NoLineup) -> Message {
        let path = self.path.shown();
        match reason {
            NoLineup::Empty => message!("it is empty, so no lines of {} are named", path),
            NoLineup::TooLong => message!("it is too long to be lined up with {}: no lines are named", path),
            NoLineup::Several => {
                message!("it matches more than one stage of {}, so no lines are named", path)
            }
            NoLineup::Other { unmatched } => {
                let line = unmatched.and_then(|number| self.lines.get(number));
                let unmatched = line.map_or_else(Message::default, |line| {
                    message!("; none of its entries fits line {}", *line)
                });
                message!("it does not match {}, so no lines are named{}", path, unmatched)
            }
        }
    }

    /// Returns notes on whatever is uncertain or unexpected.
    fn notes(&self, lineup: &Lineup, image: &Image, past: &[Past<'_>]) -> Vec<Message> {
        let path = self.path.shown();
        let mut notes = Vec::new();
        let stages = &self.recipe.dockerfile().stages;
        if lineup.stage + 1 < stages.len() {
            let name = stages.get(lineup.stage).and_then(|stage| stage.written.as_ref());
            let name = if let Some(name) = name {
                message!("{}", Quoted(name.as_bytes()))
            } else {
                message!("{}", lineup.stage)
            };
            notes.push(message!(
                "it matches stage {} of {}, which is not the last: lines are of that stage",
                name,
                path
            ));
        }
        let mut doubts: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
        for Doubt { entry, instructions } in &lineup.doubts {
            doubts.entry(instructions).or_default().push(*entry);
        }
        for (instructions, entries) in doubts.iter().take(MAX_DOUBTS) {
            let lines: Vec<_> = instructions.iter().filter_map(|number| self.lines.get(*number)).collect();
            let what = if entries.len() == 1 { "entry" } else { "entries" };
            let (entries, lines) = (listed(entries, "and"), listed(&lines, "or"));
            let what = Message::own(what);
            notes.push(message!(
                "{} {} might be from line {} of {}: none is named",
                what,
                entries,
                lines,
                path
            ));
        }
        if let Some(more) = doubts.len().checked_sub(MAX_DOUBTS).filter(|more| *more > 0) {
            notes.push(message!("{} more groups of entries might be from several lines of {}", more, path));
        }
        for Together { entry, first, last } in &lineup.together {
            let (Some(first), Some(last)) = (self.lines.get(*first), self.lines.get(*last)) else { continue };
            let layer = past.iter().take(*entry).filter(|past| !past.empty_layer).count();
            let what = if image.history_aligned {
                message!("layer {}", layer)
            } else {
                message!("the layer of entry {}", *entry)
            };
            notes.push(if first == last {
                message!(
                    "{} is said to be from line {} of {}, which writes no files: it is not named",
                    what,
                    *last,
                    path
                )
            } else {
                message!(
                    "{} may hold what lines {} to {} of {} wrote, so none of them is named",
                    what,
                    *first,
                    *last,
                    path
                )
            });
        }
        notes
    }
}

/// The maximum number of listed groups of entries that may come from several lines.
const MAX_DOUBTS: usize = 8;
/// The maximum number of listed items of one kind.
const MAX_LISTED: usize = 8;

/// Joins numbers, as in `4, 5 and 7`.
fn listed(numbers: &[impl ToString], word: &str) -> String {
    let mut shown: Vec<_> = numbers.iter().take(MAX_LISTED).map(ToString::to_string).collect();
    if numbers.len() > MAX_LISTED {
        shown.push("others".to_owned());
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => shown.concat(),
    }
}

/// The known origins of one image.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    /// The stage that was built, if the history matches one.
    stage: Option<usize>,
    /// The line for each history entry.
    entries: Vec<Option<DockerfileLine>>,
    /// The line for each layer.
    layers: Vec<Option<DockerfileLine>>,
    /// Notes on the history.
    pub(crate) notes: Vec<Message>,
}

impl Origins {
    /// Returns the line that wrote a layer.
    pub(crate) fn layer(&self, layer: usize) -> Option<DockerfileLine> {
        self.layers.get(layer).cloned().flatten()
    }

    /// Returns the line that set a field of the config to its present value.
    pub(crate) fn field(&self, from: &BuiltFrom, field: &Field, value: &str) -> Option<DockerfileLine> {
        if let Some(below) = field.below(&["history"]) {
            let Some(FieldStep::Item(entry)) = below.first() else { return None };
            return self.entries.get(*entry).cloned().flatten();
        }
        from.line(from.recipe.setter(self.stage?, field, value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed() {
        assert_eq!(listed(&[4], "and"), "4");
        assert_eq!(listed(&[4, 5], "and"), "4 and 5");
        assert_eq!(listed(&[4, 5, 7], "or"), "4, 5 or 7");
        assert_eq!(listed(&[1; 9], "and"), "1, 1, 1, 1, 1, 1, 1, 1 and others");
    }
}
