//! Broken or hostile input. It gives one readable line, everything else is audited, and the audit never passes
//! as clean.

use std::path::PathBuf;

use crate::support::broken::{assert_refused, assert_rest_audited, harmless, sound};
use crate::support::files::{gzip, zstd};
use crate::support::image::{MANIFEST, blob_path, descriptor, docker_archive};
use crate::support::tar::{Header, base256};
use crate::support::{Files, Image, Item, Layer, Layout, Outcome, Place, Tar, Token, scan};

/// Scans an image of three layers. `spoil` corrupts the middle one in the files of the layout.
#[track_caller]
fn scan_spoilt(name: &str, broken: Layer, spoil: impl FnOnce(&mut Files, &str)) -> Outcome {
    let blob = blob_path(&broken.digest());
    let image = Image::new("app:latest", [harmless("below"), broken, sound().1]);
    let mut files = Layout::of(&[&image]).files();
    spoil(&mut files, &blob);
    let place = Place::new(name);
    files.write_dir(&place.join("layout"));
    let archived = scan(&[place.write("app.tar", files.archive())]);
    assert_rest_audited(&archived, "layer 1");
    let outcome = scan(&[place.join("layout")]);
    assert_rest_audited(&outcome, "layer 1");
    outcome
}

#[test]
fn what_is_no_image() {
    let place = Place::new("no-image");
    assert_refused(&place.write("empty.tar", ""));
    assert_refused(&place.write("text.tar", "just some words\n"));
    assert_refused(&place.write("zeros.tar", [0; 10_240]));
    assert_refused(&place.write("other.tar", Tar::new().file("readme", "a tar, but no image").finish()));
    assert_refused(&place.write("empty.tar.gz", gzip(b"")));
    assert_refused(&place.write("text.tar.zst", zstd(b"just some words\n")));
    assert_refused(&place.write("manifest.tar", Tar::new().file("manifest.json", "[]").finish()));
    assert_refused(&place.join("absent.tar"));
}

#[test]
fn an_empty_layer_blob() {
    scan_spoilt("empty-blob", harmless("empty"), |files, blob| files.get_mut(blob).clear());
}

#[test]
fn a_truncated_layer() {
    scan_spoilt("short-gzip", harmless("short"), |files, blob| {
        let bytes = files.get_mut(blob);
        bytes.truncate(bytes.len() / 2);
    });
    let plain =
        Layer::stored(&Tar::new().file("p", "p".repeat(9000)).finish(), crate::support::Compression::Plain);
    scan_spoilt("short-plain", plain, |files, blob| files.get_mut(blob).truncate(5000));
}

#[test]
fn a_corrupt_layer() {
    for (name, compression) in
        [("gzip", crate::support::Compression::Gzip), ("zstd", crate::support::Compression::Zstd)]
    {
        let noise = crate::support::token::Random::new(name).bytes(60_000);
        let layer = Layer::stored(&Tar::new().file("noise", noise).finish(), compression);
        scan_spoilt(&format!("corrupt-{name}"), layer, |files, blob| {
            let bytes = files.get_mut(blob);
            let middle = bytes.len() / 2;
            bytes[middle..middle + 64].fill(0xff);
        });
    }
}

#[test]
fn a_layer_is_searched_as_far_as_it_can_be_read() {
    let early = Token::user("before the break");
    let noise = crate::support::token::Random::new("late").bytes(600_000);
    let tar = Tar::new().file("early", early.bytes()).file("late", noise).finish();
    let outcome = scan_spoilt("early", Layer::new(&tar), |files, blob| {
        let bytes = files.get_mut(blob);
        bytes.truncate(bytes.len() / 2);
    });
    outcome.finding_of(&early);
}

#[test]
fn bytes_that_do_not_match_their_digest() {
    // The blob is valid gzip over a valid tar. Only the digest shows that it is the wrong layer.
    let outcome = scan_spoilt("digest", harmless("meant"), |files, blob| {
        *files.get_mut(blob) = harmless("other").blob;
    });
    assert!(outcome.assert_error("layer 1").contains("digest"));
}

#[test]
fn plain_bytes_are_held_to_their_digest_when_told_so() {
    let plain =
        |text: &str| Layer::stored(&Tar::new().file("x", text).finish(), crate::support::Compression::Plain);
    let image = Image::new("app:latest", [plain("meant"), sound().1]);
    let mut files = docker_archive(&[&image]);
    *files.get_mut(&format!("{}.tar", &image.layers[0].diff_id["sha256:".len()..])) = plain("other").blob;
    let archive = Place::new("verify").write("app.tar", files.archive());
    let outcome = scan(&["--verify-digests", archive.to_str().unwrap()]);
    assert_rest_audited(&outcome, "layer 0");
}

