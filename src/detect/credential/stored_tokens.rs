//! INI files with `hf_token` or `refresh_token` in their sections, as the Hub client writes `stored_tokens`.

use std::cell::LazyCell;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::LENGTHS;
use crate::detect::{is_placeholder, wording::is_path};
use crate::hub::files::{OTHER_KEYS, STORED_KEYS};

/// Returns the offsets of the values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static STORED: LazyLock<Regex> = LazyLock::new(|| {
        let keys = STORED_KEYS.join("|");
        Regex::new(&format!(r"(?im-u)^[ \t]*({keys})[ \t]*[=:][ \t]*([^\s]+)[ \t]*\r?$"))
            .expect("a valid pattern")
    });
    let Some(section) = memchr::memchr(b'[', content) else { return Vec::new() };
    // Nearly all files are ruled out here; the pattern is slower.
    let spellings = ["_token", "_TOKEN", "_Token"];
    if !spellings.iter().any(|end| memchr::memmem::find(content, end.as_bytes()).is_some()) {
        return Vec::new();
    }
    // The parser of the client accepts keys in any case. Variables are written in upper case too, so such
    // keys count only if the file holds nothing else.
    let is_the_clients = LazyCell::new(|| holds_nothing_else(content));
    let values = STORED.captures_iter(content).filter_map(|captures| {
        let (key, value) = (captures.get(1)?.as_bytes(), captures.get(2)?);
        (key.iter().all(|b| !b.is_ascii_uppercase()) || *is_the_clients).then_some(value)
    });
    values
        .filter(|value| value.start() > section && LENGTHS.contains(&value.len()))
        .filter(|value| !is_placeholder(value.as_bytes()))
        .filter(|value| !std::str::from_utf8(value.as_bytes()).is_ok_and(is_path))
        .map(|value| value.start())
        .collect()
}

/// Returns true if there are sections with the keys of the client and nothing else.
fn holds_nothing_else(content: &[u8]) -> bool {
    content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).all(|line| {
        let key = line.split(|b| matches!(b, b'=' | b':')).next().unwrap_or_default().trim_ascii();
        matches!(line.first(), None | Some(b'[' | b'#' | b';'))
            || STORED_KEYS.iter().chain(&OTHER_KEYS).any(|known| key.eq_ignore_ascii_case(known.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_behind_a_section() {
        let content = "[laptop]\nhf_token = opaque-token-1\n\n[oauth-a]\nhf_token = opaque-token-2\nrefresh_token = opaque-token-3\nexpires_at = 1790000000\n";
        let places: Vec<usize> = content.match_indices("opaque").map(|(at, _)| at).collect();
        assert_eq!(values(content.as_bytes()), places);
        assert_eq!(values(b"[a]\nHF_TOKEN = opaque-token-1\n"), [15]);
        assert_eq!(values(b"[a]\nHf_Token: opaque-token-1\n"), [14]);
        assert!(values(b"[a]\nHF_TOKEN=opaque-token-1\nPATH=/bin\n").is_empty());
        assert!(values(b"hf_token = no-section-above\nand = more\n").is_empty());
        for value in ["<your token>", "placeholder-value", "/run/secrets/hf_token"] {
            assert!(values(format!("[a]\nhf_token = {value}\n").as_bytes()).is_empty(), "{value}");
        }
    }
}
