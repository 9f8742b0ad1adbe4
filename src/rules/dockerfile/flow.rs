//! Variables that carry a token whatever their names are, because their values go where only a token of the Hub goes.
//!
//! Each variable is replaced by a made-up value. If that is found as the credential that a command, a script or a
//! setting gives to the Hub, the variable carries a token, and so does each variable that its own value is made of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use zeroize::Zeroizing;

use crate::detect;
use crate::dockerfile::{Arguments, Base, Carriers, Dockerfile, Instruction, Keyword, Scope, Scopes};
use crate::effects::{Given, Run, declares, expanded};
use crate::hub::python::LIBRARY;
use crate::shell::{Step, StepKind, Word};

/// The maximum length of a text in which variables are replaced.
const LONGEST: usize = 64 << 10;

/// What goes to the Hub in a build.
pub(super) struct Flow {
    /// The variables that carry a token by where their values go.
    pub(super) carriers: Carriers,
    /// The files, and the variables of mounts, whose content `RUN`s give to the Hub, by the index of the `RUN`.
    pub(super) given: BTreeMap<usize, Given>,
}

/// Follows the values of variables and files to where only a token of the Hub goes.
pub(super) fn of(dockerfile: &Dockerfile, scopes: &Scopes, runs: &[Option<Run>]) -> Flow {
    let mut found = Carriers::default();
    let mut given = BTreeMap::new();
    let numbered = || dockerfile.instructions.iter().enumerate();
    for ((number, instruction), run) in numbered().zip(runs) {
        let scope = scopes.at(number);
        let mut names = BTreeSet::new();
        if let Some(run) = run {
            let all = in_run(run);
            let mounted = given_by_mounts(run, scope, &all);
            if mounted != Given::default() {
                given.insert(number, mounted);
            }
            names = all.variables;
            names.retain(|name| is_new(scope, name));
        }
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
    Flow { carriers: found, given }
}

/// Returns the files that a `RUN` gives to the Hub, as normal paths, and the variables of its secret mounts.
fn given_by_mounts(run: &Run, scope: Scope<'_>, all: &Given) -> Given {
    let is_mounted = |name: &&String| run.mounts.iter().any(|mount| mount.env.as_ref() == Some(*name));
    let normal = |file: &String| scope.absolute(file).map(|file| crate::dockerfile::normal(&file));
    Given {
        variables: all.variables.iter().filter(is_mounted).cloned().collect(),
        files: all.files.iter().filter_map(normal).collect(),
    }
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

/// Returns the variables of a `RUN` and the files whose values it gives to the Hub.
fn in_run(run: &Run) -> Given {
    let mut given = Given::default();
    let scripts = run.scripts.iter().map(|script| &**script);
    for steps in std::iter::once(run.steps.as_slice()).chain(scripts.clone()) {
        for step in steps {
            let feeder = step.feeder.and_then(|feeder| steps.get(feeder));
            if !feeder.into_iter().chain([step]).any(may_give) {
                continue;
            }
            let mut text = Probed::default();
            if let Some(feeder) = feeder {
                text.step(feeder);
                text.plain("| ");
            }
            text.step(step);
            if let Some(file) = feeder.and_then(printed_file) {
                text.probe(vec![file_name(&file)]);
            }
            text.copy(step);
            for name in text.given() {
                match name.strip_prefix(FILE) {
                    Some(file) => given.files.insert(file.to_owned()),
                    None => given.variables.insert(name),
                };
            }
        }
    }
    // Variables of the scripts themselves.
    let all = std::iter::once(run.steps.as_slice()).chain(scripts).flatten();
    let set: Vec<(String, Word)> = all.flat_map(assignments).collect();
    let names = &mut given.variables;
    for _ in 0..set.len().min(MAX_ROUNDS) {
        let before = names.len();
        for (name, word) in &set {
            if names.contains(name) || detect::is_plain_variable(name) {
                names.extend(word.variables.iter().cloned());
                given.files.extend(read_files(&word.text.to_str()).map(|(_, file)| file.to_owned()));
            }
        }
        if names.len() == before {
            break;
        }
    }
    given
}

/// Returns true if a step may give a value that is not written in it: of a variable or of a file.
fn may_give(step: &Step) -> bool {
    let expands = |word: &Word| word.has_substitution || !word.variables.is_empty();
    let has_more = !step.documents.is_empty() || step.inputs.iter().chain(&step.outputs).any(expands);
    has_more
        || match &step.kind {
            StepKind::Python(_) => true,
            StepKind::Program { name, arguments, assignments, .. } => {
                let set = assignments.iter().chain(&step.environment).map(|(_, word)| word);
                matches!(name.as_str(), "cat" | "head" | "tail" | "tr" | "cp" | "mv" | "install" | "ln")
                    || arguments.iter().chain(set).any(expands)
            }
        }
}

/// What marks the name of a file among names of variables.
const FILE: char = '<';

fn file_name(path: &str) -> String {
    format!("{FILE}{path}")
}

/// Returns the file that a command prints as it is.
fn printed_file(step: &Step) -> Option<String> {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return None };
    let file = arguments.iter().find(|word| word.text.byte(0) != Some(b'-')).or(step.inputs.first())?;
    let is_plain = !file.has_substitution && file.variables.is_empty();
    (is_plain && matches!(name.as_str(), "cat" | "head" | "tail" | "tr"))
        .then(|| file.text.to_str().into_owned())
}

/// Returns the files that the substitutions in a text print, each with the range of the substitution: `$(cat FILE)`,
/// `` `cat FILE` ``, `$(< FILE)`.
fn read_files(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static READ: LazyLock<Regex> = LazyLock::new(|| {
        let path = r#"["']?([\w./~+@-]+)["']?"#;
        Regex::new(&format!(
            r"(?:\$\(|`)\s*(?:(?:cat|head -n ?1|head -1|tail -n ?1)\s+{path}|(?:cat\s*|tr\s[^<|)`]*)?<\s*{path})\s*(?:\|[^)`]*)?[)`]"
        ))
        .expect("a valid pattern")
    });
    READ.captures_iter(text).filter_map(|captures| {
        let file = captures.get(1).or_else(|| captures.get(2))?;
        Some((captures.get(0)?.range(), file.as_str()))
    })
}

/// Returns a Python script in which names that an import gives to something of the Hub are the Hub's own.
fn unaliased(script: &str) -> Cow<'_, str> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static ALIAS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(\w+)\s+as\s+(\w+)").expect("a valid pattern"));
    let mut script = Cow::Borrowed(script);
    if !script.contains(LIBRARY) {
        return script;
    }
    let aliases: Vec<(String, String)> = ALIAS
        .captures_iter(&script)
        .filter_map(|captures| {
            Some((captures.get(1)?.as_str().to_owned(), captures.get(2)?.as_str().to_owned()))
        })
        .take(MAX_ALIASES)
        .collect();
    for (name, alias) in aliases {
        for behind in [".", "("] {
            let used = format!("{alias}{behind}");
            if script.contains(&used) {
                let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                let mut out = String::with_capacity(script.len());
                let mut from = 0;
                for (at, _) in script.match_indices(&used) {
                    if !script.get(..at).is_some_and(|before| before.ends_with(is_name)) {
                        out.push_str(script.get(from..at).unwrap_or_default());
                        out.push_str(&name);
                        from = at + alias.len();
                    }
                }
                out.push_str(script.get(from..).unwrap_or_default());
                script = Cow::Owned(out);
            }
        }
    }
    script
}

