//! Effects of later layers on a file: `state` and `hidden_by`.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::expect::{fate, spot};
use crate::support::{Image, Layer, Layout, Outcome, Place, Tar, Token, scan};
use serde_json::Value;

/// Scans an image of these layers, lowest first.
#[track_caller]
fn scan_layers(tars: impl IntoIterator<Item = Tar>) -> Outcome {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let place = Place::new(&format!("case{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let image = Image::new("app:latest", tars.into_iter().map(|tar| Layer::new(&tar.finish())));
    scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())])
}

fn token() -> Token {
    Token::user("states")
}

/// Returns a first layer with a token at `path`.
fn with_token(path: &str) -> Tar {
    Tar::new().file(path, token().bytes())
}

/// Asserts the state of a token at `opt/app/config/key` below these layers.
#[track_caller]
fn assert_fate(above: impl IntoIterator<Item = Tar>, expected: (&str, Option<u64>)) {
    let outcome = scan_layers(std::iter::once(with_token("opt/app/config/key")).chain(above));
    outcome.assert_found_only(&[&token()]);
    let location = outcome.location_of(&token(), "image/token-in-file");
    assert_eq!(spot(location), (0, "opt/app/config/key"));
    assert_eq!(fate(location), expected);
}

#[test]
fn nothing_above() {
    assert_fate([], ("present", None));
    assert_fate([Tar::new().file("opt/app/config/other", "x")], ("present", None));
}

#[test]
fn a_whiteout_deletes() {
    assert_fate([Tar::new().whiteout("opt/app/config/key")], ("deleted", Some(1)));
    assert_fate([Tar::new(), Tar::new().whiteout("opt/app/config/key")], ("deleted", Some(2)));
}

#[test]
fn a_whiteout_of_a_directory_above_deletes() {
    assert_fate([Tar::new().whiteout("opt/app")], ("deleted", Some(1)));
    assert_fate([Tar::new().whiteout("opt")], ("deleted", Some(1)));
}

#[test]
fn a_whiteout_of_a_namesake_does_nothing() {
    assert_fate([Tar::new().whiteout("opt/app/config/ke")], ("present", None));
    assert_fate([Tar::new().whiteout("opt/app/conf")], ("present", None));
    assert_fate([Tar::new().whiteout("key")], ("present", None));
}

#[test]
fn an_opaque_directory_deletes_what_lower_layers_had_in_it() {
    assert_fate([Tar::new().opaque("opt/app/config")], ("deleted", Some(1)));
    assert_fate([Tar::new().opaque("opt")], ("deleted", Some(1)));
    assert_fate([Tar::new().file(".wh..wh..opq", "")], ("deleted", Some(1)));
    assert_fate([Tar::new().opaque("opt/app/con")], ("present", None));
}

#[test]
fn a_file_or_link_of_the_same_name_overwrites() {
    assert_fate([Tar::new().file("opt/app/config/key", "x")], ("overwritten", Some(1)));
    assert_fate([Tar::new().symlink("opt/app/config/key", "/dev/null")], ("overwritten", Some(1)));
    assert_fate([Tar::new().dir("opt/app/config/key")], ("overwritten", Some(1)));
    assert_fate(
        [Tar::new().file("etc/x", "x").hard_link("opt/app/config/key", "etc/x")],
        ("overwritten", Some(1)),
    );
}

#[test]
fn a_file_or_link_in_place_of_a_directory_overwrites_its_children() {
    assert_fate([Tar::new().file("opt/app", "x")], ("overwritten", Some(1)));
    assert_fate([Tar::new().symlink("opt", "srv")], ("overwritten", Some(1)));
}

#[test]
fn a_directory_without_an_entry_of_its_own_hides_a_file() {
    for layer in [
        Tar::new().file("opt/app/config/key/below", "x"),
        Tar::new().file("opt/app/config/key/far/below", "x"),
        Tar::new().symlink("opt/app/config/key/below", "x"),
        Tar::new().dir("opt/app/config/key/below"),
        Tar::new().whiteout("opt/app/config/key/below"),
    ] {
        assert_fate([layer.clone()], ("overwritten", Some(1)));
        assert_fate([Tar::new().file("opt/x", "x"), layer], ("overwritten", Some(2)));
    }
    assert_fate([Tar::new().file("opt/app/config/key2/below", "x")], ("present", None));
    assert_fate([Tar::new().file("opt/app/config/below", "x")], ("present", None));
}

