//! Which instruction set a field of an image's config: the last one that does on the way to the stage that was built,
//! if it gives the field the value that it has.

use super::chain::Chain;
use super::expected::Expected;
use super::recipe::Recipe;
use super::template::{Template, skeleton, solid};
use crate::dockerfile::{Instruction, Keyword, Pair};

impl Recipe {
    /// The number of the instruction that gave `field` (`config.Env[2]`, as a report names it) its `value` in the image of
    /// that stage. None where the base image, an option of the build or another tool did.
    pub fn setter(&self, stage: usize, field: &str, value: &str) -> Option<usize> {
        let field = Field::read(field)?;
        let chain = Chain::to(stage, &self.dockerfile, &self.of_stage);
        let instructions = chain.instructions.iter().rev().filter_map(|&number| {
            let instruction = self.dockerfile.instructions.get(number)?;
            (instruction.keyword == field.keyword()).then_some((number, instruction))
        });
        let escape = self.dockerfile.directives.escape_byte();
        match &field {
            Field::Variable => {
                let (name, value) = value.split_once('=')?;
                last_pair(instructions, name, value, escape)
            }
            Field::Label(name) => last_pair(instructions, name, value, escape),
            // Triggers of the base image are gone, those of one stage follow each other.
            Field::Trigger => {
                let mut fitting = instructions.filter(|(number, _)| self.holds(*number, value));
                fitting.next().filter(|_| fitting.next().is_none()).map(|(number, _)| number)
            }
            Field::Command(_) => {
                let mut instructions = instructions;
                let (number, _) = instructions.next()?;
                self.holds(number, value).then_some(number)
            }
        }
    }

    /// Whether the value stands in the instruction as it is written.
    fn holds(&self, instruction: usize, value: &str) -> bool {
        let value = skeleton(value.as_bytes());
        let written = self.expected(instruction).and_then(|Expected { written, .. }| written.first());
        written.is_some_and(|written| memchr::memmem::find(&skeleton(written), &value).is_some())
    }
}

/// The last instruction that sets the name, if it sets it to the value.
fn last_pair<'a>(
    mut instructions: impl Iterator<Item = (usize, &'a Instruction)>,
    name: &str,
    value: &str,
    escape: u8,
) -> Option<usize> {
    let (name, value) = (solid(name.as_bytes()), solid(value.as_bytes()));
    // Whether a pair that concerns the name is certain to have given it the value. One whose own name the build decides
    // concerns it only if the value could be its doing.
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
enum Field {
    Variable,
    Label(String),
    Trigger,
    Command(Keyword),
}

impl Field {
    /// Reads a field's name; none for one that no instruction sets, or several do.
    fn read(field: &str) -> Option<Self> {
        let (document, rest) = field.split_once('.')?;
        // The classic builder keeps the config of the last container, too.
        if !["config", "container_config"].iter().any(|name| document.eq_ignore_ascii_case(name)) {
            return None;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end)?;
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("Labels") {
            return match behind.strip_prefix('.') {
                Some(label) => Some(Self::Label(label.to_owned())),
                None => serde_json::from_str::<[String; 1]>(behind).ok().map(|[label]| Self::Label(label)),
            };
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
        if document.eq_ignore_ascii_case("container_config") {
            return None;
        }
        if is("OnBuild") {
            return Some(Self::Trigger);
        }
        keywords.iter().find(|(other, _)| is(other)).map(|(_, keyword)| Self::Command(*keyword))
    }

    fn keyword(&self) -> Keyword {
        match self {
            Self::Variable => Keyword::Env,
            Self::Label(_) => Keyword::Label,
            Self::Trigger => Keyword::Onbuild,
            Self::Command(keyword) => *keyword,
        }
    }
}
