//! Scans of images where real engines keep them, against scans of what the engines save.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::builder::{Builder, command};
use crate::engine::{Daemon, Daemons};
use crate::enter;
use crate::support::{Place, Token, run, tools};

const IMAGE: &str = "leaky:1";
const TOKEN_FILE: &str = "root/.cache/huggingface/token";
/// How often a service is looked for, ten times a second.
const ASKED: usize = 300;

/// Checks the engines of these builders.
///
/// # Panics Panics if a scan finds something else than the archive of the image holds.
pub(crate) fn check(builders: &[Builder]) {
    for daemon in Daemons::of_each_store(builders) {
        docker(&daemon);
        println!("images of Docker {}: as in their archive", daemon.version().unwrap_or_default());
    }
    if builders.contains(&Builder::Podman) {
        podman();
        println!("images of {}: as in their archive", tools::run("podman", &["--version"]).trim());
    }
}

/// A build context whose image has a token file and a variable.
fn context(name: &str) -> Place {
    let place = Place::new(name);
    let text = |name: &str| Token::user(name).text().to_owned();
    place.write(&format!("files/{TOKEN_FILE}"), text("a file of an engine"));
    let variable = text("a variable of an engine");
    place.write("Dockerfile", format!("FROM scratch\nCOPY files /\nENV HF_TOKEN={variable}\n"));
    place
}

fn docker(daemon: &Daemon) {
    let place = context("docker-store");
    let scan = |arguments: &[&str]| scan(arguments, "DOCKER_HOST", &daemon.host());
    let mut build = daemon.client();
    build.env("DOCKER_BUILDKIT", "1").args(["build", "--tag", IMAGE]).arg(place.path());
    succeed(&mut build);
    let archive = place.join("saved.tar");
    succeed(daemon.client().args(["save", "--output"]).arg(&archive).arg(IMAGE));
    let id = succeed(daemon.client().args(["image", "inspect", "--format", "{{.Id}}", IMAGE]));
    let id = id.trim();
    let hex = id.strip_prefix("sha256:").unwrap();
    for name in [IMAGE, id, hex, &hex[..12]] {
        assert_same(&scan(&[&format!("docker-daemon:{name}")]), &archive);
    }
    assert_missing(&scan(&["docker-daemon:nobody/has-this:1"]));
    assert_missing(&scan(&[&format!("docker-daemon:{}", "0".repeat(64))]));
    let (all, code) = scan(&["docker-daemon:", "--all-images"]);
    assert_eq!((code, &all["errors"]), (1, &serde_json::json!([])));
    assert!(fingerprints(&all).is_superset(&fingerprints(&scan_archive(&archive).0)), "{all:#}");
    succeed(daemon.client().args(["image", "rm", "--force", IMAGE]));
}

fn podman() {
    let place = context("podman-store");
    let dir = Path::new("/srv/podman-store");
    fs::create_dir_all(dir).unwrap();
    let config = dir.join("storage.conf");
    let (root, runs) = (dir.join("root"), dir.join("run"));
    let text = format!(
        "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        root.display(),
        runs.display()
    );
    fs::write(&config, text).unwrap();
    let podman = |arguments: &[&str]| {
        let mut podman = command("podman");
        podman.env("CONTAINERS_STORAGE_CONF", &config).args(arguments);
        podman
    };
    succeed(podman(&["build", "--quiet", "--tag", IMAGE]).arg(place.path()));
    let archive = place.join("saved.tar");
    let mut save = podman(&["save", "--quiet", "--format", "docker-archive", "--output"]);
    succeed(save.arg(&archive).arg(IMAGE));

    let socket = dir.join("socket");
    let address = format!("unix://{}", socket.display());
    let _service = Service::start(podman(&["system", "service", "--time", "0", &address]), &socket);
    let scan_service = |arguments: &[&str]| scan(arguments, "CONTAINER_HOST", &address);
    for name in [IMAGE, "localhost/leaky:1"] {
        assert_same(&scan_service(&[&format!("podman:{name}")]), &archive);
    }
    assert_missing(&scan_service(&["podman:nobody/has-this:1"]));
    let (all, code) = scan_service(&["podman:", "--all-images"]);
    assert_eq!((code, fingerprints(&all)), (1, fingerprints(&scan_archive(&archive).0)));

    let scan_store = |arguments: &[&str]| scan(arguments, "CONTAINERS_STORAGE_CONF", tools::text(&config));
    assert_same(&scan_store(&["containers-storage:localhost/leaky:1"]), &archive);
    assert_missing(&scan_store(&["containers-storage:nobody/has-this:1"]));
}

/// A service that is ended when this is dropped.
struct Service(Child);

impl Service {
    fn start(mut command: Command, socket: &Path) -> Self {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let service = Self(silent.spawn().unwrap());
        for _ in 0..ASKED {
            if socket.exists() {
                return service;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{} does not appear", socket.display());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        enter::end("TERM", self.0.id());
        drop(self.0.wait());
    }
}

/// Runs a command and returns what it prints.
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", command.get_program().display());
    String::from_utf8(output.stdout).unwrap()
}

/// Scans a target where a variable leads to. Returns the report and the exit code.
fn scan(arguments: &[&str], variable: &str, value: &str) -> (Value, i32) {
    let arguments = [&["scan", "--format", "json"], arguments].concat();
    let output = run::command(&arguments).env(variable, value).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

fn scan_archive(archive: &Path) -> (Value, i32) {
    scan(&[&format!("docker-archive:{}", archive.display())], "NO_COLOR", "1")
}

fn fingerprints(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that a scan finds what its archive holds: a file, and a variable.
#[track_caller]
fn assert_same((report, code): &(Value, i32), archive: &Path) {
    let (saved, saved_code) = scan_archive(archive);
    assert_eq!((*code, saved_code), (1, 1), "{:#}", report["errors"]);
    assert_eq!(report["errors"], saved["errors"]);
    assert_eq!(fingerprints(report), fingerprints(&saved));
    let rules: BTreeSet<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(rules.contains("image/cached-token") && rules.contains("image/token-in-env"), "{rules:?}");
}

/// Asserts that there is no such image, which is said in one line.
#[track_caller]
fn assert_missing((report, code): &(Value, i32)) {
    let errors = report["errors"].as_array().unwrap();
    assert_eq!((*code, errors.len()), (2, 1), "{errors:#?}");
    assert_eq!(errors[0]["code"], "missing", "{errors:#?}");
    assert!(!errors[0]["message"].as_str().unwrap().contains('\n'), "{errors:#?}");
}
