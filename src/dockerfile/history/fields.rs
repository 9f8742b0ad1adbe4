//! Finds the instruction that set a field of an image's config. It is the last instruction on the path to
//! the built stage that sets the field, provided that it gives the field its actual value.

use super::chain::Chain;
use super::expected::{Expected, Resolved};
use super::recipe::Recipe;
use super::template::{Template, skeleton, solid};
use crate::dockerfile::{Instruction, Keyword, Pair};
use crate::image::{Field, FieldStep};

impl Recipe {
    /// Returns the index of the instruction that set `field` of the config to `value` in the image of that
    /// stage. Returns `None` if the base image, a build option or another tool set it.
    pub(crate) fn setter(&self, stage: usize, field: &Field, value: &str) -> Option<usize> {
        let field = Setting::read(field)?;
        let chain = Chain::to(stage, &self.dockerfile, &self.of_stage);
        let steps = chain.instructions.iter().rev().filter_map(|&number| {
            let instruction = self.steps.instruction(number, &self.dockerfile)?;
            (instruction.keyword == field.keyword()).then_some((number, instruction))
        });
        let escape = self.dockerfile.directives.escape_byte();
        let number = match &field {
            Setting::Variable => {
                let (name, value) = value.split_once('=')?;
                last_pair(steps, name, value, escape)
            }
            Setting::Label(name) => last_pair(steps, name, value, escape),
            // The triggers of a base are gone.
            Setting::Trigger => only(steps.filter(|(number, _)| {
                self.steps.stage(*number, &self.dockerfile) == Some(stage) && self.holds(*number, value)
            })),
            Setting::Volume => {
                let value = solid(value.as_bytes());
                let names = |word| Template::of_words([word], escape).fits(&value);
                only(steps.filter(|(_, instruction)| instruction.words().iter().any(names)))
            }
            Setting::Whole(_) => {
                let mut steps = steps;
                steps.next().filter(|(number, _)| self.gives(*number, value)).map(|(number, _)| number)
            }
        };
        number.map(|number| self.written(number))
    }

    /// Returns true if the step may set its field to the value.
    fn gives(&self, step: usize, text: &str) -> bool {
        let value = &solid(text.as_bytes());
        match self.expected(step).map(|expected| &expected.resolved) {
            Some(Resolved::Text(template)) => template.fits(value),
            Some(Resolved::Directory(template)) => template.fits(value.strip_suffix(b"/").unwrap_or(value)),
            _ => self.holds(step, text),
        }
    }

    /// Returns true if the instruction contains the value as it is written.
    fn holds(&self, instruction: usize, value: &str) -> bool {
        let value = skeleton(value.as_bytes());
        let written = self.expected(instruction).and_then(|Expected { written, .. }| written.first());
        written.is_some_and(|written| memchr::memmem::find(&skeleton(written), &value).is_some())
    }
}

/// Returns the number of the only step.
fn only<'a>(mut steps: impl Iterator<Item = (usize, &'a Instruction)>) -> Option<usize> {
    steps.next().filter(|_| steps.next().is_none()).map(|(number, _)| number)
}

/// Returns the last instruction that sets the name, if it sets the name to the value.
fn last_pair<'a>(
    mut instructions: impl Iterator<Item = (usize, &'a Instruction)>,
    name: &str,
    value: &str,
    escape: u8,
) -> Option<usize> {
    let (name, value) = (solid(name.as_bytes()), solid(value.as_bytes()));
    // Returns whether a pair that affects the name certainly gave it the value. A pair whose own name
    // depends on the build affects the name only if it could have produced the value.
    let verdict = |pair: &Pair| {
        let named = Template::of_words([&pair.name], escape);
        let gives_value = Template::of_words(pair.value.as_ref(), escape).fits(&value);
        let concerns = named.fits(&name) && (gives_value || !named.has_gap());
        concerns.then_some(gives_value && !named.has_gap())
    };
    let found = instructions.find_map(|(number, instruction)| {
        Some((number, instruction.pairs().iter().rev().find_map(verdict)?))
    });
    found.filter(|(_, is_certain)| *is_certain).map(|(number, _)| number)
}

/// A field that an instruction sets.
enum Setting {
    Variable,
    Label(String),
    Trigger,
    Volume,
    /// A field that an instruction sets as a whole.
    Whole(Keyword),
}

impl Setting {
    /// Returns the setting of a field. Returns `None` if no instruction or more than one sets the field.
    fn read(field: &Field) -> Option<Self> {
        if field.below(&["author"]).is_some_and(<[_]>::is_empty) {
            return Some(Self::Whole(Keyword::Maintainer));
        }
        // The classic builder also keeps the config of the last container.
        let of_container = field.below(&["container_config"]);
        let below = field.below(&["config"]).or(of_container)?;
        let (FieldStep::Member(name), below) = below.split_first()? else { return None };
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("Labels") {
            let Some(FieldStep::Member(label)) = below.first() else { return None };
            return Some(Self::Label(String::from_utf8_lossy(label).into_owned()));
        }
        let keywords = [
            ("Cmd", Keyword::Cmd),
            ("Entrypoint", Keyword::Entrypoint),
            ("Healthcheck", Keyword::Healthcheck),
            ("User", Keyword::User),
            ("WorkingDir", Keyword::Workdir),
            ("Shell", Keyword::Shell),
            ("StopSignal", Keyword::Stopsignal),
        ];
        if is("Env") {
            return Some(Self::Variable);
        }
        if of_container.is_some() {
            return None;
        }
        if is("OnBuild") {
            return Some(Self::Trigger);
        }
        if is("Volumes") {
            return Some(Self::Volume);
        }
        keywords.iter().find(|(other, _)| is(other)).map(|(_, keyword)| Self::Whole(*keyword))
    }

    fn keyword(&self) -> Keyword {
        match self {
            Self::Variable => Keyword::Env,
            Self::Label(_) => Keyword::Label,
            Self::Trigger => Keyword::Onbuild,
            Self::Volume => Keyword::Volume,
            Self::Whole(keyword) => *keyword,
        }
    }
}
