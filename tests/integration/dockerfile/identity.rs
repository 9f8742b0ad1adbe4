//! Fingerprints of Dockerfiles and directories. They change only with the leak itself.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::place::Place;
use crate::support::run::{Outcome, command, scan};
use crate::support::token::Token;

/// Returns the fingerprints of a report, each with its rule. Asserts that they are unique.
fn prints(outcome: &Outcome) -> BTreeMap<String, String> {
    prints_of(outcome.findings())
}

fn prints_of(findings: &[Value]) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let prints: BTreeMap<_, _> =
        findings.iter().map(|f| (text(&f["fingerprint"]), text(&f["rule"]))).collect();
    assert_eq!(prints.len(), findings.len());
    prints
}

/// Scans a target from a working directory.
fn scan_in(directory: &Path, target: &str) -> BTreeMap<String, String> {
    let output = command(&["scan", "--format", "json", target]).current_dir(directory).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    prints_of(report["findings"].as_array().unwrap())
}

const LEAKY: [&str; 7] = [
    "ARG HF_TOKEN",
    "ENV HUGGING_FACE_HUB_TOKEN=@",
    "RUN hf auth login --token $HF_TOKEN",
    "RUN echo $HF_TOKEN > /etc/hub",
    "RUN rm -rf /root/.cache",
    "COPY .netrc /root/",
    "RUN git clone https://user:$HF_TOKEN@huggingface.co/a/b",
];

/// Returns a leaky Dockerfile with other lines between its own.
fn dockerfile(token: &str, noise: &[&str]) -> String {
    let mut lines = vec!["FROM python:3.12".to_owned()];
    for (n, line) in LEAKY.iter().enumerate() {
        lines.extend(noise.iter().skip(n).step_by(LEAKY.len()).map(|line| (*line).to_owned()));
        lines.push(line.replace('@', token));
    }
    lines.join("\n") + "\n"
}

const NOISE: [&str; 8] = [
    "",
    "# a comment",
    "RUN apt-get update",
    "ENV LANG=C",
    "LABEL a=b",
    "RUN pip install \\\n    transformers",
    "WORKDIR /app",
    "ARG VERSION=1",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn unrelated_lines_change_no_fingerprint(
        noise in proptest::collection::vec(proptest::sample::select(&NOISE[..]), 0..20)
    ) {
        let token = Token::user("lines");
        let place = Place::new("identity-lines");
        let before = place.write("before/Dockerfile", dockerfile(token.text(), &[]));
        let before = prints(&scan(&[before]));
        assert!(before.len() >= LEAKY.len(), "{before:?}");
        let after = place.write("after/Dockerfile", dockerfile(token.text(), &noise));
        prop_assert_eq!(before, prints(&scan(&[after])));
    }
}

#[test]
fn neither_spelling_nor_working_directory_changes_a_fingerprint() {
    let token = Token::user("spelled");
    let place = Place::new("identity-spelled");
    let file = place.write("project/docker/Dockerfile", dockerfile(token.text(), &[]));
    let project = place.join("project");
    let docker = project.join("docker");
    let absolute = file.to_str().unwrap();
    let expected = prints(&scan(&[absolute]));
    for (directory, target) in [
        (&docker, "Dockerfile"),
        (&docker, "./Dockerfile"),
        (&docker, "dockerfile:Dockerfile"),
        (&docker, "dockerfile:./Dockerfile"),
        (&docker, "../docker/Dockerfile"),
        (&project, "docker/Dockerfile"),
        (&project, "dockerfile:docker/../docker/Dockerfile"),
        (&project, &format!("dockerfile:{absolute}")),
    ] {
        assert_eq!(scan_in(directory, target), expected, "{target}");
    }
}

/// Makes a directory with a token in three files, a CI file, and a Dockerfile that copies everything.
fn directory(place: &Place, name: &str, token: &str, unrelated: &[&str]) -> std::path::PathBuf {
    let at = |file: &str| format!("{name}/{file}");
    place.write(&at("Dockerfile"), "FROM a\nCOPY . /app\n");
    place.write(&at("a.txt"), format!("{token}\n"));
    place.write(&at("b.txt"), format!("{token}\nagain {token}\n"));
    place.write(
        &at(".github/workflows/x.yml"),
        "jobs:\n  a:\n    steps:\n      - run: hf auth login --token x\n",
    );
    for file in unrelated {
        place.write(&at(file), "nothing\n");
    }
    place.join(name)
}

#[test]
fn two_files_with_one_token_have_two_fingerprints() {
    let token = Token::user("two files");
    let place = Place::new("identity-two-files");
    let root = directory(&place, "src", token.text(), &[]);
    let all = prints(&scan(&[root]));
    assert_eq!(all.values().filter(|rule| *rule == "dockerfile/context-leaks-token").count(), 3, "{all:?}");
}

#[test]
fn neither_unrelated_files_nor_spelling_change_the_fingerprints_of_a_directory() {
    let token = Token::user("directory");
    let place = Place::new("identity-directory");
    let root = directory(&place, "src", token.text(), &[]);
    let expected = prints(&scan(&[&root]));
    let more = directory(&place, "other/copy", token.text(), &["0.txt", "a/b", "z.txt", ".gitignore"]);
    assert_eq!(prints(&scan(&[&more])), expected, "unrelated files, at another place");
    for (directory, target) in [
        (root.as_path(), "."),
        (root.as_path(), "context:."),
        (place.path(), "src"),
        (place.path(), "./src/"),
        (place.path(), "context:other/../src"),
    ] {
        assert_eq!(scan_in(directory, target), expected, "{target}");
    }
}

#[test]
fn a_file_by_itself_is_named_by_its_own_name() {
    let token = Token::user("a log");
    let place = Place::new("identity-file");
    let file = place.write("logs/ci.log", format!("+ {}\n", token.text()));
    let expected = prints(&scan(&[format!("file:{}", file.display())]));
    assert_eq!(expected.len(), 1);
    for (directory, target) in [
        (place.join("logs"), "file:ci.log"),
        (place.join("logs"), "file:./ci.log"),
        (place.path().to_owned(), "file:logs/ci.log"),
    ] {
        assert_eq!(scan_in(&directory, target), expected, "{target}");
    }
}
