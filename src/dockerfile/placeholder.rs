//! Placeholder values for tokens.

use crate::hub::tokens;

/// Returns true if a value is empty or plainly not a credential. That includes the placeholders of
/// [`crate::detect::is_placeholder`], a path, and shell syntax that a build uses as plain text.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let lower = value.to_ascii_lowercase();
    let body = tokens::roots().find_map(|prefix| lower.strip_prefix(prefix)).unwrap_or(&lower);
    value.starts_with(['/', '<'])
        || value.ends_with("}}")
        || (value.len() > 1 && value.starts_with('`') && value.ends_with('`'))
        || body.starts_with("...")
        || ([value, body].iter().any(|text| crate::detect::is_placeholder(text.as_bytes()))
            && !holds_token(value))
}

/// Returns true if a value contains token text.
pub(super) fn holds_token(value: &str) -> bool {
    !crate::detect::find(value.as_bytes()).is_empty()
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
            "`cat /run/secrets/t`",
            "None",
            "hf_token",
            "hf_<token>",
            "ADD_YOUR_HUGGING_FACE_TOKEN_HERE",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["hunter2", "s3cr3tPassw0rd", "eyJhbGciOi", "my-dog-has-fleas"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
