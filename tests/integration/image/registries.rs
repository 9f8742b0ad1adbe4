//! Images in a registry: Debian's `docker-registry` on loopback, alone and behind a proxy that misbehaves.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::cache::{CachePlace, cached};
use crate::support::registry::{Asked, Proxy, Registry, Reply};
use crate::support::run::{command_cached, stowaway};
use crate::support::tools::{self, skopeo_copy};
use crate::support::{Compression, Image, Layer, Outcome, Place, Stdin, Tar, Token, image, scan, scan_with};

fn leaked() -> Token {
    Token::user("a registry")
}

pub(super) fn archive() -> &'static str {
    static ARCHIVE: OnceLock<String> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let mut noise = Vec::new();
        let mut state = 1_u32;
        for _ in 0..300_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.push((state >> 24) as u8);
        }
        let first = Tar::default().file("srv/noise", &noise).finish();
        let second = Tar::default().file("root/.cache/huggingface/token", leaked().bytes()).finish();
        let layers = [first, second].map(|tar| Layer::stored(&tar, Compression::Gzip));
        let image = Image::new("example/app:1", layers);
        let archive = image::docker_archive(&[&image]).archive();
        tools::text(&Place::new("registry-archive").write("app.tar", archive)).to_owned()
    })
}

/// A registry with the image as `org/app:1`.
pub(super) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = Registry::start(&Place::new("registry"), None);
        push(&registry.address, &["--dest-tls-verify=false"]);
        registry
    })
}

pub(super) fn push(address: &str, options: &[&str]) {
    skopeo_copy(&format!("docker-archive:{}", archive()), &format!("docker://{address}/org/app:1"), options);
}

pub(super) fn reference(address: &str) -> String {
    format!("docker://{address}/org/app:1")
}

fn fingerprints(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.findings().iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect()
}

#[track_caller]
pub(super) fn assert_leak(outcome: &Outcome) {
    assert!(outcome.errors().is_empty(), "{:#?}", outcome.errors());
    outcome.assert_found_only(&[&leaked()]);
    assert_eq!(outcome.location_of(&leaked(), "image/cached-token")["layer"], 1);
    assert_eq!(outcome.code, 1);
}

