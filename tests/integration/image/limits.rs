//! Limits. Anything beyond them is named in an error, has a bounded cost, and never passes as clean.

use std::path::Path;

use crate::support::broken::{harmless, sound};
use crate::support::expect::assert_readable;
use crate::support::files::{gzip, zstd_with_window};
use crate::support::image::{MANIFEST, blob_path, digest, docker_archive};
use crate::support::tar::Header;
use crate::support::{
    Compression, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, scan_measured, stowaway,
};
use serde_json::json;

/// The maximum number of listed tokens of one file.
const LISTED: usize = 1000;

fn tokens(count: usize) -> Vec<Token> {
    (0..count).map(|n| Token::user(&format!("limit {n}"))).collect()
}

/// Returns the tokens, one on each line.
fn lines(tokens: &[Token]) -> Vec<u8> {
    tokens.iter().flat_map(|token| [token.bytes(), b"\n"].concat()).collect()
}

/// Scans an archive, and asserts that the scan takes little time and memory.
#[track_caller]
fn scan_cheaply(archive: &Path) -> Outcome {
    let (outcome, cost) = scan_measured(&[archive]);
    assert!(cost.seconds < 20.0, "{cost:?}");
    assert!(cost.peak < 200, "{cost:?}");
    assert!((0..=2).contains(&outcome.code), "{}", outcome.stderr);
    for error in outcome.errors() {
        assert_readable(error["message"].as_str().unwrap());
    }
    outcome
}

/// Scans an archive like [`scan_cheaply`], but writes the report to a file because it is too large to inspect.
#[track_caller]
fn scan_large_cheaply(archive: &Path) {
    let report = archive.with_extension("json");
    let (outcome, cost) = scan_measured(&[Path::new("--output"), &report, archive]);
    assert!(cost.seconds < 20.0, "{cost:?}");
    assert!(cost.peak < 200, "{cost:?}");
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    std::fs::remove_file(report).unwrap();
}

/// Asserts that the maximum number of tokens of a file is listed, including the first one, and that an error
/// reports the limit.
#[track_caller]
fn assert_listed(outcome: &Outcome, first: &Token) {
    assert_eq!((outcome.findings().len(), outcome.code), (LISTED, 1));
    outcome.finding_of(first);
    assert!(outcome.assert_error("not all are listed").contains("1000"));
}

#[test]
fn an_image_of_ostree_with_hundreds_of_thousands_of_links() {
    use std::fmt::Write as _;

    use sha2::Digest as _;

    let made = Token::user("an object of ostree");
    let object = |n: u32| {
        let hash = sha2::Sha256::digest(n.to_le_bytes());
        let hex = hash.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        format!("sysroot/ostree/repo/objects/{}/{}.file", &hex[..2], &hex[2..])
    };
    let path = |n: u32| format!("usr/lib/python3.12/site-packages/package{}/module/file{n}.py", n % 500);
    let count = 120_000;
    let objects = (0..count)
        .fold(Tar::new(), |tar, n| tar.file(object(n), if n == 77_777 { made.bytes() } else { b"" }));
    let tar = (0..count).fold(objects, |tar, n| tar.hard_link(path(n), object(n))).finish();
    let place = Place::new("ostree");
    let archive =
        place.write("app.tar", docker_archive(&[&Image::new("app:latest", [Layer::new(&tar)])]).archive());
    let (outcome, cost) = scan_measured(&[&archive]);
    outcome.assert_found_only(&[&made]);
    assert_eq!(outcome.report()["complete"], true, "{:#}", outcome.report());
    let finding = outcome.finding_of(&made);
    assert_eq!(finding["location"]["path"], object(77_777));
    assert_eq!(finding["also"][0]["path"], path(77_777));
    assert!(cost.peak < 100, "{cost:?}");
}

/// Without the setting of the allocator (`src/cli/allocator.rs`), each thread keeps the largest window that it ever had.
#[test]
fn windows_of_many_threads_go_back_to_the_system() {
    let made = Token::user("in a layer with a large window");
    let layers = (0..48).map(|n: u32| {
        let text = format!("line of layer {n}, like all others of it\n").repeat(400_000);
        let tar = Tar::new()
            .file("srv/text", text)
            .file("srv/key", if n == 40 { made.bytes() } else { b"" })
            .finish();
        Layer { blob: zstd_with_window(&tar, 23), ..Layer::stored(&tar, Compression::Zstd) }
    });
    let place = Place::new("windows");
    let archive = place.write("app.tar", Layout::of(&[&Image::new("app:latest", layers)]).files().archive());
    let (outcome, cost) = scan_measured(&[Path::new("--jobs"), Path::new("48"), &archive]);
    outcome.assert_found_only(&[&made]);
    assert!(cost.peak < 125, "{cost:?}");
}

