//! The replacement line that a finding's help shows.

use super::outcome::Secret;
use super::plan;
use crate::detect;
use crate::dockerfile::{Dockerfile, Keyword, parse};
use crate::effects::{NO_FILES, ReadFile};
use crate::mask::{Masked, Message, holds_split_token, mask, message};
use crate::rules::dockerfile::{
    Context, Hit, find, login_command, login_with_secret_mount, token_in_arg, token_in_env, token_in_url,
};
use crate::text::Span;

/// The maximum length of a line that is shown.
const MAX_SHOWN: usize = 400;
/// The maximum number of findings of a file that are shown a replacement line.
const MAX_ADVISED: usize = 64;
/// The maximum number of lines that are tried for one finding.
const MAX_TRIED: usize = 8;

const WHY: &str = "the Hub's tools read HF_TOKEN from the environment";

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

/// Adds the mended line to the help of the hits that can be mended with certainty.
pub(super) fn advise(context: &Context<'_>, hits: &mut [Hit]) {
    if hits.is_empty() {
        return;
    }
    let plan = plan::plan(context, hits);
    for hit in hits.iter_mut().take(MAX_ADVISED) {
        let is_login =
            hit.rule.id == login_command::RULE.id || hit.rule.id == login_with_secret_mount::RULE.id;
        let is_setting = hit.rule.id == token_in_arg::RULE.id || hit.rule.id == token_in_env::RULE.id;
        if !(is_login || is_setting || hit.rule.id == token_in_url::RULE.id)
            || plan.declined.iter().any(|declined| declined.span.overlaps(hit.span))
        {
            continue;
        }
        let instructions = &context.dockerfile.instructions;
        let holder = instructions.partition_point(|instruction| instruction.span.end <= hit.span.start);
        // The line itself, or the next one that gets the secret. Only a few lines are tried, because each
        // try takes time.
        let places = (holder..).zip(instructions.iter().skip(holder));
        let places = places.filter_map(|(index, instruction)| {
            let is_run = instruction.effective().keyword == Keyword::Run && instruction.stage == hit.stage;
            Some((instruction, plan.mounted.get(&index)?.first()?)).filter(|_| is_run)
        });
        let found = places
            .take(MAX_TRIED)
            .find_map(|(instruction, secret)| Some((shown(context, &plan.edits, instruction.span)?, secret)));
        let Some((line, Secret { id, variable })) = found else { continue };
        let build = message!("docker build --secret id={},env={} .", id, variable);
        let help = if is_login {
            message!("Delete the login, and write `{}`: {}. Build with `{}`", line, Message::own(WHY), build)
        } else if hit.rule.id == token_in_arg::RULE.id {
            message!(
                "Delete `{}`, write `{}`, and build with `{}` instead of `--build-arg`.",
                hit.subject,
                line,
                build
            )
        } else if is_setting {
            message!(
                "Take the variable out of this ENV, write `{}`, and build with `{}`. If the container needs the \
                 token, pass it when it starts: `docker run -e {} …`.",
                line,
                build,
                variable
            )
        } else {
            message!("Write `{}`, and build with `{}`", line, build)
        };
        hit.help = help;
    }
}

/// Returns a mended instruction on one line, or `None` if it cannot be shown.
fn shown(context: &Context<'_>, edits: &super::edit::Edits, span: Span) -> Option<Masked> {
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
        return (is_short && is_safe(&source) && is_safe(line.as_bytes())).then(|| mask(line.as_bytes()));
    }
    None
}
