//! From commands to what really runs: wrappers such as `env` and `sudo` are taken away, and nested scripts
//! (`sh -c`, `python -c`, here-documents and pipes into an interpreter) are followed.

use super::{Command, Redirection, Word, commands};
use crate::dockerfile::{Language, Script, Span, Text};

/// One thing that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Where the command stands that runs it, in the source.
    pub span: Span,
    /// The branches it stands in; see [`Command::branches`].
    pub branches: Vec<usize>,
    /// The files and texts that it reads by `<` and `<<<`.
    pub inputs: Vec<Word>,
    /// Whether its standard input comes from a pipe or a redirection.
    pub is_fed: bool,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// A program or a builtin.
    Program {
        /// Its name without directories, or the module behind `python -m`; empty for assignments alone.
        name: String,
        /// Its arguments.
        arguments: Vec<Word>,
        /// The variables that are set for it alone.
        assignments: Vec<(String, Word)>,
    },
    /// A Python script.
    Python(Text),
}

/// How deep scripts in scripts are followed.
const MAX_DEPTH: usize = 8;

/// What a script runs, in order.
pub fn steps(script: &Script) -> Vec<Step> {
    let mut out = Vec::new();
    match script {
        Script::Exec(words) => {
            let word = |text: &Text| Word { text: text.clone(), is_quoted: true, ..Word::default() };
            let span = match (words.first(), words.last()) {
                (Some(first), Some(last)) => first.span().to(last.span()),
                _ => return out,
            };
            let command = Command { words: words.iter().map(word).collect(), span, ..Command::default() };
            follow(&[command], &mut out, 0, &[]);
        }
        Script::Text { language, text } => follow_text(*language, text, text.span(), &mut out, 0, &[]),
    }
    out
}

fn follow_text(
    language: Language,
    text: &Text,
    span: Span,
    out: &mut Vec<Step>,
    depth: usize,
    outer: &[usize],
) {
    if depth > MAX_DEPTH {
        return;
    }
    match language {
        Language::Shell => follow(&commands(text), out, depth, outer),
        Language::Python => {
            let (kind, branches) = (StepKind::Python(text.clone()), outer.to_vec());
            out.push(Step { kind, span, branches, inputs: Vec::new(), is_fed: false });
        }
        Language::Other => {}
    }
}

fn follow(commands: &[Command], out: &mut Vec<Step>, depth: usize, outer: &[usize]) {
    for (index, command) in commands.iter().enumerate() {
        let before = commands.get(..index).unwrap_or_default();
        let branches = [outer, command.branches.as_slice()].concat();
        let unwrapped = unwrap(command);
        let inputs = inputs(command);
        let is_fed = before.last().is_some_and(|feeder| feeder.pipeline == command.pipeline)
            || command.redirects.iter().any(|redirect| redirect.operator.starts_with('<'));
        let Some((program, arguments)) = unwrapped.words.split_first() else {
            let assignments = unwrapped.assignments;
            let kind = StepKind::Program { name: String::new(), arguments: Vec::new(), assignments };
            out.push(Step { kind, span: command.span, branches, inputs, is_fed });
            continue;
        };
        let name = base_name(&program.text.to_str());
        if let Some(Nested { language, script }) = nested(&name, arguments, command, before) {
            follow_text(language, &script, command.span, out, depth + 1, &branches);
        }
        let (name, arguments) = match module(&name, arguments) {
            Some((module, rest)) => (module, rest),
            None => (name, arguments),
        };
        out.push(Step {
            kind: StepKind::Program {
                name,
                arguments: arguments.to_vec(),
                assignments: unwrapped.assignments,
            },
            span: command.span,
            branches,
            inputs,
            is_fed,
        });
    }
}

/// The files and texts that a command reads by redirection.
fn inputs(command: &Command) -> Vec<Word> {
    let input = |redirect: &super::Redirect| match &redirect.to {
        Redirection::File(word) | Redirection::String(word) if redirect.operator.starts_with('<') => {
            Some(word.clone())
        }
        _ => None,
    };
    command.redirects.iter().filter_map(input).collect()
}

/// The last part of a path, without `.exe`.
fn base_name(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name).to_owned()
}

struct Unwrapped<'a> {
    words: &'a [Word],
    assignments: Vec<(String, Word)>,
}

/// Programs that run the program named in their arguments.
const WRAPPERS: [&str; 42] = [
    "env",
    "sudo",
    "doas",
    "exec",
    "command",
    "nohup",
    "time",
    "nice",
    "ionice",
    "timeout",
    "stdbuf",
    "xargs",
    "setsid",
    "chroot",
    "gosu",
    "su-exec",
    "setpriv",
    "tini",
    "dumb-init",
    "uvx",
    "uv",
    "pipx",
    "poetry",
    "pdm",
    "conda",
    "mamba",
    "micromamba",
    "rye",
    "hatch",
    "pixi",
    "unbuffer",
    "busybox",
    "builtin",
    "retry",
    "pipenv",
    "flock",
    "xvfb-run",
    "doppler",
    "op",
    "infisical",
    "dotenv",
    "catchsegv",
];

