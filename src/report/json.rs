//! The JSON report, as described by docs/report.schema.json.

use std::io::{self, Write};

use crate::finding::Report;

/// Writes the report as one indented JSON object and a line feed.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;
    use serde_json::{Value, json};

    fn json(report: &Report) -> Value {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        assert!(out.ends_with(b"}\n"));
        serde_json::from_slice(&out).unwrap()
    }

    fn validator() -> jsonschema::Validator {
        let schema = serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn every_report_follows_the_schema() {
        let validator = validator();
        for report in [
            samples::image(),
            samples::every_location(),
            samples::expiring(),
            samples::dockerfile(),
            samples::incomplete(),
            samples::clean(),
            samples::hostile(),
        ] {
            let report = json(&report);
            let errors: Vec<_> =
                validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
    }

    #[test]
    fn when_a_token_expires() {
        let report = json(&samples::expiring());
        let token = |n: usize| report["findings"][n]["token"].clone();
        assert_eq!(token(0)["expires_at"], "2023-11-14T22:13:20Z");
        assert_eq!((token(0)["expired"].clone(), token(1)["expired"].clone()), (json!(true), json!(false)));
        for (field, value) in [("expires_at", json!(1_790_000_000)), ("expired", json!("no"))] {
            let mut report = report.clone();
            report["findings"][0]["token"][field] = value;
            assert!(!validator().is_valid(&report), "{field}");
        }
        let plain = json(&samples::image())["findings"][0]["token"].clone();
        assert_eq!((plain.get("expires_at"), plain.get("expired")), (None, None));
    }

    #[test]
    fn added_fields_are_allowed() {
        let mut report = json(&samples::image());
        report["extra"] = json!(1);
        report["findings"][0]["extra"] = json!({});
        report["findings"][1]["location"]["extra"] = json!([]);
        assert!(validator().is_valid(&report));
    }

    #[test]
    fn a_broken_report_is_refused() {
        let validator = validator();
        // The findings of the sample are: 0 present, 1 deleted, 2 in the config.
        for (pointer, value) in [
            ("/schema", json!("stowaway.report/2")),
            ("/complete", json!(false)),
            ("/summary/tokens", json!(-1)),
            ("/targets/0/kind", json!("vm")),
            ("/targets/0/images/0/layers/0/digest", json!("sha256:00")),
            ("/findings/0/severity", json!("fatal")),
            ("/findings/0/rule", json!("Image/TokenInFile")),
            ("/findings/0/token", json!(null)),
            ("/findings/0/token/kind", json!("unknown")),
            ("/findings/0/token/redacted", json!(format!("hf_{}", "a".repeat(34)))),
            ("/findings/0/fingerprint", json!("00")),
            ("/findings/0/location/kind", json!("config")),
            ("/findings/0/location/line", json!(0)),
            ("/findings/0/location/hidden_by", json!(3)),
            ("/findings/1/location/state", json!("gone")),
            ("/findings/1/also/0/layer", json!("3")),
            ("/findings/2/location/document", json!("label")),
            ("/errors", json!([{"target": "app.tar"}])),
        ] {
            let mut report = json(&samples::image());
            *report.pointer_mut(pointer).unwrap() = value;
            assert!(!validator.is_valid(&report), "{pointer}");
        }
        for (parent, field) in [
            ("", "notes"),
            ("/tool", "version"),
            ("/findings/0", "help"),
            ("/findings/0/token", "sha256"),
            ("/findings/0/location", "created_by"),
            ("/findings/2/location", "field"),
        ] {
            let mut report = json(&samples::image());
            report.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
            assert!(!validator.is_valid(&report), "{parent}/{field}");
        }
    }

    #[test]
    fn a_name_that_is_no_utf8_is_whole_in_base64() {
        let location = &json(&samples::every_location())["findings"][0]["location"];
        assert_eq!(location["path"], "srv/\u{fffd}.zip");
        assert_eq!(location["path_base64"], "c3J2L/8uemlw");
        assert_eq!(location["line"], Value::Null);
    }
}
