//! Effects of one audit on the next. The report stays the same, and the cache contains no token.

use std::path::Path;

use crate::support::cache::{CachePlace, image, layer, made, rich, text};
use crate::support::expect::fate;
use crate::support::files::{gzip, zstd};
use crate::support::image::{blob_path, digest, docker_archive, hybrid_archive};
use crate::support::run::uncached;
use crate::support::tar::Header;
use crate::support::{Compression, Image, Layer, Layout, Outcome, Stdin, Tar, stowaway_cached, token};
use serde_json::Value;

#[test]
fn a_second_audit_says_the_same_and_reads_no_layer() {
    for (name, compression) in [("gzip", Compression::Gzip), ("zstd", Compression::Zstd)] {
        let own = CachePlace::new(name);
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
    let own = CachePlace::new("text");
    let archive = own.archive(
        "app.tar",
        &[&image(vec![layer(Tar::new().file("a", "a")), layer(Tar::new().file("b", "b"))])],
    );
    let scan = |own: &CachePlace| own.stowaway(&["scan", text(&archive)]).stdout;
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
        let own = CachePlace::new("homes");
        let paths = |outcome: &Outcome| -> Vec<String> {
            let path = |finding: &Value| finding["location"]["path"].as_str().unwrap().to_owned();
            outcome.findings().iter().map(path).collect()
        };
        own.scan_same(&[text(&own.archive("first.tar", &[first]))]);
        let (outcome, cached) = own.scan_same(&[text(&own.archive("second.tar", &[second]))]);
        // A layer in which a text of unknown shape counts is read again, so that the text is masked.
        assert!(!cached[0].contains(&true), "{cached:?}");
        let home = if second.name == two.name { "other/token" } else { "data/token" };
        assert_eq!(paths(&outcome), [home]);
        let (outcome, cached) = own.scan_same(&[text(&own.archive("both.tar", &[first, second]))]);
        assert!(cached.iter().flatten().any(|cached| *cached), "{cached:?}");
        assert!(paths(&outcome).contains(&home.to_owned()));
    }
}

#[test]
fn a_layer_from_the_cache_still_hides() {
    let own = CachePlace::new("hides");
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
    // The layer that hides the file is cached, the other one is not.
    own.scan_same(&[text(&own.archive("first.tar", &[&image(vec![base.clone(), hider.clone()])]))]);
    let (outcome, cached) =
        own.scan_same(&[text(&own.archive("second.tar", &[&image(vec![leak.clone(), hider.clone()])]))]);
    assert_eq!(cached, [[false, true]]);
    check(&outcome);
    let (outcome, cached) =
        own.scan_same(&[text(&own.archive("second.tar", &[&image(vec![leak.clone(), hider])]))]);
    assert_eq!(cached, [[true, true]]);
    check(&outcome);
    // A cached leak is below a new layer.
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
    let own = CachePlace::new("swapped");
    // The blob has the digest of the leaking layer, but is clean. The cache must not store that result.
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
    // Conversely, the cached result of the clean layer must not be used for a blob that falsely has its digest.
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
    let own = CachePlace::new("incomplete");
    let whole = layer(Tar::new().file("srv/key", "some text ".repeat(5000)));
    let stored = |blob: Vec<u8>| Layer { blob, ..whole.clone() };
    let cut = stored(whole.blob[..whole.blob.len() - 20].to_vec());
    let mut flipped = whole.blob.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let no_gzip = stored([&b"\x1f\x8b\x08"[..], &[0xff; 100]].concat());
    let tar = Tar::new().file("a", "a".repeat(1000)).unfinished();
    let mid_entry = Layer::new(&tar[..600]);
    // The containers are nested deeper than the limit.
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
    // A valid layer beside a broken one is still cached.
    let beside = own.archive("beside.tar", &[&image(vec![whole.clone(), stored(b"\x1f\x8b\x08".to_vec())])]);
    own.scan_same(&[text(&beside)]);
    assert_eq!(own.cached(&[text(&beside)]), [true, false]);
}

#[test]
fn more_tokens_than_are_listed_are_an_error_each_time() {
    let own = CachePlace::new("overflow");
    let tokens: String = (0..1100).map(|n| made(&format!("many {n}")).text().to_owned() + "\n").collect();
    let archive = own.archive("app.tar", &[&image(vec![layer(Tar::new().file("srv/keys", tokens))])]);
    for _ in 0..2 {
        assert_eq!(own.cached(&[text(&archive)]), [false]);
    }
}

