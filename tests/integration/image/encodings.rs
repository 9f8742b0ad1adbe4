//! Encoded tokens.

use crate::support::{Image, Layer, Layout, Outcome, Place, Tar, Token, scan};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Content with a token, and the expected report.
struct Case {
    content: Vec<u8>,
    via: Value,
    offset: u64,
    line: Value,
}

fn case(content: impl Into<Vec<u8>>, via: &[&str], offset: u64, line: u64) -> Case {
    Case { content: content.into(), via: json!(via), offset, line: json!(line) }
}

/// Splits text into lines of 76 characters.
fn mime(text: &str, newline: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(newline)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Returns a token in every encoding.
fn cases(token: &Token) -> Vec<Case> {
    let token = token.text();
    let (head, tail) = token.split_at(15);
    let env = format!("{}HF_TOKEN={token}\n", "NAME=value\n".repeat(30));
    let hex = token.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    let auth = format!(r#"{{"auths":{{"hf":{{"auth":"{}"}}}}}}"#, STANDARD.encode(format!("user:{token}")));
    let percent = token.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
    vec![
        case(format!("t: {}\n", STANDARD.encode(token)), &["base64"], 0, 1),
        case(format!("t: {}\n", URL_SAFE_NO_PAD.encode(format!("u:{token}"))), &["base64"], 2, 1),
        case(
            format!("Authorization: Basic {}\n", STANDARD.encode(format!("user:{token}"))),
            &["base64"],
            5,
            1,
        ),
        case(mime(&STANDARD.encode(&env), "\r\n"), &["base64"], 339, 31),
        case(format!("env: |\n    {}\n", mime(&STANDARD.encode(&env), "\n    ")), &["base64"], 339, 31),
        case(format!(".dockerconfigjson: {}\n", STANDARD.encode(auth)), &["base64", "base64"], 5, 1),
        case([b"\xff\xfe", &utf16(&env, u16::to_le_bytes)[..]].concat(), &["utf-16"], 339, 31),
        case([b"\xfe\xff", &utf16(&env, u16::to_be_bytes)[..]].concat(), &["utf-16"], 339, 31),
        case(utf16(token, u16::to_le_bytes), &["utf-16"], 0, 1),
        case(
            utf16(
                &format!("\u{feff}auth: {}\r\n", STANDARD.encode(format!("user:{token}"))),
                u16::to_le_bytes,
            ),
            &["utf-16", "base64"],
            5,
            1,
        ),
        case(format!("key {hex}\n"), &["hex"], 0, 1),
        case(format!("\n?token={}&x=y\n", token.replace('_', "%5F")), &["percent"], 8, 2),
        case(format!("?token={percent}&x=y\n"), &["percent"], 7, 1),
        case(format!("{{\"t\": \"{}\"}}\n", token.replace('_', "\\u005f")), &["escape"], 7, 1),
        case(format!("<b>{}</b>\n", token.replace('h', "&#104;")), &["escape"], 3, 1),
        case(format!("t = '{}'\n", token.replacen('f', "\\146", 1)), &["escape"], 5, 1),
        case(format!("t = \"{head}\" + \"{tail}\"\n"), &["concatenation"], 5, 1),
        case(format!("t = '{head}' \\\n  '{tail}'\n"), &["concatenation"], 5, 1),
        case(format!("mail {head}=\r\n{tail} end\r\n"), &["concatenation"], 5, 1),
    ]
}

#[track_caller]
fn assert_case(outcome: &Outcome, token: &Token, rule: &str, case: &Case) {
    let location = outcome.location_of(token, rule);
    assert_eq!(location["via"], case.via, "{location:#}");
    assert_eq!(location["offset"], case.offset, "{location:#}");
    assert_eq!(location["line"], case.line, "{location:#}");
    outcome.assert_found_only(&[token]);
}

#[test]
fn every_form_in_a_file() {
    let place = Place::new("file");
    let token = Token::user("file");
    for (n, case) in cases(&token).iter().enumerate() {
        let path = place.write(&format!("case{n}"), &case.content);
        let outcome = scan(&[format!("file:{}", path.display())]);
        assert_case(&outcome, &token, "context/token-in-file", case);
    }
}

#[test]
fn every_form_in_one_layer() {
    let place = Place::new("layer");
    let all: Vec<_> =
        (0..cases(&Token::user("any")).len()).map(|n| Token::user(&format!("layer{n}"))).collect();
    let cases: Vec<_> = all.iter().enumerate().map(|(n, token)| cases(token).swap_remove(n)).collect();
    let tar = cases
        .iter()
        .enumerate()
        .fold(Tar::new(), |tar, (n, case)| tar.file(format!("srv/case{n}"), &case.content));
    let image = Image::new("app:latest", [Layer::new(&tar.finish())]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    for (n, (token, case)) in all.iter().zip(&cases).enumerate() {
        let location = outcome.location_of(token, "image/token-in-file");
        assert_eq!(location["path"], format!("srv/case{n}"));
        assert_eq!(location["via"], case.via, "{location:#}");
        assert_eq!(location["offset"], case.offset, "{location:#}");
        assert_eq!(location["line"], case.line, "{location:#}");
    }
    outcome.assert_found_only(&all.iter().collect::<Vec<_>>());
}

#[test]
fn documents_of_an_image() {
    let place = Place::new("documents");
    let [env, label, annotation, history] = ["env", "label", "annotation", "history"].map(Token::user);
    let mut image = Image::new("app:latest", [Layer::new(&Tar::new().file("etc/x", "x").finish())])
        .env(&[&format!("AUTH={}", STANDARD.encode(format!("user:{}", env.text())))])
        .with("Labels", json!({"url": format!("https://x/?t={}", label.text().replace('_', "%5F"))}))
        .history(
            json!([{"created_by": format!("RUN echo {} | base64 -d", STANDARD.encode(history.text()))}]),
        );
    image.annotations = json!({"note": STANDARD.encode(format!("x {}", annotation.text()))});
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    for (token, rule, field, via) in [
        (&env, "image/token-in-env", "config.Env[0]", "base64"),
        (&label, "image/token-in-config", "config.Labels.url", "percent"),
        (&annotation, "image/token-in-annotation", "annotations.note", "base64"),
        (&history, "image/token-in-history", "history[0].created_by", "base64"),
    ] {
        let location = outcome.location_of(token, rule);
        assert_eq!(location["field"], field);
        assert_eq!(location["via"], json!([via]));
    }
    outcome.assert_found_only(&[&env, &label, &annotation, &history]);
    // The command is shown without the encoded token.
    let encoded = STANDARD.encode(history.text());
    assert!(!outcome.stdout.contains(&encoded[4..30]), "an encoded token is shown");
    assert!(outcome.stdout.contains("| base64 -d"));
}

#[test]
fn an_escape_of_the_document_itself_is_no_encoding() {
    let place = Place::new("escape");
    let token = Token::user("escape");
    let mut image = Image::new("app:latest", [Layer::new(&Tar::new().file("etc/x", "x").finish())]);
    image.config["config"]["Env"] = json!([format!("T={}", token.text())]);
    let mut files = Layout::of(&[&image]).files();
    let config = files.0.iter().position(
        |(_, item)| matches!(item, crate::support::Item::File(bytes) if bytes.windows(3).any(|part| part == b"hf_")),
    );
    let name = files.0[config.unwrap()].0.clone();
    let bytes = files.get_mut(&name);
    let text = String::from_utf8(bytes.clone()).unwrap().replace("hf_", "\\u0068f_");
    *bytes = text.into_bytes();
    let outcome = scan(&[place.write("app.tar", files.archive())]);
    let location = outcome.location_of(&token, "image/token-in-env");
    assert_eq!((&location["field"], location.get("via")), (&json!("config.Env[0]"), None));
}

#[test]
fn a_dockerfile() {
    let place = Place::new("dockerfile");
    let token = Token::user("dockerfile");
    let encoded = STANDARD.encode(format!("user:{}", token.text()));
    let text = format!("FROM alpine\nRUN echo {encoded} | base64 -d > /x\n");
    let outcome = scan(&[place.write("Dockerfile", text)]);
    let location = outcome.location_of(&token, "dockerfile/literal-token");
    assert_eq!((&location["line"], &location["column"]), (&json!(2), &json!(16)));
    assert!(!outcome.stdout.contains(&encoded[12..40]));
}
