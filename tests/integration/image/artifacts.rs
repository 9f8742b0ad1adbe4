//! Sources other than current images: BuildKit cache exports, build records, artifacts, docker archives written before
//! Docker 1.10, root file systems.

use serde_json::{Value, json};

use crate::support::expect::fate;
use crate::support::files::gzip;
use crate::support::image::{MANIFEST, blob_path, descriptor, digest, hybrid_archive, old_docker_archive};
use crate::support::run::Stdin;
use crate::support::token::shapeless;
use crate::support::{Files, Image, Layer, Layout, Place, Tar, Token, scan, scan_with};

const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";
const HUB_TOKEN: &str = "root/.cache/huggingface/token";

/// Returns a cache as `--cache-to type=local,mode=max` leaves it: one layer of a builder stage with a token file of
/// unknown shape, one above it that no record uses, and one that hides files of the first.
fn cache(as_image: bool, secret: &str, token: &Token) -> Files {
    let layers = [
        Layer::new(&Tar::new().file(HUB_TOKEN, secret).finish()),
        Layer::new(&Tar::new().file("opt/tok", token.bytes()).finish()),
        Layer::new(&Tar::new().whiteout(HUB_TOKEN).finish()),
    ];
    let mut layout = Layout::new();
    let descriptors: Vec<Value> = layers
        .iter()
        .map(|layer| {
            layout.blob(&layer.blob);
            let mut described = descriptor(&layer.media_type, &layer.blob);
            described["annotations"] = json!({"containerd.io/uncompressed": layer.diff_id});
            described
        })
        .collect();
    let records = json!({
        "layers": [{"blob": layers[0].digest(), "parent": -1}, {"blob": layers[2].digest(), "parent": 0}],
        "records": [{"digest": digest(b"a"), "layers": [{"layer": 0}]}],
    });
    let config = layout.document(CACHE_CONFIG, &records);
    let mut top = if as_image {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": descriptors,
        });
        layout.document(MANIFEST, &manifest)
    } else {
        layout.index(&[&descriptors[..], &[config]].concat())
    };
    top["annotations"] = json!({"org.opencontainers.image.ref.name": "latest"});
    layout.entry(top).files()
}

#[test]
fn the_layers_of_an_exported_cache_are_layers() {
    let place = Place::new("exported-cache");
    let (secret, token) = (shapeless("cache"), Token::user("cache"));
    for as_image in [true, false] {
        let files = cache(as_image, &secret, &token);
        let directory = place.join(&format!("cache-{as_image}"));
        files.write_dir(&directory);
        for target in [directory, place.write(&format!("{as_image}.tar"), files.archive())] {
            let outcome = scan(&[target]);
            assert_eq!(outcome.code, 1);
            assert_eq!((outcome.errors().len(), outcome.findings().len()), (0, 2));
            let login = &outcome.findings()[0];
            assert_eq!(login["rule"], "image/cached-token");
            assert_eq!(login["location"]["path"], HUB_TOKEN);
            // The whiteout is of another step, and whoever has the cache can read both.
            assert_eq!(fate(&login["location"]), ("present", None));
            assert_eq!(outcome.location_of(&token, "image/token-in-file")["path"], "opt/tok");
        }
    }
}

#[test]
fn a_layer_that_a_cache_lacks_is_an_error() {
    let place = Place::new("cache-without-a-layer");
    for as_image in [true, false] {
        let mut files = cache(as_image, "none", &Token::user("lost"));
        let lost = Layer::new(&Tar::new().whiteout(HUB_TOKEN).finish()).digest();
        files.remove(&blob_path(&lost));
        let outcome = scan(&[place.write("cache.tar", files.archive())]);
        assert!(outcome.assert_error("layer 2").contains("is missing"));
    }
}

#[test]
fn a_build_record_is_read_whole() {
    let place = Place::new("build-record");
    let record = |argument: &str| {
        let mut layout = Layout::new();
        let attributes = json!({"FrontendAttrs": {"build-arg:HF_TOKEN": argument}});
        let config = layout.document("application/vnd.buildkit.historyrecord.v0", &attributes);
        let log = b"\n\x49[stage 1/2] RUN make\x12\x05";
        layout.blob(log);
        let provenance = json!({"invocation": {"parameters": {"args": {"build-arg:HF_TOKEN": argument}}}});
        let layers = [
            descriptor("application/vnd.buildkit.status.v0", log),
            layout.document("application/vnd.in-toto+json", &provenance),
        ];
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        let manifest = layout.document(MANIFEST, &manifest);
        gzip(&layout.entry(manifest).files().archive())
    };
    scan(&[place.write("clean.dockerbuild", record("none"))]).assert_clean();
    let token = Token::user("record");
    let outcome = scan(&[place.write("a.dockerbuild", record(token.text()))]);
    assert!(outcome.errors().is_empty());
    let rules: Vec<_> = outcome.findings_of(&token).iter().map(|finding| &finding["rule"]).collect();
    assert_eq!(rules, ["image/token-in-attestation"; 2]);
}

