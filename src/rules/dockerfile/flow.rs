//! Variables that carry a token whatever their names are, because their values go where only a token of the Hub goes.
//!
//! Each variable is replaced by a made-up value. If that is found as the credential that a command, a script or a
//! setting gives to the Hub, the variable carries a token, and so does each variable that its own value is made of.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use zeroize::Zeroizing;

use crate::detect;
use crate::dockerfile::{Arguments, Base, Carriers, Dockerfile, Instruction, Keyword, Scope, Scopes};
use crate::effects::{Run, declares, expanded};
use crate::shell::{Step, StepKind, Word};

/// The maximum length of a text in which variables are replaced.
const LONGEST: usize = 64 << 10;

/// Returns the variables that carry a token by where their values go.
pub(super) fn carriers(dockerfile: &Dockerfile, scopes: &Scopes, runs: &[Option<Run>]) -> Carriers {
    let mut found = Carriers::default();
    let numbered = || dockerfile.instructions.iter().enumerate();
    for ((number, instruction), run) in numbered().zip(runs) {
        let scope = scopes.at(number);
        let mut names = run.as_ref().map(|run| in_run(run, scope)).unwrap_or_default();
        names.extend(in_documents(instruction, scope));
        add(dockerfile, instruction.stage, &names, &mut found);
    }
    // A value may be handed on several times, and each time by an earlier instruction.
    for (number, instruction) in numbered().rev() {
        let scope = scopes.at(number);
        let acts = instruction.effective();
        if !matches!(acts.keyword, Keyword::Env | Keyword::Arg | Keyword::Label) {
            continue;
        }
        for pair in acts.pairs() {
            let name = scope.name(pair);
            let Some(value) = &pair.value else { continue };
            let is_variable = acts.keyword != Keyword::Label;
            let is_carrier =
                detect::is_plain_variable(&name) || (is_variable && found.contains(instruction.stage, &name));
            if is_carrier {
                let text = value.to_str();
                let names = expanded(&text).into_iter().filter(|name| is_new(scope, name));
                add(dockerfile, instruction.stage, &names.map(String::from).collect(), &mut found);
            }
        }
    }
    found
}

/// Adds the names in a stage and in the stages on which it is based.
fn add(dockerfile: &Dockerfile, stage: Option<usize>, names: &BTreeSet<String>, found: &mut Carriers) {
    let mut stage = stage;
    while let (Some(number), false) = (stage, names.is_empty()) {
        for name in names {
            found.add(stage, name);
        }
        stage = match dockerfile.stages.get(number).map(|stage| &stage.base) {
            Some(&Base::Stage(base)) if base < number => Some(base),
            _ => None,
        };
    }
}

/// Returns true if an instruction sets the variable, and it is not known yet that it carries a token.
fn is_new(scope: Scope<'_>, name: &str) -> bool {
    scope.get(name).is_some_and(|binding| !binding.value.carries_token)
}

/// Returns the variables of a `RUN` whose values it gives to the Hub.
fn in_run(run: &Run, scope: Scope<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &run.steps {
        let mut text = Probed::default();
        if let Some(feeder) = step.feeder.and_then(|feeder| run.steps.get(feeder)) {
            text.step(feeder);
            text.plain("| ");
        }
        text.step(step);
        names.extend(text.given());
    }
    // Variables of the script itself.
    let set: Vec<(String, Word)> = run.steps.iter().flat_map(assignments).collect();
    for _ in 0..set.len().min(MAX_ROUNDS) {
        let before = names.len();
        for (name, word) in &set {
            if names.contains(name) || detect::is_plain_variable(name) {
                names.extend(word.variables.iter().cloned());
            }
        }
        if names.len() == before {
            break;
        }
    }
    names.retain(|name| is_new(scope, name));
    names
}

/// The maximum number of times that a script hands a value from one of its variables to another.
const MAX_ROUNDS: usize = 16;

/// Returns the variables that a step sets, with their values.
fn assignments(step: &Step) -> Vec<(String, Word)> {
    let StepKind::Program { name, assignments, arguments, .. } = &step.kind else { return Vec::new() };
    let mut set: Vec<(String, Word)> = assignments.iter().chain(&step.environment).cloned().collect();
    if declares(name) {
        let pair = |word: &Word| Some((word.text.to_str().split_once('=')?.0.to_owned(), word.clone()));
        set.extend(arguments.iter().filter_map(pair));
    }
    set
}

/// Returns the variables in the here-documents of a `COPY` or `ADD` that hold a token there.
fn in_documents(instruction: &Instruction, scope: Scope<'_>) -> BTreeSet<String> {
    let acts = instruction.effective();
    let mut names = BTreeSet::new();
    if let (Keyword::Copy | Keyword::Add, Arguments::Words(words)) = (acts.keyword, &acts.arguments) {
        let destination = words.last().map_or_else(String::new, |word| scope.expand(word).to_text());
        for heredoc in acts.heredocs.iter().filter(|heredoc| heredoc.expand) {
            let mut text = Probed::default();
            text.plain("echo ");
            text.shell(heredoc.body.to_str().trim_end(), |_| true);
            text.plain(" > ");
            text.plain(&destination);
            names.extend(text.given());
        }
    }
    names.retain(|name| is_new(scope, name));
    names
}

