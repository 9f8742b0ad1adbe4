//! Written cases: a Dockerfile each, with comments that say how it is built.
//!
//! ```text
//! # oracle: argument NAME       the token is the build argument NAME
//! # oracle: secret ID           … the secret ID
//! # oracle: file PATH TEXT      a file of the context; `\n` in TEXT is a line break
//! # oracle: option OPTION       an option of the builder
//! # oracle: fails REASON        the build is expected to fail
//! # oracle: says TEXT           … and these to be among its last words
//! # oracle: differs WHERE WHY   what is forecast for WHERE is left by other builders alone
//! # oracle: cause               the line below it makes a layer or an entry that holds the token, as a scan of the image is to say
//! ```
//!
//! `@HF_TOKEN@` stands for the token, in the Dockerfile and in the files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Place, Token};

/// What stands for a token.
const PLACEHOLDER: &str = "@HF_TOKEN@";

/// A Dockerfile and how to build it.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Whether it was put together.
    pub(crate) is_made: bool,
    text: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) secrets: Vec<String>,
    files: Vec<(String, String)>,
    pub(crate) options: Vec<String>,
    /// Why the build is expected to fail.
    pub(crate) fails: Option<String>,
    /// What its last lines say then.
    pub(crate) says: Vec<String>,
    /// What other builders leave, by the name that the report has for the place, and who says so.
    pub(crate) differs: Vec<(String, String)>,
    /// The lines that make what holds the token.
    causes: Vec<usize>,
}

impl Case {
    /// # Panics
    /// On what no case says.
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

    /// How the token gets in, for the table.
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

    /// The lines on which their instructions begin.
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

    /// Whether the context holds more than the Dockerfile.
    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes the build's context anew, the Dockerfile in it.
    pub(crate) fn write(&self, place: &Place, context: &str, token: &Token) {
        let dir = place.join(context);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).unwrap();
        }
        // A header that gives a file is no part of what is built, and would show the token as a literal.
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

/// The cases of a directory, by name.
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
