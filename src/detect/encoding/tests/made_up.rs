//! Tests that a kind of token needs nothing but its row in the table: rows that exist only in tests are
//! found in every form in which the Hub's kinds are found.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::spelled::spellings;
use super::{made, via, wide, wrapped};
use crate::detect::{Occurrence, find, find_in_binary};
use crate::hub::tokens::{Body, Kind, made_up};
use crate::mask::mask;

/// Returns a kind of the Hub with a similar prefix and body.
fn model(kind: &Kind) -> &'static Kind {
    let is_long = |prefix: &str| prefix.chars().nth(3).is_some_and(|c| !c.is_alphanumeric());
    let mut shipped = made_up::shipped().iter();
    shipped.find(|other| other.body == kind.body && is_long(other.prefix) == is_long(kind.prefix)).unwrap()
}

/// Returns a token in every form, with the name of the form.
fn forms(token: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let (head, tail) = token.split_at(prefix.len() + 14);
    let line = format!("HF_TOKEN={token}\n");
    let lines = format!("{}{line}{}", "NAME=value\n".repeat(20), "OTHER=1\n".repeat(20));
    let each = |unit: &dyn Fn(u8) -> String, between: &str| {
        token.bytes().map(unit).collect::<Vec<_>>().join(between)
    };
    let hex = |b: u8| format!("{b:02x}");
    let mut forms: Vec<(String, Vec<u8>)> = vec![
        ("plain".into(), line.clone().into()),
        ("two of them".into(), format!("{token}{token}").into()),
        ("between NULs".into(), format!("\0name{token}\0").into()),
        ("behind an escape".into(), format!("a\\n{token}\\n").into()),
        ("UTF-16 in base64".into(), STANDARD.encode(wide(&line, 2, false)).into()),
        ("base64 in UTF-16".into(), [b"\xff\xfe", &wide(&STANDARD.encode(&line), 2, false)[..]].concat()),
        ("hexadecimal in capitals".into(), each(&|b| format!("{b:02X}"), "").into()),
        ("0x in front".into(), format!("0x{}", each(&hex, "")).into()),
        ("two literals".into(), format!("t = \"{head}\" + \"{tail}\"\n").into()),
        ("literals side by side".into(), format!("t = ('{head}'\n     '{tail}')\n").into()),
        ("a literal on two lines".into(), format!("t = \"{head}\\\n{tail}\"\n").into()),
        ("quoted-printable".into(), format!("mail {head}=\r\n{tail} end\r\n").into()),
    ];
    for before in ["", ":", "u:", "user:", "key = "] {
        let text = format!("{before}{token}");
        forms.extend([
            (format!("base64 behind {before:?}"), STANDARD.encode(&text).into()),
            (format!("base64 without padding behind {before:?}"), STANDARD_NO_PAD.encode(&text).into()),
            (format!("base64url behind {before:?}"), URL_SAFE_NO_PAD.encode(&text).into()),
        ]);
        for outer in ["", "x", "xy"] {
            let inner = format!("{outer}\"{}\"", STANDARD.encode(&text));
            forms.push((
                format!("base64 twice, behind {before:?} and {outer:?}"),
                STANDARD.encode(inner).into(),
            ));
        }
    }
    for (width, newline) in [(76, "\n"), (64, "\r\n"), (76, "\n  "), (76, "\\n"), (40, "\n")] {
        let encoded = wrapped(&STANDARD.encode(&lines), width, newline);
        forms.push((format!("base64 in lines of {width}, {newline:?}"), encoded.into()));
    }
    for width in [2, 4] {
        for big in [false, true] {
            forms.push((format!("units of {width}, {big}"), wide(&line, width, big)));
        }
    }
    for between in ["", " ", ":", "-", ", 0x", " 0x"] {
        forms.push((format!("hexadecimal, {between:?}"), format!("0x{}", each(&hex, between)).into()));
    }
    for form in 0..spellings(0).len() {
        let spelled = |b: u8| spellings(b)[form].0.clone();
        forms.push((format!("spelled as {}", spelled(b'_')), format!("\"{}\"", each(&spelled, "")).into()));
        // Only one character of the prefix, and only one of the body.
        for at in (0..prefix.len()).chain([prefix.len() + 5]) {
            let one = |n: usize, b: u8| if n == at { spelled(b) } else { char::from(b).to_string() };
            let text: String = token.bytes().enumerate().map(|(n, b)| one(n, b)).collect();
            forms.push((format!("character {at} as {}", spelled(b'_')), format!("k={text}&x").into()));
        }
    }
    forms
}

#[test]
fn every_encoding_is_seen_through() {
    for kind in made_up::kinds() {
        let token = made(kind);
        let hub = model(kind);
        let of_hub = forms(&made(hub), hub.prefix);
        for (name, bytes) in forms(&token, kind.prefix) {
            let occurrences = find(&bytes);
            for occurrence in &occurrences {
                assert_eq!(occurrence.token.kind, kind.into(), "{name}");
                // A signature continues for as long as its characters do.
                let is_glued = kind.body == Body::WebToken && name == "two of them";
                assert!(occurrence.len == token.len() || is_glued, "{name}");
                assert!(occurrence.token.redacted.to_string().starts_with(kind.prefix), "{name}");
            }
            assert_eq!(find(mask(&bytes).as_str().as_bytes()), [], "{name} is masked");
            // Not every form of a long prefix or of a web token is found. The test compares with the
            // corresponding kind of the Hub.
            let like = of_hub.iter().find(|(other, _)| *other == name);
            let expected = like.map(|(_, bytes)| find(bytes)).unwrap_or_default();
            let ways = |all: &[Occurrence]| all.iter().map(|one| via(one).join(" ")).collect::<Vec<_>>();
            if like.is_some() {
                assert_eq!(ways(&occurrences), ways(&expected), "{} {name}", kind.id);
            }
            if kind.prefix.len() == 3 {
                assert_eq!(occurrences.len(), if name == "two of them" { 2 } else { 1 }, "{name}");
            }
        }
    }
}

#[test]
fn nothing_of_it_shows() {
    for kind in made_up::kinds() {
        let token = made(kind);
        let summary = find(token.as_bytes()).remove(0).token;
        let shown = format!("{}…{}", kind.prefix, token.split_at(token.len() - 4).1);
        assert_eq!(summary.redacted.to_string(), shown);
        let masked = mask(format!("see {token}.").as_bytes());
        assert_eq!(masked.as_str(), format!("see {shown}."));
        assert_eq!(serde_json::to_value(&summary).unwrap()["kind"], kind.id);
    }
}

#[test]
fn borders_and_looks_count_as_for_any_other() {
    let [kind, _, key] = made_up::kinds() else { panic!("three rows") };
    for kind in [kind, key] {
        let token = made(kind);
        let prefix = kind.prefix;
        for text in [
            format!("x{token}"),
            format!("{token}x"),
            format!("{prefix}{}", "x".repeat(34)),
            format!("{prefix}requiredCharacteristicTypesForDisplayMetadata"),
            token.split_at(token.len() - 1).0.to_owned(),
        ] {
            assert_eq!(find(text.as_bytes()), [], "{text}");
        }
        assert_eq!(find_in_binary(format!("x{token}y").as_bytes()).len(), 1);
    }
}
