//! Files at known places of layers with a table of contents, fetched ahead of the layers.

use crate::support::registry::{Asked, Proxy, Registry, Reply};
use crate::support::tools::{self, skopeo_copy};
use crate::support::{Image, Layer, Place, Tar, Token, image, scan};

const PATH: &str = "root/.cache/huggingface/token";

fn leaked() -> Token {
    Token::user("ahead")
}

/// Starts a registry with a `zstd:chunked` image as skopeo writes it.
fn registry(place: &Place) -> Registry {
    let registry = Registry::start(place, None);
    let noise: Vec<u8> = (0..900_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let tar = Tar::new().file("usr/noise", noise).file(PATH, leaked().bytes()).finish();
    let archive = image::docker_archive(&[&Image::new("a:1", [Layer::new(&tar)])]).archive();
    let archive = place.write("a.tar", archive);
    let layout = format!("oci:{}:a", place.join("layout").display());
    skopeo_copy(&format!("docker-archive:{}", tools::text(&archive)), &layout, &[]);
    let to = format!("docker://{}/a:1", registry.address);
    skopeo_copy(&layout, &to, &["--dest-tls-verify=false", "--dest-compress-format", "zstd:chunked"]);
    registry
}

/// Returns the requests for layers, and whether each is for a part.
fn parts(asked: &[Asked], digest: &str) -> Vec<bool> {
    let of_layer = asked.iter().filter(|asked| asked.path.ends_with(digest));
    of_layer.map(|asked| asked.headers.contains_key("range")).collect()
}

#[test]
fn a_token_file_is_found_before_its_layer_is_read() {
    let place = Place::new("ahead");
    let registry = registry(&place);
    let proxy = Proxy::start(&registry.address, |_, _| Reply::Pass);
    let target = format!("docker://{}/a:1", proxy.address);

    let outcome = scan(&[target.as_str()]);
    let [finding] = outcome.findings_of(&leaked())[..] else { panic!("{}", outcome.stdout) };
    assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{}", outcome.stderr);
    let digest = finding["location"]["digest"].as_str().unwrap().to_owned();
    assert_eq!(parts(&proxy.asked(), &digest), [true, true, false], "table, file, layer");
    assert_eq!(outcome.stderr, format!("stowaway: layer 0 has a token in {PATH}; the scan goes on\n"));

    let outcome = scan(&[target.as_str(), "--first-finding"]);
    let [first] = outcome.findings_of(&leaked())[..] else { panic!("{}", outcome.stdout) };
    assert_eq!(parts(&proxy.asked(), &digest), [true, true], "the layer itself is not fetched");
    assert_eq!(first["location"]["path"], PATH);
    assert_eq!(first["fingerprint"], finding["fingerprint"]);
    assert_eq!((outcome.code, outcome.errors().len()), (1, 1));
    assert_eq!(outcome.errors()[0]["code"], "cancelled");

    let quiet = scan(&[target.as_str(), "--quiet"]);
    assert_eq!((quiet.code, &*quiet.stderr), (1, ""));
}
