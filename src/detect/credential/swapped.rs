//! Values in front of the name of their variable, as members of one object: `- value: …`, then `name: HF_TOKEN`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::value::is_opaque;
use crate::detect::variables::may_hold_random_token;

/// Returns the offsets of such values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static MEMBERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?-u)\b[Vv]alue\\?["']?[ \t]*[:=][ \t]*\\?["']?([^\s"'\\,;]{8,512})\\?["']?(?:,\s{0,64}|\s{1,64})"#,
            r#"\\?["']?(?:[Nn]ame|[Kk]ey)\\?["']?[ \t]*[:=][ \t]*\\?["']?([A-Za-z_][A-Za-z0-9_.-]{1,63})"#,
        ))
        .expect("a valid pattern")
    });
    // Most texts are ruled out here.
    if memchr::memmem::find(content, b"alue").is_none() {
        return Vec::new();
    }
    let found = MEMBERS.captures_iter(content).filter_map(|captures| {
        let (value, name) = (captures.get(1)?, captures.get(2)?);
        let name = std::str::from_utf8(name.as_bytes()).ok()?;
        (may_hold_random_token(name) && is_opaque(value.as_bytes())).then_some(value.start())
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "- value: !opaque-v4lue\n  name: HF_TOKEN\n",
            "{\"value\": \"!opaque-v4lue\", \"name\": \"HF_TOKEN\"}",
            "{\"value\":\"!opaque-v4lue\",\"key\":\"hf_token\"}",
            "<add value=\"!opaque-v4lue\" key=\"HF_TOKEN\"/>",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replacen('!', "", 1).as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "- value: opaque-v4lue\n- name: HF_TOKEN\n",
            "- value: opaque-v4lue\n  name: GITHUB_TOKEN\n",
            "- value: opaque-v4lue\n  name: HF_HOME\n",
            "- value: $HF_TOKEN\n  name: HF_TOKEN\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
