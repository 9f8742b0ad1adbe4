//! Keys beside a setting that names the Hub: `provider: huggingface`, `model: huggingface/…`, the URL of its API. The
//! key and the setting are members of one object, lines of one mapping or section, or arguments of one call.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::header::line_range;
use super::host::is_hub;
use super::literal::literal_at;
use super::value::is_opaque;
use crate::hub::words::{IS_VENDOR, MAY_NAME_HUB, MODEL_OF_VENDOR};

/// The longest text in front of a setting and behind it that is read.
const NEAR: usize = 640;

/// The kind of a setting. It decides where a key may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// The provider that receives the key. Members of objects below count as well.
    Provider,
    /// The name of the object.
    Name,
    /// The model that the provider runs.
    Model,
    /// The address to which requests go.
    Address,
}

/// A setting that names the Hub.
struct Setting<'a> {
    says: Says,
    /// The part of its name that it has in common with the key: `LLM_` of `LLM_PROVIDER`.
    prefix: &'a [u8],
    range: Range<usize>,
    is_assigned: bool,
}

/// Returns the offsets of such keys.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static SETTING: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = concat!(
            r"(?i-u)(?:^|[^A-Za-z0-9_$.-])(?P<prefix>(?:[A-Za-z0-9]{1,20}[_-]){0,3}?)",
            r"(?:(?P<provider>(?:model[_-]?)?(?:provider|vendor|platform|backend|service)(?:[_-]?(?:name|id|type))?|api[_-]?type)",
            r"|(?P<model>model(?:[_-]?(?:name|id))?)|(?P<name>name|id|label|title|type)",
            r"|(?P<address>(?:api|base|server|service|endpoint|inference)[_-]?(?:url|base|uri|endpoint)|endpoint|url|host))",
            r#"\\?["']?[ \t]*(?P<sign>[:=])[ \t]*\\?["'`]?(?P<value>MAY_NAME_HUB[^\s"'`,;\\{}()]{0,200})"#,
        );
        Regex::new(&pattern.replace("MAY_NAME_HUB", MAY_NAME_HUB)).expect("a valid pattern")
    });
    let mut settings = Vec::new();
    for captures in SETTING.captures_iter(content) {
        let (Some(whole), Some(value)) = (captures.get(0), captures.name("value")) else { continue };
        let has = |group| captures.name(group).is_some();
        let (says, names_hub) = if has("provider") {
            (Says::Provider, is_vendor(value.as_bytes()))
        } else if has("model") {
            (Says::Model, is_model(value.as_bytes()))
        } else if has("name") {
            (Says::Name, is_vendor(value.as_bytes()))
        } else {
            (Says::Address, is_hub(value.as_bytes()))
        };
        if names_hub {
            let prefix = captures.name("prefix");
            settings.push(Setting {
                says,
                prefix: prefix.map(|prefix| prefix.as_bytes()).unwrap_or_default(),
                range: prefix.map_or(whole.start(), |prefix| prefix.start())..whole.end(),
                is_assigned: captures.name("sign").is_some_and(|sign| sign.as_bytes() == b"="),
            });
        }
    }
    let keys = if settings.is_empty() { Vec::new() } else { keys(content) };
    if keys.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for setting in &settings {
        for text in neighbours(content, setting) {
            let first = keys.partition_point(|key| key.at < text.start);
            let beside = keys.iter().skip(first).take_while(|key| key.value < text.end);
            found.extend(beside.filter(|key| key.goes_with(setting)).map(|key| key.value));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn is_vendor(value: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static VENDOR: LazyLock<Regex> = LazyLock::new(|| Regex::new(IS_VENDOR).expect("a valid pattern"));
    VENDOR.is_match(value)
}

fn is_model(value: &[u8]) -> bool {
    value
        .get(..MODEL_OF_VENDOR.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(MODEL_OF_VENDOR.as_bytes()))
}

/// A key with an opaque value.
struct Key<'a> {
    at: usize,
    value: usize,
    prefix: &'a [u8],
    /// Whether the name says that it is a token or the key of an API.
    is_sure: bool,
}

impl Key<'_> {
    /// Returns true if the name goes with that of the setting.
    fn goes_with(&self, setting: &Setting<'_>) -> bool {
        // An object with an address or a model may also have a key of another kind.
        let is_sure = self.is_sure || !matches!(setting.says, Says::Address | Says::Model);
        is_sure && self.prefix.eq_ignore_ascii_case(setting.prefix)
    }
}

