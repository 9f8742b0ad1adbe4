//! Values beside a comment that names the page on which tokens are made: `TOKEN="…" # from` and its address.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::header::line_range;
use super::host::is_hub;
use super::literal::literal_at;
use super::value::is_opaque;
use crate::detect::variables::may_be_hub_key;
use crate::hub::addresses::TOKENS_PAGE;

/// The lines below a comment of which the first that is no comment counts.
const LINES: usize = 4;

/// Returns the offsets of such values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static HOST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)[A-Za-z0-9.-]{1,64}$").expect("a valid pattern"));
    const LONGEST_HOST: usize = 64;
    let (mut found, mut last) = (Vec::new(), 0);
    for at in memchr::memmem::find_iter(content, TOKENS_PAGE) {
        let before = content.get(at.saturating_sub(LONGEST_HOST)..at).unwrap_or_default();
        let is_of_hub = HOST.find(before).is_some_and(|host| is_hub(host.as_bytes()));
        // A line is read once.
        if at < last || !is_of_hub {
            continue;
        }
        let own = line_range(content, at);
        last = own.end;
        let Some(comment) = comment_at(content.get(own.start..at).unwrap_or_default()) else { continue };
        let code = content.get(own.start..own.start + comment).unwrap_or_default();
        let mut line = own.start..own.start + comment;
        if code.trim_ascii().is_empty() {
            let mut start = own.end + 1;
            let below = (0..LINES).find_map(|_| {
                let line = line_range(content, start.min(content.len()));
                start = line.end + 1;
                let text = content.get(line.clone()).unwrap_or_default().trim_ascii();
                (!text.is_empty() && comment_at(text) != Some(0)).then_some(line)
            });
            let Some(below) = below else { continue };
            line = below;
        }
        found.extend(value_in(content, line));
    }
    found
}

/// Returns the offset at which a comment begins in a line.
fn comment_at(line: &[u8]) -> Option<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)(?:^|[ \t;,])(?:#|//|--[ \t]|<!--|/\*|\*[ \t]|;[ \t]|%[ \t]|REM[ \t])")
            .expect("a valid pattern")
    });
    COMMENT.find(line).map(|found| found.start())
}

/// Returns the offset of the value that a line gives to a name that has a word for a secret.
fn value_in(content: &[u8], line: std::ops::Range<usize>) -> Option<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)([A-Za-z_][A-Za-z0-9_.-]{0,63})\\?["']?\]?[ \t]*(?::[ \t]*[A-Za-z&][A-Za-z0-9_.<>&'\[\] ]{0,40}[ \t]=|:?=|:)[ \t]*"#)
            .expect("a valid pattern")
    });
    let text = content.get(line.clone())?;
    let given = GIVEN.captures_iter(text).take(LINES).find_map(|captures| {
        let name = captures.get(1)?.as_bytes();
        may_be_hub_key(name).then_some(captures.get(0)?.end())
    })?;
    let value = literal_at(content, line.start + given, true)?;
    content.get(value.clone()).is_some_and(is_opaque).then_some(value.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "TOKEN=\"!opaque-v4lue\" # from https://huggingface.co/settings/tokens\n",
            "# from https://huggingface.co/settings/tokens\nTOKEN = \"!opaque-v4lue\"\n",
            "# Get one here:\n# https://hf.co/settings/token\n# and keep it.\n\nAPI_KEY=!opaque-v4lue\n",
            "const apiToken = \"!opaque-v4lue\"; // https://huggingface.co/settings/tokens\n",
            "  // see huggingface.co/settings/tokens?new_token=true\n  \"apiKey\": \"!opaque-v4lue\",\n",
            "token: !opaque-v4lue  # https://huggingface.co/settings/tokens\n",
            "# https://huggingface.co/settings/tokens\nos.environ[\"API_KEY\"] = \"!opaque-v4lue\"\n",
            "key: str = \"!opaque-v4lue\"  # https://huggingface.co/settings/tokens\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "TOKEN=\"opaque-v4lue\" # from https://example.com/settings/tokens\n",
            "TOKEN=\"opaque-v4lue\" # from https://huggingface.co/settings/profile\n",
            "# https://huggingface.co/settings/tokens\nHF=\nGITHUB_TOKEN=opaque-v4lue\n",
            "# https://huggingface.co/settings/tokens\nNAME=opaque-v4lue\n",
            "# https://huggingface.co/settings/tokens\nTOKEN=your_token_here\n",
            "print(\"see https://huggingface.co/settings/tokens\")\nTOKEN=opaque-v4lue\n",
            "TOKEN=opaque-v4lue\n# https://huggingface.co/settings/tokens\n",
            "# https://huggingface.co/settings/tokens\n",
            "# https://huggingface.co/settings/tokens",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
