//! Handwritten cases. Each is a Dockerfile with comments that describe how to build it.
//!
//! ```text
//! # oracle: argument NAME       the token is the build argument NAME
//! # oracle: secret ID           the token is the secret ID
//! # oracle: file PATH TEXT      a file of the context; `\n` in TEXT is a line break
//! # oracle: option OPTION       an option of the builder
//! # oracle: fails REASON        the build is expected to fail
//! # oracle: says TEXT           the last lines of a failed build contain TEXT
//! # oracle: differs WHERE WHY   the forecast for WHERE only applies to other builders
//! # oracle: cause               the next line makes a layer or an entry with the token, and a scan must name it
//! ```
//!
//! `@HF_TOKEN@` is replaced by the token, in the Dockerfile and in the files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Place, Token};

/// The placeholder for the token.
const PLACEHOLDER: &str = "@HF_TOKEN@";

/// A Dockerfile, and how to build it.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Whether the case was generated.
    pub(crate) is_made: bool,
    text: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) secrets: Vec<String>,
    files: Vec<(String, String)>,
    pub(crate) options: Vec<String>,
    /// The reason why the build is expected to fail.
    pub(crate) fails: Option<String>,
    /// Text that the last lines of a failed build must contain.
    pub(crate) says: Vec<String>,
    /// Places where only other builders leave the token, by their names in the report, each with the reason.
    pub(crate) differs: Vec<(String, String)>,
    /// The lines that make a layer or an entry with the token.
    causes: Vec<usize>,
}

impl Case {
    /// Parses a case.
    ///
    /// # Panics Panics on an unknown key.
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let mut case = Self { name: name.to_owned(), text: text.to_owned(), ..Self::default() };
        for (line, number) in text.lines().zip(1..) {
            let Some(said) = line.trim_start().strip_prefix("# oracle:") else { continue };
            let (key, value) = said.trim().split_once(' ').unwrap_or((said.trim(), ""));
            let pair = || {
                let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
                (first.to_owned(), rest.replace("\\n", "\n"))
            };
            match key {
                "argument" => case.arguments.push(value.to_owned()),
                "secret" => case.secrets.push(value.to_owned()),
                "file" => case.files.push(pair()),
                "option" => case.options.push(value.to_owned()),
                "fails" => case.fails = Some(value.to_owned()),
                "says" => case.says.push(value.to_owned()),
                "differs" => case.differs.push(pair()),
                "cause" => case.causes.push(number + 1),
                _ => panic!("{name}:{number}: unknown key {key}"),
            }
        }
        assert_eq!(case.fails.is_some(), !case.says.is_empty(), "{name}: what fails says why, and only that");
        case
    }

    /// Describes how the token gets into the build, for the table.
    pub(crate) fn ways(&self) -> String {
        let mut ways: Vec<String> = Vec::new();
        ways.extend(self.arguments.iter().map(|name| format!("argument `{name}`")));
        ways.extend(self.secrets.iter().map(|id| format!("secret `{id}`")));
        let files = self.files.iter().filter(|(_, text)| text.contains(PLACEHOLDER));
        ways.extend(files.map(|(path, _)| format!("file `{path}`")));
        let is_literal =
            |line: &str| line.contains(PLACEHOLDER) && !line.trim_start().starts_with("# oracle:");
        if self.text.lines().any(is_literal) {
            ways.push("literal".to_owned());
        }
        ways.join(", ")
    }

    /// Returns the first line of each instruction that is marked as a cause.
    pub(crate) fn origins(&self) -> BTreeSet<u64> {
        let (mut first, mut is_open, mut ending) = (0, false, None);
        let mut origins = BTreeSet::new();
        for (line, number) in self.text.lines().zip(1..) {
            if !is_open && ending.is_none() {
                first = number;
            }
            if self.causes.contains(&number) {
                origins.insert(u64::try_from(first).unwrap());
            }
            if let Some(word) = ending {
                ending = (line.trim() != word).then_some(word);
            } else if !line.trim_start().starts_with('#') {
                is_open = line.trim_end().ends_with('\\');
                let word = line.split_once("<<").map(|(_, word)| word.trim_start_matches('-'));
                let word = word.and_then(|word| word.split_whitespace().next());
                ending = word.map(|word| word.trim_matches(['"', '\'']));
            }
        }
        origins
    }

    /// Whether the context holds other files than the Dockerfile.
    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes a fresh build context, including the Dockerfile.
    pub(crate) fn write(&self, place: &Place, context: &str, token: &Token) {
        let dir = place.join(context);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).unwrap();
        }
        // A header with the text of a file is not part of the build, and would show the token as a literal.
        let line = |line: &str| {
            let is_header = line.trim_start().starts_with("# oracle:");
            if is_header { "#\n".to_owned() } else { line.replace(PLACEHOLDER, token.text()) }
        };
        let lines = self.text.split_inclusive('\n').map(line);
        place.write(&format!("{context}/Dockerfile"), lines.collect::<String>());
        for (path, text) in &self.files {
            place.write(&format!("{context}/{path}"), text.replace(PLACEHOLDER, token.text()));
        }
    }
}

/// Returns the cases in a directory, sorted by name.
pub(crate) fn written(dir: &Path) -> Vec<Case> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let parse = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        Case::parse(name, &std::fs::read_to_string(path).unwrap())
    };
    paths.iter().map(parse).collect()
}
