//! Handwritten cases. Each is a Dockerfile with comments that describe how to build it.
//!
//! ```text
//! # oracle: argument NAME       the token is the build argument NAME
//! # oracle: secret ID           the token is the secret ID
//! # oracle: file PATH TEXT      a file of the context; `\n` in TEXT is a line break
//! # oracle: archive PATH MEMBER TEXT   a tar archive of the context with a file in it
//! # oracle: option BUILDER OPTION   an option of one builder
//! # oracle: fails REASON        the build is expected to fail
//! # oracle: says TEXT           the last lines of a failed build contain TEXT
//! # oracle: unknown BUILDERS TEXT     these builders do not know the form, and their last lines contain TEXT
//! # oracle: only BUILDERS WHERE WHY   of the builders that know the form, these alone leave the token in WHERE
//! # oracle: except BUILDERS WHERE WHY   of the builders that know the form, all but these leave the token in WHERE
//! # oracle: unforeseen BUILDERS WHERE WHY   these builders leave the token in WHERE, which the Dockerfile does not tell
//! # oracle: cause [BUILDERS]    the next line makes a layer or an entry with the token, and a scan must name it
//! ```
//!
//! `@HF_TOKEN@` is replaced by the token, in the Dockerfile and in the files. BUILDERS are separated by commas. WHERE
//! is a place by its name in the report. `layer` may be followed by a colon and a path.

use std::collections::BTreeSet;
use std::path::Path;

use crate::builder::Builder;
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
    /// Archives of the context, each with the path and the text of its only file.
    archives: Vec<(String, String, String)>,
    options: Vec<(Builder, String)>,
    /// The reason why the build is expected to fail.
    pub(crate) fails: Option<String>,
    /// Text that the last lines of a failed build must contain.
    pub(crate) says: Vec<String>,
    /// The builders that do not know the form, and what each says.
    pub(crate) unknown: Vec<(Builder, String)>,
    pub(crate) differences: Vec<Difference>,
    /// The places where builders leave the token and that no forecast can tell.
    pub(crate) unforeseen: Vec<Difference>,
    /// The lines that make a layer or an entry with the token, and the builders with which they do.
    causes: Vec<(usize, Vec<Builder>)>,
}

/// A place where not all builders leave the token.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) place: String,
    /// The builders that leave it there.
    pub(crate) leaving: Vec<Builder>,
    pub(crate) why: String,
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
                "archive" => {
                    let (path, file) = pair();
                    let (member, text) = file.split_once(' ').unwrap();
                    case.archives.push((path, member.to_owned(), text.to_owned()));
                }
                "option" => {
                    let (builder, option) = builders(value);
                    case.options.extend(builder.into_iter().map(|builder| (builder, option.clone())));
                }
                "fails" => case.fails = Some(value.to_owned()),
                "says" => case.says.push(value.to_owned()),
                "unknown" => {
                    let (builders, said) = builders(value);
                    case.unknown.extend(builders.into_iter().map(|builder| (builder, said.clone())));
                }
                "only" | "except" => {
                    let (mut leaving, rest) = builders(value);
                    if key == "except" {
                        leaving = Builder::ALL.into_iter().filter(|all| !leaving.contains(all)).collect();
                    }
                    let (place, why) = rest.split_once(' ').unwrap_or((&rest, ""));
                    let (place, why) = (place.to_owned(), why.to_owned());
                    case.differences.push(Difference { place, leaving, why });
                }
                "unforeseen" => {
                    let (leaving, rest) = builders(value);
                    let (place, why) = rest.split_once(' ').unwrap_or((&rest, ""));
                    let (place, why) = (place.to_owned(), why.to_owned());
                    case.unforeseen.push(Difference { place, leaving, why });
                }
                "cause" => {
                    let of = if value.is_empty() { Builder::ALL.to_vec() } else { Builder::list(value) };
                    case.causes.push((number + 1, of));
                }
                _ => panic!("{name}:{number}: unknown key {key}"),
            }
        }
        for Difference { place, leaving, why } in case.differences.iter().chain(&case.unforeseen) {
            assert!(!leaving.is_empty() && !why.is_empty(), "{name}: {place}: who leaves the token, and why");
        }
        assert_eq!(case.fails.is_some(), !case.says.is_empty(), "{name}: what fails says why, and only that");
        case
    }

    /// Returns the options for a builder.
    pub(crate) fn options(&self, builder: Builder) -> impl Iterator<Item = &String> {
        self.options.iter().filter(move |(of, _)| *of == builder).map(|(_, option)| option)
    }

    /// Returns what a builder says that does not know the form.
    pub(crate) fn unknown_to(&self, builder: Builder) -> Option<&str> {
        self.unknown.iter().find(|(of, _)| *of == builder).map(|(_, said)| said.as_str())
    }

    /// Returns the declared difference between builders at a place.
    pub(crate) fn difference(&self, place: &str) -> Option<&Difference> {
        self.differences.iter().find(|difference| Self::is_at(place, &difference.place))
    }

    /// Whether a place is the declared one. `layer` is declared for all paths.
    pub(crate) fn is_at(place: &str, declared: &str) -> bool {
        let of_all =
            place.strip_prefix(declared).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        place == declared || of_all
    }

    /// Describes how the token gets into the build, for the table.
    pub(crate) fn ways(&self) -> String {
        let mut ways: Vec<String> = Vec::new();
        ways.extend(self.arguments.iter().map(|name| format!("argument `{name}`")));
        ways.extend(self.secrets.iter().map(|id| format!("secret `{id}`")));
        let files = self.files.iter().filter(|(_, text)| text.contains(PLACEHOLDER));
        ways.extend(files.map(|(path, _)| format!("file `{path}`")));
        let archives = self.archives.iter().filter(|(.., text)| text.contains(PLACEHOLDER));
        ways.extend(archives.map(|(path, member, _)| format!("file `{member}` in `{path}`")));
        let is_literal =
            |line: &str| line.contains(PLACEHOLDER) && !line.trim_start().starts_with("# oracle:");
        if self.text.lines().any(is_literal) {
            ways.push("literal".to_owned());
        }
        ways.join(", ")
    }

    /// Returns the first line of each instruction that is marked as a cause for a builder.
    pub(crate) fn origins(&self, builder: Builder) -> BTreeSet<u64> {
        let (mut first, mut is_open, mut ending) = (0, false, None);
        let mut origins = BTreeSet::new();
        for (line, number) in self.text.lines().zip(1..) {
            if !is_open && ending.is_none() {
                first = number;
            }
            if self.causes.iter().any(|(cause, of)| *cause == number && of.contains(&builder)) {
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
        !self.files.is_empty() || !self.archives.is_empty()
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
        for (path, member, text) in &self.archives {
            let text = text.replace(PLACEHOLDER, token.text());
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(text.len().try_into().unwrap());
            let mut archive = tar::Builder::new(Vec::new());
            archive.append_data(&mut header, member, text.as_bytes()).unwrap();
            place.write(&format!("{context}/{path}"), archive.into_inner().unwrap());
        }
    }
}

/// Splits a value into the builders at its beginning and the rest.
fn builders(value: &str) -> (Vec<Builder>, String) {
    let (names, rest) = value.split_once(' ').unwrap_or((value, ""));
    (Builder::list(names), rest.to_owned())
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
