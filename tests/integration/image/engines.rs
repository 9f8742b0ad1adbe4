//! Images of an engine, over a socket that answers as Docker's and podman's do.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::run::{command_cached, stowaway};
use crate::support::{Image, Layer, Place, Stdin, Tar, Token, image, scan};

fn leaked() -> Token {
    Token::user("an engine")
}

fn archive() -> Vec<u8> {
    let tar = Tar::default().file("root/.cache/huggingface/token", leaked().bytes()).finish();
    image::docker_archive(&[&Image::new("example/app:1", [Layer::new(&tar)])]).archive()
}

/// A socket of an engine that has one image. It ends with the test.
struct Engine(PathBuf);

impl Engine {
    fn start(name: &str) -> Self {
        // The path of a socket is short.
        let path = std::env::temp_dir().join(format!("stowaway-{name}-{}.sock", std::process::id()));
        drop(std::fs::remove_file(&path));
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                assert!(!head.contains("platform="), "the engine would leave attestations out");
                let path = head.split(' ').nth(1).unwrap();
                let id = format!("sha256:{}", "0a".repeat(32));
                let (status, body) = match path {
                    "/images/example/app:1/json" | "/images/0a0a0a0a0a0a/json" => {
                        (200, json!({"Id": id}).to_string().into_bytes())
                    }
                    "/images/example/app:1/get" => (200, archive()),
                    "/images/json" => {
                        let images = json!([
                            {"Id": id, "RepoTags": ["example/app:1", "example/app:2"]},
                            {"Id": id, "RepoTags": ["<none>:<none>"]},
                            {"Id": id, "RepoTags": null},
                        ]);
                        (200, images.to_string().into_bytes())
                    }
                    path if path == format!("/images/get?names=example/app:1&names={id}&names={id}") => {
                        (200, archive())
                    }
                    path if path == format!("/images/{id}/get") => (200, archive()),
                    "/images/0a0a0a0a0a0a/get" => (500, json!({"message": "no"}).to_string().into_bytes()),
                    _ => (404, json!({"message": "No such image: x:latest"}).to_string().into_bytes()),
                };
                // Engines send an archive in chunks.
                let mut answer =
                    format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
                for chunk in body.chunks(1000) {
                    answer.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    answer.extend(chunk);
                    answer.extend(b"\r\n");
                }
                answer.extend(b"0\r\n\r\n");
                drop(stream.write_all(&answer));
            }
        });
        Self(path)
    }

    /// Returns the report and the exit code of a scan.
    fn scan(&self, variable: &str, target: &str) -> (Value, i32) {
        self.scan_with(variable, &[target])
    }

    fn scan_with(&self, variable: &str, arguments: &[&str]) -> (Value, i32) {
        let caches = Place::new("engine-caches");
        let output = command_cached(caches.path(), &[&["scan", "--format", "json"], arguments].concat())
            .env(variable, format!("unix://{}", self.0.display()))
            .output()
            .unwrap();
        (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[test]
fn an_image_of_an_engine_is_the_image_in_its_archive() {
    let engine = Engine::start("engine");
    let expected = scan(&[Place::new("engine").write("app.tar", archive())]);
    let prints = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    for (variable, target) in [
        ("DOCKER_HOST", "docker-daemon:example/app:1"),
        ("DOCKER_HOST", "docker-daemon:0a0a0a0a0a0a"),
        ("CONTAINER_HOST", "podman:example/app:1"),
    ] {
        let (report, code) = engine.scan(variable, target);
        assert_eq!((&report["errors"], code), (&json!([]), 1), "{target}");
        assert_eq!(prints(&report), prints(expected.report()), "{target}");
        assert_eq!(report["targets"][0]["images"][0]["name"], "example/app:1", "{target}");
    }
}

#[test]
fn all_images_of_an_engine() {
    let engine = Engine::start("all-images");
    for (variable, target) in [("DOCKER_HOST", "docker-daemon:"), ("CONTAINER_HOST", "podman:")] {
        let (report, code) = engine.scan_with(variable, &["--all-images", target]);
        assert_eq!((&report["errors"], code), (&json!([]), 1), "{target}");
        assert_eq!(report["findings"].as_array().unwrap().len(), 1);
        for (arguments, says) in [
            (vec![target], "--all-images audits all images of the engine"),
            (vec!["--all-images", "docker-daemon:x"], "without a name"),
        ] {
            let (report, code) = engine.scan_with(variable, &arguments);
            let message = report["errors"][0]["message"].as_str().unwrap();
            assert!(code == 2 && message.contains(says), "{message}");
        }
    }
}

/// Puts a program into the search path that stands for `podman`.
fn with_podman(script: &str, arguments: &[&str]) -> (Value, i32) {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new("store");
    place.write("app.tar", archive());
    let program = place.write("bin/podman", format!("#!/bin/sh\ncd {}\n{script}\n", place.path().display()));
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", place.join("bin").display(), std::env::var("PATH").unwrap());
    let output = command_cached(place.path(), &[&["scan", "--format", "json"], arguments].concat())
        .env("PATH", path)
        .output()
        .unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn an_image_of_the_store_is_read_by_the_program_that_knows_it() {
    let (report, code) =
        with_podman("test \"$1 $5\" = 'save a:1' && cat app.tar", &["containers-storage:a:1"]);
    assert_eq!((&report["errors"], code), (&json!([]), 1));
    assert_eq!(report["findings"][0]["rule"], "image/cached-token");
    let fails = |script: &str| {
        let (report, code) = with_podman(script, &["containers-storage:a:1"]);
        assert_eq!(code, 2, "{report}");
        let error = &report["errors"][0];
        (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
    };
    let (code, message) = fails("echo 'Error: a:1: image not known' >&2; exit 125");
    assert_eq!((&*code, &*message), ("missing", "podman cannot read the store: Error: a:1: image not known"));
    let (report, code) =
        with_podman("head -c 5000 app.tar; echo killed >&2; exit 1", &["containers-storage:a"]);
    assert!(code != 0 && !report["complete"].as_bool().unwrap(), "{report}");
    let (code, message) =
        fails("head -c 200000 /dev/zero | tr '\\0' x >&2; echo 'level=fatal msg=\"a reason\"' >&2; exit 1");
    assert_eq!((&*code, &*message), ("io", "podman cannot read the store: a reason"));
    let (report, _) = with_podman("cat app.tar", &["containers-storage:-a"]);
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("not the name of an image"));
}

#[test]
fn what_an_engine_says_is_one_line() {
    let engine = Engine::start("no-image");
    let error = |target: &str| {
        let (report, code) = engine.scan("DOCKER_HOST", target);
        assert_eq!((report["errors"].as_array().unwrap().len(), code), (1, 2), "{target}");
        let text = |key: &str| report["errors"][0][key].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    };
    let (code, message) = error("docker-daemon:x");
    assert_eq!(code, "missing");
    assert!(message.contains("No such image"), "{message}");
    let (code, message) = error("docker-daemon:../containers/json");
    assert!(code == "missing" && message.contains("not the name of an image"), "{message}");

    let nobody = std::env::temp_dir().join("stowaway-no-engine.sock");
    let caches = Place::new("engine-caches");
    for (address, says) in [
        (format!("unix://{}", nobody.display()), "is it running?"),
        ("tcp://127.0.0.1:1".to_owned(), "is it running?"),
        ("ssh://host".to_owned(), "docker save"),
    ] {
        let output = command_cached(caches.path(), &["scan", "docker-daemon:x"])
            .env("DOCKER_HOST", &address)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{address}: {said}");
    }
    assert_eq!(stowaway(&["scan", "docker-daemon:"], Stdin::Empty).code, 2);
}