/// A text in which variables are replaced by made-up values.
#[derive(Default)]
struct Probed {
    /// Scripts may hold tokens, so the text is wiped when dropped.
    text: Zeroizing<String>,
    /// The ranges of these values, each with the names of the variables that it replaces.
    probes: Vec<(Range<usize>, Vec<String>)>,
}

impl Probed {
    fn plain(&mut self, text: &str) {
        if self.text.len() + text.len() <= LONGEST {
            self.text.push_str(text);
        }
    }

    /// Adds a made-up value for these variables. It looks as if it was generated.
    fn probe(&mut self, names: Vec<String>) {
        let start = self.text.len();
        // Writing to a string cannot fail.
        let _ = write!(*self.text, "Zq7Xk9Wm4Tb2Rv{:06}Jp", self.probes.len());
        self.probes.push((start..self.text.len(), names));
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Program { name, arguments, assignments, .. } => {
                for (name, word) in assignments.iter().chain(&step.environment) {
                    self.plain(name);
                    self.plain("=");
                    self.word(word);
                }
                self.plain(name);
                self.plain(" ");
                for word in arguments {
                    self.word(word);
                }
            }
            StepKind::Python(script) => self.python(&script.to_str()),
        }
        for word in &step.inputs {
            self.plain("<<< ");
            self.word(word);
        }
        for word in &step.outputs {
            self.plain("> ");
            self.word(word);
        }
        for document in step.documents.iter().filter(|document| document.expand) {
            self.plain("\n");
            self.shell(&document.body.to_str(), |_| true);
            self.plain("\n");
        }
    }

    fn word(&mut self, word: &Word) {
        self.shell(&word.text.to_str(), |name| word.variables.iter().any(|variable| variable == name));
        self.plain(" ");
    }

    /// Adds a text of a shell in which some variables are expanded.
    fn shell(&mut self, text: &str, is_expanded: impl Fn(&str) -> bool) {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static EXPANSION: LazyLock<Regex> = LazyLock::new(|| {
            // The default of an expansion may hold another one.
            let inner = r"[^{}]|\$\{[^{}]*\}";
            Regex::new(&format!(r"\$(?:\{{([A-Za-z_]\w*)(?:[:=?+-](?:{inner})*)?\}}|([A-Za-z_]\w*))"))
                .expect("a valid pattern")
        });
        self.replaced(text, &EXPANSION, |captures| {
            let name = captures.get(1).or_else(|| captures.get(2)).map_or("", |name| name.as_str());
            let all = captures.get(0).map_or("", |whole| whole.as_str());
            is_expanded(name).then(|| expanded(all).into_iter().map(String::from).collect())
        });
    }

    /// Adds a Python script.
    fn python(&mut self, script: &str) {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static READ: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r#"(?:os\.)?(?:environ(?:\[\s*|\.get\(\s*|\.pop\(\s*)|getenv\(\s*)(?:"(\w+)"|'(\w+)')"#,
                r"\s*(?:,[^()\]]*)?[)\]]",
            ))
            .expect("a valid pattern")
        });
        self.replaced(script, &READ, |captures| {
            let name = captures.get(1).or_else(|| captures.get(2))?;
            Some(vec![name.as_str().to_owned()])
        });
        self.plain("\n");
    }

    /// Adds a text with made-up values in place of what the pattern matches, if there are names for it.
    fn replaced(
        &mut self,
        text: &str,
        pattern: &Regex,
        names: impl Fn(&Captures<'_>) -> Option<Vec<String>>,
    ) {
        if self.text.len() + text.len() > LONGEST {
            return;
        }
        let is_code = !text.contains('$');
        let mut from = 0;
        for captures in pattern.captures_iter(text) {
            let (Some(whole), Some(names)) = (captures.get(0), names(&captures)) else { continue };
            self.plain(text.get(from..whole.start()).unwrap_or_default());
            // In code, a value is a literal.
            let quote = if is_code { "'" } else { "" };
            self.plain(quote);
            self.probe(names);
            self.plain(quote);
            from = whole.end();
        }
        self.plain(text.get(from..).unwrap_or_default());
    }

    /// Returns the variables whose values are given to the Hub.
    fn given(&self) -> Vec<String> {
        if self.probes.is_empty() {
            return Vec::new();
        }
        let found = detect::given_in(self.text.as_bytes());
        let holds = |probe: &Range<usize>| {
            found.iter().any(|value| value.start <= probe.start && probe.end <= value.end)
        };
        let probes = self.probes.iter().filter(|(probe, _)| holds(probe));
        probes.flat_map(|(_, names)| names.iter().cloned()).collect()
    }
}
