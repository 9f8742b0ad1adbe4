//! Tests that tokens are distinguished from lookalikes, and that a stream gives the same result as the whole
//! text.

use proptest::prelude::*;

use super::Confidence;
use super::Position;
use super::*;
use crate::mask::mask;

/// A random-looking body. It is joined to a prefix only at run time, so that no file holds a whole token.
pub(crate) const TOKEN: &str = "ZqumpmhsEJNpjJOQGarbFlYmGylvuhfJXq";

pub(crate) fn token(prefix: &str) -> String {
    format!("{prefix}{TOKEN}")
}

pub(crate) fn web_token(prefix: &str) -> String {
    format!("{prefix}eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTc5MH0.{TOKEN}_-{TOKEN}")
}

#[test]
fn every_kind_is_found() {
    for (text, kind) in [
        (token("hf_"), "user-access-token"),
        (token("api_org_"), "organization-token"),
        (token("hf_oauth__refresh_"), "oauth-refresh-token"),
        (web_token("hf_oauth_"), "oauth-access-token"),
        (web_token("hf_jwt_"), "oidc-token"),
    ] {
        let found = find(format!("a\nkey = \"{text}\"\n").as_bytes());
        assert_eq!(found.len(), 1, "{kind:?}");
        assert_eq!(found[0].token.kind.id(), kind);
        assert_eq!(found[0].len, text.len());
        assert_eq!(found[0].offset, 9);
        assert_eq!(found[0].position, Some(Position { line: 2, column: 8 }));
        assert_eq!(found[0].confidence, Confidence::High);
    }
}

#[test]
fn found_whatever_stands_beside_it() {
    let token = token("hf_");
    for text in [
        token.clone(),
        format!("https://user:{token}@huggingface.co"),
        format!("https://{token}@huggingface.co"),
        format!("f('{token}')"),
        format!("a,{token},b"),
        format!("<{token}>"),
        format!("a/{token}/b"),
        format!("?token={token}&x"),
        format!("{token}\\nnext"),
        format!("text\\n{token}"),
        format!("token%3D{token}%26"),
        format!("\u{1b}[32m{token}\u{1b}[0m"),
        format!("{token}\0"),
        format!("HF_TOKEN{token}\0after"),
        format!("\0W{token}W"),
        format!("(dp0\nVkey\np1\nV{token}\np2\ns."),
        format!("HF_TOKEN=3D{token}"),
        format!("\u{1b}[01;31m\u{1b}[K{token}\u{1b}[m\u{1b}[K"),
        format!("usr/lib/python3/test/example.md {token}"),
    ] {
        assert_eq!(find(text.as_bytes()).len(), 1, "{text:?}");
    }
}

#[test]
fn look_alikes_are_not_found() {
    let body = TOKEN;
    for text in [
        "hf_hub_download hf_raise_for_status hf_oauth_expiration_minutes hf_jwt_public_keys".to_owned(),
        format!("hf_{}", "requiredCharacteristicTypesForDisplayMetadata"),
        format!(
            "_kHMSymptomhf_{} OSCHF_{}",
            "generatedByHomeAppForDisplayMetadata", "DebugGetImageCaptureOfEverything"
        ),
        "_call_hf_processor_call_hf_processor_call_hf_processor".to_owned(),
        format!("hf_{}", "x".repeat(34)),
        format!("hf_{}", "x".repeat(40)),
        format!("api_org_{}", "X".repeat(34)),
        "hf_your_token_here hf_... hf_*** hf_<token>".to_owned(),
        "hf_oauth__refresh_token hf_oauth_token hf_jwt_public_key_url".to_owned(),
        "hf_oauth_eyJhbGciOi... hf_jwt_eyJ.x.y".to_owned(),
        format!("hf_{}", body.split_at(33).0),
        format!("hf_{body}x"),
        format!("xhf_{body}"),
        // Encoded data, and longer words.
        format!("aZ_hf_{body}_2"),
        format!("a_hf_{body}_bQ7xLmWq"),
        format!("a_hf_{body}x_old"),
        format!("a_hf_{}", "requiredCharacteristicTypesForDisplayMetadata"),
        format!("HF_{body}"),
    ] {
        assert_eq!(find(text.as_bytes()), [], "{text}");
    }
}