/// Programs that are looked for behind a wrapper, beside shells, Python and other wrappers. Options of the
/// wrapper in front of them, with whatever values, are passed over.
const TARGETS: [&str; 12] = [
    "hf",
    "huggingface-cli",
    "transformers-cli",
    "rm",
    "cat",
    "echo",
    "printf",
    "tee",
    "eval",
    "su",
    "git",
    "export",
];

fn unwrap(command: &Command) -> Unwrapped<'_> {
    let mut words = command.words.as_slice();
    let mut assignments = command.assignments.clone();
    while let Some((first, rest)) = words.split_first() {
        let name = base_name(&first.text.to_str());
        // `runuser -u USER -- PROGRAM …` has no shell.
        let is_runuser = name == "runuser" && rest.first().is_some_and(|w| w.text.as_bytes() == b"-u");
        if !is_runuser && !WRAPPERS.contains(&name.as_str()) {
            break;
        }
        let is_target = |word: &Word| {
            let text = word.text.to_str();
            // `uvx hf@latest` names a version.
            let name = base_name(text.split('@').next().unwrap_or_default());
            TARGETS.contains(&name.as_str())
                || WRAPPERS.contains(&name.as_str())
                || Language::of_program(&name) != Language::Other
        };
        let Some(at) = rest.iter().position(is_target) else { break };
        if name == "env" {
            for word in rest.iter().take(at) {
                let text = word.text.to_str();
                if let Some((name, _)) = text.split_once('=').filter(|(name, _)| !name.starts_with('-')) {
                    let value =
                        Word { text: word.text.slice(name.len() + 1..word.text.len()), ..word.clone() };
                    assignments.push((name.to_owned(), value));
                }
            }
        }
        words = rest.get(at..).unwrap_or_default();
    }
    Unwrapped { words, assignments }
}

/// `python -m MODULE …`: the module and what follows it.
fn module<'a>(program: &str, arguments: &'a [Word]) -> Option<(String, &'a [Word])> {
    if Language::of_program(program) != Language::Python {
        return None;
    }
    let at = arguments
        .iter()
        .take_while(|word| word.text.byte(0) == Some(b'-'))
        .position(|word| word.text.as_bytes() == b"-m")?;
    let module = arguments.get(at + 1)?;
    Some((module.text.to_str().into_owned(), arguments.get(at + 2..).unwrap_or_default()))
}

struct Nested {
    language: Language,
    script: Text,
}

/// The script that an interpreter is given.
fn nested(program: &str, arguments: &[Word], command: &Command, before: &[Command]) -> Option<Nested> {
    if program == "eval" {
        return Some(Nested { language: Language::Shell, script: joined(arguments) });
    }
    let is_su = matches!(program, "su" | "runuser");
    let language = if is_su { Language::Shell } else { Language::of_program(program) };
    if language == Language::Other {
        return None;
    }
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.to_str();
        match text.as_ref() {
            "-" if is_su => {}
            "-" => break,
            "/c" | "/C" | "-Command" | "-command" => {
                return Some(Nested { language, script: joined(words.as_slice()) });
            }
            "-m" if language == Language::Python => return None,
            // Options with a value of their own.
            "-X" | "-W" if language == Language::Python => {
                words.next();
            }
            "--command" if is_su => return Some(Nested { language, script: words.next()?.text.clone() }),
            option if option.starts_with("--") => {}
            option if option.starts_with(['-', '+']) => {
                // Each `o` and `O` takes a word, wherever in the bundle it stands: `-euxo pipefail -c`.
                let takes_word = |c: &char| matches!(c, 'o' | 'O');
                if language == Language::Shell && !is_su {
                    for _ in option.chars().filter(takes_word) {
                        words.next();
                    }
                }
                if option.starts_with('-') && option.contains('c') {
                    return Some(Nested { language, script: words.next()?.text.clone() });
                }
            }
            _ if is_su => {}
            // A script file: not to be seen from here.
            _ => return None,
        }
    }
    standard_input(command, before).map(|script| Nested { language, script })
}

/// What a command reads, where the script itself says so.
fn standard_input(command: &Command, before: &[Command]) -> Option<Text> {
    let own = command.redirects.iter().rev().find_map(|redirect| match &redirect.to {
        Redirection::HereDocument { body, .. } => Some(body.clone()),
        Redirection::String(word) => Some(word.text.clone()),
        Redirection::File(_) => None,
    });
    if own.is_some() {
        return own;
    }
    let feeder = before.last().filter(|feeder| feeder.pipeline == command.pipeline)?;
    let (program, arguments) = feeder.words.split_first()?;
    match base_name(&program.text.to_str()).as_str() {
        "echo" | "printf" => Some(joined(arguments)),
        "cat" => standard_input(feeder, &[]),
        _ => None,
    }
}

