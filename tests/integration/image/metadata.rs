//! Tokens outside the layers: in the config, its history, manifests and indexes.

use crate::support::expect::assert_fields;
use crate::support::image::{MANIFEST, docker_archive};
use crate::support::{Image, Layer, Layout, Outcome, Place, Tar, Token, scan, token};
use serde_json::{Value, json};

fn image() -> Image {
    Image::new("app:latest", [Layer::new(&Tar::new().file("etc/x", "x").finish())])
}

#[track_caller]
fn scan_image(name: &str, image: &Image) -> Outcome {
    scan(&[Place::new(name).write("app.tar", Layout::of(&[image]).files().archive())])
}

/// Asserts that the token is found once, in this field of the config and by this rule.
#[track_caller]
fn assert_field(name: &str, image: &Image, made: &Token, rule: &str, field: &str) {
    let outcome = scan_image(name, image);
    outcome.assert_found_only(&[made]);
    let expected = json!({"kind": "config", "document": "config", "field": field, "dockerfile": null,
                          "platform": "linux/amd64"});
    assert_fields(outcome.location_of(made, rule), &expected);
    let docker = Place::new(&format!("{name}-docker")).write("app.tar", docker_archive(&[image]).archive());
    assert_eq!(scan(&[docker]).location_of(made, rule)["field"], field);
}

#[test]
fn in_the_environment() {
    let made = Token::user("env");
    let variable = format!("HF_TOKEN={}", made.text());
    let image = image().env(&["PATH=/bin", "HF_HOME=/data", &variable]);
    assert_field("env", &image, &made, "image/token-in-env", "config.Env[2]");
}

#[test]
fn in_a_label() {
    let made = Token::user("label");
    let labels = json!({"maintainer": "someone", "note": format!("built with {}", made.text())});
    assert_field(
        "label",
        &image().with("Labels", labels),
        &made,
        "image/token-in-config",
        "config.Labels.note",
    );
    let labels = json!({"org.example.note": made.text()});
    let field = "config.Labels[\"org.example.note\"]";
    assert_field("dotted", &image().with("Labels", labels), &made, "image/token-in-config", field);
}

#[test]
fn in_command_entrypoint_health_check_and_onbuild() {
    let cases = [
        ("Cmd", json!(["vllm", "serve", "@"]), "config.Cmd[2]"),
        ("Entrypoint", json!(["/bin/sh", "-c", "serve --token @"]), "config.Entrypoint[2]"),
        ("Healthcheck", json!({"Test": ["CMD", "curl", "-H", "Bearer @"]}), "config.Healthcheck.Test[3]"),
        ("OnBuild", json!(["ENV HF_TOKEN=@"]), "config.OnBuild[0]"),
        ("Unheard", json!({"of": ["@"]}), "config.Unheard.of[0]"),
    ];
    for (key, value, field) in cases {
        let made = Token::user(key);
        let value = serde_json::from_str(&value.to_string().replace('@', made.text())).unwrap();
        assert_field(key, &image().with(key, value), &made, "image/token-in-config", field);
    }
}

#[test]
fn in_a_build_argument_of_the_history() {
    let made = Token::user("history");
    let created_by = format!("|1 HF_TOKEN={} /bin/sh -c hf download x", made.text());
    let history = json!([
        {"created_by": "ARG HF_TOKEN", "empty_layer": true},
        {"created_by": created_by, "comment": "buildkit.dockerfile.v0"},
    ]);
    let image = image().history(history);
    assert_field("history", &image, &made, "image/token-in-history", "history[1].created_by");
    // In the list of layers, the command is masked.
    let outcome = scan_image("history-masked", &image);
    let shown = &outcome.report()["targets"][0]["images"][0]["layers"][0]["created_by"];
    assert_eq!(*shown, *format!("|1 HF_TOKEN={} /bin/sh -c hf download x", made.redacted()));
}

#[test]
fn a_value_of_unknown_shape_in_a_token_variable_is_masked() {
    let secret = token::shapeless("history value");
    let created_by = format!("|1 HF_TOKEN={secret} /bin/sh -c hf download x");
    let image = image().history(json!([{"created_by": created_by}]));
    let outcome = scan_image("shapeless", &image);
    let shown = outcome.report()["targets"][0]["images"][0]["layers"][0]["created_by"].as_str().unwrap();
    assert!(shown.contains("HF_TOKEN=…"), "{shown}");
    assert!(shown.ends_with(" /bin/sh -c hf download x"), "{shown}");
}

