//! Reports for other programs: they hold the same findings, are well-formed, and take no orders from what was scanned.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::run::stowaway;
use crate::support::{Image, Layer, Place, Stdin, Tar, Token, image, tools};

/// Text that is markup or an order in one of the formats.
const HOSTILE: &str = "a](http://x.example)\n::error::x\r\n##[error]y<script>alert(1)</script>|`*_&@team #1 \
    \u{1b}[2J\u{202e}]]>=cmd()%0A::stop-commands::z";

fn token(name: &str) -> Token {
    Token::user(name)
}

/// Makes an image, a Dockerfile and a broken archive whose names are hostile.
pub(crate) fn targets() -> &'static [String] {
    static TARGETS: OnceLock<Vec<String>> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let place = Place::new("reports");
        let tar = Tar::new()
            .pax_named(format!("srv/{HOSTILE}").as_bytes(), token("file").bytes())
            .file("root/.cache/huggingface/token", token("cached").bytes())
            .finish();
        let above = Tar::new().whiteout("root/.cache/huggingface/token").finish();
        let labels = serde_json::json!({"Labels": {HOSTILE: token("label").text()}});
        let built = Image::new("app:1", [Layer::new(&tar), Layer::new(&above)])
            .with("config", labels)
            .history(serde_json::json!([{"created_by": HOSTILE}, {"created_by": "RUN rm x"}]));
        let archive = image::docker_archive(&[&built]).archive();
        let name = format!("{}.tar", HOSTILE.replace(['/', '\0'], "-"));
        let archive = place.write(&name, archive);
        let dockerfile = format!("FROM a\nARG HF_TOKEN\n# {HOSTILE}\nRUN hf auth login --token $HF_TOKEN\n");
        let dockerfile = place.write("Dockerfile", dockerfile.replace(['\r', '\u{1b}'], ""));
        let broken = place.write("broken.tar", vec![b'x'; 3000]);
        let targets: Vec<String> =
            [archive, dockerfile, broken].iter().map(|path| tools::text(path).to_owned()).collect();
        // The directory is kept until the tests end.
        std::mem::forget(place);
        targets
    })
}

fn report(format: &str) -> String {
    let mut args = vec!["scan", "--format", format];
    args.extend(targets().iter().map(String::as_str));
    let outcome = stowaway(&args, Stdin::Empty);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    outcome.stdout
}

fn parsed(format: &str) -> Value {
    serde_json::from_str(&report(format)).unwrap()
}

fn texts(values: &[Value], pointer: &str) -> BTreeSet<String> {
    values.iter().map(|value| value.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
}

/// Returns the findings and errors of the report that the others are compared with.
fn expected() -> &'static (Vec<Value>, Vec<Value>) {
    static EXPECTED: OnceLock<(Vec<Value>, Vec<Value>)> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let report = parsed("json");
        let list = |name: &str| report[name].as_array().unwrap().clone();
        let (findings, errors) = (list("findings"), list("errors"));
        assert!(findings.len() >= 5 && !errors.is_empty(), "{report:#}");
        (findings, errors)
    })
}

/// Returns the schema of SARIF, which the crate that writes it brings with it.
fn sarif_schema() -> jsonschema::Validator {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Packages for other platforms are not here.
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--filter-platform", host, "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let schema = std::fs::read(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: Value = serde_json::from_slice(&schema).unwrap();
    // The pattern of this property is not valid, and we do not write the property.
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"].as_object_mut().unwrap().remove("language").unwrap();
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn sarif() {
    let (findings, errors) = expected();
    let report = parsed("sarif");
    let problems: Vec<String> = sarif_schema()
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let run = &report["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    assert_eq!(texts(results, "/partialFingerprints/stowaway~1v1"), texts(findings, "/fingerprint"));
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let failed = notifications.iter().filter(|notification| notification["level"] == "error");
    assert_eq!(failed.count(), errors.len());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"[]`|{}\\^".contains(&b)), "{uri}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        // Text in square brackets before round ones is a link.
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.replace("\\]", "").contains("]("), "{text}");
    }
    let login = results.iter().find(|result| result["ruleId"] == "dockerfile/login-command").unwrap();
    assert_eq!(login["locations"][0]["physicalLocation"]["region"]["startLine"], 6);
    let cached = results.iter().find(|result| result["ruleId"] == "image/cached-token").unwrap();
    let related = cached["relatedLocations"].as_array().unwrap();
    assert!(related[1]["message"]["text"].as_str().unwrap().contains("layer 1 deletes it"), "{related:#?}");
}

#[test]
fn junit() {
    let (findings, errors) = expected();
    let report = report("junit");
    let suites = quick_junit::Report::deserialize_from_str(&report).unwrap();
    assert_eq!(suites.test_suites.len(), targets().len());
    let rules: BTreeSet<(&str, &str)> = findings
        .iter()
        .map(|finding| (finding["target"].as_str().unwrap(), finding["rule"].as_str().unwrap()))
        .collect();
    let unread = texts(errors, "/target");
    assert_eq!((suites.failures, suites.errors), (rules.len(), unread.len()), "{report}");
    assert!(suites.tests > rules.len() + 3, "rules that found nothing pass");
    let quiet = stowaway(&["scan", "--format", "junit", "--fail-on", "never", &targets()[1]], Stdin::Empty);
    let quiet = quick_junit::Report::deserialize_from_str(&quiet.stdout).unwrap();
    assert_eq!(quiet.failures, 0, "findings below the threshold fail nothing");
}