/// Words with a space between them.
fn joined(words: &[Word]) -> Text {
    let mut text = Text::new();
    for word in words {
        if !text.is_empty() {
            let end = text.span().end;
            text.push(b" ", Span::new(end, end));
        }
        text.push_text(&word.text, 0..word.text.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Vec<String> {
        let text = Text::from_source(script.as_bytes(), Span::new(0, script.len()));
        let script = Script::Text { language: Language::Shell, text };
        let show = |step: Step| match step.kind {
            StepKind::Program { name, arguments, .. } => {
                let words: Vec<_> = arguments.iter().map(|w| w.text.to_str().into_owned()).collect();
                format!("{name} {}", words.join(" ")).trim().to_owned()
            }
            StepKind::Python(text) => format!("py:{}", text.to_str().trim()),
        };
        steps(&script).into_iter().map(show).collect()
    }

    #[test]
    fn what_runs_is_found_wherever_it_stands() {
        for (script, expected) in [
            ("a b && c || d; e | f & g", vec!["a b", "c", "d", "e", "f", "g"]),
            ("(a; b) # c\nd", vec!["a", "b", "d"]),
            ("echo $(a `b`) \"$(c)\"", vec!["b", "a `b`", "c", "echo $(a `b`) $(c)"]),
            ("if a; then b; else c; fi", vec!["a", "b", "c"]),
            ("for x in 1 2; do a $x; done", vec!["for x in 1 2", "a $x"]),
            ("sh -c 'a; b \"c d\"'", vec!["a", "b c d", "sh -c a; b \"c d\""]),
            ("bash -exc \"a\"", vec!["a", "bash -exc a"]),
            ("bash -euxo pipefail -c 'a'", vec!["a", "bash -euxo pipefail -c a"]),
            ("bash -eo pipefail -c 'a'", vec!["a", "bash -eo pipefail -c a"]),
            ("bash -o pipefail -ec 'a'", vec!["a", "bash -o pipefail -ec a"]),
            ("bash +O x -oc pipefail 'a'", vec!["a", "bash +O x -oc pipefail a"]),
            ("su - app -c 'a'", vec!["a", "su - app -c a"]),
            ("su app --command 'a'", vec!["a", "su app --command a"]),
            ("pipenv run hf a", vec!["hf a"]),
            ("runuser -u app -- hf a", vec!["hf a"]),
            ("flock /tmp/l hf a", vec!["hf a"]),
            ("doppler run -- hf a", vec!["hf a"]),
            ("env A=b sudo -u x hf auth login", vec!["hf auth login"]),
            ("uvx --from huggingface_hub hf@latest auth", vec!["hf@latest auth"]),
            ("timeout 5 /usr/local/bin/hf a", vec!["hf a"]),
            ("python -c 'x()'", vec!["py:x()", "python -c x()"]),
            ("python3.11 - <<EOF\nx()\nEOF\na", vec!["py:x()", "python3.11 -", "a"]),
            ("cat <<EOF | bash\na\nEOF", vec!["cat", "a", "bash"]),
            ("bash <<-'E'\n\ta\n\tE\nb", vec!["a", "bash", "b"]),
            ("echo a b | sh", vec!["echo a b", "a b", "sh"]),
            ("python -m pkg.cli login", vec!["pkg.cli login"]),
            ("eval \"a b\"", vec!["a b", "eval a b"]),
            ("a > x 2>&1 <y 3>> z b", vec!["a b"]),
            ("a 'b", vec!["a b"]),
            ("a $(b", vec!["b", "a $(b"]),
            ("echo \"a # b\" '#c' d#e", vec!["echo a # b #c d#e"]),
            ("a\\\n  b", vec!["a b"]),
            ("x=$(cat /run/secrets/t) a", vec!["cat /run/secrets/t", "a"]),
            ("case x in a) b;; esac", vec!["case x in a", "b"]),
            ("cat <(a)", vec!["a", "cat <(a)"]),
            ("[ -f a ] && b", vec!["[ -f a ]", "b"]),
            ("echo ${x:-$(y)}${z#a}", vec!["echo ${x:-$(y)}${z#a}"]),
        ] {
            assert_eq!(run(script), expected, "{script}");
        }
    }

    #[test]
    fn deep_nesting_ends() {
        let script = format!("{}a{}", "$(".repeat(5000), ")".repeat(5000));
        assert!(!run(&script).is_empty());
    }
}
