//! Every entry of a layer is searched, whatever its kind, name and headers.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::expect::{assert_fields, assert_readable, spot};
use crate::support::{Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, stowaway, tar::Header};
use base64::Engine as _;
use serde_json::json;

fn archive(tar: &[u8]) -> std::path::PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let place = Place::new(&format!("case{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let image = Image::new("app:latest", [Layer::new(tar)]);
    place.write("app.tar", Layout::of(&[&image]).files().archive())
}

#[track_caller]
fn scan_tar(tar: Tar) -> Outcome {
    scan(&[archive(&tar.finish())])
}

#[test]
fn long_names() {
    let long = format!("{}/{}/key", "d".repeat(120), "e".repeat(200));
    let made = Token::user("long");
    for tar in [Tar::new().file(&long, made.bytes()), Tar::new().pax_named(long.as_bytes(), made.bytes())] {
        let outcome = scan_tar(tar);
        outcome.assert_found_only(&[&made]);
        assert_eq!(spot(outcome.location_of(&made, "image/token-in-file")), (0, long.as_str()));
    }
}

#[test]
fn sparse_files_at_their_real_offsets() {
    let made = Token::user("sparse");
    let head = [b'x'; 512];
    let at = 40 << 20;
    let pieces = [(0, &head[..]), (at, made.bytes())];
    let size = at + made.bytes().len() as u64;
    for tar in [Tar::new().gnu_sparse("swap", &pieces, size), Tar::new().pax_sparse("swap", &pieces, size)] {
        let outcome = scan_tar(tar);
        outcome.assert_found_only(&[&made]);
        let location = outcome.location_of(&made, "image/token-in-file");
        assert_eq!(location["path"], "swap");
        assert_eq!(location["offset"], at);
    }
}

#[test]
fn a_token_that_two_pieces_of_a_sparse_file_make_up() {
    // The pieces are adjacent, without a hole. They are stored as whole blocks.
    let made = Token::user("two pieces");
    let mut first = vec![b' '; 512 - 10];
    first.extend_from_slice(&made.bytes()[..10]);
    let pieces = [(0, &first[..]), (512, &made.bytes()[10..])];
    let outcome = scan_tar(Tar::new().gnu_sparse("swap", &pieces, 512 + 27));
    outcome.assert_found_only(&[&made]);
}

#[test]
fn headers_of_the_pax_format() {
    let made = Token::user("xattr");
    let outcome = scan_tar(Tar::new().pax(&[("SCHILY.xattr.user.note", made.bytes())]).file("etc/x", "x"));
    outcome.assert_found_only(&[&made]);
    assert_eq!(outcome.location_of(&made, "image/token-in-file")["path"], "etc/x");

    let made = Token::user("comment");
    scan_tar(Tar::new().pax_global(&[("comment", made.bytes())]).file("etc/x", "x"))
        .assert_found_only(&[&made]);
}

#[test]
fn names_and_link_targets_that_hold_a_token() {
    let made = Token::user("name");
    let name = format!("srv/{}.txt", made.text());
    for tar in [
        Tar::new().file(&name, "x"),
        Tar::new().dir(&name),
        Tar::new().symlink("srv/link", format!("/run/{}", made.text())),
        Tar::new().whiteout(&name),
    ] {
        let outcome = scan_tar(tar);
        assert_eq!(outcome.findings_of(&made).len(), 1, "{:#}", outcome.report());
        assert_eq!(outcome.code, 1);
    }
}

#[test]
fn a_name_that_holds_a_token_is_masked_where_it_is_shown() {
    let (named, inside) = (Token::user("in the name"), Token::user("in the file"));
    let path = format!("srv/{}.txt", named.text());
    let outcome = scan_tar(Tar::new().file(path, inside.bytes()));
    assert_eq!(outcome.finding_of(&inside)["location"]["path"], format!("srv/{}.txt", named.redacted()));
}

#[test]
fn names_that_are_not_utf8() {
    let made = Token::user("bytes");
    let name = b"srv/caf\xe9/key";
    let outcome = scan_tar(Tar::new().file(name, made.bytes()));
    outcome.assert_found_only(&[&made]);
    let encoded = base64::engine::general_purpose::STANDARD.encode(name);
    assert_fields(
        outcome.location_of(&made, "image/token-in-file"),
        &json!({"path": "srv/caf\u{fffd}/key", "path_base64": encoded}),
    );
}

#[test]
fn names_that_speak_to_a_terminal() {
    let made = Token::user("terminal");
    let name = "srv/\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\nkey";
    let path = archive(&Tar::new().file(name, made.bytes()).finish());
    assert_eq!(scan(&[&path]).location_of(&made, "image/token-in-file")["path"], name);
    let text = stowaway(&["scan", path.to_str().unwrap()], Stdin::Empty);
    assert_eq!(text.code, 1);
    for forbidden in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(
            !text.stdout.contains(forbidden) && !text.stderr.contains(forbidden),
            "{forbidden:?} is shown"
        );
    }
    assert!(text.stdout.contains(&made.redacted()), "{}", text.stdout);
}

