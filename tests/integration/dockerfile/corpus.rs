//! Dockerfiles in the styles of public ML projects, each with its expected findings. Missing and additional
//! findings are counted by rule. `make docs` writes the table to `docs/dockerfiles.md`.
//!
//! `# expect: RULE …` precedes the line of a finding. `@HF_TOKEN@` is replaced by a token.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::support::{Place, Token, page, scan};

/// Pairs of a rule and a line.
type Labels = BTreeSet<(String, u64)>;

/// Returns the expected rules, each with the first line after its label that is not a label itself.
fn expected(text: &str) -> Labels {
    let mut labels = Labels::new();
    let mut waiting: Vec<&str> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if let Some(rules) = line.trim_start().strip_prefix("# expect:") {
            waiting.extend(rules.split_whitespace());
        } else {
            labels.extend(waiting.drain(..).map(|rule| (rule.to_owned(), number)));
        }
    }
    assert!(waiting.is_empty(), "a label stands above nothing");
    labels
}

/// Returns the rules of the actual findings, each with its line.
fn found(path: &Path) -> Labels {
    let outcome = scan(&[path]);
    assert!(outcome.errors().is_empty(), "{}: {:?}", path.display(), outcome.errors());
    let findings = outcome.report()["findings"].as_array().unwrap();
    let label = |finding: &serde_json::Value| {
        let rule = finding["rule"].as_str().unwrap().to_owned();
        (rule, finding["location"]["line"].as_u64().unwrap())
    };
    findings.iter().map(label).collect()
}

#[derive(Default)]
struct Count {
    right: usize,
    missed: usize,
    false_alarms: usize,
}

/// Formats `right / all` with two decimals.
fn share(right: usize, all: usize) -> String {
    match all {
        0 => "–".to_owned(),
        all => format!("{}.{:02}", right / all, right % all * 100 / all),
    }
}

#[test]
fn precision_and_recall_by_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join("testdata/corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 60, "{} files", paths.len());
    let place = Place::new("corpus");
    let token = Token::user("corpus");
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut differences = String::new();
    for path in &paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let expected = expected(&text);
        assert_eq!(
            expected.is_empty(),
            name.ends_with("-clean"),
            "{name}: its name says whether it is clean"
        );
        let file = place.write(&format!("{name}/Dockerfile"), text.replace("@HF_TOKEN@", token.text()));
        let found = found(&file);
        for (rule, _) in expected.intersection(&found) {
            counts.entry(rule.clone()).or_default().right += 1;
        }
        for (rule, line) in expected.difference(&found) {
            counts.entry(rule.clone()).or_default().missed += 1;
            writeln!(differences, "- missed: `{rule}` at {name}:{line}").unwrap();
        }
        for (rule, line) in found.difference(&expected) {
            counts.entry(rule.clone()).or_default().false_alarms += 1;
            writeln!(differences, "- false: `{rule}` at {name}:{line}").unwrap();
        }
    }
    let mut page = format!(
        "# Dockerfiles\n\nWhat `stowaway scan` says of the {} Dockerfiles in `testdata/corpus`, which are ours, in the \
         styles of\npublic ML projects. Each line that leaks is labelled. `make docs` writes this page.\n\n\
         | rule | right | missed | false | precision | recall |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
        paths.len()
    );
    for (rule, Count { right, missed, false_alarms }) in &counts {
        let (precision, recall) = (share(*right, right + false_alarms), share(*right, right + missed));
        writeln!(page, "| `{rule}` | {right} | {missed} | {false_alarms} | {precision} | {recall} |")
            .unwrap();
    }
    if !differences.is_empty() {
        write!(page, "\n{differences}").unwrap();
    }
    println!("{page}");
    page::assert_current("dockerfiles.md", &page);
}