#[test]
fn an_artifact_that_is_no_image_is_read_as_bytes() {
    let place = Place::new("chart");
    let chart = |text: &str| {
        let mut layout = Layout::new();
        let config = layout.document("application/vnd.cncf.helm.config.v1+json", &json!({"name": "app"}));
        let tar = gzip(&Tar::new().file("app/values.yaml", text).finish());
        layout.blob(&tar);
        let layer = descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", &tar);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        let manifest = layout.document(MANIFEST, &manifest);
        layout.entry(manifest).files().archive()
    };
    scan(&[place.write("clean.tar", chart("replicas: 1\n"))]).assert_clean();
    let token = Token::user("chart");
    let outcome = scan(&[place.write("chart.tar", chart(token.text()))]);
    outcome.assert_found_only(&[&token]);
    assert!(outcome.errors().is_empty());
}

#[test]
fn an_encrypted_layer_is_an_error_of_its_own_kind() {
    let place = Place::new("encrypted");
    let mut layer = Layer::new(&[]);
    layer.blob = (0..200_u8).map(|n| n.wrapping_mul(73) ^ 0x55).collect();
    layer.media_type.push_str("+encrypted");
    let outcome =
        scan(&[place.write("app.tar", Layout::of(&[&Image::new("app:1", [layer])]).files().archive())]);
    assert_eq!((outcome.code, &outcome.errors()[0]["code"]), (2, &json!("encrypted")));
    assert!(outcome.assert_error("layer 0").contains("encrypted"));
}

/// Returns an archive of before Docker 1.10: what newer ones have in common with it, without the manifest and configs.
fn ancient(image: &Image, config: &Value, commands: &[&str]) -> Files {
    let mut files = old_docker_archive(&[image]);
    let names: Vec<String> = files.0.iter().map(|(name, _)| name.clone()).collect();
    for name in names.iter().filter(|name| name.rsplit_once('.').is_some_and(|(_, ending)| ending == "json"))
    {
        files.remove(name);
    }
    let layers: Vec<&String> = names.iter().filter(|name| name.ends_with("/json")).collect();
    for (layer, command) in layers.iter().zip(commands) {
        let bytes = files.get_mut(layer);
        let mut described: Value = serde_json::from_slice(bytes).unwrap();
        described["container_config"] = json!({"Cmd": ["/bin/sh", "-c", command]});
        described["config"] = config.clone();
        described["os"] = json!("linux");
        described["architecture"] = json!("amd64");
        *bytes = serde_json::to_vec(&described).unwrap();
    }
    files
}

#[test]
fn an_archive_of_before_docker_1_10() {
    let place = Place::new("ancient");
    let (in_env, in_layer, secret) = (Token::user("env"), Token::user("layer"), shapeless("home"));
    let layers = [
        Layer::stored(
            &Tar::new().file("srv/a", in_layer.bytes()).file("data/token", &*secret).finish(),
            crate::support::Compression::Plain,
        ),
        Layer::stored(&Tar::new().whiteout("srv/a").finish(), crate::support::Compression::Plain),
    ];
    let config = json!({"Env": [format!("HF_TOKEN={}", in_env.text()), "HF_HOME=/data"]});
    let files = ancient(&Image::new("app:1", layers), &config, &["make it", "rm /srv/a"]);
    let named = files.archive();
    let mut nameless = files.clone();
    nameless.remove("repositories");
    for (name, bytes) in [("named", named.clone()), ("nameless", nameless.archive()), ("gzip", gzip(&named))]
    {
        let outcome = scan(&[place.write(name, bytes)]);
        assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{name}");
        let image = &outcome.report()["targets"][0]["images"][0];
        let expected = if name == "nameless" { Value::Null } else { json!("app:1") };
        assert_eq!((&image["name"], &image["platform"]), (&expected, &json!("linux/amd64")));
        assert_eq!(image["layers"][1]["created_by"], "/bin/sh -c rm /srv/a");
        let location = outcome.location_of(&in_layer, "image/token-in-file");
        assert_eq!((location["layer"].as_u64(), fate(location)), (Some(0), ("deleted", Some(1))));
        // Each layer repeats the config of the image.
        assert_eq!(outcome.findings_of(&in_env).len(), 1);
        assert_eq!(outcome.location_of(&in_env, "image/token-in-env")["field"], "config.Env[0]");
        let homes: Vec<_> =
            outcome.findings().iter().filter(|finding| finding["rule"] == "image/cached-token").collect();
        assert_eq!((homes.len(), &homes[0]["location"]["path"]), (1, &json!("data/token")));
    }
    let layer = files.0.iter().find(|(name, _)| name.ends_with("/layer.tar")).unwrap().0.clone();
    let mut broken = files.clone();
    broken.remove(&layer);
    assert!(scan(&[place.write("broken", broken.archive())]).assert_error("layer 0").contains("layer.tar"));
    let below = layer.replace("layer.tar", "json");
    let mut broken = files;
    broken.remove(&below);
    assert!(
        scan(&[place.write("cut", broken.archive())]).assert_error(&below).contains("not in the archive")
    );
}

