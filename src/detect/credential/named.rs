//! Credentials of unknown shape in any text: values that are given to a token variable, to a call or command of the
//! Hub, or sent to one of its hosts.

use std::ops::Range;

use super::names::Keeper;
use super::value::{is_of_another_service, is_opaque};
use super::{CredentialForm, argument, assignment, call, extent, header, netrc, sent, url, written};
use crate::detect::encoding::next_hit_or_name;
use crate::detect::{find, randomness};
use crate::hub::variables::SECRETS;
use crate::hub::words::{NAMES_VENDOR, NEEDLES};

/// The bytes in front of a name that are read with it: the start of its line, or of the call around it.
const BEFORE: usize = 512;
/// The bytes behind a name that are read with it.
const BEHIND: usize = 2048;
/// The lines that are read with a name.
const LINES: usize = 4;

/// The length of a name that is read.
const MAX_NAME: usize = 64;

/// The possible lengths of a value that counts in any text.
const LENGTHS: Range<usize> = 16..513;
/// The possible lengths of a word that holds such a value: its name may be a part of the word, or a URL.
const WORDS: Range<usize> = LENGTHS.start..1025;

/// Judges the names in a stream of text. Other bytes in it are read as text, and hold nothing.
#[derive(Debug, Default)]
pub(in crate::detect) struct Named {
    /// The offset in the stream up to which names have been judged.
    judged: u64,
    /// The end of the last value.
    last: u64,
    /// Whether the text names the vendor. Calls count only then.
    names_vendor: bool,
}

impl Named {
    /// Judges the name at `at` in `bytes`, which begin at `start` of the stream and hold [`BEFORE`] bytes in front
    /// of the name, if there are so many. Returns the values that it marks as tokens, or `None` if the bytes end
    /// before a decision is possible.
    pub(in crate::detect) fn judge(
        &mut self,
        bytes: &[u8],
        at: usize,
        start: u64,
        whole_end: bool,
    ) -> Option<Vec<Range<usize>>> {
        if start + (at as u64) < self.judged {
            return Some(Vec::new());
        }
        let behind = bytes.get(at..).unwrap_or_default();
        let behind = behind.get(..BEHIND).unwrap_or(behind);
        let Some(&name) = NEEDLES.iter().find(|name| behind.starts_with(name.as_bytes())) else {
            return Some(Vec::new());
        };
        // Other words end in the same way, such as "debugging".
        let is_vendor = NAMES_VENDOR.contains(&name);
        let is_other_word =
            is_vendor && !at.checked_sub(1).is_none_or(|front| matches!(bytes.get(front), Some(b'h' | b'H')));
        if is_other_word || is_other_name(name, behind) {
            self.judged = start + (at + name.len()) as u64;
            return Some(Vec::new());
        }
        let line = memchr::memchr(b'\n', behind).map(|end| at + end + 1);
        let lines = memchr::memchr_iter(b'\n', behind).nth(LINES - 1).map(|end| at + end + 1);
        if !whole_end && lines.is_none() && behind.len() < BEHIND {
            return None;
        }
        self.names_vendor |= is_vendor;
        let before = bytes.get(at.saturating_sub(BEFORE)..at).unwrap_or_default();
        let in_line = continued(before);
        let is_argument = name.ends_with('=');
        let from = at - if is_argument { before.len() } else { in_line };
        let next = line.unwrap_or(at + (BEHIND / 2).min(behind.len())).max(at + 1);
        self.judged = start + next as u64;
        Some(self.values(bytes, from..lines.unwrap_or(at + behind.len()), start))
    }

    /// Returns the values in a stretch of `bytes` that count in any text and were not returned before.
    fn values(&mut self, bytes: &[u8], stretch: Range<usize>, start: u64) -> Vec<Range<usize>> {
        let text = bytes.get(stretch.clone()).unwrap_or_default();
        let mut found = Vec::new();
        if !holds_long_word(text) {
            return found;
        }
        for (form, value) in values(text) {
            let value = stretch.start + value.start..stretch.start + value.end;
            let is_new = start + value.start as u64 >= self.last;
            let needs_vendor = form == CredentialForm::Value;
            if is_new && (self.names_vendor || !needs_vendor) && is_generated(bytes, &value) {
                self.last = start + value.end as u64;
                found.push(value);
            }
        }
        found
    }

    /// Returns the values in a whole text.
    fn search(mut self, text: &[u8]) -> Vec<Range<usize>> {
        let names =
            std::iter::successors(next_hit_or_name(text, 0), |hit| next_hit_or_name(text, hit.at + 1));
        names
            .filter(|hit| hit.may_be_name())
            .flat_map(|hit| self.judge(text, hit.at, 0, true).unwrap_or_default())
            .collect()
    }
}

