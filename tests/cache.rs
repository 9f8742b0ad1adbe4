//! What an audit leaves for the next: the report stays the same, and nothing of it is a token.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test code: a panic is the failure"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use support::expect::fate;
use support::files::{Files, gzip, zstd};
use support::image::{blob_path, digest, docker_archive, hybrid_archive};
use support::run::{command_cached, uncached};
use support::tar::Header;
use support::{
    Compression, Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, stowaway_cached, token,
};

/// A place with a cache of its own.
struct Own {
    place: Place,
    caches: PathBuf,
}

impl Own {
    fn new(name: &str) -> Self {
        let place = Place::new(name);
        let caches = place.join("caches");
        Self { place, caches }
    }

    /// The file of the cache.
    fn file(&self) -> PathBuf {
        self.caches.join("stowaway/layers.redb")
    }

    fn write(&self, name: &str, files: &Files) -> PathBuf {
        self.place.write(name, files.archive())
    }

    fn archive(&self, name: &str, images: &[&Image]) -> PathBuf {
        self.write(name, &Layout::of(images).files())
    }

    /// Scans as JSON, with the cache.
    #[track_caller]
    fn scan(&self, args: &[&str]) -> Outcome {
        let args = [&["scan", "--format", "json"], args].concat();
        stowaway_cached(&self.caches, &args, Stdin::Empty)
    }

    /// Scans, and asserts that the report is that of a scan without a cache. Gives it back, and which layers of
    /// each image came from the cache.
    #[track_caller]
    fn scan_same(&self, args: &[&str]) -> (Outcome, Vec<Vec<bool>>) {
        let plain = scan(args);
        let outcome = self.scan(args);
        assert_eq!(uncached(&outcome.stdout), plain.stdout, "a cache changes no report");
        assert_eq!((outcome.code, &outcome.stderr), (plain.code, &plain.stderr));
        let cached = cached(&outcome);
        (outcome, cached)
    }

    /// The same for one image.
    #[track_caller]
    fn cached(&self, args: &[&str]) -> Vec<bool> {
        let (_, mut cached) = self.scan_same(args);
        assert_eq!(cached.len(), 1);
        cached.remove(0)
    }

    #[track_caller]
    fn stowaway(&self, args: &[&str]) -> Outcome {
        stowaway_cached(&self.caches, args, Stdin::Empty)
    }

    /// All bytes that lie in the cache's directory.
    fn bytes(&self) -> Vec<u8> {
        fn add(directory: &Path, all: &mut Vec<u8>) {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                all.extend_from_slice(entry.file_name().as_encoded_bytes());
                if entry.file_type().unwrap().is_dir() {
                    add(&entry.path(), all);
                } else {
                    all.extend(fs::read(entry.path()).unwrap());
                }
            }
        }
        let mut all = Vec::new();
        add(&self.caches, &mut all);
        all
    }
}

fn cached(outcome: &Outcome) -> Vec<Vec<bool>> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let targets = list(&outcome.report()["targets"]);
    let images = targets.iter().flat_map(|target| list(&target["images"]));
    images
        .map(|i| list(&i["layers"]).iter().map(|layer| layer["cached"].as_bool().unwrap()).collect())
        .collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn made(seed: &str) -> Token {
    Token::user(&format!("cache {seed}"))
}

/// A layer stored with gzip.
fn layer(tar: Tar) -> Layer {
    Layer::new(&tar.finish())
}

fn image(layers: Vec<Layer>) -> Image {
    Image::new("app:latest", layers)
}

