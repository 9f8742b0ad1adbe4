//! Placeholder values that are written in place of a token.

use crate::hub::tokens;
use crate::hub::words::PLACEHOLDERS;

/// General placeholder texts, in lower case and without any characters that are neither letters nor digits.
const TEXTS: [&str; 62] = [
    "none",
    "null",
    "nil",
    "false",
    "true",
    "undefined",
    "empty",
    "token",
    "mytoken",
    "yourtoken",
    "yourtokenhere",
    "inserttokenhere",
    "insertyourtokenhere",
    "putyourtokenhere",
    "tokenhere",
    "tokengoeshere",
    "replaceme",
    "replacewithyourtoken",
    "changeme",
    "changeit",
    "changethis",
    "placeholder",
    "dummy",
    "dummytoken",
    "fake",
    "faketoken",
    "example",
    "exampletoken",
    "sampletoken",
    "testtoken",
    "redacted",
    "secret",
    "unset",
    "0",
    "1",
    "no",
    "yes",
    "todo",
    "fixme",
    "tbd",
    "na",
    "test",
    "default",
    "tobeset",
    "notset",
    "setatruntime",
    "overrideme",
    "thetoken",
    "sometoken",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "abcdef",
    "sentinel",
    "0123456789",
    "1234567890abcdef",
    "0123456789abcdef",
    "abc123",
    "abcd1234",
];

/// Returns true if a value is a placeholder for a token: a reference to a variable, a template, a text of
/// the closed list that documentation uses, or a known prefix without a random body. Blanks, `-` and `_` are
/// ignored.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let enclosed = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    if text.is_empty()
        || text.starts_with('$')
        || enclosed("<", ">")
        || enclosed("{", "}")
        || enclosed("[", "]")
        || enclosed("%", "%")
        || enclosed("__", "__")
        || enclosed("@", "@")
        || enclosed("#{", "}")
        || text.starts_with("file:/")
        || super::is_token_variable(text)
        || is_request(text)
        || super::wording::is_stand_in(text)
        || is_filling(text)
    {
        return true;
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    // Letters of other scripts are not ignored like blanks: a text with them is a different text.
    let is_ascii = !text.chars().any(|c| c.is_alphanumeric() && !c.is_ascii());
    let is_text = |plain: &str| TEXTS.contains(&plain) || PLACEHOLDERS.contains(&plain);
    if is_ascii && is_text(&plain) {
        return true;
    }
    for prefix in tokens::roots() {
        if let Some(body) = text.strip_prefix(prefix) {
            let body_plain = plain.strip_prefix(prefix.replace('_', "").as_str()).unwrap_or_default();
            return is_text(body_plain) || body.len() < 20 || !super::randomness::is_varied(body.as_bytes());
        }
    }
    false
}

/// Returns true for filler of one or two repeated characters: `xxxxxxxx`, `********`, `AAAAAAAABBBB`.
fn is_filling(text: &str) -> bool {
    let distinct = |keep: fn(&char) -> bool| {
        let mut seen: Vec<char> =
            text.chars().filter(keep).take(4096).map(|c| c.to_ascii_lowercase()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    };
    match distinct(|c| c.is_alphanumeric()) {
        0 => distinct(|_| true) <= 2,
        1 => true,
        2 => text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | ' ')),
        _ => false,
    }
}

/// Returns true for words that ask for a token and contain no digit: `put-your-token-here`, `my_hf_token`.
fn is_request(text: &str) -> bool {
    const STARTS: [&str; 12] = [
        "your", "my_", "put_", "enter_", "insert_", "add_", "replace_", "paste_", "example_", "dummy_",
        "fake_", "change",
    ];
    let folded = text.to_ascii_lowercase().replace(['-', ' '], "_");
    let body = tokens::roots().find_map(|prefix| folded.strip_prefix(prefix)).unwrap_or(&folded);
    text.len() <= 64
        && body.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        && STARTS.iter().any(|start| body.starts_with(start))
        && body.split('_').any(|word| matches!(word, "token" | "key" | "here" | "secret" | "me"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "",
            "changeme",
            "CHANGE_ME",
            "<your token>",
            "your_token_here",
            "hf_your_token_here",
            "hf_YOUR_TOKEN_HERE",
            "hf_xxxxxxxxxxxxxxxx",
            "hf_...",
            "hf_***",
            "$HF_TOKEN",
            "${HF_TOKEN}",
            "{{ HF_TOKEN }}",
            "xxxxxxxx",
            "None",
            "ADD_YOUR_HUGGING_FACE_TOKEN_HERE",
            "your_huggingface_api_token_here",
            "mytoken",
            "hf_token",
            "hf_dummy",
            "hf_abcdefghijklmnopqrstuvwxyz",
            "********",
            "TOKEN_HERE",
            "PUT-YOUR-TOKEN-HERE",
            "enter-your-token",
            "to_be_set",
            "not-set",
            "set_at_runtime",
            "overrideme",
            "my-token",
            "the_token",
            "some_token",
            "hugging_face_token",
            "HF_TOKEN",
            "@HF_TOKEN@",
            "#{HF_TOKEN}",
            "file:/run/secrets/x",
            "not-a-real-value",
            "placeholder-value",
            "AAAAAAAABBBB",
            "0000000a",
            "•••••••••",
            "1234567890abcdef",
            "你的huggingface令牌",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in [
            "opaque-token-of-old",
            "correct-horse",
            "api_0123456789abcdef",
            "s3cr3t-v4lue",
            "сложныйпароль",
            "пароль1",
            "難しい合言葉",
            "!@#$%^&*()",
            "a!@#b$%^a",
        ] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