/// Returns the number of bytes at the end that are of one line, which a backslash may continue.
fn continued(before: &[u8]) -> usize {
    let mut start = before.len();
    loop {
        let line = before.get(..start).unwrap_or_default();
        let Some(end) = memchr::memrchr(b'\n', line) else { return before.len() };
        let front = before.get(..end).unwrap_or_default();
        let front = front.strip_suffix(b"\r").unwrap_or(front);
        if !front.ends_with(b"\\") {
            return before.len() - end - 1;
        }
        start = end;
    }
}

/// Returns true if a name that begins as those of token variables do is another one, such as `hf_hub_download`.
fn is_other_name(needle: &str, behind: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let len = behind.iter().take(MAX_NAME).take_while(|b| is_part(b)).count();
    let name = behind.get(..len).unwrap_or_default();
    let is_secret = |part: &[u8]| SECRETS.iter().any(|secret| part.eq_ignore_ascii_case(secret.as_bytes()));
    needle.len() == 3
        && needle.ends_with(['_', '-'])
        && len < MAX_NAME.min(behind.len())
        && !name.split(|b| matches!(b, b'_' | b'-')).any(is_secret)
}

/// Returns the values in a text that count in any text, in order.
pub(crate) fn generated_in(text: &[u8]) -> Vec<Range<usize>> {
    Named { names_vendor: true, ..Named::default() }.search(text)
}

/// Returns the opaque values in a short text, such as an instruction, that are given to something of the Hub.
pub(crate) fn opaque_in(text: &[u8]) -> Vec<Range<usize>> {
    values(text).into_iter().map(|(_, value)| value).collect()
}

/// Returns the values that are given to something of the Hub, in order. Those of calls have the form
/// [`CredentialForm::Value`].
fn values(text: &[u8]) -> Vec<(CredentialForm, Range<usize>)> {
    let mut found: Vec<(CredentialForm, usize)> = Vec::new();
    let mut add = |form, values: Vec<usize>| found.extend(values.into_iter().map(|at| (form, at)));
    add(CredentialForm::Url, url::credentials(text));
    add(CredentialForm::Header, header::credentials(Some(Keeper::Client), text));
    add(CredentialForm::Netrc, netrc::passwords(text));
    add(CredentialForm::Assignment, assignment::values(Keeper::Settings, text));
    add(CredentialForm::Argument, argument::values(text));
    add(CredentialForm::Argument, sent::on_command_lines(text));
    add(CredentialForm::Argument, written::values(text));
    add(CredentialForm::Value, call::values(text));
    found.sort_unstable_by_key(|(_, at)| *at);
    found.dedup_by_key(|(_, at)| *at);
    found
        .into_iter()
        .map(|(form, at)| {
            let extent_of = if form == CredentialForm::Value { CredentialForm::Argument } else { form };
            (form, trimmed(text, extent::range(extent_of, text, at)))
        })
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Returns the range without the closing characters of a list or call.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let closing = |b: &u8| matches!(b, b',' | b')' | b']' | b'}' | b'\\');
    let len = value.iter().rposition(|b| !closing(b)).map_or(0, |last| last + 1);
    range.start..range.start + len
}

/// Returns true if a text holds a word that may be a credential. Most lines do not.
fn holds_long_word(text: &[u8]) -> bool {
    let is_part =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'=' | b'/' | b'.' | b'%');
    text.split(|b| !is_part(b)).any(|word| WORDS.contains(&word.len()) && randomness::is_varied(word))
}

