//! Texts of a script in which variables and files are replaced by made-up values, to see where the values go.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use zeroize::Zeroizing;

use super::token_place::TokenPlace;
use crate::detect;
use crate::effects::expanded;
use crate::hub::python::LIBRARY;
use crate::shell::{Step, StepKind, Word};

/// The maximum length of a text in which variables are replaced.
const LONGEST: usize = 64 << 10;

/// The mark of a file's name among names of variables.
pub(super) const FILE: char = '<';

pub(super) fn file_name(path: &str) -> String {
    format!("{FILE}{path}")
}

/// Returns the files that the substitutions in a text print, each with the range of the substitution: `$(cat FILE)`,
/// `` `cat FILE` ``, `$(< FILE)`.
pub(super) fn read_files(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
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
pub(super) fn unaliased(script: &str) -> Cow<'_, str> {
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

/// A text in which variables are replaced by made-up values.
#[derive(Default)]
pub(super) struct Probed {
    /// Scripts may hold tokens, so the text is wiped when dropped.
    text: Zeroizing<String>,
    /// The ranges of these values, each with the names of the variables that it replaces.
    probes: Vec<(Range<usize>, Vec<String>)>,
}

impl Probed {
    pub(super) fn plain(&mut self, text: &str) {
        if self.text.len() + text.len() <= LONGEST {
            self.text.push_str(text);
        }
    }

    /// Adds a made-up value for these variables. It looks as if it was generated.
    pub(super) fn probe(&mut self, names: Vec<String>) {
        let start = self.text.len();
        // Writing to a string cannot fail.
        let _ = write!(*self.text, "Zq7Xk9Wm4Tb2Rv{:06}Jp", self.probes.len());
        self.probes.push((start..self.text.len(), names));
    }

    pub(super) fn step(&mut self, step: &Step, place: &TokenPlace<'_>) {
        match &step.kind {
            StepKind::Program { name, arguments, assignments, .. } => {
                for (name, word) in assignments.iter().chain(&step.environment) {
                    self.plain(name);
                    self.plain("=");
                    self.word(word);
                }
                if !(name == "printf" && self.printed(arguments)) {
                    self.plain(name);
                    self.plain(" ");
                    for word in arguments {
                        self.target(word, place);
                    }
                }
            }
            StepKind::Python(script) => self.python(&script.to_str()),
        }
        for word in &step.inputs {
            self.plain("<<< ");
            if word.has_substitution || !word.variables.is_empty() {
                self.word(word);
            } else {
                // It may be the name of a file.
                self.probe(vec![file_name(&word.text.to_str())]);
                self.plain(" ");
            }
        }
        for word in &step.outputs {
            self.plain("> ");
            self.target(word, place);
        }
        for document in step.documents.iter().filter(|document| document.expand) {
            self.plain("\n");
            self.shell(&document.body.to_str(), |_| true);
            self.plain("\n");
        }
    }

    /// Adds a word that may name a file to which something is written.
    fn target(&mut self, word: &Word, place: &TokenPlace<'_>) {
        match place.usual(&word.text) {
            Some(path) => {
                self.plain(&path);
                self.plain(" ");
            }
            None => self.word(word),
        }
    }

    /// Adds what `printf` prints, as if `echo` did. Returns false if its format puts in no words.
    fn printed(&mut self, arguments: &[Word]) -> bool {
        let Some((format, mut words)) = arguments.split_first() else { return false };
        let format = format.text.to_str();
        if words.is_empty() || !format.contains("%s") {
            return false;
        }
        self.plain("echo ");
        for (number, part) in format.split("%s").enumerate() {
            if let Some((word, rest)) = words.split_first().filter(|_| number > 0) {
                self.value(word);
                words = rest;
            }
            self.plain(part);
        }
        for word in words {
            self.plain(" ");
            self.value(word);
        }
        self.plain(" ");
        true
    }

    /// Adds a copy of a file to another place as a redirection.
    pub(super) fn copy(&mut self, step: &Step, place: &TokenPlace<'_>) {
        let StepKind::Program { name, arguments, .. } = &step.kind else { return };
        let mut operands = arguments.iter().filter(|word| word.text.byte(0) != Some(b'-'));
        if let ("cp" | "mv" | "install" | "ln", Some(from), Some(to)) =
            (name.as_str(), operands.next(), operands.next_back())
        {
            self.plain("\necho ");
            self.probe(vec![file_name(&from.text.to_str())]);
            self.plain(" > ");
            self.target(to, place);
        }
    }

    fn word(&mut self, word: &Word) {
        self.value(word);
        self.plain(" ");
    }

    fn value(&mut self, word: &Word) {
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
                return;
            }
        }
        let text = word.text.to_str();
        self.shell(&unaliased(&text), |name| word.variables.iter().any(|variable| variable == name));
    }

    /// Adds a text of a shell in which some variables are expanded.
    pub(super) fn shell(&mut self, text: &str, is_expanded: impl Fn(&str) -> bool) {
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
    pub(super) fn given(&self) -> Vec<String> {
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