#[test]
fn what_takes_the_place_of_a_directory_in_the_same_layer_hides_its_files() {
    let key = "opt/app/config/key";
    let of = |tar: Tar| {
        let outcome = scan_layers([tar]);
        outcome.assert_found_only(&[&token()]);
        let location = outcome.location_of(&token(), "image/token-in-file");
        assert_eq!(spot(location), (0, key));
        let (state, hidden_by) = fate(location);
        (state.to_owned(), hidden_by)
    };
    let with_directories =
        || Tar::new().dir("opt").dir("opt/app").dir("opt/app/config").file(key, token().bytes());
    let overwritten = ("overwritten".to_owned(), Some(0));
    for tar in [with_token(key), with_directories()] {
        assert_eq!(of(tar.clone().symlink("opt/app/config", "/srv")), overwritten);
        assert_eq!(of(tar.clone().file("opt/app", "x")), overwritten);
        assert_eq!(of(tar.clone().file("x", "x").hard_link("opt", "x")), overwritten);
        let again = tar.clone().file("opt/app", "x").dir("opt/app").dir("opt/app/config").file(key, "x");
        assert_eq!(of(again), overwritten);
        assert_eq!(of(tar.clone().dir("opt/app").dir("opt")), ("present".to_owned(), None));
        assert_eq!(of(tar.clone().whiteout("opt/app")), ("present".to_owned(), None));
        assert_eq!(
            of(tar.clone().file("opt/ap", "x").file("opt/app/conf", "x")),
            ("present".to_owned(), None)
        );
    }
    let before = Tar::new().symlink("opt/app", "/srv").dir("opt/app").file(key, token().bytes());
    assert_eq!(of(before), ("present".to_owned(), None));
}

#[test]
fn a_hard_link_survives_the_directory_of_its_target() {
    let linked = with_token("opt/key").hard_link("srv/a", "opt/key").symlink("opt", "/usr");
    let finding = scan_layers([linked]).finding_of(&token()).clone();
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((0, "srv/a"), ("present", None)));
    assert_eq!(fate(&finding["also"][0]), ("overwritten", Some(0)));
    let linked = with_token("srv/key").hard_link("opt/a", "srv/key").symlink("opt", "/usr");
    let finding = scan_layers([linked]).finding_of(&token()).clone();
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((0, "srv/key"), ("present", None)));
    assert_eq!(
        (spot(&finding["also"][0]), fate(&finding["also"][0])),
        ((0, "opt/a"), ("overwritten", Some(0)))
    );
}

#[test]
fn a_directory_over_a_directory_hides_nothing() {
    assert_fate([Tar::new().dir("opt/").dir("opt/app/").dir("opt/app/config/")], ("present", None));
}

#[test]
fn the_first_layer_that_hides_is_named() {
    let key = "opt/app/config/key";
    let put_back = Tar::new().file(key, "harmless");
    assert_fate([Tar::new().whiteout(key), put_back.clone()], ("deleted", Some(1)));
    assert_fate([put_back, Tar::new().whiteout("opt")], ("overwritten", Some(1)));
}

#[test]
fn names_are_compared_normalised() {
    for name in ["./opt/app/config/.wh.key", "/opt/app/config/.wh.key", "opt//app/./config/.wh.key"] {
        assert_fate([Tar::new().file(name, "")], ("deleted", Some(1)));
    }
    for name in ["./opt/app/config/key", "/opt/app/config/key", "opt//app/config/key"] {
        assert_fate([Tar::new().file(name, "x")], ("overwritten", Some(1)));
        let outcome = scan_layers([with_token(name), Tar::new().whiteout("opt/app/config/key")]);
        let location = outcome.location_of(&token(), "image/token-in-file");
        assert_eq!((spot(location), fate(location)), ((0, "opt/app/config/key"), ("deleted", Some(1))));
    }
}