#[test]
fn a_build_argument_of_unknown_shape_as_each_builder_writes_it() {
    let secret = token::shapeless("build argument");
    for (case, created_by) in [
        ("classic", format!("|1 HF_TOKEN={secret} /bin/sh -c true")),
        ("buildkit", format!("RUN |1 HF_TOKEN={secret} /bin/sh -c true # buildkit")),
        ("last", format!("RUN |2 A=b HF_TOKEN={secret} /bin/sh -c true # buildkit")),
        ("blanks", format!("RUN |2 NOTE=a few words HF_TOKEN={secret} /bin/sh -c true # buildkit")),
        ("blanks-classic", format!("|2 NOTE=a few  words HF_TOKEN={secret} /bin/bash -c true")),
        ("path", format!("RUN |2 DIR=/opt/app HF_TOKEN={secret} /bin/sh -c true # buildkit")),
    ] {
        let image = image().history(json!([{"created_by": created_by}]));
        let outcome = scan_image(&format!("argument-{case}"), &image);
        let [finding] = outcome.findings() else { panic!("{case}: {:#}", outcome.report()) };
        assert_fields(finding, &json!({"rule": "image/token-in-history", "severity": "critical"}));
        assert_fields(&finding["token"], &json!({"kind": "unknown", "redacted": "…"}));
        assert_eq!(finding["location"]["field"], "history[0].created_by", "{case}");
        assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{case}");
    }
}

#[test]
fn a_build_argument_of_unknown_shape_behind_one_that_lists_paths() {
    let secret = token::shapeless("behind paths");
    let created_by = format!("RUN |2 DIRS=/opt /srv HF_TOKEN={secret} /bin/sh -c true # buildkit");
    let outcome = scan_image("paths-argument", &image().history(json!([{"created_by": created_by}])));
    assert_eq!((outcome.findings().len(), outcome.code), (1, 1));
}

#[test]
fn a_value_of_unknown_shape_is_masked_behind_an_empty_argument() {
    // The test runner asserts for every run that the secret is not shown.
    let secret = token::shapeless("behind an empty one");
    let created_by = format!("RUN |2 EMPTY= HF_TOKEN={secret} /bin/sh -c true # buildkit");
    let outcome = scan_image("empty-argument", &image().history(json!([{"created_by": created_by}])));
    assert_eq!((outcome.findings().len(), outcome.code), (1, 1));
}

#[test]
fn in_a_history_comment_and_author() {
    for field in ["comment", "author"] {
        let made = Token::user(field);
        let image = image().history(json!([{"created_by": "RUN x", field: made.text()}]));
        let at = format!("history[0].{field}");
        assert_field(field, &image, &made, "image/token-in-history", &at);
    }
}

#[test]
fn in_a_manifests_annotations() {
    let made = Token::user("manifest annotation");
    let mut image = image();
    image.annotations = json!({"org.example.note": made.text()});
    let outcome = scan_image("manifest", &image);
    outcome.assert_found_only(&[&made]);
    let expected =
        json!({"kind": "config", "document": "manifest", "field": "annotations[\"org.example.note\"]"});
    assert_fields(outcome.location_of(&made, "image/token-in-annotation"), &expected);
}

#[test]
fn in_a_descriptor_of_the_index() {
    let made = Token::user("index annotation");
    let mut layout = Layout::new();
    let mut descriptor = layout.add(&image());
    descriptor["annotations"] = json!({"note": made.text()});
    let layout = layout.entry(descriptor);
    let outcome = scan(&[Place::new("index").write("app.tar", layout.files().archive())]);
    outcome.assert_found_only(&[&made]);
    let expected = json!({"kind": "config", "document": "index", "image": null, "platform": null,
                          "field": "manifests[0].annotations.note"});
    assert_fields(outcome.location_of(&made, "image/token-in-annotation"), &expected);
}

#[test]
fn in_a_blob_that_nothing_refers_to() {
    let made = Token::user("orphan");
    let mut layout = Layout::of(&[&image()]);
    layout.blob(format!("left behind: {}", made.text()).as_bytes());
    let outcome = scan(&[Place::new("orphan").write("app.tar", layout.files().archive())]);
    outcome.assert_found_only(&[&made]);
    let location = outcome.location_of(&made, "image/token-in-file");
    assert_eq!((&location["kind"], &location["offset"]), (&json!("blob"), &json!(13)));
}

#[test]
fn written_with_json_escapes() {
    let made = Token::user("escaped");
    let image = image().env(&["HF_TOKEN=@"]);
    let escaped = made.text().bytes().fold(String::new(), |text, byte| text + &format!("\\u{byte:04x}"));
    let config = String::from_utf8(image.config_bytes()).unwrap().replace('@', &escaped);
    let mut layout = Layout::new();
    layout.blob(config.as_bytes());
    layout.blob(&image.layers[0].blob);
    let mut manifest: Value = image.manifest();
    manifest["config"]["digest"] = json!(crate::support::image::digest(config.as_bytes()));
    manifest["config"]["size"] = json!(config.len());
    let descriptor = layout.document(MANIFEST, &manifest);
    let archive = Place::new("escaped").write("app.tar", layout.entry(descriptor).files().archive());
    let outcome = scan(&[archive]);
    assert_eq!(outcome.location_of(&made, "image/token-in-env")["field"], "config.Env[0]");
}

#[test]
fn names_and_references_are_not_secrets() {
    let image = image().env(&[
        "HF_TOKEN=",
        "HF_HUB_ENABLE_HF_TRANSFER=1",
        "HF_TOKEN_PATH=/run/secrets/hf_token",
        &format!("OTHER_TOKEN=hf_{}", "x".repeat(34)),
        "HF_TOKEN=hf_your_token_here",
    ]);
    scan_image("quiet", &image).assert_clean();
}