#[test]
fn gitlab() {
    let (findings, _) = expected();
    let report = parsed("gitlab");
    assert_eq!(
        (&report["scan"]["type"], &report["scan"]["status"]),
        (&"secret_detection".into(), &"failure".into())
    );
    let found = report["vulnerabilities"].as_array().unwrap();
    assert_eq!((found.len(), texts(found, "/id").len()), (findings.len(), findings.len()));
    let time = report["scan"]["start_time"].as_str().unwrap();
    assert!(time.len() == 19 && time.starts_with("20") && !time.ends_with('Z'), "{time}");
    for finding in found {
        assert!(finding["location"]["start_line"].as_u64().unwrap() >= 1);
        assert_eq!(finding["identifiers"][0]["type"], "stowaway_rule");
    }
}

#[test]
fn github() {
    let (findings, errors) = expected();
    let report = report("github");
    let commands: Vec<&str> = report.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    let known = ["::error ", "::warning ", "::notice ", "::group::stowaway: ", "::endgroup::"];
    for command in &commands {
        assert!(known.iter().any(|known| command.starts_with(known)), "{command}");
        assert!(!command.contains("::stop-commands::z") || !command.starts_with("::stop"), "{command}");
    }
    assert!(!report.contains("##["), "{report}");
    let annotations = commands.iter().filter(|command| !command.contains("group::")).count();
    assert_eq!(annotations, findings.len() + errors.len());
    let listed = report.lines().filter(|line| line.starts_with("- ")).count();
    assert_eq!(listed, findings.len() + errors.len());
    assert!(report.contains("title=high dockerfile/login-command,file="), "{report}");
    assert!(report.lines().last().unwrap().starts_with("stowaway: "), "{report}");
}

#[test]
fn markdown() {
    let (findings, _) = expected();
    let report = report("markdown");
    let rows: Vec<&str> =
        report.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| severity")).collect();
    let rows: Vec<&&str> = rows.iter().filter(|row| !row.starts_with("| ---")).collect();
    assert_eq!(rows.len(), findings.len(), "{report}");
    for row in rows {
        let cells = row.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 5, "{row}");
    }
    // Outside of code spans, nothing of the hostile text is markup.
    let outside: String = report.lines().map(|line| without_code(line) + "\n").collect();
    for markup in ["<script", "](http", "@team"] {
        assert!(!outside.replace("\\<", "").replace("\\]", "").contains(markup), "{markup}: {outside}");
    }
    assert!(!report.contains(|c: char| c.is_control() && c != '\n'), "{report:?}");
}

#[test]
fn html() {
    let (findings, errors) = expected();
    let report = report("html");
    let (head, body) = report.split_once("<body>").unwrap();
    assert_eq!(body.matches("<li class=\"finding\"").count(), findings.len());
    for finding in findings {
        let fingerprint = finding["fingerprint"].as_str().unwrap();
        assert_eq!(body.matches(fingerprint).count(), 1, "{fingerprint}");
    }
    for error in errors {
        assert!(body.contains(error["code"].as_str().unwrap()), "{error}");
    }
    assert_eq!((head.matches("<script").count(), body.matches("<script").count()), (1, 0));
    assert!(!body.contains("<style") && !body.contains("<img") && !body.contains("javascript:"));
    assert!(!report.contains(|c: char| c.is_control() && c != '\n'), "{report:?}");
    // The only addresses are anchors of this page, and the page on which tokens are revoked.
    for link in body.split("href=\"").skip(1) {
        let address = link.split_once('"').unwrap().0;
        assert!(address.starts_with('#') || address == "https://huggingface.co/settings/tokens", "{address}");
    }
}

/// Removes the code spans of a line.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut outside = String::new();
    while let Some(at) = rest.find('`') {
        let fence = rest[at..].chars().take_while(|&c| c == '`').count();
        let behind = &rest[at + fence..];
        outside.push_str(&rest[..at]);
        match behind.find(&"`".repeat(fence)) {
            Some(end) if !rest[..at].ends_with('\\') => rest = &behind[end + fence..],
            _ => rest = behind,
        }
    }
    outside + rest
}

#[test]
fn several_reports_of_one_scan() {
    let place = Place::new("several");
    let file = |name: &str| place.join(name).display().to_string();
    let (sarif, junit) = (file("a.sarif"), file("b.xml"));
    let target = targets()[1].as_str();
    let outcome = stowaway(
        &["scan", "--format", "sarif", "--output", &sarif, "--format", "junit", "--output", &junit, target],
        Stdin::Empty,
    );
    let alone = stowaway(&["scan", target], Stdin::Empty);
    assert_eq!((outcome.code, &outcome.stdout), (1, &alone.stdout), "the text stays");
    let sarif = std::fs::read(sarif).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&sarif).unwrap()["version"], "2.1.0");
    assert!(std::fs::read_to_string(junit).unwrap().starts_with("<?xml"));

    for (args, says) in [
        (vec!["--format", "sarif", "--format", "json"], "several reports would go to standard output"),
        (vec!["--output", "x", "--output", "y"], "does not follow a --format of its own"),
        (
            vec!["--format", "json", "--output", "/nowhere/x", "--format", "text"],
            "cannot write the report to",
        ),
    ] {
        let refused = stowaway(&[&["scan"], &args[..], &[target]].concat(), Stdin::Empty);
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(says) && refused.stderr.lines().count() == 1, "{}", refused.stderr);
    }
}
