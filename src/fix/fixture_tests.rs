//! Properties that each mended file has, checked with the Dockerfiles of `testdata`.

use super::mend::mend;
use super::outcome::{Left, Mended};
use super::tests::token;
use crate::dockerfile::parse;
use crate::text::LineIndex;

/// Returns all Dockerfiles of the tests, with their names.
fn fixtures() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut out = Vec::new();
    for folder in ["corpus", "dockerfile"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap());
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            out.push((name, text.replace("@HF_TOKEN@", &token()).replace("@TOKEN@", &token())));
        }
    }
    out.sort();
    assert!(out.len() > 70);
    out
}

/// Checks the properties that every mended file must have.
pub(super) fn holds(name: &str, source: &str) -> Mended {
    let before = parse(source.as_bytes());
    let mended = mend(source.as_bytes());
    let after = parse(&mended.source);
    let text = String::from_utf8_lossy(&mended.source).into_owned();
    assert!(after.flaws.is_empty(), "{name}: {text}");
    assert_eq!(mend(&mended.source).source, mended.source, "{name}: twice is not once");
    assert_eq!(before.stages.len(), after.stages.len(), "{name}");
    assert!(mended.left.len() <= mended.found, "{name}");
    // All instructions other than settings and RUNs stay as they are, except for token text.
    let others = |dockerfile: &crate::dockerfile::Dockerfile| -> Vec<String> {
        use crate::dockerfile::Keyword::{Arg, Env, Label, Run};
        let others = dockerfile.instructions.iter();
        let others = others.filter(|i| !matches!(i.effective().keyword, Arg | Env | Label | Run));
        // A copied token file is removed like a login.
        let others = others.filter(|i| !i.text.to_str().ends_with("/.cache/huggingface/token"));
        others.map(|i| i.text.to_str().replace(&token(), "$HF_TOKEN")).collect()
    };
    assert_eq!(others(&before), others(&after), "{name}");
    // The comments that stay are in their order, and none is new.
    let comments = |source: &str, dockerfile: &crate::dockerfile::Dockerfile| -> Vec<String> {
        let comments = dockerfile.comments.iter();
        comments.map(|c| source.get(c.span.start..c.span.end).unwrap().replace(&token(), "<token>")).collect()
    };
    let mut all = comments(source, &before).into_iter();
    for comment in comments(&text, &after) {
        assert!(all.any(|known| known == comment), "{name}: {comment}: {text}");
    }
    // The line endings stay.
    if !source.contains('\r') {
        assert!(!text.contains('\r'), "{name}");
    }
    if source.lines().count() == source.matches("\r\n").count() {
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{name}: {text:?}");
    }
    mended
}

#[test]
fn every_fixture_is_mended_or_says_why_not() {
    let mut left = String::new();
    for (name, source) in fixtures() {
        if !parse(source.as_bytes()).flaws.is_empty() {
            continue;
        }
        let mended = holds(&name, &source);
        let lines = LineIndex::new(&mended.source);
        for Left { hit, why } in &mended.left {
            let line = lines.position(hit.span.start).line;
            let why = why.as_ref().map_or("", |why| why.as_str());
            left.push_str(format!("{name}:{line} {} {why}", hit.rule.id).trim_end());
            left.push('\n');
        }
    }
    insta::assert_snapshot!(left);
}
