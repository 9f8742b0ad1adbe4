//! The stages of a file: which instruction belongs to which, and what each is built from.

use super::stage::{Base, Stage, find};
use super::{Arguments, Instruction, Keyword, Scope, Scopes};
use crate::mask::Message;
use crate::text::{Flaw, Text};

/// Numbers the stages and assigns a stage to each instruction.
pub(super) fn assign(instructions: &mut [Instruction], escape: u8, flaws: &mut Vec<Flaw>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut globals = Scopes::new(escape);
    let mut complained = false;
    for instruction in instructions.iter_mut() {
        if instruction.keyword == Keyword::From {
            let stage = read_from(instruction, &stages, globals.global(), flaws);
            stages.push(stage);
        } else if stages.is_empty() {
            if instruction.keyword == Keyword::Arg {
                globals.take(instruction, &[]);
            } else if instruction.keyword != Keyword::Unknown && !complained {
                complained = true;
                let message = "no build stage in current context: only ARG may come before FROM";
                flaws.push(Flaw::new(instruction.keyword_span, Message::own(message)));
            }
        }
        instruction.stage = stages.len().checked_sub(1);
        if let Some(inner) = &mut instruction.onbuild {
            inner.stage = instruction.stage;
        }
    }
    if stages.is_empty()
        && !complained
        && let (Some(first), Some(last)) = (instructions.first(), instructions.last())
    {
        flaws.push(Flaw::new(first.span.to(last.span), Message::own("the file has no FROM")));
    }
    stages
}

fn read_from(
    instruction: &Instruction,
    stages: &[Stage],
    globals: Scope<'_>,
    flaws: &mut Vec<Flaw>,
) -> Stage {
    let words: &[Text] = match &instruction.arguments {
        Arguments::Words(words) => words,
        _ => &[],
    };
    let (name, written) = match words {
        [_] | [] => (None, None),
        [_, keyword, name] if keyword.as_bytes().eq_ignore_ascii_case(b"as") => {
            let name_text = name.to_str().to_lowercase();
            if !is_stage_name(&name_text) {
                flaws.push(Flaw::quoting(name.span(), "invalid name for a build stage", name.as_bytes()));
            }
            (Some(name_text), Some(name.clone()))
        }
        _ => {
            flaws.push(wrong_arguments(instruction));
            (None, None)
        }
    };
    let image = words.first().map_or_else(String::new, |word| globals.expand(word).to_text());
    let base = match find(stages, &image) {
        Some(index) => Base::Stage(index),
        None => Base::Image(image),
    };
    Stage { index: stages.len(), name, written, base, span: instruction.span }
}

/// Returns true if a `FROM` has an image, and a name or none.
pub(super) fn has_image(instruction: &Instruction) -> bool {
    match &instruction.arguments {
        Arguments::Words(words) => match words.as_slice() {
            [_, keyword, _] => keyword.as_bytes().eq_ignore_ascii_case(b"as"),
            words => words.len() == 1,
        },
        _ => false,
    }
}

pub(super) fn wrong_arguments(instruction: &Instruction) -> Flaw {
    Flaw::new(instruction.keyword_span, Message::own("FROM requires either one or three arguments"))
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '\\'))
}
