//! A Dockerfile prepared for comparison with histories, and the search for the stage that matches one.

use super::align::{Alignment, BitRow, Rows, align};
use super::chain::Chain;
use super::entry::Entry;
use super::expected::Expected;
use super::fits::fits;
use super::triggers::Steps;
use crate::dockerfile::{Arguments, Dockerfile, Keyword};

/// An entry of an image's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past<'a> {
    /// The command, in the builder's spelling.
    pub created_by: &'a str,
    /// Whether the entry made no layer.
    pub empty_layer: bool,
    /// The recorded author.
    pub author: Option<&'a str>,
}

/// A Dockerfile, prepared to be aligned with histories.
pub(crate) struct Recipe {
    pub(super) dockerfile: Dockerfile,
    pub(super) steps: Steps,
    /// The expected entries, indexed by step. `None` for a step that leaves no entry.
    pub(super) expected: Vec<Option<Expected>>,
    /// The steps of each stage that leave an entry.
    pub(super) of_stage: Vec<Vec<usize>>,
    /// All shells that `SHELL` instructions set.
    shells: Vec<String>,
}

impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipe").field("stages", &self.of_stage.len()).finish_non_exhaustive()
    }
}

/// A history aligned with a Dockerfile. Instructions are given by their index in
/// [`Dockerfile::instructions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineup {
    /// The stage that was built.
    pub stage: usize,
    /// For each entry, the instruction that left it, if that is certain.
    pub entries: Vec<Option<usize>>,
    /// For each entry, the instruction that wrote the contents of its layer, if that is certain.
    pub layers: Vec<Option<usize>>,
    /// Entries that more than one instruction may have left.
    pub doubts: Vec<Doubt>,
    /// Layers that hold files from several instructions.
    pub together: Vec<Together>,
}

/// An entry that more than one instruction may have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The entry.
    pub entry: usize,
    /// The first few of these instructions.
    pub instructions: Vec<usize>,
}

/// A layer that holds files from several instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Together {
    /// The entry of the layer.
    pub entry: usize,
    /// The first of the instructions.
    pub first: usize,
    /// The last of the instructions.
    pub last: usize,
}

/// The reason why a history could not be aligned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoLineup {
    /// The history has no entries.
    Empty,
    /// The history does not match.
    Other {
        /// The first instruction of the last stage that matches no entry, if there is one.
        unmatched: Option<usize>,
    },
    /// The history matches two stages equally well, neither of which is the last.
    Several,
    /// The history or the Dockerfile is too long.
    TooLong,
}

/// The maximum cost of the alignment of one image, in instructions times entries, summed over all stages
/// tried.
const MAX_CELLS: usize = 2 << 20;
/// The maximum number of entries in a history. Container engines stack a few hundred at most.
const MAX_ENTRIES: usize = 10_000;

/// The author in kaniko's entries.
const KANIKO: &str = "kaniko";

