//! Turns commands into the steps that really run. Wrappers such as `env` and `sudo` are removed, and nested
//! scripts (`sh -c`, `python -c`, here-documents and pipes into an interpreter) are followed.

use super::{
    Command, Redirection, Word, commands,
    nested::{Nested, module, nested},
    wrappers::{Unwrapped, home_of, program_name, unwrap},
};
use super::{Language, Script};
use crate::text::{Span, Text};

/// A program or script that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The kind of step.
    pub kind: StepKind,
    /// The source span of the command that runs the step.
    pub span: Span,
    /// The branches around the step; see [`Command::branches`].
    pub branches: Vec<usize>,
    /// The subshells and scripts in which the step runs; see [`Command::subshells`].
    pub subshells: Vec<usize>,
    /// The variables that the command around a nested script sets for the whole script.
    pub environment: Vec<(String, Word)>,
    /// The files and texts that the step reads by `<` and `<<<`.
    pub inputs: Vec<Word>,
    /// Whether its standard input comes from a pipe or a redirection.
    pub is_fed: bool,
    /// The files that its standard output is redirected to, by `>` and similar operators.
    pub outputs: Vec<Word>,
    /// The here-documents that the step reads.
    pub documents: Vec<HereDocument>,
    /// The index of the step whose output it reads through a pipe.
    pub feeder: Option<usize>,
    /// Whether it reads the output of a group through a pipe.
    pub is_fed_by_group: bool,
    /// The program as a path, if the command gives one.
    pub path: Option<Word>,
    /// Whether the program is a module that `python -m` runs.
    pub is_module: bool,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HereDocument {
    /// The text of the here-document.
    pub body: Text,
    /// Whether variables in the body are expanded.
    pub expand: bool,
}

/// The context in which a script runs.
#[derive(Debug, Clone, Default)]
struct Outer {
    branches: Vec<usize>,
    subshells: Vec<usize>,
    environment: Vec<(String, Word)>,
}

impl Outer {
    /// Returns the context of a command of the script.
    fn around(&self, command: &Command) -> Self {
        Self {
            branches: [self.branches.as_slice(), &command.branches].concat(),
            subshells: [self.subshells.as_slice(), &command.subshells].concat(),
            environment: self.environment.clone(),
        }
    }
}

impl Step {
    /// Creates a step with no further properties.
    fn new(kind: StepKind, span: Span, outer: Outer) -> Self {
        let Outer { branches, subshells, environment } = outer;
        let (inputs, outputs, documents) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            kind,
            span,
            branches,
            subshells,
            environment,
            inputs,
            is_fed: false,
            outputs,
            documents,
            feeder: None,
            is_fed_by_group: false,
            path: None,
            is_module: false,
        }
    }

    /// Adds the inputs and outputs of a command's redirections.
    fn with_redirects(mut self, command: &Command) -> Self {
        for redirect in &command.redirects {
            let reads = redirect.operator.starts_with('<');
            let is_output = matches!(redirect.descriptor, None | Some(1))
                && matches!(redirect.operator, ">" | ">>" | ">|" | "&>" | "&>>");
            match &redirect.to {
                Redirection::File(word) | Redirection::String(word) if reads => {
                    self.inputs.push(word.clone());
                }
                Redirection::File(word) if is_output => self.outputs.push(word.clone()),
                Redirection::HereDocument { body, expand } => {
                    self.documents.push(HereDocument { body: body.clone(), expand: *expand });
                }
                Redirection::File(_) | Redirection::String(_) => {}
            }
        }
        self
    }
}

/// The kind of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// A program or a builtin.
    Program {
        /// Its name without directories, or the module after `python -m`. Empty for a command of
        /// assignments only.
        name: String,
        /// Its arguments.
        arguments: Vec<Word>,
        /// The variables that are set only for the program.
        assignments: Vec<(String, Word)>,
    },
    /// A Python script.
    Python(Text),
}

/// The maximum depth of scripts in scripts.
const MAX_DEPTH: usize = 8;

/// Returns the steps of a script, in order.
pub(crate) fn steps(script: &Script) -> Vec<Step> {
    let mut out = Vec::new();
    match script {
        Script::Exec(words) => {
            let word = |text: &Text| Word { text: text.clone(), is_quoted: true, ..Word::default() };
            let span = match (words.first(), words.last()) {
                (Some(first), Some(last)) => first.span().to(last.span()),
                _ => return out,
            };
            let command = Command { words: words.iter().map(word).collect(), span, ..Command::default() };
            follow(&[command], &mut out, 0, &Outer::default());
        }
        Script::Text { language, text } => {
            follow_text(*language, text, text.span(), &mut out, 0, &Outer::default());
        }
    }
    out
}

fn follow_text(
    language: Language,
    text: &Text,
    span: Span,
    out: &mut Vec<Step>,
    depth: usize,
    outer: &Outer,
) {
    if depth > MAX_DEPTH {
        return;
    }
    match language {
        Language::Shell => follow(&commands(text), out, depth, outer),
        Language::Python => {
            out.push(Step::new(StepKind::Python(text.clone()), span, outer.clone()));
        }
        Language::Other => {}
    }
}

fn follow(commands: &[Command], out: &mut Vec<Step>, depth: usize, outer: &Outer) {
    // The step of the previous command, which feeds the next one if they are in the same pipeline.
    let mut last: Option<(usize, usize)> = None;
    for (index, command) in commands.iter().enumerate() {
        let before = commands.get(..index).unwrap_or_default();
        let here = outer.around(command);
        let Unwrapped { words, assignments } = unwrap(command);
        let (mut name, mut arguments) = (String::new(), words);
        let (mut path, mut is_module) = (None, false);
        if let Some((program, rest)) = words.split_first() {
            path = program.text.as_bytes().contains(&b'/').then(|| program.clone());
            (name, arguments) = (program_name(&program.text.to_str()), rest);
            if let Some(Nested { language, script, is_process }) = nested(&name, arguments, command, before) {
                let mut within = here.clone();
                if is_process {
                    within.subshells.push(command.span.start);
                    within.environment.extend(assignments.iter().cloned());
                    within.environment.extend(home_of(&name, arguments));
                }
                follow_text(language, &script, command.span, out, depth + 1, &within);
            }
            if let Some((module, rest)) = module(&name, arguments) {
                (name, arguments, is_module) = (module, rest, true);
            }
        }
        let kind = StepKind::Program { name, arguments: arguments.to_vec(), assignments };
        let mut step = Step::new(kind, command.span, here).with_redirects(command);
        step.feeder = last.filter(|(pipeline, _)| *pipeline == command.pipeline).map(|(_, step)| step);
        step.is_fed_by_group = command.is_fed_by_group;
        (step.path, step.is_module) = (path, is_module);
        step.is_fed = command.is_fed_by_group
            || before.last().is_some_and(|feeder| feeder.pipeline == command.pipeline)
            || command.redirects.iter().any(|redirect| redirect.operator.starts_with('<'));
        last = Some((command.pipeline, out.len()));
        out.push(step);
    }
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
            ("X=(a \"b c\" # d\n$(e)\n) f; X+=(g); h", vec!["e", "f", "", "h"]),
            ("X=(a", vec![""]),
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
