//! Archive formats and layouts: several images in one archive, indexes, orders, names, duplicates.

use std::collections::BTreeSet;

use crate::support::files::{gzip, zstd};
use crate::support::image::{INDEX, descriptor, docker_archive, hybrid_archive, old_docker_archive};
use crate::support::{Compression, Files, Image, Layer, Layout, Outcome, Place, Tar, Token, scan};
use serde_json::{Value, json};

fn leaky(seed: &str) -> (Token, Image) {
    leaky_stored(seed, Compression::Gzip)
}

fn leaky_stored(seed: &str, compression: Compression) -> (Token, Image) {
    let made = Token::user(seed);
    let tar = Tar::new().file(format!("srv/{seed}"), made.bytes()).finish();
    (made, Image::new(&format!("{seed}:1"), [Layer::stored(&tar, compression)]))
}

fn images(outcome: &Outcome) -> &[Value] {
    outcome.report()["targets"][0]["images"].as_array().unwrap()
}

fn platforms(outcome: &Outcome) -> BTreeSet<&str> {
    images(outcome).iter().map(|image| image["platform"].as_str().unwrap()).collect()
}

/// Packs images in one archive format.
type Form = fn(&[&Image]) -> Files;

#[test]
fn every_form_with_every_compression() {
    let place = Place::new("forms");
    let (made, plain) = leaky_stored("plain", Compression::Plain);
    let forms: [(&str, Form); 4] = [
        ("docker", docker_archive),
        ("old", old_docker_archive),
        ("hybrid", hybrid_archive),
        ("oci", |images| Layout::of(images).files()),
    ];
    for (name, form) in forms {
        let archive = form(&[&plain]).archive();
        for (outer, bytes) in [("plain", archive.clone()), ("gzip", gzip(&archive)), ("zstd", zstd(&archive))]
        {
            let outcome = scan(&[place.write(&format!("{name}-{outer}"), bytes)]);
            outcome.assert_found_only(&[&made]);
            assert_eq!(images(&outcome).len(), 1, "{name} {outer}");
        }
    }
    for compression in [Compression::Gzip, Compression::Zstd] {
        let (made, image) = leaky_stored("packed", compression);
        let name = format!("{compression:?}");
        let outcome = scan(&[place.write(&name, Layout::of(&[&image]).files().archive())]);
        outcome.assert_found_only(&[&made]);
        // A docker archive may also hold compressed layers.
        let outcome = scan(&[place.write(&format!("{name}-docker"), docker_archive(&[&image]).archive())]);
        outcome.assert_found_only(&[&made]);
    }
}

