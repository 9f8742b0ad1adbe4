//! Whole repositories and registries, what refers to images, and the search for one token.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::image::{MANIFEST, descriptor, digest};
use crate::support::registry::{Proxy, Registry, Reply};
use crate::support::tools::{self, skopeo_copy};
use crate::support::{Compression, Image, Layer, Outcome, Place, Stdin, Tar, Token, image, scan, scan_with};

fn token(name: &str) -> Token {
    Token::user(name)
}

/// A registry with `a/one:1`, `a/one:2` and `b/two:v1`. The first two share a layer with a token, the last has another.
fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let place = Place::new("registry-lists");
        let registry = Registry::start(&place, None);
        let layer = |path: &str, bytes: &[u8]| {
            Layer::stored(&Tar::new().file(path, bytes).finish(), Compression::Gzip)
        };
        let shared = layer("srv/shared", token("shared").bytes());
        let images = [
            ("a/one:1", vec![shared.clone(), layer("a", b"1")]),
            ("a/one:2", vec![shared, layer("a", b"2")]),
            ("b/two:v1", vec![layer("srv/two", token("two").bytes())]),
        ];
        for (number, (name, layers)) in images.into_iter().enumerate() {
            let archive = image::docker_archive(&[&Image::new(name, layers)]).archive();
            let archive = place.write(&format!("{number}.tar"), archive);
            let from = format!("docker-archive:{}", tools::text(&archive));
            let to = format!("docker://{}/{name}", registry.address);
            skopeo_copy(&from, &to, &["--dest-tls-verify=false"]);
        }
        registry
    })
}

fn targets(outcome: &Outcome) -> Vec<&str> {
    let targets = outcome.report()["targets"].as_array().unwrap();
    targets.iter().map(|target| target["target"].as_str().unwrap()).collect()
}

/// Asserts that these tokens are found this many times, and no others.
#[track_caller]
fn assert_found(outcome: &Outcome, expected: &[(&str, usize)]) {
    for (name, count) in expected {
        assert_eq!(outcome.findings_of(&token(name)).len(), *count, "{name}");
    }
    let all: usize = expected.iter().map(|(_, count)| count).sum();
    assert_eq!(outcome.findings().len(), all);
}

#[test]
fn all_tags_of_a_repository() {
    let proxy = Proxy::start(&registry().address, |_, _| Reply::Pass);
    let name = |rest: &str| format!("docker://{}/{rest}", proxy.address);
    let outcome = scan(&[&name("a/one"), "--all-tags"]);
    assert_eq!(targets(&outcome), [name("a/one:1"), name("a/one:2")]);
    assert_eq!((outcome.code, outcome.errors().len()), (1, 0));
    assert_eq!(outcome.findings_of(&token("shared")).len(), 2, "each image carries it");
    let fetched = proxy.asked();
    let blobs: Vec<&str> =
        fetched.iter().filter(|asked| asked.path.contains("/blobs/")).map(|asked| &*asked.path).collect();
    assert_eq!(blobs.len(), 5, "the shared layer once, two others, two configs: {blobs:?}");
    assert_eq!(
        outcome.report()["repositories"],
        json!([{
            "repository": format!("{}/a/one", proxy.address),
            "targets": 2, "findings": 2, "tokens": 1, "complete": true,
        }])
    );

    let outcome = scan(&[&name("a/one"), "--tags", "[2-9]*", "--tags", "x"]);
    assert_eq!(targets(&outcome), [name("a/one:2")]);
    let none = scan(&[&name("a/one"), "--tags", "v*"]);
    assert!(none.assert_error("target").contains("none of its tags matches"));
    for one in ["a/one:1", "a/one:latest", &format!("a/one@sha256:{}", "0".repeat(64))] {
        assert!(scan(&[&name(one), "--all-tags"]).assert_error("target").contains("for a repository"));
    }
    let gone = scan(&[&name("a/none"), "--all-tags"]);
    assert_eq!((gone.code, &gone.errors()[0]["code"]), (2, &json!("missing")));
    let wrong = scan_with(&[&name("a/one"), "--tags", "[a"], Stdin::Empty);
    assert_eq!((wrong.code, wrong.json.is_none()), (2, true));
    assert!(wrong.stderr.contains("--tags [a"), "{}", wrong.stderr);
}

