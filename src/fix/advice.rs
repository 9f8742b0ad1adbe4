//! The advice of a finding's help: the line to write, where there is one.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::edit::Edits;
use super::outcome::Secret;
use super::plan::{self, Plan};
use crate::detect;
use crate::dockerfile::{Dockerfile, Instruction, Keyword, Mount, MountKind, parse};
use crate::effects::{NO_FILES, ReadFile, expanded, holds_word};
use crate::hub::addresses::repository;
use crate::hub::variables::HF_TOKEN;
use crate::mask::{Masked, Message, holds_split_token, mask_code, message};
use crate::rules::dockerfile::{
    Context, Hit, find, literal_token, login_command, login_with_secret_mount, token_in_arg, token_in_env,
    token_in_url, token_written_to_file,
};
use crate::text::Span;

/// The maximum length of a line that is shown.
const MAX_SHOWN: usize = 400;
/// The maximum number of findings of a file that are shown a replacement line.
const MAX_ADVISED: usize = 64;
/// The maximum number of lines that are tried for one finding.
const MAX_TRIED: usize = 8;

const WHY: &str = "the Hub's tools read HF_TOKEN from the environment";
const NO_MOUNTS: &str = "Builds of Windows containers have no secret mounts: fetch what needs the token outside of the \
                         build and copy it in, or pass the token when the container starts: `docker run -e HF_TOKEN …`.";

/// Runs all rules over a Dockerfile, and adds to the help of each hit how to mend it. The hits are sorted
/// by position, then by rule.
pub(crate) fn check_and_advise(source: &[u8], dockerfile: &Dockerfile) -> Vec<Hit> {
    check_and_advise_within(source, dockerfile, NO_FILES)
}

/// Does the same for a Dockerfile with a build context.
pub(crate) fn check_and_advise_within(
    source: &[u8],
    dockerfile: &Dockerfile,
    read: ReadFile<'_>,
) -> Vec<Hit> {
    let context = Context::within(source, dockerfile, read);
    let mut hits = find(&context);
    advise(&context, &mut hits);
    hits
}

/// Adapts the help of the hits to the file.
pub(super) fn advise(context: &Context<'_>, hits: &mut [Hit]) {
    if hits.is_empty() {
        return;
    }
    let plan = plan::plan(context, hits);
    let advisor = Advisor { context, plan, leaking: OnceCell::new() };
    for hit in hits.iter_mut().take(MAX_ADVISED) {
        if let Some(help) = advisor.help(hit) {
            hit.help = help;
        }
    }
}

/// The subject of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Login,
    Argument,
    Environment,
    Url,
    File,
    Text,
}

fn topic(hit: &Hit) -> Option<Topic> {
    Some(match hit.rule.id {
        id if id == login_command::RULE.id || id == login_with_secret_mount::RULE.id => Topic::Login,
        id if id == token_in_arg::RULE.id => Topic::Argument,
        id if id == token_in_env::RULE.id => Topic::Environment,
        id if id == token_in_url::RULE.id => Topic::Url,
        id if id == token_written_to_file::RULE.id => Topic::File,
        id if id == literal_token::RULE.id => Topic::Text,
        _ => return None,
    })
}

struct Advisor<'a> {
    context: &'a Context<'a>,
    plan: Plan,
    /// The instructions that still leak when the file is mended, by their index in the file.
    leaking: OnceCell<BTreeSet<usize>>,
}