/// Layers in which there is something of all that a verdict holds.
fn rich(compression: Compression) -> Image {
    use base64::Engine as _;
    let encoded =
        base64::engine::general_purpose::STANDARD.encode(format!("token={}\n", made("base64").text()));
    let nested = gzip(format!("key {}\n", made("nested").text()).as_bytes());
    let broken = &gzip(&vec![b'x'; 100_000])[..60];
    let secret = token::shapeless("cache");
    let first = Tar::new()
        .dir("root")
        .file("root/.cache/huggingface/token", made("login").bytes())
        .file("data/token", &secret)
        .file("data/stored_tokens", format!("[one]\nhf_token = {secret}\n"))
        .file("root/.netrc", format!("machine huggingface.co login x password {secret}\n"))
        .file("srv/key", format!("a line\n  key: {}\n", made("file").text()))
        .file("srv/key", format!("again\n{}\n", made("again").text()))
        .file("srv/nested.gz", nested)
        .file("srv/broken.gz", broken)
        .file("srv/encoded", encoded)
        .file(b"srv/not utf-8 \xff", made("name").bytes())
        .hard_link("srv/other", "srv/key")
        .hard_link("srv/third", "srv/other")
        .symlink("home", "/root")
        .file("/absolute", "x")
        .file("../climbs", "x")
        .pax(&[("SCHILY.xattr.user.key", made("xattr").bytes())])
        .file("srv/xattr", "x")
        .file("binary", [&b"\0\0\x01"[..], made("binary").bytes(), b"\0"].concat());
    let second = Tar::new().whiteout("srv/key").file("srv/encoded", "no more").opaque("data").dir("data");
    let third = Tar::new().hard_link("late", "srv/nested.gz").file("srv/last", made("last").bytes());
    let layers = [first, second, third].map(|tar| Layer::stored(&tar.finish(), compression));
    let mut image = image(layers.to_vec()).env(&["HF_HOME=/data", "HF_TOKEN_PATH=/srv/key"]);
    if compression == Compression::Gzip {
        // A token in the comment of a gzip header is in no file.
        let mut blob = image.layers[2].blob.clone();
        blob[3] |= 16;
        blob.splice(10..10, [made("comment").bytes(), b"\0"].concat());
        image.layers[2].blob = blob;
    }
    image
}

#[test]
fn a_second_audit_says_the_same_and_reads_no_layer() {
    for (name, compression) in [("gzip", Compression::Gzip), ("zstd", Compression::Zstd)] {
        let own = Own::new(name);
        let image = rich(compression);
        Layout::of(&[&image]).files().write_dir(&own.place.join("layout"));
        let targets = [
            own.archive("oci.tar", &[&image]),
            own.place.join("layout"),
            own.write("hybrid.tar", &hybrid_archive(&[&image])),
        ];
        assert_eq!(own.cached(&[text(&targets[0])]), [false; 3]);
        for target in &targets {
            let (outcome, cached) = own.scan_same(&[text(target)]);
            assert_eq!(cached, [[true; 3]], "{}", target.display());
            assert!(outcome.findings().len() >= 11, "{:#}", outcome.report());
            assert!(!outcome.report()["notes"].as_array().unwrap().is_empty());
        }
        assert!(!token::shows_a_secret(&String::from_utf8_lossy(&own.bytes())));
    }
}

#[test]
fn text_says_how_many_layers_came_from_the_cache() {
    let own = Own::new("text");
    let archive = own.archive(
        "app.tar",
        &[&image(vec![layer(Tar::new().file("a", "a")), layer(Tar::new().file("b", "b"))])],
    );
    let scan = |own: &Own| own.stowaway(&["scan", text(&archive)]).stdout;
    assert!(scan(&own).ends_with("1 image, 2 layers, nothing found\n"));
    assert!(scan(&own).ends_with("1 image, 2 layers (2 from the cache), nothing found\n"));
}

