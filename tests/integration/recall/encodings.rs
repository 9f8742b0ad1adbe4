//! Text with encoded tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use super::{Planted, Row};

fn wrapped(text: &str, width: usize, newline: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(newline)
}

fn wide(text: &str, unit: impl Fn(char) -> Vec<u8>) -> Vec<u8> {
    text.chars().flat_map(unit).collect()
}

pub(super) fn rows(planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let (head, tail) = token.split_at(17);
    let assignment = format!("HF_TOKEN={token}\n");
    let env = format!("{}{assignment}{}", "NAME=value\n".repeat(20), "OTHER=1\n".repeat(20));
    let auth = format!(r#"{{"auths":{{"a":{{"auth":"{}"}}}}}}"#, STANDARD.encode(format!("user:{token}")));
    let le = |c: char| u16::try_from(u32::from(c)).unwrap().to_le_bytes().to_vec();
    let be = |c: char| u16::try_from(u32::from(c)).unwrap().to_be_bytes().to_vec();
    let escaped = |unit: fn(u8) -> String| token.bytes().map(unit).collect::<String>();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("base64, first alignment", STANDARD.encode(token).into()),
        ("base64, second alignment", STANDARD.encode(format!(":{token}\n")).into()),
        ("base64, third alignment", STANDARD.encode(format!("u:{token}")).into()),
        ("base64 without padding", STANDARD_NO_PAD.encode(format!("user:{token}")).into()),
        ("base64, URL-safe", URL_SAFE.encode(format!("~?~ {token}")).into()),
        ("base64, lines of 76", wrapped(&STANDARD.encode(&env), 76, "\n").into()),
        ("base64, lines of 64 with CRLF", wrapped(&STANDARD.encode(&env), 64, "\r\n").into()),
        (
            "base64 in a YAML block",
            format!("a: |\n  {}\n", wrapped(&STANDARD.encode(&env), 76, "\n  ")).into(),
        ),
        ("base64 within base64", format!("x: {}\n", STANDARD.encode(auth)).into()),
        (
            "Basic header",
            format!("Authorization: Basic {}\n", STANDARD.encode(format!("user:{token}"))).into(),
        ),
        ("UTF-16 LE with byte-order mark", [&b"\xff\xfe"[..], &wide(&assignment, le)].concat()),
        ("UTF-16 BE with byte-order mark", [&b"\xfe\xff"[..], &wide(&assignment, be)].concat()),
        ("UTF-16 LE without mark", wide(&assignment, le)),
        ("UTF-16 BE without mark", wide(&assignment, be)),
        ("UTF-32 LE", wide(&assignment, |c| u32::from(c).to_le_bytes().to_vec())),
        ("hex, lower case", escaped(|b| format!("{b:02x}")).into()),
        ("hex, upper case", escaped(|b| format!("{b:02X}")).into()),
        ("`hf%5F…`", token.replace('_', "%5F").into()),
        ("percent-encoding of every character", escaped(|b| format!("%{b:02x}")).into()),
        ("`\\u0068…`", format!("{{\"a\":\"{}\"}}", token.replacen('h', "\\u0068", 1)).into()),
        ("`\\u` for every character", format!("\"{}\"", escaped(|b| format!("\\u{b:04x}"))).into()),
        ("`\\u{68}` for every character", format!("\"{}\"", escaped(|b| format!("\\u{{{b:x}}}"))).into()),
        ("`\\u{0068}…`", format!("\"{}\"", token.replacen('h', "\\u{0068}", 1)).into()),
        ("`\\x{68}` for every character", format!("\"{}\"", escaped(|b| format!("\\x{{{b:x}}}"))).into()),
        (
            "`U+0068` with line breaks",
            token.bytes().map(|b| format!("U+{b:04X}\n")).collect::<Vec<_>>().concat().into(),
        ),
        ("`\\x` for every character", format!("\"{}\"", escaped(|b| format!("\\x{b:02x}"))).into()),
        ("`\\137` for the underscore", format!("'{}'", token.replacen('_', "\\137", 1)).into()),
        ("`&#95;` for the underscore", format!("<p>{}</p>", token.replacen('_', "&#95;", 1)).into()),
        ("glued to `\\n`", format!("\"a\\n{token}\\n\"").into()),
        ("glued to `\\t`", format!("\"a\\t{token}\\t\"").into()),
        ("behind `%3D`", format!("?token%3D{token}%26a").into()),
        ("behind a terminal's colour", format!("\u{1b}[32m{token}\u{1b}[0m").into()),
        ("two literals with `+`", format!("t = \"{head}\" + \"{tail}\"\n").into()),
        ("two literals side by side", format!("t = ('{head}'\n     '{tail}')\n").into()),
        ("a literal over two lines", format!("t = \"{head}\\\n{tail}\"\n").into()),
        ("quoted-printable", format!("mail {head}=\r\n{tail} end\r\n").into()),
        ("between NULs", [b"key\0", token.as_bytes(), b"\0more"].concat()),
        ("glued to a name in a binary", [b"\0\x08HF_TOKEN", token.as_bytes(), b"\0"].concat()),
    ];
    forms.into_iter().map(|(form, content)| Row::file_as(form, "srv/data", content)).collect()
}