#[test]
fn a_name_with_a_token_keeps_its_layer_from_being_remembered() {
    let own = CachePlace::new("names");
    let token = made("in names");
    let long = format!("{}/{}", "d".repeat(120), token.text());
    let cases = [
        ("file", Tar::new().file(format!("srv/{}", token.text()), "x")),
        ("long name", Tar::new().file(&long, "x")),
        ("pax name", Tar::new().pax_named(format!("srv/{}", token.text()).as_bytes(), "x")),
        ("link", Tar::new().symlink("a", format!("/srv/{}", token.text()))),
        ("link name", Tar::new().symlink(token.text(), "/srv")),
        ("hard link", Tar::new().file("a", "a").hard_link(token.text(), "a")),
        ("url", Tar::new().symlink("a", format!("https://x:{}@huggingface.co/a", token::shapeless("url")))),
        ("odd name", Tar::new().file(format!("../{}", token.text()), "x")),
    ];
    for (case, tar) in cases {
        let archive = own.archive("app.tar", &[&image(vec![layer(tar)])]);
        own.scan_same(&[text(&archive)]);
        assert_eq!(own.cached(&[text(&archive)]), [false], "{case}");
    }
    // In other places, the token is found and the verdict is cached, but without the text of the token.
    let kept = [
        ("content", Tar::new().file("srv/key", token.bytes())),
        ("hard link target", Tar::new().hard_link("a", token.text())),
        ("xattr", Tar::new().pax(&[("SCHILY.xattr.user.key", token.bytes())]).file("a", "a")),
        ("comment", Tar::new().pax(&[("comment", token.bytes())]).file("a", "a")),
        ("global", Tar::new().pax_global(&[("comment", token.bytes())]).file("a", "a")),
        ("behind the end", Tar::new().raw(&[0; 1024]).raw(token.bytes())),
        ("a name within", Tar::new().file("a.gz", gzip(format!("x {}", token.text()).as_bytes()))),
        ("owner", Tar::new().entry(&Header { path: b"a", ..Header::default() }, token.bytes())),
    ];
    for (case, tar) in kept {
        let archive = own.archive("app.tar", &[&image(vec![layer(tar)])]);
        let (outcome, _) = own.scan_same(&[text(&archive)]);
        assert!(!outcome.findings().is_empty(), "{case}");
        assert_eq!(own.cached(&[text(&archive)]), [true], "{case}");
    }
    // A report hides the text of what it finds of unknown shape. The cache may not keep it, so the layer is read again.
    let shapeless = token::shapeless("p");
    for (path, content) in [
        ("root/.netrc", format!("machine huggingface.co password {shapeless}")),
        ("root/.cache/huggingface/token", shapeless.clone()),
        ("app/x.py", format!("HF_TOKEN = '{shapeless}Aq8R4tZ'")),
    ] {
        let archive = own.archive("app.tar", &[&image(vec![layer(Tar::new().file(path, content))])]);
        let (outcome, _) = own.scan_same(&[text(&archive)]);
        assert!(!outcome.findings().is_empty(), "{path}");
        assert_eq!(own.cached(&[text(&archive)]), [false], "{path}");
    }
    assert!(!token::shows_a_secret(&String::from_utf8_lossy(&own.bytes())));
}

#[test]
fn archives_on_standard_input_are_remembered() {
    for (name, pack) in
        [("plain", Vec::clone as fn(&Vec<u8>) -> Vec<u8>), ("gz", |b| gzip(b)), ("zst", |b| zstd(b))]
    {
        let own = CachePlace::new(&format!("stdin-{name}"));
        let image = rich(Compression::Gzip);
        let archive = Layout::of(&[&image]).files().archive();
        let args = ["scan", "--format", "json", "-"];
        let piped = stowaway_cached(&own.caches, &args, Stdin::Pipe(&pack(&archive)));
        let again = stowaway_cached(&own.caches, &args, Stdin::Pipe(&pack(&archive)));
        assert_eq!(uncached(&again.stdout), uncached(&piped.stdout));
        let path = own.place.write("app.tar", archive);
        assert_eq!(own.cached(&[text(&path)]), [true; 3]);
    }
    // A truncated archive leaves the layers that were complete.
    let own = CachePlace::new("stdin-cut");
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
    let own = CachePlace::new("targets");
    let shared = layer(Tar::new().file("srv/key", made("shared").bytes()));
    let one = own.archive("one.tar", &[&Image::new("one:1", [shared.clone()])]);
    let two = own.archive("two.tar", &[&Image::new("two:1", [shared])]);
    let (_, cached) = own.scan_same(&[text(&one), text(&two)]);
    assert_eq!(cached, [[false], [true]]);
}

#[test]
fn plain_layers_count_where_they_are_hashed() {
    let own = CachePlace::new("plain");
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
    // In a docker archive, the names of layers contain no digest.
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
    let own = CachePlace::new("diff-ids");
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
    // An audit without `--verify-digests` removes nothing from the cache.
    let args = ["scan", "--format", "json", "-"];
    stowaway_cached(&own.caches, &args, Stdin::File(Path::new(right)));
    assert_eq!(own.cached(&[wrong]), [true]);
    assert_eq!(own.cached(&["--verify-digests", right]), [true]);
}

#[test]
fn several_images_and_platforms_share_what_is_known() {
    let own = CachePlace::new("platforms");
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

#[test]
fn a_limit_is_hit_with_the_cache_where_it_is_hit_without() {
    let place = CachePlace::new("limit");
    // Each link takes about six kilobytes of the 40 MiB that may be cached for a target.
    let links = |from: usize, count: usize| {
        let long = |n: usize| format!("{n}/{}", "d".repeat(2000));
        layer((from..from + count).fold(Tar::new(), |tar, n| tar.symlink(long(n), long(n + 1))))
    };
    let (large, other) = (links(0, 3700), links(10_000, 3400));
    let alone = place.archive("alone.tar", &[&image(vec![large.clone()])]);
    place.scan_same(&[text(&alone)]);
    assert_eq!(place.cached(&[text(&alone)]), [true]);
    // A single thread makes it deterministic which layer is left out.
    let both = place.archive("both.tar", &[&image(vec![large, other])]);
    for _ in 0..2 {
        let (outcome, cached) = place.scan_same(&["--jobs", "1", text(&both)]);
        assert_eq!(cached, [[true, false]]);
        outcome.assert_error("more names or tokens than the limit");
    }
}
