//! Every encoding, with what only looks like it, and that a stream gives what the whole would.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use crate::detect::tests::{TOKEN, token, web_token};
use crate::detect::{Occurrence, Scanner, find, mask};
use crate::finding::{Position, TokenKind};

fn via(occurrence: &Occurrence) -> Vec<&str> {
    occurrence.via.iter().map(crate::finding::Masked::as_str).collect()
}

/// Asserts that exactly one token is found, that it is found whatever the pieces, and that the mask hides it.
#[track_caller]
fn assert_one(bytes: &[u8], names: &[&str], offset: u64, at: std::ops::Range<usize>) -> Occurrence {
    let shown = String::from_utf8_lossy(bytes);
    let found = find(bytes);
    assert_eq!(found.len(), 1, "{shown:?} {found:?}");
    assert_eq!(via(&found[0]), names, "{shown:?}");
    assert_eq!(found[0].offset, offset, "{shown:?}");
    assert_eq!(found[0].at, at.start as u64..at.end as u64, "{shown:?}");
    for step in [1, 7, 64] {
        let mut scanner = Scanner::new();
        bytes.chunks(step).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), found, "{shown:?} in steps of {step}");
    }
    assert_eq!(find(mask(bytes).as_str().as_bytes()), [], "{shown:?}");
    found.into_iter().next().unwrap()
}

fn all_kinds() -> Vec<(String, TokenKind)> {
    vec![
        (token("hf_"), TokenKind::UserAccessToken),
        (token("api_org_"), TokenKind::OrganizationToken),
        (token("hf_oauth__refresh_"), TokenKind::OauthRefreshToken),
        (web_token("hf_oauth_"), TokenKind::OauthAccessToken),
        (web_token("hf_jwt_"), TokenKind::OidcToken),
    ]
}

/// Lines of a width.
fn wrapped(text: &str, width: usize, newline: &str) -> String {
    let lines: Vec<_> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(newline)
}

#[test]
fn base64_of_every_kind_at_every_alignment() {
    for (token, kind) in all_kinds() {
        for before in ["", "u:", "us:", "user:", "key = \"", "a\nb\n"] {
            for behind in ["", "\n", "\"", "\"}}", " and more"] {
                let text = format!("{before}{token}{behind}");
                for encoded in
                    [STANDARD.encode(&text), STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)]
                {
                    let start = 6 + before.len() * 8 / 6;
                    let end = 6 + ((before.len() + token.len()) * 8).div_ceil(6);
                    let found = assert_one(
                        format!("auth: {encoded}").as_bytes(),
                        &["base64"],
                        before.len() as u64,
                        start..end,
                    );
                    assert_eq!((found.token.kind, found.len), (kind, token.len()));
                    let lines = before.matches('\n').count() as u64;
                    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
                    assert_eq!(found.position, Some(Position { line: lines + 1, column: column as u64 }));
                }
            }
        }
    }
}

#[test]
fn wrapped_base64_of_any_width() {
    for (token, _) in all_kinds() {
        for width in (9..70).chain([76, 100]) {
            for newline in ["\n", "\r\n", "\n    ", "\r\n\t", "\\n", "\\r\\n"] {
                let text = format!("{}user:{token} {}", "line of text\n".repeat(7), "more ".repeat(9));
                let encoded = wrapped(&STANDARD.encode(&text), width, newline);
                let found = find(encoded.as_bytes());
                // The longer prefix is looked for by one group alone.
                if token.starts_with("api") && width % 4 != 0 {
                    continue;
                }
                let rare = newline.starts_with('\\');
                if rare && width % 4 != 0 {
                    continue;
                }
                assert_eq!(found.len(), 1, "{width} {newline:?} {encoded}");
                assert_eq!(found[0].offset, 7 * 13 + 5, "{width} {newline:?}");
                assert_eq!(found[0].position, Some(Position { line: 8, column: 6 }));
            }
        }
    }
}

