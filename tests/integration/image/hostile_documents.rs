//! Hostile indexes and manifests: cycles, deep nesting, names that lead elsewhere.

use std::time::{Duration, Instant};

use crate::support::broken::{assert_rest_audited, sound};
use crate::support::image::{INDEX, MANIFEST, blob_path, descriptor, docker_archive};
use crate::support::{Image, Layout, Place, scan};
use serde_json::json;

#[test]
fn an_index_that_points_at_itself() {
    // No document can contain its own digest, but a false digest can form a cycle. Reading must end
    // nevertheless.
    let mut layout = Layout::new();
    let good = layout.add(&Image::new("app:latest", [sound().1]));
    let fake = crate::support::image::digest(b"no document has this digest");
    let own = json!({"mediaType": INDEX, "digest": fake, "size": 300});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [own, good]});
    let mut files = layout.entry(own.clone()).files();
    files.push(blob_path(&fake), serde_json::to_vec(&index).unwrap());
    let place = Place::new("cycle");
    assert_rest_audited(&scan(&[place.write("app.tar", files.archive())]), "");
}

#[test]
fn indexes_nested_a_thousand_deep() {
    let mut layout = Layout::new();
    let mut entry = layout.add(&Image::new("app:latest", [sound().1]));
    for _ in 0..1000 {
        entry = layout.index(&[entry]);
    }
    let outcome = scan(&[Place::new("depth").write("app.tar", layout.entry(entry).files().archive())]);
    // Either the index is followed to the end, or an error names the limit.
    assert_ne!(outcome.code, 0);
    assert!(!outcome.findings().is_empty() || !outcome.errors().is_empty());
}

#[test]
fn an_index_that_fans_out_ends() {
    // There are forty levels of an index that names the next level twice: two to the fortieth paths, but forty
    // documents.
    let mut layout = Layout::new();
    let mut entry = layout.add(&Image::new("app:latest", [sound().1]));
    for _ in 0..40 {
        entry = layout.index(&[entry.clone(), entry]);
    }
    let started = Instant::now();
    let outcome = scan(&[Place::new("fan").write("app.tar", layout.entry(entry).files().archive())]);
    outcome.finding_of(&sound().0);
    assert!(started.elapsed() < Duration::from_mins(1), "it took {:?}", started.elapsed());
}

#[test]
fn json_nested_a_million_deep() {
    let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
    let image = Image::new("app:latest", [sound().1]);
    let place = Place::new("deep");
    let mut files = Layout::of(&[&image]).files();
    *files.get_mut("index.json") = deep.clone();
    assert_rest_audited(&scan(&[place.write("index.tar", files.archive())]), "index.json");

    let mut files = docker_archive(&[&image]);
    *files.get_mut("manifest.json") = deep.clone();
    assert_rest_audited(&scan(&[place.write("manifest.tar", files.archive())]), "manifest.json");

    let mut layout = Layout::of(&[&image]);
    layout.blob(&deep);
    let layout = layout.entry(descriptor(MANIFEST, &deep));
    assert_rest_audited(&scan(&[place.write("blob.tar", layout.files().archive())]), "");
}

#[test]
fn digests_that_are_paths() {
    let mut layout = Layout::new();
    let good = layout.add(&Image::new("app:latest", [sound().1]));
    let hostile = json!({"mediaType": MANIFEST, "digest": "sha256:../../../../etc/passwd", "size": 1});
    let outcome = scan(&[
        Place::new("digest-path").write("app.tar", layout.entry(hostile).entry(good).files().archive())
    ]);
    assert_rest_audited(&outcome, "");
}
