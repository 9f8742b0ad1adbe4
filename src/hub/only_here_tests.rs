//! A test that facts about the Hub are written only in this module. The code of all other modules is
//! searched for literals that contain names of the Hub. Texts for people may contain them.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The least number of words in a text for people.
const WORDS: usize = 4;

/// A literal in a source file.
struct Literal {
    line: usize,
    text: String,
    /// Whether the literal is a byte string or a raw string, as patterns are.
    is_code: bool,
}

#[test]
fn no_other_room_names_what_is_the_hubs() {
    let marks = Regex::new(
        r"(?i)\bhf(?:[_.-]|folder|api|t?$)|hugging|api_org|stored_tokens|transformers-cli|pyannote|settings/tokens",
    )
    .unwrap();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    // The placeholder for a constant of this module.
    let constant = Regex::new(r"\{[A-Z_]+\}").unwrap();
    for path in files(&src) {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(&path).unwrap();
        for Literal { line, text, is_code } in literals(without_tests(&source)) {
            let is_text = !is_code && text.split_whitespace().count() >= WORDS;
            let is_example = ["bad: ", "good: "].iter().any(|field| {
                source.lines().nth(line - 1).is_some_and(|line| line.trim_start().starts_with(field))
            });
            let may_name = (is_text && !text.contains("settings/tokens")) || is_example;
            if !may_name && marks.is_match(&constant.replace_all(&text, "")) {
                wrong.push(format!("src/{name}:{line}: {text:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these belong into src/hub:\n{}", wrong.join("\n"));
}

/// Returns all source files that are neither tests nor part of this module.
fn files(src: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![src.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == "hub" || name.contains("tests") || name == "samples.rs" || name == "snapshots" {
                continue;
            }
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 200, "{} files", files.len());
    files
}

/// Returns a source text up to its tests.
fn without_tests(source: &str) -> &str {
    let tests = Regex::new(r"(?m)^#\[cfg\(test\)\]\n(?:pub(?:\([a-z]+\))? )?mod [a-z_]+ \{").unwrap();
    tests.find(source).map_or(source, |tests| source.split_at(tests.start()).0)
}

/// Returns the string literals of a source text. Comments and character literals are skipped.
fn literals(source: &str) -> Vec<Literal> {
    let token = Regex::new(concat!(
        r"(?s)//[^\n]*|/\*.*?\*/|'(?:\\.[^']*|[^\\'])'",
        r##"|(?P<raw>b?r#"(?P<hashed>.*?)"#|b?r"(?P<plain_raw>[^"]*)")"##,
        r#"|(?P<bytes>b?)"(?P<plain>(?:\\.|[^"\\])*)""#,
    ))
    .unwrap();
    let continued = Regex::new(r"\\\n\s*").unwrap();
    let literal = |found: regex::Captures<'_>| {
        let text = ["hashed", "plain_raw", "plain"].iter().find_map(|group| found.name(group))?;
        let is_code = found.name("raw").is_some() || found.name("bytes").is_some_and(|b| !b.is_empty());
        let line = source.split_at(text.start()).0.matches('\n').count() + 1;
        Some(Literal { line, text: continued.replace_all(text.as_str(), "").into_owned(), is_code })
    };
    token.captures_iter(source).filter_map(literal).collect()
}

#[test]
fn literals_are_told_from_the_rest() {
    let source = r##"
        // "comment"
        let a = 'x'; let b: &'static str = "one \" two"; let c = '"'; let q = '\'';
        let d = b"bytes"; let e = r"raw\d"; let f = r#"ha"sh"#; /* "no" */
        let g = "a \
                 b";
    "##;
    let texts: Vec<_> = literals(source).into_iter().map(|one| (one.text, one.is_code)).collect();
    let expected =
        [(r#"one \" two"#, false), ("bytes", true), (r"raw\d", true), (r#"ha"sh"#, true), ("a b", false)];
    assert_eq!(texts, expected.map(|(text, is_code)| (text.to_owned(), is_code)));
}
