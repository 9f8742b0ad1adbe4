//! Fingerprints of images. They change only with the leak itself.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::files::gzip;
use crate::support::image::{
    Compression, Image, Layer, Layout, docker_archive, hybrid_archive, old_docker_archive,
};
use crate::support::place::Place;
use crate::support::run::{Outcome, Stdin, scan, scan_by_any_jobs, scan_with, stowaway_cached, uncached};
use crate::support::tar::Tar;
use crate::support::token::Token;

/// Unrelated content around the leaks of an image.
#[derive(Debug, Clone, Default)]
struct Around {
    /// The numbers of variables, labels and history entries before and after.
    words: (u8, u8),
    /// The numbers of files before and after the token in its layer.
    files: (u8, u8),
    /// The numbers of layers below and above.
    layers: (u8, u8),
    /// The second of all creation times.
    created: u8,
    compression: u8,
}

fn around() -> impl Strategy<Value = Around> {
    let pair = || (0_u8..4, 0_u8..4);
    (pair(), pair(), pair(), 0_u8..60, 0_u8..3).prop_map(|(words, files, layers, created, compression)| {
        Around { words, files, layers, created, compression }
    })
}

/// Returns an image that leaks one token in the environment, a label, the history, a build argument, a command
/// and three files.
fn leaky(token: &str, around: &Around) -> Image {
    let words = |which: &str, n: u8| (0..n).map(|n| format!("{which}{n}=plain")).collect::<Vec<_>>();
    let time = format!("2026-01-01T00:00:{:02}Z", around.created);
    let compression =
        [Compression::Gzip, Compression::Zstd, Compression::Plain][usize::from(around.compression)];
    let plain = |name: &str, n: u8| {
        let body = format!("nothing of {name} {n}");
        Layer::stored(&Tar::new().file(format!("opt/{name}{n}"), body).finish(), compression)
    };
    let mut tar = Tar::new();
    for n in 0..around.files.0 {
        tar = tar.file(format!("etc/a{n}"), "nothing");
    }
    tar = tar.file("root/.cache/huggingface/token", token).file("srv/twice", format!("{token}\n{token}\n"));
    for n in 0..around.files.1 {
        tar = tar.file(format!("var/z{n}"), "nothing");
    }
    let mut layers: Vec<Layer> = (0..around.layers.0).map(|n| plain("below", n)).collect();
    let mut history: Vec<Value> = (0..around.layers.0)
        .map(|n| json!({"created": time, "created_by": format!("RUN below {n}")}))
        .collect();
    layers.push(Layer::stored(&tar.finish(), compression));
    for n in 0..around.words.0 {
        history.push(json!({"created": time, "created_by": format!("ENV A{n}=plain"), "empty_layer": true}));
    }
    let digest = format!("{:064x}", around.created);
    history.push(json!({
        "created": time,
        "created_by": format!("RUN |2 OTHER={} HF_TOKEN={token} /bin/sh -c make # buildkit", around.created),
    }));
    history.push(json!({
        "created": time,
        "created_by": format!("/bin/sh -c #(nop) COPY file:{digest} in /x {token}"),
        "empty_layer": true,
    }));
    layers.extend((0..around.layers.1).map(|n| plain("above", n)));
    history.extend(
        (0..around.layers.1).map(|n| json!({"created": time, "created_by": format!("RUN above {n}")})),
    );
    let env = [words("A", around.words.0), vec![format!("HF_TOKEN={token}")], words("Z", around.words.1)];
    let mut labels: BTreeMap<String, String> =
        (0..around.words.1).map(|n| (format!("a.label{n}"), "plain".to_owned())).collect();
    labels.insert("the.label".to_owned(), token.to_owned());
    let command: Vec<String> = std::iter::repeat_n("-v".to_owned(), usize::from(around.words.0))
        .chain(["--token".to_owned(), token.to_owned()])
        .collect();
    let mut image = Image::new("app:latest", layers)
        .history(json!(history))
        .with("Env", json!(env.concat()))
        .with("Labels", json!(labels))
        .with("Cmd", json!(command));
    image.config["created"] = json!(time);
    image
}

