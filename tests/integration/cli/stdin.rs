//! An archive on standard input, which is read once and in its own order.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::support::expect::{fate, spot};
use crate::support::files::{gzip, zstd};
use crate::support::image::{docker_archive, hybrid_archive, old_docker_archive};
use crate::support::{
    Compression, Files, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan_with, token,
};

const CACHED: &str = "data/hf/token";

fn made() -> Token {
    Token::user("stdin")
}

/// Returns an image with a token in a moved cache, deleted by the second layer. The config, which gives the
/// place of the cache, may come last.
fn image(compression: Compression) -> Image {
    let secret = token::shapeless("stdin");
    let first = Tar::new().file(CACHED, secret).file("srv/x", made().bytes()).finish();
    let second = Tar::new().whiteout(CACHED).finish();
    let layers = [first, second].map(|tar| Layer::stored(&tar, compression));
    Image::new("app:latest", layers).env(&["HF_HOME=/data/hf"])
}

#[track_caller]
fn assert_both(outcome: &Outcome, case: &str) {
    assert_eq!(outcome.errors().len(), 0, "{case}: {:#}", outcome.report()["errors"]);
    assert_eq!(outcome.findings().len(), 2, "{case}: {:#}", outcome.report()["findings"]);
    assert_eq!(spot(outcome.location_of(&made(), "image/token-in-file")), (0, "srv/x"), "{case}");
    let cached = outcome.findings().iter().find(|finding| finding["rule"] == "image/cached-token");
    let location = &cached.unwrap_or_else(|| panic!("{case}: no cached token"))["location"];
    assert_eq!((spot(location), fate(location)), ((0, CACHED), ("deleted", Some(1))), "{case}");
    assert_eq!(outcome.report()["targets"][0]["target"], "-");
    assert_eq!(outcome.code, 1, "{case}");
}

fn forms() -> Vec<(&'static str, Files)> {
    let mut oci_last = Layout::of(&[&image(Compression::Zstd)]).files();
    oci_last.move_last("oci-layout");
    oci_last.move_last("index.json");
    let mut oci_backward = Layout::of(&[&image(Compression::Gzip)]).files();
    oci_backward.reverse();
    let mut docker_first = docker_archive(&[&image(Compression::Plain)]);
    docker_first.reverse();
    vec![
        ("oci, index first", Layout::of(&[&image(Compression::Gzip)]).files()),
        ("oci, index last", oci_last),
        ("oci, backward", oci_backward),
        ("docker, manifest last", docker_archive(&[&image(Compression::Plain)])),
        ("docker, manifest first", docker_first),
        ("docker, old", old_docker_archive(&[&image(Compression::Plain)])),
        ("docker, hybrid", hybrid_archive(&[&image(Compression::Gzip)])),
    ]
}

#[test]
fn through_a_pipe_in_any_order() {
    for (case, files) in forms() {
        assert_both(&scan_with(&["-"], Stdin::Pipe(&files.archive())), case);
    }
}

#[test]
fn through_a_pipe_compressed() {
    for (case, files) in forms() {
        assert_both(&scan_with(&["-"], Stdin::Pipe(&gzip(&files.archive()))), case);
        assert_both(&scan_with(&["-"], Stdin::Pipe(&zstd(&files.archive()))), case);
    }
}

#[test]
fn what_a_compressed_archive_holds_around_its_content() {
    let (named, skipped, behind) = (Token::user("named"), Token::user("skipped"), Token::user("behind"));
    let archive = Layout::of(&[&image(Compression::Plain)]).files().archive();
    let gz = flate2::GzBuilder::new().filename(named.text());
    let mut gz = gz.write(Vec::new(), flate2::Compression::fast());
    gz.write_all(&archive).unwrap();
    let gz = [gz.finish().unwrap(), behind.text().into()].concat();
    let frame = skipped.text().as_bytes();
    let frame = [b"\x50\x2a\x4d\x18", &u32::try_from(frame.len()).unwrap().to_le_bytes()[..], frame].concat();
    let place = Place::new("around");
    for (name, bytes, tokens) in [
        ("a.tar.gz", gz, vec![&named, &behind]),
        ("a.tar.zst", [frame, zstd(&archive)].concat(), vec![&skipped]),
    ] {
        let from_file = crate::support::scan(&[place.write(name, &bytes)]);
        for outcome in [from_file, scan_with(&["-"], Stdin::Pipe(&bytes))] {
            for token in &tokens {
                let finding = outcome.finding_of(token);
                assert_eq!(finding["location"]["kind"], "blob", "{name}");
            }
            outcome.finding_of(&made());
        }
    }
}

