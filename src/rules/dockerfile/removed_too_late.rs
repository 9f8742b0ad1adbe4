//! `dockerfile/removed-too-late`.

use super::hit::left_in_layer;
use super::{Context, Hit, removals::Removed};
use crate::detect::Confidence;
use crate::finding::Severity;
use crate::finding::Where;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;
use crate::text::LineIndex;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/removed-too-late",
    severity: Severity::Medium,
    summary: "A token file removed in a later instruction than the one that wrote it",
    why: "Each instruction makes a layer of its own. What a later one removes is hidden in the container, but the \
         layer that wrote it is still part of the image: whoever pulls the image can read the file.",
    bad: "RUN hf auth login --token x\nRUN hf download org/model && hf auth logout",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix(
        "Remove the file in the RUN that writes it, or better, do not write it at all: mount the token as a secret.",
    ),
};

/// Reports removals of a file that an instruction in `earlier` of the same stage leaves in its layer.
pub(crate) fn check(context: &Context<'_>, earlier: &[Hit], removed: &[Removed]) -> Vec<Hit> {
    let mut lines = None;
    let mut hits = Vec::new();
    for removal in removed {
        let written = earlier.iter().filter(|hit| {
            hit.stage == removal.stage && hit.stage.is_some() && hit.span.end <= removal.instruction.start
        });
        let mut paths = written.flat_map(|hit| {
            let files = hit.leaves.iter().filter(|leaves| leaves.place == Where::Layer);
            files.filter_map(move |leaves| leaves.path.as_ref().map(|path| (hit, path)))
        });
        let Some((hit, path)) = paths.find(|(_, path)| removal.may_remove(path)) else { continue };
        let lines = lines.get_or_insert_with(|| LineIndex::new(context.source));
        let line = lines.position(hit.span.start).line;
        hits.push(Hit {
            rule: &RULE,
            severity: RULE.severity,
            confidence: Confidence::High,
            span: removal.span,
            token: None,
            message: message!(
                "removes `{}` too late: it stays in the layer of line {}, which wrote it",
                path,
                line
            ),
            help: message!(
                "Remove the file in the RUN of line {}, or mend that line so that it writes none",
                line
            ),
            script: None,
            remarks: Vec::new(),
            leaves: vec![left_in_layer(Some(path))],
            stage: removal.stage,
            subject: Message::own("removed too late"),
        });
    }
    hits
}