#[test]
fn more_tokens_in_a_blob_than_are_listed() {
    let tokens = tokens(141_000);
    let bytes = lines(&tokens);
    let place = Place::new("blob");
    let layer = |blob: Vec<u8>| Layer {
        diff_id: digest(&bytes),
        blob,
        media_type: "application/octet-stream".to_owned(),
    };
    for (case, blob) in [("plain", bytes.clone()), ("gzip", gzip(&bytes))] {
        let mut layout = Layout::of(&[&Image::new("app:latest", [harmless("x")])]);
        layout.blob(&blob);
        let archive = place.write(&format!("orphan-{case}.tar"), layout.files().archive());
        assert_listed(&scan_cheaply(&archive), &tokens[0]);

        let image = Image::new("app:latest", [harmless("x"), layer(blob)]);
        let archive = place.write(&format!("layer-{case}.tar"), Layout::of(&[&image]).files().archive());
        let outcome = scan_cheaply(&archive);
        assert_listed(&outcome, &tokens[0]);
        outcome.assert_error("layer 1");
    }
    let file = place.write("tokens.txt", &bytes);
    assert_listed(&scan(&[format!("file:{}", file.display())]), &tokens[0]);
}

#[test]
fn more_tokens_in_a_layers_file_than_are_listed() {
    let tokens = tokens(20_000);
    let tar = Tar::new().file("var/keys", lines(&tokens)).file("srv/key", sound().0.bytes()).finish();
    let image = Image::new("app:latest", [Layer::new(&tar)]);
    let archive = Place::new("file").write("app.tar", Layout::of(&[&image]).files().archive());
    let outcome = scan_cheaply(&archive);
    outcome.finding_of(&tokens[0]);
    outcome.finding_of(&sound().0);
    assert_eq!((outcome.findings().len(), outcome.code), (LISTED + 1, 1));
    assert!(outcome.assert_error("layer 0").contains("not all are listed"));
}

#[test]
fn more_names_than_are_kept() {
    let long = |n: usize| format!("{n}/{}", "d/".repeat(10_000));
    let names = (0..1200).fold(Tar::new(), |tar, n| tar.file(long(n), "x"));
    let links = (0..1200).fold(Tar::new(), |tar, n| tar.symlink(long(n), "x"));
    let place = Place::new("names");
    let archive = docker_archive(&[&Image::new("app:latest", [sound().1])]).archive();
    let whole = names.clone().raw(&archive).finish();
    scan_cheaply(&place.write("archive.tar", &whole)).assert_error("not all are listed");
    scan_cheaply(&place.write("archive.tar.gz", gzip(&whole))).assert_error("not all are listed");
    let image = Image::new("app:latest", [sound().1, Layer::new(&links.finish())]);
    let archive = place.write("layer.tar", Layout::of(&[&image]).files().archive());
    scan_cheaply(&archive).assert_error("not all are listed");
}

#[test]
fn messages_about_limits_are_one_line_each() {
    let tokens = tokens(1500);
    let mut layout = Layout::of(&[&Image::new("app:latest", [harmless("x")])]);
    layout.blob(&lines(&tokens));
    let mut files = layout.files();
    // Two entries with the same name are an error that contains the name. The name has line breaks.
    files.push("x\nerror: forged\r\u{1b}[2J", "one");
    files.push("x\nerror: forged\r\u{1b}[2J", "two");
    let archive = Place::new("lines").write("app.tar", files.archive());
    let json = scan(&[&archive]);
    assert_eq!(json.errors().len(), 2);
    let text = stowaway(&["scan", "--color", "never", archive.to_str().unwrap()], Stdin::Empty);
    assert_eq!(text.code, 1);
    let all = text.stdout + &text.stderr;
    let mut limits = all.lines().filter(|line| line.contains("not all are listed"));
    assert_readable(limits.next().expect("the limit is named"));
    assert_eq!(limits.next(), None, "it is said once");
    assert!(all.contains("two entries of that name"));
    assert!(!all.lines().any(|line| line.trim_start().starts_with("error: forged")));
    assert!(!all.contains(['\u{1b}', '\r']));
}

#[test]
fn a_long_key_over_many_strings_is_cheap() {
    let mut image = Image::new("app:latest", [sound().1]);
    image.config["config"][&"k".repeat(20_000)] = json!(vec![""; 100_000]);
    let place = Place::new("key");
    let archive = place.write("config.tar", Layout::of(&[&image]).files().archive());
    scan_cheaply(&archive).assert_found_only(&[&sound().0]);
    // The document is unreferenced, and has a value that looks like that of a variable.
    let mut layout = Layout::of(&[&Image::new("app:latest", [sound().1])]);
    layout.document("application/json", &json!({"k".repeat(20_000): vec!["HF_TOKEN="; 100_000]}));
    let archive = place.write("loose.tar", layout.files().archive());
    scan_cheaply(&archive).assert_found_only(&[&sound().0]);
}

#[test]
fn long_fields_with_many_tokens_are_cheap() {
    let tokens = tokens(2000);
    let mut image = Image::new("app:latest", [sound().1]);
    let values: Vec<_> = tokens.iter().map(Token::text).collect();
    image.config["config"][&"k".repeat(20_000)] = json!(values);
    let archive = Place::new("field").write("app.tar", Layout::of(&[&image]).files().archive());
    let outcome = scan_cheaply(&archive);
    outcome.finding_of(&sound().0);
    assert_eq!(outcome.code, 1);
}

