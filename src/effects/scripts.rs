//! Scripts in files that a step runs: they are interpreted like the step itself.

use std::rc::Rc;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::files::{Found, RunFiles, TextSource};
use super::state::State;
use crate::shell::{
    self, Language, Script, ScriptFile, ScriptPath, Step, StepKind, Word, script_file, shebang,
};
use crate::text::Text;

/// A script that a step runs.
pub(super) struct Running {
    pub(super) source: Rc<TextSource>,
    pub(super) steps: Rc<[Step]>,
    /// The normal path of the script in the image.
    pub(super) path: String,
}

/// The maximum number of arguments of a script that are followed.
const MAX_ARGUMENTS: usize = 16;

/// The directories in which a program is looked for.
const PROGRAM_DIRECTORIES: [&str; 4] = ["usr/local/bin", "usr/bin", "bin", "usr/local/sbin"];

/// The distance between the numbers of branches and subshells of one script and of the next. They are offsets in the
/// script, so none is as large.
const APART: usize = 1 << 40;

/// Returns the script that a step runs, unless one of the `running` scripts is the same. The second step is piped into the
/// first.
pub(super) fn running(
    (step, feeder): (&Step, Option<&Step>),
    state: &State<'_>,
    view: RunFiles<'_>,
    running: &[String],
    number: usize,
) -> Option<Running> {
    let file = script_file(step, feeder)?;
    let (path, Found { source, text }) = found(&file, state, view)?;
    if running.contains(&path) || !view.pay(&text) {
        return None;
    }
    let language = file.language.or_else(|| shebang(&text)).or_else(|| language_of(&path));
    let language = language.filter(|language| *language != Language::Other)?;
    let text = if language == Language::Shell { with_own_directory(text, &path) } else { text };
    let mut steps = shell::steps(&Script::Text { language, text });
    let process = file.is_process.then_some(number * APART);
    let StepKind::Program { assignments, .. } = &step.kind else { return None };
    let environment: Vec<(String, Word)> =
        [&step.environment, assignments].into_iter().flatten().cloned().collect();
    let arguments = arguments(file.arguments);
    for inner in &mut steps {
        for id in inner.branches.iter_mut().chain(&mut inner.subshells) {
            *id = id.saturating_add(number * APART);
        }
        inner.branches.splice(0..0, step.branches.iter().copied());
        inner.subshells.splice(0..0, step.subshells.iter().copied().chain(process));
        inner.environment.splice(0..0, environment.iter().chain(&arguments).cloned());
    }
    Some(Running { source: Rc::new(source), steps: steps.into(), path })
}

/// Returns a shell script in which the usual expressions for the script's own directory are its path:
/// `$(dirname "$0")`, `${BASH_SOURCE[0]%/*}`, `$(cd "$(dirname "$0")" && pwd)`.
fn with_own_directory(script: Text, path: &str) -> Text {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        let name = r"(?:0|BASH_SOURCE(?:\[0\])?)";
        let file = format!(r#""?\$(?:{name}|\{{{name}\}})"?"#);
        let real = format!(r#""?\$\((?:realpath|readlink\s+-f)\s+{file}\s*\)"?"#);
        let directory = format!(r"(?:\$\(\s*dirname\s+(?:--\s+)?(?:{file}|{real})\s*\)|\$\{{{name}%/\*\}})");
        let absolute = format!(
            r#"\$\(\s*cd\s+(?:-P\s+)?(?:--\s+)?"?{directory}"?(?:\s*(?:&>|2?>)\s*[\w/&]+)*\s*(?:&&|;)\s*pwd(?:\s+-P)?\s*\)"#
        );
        Regex::new(&format!("(?-u){absolute}|{directory}")).expect("a valid pattern")
    });
    if memchr::memmem::find(script.as_bytes(), b"0").is_none()
        && memchr::memmem::find(script.as_bytes(), b"BASH_SOURCE").is_none()
    {
        return script;
    }
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let directory = if directory.starts_with('~') {
        directory.to_owned()
    } else {
        format!("/{}", directory.trim_start_matches('/'))
    };
    let mut text = Text::new();
    let mut from = 0;
    for own in OWN.find_iter(script.as_bytes()) {
        text.push_text(&script, from..own.start());
        text.push(directory.as_bytes(), script.source_span(own.range()));
        from = own.end();
    }
    if from == 0 {
        return script;
    }
    text.push_text(&script, from..script.len());
    text
}

