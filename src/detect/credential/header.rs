//! `Authorization: Bearer …` headers that are sent to a Hugging Face host.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::host::{is_hub, names_hub};
use super::names::Keeper;
use super::value::{basic_password, is_of_another_service, is_opaque, is_password};
use super::variable;

/// Returns the offsets of such credentials. The file type decides which text has to name the host of a
/// header: the section in a git configuration, the line in shell text, and the file in the configuration of
/// a download tool. The state of a tool that downloads only from the Hub need not name the host.
pub(super) fn credentials(keeper: Option<Keeper>, content: &[u8]) -> Vec<usize> {
    found(content, |at| {
        let line = || names_hub(line_at(content, at));
        match keeper {
            Some(Keeper::GitConfig) => (section_is_hub(content, at), false),
            Some(Keeper::Client) => (names_hub(content), false),
            Some(Keeper::Downloader) => (names_hub(content), !names_any_host(content)),
            Some(_) => (line(), false),
            None => (line() || section_is_hub(content, at), false),
        }
    })
}

/// Returns the offsets of such credentials in any text: its line names a Hub host, or the nearest URL does.
pub(super) fn in_text(content: &[u8]) -> Vec<usize> {
    found(content, |at| (is_sent_to_hub(content, at), false))
}

/// Returns the offsets of literals that a text gives to a variable and sends in such a header:
/// `f"Bearer {API_TOKEN}"`, `"Bearer " + token`, `Bearer $TOKEN`.
pub(super) fn in_variables(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static USED: LazyLock<Regex> = LazyLock::new(|| {
        let text = concat!(
            r#"(?i-u)authorization\\?["'`]?\]?[ \t]*(?:[:=,][ \t]*(?:&?format!\(|fmt\.Sprintf\()?[a-z]?\$?\\?["'`]?|[a-z]?\\?["'`])"#,
            r#"(?:bearer|token)(?:[ \t]+(?:[$][a-z_{]|\{[ \t]*[a-z_])"#,
            r#"|[ \t]*\\?["'`][ \t]*(?:\+|\.|&|<>)[ \t]*[$a-z_]"#,
            r#"|[ \t]+(?:%[sv]|\{\}|\{0\})\\?["'`][ \t]*(?:%|,|\.format\()[ \t]*\(?[ \t]*[$a-z_])"#,
        );
        Regex::new(text).expect("a valid pattern")
    });
    // Most texts are ruled out here.
    let words = ["uthorization", "UTHORIZATION"];
    if words.iter().all(|word| memchr::memmem::find(content, word.as_bytes()).is_none()) {
        return Vec::new();
    }
    let found = USED.find_iter(content).filter_map(|used| {
        let last = used.as_bytes().last()?;
        // The name may begin with the last byte.
        let at = used.end() - usize::from(!matches!(last, b'{'));
        let name = variable::used_at(content, at)?;
        let value = variable::assigned(content, used.start(), name, true)?;
        let counts =
            content.get(value.clone()).is_some_and(is_opaque) && is_sent_to_hub(content, used.start());
        counts.then_some(value.start)
    });
    found.collect()
}

/// Returns true if the line of a header names a Hub host, or the nearest URL does.
fn is_sent_to_hub(content: &[u8], at: usize) -> bool {
    let line = line_at(content, at);
    let to_hub = if names_any_host(line) {
        names_hub(without_comment(line))
    } else {
        names_hub(line) || nearest_is_hub(content, at) || request_is_to_hub(content, at)
    };
    to_hub || section_is_hub(content, at)
}

/// Returns a command line without the comment at its end.
fn without_comment(line: &[u8]) -> &[u8] {
    let comment = memchr::memmem::find(line, b" # ");
    comment.and_then(|at| line.get(..at)).unwrap_or(line)
}

