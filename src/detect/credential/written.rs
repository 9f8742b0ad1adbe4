//! Credentials that a command line writes to a file of the Hub, or feeds to a program that keeps them: `echo … >
//! ~/.cache/huggingface/token`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::header::line_at;
use super::host::{is_hub, names_hub};
use super::value::is_password;
use crate::hub::files::{CACHED, OLD_TOKEN, OWN_NAMES, TOKEN, ends_with};
use crate::hub::variables::PREFIX;

/// Returns the offsets of such credentials.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    let mut found: Vec<usize> =
        to_file(content).chain(to_git(content)).chain(to_login(content)).chain(to_netrc(content)).collect();
    found.sort_unstable();
    found
}

/// The value that `echo` or `printf` prints.
const PRINTED: &str = concat!(
    r#"(?-u)\b(?:echo|printf)[ \t]+(?:-[A-Za-z]+[ \t]+)?(?:["']?%s(?:\\n)?["']?[ \t]+)?"#,
    r#"["']?([^\s"'|<>;&\\]+)(?:\\n)?["']?[ \t]*"#,
);

fn to_file(content: &[u8]) -> impl Iterator<Item = usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
        let to = r#"(?:>>?[ \t]*|\|[ \t]*(?:sudo[ \t]+)?tee[ \t]+(?:-a[ \t]+)?)["']?([^\s"';|&]+)"#;
        Regex::new(&[PRINTED, to].concat()).expect("a valid pattern")
    });
    WRITTEN.captures_iter(content).filter_map(|captures| {
        let (value, path) = (captures.get(1)?, captures.get(2)?);
        (is_token_file(path.as_bytes()) && is_password(value.as_bytes())).then_some(value.start())
    })
}

/// Returns true if a path, as a script writes it, is that of a token file.
fn is_token_file(path: &[u8]) -> bool {
    let [token, _] = CACHED;
    let by_variable = path.starts_with(b"$")
        && memchr::memmem::find(path, PREFIX.as_bytes()).is_some()
        && (ends_with(path, TOKEN)
            || path.trim_ascii_end().ends_with(b"TOKEN_PATH")
            || path.ends_with(b"TOKEN_PATH}"));
    by_variable || [token, OLD_TOKEN].iter().chain(&OWN_NAMES).any(|ending| ends_with(path, ending))
}

/// Returns the passwords in the text of a netrc file, as `echo` or `printf` prints it.
fn to_netrc(content: &[u8]) -> impl Iterator<Item = usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static MACHINE: LazyLock<Regex> = LazyLock::new(|| {
        let blank = r"(?:[ \t\r\n]|\\n|\\t)+";
        let word = r#"[^\s"'\\]+"#;
        let text = format!(
            r"(?-u)\bmachine{blank}({word}){blank}(?:(?:login|account){blank}{word}{blank}){{0,2}}password{blank}({word})"
        );
        Regex::new(&text).expect("a valid pattern")
    });
    let found =
        MACHINE.captures_iter(content).filter_map(|captures| Some((captures.get(1)?, captures.get(2)?)));
    found
        .filter(|(host, password)| is_hub(host.as_bytes()) && is_password(password.as_bytes()))
        .map(|(_, password)| password.start())
}

/// Returns the passwords that are fed to git's credential helpers.
fn to_git(content: &[u8]) -> impl Iterator<Item = usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static PASSWORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?-u)(?:\b|\\n)password=([^\s"'\\]+)"#).expect("a valid pattern"));
    let is_fed = ["credential approve", "credential-store", "credential-cache", "host=", "url="];
    let is_git = names_hub(content)
        && is_fed.iter().any(|word| memchr::memmem::find(content, word.as_bytes()).is_some())
        && memchr::memmem::find(content, b"username=").is_some();
    PASSWORD
        .captures_iter(content)
        .filter(move |_| is_git)
        .filter_map(|captures| captures.get(1))
        .filter(|value| is_password(value.as_bytes()))
        .map(|value| value.start())
}

/// Returns the passwords that are given to a login into a registry of the Hub.
fn to_login(content: &[u8]) -> impl Iterator<Item = usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static PIPED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&[PRINTED, r"\|[^\n|]*\blogin\b"].concat()).expect("a valid pattern"));
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
        let flag =
            r#"(?-u)\blogin\b[^\n]*?[ \t](?:-p[ \t]*|--password(?:=|[ \t]+)|<<<[ \t]*)["']?([^\s"']+)"#;
        Regex::new(flag).expect("a valid pattern")
    });
    let given = PIPED.captures_iter(content).chain(GIVEN.captures_iter(content));
    given
        .filter_map(|captures| captures.get(1))
        .filter(|value| names_hub(line_at(content, value.start())) && is_password(value.as_bytes()))
        .map(|value| value.start())
}
