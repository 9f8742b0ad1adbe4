//! `machine huggingface.co login alice password …`, as curl, git, `requests` and many other tools read it.

use super::host::is_hub;
use super::value::is_password;

/// Returns the offsets of the passwords for Hugging Face hosts.
pub(super) fn passwords(content: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    if memchr::memmem::find(content, b"machine").is_none() {
        return found;
    }
    let mut tokens = Tokens { content, at: 0 };
    let mut to_hub = false;
    while let Some((_, keyword)) = tokens.next() {
        match keyword.as_slice() {
            b"machine" => to_hub = tokens.next().is_some_and(|(_, host)| is_hub(&host)),
            b"default" => to_hub = false,
            b"login" | b"user" | b"account" => {
                tokens.next();
            }
            b"password" | b"passwd" => {
                let Some((at, password)) = tokens.next() else { break };
                if to_hub && is_password(&password) {
                    found.push(at);
                }
            }
            b"macdef" => tokens.skip_macro(),
            _ => {}
        }
    }
    found
}

/// The words of a netrc file, with the offsets of their texts.
struct Tokens<'a> {
    content: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    fn next(&mut self) -> Option<(usize, zeroize::Zeroizing<Vec<u8>>)> {
        loop {
            let rest = self.content.get(self.at..)?;
            let start = self.at + rest.iter().position(|b| !b.is_ascii_whitespace())?;
            // A comment occupies its line. A hash in the middle of a line belongs to a password.
            let opens_line = self.content.get(..start)?.iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
            if self.content.get(start) == Some(&b'#') && opens_line.is_none_or(|&b| b == b'\n') {
                let rest = self.content.get(start..)?;
                self.at = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            return Some(self.word(start));
        }
    }

    /// Returns the word at `start`, without quotes and escapes, and its offset.
    fn word(&mut self, start: usize) -> (usize, zeroize::Zeroizing<Vec<u8>>) {
        let quoted = self.content.get(start) == Some(&b'"');
        let first = start + usize::from(quoted);
        let mut word = zeroize::Zeroizing::new(Vec::with_capacity(64));
        let mut at = first;
        while let Some(&b) = self.content.get(at) {
            at += 1;
            match b {
                b'"' if quoted => break,
                b'\\' => {
                    word.extend(self.content.get(at));
                    at += 1;
                }
                b if b.is_ascii_whitespace() && !quoted => break,
                b => word.push(b),
            }
        }
        self.at = at.min(self.content.len());
        (first, word)
    }

    /// Skips a macro, which extends to the next empty line.
    fn skip_macro(&mut self) {
        let rest = self.content.get(self.at..).unwrap_or_default();
        let ends = [&b"\n\n"[..], b"\r\n\r\n"].into_iter().filter_map(|end| memchr::memmem::find(rest, end));
        self.at += ends.min().unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "machine huggingface.co login user password @opaque-v4lue",
            "machine hf.co\n  login user\n  password @opaque-v4lue\n",
            "machine api.github.com login a password other-v4lue\nmachine hub-ci.huggingface.co password @opaque-v4lue login a",
            "# hub\nmachine huggingface.co login user password \"@opaque v4lue\"\n",
            "macdef init\nmachine huggingface.co password other-v4lue\n\nmachine huggingface.co login u password @opaque-v4lue",
            "machine registry.hf.space login user account x passwd @opaque#v4lue",
            "machine huggingface.co login # password @opaque-v4lue",
        ] {
            let at = text.find('@').unwrap();
            let text = text.replace('@', "");
            assert_eq!(passwords(text.as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "",
            "machine",
            "machine huggingface.co login user password",
            "machine huggingface.co login user password <token>",
            "machine huggingface.co login user password changeme",
            "machine github.com login user password opaque-v4lue",
            "machine huggingface.co login user\nmachine github.com password opaque-v4lue",
            "machine huggingface.co login user default login b password opaque-v4lue",
            "#machine huggingface.co login user password opaque-v4lue",
            "macdef x\nmachine huggingface.co password opaque-v4lue",
            "password opaque-v4lue",
            "machine huggingface.co password \"",
            "machine huggingface.co password a\\",
        ] {
            assert!(passwords(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
