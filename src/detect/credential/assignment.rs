//! Values that are assigned to the variables and settings of the Hub clients: `HF_TOKEN=…`.

use std::ops::Range;

use super::literal::literal_at;
use super::names::Keeper;
use super::operator;
use super::value::is_opaque;
use crate::detect::variables::{is_hub_key, is_hub_variable, may_be_hub_key, may_hold_random_token};

/// The longest name that is read.
const LONGEST: usize = 128;

/// A value that is given to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// The offset of its first byte.
    pub(super) at: usize,
    /// Whether it must be random to count.
    pub(super) needs_randomness: bool,
}

/// Returns the offsets of the values that count if they are opaque.
pub(super) fn values(keeper: Keeper, content: &[u8]) -> Vec<usize> {
    all(keeper, content).into_iter().filter(|value| !value.needs_randomness).map(|value| value.at).collect()
}

/// Returns the values, among them those that must be random to count.
pub(super) fn all(keeper: Keeper, content: &[u8]) -> Vec<Value> {
    let is_settings = matches!(keeper, Keeper::Settings | Keeper::Training);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(name) = next_name(content, from, keeper == Keeper::Training) {
        // The search goes on behind the name, because what follows may hold the next name.
        from = name.end;
        let text = content.get(name.clone()).unwrap_or_default();
        let (name, in_section) = match in_section(content, &name) {
            Some((name, text)) => (name, text),
            None => (name, String::new()),
        };
        if in_section.is_empty() && !may_be_hub_key(text) {
            continue;
        }
        from = name.end;
        let text = std::str::from_utf8(text).unwrap_or_default();
        let text = if in_section.is_empty() { text } else { &in_section };
        // In a string, the letter of an escaped line break is in front of the name.
        let is_broken =
            text.starts_with(['n', 'r']) && name.start > 0 && content.get(name.start - 1) == Some(&b'\\');
        let text = if is_broken { text.get(1..).unwrap_or_default() } else { text };
        let is_key = if is_settings { is_hub_key(text) } else { is_hub_variable(text) };
        let is_key = is_key && in_section.is_empty();
        let is_key = is_key || (keeper == Keeper::Training && text == "token");
        if !is_key && !may_hold_random_token(text) {
            continue;
        }
        for operator in operator::behind(keeper, content, &name) {
            let value = literal_at(content, operator.end, operator.bare && keeper != Keeper::Python);
            if let Some(value) = value
                && content.get(value.clone()).is_some_and(is_opaque)
            {
                found.push(Value { at: value.start, needs_randomness: operator.needs_randomness || !is_key });
                from = value.end.max(from);
                break;
            }
        }
    }
    found
}

/// Returns a name of two parts, such as `huggingface/token` or `HuggingFace:ApiKey`, and the same with an underscore
/// between the parts.
fn in_section(content: &[u8], name: &Range<usize>) -> Option<(Range<usize>, String)> {
    let (separator, rest) = content.get(name.end..)?.split_first()?;
    let len =
        rest.iter().take(LONGEST).take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-')).count();
    let second = rest.get(..len)?;
    if !matches!(separator, b'/' | b':') || !may_be_hub_key(second) {
        return None;
    }
    let first = std::str::from_utf8(content.get(name.clone())?).ok()?;
    let text = format!("{first}_{}", std::str::from_utf8(second).ok()?);
    (may_hold_random_token(&text) && !may_hold_random_token(first))
        .then(|| (name.start..name.end + 1 + len, text))
}

