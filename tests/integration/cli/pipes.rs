//! Pipes with a name, and other paths that are no files.

use std::process::{Command, Stdio};

use crate::support::run::command;
use crate::support::{Outcome, Place, Stdin, Token, scan_with, stowaway};

fn pipe(place: &Place, name: &str) -> String {
    let path = place.join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn code(outcome: &Outcome) -> &str {
    assert_eq!(outcome.errors().len(), 1, "{:#}", outcome.report()["errors"]);
    outcome.errors()[0]["code"].as_str().unwrap()
}

#[test]
fn a_pipe_without_a_writer_ends_with_the_time() {
    let place = Place::new("pipe-alone");
    let pipe = pipe(&place, "pipe");
    for prefix in ["", "file:", "dockerfile:", "oci-archive:", "docker-archive:"] {
        let target = format!("{prefix}{pipe}");
        let outcome = scan_with(&["--timeout", "1s", &target], Stdin::Empty);
        assert_eq!((outcome.code, code(&outcome)), (2, "timed-out"), "{target}");
    }
}

#[test]
fn a_pipe_is_read_as_standard_input_is() {
    let place = Place::new("pipe-text");
    let pipe = pipe(&place, "pipe");
    let token = Token::user("pipe");
    let text = format!("FROM alpine\nENV HF_TOKEN={}\n", token.text());
    for prefix in ["file:", "dockerfile:"] {
        let target = format!("{prefix}{pipe}");
        let mut command = command(&["scan", "--format", "json", "--timeout", "60s", &target]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        // The pipe opens when it is read.
        std::fs::write(&pipe, &text).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{target}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["errors"].as_array().unwrap().len(), 0, "{target}: {report:#}");
        assert!(!report["findings"].as_array().unwrap().is_empty(), "{target}");
    }
}

#[test]
fn a_pipe_in_the_place_of_the_dockerfile_ends_with_the_time() {
    let place = Place::new("pipe-built-from");
    let pipe = pipe(&place, "pipe");
    let outcome = stowaway(&["scan", "--timeout", "1s", "--dockerfile", &pipe, "/dev/null"], Stdin::Empty);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("the audit ran out of time"), "{}", outcome.stderr);
}
