//! Queries and assertions on a report.

use serde_json::{Value, json};

use super::{Outcome, Token};

impl Outcome {
    #[track_caller]
    pub fn report(&self) -> &Value {
        self.json.as_ref().unwrap_or_else(|| panic!("no report; standard error says: {}", self.stderr))
    }

    #[track_caller]
    pub fn findings(&self) -> &[Value] {
        self.report()["findings"].as_array().expect("findings")
    }

    #[track_caller]
    pub fn errors(&self) -> &[Value] {
        self.report()["errors"].as_array().expect("errors")
    }

    /// Returns the findings of one token, in report order.
    #[track_caller]
    pub fn findings_of(&self, token: &Token) -> Vec<&Value> {
        let sha256 = token.sha256();
        let found: Vec<_> = self.findings().iter().filter(|f| f["token"]["sha256"] == *sha256).collect();
        for finding in &found {
            assert_eq!(finding["token"]["kind"], token.kind().name());
            assert_eq!(finding["token"]["redacted"], *token.redacted());
        }
        found
    }

    /// Returns the only finding of a token.
    #[track_caller]
    pub fn finding_of(&self, token: &Token) -> &Value {
        match self.findings_of(token)[..] {
            [finding] => finding,
            ref found => panic!("{} findings of {}\n{:#}", found.len(), token.redacted(), self.report()),
        }
    }

    /// Asserts the rule of the only finding of a token, and returns its location.
    #[track_caller]
    pub fn location_of(&self, token: &Token, rule: &str) -> &Value {
        let finding = self.finding_of(token);
        assert_eq!(finding["rule"], rule, "{finding:#}");
        &finding["location"]
    }

    /// Asserts that everything was read and nothing was found.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert_eq!((self.findings(), self.errors()), (&[][..], &[][..]), "{}", self.stderr);
        assert_eq!(self.code, 0, "{}", self.stderr);
    }

    /// Asserts that exactly these tokens were found, each once, and that the report has no errors.
    #[track_caller]
    pub fn assert_found_only(&self, tokens: &[&Token]) {
        assert_eq!(self.errors(), &[] as &[Value], "{}", self.stderr);
        for token in tokens {
            self.finding_of(token);
        }
        assert_eq!(self.findings().len(), tokens.len(), "{:#}", self.report()["findings"]);
        assert_eq!(self.code, 1);
    }

    /// Asserts that one error names `place` in its `where` or message, and is one readable line. Returns its
    /// message.
    #[track_caller]
    pub fn assert_error(&self, place: &str) -> String {
        let naming: Vec<_> = self
            .errors()
            .iter()
            .map(|error| {
                format!("{}: {}", error["where"].as_str().unwrap(), error["message"].as_str().unwrap())
            })
            .filter(|line| line.contains(place))
            .collect();
        assert!(!naming.is_empty(), "no error names {place}: {:#}", self.report()["errors"]);
        assert_readable(&naming[0]);
        assert_ne!(self.code, 0, "an incomplete audit must not pass");
        naming[0].clone()
    }

    /// Asserts the properties of every report, whatever was scanned.
    #[track_caller]
    pub fn assert_consistent(&self, report: &Value) {
        let findings = report["findings"].as_array().expect("findings");
        let errors = report["errors"].as_array().expect("errors");
        assert_eq!(report["complete"], errors.is_empty(), "complete says whether there are errors");
        let open = || findings.iter().filter(|finding| finding["suppressed"].is_null());
        assert_eq!(report["summary"]["findings"], open().count());
        assert_eq!(report["summary"]["suppressed"], findings.len() - open().count());
        for severity in ["critical", "high", "medium", "low"] {
            let count = open().filter(|f| f["severity"] == severity).count();
            assert_eq!(report["summary"][severity], count, "summary.{severity}");
        }
        for finding in findings {
            let location = &finding["location"];
            if location["kind"] == "layer" {
                let hidden = location["state"] != "present";
                assert_eq!(location["hidden_by"].is_u64(), hidden, "{finding:#}");
                let path = location["path"].as_str().unwrap();
                assert!(!path.starts_with('/') && !path.starts_with("./"), "{path}");
            }
        }
        let prints: std::collections::BTreeSet<_> =
            findings.iter().map(|f| f["fingerprint"].as_str()).collect();
        assert_eq!(prints.len(), findings.len(), "fingerprints are unique within a report");
        if self.code == 0 {
            assert_eq!(errors, &[] as &[Value], "exit 0 with errors");
        }
    }
}

/// Asserts that `line` is not empty, and contains no control characters or debug form of a Rust value.
#[track_caller]
pub fn assert_readable(line: &str) {
    assert!(!line.trim().is_empty(), "an empty message");
    assert!(!line.chars().any(char::is_control), "control characters in {line:?}");
    for debug in ["Os {", "Error {", "Some(", "Err(", "kind: "] {
        assert!(!line.contains(debug), "a debug form in {line:?}");
    }
    assert!(line.len() < 500, "too long to read: {line}");
}

/// Returns the state of the file from the location of a layer finding, and the layer that hides it.
pub fn fate(location: &Value) -> (&str, Option<u64>) {
    (location["state"].as_str().unwrap(), location["hidden_by"].as_u64())
}

/// Returns `(layer, path)` of a layer finding.
pub fn spot(location: &Value) -> (u64, &str) {
    (location["layer"].as_u64().unwrap(), location["path"].as_str().unwrap())
}

/// Asserts that `value` has these fields with these values. Other fields are allowed.
#[track_caller]
pub fn assert_fields(value: &Value, expected: &Value) {
    let expected = expected.as_object().expect("an object of expected fields");
    let shown: serde_json::Map<_, _> =
        expected.keys().map(|key| (key.clone(), value.get(key).cloned().unwrap_or(Value::Null))).collect();
    assert_eq!(json!(shown), json!(expected), "in {value:#}");
}
