//! The line to write in place of one with a login in it.

use zeroize::Zeroizing;

use super::origin::{Origin, Source, holds_word};
use crate::{
    detect,
    dockerfile::{Instruction, Language, Mount, MountKind, Script, Span, Text, shell},
    finding::Masked,
    rules::login::{LOGOUT, login_program},
};

/// What a plain list of commands does beside the login at `login` and what is piped into it; none where that
/// cannot be told for sure.
pub(super) fn rest(script: &Script, login: Span) -> Option<Masked> {
    let Script::Text { language: Language::Shell, text } = script else { return None };
    let (start, end) = (text.offset_of(login.start), text.offset_of(login.end));
    let outside = [text.slice(0..start), text.slice(end..text.len())];
    let is_plain = |part: &Text| {
        memchr::memmem::find(part.as_bytes(), b"||").is_none()
            && !part.as_bytes().iter().any(|b| matches!(b, b'\n' | b'(' | b'{' | b'#' | b'`' | b'<' | b'>'))
    };
    if !outside.iter().all(is_plain) {
        return None;
    }
    let commands = shell::commands(text);
    // Substitutions come in front of the command they are in.
    let itself = commands.iter().rev().find(|command| command.span == login)?;
    let others: Vec<_> = commands
        .iter()
        .filter(|command| command.pipeline != itself.pipeline && !command.span.overlaps(login))
        .filter(|command| !is_logout(command))
        .collect();
    let is_compound = |command: &&shell::Command| {
        matches!(command.word(0).as_deref(), Some("for" | "case" | "function" | "if" | "while" | "until"))
    };
    let has_pipe = others.windows(2).any(|pair| matches!(pair, [a, b] if a.pipeline == b.pipeline));
    let has_reserved = [" then ", " do ", " else "].iter().any(|word| text.to_str().contains(word));
    if others.is_empty() || has_pipe || has_reserved || others.iter().any(is_compound) {
        return None;
    }
    let written = |command: &&shell::Command| {
        text.slice(text.offset_of(command.span.start)..text.offset_of(command.span.end))
    };
    let parts: Vec<Text> = others.iter().map(written).collect();
    // A line with a token in it must not be written again, and where quotes or escapes split the token, the
    // mask would not see it.
    let holds_token = |bytes: &[u8]| {
        !detect::find(bytes).is_empty()
            || detect::holds_split_token(bytes)
            || memchr::memmem::find(bytes, b"$'").is_some()
    };
    let words = || others.iter().flat_map(|command| command.all_words());
    if parts.iter().any(|part| holds_token(part.as_bytes()))
        || words().any(|word| holds_token(word.text.as_bytes()))
    {
        return None;
    }
    let parts: Vec<_> = parts.iter().map(|part| part.masked().as_str().to_owned()).collect();
    Some(Masked::own(parts.join(" && ")))
}

/// Whether a login hands its token to git too.
pub(super) fn is_for_git(script: &Script, login: Span) -> bool {
    let holds = |text: &Text| {
        let (start, end) = (text.offset_of(login.start), text.offset_of(login.end));
        let text = text.slice(start..end);
        [&b"--add-to-git-credential"[..], b"add_to_git_credential"]
            .iter()
            .any(|option| memchr::memmem::find(text.as_bytes(), option).is_some())
    };
    match script {
        Script::Text { text, .. } => holds(text),
        Script::Exec(words) => words.iter().any(holds),
    }
}

/// The script behind a login.
pub(super) fn behind(script: &Script, login: Span) -> Zeroizing<String> {
    let Script::Text { text, .. } = script else { return Zeroizing::default() };
    Zeroizing::new(text.slice(text.offset_of(login.end)..text.len()).to_str().into_owned())
}