#[test]
fn a_whiteout_hides_nothing_in_its_own_layer() {
    let key = "opt/app/config/key";
    for layer in [
        Tar::new().whiteout(key).file(key, token().bytes()),
        Tar::new().file(key, token().bytes()).whiteout(key),
        Tar::new().opaque("opt/app").file(key, token().bytes()),
        Tar::new().file(key, token().bytes()).opaque("opt/app"),
        Tar::new().whiteout("opt").file(key, token().bytes()),
    ] {
        let outcome = scan_layers([Tar::new().file(key, "old"), layer]);
        let location = outcome.location_of(&token(), "image/token-in-file");
        assert_eq!((spot(location), fate(location)), ((1, key), ("present", None)));
    }
}

#[test]
fn a_later_entry_of_the_same_layer_wins_yet_both_are_read() {
    // A tar may contain a file twice. Extraction keeps the second one, but both can be read.
    let outcome = scan_layers([with_token("key").file("key", "harmless")]);
    outcome.assert_found_only(&[&token()]);
}

#[test]
fn a_hard_link_is_the_same_bytes_under_another_name() {
    let outcome = scan_layers([with_token("one").hard_link("two", "one").hard_link("three", "./two")]);
    outcome.assert_found_only(&[&token()]);
    assert_eq!(names(outcome.finding_of(&token())), ["one", "three", "two"]);
}

#[test]
fn a_hard_link_keeps_the_bytes_when_the_first_name_goes() {
    let outcome = scan_layers([with_token("one").hard_link("two", "one"), Tar::new().whiteout("one")]);
    let finding = outcome.finding_of(&token());
    assert_eq!(spot(&finding["location"]), (0, "two"), "the reference that is present comes first");
    assert_eq!(fate(&finding["location"]), ("present", None));
    assert_eq!(fate(&finding["also"][0]), ("deleted", Some(1)));
}

#[test]
fn the_name_that_is_left_of_many_is_found() {
    let links = (0..150).fold(with_token("000"), |tar, n| tar.hard_link(format!("n{n:03}"), "000"));
    let removed = (0..149).fold(Tar::new().whiteout("000"), |tar, n| tar.whiteout(&format!("n{n:03}")));
    let outcome = scan_layers([links, removed]);
    outcome.assert_found_only(&[&token()]);
    let finding = outcome.finding_of(&token());
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((0, "n149"), ("present", None)));
    assert_eq!(finding["also"].as_array().unwrap().len(), 99);
    let notes = &outcome.report()["notes"];
    assert!(
        notes[0]["message"].as_str().unwrap().contains("has 151 names, of which 100 are listed"),
        "{notes}"
    );
}

#[test]
fn a_hard_link_to_a_file_of_a_lower_layer() {
    let outcome = scan_layers([
        with_token("opt/one"),
        Tar::new().hard_link("srv/two", "opt/one"),
        Tar::new().whiteout("opt/one"),
    ]);
    outcome.assert_found_only(&[&token()]);
    let finding = outcome.finding_of(&token());
    assert_eq!(spot(&finding["location"]), (1, "srv/two"));
    assert_eq!(fate(&finding["location"]), ("present", None));
    assert_eq!(
        (spot(&finding["also"][0]), fate(&finding["also"][0])),
        ((0, "opt/one"), ("deleted", Some(2)))
    );
}

#[test]
fn a_hard_link_stands_for_the_entry_that_is_there_when_it_is_written() {
    let replaced = with_token("a").file("a", "harmless");
    let outcome = scan_layers([replaced.hard_link("b", "a")]);
    outcome.assert_found_only(&[&token()]);
    let finding = outcome.finding_of(&token());
    assert_eq!(names(finding), ["a"], "b is a name of what replaced the token");
    assert_eq!(fate(&finding["location"]), ("overwritten", Some(0)));

    let outcome = scan_layers([with_token("a").hard_link("b", "a").file("a", "harmless")]);
    let finding = outcome.finding_of(&token());
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((0, "b"), ("present", None)));
    assert_eq!(fate(&finding["also"][0]), ("overwritten", Some(0)));
}

