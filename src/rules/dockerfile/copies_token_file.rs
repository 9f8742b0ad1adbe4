//! `dockerfile/copies-token-file`.

use super::{
    Brought, Context, Hit,
    hit::{left_in_layer, lower},
};
use crate::detect::Confidence;
use crate::dockerfile::Destination;
use crate::dockerfile::Keyword;
use crate::dockerfile::{Instruction, Scope, normal};
use crate::effects::{BroughtBy, login_files_in};
use crate::finding::Severity;
use crate::hub::files;
use crate::mask::Message;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/copies-token-file",
    severity: Severity::High,
    summary: "COPY or ADD of a file in which a token is kept",
    why: "What is copied from the build context stays in the layer, and a later `rm` only hides it. `.netrc`, \
          `.git-credentials` and the Hub's cache hold tokens as plain text; `.env` often does.",
    bad: "COPY .netrc /root/.netrc",
    good: "RUN --mount=type=secret,id=netrc,target=/root/.netrc git clone https://huggingface.co/org/model",
    fix: Fix(
        "Do not copy the file: list it in `.dockerignore`, and mount it as a secret where it is needed: \
          `--mount=type=secret,id=NAME,target=PATH`.",
    ),
};

/// The kind of a file, judging by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file that is meant to keep a token.
    Keeps,
    /// A directory of the Hub's tools that contains the token.
    Directory,
    /// A file that may hold anything.
    MayHold,
}

pub(crate) fn check(context: &Context<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        // Files from another stage or image are reported at the place where they were added to it.
        if !matches!(acts.keyword, Keyword::Copy | Keyword::Add) || acts.flag("from").is_some() {
            continue;
        }
        let Some((to, sources)) = Destination::of(acts, scope) else { continue };
        let excluded: Vec<String> = acts
            .flags
            .iter()
            .filter(|flag| flag.name.as_bytes() == b"exclude")
            .filter_map(|flag| flag.value.as_ref().map(|value| last(&value.to_str()).to_owned()))
            .collect();
        for source in sources {
            let from = scope.expand(source);
            let from = from.as_str();
            if from.contains("://")
                || from.starts_with("<<")
                || excluded.iter().any(|name| name == last(from))
            {
                continue;
            }
            let target = match kind(from) {
                Some(Kind::Directory) => to.below(files::TOKEN),
                _ => to.file(last(from)),
            };
            let moved = || places(context, instruction, scope);
            let is_place = target.as_deref().is_some_and(|file| {
                kind(file) == Some(Kind::Keeps) || moved().iter().any(|place| place == file)
            });
            let kind = match kind(from) {
                Some(Kind::MayHold) | None if is_place => Kind::Keeps,
                Some(kind) => kind,
                None => continue,
            };
            let name = last(from.trim_end_matches('/'));
            let what = match kind {
                Kind::Keeps => "in which a token is kept",
                Kind::Directory => "the directory in which the Hub's tools keep the token",
                Kind::MayHold => "which may hold a token",
            };
            let may_hold = kind == Kind::MayHold;
            hits.push(Hit {
                rule: &RULE,
                severity: if may_hold { lower(lower(RULE.severity)) } else { RULE.severity },
                confidence: if may_hold { Confidence::Medium } else { Confidence::High },
                span: source.span(),
                token: None,
                message: message!(
                    "`{}` takes `{}`, {}, into the layer",
                    acts.keyword.name(),
                    name,
                    Message::own(what)
                ),
                help: help(&normal(from)),
                script: None,
                remarks: Vec::new(),
                leaves: vec![left_in_layer(target.as_deref())],
                stage: instruction.stage,
                subject: message!("{} {}", acts.keyword.name(), name),
            });
        }
    }
    given(context, &mut hits);
    hits
}

/// Adds the files whose content a `RUN` gives to the Hub, whatever their names are.
fn given(context: &Context<'_>, hits: &mut Vec<Hit>) {
    for Brought { by: BroughtBy { instruction, span, from }, path, .. } in context.brought() {
        if let Some(known) = hits.iter_mut().find(|hit| hit.span == span) {
            (known.severity, known.confidence) = (RULE.severity, Confidence::High);
            continue;
        }
        let Some(instruction) = context.dockerfile.instructions.get(instruction) else { continue };
        let keyword = instruction.effective().keyword.name();
        hits.push(Hit {
            rule: &RULE,
            severity: RULE.severity,
            confidence: Confidence::High,
            span,
            token: None,
            message: message!(
                "`{}` takes `{}`, whose content a RUN gives to the Hub as a token, into the layer",
                keyword,
                from
            ),
            help: help(&from),
            script: None,
            remarks: Vec::new(),
            leaves: vec![left_in_layer(Some(path))],
            stage: instruction.stage,
            subject: message!("{} {}", keyword, last(&from)),
        });
    }
}

/// Returns the help for a file at this path of the build context.
fn help(path: &str) -> Message {
    message!(
        "Delete the copy, add `{}` to `.dockerignore`, and mount the file where it is needed: `RUN \
         --mount=type=secret,id=NAME,target=PATH …`, built with `docker build --secret id=NAME,src=FILE .`",
        path
    )
}

/// Returns the files of a login by the variables at an instruction and at the end of its stage.
fn places(context: &Context<'_>, instruction: &Instruction, scope: Scope<'_>) -> Vec<String> {
    let of_stage = |other: &Instruction| other.stage == instruction.stage;
    let last = context.dockerfile.instructions.iter().rposition(of_stage);
    let scopes = last.map(|last| context.scopes.after(last)).into_iter().chain([scope]);
    scopes.filter_map(login_files_in).flat_map(|files| files.to_vec()).collect()
}

/// Returns the last part of a path.
fn last(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn kind(path: &str) -> Option<Kind> {
    let path = path.trim_end_matches('/');
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_hub =
        |path: &str| files::DIRECTORIES.iter().any(|ending| files::ends_with(path.as_bytes(), ending));
    match name {
        ".netrc" | "_netrc" | ".git-credentials" | files::STORED_TOKENS => Some(Kind::Keeps),
        _ if files::OWN_NAMES.contains(&name) => Some(Kind::Keeps),
        files::TOKEN if is_hub(parent) => Some(Kind::Keeps),
        "*" if is_hub(parent) => Some(Kind::Directory),
        _ if is_hub(path) => Some(Kind::Directory),
        files::TOKEN | ".env" | ".env*" => Some(Kind::MayHold),
        _ => name.strip_prefix(".env.").filter(|kind| !is_sample(kind)).map(|_| Kind::MayHold),
    }
}

/// Returns true for `.env.example` and similar names, whose files are meant to be read.
fn is_sample(kind: &str) -> bool {
    ["example", "sample", "template", "tmpl", "dist", "default", "schema"]
        .iter()
        .any(|name| kind.contains(name))
}
