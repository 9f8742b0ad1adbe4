//! Sparse files: in layers, in archives within layers, and as entries of an image archive.

use std::path::PathBuf;

use super::databases::{HISTORY, ROWS};
use crate::support::broken::sound;

use crate::support::{
    Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, files, scan, scan_measured, scan_with, token,
    tools::{self, SPARSE_FORMATS, sparse_tar, tar_sparse},
};

/// Writes an image with one layer.
fn image(place: &Place, name: &str, tar: &[u8]) -> PathBuf {
    let image = Image::new("app:latest", [Layer::new(tar)]);
    place.write(name, Layout::of(&[&image]).files().archive())
}

fn scan_tar(name: &str, tar: &Tar) -> Outcome {
    let place = Place::new(name);
    scan(&[image(&place, "app.tar", &tar.clone().finish())])
}

/// Containers of a file with a token, and the step that leads into each.
fn containers(place: &Place, token: &Token) -> Vec<(&'static str, Vec<u8>)> {
    let lines =
        (0..300).fold(String::new(), |text, n| text + &format!("line {n} and {}\n", n * 7919 % 100_003));
    let text = format!("{lines}HF_TOKEN={}\n{lines}", token.text());
    place.write("a.txt", &text);
    let zip = place.join("a.zip");
    let script = "import sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z: z.write(sys.argv[2], 'a.txt')";
    tools::run("python3", &["-c", script, tools::text(&zip), tools::text(&place.join("a.txt"))]);
    vec![
        ("gzip", files::gzip(text.as_bytes())),
        ("zstd", files::zstd(text.as_bytes())),
        ("zip:a.txt", std::fs::read(zip).unwrap()),
    ]
}

#[test]
fn containers_in_sparse_files_of_every_format() {
    let place = Place::new("containers");
    let made = Token::user("in a container in a sparse file");
    for (step, container) in containers(&place, &made) {
        let step = step.split(':').next().unwrap();
        for (format, options) in SPARSE_FORMATS {
            // Data in front and behind, and a container with holes around it.
            let pieces = [(0, &b"data"[..]), (300_000, &container), (900_000, b"data")];
            let tar = sparse_tar(&place, "disk.img", &pieces, 1_000_000, options);
            let outcome = scan(&[image(&place, "app.tar", &tar)]);
            outcome.assert_found_only(&[&made]);
            assert_eq!(outcome.code, 1, "{format} {step}");
            let location = outcome.location_of(&made, "image/token-in-file");
            assert_eq!(location["path"], "disk.img", "{format}");
            assert!(location["via"][0].as_str().unwrap().starts_with(step), "{format}: {location}");
        }
    }
}

#[test]
fn a_database_in_a_sparse_file() {
    let made = Token::user("in a database in a sparse file");
    let place = Place::new("database");
    let path = place.join("a.sqlite");
    tools::run("python3", &["-c", HISTORY, tools::text(&path), made.text()]);
    let bytes = std::fs::read(path).unwrap();
    for (format, options) in SPARSE_FORMATS {
        let tar = sparse_tar(&place, "b.sqlite", &[(0, &bytes)], bytes.len() as u64 + 1_000_000, options);
        assert!(tar.len() < bytes.len() + 100_000, "{format}: it is sparse");
        let outcome = scan(&[image(&place, "app.tar", &tar)]);
        let found = outcome.findings_of(&made);
        let across = found.iter().filter(|finding| finding["location"]["via"][0] == "sqlite").count();
        assert!(across > 0 && found.len() >= ROWS, "{format}: {} found, {across} across pages", found.len());
        assert_eq!(outcome.errors().len(), 0, "{format}");
    }
}