#[test]
fn more_layers_than_are_told_apart() {
    let mut layout = Layout::new();
    let (made, layer) = sound();
    let manifest = layout.add(&Image::new("app", vec![layer; 2000]));
    let layout = (0..5000).fold(layout, |layout, n| {
        let mut descriptor = manifest.clone();
        descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": format!("tag{n}")});
        layout.entry(descriptor)
    });
    let outcome = scan_cheaply(&Place::new("manifests").write("app.tar", layout.files().archive()));
    outcome.finding_of(&made);
    outcome.assert_error("layers");
    assert_eq!(outcome.code, 1);
}

#[test]
fn one_layer_listed_ten_thousand_times() {
    let tokens = tokens(1000);
    let place = Place::new("layers");
    let archive = |listed: &[Token]| {
        let layer = Layer::new(&Tar::new().file("var/keys", lines(listed)).finish());
        let image = Image::new("app:latest", vec![layer; 10_000]);
        place.write(&format!("{}.tar", listed.len()), Layout::of(&[&image]).files().archive())
    };
    scan_large_cheaply(&archive(&tokens));
    let outcome = scan_cheaply(&archive(&tokens[..10]));
    outcome.finding_of(&tokens[0]);
    outcome.assert_error("layers");
    assert_eq!((outcome.findings().len(), outcome.code), (10, 1));
}

#[test]
fn a_command_of_a_megabyte_with_many_tokens() {
    let tokens = tokens(500);
    let step = |token: &Token| format!("echo {} {}; ", token.text(), "word ".repeat(400));
    let command: String = tokens.iter().map(step).collect();
    assert!(command.len() > 1_000_000);
    let layer = Layer::new(&Tar::new().file("var/keys", lines(&tokens)).finish());
    let image = Image::new("app:latest", [layer]).history(json!([{"created_by": command}]));
    let outcome =
        scan_cheaply(&Place::new("command").write("app.tar", Layout::of(&[&image]).files().archive()));
    assert_eq!(outcome.findings_of(&tokens[0]).len(), 2, "in the file and in the history");
    assert_eq!((outcome.findings().len(), outcome.code), (1000, 1));
}

#[test]
fn a_path_of_400_kilobytes_with_many_tokens() {
    scan_large_cheaply(&archive_with_long_record("path", 2000, &|path| {
        Tar::new().pax_named(path, sound().0.bytes())
    }));
}

#[test]
fn a_record_of_400_kilobytes_with_many_tokens() {
    let archive = archive_with_long_record("record", 2000, &|text| {
        Tar::new().pax_global(&[("comment", text)]).file("srv/key", sound().0.bytes())
    });
    let outcome = scan_cheaply(&archive);
    outcome.finding_of(&sound().0);
    assert!(outcome.assert_error("layer 0").contains("1000"));
    assert_eq!(outcome.code, 1);
}

/// Returns an image with a layer that holds a text of 400 kB with tokens. `put` chooses the place of the text.
fn archive_with_long_record(name: &str, count: usize, put: &dyn Fn(&[u8]) -> Tar) -> std::path::PathBuf {
    let parts = tokens(count).into_iter().map(|t| format!("{}/{}", t.text(), "directory/".repeat(16)));
    let text: String = parts.collect();
    assert!(text.len() > 390_000);
    let image = Image::new("app:latest", [Layer::new(&put(text.as_bytes()).finish())]);
    Place::new(name).write("app.tar", Layout::of(&[&image]).files().archive())
}

#[test]
fn an_archive_with_many_tokens_between_its_entries() {
    let tokens = tokens(3000);
    let named = tokens
        .iter()
        .fold(Tar::new(), |tar, token| tar.entry(&Header { path: token.bytes(), ..Header::default() }, b"x"));
    let archive = Layout::of(&[&Image::new("app:latest", [sound().1])]).files().archive();
    let archive = named.raw(&archive).unfinished();
    let place = Place::new("around");
    for (case, bytes) in [("plain", archive.clone()), ("gzip", gzip(&archive))] {
        let outcome = scan_cheaply(&place.write(case, bytes));
        outcome.finding_of(&sound().0);
        outcome.assert_error("not all are listed");
        assert_eq!(outcome.code, 1);
    }
}

#[test]
fn a_manifest_too_large_to_be_one() {
    let mut layout = Layout::new();
    let mut manifest = Image::new("app", [sound().1]).manifest();
    manifest["annotations"] = json!({"note": "x".repeat(5 << 20)});
    let descriptor = layout.document(MANIFEST, &manifest);
    layout.blob(&sound().1.blob);
    let outcome =
        scan_cheaply(&Place::new("large").write("app.tar", layout.entry(descriptor).files().archive()));
    outcome.assert_error("too large");
    let found = outcome.finding_of(&sound().0);
    assert_eq!(found["location"]["entry"], *blob_path(&sound().1.digest()));
}