/// Returns true if the header is one of a request whose `Host` is the Hub: no blank line is between them.
fn request_is_to_hub(content: &[u8], at: usize) -> bool {
    const LINES: usize = 16;
    let host = |line: &[u8]| {
        let line = line.trim_ascii_start();
        let line = line.strip_prefix(b"> ").unwrap_or(line);
        let line = line.strip_prefix(b":").unwrap_or(line);
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = line.split_at_checked(colon)?;
        let is_host = name.eq_ignore_ascii_case(b"host") || name.eq_ignore_ascii_case(b"authority");
        is_host.then(|| is_hub(value.get(1..).unwrap_or_default().trim_ascii()))
    };
    let (before, behind) = content.split_at_checked(at).unwrap_or((content, &[]));
    let is_line = |line: &&[u8]| !line.trim_ascii().is_empty();
    let before = before.rsplit(|&b| b == b'\n').take(LINES).take_while(is_line);
    let behind = behind.split(|&b| b == b'\n').take(LINES).take_while(is_line);
    before.chain(behind).find_map(host).unwrap_or(false)
}

/// Returns true if the nearest URL is one of the Hub.
fn nearest_is_hub(content: &[u8], at: usize) -> bool {
    let (before, behind) = content.split_at_checked(at).unwrap_or((content, &[]));
    let last = memchr::memmem::rfind(before, SCHEME);
    let next = memchr::memmem::find(behind, SCHEME).map(|next| at + next);
    let nearest = match (last, next) {
        (Some(last), Some(next)) if at - last < next - at => Some(last),
        (last, next) => next.or(last),
    };
    let end =
        |url: &[u8]| url.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'\\'));
    nearest.is_some_and(|nearest| {
        let url = content.get(nearest + SCHEME.len()..).unwrap_or_default();
        let url = url.get(..end(url).unwrap_or(url.len())).unwrap_or_default();
        let host = memchr::memchr(b'@', url).and_then(|at| url.get(at + 1..)).unwrap_or(url);
        is_hub(host)
    })
}

const SCHEME: &[u8] = b"://";

/// Returns the offsets of the values that count. `sent` tells whether a value is sent to the Hub, and whether it may be.
fn found(content: &[u8], sent: impl Fn(usize) -> (bool, bool)) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static HEADER: LazyLock<Regex> = LazyLock::new(|| {
        let text = r#"(?i-u)authorization\\?["']?\]?[ \t]*(?:[:=,][ \t]*f?\\?["'`]?|f?\\?["'`])(bearer|basic|token)[ \t]+([^\s"'`\\,;]+)"#;
        Regex::new(text).expect("a valid pattern")
    });
    let mut found = Vec::new();
    for captures in HEADER.captures_iter(content) {
        let (Some(scheme), Some(value)) = (captures.get(1), captures.get(2)) else { continue };
        let at = value.start();
        let (to_hub, open) = sent(at);
        let value = value.as_bytes();
        let credential = if scheme.as_bytes().eq_ignore_ascii_case(b"basic") {
            basic_password(value).is_some_and(|password| is_password(&password))
        } else {
            is_password(value) && (to_hub || (is_opaque(value) && !is_of_another_service(value)))
        };
        if credential && (to_hub || open) {
            found.push(at);
        }
    }
    found
}

/// Returns the line around `at`.
pub(super) fn line_at(content: &[u8], at: usize) -> &[u8] {
    content.get(line_range(content, at)).unwrap_or_default()
}

/// Returns the range of the line around `at`, without its end.
pub(super) fn line_range(content: &[u8], at: usize) -> Range<usize> {
    let (before, behind) = content.split_at_checked(at).unwrap_or((content, &[]));
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', behind).map_or(content.len(), |newline| at + newline);
    start..end
}

/// Returns true if the section around `at` is like `[http "https://huggingface.co"]`.
fn section_is_hub(content: &[u8], at: usize) -> bool {
    let before = content.get(..at).unwrap_or_default();
    let header = before
        .rsplit(|&b| b == b'\n')
        .map(<[u8]>::trim_ascii_start)
        .find(|line| line.starts_with(b"["))
        .unwrap_or_default();
    let url = header.split(|&b| b == b'"').nth(1).unwrap_or_default();
    let url = memchr::memchr(b'@', url).and_then(|at| url.get(at + 1..)).unwrap_or(url);
    is_hub(url)
}