#[test]
fn what_a_layer_holds_depends_on_the_image_that_uses_it() {
    let secret = token::shapeless("home");
    let shared = layer(Tar::new().file("data/token", &secret).file("other/token", &secret));
    let other = |n: &str| layer(Tar::new().file(n, n));
    let one = Image::new("one:latest", [shared.clone(), other("one")]).env(&["HF_HOME=/data"]);
    let two = Image::new("two:latest", [other("two"), shared.clone()]).env(&["HF_HOME=/other"]);
    let none = Image::new("none:latest", [shared]);
    for (first, second) in [(&one, &two), (&two, &one), (&none, &two)] {
        let own = Own::new("homes");
        let paths = |outcome: &Outcome| -> Vec<String> {
            let path = |finding: &Value| finding["location"]["path"].as_str().unwrap().to_owned();
            outcome.findings().iter().map(path).collect()
        };
        own.scan_same(&[text(&own.archive("first.tar", &[first]))]);
        let (outcome, cached) = own.scan_same(&[text(&own.archive("second.tar", &[second]))]);
        assert!(cached[0].contains(&true) && cached[0].contains(&false), "{cached:?}");
        let home = if second.name == two.name { "other/token" } else { "data/token" };
        assert_eq!(paths(&outcome), [home]);
        let (outcome, cached) = own.scan_same(&[text(&own.archive("both.tar", &[first, second]))]);
        assert!(cached.iter().flatten().all(|cached| *cached));
        assert!(paths(&outcome).contains(&home.to_owned()));
    }
}

#[test]
fn a_layer_from_the_cache_still_hides() {
    let own = Own::new("hides");
    let leak = layer(
        Tar::new()
            .file("srv/a", made("a").bytes())
            .file("srv/b", made("b").bytes())
            .file("c/d", made("d").bytes()),
    );
    let hider = layer(Tar::new().whiteout("srv/a").file("srv/b", "no more").opaque("c"));
    let base = layer(Tar::new().file("base", "base"));
    let check = |outcome: &Outcome| {
        for (seed, state) in [("a", "deleted"), ("b", "overwritten"), ("d", "deleted")] {
            assert_eq!(fate(&outcome.finding_of(&made(seed))["location"]), (state, Some(1)), "{seed}");
        }
    };
    // The layer that hides is known, the other is not.
    own.scan_same(&[text(&own.archive("first.tar", &[&image(vec![base.clone(), hider.clone()])]))]);
    let (outcome, cached) =
        own.scan_same(&[text(&own.archive("second.tar", &[&image(vec![leak.clone(), hider.clone()])]))]);
    assert_eq!(cached, [[false, true]]);
    check(&outcome);
    let (outcome, cached) =
        own.scan_same(&[text(&own.archive("second.tar", &[&image(vec![leak.clone(), hider])]))]);
    assert_eq!(cached, [[true, true]]);
    check(&outcome);
    // And the other way about: a known leak under a layer that is new.
    let (outcome, cached) = own.scan_same(&[text(
        &own.archive("third.tar", &[&image(vec![leak, base, layer(Tar::new().file("srv", ""))])]),
    )]);
    assert_eq!(cached, [[true, true, false]]);
    assert_eq!(fate(&outcome.finding_of(&made("a"))["location"]), ("overwritten", Some(2)));
}

#[test]
fn bytes_that_are_not_what_their_name_says_are_neither_kept_nor_taken_for_known() {
    let clean = layer(Tar::new().file("srv/clean", "x".repeat(1000)));
    let leaking = layer(Tar::new().file("srv/key", made("swapped").bytes()));
    let good = image(vec![clean.clone()]);
    let sound = image(vec![leaking.clone()]);
    let bad = |bytes: &[u8], at: &Layer| {
        let mut files = Layout::of(&[&image(vec![at.clone()])]).files();
        *files.get_mut(&blob_path(&at.digest())) = bytes.to_vec();
        files
    };
    let own = Own::new("swapped");
    // What claims to be the leaking layer is clean: that must not be remembered of it.
    let poison = own.write("poison.tar", &bad(&clean.blob, &leaking));
    let sound = own.archive("sound.tar", &[&sound]);
    for _ in 0..2 {
        let (outcome, cached) = own.scan_same(&[text(&poison)]);
        assert_eq!((cached, outcome.code), (vec![vec![false]], 2));
        outcome.assert_error("do not match its name");
    }
    let (outcome, cached) = own.scan_same(&[text(&sound)]);
    assert_eq!(cached, [[false]]);
    outcome.finding_of(&made("swapped"));
    // Nor must what is known of the clean layer be said of what claims to be it.
    let good = own.archive("good.tar", &[&good]);
    own.scan_same(&[text(&good)]);
    assert_eq!(own.cached(&[text(&good)]), [true]);
    let posing = own.write("posing.tar", &bad(&leaking.blob, &clean));
    for _ in 0..2 {
        let (outcome, cached) = own.scan_same(&[text(&posing)]);
        assert_eq!((cached, outcome.code), (vec![vec![false]], 1));
        outcome.finding_of(&made("swapped"));
        outcome.assert_error("do not match its name");
    }
    let longer = own.write("longer.tar", &bad(&[&clean.blob[..], b"more"].concat(), &clean));
    assert_eq!(own.cached(&[text(&longer)]), [false]);
    assert_eq!(own.cached(&[text(&good)]), [true], "what was known still is");
    assert_eq!(own.cached(&[text(&sound)]), [true]);
}