#[test]
fn a_config_that_is_repeated_as_a_blob_is_reported_once() {
    let place = Place::new("repeated-config");
    let token = Token::user("repeated");
    let image = Image::new("app:1", [Layer::new(&Tar::new().file("a", "a").finish())]);
    let image = image.env(&[&format!("HF_TOKEN={}", token.text())]);
    let archive = |config: Value| {
        let mut files = hybrid_archive(&[&image]);
        let legacy = json!({"id": digest(b"id"), "container_config": {"Env": null}, "config": config});
        let legacy = serde_json::to_vec(&legacy).unwrap();
        files.push(blob_path(&digest(&legacy)), legacy);
        files.archive()
    };
    let same = json!({"Env": [format!("HF_TOKEN={}", token.text())]});
    let outcome = scan(&[place.write("same.tar", archive(same))]);
    assert_eq!(outcome.findings_of(&token).len(), 1);
    // A token that no config of an image holds there is a finding of its own.
    let (label, other) = (json!({"Labels": {"a": token.text()}}), Token::user("other"));
    let outcome = scan(&[place.write("elsewhere.tar", archive(label))]);
    assert_eq!(outcome.findings_of(&token).len(), 2);
    let env = json!({"Env": [format!("HF_TOKEN={}", other.text())]});
    scan(&[place.write("other.tar", archive(env))]).assert_found_only(&[&token, &other]);
}

#[test]
fn a_root_file_system_in_every_form() {
    let place = Place::new("rootfs");
    let (secret, token) = (shapeless("rootfs"), Token::user("rootfs"));
    let tar = Tar::new()
        .dir("root/")
        .file(HUB_TOKEN, &*secret)
        .file("srv/a", token.bytes())
        .hard_link("srv/b", "srv/a")
        .symlink("srv/c", "a")
        .finish();
    let directory = place.join("tree");
    for (name, bytes) in [(HUB_TOKEN, secret.as_bytes()), ("srv/a", token.bytes())] {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::hard_link(directory.join("srv/a"), directory.join("srv/b")).unwrap();
    std::os::unix::fs::symlink("a", directory.join("srv/c")).unwrap();
    let rootfs = |path: &std::path::Path| format!("rootfs:{}", path.display());
    let outcomes = [
        scan(&[rootfs(&place.write("root.tar", &tar))]),
        scan(&[rootfs(&place.write("root.tar.gz", gzip(&tar)))]),
        scan(&[rootfs(&directory)]),
        scan_with(&["rootfs:-"], Stdin::Pipe(&tar)),
    ];
    for outcome in outcomes {
        assert_eq!((outcome.code, outcome.errors().len(), outcome.findings().len()), (1, 0, 2));
        let login = &outcome.findings()[0];
        assert_eq!(
            (&login["rule"], &login["location"]["path"]),
            (&json!("image/cached-token"), &json!(HUB_TOKEN))
        );
        let location = outcome.location_of(&token, "image/token-in-file");
        assert_eq!((&location["path"], &location["layer"]), (&json!("srv/a"), &json!(0)));
        assert_eq!(outcome.finding_of(&token)["also"][0]["path"], "srv/b");
    }
    // Without the word, such an archive is an error that names it.
    let why = scan(&[place.join("root.tar")]).assert_error("archive");
    assert!(why.contains("rootfs:PATH"), "{why}");
}

#[test]
fn a_root_file_system_that_cannot_be_read() {
    let place = Place::new("unreadable-rootfs");
    let rootfs = |name: &str| format!("rootfs:{}", place.join(name).display());
    assert!(scan(&[rootfs("nothing")]).assert_error("target").contains("no such file"));
    place.write("text", "FROM scratch\n");
    assert!(scan(&[rootfs("text")]).assert_error("layer 0").contains("not a tar archive"));
    place.write("empty", "");
    scan(&[rootfs("empty")]).assert_error("layer 0");
    let token = Token::user("cut");
    let tar = Tar::new().file("a", token.bytes()).file("b", "b".repeat(2000)).finish();
    place.write("cut", &tar[..2000]);
    let outcome = scan(&[rootfs("cut")]);
    assert_eq!(outcome.findings_of(&token).len(), 1);
    assert_eq!(outcome.errors()[0]["where"], "layer 0");
}