/// Returns the next name at or after `from`, without the signs at its ends. Words that begin with a digit or are
/// too long are none. Unless `any` is set, words without an `h` are not read, which no name of the Hub lacks.
fn next_name(content: &[u8], from: usize, any: bool) -> Option<Range<usize>> {
    let is_sign = |b: &u8| matches!(b, b'-' | b'.');
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || is_sign(b);
    let mut at = from;
    loop {
        let rest = content.get(at..)?;
        at += if any {
            rest.iter().position(is_part)?
        } else {
            let letter = memchr::memchr2(b'h', b'H', rest)?;
            letter - rest.get(..letter)?.iter().rev().take_while(|b| is_part(b)).count()
        };
        let rest = content.get(at..)?;
        let is_expanded = content.get(..at)?.ends_with(b"${");
        // The default of an expansion may begin with a hyphen.
        let len = rest.iter().take_while(|b| is_part(b) && !(is_expanded && is_sign(b))).count();
        let word = rest.get(..len)?;
        let front = word.iter().take_while(|b| is_sign(b)).count();
        let behind = word.iter().rev().take_while(|b| is_sign(b)).count();
        let name = at + front..at + len.saturating_sub(behind);
        if name.len() <= LONGEST
            && content.get(name.start).is_some_and(|b| !b.is_ascii_digit())
            && !name.is_empty()
        {
            return Some(name);
        }
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_found(keeper: Keeper, text: &str) {
        let at = text.find('!').unwrap();
        assert_eq!(values(keeper, text.replace('!', "").as_bytes()), [at], "{text}");
    }

    #[test]
    fn found_in_shell_text() {
        for text in [
            "HF_TOKEN=!opaque-v4lue",
            "export HF_TOKEN=!opaque-v4lue\n",
            "A=b\nHUGGING_FACE_HUB_TOKEN=\"!opaque-v4lue\"\n",
            "HF_TOKEN = '!opaque-v4lue'\n",
            "HF_TOKEN= \"!opaque-v4lue\"\n",
            ": 1700000000:0;export HF_TOKEN=!opaque-v4lue; hf download x\n",
            "- cmd: set -gx HF_TOKEN !opaque-v4lue\n  when: 1\n",
            "setenv HF_TOKEN !opaque-v4lue\n",
            "docker run -e HF_TOKEN=!opaque-v4lue image\n",
            "Environment=\"HF_TOKEN=!opaque-v4lue\" \"A=b\"\n",
            "environment=HF_TOKEN=\"!opaque-v4lue\",A=\"b\"\n",
            "EMPTY= HF_TOKEN=!opaque-v4lue run\n",
        ] {
            assert_found(Keeper::Shell, text);
        }
    }

    #[test]
    fn found_in_python_and_settings() {
        for text in [
            "os.environ[\"HF_TOKEN\"] = \"!opaque-v4lue\"\n",
            "hf_token = '!opaque-v4lue'\n",
            "f(hf_token='!opaque-v4lue')",
        ] {
            assert_found(Keeper::Python, text);
        }
        for text in [
            "hf_token: !opaque-v4lue\n",
            "trainer:\n  hub_token: \"!opaque-v4lue\"\n",
            "- hf_token=!opaque-v4lue\n",
            "{\"hf_token\":\"!opaque-v4lue\"}",
            "hf_token:\n    desc: null\n    value: !opaque-v4lue\nlr:\n    value: 1\n",
            "hf_token:\n  value: !opaque-v4lue\n",
            "environment:\n  - HF_TOKEN=!opaque-v4lue\n",
            "HF_TOKEN = \"!opaque-v4lue\"\n",
            "- name: HF_TOKEN\n  value: !opaque-v4lue\n",
            "- name: HF_TOKEN\n  value: \"!opaque-v4lue\"\n",
            "{\"name\": \"HF_TOKEN\", \"value\": \"!opaque-v4lue\"}",
            "{\"name\":\"HF_TOKEN\",\"value\":\"!opaque-v4lue\"}",
            "<add key=\"HF_TOKEN\" value=\"!opaque-v4lue\"/>",
            "HF_TOKEN: str = \"!opaque-v4lue\"\n",
            "hf_token: Optional[str] = '!opaque-v4lue'\n",
            "const HF_TOKEN: &str = \"!opaque-v4lue\";\n",
            "environment: HF_TOKEN=!opaque-v4lue\n",
            "hf_token: !Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXqw==\n",
            "hf_token := \"!opaque-v4lue\"\n",
            "'hf_token' => '!opaque-v4lue',\n",
            "{\"cmd\":\"export HF_TOKEN=!opaque-v4lue\\npython x.py\"}",
            "x: \"A=b\\nHF_TOKEN=!opaque-v4lue\\nC=d\\n\"\n",
        ] {
            assert_found(Keeper::Settings, text);
        }
        assert_found(Keeper::Training, "{\"lr\": 1, \"token\": \"!opaque-v4lue\"}");
    }

    #[test]
    fn silent() {
        for (keeper, text) in [
            (Keeper::Shell, "HF_TOKEN="),
            (Keeper::Shell, "HF_TOKEN=$OTHER_TOKEN"),
            (Keeper::Shell, "HF_TOKEN=$(cat /run/secrets/hf)"),
            (Keeper::Shell, "HF_TOKEN=\"$(cat /run/secrets/hf)\""),
            (Keeper::Shell, "HF_TOKEN=/run/secrets/hf_token"),
            (Keeper::Shell, "HF_TOKEN= huggingface-cli2 download x"),
            (Keeper::Shell, "HF_TOKEN_PATH=opaque-v4lue"),
            (Keeper::Shell, "MY_TOKEN=opaque-v4lue"),
            (Keeper::Shell, "HUB_TOKEN=opaque-v4lue"),
            (Keeper::Shell, "echo ${HF_TOKEN:-opaque-v4lue}"),
            (Keeper::Shell, "if [ $HF_TOKEN = opaque-v4lue ]"),
            (Keeper::Shell, "HF_TOKEN=your_token_here"),
            (Keeper::Shell, "HF_TOKEN=hf_xxxxxxxxxxxxxxxx"),
            (Keeper::Shell, "HF_TOKEN=12345678901"),
            (Keeper::Python, "hf_token = get_the_token2()\n"),
            (Keeper::Python, "os.environ[\"HF_TOKEN\"]\n\"opaque-v4lue\""),
            (Keeper::Settings, "hf_token: null\nhf_token: ${oc.env:HF_TOKEN}\nhf_token: ???\n"),
            (Keeper::Settings, "HF_TOKEN: ${{ secrets.HF_TOKEN }}\n"),
            (Keeper::Settings, "hf_token:\n  other: opaque-v4lue\n"),
            (Keeper::Settings, "token: opaque-v4lue\n"),
            (Keeper::Settings, "max_tokens: 12345678\n"),
            (Keeper::Settings, "hf_key: opaque-v4lue\nhf_secret: opaque-v4lue\nhf_pat: opaque-v4lue\n"),
            (Keeper::Settings, "HF_TOKEN: #c0mment1a\nhf_token: *anch0r1a\nhub_token: !Tag0f1a x\n"),
            (Keeper::Settings, "hf_token = \"projects/123456789/secrets/hub/versions/1\"\n"),
            (Keeper::Shell, "HF_TOKEN=#set-me-n0w1a\n"),
            (Keeper::Shell, "grep HF_TOKEN=something .env\n"),
            (Keeper::Shell, "sed -i 's/HF_TOKEN=.*/HF_TOKEN=REPLACED/' .env\n"),
            (Keeper::Settings, "hft: high-freq1ency-trading\n"),
            (Keeper::Shell, "HF_TOKENS=opaque-v4lue\nHF_TOKEN_SECRET=opaque-v4lue\n"),
        ] {
            assert!(values(keeper, text.as_bytes()).is_empty(), "{text}");
        }
    }
}