#[test]
fn a_whole_registry() {
    let proxy = Proxy::start(&registry().address, |_, _| Reply::Pass);
    let host = format!("docker://{}", proxy.address);
    let outcome = scan(&["--catalog", &host]);
    let names = ["a/one:1", "a/one:2", "b/two:v1"].map(|name| format!("{host}/{name}"));
    assert_eq!(targets(&outcome), names);
    assert_found(&outcome, &[("shared", 2), ("two", 1)]);
    let summaries = outcome.report()["repositories"].as_array().unwrap();
    let of = |summary: &Value| (summary["findings"].as_u64(), summary["complete"].as_bool());
    assert_eq!(summaries.iter().map(of).collect::<Vec<_>>(), [(Some(2), Some(true)), (Some(1), Some(true))]);

    let namespace = scan(&["--catalog", &format!("{host}/b")]);
    namespace.assert_found_only(&[&token("two")]);
    assert!(scan(&["--catalog", &format!("{host}/none")]).assert_error("target").contains("no repository"));
    let unmatched = scan(&["--catalog", &host, "--tags", "zzz*"]);
    assert!(unmatched.assert_error("target").contains("none that matches"));
    assert!(
        scan(&["--catalog", "docker://host"]).assert_error("target").contains("--catalog is for a registry")
    );
    assert!(scan(&["--catalog", "a.tar"]).assert_error("target").contains("--catalog is for a registry"));
}

