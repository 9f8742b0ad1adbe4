//! Documents are interpreted as container engines do, whatever their spelling and order.

use crate::support::broken::{harmless, sound};
use crate::support::expect::spot;
use crate::support::files::gzip;
use crate::support::image::{MANIFEST, blob_path, descriptor, digest, docker_archive};
use crate::support::{Compression, Files, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token};
use crate::support::{scan, scan_with, stowaway, token};
use serde_json::{Value, json};

fn leaking(made: &Token) -> Layer {
    Layer::new(&Tar::new().file("srv/key", made.bytes()).finish())
}

#[track_caller]
fn scan_files(name: &str, files: &Files) -> Outcome {
    scan(&[Place::new(name).write("app.tar", files.archive())])
}

/// Returns a layout with these blobs and one manifest.
fn layout_with(manifest: &Value, blobs: &[&[u8]]) -> Layout {
    let mut layout = Layout::new();
    for blob in blobs {
        layout.blob(blob);
    }
    let descriptor = layout.document(MANIFEST, manifest);
    layout.entry(descriptor)
}

/// Asserts that the valid layer is read as a layer of an image.
#[track_caller]
fn assert_is_layer(name: &str, manifest: &Value, image: &Image) {
    let layout = layout_with(manifest, &[&image.config_bytes(), &image.layers[0].blob]);
    let outcome = scan_files(name, &layout.files());
    outcome.assert_found_only(&[&sound().0]);
    let location = outcome.location_of(&sound().0, "image/token-in-file");
    assert_eq!(location["kind"], "layer", "{name}: {location:#}");
    assert_eq!(spot(location), (0, "srv/key"));
}

fn images(outcome: &Outcome) -> &[Value] {
    outcome.report()["targets"][0]["images"].as_array().unwrap()
}

#[test]
fn a_manifest_with_a_subject_is_an_image_if_its_config_is_one() {
    let image = Image::new("app", [sound().1]);
    let mut manifest = image.manifest();
    manifest["subject"] = descriptor(MANIFEST, b"{}");
    assert_is_layer("subject", &manifest, &image);
}

#[test]
fn the_case_of_a_manifests_members_does_not_count() {
    let image = Image::new("app", [sound().1]);
    for key in ["Layers", "LAYERS", "lAyErS"] {
        let mut manifest = image.manifest();
        manifest[key] = manifest["layers"].take();
        manifest.as_object_mut().unwrap().remove("layers");
        assert_is_layer(key, &manifest, &image);
    }
    let text =
        image.manifest().to_string().replace("\"config\"", "\"Config\"").replace("\"digest\"", "\"Digest\"");
    assert_is_layer("all", &serde_json::from_str(&text).unwrap(), &image);
}

#[test]
fn the_case_of_a_configs_members_does_not_count() {
    let secret = token::shapeless("moved home");
    let layer = Layer::new(&Tar::new().file("data/token", &secret).finish());
    for (case, key) in ["env", "ENV", "Env"].into_iter().enumerate() {
        let image = Image::new("app:latest", [layer.clone()]).with(key, json!(["HF_HOME=/data"]));
        let outcome = scan_files(&format!("home{case}"), &Layout::of(&[&image]).files());
        let [finding] = outcome.findings() else { panic!("{key}: {:#}", outcome.report()) };
        assert_eq!(finding["rule"], "image/cached-token", "{key}");

        let made = Token::user(key);
        let variable = format!("HF_TOKEN={}", made.text());
        let image = Image::new("app:latest", [harmless("x")]).with(key, json!([variable]));
        let outcome = scan_files(&format!("env{case}"), &Layout::of(&[&image]).files());
        assert_eq!(outcome.location_of(&made, "image/token-in-env")["field"], format!("config.{key}[0]"));
    }
}

#[test]
fn the_case_of_a_docker_archives_members_does_not_count() {
    let image = Image::new("app:latest", [sound().1]);
    for (case, [config, layers, tags]) in
        [["config", "layers", "repotags"], ["CONFIG", "LAYERS", "REPOTAGS"]].into_iter().enumerate()
    {
        let mut files = docker_archive(&[&image]);
        let manifest = files.get_mut("manifest.json");
        let text = String::from_utf8(manifest.clone()).unwrap();
        let text = text.replace("\"Config\"", &format!("\"{config}\""));
        let text = text.replace("\"Layers\"", &format!("\"{layers}\""));
        *manifest = text.replace("\"RepoTags\"", &format!("\"{tags}\"")).into_bytes();
        let outcome = scan_files(&format!("docker{case}"), &files);
        outcome.assert_found_only(&[&sound().0]);
        let location = outcome.location_of(&sound().0, "image/token-in-file");
        assert_eq!((spot(location), &location["image"]), ((0, "srv/key"), &json!("app:latest")));
    }
}

