//! `dockerfile/token-in-arg`.

use std::collections::HashSet;

use super::{Context, Hit, hit::left_in};
use crate::detect;
use crate::detect::Confidence;
use crate::dockerfile::{Keyword, Origin, Value};
use crate::finding::Severity;
use crate::finding::Where;
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

pub(crate) fn check(context: &Context<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let labels = labels(context);
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
            let is_in_label = labels.contains(&(instruction.stage, name.clone()));
            let label = is_in_label.then(|| left_in(Where::Label));
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
                leaves: std::iter::once(left_in(Where::History)).chain(label).collect(),
                stage: instruction.stage,
                subject: message!("ARG {}", name),
            });
        }
    }
    hits
}

/// Returns the build arguments with a token that are part of a label, each with the stage.
fn labels(context: &Context<'_>) -> HashSet<(Option<usize>, String)> {
    let mut found = HashSet::new();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        if acts.keyword != Keyword::Label {
            continue;
        }
        for value in acts.pairs().iter().filter_map(|pair| pair.value.as_ref()) {
            if !scope.expand(value).carries_token {
                continue;
            }
            let text = value.to_str();
            let names = text.split('$').skip(1).map(|rest| {
                let rest = rest.strip_prefix('{').unwrap_or(rest);
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
            });
            let is_argument = |name: &&str| scope.get(name).is_some_and(|b| b.origin == Origin::Arg);
            found.extend(names.filter(is_argument).map(|name| (instruction.stage, name.to_owned())));
        }
    }
    found
}
