//! Selection of a tag or a platform. Its blobs are read completely, and all others are left alone.

use crate::support::broken::harmless;
use crate::support::files::{gzip, zstd};
use crate::support::image::{MANIFEST, blob_path};
use crate::support::{Files, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, scan_with};
use serde_json::{Value, json};

/// Returns a layer with a token.
fn leaking(made: &Token) -> Layer {
    Layer::new(&Tar::new().file("srv/key", made.bytes()).finish())
}

/// Returns a layout with two tags: `app`, with an attestation of 5 MiB, and `other`.
fn two_tags(attested: &Token, other: &Image) -> (Layout, Layer) {
    let mut layout = Layout::new();
    let image = layout.add(&Image::new("app", [harmless("app")]));
    let filler: Vec<_> = (0..50_000).map(|n| format!("{n}: {}", "material ".repeat(11))).collect();
    let statement = json!({"predicate": {"materials": filler, "args": {"build-arg:X": attested.text()}}});
    let statement = serde_json::to_vec(&statement).unwrap();
    assert!(statement.len() > 5 << 20);
    let mut layer = harmless("statement");
    layer.blob = statement;
    "application/vnd.in-toto+json".clone_into(&mut layer.media_type);
    layout.blob(&layer.blob);
    let mut attestation = Image::new("attestation", [layer.clone()]);
    attestation.config = json!({"architecture": "unknown", "os": "unknown", "config": {}, "history": []});
    layout.blob(&attestation.config_bytes());
    let mut descriptor = layout.document(MANIFEST, &attestation.manifest());
    descriptor["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
                                       "vnd.docker.reference.digest": image["digest"]});
    descriptor["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    let tagged = |mut descriptor: Value, tag: &str| {
        descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        descriptor
    };
    let index = layout.index(&[image, descriptor]);
    let other = layout.add(other);
    (layout.entry(tagged(index, "app")).entry(tagged(other, "other")), layer)
}

#[test]
fn a_tag_has_its_large_attestation_searched_and_other_tags_left_alone() {
    let (attested, elsewhere) = (Token::user("attested"), Token::user("other tag"));
    let other = Image::new("other", [leaking(&elsewhere), harmless("broken")]);
    let (layout, _) = two_tags(&attested, &other);
    let mut files = layout.files();
    // If the layer were read, this would cause an error.
    files.get_mut(&blob_path(&other.layers[1].digest())).truncate(30);
    let place = Place::new("tags");
    files.write_dir(place.path());
    let outcome = scan(&[format!("oci:{}:app", place.path().display())]);
    outcome.assert_found_only(&[&attested]);
    let whole = scan(&[format!("oci:{}", place.path().display())]);
    whole.finding_of(&attested);
    whole.finding_of(&elsewhere);
    assert!(!whole.errors().is_empty());
    let other = scan(&[format!("oci:{}:other", place.path().display())]);
    other.finding_of(&elsewhere);
    assert_eq!(other.findings().len(), 1);
    assert!(!other.errors().is_empty());
}

#[test]
fn an_attestation_that_is_cut_short_is_an_error_of_its_tag_alone() {
    let (layout, layer) = two_tags(&Token::user("lost"), &Image::new("other", [harmless("other")]));
    let mut files = layout.files();
    files.remove(&blob_path(&layer.digest()));
    let place = Place::new("attestation");
    files.write_dir(place.path());
    scan(&[format!("oci:{}:app", place.path().display())]).assert_error("attestation");
    scan(&[format!("oci:{}:other", place.path().display())]).assert_clean();
}

/// Returns an index with two platforms. The layer of arm64 is truncated.
fn two_platforms(made: &Token) -> Files {
    let amd = Image::new("app", [leaking(made), harmless("shared")]);
    let arm = Image::new("app", [harmless("shared"), harmless("broken")]).platform("arm64");
    let mut layout = Layout::new();
    let platforms = [layout.add(&amd), layout.add(&arm)];
    let index = layout.index(&platforms);
    let mut files = layout.entry(index).files();
    files.get_mut(&blob_path(&arm.layers[1].digest())).truncate(30);
    files
}

/// Returns the parts of a report without the name of the target.
fn without_target(outcome: &Outcome) -> [Value; 4] {
    let report = outcome.report();
    let mut parts =
        [&report["findings"], &report["errors"], &report["notes"], &report["targets"]].map(Clone::clone);
    for item in parts.iter_mut().flat_map(|part| part.as_array_mut().unwrap()) {
        let fields = item.as_object_mut().unwrap();
        fields.remove("target");
    }
    parts
}

#[test]
fn a_platform_is_read_alike_from_every_source() {
    let made = Token::user("platform");
    let files = two_platforms(&made);
    let archive = files.archive();
    let place = Place::new("platform");
    let path = place.write("app.tar", &archive);
    files.write_dir(&place.join("layout"));
    let of = |target: &str, stdin: Stdin<'_>| scan_with(&["--platform", "linux/amd64", target], stdin);
    let file = of(path.to_str().unwrap(), Stdin::Empty);
    file.assert_found_only(&[&made]);
    assert_eq!(file.report()["complete"], true);
    let zipped = place.write("app.tar.gz", gzip(&archive));
    let zst = place.write("app.tar.zst", zstd(&archive));
    for (case, outcome) in [
        ("a pipe", of("-", Stdin::Pipe(&archive))),
        ("standard input", of("-", Stdin::File(&path))),
        ("gzip", of(zipped.to_str().unwrap(), Stdin::Empty)),
        ("zstd", of(zst.to_str().unwrap(), Stdin::Empty)),
        ("gzip through a pipe", of("-", Stdin::Pipe(&gzip(&archive)))),
        ("a directory", of(place.join("layout").to_str().unwrap(), Stdin::Empty)),
    ] {
        assert_eq!(outcome.code, 1, "{case}");
        assert_eq!(without_target(&outcome), without_target(&file), "{case}");
    }
    // The broken platform is selected.
    for target in [&path, &zipped] {
        let outcome = of("-", Stdin::File(target));
        assert_eq!(outcome.code, 1);
        let outcome = scan(&["--platform", "linux/arm64", target.to_str().unwrap()]);
        outcome.assert_error("layer 1");
        assert_eq!((outcome.code, outcome.findings().len()), (2, 0));
    }
}
