//! Checks the archives written by the tests themselves against real tools.

use std::process::Command;

use crate::support::image::{docker_archive, hybrid_archive, old_docker_archive};
use crate::support::{Image, Kind, Layer, Layout, Place, Tar, Token, token, tools};
use serde_json::{Value, json};

fn sample() -> Image {
    let first = Layer::new(&Tar::new().dir("etc").file("etc/name", "one").finish());
    let second = Layer::new(&Tar::new().whiteout("etc/name").opaque("srv").finish());
    Image::new("app:latest", [first, second]).env(&["A=b"])
}

fn inspect(reference: &str) -> Value {
    let text = tools::run("skopeo", &["--insecure-policy", "inspect", "--config", reference]);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn tokens_are_reproducible_and_of_their_shape() {
    for kind in Kind::ALL {
        let made = Token::new(kind, "seed");
        assert!(made == Token::new(kind, "seed"));
        assert!(made != Token::new(kind, "another"));
        let secret = made.text().strip_prefix(kind.prefix()).unwrap();
        if secret.contains('.') {
            assert_eq!(secret.split('.').count(), 3);
        } else {
            assert_eq!(secret.len(), 34);
            assert!(secret.bytes().all(|byte| byte.is_ascii_alphabetic()));
        }
    }
}

#[test]
fn a_shown_token_is_noticed() {
    let made = Token::user("shown");
    assert!(token::shows_a_secret(&format!("found {} in it", made.text())));
    assert!(token::shows_a_secret(&made.text()[10..24]));
    assert!(!token::shows_a_secret(&format!("found {} {}", made.redacted(), made.sha256())));
}

#[test]
fn skopeo_reads_layouts_made_by_hand() {
    let place = Place::new("layout");
    let image = sample();
    let files = Layout::of(&[&image]).files();
    files.write_dir(&place.join("dir"));
    let archive = place.write("oci.tar", files.archive());
    for reference in
        [format!("oci:{}", place.join("dir").display()), format!("oci-archive:{}", archive.display())]
    {
        assert_eq!(inspect(&reference)["rootfs"]["diff_ids"][1], json!(image.layers[1].diff_id));
        // A copy reads every layer and checks its digests.
        tools::skopeo_copy(&reference, &format!("dir:{}", place.join("copy").display()), &[]);
    }
}

#[test]
fn skopeo_reads_docker_archives_made_by_hand() {
    let place = Place::new("docker");
    let plain = |tar: &[u8]| Layer::stored(tar, crate::support::Compression::Plain);
    let shared = plain(&Tar::new().file("a", "1").finish());
    let image = Image::new("app:latest", [shared.clone(), plain(&Tar::new().file("b", "2").finish())]);
    let other = Image::new("other:latest", [plain(&Tar::new().file("c", "3").finish()), shared]);
    for (name, files) in [
        ("docker.tar", docker_archive(&[&image, &other])),
        ("old.tar", old_docker_archive(&[&image, &other])),
        ("hybrid.tar", hybrid_archive(&[&image, &other])),
    ] {
        let archive = place.write(name, files.archive());
        for (index, image) in [&image, &other].into_iter().enumerate() {
            let reference = format!("docker-archive:{}:@{index}", archive.display());
            assert_eq!(
                inspect(&reference)["rootfs"]["diff_ids"][0],
                json!(image.layers[0].diff_id),
                "{name}"
            );
            if (name, index) != ("old.tar", 1) {
                // Its last layer is a symbolic link, which skopeo 1.9 reads as an empty file.
                tools::skopeo_copy(&reference, &format!("dir:{}", place.join("copy").display()), &[]);
            }
        }
    }
}

#[test]
fn gnu_tar_reads_what_the_writer_writes() {
    let place = Place::new("tar");
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(90));
    let tar = Tar::new()
        .file(&long, "long")
        .pax_named(format!("p{long}").as_bytes(), "pax")
        .gnu_sparse("sparse", &[(0, &[b'h'; 512]), (1 << 20, b"tail")], (1 << 20) + 4)
        .pax_sparse("sparse-pax", &[(0, &[b'h'; 512]), (1 << 20, b"tail")], (1 << 20) + 4)
        .pax(&[("SCHILY.xattr.user.note", b"remark")])
        .file("noted", "x")
        .hard_link("link", "noted")
        .finish();
    let archive = place.write("all.tar", tar);
    let listing = tools::run("tar", &["--list", "--file", tools::text(&archive)]);
    assert_eq!(
        listing.lines().collect::<Vec<_>>(),
        [&long, &format!("p{long}"), "sparse", "sparse-pax", "noted", "link"]
    );
    for name in ["sparse", "sparse-pax"] {
        let output = Command::new("tar").arg("-xOf").arg(&archive).arg(name).output().unwrap();
        assert_eq!(output.stdout.len(), (1 << 20) + 4, "{name}");
        assert_eq!(&output.stdout[1 << 20..], b"tail", "{name}");
    }
    let verbose = tools::run("tar", &["--xattrs", "-tvvf", tools::text(&archive)]);
    assert!(verbose.contains("user.note"), "{verbose}");
}

#[test]
fn umoci_makes_the_layers_it_is_asked_for() {
    let place = Place::new("umoci");
    let image = tools::Umoci::new(&place.join("layout"), "app")
        .file("/etc/name", b"one")
        .remove("/etc/name")
        .change(|root| std::fs::write(root.join("etc/other"), "two").unwrap())
        .config(&["--config.env=A=b", "--history.created_by=ENV A=b"]);
    let config = inspect(&image.reference());
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
    assert_eq!(config["history"][1]["created_by"], "RUN step 1");
    assert_eq!(config["config"]["Env"], json!(["A=b"]));
}

#[test]
fn buildah_keeps_build_arguments_in_the_history() {
    let place = Place::new("buildah");
    let archive = format!("oci-archive:{}", place.join("app.tar").display());
    let text = "FROM scratch\nADD root.tar /\nARG WORD\nRUN echo $WORD > /root/word\n";
    tools::buildah(&place, text, &["--build-arg", "WORD=spoken"], &archive);
    let history = inspect(&archive)["history"].to_string();
    assert!(history.contains("|1 WORD=spoken /bin/sh -c"), "{history}");
}
