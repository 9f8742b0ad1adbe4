//! Secrets in the spellings of scripts and documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const SECRET: &str = "Zq7umpmhsEJNpjJOQGarb0paque";

fn hidden(text: &str) -> String {
    let secrets = Secrets::new([SECRET.as_bytes()].into_iter()).unwrap();
    let hidden = secrets.hidden(text.as_bytes()).unwrap_or_else(|| text.into());
    String::from_utf8(hidden).unwrap()
}

/// Returns true if any six characters in a row of the secret are in a text.
fn shows(text: &str) -> bool {
    SECRET.as_bytes().windows(WIDTH).any(|piece| text.contains(std::str::from_utf8(piece).unwrap()))
}

#[test]
fn every_spelling_is_hidden() {
    let (front, back) = SECRET.split_at(11);
    let each = |spell: fn(u8) -> String| SECRET.bytes().map(spell).collect::<String>();
    let utf16: Vec<u8> = SECRET.bytes().flat_map(|b| [b, 0]).collect();
    for (spelled, shown) in [
        (SECRET.to_owned(), "a … b"),
        (format!("{front}\"\"{back}"), "a … b"),
        (format!("'{front}''{back}'"), "a '…' b"),
        (format!("\"{front}\" + \"{back}\""), "a \"…\" b"),
        (format!("{front}\\\n    {back}"), "a … b"),
        (format!("{front}\\n{back}"), "a … b"),
        (format!("{front} {back}"), "a … … b"),
        (front.to_owned(), "a … b"),
        (back.to_owned(), "a … b"),
        (each(|b| format!("\\{}", char::from(b))), "a \\… b"),
        (each(|b| format!("\\x{b:02x}")), "a … b"),
        (each(|b| format!("\\u{b:04x}")), "a … b"),
        (each(|b| format!("\\u{{{b:x}}}")), "a … b"),
        (each(|b| format!("\\{b:03o}")), "a … b"),
        (each(|b| format!("&#{b};")), "a … b"),
        (each(|b| format!("&#x{b:x};")), "a … b"),
        (each(|b| format!("%{b:02X}")), "a … b"),
        (each(|b| format!("%25{b:02X}")), "a … b"),
        (each(|b| format!("{b:02x}")), "a … b"),
        (STANDARD.encode(SECRET), "a … b"),
        (STANDARD.encode(&utf16), "a … b"),
    ] {
        let text = format!("a {spelled} b");
        let hidden = hidden(&text);
        assert_eq!(hidden, shown, "{text}");
    }
    for before in ["", "u", "us", "user:", "0123456"] {
        let encoded = STANDARD.encode(format!("{before}{SECRET}"));
        let twice = STANDARD.encode(format!("{before}{encoded}"));
        for text in [
            encoded.clone(),
            twice,
            encoded.replace('Z', "%5A"),
            [encoded.split_at(9).0, "\\\n", encoded.split_at(9).1].concat(),
        ] {
            let hidden = hidden(&text);
            assert!(hidden.contains('…') && hidden.len() < 40, "{text}: {hidden}");
        }
    }
}

#[test]
fn other_text_stays() {
    for text in [
        "",
        "RUN pip install huggingface_hub==1.2 && make -j8",
        "an opaque value of unknown shape in etc/token",
        "Zq7um hsEJN",
        "aGVsbG8gd29ybGQ= 68656c6c6f20776f726c64 \\x41 %41 &amp; &#65;",
    ] {
        assert_eq!(hidden(text), text);
    }
    assert!(Secrets::new(std::iter::empty()).is_none());
}

#[test]
fn a_secret_of_signs_is_hidden() {
    let secrets = Secrets::new([&b"!@#$%^&*(a"[..]].into_iter()).unwrap();
    assert_eq!(secrets.hidden(b"-p !@#$%^&*(a x").unwrap(), "-p … x".as_bytes());
    assert!(secrets.hidden(b"a * (b) & c").is_none());
}

#[test]
fn what_a_secret_decodes_to_is_hidden_as_well() {
    let basic = STANDARD.encode(format!("user:{SECRET}"));
    let (front, back) = SECRET.split_at(4);
    let percent = format!("{front}%{:02X}{}", back.as_bytes()[0], back.split_at(1).1);
    for found in [basic, percent] {
        let secrets = Secrets::new([found.as_bytes()].into_iter()).unwrap();
        for text in [found.clone(), SECRET.to_owned(), format!("|1 V={SECRET} /bin/sh -c curl")] {
            let hidden = String::from_utf8(secrets.hidden(text.as_bytes()).unwrap()).unwrap();
            assert!(!shows(&hidden) && !hidden.contains(found.split_at(6).0), "{hidden}");
        }
    }
}

#[test]
fn any_text_takes_linear_time() {
    for word in ["a", "41", "%25", "\\u", "&#", "\\", "QUFB", " ", "Zq7umpmhsEJ"] {
        let text = word.repeat((1 << 16) / word.len());
        assert!(!shows(&hidden(&text)));
    }
}