#[test]
fn names_that_climb_or_are_absolute() {
    let made = Token::user("climbing");
    for (name, shown) in [("../../x", "x"), ("/etc/x", "etc/x"), ("a/../../../b", "b"), ("a/../c", "c")] {
        let outcome = scan_tar(Tar::new().file(name, made.bytes()));
        let location = outcome.location_of(&made, "image/token-in-file");
        let path = location["path"].as_str().unwrap();
        assert!(path == shown || path == name, "{name} is shown as {path}");
        assert_eq!(outcome.code, 1);
    }
    assert!(!std::path::Path::new("/etc/x").exists(), "nothing is ever unpacked");
}

#[test]
fn devices_pipes_and_unknown_kinds_are_passed() {
    let made = Token::user("behind devices");
    let mut tar = Tar::new();
    for kind in *b"346VZ" {
        tar = tar.entry(&Header { path: b"dev/x", kind, ..Header::default() }, b"");
    }
    // Entries of kind 7 and of unknown kinds are read as files.
    let odd = Token::user("of an odd kind");
    tar = tar.entry(&Header { path: b"odd", kind: b'7', ..Header::default() }, odd.bytes());
    scan_tar(tar.file("srv/x", made.bytes())).assert_found_only(&[&made, &odd]);
}

#[test]
fn what_stands_behind_the_end_of_the_tar_is_read() {
    let (first, second) = (Token::user("first tar"), Token::user("second tar"));
    let one = Tar::new().file("one", first.bytes()).finish();
    let two = Tar::new().file("two", second.bytes()).finish();
    let outcome = scan(&[archive(&[one, two].concat())]);
    outcome.finding_of(&first);
    outcome.finding_of(&second);
    assert_eq!(outcome.code, 1);
}

#[test]
fn what_stands_in_the_padding_is_read() {
    let made = Token::user("padding");
    let mut tar = Tar::new().file("one", "x").finish();
    tar[600..600 + made.bytes().len()].copy_from_slice(made.bytes());
    let outcome = scan(&[archive(&tar)]);
    assert_eq!(outcome.findings_of(&made).len(), 1);
}

#[test]
fn columns_count_characters_and_binaries_have_no_lines() {
    let made = Token::user("columns");
    let outcome = scan_tar(Tar::new().file("text", format!("häß\n→→ {}", made.text())));
    let location = outcome.location_of(&made, "image/token-in-file");
    assert_fields(location, &json!({"line": 2, "column": 4, "offset": 13}));
    let body = [b"\0\x01\x02\n ".as_slice(), made.bytes(), b"\0"].concat();
    let outcome = scan_tar(Tar::new().file("binary", body));
    let location = outcome.location_of(&made, "image/token-in-file");
    assert_fields(location, &json!({"line": null, "column": null, "offset": 5}));
}

#[test]
fn messages_and_help_can_be_read() {
    let made = Token::user("help");
    let outcome = scan_tar(Tar::new().file("srv/x", made.bytes()));
    let finding = outcome.finding_of(&made);
    assert_readable(finding["message"].as_str().unwrap());
    assert!(finding["help"].as_str().unwrap().contains("evoke"), "help begins with revoking: {finding:#}");
}