#[test]
fn lines_of_base64_stand_alone() {
    let token = token("hf_");
    for text in [format!("hf_user:{token}"), token.clone(), format!("{token}\n"), format!("us:{token}")] {
        let encoded = STANDARD_NO_PAD.encode(&text);
        let lines = format!("word\n{encoded}\nword\n");
        let found = find(lines.as_bytes());
        assert_eq!(found.len(), 1, "{text} {lines}");
        assert_eq!(found[0].offset, (text.find("hf_Z").unwrap()) as u64);
        let same = format!("{encoded}\n{encoded}\n");
        assert_eq!(find(same.as_bytes()).len(), 2, "{same}");
        let path = format!("/etc/{encoded}/x");
        assert_eq!(find(path.as_bytes()).len(), 1, "{path}");
    }
}

#[test]
fn base64_of_base64() {
    for (token, _) in all_kinds() {
        for user in ["user:", "hf_user:", "ab:", ""] {
            let auth = STANDARD.encode(format!("{user}{token}"));
            for before in ["", "x", "xy", "{\"auths\":{\"registry.hf.space\":{\"auth\":\""] {
                let json = format!("{before}{}{auth}\"}}}}}}", if before.len() < 3 { "\"" } else { "" });
                let outer = STANDARD.encode(&json);
                let line = format!("  .dockerconfigjson: {outer}\n");
                let found = find(line.as_bytes());
                assert_eq!(found.len(), 1, "{line}");
                assert_eq!(via(&found[0]), ["base64", "base64"]);
                assert_eq!(found[0].offset, user.len() as u64);
                assert_eq!(found[0].position, Some(Position { line: 1, column: user.len() as u64 + 1 }));
                let (start, end) = (found[0].at.start, found[0].at.end);
                assert!(start > 20 && end < line.len() as u64);
                assert_eq!(find(mask(line.as_bytes()).as_str().as_bytes()), []);
            }
        }
    }
}

fn wide(text: &str, width: usize, big: bool) -> Vec<u8> {
    let unit = |b: u8| {
        let mut unit = vec![0; width];
        unit[if big { width - 1 } else { 0 }] = b;
        unit
    };
    text.bytes().flat_map(unit).collect()
}

