//! The cache as a file: corruption, concurrent access, and unsuitable places.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::support::cache::{CachePlace, cached, image, layer, made, rich, text};
use crate::support::run::{command_cached, uncached};
use crate::support::{Compression, Outcome, Stdin, Tar, scan, stowaway_cached};

#[test]
fn no_cache_neither_reads_nor_writes() {
    let own = CachePlace::new("without");
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
    let own = CachePlace::new("others");
    own.place.write("context/Dockerfile", "FROM scratch\n");
    let file = own.place.write("file.txt", "text");
    own.scan(&[text(&own.place.join("context")), &format!("file:{}", text(&file)), "/nowhere.tar"]);
    assert!(!own.caches.exists());
}

#[test]
fn many_processes_at_once() {
    let own = CachePlace::new("at-once");
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
    let own = CachePlace::new("broken");
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
    let own = CachePlace::new("nowhere");
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
    let own = CachePlace::new("show");
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
        (0, "3".to_owned(), "256.00 MiB".to_owned())
    );
    assert!(line(&some, "size").ends_with("KiB"));
    let cleared = own.stowaway(&["cache", "clear"]);
    assert_eq!(cleared.code, 0);
    assert!(cleared.stdout.starts_with("removed what was remembered of 3 layers, "), "{}", cleared.stdout);
    assert!(!own.file().exists());
    assert_eq!(own.cached(&[text(&archive)]), [false; 3]);

    fs::write(own.file(), "broken").unwrap();
    let broken = own.stowaway(&["cache", "show"]);
    assert!(broken.code == 0 && line(&broken, "layers").starts_with("unknown"), "{}", broken.stdout);
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

/// Writes an archive whose image has many layers, all different in each round.
fn many(own: &CachePlace, round: usize) -> PathBuf {
    let layers = (0..40).map(|n| {
        let tar =
            (0..50).fold(Tar::new(), |tar, file| tar.file(format!("{round}/{n}/{file}"), "x".repeat(2000)));
        layer(tar)
    });
    own.archive("many.tar", &[&image(layers.collect())])
}

#[test]
fn a_process_that_is_killed_leaves_a_cache_that_can_be_used() {
    let own = CachePlace::new("killed");
    let known = own.archive("known.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&known)]);
    let changed = || fs::metadata(own.file()).unwrap().modified().unwrap();
    let mut ended = 0;
    for round in 0..40 {
        let archive = many(&own, round);
        let before = changed();
        let mut child = command_cached(&own.caches, &["scan", text(&archive)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        if round % 4 == 0 {
            std::thread::sleep(Duration::from_millis(6 * round as u64));
        } else {
            // The process is killed while it writes, after its first change of the file.
            while changed() == before && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(50));
            }
            std::thread::sleep(Duration::from_micros(100 * round as u64));
        }
        child.kill().unwrap();
        ended += usize::from(child.wait().unwrap().code().is_some());
        let (_, cached) = own.scan_same(&[text(&known)]);
        assert_eq!(cached, [[true; 3]], "round {round}: what was there before still is");
    }
    assert!(ended < 35, "nearly none of them was killed");
    let archive = many(&own, 100);
    own.scan_same(&[text(&archive)]);
    assert_eq!(own.cached(&[text(&archive)]), [true; 40]);
}

#[test]
fn an_interruption_leaves_a_cache_that_can_be_used() {
    let own = CachePlace::new("interrupted");
    let known = own.archive("known.tar", &[&rich(Compression::Gzip)]);
    own.scan(&[text(&known)]);
    let before = own.bytes();
    let mut child = command_cached(&own.caches, &["scan", text(&known), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The scan waits for its input.
    let input = child.stdin.take();
    std::thread::sleep(Duration::from_millis(500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
    assert_eq!(own.bytes(), before);
    assert_eq!(own.cached(&[text(&known)]), [true; 3]);
}
