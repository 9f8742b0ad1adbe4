//! Credentials of unknown shape in any text: values that are given to a token variable, to a call or command of the
//! Hub, or sent to one of its hosts.

use std::ops::Range;

use super::names::Keeper;
use super::value::{is_of_another_service, is_opaque};
use super::{CredentialForm, argument, assignment, call, extent, header, netrc, section, sent, url, written};
use crate::detect::encoding::{KEPT, next_hit_or_name};
use crate::detect::variables::may_be_hub_key;
use crate::detect::{find, randomness};
use crate::hub::words::{NAMES_VENDOR, NEEDLES};

/// The bytes in front of a name that are read with it: the start of its line, or of the call around it.
const BEFORE: usize = KEPT;
/// The bytes behind a name that are read with it.
const BEHIND: usize = 2048;
/// The lines that are read with a name.
const LINES: usize = 12;
/// The first of these lines. Names in them are judged together, because enough lines follow each of them.
const FIRST_LINES: usize = 4;

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
        let mut ends = memchr::memchr_iter(b'\n', behind).map(|end| at + end + 1);
        let first_lines = ends.nth(FIRST_LINES - 1);
        let lines = ends.nth(LINES - FIRST_LINES - 1);
        if !whole_end && lines.is_none() && behind.len() < BEHIND {
            return None;
        }
        self.names_vendor |= is_vendor;
        let before = bytes.get(at.saturating_sub(BEFORE)..at).unwrap_or_default();
        let in_line = continued(before);
        let is_argument = name.ends_with(['=', '(']);
        let from = at - if is_argument { before.len() } else { in_line };
        let half = at + (BEHIND / 2).min(behind.len());
        let next = first_lines.unwrap_or(half).min(half).max(at + 1);
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
        for Given { range, needs, .. } in values(text) {
            let value = stretch.start + range.start..stretch.start + range.end;
            let is_new = start + value.start as u64 >= self.last;
            let counts = match needs {
                Needs::Nothing => true,
                Needs::Vendor => self.names_vendor,
                Needs::Randomness => !is_of_model(bytes.get(value.clone()).unwrap_or_default()),
            };
            if is_new && counts && is_generated(bytes, &value) {
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

/// Returns the length of the last line, with the lines in front of it that end with a backslash.
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
    needle.len() == 3
        && needle.ends_with(['_', '-'])
        && len < MAX_NAME.min(behind.len())
        && !may_be_hub_key(name)
}

/// Returns the values in a text that count in any text, in order.
pub(crate) fn generated_in(text: &[u8]) -> Vec<Range<usize>> {
    Named { names_vendor: true, ..Named::default() }.search(text)
}

/// Returns the opaque values in a short text, such as an instruction, that are given to something of the Hub.
pub(crate) fn opaque_in(text: &[u8]) -> Vec<Range<usize>> {
    let is_opaque = |given: &Given| given.needs != Needs::Randomness;
    values(text).into_iter().filter(is_opaque).map(|given| given.range).collect()
}

/// A value that is given to something of the Hub.
struct Given {
    range: Range<usize>,
    needs: Needs,
}

/// What a value needs to count, beside its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    /// The text names the vendor, because functions of other libraries have the same name.
    Vendor,
    /// The value is random, because its place may have another meaning.
    Randomness,
}