/// Returns the arguments of a script as variables: `$1` and so on, and `$@`.
fn arguments(words: &[Word]) -> Vec<(String, Word)> {
    let mut variables = Vec::new();
    let mut all = Word::default();
    for (index, word) in words.iter().take(MAX_ARGUMENTS).enumerate() {
        variables.push(((index + 1).to_string(), word.clone()));
        all.text.push_text(&word.text, 0..word.text.len());
        all.variables.extend(word.variables.iter().cloned());
        all.has_substitution |= word.has_substitution;
    }
    if !words.is_empty() {
        variables.push(("@".to_owned(), all.clone()));
        variables.push(("*".to_owned(), all));
    }
    variables
}

/// Returns the file of a script, with its normal path.
fn found(file: &ScriptFile<'_>, state: &State<'_>, view: RunFiles<'_>) -> Option<(String, Found)> {
    let with = |path: String| view.at(&path).map(|found| (path, found));
    match &file.place {
        ScriptPath::File(word) => with(state.file(word)?),
        ScriptPath::Module(name) => {
            let path = name.replace('.', "/");
            [format!("{path}.py"), format!("{path}/__main__.py")]
                .iter()
                .find_map(|path| with(state.within(path)))
        }
        // `uv run` takes a script without its directory.
        ScriptPath::Program(name) if language_of(name) == Some(Language::Python) => with(state.within(name)),
        ScriptPath::Program(name) => {
            PROGRAM_DIRECTORIES.iter().find_map(|directory| with(format!("{directory}/{name}")))
        }
    }
}

/// Returns the language of a script by its name.
fn language_of(path: &str) -> Option<Language> {
    match path.rsplit_once('.')?.1 {
        "sh" | "bash" | "zsh" | "ksh" => Some(Language::Shell),
        "py" => Some(Language::Python),
        _ => None,
    }
}

/// Remembers the files of known text that a step writes, copies or moves.
pub(super) fn remember(step: &Step, copied: Vec<(String, String)>, state: &State<'_>, view: RunFiles<'_>) {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return };
    for (from, to) in copied {
        view.copy(from, to);
    }
    let files = step.outputs.iter().chain(arguments.iter().filter(|_| name == "tee"));
    let files: Vec<String> = files.filter_map(|word| state.file(word)).collect();
    if files.is_empty() {
        return;
    }
    let text = match name.as_str() {
        "cat" | "tee" => step.documents.last().map(|document| document.body.clone()),
        "echo" | "printf" => Some(printed(arguments)),
        _ => None,
    };
    if let Some(text) = text {
        for file in files {
            view.write(file, text.clone());
        }
    }
}

/// Returns the text that `echo` or `printf` prints, with `\n` as the ends of lines.
fn printed(arguments: &[Word]) -> Text {
    let mut text = Text::new();
    for word in arguments.iter().filter(|word| word.text.byte(0) != Some(b'-')) {
        let bytes = word.text.as_bytes();
        let mut from = 0;
        for at in memchr::memmem::find_iter(bytes, b"\\n") {
            text.push_text(&word.text, from..at);
            text.push(b"\n", word.text.source_span(at..at + 2));
            from = at + 2;
        }
        text.push_text(&word.text, from..bytes.len());
        text.push(b"\n", word.text.source_span(bytes.len()..bytes.len()));
    }
    text
}
