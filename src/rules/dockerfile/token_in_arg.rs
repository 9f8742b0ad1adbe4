//! `dockerfile/token-in-arg`.

use std::collections::HashSet;

use super::expansions::Expansions;
use super::hit::{left_in, left_in_provenance, lower};
use super::{Context, Hit};
use crate::detect;
use crate::detect::Confidence;
use crate::dockerfile::{Keyword, Value};
use crate::finding::Where;
use crate::finding::{Provenance, Severity};
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/token-in-arg",
    severity: Severity::High,
    summary: "ARG of a token variable",
    why: "The value of a build argument is written into the history entry of every RUN after the ARG, used or not, and \
          into the provenance attestation: whoever pulls the image reads it with `docker history --no-trunc`.",
    bad: "ARG HF_TOKEN\nRUN hf download org/model --token $HF_TOKEN",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix(
        "Delete the ARG, put `--mount=type=secret,id=HF_TOKEN,env=HF_TOKEN` on each RUN that needs the token, and \
         replace `--build-arg HF_TOKEN=…` with `--secret id=HF_TOKEN,env=HF_TOKEN`.",
    ),
};

pub(super) fn check(context: &Context<'_>, expansions: &Expansions<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        // Before the first FROM, the value is not part of any image unless a stage declares the argument
        // again.
        if acts.keyword != Keyword::Arg || instruction.stage.is_none() {
            continue;
        }
        for pair in acts.pairs() {
            let name = scope.name(pair);
            let default = pair.value.as_ref().map(|value| scope.expand(value));
            let empty = Value::default();
            if !scope.is_carrier(&name, default.as_ref().unwrap_or(&empty)) {
                continue;
            }
            let token = default.and_then(|value| detect::find(value.as_str().as_bytes()).into_iter().next());
            hits.push(Hit {
                rule: &RULE,
                severity: RULE.severity,
                confidence: Confidence::High,
                span: pair.span,
                token: token.map(|occurrence| occurrence.token),
                message: message!("{} is a build argument: its value stays in the image's history", name),
                help: message!(
                    "Delete `ARG {}`, write `RUN --mount=type=secret,id={},env={} …` where the token is needed, and \
                     build with `docker build --secret id={},env={} .` instead of `--build-arg {}=…`.",
                    name, name, name, name, name, name
                ),
                script: None,
                remarks: Vec::new(),
                leaves: std::iter::once(left_in(Where::History)).chain(expansions.places(instruction.stage, &name)).collect(),
                stage: instruction.stage,
                subject: message!("ARG {}", name),
            });
        }
    }
    hits
}

/// Returns the build arguments with a token that no stage declares. Of what a build leaves, only provenance of the mode
/// `max` holds their values.
pub(crate) fn undeclared(context: &Context<'_>) -> Vec<Hit> {
    let arguments = context.instructions().filter(|(instruction, _)| instruction.keyword == Keyword::Arg);
    let (globals, declared): (Vec<_>, Vec<_>) =
        arguments.partition(|(instruction, _)| instruction.stage.is_none());
    let declared: HashSet<String> = declared
        .iter()
        .flat_map(|(instruction, scope)| instruction.pairs().iter().map(|pair| scope.name(pair)))
        .collect();
    let mut hits = Vec::new();
    for (instruction, scope) in globals {
        for pair in instruction.pairs() {
            let name = scope.name(pair);
            let default = pair.value.as_ref().map(|value| scope.expand(value)).unwrap_or_default();
            if declared.contains(&name) || !scope.is_carrier(&name, &default) {
                continue;
            }
            hits.push(Hit {
                rule: &RULE,
                severity: lower(RULE.severity),
                confidence: Confidence::High,
                span: pair.span,
                token: None,
                message: message!(
                    "{} is a build argument that no stage declares: provenance of `mode=max` holds its value",
                    name
                ),
                help: message!(
                    "Delete `ARG {}`, and replace `--build-arg {}=…` with `--secret id={},env={}`.",
                    name,
                    name,
                    name,
                    name
                ),
                script: None,
                remarks: Vec::new(),
                leaves: vec![left_in_provenance(Provenance::Max)],
                stage: None,
                subject: message!("ARG {}", name),
            });
        }
    }
    hits
}
