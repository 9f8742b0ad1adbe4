//! Credentials in calls of the Hub client, as the Python history keeps them: `login("…")`,
//! `HfApi(token="…")`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::literal_at;
use super::value::is_opaque;
use super::variable;
use crate::hub::python::{ARGUMENTS, HUB_ARGUMENT, TAKE_HUB_TOKEN, TAKE_TOKEN, TAKE_TOKEN_FIRST};

/// The maximum number of bytes of a call that are read.
const LONGEST: usize = 1024;

/// A value that is given to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// The offset of its first byte.
    pub(super) at: usize,
    /// Whether the text must name the vendor, because other libraries have such functions as well.
    pub(super) needs_vendor: bool,
}

/// Returns the offsets of such credentials.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    all(content).into_iter().map(|value| value.at).collect()
}

/// Returns such credentials.
pub(super) fn all(content: &[u8]) -> Vec<Value> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)([A-Za-z_][A-Za-z0-9_.]{0,80})\([ \t]*(?:\r?\n[ \t]*)?").expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        let names = ARGUMENTS.join("|");
        Regex::new(&format!(r"(?-u)\b(?:{names})[ \t]*=[ \t]*")).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static HUB_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?-u)\b{HUB_ARGUMENT}[ \t]*=[ \t]*")).expect("a valid pattern")
    });
    let mut starts = Vec::new();
    // Most texts are ruled out here.
    let holds = |word: &str| memchr::memmem::find(content, word.as_bytes()).is_some();
    if !ARGUMENTS.iter().any(|name| holds(name)) && !TAKE_TOKEN_FIRST.iter().any(|(name, _)| holds(name)) {
        return Vec::new();
    }
    for captures in CALL.captures_iter(content) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
        let Some(function) = Function::of(name.as_bytes()) else { continue };
        let needs_vendor = function != Function::TokenOfHub;
        let named =
            TOKEN.find_iter(arguments_at(content, whole.end())).map(|named| whole.end() + named.end());
        let first = (function == Function::TokenFirst).then_some(whole.end());
        starts.extend(named.chain(first).map(|start| (whole.start(), start, needs_vendor)));
    }
    starts.extend(HUB_TOKEN.find_iter(content).map(|named| (named.start(), named.end(), false)));
    let values = starts.into_iter().filter_map(|(call, start, needs_vendor)| {
        let value = literal_at(content, start, false).or_else(|| assigned(content, call, start))?;
        let is_opaque = content.get(value.clone()).is_some_and(is_opaque);
        is_opaque.then_some(Value { at: value.start, needs_vendor })
    });
    let mut found: Vec<Value> = values.collect();
    // A call may be inside another call.
    found.sort_unstable();
    found.dedup_by_key(|value| value.at);
    found
}

/// Returns the literal that a text in front of a call gives to the variable at `at`.
fn assigned(content: &[u8], call: usize, at: usize) -> Option<Range<usize>> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let rest = content.get(at..)?;
    let name = rest.get(..rest.iter().position(|b| !is_part(b))?)?;
    let ends = |rest: &[u8]| matches!(rest.trim_ascii_start().first(), Some(b',' | b')'));
    if name.first().is_none_or(u8::is_ascii_digit) || !ends(rest.get(name.len()..)?) {
        return None;
    }
    variable::assigned(content, call, name, false)
}

#[derive(PartialEq, Eq)]
enum Function {
    TokenFirst,
    Token,
    /// Only libraries of the Hub have this function.
    TokenOfHub,
}

impl Function {
    fn of(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let (owner, function) = name.rsplit_once('.').unwrap_or(("", name));
        let owner = owner.rsplit('.').next().unwrap_or_default();
        // Other services have functions of these names as well.
        let takes_first = |(name, owners): &(&str, &[&str])| *name == function && owners.contains(&owner);
        if TAKE_TOKEN_FIRST.iter().any(takes_first) {
            Some(Self::TokenFirst)
        } else if TAKE_HUB_TOKEN.contains(&function) {
            Some(Self::TokenOfHub)
        } else {
            TAKE_TOKEN.contains(&function).then_some(Self::Token)
        }
    }
}

/// Returns the text in the parentheses that open in front of `at`.
fn arguments_at(content: &[u8], at: usize) -> &[u8] {
    let rest = content.get(at..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    let mut depth = 0_usize;
    let end = rest.iter().position(|b| {
        match b {
            b'(' => depth += 1,
            b')' if depth == 0 => return true,
            b')' => depth -= 1,
            _ => {}
        }
        false
    });
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "login(token=\"!opaque-v4lue\")\n",
            "login('!opaque-v4lue', add_to_git_credential=True)\n",
            "huggingface_hub.login(\"!opaque-v4lue\")\n",
            "login(\n    token = '!opaque-v4lue',\n)\n",
            "HfFolder.save_token('!opaque-v4lue')\n",
            "api = HfApi(endpoint=os.getenv('X'), token=\"!opaque-v4lue\")\n",
            "InferenceClient(\"org/model\", token=\"!opaque-v4lue\")\n",
            "InferenceClient(provider='x', api_key='!opaque-v4lue')\n",
            "m = AutoModel.from_pretrained('org/m', use_auth_token='!opaque-v4lue').to('cuda')\n",
            "print(snapshot_download('a/b', token='!opaque-v4lue'))\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "login()\n",
            "login(token=token)\n",
            "login(token=os.environ['HF_T0KENx'])\n",
            "login('your-token-here')\n",
            "wandb.login('opaque-v4lue')\n",
            "client.login('alice', 'opaque-v4lue')\n",
            "Slack(token='opaque-v4lue')\n",
            "HfApi('opaque-v4lue')\n",
            "HfApi(endpoint='https://x'); f(token='opaque-v4lue')\n",
            "OpenAI(api_key='opaque-v4lue')\n",
            "HfApi(eos_token='opaque-v4lue')\n",
            "login(",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn hostile_nesting_ends() {
        values("login(".repeat(50_000).as_bytes());
    }
}
