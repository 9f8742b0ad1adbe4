//! The files that the `RUN`s of a Dockerfile remove.

use super::Context;
use crate::effects::{EffectKind, Place, Removal};
use crate::text::Span;

/// A removal and its instruction.
pub(crate) struct Removed {
    pub(crate) span: Span,
    pub(crate) stage: Option<usize>,
    /// The span of the instruction.
    pub(crate) instruction: Span,
    /// The removed files, without files under a mount.
    removals: Vec<Removal>,
    chance: Chance,
}

/// The condition under which a removal happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chance {
    /// The removal always happens when the stage is built.
    Always,
    /// The removal happens only if its branch runs.
    Sometimes,
    /// The removal happens only in builds based on the image.
    InTriggers,
}

impl Removed {
    /// Returns true if a file is removed in any case.
    pub(crate) fn removes(&self, path: &str) -> bool {
        self.chance == Chance::Always && self.may_remove(path)
    }

    /// Returns true if a file is removed when the removal happens.
    pub(crate) fn may_remove(&self, path: &str) -> bool {
        self.removals.iter().take(MAX_REMOVALS).any(|removal| removal.takes(path))
    }
}

/// The maximum number of operands of one removal that are examined.
const MAX_REMOVALS: usize = 256;

/// Returns all removals of a file, in order.
pub(crate) fn find(context: &Context<'_>) -> Vec<Removed> {
    let mut found = Vec::new();
    for (instruction, _, run) in context.runs() {
        for effect in &run.effects {
            let removals = match &effect.kind {
                EffectKind::Removal(removals) => removals.clone(),
                EffectKind::Logout(logout) => logout.removals(),
                _ => continue,
            };
            // Files under a mount are not part of the layer.
            let is_in_layer = |removal: &Removal| {
                let place = removal.pattern.as_deref().map(|pattern| run.place(pattern));
                place.is_some_and(|place| !matches!(place, Place::Mount(_)))
            };
            let removals = removals.into_iter().filter(is_in_layer).collect();
            let chance = match () {
                () if instruction.is_onbuild() => Chance::InTriggers,
                () if effect.branches.is_empty() => Chance::Always,
                () => Chance::Sometimes,
            };
            let (span, stage) = (effect.span, instruction.stage);
            found.push(Removed { span, stage, instruction: instruction.span, removals, chance });
        }
    }
    found
}
