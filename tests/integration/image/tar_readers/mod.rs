//! Tar archives as other readers see them: generated archives are unpacked by `umoci`, which reads them with Go's
//! `archive/tar` like every container engine, and by Python's `tarfile`.
//!
//! `STOWAWAY_TARS` sets the number of archives, and `STOWAWAY_TARS_SEED` the first seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::tar::Header;
use crate::support::{Compression, Image, Layer, Layout, Outcome, Place, Tar, Token, scan, tools};

mod generator;

use generator::{BLOCK, Made, made, octal, seal};

/// The number of archives of an ordinary run.
const ARCHIVES: u64 = 60;

/// The entries that a reader sees in an archive.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    /// The paths of the files that hold each token.
    Files(BTreeMap<usize, BTreeSet<String>>),
    /// It is refused.
    Refused,
    /// The program refuses a type of entry that its reader of archives knows.
    Unknown,
}

/// Unpacks an image with `umoci`.
fn unpacked_by_umoci(place: &Place, layout: &Path, tokens: &[Token]) -> Read {
    let root = place.join("rootfs");
    drop(fs::remove_dir_all(&root));
    let image = format!("{}:app", tools::text(layout));
    let mut command = Command::new("umoci");
    command.args(["raw", "unpack"]).args(tools::rootless()).args(["--image", &image]).arg(&root);
    let output = command.output().unwrap_or_else(|error| {
        panic!("umoci did not start ({error}): run `make test`, which installs what the tests need")
    });
    if !output.status.success() {
        let is_unknown = String::from_utf8_lossy(&output.stderr).contains("unknown typeflag");
        return if is_unknown { Read::Unknown } else { Read::Refused };
    }
    let mut held = BTreeMap::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                directories.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                note_tokens(&bytes, &name, tokens, &mut held);
            }
        }
    }
    Read::Files(held)
}

fn note_tokens(bytes: &[u8], name: &str, tokens: &[Token], held: &mut BTreeMap<usize, BTreeSet<String>>) {
    for (nth, token) in tokens.iter().enumerate() {
        if memchr::memmem::find(bytes, token.bytes()).is_some() {
            held.entry(nth).or_default().insert(name.to_owned());
        }
    }
}

/// Prints each regular file of a tar archive on a line of its own: its name and its content, in hex.
const PYTHON: &str = "import sys, tarfile\n\
    for member in tarfile.open(sys.argv[1], 'r:'):\n\
    \x20   if member.isfile(): print(member.name, tarfile.open(sys.argv[1], 'r:').extractfile(member).read().hex())";

fn unpacked_by_python(tar: &Path, tokens: &[Token]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut held = BTreeMap::new();
    for line in tools::run("python3", &["-c", PYTHON, tools::text(tar)]).lines() {
        let (name, hex) = line.split_once(' ').unwrap();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(byte).collect();
        note_tokens(&bytes, name, tokens, &mut held);
    }
    held
}

/// Returns the paths at which each token is present.
fn present(outcome: &Outcome, tokens: &[Token]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut held: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (nth, token) in tokens.iter().enumerate() {
        for finding in outcome.findings_of(token) {
            let also = finding["also"].as_array().into_iter().flatten();
            for location in std::iter::once(&finding["location"]).chain(also) {
                let via = location["via"].as_array().map_or(0, Vec::len);
                if location["state"] == "present" && via == 0 {
                    held.entry(nth).or_default().insert(location["path"].as_str().unwrap().to_owned());
                }
            }
        }
    }
    held
}

#[test]
fn archives_are_read_as_go_reads_them() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("STOWAWAY_TARS_SEED").unwrap_or(0);
    let (mut refused, mut differing) = (0, Vec::new());
    for seed in first..first + number("STOWAWAY_TARS").unwrap_or(ARCHIVES) {
        let place = Place::new("generated");
        let Made { tar, tokens, features, is_plain } = made(seed);
        let image = Image::new("app", [Layer::stored(&tar, Compression::Plain)]);
        let layout = place.join("layout");
        drop(fs::remove_dir_all(&layout));
        Layout::of(&[&image]).files().write_dir(&layout);
        let outcome = scan(&[format!("oci:{}", tools::text(&layout))]);
        for token in &tokens {
            assert!(
                !outcome.findings_of(token).is_empty(),
                "seed {seed} {features:?}: {:#}",
                outcome.report()
            );
        }
        let ours = present(&outcome, &tokens);
        let go = unpacked_by_umoci(&place, &layout, &tokens);
        refused += u64::from(go == Read::Refused);
        let is_complete = outcome.report()["complete"] == true;
        let agrees = match &go {
            Read::Files(go) => is_complete && *go == ours,
            Read::Refused => !is_complete,
            Read::Unknown => true,
        };
        let python = is_plain.then(|| unpacked_by_python(&place.write("layer.tar", &tar), &tokens));
        let agrees = agrees && python.as_ref().is_none_or(|python| *python == ours);
        if !agrees {
            differing.push(format!(
                "seed {seed}, {features:?}\n  ours {ours:?}, complete: {is_complete}\n  Go {go:?}\n  Python {python:?}\n  {}",
                outcome.report()["errors"]
            ));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert!(refused > 0, "none of them is refused");
}

/// Scans an image with one layer.
#[track_caller]
fn scan_tar(tar: &[u8]) -> Outcome {
    let place = Place::new("by-hand");
    let image = Image::new("app", [Layer::stored(tar, Compression::Plain)]);
    scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())])
}