#[test]
fn several_images_in_one_archive() {
    let place = Place::new("several");
    let ((one, first), (two, second)) =
        (leaky_stored("one", Compression::Plain), leaky_stored("two", Compression::Plain));
    for (name, files) in [
        ("docker", docker_archive(&[&first, &second])),
        ("old", old_docker_archive(&[&first, &second])),
        ("hybrid", hybrid_archive(&[&first, &second])),
        ("oci", Layout::of(&[&first, &second]).files()),
    ] {
        let outcome = scan(&[place.write(name, files.archive())]);
        outcome.assert_found_only(&[&one, &two]);
        let names: Vec<_> = images(&outcome).iter().map(|image| image["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["one:1", "two:1"], "{name}");
        assert_eq!(outcome.location_of(&two, "image/token-in-file")["image"], "two:1", "{name}");
    }
}

#[test]
fn a_layer_that_is_a_link_to_another_ones() {
    let (made, image) = leaky_stored("linked", Compression::Plain);
    let base = Layer::stored(&Tar::new().file("base", "x").finish(), Compression::Plain);
    let mut second = image.clone();
    second.name = Some("second:1".to_owned());
    second.layers.insert(0, base);
    second = second.history(json!([]));
    let files = old_docker_archive(&[&image, &second]);
    assert!(files.0.iter().any(|(_, item)| matches!(item, crate::support::Item::Symlink(_))));
    let outcome = scan(&[Place::new("linked").write("app.tar", files.archive())]);
    outcome.assert_found_only(&[&made]);
    let also = &outcome.finding_of(&made)["also"][0];
    assert_eq!((&also["image"], &also["layer"]), (&json!("second:1"), &json!(1)));
}

#[test]
fn an_archive_made_by_hand_has_names_with_a_dot() {
    let place = Place::new("dot");
    let (made, image) = leaky_stored("dot", Compression::Plain);
    for (name, files) in [
        ("docker", docker_archive(&[&image])),
        ("hybrid", hybrid_archive(&[&image])),
        ("oci", Layout::of(&[&image]).files()),
    ] {
        scan(&[place.write(name, files.archive_as("./"))]).assert_found_only(&[&made]);
    }
}

#[test]
fn an_image_named_by_both_manifests_is_reported_once() {
    let (made, image) = leaky("both");
    let mut files = hybrid_archive(&[&image]);
    let place = Place::new("both");
    for order in ["forward", "backward"] {
        let outcome = scan(&[place.write(order, files.archive())]);
        outcome.assert_found_only(&[&made]);
        assert_eq!(images(&outcome).len(), 1, "{order}");
        assert!(outcome.finding_of(&made)["also"].as_array().is_none_or(Vec::is_empty), "{order}");
        files.reverse();
    }
}

#[test]
fn each_of_two_manifests_may_name_an_image_of_its_own() {
    // The two manifests disagree. Each reader gets an image from one of them.
    let ((one, first), (two, second)) = (leaky("oci"), leaky("docker"));
    let mut files = Layout::of(&[&first]).files();
    files.0.extend(docker_archive(&[&second]).0);
    scan(&[Place::new("disagree").write("app.tar", files.archive())]).assert_found_only(&[&one, &two]);
}

#[test]
fn an_index_of_platforms() {
    let place = Place::new("platforms");
    let ((amd, first), (arm, second)) = (leaky("amd"), leaky("arm"));
    let mut layout = Layout::new();
    let manifests = [layout.add(&first), layout.add(&second.platform("arm64"))];
    let index = layout.index(&manifests);
    let archive = place.write("app.tar", layout.entry(index).files().archive());

    let outcome = scan(&[&archive]);
    outcome.assert_found_only(&[&amd, &arm]);
    assert_eq!(platforms(&outcome), ["linux/amd64", "linux/arm64"].into());
    assert_eq!(outcome.location_of(&arm, "image/token-in-file")["platform"], "linux/arm64");

    let path = archive.to_str().unwrap();
    scan(&["--platform", "linux/arm64", path]).assert_found_only(&[&arm]);
    scan(&["--platform", "all", path]).assert_found_only(&[&amd, &arm]);
    // If the requested platform is missing, the audit must not pass as clean.
    let outcome = scan(&["--platform", "linux/s390x", path]);
    let message = outcome.assert_error("--platform");
    assert!(message.contains("linux/s390x; there is linux/amd64, linux/arm64"), "{message}");
    assert_eq!(outcome.code, 2);
}

#[test]
fn a_layer_of_two_platforms_is_one_finding() {
    let (made, first) = leaky("common");
    let mut layout = Layout::new();
    let manifests = [layout.add(&first), layout.add(&first.clone().platform("arm64"))];
    let index = layout.index(&manifests);
    let outcome = scan(&[Place::new("common").write("app.tar", layout.entry(index).files().archive())]);
    outcome.assert_found_only(&[&made]);
    let finding = outcome.finding_of(&made);
    assert_eq!(finding["location"]["platform"], "linux/amd64");
    assert_eq!(finding["also"][0]["platform"], "linux/arm64");
}

#[test]
fn nested_indexes() {
    let (made, image) = leaky("nested");
    let mut layout = Layout::new();
    let mut descriptor = layout.add(&image);
    for _ in 0..3 {
        descriptor = layout.index(&[descriptor]);
    }
    let place = Place::new("nested");
    let files = layout.entry(descriptor).files();
    files.write_dir(&place.join("layout"));
    scan(&[place.write("app.tar", files.archive())]).assert_found_only(&[&made]);
    scan(&[place.join("layout")]).assert_found_only(&[&made]);
}

#[test]
fn a_platform_that_was_left_behind_is_listed_as_not_held() {
    let ((made, held), (_, absent)) = (leaky("held"), leaky("absent"));
    let mut layout = Layout::new();
    let here = layout.add(&held);
    // Like some exporters, the index names an image whose blobs were never fetched.
    let mut gone =
        descriptor(crate::support::image::MANIFEST, &serde_json::to_vec(&absent.manifest()).unwrap());
    gone["platform"] = json!({"architecture": "arm64", "os": "linux"});
    let index = layout.index(&[here, gone]);
    let archive = Place::new("held").write("app.tar", layout.entry(index).files().archive());
    let outcome = scan(&[&archive]);
    outcome.assert_found_only(&[&made]);
    let arm = images(&outcome).iter().find(|image| image["platform"] == "linux/arm64").unwrap();
    assert_eq!(arm["held"], false);
    let outcome = scan(&["--platform", "linux/arm64", archive.to_str().unwrap()]);
    assert_eq!((outcome.code, outcome.errors().len()), (2, 1));
}

#[test]
fn a_layout_directory_with_a_tag_chosen() {
    let ((one, first), (two, second)) = (leaky("first"), leaky("second"));
    let place = Place::new("tags");
    Layout::of(&[&first, &second]).files().write_dir(place.path());
    let dir = place.path().display();
    scan(&[format!("oci:{dir}")]).assert_found_only(&[&one, &two]);
    scan(&[format!("oci:{dir}:second:1")]).assert_found_only(&[&two]);
    let outcome = scan(&[format!("oci:{dir}:third")]);
    outcome.assert_error("third");
    assert_eq!(outcome.code, 2);
}

#[test]
fn compression_is_told_by_content() {
    let place = Place::new("lies");
    for (claim, compression) in [
        ("+gzip", Compression::Zstd),
        ("+zstd", Compression::Gzip),
        ("", Compression::Gzip),
        ("+gzip", Compression::Plain),
    ] {
        let (made, mut image) = leaky_stored("lies", compression);
        image.layers[0].media_type = format!("application/vnd.oci.image.layer.v1.tar{claim}");
        let name = format!("{compression:?}{claim}");
        scan(&[place.write(&name, Layout::of(&[&image]).files().archive())]).assert_found_only(&[&made]);
    }
}

#[test]
fn docker_media_types() {
    let (made, mut image) = leaky("docker-types");
    image.layers[0].media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip".to_owned();
    let mut layout = Layout::new();
    layout.add(&image);
    let mut manifest = image.manifest();
    manifest["mediaType"] = json!("application/vnd.docker.distribution.manifest.v2+json");
    manifest["config"]["mediaType"] = json!("application/vnd.docker.container.image.v1+json");
    let entry = layout.document("application/vnd.docker.distribution.manifest.v2+json", &manifest);
    let list = json!({"schemaVersion": 2, "manifests": [entry],
                      "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"});
    let list = layout.document("application/vnd.docker.distribution.manifest.list.v2+json", &list);
    let archive = Place::new("types").write("app.tar", layout.entry(list).files().archive());
    let outcome = scan(&[archive]);
    outcome.location_of(&made, "image/token-in-file");
    assert_eq!(outcome.code, 1);
    assert_eq!(INDEX, "application/vnd.oci.image.index.v1+json");
}

#[test]
fn gzip_layers_of_several_members() {
    let made = Token::user("members");
    let tar = Tar::new().file("first", "x").file("second", made.bytes()).finish();
    let mut layer = Layer::new(&tar);
    layer.blob = [gzip(&tar[..700]), gzip(&tar[700..])].concat();
    let image = Image::new("app:latest", [layer]);
    scan(&[Place::new("members").write("app.tar", Layout::of(&[&image]).files().archive())])
        .assert_found_only(&[&made]);
}

#[test]
fn the_order_of_findings_does_not_depend_on_the_jobs() {
    let tokens: Vec<_> = (0..24).map(|n| Token::user(&format!("job {n}"))).collect();
    let layers = tokens.chunks(3).map(|part| {
        let tar = part.iter().fold(Tar::new(), |tar, made| tar.file(&made.sha256()[..8], made.bytes()));
        Layer::new(&tar.finish())
    });
    let image = Image::new("app:latest", layers);
    let archive = Place::new("jobs").write("app.tar", Layout::of(&[&image]).files().archive());
    let path = archive.to_str().unwrap();
    let one = scan(&["--jobs", "1", path]);
    assert_eq!(one.findings().len(), tokens.len());
    for jobs in ["2", "5"] {
        assert_eq!(scan(&["--jobs", jobs, path]).stdout, one.stdout);
    }
}

#[test]
fn a_layer_with_addresses_is_missing_unless_its_type_says_that_it_is_elsewhere() {
    let place = Place::new("urls");
    let (made, image) = leaky("urls");
    let scanned = |media_type: &str, urls: &[&str]| {
        let mut layout = Layout::of(&[]);
        layout.add(&image);
        let mut manifest = image.manifest();
        let absent = Layer::new(&Tar::new().file("absent", media_type).finish());
        let mut layer = descriptor(media_type, &absent.blob);
        layer["urls"] = json!(urls);
        manifest["layers"].as_array_mut().unwrap().push(layer);
        let manifest = layout.document("application/vnd.oci.image.manifest.v1+json", &manifest);
        scan(&[place.write("app.tar", layout.entry(manifest).files().archive())])
    };
    let urls = ["https://example.org/layer"];
    for media_type in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ] {
        let outcome = scanned(media_type, &urls);
        outcome.assert_found_only(&[&made]);
        let notes = outcome.report()["notes"].as_array().unwrap();
        assert!(notes.iter().any(|note| note["code"] == "not-held"), "{media_type}: {notes:#?}");
    }
    for (media_type, urls) in [
        ("application/vnd.oci.image.layer.v1.tar+gzip", &urls[..]),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", &[]),
    ] {
        let outcome = scanned(media_type, urls);
        assert_eq!(outcome.errors()[0]["code"], "missing", "{media_type}");
    }
}

/// Returns the layout of an image in which every descriptor has a digest of SHA-512.
fn layout_of_sha512(image: &Image, in_layer: impl Fn(&mut Vec<u8>)) -> Files {
    use sha2::{Digest as _, Sha512};
    let mut files = Files::default();
    files.push("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    let mut put = |media_type: &str, bytes: &[u8], stored: &[u8]| {
        let hex = crate::support::token::hex(&Sha512::digest(bytes));
        files.push(format!("blobs/sha512/{hex}"), stored);
        json!({"mediaType": media_type, "digest": format!("sha512:{hex}"), "size": bytes.len()})
    };
    let config = image.config_bytes();
    let config = put("application/vnd.oci.image.config.v1+json", &config, &config);
    let mut layers = Vec::new();
    for layer in &image.layers {
        let mut stored = layer.blob.clone();
        in_layer(&mut stored);
        layers.push(put(&layer.media_type, &layer.blob, &stored));
    }
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let manifest = put(crate::support::image::MANIFEST, &manifest, &manifest);
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    files.push("index.json", serde_json::to_vec(&index).unwrap());
    files
}

#[test]
fn digests_of_sha512() {
    let place = Place::new("sha512");
    let (made, image) = leaky("sha512");
    let whole = layout_of_sha512(&image, |_| ());
    whole.write_dir(&place.join("layout"));
    for target in [place.join("layout"), place.write("whole.tar", whole.archive())] {
        for _ in 0..2 {
            let outcome = scan(&[&target]);
            outcome.assert_found_only(&[&made]);
            assert_eq!((outcome.code, outcome.errors().len()), (1, 0));
            let digest = outcome.finding_of(&made)["location"]["digest"].as_str().unwrap();
            assert!(digest.starts_with("sha512:"), "{digest}");
        }
    }
    // A byte behind the gzip stream's end changes no content.
    let changed = layout_of_sha512(&image, |layer| layer.push(0));
    let outcome = scan(&[place.write("changed.tar", changed.archive())]);
    let codes: Vec<_> = outcome.errors().iter().map(|error| &error["code"]).collect();
    assert!(codes.contains(&&json!("digest-mismatch")), "{codes:?}");
}