#[test]
fn from_a_file() {
    let place = Place::new("file");
    for (index, (case, files)) in forms().into_iter().enumerate() {
        let path = place.write(&format!("{index}.tar"), files.archive());
        assert_both(&scan_with(&["-"], Stdin::File(&path)), case);
    }
}

#[test]
fn what_it_is_told_on_standard_input_is_as_a_file_would_be() {
    let place = Place::new("same");
    for (index, (case, files)) in forms().into_iter().enumerate() {
        let path = place.write(&format!("{index}.tar"), files.archive());
        let from_file = crate::support::scan(&[&path]);
        let piped = scan_with(&["-"], Stdin::Pipe(&files.archive()));
        assert_eq!(from_file.code, piped.code, "{case}");
        let name = path.to_str().unwrap();
        from_file.report();
        let renamed = from_file.stdout.replace(name, "-");
        assert_eq!(piped.stdout, renamed, "{case}");
    }
}

#[test]
fn nothing_at_all_is_an_error() {
    let outcome = scan_with(&["-"], Stdin::Empty);
    assert_eq!(outcome.code, 2);
    outcome.assert_error("");
    assert_eq!(scan_with(&["-"], Stdin::Pipe(b"not an image\n")).code, 2);
}

#[test]
fn what_breaks_off_is_incomplete() {
    let archive = Layout::of(&[&image(Compression::Plain)]).files().archive();
    let outcome = scan_with(&["-"], Stdin::Pipe(&archive[..archive.len() / 2]));
    assert_ne!(outcome.code, 0);
    assert!(!outcome.errors().is_empty());
}

#[track_caller]
fn assert_one_error(outcome: &Outcome, says: &str) {
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.errors().len(), 1, "{:#}", outcome.report()["errors"]);
    let message = outcome.errors()[0]["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
}

#[test]
fn what_is_no_archive_is_one_error_that_says_what_to_do() {
    let empty = "standard input is empty";
    assert_one_error(&scan_with(&["-"], Stdin::Empty), empty);
    assert_one_error(&scan_with(&["-"], Stdin::Pipe(b"")), empty);
    let other = "standard input is not an image archive";
    let text = scan_with(&["-"], Stdin::Pipe(b"just text\n"));
    assert_one_error(&text, other);
    assert_one_error(&text, "file:/dev/stdin");
    let dockerfile = scan_with(&["-"], Stdin::Pipe(b"FROM alpine\nRUN true\n"));
    assert_one_error(
        &dockerfile,
        "standard input is not an image archive; stowaway scan dockerfile:/dev/stdin reads a Dockerfile",
    );
    assert_one_error(&scan_with(&["-"], Stdin::Pipe(&gzip(b"just text\n"))), "not a tar archive");
    assert_one_error(&scan_with(&["-"], Stdin::Pipe(&[0; 10240])), "it has no entries");
    let xz = [&b"\xfd7zXZ\0"[..], &[1; 600]].concat();
    assert_one_error(&scan_with(&["-"], Stdin::Pipe(&xz)), "the xz stream is corrupt");
    assert_one_error(&scan_with(&["/dev/null"], Stdin::Empty), "it is empty");
    let pipe = scan_with(&["/dev/stdin"], Stdin::Pipe(b"FROM alpine\nRUN true\n"));
    assert_one_error(
        &pipe,
        "it is not an image archive; stowaway scan dockerfile:/dev/stdin reads a Dockerfile",
    );
}

