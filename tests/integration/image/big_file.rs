//! Tokens in a file of 300 MB: in the second half, at the end, and across every likely buffer boundary.

use crate::support::expect::spot;
use crate::support::{Compression, Image, Layer, Layout, Place, Tar, Token, scan};

const SIZE: usize = 300 << 20;
/// The length of a token.
const TOKEN: usize = 37;

/// Returns lines of text without a token.
fn filler() -> Vec<u8> {
    let line = b"step 1200 loss 0.4312 rate 0.0003 grad 1.12 hub huggingface.co/org/model\n";
    let mut body = line.repeat(SIZE / line.len() + 1);
    body.truncate(SIZE);
    body
}

/// Returns the offsets of the tokens. Each token crosses a power of two from 4 KiB to 256 MiB, counted from the
/// start of the file or of the layer, whose header takes one block.
fn offsets() -> Vec<usize> {
    let boundaries = (12..=28).flat_map(|power| [1_usize << power, (1 << power) - 512]);
    let mut offsets: Vec<_> = boundaries.map(|boundary| boundary - TOKEN / 2).collect();
    offsets.extend([SIZE / 2 + 12_345, SIZE - TOKEN]);
    offsets.sort_unstable();
    offsets
}

fn assert_all_found(compression: Compression) {
    let offsets = offsets();
    let tokens: Vec<_> = offsets.iter().map(|offset| Token::user(&format!("at {offset}"))).collect();
    let mut body = filler();
    for (offset, token) in offsets.iter().zip(&tokens) {
        // Spaces separate the token from the text. This test is about positions, not about word boundaries.
        body[offset - 1] = b' ';
        body[*offset..offset + TOKEN].copy_from_slice(token.bytes());
        if let Some(next) = body.get_mut(offset + TOKEN) {
            *next = b' ';
        }
    }
    let tar = Tar::new().file("var/log/train.log", body).finish();
    let image = Image::new("app:latest", [Layer::stored(&tar, compression)]);
    drop(tar);
    let place = Place::new(&format!("{compression:?}"));
    let archive = place.write("app.tar", Layout::of(&[&image]).files().archive());
    drop(image);
    let outcome = scan(&[&archive]);
    for (offset, token) in offsets.iter().zip(&tokens) {
        let location = outcome.location_of(token, "image/token-in-file");
        assert_eq!(spot(location), (0, "var/log/train.log"));
        assert_eq!(location["offset"], *offset);
        assert!(location["line"].as_u64().unwrap() > (*offset as u64) / 80);
    }
    assert_eq!(outcome.findings().len(), tokens.len());
    assert_eq!((outcome.code, outcome.errors().len()), (1, 0));
    std::fs::remove_file(archive).unwrap();
}

#[test]
fn in_a_gzip_layer() {
    assert_all_found(Compression::Gzip);
}

#[test]
fn in_a_zstd_layer() {
    assert_all_found(Compression::Zstd);
}

#[test]
fn in_a_plain_layer() {
    assert_all_found(Compression::Plain);
}