#[test]
fn wide_characters() {
    for (token, kind) in all_kinds() {
        for (width, name) in [(2, "utf-16"), (4, "utf-32")] {
            for big in [false, true] {
                for before in ["", "key = ", "a\r\nb="] {
                    for behind in ["", "\r\n"] {
                        let mut mark = vec![0; width];
                        mark[if big { width - 2 } else { 0 }] = if big { 0xfe } else { 0xff };
                        mark[if big { width - 1 } else { 1 }] = if big { 0xff } else { 0xfe };
                        for mark in [Vec::new(), mark, b"\x01".to_vec()] {
                            let text = wide(&format!("{before}{token}{behind}"), width, big);
                            let found = find(&[&mark[..], &text].concat());
                            assert_eq!(found.len(), 1, "{width} {big} {before:?}");
                            assert_eq!(via(&found[0]), [name]);
                            assert_eq!(found[0].token.kind, kind);
                            assert_eq!(
                                found[0].offset,
                                before.len() as u64,
                                "{width} {big} {before:?} {mark:?}"
                            );
                            let line = before.matches('\n').count() as u64 + 1;
                            assert_eq!(found[0].position.unwrap().line, line);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn hexadecimal() {
    let token = token("hf_");
    let org = self::token("api_org_");
    for separator in ["", " ", ":", "-", ", 0x", "\\x"] {
        for upper in [false, true] {
            for text in [token.clone(), format!("user:{token}"), format!("user:{org}\n")] {
                if text.contains("api") && !separator.is_empty() {
                    continue;
                }
                let digits: Vec<_> = text
                    .bytes()
                    .map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") })
                    .collect();
                let text = format!(
                    "= {}{}",
                    separator.trim_start_matches([',', ' ', ':', '-']),
                    digits.join(separator)
                );
                let found = find(text.as_bytes());
                assert_eq!(found.len(), 1, "{text}");
                let (name, offset) = if separator == "\\x" {
                    ("escape", found[0].at.start)
                } else {
                    ("hex", if text.contains("3a") || text.contains("3A") { 5 } else { 0 })
                };
                assert_eq!(via(&found[0]), [name], "{text}");
                if name == "hex" && !digits[0].starts_with('6') {
                    assert_eq!(found[0].offset, offset, "{text}");
                }
                assert_eq!(find(mask(text.as_bytes()).as_str().as_bytes()), []);
            }
        }
    }
    let literal: String = token.bytes().map(|b| format!("{b:02x}")).collect();
    assert_one(format!("x = 0x{literal};").as_bytes(), &["hex"], 0, 6..6 + 74);
}

/// All ways to spell a character.
fn spellings(b: u8) -> Vec<(String, &'static str)> {
    vec![
        (format!("%{b:02X}"), "percent"),
        (format!("%{b:02x}"), "percent"),
        (format!("\\u{b:04x}"), "escape"),
        (format!("\\u{b:04X}"), "escape"),
        (format!("\\\\u{b:04x}"), "escape"),
        (format!("\\x{b:02x}"), "escape"),
        (format!("\\{b:03o}"), "escape"),
        (format!("&#{b};"), "escape"),
        (format!("&#x{b:x};"), "escape"),
    ]
}

#[test]
fn any_character_may_be_spelled() {
    let token = token("hf_");
    for form in 0..spellings(0).len() {
        for at in 0..token.len() {
            let spelled = |n: usize, b: u8| {
                if n == at { spellings(b)[form].0.clone() } else { char::from(b).to_string() }
            };
            let text: String = token.bytes().enumerate().map(|(n, b)| spelled(n, b)).collect();
            let name = spellings(0)[form].1;
            let end = 4 + text.len();
            assert_one(format!("key={text}&x").as_bytes(), &[name], 4, 4..end);
        }
        let all: String = token.bytes().map(|b| spellings(b)[form].0.clone()).collect();
        let found = find(format!("key={all}\n").as_bytes());
        assert_eq!(found.len(), 1, "{all}");
        assert_eq!(find(mask(all.as_bytes()).as_str().as_bytes()), []);
    }
    for (text, name) in [
        (format!("hf&lowbar;{TOKEN}"), "escape"),
        (format!("hf\\_{TOKEN}"), "escape"),
        (format!("hf=5F{TOKEN}"), "escape"),
        (format!("hf\\u{{5f}}{TOKEN}"), "escape"),
        (format!("api%5Forg%5f{TOKEN}"), "percent"),
        (format!("api_org\\u005f{TOKEN}"), "escape"),
    ] {
        assert_one(format!("({text})").as_bytes(), &[name], 1, 1..1 + text.len());
    }
}

#[test]
fn an_escape_beside_a_token_is_no_encoding() {
    let token = token("hf_");
    for text in [format!("\\n{token}\\n"), format!("%3D{token}%26"), format!("\\u0022{token}\\u0022")] {
        let found = find(text.as_bytes());
        assert_eq!((found.len(), via(&found[0]).len()), (1, 0), "{text}");
    }
}

#[test]
fn split_literals() {
    let (head, tail) = TOKEN.split_at(17);
    let (middle, end) = tail.split_at(5);
    for text in [
        format!("\"hf_{head}\" + \"{tail}\""),
        format!("'hf_{head}' + '{tail}'"),
        format!("\"hf_\" + \"{TOKEN}\""),
        format!("\"hf\" + \"_{TOKEN}\""),
        format!("\"hf_{head}\" \"{tail}\""),
        format!("\"hf_{head}\"\n    \"{tail}\""),
        format!("\"hf_{head}\" \\\n    \"{tail}\""),
        format!("'hf_{head}' .. '{tail}'"),
        format!("'hf_{head}' . '{tail}'"),
        format!("\"hf_{head}\" + \"{middle}\" + \"{end}\""),
        format!("\\\"hf_{head}\\\" + \\\"{tail}\\\""),
        format!("\"hf_{head}\\\n{tail}\""),
        format!("\"hf_{head}\\\r\n  {tail}\""),
        format!("hf_{head}=\r\n{tail}\r\n"),
        format!("hf_{head}=\n{tail}\n"),
    ] {
        let found = find(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(via(&found[0]), ["concatenation"], "{text}");
        assert_eq!(found[0].token, find(token("hf_").as_bytes())[0].token);
        assert_eq!(find(mask(text.as_bytes()).as_str().as_bytes()), [], "{text}");
    }
    for text in [
        format!("\"hf_{head}\", \"{tail}\""),
        format!("\"hf_{head}\" + '{tail}'"),
        format!("\"hf_{head}\" + x + \"{tail}\""),
        format!("\"hf_{head}\" + \"{tail}more\""),
        format!("\"hf_{head}\" + \"{middle}\""),
        format!("\"hf_{head}\" + \"{tail}"),
        format!("hf_{head}\n{tail}"),
    ] {
        assert_eq!(find(text.as_bytes()), [], "{text}");
    }
}

#[test]
fn look_alikes_are_not_found() {
    let body = TOKEN;
    for plain in [
        format!("x_hf_{body}"),
        format!("hf_{body}x"),
        format!("hf_{}", "x".repeat(34)),
        format!("hf_{}", "requiredCharacteristicTypesForDisplayMetadata"),
        format!("from huggingface_hub import hf_hub_download, {}", "hf_file_system"),
        format!("hf_{}", body.split_at(33).0),
        format!("HF_{body}"),
    ] {
        let hex: String = plain.bytes().map(|b| format!("{b:02x}")).collect();
        let percent: String = plain.bytes().map(|b| format!("%{b:02x}")).collect();
        let escaped: String = plain.bytes().map(|b| format!("\\u{b:04x}")).collect();
        let mut texts = vec![
            STANDARD.encode(&plain),
            STANDARD.encode(STANDARD.encode(&plain)),
            hex,
            percent,
            escaped,
            plain.replacen("hf_", "hf%5F", 1),
        ];
        texts.extend((1..6).map(|n| STANDARD.encode(format!("{}{plain}", &"a b c "[..n]))));
        for text in texts {
            assert_eq!(find(format!("= {text} ").as_bytes()), [], "{plain} {text}");
        }
        assert_eq!(find(&wide(&plain, 2, false)), [], "{plain}");
    }
}

#[test]
fn long_runs_keep_their_count() {
    let token = token("hf_");
    let text = format!("{}user:{token}\n", "some line of text\n".repeat(20_000));
    let encoded = STANDARD.encode(&text);
    let place = (text.find("hf_").unwrap() as u64, Some(Position { line: 20_001, column: 6 }));
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
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

/// Text in which tokens in all encodings, pieces of them and what surrounds them stand close together.
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

/// What is hard on a search that judges every needle at length; each of these takes well under a second when
/// the work is linear.
#[test]
fn hostile_repetition_costs_no_more_than_its_length() {
    let started = std::time::Instant::now();
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
        "aGZf\n",
        "hm\n",
        "x68",
    ] {
        let bytes = unit.repeat(4_000_000 / unit.len());
        let mut scanner = Scanner::with_limit(10);
        bytes.as_bytes().chunks(65_536).for_each(|piece| scanner.feed(piece));
        let found = scanner.finish();
        assert!(found.is_empty() || unit.contains('.'));
        let spent = started.elapsed();
        assert!(spent.as_secs() < 120, "{unit:?}: {spent:?}");
    }
}