impl Advisor<'_> {
    /// Returns a better help than that of the rule, if there is one.
    fn help(&self, hit: &Hit) -> Option<Message> {
        let topic = topic(hit)?;
        if self.plan.is_for_windows {
            return windows(topic, hit);
        }
        let instructions = &self.context.dockerfile.instructions;
        let holder = instructions.partition_point(|instruction| instruction.span.end <= hit.span.start);
        let own = instructions.get(holder)?;
        if topic == Topic::File {
            return self.file_help(hit, own);
        }
        if topic == Topic::Text {
            return None;
        }
        let is_declined = self.plan.declined.iter().any(|declined| declined.span.overlaps(hit.span));
        let (mut tried, mut leaks) = (0, false);
        for (index, instruction) in (holder..).zip(instructions.iter().skip(holder)).filter(|_| !is_declined)
        {
            let is_run = instruction.effective().keyword == Keyword::Run && instruction.stage == hit.stage;
            if !is_run || !self.plan.about_token.contains(&index) {
                continue;
            }
            let own = if index == holder && topic == Topic::Url {
                self.mounted_for(instruction, hit.span)
            } else {
                None
            };
            let Some(secret) =
                self.plan.mounted.get(&index).and_then(|secrets| secrets.first()).or(own.as_ref())
            else {
                continue;
            };
            tried += 1;
            if tried > MAX_TRIED {
                break;
            }
            if self.leaks(index) {
                leaks = true;
                continue;
            }
            if let Some(line) = shown(self.context, &self.plan.edits, instruction.span) {
                return Some(self.with_line(topic, hit, &line, secret));
            }
        }
        match topic {
            Topic::Argument if leaks => Some(message!(
                "Delete `{}`, and what writes the token into a file. If the container needs the token, pass it when it \
                 starts: `docker run -e {} …`.",
                hit.subject,
                HF_TOKEN
            )),
            Topic::Url => self.url_help(hit, own),
            Topic::Argument | Topic::Environment => self.setting_help(topic, hit),
            _ => None,
        }
    }

    /// Returns the help for a variable that takes its value from another one, whose name the secret gets.
    fn setting_help(&self, topic: Topic, hit: &Hit) -> Option<Message> {
        let (name, Secret { id, variable }) = self.plan.variables.get(&hit.span)?;
        if id == name {
            return None;
        }
        let line = message!("RUN --mount=type=secret,id={},env={} …", id, name);
        let build = message!("docker build --secret id={},env={} .", id, variable);
        let help = if topic == Topic::Environment {
            message!(
                "Delete {} from this ENV. Write `{}` where a build step needs the token, build with `{}`, and start with \
                 `docker run -e {} …`.",
                name,
                line,
                build,
                name
            )
        } else {
            message!(
                "Delete `{}`, write `{}` where the token is needed, and build with `{}` instead of `--build-arg`.",
                hit.subject,
                line,
                build
            )
        };
        Some(help)
    }

    /// Returns true if the instruction still leaks when the file is mended.
    fn leaks(&self, index: usize) -> bool {
        let leaking = self.leaking.get_or_init(|| {
            let all = &self.context.dockerfile.instructions;
            let mended = self.plan.edits.clone().apply(self.context.source);
            let dockerfile = parse(&mended);
            if dockerfile.instructions.len() + self.plan.gone.len() != all.len()
                || !dockerfile.flaws.is_empty()
            {
                return (0..all.len()).collect();
            }
            let stay = (0..all.len()).filter(|index| !self.plan.gone.contains(index));
            let hits = find(&Context::new(&mended, &dockerfile));
            let pairs = stay.zip(&dockerfile.instructions);
            let leaks = pairs.filter(|(_, mended)| hits.iter().any(|hit| hit.span.overlaps(mended.span)));
            leaks.map(|(index, _)| index).collect()
        });
        leaking.contains(&index)
    }

    /// Returns the help with a mended line.
    fn with_line(&self, topic: Topic, hit: &Hit, line: &Masked, secret: &Secret) -> Message {
        let Secret { id, variable } = secret;
        let build = message!("docker build --secret id={},env={} .", id, variable);
        match topic {
            Topic::Login => {
                message!(
                    "Delete the login, and write `{}`: {}. Build with `{}`",
                    *line,
                    Message::own(WHY),
                    build
                )
            }
            Topic::Argument => message!(
                "Delete `{}`, write `{}`, and build with `{}` instead of `--build-arg`.",
                hit.subject,
                *line,
                build
            ),
            Topic::Environment => message!(
                "Take the variable out of this ENV, write `{}`, and build with `{}`. If the container needs the \
                 token, pass it when it starts: `docker run -e {} …`.",
                *line,
                build,
                self.plan.variables.get(&hit.span).map_or(variable, |(name, _)| name)
            ),
            Topic::Url | Topic::File | Topic::Text => {
                message!("Write `{}`, and build with `{}`", *line, build)
            }
        }
    }

    /// Returns the secret that a part of a `RUN` uses and that is mounted already.
    fn mounted_for(&self, instruction: &Instruction, span: Span) -> Option<Secret> {
        let mounts = &self.context.run(instruction)?.mounts;
        let text = self.context.source.get(span.start..span.end).unwrap_or_default();
        let text = zeroize::Zeroizing::new(String::from_utf8_lossy(text).into_owned());
        let is_used = |mount: &&Mount| {
            let names = [&mount.target, &mount.env];
            mount.kind == MountKind::Secret && names.into_iter().flatten().any(|name| holds_word(&text, name))
        };
        let used = mounts.iter().find(is_used)?;
        let id = used.id.clone()?;
        Some(Secret::new(id, used.env.as_deref().unwrap_or(HF_TOKEN)))
    }

    /// Returns the only secret of a `RUN`, if a part of it gets it through a variable of the script.
    fn only_secret(&self, instruction: &Instruction, span: Span) -> Option<Secret> {
        let text = self.context.source.get(span.start..span.end).unwrap_or_default();
        let text = zeroize::Zeroizing::new(String::from_utf8_lossy(text).into_owned());
        let scope = self.context.scope_of(instruction);
        let names = expanded(&text);
        if names.is_empty() || names.iter().any(|name| scope.get(name).is_some()) {
            return None;
        }
        let mounts = &self.context.run(instruction)?.mounts;
        let mut secrets = mounts.iter().filter(|mount| mount.kind == MountKind::Secret);
        let id = secrets.next()?.id.clone()?;
        secrets.next().is_none().then(|| Secret::new(id, HF_TOKEN))
    }

    /// Returns the help for a file that a token is written into. It names the secret that the command reads.
    fn file_help(&self, hit: &Hit, own: &Instruction) -> Option<Message> {
        let Secret { id, variable } = self.mounted_for(own, own.span)?;
        Some(message!(
            "Delete what writes the file, and let the commands that need the secret read it from its mount: `RUN \
             --mount=type=secret,id={},env={} …`, built with `docker build --secret id={},env={} .`. If the container needs \
             it, pass it when it starts: `docker run -e {} …`. A file that must exist during the RUN has to be removed in \
             the same RUN.",
            id, variable, id, variable, variable
        ))
        .filter(|_| hit.stage == own.stage)
    }

    /// Returns the help for a URL: the download that replaces it.
    fn url_help(&self, hit: &Hit, own: &Instruction) -> Option<Message> {
        let secret = self.mounted_for(own, hit.span).or_else(|| self.only_secret(own, hit.span));
        let text = self.context.source.get(hit.span.start..hit.span.end).unwrap_or_default();
        let named = repository(&String::from_utf8_lossy(text))
            .map(|(name, kind)| if kind.is_empty() { name } else { format!("{name} --repo-type {kind}") });
        if secret.is_none() && named.is_none() {
            return None;
        }
        let secret = secret.unwrap_or_else(|| Secret::new(HF_TOKEN.to_owned(), HF_TOKEN));
        let Secret { id, variable } = secret;
        let named = named.unwrap_or_else(|| "…".to_owned());
        Some(message!(
            "Instead of the URL with the token, write `RUN --mount=type=secret,id={},env=HF_TOKEN hf download {}`, which \
             reads HF_TOKEN from the environment, and build with `docker build --secret id={},env={} .`",
            id,
            named,
            id,
            variable
        ))
    }
}