#[test]
fn what_could_not_be_read_whole_is_never_remembered() {
    let own = Own::new("incomplete");
    let whole = layer(Tar::new().file("srv/key", "some text ".repeat(5000)));
    let stored = |blob: Vec<u8>| Layer { blob, ..whole.clone() };
    let cut = stored(whole.blob[..whole.blob.len() - 20].to_vec());
    let mut flipped = whole.blob.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let no_gzip = stored([&b"\x1f\x8b\x08"[..], &[0xff; 100]].concat());
    let tar = Tar::new().file("a", "a".repeat(1000)).unfinished();
    let mid_entry = Layer::new(&tar[..600]);
    // Containers deeper than we look.
    let deep = (0..20).fold(b"x".repeat(100), |inner, _| gzip(&inner));
    let deep = layer(Tar::new().file("srv/deep.gz", deep));
    for (case, layer) in
        [("cut", cut), ("flipped", stored(flipped)), ("no gzip", no_gzip), ("mid", mid_entry), ("deep", deep)]
    {
        let archive = own.archive("app.tar", &[&image(vec![layer])]);
        for _ in 0..2 {
            let (outcome, cached) = own.scan_same(&[text(&archive)]);
            assert_eq!(cached, [[false]], "{case}");
            assert_ne!(outcome.errors(), &[] as &[Value], "{case}");
        }
    }
    // A sound layer beside a broken one is remembered all the same.
    let beside = own.archive("beside.tar", &[&image(vec![whole.clone(), stored(b"\x1f\x8b\x08".to_vec())])]);
    own.scan_same(&[text(&beside)]);
    assert_eq!(own.cached(&[text(&beside)]), [true, false]);
}

#[test]
fn more_tokens_than_are_listed_are_an_error_each_time() {
    let own = Own::new("overflow");
    let tokens: String = (0..1100).map(|n| made(&format!("many {n}")).text().to_owned() + "\n").collect();
    let archive = own.archive("app.tar", &[&image(vec![layer(Tar::new().file("srv/keys", tokens))])]);
    for _ in 0..2 {
        assert_eq!(own.cached(&[text(&archive)]), [false]);
    }
}