/// Returns the fingerprints of a report, each with its rule. Asserts that they are unique.
fn prints(outcome: &Outcome) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = outcome.findings().iter().map(|f| (text(&f["fingerprint"]), text(&f["rule"])));
    let prints: BTreeMap<_, _> = all.collect();
    assert_eq!(prints.len(), outcome.findings().len());
    prints
}

fn archived(place: &Place, name: &str, image: &Image) -> BTreeMap<String, String> {
    prints(&scan(&[place.write(name, Layout::of(&[image]).files().archive())]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn unrelated_changes_and_rebuilds_change_no_fingerprint(around in around()) {
        let token = Token::user("identity");
        let place = Place::new("identity");
        let before = archived(&place, "before.tar", &leaky(token.text(), &Around::default()));
        assert_eq!(before.len(), 8, "{before:?}");
        let after = archived(&place, "after.tar", &leaky(token.text(), &around));
        prop_assert_eq!(before, after);
    }
}

#[test]
fn every_form_and_spelling_of_an_image_gives_the_same_fingerprints() {
    let token = Token::user("forms");
    let plain = Around { compression: 2, ..Around::default() };
    let image = leaky(token.text(), &plain);
    let place = Place::new("forms");
    let layout = Layout::of(&[&image]).files();
    layout.write_dir(&place.join("layout"));
    let archive = place.write("oci.tar", layout.archive());
    let expected = prints(&scan(&[&archive]));
    assert_eq!(expected.len(), 8);
    let forms = [
        ("docker.tar", docker_archive(&[&image]).archive()),
        ("old.tar", old_docker_archive(&[&image]).archive()),
        ("hybrid.tar", hybrid_archive(&[&image]).archive()),
        ("oci.tar.gz", gzip(&layout.archive())),
    ];
    for (name, bytes) in forms {
        let path = place.write(name, bytes);
        assert_eq!(prints(&scan(&[&path])), expected, "{name}");
    }
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (archive_text, layout_text) = (text(&archive), text(&place.join("layout")));
    let directory = text(place.path());
    for spelling in [
        format!("oci-archive:{archive_text}"),
        format!("oci:{layout_text}"),
        format!("oci:{layout_text}:app:latest"),
        layout_text.clone(),
        format!("{layout_text}/"),
        format!("{directory}/./layout"),
        format!("{directory}/layout/../oci.tar"),
    ] {
        assert_eq!(prints(&scan(&[&spelling])), expected, "{spelling}");
    }
    let stdin = scan_with(&["-"], Stdin::Pipe(&layout.archive()));
    assert_eq!(prints(&stdin), expected, "standard input");
}

#[test]
fn neither_threads_nor_the_cache_change_a_fingerprint() {
    let token = Token::user("cached prints");
    let place = Place::new("cached-prints");
    let archive = place.write(
        "app.tar",
        Layout::of(&[&leaky(token.text(), &Around { layers: (3, 3), ..Around::default() })])
            .files()
            .archive(),
    );
    let one = scan_by_any_jobs(&archive);
    let caches = place.join("caches");
    for _ in 0..2 {
        let args = ["scan", "--format", "json", archive.to_str().unwrap()];
        let again = stowaway_cached(&caches, &args, Stdin::Empty);
        assert_eq!(uncached(&again.stdout), one.stdout);
    }
}

#[test]
fn one_image_given_twice_has_two_fingerprints_for_each_leak() {
    let token = Token::user("given twice");
    let place = Place::new("given-twice");
    let bytes = Layout::of(&[&leaky(token.text(), &Around::default())]).files().archive();
    let (one, other) = (place.write("one.tar", &bytes), place.write("other.tar", &bytes));
    let both = scan(&[&one, &other]);
    let alone = prints(&scan(&[&one]));
    let all = prints(&both);
    assert_eq!(all.len(), 2 * alone.len());
    assert!(alone.keys().all(|print| all.contains_key(print)), "the first target's stay as they are");
}