/// Returns the code and the message of the only error.
#[track_caller]
pub(super) fn error(outcome: &Outcome) -> (String, String) {
    let [error] = outcome.errors() else { panic!("{:#?}", outcome.errors()) };
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

/// Audits the image through a proxy.
fn through(decide: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> (Outcome, Vec<Asked>) {
    let proxy = Proxy::start(&registry().address, decide);
    let outcome = scan(&[reference(&proxy.address)]);
    (outcome, proxy.asked())
}

fn is_blob(asked: &Asked) -> bool {
    asked.path.contains("/blobs/")
}

#[test]
fn an_image_in_a_registry_is_the_image_in_its_archive() {
    let address = &registry().address;
    let outcome = scan(&[reference(address)]);
    assert_leak(&outcome);
    assert_eq!(fingerprints(&outcome), fingerprints(&scan(&[archive()])));
    let image = &outcome.report()["targets"][0]["images"][0];
    assert_eq!(image["name"], format!("{address}/org/app:1"));

    let bare = scan(&[format!("{address}/org/app:1")]);
    assert_eq!(fingerprints(&bare), fingerprints(&outcome));
    let digest =
        image["manifest_digest"].as_str().or(image["digest"].as_str()).expect("the manifest's digest");
    let by_digest = scan(&[format!("docker://{address}/org/app@{digest}")]);
    assert_eq!(fingerprints(&by_digest), fingerprints(&outcome));
    let other = format!("sha256:{}", "0a".repeat(32));
    let (code, _) = error(&scan(&[format!("docker://{address}/org/app@{other}")]));
    assert_eq!(code, "missing");
}

#[test]
fn known_layers_are_not_fetched() {
    let proxy = Proxy::start(&registry().address, |_, _| Reply::Pass);
    let caches = CachePlace::new("registry-cache");
    let target = reference(&proxy.address);
    let first = caches.scan(&[&target]);
    assert_leak(&first);
    assert_eq!(proxy.asked().iter().filter(|asked| is_blob(asked)).count(), 3, "two layers and the config");
    let second = caches.scan(&[&target]);
    assert_leak(&second);
    assert_eq!(proxy.asked().iter().filter(|asked| is_blob(asked)).count(), 1, "the config");
    assert_eq!(cached(&second), [[true, true]]);
}

#[test]
fn a_transfer_that_breaks_off_is_taken_up_at_its_byte() {
    let (outcome, asked) = through(|asked, earlier| match earlier {
        0 if is_blob(asked) => Reply::Cut(1000),
        1 if is_blob(asked) => Reply::Cut(50_000),
        _ => Reply::Pass,
    });
    assert_leak(&outcome);
    let ranges: Vec<&str> =
        asked.iter().filter_map(|asked| asked.headers.get("range").map(|range| &**range)).collect();
    assert!(ranges.contains(&"bytes=1000-") && ranges.contains(&"bytes=51000-"), "{ranges:?}");

    // Nothing, or next to nothing, at each try.
    for len in [0, 1] {
        let (outcome, asked) =
            through(move |asked, _| if is_blob(asked) { Reply::Cut(len) } else { Reply::Pass });
        assert_eq!(outcome.code, 2, "{len}");
        let mut codes = outcome.errors().iter().map(|error| &error["code"]);
        assert!(codes.any(|code| code == "truncated"), "{len}: {:#?}", outcome.errors());
        assert!(asked.iter().filter(|asked| is_blob(asked)).count() < 30, "{len}");
    }
}

#[test]
fn a_busy_registry_is_asked_again() {
    for status in [429, 503] {
        let (outcome, asked) = through(move |_, earlier| {
            if earlier > 0 {
                return Reply::Pass;
            }
            Reply::Answer(status, vec![("Retry-After".to_owned(), "0".to_owned())], Vec::new())
        });
        assert_leak(&outcome);
        assert_eq!(asked.len(), 18, "a manifest, three blobs and five places of referrers, each twice");
    }
    let (outcome, _) =
        through(|_, _| Reply::Answer(429, vec![("Retry-After".to_owned(), "0".to_owned())], Vec::new()));
    let (code, message) = error(&outcome);
    assert_eq!((outcome.code, &*code), (2, "unreachable"));
    assert!(message.contains("asked too often") && message.contains("(429)"), "{message}");
}

#[test]
fn what_a_registry_may_say_is_told_in_a_line() {
    let answer = |status, body: &'static str| {
        move |asked: &Asked, _: usize| {
            if asked.path == "/v2/" { Reply::Pass } else { Reply::Answer(status, Vec::new(), body.into()) }
        }
    };
    for (status, body, code, said) in [
        (401, "", "denied", "docker login"),
        (403, "", "denied", "denies access"),
        (404, "", "missing", "no such image"),
        (418, "", "io", "not expected"),
        (200, "<html><body>Welcome</body></html>", "corrupt", "something else than a manifest"),
    ] {
        let (outcome, _) = through(answer(status, body));
        let (found, message) = error(&outcome);
        assert_eq!((outcome.code, &*found), (2, code), "{status}: {message}");
        assert!(message.contains(said) && !message.contains('\n'), "{status}: {message}");
    }
    // A manifest that is not what its digest says.
    let lie = |mut body: Vec<u8>| {
        let at = body.iter().position(|byte| *byte == b'{').unwrap();
        body.splice(at..=at, *b"{");
        let last = body.iter().rposition(|byte| *byte == b'}').unwrap();
        body[last - 1] = b' ';
        body
    };
    let (outcome, _) =
        through(
            move |asked, _| if asked.path.contains("/manifests/") { Reply::Change(lie) } else { Reply::Pass },
        );
    assert!(["digest-mismatch", "corrupt"].contains(&&*error(&outcome).0));
    let flip = |mut body: Vec<u8>| {
        let middle = body.len() / 2;
        body[middle] ^= 1;
        body
    };
    let (outcome, _) =
        through(move |asked, _| if is_blob(asked) { Reply::Change(flip) } else { Reply::Pass });
    assert!(
        outcome.errors().iter().any(|error| error["code"] == "digest-mismatch"),
        "{:#?}",
        outcome.errors()
    );
}

#[test]
fn redirects_are_followed_without_credentials() {
    let other = Proxy::start(&registry().address, |_, _| Reply::Pass);
    let to = other.address.clone();
    let basic = format!("Basic {}", STANDARD.encode("me:secret-word"));
    let expected = basic.clone();
    let proxy = Proxy::start(&registry().address, move |asked, _| {
        if asked.headers.get("authorization") != Some(&expected) {
            let ask = ("WWW-Authenticate".to_owned(), "Basic realm=\"x\"".to_owned());
            return Reply::Answer(401, vec![ask], Vec::new());
        }
        if is_blob(asked) {
            let location = ("Location".to_owned(), format!("http://{to}{}", asked.path));
            return Reply::Answer(307, vec![location], Vec::new());
        }
        Reply::Pass
    });
    let options = ["--username", "me", "--password-stdin"];
    let target = reference(&proxy.address);
    let args = [&options[..], &[target.as_str()]].concat();
    assert_leak(&scan_with(&args, Stdin::Pipe(b"secret-word\n")));
    let redirected = other.asked();
    assert_eq!(redirected.len(), 3);
    assert!(redirected.iter().all(|asked| !asked.headers.contains_key("authorization")));

    let (code, message) = error(&scan_with(&args, Stdin::Pipe(b"wrong")));
    assert_eq!(code, "denied");
    assert!(message.contains("do not allow it") && !message.contains("wrong"), "{message}");
    let (code, message) = error(&scan(&[&target]));
    assert_eq!(code, "denied");
    assert!(message.contains("docker login"), "{message}");

    // Credentials of a file.
    let place = Place::new("registry-config");
    let config = json!({"auths": {&proxy.address: {"auth": STANDARD.encode("me:secret-word")}}});
    place.write("config.json", config.to_string());
    for (name, value) in
        [("DOCKER_CONFIG", place.path().to_owned()), ("REGISTRY_AUTH_FILE", place.join("config.json"))]
    {
        let output = command_cached(&place.join("caches"), &["scan", "--format", "json", &target])
            .env(name, value)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (report["errors"].as_array().unwrap().len(), output.status.code()),
            (0, Some(1)),
            "{name}"
        );
    }
    let circle = |asked: &Asked, _: usize| {
        Reply::Answer(302, vec![("Location".to_owned(), asked.path.clone())], Vec::new())
    };
    let (outcome, _) = through(circle);
    assert_eq!(error(&outcome).0, "limit");
}