/// Returns the values that are given to something of the Hub, in order.
fn values(text: &[u8]) -> Vec<Given> {
    let mut found: Vec<Given> = Vec::new();
    let mut add = |form, values: Vec<usize>, needs| {
        let range = |at| trimmed(text, extent::range(form, text, at));
        found.extend(values.into_iter().map(|at| Given { range: range(at), needs }));
    };
    add(CredentialForm::Url, url::credentials(text), Needs::Nothing);
    add(CredentialForm::Header, header::credentials(Some(Keeper::Client), text), Needs::Nothing);
    add(CredentialForm::Netrc, netrc::passwords(text), Needs::Nothing);
    for value in assignment::all(Keeper::Settings, text) {
        let needs = if value.needs_randomness { Needs::Randomness } else { Needs::Nothing };
        add(CredentialForm::Assignment, vec![value.at], needs);
    }
    add(CredentialForm::Assignment, section::values(text), Needs::Randomness);
    add(CredentialForm::Argument, argument::values(text), Needs::Nothing);
    add(CredentialForm::Argument, sent::on_command_lines(text), Needs::Nothing);
    add(CredentialForm::Argument, written::values(text), Needs::Nothing);
    for value in call::all(text) {
        let needs = if value.needs_vendor { Needs::Vendor } else { Needs::Nothing };
        add(CredentialForm::Argument, vec![value.at], needs);
    }
    found.extend(url::arguments(text).into_iter().map(|range| Given { range, needs: Needs::Nothing }));
    found.retain(|given| !given.range.is_empty());
    found.sort_by_key(|given| (given.range.start, given.needs));
    found.dedup_by_key(|given| given.range.start);
    found
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

/// Returns true if a value may be the name or the revision of a model, which often stands beside a token.
fn is_of_model(value: &[u8]) -> bool {
    value.contains(&b'/') || value.iter().all(u8::is_ascii_hexdigit)
}

/// Returns true if a value is random, so that it counts in any text.
fn is_generated(content: &[u8], range: &Range<usize>) -> bool {
    let value = content.get(range.clone()).unwrap_or_default();
    let kinds: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let kinds = kinds.iter().filter(|kind| value.iter().any(*kind)).count();
    let before = range.start.checked_sub(1).and_then(|before| content.get(before));
    let is_quoted = before.is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'));
    // Bare words may be code.
    let is_web_token = value.starts_with(b"eyJ");
    let is_plain = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'_' | b'-' | b'+' | b'=' | b'/' | b'%' | b'!')
            || (is_web_token && *b == b'.')
    };
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
        let mut wrong = Vec::new();
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
            "from transformers import AutoModel\nm = AutoModel.from_pretrained('x/y', token='@@')\n",
            "m = f(use_auth_token='@@')\n",
            "import huggingface_hub\n\nTOKEN = '@@'\nx = 1\n\nhuggingface_hub.login(TOKEN)\n",
            "KEY = \"@@\"\nmodel = AutoModel.from_pretrained(\n    'x/y',\n    token=KEY,\n)\n",
            "from huggingface_hub import InferenceClient\n\n\n\n\n\n\n\n\n\nc = InferenceClient(api_key='@@')\n",
            "HEADERS = {\n  'Authorization': 'Bearer @@',\n}\na = 1\nb = 2\nc = 3\nURL = 'https://huggingface.co/x'\n",
            "curl 'https://api-inference.huggingface.co/models/x?wait=1&token=@@'\n",
            "wss://x.endpoints.huggingface.cloud/ws?access_token=@@#a\n",
            "HF_TOKEN=eyJhbGciOiJFZERTQSJ9.@@.b4Xk0Lw3TnR8\n",
            "hf:\n  token: @@\n",
            "{\"hf\": {\"token\": \"@@\"}}",
            "[hf]\ntoken=@@\n",
            "hfApiKey: '@@',\n",
            "HFApiKey: '@@',\n",
            "const hfToken = \"@@\";\n",
            "hf-token: @@\n",
            "X-HF-Token: @@\n",
            "huggingface.token=@@\n",
            "{\"huggingFaceApiKey\": \"@@\"}",
            "HF_API=@@\n",
            "HF_PAT=\"@@\"\n",
            "TOKEN_HF=@@\n",
            "HUGGINGFACEKEY = \"@@\"\n",
            "huggingface:\n  token: @@\n",
            "[huggingface]\ntoken = \"@@\"\n",
            "os.environ.setdefault(\"HF_TOKEN\", \"@@\")\n",
            "INSERT INTO config VALUES ('HF_TOKEN', '@@');\n",
            "HF_TOKEN,@@\n",
            "t = os.environ.get(\"HF_TOKEN\") or \"@@\"\n",
            "const t = process.env.HF_TOKEN || '@@';\n",
            "const t = process.env['HF_TOKEN'] ?? `@@`;\n",
            "let t = env::var(\"HF_TOKEN\").unwrap_or(\"@@\".into());\n",
            "hf_token = args.token or \"@@\"\n",
            "export T=${HF_TOKEN:-@@}\n",
            "export T=\"${HF_TOKEN-@@}\"\n",
            "#define HF_TOKEN \"@@\"\n",
            "HF_TOKEN <- \"@@\"\n",
            "setx HF_TOKEN @@\n",
            "gh secret set HF_TOKEN --body @@\n",
            "<HF_TOKEN>@@</HF_TOKEN>\n",
            "<key>HF_TOKEN</key>\n<string>@@</string>\n",
            "<string name=\"hf_token\">@@</string>\n",
            "parser.add_argument(\"--hf_token\", type=str, default=\"@@\")\n",
            "variable \"hf_token\" {\n  type = string\n  default = \"@@\"\n}\n",
            "inputs:\n  hf_token:\n    description: x\n    default: @@\n",
            "HF_TOKEN = r\"@@\"\n",
            "HF_TOKEN = (\"@@\")\n",
            "HF_TOKEN = \"\"\"@@\"\"\"\n",
            "hf_token: SecretStr = SecretStr(\"@@\")\n",
        ] {
            let prefix = ["hf_@@", "eyJhbGciOiJFZERTQSJ9.@@"].iter().find(|text_of| text.contains(**text_of));
            let prefix = prefix.map_or(0, |with| with.len() - 2);
            let suffix = if text.contains("@@.") { ".b4Xk0Lw3TnR8".len() } else { 0 };
            let at = text.find("@@").unwrap() - prefix;
            let text = text.replacen("@@", SECRET, 1);
            let found = Named::default().search(text.as_bytes());
            let range = at..at + prefix + SECRET.len() + suffix;
            if found != std::slice::from_ref(&range) {
                wrong.push((text, found));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
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
            "f(\"org/model\", token=hf_token, revision=\"3f2a9c4be1d05786a1b2c3d4e5f60718293a4b5c\")\n",
            "p.add_argument(\"--hf_token\", type=str)\np.add_argument(\"--sha\", default=\"@@\")\n",
            "echo $HF_TOKEN > @@\n",
            "url = helper._prepare_url(\"hf_token\", \"hexgrad/Kokoro-82M-v1.0-ONNX\")\n",
            "f(\"hf_token\", \"3f2a9c4be1d05786a1b2c3d4e5f60718293a4b5c\")\n",
            "HF_MODEL = \"@@\"\nhf_revision: @@\nhfCacheKey: @@\nhf_path: @@\n",
            "hf_tokenizer_file: \"@@\"\n",
        ] {
            let text = text.replace("@@", SECRET);
            let found = Named::default().search(text.as_bytes());
            assert!(found.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_text_of_names_takes_linear_time() {
        for text in [
            "hf_",
            "HF_TOKEN=",
            "token=",
            "login(",
            "hub_token: a\n",
            "hugging://u:",
            "hf_aZ0bY1cX2dW3eV4",
            "login(hf_aZ0bY1cX2dW3eV4",
            "login(a)\n",
            "a\na\nlogin(hf_aZ0bY1cX2dW3eV4,a)",
            "\"hf\":{\"hf_aZ0bY1cX2dW3eV4\":",
            "hf:\nhf_aZ0bY1cX2dW3eV4\n",
            "[hf]token=hf_aZ0bY1cX2dW3eV4",
            "${HF_TOKEN:-hf_aZ0bY1cX2dW3eV4",
            "HF_TOKEN hf_aZ0bY1cX2dW3eV4 default",
            "hugging://h/?token=hf_aZ0bY1cX2dW3eV4&",
            "use_auth_token=(((((hf_aZ0bY1cX2dW3eV4",
        ] {
            Named::default().search(text.repeat((1 << 20) / text.len()).as_bytes());
        }
    }
}
