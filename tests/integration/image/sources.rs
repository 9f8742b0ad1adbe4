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
