//! CI files of every dialect, each with its expected findings, and with harmless lines that look similar.
//!
//! `# path: PATH` on the first line is the path of the file in a source tree. `# expect: RULE …` precedes the
//! line of a finding. `# expect+N: RULE` is N lines further up, if a comment cannot be closer. In JSON, these
//! labels follow `//`. `@HF_TOKEN@` is replaced by a token.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Outcome, Place, Token, scan};

/// Returns the text after a label.
fn label<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim_start();
    let text = line.strip_prefix("# ").or_else(|| line.strip_prefix("// "))?;
    text.strip_prefix(name)
}

/// Returns the expected rules, each with the first line after its label that is not a label itself.
fn expected(text: &str) -> BTreeSet<(String, u64)> {
    let mut labels = BTreeSet::new();
    let mut waiting: Vec<(&str, u64)> = Vec::new();
    for (line, number) in text.lines().zip(1_u64..) {
        if let Some((below, rules)) = label(line, "expect").and_then(|label| label.split_once(": ")) {
            let below = below.strip_prefix('+').map_or(0, |below| below.parse().unwrap());
            waiting.extend(rules.split_whitespace().map(|rule| (rule, below)));
        } else {
            labels.extend(waiting.drain(..).map(|(rule, below)| (rule.to_owned(), number + below)));
        }
    }
    assert!(waiting.is_empty(), "a label stands above nothing");
    labels
}

fn found(outcome: &Outcome) -> BTreeSet<(String, u64)> {
    assert!(outcome.errors().is_empty(), "{:?}", outcome.errors());
    let findings = outcome.report()["findings"].as_array().unwrap();
    let label = |finding: &serde_json::Value| {
        let rule = finding["rule"].as_str().unwrap().to_owned();
        (rule, finding["location"]["line"].as_u64().unwrap())
    };
    findings.iter().map(label).collect()
}

#[test]
fn each_file_has_the_findings_it_is_labelled_with() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ci");
    let token = Token::user("ci files");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let path = label(text.lines().next().unwrap(), "path: ").unwrap();
        for (ending, text) in [("", text.clone()), ("-crlf", text.replace('\n', "\r\n"))] {
            let place = Place::new(&format!("ci-{name}{ending}"));
            place.write(path, text.replace("@HF_TOKEN@", token.text()));
            let outcome = scan(&[place.join("")]);
            assert_eq!(found(&outcome), expected(&text), "{name}{ending}");
            assert_eq!(outcome.report()["notes"].as_array().unwrap().len(), 0, "{name}{ending}");
            assert_eq!(outcome.code, i32::from(!name.ends_with("-clean")), "{name}{ending}");
        }
        count += 1;
    }
    assert!(count >= 34);
}

#[test]
fn a_finding_says_where_and_what_to_do() {
    let place = Place::new("ci-finding");
    let token = Token::user("ci finding");
    let text = format!("services:\n  web:\n    build:\n      args:\n        - HF_TOKEN={}\n", token.text());
    place.write("a/compose.yaml", text);
    let outcome = scan(&[place.join("")]);
    let findings = outcome.report()["findings"].as_array().unwrap();
    let rules: Vec<_> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["context/login-in-ci", "context/token-in-file"]);
    let finding = &findings[0];
    assert_eq!(finding["severity"], "medium");
    assert_eq!(finding["location"]["path"], "a/compose.yaml");
    assert_eq!((&finding["location"]["line"], &finding["location"]["column"]), (&5.into(), &11.into()));
    assert!(finding["message"].as_str().unwrap().contains("service `web`"));
    assert!(finding["help"].as_str().unwrap().contains("--mount=type=secret,id=HF_TOKEN"));
    assert_eq!(finding["token"]["sha256"], findings[1]["token"]["sha256"]);
}

#[test]
fn what_cannot_be_read_is_a_note_with_its_line() {
    let place = Place::new("ci-notes");
    let token = Token::user("ci notes");
    place.write("compose.yaml", format!("services: {{}}\na: [{} : : *x\n", token.text()));
    place.write("docker-bake.hcl", format!("\n\ntarget {0} {0} = {0}\n", token.text()));
    place.write(".devcontainer.json", format!("{{\n{0} {0}", token.text()));
    place.write(".github/workflows/a.yml", vec![b'#'; (1 << 20) + 1]);
    let outcome = scan(&[place.join("")]);
    let notes = outcome.report()["notes"].as_array().unwrap();
    let places: Vec<_> = notes.iter().map(|note| note["where"].as_str().unwrap()).collect();
    assert_eq!(places, [".devcontainer.json: line 2", "compose.yaml: line 2", "docker-bake.hcl: line 3"]);
    // An exceeded limit is an error.
    let errors = outcome.errors();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["where"], ".github/workflows/a.yml: line 1");
    assert_eq!(outcome.code, 1, "the bytes were searched");
}

#[test]
fn fingerprints_outlive_moved_lines() {
    let print = |name: &str, text: &str| {
        let place = Place::new(name);
        place.write(".gitlab-ci.yml", text);
        let outcome = scan(&[place.join("")]);
        let findings = outcome.report()["findings"].as_array().unwrap().clone();
        findings.iter().map(|finding| finding["fingerprint"].clone()).collect::<Vec<_>>()
    };
    let one = print(
        "ci-print-1",
        "a:\n  script:\n    - hf auth login --token $A\n    - hf auth login --token $B\n",
    );
    let two = print(
        "ci-print-2",
        "# moved\nb:\n  script: [hf auth login --token $C, x, hf auth login --token $D]\n",
    );
    assert_eq!(one, two);
    assert_ne!(one[0], one[1]);
}

#[test]
fn a_file_by_itself_is_read_as_in_a_directory() {
    let place = Place::new("ci-single");
    place.write("a/Makefile", "build:\n\tdocker build --build-arg HF_TOKEN=$(HF_TOKEN) .\n");
    place.write(".github/workflows/a.yml", "jobs: {a: {steps: [{run: hf auth login --token $T}]}}\n");
    place.write("start.sh", "hf auth login --token $HF_TOKEN\n");
    place.write("compose.yaml", vec![b'#'; (1 << 20) + 1]);
    for path in ["a/Makefile", ".github/workflows/a.yml"] {
        for prefix in ["", "file:"] {
            let outcome = scan(&[format!("{prefix}{}", place.join(path).display())]);
            let findings = outcome.report()["findings"].as_array().unwrap().clone();
            assert_eq!(findings.len(), 1, "{prefix}{path}");
            assert_eq!(findings[0]["rule"], "context/login-in-ci");
            assert_eq!(outcome.report()["targets"][0]["kind"], "file");
            assert_eq!(outcome.code, 1);
        }
    }
    let alone = scan(&[place.join("a/Makefile")]);
    let listed = scan(&[place.join("a")]);
    let print = |outcome: &Outcome| outcome.report()["findings"][0]["fingerprint"].clone();
    assert_eq!(print(&alone), print(&listed));
    assert_eq!(scan(&[place.join("start.sh")]).code, 0);
    let limited = scan(&[place.join("compose.yaml")]);
    assert_eq!((limited.errors()[0]["code"].as_str(), limited.code), (Some("limit"), 2));
}
