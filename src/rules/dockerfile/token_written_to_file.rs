//! `dockerfile/token-written-to-file`.

use super::{
    Context, Hit,
    hit::{in_script, left_in, left_in_layer},
    writes::Write,
};
use crate::detect;
use crate::detect::Confidence;
use crate::dockerfile::{Destination, Keyword};
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
    id: "dockerfile/token-written-to-file",
    severity: Severity::High,
    summary: "A token variable or a mounted secret copied into a file of the layer",
    why: "A secret mount is gone when the RUN ends; a copy of it in a file is not. The file stays in the layer of \
         that RUN, and a later `rm` only hides it: whoever pulls the image can still read it.",
    bad: "RUN --mount=type=secret,id=HF_TOKEN cat /run/secrets/HF_TOKEN > /app/token",
    good: "RUN --mount=type=secret,id=HF_TOKEN HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" python download.py",
    fix: Fix(
        "Do not write the token into a file. If the build needs it, mount it as a secret; if the container needs \
         it, pass it when the container starts: `docker run -e HF_TOKEN …`.",
    ),
};

const HELP: &str = "Delete what writes the file, and let the commands that need the token read it from a mounted \
     secret: `RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN …`, built with `docker build --secret \
     id=HF_TOKEN,env=HF_TOKEN .`. If the container needs the token, pass it when it starts: `docker run -e HF_TOKEN …`. \
     A file that must exist during the RUN has to be removed in the same RUN.";

pub(crate) fn check(context: &Context<'_>, writes: &[Write]) -> Vec<Hit> {
    let files = writes.iter().filter(|write| write.form == Form::Text);
    let mut hits: Vec<Hit> = files.map(hit).collect();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        if !matches!(acts.keyword, Keyword::Copy | Keyword::Add) || acts.heredocs.is_empty() {
            continue;
        }
        let Some((to, _)) = Destination::of(acts, scope) else { continue };
        for heredoc in &acts.heredocs {
            let file = to.file(&heredoc.name.to_str());
            let body = heredoc.body.as_bytes();
            let value = heredoc.expand.then(|| effects::token_in_document(scope, &heredoc.body));
            let source = value.as_ref().and_then(|value| value.first_token()).cloned();
            let source =
                source.or_else(|| holds_credential(file.as_deref(), body).then_some(ValueSource::Literal));
            // `literal-token` reports token text, with the same file.
            let is_reported =
                |source: &ValueSource| *source == ValueSource::Literal && !detect::find(body).is_empty();
            let Some(source) = source.filter(|source| !is_reported(source)) else { continue };
            let mut leaves = vec![left_in_layer(file.as_deref())];
            if source.is_in_history() {
                leaves.push(left_in(Where::History));
            }
            let program = acts.keyword.name().to_owned();
            let (span, stage) = (acts.text.span(), instruction.stage);
            hits.push(hit(&Write { form: Form::Text, program, span, stage, source, leaves, script: None }));
        }
    }
    hits
}

/// Returns true if a file would hold a credential of unknown shape.
fn holds_credential(path: Option<&str>, body: &[u8]) -> bool {
    let path = path.unwrap_or_default().trim_start_matches('/').as_bytes();
    detect::credentials_in(path, body).iter().any(|credential| detect::keeps_anywhere(path, credential.form))
        || !detect::opaque_in(body).is_empty()
}

fn hit(write: &Write) -> Hit {
    let what = match write.source {
        ValueSource::Secret(_) => "copies the mounted secret",
        ValueSource::Variable { .. } => "writes the value of a token variable",
        ValueSource::Literal => "writes a token",
    };
    let file = match write.leaves.first().and_then(|leaves| leaves.path.as_ref()) {
        Some(path) => message!("`{}`, which stays in the layer", path),
        None => Message::own("a file that stays in the layer"),
    };
    Hit {
        rule: &RULE,
        severity: RULE.severity,
        confidence: Confidence::High,
        span: write.span,
        token: None,
        message: in_script(
            message!("`{}` {} into {}", write.program, Message::own(what), file),
            write.script.as_ref(),
        ),
        help: Message::own(HELP),
        script: write.script.clone(),
        remarks: Vec::new(),
        leaves: write.leaves.clone(),
        stage: write.stage,
        subject: message!("{} > file", write.program),
    }
}