#[test]
fn a_git_pack_in_a_sparse_file() {
    let made = Token::user("in a pack in a sparse file");
    let place = Place::new("pack");
    place.write("repository/.env", format!("HF_TOKEN={}\n", made.text()));
    let script = "cd \"$1\" && git init --quiet . && git add .env && \
        git -c user.name=a -c user.email=a@example.org commit --quiet --message=a && git repack -adq && \
        mv .git/objects/pack/*.pack ../a.pack";
    tools::run("sh", &["-c", script, "sh", tools::text(&place.join("repository"))]);
    let bytes = std::fs::read(place.join("a.pack")).unwrap();
    for (format, options) in SPARSE_FORMATS {
        let tar = sparse_tar(&place, "b.pack", &[(0, &bytes)], 1_000_000, options);
        assert!(tar.len() < 100_000, "{format}: it is sparse");
        let outcome = scan(&[image(&place, "app.tar", &tar)]);
        outcome.assert_found_only(&[&made]);
        let location = outcome.location_of(&made, "image/token-in-file");
        let via = location["via"][0].as_str().unwrap();
        assert!(via.starts_with("git:") && via.ends_with(":.env"), "{format}: {location}");
    }
}

#[test]
fn a_container_with_a_hole_within() {
    // The member in front is stored as it is and begins with zeros.
    let made = Token::user("behind a hole in a zip");
    let place = Place::new("hole-in-zip");
    let archive = place.join("a.zip");
    place.write("zeros", vec![0; 200_000]);
    place.write("a.txt", format!("HF_TOKEN={}\n", made.text()));
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\n\
        z.write(sys.argv[2], 'zeros')\nz.write(sys.argv[3], 'a.txt', compress_type=zipfile.ZIP_DEFLATED)\nz.close()";
    let path = |name: &str| place.join(name).to_str().unwrap().to_owned();
    tools::run("python3", &["-c", script, tools::text(&archive), &path("zeros"), &path("a.txt")]);
    let bytes = std::fs::read(archive).unwrap();
    for (format, options) in SPARSE_FORMATS {
        let tar = sparse_tar(&place, "a.img", &[(0, &bytes)], bytes.len() as u64, options);
        assert!(tar.len() < 100_000, "{format}: it is sparse");
        let outcome = scan(&[image(&place, "app.tar", &tar)]);
        outcome.assert_found_only(&[&made]);
        let location = outcome.location_of(&made, "image/token-in-file");
        assert_eq!(location["via"][0], "zip:a.txt", "{format}");
    }
}

#[test]
fn a_hole_of_a_terabyte_costs_nothing() {
    let made = Token::user("behind a terabyte");
    let far = 1 << 40;
    let gzip = files::gzip(format!("HF_TOKEN={}\n", made.text()).as_bytes());
    let pieces = [(4096, &[b'd'; 512][..]), (far, &gzip[..])];
    let place = Place::new("terabyte");
    let tar =
        Tar::new().pax_sparse("img", &pieces, 2 * far).pax_sparse("plain", &[(far, made.bytes())], 2 * far);
    let (outcome, cost) = scan_measured(&[image(&place, "app.tar", &tar.finish())]);
    let findings = outcome.findings_of(&made);
    assert_eq!(findings.len(), 2, "{:#}", outcome.report());
    let plain = findings.iter().find(|finding| finding["location"]["path"] == "plain").unwrap();
    assert_eq!(plain["location"]["offset"], far);
    assert!(cost.seconds < 2.0, "{cost:?}");
    assert!(cost.peak < 100, "{cost:?}");
}

#[test]
fn a_credential_of_unknown_shape() {
    let secret = token::shapeless("sparse");
    let place = Place::new("credential");
    let netrc = format!("machine huggingface.co login user password {secret}\n");
    for (format, options) in SPARSE_FORMATS {
        let tar = sparse_tar(&place, ".netrc", &[(0, netrc.as_bytes())], 100_000, options);
        assert!(tar.len() < 50_000, "{format}: it is sparse");
        let outcome = scan(&[image(&place, "app.tar", &tar)]);
        assert_eq!(outcome.code, 1, "{format}: {:#}", outcome.report());
        assert_eq!(outcome.findings()[0]["token"]["kind"], "unknown", "{format}");
    }
}

