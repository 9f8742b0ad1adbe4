//! Layers and archives in every compression that container engines read, written by the tools of each format.

use std::fs;

use crate::support::broken::{assert_rest_audited, sound};
use crate::support::{Image, Layer, Layout, Place, Tar, Token, scan, tools};

/// The tools, with options that change their output, and the suffix that they add.
const TOOLS: [(&[&str], &str); 9] = [
    (&["xz", "-k"], "xz"),
    (&["xz", "-k", "-0", "--check=sha256", "--block-size=100000"], "xz"),
    (&["xz", "-k", "-1", "--x86", "--lzma2=dict=64MiB"], "xz"),
    (&["xz", "-k", "--format=lzma"], "lzma"),
    (&["bzip2", "-k"], "bz2"),
    (&["lz4", "-q", "-m", "-k"], "lz4"),
    (&["lz4", "-q", "-m", "-k", "-B4", "-BD", "-BX", "--content-size"], "lz4"),
    (&["lz4", "-q", "-m", "-k", "-l"], "lz4"),
    (&["zstd", "-q", "-k", "--long=27"], "zst"),
];

/// Compresses a tar archive with the tool.
fn compressed(place: &Place, tar: &[u8], (tool, suffix): (&[&str], &str)) -> Vec<u8> {
    let path = place.write("layer.tar", tar);
    let out = place.join(&format!("layer.tar.{suffix}"));
    drop(fs::remove_file(&out));
    let mut args = tool[1..].to_vec();
    args.push(tools::text(&path));
    tools::run(tool[0], &args);
    fs::read(out).unwrap()
}

fn tar(token: &Token) -> Vec<u8> {
    let noise = crate::support::token::Random::new("layer").bytes(300_000);
    Tar::new()
        .file("noise", noise)
        .file("text", "all work and no play\n".repeat(40_000))
        .file("srv/key", token.bytes())
        .finish()
}

fn layer(tar: &[u8], blob: Vec<u8>) -> Layer {
    Layer { blob, media_type: "application/vnd.example.layer".to_owned(), ..Layer::new(tar) }
}

#[test]
fn a_layer_is_read_whatever_it_is_compressed_with() {
    let place = Place::new("layers");
    for (n, tool) in TOOLS.into_iter().enumerate() {
        let token = Token::user(&format!("compressed {n}"));
        let tar = tar(&token);
        let image = Image::new("app:latest", [layer(&tar, compressed(&place, &tar, tool))]);
        let archive = place.write("app.tar", Layout::of(&[&image]).files().archive());
        let outcome = scan(&["--verify-digests", archive.to_str().unwrap()]);
        outcome.assert_found_only(&[&token]);
        assert_eq!(outcome.finding_of(&token)["location"]["path"], "srv/key", "{tool:?}");
    }
}

#[test]
fn an_archive_is_read_whatever_it_is_compressed_with() {
    let place = Place::new("archives");
    let (token, layer) = sound();
    let archive = Layout::of(&[&Image::new("app:latest", [layer])]).files().archive();
    for (n, tool) in TOOLS.into_iter().enumerate() {
        let bytes = compressed(&place, &archive, tool);
        scan(&[place.write(&format!("app{n}"), bytes)]).assert_found_only(&[&token]);
    }
}

#[test]
fn a_layer_that_breaks_off_is_searched_until_there() {
    let place = Place::new("cut");
    for tool in TOOLS {
        let early = Token::user("early");
        let noise = crate::support::token::Random::new("late").bytes(3_000_000);
        // A bzip2 decoder returns nothing of a block until it has the whole block.
        let tar = Tar::new().file("early", early.bytes()).file("late", noise).finish();
        let mut blob = compressed(&place, &tar, tool);
        blob.truncate(blob.len() / 2);
        let image = Image::new("app:latest", [sound().1, layer(&tar, blob), sound().1]);
        let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
        assert_rest_audited(&outcome, "layer 1");
        if tool.0[0] != "lz4" {
            outcome.finding_of(&early);
        }
    }
}

#[test]
fn the_last_bytes_of_a_layer_that_breaks_off_are_searched() {
    let token = Token::user("last");
    let content = [&b"HF_TOKEN="[..], token.bytes(), b"\n"].concat();
    let mut tar = Tar::new().file("srv/env", &content).finish();
    tar.truncate(512 + content.len());
    let mut blob = crate::support::files::gzip(&tar);
    blob.truncate(blob.len() - 8);
    let image = Image::new("app:latest", [sound().1, layer(&tar, blob), sound().1]);
    let place = Place::new("last");
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    assert_rest_audited(&outcome, "layer 1");
    assert_eq!(outcome.finding_of(&token)["location"]["path"], "srv/env");
}

#[test]
fn a_dictionary_beyond_the_limit_is_an_error_that_names_it() {
    let place = Place::new("dictionary");
    let (_, harmless) = sound();
    let tar = Tar::new().file("x", "x").finish();
    let blob = compressed(&place, &tar, (&["xz", "-k", "-0", "--lzma2=preset=0,dict=192MiB"], "xz"));
    let image = Image::new("app:latest", [layer(&tar, blob), harmless]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    assert_rest_audited(&outcome, "layer 0");
    assert!(outcome.assert_error("layer 0").contains("limit of 128 MiB"));
}

#[test]
fn a_stream_behind_other_bytes_whose_dictionary_is_beyond_the_limit_is_an_error() {
    let place = Place::new("dictionary-behind");
    let xz = compressed(&place, b"x", (&["xz", "-k", "-0", "--lzma2=preset=0,dict=192MiB"], "xz"));
    let tar = Tar::new().file("installer", [b"#!/bin/sh\n".as_slice(), &xz].concat()).finish();
    let image = Image::new("app:latest", [Layer::new(&tar)]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    assert!(outcome.assert_error("installer").contains("limit of 128 MiB"));
}