/// Returns all keys, in order.
fn keys(content: &[u8]) -> Vec<Key<'_>> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i-u)(?:^|[^A-Za-z0-9_$.-])(?P<prefix>(?:[A-Za-z0-9]{1,20}[_-]){0,3}?)",
            r"(?:(?P<sure>(?:api|access)[_-]?(?:key|token)|(?:auth|bearer)[_-]?token|token)|(?:client[_-]?)?secret|key)",
            r#"\\?["']?[ \t]*(?:=>|[:=])[ \t]*"#,
        ))
        .expect("a valid pattern")
    });
    let found = KEY.captures_iter(content).filter_map(|captures| {
        let (whole, prefix) = (captures.get(0)?, captures.name("prefix")?);
        let value = literal_at(content, whole.end(), true)?;
        let key = Key {
            at: prefix.start(),
            value: value.start,
            prefix: prefix.as_bytes(),
            is_sure: captures.name("sure").is_some(),
        };
        content.get(value).is_some_and(is_opaque).then_some(key)
    });
    found.collect()
}

/// Returns the parts of the text that hold the members beside a setting.
fn neighbours(content: &[u8], setting: &Setting<'_>) -> Vec<Range<usize>> {
    let behind = content.get(setting.range.end..).unwrap_or_default();
    let next = behind.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'\\'));
    // Members of objects and arguments of calls end with a sign. At the end of a line of YAML there is none.
    if next.is_some_and(|b| matches!(b, b',' | b'}' | b')' | b']')) {
        members(content, setting)
    } else {
        lines(content, setting)
    }
}

/// Returns the members of the object around a setting, or the arguments of the call.
fn members(content: &[u8], setting: &Setting<'_>) -> Vec<Range<usize>> {
    let opens = |b: u8| matches!(b, b'{' | b'(' | b'[');
    let closes = |b: u8| matches!(b, b'}' | b')' | b']');
    let mut found = Vec::new();
    let before =
        content.get(setting.range.start.saturating_sub(NEAR)..setting.range.start).unwrap_or_default();
    let (mut depth, mut end) = (0_usize, setting.range.start);
    let first = setting.range.start - before.len();
    let mut start = first;
    for (at, &b) in before.iter().enumerate().rev() {
        if closes(b) {
            if depth == 0 {
                found.push(first + at + 1..end);
            }
            depth += 1;
        } else if opens(b) {
            if depth == 0 {
                start = first + at;
                break;
            }
            depth -= 1;
            end = first + at;
        }
    }
    if depth == 0 {
        found.push(start..end);
    }
    let behind = content.get(setting.range.end..).unwrap_or_default();
    let behind = behind.get(..NEAR).unwrap_or(behind);
    let (mut depth, mut start) = (0_usize, setting.range.end);
    let mut end = start + behind.len();
    for (at, &b) in behind.iter().enumerate() {
        let at = setting.range.end + at;
        if opens(b) {
            if depth == 0 && setting.says != Says::Provider {
                found.push(start..at);
            }
            depth += 1;
        } else if closes(b) {
            if depth == 0 {
                end = at;
                break;
            }
            depth -= 1;
            if depth == 0 && setting.says != Says::Provider {
                start = at;
            }
        }
    }
    if depth == 0 || setting.says == Says::Provider {
        found.push(start..end);
    }
    found
}

/// Returns the lines of the mapping or section around a setting.
fn lines(content: &[u8], setting: &Setting<'_>) -> Vec<Range<usize>> {
    let own = line_range(content, setting.range.start);
    let level = Level::of(content.get(own.clone()).unwrap_or_default());
    let mut found = vec![own.clone()];
    let mut add = |line: Range<usize>, front: bool| {
        let text = content.get(line.clone()).unwrap_or_default();
        let bare = text.trim_ascii();
        if bare.is_empty() || bare.starts_with(b"#") {
            return true;
        }
        let of_line = Level::of(text);
        let is_list = setting.is_assigned && level.is_item && of_line.is_item;
        let is_end = bare.starts_with(b"[") || bare.starts_with(b"---") || of_line.indent < level.indent;
        // An item of a list begins with its first member.
        if is_end || (of_line.indent == level.indent && of_line.is_item && !front && !is_list) {
            return false;
        }
        let is_below = !front && setting.says == Says::Provider;
        if of_line.indent == level.indent || is_below {
            found.push(line);
        }
        !front || !of_line.is_item || is_list || of_line.indent != level.indent
    };
    let mut end = own.start;
    while end > setting.range.start.saturating_sub(NEAR).max(1) && (!level.is_item || setting.is_assigned) {
        let line = line_range(content, end - 1);
        end = line.start;
        if !add(line, true) {
            break;
        }
    }
    let mut start = own.end + 1;
    while start < content.len().min(setting.range.end + NEAR) {
        let line = line_range(content, start);
        start = line.end + 1;
        if !add(line, false) {
            break;
        }
    }
    found
}

/// The place of a line of YAML in its mapping.
#[derive(Clone, Copy)]
struct Level {
    /// The number of characters in front of its key, the sign of an item included.
    indent: usize,
    is_item: bool,
}

