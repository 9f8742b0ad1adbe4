//! Exit codes, and destinations of the output.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::support::{Image, Layer, Layout, Place, Stdin, Tar, Token, scan, stowaway};

/// Targets that are clean, leaking, broken, and both broken and leaking.
#[derive(Debug)]
struct Targets {
    clean: PathBuf,
    leaking: PathBuf,
    broken: PathBuf,
    both: PathBuf,
}

fn made() -> Token {
    Token::user("exit codes")
}

fn targets() -> &'static Targets {
    static TARGETS: OnceLock<Targets> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let place = Place::new("targets");
        let clean = Layer::new(&Tar::new().file("x", "x").finish());
        let leak = Layer::new(&Tar::new().file("srv/key", made().bytes()).finish());
        let other = Layer::new(&Tar::new().file("y", "y").finish());
        let archive = |layers: Vec<Layer>| Layout::of(&[&Image::new("app:latest", layers)]).files();
        let without = |layers: Vec<Layer>| {
            let mut files = archive(layers);
            files.remove(&crate::support::image::blob_path(&clean.digest()));
            files.archive()
        };
        Targets {
            clean: place.write("clean.tar", archive(vec![clean.clone()]).archive()),
            leaking: place.write("leaking.tar", archive(vec![leak.clone()]).archive()),
            broken: place.write("broken.tar", without(vec![clean.clone(), other])),
            both: place.write("both.tar", without(vec![clean.clone(), leak])),
        }
    })
}

#[test]
fn the_table() {
    let Targets { clean, leaking, broken, both } = targets();
    let table: [(&str, &[&PathBuf], &[&str], i32); 12] = [
        ("clean", &[clean], &[], 0),
        ("a finding", &[leaking], &[], 1),
        ("broken", &[broken], &[], 2),
        ("broken, and a finding", &[both], &[], 1),
        ("a finding in one target, the other broken", &[broken, leaking], &[], 1),
        ("one clean, one broken", &[clean, broken], &[], 2),
        ("one clean, one with a finding", &[clean, leaking], &[], 1),
        ("a finding that fails nothing", &[leaking], &["--fail-on", "never"], 0),
        ("at the threshold", &[leaking], &["--fail-on", "critical"], 1),
        ("above the threshold", &[leaking], &["--fail-on", "low"], 1),
        ("broken, and nothing fails", &[broken], &["--fail-on", "never"], 2),
        ("both, and nothing fails", &[both], &["--fail-on", "never"], 2),
    ];
    for (case, paths, options, code) in table {
        let mut args: Vec<_> = options.to_vec();
        args.extend(paths.iter().map(|path| path.to_str().unwrap()));
        assert_eq!(scan(&args).code, code, "{case}");
        args.insert(0, "scan");
        assert_eq!(stowaway(&args, Stdin::Empty).code, code, "{case}, as text");
    }
}

#[test]
fn a_finding_below_the_threshold_fails_nothing() {
    // A build argument for a token variable is of high severity, and the threshold is critical.
    let path = Place::new("below").write("Dockerfile", "FROM python:3.12\nARG HF_TOKEN\nRUN hf download x\n");
    let path = path.to_str().unwrap();
    let outcome = scan(&[path]);
    assert_eq!(outcome.findings()[0]["severity"], "high");
    assert_eq!(outcome.code, 1);
    let outcome = scan(&["--fail-on", "critical", path]);
    assert_eq!((outcome.code, outcome.findings().len()), (0, 1));
}

