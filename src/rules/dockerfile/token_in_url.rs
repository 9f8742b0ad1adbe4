//! `dockerfile/token-in-url`.

use super::{Context, Hit, hit::left_in, writes::Write};
use crate::detect::Confidence;
use crate::dockerfile::Keyword;
use crate::effects;
use crate::effects::Form;
use crate::effects::ValueSource;
use crate::finding::Severity;
use crate::finding::Where;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/token-in-url",
    severity: Severity::High,
    summary: "A credential in a URL given to git, pip, curl, wget or ADD",
    why: "`git clone` writes the URL with the token in it into `.git/config` of the clone, which stays in the \
         layer, wherever the token came from. A build argument or token text in a URL is in the image's history as \
         well.",
    bad: "ARG HF_TOKEN\nRUN git clone https://user:$HF_TOKEN@huggingface.co/org/model",
    good: "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model --local-dir /model",
    fix: Fix(
        "Mount the token as a secret and let `hf download` read it from the environment. If it must be git, give it \
         a credential helper that reads the variable: `git -c credential.helper='!f() { echo username=user; echo \
         password=$HF_TOKEN; }; f' clone https://huggingface.co/org/model`.",
    ),
};

const HELP: &str = "Instead of the URL with the token, write `RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf \
     download …`, which reads HF_TOKEN from the environment, and build with `docker build --secret \
     id=HF_TOKEN,env=HF_TOKEN .`";

pub(crate) fn check(context: &Context<'_>, writes: &[Write]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = writes.iter().filter(|write| write.form == Form::Url).map(hit).collect();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        if acts.keyword != Keyword::Add {
            continue;
        }
        let sources = acts.words().split_last().map(|(_, sources)| sources).unwrap_or_default();
        for source in sources {
            if !effects::token_in_url(scope, source).have_no_token() {
                hits.push(Hit {
                    rule: &RULE,
                    severity: RULE.severity,
                    confidence: Confidence::High,
                    span: source.span(),
                    token: None,
                    message: Message::own(
                        "`ADD` of a URL with a token in it, which stays in the image's history",
                    ),
                    help: Message::own(HELP),
                    script: None,
                    remarks: Vec::new(),
                    leaves: vec![left_in(Where::History)],
                    stage: instruction.stage,
                    subject: Message::own("ADD URL"),
                });
            }
        }
    }
    hits
}

fn hit(write: &Write) -> Hit {
    let effect = match write.leaves.first() {
        Some(leaves) if leaves.place == Where::Layer => match &leaves.path {
            Some(path) => message!("a token in the URL stays in the layer, in `{}`", path),
            None => Message::own("a token in the URL stays in the layer, in git's configuration"),
        },
        _ if write.source == ValueSource::Literal => {
            Message::own("token text in the URL stays in the image's history")
        }
        _ => Message::own("a build argument in the URL stays in the image's history"),
    };
    Hit {
        rule: &RULE,
        severity: RULE.severity,
        confidence: Confidence::High,
        span: write.span,
        token: None,
        message: message!("`{}`: {}", write.program, effect),
        help: Message::own(HELP),
        script: write.script.clone(),
        remarks: Vec::new(),
        leaves: write.leaves.clone(),
        stage: write.stage,
        subject: message!("{} URL", write.program),
    }
}
