//! Tokens in the JSON documents of an image.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Planted, Row, Target};
use crate::support::image::{MANIFEST, descriptor};
use crate::support::{Files, Image, Layer, Layout, Tar};

fn empty() -> Image {
    Image::new("app:latest", [Layer::new(&Tar::new().dir("srv").finish())])
}

fn archive(form: &str, files: &Files) -> Row {
    Row { form: form.to_owned(), target: Target::Archive(files.archive()) }
}

pub(super) fn rows(planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let with =
        |field: &str, value: Value| Row::image(&format!("`config.{field}`"), &empty().with(field, value));
    let history = |form: &str, entry: Value| {
        Row::image(form, &empty().history(json!([{"created_by": "RUN step 0"}, entry])))
    };
    let empty_layer = |command: String| json!({"created_by": command, "empty_layer": true});
    let mut rows = vec![
        with("Env", json!([format!("HF_TOKEN={token}")])),
        with("Env", json!([format!("HF_TOKEN={}", planted.opaque)])),
        with("Cmd", json!(["vllm", "serve", "m", "--hf-token", token])),
        with("Entrypoint", json!(["llama-server", "-hft", token])),
        with("Labels", json!({"a": token})),
        with("Labels", json!({token: "a"})),
        with("Labels", json!({"HF_TOKEN": planted.opaque})),
        with("Healthcheck", json!({"Test": ["CMD", "curl", "-H", format!("Authorization: Bearer {token}")]})),
        with("OnBuild", json!([format!("ENV HF_TOKEN={token}")])),
        with("Unheard", json!([[{"of": token}]])),
        with("Env", json!([format!("A={}", base64::engine::general_purpose::STANDARD.encode(token))])),
        history(
            "a build argument in the history",
            empty_layer(format!("|1 HF_TOKEN={token} /bin/sh -c true")),
        ),
        history(
            "a build argument of unknown shape in the history",
            empty_layer(format!("|1 HF_TOKEN={} /bin/sh -c true", planted.opaque)),
        ),
        history("a history comment", json!({"comment": token, "empty_layer": true})),
    ];
    let mut annotated = empty();
    annotated.annotations = json!({"org.example.note": token});
    rows.push(Row::image("an annotation of the manifest", &annotated));

    let mut layout = Layout::new();
    let mut descriptor = layout.add(&empty());
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": "app", "note": token});
    rows.push(archive("an annotation of a descriptor in the index", &layout.entry(descriptor).files()));

    let mut layout = Layout::new();
    let mut described = layout.add(&empty());
    let data = base64::engine::general_purpose::STANDARD.encode(format!("{{\"token\": \"{token}\"}}"));
    described["data"] = json!(data);
    rows.push(archive("`data` of a descriptor, in base64", &layout.entry(described).files()));

    let mut layout = Layout::new();
    let main = layout.add(&empty());
    let attestation = attested(&mut layout, &main, token);
    rows.push(archive("BuildKit's provenance", &layout.entry(main).entry(attestation).files()));

    let mut layout = Layout::new();
    let main = layout.add(&empty());
    let attestation = attested(&mut layout, &main, &planted.opaque);
    let form = "a build argument of unknown shape in BuildKit's provenance";
    rows.push(archive(form, &layout.entry(main).entry(attestation).files()));

    let mut layout = Layout::new();
    let main = layout.add(&empty());
    let referrer = referring(&mut layout, &main, token);
    rows.push(archive("an SBOM that refers to the image", &layout.entry(main).entry(referrer).files()));

    let mut layout = Layout::of(&[&empty()]);
    layout.blob(format!("left behind {token}\n").as_bytes());
    rows.push(archive("a blob that nothing refers to", &layout.files()));
    let mut layout = Layout::of(&[&empty()]);
    layout.blob(&Layer::new(&Tar::new().file("a", token).finish()).blob);
    rows.push(archive("a layer that nothing refers to", &layout.files()));
    rows
}

/// Adds an attestation manifest beside that of an image, as BuildKit does.
fn attested(layout: &mut Layout, main: &Value, token: &str) -> Value {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [],
        "predicate": {"invocation": {"parameters": {"args": {"build-arg:HF_TOKEN": token}}}},
    });
    let statement = layout.document("application/vnd.in-toto+json", &statement);
    let config = layout.document(
        "application/vnd.oci.image.config.v1+json",
        &json!({"architecture": "unknown", "os": "unknown"}),
    );
    let manifest =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [statement]});
    let mut descriptor = layout.document(MANIFEST, &manifest);
    descriptor["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    descriptor["annotations"] = json!({
        "vnd.docker.reference.digest": main["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    });
    descriptor
}

/// Adds an artifact with the image as its subject.
fn referring(layout: &mut Layout, main: &Value, token: &str) -> Value {
    let sbom =
        layout.document("application/spdx+json", &json!({"spdxVersion": "SPDX-2.3", "comment": token}));
    let empty = b"{}";
    layout.blob(empty);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/spdx+json",
        "config": descriptor("application/vnd.oci.empty.v1+json", empty),
        "layers": [sbom],
        "subject": {"mediaType": MANIFEST, "digest": main["digest"], "size": main["size"]},
    });
    layout.document(MANIFEST, &manifest)
}
