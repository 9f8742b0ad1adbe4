//! Passwords that download tools send to a Hugging Face host: `curl -u alice:…`, `wget --password=…`, `user
//! = "alice:…"` in a `.curlrc`.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::header::line_at;
use super::host::names_hub;
use super::literal::value_at;
use super::value::is_password;

/// Returns the offsets of such passwords in the configuration of a tool. The settings do not state the host,
/// so the file has to name the Hub.
pub(super) fn configured(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static SETTING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?im-u)^[ \t]*-{0,2}(?:(?P<user>user|u)|(?:http[_-]?)?passw(?:or)?d)",
            r"(?:[ \t]*[=:][ \t]*|[ \t]+)",
        ))
        .expect("a valid pattern")
    });
    if !names_hub(content) {
        return Vec::new();
    }
    SETTING.captures_iter(content).filter_map(|captures| password(content, &captures)).collect()
}

/// Returns the offsets of such passwords on command lines that name the Hub.
pub(super) fn on_command_lines(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static FLAG: LazyLock<Regex> = LazyLock::new(|| {
        let text = r"(?-u)[ \t](?:(?P<user>-u[ \t]*|--user(?:=|[ \t]+))|--(?:(?:http-)?passw(?:or)?d|oauth2-bearer)(?:=|[ \t]+))";
        Regex::new(text).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static TOOL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)(?:^|[^A-Za-z0-9_.-])(?:curl|wget2?|aria2c)[ \t]").expect("a valid pattern")
    });
    let found = FLAG.captures_iter(content).filter_map(|captures| {
        let line = line_at(content, captures.get(0)?.start());
        (names_hub(line) && TOOL.is_match(line)).then_some(())?;
        password(content, &captures)
    });
    found.collect()
}

/// Returns the offset of the password after a flag or setting. A user may precede the password.
fn password(content: &[u8], captures: &Captures<'_>) -> Option<usize> {
    let value = value_at(content, captures.get(0)?.end(), true)?;
    let text = content.get(value.clone())?;
    let at = match captures.name("user") {
        Some(_) => memchr::memchr(b':', text)? + 1,
        None => 0,
    };
    text.get(at..).is_some_and(is_password).then_some(value.start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "user = \"u:!opaque-v4lue\"\nurl = https://huggingface.co/a\n",
            "# hf.co\n-u u:!opaque-v4lue\n",
            "--user u:!opaque-v4lue\nurl https://hf.co/x",
            "user=u\nhttp_password = !opaque-v4lue\n# for huggingface.co\n",
            "http-passwd=!opaque-v4lue\nreferer=https://huggingface.co/\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(configured(text.replace('!', "").as_bytes()), [at], "{text}");
        }
        for text in [
            "curl -u user:!opaque-v4lue https://huggingface.co/a\n",
            "curl --oauth2-bearer !opaque-v4lue https://huggingface.co/a\n",
            "ls\ncurl -L https://hf.co/a -uuser:!opaque-v4lue -o x\n",
            ": 17:0;curl --user 'user:!opaque-v4lue' https://huggingface.co/a\n",
            "wget --user=u --password=!opaque-v4lue https://huggingface.co/a\n",
            "wget --user u --http-password !opaque-v4lue https://huggingface.co/a\n",
            "aria2c --http-user=u --http-passwd=!opaque-v4lue https://huggingface.co/a\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(on_command_lines(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "user = \"u:opaque-v4lue\"\n",
            "user = \"u:opaque-v4lue\"\nurl = https://example.com\n",
            "user = \"u:$HF_TOKEN\"\nurl = https://hf.co\n",
            "user = u\nuser-agent = \"a:opaque-v4lue\"\nurl = https://hf.co\n",
            "user = ",
        ] {
            assert!(configured(text.as_bytes()).is_empty(), "{text}");
        }
        for text in [
            "curl -u user:opaque-v4lue https://example.com\ncurl https://hf.co\n",
            "curl -u user:$HF_TOKEN https://hf.co\n",
            "curl -u \"user:$(cat t0ken)\" https://hf.co\n",
            "curl -u user https://hf.co\n",
            "docker run -u me:opaque-v4lue hf.co/x\n",
            "wget --password=<token> https://hf.co\n",
            "wget --ask-password --user=u https://hf.co\n",
            "curl -u",
        ] {
            assert!(on_command_lines(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