#[test]
fn a_token_server_is_asked_for_a_token() {
    let token_server = Proxy::start("127.0.0.1:1", |asked, _| {
        let is_known = asked
            .headers
            .get("authorization")
            .is_some_and(|value| value.contains(&STANDARD.encode("me:secret-word")));
        if !asked.path.starts_with("/token?") || !is_known {
            return Reply::Answer(401, Vec::new(), Vec::new());
        }
        Reply::Answer(200, Vec::new(), json!({"access_token": "granted"}).to_string().into_bytes())
    });
    let realm = format!("http://{}/token", token_server.address);
    let proxy = Proxy::start(&registry().address, move |asked, _| {
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer granted") {
            return Reply::Pass;
        }
        let realm = if asked.path.contains("org/app") { realm.clone() } else { "/token".to_owned() };
        let ask = format!("Bearer realm=\"{realm}\",service=\"test\"");
        Reply::Answer(401, vec![("WWW-Authenticate".to_owned(), ask)], Vec::new())
    });
    let target = reference(&proxy.address);
    let args = ["--username", "me", "--password-stdin", &target];
    // Both are on this machine, but not at the same port: credentials would go over plain HTTP to another server.
    let (code, message) = error(&scan_with(&args, Stdin::Pipe(b"secret-word")));
    assert_eq!(code, "denied");
    assert!(message.contains("they were not sent"), "{message}");
    assert!(token_server.asked().is_empty());

    // The registry's own token server.
    let own = Proxy::start(&registry().address, |asked, _| {
        if asked.path.starts_with("/token?") {
            let is_known = asked.headers.get("authorization")
                == Some(&format!("Basic {}", STANDARD.encode("me:secret-word")));
            let is_scoped = asked.path.contains("service=test") && asked.path.contains("org%2Fapp");
            assert!(is_scoped, "{}", asked.path);
            let body = json!({"token": "granted"}).to_string().into_bytes();
            return if is_known {
                Reply::Answer(200, Vec::new(), body)
            } else {
                Reply::Answer(401, Vec::new(), Vec::new())
            };
        }
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer granted") {
            return Reply::Pass;
        }
        let ask = "Bearer realm=\"/token\",service=\"test\",scope=\"\"".to_owned();
        Reply::Answer(401, vec![("WWW-Authenticate".to_owned(), ask)], Vec::new())
    });
    let target = reference(&own.address);
    let args = ["--username", "me", "--password-stdin", &target];
    assert_leak(&scan_with(&args, Stdin::Pipe(b"secret-word")));
    let tokens = own.asked().iter().filter(|asked| asked.path.starts_with("/token?")).count();
    assert!((1..=4).contains(&tokens), "{tokens}");
    let (code, message) = error(&scan_with(&args, Stdin::Pipe(b"wrong")));
    assert_eq!(code, "denied");
    assert!(message.contains("refuses the credentials"), "{message}");
}