#[test]
fn a_name_with_a_token_keeps_its_layer_from_being_remembered() {
    let own = Own::new("names");
    let token = made("in names");
    let long = format!("{}/{}", "d".repeat(120), token.text());
    let cases = [
        ("file", Tar::new().file(format!("srv/{}", token.text()), "x")),
        ("long name", Tar::new().file(&long, "x")),
        ("pax name", Tar::new().pax_named(format!("srv/{}", token.text()).as_bytes(), "x")),
        ("link", Tar::new().symlink("a", format!("/srv/{}", token.text()))),
        ("link name", Tar::new().symlink(token.text(), "/srv")),
        ("hard link", Tar::new().file("a", "a").hard_link(token.text(), "a")),
        ("hard link target", Tar::new().hard_link("a", token.text())),
        ("url", Tar::new().symlink("a", format!("https://x:{}@huggingface.co/a", token::shapeless("url")))),
        ("odd name", Tar::new().file(format!("../{}", token.text()), "x")),
    ];
    for (case, tar) in cases {
        let archive = own.archive("app.tar", &[&image(vec![layer(tar)])]);
        own.scan_same(&[text(&archive)]);
        assert_eq!(own.cached(&[text(&archive)]), [false], "{case}");
    }
    // Elsewhere it is found and not kept.
    let kept = [
        ("content", Tar::new().file("srv/key", token.bytes())),
        ("xattr", Tar::new().pax(&[("SCHILY.xattr.user.key", token.bytes())]).file("a", "a")),
        ("comment", Tar::new().pax(&[("comment", token.bytes())]).file("a", "a")),
        ("global", Tar::new().pax_global(&[("comment", token.bytes())]).file("a", "a")),
        ("behind the end", Tar::new().raw(&[0; 1024]).raw(token.bytes())),
        ("a name within", Tar::new().file("a.gz", gzip(format!("x {}", token.text()).as_bytes()))),
        (
            "login",
            Tar::new()
                .file("root/.netrc", format!("machine huggingface.co password {}", token::shapeless("p"))),
        ),
        ("owner", Tar::new().entry(&Header { path: b"a", ..Header::default() }, token.bytes())),
    ];
    for (case, tar) in kept {
        let archive = own.archive("app.tar", &[&image(vec![layer(tar)])]);
        let (outcome, _) = own.scan_same(&[text(&archive)]);
        assert!(!outcome.findings().is_empty(), "{case}");
        assert_eq!(own.cached(&[text(&archive)]), [true], "{case}");
    }
    assert!(!token::shows_a_secret(&String::from_utf8_lossy(&own.bytes())));
}

#[test]
fn archives_on_standard_input_are_remembered() {
    for (name, pack) in
        [("plain", Vec::clone as fn(&Vec<u8>) -> Vec<u8>), ("gz", |b| gzip(b)), ("zst", |b| zstd(b))]
    {
        let own = Own::new(&format!("stdin-{name}"));
        let image = rich(Compression::Gzip);
        let archive = Layout::of(&[&image]).files().archive();
        let args = ["scan", "--format", "json", "-"];
        let piped = stowaway_cached(&own.caches, &args, Stdin::Pipe(&pack(&archive)));
        let again = stowaway_cached(&own.caches, &args, Stdin::Pipe(&pack(&archive)));
        assert_eq!(uncached(&again.stdout), uncached(&piped.stdout));
        let path = own.place.write("app.tar", archive);
        assert_eq!(own.cached(&[text(&path)]), [true; 3]);
    }
    // One that breaks off leaves what was whole until then.
    let own = Own::new("stdin-cut");
    let first = layer(Tar::new().file("a", "a"));
    let last = layer(Tar::new().file("b", token::Random::new("cut").bytes(100_000)));
    let mut files = Layout::of(&[&image(vec![first.clone(), last.clone()])]).files();
    files.move_last(&blob_path(&last.digest()));
    let whole = files.archive();
    let cut = &whole[..whole.len() - 50_000];
    stowaway_cached(&own.caches, &["scan", "-"], Stdin::Pipe(cut));
    assert_eq!(own.cached(&[text(&own.place.write("app.tar", &whole))]), [true, false]);
}

#[test]
fn targets_of_one_call_profit_from_each_other() {
    let own = Own::new("targets");
    let shared = layer(Tar::new().file("srv/key", made("shared").bytes()));
    let one = own.archive("one.tar", &[&Image::new("one:1", [shared.clone()])]);
    let two = own.archive("two.tar", &[&Image::new("two:1", [shared])]);
    let (_, cached) = own.scan_same(&[text(&one), text(&two)]);
    assert_eq!(cached, [[false], [true]]);
}

#[test]
fn no_cache_neither_reads_nor_writes() {
    let own = Own::new("without");
    let archive = own.archive("app.tar", &[&rich(Compression::Zstd)]);
    let without = own.scan(&["--no-cache", text(&archive)]);
    assert!(!own.caches.exists());
    own.scan(&[text(&archive)]);
    let before = own.bytes();
    let again = own.scan(&["--no-cache", text(&archive)]);
    assert_eq!(again.stdout, without.stdout);
    assert_eq!(cached(&again), [[false; 3]]);
    assert_eq!(own.bytes(), before);
    own.scan(&[text(&archive)]);
    assert_eq!(own.bytes(), before, "where nothing is new nothing is written");
}