/// Returns true if a value is random, so that it counts in any text.
fn is_generated(content: &[u8], range: &Range<usize>) -> bool {
    let value = content.get(range.clone()).unwrap_or_default();
    let kinds: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let kinds = kinds.iter().filter(|kind| value.iter().any(*kind)).count();
    let before = range.start.checked_sub(1).and_then(|before| content.get(before));
    let is_quoted = before.is_some_and(|b| matches!(b, b'"' | b'\''));
    // Bare words may be code.
    let is_plain =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'=' | b'/' | b'%' | b'!');
    let may_be_bare = || value.iter().all(is_plain) && value.iter().any(u8::is_ascii_digit);
    LENGTHS.contains(&value.len())
        && value.iter().all(u8::is_ascii_graphic)
        && kinds >= 2
        && (is_quoted || may_be_bare())
        && is_opaque(value)
        && find(value).is_empty()
        && !is_of_another_service(value)
        && randomness::is_varied(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";

    #[test]
    fn found() {
        for text in [
            "HF_TOKEN = \"@@\"\n",
            "import os\nos.environ[\"HF_TOKEN\"] = '@@'\n",
            "from huggingface_hub import login\n\nx = 1\n\n\n\nlogin(token=\"@@\")\n",
            "from huggingface_hub import login\nlogin('@@')\n",
            "import huggingface_hub\nhuggingface_hub.login(\n    \"@@\",\n)\n",
            "# hugging\nm = AutoModel.from_pretrained(\n    \"org/model\",\n    revision=\"main\",\n    token=\"@@\",\n)\n",
            "hub_token: @@\n",
            "a:\n  hub_token: \"@@\"\n  b: 1\n",
            "{\"huggingface_api_key\": \"@@\"}",
            "{\"env\": {\"HF_TOKEN\":\"@@\"}}",
            "#!/bin/sh\nexport HF_TOKEN=@@\nhf download org/model\n",
            "HF_TOKEN=@@ python x.py\n",
            "setenv HF_TOKEN @@\n",
            "curl -H \"Authorization: Bearer @@\" https://huggingface.co/api/whoami-v2\n",
            "curl https://huggingface.co/api/whoami-v2 \\\n  -H 'Authorization: Bearer @@'\n",
            "curl -L -H \"Authorization: Bearer @@\" \\\n  -o x \\\n  https://huggingface.co/a/b/resolve/main/x\n",
            "hf download org/model --token @@\n",
            "hf upload org/model . --token=@@\n",
            "env:\n- name: HF_TOKEN\n  value: @@\n",
            "{\"environment\": [{\"name\": \"HF_TOKEN\", \"value\": \"@@\"}]}",
            "\"%env HF_TOKEN=@@\\n\",\n",
            "HF_TOKEN: str = \"@@\"\n",
            "HF_TOKEN = \"hf_@@\"\n",
            "URL = 'https://huggingface.co/x'\nheaders = {\"Authorization\": \"Bearer @@\"}\n",
            "git clone https://u:@@@huggingface.co/org/x\n",
            "hf auth login --token @@\n",
            "echo @@ | hf auth login\n",
            "echo @@ > ~/.cache/huggingface/token\n",
            "docker login -u me -p @@ registry.hf.space\n",
            "echo @@ | docker login -u me --password-stdin registry.hf.space\n",
            "echo \"machine huggingface.co login u password @@\" >> ~/.netrc\n",
            "printf 'url=https://huggingface.co\\nusername=u\\npassword=@@\\n' | git credential approve\n",
            "vllm serve m --hf-token @@\n",
        ] {
            let prefix = if text.contains("hf_@@") { 3 } else { 0 };
            let at = text.find("@@").unwrap() - prefix;
            let text = text.replacen("@@", SECRET, 1);
            let found = Named::default().search(text.as_bytes());
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].start, found[0].len()), (at, SECRET.len() + prefix), "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "HF_TOKEN = \"your_token_here\"\n",
            "HF_TOKEN = os.environ[\"HF_TOKEN_OF_MINE_2024\"]\n",
            "HF_TOKEN=$HF_TOKEN\n",
            "HF_TOKEN=/run/secrets/hf_token_of_mine_1a\n",
            "hf_token: Optional[str] = None\n",
            "hf_token=self.settings2.hub_tokenValue\n",
            "hub_token: ${{ secrets.HF_TOKEN }}\n",
            "hub_token=\"my-dog-has-fleas-and-more\"\n",
            "login(token=\"@@\")\n",
            "wandb.login(key=\"@@\")  # huggingface\n",
            "GITHUB_TOKEN=@@\n",
            "hf_model_revision: @@\n",
            "git clone https://u:@@@github.com/x\n# hugging\n",
            "curl -H 'Authorization: Bearer @@' https://example.com\n",
            "huggingface: {\"sha\": \"@@\"}\n",
            "HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
            "HF_TOKEN=\"0123456789abcdef0123456789abcdef\"\n",
        ] {
            let text = text.replace("@@", SECRET);
            let found = Named::default().search(text.as_bytes());
            assert!(found.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_text_of_names_takes_linear_time() {
        for text in
            ["hf_", "HF_TOKEN=", "token=", "login(", "hub_token: a\n", "hugging://u:", "hf_aZ0bY1cX2dW3eV4"]
        {
            Named::default().search(text.repeat((1 << 20) / text.len()).as_bytes());
        }
    }
}