#[test]
fn a_silent_registry_does_not_outlast_the_timeout() {
    let proxy = Proxy::start(
        &registry().address,
        |asked, _| if is_blob(asked) { Reply::Silence } else { Reply::Pass },
    );
    let outcome = scan(&["--timeout", "1s", &reference(&proxy.address)]);
    assert_eq!((outcome.code, &*error(&outcome).0), (2, "timed-out"));
    let silent = Proxy::start(&registry().address, |_, _| Reply::Silence);
    let outcome = scan(&["--timeout", "1s", &reference(&silent.address)]);
    assert_eq!((outcome.code, &*error(&outcome).0), (2, "timed-out"));
}

#[test]
fn options_that_contradict_each_other() {
    let archive = archive();
    for args in [
        &["scan", "--username", "me", archive][..],
        &["scan", "--password-stdin", archive],
        &["scan", "--username", "me", "--password-stdin", "-"],
        &["scan", "--username", "me", "--password-stdin", archive],
    ] {
        assert_eq!(stowaway(args, Stdin::Empty).code, 2, "{args:?}");
    }
}

#[test]
fn credentials_are_for_one_registry() {
    for targets in [
        &["docker://127.0.0.1:1/a", "127.0.0.1:2/a"][..],
        &["--all-tags", "docker://127.0.0.1:1/a", "127.0.0.1:2/a"],
        &["--catalog", "docker://127.0.0.1:1", "docker://127.0.0.1:2/team"],
    ] {
        let arguments = [&["scan", "--username", "me", "--password-stdin"], targets].concat();
        let outcome = stowaway(&arguments, Stdin::Pipe(b"a password"));
        assert_eq!(outcome.code, 2, "{targets:?}");
        assert!(outcome.stderr.contains("the targets name several"), "{targets:?}: {}", outcome.stderr);
    }
}