#[test]
fn a_missing_blob() {
    scan_spoilt("missing", harmless("missing"), |files, blob| files.remove(blob));
}

#[test]
fn an_archive_that_holds_none_of_its_images() {
    // Some of several platforms may be missing, but an archive without any of its images is not clean.
    let image = Image::new("app:latest", [harmless("gone")]);
    let mut files = Layout::of(&[&image]).files();
    files.remove(&blob_path(&image.layers[0].digest()));
    assert_refused(&Place::new("none-held").write("app.tar", files.archive()));
}

#[test]
fn a_missing_layer_of_a_docker_archive() {
    let plain =
        |name: &str| Layer::stored(&Tar::new().file(name, "x").finish(), crate::support::Compression::Plain);
    let image = Image::new("app:latest", [plain("gone"), sound().1]);
    let mut files = docker_archive(&[&image]);
    files.remove(&format!("{}.tar", &image.layers[0].diff_id["sha256:".len()..]));
    assert_rest_audited(&scan(&[Place::new("docker").write("app.tar", files.archive())]), "layer 0");
}

#[test]
fn a_missing_or_broken_config_or_manifest() {
    let image = Image::new("app:latest", [sound().1]);
    let config = blob_path(&crate::support::image::digest(&image.config_bytes()));
    let manifest = blob_path(
        descriptor(MANIFEST, &serde_json::to_vec(&image.manifest()).unwrap())["digest"].as_str().unwrap(),
    );
    let place = Place::new("documents");
    for (part, path) in [("config", &config), ("manifest", &manifest)] {
        for spoil in ["missing", "broken"] {
            let mut files = Layout::of(&[&image]).files();
            if spoil == "missing" {
                files.remove(path);
            } else {
                files.get_mut(path).truncate(40);
            }
            let outcome = scan(&[place.write(&format!("{part}-{spoil}.tar"), files.archive())]);
            // Without its manifest, the layer is an unreferenced blob and is searched as such.
            assert_rest_audited(&outcome, "");
        }
    }
}

#[test]
fn a_truncated_archive() {
    let image = Image::new("app:latest", [sound().1, harmless("later"), harmless("last")]);
    let archive = Layout::of(&[&image]).files().archive();
    let place = Place::new("truncated");
    for (name, bytes) in [
        ("plain", archive[..archive.len() - 2048].to_vec()),
        ("gzip", gzip(&archive)[..gzip(&archive).len() - 20].to_vec()),
        ("zstd", zstd(&archive)[..zstd(&archive).len() - 20].to_vec()),
    ] {
        let outcome = scan(&[place.write(name, bytes)]);
        assert!(!outcome.errors().is_empty(), "{name}");
        assert_ne!(outcome.code, 0, "{name}");
    }
    // The archive is complete except for its closing blocks. This is not an error.
    scan(&[place.write("unclosed", &archive[..archive.len() - 1024])]).assert_found_only(&[&sound().0]);
}

#[test]
fn an_unknown_compression() {
    // A layer without a decoder must not pass as clean. A tar must be read, whatever its media type.
    let snappy =
        [&b"\xff\x06\0\0sNaPpY"[..], &crate::support::token::Random::new("snappy").bytes(4000)].concat();
    let mut layer = harmless("x");
    layer.blob = snappy;
    layer.media_type = "application/vnd.example.layer.tar+snappy".to_owned();
    scan_spoilt("snappy", layer, |_, _| {});

    let (made, mut layer) = sound();
    layer.media_type = "application/vnd.example.unheard-of".to_owned();
    let image = Image::new("app:latest", [layer]);
    scan(&[Place::new("media").write("app.tar", Layout::of(&[&image]).files().archive())])
        .assert_found_only(&[&made]);
}

#[test]
fn a_magic_number_without_a_header() {
    // Method 7 of gzip does not exist.
    for (name, head) in [("gzip", &b"\x1f\x8b\x07\0"[..]), ("lz4", b"\x04\x22\x4d\x18\xff\xff")] {
        let mut layer = harmless("x");
        layer.blob = [head, &crate::support::token::Random::new(name).bytes(4000)].concat();
        let outcome = scan_spoilt(&format!("magic-{name}"), layer, |_, _| {});
        outcome.assert_error(&format!("it begins like {name}, but has no {name} header"));
    }
}

#[test]
fn absurd_sizes_in_tar_headers() {
    let sizes = [
        ("huge", base256(u64::MAX)),
        ("exabyte", base256(1 << 60)),
        ("octal", *b"77777777777\0"),
        ("garbage", *b"not a number"),
    ];
    for (name, size) in sizes {
        let header = Header { path: b"absurd", size: Some(size), ..Header::default() };
        let tar = Tar::new().file("before", "x").entry(&header, b"body").file("after", "x").finish();
        scan_spoilt(&format!("size-{name}"), Layer::new(&tar), |_, _| {});
    }
}