#[test]
fn a_hard_link_that_its_own_layer_overwrites_is_a_name_of_the_past() {
    let outcome = scan_layers([with_token("a").hard_link("b", "a").file("b", "harmless")]);
    outcome.assert_found_only(&[&token()]);
    let finding = outcome.finding_of(&token());
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((0, "a"), ("present", None)));
    let also = &finding["also"][0];
    assert_eq!((spot(also), fate(also)), ((0, "b"), ("overwritten", Some(0))));
}

#[test]
fn what_stands_behind_the_end_of_a_layer_hides_nothing() {
    let key = "opt/app/config/key";
    for hiding in [
        Tar::new().whiteout(key),
        Tar::new().whiteout("opt"),
        Tar::new().opaque("opt/app"),
        Tar::new().file(key, "harmless"),
        Tar::new().file("opt", "harmless"),
        Tar::new().file("etc/x", "x").hard_link(key, "etc/x"),
    ] {
        let before = Tar::new().file("etc/motd", "hello").finish();
        let above = Tar::new().raw(&before).raw(&hiding.clone().finish());
        assert_fate([above], ("present", None));
        // The entries are in the token's own layer.
        let own = Tar::new().raw(&with_token(key).finish()).raw(&hiding.finish());
        let outcome = scan_layers([own]);
        outcome.assert_found_only(&[&token()]);
        assert_eq!(fate(outcome.location_of(&token(), "image/token-in-file")), ("present", None));
    }
    let behind = Token::user("behind the end");
    let twice = Tar::new().raw(&with_token(key).finish()).file(key, behind.bytes());
    let outcome = scan_layers([twice]);
    outcome.assert_found_only(&[&token(), &behind]);
    assert_eq!(fate(outcome.location_of(&token(), "image/token-in-file")), ("present", None));
}

#[test]
fn the_same_layer_twice_is_one_finding() {
    let tar = || with_token("key");
    let outcome = scan_layers([tar(), Tar::new().whiteout("key"), tar()]);
    outcome.assert_found_only(&[&token()]);
    let finding = outcome.finding_of(&token());
    assert_eq!((spot(&finding["location"]), fate(&finding["location"])), ((2, "key"), ("present", None)));
    assert_eq!((spot(&finding["also"][0]), fate(&finding["also"][0])), ((0, "key"), ("deleted", Some(1))));
}

#[test]
fn the_same_token_in_two_layers_is_two_findings_of_one_token() {
    let outcome = scan_layers([with_token("a"), Tar::new().file("b", format!("again {}", token().text()))]);
    assert_eq!(outcome.findings_of(&token()).len(), 2);
    assert_eq!(outcome.report()["summary"]["tokens"], 1);
}

#[test]
fn history_that_does_not_line_up_is_not_guessed() {
    let place = Place::new("history");
    let layers = || [Layer::new(&Tar::new().finish()), Layer::new(&with_token("key").finish())];
    let step = |text: &str, empty| serde_json::json!({"created_by": text, "empty_layer": empty});
    let cases = [
        (
            "empty",
            serde_json::json!([step("ADD", false), step("ENV", true), step("RUN", false)]),
            Some("RUN"),
        ),
        ("none", serde_json::json!([]), None),
        ("squashed", serde_json::json!([step("RUN all", false)]), None),
        ("more", serde_json::json!([step("A", false), step("B", false), step("C", false)]), None),
    ];
    for (name, history, expected) in cases {
        let image = Image::new("app:latest", layers()).history(history);
        let archive = place.write(&format!("{name}.tar"), Layout::of(&[&image]).files().archive());
        let outcome = scan(&[archive]);
        let location = outcome.location_of(&token(), "image/token-in-file");
        assert_eq!(location["created_by"].as_str(), expected, "{name}");
        assert_eq!(outcome.code, 1, "{name}");
    }
}

/// Returns all paths of a finding, sorted.
fn names(finding: &Value) -> Vec<&str> {
    let also = finding["also"].as_array().map_or(&[][..], Vec::as_slice);
    let mut names: Vec<_> =
        std::iter::once(&finding["location"]).chain(also).map(|at| at["path"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}