#[test]
fn usage_errors_are_2() {
    let cases: [&[&str]; 5] = [
        &["scan"],
        &["scan", "--no-such-option", "x"],
        &["scan", "--fail-on", "sometimes", "x"],
        &["scan", "--format", "runes", "x"],
        &["no-such-command"],
    ];
    for args in cases {
        let outcome = stowaway(args, Stdin::Empty);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!outcome.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(stowaway(&["--help"], Stdin::Empty).code, 0);
    assert_eq!(
        stowaway(&["--version"], Stdin::Empty).stdout,
        concat!("stowaway ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn a_file_of_no_known_kind_is_read_as_it_is() {
    let place = Place::new("other");
    let text = format!("key {}", made().text());
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (name, body) in [("notes.txt", text.as_bytes()), ("build.log.gz", &packed[..])] {
        let path = place.write(name, body);
        for target in [path.display().to_string(), format!("file:{}", path.display())] {
            let outcome = scan(&[target]);
            outcome.assert_found_only(&[&made()]);
            assert_eq!(outcome.finding_of(&made())["location"]["kind"], "file");
        }
    }
    // A damaged archive must not pass as a text without tokens.
    for (name, body) in [("notes.tar", text.as_bytes()), ("a.tar.gz", &packed[..]), ("empty.log", b"")] {
        assert_eq!(scan(&[place.write(name, body)]).code, 2, "{name}");
    }
}

#[test]
fn a_target_that_holds_a_token_is_masked() {
    let outcome = scan(&[format!("/nowhere/{}.tar", made().text())]);
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.errors()[0]["target"], format!("/nowhere/{}.tar", made().redacted()));
    let outcome = stowaway(&["scan", "--format", made().text(), "x"], Stdin::Empty);
    assert_eq!(outcome.code, 2);
}

#[test]
fn the_report_goes_to_a_file_when_told_so() {
    let report = Place::new("output").join("report.json");
    let Targets { leaking, .. } = targets();
    let outcome = scan(&["--output", report.to_str().unwrap(), leaking.to_str().unwrap()]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    let written = std::fs::read_to_string(&report).unwrap();
    assert!(!crate::support::token::shows_a_secret(&written));
    let written = serde_json::from_str(&written).unwrap();
    crate::support::run::assert_valid(&written);
    assert_eq!(written["summary"]["findings"], 1);
    let outcome = scan(&["--output", "/nowhere/report.json", targets().clean.to_str().unwrap()]);
    assert_eq!(outcome.code, 2, "a report that was not written is no pass");
}

#[test]
fn text_tells_the_token_its_places_and_what_to_do() {
    let Targets { leaking, clean, broken, .. } = targets();
    let text = |path: &PathBuf| stowaway(&["scan", path.to_str().unwrap()], Stdin::Empty);
    let outcome = text(leaking);
    for part in [&made().redacted(), "srv/key", "evoke", "https://huggingface.co/settings/tokens"] {
        assert!(outcome.stdout.contains(part), "no {part} in {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains('\u{1b}'), "colour without a terminal");
    assert!(text(broken).stdout.contains("layer 0") || text(broken).stderr.contains("layer 0"));
    assert_eq!(text(clean).code, 0);
    let coloured = stowaway(&["scan", "--color", "always", leaking.to_str().unwrap()], Stdin::Empty);
    assert!(coloured.stdout.contains('\u{1b}'));
}

#[test]
fn a_reader_that_closes_the_pipe_changes_nothing() {
    use std::process::Stdio;
    let mut child = crate::support::run::command(&["scan", targets().leaking.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}

#[test]
fn rules_are_listed_and_explained() {
    let list = stowaway(&["rules"], Stdin::Empty);
    assert_eq!(list.code, 0);
    for id in ["image/cached-token", "image/token-in-file", "dockerfile/login-command"] {
        assert!(list.stdout.contains(id), "{id} is not listed");
        let one = stowaway(&["rules", id], Stdin::Empty);
        assert!(one.code == 0 && one.stdout.contains(id), "{id} is not explained");
    }
    assert_eq!(stowaway(&["rules", "image/no-such-rule"], Stdin::Empty).code, 2);
}

#[test]
fn a_token_among_the_arguments_is_never_echoed() {
    // The test runner asserts for every run that no secret is shown.
    let made = made();
    let (token, option) = (made.text(), format!("--{}", made.text()));
    let named = format!("/nowhere/{token}");
    let cases: [&[&str]; 8] = [
        &["scan", "--format", token, "x"],
        &["scan", "--fail-on", token, "x"],
        &["scan", "--platform", token, "x"],
        &["scan", "--output", &named, "x"],
        &["scan", &option, "x"],
        &["scan", token],
        &["rules", token],
        &[token],
    ];
    for args in cases {
        let outcome = stowaway(args, Stdin::Empty);
        assert_eq!(outcome.code, 2);
        assert!(!format!("{}{}", outcome.stdout, outcome.stderr).is_empty());
    }
}

#[test]
fn forms_that_this_version_does_not_read_are_one_clear_line() {
    for (target, says) in [
        ("docker://A/b", "the reference is not valid"),
        ("ostree:x", "ostree: targets are not supported by this version"),
        ("127.0.0.1:1/a:1", "there is no such file, and as an image: 127.0.0.1:1 refuses the connection"),
        ("missing.tar", "there is no such file or directory"),
        ("./alpine", "there is no such file or directory"),
    ] {
        let outcome = stowaway(&["scan", target], Stdin::Empty);
        let errors: Vec<_> = outcome.stdout.lines().filter(|line| line.starts_with("not read: ")).collect();
        assert_eq!((outcome.code, errors.len(), outcome.stderr.as_str()), (2, 1, ""), "{target}");
        assert!(errors[0].starts_with(&format!("not read: {target}: ")), "{}", errors[0]);
        assert!(errors[0].contains(says), "{}", errors[0]);
    }
    let outcome = stowaway(&["scan", "x", ""], Stdin::Empty);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert_eq!(outcome.stderr, "stowaway: a target must not be empty\n");
}

#[test]
fn a_target_given_twice_is_audited_once() {
    let leaking = &targets().leaking;
    let outcome = scan(&[leaking, leaking]);
    assert_eq!(outcome.findings().len(), 1);
    assert_eq!(outcome.report()["targets"].as_array().unwrap().len(), 1);
}