/// What is known of a login that is to be mended.
pub(super) struct Mend<'a> {
    pub(super) origin: &'a Origin,
    pub(super) rest: Option<Masked>,
    /// The script behind the login; it is compared, never shown.
    pub(super) behind: Zeroizing<String>,
    /// Whether a `git clone` behind it counts on the token.
    pub(super) is_for_git: bool,
}

impl Mend<'_> {
    pub(super) fn help(&self, instruction: &Instruction, mounts: &[Mount]) -> Masked {
        let secret = match &self.origin.source {
            Source::Secret(mount) => Some(mount),
            Source::Literal | Source::Other => None,
        };
        let id = secret.and_then(|mount| mount.id.as_ref());
        let id = id.map_or_else(|| Masked::own("HF_TOKEN"), |id| detect::mask(id.as_bytes()));
        let run = if instruction.is_onbuild() { "ONBUILD RUN" } else { "RUN" };
        let required = if secret.is_some_and(|mount| mount.required) { ",required=true" } else { "" };
        let mount = format!("--mount=type=secret,id={id},env=HF_TOKEN{required}");
        let used = self.still_used(secret);
        let flags = other_flags(instruction, mounts, secret);
        let change = match (&self.rest, used, flags) {
            (Some(rest), None, Some(flags)) if !self.is_for_git => {
                format!("Delete the login, and write `{run} {mount} {flags}{rest}`")
            }
            (_, Some(used), _) => format!(
                "Delete the login, write `{run} {mount} …`, and let the commands that use `{used}` use `$HF_TOKEN`"
            ),
            _ => {
                format!("Delete the login, and write `{run} {mount} hf download …` where the token is needed")
            }
        };
        let git = if self.is_for_git {
            ". Git does not: in place of `git clone` use `hf download`, or a credential helper that reads HF_TOKEN in \
             the same RUN"
        } else {
            ""
        };
        Masked::own(format!(
            "{change}: the Hub's tools read HF_TOKEN from the environment{git}. Build with \
             `docker build --secret id={id},env=HF_TOKEN .`"
        ))
    }

    /// The mounted file or the variable that the rest of the `RUN` uses still.
    fn still_used(&self, secret: Option<&Mount>) -> Option<Masked> {
        let rest = self.rest.as_ref().map_or("", Masked::as_str);
        let file = secret.and_then(|mount| mount.target.as_deref());
        let names = self.origin.variables.iter().map(String::as_str);
        let mut used = file.into_iter().chain(names.filter(|&name| name != "HF_TOKEN"));
        used.find(|used| holds_word(rest, used) || holds_word(&self.behind, used))
            .map(|used| detect::mask(used.as_bytes()))
    }
}

/// The flags of a `RUN` beside the mount of the token; none where they cannot be shown.
fn other_flags(instruction: &Instruction, mounts: &[Mount], secret: Option<&Mount>) -> Option<String> {
    let mut mounts = mounts.iter();
    let mut out = String::new();
    for flag in &instruction.effective().flags {
        let mount =
            if flag.name.as_bytes() == b"mount" && flag.value.is_some() { mounts.next() } else { None };
        let is_replaced = |mount: &Mount| {
            mount.kind == MountKind::Secret
                && (secret == Some(mount) || mount.env.as_deref() == Some("HF_TOKEN"))
        };
        if mount.is_some_and(is_replaced) {
            continue;
        }
        let value = flag.value.as_ref();
        if value.is_some_and(|value| {
            !detect::find(value.as_bytes()).is_empty() || detect::holds_split_token(value.as_bytes())
        }) {
            return None;
        }
        let value = value.map_or_else(String::new, |value| format!("={}", value.masked().as_str()));
        out.extend(["--", flag.name.masked().as_str(), value.as_str(), " "]);
    }
    Some(out)
}

fn is_logout(command: &shell::Command) -> bool {
    let Some((program, arguments)) = command.words.split_first() else { return false };
    let program = program.text.to_str();
    let name = program.rsplit('/').next().unwrap_or_default();
    login_program(name, arguments) == Some(LOGOUT)
}