/// The maximum number of names that imports change in one script.
const MAX_ALIASES: usize = 16;

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

    /// Adds a copy of a file to another place as a redirection.
    fn copy(&mut self, step: &Step) {
        let StepKind::Program { name, arguments, .. } = &step.kind else { return };
        let mut operands = arguments.iter().filter(|word| word.text.byte(0) != Some(b'-'));
        if let ("cp" | "mv" | "install" | "ln", Some(from), Some(to)) =
            (name.as_str(), operands.next(), operands.next_back())
        {
            self.plain("\necho ");
            self.probe(vec![file_name(&from.text.to_str())]);
            self.plain(" > ");
            self.plain(&to.text.to_str());
        }
    }

    fn word(&mut self, word: &Word) {
        if word.has_substitution {
            let text = word.text.to_str();
            let mut from = 0;
            for (range, file) in read_files(&text) {
                self.plain(text.get(from..range.start).unwrap_or_default());
                self.probe(vec![file_name(file)]);
                from = range.end;
            }
            if from > 0 {
                self.plain(text.get(from..).unwrap_or_default());
                self.plain(" ");
                return;
            }
        }
        let text = word.text.to_str();
        self.shell(&unaliased(&text), |name| word.variables.iter().any(|variable| variable == name));
        self.plain(" ");
    }

    /// Adds a text of a shell in which some variables are expanded.
    fn shell(&mut self, text: &str, is_expanded: impl Fn(&str) -> bool) {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static EXPANSION: LazyLock<Regex> = LazyLock::new(|| {
            // The default of an expansion may hold another one.
            let inner = r"[^{}]|\$\{[^{}]*\}";
            Regex::new(&format!(
                r"\$(?:\{{([A-Za-z_]\w*|[1-9@*])(?:[:=?+-](?:{inner})*)?\}}|([A-Za-z_]\w*|[1-9@*]))"
            ))
            .expect("a valid pattern")
        });
        self.replaced(text, &EXPANSION, |captures| {
            let name = captures.get(1).or_else(|| captures.get(2)).map_or("", |name| name.as_str());
            let all = captures.get(0).map_or("", |whole| whole.as_str());
            let named = expanded(all).into_iter().chain(matches!(name, "@" | "*").then_some(name));
            is_expanded(name).then(|| named.map(String::from).collect())
        });
    }

    /// Adds a Python script.
    fn python(&mut self, script: &str) {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static READ: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r#"(?:os\.)?(?:environ(?:\[\s*|\.get\(\s*|\.pop\(\s*)|getenv\(\s*)(?:"(\w+)"|'(\w+)')"#,
                r"\s*(?:,[^()\]]*)?[)\]]",
                r#"|(?:open|Path)\(\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*\)\.read(?:_text)?\(\)(?:\.r?strip\(\))?"#,
            ))
            .expect("a valid pattern")
        });
        self.replaced(&unaliased(script), &READ, |captures| {
            let name = captures.get(1).or_else(|| captures.get(2));
            let file = captures.get(3).or_else(|| captures.get(4));
            let name = name.map(|name| name.as_str().to_owned());
            Some(vec![name.or_else(|| Some(file_name(file?.as_str())))?])
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