#[test]
fn other_forms_read_standard_input_too() {
    let text = format!("FROM alpine\nENV HF_TOKEN={}\n", made().text());
    for target in ["dockerfile:-", "dockerfile:/dev/stdin"] {
        let outcome = scan_with(&[target], Stdin::Pipe(text.as_bytes()));
        assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{target}");
        assert_eq!(outcome.report()["targets"][0]["kind"], "dockerfile", "{target}");
    }
    let outcome = scan_with(&["file:-"], Stdin::Pipe(text.as_bytes()));
    assert_eq!((outcome.code, outcome.findings().len()), (1, 1));
    let archive = Layout::of(&[&image(Compression::Plain)]).files().archive();
    assert_eq!(scan_with(&["docker-archive:-"], Stdin::Pipe(&archive)).findings().len(), 2);
}

#[test]
fn progress_ends_at_the_total_that_was_announced() {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use stowaway::{Auditor, Control, Progress};

    #[derive(Default)]
    struct Counts(AtomicU64, AtomicU64);
    impl Progress for Counts {
        fn add_total(&self, bytes: u64) {
            self.0.fetch_add(bytes, Relaxed);
        }
        fn advance(&self, bytes: u64) {
            self.1.fetch_add(bytes, Relaxed);
        }
        fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
            Box::new(Part { whole: self, what: format!("{name}: {bytes}"), left: AtomicU64::new(bytes) })
        }
    }
    struct Part<'a> {
        whole: &'a Counts,
        what: String,
        left: AtomicU64,
    }
    impl Progress for Part<'_> {
        fn add_total(&self, bytes: u64) {
            self.whole.add_total(bytes);
        }
        fn advance(&self, bytes: u64) {
            self.left.fetch_sub(bytes, Relaxed);
            self.whole.advance(bytes);
        }
        fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_> {
            self.whole.part(name, bytes)
        }
    }
    impl Drop for Part<'_> {
        fn drop(&mut self) {
            let left = self.left.load(Relaxed);
            assert_eq!(left, 0, "{}", self.what);
        }
    }
    let place = Place::new("progress");
    let archive = Layout::of(&[&image(Compression::Gzip)]).files().archive();
    let plain = place.write("plain.tar", &archive).into_os_string();
    let packed = place.write("packed.tar", gzip(&archive)).into_os_string();
    let mut file = std::ffi::OsString::from("file:");
    file.push(&plain);
    for target in [plain, packed, file] {
        let counts = Counts::default();
        Auditor::builder().build().scan_with([&target], &Control { progress: &counts, ..Control::default() });
        let (total, read) = (counts.0.into_inner(), counts.1.into_inner());
        assert!(total > 0 && total == read, "{target:?}: {read} of {total}");
    }
}

#[test]
fn a_scan_that_takes_too_long_says_what_it_found_until_then() {
    // The child gets everything except the end of the archive, and then nothing for longer than the timeout.
    let mut files = Layout::of(&[&image(Compression::Plain)]).files();
    files.push("later", vec![b'x'; 4 << 20]);
    let archive = files.archive();
    let end = archive.len() - 4096;
    let place = Place::new("timeout");
    let text = place.write("log", [b"token: ", made().bytes(), b"\n"].concat());
    for (target, input) in [("-", &archive[..end]), ("file:-", &std::fs::read(text).unwrap()[..])] {
        let mut command =
            crate::support::run::command(&["scan", "--format", "json", "--timeout", "1s", target]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).unwrap();
        let status = child.wait().unwrap();
        drop(stdin);
        let mut report = String::new();
        child.stdout.take().unwrap().read_to_string(&mut report).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(status.code(), Some(1), "{target}: {report:#}");
        assert_eq!(report["complete"], false, "{target}");
        let errors = report["errors"].as_array().unwrap();
        let ended = "the audit ran out of time; what was found by then is reported";
        let ended: Vec<_> = errors.iter().filter(|error| error["message"] == ended).collect();
        assert_eq!((ended.len(), &ended[0]["code"]), (1, &"timed-out".into()), "{target}: {errors:?}");
        assert!(!report["findings"].as_array().unwrap().is_empty(), "{target}");
    }
}