#[test]
fn a_token_is_a_part_of_a_name() {
    let token = token("hf_");
    for text in [
        format!("backup_{token}_2024"),
        format!("{token}_old.txt"),
        format!("__{token}__"),
        format!("2024{token}"),
        format!("key1_{token}2"),
        format!("MY_{token}_OLD"),
        format!("Backup_{token}"),
        format!("/models/my_model_{token}_v2/"),
        format!("gh secret set HUB -b{token}"),
    ] {
        let found = find(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].confidence, Confidence::Medium, "{text}");
    }
}

#[test]
fn nothing_need_stand_between_the_texts_of_a_binary_file() {
    let token = token("hf_");
    let glued = format!("{}x{token}y{}", "neighbour ".repeat(20), " neighbour".repeat(20));
    let binary = format!("\0{}{glued}", " ".repeat(1000));
    for (text, count) in [(&glued, 0), (&binary, 1), (&format!("{}{binary}", " ".repeat(9000)), 0)] {
        let found = find(text.as_bytes());
        assert_eq!(found.len(), count);
        let mut scanner = Scanner::new();
        text.as_bytes().chunks(7).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), found);
    }
    let columns = format!("{token}{}{token}", token.to_ascii_uppercase().replacen("HF_", "hf_", 1));
    assert_eq!(find(format!("\0{}{columns}", " ".repeat(80)).as_bytes()).len(), 2);
    assert_eq!(find(format!("{token}{token}{token}").as_bytes()).len(), 3);
}

#[test]
fn a_body_with_digits_is_found_with_less_confidence() {
    let text = format!("x hf_{}7{}", TOKEN.split_at(16).0, TOKEN.split_at(17).1);
    assert_eq!(find(text.as_bytes())[0].confidence, Confidence::Medium);
    assert_eq!(find(text.replace("x ", "--token ").as_bytes())[0].confidence, Confidence::High);
}

#[test]
fn two_occurrences_are_two() {
    let token = token("hf_");
    let found = find(format!("{token} {token}\n{token}").as_bytes());
    let places: Vec<_> = found.iter().map(|o| (o.offset, o.position.unwrap().line)).collect();
    assert_eq!(places, [(0, 1), (38, 1), (76, 2)]);
}

#[test]
fn columns_are_in_characters_and_binary_content_has_none() {
    let token = token("hf_");
    assert_eq!(find(format!("é={token}").as_bytes())[0].position, Some(Position { line: 1, column: 3 }));
    assert_eq!(find(format!("\0\n{token}").as_bytes())[0].position, None);
    let late = format!("{}\0\n{token}", "x".repeat(9000));
    assert_eq!(find(late.as_bytes())[0].position, Some(Position { line: 2, column: 1 }));
}

#[test]
fn nothing_of_a_token_shows() {
    let found = find(token("hf_").as_bytes());
    let shown = format!("{found:?}") + &serde_json::to_string(&found[0].token).unwrap();
    assert!(!shown.contains(TOKEN.split_at(30).0));
    assert!(shown.contains("hf_…fJXq"));
}

/// Generates text in which tokens, prefixes and NULs are close together.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(token("hf_").into_bytes()),
        Just(token("api_org_").into_bytes()),
        Just(web_token("hf_oauth_").into_bytes()),
        Just(b"hf_".to_vec()),
        Just(b"hf_oauth_eyJ".to_vec()),
        Just(b"\0".to_vec()),
        Just(b" ".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"x_".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(Just(b'y'), 0..400),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(bytes in nasty(), cuts in proptest::collection::vec(1_usize..700, 1..40)) {
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
fn a_web_token_may_be_cut_anywhere() {
    // The token is long enough to be judged before its end has been fed.
    let token = web_token("hf_oauth_").replacen('.', &format!(".{}", "eyJzdWIi".repeat(20)), 1);
    for cut in 1..token.len() {
        let mut scanner = Scanner::new();
        let (head, tail) = token.split_at(cut);
        scanner.feed(head.as_bytes());
        scanner.feed(tail.as_bytes());
        assert_eq!(scanner.finish().len(), 1, "{cut}");
    }
}

/// Returns the labels of the steps to a token.
pub(crate) fn labels(via: &[Step]) -> Vec<String> {
    via.iter().map(|step| String::from_utf8_lossy(&step.kind.label()).into_owned()).collect()
}