#[test]
fn a_long_name_of_absurd_size() {
    let header =
        Header { path: b"././@LongLink", kind: b'L', size: Some(base256(1 << 40)), ..Header::default() };
    let tar = Tar::new().entry(&header, b"name").file("x", "x").finish();
    scan_spoilt("long-name", Layer::new(&tar), |_, _| {});
}

#[test]
fn a_header_with_a_wrong_checksum() {
    let header = Header { path: b"bad", bad_checksum: true, ..Header::default() };
    let behind = Token::user("behind a bad header");
    let tar = Tar::new().file("a", "x").entry(&header, b"x").file("b", behind.bytes()).finish();
    let outcome = scan_spoilt("checksum", Layer::new(&tar), |_, _| {});
    // Bytes that belong to no header are still searched.
    assert_eq!(outcome.findings_of(&behind).len(), 1);
}

#[test]
fn a_layer_that_is_a_json_document() {
    let layer = Layer::stored(b"{\"not\": \"a layer\"}", crate::support::Compression::Plain);
    let outcome = scan_spoilt("json-layer", layer, |_, _| {});
    outcome.assert_error("not a tar archive");
}

#[test]
fn a_layer_that_is_no_tar() {
    let made = Token::user("in no tar");
    let text = format!("{} {}", "words ".repeat(300), made.text());
    let outcome = scan_spoilt("no-tar", Layer::new(text.as_bytes()), |_, _| {});
    assert_eq!(outcome.findings_of(&made).len(), 1);
}

#[test]
fn a_bomb_of_a_thousand_to_one_is_read_to_its_end() {
    let made = Token::user("behind the bomb");
    let tar = Tar::new().file("swap", vec![0; 256 << 20]).file("end", made.bytes()).finish();
    let place = Place::new("bomb");
    for compression in [crate::support::Compression::Gzip, crate::support::Compression::Zstd] {
        let layer = Layer::stored(&tar, compression);
        let image = Image::new("app:latest", [layer]);
        let archive = place.write("app.tar", Layout::of(&[&image]).files().archive());
        scan(&[archive]).assert_found_only(&[&made]);
    }
}

#[test]
fn an_archive_whose_layer_links_lead_in_a_circle_or_out() {
    let image = Image::new("app:latest", [harmless("linked"), sound().1]);
    let name = format!("{}.tar", &image.layers[0].diff_id["sha256:".len()..]);
    let place = Place::new("links");
    for (case, target) in
        [("self", name.as_str()), ("out", "../../../../etc/passwd"), ("absolute", "/etc/passwd")]
    {
        let mut files = docker_archive(&[&image]);
        files.remove(&name);
        files.0.insert(0, (name.clone(), Item::Symlink(target.to_owned())));
        let outcome = scan(&[place.write(&format!("{case}.tar"), files.archive())]);
        assert_rest_audited(&outcome, "layer 0");
        files.write_dir(&place.join(case));
    }
}

#[test]
fn a_blob_of_a_layout_that_leads_out_of_it() {
    let place = Place::new("escape");
    let layer = harmless("outside");
    let outside = place.write("outside", &layer.blob);
    let image = Image::new("app:latest", [layer.clone(), sound().1]);
    let mut files = Layout::of(&[&image]).files();
    let blob = blob_path(&layer.digest());
    files.remove(&blob);
    files.0.push((blob, Item::Symlink(outside.to_str().unwrap().to_owned())));
    files.write_dir(&place.join("layout"));
    assert_rest_audited(&scan(&[place.join("layout")]), "layer 0");
}

#[test]
fn a_file_and_a_directory_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new("permission");
    let image = Image::new("app:latest", [sound().1]);
    Layout::of(&[&image]).files().write_dir(&place.join("layout"));
    let shut = |path: &PathBuf, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let blobs = place.join("layout/blobs");
    shut(&blobs, 0);
    if std::fs::read_dir(&blobs).is_ok() {
        // Root can read everything. In that case, the test uses a directory in place of a blob.
        shut(&blobs, 0o755);
        let layer = place.join("layout").join(blob_path(&image.layers[0].digest()));
        std::fs::remove_file(&layer).unwrap();
        std::fs::create_dir(&layer).unwrap();
    }
    let outcome = scan(&[place.join("layout")]);
    assert_eq!(outcome.code, 2);
    outcome.assert_error("");
    shut(&blobs, 0o755);
}