#[test]
fn a_sparse_file_in_an_archive_in_a_layer() {
    let made = Token::user("in an archive in a layer");
    let place = Place::new("inner");
    let gzip = files::gzip(format!("HF_TOKEN={}\n", made.text()).as_bytes());
    for (format, options) in SPARSE_FORMATS {
        let inner = sparse_tar(&place, "disk.img", &[(300_000, &gzip)], 400_000, options);
        let outcome = scan(&[image(&place, "app.tar", &Tar::new().file("backup.tar", &inner).finish())]);
        outcome.assert_found_only(&[&made]);
        let via = &outcome.location_of(&made, "image/token-in-file")["via"];
        assert_eq!((&via[0], &via[1]), (&"tar:disk.img".into(), &"gzip".into()), "{format}");
    }
}

#[test]
fn an_image_archive_with_sparse_entries() {
    let made = Token::user("in a sparse layer");
    let place = Place::new("outer");
    // Plain layers with zeros in them are stored sparse.
    let body = [&vec![0; 300_000][..], made.bytes()].concat();
    let tar = Tar::new().file("zeros", vec![0; 100_000]).file("srv/key", body).finish();
    let layer = Layer::stored(&tar, crate::support::Compression::Plain);
    let image = Image::new("app:latest", [layer]);
    let layout = place.join("layout");
    Layout::of(&[&image]).files().write_dir(&layout);
    for (format, options) in SPARSE_FORMATS {
        let archive = place.join("app.tar");
        let len = tar_sparse(&layout, &archive, options).len();
        assert!(len < 200_000, "{format}: it is sparse");
        for outcome in [
            scan(&["--verify-digests".as_ref(), archive.as_os_str()]),
            scan_with(&["--verify-digests", "-"], Stdin::File(&archive)),
        ] {
            outcome.assert_found_only(&[&made]);
            assert_eq!(outcome.report()["complete"], true, "{format}: {:#}", outcome.report());
            let location = outcome.location_of(&made, "image/token-in-file");
            assert_eq!(
                (&location["path"], &location["offset"]),
                (&"srv/key".into(), &300_000.into()),
                "{format}"
            );
        }
    }
    let far = 1 << 40;
    let huge = Tar::new().pax_sparse("blobs/sha256/x", &[(far, made.bytes())], 2 * far).finish();
    let outcome = scan(&[place.write("huge.tar", huge)]);
    outcome.assert_error("longer than the limit");
    outcome.finding_of(&made);
}

#[test]
fn a_map_that_lies_hides_nothing_and_is_an_error() {
    let (made, _) = sound();
    let body = |map: &str| {
        let mut body = map.as_bytes().to_vec();
        body.resize(512, 0);
        body.extend_from_slice(made.bytes());
        body
    };
    let len = made.bytes().len();
    for (nth, map, is_valid) in [
        (0, format!("1\n0\n{len}\n"), true),
        (1, format!("1\n0\n{}\n", len - 1), false),
        (2, format!("1\n0\n{}\n", len + 1), false),
        (3, format!("2\n10\n5\n0\n{}\n", len - 5), false),
        (4, format!("1\n{}\n{len}\n", u64::MAX), false),
        (5, "99999999999\n".to_owned(), false),
        (6, "no map".to_owned(), false),
        (7, "1\n-5\n3\n".to_owned(), false),
    ] {
        let records: [(&str, &[u8]); 3] =
            [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"100000")];
        let outcome = scan_tar(&format!("lie{nth}"), &Tar::new().pax(&records).file("x", body(&map)));
        outcome.finding_of(&made);
        assert_eq!(outcome.report()["complete"], is_valid, "{map:?}: {:#}", outcome.report());
    }
    // A container where the map should be, in a file that is not a sparse one.
    let gzip = files::gzip(format!("HF_TOKEN={}\n", made.text()).as_bytes());
    let records: [(&str, &[u8]); 2] = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")];
    let outcome = scan_tar("no-map", &Tar::new().pax(&records).file("x", &gzip));
    outcome.finding_of(&made);
    outcome.assert_error("invalid map");
}
