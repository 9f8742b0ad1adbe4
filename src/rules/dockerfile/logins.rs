//! Finds the logins in `RUN`s that leave a token file behind. Two rules report them, by where the token
//! comes from.

use super::{
    Context, Hit,
    hit::{left_in, lower},
    python::{self, Call},
    token_file::{Environment, covers, layer_path, normal},
};
use crate::{
    detect,
    dockerfile::{
        Instruction, Keyword, Language, Mount, MountKind, Scope, Script, Span, Text, mounts, run_script,
        shell::{self, Step, StepKind, Word},
    },
    finding::{Confidence, Leaves, Masked, Where},
    rules::Rule,
};

/// A login that leaves something behind.
pub(super) struct Login {
    span: Span,
    /// `hf auth login`: the command in normal form.
    command: &'static str,
    /// The mounted secret that its token comes from.
    pub(super) secret: Option<String>,
    leaves: Vec<Leaves>,
    stage: Option<usize>,
    /// What the `RUN` does beside, for the mended line.
    rest: Option<Masked>,
}

impl Login {
    pub(super) fn hit(&self, rule: &'static Rule, confidence: Confidence, effect: &str) -> Hit {
        let cached_only = self.leaves.iter().all(|leaves| leaves.place == Where::BuildCache);
        let effect = if cached_only { "leaves a token file in the builder's cache mount" } else { effect };
        Hit {
            rule,
            severity: if cached_only { lower(rule.severity) } else { rule.severity },
            confidence,
            span: self.span,
            token: None,
            message: Masked::own(format!("`{}` {effect}", self.command)),
            help: self.help(),
            leaves: self.leaves.clone(),
            stage: self.stage,
            subject: self.command.to_owned(),
        }
    }

    fn help(&self) -> Masked {
        let id =
            self.secret.as_ref().map_or_else(|| Masked::own("HF_TOKEN"), |id| detect::mask(id.as_bytes()));
        let mount = format!("RUN --mount=type=secret,id={id},env=HF_TOKEN");
        let change = match &self.rest {
            Some(rest) => format!("Delete the login, and write `{mount} {rest}`"),
            None => format!("Delete the login, and write `{mount} hf download …` where the token is needed"),
        };
        Masked::own(format!(
            "{change}: the Hub's tools read HF_TOKEN from the environment. Build with \
             `docker build --secret id={id},env=HF_TOKEN .`"
        ))
    }
}

/// What a step means for token files.
enum Event {
    /// Files are written: their paths, none where the place is not known.
    Login {
        command: &'static str,
        span: Span,
        files: Option<Vec<String>>,
        step: usize,
    },
    Logout,
    /// Paths are removed.
    Remove(Vec<String>),
}

/// How many logins of one `RUN` are given a mended line of their own.
const MAX_MENDED: usize = 8;

/// All logins of a file that leave something behind.
pub(super) fn find(context: &Context<'_>) -> Vec<Login> {
    let mut logins = Vec::new();
    // Whether a helper keeps what `--add-to-git-credential` hands it; set up once for the stage.
    let mut stores = (None, false);
    for (instruction, scope) in context.instructions() {
        if stores.0 != instruction.stage {
            stores = (instruction.stage, false);
        }
        let acts = instruction.effective();
        if acts.keyword != Keyword::Run {
            continue;
        }
        let Some(script) = run_script(acts, scope) else { continue };
        let bytes = match &script {
            Script::Text { text, .. } => text.as_bytes(),
            Script::Exec(_) => acts.text.as_bytes(),
        };
        stores.1 |= memchr::memmem::find(bytes, b"credential.helper").is_some()
            && memchr::memmem::find(bytes, b"store").is_some();
        let run = Run { instruction, scope, mounts: mounts(acts, scope), stores: stores.1 };
        logins.extend(run.logins(&script));
    }
    logins
}

struct Run<'a> {
    instruction: &'a Instruction,
    scope: Scope<'a>,
    mounts: Vec<Mount>,
    stores: bool,
}