#[test]
fn headers_that_readers_understand_differently() {
    let token = Token::user("headers");
    let body = token.bytes();
    let file = || Tar::new().file("name", body);
    let v7 = |name: &str, size: usize| {
        let mut tar = Tar::new()
            .entry(&Header { path: name.as_bytes(), kind: 0, ..Header::default() }, &vec![b'x'; size]);
        tar = tar.file("behind", "x");
        tar.finish()
    };
    for (form, tar, path) in [
        (
            "two pax headers",
            Tar::new().pax(&[("path", b"first")]).pax(&[("comment", b"x")]).file("name", body),
            "name",
        ),
        (
            "two pax headers",
            Tar::new().pax(&[("path", b"first")]).pax(&[("path", b"last")]).file("name", body),
            "last",
        ),
        ("an empty path", Tar::new().pax(&[("path", b"")]).file("name", body), "name"),
        (
            "a long name before a pax header",
            Tar::new()
                .entry(&Header { path: b"x", kind: b'L', ..Header::default() }, b"long\0")
                .pax(&[("path", b"pax")])
                .file("name", body),
            "long",
        ),
        (
            "a long name after a pax header",
            Tar::new()
                .pax(&[("path", b"pax")])
                .entry(&Header { path: b"x", kind: b'L', ..Header::default() }, b"long\0")
                .file("name", body),
            "long",
        ),
        (
            "a pax header before a global one",
            Tar::new().pax(&[("path", b"pax")]).pax_global(&[("comment", b"x")]).file("name", body),
            "name",
        ),
        ("a path twice", Tar::new().pax(&[("path", b"one"), ("path", b"two")]).file("name", body), "two"),
        ("a file whose name ends in a slash", Tar::new().file("name/", body), "name"),
    ] {
        let outcome = scan_tar(&tar.finish());
        outcome.assert_found_only(&[&token]);
        assert_eq!(outcome.location_of(&token, "image/token-in-file")["path"], path, "{form}");
        assert_eq!(outcome.report()["complete"], true, "{form}: {:#}", outcome.report());
    }
    // A directory of V7 has no body, whatever its size says.
    let mut directory = v7("dir/", 0);
    let block: &mut [u8; BLOCK] = directory.first_chunk_mut().unwrap();
    octal(&mut block[124..136], 100);
    seal(block, false);
    directory.splice(BLOCK.., file().finish());
    let outcome = scan_tar(&directory);
    outcome.assert_found_only(&[&token]);
    assert_eq!(outcome.location_of(&token, "image/token-in-file")["path"], "name");
    assert_eq!(outcome.report()["complete"], true, "{:#}", outcome.report());
    for (form, tar) in [
        (
            "malformed pax record",
            Tar::new()
                .entry(&Header { path: b"x", kind: b'x', ..Header::default() }, b"9 path=ab")
                .file("name", body),
        ),
        (
            "malformed pax record",
            Tar::new()
                .entry(&Header { path: b"x", kind: b'g', ..Header::default() }, b"garbage")
                .file("name", body),
        ),
        ("not a size", Tar::new().pax(&[("size", b"-1")]).file("name", body)),
        ("not a number", Tar::new().pax(&[("mtime", b"now")]).file("name", body)),
        ("an invalid map", Tar::new().pax(&[("GNU.sparse.map", b"0,1")]).file("name", body)),
        ("a single block of zeros", Tar::new().file("x", "").raw(&[0; BLOCK]).file("name", body)),
    ] {
        let outcome = scan_tar(&tar.finish());
        outcome.finding_of(&token);
        assert!(outcome.assert_error("refuse").contains(form), "{form}: {:#}", outcome.report());
    }
}