#[test]
fn what_is_not_an_image_makes_no_cache() {
    let own = Own::new("others");
    own.place.write("context/Dockerfile", "FROM scratch\n");
    let file = own.place.write("file.txt", "text");
    own.scan(&[text(&own.place.join("context")), &format!("file:{}", text(&file)), "/nowhere.tar"]);
    assert!(!own.caches.exists());
}

#[test]
fn plain_layers_count_where_they_are_hashed() {
    let own = Own::new("plain");
    let plain =
        Layer::stored(&Tar::new().file("srv/key", made("plain").bytes()).finish(), Compression::Plain);
    let archive = own.archive("app.tar", &[&image(vec![plain.clone()])]);
    let archive = text(&archive);
    for _ in 0..2 {
        assert_eq!(own.cached(&[archive]), [false]);
    }
    assert_eq!(own.cached(&["--verify-digests", archive]), [false]);
    assert_eq!(own.cached(&["--verify-digests", archive]), [true]);
    assert_eq!(own.cached(&[archive]), [false], "it is not hashed");
    // Layers of a docker archive have no digest in their names.
    let docker = own.write("docker.tar", &docker_archive(&[&image(vec![plain.clone()])]));
    for _ in 0..2 {
        assert_eq!(own.cached(&["--verify-digests", text(&docker)]), [false]);
    }
    let mut files = Layout::of(&[&image(vec![plain.clone()])]).files();
    files.get_mut(&blob_path(&plain.digest()))[600] ^= 1;
    let changed = own.write("changed.tar", &files);
    let (outcome, cached) = own.scan_same(&["--verify-digests", text(&changed)]);
    assert_eq!(cached, [[false]]);
    outcome.assert_error("do not match its name");
}

#[test]
fn diff_ids_are_checked_all_the_same() {
    let own = Own::new("diff-ids");
    let right = layer(Tar::new().file("srv/key", made("diff").bytes()));
    let wrong = Layer { diff_id: digest(b"other"), ..right.clone() };
    let right = own.archive("right.tar", &[&image(vec![right])]);
    let wrong = own.archive("wrong.tar", &[&image(vec![wrong])]);
    let (right, wrong) = (text(&right), text(&wrong));
    assert_eq!(own.cached(&[right]), [false]);
    assert_eq!(own.cached(&[wrong]), [true], "nobody asked");
    assert_eq!(own.cached(&["--verify-digests", right]), [false], "what was not hashed is not known");
    let (outcome, cached) = own.scan_same(&["--verify-digests", wrong]);
    assert_eq!(cached, [[true]]);
    outcome.assert_error("diff_id");
    assert_eq!(own.cached(&["--verify-digests", right]), [true]);
    // An audit that does not ask for it takes nothing away.
    let args = ["scan", "--format", "json", "-"];
    stowaway_cached(&own.caches, &args, Stdin::File(Path::new(right)));
    assert_eq!(own.cached(&[wrong]), [true]);
    assert_eq!(own.cached(&["--verify-digests", right]), [true]);
}

