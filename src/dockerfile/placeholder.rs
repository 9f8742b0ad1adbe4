//! Values that stand for a token without being one.

/// Whether a value is empty, or plainly no credential: a placeholder of the closed list in DESIGN
/// "Confidence", a template, a path, a switch.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let lower = value.to_ascii_lowercase();
    let body = ["hf_", "api_org_"].iter().find_map(|prefix| lower.strip_prefix(prefix)).unwrap_or(&lower);
    lower.is_empty()
        || is_template(value)
        || is_template(body)
        || value.starts_with(['/', '<'])
        || value.starts_with("$(")
        || value.ends_with("}}")
        || WORDS.contains(&body)
        || [
            "your",
            "my_",
            "example",
            "dummy",
            "fake",
            "replace",
            "insert",
            "add_your",
            "put_your",
            "enter_your",
            "placeholder",
            "changeme",
            "change_me",
            "abcdef",
            "1234",
            "sentinel",
        ]
        .iter()
        .any(|start| body.starts_with(start))
            && !holds_token(value)
        || is_filler(body)
}

/// Whether there is token text in a value.
pub(super) fn holds_token(value: &str) -> bool {
    !crate::detect::find(value.as_bytes()).is_empty()
}

const WORDS: [&str; 24] = [
    "none",
    "null",
    "nil",
    "undefined",
    "unset",
    "false",
    "true",
    "0",
    "1",
    "no",
    "yes",
    "empty",
    "token",
    "hf_token",
    "mytoken",
    "secret",
    "todo",
    "fixme",
    "tbd",
    "n/a",
    "na",
    "test",
    "default",
    "xxx",
];

/// `<token>`, `{{ token }}`, `${{ secrets.T }}`, `%T%`, `$(cat …)`, `[token]`: a build takes them as text.
fn is_template(value: &str) -> bool {
    [("<", ">"), ("{{", "}}"), ("${{", "}}"), ("%", "%"), ("$(", ")"), ("[", "]"), ("`", "`"), ("__", "__")]
        .iter()
        .any(|(open, close)| value.len() > open.len() && value.starts_with(open) && value.ends_with(close))
}

/// `xxxx…`, `****`, `...`, `…`: one character again and again.
fn is_filler(body: &str) -> bool {
    let mut chars = body.chars();
    chars
        .next()
        .is_some_and(|first| (body.len() > 2 || !first.is_alphanumeric()) && chars.all(|c| c == first))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn placeholders_are_told_from_values() {
        for value in [
            "",
            "  ",
            "hf_xxxxxxxxxxxxxxxxxx",
            "hf_XXXX",
            "hf_...",
            "hf_…",
            "hf_***",
            "hf_your_token_here",
            "<your token>",
            "changeme",
            "your_token_here",
            "YOUR_HF_TOKEN",
            "{{ HF_TOKEN }}",
            "/run/secrets/hf_token",
            "$(cat /run/secrets/t)",
            "None",
            "hf_token",
            "hf_<token>",
            "ADD_YOUR_HUGGING_FACE_TOKEN_HERE",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["hunter2", "s3cr3tPassw0rd", "hf_abcd1", "eyJhbGciOi"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