#[test]
fn a_catalog_in_pages() {
    let page = |names: &[&str], next: Option<&str>| {
        let links = next.map(|next| ("link".to_owned(), format!("<{next}>; rel=\"next\"")));
        let body = serde_json::to_vec(&json!({"repositories": names})).unwrap();
        Reply::Answer(200, links.into_iter().collect(), body)
    };
    let scan_catalog = |decide: Box<dyn Fn(&str) -> Reply + Send + Sync>| {
        let proxy = Proxy::start(&registry().address, move |asked, _| {
            if asked.path.contains("_catalog") { decide(&asked.path) } else { Reply::Pass }
        });
        scan(&["--catalog", &format!("docker://{}", proxy.address)])
    };
    let outcome = scan_catalog(Box::new(move |path| {
        if path.contains("last=") {
            page(&["b/two"], None)
        } else {
            page(&["a/one"], Some("/v2/_catalog?last=a%2Fone&n=1"))
        }
    }));
    assert_eq!((outcome.errors().len(), targets(&outcome).len()), (0, 3));
    let endless = scan_catalog(Box::new(move |_| page(&["a/one"], Some("/v2/_catalog?last=x"))));
    assert_eq!(endless.errors()[0]["code"], "limit");
    let elsewhere = scan_catalog(Box::new(move |_| page(&["a/one"], Some("http://example.org/v2/_catalog"))));
    assert_eq!(elsewhere.errors()[0]["code"], "denied");
    let refused = scan_catalog(Box::new(|_| Reply::Answer(404, Vec::new(), Vec::new())));
    let why = refused.assert_error("target");
    assert!(why.contains("could not be listed") && why.contains("--targets-from"), "{why}");
    let html = scan_catalog(Box::new(|_| Reply::Answer(200, Vec::new(), b"<html>".to_vec())));
    assert_eq!(html.errors()[0]["code"], "corrupt");
    let odd = scan_catalog(Box::new(move |_| page(&["../a", "b/two"], None)));
    assert_eq!((odd.errors().len(), &odd.errors()[0]["code"]), (1, &json!("corrupt")));
    assert_eq!(odd.findings_of(&token("two")).len(), 1);
    let keyless = scan_catalog(Box::new(|_| Reply::Answer(200, Vec::new(), br#"{"errors":[]}"#.to_vec())));
    assert_eq!(keyless.errors()[0]["code"], "corrupt");
    let unread = scan_catalog(Box::new(|_| {
        let link = ("Link".to_owned(), "http://x/v2/_catalog; rel=\"next\"".to_owned());
        Reply::Answer(200, vec![link], br#"{"repositories":["b/two"]}"#.to_vec())
    }));
    assert_eq!(unread.errors()[0]["code"], "corrupt");
    // A repository that is listed and has no tags is noted, and nothing at all is an error.
    let gone = scan_catalog(Box::new(move |_| page(&["b/two", "gone"], None)));
    assert_eq!((gone.code, gone.errors().len()), (1, 0));
    assert!(gone.report()["notes"][0]["message"].as_str().unwrap().contains("has no tags of it"));
    let nothing = scan_catalog(Box::new(move |_| page(&["gone"], None)));
    assert_eq!((nothing.code, &nothing.errors()[0]["code"]), (2, &json!("missing")));
}

#[test]
fn one_broken_image_leaves_the_others_alone() {
    let proxy = Proxy::start(&registry().address, |asked, _| {
        if asked.path.contains("/a/one/manifests/1") {
            Reply::Answer(403, Vec::new(), Vec::new())
        } else {
            Reply::Pass
        }
    });
    let outcome = scan(&["--catalog", &format!("docker://{}", proxy.address)]);
    assert_found(&outcome, &[("shared", 1), ("two", 1)]);
    assert_eq!((outcome.errors().len(), outcome.code), (1, 1));
    let complete = outcome.report()["repositories"].as_array().unwrap();
    let complete: Vec<_> = complete.iter().map(|summary| &summary["complete"]).collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn targets_from_a_file() {
    let place = Place::new("targets-from");
    let host = &registry().address;
    let list = format!("# images\n\ndocker://{host}/a/one:1\n  {host}/b/two:v1  \n");
    let file = place.write("list", &list);
    let file = tools::text(&file);
    let outcome = scan(&["--targets-from", file]);
    outcome.assert_found_only(&[&token("shared"), &token("two")]);
    let outcome = scan_with(&["--targets-from", "-"], Stdin::Pipe(list.as_bytes()));
    assert_eq!(targets(&outcome).len(), 2);
    for (args, why) in [
        (vec!["--targets-from", "none"], "No such file"),
        (vec!["--targets-from", "-"], "names no target"),
        (vec!["--targets-from", "-", "-"], "reads standard input as well"),
        (vec!["--token-stdin", "-"], "both read standard input"),
    ] {
        let outcome = scan_with(&args, Stdin::Empty);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
    }
}

#[test]
fn one_token_is_looked_for() {
    let host = format!("docker://{}", registry().address);
    let (wanted, other) = (token("shared"), token("nowhere"));
    let outcome = scan(&["--catalog", &host, "--token-sha256", &wanted.sha256()]);
    assert_found(&outcome, &[("shared", 2)]);
    assert_eq!(outcome.code, 1);
    let prefixed = format!("sha256:{}", other.sha256());
    let outcome = scan(&["--catalog", &host, "--token-sha256", &prefixed]);
    assert_eq!((outcome.code, outcome.findings().len()), (0, 0));
    assert_eq!(outcome.report()["wanted"], json!([other.sha256()]));
    let both = scan(&[
        "--catalog",
        &host,
        "--token-sha256",
        &other.sha256(),
        "--token-sha256",
        &token("two").sha256(),
    ]);
    both.assert_found_only(&[&token("two")]);
    for line in [format!("{}\n", wanted.text()), format!("HF_TOKEN=\"{}\"\r\n", wanted.text())] {
        let outcome = scan_with(&["--catalog", &host, "--token-stdin"], Stdin::Pipe(line.as_bytes()));
        assert_found(&outcome, &[("shared", 2)]);
    }
    let two = format!("{} {}", wanted.text(), other.text());
    for (text, says) in [
        ("password\n", "in the shape of a Hugging Face token"),
        ("", "in the shape of a Hugging Face token"),
        (&two, "more than one token"),
    ] {
        let outcome = scan_with(&[&host, "--token-stdin"], Stdin::Pipe(text.as_bytes()));
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    let outcome = scan_with(&[&host, "--token-sha256", "12"], Stdin::Empty);
    assert!(outcome.stderr.contains("64 hexadecimal digits"), "{}", outcome.stderr);
}

/// Uploads a blob or a manifest.
fn upload(method: &str, url: &str, media_type: &str, bytes: &[u8]) -> String {
    let place = Place::new("upload");
    let body = place.write(&digest(bytes)[7..20], bytes);
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--dump-header", "-", "--request", method])
        .args(["--header", &format!("Content-Type: {media_type}"), "--data-binary"])
        .arg(format!("@{}", tools::text(&body)))
        .arg(url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Stores a blob in a repository.
fn upload_blob(host: &str, repository: &str, bytes: &[u8]) {
    let location =
        upload("POST", &format!("{host}/v2/{repository}/blobs/uploads/"), "application/octet-stream", b"");
    let location = location.lines().find_map(|line| {
        line.split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case("location"))
            .map(|(_, at)| at.trim())
    });
    let location = location.unwrap();
    let and = if location.contains('?') { '&' } else { '?' };
    let at = format!("{location}{and}digest={}", digest(bytes));
    upload("PUT", &at, "application/octet-stream", bytes);
}

/// Answers a request for a list of referrers by its path.
type Answer = Box<dyn Fn(&str) -> Option<Reply> + Send + Sync>;

#[test]
fn what_refers_to_an_image_is_read() {
    let registry = registry();
    let host = format!("http://{}", registry.address);
    let image = format!("{}/b/two:v1", registry.address);
    let described = scan(&[format!("docker://{image}")]);
    let subject =
        described.report()["targets"][0]["images"][0]["manifest_digest"].as_str().unwrap().to_owned();
    assert!(described.errors().is_empty());
    // Manifests that hold tokens in annotations, so that no blob is needed but the empty config.
    let empty = b"{}";
    upload_blob(&host, "b/two", empty);
    let manifest = |text: &str| {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": descriptor("application/vnd.oci.empty.v1+json", empty),
            "annotations": {"a": text},
        });
        serde_json::to_vec(&manifest).unwrap()
    };
    let [signature, listed, by_api] = ["signature", "listed", "api"].map(token);
    let put = |tag: &str, media_type: &str, bytes: &[u8]| {
        upload("PUT", &format!("{host}/v2/b/two/manifests/{tag}"), media_type, bytes);
    };
    let hex = subject.strip_prefix("sha256:").unwrap();
    put(&format!("sha256-{hex}.sig"), MANIFEST, &manifest(signature.text()));
    // The tag that takes the place of the API, which this registry does not have.
    let referrer = manifest(listed.text());
    put("listed", MANIFEST, &referrer);
    let index = json!({
        "schemaVersion": 2, "mediaType": image::INDEX, "manifests": [descriptor(MANIFEST, &referrer)],
    });
    put(&format!("sha256-{hex}"), image::INDEX, &serde_json::to_vec(&index).unwrap());

    let target = [format!("docker://{image}")];
    let outcome = scan(&target);
    assert!(outcome.errors().is_empty(), "{:#?}", outcome.errors());
    outcome.assert_found_only(&[&token("two"), &signature, &listed]);
    assert_eq!(outcome.finding_of(&listed)["rule"], "image/token-in-annotation");
    assert_eq!(outcome.findings().len(), 3);

    // The API comes before the tag.
    let referrer = manifest(by_api.text());
    put("api", MANIFEST, &referrer);
    let answer = json!({
        "schemaVersion": 2, "mediaType": image::INDEX, "manifests": [descriptor(MANIFEST, &referrer)],
    });
    let answer = serde_json::to_vec(&answer).unwrap();
    let path = format!("/v2/b/two/referrers/{subject}");
    let proxy = Proxy::start(&registry.address, move |asked, _| {
        if asked.path == path { Reply::Answer(200, Vec::new(), answer.clone()) } else { Reply::Pass }
    });
    let outcome = scan(&[format!("docker://{}/b/two:v1", proxy.address)]);
    outcome.assert_found_only(&[&token("two"), &signature, &by_api]);

    // Several pages, a list that is none, and one with a broken entry.
    let more = [by_api.text(), "clean"].map(|text| descriptor(MANIFEST, &manifest(text)));
    put("clean", MANIFEST, &manifest("clean"));
    let list = |manifests: &[Value]| {
        let index = json!({"schemaVersion": 2, "mediaType": image::INDEX, "manifests": manifests});
        serde_json::to_vec(&index).unwrap()
    };
    let (first, second) = (list(&more[1..]), list(&more[..1]));
    let broken = list(&[json!({"mediaType": MANIFEST, "size": 3}), more[0].clone()]);
    let through = |answer: Answer| {
        let proxy = Proxy::start(&registry.address, move |asked, _| {
            let is_list = asked.path.contains("/referrers/");
            answer(&asked.path).filter(|_| is_list).unwrap_or(Reply::Pass)
        });
        scan(&[format!("docker://{}/b/two:v1", proxy.address)])
    };
    let paged = through(Box::new(move |path| {
        if path.contains("page=2") {
            return Some(Reply::Answer(200, Vec::new(), second.clone()));
        }
        let link = ("Link".to_owned(), format!("<{path}?page=2>; rel=\"next\""));
        Some(Reply::Answer(200, vec![link], first.clone()))
    }));
    paged.assert_found_only(&[&token("two"), &signature, &by_api]);
    let html = through(Box::new(|_| Some(Reply::Answer(200, Vec::new(), b"<html>".to_vec()))));
    html.assert_found_only(&[&token("two"), &signature, &listed]);
    let empty = list(&[]);
    let empty = through(Box::new(move |_| Some(Reply::Answer(200, Vec::new(), empty.clone()))));
    empty.assert_found_only(&[&token("two"), &signature, &listed]);
    let broken = through(Box::new(move |_| Some(Reply::Answer(200, Vec::new(), broken.clone()))));
    assert_eq!(broken.errors()[0]["code"], "unsupported");
    // A body that claims to be a list and is none leaves the referrers unknown.
    for (media_type, body) in [
        (image::INDEX, "{\"manifests\": ["),
        (image::INDEX, "<html>"),
        ("application/json", "{\"manifests\": \"x\"}"),
    ] {
        let outcome = through(Box::new(move |_| {
            let media_type = ("Content-Type".to_owned(), media_type.to_owned());
            Some(Reply::Answer(200, vec![media_type], body.into()))
        }));
        assert_eq!(outcome.errors()[0]["code"], "corrupt", "{body}");
    }

    let proxy = Proxy::start(&registry.address, |asked, _| {
        if asked.path.contains("/referrers/") {
            Reply::Answer(401, Vec::new(), Vec::new())
        } else {
            Reply::Pass
        }
    });
    let outcome = scan(&[format!("docker://{}/b/two:v1", proxy.address)]);
    assert_eq!(outcome.errors()[0]["code"], "denied");
    assert!(outcome.errors()[0]["message"].as_str().unwrap().contains("what refers to it"));
}