#[test]
fn many_processes_at_once() {
    let own = Own::new("at-once");
    let layers =
        (0..6).map(|n| layer(Tar::new().file(format!("srv/{n}"), made(&format!("{n}")).bytes()))).collect();
    let archive = own.archive("app.tar", &[&image(layers)]);
    let expected = scan(&[text(&archive)]).stdout;
    for round in 0..3 {
        let children: Vec<_> = (0..8)
            .map(|_| {
                let mut command = command_cached(&own.caches, &["scan", "--format", "json", text(&archive)]);
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            assert_eq!(uncached(&String::from_utf8(output.stdout).unwrap()), expected, "round {round}");
            assert_eq!(output.status.code(), Some(1));
        }
        assert_eq!(own.cached(&[text(&archive)]), [true; 6]);
        if round == 1 {
            fs::write(own.file(), b"broken").unwrap();
        }
    }
}

#[test]
fn a_broken_cache_is_made_anew() {
    let own = Own::new("broken");
    let archive = own.archive("app.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&archive)]);
    let sound = fs::read(own.file()).unwrap();
    let half = sound[..sound.len() / 2].to_vec();
    let changed = |from: usize, to: usize| {
        let mut bytes = sound.clone();
        bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0xa5);
        bytes
    };
    for (case, bytes) in [
        ("text", b"no cache".to_vec()),
        ("zeros", vec![0; 100_000]),
        ("half", half),
        ("header", changed(9, 300)),
        ("all but the header", changed(4096, sound.len())),
        ("one page", changed(8192, 12288.min(sound.len()))),
    ] {
        fs::write(own.file(), bytes).unwrap();
        let (_, first) = own.scan_same(&[text(&archive)]);
        let second = own.cached(&[text(&archive)]);
        assert_eq!(second, [true; 3], "{case}; after it was broken {first:?}");
    }
    let elsewhere = own.place.write("elsewhere", "not ours");
    fs::remove_file(own.file()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, own.file()).unwrap();
    own.scan_same(&[text(&archive)]);
    assert_eq!(own.cached(&[text(&archive)]), [true; 3]);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"not ours");
}