impl Level {
    fn of(line: &[u8]) -> Self {
        let blanks = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let is_item = line.get(blanks..).is_some_and(|rest| rest.starts_with(b"- "));
        let indent = line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'-')).count();
        Self { indent, is_item }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "{\"provider\":\"huggingface-inference-api\",\"apiKey\":\"!opaque-v4lue\"}",
            "{\"provider\": \"huggingface\", \"api_key\": \"!opaque-v4lue\"}",
            "{\n  \"apiKey\": \"!opaque-v4lue\",\n  \"provider\": \"huggingface\"\n}\n",
            "{\"llm\": {\"provider\": \"huggingface\", \"config\": {\"model\": \"a/b\", \"api_key\": \"!opaque-v4lue\"}}}",
            "[{\"name\": \"HuggingFace\", \"key\": \"!opaque-v4lue\"}]",
            "{\"models\": [], \"provider\": \"hf\", \"options\": {\"a\": 1}, \"token\": \"!opaque-v4lue\"}",
            "provider: huggingface\napi_key: !opaque-v4lue\n",
            "api_key: !opaque-v4lue\nprovider: huggingface\n",
            "llm:\n  provider: huggingface\n  # the key\n\n  config:\n    api_key: !opaque-v4lue\n",
            "- name: huggingface\n  key: !opaque-v4lue\n- name: other\n  key: x\n",
            "- key: !opaque-v4lue\n  name: huggingface\n",
            "[llm]\nprovider = \"huggingface\"\napi_key = \"!opaque-v4lue\"\n",
            "model_list:\n- model_name: x\n  litellm_params:\n    model: huggingface/a/b\n    api_key: !opaque-v4lue\n",
            "completion(model=\"huggingface/x/y\", api_key=\"!opaque-v4lue\")\n",
            "completion(\n    model=\"huggingface/x/y\",\n    messages=[{\"role\": \"user\"}],\n    api_key=\"!opaque-v4lue\",\n)\n",
            "LLM_PROVIDER=huggingface\nLLM_API_KEY=!opaque-v4lue\n",
            "export MODEL=huggingface/x/y\nexport API_KEY=!opaque-v4lue\n",
            "MODEL=huggingface/x/y API_KEY=!opaque-v4lue python x.py\n",
            "OPENAI_BASE_URL=https://router.huggingface.co/v1\nOPENAI_API_KEY=!opaque-v4lue\n",
            "environment:\n  - OPENAI_API_KEY=!opaque-v4lue\n  - OPENAI_API_BASE=https://router.huggingface.co/v1\n",
            "base_url: https://router.huggingface.co/v1\napi_key: !opaque-v4lue\n",
            "api_base: \"https://x.endpoints.huggingface.cloud/v1\"\napi_key: !opaque-v4lue\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "{\"provider\":\"openai\",\"apiKey\":\"opaque-v4lue\"}",
            "[{\"provider\":\"huggingface\"},{\"provider\":\"x\",\"apiKey\":\"opaque-v4lue\"}]",
            "[{\"provider\":\"x\",\"apiKey\":\"opaque-v4lue\"},{\"provider\":\"huggingface\"}]",
            "{\"name\": \"huggingface\", \"other\": {\"api_key\": \"opaque-v4lue\"}}",
            "provider: huggingface\nopenai_api_key: opaque-v4lue\n",
            "- provider: huggingface\n- api_key: opaque-v4lue\n",
            "- name: huggingface\n- name: other\n  key: opaque-v4lue\n",
            "- name: other\n  key: opaque-v4lue\n- name: huggingface\n",
            "a:\n  provider: huggingface\nb:\n  api_key: opaque-v4lue\n",
            "a:\n  api_key: opaque-v4lue\nb:\n  provider: huggingface\n",
            "[a]\nprovider = \"huggingface\"\n[b]\napi_key = \"opaque-v4lue\"\n",
            "EMBEDDING_PROVIDER=huggingface\nOPENAI_API_KEY=opaque-v4lue\n",
            "OPENAI_API_KEY=opaque-v4lue\nHUB_BASE_URL=https://huggingface.co\n",
            "provider: huggingface\napi_key: ${HF_TOKEN}\nmax_tokens: opaque-v4lue\n",
            "model: org/huggingface\napi_key: opaque-v4lue\n",
            "provider: shf\napi_key: opaque-v4lue\n",
            "url: https://huggingface.co/x\nkey: opaque-v4lue\n",
            "base_url: https://example.com/huggingface.co\napi_key: opaque-v4lue\n",
            "completion(model=\"huggingface/x/y\")\nother(api_key=\"opaque-v4lue\")\n",
            "name: huggingface\njobs:\n  build:\n    key: opaque-v4lue\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn hostile_settings_end() {
        for text in [
            "name=hf,",
            "name: hf\n",
            "{provider:hf,",
            "provider:hf,{",
            "- url=hf.co\n",
            "model=huggingface/x ",
        ] {
            values(text.repeat((32 << 10) / text.len()).as_bytes());
        }
    }
}
