//! `dockerfile/token-in-arg`.

use super::{Context, Hit, hit::left_in};
use crate::{
    detect,
    dockerfile::Keyword,
    finding::{Confidence, Masked, RuleId, Severity, Where},
    rules::Rule,
};

pub(super) const RULE: Rule = Rule {
    id: RuleId("dockerfile/token-in-arg"),
    severity: Severity::High,
    summary: "ARG of a token variable",
    why: "The value of a build argument is written into the history entry of every RUN behind the ARG, used or not, and \
          into the provenance attestation: whoever pulls the image reads it with `docker history --no-trunc`.",
    bad: "ARG HF_TOKEN\nRUN hf download org/model --token $HF_TOKEN",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
    fix: "Delete the ARG, put `--mount=type=secret,id=HF_TOKEN,env=HF_TOKEN` on each RUN that needs the token, and replace \
          `--build-arg HF_TOKEN=…` with `--secret id=HF_TOKEN,env=HF_TOKEN`.",
};

pub(super) fn check(context: &Context<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        // In front of the first FROM its value reaches no image, unless it is declared again in a stage.
        if acts.keyword != Keyword::Arg || instruction.stage.is_none() {
            continue;
        }
        for pair in acts.pairs() {
            let name = scope.name(pair);
            if !detect::is_token_variable(&name) {
                continue;
            }
            let default = pair.value.as_ref().map(|value| scope.expand(value));
            let token = default.and_then(|value| detect::find(value.as_str().as_bytes()).into_iter().next());
            let shown = detect::mask(name.as_bytes());
            hits.push(Hit {
                rule: &RULE,
                severity: RULE.severity,
                confidence: Confidence::High,
                span: pair.span,
                token: token.map(|occurrence| occurrence.token),
                message: Masked::own(format!(
                    "{shown} is a build argument: its value stays in the image's history"
                )),
                help: Masked::own(format!(
                    "Delete `ARG {shown}`, write `RUN --mount=type=secret,id={shown},env={shown} …` where the token is \
                     needed, and build with `docker build --secret id={shown},env={shown} .` in place of \
                     `--build-arg {shown}=…`."
                )),
                leaves: vec![left_in(Where::History)],
                stage: instruction.stage,
                subject: format!("ARG {shown}"),
            });
        }
    }
    hits
}