impl Run<'_> {
    fn logins(&self, script: &Script) -> Vec<Login> {
        let steps = shell::steps(script);
        let mut environment = Environment::new(self.scope);
        let mut events = Vec::new();
        self.events(&steps, &mut environment, &mut events, 0);
        let mut logins = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let Event::Login { command, span, files, step } = event else { continue };
            let later = events.get(at + 1..).unwrap_or_default();
            let Some(leaves) = self.left(files.as_deref(), later) else { continue };
            let source = self.source(&steps, *step);
            let mut leaves = leaves;
            let in_history = matches!(source, Source::Literal) || self.scope.has_token_argument();
            let secret = match source {
                Source::Secret(id) => Some(id),
                Source::Literal | Source::Other => None,
            };
            if in_history && secret.is_none() && leaves.iter().any(|l| l.place == Where::Layer) {
                leaves.push(left_in(Where::History));
            }
            let rest = if logins.len() < MAX_MENDED { rest(script, *span) } else { None };
            logins.push(Login { span: *span, command, secret, leaves, stage: self.instruction.stage, rest });
        }
        logins
    }

    /// What is still there when the `RUN` ends; none where nothing is.
    fn left(&self, files: Option<&[String]>, later: &[Event]) -> Option<Vec<Leaves>> {
        if later.iter().any(|event| matches!(event, Event::Logout)) {
            return None;
        }
        let Some(files) = files else { return Some(vec![left_in(Where::Layer)]) };
        let mut leaves = Vec::new();
        for file in files {
            let is_removed = later.iter().any(|event| match event {
                Event::Remove(patterns) => patterns.iter().any(|pattern| covers(pattern, file)),
                _ => false,
            });
            if is_removed {
                continue;
            }
            let left = match self.mount_over(file) {
                Some(MountKind::Cache) => left_in(Where::BuildCache),
                // What is written into memory, or over a bind mount, is gone when the RUN ends.
                Some(_) => continue,
                None => Leaves {
                    place: Where::Layer,
                    path: layer_path(file).map(|path| detect::mask(path.as_bytes())),
                },
            };
            if !leaves.contains(&left) {
                leaves.push(left);
            }
        }
        (!leaves.is_empty()).then_some(leaves)
    }

    /// The mount that a file lies under, secrets and sockets left out: the innermost one.
    fn mount_over(&self, file: &str) -> Option<MountKind> {
        let holds = |mount: &&Mount| {
            matches!(mount.kind, MountKind::Bind | MountKind::Cache | MountKind::Tmpfs)
                && mount
                    .target
                    .as_deref()
                    .is_some_and(|target| !normal(target).is_empty() && covers(target, file))
        };
        let innermost =
            self.mounts.iter().filter(holds).max_by_key(|mount| mount.target.as_ref().map(String::len));
        innermost.map(|mount| mount.kind)
    }

    fn events(
        &self,
        steps: &[Step],
        environment: &mut Environment<'_>,
        events: &mut Vec<Event>,
        depth: usize,
    ) {
        for (index, step) in steps.iter().enumerate() {
            match &step.kind {
                StepKind::Python(text) => {
                    for act in python::acts(text) {
                        match act {
                            python::Act::Call(call, span) => {
                                events.push(python_event(call, span, environment, index));
                            }
                            python::Act::Process(script) if depth == 0 => {
                                let inner = shell::steps(&script);
                                self.events(&inner, environment, events, depth + 1);
                            }
                            python::Act::Process(_) => {}
                        }
                    }
                }
                StepKind::Program { name, arguments, assignments } => {
                    let mark = environment.mark();
                    for (name, value) in assignments {
                        environment.assign(name, value);
                    }
                    if matches!(name.as_str(), "export" | "declare" | "typeset") {
                        for word in arguments {
                            environment.export(word);
                        }
                    } else if !name.is_empty() {
                        events.extend(self.event(name, arguments, step.span, environment, index));
                        environment.restore(mark);
                    }
                }
            }
        }
    }

    fn event(
        &self,
        program: &str,
        arguments: &[Word],
        span: Span,
        environment: &Environment<'_>,
        step: usize,
    ) -> Option<Event> {
        if program == "rm" || program == "unlink" || program == "shred" {
            let operands = arguments.iter().filter(|word| word.text.byte(0) != Some(b'-'));
            let paths = operands.filter_map(|word| environment.path(&word.text.to_str())).collect();
            return Some(Event::Remove(paths));
        }
        let command = login_program(program, arguments)?;
        if command == LOGOUT {
            return Some(Event::Logout);
        }
        let has = |option: &[u8]| arguments.iter().any(|word| word.text.as_bytes() == option);
        if has(b"--help") || has(b"-h") {
            return None;
        }
        let files = if command == "transformers-cli login" {
            Some(vec![environment.home_file(".huggingface/token")])
        } else {
            environment.login_files().map(|mut files| {
                if self.stores && has(b"--add-to-git-credential") {
                    files.push(environment.home_file(".git-credentials"));
                }
                files
            })
        };
        Some(Event::Login { command, span, files, step })
    }

    /// Where a login's token comes from, by its own words and those of what is piped into it.
    fn source(&self, steps: &[Step], step: usize) -> Source {
        let near = steps.get(step.saturating_sub(1)..=step).unwrap_or_default();
        let words: Vec<&Word> = near
            .iter()
            .flat_map(|step| match &step.kind {
                StepKind::Program { arguments, assignments, .. } => {
                    arguments.iter().chain(assignments.iter().map(|(_, word)| word)).collect()
                }
                StepKind::Python(_) => Vec::new(),
            })
            .collect();
        if words.iter().any(|word| !detect::find(word.text.as_bytes()).is_empty()) {
            return Source::Literal;
        }
        let is_mounted = |name: &str| self.mounts.iter().any(|mount| mount.env.as_deref() == Some(name));
        let from_build = words.iter().flat_map(|word| &word.variables).any(|name| {
            !is_mounted(name) && self.scope.get(name).is_some_and(|binding| binding.value.carries_token)
        });
        let secret = self.mounts.iter().find(|mount| mount.kind == MountKind::Secret);
        match secret {
            Some(secret) if !from_build => Source::Secret(secret.id.clone().unwrap_or_default()),
            _ => Source::Other,
        }
    }
}

