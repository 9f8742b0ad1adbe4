//! `dockerfile/token-in-env`.

use super::expansions::Expansions;
use super::hit::Residue;
use super::{Context, Hit, hit::left_in};
use crate::detect;
use crate::detect::Confidence;
use crate::detect::TokenSummary;
use crate::dockerfile::{Instruction, Keyword};
use crate::finding::Severity;
use crate::finding::Where;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/token-in-env",
    severity: Severity::High,
    summary: "ENV gives a token variable a value",
    why: "ENV is part of the image's config: whoever pulls the image reads it with `docker inspect`, and every process \
          in every container sees it. Unsetting it in a later instruction does not remove it.",
    bad: "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: Fix(
        "Delete the ENV. Give the token to the one RUN that needs it as a secret mount, and to the container when it \
          starts: `docker run -e HF_TOKEN …`.",
    ),
};

pub(super) fn check(context: &Context<'_>, expansions: &Expansions<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        if acts.keyword != Keyword::Env || instruction.stage.is_none() {
            continue;
        }
        for pair in acts.pairs() {
            let Some(written) = &pair.value else { continue };
            let name = scope.name(pair);
            let value = scope.expand(written);
            let is_token_variable = scope.is_carrier(&name, &value);
            // Another variable matters only if its value contains that of a token variable.
            if !value.may_hold_something() || !(is_token_variable || value.carries_token) {
                continue;
            }
            let is_literal = value.is_certain && !value.carries_token;
            let known =
                detect::find(value.as_str().as_bytes()).into_iter().next().filter(|_| is_token_variable);
            let confidence = match &known {
                Some(occurrence) => occurrence.confidence,
                None if is_literal => Confidence::Medium,
                None => Confidence::High,
            };
            let token = known.map(|occurrence| occurrence.token).or(is_literal.then(TokenSummary::unknown));
            let how = Message::own(if is_literal { "" } else { " from another variable" });
            hits.push(Hit {
                rule: &RULE,
                severity: RULE.severity,
                confidence,
                span: pair.span,
                token,
                message: message!("ENV gives {} a value{}: it stays in the image's environment", name, how),
                help: message!(
                    "Delete {} from this ENV. Write `RUN --mount=type=secret,id={},env={} …` where a build step needs \
                     the token, build with `docker build --secret id={},env={} .`, and start with `docker run -e {} …`.",
                    name, name, name, name, name, name
                ),
                script: None,
                remarks: Vec::new(),
                leaves: leaves(context, instruction)
                    .into_iter()
                    .chain(expansions.places(instruction.stage, &name))
                    .collect(),
                stage: instruction.stage,
                subject: message!("ENV {}", name),
            });
        }
    }
    hits
}

/// Returns the places in which a variable of an instruction is left. A trigger sets the variable in images that are
/// based on this one, and in the stages of this file that are. Its text stays in this image.
fn leaves(context: &Context<'_>, instruction: &Instruction) -> Vec<Residue> {
    let place = if context.is_waiting(instruction) { Where::Config } else { Where::Env };
    vec![left_in(place), left_in(Where::History)]
}
