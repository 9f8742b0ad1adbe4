//! One image in every form in which it can be had.

use std::collections::BTreeSet;

use crate::support::registry::Registry;
use crate::support::token::shapeless;
use crate::support::tools::{self, skopeo_copy};
use crate::support::{Compression, Image, Layer, Outcome, Place, Stdin, Tar, Token, image, scan, scan_with};

fn fingerprints(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.findings().iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect()
}

#[test]
fn every_source_gives_the_same_findings() {
    let place = Place::new("sources");
    let (in_layer, in_env, secret) = (Token::user("layer"), Token::user("env"), shapeless("sources"));
    let layers = [
        Tar::new().file("data/token", &*secret).file("srv/a", in_layer.bytes()).finish(),
        Tar::new().whiteout("srv/a").finish(),
    ]
    .map(|tar| Layer::stored(&tar, Compression::Gzip));
    let app = Image::new("example/app:1", layers);
    let app = app.env(&[&format!("HF_TOKEN={}", in_env.text()), "HF_HOME=/data"]);
    let archive = place.write("app.tar", image::docker_archive(&[&app]).archive());
    let expected = scan(&[&archive]);
    assert_eq!((expected.code, expected.errors().len(), expected.findings().len()), (1, 0, 3));

    let registry = Registry::start(&place, None);
    let path = |name: &str| place.join(name).display().to_string();
    let source = format!("docker-archive:{}", tools::text(&archive));
    let forms = [
        format!("oci:{}", path("layout")),
        format!("oci-archive:{}", path("oci.tar")),
        format!("dir:{}", path("directory")),
        format!("docker-archive:{}:example/app:1", path("docker.tar")),
        format!("docker://{}/example/app:1", registry.address),
    ];
    for form in forms {
        skopeo_copy(&source, &form, &["--dest-tls-verify=false"]);
        // The name of an image in an archive is for skopeo alone.
        let target = form.strip_suffix(":example/app:1").filter(|_| form.starts_with("docker-archive:"));
        let outcome = scan(&[target.unwrap_or(&form)]);
        assert!(outcome.errors().is_empty(), "{form}: {:#?}", outcome.errors());
        assert_eq!(fingerprints(&outcome), fingerprints(&expected), "{form}");
        let state = |outcome: &Outcome| outcome.finding_of(&in_layer)["location"]["state"].clone();
        assert_eq!(state(&outcome), state(&expected), "{form}");
    }
    // Bare paths are told by their content.
    for name in ["layout", "oci.tar", "directory", "docker.tar"] {
        assert_eq!(fingerprints(&scan(&[place.join(name)])), fingerprints(&expected), "{name}");
    }
    for name in ["app.tar", "oci.tar"] {
        let bytes = std::fs::read(place.join(name)).unwrap();
        let outcome = scan_with(&["-"], Stdin::Pipe(&bytes));
        assert_eq!(fingerprints(&outcome), fingerprints(&expected), "{name}");
    }
    let all: Vec<String> =
        ["layout", "directory", "app.tar", "oci.tar"].iter().map(|name| path(name)).collect();
    let together = scan(&all);
    assert_eq!(together.findings().len(), 4 * expected.findings().len(), "each target for itself");
}

#[test]
fn one_finding_is_enough_if_no_more_is_asked_for() {
    let place = Place::new("first-finding");
    let (first, second) = (Token::user("first"), Token::user("second"));
    let layer = |tar: Vec<u8>| Layer::stored(&tar, Compression::Gzip);
    let filler = "text ".repeat(2_000_000);
    let app = Image::new(
        "example/app:1",
        [
            layer(Tar::new().file("a", first.bytes()).file("b", &filler).file("c", second.bytes()).finish()),
            layer(Tar::new().file("d", "nothing").finish()),
        ],
    );
    let archive = image::docker_archive(&[&app]).archive();
    let path = place.write("app.tar", &archive);
    let path = tools::text(&path);
    for target in [path, "-"] {
        let outcome = scan_with(&["--first-finding", target], Stdin::Pipe(&archive));
        outcome.finding_of(&first);
        assert_eq!((outcome.code, outcome.findings_of(&second).len()), (1, 0), "{target}");
        let [error] = outcome.errors() else { panic!("{:#?}", outcome.errors()) };
        assert_eq!(error["code"], "cancelled");
        assert!(error["message"].as_str().unwrap().contains("--first-finding asks for no more"));
    }
    // Without a finding, everything is read.
    let clean = Image::new("example/clean:1", [layer(Tar::new().file("b", &filler).finish())]);
    let clean = place.write("clean.tar", image::docker_archive(&[&clean]).archive());
    scan(&["--first-finding", tools::text(&clean)]).assert_clean();
    // The other targets are named.
    let both = scan(&["--first-finding", path, tools::text(&clean)]);
    assert_eq!((both.code, both.errors().len()), (1, 2), "{:#?}", both.errors());
    // A known layer ends the scan as well.
    let caches = crate::support::cache::CachePlace::new("first-finding-cache");
    caches.scan(&[path]);
    let again = caches.scan(&["--first-finding", path]);
    assert_eq!((again.code, &again.errors()[0]["code"]), (1, &serde_json::json!("cancelled")));
    let wrong = scan_with(&["--first-finding", "--token-sha256", &first.sha256(), path], Stdin::Empty);
    assert_eq!((wrong.code, wrong.json.is_none()), (2, true));
}