#[test]
fn a_layer_whose_first_name_begins_like_json_is_a_layer() {
    let place = Place::new("brackets");
    for (case, path) in ["{{cookiecutter.slug}}/key", "[id]/key", "{", "[\"a\"]"].into_iter().enumerate() {
        let made = Token::user(path);
        let tar = Tar::new().file(path, made.bytes()).finish();
        let image = Image::new("app:latest", [Layer::stored(&tar, Compression::Plain)]);
        for (form, files) in [("oci", Layout::of(&[&image]).files()), ("docker", docker_archive(&[&image]))] {
            let archive = files.archive();
            let file = place.write(&format!("{form}{case}.tar"), &archive);
            let zipped = place.write(&format!("{form}{case}.tar.gz"), gzip(&archive));
            for outcome in [scan(&[&file]), scan(&[&zipped]), scan_with(&["-"], Stdin::Pipe(&archive))] {
                outcome.assert_found_only(&[&made]);
                let location = outcome.location_of(&made, "image/token-in-file");
                assert_eq!(location["kind"], "layer", "{form} {path}");
                assert_eq!(spot(location), (0, path));
            }
        }
    }
}

/// Returns a layout with an additional `manifest.json`, which names the image's config with these layers.
fn with_other_layers(image: &Image, layers: &[&str], extra: &[&Layer]) -> Files {
    let mut layout = Layout::of(&[image]);
    for layer in extra {
        layout.blob(&layer.blob);
    }
    let mut files = layout.files();
    let config = blob_path(&digest(&image.config_bytes()));
    let manifest = json!([{"Config": config, "RepoTags": ["docker:1"], "Layers": layers}]);
    files.push("manifest.json", manifest.to_string());
    files
}

#[test]
fn two_manifests_that_name_one_config_with_other_layers_are_two_images() {
    let (first, second) = (Token::user("by index"), Token::user("by manifest.json"));
    let image = Image::new("app:latest", [leaking(&first)]);
    let other = leaking(&second);
    let files = with_other_layers(&image, &[&blob_path(&other.digest())], &[&other]);
    let outcome = scan_files("both", &files);
    let (one, two) = (outcome.finding_of(&first), outcome.finding_of(&second));
    for (finding, name) in [(one, "app:latest"), (two, "docker:1")] {
        assert_eq!(spot(&finding["location"]), (0, "srv/key"), "{finding:#}");
        assert_eq!(finding["location"]["image"], name);
    }
    assert_eq!((images(&outcome).len(), outcome.findings().len(), outcome.code), (2, 2, 1));
}

#[test]
fn a_layer_that_only_the_docker_manifest_names_is_missed() {
    let image = Image::new("app:latest", [harmless("x")]);
    let known = blob_path(&image.layers[0].digest());
    for (case, layers) in
        [("other", &["gone/layer.tar"][..]), ("more", &[known.as_str(), "gone/layer.tar"][..])]
    {
        let outcome = scan_files(case, &with_other_layers(&image, layers, &[]));
        outcome.assert_error("gone/layer.tar");
        assert_eq!((outcome.code, outcome.findings().len()), (2, 0), "{case}");
    }
    // Both manifests name the same layers, so there is one complete image.
    let outcome = scan_files("alike", &with_other_layers(&image, &[&known], &[]));
    outcome.assert_clean();
    assert_eq!(images(&outcome).len(), 1);
}

#[test]
fn a_missing_attestation_is_a_note() {
    let annotations = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let mut gone = descriptor(MANIFEST, b"an attestation that was left behind");
    gone["annotations"] = annotations;
    gone["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    for (case, layer, code) in [("clean", harmless("x"), 0), ("leaking", sound().1, 1)] {
        let mut layout = Layout::new();
        let image = layout.add(&Image::new("app", [layer]));
        let index = layout.index(&[image, gone.clone()]);
        let outcome = scan_files(case, &layout.entry(index).files());
        assert_eq!((outcome.code, outcome.errors()), (code, &[][..]));
        let notes = outcome.report()["notes"].as_array().unwrap();
        let naming = |note: &&Value| note["message"].as_str().unwrap().contains("attestation");
        assert_eq!(notes.iter().filter(naming).count(), 1, "{notes:?}");
        assert_eq!(images(&outcome).len(), 1);
    }
}