/// Returns the help for a file that builds images for Windows.
fn windows(topic: Topic, hit: &Hit) -> Option<Message> {
    let why = Message::own(NO_MOUNTS);
    Some(match topic {
        Topic::Login => message!("Delete the login. {}", why),
        Topic::Argument => message!("Delete `{}`. {}", hit.subject, why),
        Topic::Environment => message!("Take the variable out of this ENV. {}", why),
        Topic::Url => message!("Take the token out of the URL. {}", why),
        Topic::File => message!("Delete what writes the file. {}", why),
        Topic::Text => {
            let token = hit.token.as_ref()?;
            let revoke = Message::own(token.kind.revoke_address());
            message!("Revoke the token at {} first. Then take it out of the file. {}", revoke, why)
        }
    })
}

/// Returns a mended instruction on one line, or `None` if it cannot be shown.
fn shown(context: &Context<'_>, edits: &Edits, span: Span) -> Option<Masked> {
    let source = edits.within(context.source, span);
    // A token that masking does not recognize as a whole must not be shown.
    let is_safe = |bytes: &[u8]| {
        detect::find(bytes).is_empty()
            && !holds_split_token(bytes)
            && memchr::memmem::find(bytes, b"$'").is_none()
    };
    let mended = parse(&source);
    let instruction = mended.instructions.first()?;
    if instruction.heredocs.is_empty() && instruction.effective().heredocs.is_empty() {
        let text = &instruction.text;
        let words = text.to_str().split_whitespace().collect::<Vec<_>>().join(" ");
        let has_quotes = words.contains(['"', '\'']);
        let line = if has_quotes { text.trimmed().to_str().into_owned() } else { words };
        let line = zeroize::Zeroizing::new(line);
        let is_short = line.chars().count() <= MAX_SHOWN && !line.contains('\n');
        return (is_short && is_safe(&source) && is_safe(line.as_bytes()))
            .then(|| mask_code(line.as_bytes()));
    }
    None
}