impl Recipe {
    /// Prepares a Dockerfile.
    pub(crate) fn new(dockerfile: Dockerfile) -> Self {
        let escape = dockerfile.directives.escape_byte();
        let steps = Steps::of(&dockerfile);
        let expected: Vec<_> = (steps.numbers(&dockerfile))
            .map(|number| Expected::of(steps.instruction(number, &dockerfile)?, escape))
            .collect();
        let mut of_stage = vec![Vec::new(); dockerfile.stages.len()];
        for number in steps.in_order(&dockerfile) {
            let stage = steps.stage(number, &dockerfile).and_then(|stage| of_stage.get_mut(stage));
            if let (Some(stage), Some(Some(_))) = (stage, expected.get(number)) {
                stage.push(number);
            }
        }
        let named = dockerfile.instructions.iter().filter(|i| i.keyword == Keyword::Shell);
        let shells = named.filter_map(|instruction| match &instruction.arguments {
            Arguments::Exec(words) => {
                Some(words.iter().map(|word| word.to_str().into_owned()).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        });
        Self { shells: shells.collect(), dockerfile, steps, expected, of_stage }
    }

    /// Returns the Dockerfile.
    pub(crate) fn dockerfile(&self) -> &Dockerfile {
        &self.dockerfile
    }

    pub(super) fn expected(&self, step: usize) -> Option<&Expected> {
        self.expected.get(step).and_then(Option::as_ref)
    }

    /// Returns the index of the instruction that a step comes from.
    pub(super) fn written(&self, step: usize) -> usize {
        self.steps.written(step, &self.dockerfile)
    }

    /// Aligns a history with the stage that it matches: the last stage, or the stage whose instructions
    /// account for more of the history than those of any other. Subtracts the cost, in instructions times
    /// entries, from `budget`.
    pub(crate) fn line_up(&self, history: &[Past<'_>], budget: &mut usize) -> Result<Lineup, NoLineup> {
        if history.len() > MAX_ENTRIES {
            return Err(NoLineup::TooLong);
        }
        if history.iter().all(|past| past.created_by.trim().is_empty()) {
            return Err(NoLineup::Empty);
        }
        let entries: Vec<_> = history.iter().map(|past| Entry::read(past.created_by)).collect();
        let Some(last) = self.of_stage.len().checked_sub(1) else {
            return Err(NoLineup::Other { unmatched: None });
        };
        let mut cells = MAX_CELLS.min(*budget);
        let mut best: Option<(Chain, usize, Alignment)> = None;
        let (mut unmatched, mut is_tied) = (None, false);
        for stage in (0..=last).rev() {
            let chain = Chain::to(stage, &self.dockerfile, &self.of_stage);
            let cost = (chain.instructions.len() + 1).saturating_mul(history.len() + 1);
            let Some(left) = cells.checked_sub(cost) else {
                // The result of the remaining stages is unknown, so nothing is certain.
                return Err(NoLineup::TooLong);
            };
            cells = left;
            *budget = budget.saturating_sub(cost);
            let rows = self.rows(&chain, &entries);
            if stage == last && history.last().is_some_and(|past| past.author != Some(KANIKO)) {
                unmatched = self.unmatched(&chain, &rows);
            }
            let Some(found) = self.align(&chain, &rows, history, stage == last) else { continue };
            if stage != last && !self.is_telling(&chain, &found) {
                continue;
            }
            match &best {
                Some((_, _, known)) if known.owners.len() > found.owners.len() => {}
                Some((other, tied, known)) if known.owners.len() == found.owners.len() => {
                    // The last stage is built unless another one is requested. A stage without instructions
                    // of its own is the same as the stage it is based on.
                    is_tied |= *tied != last && !is_same((&chain, &found), (other, known));
                }
                _ => {
                    is_tied = false;
                    best = Some((chain, stage, found));
                }
            }
        }
        match best {
            Some(_) if is_tied => Err(NoLineup::Several),
            Some((chain, stage, alignment)) => Ok(self.lineup(&chain, stage, &alignment, history)),
            None if self.fits_any(last) => {
                Ok(self.lineup(&Chain::default(), last, &Alignment::default(), history))
            }
            None => Err(NoLineup::Other { unmatched }),
        }
    }

    /// Returns true if a build of the stage may leave the history of its base as it is.
    fn fits_any(&self, stage: usize) -> bool {
        let chain = Chain::to(stage, &self.dockerfile, &self.of_stage);
        let mut steps = chain.instructions.iter();
        !chain.from_scratch && !chain.instructions.is_empty() && steps.all(|&step| self.is_optional(step))
    }

    /// Returns true if a build may omit the step from the history. Images of the OCI format lose their triggers.
    fn is_optional(&self, step: usize) -> bool {
        self.written(step) != step || self.expected(step).is_some_and(Expected::is_optional)
    }

    fn rows(&self, chain: &Chain, entries: &[Entry<'_>]) -> Vec<BitRow> {
        let row = |&number: &usize| {
            let expected = self.expected(number);
            BitRow::of(entries.len(), |entry| {
                let pair = expected.zip(entries.get(entry));
                pair.is_some_and(|(expected, entry)| fits(expected, entry, &self.shells))
            })
        };
        chain.instructions.iter().map(row).collect()
    }

    /// Returns the first mandatory instruction that matches no entry.
    fn unmatched(&self, chain: &Chain, rows: &[BitRow]) -> Option<usize> {
        let mut numbers = chain.instructions.iter().zip(rows).filter(|(_, row)| row.is_empty());
        let mandatory = numbers.find(|(number, _)| !self.is_optional(**number));
        mandatory.map(|(number, _)| self.written(*number))
    }

    fn align(
        &self,
        chain: &Chain,
        rows: &[BitRow],
        history: &[Past<'_>],
        is_last: bool,
    ) -> Option<Alignment> {
        // kaniko has no entries for instructions that changed no file, but it signs all its entries.
        let signed = history.iter().rev().take_while(|past| past.author == Some(KANIKO)).count();
        let by_kaniko = signed > 0;
        let optional = chain.instructions.iter().map(|&number| by_kaniko || self.is_optional(number));
        let optional: Vec<_> = optional.collect();
        let start = if by_kaniko { Some(history.len() - signed) } else { chain.from_scratch.then_some(0) };
        align(&Rows {
            entries: history.len(),
            optional: &optional,
            fitting: rows,
            start,
            // A stage that was not built on purpose cannot be distinguished from a stage whose image was
            // changed later.
            may_trail: is_last && !by_kaniko,
        })
    }

    /// Returns true if the match is specific enough for a stage that nobody builds by default. Many stages
    /// share copies and settings, so a match needs more than these.
    fn is_telling(&self, chain: &Chain, found: &Alignment) -> bool {
        let owners = found.owners.iter().flatten().filter_map(|&owner| chain.instructions.get(owner));
        owners.filter_map(|&number| self.expected(number)).any(|expected| expected.keyword == Keyword::Run)
    }

    fn lineup(&self, chain: &Chain, stage: usize, alignment: &Alignment, history: &[Past<'_>]) -> Lineup {
        let mut entries = vec![None; history.len()];
        let mut doubts = Vec::new();
        for (i, owners) in alignment.owners.iter().enumerate() {
            let entry = alignment.start + i;
            let numbers: Vec<_> = owners.iter().filter_map(|&i| chain.instructions.get(i).copied()).collect();
            if let ([one], Some(place)) = (numbers.as_slice(), entries.get_mut(entry)) {
                *place = Some(*one);
            } else {
                let instructions = numbers.iter().map(|&number| self.written(number)).collect();
                doubts.push(Doubt { entry, instructions });
            }
        }
        let (layers, together) = self.layers(chain, &entries, history);
        let written = |steps: Vec<Option<usize>>| -> Vec<Option<usize>> {
            steps.into_iter().map(|step| step.map(|step| self.written(step))).collect()
        };
        Lineup { stage, entries: written(entries), layers: written(layers), doubts, together }
    }

    /// Returns the instructions that wrote the layers. Builders that write one layer for a whole stage
    /// attribute it to the last instruction: buildah without `--layers`, kaniko with `--single-snapshot`.
    fn layers(
        &self,
        chain: &Chain,
        entries: &[Option<usize>],
        history: &[Past<'_>],
    ) -> (Vec<Option<usize>>, Vec<Together>) {
        let stage_of = |number: usize| self.steps.stage(number, &self.dockerfile);
        let mut layers = entries.to_vec();
        let mut made_of_stage = vec![0_usize; self.of_stage.len()];
        for (layer, past) in layers.iter_mut().zip(history) {
            if past.empty_layer {
                *layer = None;
            } else if let Some(count) = layer.and_then(stage_of).and_then(|s| made_of_stage.get_mut(s)) {
                *count += 1;
            }
        }
        let with_layer: std::collections::BTreeSet<usize> = layers.iter().flatten().copied().collect();
        let mut together = Vec::new();
        for (entry, layer) in layers.iter_mut().enumerate() {
            let Some(number) = *layer else { continue };
            let stage = stage_of(number);
            let is_only = stage.and_then(|s| made_of_stage.get(s)).is_some_and(|count| *count == 1);
            let may_write = self.expected(number).is_some_and(Expected::may_write);
            let earlier = chain.instructions.iter().copied().take_while(|other| *other != number);
            let mut others = earlier.filter(|other| {
                stage_of(*other) == stage
                    && !with_layer.contains(other)
                    && self.expected(*other).is_some_and(Expected::writes)
            });
            let first = others.next();
            if !may_write || (is_only && first.is_some()) {
                *layer = None;
                let [first, last] = [first.unwrap_or(number), number].map(|number| self.written(number));
                together.push(Together { entry, first, last });
            }
        }
        (layers, together)
    }
}

/// Returns true if both alignments name the same instruction for every entry.
fn is_same(one: (&Chain, &Alignment), other: (&Chain, &Alignment)) -> bool {
    let numbers = |chain: &Chain, owners: &[usize]| -> Vec<usize> {
        owners.iter().filter_map(|&owner| chain.instructions.get(owner).copied()).collect()
    };
    let mut pairs = one.1.owners.iter().zip(&other.1.owners);
    one.1.start == other.1.start && pairs.all(|(a, b)| numbers(one.0, a) == numbers(other.0, b))
}