#[test]
fn where_there_can_be_no_cache_there_is_none() {
    let own = Own::new("nowhere");
    let archive = own.archive("app.tar", &[&rich(Compression::Gzip)]);
    let plain = scan(&[text(&archive)]);
    let args = ["scan", "--format", "json", text(&archive)];
    let file = own.place.write("file", "x");
    for caches in [Path::new("/proc"), Path::new("/dev/null"), &file] {
        for _ in 0..2 {
            let outcome = stowaway_cached(caches, &args, Stdin::Empty);
            assert_eq!(
                (outcome.stdout, outcome.code, outcome.stderr),
                (plain.stdout.clone(), 1, String::new())
            );
        }
    }
    let in_place = own.place.join("directory/stowaway/layers.redb");
    fs::create_dir_all(in_place.join("x")).unwrap();
    let outcome = stowaway_cached(&own.place.join("directory"), &args, Stdin::Empty);
    assert_eq!((outcome.stdout, outcome.stderr.as_str()), (plain.stdout.clone(), ""));
    assert!(in_place.join("x").exists());

    let run = |xdg: Option<&str>, home: Option<&Path>| {
        let mut command = command_cached(&own.caches, &args);
        command
            .current_dir(own.place.path())
            .env_remove("XDG_CACHE_HOME")
            .env_remove("HOME")
            .stdin(Stdio::null());
        command.envs(xdg.map(|xdg| ("XDG_CACHE_HOME", xdg))).envs(home.map(|home| ("HOME", home)));
        let output = command.output().unwrap();
        assert_eq!(uncached(&String::from_utf8(output.stdout).unwrap()), plain.stdout);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    };
    let before: Vec<_> =
        fs::read_dir(own.place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    run(None, None);
    run(Some(""), None);
    run(Some("relative"), None);
    run(Some("relative"), Some(Path::new("also/relative")));
    let after: Vec<_> =
        fs::read_dir(own.place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(before, after);
    let home = own.place.join("home");
    run(Some("relative"), Some(&home));
    assert!(home.join(".cache/stowaway/layers.redb").exists());
}

#[test]
fn show_and_clear() {
    let own = Own::new("show");
    let line = |outcome: &Outcome, name: &str| {
        let lines = outcome.stdout.lines().find_map(|line| line.strip_prefix(name));
        lines.unwrap_or_else(|| panic!("no {name} in {}", outcome.stdout)).trim().to_owned()
    };
    let none = own.stowaway(&["cache", "show"]);
    assert_eq!((none.code, none.stderr.as_str()), (0, ""));
    assert_eq!((line(&none, "path"), line(&none, "layers")), (text(&own.file()).to_owned(), "0".to_owned()));
    let nothing = own.stowaway(&["cache", "clear"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, "there is nothing to remove\n"));
    let archive = own.archive("app.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&archive)]);
    let some = own.stowaway(&["cache", "show"]);
    assert_eq!(
        (some.code, line(&some, "layers"), line(&some, "bound")),
        (0, "3".to_owned(), "256.0 MiB".to_owned())
    );
    assert!(line(&some, "size").ends_with("KiB"));
    let cleared = own.stowaway(&["cache", "clear"]);
    assert_eq!(cleared.code, 0);
    assert!(cleared.stdout.starts_with("removed what was remembered of 3 layers, "), "{}", cleared.stdout);
    assert!(!own.file().exists());
    assert_eq!(own.cached(&[text(&archive)]), [false; 3]);

    fs::write(own.file(), "broken").unwrap();
    let broken = own.stowaway(&["cache", "show"]);
    assert!(broken.code == 0 && line(&broken, "layers").starts_with("not known"), "{}", broken.stdout);
    assert_eq!(fs::read(own.file()).unwrap(), b"broken", "to look changes nothing");
    assert_eq!(own.stowaway(&["cache", "clear"]).code, 0);
    fs::create_dir_all(own.file().join("x")).unwrap();
    let refused = own.stowaway(&["cache", "clear"]);
    assert_eq!((refused.code, refused.stdout.as_str(), refused.stderr.lines().count()), (2, "", 1));
    assert!(refused.stderr.contains(text(&own.file())));

    for command in ["show", "clear"] {
        let mut command = command_cached(&own.caches, &["cache", command]);
        let output = command.env_remove("XDG_CACHE_HOME").env_remove("HOME").output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    }
    assert_eq!(own.stowaway(&["cache"]).code, 2);
}

/// Images of many layers that are new each time.
fn many(own: &Own, round: usize) -> PathBuf {
    let layers = (0..40).map(|n| {
        let tar =
            (0..50).fold(Tar::new(), |tar, file| tar.file(format!("{round}/{n}/{file}"), "x".repeat(2000)));
        layer(tar)
    });
    own.archive("many.tar", &[&image(layers.collect())])
}

#[test]
fn a_process_that_is_killed_leaves_a_cache_that_can_be_used() {
    let own = Own::new("killed");
    let known = own.archive("known.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&known)]);
    for round in 0..24 {
        let archive = many(&own, round);
        let mut child = command_cached(&own.caches, &["scan", text(&archive)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(6 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        let (_, cached) = own.scan_same(&[text(&known)]);
        assert_eq!(cached, [[true; 3]], "round {round}: what was there before still is");
    }
    let archive = many(&own, 0);
    own.scan_same(&[text(&archive)]);
    assert_eq!(own.cached(&[text(&archive)]), [true; 40]);
}

#[test]
fn an_interruption_leaves_a_cache_that_can_be_used() {
    let own = Own::new("interrupted");
    let known = own.archive("known.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&known)]);
    let before = own.bytes();
    let mut child = command_cached(&own.caches, &["scan", text(&known), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for its input.
    let input = child.stdin.take();
    std::thread::sleep(Duration::from_millis(500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
    assert_eq!(own.bytes(), before);
    assert_eq!(own.cached(&[text(&known)]), [true; 3]);
}

#[test]
fn several_images_and_platforms_share_what_is_known() {
    let own = Own::new("platforms");
    let shared = layer(Tar::new().file("srv/key", made("shared").bytes()));
    let one = Image::new("app:1", [shared.clone(), layer(Tar::new().file("a", "a"))]);
    let two = Image::new("app:1", [shared, layer(Tar::new().file("b", "b"))]).platform("arm64");
    let mut layout = Layout::new();
    let manifests = [layout.add(&one), layout.add(&two)];
    let index = layout.index(&manifests);
    let archive = own.write("app.tar", &layout.entry(index).files());
    let args = ["--platform", "linux/amd64", text(&archive)];
    own.scan_same(&args);
    let (_, cached) = own.scan_same(&args);
    assert_eq!(cached, [[true, true]]);
    let (_, cached) = own.scan_same(&[text(&archive)]);
    assert_eq!(cached, [[true, true], [true, false]]);
}
