//! Variables whose values a builder expands into the config or into paths of a layer: in `LABEL`, `USER`, `VOLUME`,
//! `WORKDIR`, and in the destinations of `COPY` and `ADD`.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::Context;
use super::hit::{Residue, left_in, left_in_layer};
use crate::dockerfile::{Base, Instruction, Keyword};
use crate::effects::expanded;
use crate::finding::Where;
use crate::text::Text;

/// The places in which the values of variables are left.
pub(super) struct Expansions<'a> {
    context: &'a Context<'a>,
    /// The places by stage and name. Most files have no variable that asks for them.
    places: OnceCell<Places>,
}

type Places = HashMap<(usize, String), Vec<Residue>>;

impl<'a> Expansions<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, places: OnceCell::new() }
    }

    fn of(context: &Context<'_>) -> Places {
        let mut found: HashMap<(usize, String), Vec<Residue>> = HashMap::new();
        for (instruction, scope) in context.instructions() {
            let Some(stage) = instruction.stage.filter(|&stage| context.reach.is_whole(Some(stage))) else {
                continue;
            };
            let places = places(instruction.keyword);
            if places.is_empty() {
                continue;
            }
            // A value in single quotes is not expanded.
            let texts = texts(instruction).into_iter().filter(|text| scope.expand(text).carries_token);
            let names = texts.flat_map(|text| {
                let text = text.to_str();
                expanded(&text).into_iter().map(str::to_owned).collect::<Vec<_>>()
            });
            for name in names {
                let mut at = Some(stage);
                while let Some(number) = at {
                    let known = found.entry((number, name.clone())).or_default();
                    for place in &places {
                        if !known.contains(place) {
                            known.push(place.clone());
                        }
                    }
                    at = match context.dockerfile.stages.get(number).map(|stage| &stage.base) {
                        Some(&Base::Stage(base)) if base < number => Some(base),
                        _ => None,
                    };
                }
            }
        }
        found
    }

    /// Returns the places in which the value of a variable of a stage is left.
    pub(super) fn places(&self, stage: Option<usize>, name: &str) -> impl Iterator<Item = Residue> {
        let places = self.places.get_or_init(|| Self::of(self.context));
        let found = stage.and_then(|stage| places.get(&(stage, name.to_owned())));
        found.into_iter().flatten().cloned()
    }
}

/// Returns the places in which an instruction leaves what is expanded in it.
fn places(keyword: Keyword) -> Vec<Residue> {
    match keyword {
        Keyword::Label => vec![left_in(Where::Label)],
        Keyword::User | Keyword::Volume => vec![left_in(Where::Config)],
        // Builders of Docker make the directory as well.
        Keyword::Workdir => vec![left_in(Where::Config), left_in_layer(None)],
        Keyword::Copy | Keyword::Add => vec![left_in_layer(None)],
        _ => Vec::new(),
    }
}

/// Returns the parts of an instruction in which variables are expanded and left.
fn texts(instruction: &Instruction) -> Vec<&Text> {
    match instruction.keyword {
        Keyword::Label => instruction.pairs().iter().filter_map(|pair| pair.value.as_ref()).collect(),
        Keyword::Copy | Keyword::Add => instruction.words().last().into_iter().collect(),
        _ if instruction.words().is_empty() => vec![&instruction.text],
        _ => instruction.words().iter().collect(),
    }
}
