use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::detect::tests::{labels, token};
use crate::detect::{Occurrence, find};

/// An encoding by the name of its step.
type Encode = (&'static str, fn(&[u8]) -> Vec<u8>);

fn each(text: &[u8], spell: impl Fn(u8) -> String) -> Vec<u8> {
    text.iter().map(|&b| spell(b)).collect::<Vec<_>>().concat().into_bytes()
}

const ENCODINGS: [Encode; 12] = [
    ("base64", |text| STANDARD.encode(text).into_bytes()),
    ("base64", |text| URL_SAFE_NO_PAD.encode(text).into_bytes()),
    ("hex", |text| each(text, |b| format!("{b:02x}"))),
    ("hex", |text| each(text, |b| format!("{b:02X}"))),
    ("hex", |text| [b"0x", &each(text, |b| format!("{b:02x}"))[..]].concat()),
    ("percent", |text| each(text, |b| format!("%{b:02x}"))),
    ("escape", |text| each(text, |b| format!("\\u{b:04x}"))),
    ("escape", |text| each(text, |b| format!("\\x{b:02x}"))),
    ("escape", |text| each(text, |b| format!("U+{b:04X}"))),
    ("escape", |text| each(text, |b| format!("U+{b:04X} "))),
    ("escape", |text| each(text, |b| format!("&#x{b:x};"))),
    ("escape", |text| each(text, |b| format!("&#{b};"))),
];

/// Asserts that the only token is found through these steps, however the bytes are fed.
fn assert_found(bytes: &[u8], token: &str, via: &[&str]) -> Occurrence {
    let found = find(bytes);
    assert_eq!(found.len(), 1, "{via:?} {}: {found:#?}", bytes.escape_ascii());
    assert_eq!(
        (labels(&found[0].via), found[0].len),
        (via.iter().map(|&s| s.to_owned()).collect(), token.len())
    );
    for step in [1, 7, 100] {
        let mut scanner = Scanner::new();
        bytes.chunks(step).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), found, "in pieces of {step}");
    }
    found.into_iter().next().unwrap()
}