#[test]
fn a_manifest_listed_twice_under_one_name_is_one_image() {
    let mut layout = Layout::new();
    let mut manifest = layout.add(&Image::new("app", [sound().1]));
    let outcome =
        scan_files("unnamed", &layout.clone().entry(manifest.clone()).entry(manifest.clone()).files());
    outcome.assert_found_only(&[&sound().0]);
    assert_eq!(images(&outcome).len(), 1);
    assert_eq!(outcome.finding_of(&sound().0).get("also").map_or(0, |a| a.as_array().unwrap().len()), 0);

    let name = |name: &str| json!({"org.opencontainers.image.ref.name": name});
    manifest["annotations"] = name("app:1");
    let twice = layout.entry(manifest.clone()).entry(manifest.clone());
    assert_eq!(images(&scan_files("named", &twice.files())).len(), 1);
    manifest["annotations"] = name("app:2");
    assert_eq!(images(&scan_files("renamed", &twice.entry(manifest).files())).len(), 2);
}

#[test]
fn two_entries_of_one_name_are_an_error_and_both_are_searched() {
    let (first, second) = (Token::user("first entry"), Token::user("second entry"));
    let plain = |text: &[u8]| Layer::stored(&Tar::new().file("srv/key", text).finish(), Compression::Plain);
    let place = Place::new("twice");
    for (case, [one, two], found) in [
        ("clean", [&b"x"[..], b"y"], vec![]),
        ("first", [first.bytes(), b"y"], vec![&first]),
        ("second", [b"x", second.bytes()], vec![&second]),
        ("both", [first.bytes(), second.bytes()], vec![&first, &second]),
    ] {
        let image = Image::new("app:latest", [plain(two)]);
        let mut files = docker_archive(&[&image]);
        let name = format!("{}.tar", &image.layers[0].diff_id["sha256:".len()..]);
        files.0.insert(0, (name.clone(), crate::support::Item::File(plain(one).blob)));
        let archive = files.archive();
        let zipped = place.write(&format!("{case}.tar.gz"), gzip(&archive));
        for outcome in [scan(&[place.write(&format!("{case}.tar"), &archive)]), scan(&[zipped])] {
            outcome.assert_error(&name);
            for token in &found {
                outcome.finding_of(token);
            }
            assert_eq!(outcome.findings().len(), found.len(), "{case}");
            assert_eq!(outcome.code, if found.is_empty() { 2 } else { 1 }, "{case}");
        }
    }
}

#[test]
fn a_token_in_a_malformed_digest_is_found_and_shown_nowhere() {
    let made = Token::user("malformed digest");
    let image = Image::new("app", [harmless("x")]);
    let letters = &made.text()["hf_".len()..];
    let place = Place::new("digest");
    let texts = [
        made.text().to_owned(),
        format!("sha256:{}", made.text()),
        format!("sha256:{}/../x", made.text()),
        format!("{}:0123", made.text()),
        format!("sha256:{}é", made.text()),
        format!(":{}", made.text()),
        // This is not a token, but it contains the letters of one.
        format!("sha256:{letters}"),
        format!("{letters}:{letters}"),
    ];
    for (case, text) in texts.iter().enumerate() {
        let is_whole = text.contains(made.text());
        let bad = json!({"mediaType": MANIFEST, "digest": text, "size": 1});
        let mut in_config = image.manifest();
        in_config["config"]["digest"] = json!(text);
        let mut in_layer = image.manifest();
        in_layer["layers"][0]["digest"] = json!(text);
        let mut layout = Layout::new();
        let good = layout.add(&image);
        let blobs: [&[u8]; 2] = [&image.config_bytes(), &image.layers[0].blob];
        for (part, layout) in [
            ("index", layout.entry(bad).entry(good)),
            ("config", layout_with(&in_config, &blobs)),
            ("layer", layout_with(&in_layer, &blobs)),
        ] {
            let archive = place.write(&format!("{part}{case}.tar"), layout.files().archive());
            // The test runner asserts for every run that no part of the token is shown.
            let outcome = scan(&[&archive]);
            assert_ne!(outcome.code, 0, "{part} {case}");
            assert_eq!(outcome.findings_of(&made).len(), usize::from(is_whole), "{part} {case}");
            stowaway(&["scan", archive.to_str().unwrap()], Stdin::Empty);
        }
    }
}

/// The limit holds for all images of a target together.
#[test]
fn documents_are_bounded_together() {
    let image = |n: usize| {
        let comment = format!("{n}{}", " ".repeat(4_000_000));
        Image::new(&format!("app:{n}"), [sound().1]).with("Comment", json!(comment))
    };
    for (count, errors) in [(6, 0), (7, 1)] {
        let images: Vec<Image> = (0..count).map(image).collect();
        let archive = Layout::of(&images.iter().collect::<Vec<_>>()).files().archive();
        let place = Place::new("bounded");
        let outcomes = [scan(&[place.write("app.tar", &archive)]), scan_with(&["-"], Stdin::Pipe(&archive))];
        for outcome in outcomes {
            assert_eq!(outcome.errors().len(), errors, "{count}: {:#?}", outcome.errors());
            assert!(outcome.errors().iter().all(|error| error["code"] == "limit"), "{:#?}", outcome.errors());
        }
    }
}
