//! Tokens in nested files, as written by common tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Image, Kind, Layer, Layout, Outcome, Place, Tar, Token, files, scan, tools};
use serde_json::Value;

/// Returns a text with a token in the middle, so that its compressed forms do not contain the token in plain
/// text.
fn text(token: &Token) -> String {
    let lines = |from: u32| -> String {
        (from..from + 300).fold(String::new(), |text, i| {
            text + &format!("line {i} of the text and {}\n", i * 7919 % 100_003)
        })
    };
    format!("{}HF_TOKEN={}\n{}", lines(0), token.text(), lines(1000))
}

/// Runs `make_containers.py`. Returns the directory with its files.
fn made(place: &Place, token: &Token) -> PathBuf {
    let source = place.write("text", text(token));
    let out = place.join("forms");
    let script = format!("{}/tests/make_containers.py", env!("CARGO_MANIFEST_DIR"));
    tools::run("python3", &[&script, tools::text(&out), tools::text(&source)]);
    out
}

/// Returns the decoding steps of each finding, by path.
fn ways(outcome: &Outcome) -> BTreeMap<String, String> {
    let mut ways = BTreeMap::new();
    for finding in outcome.findings() {
        let location = &finding["location"];
        let via: Vec<&str> =
            location["via"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let known = ways.insert(location["path"].as_str().unwrap().to_owned(), via.join(" > "));
        assert_eq!(known, None, "two findings of one token: {finding:#}");
    }
    ways
}

const FORMS: [(&str, &str); 53] = [
    ("app-1.0-py3-none-any.whl", "zip:pkg/config.py"),
    ("app-gzip.deb", "gzip"),
    ("app-xz.deb", "xz"),
    ("app-zstd.deb", "zstd"),
    ("app.jar", "zip:lib/inner.jar > zip:pkg/config.py"),
    ("app.pex", "zip:pkg/config.py"),
    ("arrays.npz", "zip:names.npy"),
    ("backup.tar", "tar:var/app.gz > gzip"),
    ("backup.tar.bz2", "bzip2"),
    ("backup.tar.gz", "gzip"),
    ("backup.tar.xz", "xz"),
    ("backup.tar.zst", "zstd"),
    ("bzip2.zip", "zip:pkg/config.py"),
    ("comment-behind-image.png", "zlib"),
    ("data.pkl.z", "zlib"),
    ("debug-zlib", "zlib"),
    ("debug-zstd", "zstd"),
    ("disk-zstd.qcow2", "zstd"),
    ("disk.qcow2", "zlib"),
    ("disk.vmdk", "zlib"),
    ("erofs-lz4.img", "lz4"),
    ("erofs-lz4hc.img", "lz4"),
    ("erofs-tails.img", "lz4"),
    ("history.sqlite-wal", "sqlite"),
    ("initrd.img", "gzip"),
    ("install.run", "gzip"),
    ("letter.docx", "zip:word/document.xml"),
    ("members.gz", "gzip"),
    ("model.pt", ""),
    ("module.pyc", ""),
    ("plain.br", "brotli"),
    ("plain.bz2", "bzip2"),
    ("plain.gz", "gzip"),
    ("plain.lz4", "lz4"),
    ("plain.xz", "xz"),
    ("plain.zst", "zstd"),
    ("report-in-text.pdf", "base85 > zlib"),
    ("report.pdf", "zlib"),
    ("screenshot.png", "zlib"),
    ("small-window.pdf", "zlib"),
    ("small-window.z", "zlib"),
    ("squashfs-gzip-Xwindow-size9.img", "zlib"),
    ("squashfs-gzip.img", "zlib"),
    ("squashfs-lz4.img", "lz4"),
    ("squashfs-lzma.img", "lzma"),
    ("squashfs-lzo-large.img", "lzo"),
    ("squashfs-lzo.img", "lzo"),
    ("squashfs-xz.img", "xz"),
    ("squashfs-zstd.img", "zstd"),
    ("stored.zip", "zip:pkg/config.gz > gzip"),
    ("streamed.zip", "zip:pkg/config.py"),
    ("utf-16be.sqlite", "utf-16"),
    ("utf-16le.sqlite", "utf-16"),
];

#[test]
fn every_form_is_read_in_a_layer() {
    let place = Place::new("forms");
    let token = Token::new(Kind::User, "forms");
    let out = made(&place, &token);
    let mut tar = Tar::new();
    for entry in fs::read_dir(&out).unwrap() {
        let entry = entry.unwrap();
        tar =
            tar.file(format!("srv/{}", entry.file_name().to_str().unwrap()), fs::read(entry.path()).unwrap());
    }
    let image = Image::new("app:latest", [Layer::new(&tar.finish())]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    let mut ways = ways(&outcome);
    assert_eq!(ways.remove("srv/zip64.zip").as_deref(), Some("zip:pkg/config.py"));
    let mut ways: Vec<(&str, &str)> =
        ways.iter().map(|(path, way)| (path.strip_prefix("srv/").unwrap(), way.as_str())).collect();
    // LZ4 may store its literals unchanged.
    for way in ways.iter_mut().filter(|(path, _)| *path == "plain.lz4") {
        way.1 = "lz4";
    }
    assert_eq!(ways, FORMS);
    assert_eq!((outcome.errors(), outcome.code), (&[][..], 1));
    assert_eq!(outcome.report()["notes"], serde_json::json!([]));
}

#[test]
fn every_form_is_read_as_a_file() {
    let place = Place::new("files");
    let token = Token::new(Kind::User, "files");
    for entry in fs::read_dir(made(&place, &token)).unwrap() {
        let path = entry.unwrap().path();
        let outcome = scan(&[format!("file:{}", path.display())]);
        assert_eq!(outcome.errors(), [] as [Value; 0], "{path:?}");
        outcome.finding_of(&token);
    }
}

#[test]
fn an_image_archive_within_a_layer() {
    let place = Place::new("nested");
    let token = Token::new(Kind::User, "nested");
    let inner = Layer::new(&Tar::new().file("root/.netrc", text(&token)).finish());
    let digest = inner.digest();
    let archive = Layout::of(&[&Image::new("inner:latest", [inner])]).files().archive();
    let layer = Layer::new(&Tar::new().file("srv/images/inner.tar", archive).finish());
    let image = Image::new("app:latest", [layer]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    outcome.assert_found_only(&[&token]);
    let location = outcome.location_of(&token, "image/token-in-file");
    let blob = format!("tar:blobs/{}", digest.replace(':', "/"));
    assert_eq!(location["via"], serde_json::json!([blob, "gzip"]));
    assert_eq!(location["path"], "srv/images/inner.tar");
}

#[test]
fn offsets_and_lines_count_in_the_innermost_content() {
    let place = Place::new("offsets");
    let token = Token::new(Kind::User, "offsets");
    let content = files::gzip(format!("user:{}\n", token.text()).as_bytes());
    let layer = Layer::new(&Tar::new().file("var/log/x.gz", content).finish());
    let image = Image::new("app:latest", [layer]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    let location = outcome.location_of(&token, "image/token-in-file");
    crate::support::expect::assert_fields(
        location,
        &serde_json::json!({"path": "var/log/x.gz", "via": ["gzip"], "offset": 5, "line": 1, "column": 6}),
    );
}

#[test]
fn what_breaks_off_or_is_encrypted_is_noted_and_changes_no_exit_code() {
    let place = Place::new("broken");
    let mut content = files::gzip(text(&Token::new(Kind::User, "whole")).as_bytes());
    content.truncate(content.len() - 9);
    let layer = Layer::new(&Tar::new().file("srv/cut.gz", content).finish());
    let image = Image::new("app:latest", [layer]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    assert_eq!(outcome.errors(), [] as [Value; 0]);
    let notes = outcome.report()["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert_eq!(notes[0]["where"], "layer 0");
    let said =
        "srv/cut.gz > gzip: the gzip stream ends early inside a member; what could be decoded was searched";
    assert_eq!(notes[0]["message"], said);
}

#[test]
fn a_method_of_7z_that_others_read_is_an_error() {
    let place = Place::new("deflate64");
    let source = place.write("text", text(&Token::new(Kind::User, "deflate64")));
    let out = place.join("text.7z");
    tools::run("7z", &["a", "-m0=Deflate64", tools::text(&out), tools::text(&source)]);
    let outcome = scan(&[format!("file:{}", out.display())]);
    assert!(outcome.assert_error("7z").contains("uses a method that is not supported"));
    assert_eq!(outcome.code, 2);
}

#[test]
fn what_lies_too_deep_is_an_error() {
    let place = Place::new("deep");
    let token = Token::new(Kind::User, "deep");
    let nested = |depth: usize| (0..depth).fold(text(&token).into_bytes(), |inner, _| files::gzip(&inner));
    for (depth, found, code) in [(16, 1, 1), (17, 0, 2)] {
        let layer = Layer::new(&Tar::new().file("srv/deep.gz", nested(depth)).finish());
        let image = Image::new("app:latest", [layer]);
        let path = place.write(&format!("deep{depth}.tar"), Layout::of(&[&image]).files().archive());
        let outcome = scan(&[path]);
        assert_eq!((outcome.findings().len(), outcome.code), (found, code), "{depth}");
        if found == 0 {
            let error = outcome.assert_error("srv/deep.gz");
            assert!(error.starts_with("layer 0: ") && error.contains("more than 16 deep"), "{error}");
        }
    }
}
