//! Build stages: the instructions of each stage, and its base.

use super::{Arguments, Instruction, Keyword, Scope, Scopes};
use crate::mask::Message;
use crate::text::{Flaw, Span, Text};

/// A build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Its index, starting at 0.
    pub index: usize,
    /// Its name in lower case, because BuildKit ignores the case of names. Compare it, never show it:
    /// masking does not recognize a token whose case was changed.
    pub name: Option<String>,
    /// Its name as written, for reports.
    pub written: Option<Text>,
    /// The base of the stage.
    pub base: Base,
    /// The span of its `FROM`.
    pub span: Span,
}

/// The base of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// An image, which may be `scratch`: its reference, with variables replaced by their defaults.
    Image(String),
    /// An earlier stage, by index.
    Stage(usize),
}

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
                let message = "no build stage in current context: only ARG may stand in front of FROM";
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
            let message = "FROM requires either one or three arguments";
            flaws.push(Flaw::new(instruction.keyword_span, Message::own(message)));
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

/// Returns the last stage with this name.
fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    stages.iter().rev().find(|stage| stage.name.as_deref() == Some(name.as_str())).map(|s| s.index)
}

/// Returns the stage that `--from` names, by name or number, among the stages before `before`.
pub(crate) fn find_from(stages: &[Stage], name: &str, before: usize) -> Option<usize> {
    let earlier = stages.get(..before.min(stages.len())).unwrap_or_default();
    find(earlier, name).or_else(|| name.parse().ok().filter(|&index: &usize| index < earlier.len()))
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '\\'))
}