fn names_any_host(content: &[u8]) -> bool {
    memchr::memmem::find(content, SCHEME).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        let basic = "dXNlcjpvcGFxdWUtdjRsdWU=";
        for (keeper, text) in [
            (
                Keeper::GitConfig,
                "[http \"https://huggingface.co\"]\n\textraHeader = Authorization: Bearer !opaque-v4lue\n",
            ),
            (
                Keeper::GitConfig,
                &format!("[http \"https://u@hf.co/x\"]\n\textraheader = AUTHORIZATION: basic !{basic}\n"),
            ),
            (Keeper::Downloader, "header = \"Authorization: Bearer !opaque-v4lue\"\n"),
            (Keeper::Client, "header = \"Authorization: Bearer !opaque-v4lue\"\nurl = https://hf.co/x\n"),
            (Keeper::Client, "https://hf.co/x\n  header=Authorization: Bearer !opaque-v4lue\n  out=x\n"),
            (Keeper::Shell, "curl -H \"Authorization: Bearer !opaque-v4lue\" https://huggingface.co/api\n"),
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(credentials(Some(keeper), text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn found_in_any_text() {
        for text in [
            "curl -H \"Authorization: Bearer !opaque-v4lue\" https://huggingface.co/api\n",
            "curl -H 'Authorization: Bearer !opaque-v4lue' huggingface.co/api\n",
            "H = {'Authorization': 'Bearer !opaque-v4lue'}\na\nb\nrequests.get('https://huggingface.co', headers=H)\n",
            "GET /api HTTP/1.1\r\nHost: huggingface.co\r\nAuthorization: Bearer !opaque-v4lue\r\n\r\n",
            "> :authority: huggingface.co\n> authorization: Bearer !opaque-v4lue\n",
            "r = get(\"https://huggingface.co/x\", headers={\"Authorization\": f\"Bearer !opaque-v4lue\"})\n",
            "get(\"https://huggingface.co/x\", { headers: { \"Authorization\": `Bearer !opaque-v4lue` } })\n",
            "URL = 'https://hf.co/x'\nreq.Header.Set(\"Authorization\", \"Bearer !opaque-v4lue\")\n",
            "URL = 'https://u@hf.co/x'\nH = {'Authorization': 'Bearer !opaque-v4lue'}\n\n\n# and more of the same text\nX = 'https://example.com'\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(in_text(text.replace('!', "").as_bytes()), [at], "{text}");
        }
        for text in [
            "curl -H \"Authorization: Bearer opaque-v4lue\" https://api.example.com\ncurl https://huggingface.co/x\n",
            "header = Authorization: Bearer opaque-v4lue\nregistry.hf.space\n",
            "curl -H 'Authorization: Bearer opaque-v4lue' https://example.com/x # not huggingface.co\n",
            "GET / HTTP/1.1\nHost: example.com\nAuthorization: Bearer opaque-v4lue\n\nHost: huggingface.co\n",
            "U = 'https://example.com'\nH = {'Authorization': 'Bearer opaque-v4lue'}\n\n# and more of the same text\n# https://huggingface.co/x\n",
        ] {
            assert!(in_text(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn found_in_variables() {
        for text in [
            "API_URL = \"https://api-inference.huggingface.co/models/x\"\nAPI_TOKEN = \"!opaque-v4lue\"\nheaders = {\"Authorization\": f\"Bearer {API_TOKEN}\"}\n",
            "API_KEY = '!opaque-v4lue'\nURL = 'https://router.huggingface.co/v1'\nH = {'Authorization': 'Bearer ' + API_KEY}\n",
            "key = \"!opaque-v4lue\"\npost('https://hf.co/x', headers={'Authorization': 'Bearer {}'.format(key)})\n",
            "key = \"!opaque-v4lue\"\npost('https://hf.co/x', headers={'Authorization': 'Bearer %s' % key})\n",
            "self.key = \"!opaque-v4lue\"\npost('https://hf.co/x', headers={'Authorization': f'Bearer {self.key}'})\n",
            "TOKEN=!opaque-v4lue\ncurl -H \"Authorization: Bearer $TOKEN\" https://huggingface.co/api\n",
            "export T1='!opaque-v4lue'\ncurl https://hf.co/x \\\n  -H \"Authorization: Bearer ${T1}\"\n",
            "const API_KEY = \"!opaque-v4lue\";\nfetch(\"https://api-inference.huggingface.co/x\", { headers: { Authorization: `Bearer ${API_KEY}` } });\n",
            "let k1 = \"!opaque-v4lue\";\nget(\"https://hf.co\").header(\"Authorization\", format!(\"Bearer {}\", k1));\n",
            "tok := \"!opaque-v4lue\"\nu := \"https://hf.co/x\"\nreq.Header.Set(\"Authorization\", \"Bearer \"+tok)\n",
            "$key = '!opaque-v4lue';\n$u = 'https://hf.co';\n$h = ['Authorization: Bearer ' . $key];\n",
            "\"TOKEN = \\\"!opaque-v4lue\\\"\\n\",\n\"U = \\\"https://hf.co\\\"\\n\",\n\"h = {\\\"Authorization\\\": f\\\"Bearer {TOKEN}\\\"}\\n\",\n",
        ] {
            let at = text.find('!').unwrap();
            let text = text.replacen('!', "", 1);
            assert_eq!(in_variables(text.as_bytes()), [at], "{text}");
        }
        for text in [
            "API_KEY = \"opaque-v4lue\"\nURL = 'https://api.example.com'\nH = {'Authorization': f'Bearer {API_KEY}'}\n",
            "OTHER = \"opaque-v4lue\"\nURL = 'https://hf.co'\nH = {'Authorization': f'Bearer {API_KEY}'}\n",
            "API_KEY = os.environ[\"opaque-v4lue\"]\nURL = 'https://hf.co'\nH = {'Authorization': f'Bearer {API_KEY}'}\n",
            "TOKEN=opaque-v4lue\ncurl -H \"Authorization: Bearer $TOKEN\" https://example.com # not huggingface.co\n",
            "TOKEN=opaque-v4lue\nTOKEN=$(cat x)\ncurl -H \"Authorization: Bearer $TOKEN\" https://hf.co\n",
            "k1 = \"opaque-v4lue\"\nU = 'https://hf.co'\nH = {'Authorization': 'Bearer ' + k1()}\n",
            "k1 = \"opaque-v4lue\"\nU = 'https://hf.co'\nH = {'Accept': f'Bearer {k1}'}\n",
        ] {
            assert!(in_variables(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn silent() {
        for (keeper, text) in [
            (
                Keeper::GitConfig,
                "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: Bearer opaque-v4lue\n",
            ),
            (Keeper::GitConfig, "[http]\n\textraheader = AUTHORIZATION: Bearer opaque-v4lue\n"),
            (
                Keeper::GitConfig,
                "[http \"https://hf.co\"]\n[http]\n\textraheader = Authorization: Bearer opaque-v4lue\n",
            ),
            (Keeper::Client, "header = \"Authorization: Bearer opaque-v4lue\"\n"),
            (Keeper::Client, "header = Authorization: Basic dXNlcjpvcGFxdWUtdjRsdWU=\n"),
            (Keeper::Client, "https://hf.co\nheader = \"Authorization: Bearer $HF_TOKEN\"\n"),
            (Keeper::Downloader, "header = \"Authorization: Bearer $HF_TOKEN\"\n"),
            (Keeper::Downloader, "header = \"Authorization: Bearer ghp_opaque-v4lue\"\n"),
            (Keeper::Client, "url = https://example.com\nheader = \"Authorization: Bearer opaque-v4lue\"\n"),
            (Keeper::Client, "header = \"Authorization: Basic none\"\n"),
            (
                Keeper::Shell,
                "curl -H \"Authorization: Bearer opaque-v4lue\" https://example.com\nopen huggingface.co\n",
            ),
            (Keeper::Shell, "curl -H 'Authorization: Bearer $(cat x)' https://huggingface.co\n"),
        ] {
            assert!(credentials(Some(keeper), text.as_bytes()).is_empty(), "{text}");
        }
    }
}
