//! Images from real tools in all archive formats. The same leak is found in each of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::support::expect::{assert_fields, fate, spot};
use crate::support::files::{gzip, zstd};
use crate::support::tools::{self, Umoci, skopeo_copy};
use crate::support::{Outcome, Place, Token, scan};
use serde_json::{Value, json};

const CACHED: &str = "root/.cache/huggingface/token";

fn leaked() -> Token {
    Token::user("real tools: cached, then deleted")
}

/// Makes a layout with umoci: a file, a cached token, and its deletion.
fn layout() -> &'static Umoci {
    static IMAGE: OnceLock<Umoci> = OnceLock::new();
    IMAGE.get_or_init(|| {
        Umoci::new(&Place::new("umoci").join("layout"), "app")
            .file("/app/main.py", b"import os\ntoken = os.environ[\"HF_TOKEN\"]\n")
            .file(&format!("/{CACHED}"), leaked().bytes())
            .remove(&format!("/{CACHED}"))
    })
}

/// Converts [`layout`] with skopeo to `docker-archive` or `oci-archive`.
fn archive(form: &'static str) -> PathBuf {
    static DOCKER: OnceLock<PathBuf> = OnceLock::new();
    static OCI: OnceLock<PathBuf> = OnceLock::new();
    let made = if form == "docker-archive" { &DOCKER } else { &OCI };
    made.get_or_init(|| {
        let path = Place::new(form).join("app.tar");
        skopeo_copy(&layout().reference(), &format!("{form}:{}:app:latest", path.display()), &[]);
        path
    })
    .clone()
}

#[track_caller]
fn assert_leak(outcome: &Outcome) {
    let location = outcome.location_of(&leaked(), "image/cached-token");
    assert_eq!(spot(location), (1, CACHED));
    assert_eq!(fate(location), ("deleted", Some(2)));
    assert_fields(
        location,
        &json!({"kind": "layer", "platform": "linux/amd64", "line": 1, "column": 1, "offset": 0, "via": [],
                "created_by": "RUN step 1", "dockerfile": null, "diff_id": layer(outcome, 1)["diff_id"]}),
    );
    outcome.assert_found_only(&[&leaked()]);
    assert_eq!(outcome.report()["targets"][0]["kind"], "image");
}

fn layer(outcome: &Outcome, index: usize) -> &Value {
    &outcome.report()["targets"][0]["images"][0]["layers"][index]
}

#[test]
fn a_layout_of_umoci() {
    let outcome = scan(&[layout().dir()]);
    assert_leak(&outcome);
    let config: Value =
        serde_json::from_str(&tools::run("skopeo", &["inspect", "--config", &layout().reference()])).unwrap();
    for index in 0..3 {
        assert_eq!(layer(&outcome, index)["diff_id"], config["rootfs"]["diff_ids"][index]);
        assert_eq!(layer(&outcome, index)["index"], index);
        assert_eq!(layer(&outcome, index)["cached"], false);
    }
}

#[test]
fn a_layout_by_its_transport_with_and_without_a_tag() {
    assert_leak(&scan(&[layout().reference()]));
    assert_leak(&scan(&[format!("oci:{}", layout().dir().display())]));
}

#[test]
fn a_docker_archive_of_skopeo() {
    assert_leak(&scan(&[archive("docker-archive")]));
    assert_leak(&scan(&[format!("docker-archive:{}", archive("docker-archive").display())]));
}

#[test]
fn an_oci_archive_of_skopeo() {
    assert_leak(&scan(&[archive("oci-archive")]));
    assert_leak(&scan(&[format!("oci-archive:{}", archive("oci-archive").display())]));
}

#[test]
fn compressed_archives_are_told_by_content() {
    let place = Place::new("compressed");
    for form in ["docker-archive", "oci-archive"] {
        let plain = fs::read(archive(form)).unwrap();
        // The suffixes of the file names are wrong or do not help.
        assert_leak(&scan(&[place.write(&format!("{form}.bin"), gzip(&plain))]));
        assert_leak(&scan(&[place.write(&format!("{form}.gz"), zstd(&plain))]));
        assert_leak(&scan(&[place.write(&format!("{form}.txt"), &plain)]));
    }
}

#[test]
fn zstd_layers_of_skopeo() {
    let dir = Place::new("zstd").join("layout");
    let to = format!("oci:{}:app", dir.display());
    let from = format!("docker-archive:{}", archive("docker-archive").display());
    skopeo_copy(&from, &to, &["--dest-compress-format", "zstd", "--dest-compress"]);
    let outcome = scan(&[&dir]);
    assert_leak(&outcome);
    assert_eq!(layer(&outcome, 1)["media_type"], "application/vnd.oci.image.layer.v1.tar+zstd");
}

fn fingerprints(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.findings().iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect()
}