#[test]
fn every_pair_of_encodings() {
    let token = token("hf_");
    let mut missed = Vec::new();
    for (outer, encode) in ENCODINGS {
        for (inner, first) in ENCODINGS {
            for front in ["", "-", "HF_TOKEN=", "user: token="] {
                let bytes = [b"data: \"", &encode(&first(format!("{front}{token}").as_bytes()))[..], b"\"\n"]
                    .concat();
                let found = find(&bytes);
                let vias: Vec<Vec<String>> = found.iter().map(|o| labels(&o.via)).collect();
                if vias != [vec![outer.to_owned(), inner.to_owned()]] {
                    missed.push(format!("{outer} of {inner} of {front}: {vias:?}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}: {missed:#?}", missed.len());
}

#[test]
fn what_is_encoded_several_times() {
    let token = token("hf_");
    let base64 = |text: &str| STANDARD.encode(text);
    let dockerfile = format!("FROM python:3.12\n# Ünïcödé\nENV HF_TOKEN={token}\nRUN true\n");
    let provenance = format!("{{\"content\": \"{}\", \"kind\": 1}}", base64(&dockerfile));
    let bundle = format!("{{\"payload\": \"{}\"}}", base64(&provenance));
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf32 = |text: &str, unit: fn(u32) -> [u8; 4]| -> Vec<u8> {
        text.chars().flat_map(|c| unit(u32::from(c))).collect()
    };
    let hex = |bytes: &[u8]| each(bytes, |b| format!("{b:02x}"));
    let found = assert_found(base64(&bundle).as_bytes(), &token, &["base64"; 3]);
    let at = dockerfile.find(&token).unwrap();
    assert_eq!((found.offset, found.position.map(|p| (p.line, p.column))), (at as u64, Some((3, 14))));
    for (bytes, via) in [
        (
            STANDARD.encode(utf16(&format!("user {}", base64(&token)))).into_bytes(),
            vec!["base64", "utf-16", "base64"],
        ),
        (utf16(&format!("\"{}\"", base64(&base64(&token)))), vec!["utf-16", "base64", "base64"]),
        (STANDARD.encode(utf32(&token, u32::to_le_bytes)).into_bytes(), vec!["base64", "utf-32"]),
        (STANDARD.encode(utf32(&token, u32::to_be_bytes)).into_bytes(), vec!["base64", "utf-32"]),
        (
            STANDARD.encode(utf32(&format!("T={token}\n"), u32::to_be_bytes)).into_bytes(),
            vec!["base64", "utf-32"],
        ),
        (hex(&utf32(&token, u32::to_le_bytes)), vec!["hex", "utf-32"]),
        (hex(&utf32(&token, u32::to_be_bytes)), vec!["hex", "utf-32"]),
        (
            format!("a=1&t={}", base64(&base64(&token)).replace('=', "%3D")).into_bytes(),
            vec!["base64", "base64"],
        ),
        (token.replace('_', "%255F").into_bytes(), vec!["percent", "percent"]),
        (format!("x={}", token.replace('_', "%25255F")).into_bytes(), vec!["percent", "percent", "percent"]),
        (
            token.bytes().map(|b| format!("U+{b:04X} ")).collect::<Vec<_>>().concat().into_bytes(),
            vec!["escape"],
        ),
        (
            token.bytes().map(|b| format!("&#x{b:x};")).collect::<Vec<_>>().concat().into_bytes(),
            vec!["escape"],
        ),
    ] {
        assert_found(&bytes, &token, &via);
    }
}

#[test]
fn quoted_printable_in_base64() {
    let token = token("hf_");
    let lines = |text: &str| {
        let encoded = STANDARD.encode(text);
        let lines = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap());
        lines.collect::<Vec<_>>().join("\r\n")
    };
    // A break behind the first letter is not looked for.
    for at in (0..token.len()).filter(|&at| at != 1) {
        let (head, tail) = token.split_at(at);
        for front in ["", "x ", "xy ", "user: ", "Content-Type: text/plain\r\n\r\nHF_TOKEN=3D"] {
            for newline in ["", "=\n", "=\r\n"] {
                for behind in ["", "\r\nand more text behind it\r\n"] {
                    let text = format!("{front}{head}{}{tail}{behind}", if at > 0 { newline } else { "" });
                    for text in [text.replacen("f_", "f=5F", 1), text] {
                        let mail = format!("Content-Transfer-Encoding: base64\r\n\r\n{}\r\n", lines(&text));
                        assert_eq!(find(mail.as_bytes()).len(), 1, "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn base64_over_lines_with_signs_in_front() {
    let token = token("hf_");
    let text = format!("some text that is in front of it, HF_TOKEN={token}\nand more text behind it\n");
    for (twice, via) in [(false, vec!["base64"]), (true, vec!["base64", "base64"])] {
        let encoded = STANDARD.encode(&text);
        let encoded = if twice { STANDARD.encode(encoded) } else { encoded };
        for (before, behind, last) in [
            ("# ", "\n", ""),
            ("> ", "\n", ""),
            ("> > ", "\r\n", ""),
            ("// ", "\n", ""),
            (" * ", "\n", ""),
            ("    ", "\n", ""),
            ("\t# ", "\n", ""),
            ("-- ", "\n", ""),
            ("    \"", "\"\n", ""),
            ("    '", "' +\n", ""),
            ("  \"", "\",\n", ""),
            ("+ \"", "\"\n", ""),
            ("", "\\\n", ""),
        ] {
            for width in [60, 64, 76] {
                let lines: Vec<&str> =
                    encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let wrapped =
                    lines.iter().map(|line| format!("{before}{line}{behind}")).collect::<Vec<_>>().concat();
                assert_found(format!("text\n{wrapped}{last}end of it\n").as_bytes(), &token, &via);
            }
        }
    }
}

#[test]
fn dumps() {
    let token = token("hf_");
    for front in 0..16 {
        let text = format!("{}HF_TOKEN={token}\nmore\n", "0123456789abcdef".get(..front).unwrap());
        let lines = |line: &dyn Fn(usize, &[u8]) -> String| -> String {
            text.as_bytes().chunks(16).enumerate().map(|(n, part)| line(16 * n, part) + "\n").collect()
        };
        let shown = |part: &[u8]| -> String {
            part.iter()
                .map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' })
                .collect()
        };
        let each = |part: &[u8], width: usize, between: &str| -> String {
            let hex = |part: &[u8]| part.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
            part.chunks(width).map(hex).collect::<Vec<_>>().join(between)
        };
        for dump in [
            lines(&|at, part| format!("{at:08x}: {:<39}  {}", each(part, 2, " "), shown(part))),
            lines(&|at, part| {
                let (head, tail) = part.split_at(part.len().min(8));
                let columns = format!("{}  {}", each(head, 1, " "), each(tail, 1, " "));
                format!("{at:08x}  {columns:<48}  |{}|", shown(part))
            }),
            lines(&|at, part| format!("{at:07o} {}", each(part, 1, " "))),
            lines(&|at, part| {
                let field =
                    |&b: &u8| if b == b'\n' { "  \\n".to_owned() } else { format!("   {}", char::from(b)) };
                format!("{at:07o}{}", part.iter().map(field).collect::<Vec<_>>().concat())
            }),
        ] {
            let found = find(format!("$ dump\n{dump}$ \n").as_bytes());
            assert_eq!(found.len(), 1, "{front}:\n{dump}");
            assert!(found[0].len == token.len() && !found[0].via.is_empty(), "{dump}");
            assert!(find(dump.as_bytes()).len() == 1, "{dump}");
        }
    }
}

#[test]
fn dumps_of_long_lines_whose_text_looks_encoded() {
    let token = token("hf_");
    for front in 0..16 {
        let text = format!("{}={token}\nmore and more words\n", "abcdefghijklmnop".get(..front).unwrap());
        for width in [16, 20, 24, 32, 40] {
            let line = |(n, part): (usize, &[u8])| {
                let hex = |part: &[u8]| part.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
                let columns = part.chunks(2).map(hex).collect::<Vec<_>>().join(" ");
                let shown = String::from_utf8_lossy(part).replace('\n', ".");
                format!("{:08x}: {columns:<1$}  {shown}\n", n * width, width / 2 * 5 - 1)
            };
            let dump: String = text.as_bytes().chunks(width).enumerate().map(line).collect();
            for dump in [dump.clone(), format!("$ xxd\n{dump}$ \n")] {
                let found = find(dump.as_bytes());
                let whole = found.iter().filter(|found| found.len == token.len()).count();
                assert_eq!(whole, 1, "{front}, {width}:\n{dump}");
                for step in [1, 7, 100] {
                    let mut scanner = Scanner::new();
                    dump.as_bytes().chunks(step).for_each(|piece| scanner.feed(piece));
                    assert_eq!(scanner.finish(), found, "in pieces of {step}");
                }
            }
        }
    }
}

#[test]
fn look_alikes_hold_nothing() {
    let token = token("hf_");
    let not_random = format!("hf_{}", "a".repeat(34));
    let named = format!("call{token}");
    for text in [&not_random, &named] {
        for (_, outer) in ENCODINGS {
            for (_, inner) in ENCODINGS {
                assert_eq!(find(&outer(&inner(text.as_bytes()))), [], "{text}");
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_mixture_is_decoded(
        kinds in proptest::collection::vec(0..ENCODINGS.len(), 1..5),
        front in "[a-z]{0,7}[ =:]?\n{0,2}",
        step in 1..300_usize,
    ) {
        let token = token("hf_");
        let text = if front.ends_with(char::is_alphabetic) { format!("{front}={token}") } else { format!("{front}{token}") };
        let via: Vec<&str> = kinds.iter().rev().map(|&kind| ENCODINGS[kind].0).collect();
        let bytes = kinds.iter().fold(text.into_bytes(), |text, &kind| (ENCODINGS[kind].1)(&text));
        let bytes = [b"x = '", &bytes[..], b"'\n"].concat();
        let found = find(&bytes);
        proptest::prop_assert_eq!(found.len(), 1);
        proptest::prop_assert_eq!(labels(&found[0].via), via);
        let mut scanner = Scanner::new();
        bytes.chunks(step).for_each(|piece| scanner.feed(piece));
        proptest::prop_assert_eq!(scanner.finish(), found);
    }
}

/// Each byte is decoded at most once at each depth.
#[test]
fn what_is_decoded_is_bounded() {
    for unit in
        ["YUdaZg", "%2525", "4141", "\\u0041", "00000000: 4141\n", "A\0", "aGZfYUdaYWFhYWFh\n", "U+0041"]
    {
        let bytes = unit.repeat(40_000 / unit.len());
        DECODED.with(|decoded| decoded.set(0));
        let mut scanner = Scanner::new();
        scanner.feed(bytes.as_bytes());
        scanner.finish();
        let decoded = DECODED.with(std::cell::Cell::get);
        assert!(decoded <= DEPTH * bytes.len(), "{unit}: {decoded}");
    }
}
