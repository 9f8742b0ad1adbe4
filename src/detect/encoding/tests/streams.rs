//! Tests that a stream gives the same result as the whole text, however it is split, in linear time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use proptest::prelude::*;

use super::{wide, wrapped};
use crate::detect::Position;
use crate::detect::tests::{token, web_token};
use crate::detect::{Scanner, find};
use crate::mask::mask;

#[test]
fn long_runs_keep_their_count() {
    let token = token("hf_");
    let text = format!("{}user:{token}\n", "some line of text\n".repeat(20_000));
    let encoded = STANDARD.encode(&text);
    let place = (text.find("hf_").unwrap() as u64, Some(Position { line: 20_001, column: 6 }));
    let hex = text.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    for bytes in [
        encoded.clone().into_bytes(),
        wrapped(&encoded, 76, "\r\n").into_bytes(),
        wrapped(&encoded, 76, "\n  ").into_bytes(),
        wide(&text, 2, false),
        wide(&text, 2, true),
        wide(&text, 4, true),
        hex.into_bytes(),
    ] {
        let bytes = [b"\"key\": \x01", &bytes[..]].concat();
        let whole = find(&bytes);
        assert_eq!(whole.iter().map(|o| (o.offset, o.position)).collect::<Vec<_>>(), [place]);
        for step in [1000, 4096, 65_537] {
            let mut scanner = Scanner::new();
            bytes.chunks(step).for_each(|piece| scanner.feed(piece));
            assert_eq!(scanner.finish(), whole);
        }
    }
}

/// Generates text in which tokens in all encodings, parts of them and their usual context are close
/// together.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let token = || token("hf_");
    let web = web_token("hf_oauth_");
    let part = prop_oneof![
        Just(STANDARD.encode(token()).into_bytes()),
        Just(STANDARD_NO_PAD.encode(format!("u:{}", token())).into_bytes()),
        Just(STANDARD.encode(STANDARD.encode(format!("user:{}", token()))).into_bytes()),
        Just(wrapped(&STANDARD.encode(format!("some text in front {}", token())), 20, "\r\n ").into_bytes()),
        Just(STANDARD.encode(&web).into_bytes()),
        Just(wide(&token(), 2, false)),
        Just(wide(&format!("x {}", token()), 4, true)),
        Just(token().bytes().flat_map(|b| format!("{b:02x}").into_bytes()).collect()),
        Just(token().replace('_', "%5F").into_bytes()),
        Just(token().replace('_', "\\u005f").into_bytes()),
        Just(token().replace("mp", "m\" + \"p").into_bytes()),
        Just(token().into_bytes()),
        prop_oneof![
            Just(b"aGZf".to_vec()),
            Just(b"oZl9".to_vec()),
            Just(b"hmX0".to_vec()),
            Just(b"hf\\".to_vec()),
            Just(b"68665f".to_vec()),
            Just(b"h\0f\0_\0".to_vec()),
            Just(b"%68%66".to_vec()),
            Just(b"\\".to_vec()),
        ],
        prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b" ".to_vec()),
            Just(b"\0".to_vec()),
            Just(b"=".to_vec()),
            Just(b"\"".to_vec()),
            Just(b"\\n".to_vec()),
        ],
        "[A-Za-z0-9+/]{0,300}".prop_map(String::into_bytes),
        "[a-z \\n]{0,300}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..200),
        (0..3000_usize).prop_map(|n| vec![b'A'; n]),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(bytes in nasty(), cuts in proptest::collection::vec(1_usize..900, 1..40)) {
        let whole = find(&bytes);
        let mut scanner = Scanner::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (head, tail) = rest.split_at((*cut).min(rest.len()));
            scanner.feed(head);
            rest = tail;
        }
        prop_assert_eq!(scanner.finish(), whole);
    }

    #[test]
    fn masked_text_holds_no_token(bytes in nasty()) {
        prop_assert!(find(mask(&bytes).as_str().as_bytes()).is_empty());
    }
}

#[test]
fn every_split_point_gives_the_same() {
    let token = token("hf_");
    let encoded = STANDARD.encode(format!("some text and user:{token} "));
    for text in [
        wrapped(&encoded, 20, "\r\n  ").into_bytes(),
        STANDARD.encode(STANDARD.encode(format!("user:{token}"))).into_bytes(),
        wide(&token, 2, true),
        token.bytes().flat_map(|b| format!("{b:02x} ").into_bytes()).collect(),
        token.replace('_', "\\u005f").into_bytes(),
        token.replace("mp", "m\" + \"p").into_bytes(),
    ] {
        for filler in [b"; ".repeat(40), b"A".repeat(3000), b" \n".repeat(700)] {
            let bytes = [&filler[..], b"; \"", &text, b"\"", &filler].concat();
            let whole = find(&bytes);
            assert_eq!(whole.len(), 1);
            for at in filler.len()..filler.len() + text.len() + 6 {
                let mut scanner = Scanner::new();
                let (head, tail) = bytes.split_at(at);
                scanner.feed(head);
                scanner.feed(tail);
                assert_eq!(scanner.finish(), whole, "{at}");
            }
        }
    }
}

/// Inputs that are hard on a search that judges every needle at length. What is decoded is counted, not the time.
#[test]
fn hostile_repetition_costs_no_more_than_its_length() {
    /// The number of bytes that are decoded at most for each byte of the input.
    const MOST: usize = 100;
    let decoded = |unit: &str, len: usize| {
        let bytes = unit.repeat(len / unit.len());
        let (at_needles, in_runs) =
            (&crate::detect::encoding::decoded::READ, &crate::detect::nested::DECODED);
        at_needles.set(0);
        in_runs.set(0);
        let mut scanner = Scanner::with_limit(10);
        bytes.as_bytes().chunks(16_384).for_each(|piece| scanner.feed(piece));
        let found = scanner.finish();
        assert!(found.is_empty() || unit.contains('.'));
        at_needles.get() + in_runs.get()
    };
    for unit in [
        "oZl9",
        "aGZfQUFB",
        "hf\\",
        "hf\"\"",
        "hf_oauth_eyJ",
        "hf_oauth_eyJAAAAAAAA.AAAAAAAA",
        "hf_oauth_eyJ%41",
        "%68%66%5F",
        "68665f",
        "h\0f\0_\0",
        "YUdaZg",
        "aGZfYUdaYWFhYWFh",
        "aGZf\n",
        "hm\n",
        "x68",
    ] {
        let len = 60_000;
        let (once, twice) = (decoded(unit, len), decoded(unit, 2 * len));
        println!("{unit:?}: {} and {}", once / len, twice / (2 * len));
        assert!(twice <= 2 * MOST * len, "{unit:?}: {once} and {twice} bytes");
        assert!(twice <= once * 9 / 4 + len / 4, "{unit:?}: {once} and {twice} bytes");
    }
}

#[test]
fn tokens_that_come_to_light_one_after_the_other_are_masked() {
    let token = token("hf_");
    let hex = token.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    for count in (1..12).chain([40, 200]) {
        let chain = format!("{hex}{}", token.replace('_', "%5F").repeat(count));
        assert!(find(mask(chain.as_bytes()).as_str().as_bytes()).is_empty(), "{count}");
    }
}