#[test]
fn a_directory_of_skopeo() {
    let place = Place::new("skopeo-directory");
    let directory = place.join("app");
    let archive = archive("docker-archive");
    let from = format!("docker-archive:{}", archive.display());
    skopeo_copy(&from, &format!("dir:{}", directory.display()), &[]);
    let outcome = scan(&[&directory]);
    assert_leak(&outcome);
    assert_eq!(fingerprints(&outcome), fingerprints(&scan(&[&archive])));
    let named = format!("dir:{}", directory.display());
    assert_eq!(fingerprints(&scan(&[named.as_str()])), fingerprints(&outcome));

    let layer = layer(&outcome, 1)["digest"].as_str().unwrap().replace("sha256:", "");
    std::fs::remove_file(directory.join(&layer)).unwrap();
    let outcome = scan(&[named.as_str()]);
    assert_eq!(outcome.errors().len(), 1, "{:#?}", outcome.errors());
    std::fs::remove_file(directory.join("manifest.json")).unwrap();
    let outcome = scan(&[named.as_str()]);
    let said = outcome.errors()[0]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("context:DIR reads a build context"), "{said}");
}

#[test]
fn plain_layers_that_skopeo_calls_gzip() {
    // Via `dir:`, skopeo 1.9 writes plain layers to a layout whose manifest still says gzip.
    let place = Place::new("plain");
    let plain = format!("dir:{}", place.join("dir").display());
    let from = format!("docker-archive:{}", archive("docker-archive").display());
    skopeo_copy(&from, &plain, &["--format", "oci", "--dest-decompress"]);
    let layout = place.join("layout");
    let to = format!("oci:{}:app", layout.display());
    skopeo_copy(&plain, &to, &["--dest-oci-accept-uncompressed-layers"]);
    let outcome = scan(&[&layout]);
    assert_leak(&outcome);
    assert_eq!(layer(&outcome, 1)["digest"], layer(&outcome, 1)["diff_id"]);
}

#[test]
fn an_oci_archive_of_buildah_with_build_arguments() {
    let place = Place::new("buildah");
    let token = Token::user("real tools: build argument");
    let dockerfile = "FROM scratch\nADD root.tar /\nARG HF_TOKEN\n\
        RUN mkdir -p /root/.cache/huggingface && printf %s \"$HF_TOKEN\" > /root/.cache/huggingface/token\n\
        RUN rm /root/.cache/huggingface/token\nENV HF_TOKEN=$HF_TOKEN\nLABEL note=$HF_TOKEN\n";
    let archive = place.join("app.tar");
    let argument = format!("HF_TOKEN={}", token.text());
    let to = format!("oci-archive:{}:app:latest", archive.display());
    tools::buildah(&place, dockerfile, &["--format", "docker", "--build-arg", &argument], &to);
    let outcome = scan(&[&archive]);
    let found = outcome.findings_of(&token);
    let by_rule = |rule: &str| found.iter().filter(|f| f["rule"] == rule).collect::<Vec<_>>();
    let cached = by_rule("image/cached-token");
    assert_eq!(cached.len(), 1, "{found:#?}");
    assert_eq!(spot(&cached[0]["location"]), (1, CACHED));
    assert_eq!(fate(&cached[0]["location"]), ("deleted", Some(2)));
    let created_by = cached[0]["location"]["created_by"].as_str().unwrap();
    let masked = format!("|1 HF_TOKEN={} /bin/sh -c mkdir", token.redacted());
    assert!(created_by.starts_with(&masked), "{created_by}");
    // Both RUN instructions contain the argument.
    assert_eq!(by_rule("image/token-in-history").len(), 2);
    assert_eq!(by_rule("image/token-in-env").len(), 1);
    assert_eq!(by_rule("image/token-in-env")[0]["location"]["document"], "config");
    assert_eq!(by_rule("image/token-in-config")[0]["location"]["field"], "config.Labels.note");
    assert_eq!(found.len(), 5);
    assert_eq!(outcome.report()["summary"]["tokens"], 1);
    assert_eq!((outcome.code, outcome.errors().len()), (1, 0));
}

#[test]
fn what_a_shell_does_to_a_root_file_system() {
    let hard = Token::user("real tools: hard link");
    let overwritten = Token::user("real tools: overwritten");
    let secret = crate::support::token::shapeless("real tools: behind a symlinked home");
    let image = Umoci::new(&Place::new("shell").join("layout"), "app")
        .change(|root| {
            fs::create_dir_all(root.join("data/.cache/huggingface")).unwrap();
            std::os::unix::fs::symlink("data", root.join("root")).unwrap();
            fs::write(root.join("data/.cache/huggingface/token"), &secret).unwrap();
            fs::write(root.join("one"), hard.text()).unwrap();
            fs::hard_link(root.join("one"), root.join("two")).unwrap();
            fs::write(root.join("settings"), format!("key: {}\n", overwritten.text())).unwrap();
        })
        .change(|root| fs::write(root.join("settings"), "key: none\n").unwrap());
    let outcome = scan(&[image.dir()]);

    let linked = outcome.finding_of(&hard);
    let mut names = [&linked["location"], &linked["also"][0]].map(|at| at["path"].as_str().unwrap());
    names.sort_unstable();
    assert_eq!(names, ["one", "two"]);

    let replaced = outcome.location_of(&overwritten, "image/token-in-file");
    assert_eq!((spot(replaced), fate(replaced)), ((0, "settings"), ("overwritten", Some(1))));
    assert_fields(replaced, &json!({"line": 1, "column": 6, "offset": 5}));

    let unknown: Vec<_> = outcome.findings().iter().filter(|f| f["token"]["kind"] == "unknown").collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0]["rule"], "image/cached-token");
    assert_eq!(spot(&unknown[0]["location"]), (0, "data/.cache/huggingface/token"));
    assert_eq!(outcome.findings().len(), 3);
}
