//! What the `RUN`s of a file remove.

use super::Context;
use crate::effects::{EffectKind, Place, Removal};
use crate::text::Span;

/// A removal, with the instruction it is in.
pub(crate) struct Removed {
    pub(crate) span: Span,
    pub(crate) stage: Option<usize>,
    /// The instruction.
    pub(crate) instruction: Span,
    /// What goes. Nothing of it lies under a mount.
    removals: Vec<Removal>,
    chance: Chance,
}

/// Whether a removal happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chance {
    /// Whenever the stage is built.
    Always,
    /// Where the branch runs that it is in.
    Sometimes,
    /// Only in what is built on the image.
    InTriggers,
}

impl Removed {
    /// Whether it takes a file away in any case.
    pub(crate) fn removes(&self, path: &str) -> bool {
        self.chance == Chance::Always && self.may_remove(path)
    }

    /// Whether it takes a file away where it happens.
    pub(crate) fn may_remove(&self, path: &str) -> bool {
        self.removals.iter().take(MAX_REMOVALS).any(|removal| removal.takes(path))
    }
}

/// How many operands of one removal count.
const MAX_REMOVALS: usize = 256;

/// All removals of a file, in order.
pub(crate) fn find(context: &Context<'_>) -> Vec<Removed> {
    let mut found = Vec::new();
    for (instruction, _, run) in context.runs() {
        for effect in &run.effects {
            let removals = match &effect.kind {
                EffectKind::Removal(removals) => removals.clone(),
                EffectKind::Logout(logout) => logout.removals(),
                _ => continue,
            };
            // What lies under a mount is not the layer's.
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