enum Source {
    Literal,
    Secret(String),
    Other,
}

const LOGOUT: &str = "hf auth logout";

/// The login or logout that a command line is, in normal form.
fn login_program(program: &str, arguments: &[Word]) -> Option<&'static str> {
    let words: Vec<_> = arguments.iter().map(|word| word.text.to_str()).collect();
    // Options of the program itself stand in front of the command.
    let mut verbs = words.iter().map(AsRef::as_ref).filter(|word: &&str| !word.starts_with('-'));
    let (first, second) = (verbs.next()?, verbs.next());
    let program = program.split('@').next().unwrap_or_default();
    let tool = match program {
        "hf" | "huggingface_hub.cli.hf" | "huggingface_hub.cli" | "huggingface_hub" => "hf",
        "huggingface-cli" | "huggingface_hub.commands.huggingface_cli" => "huggingface-cli",
        "transformers-cli" | "transformers.commands.transformers_cli" => "transformers-cli",
        _ => return None,
    };
    match (tool, first, second) {
        ("hf" | "huggingface-cli", "auth", Some("login")) => Some("hf auth login"),
        ("hf" | "huggingface-cli", "auth", Some("switch")) => Some("hf auth switch"),
        ("huggingface-cli", "login", _) => Some("huggingface-cli login"),
        ("transformers-cli", "login", _) => Some("transformers-cli login"),
        ("hf" | "huggingface-cli", "auth", Some("logout"))
        | ("huggingface-cli" | "transformers-cli", "logout", _) => Some(LOGOUT),
        _ => None,
    }
}

fn python_event(call: Call, span: Span, environment: &Environment<'_>, step: usize) -> Event {
    let files = environment.login_files();
    match call {
        Call::Logout => Event::Logout,
        Call::Login => Event::Login { command: "huggingface_hub.login", span, files, step },
        Call::SaveToken => {
            let files = files.map(|files| files.into_iter().take(1).collect());
            Event::Login { command: "HfFolder.save_token", span, files, step }
        }
    }
}

/// What a plain list of commands does beside the login at `login` and what is piped into it; none where that
/// cannot be told for sure.
fn rest(script: &Script, login: Span) -> Option<Masked> {
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

fn is_logout(command: &shell::Command) -> bool {
    let Some((program, arguments)) = command.words.split_first() else { return false };
    let program = program.text.to_str();
    let name = program.rsplit('/').next().unwrap_or_default();
    login_program(name, arguments) == Some(LOGOUT)
}
