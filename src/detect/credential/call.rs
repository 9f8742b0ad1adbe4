//! Credentials in calls of the Hub client, as the Python history keeps them: `login("…")`,
//! `HfApi(token="…")`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::value_at;
use super::value::is_opaque;
use crate::hub::python::{ARGUMENTS, TAKE_TOKEN, TAKE_TOKEN_FIRST};

/// The maximum number of bytes of a call that are read.
const LONGEST: usize = 1024;

/// Returns the offsets of such credentials.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)([A-Za-z_][A-Za-z0-9_.]{0,80})\([ \t]*(?:\r?\n[ \t]*)?").expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        let names = ARGUMENTS.join("|");
        Regex::new(&format!(r"(?-u)\b(?:{names})[ \t]*=[ \t]*")).expect("a valid pattern")
    });
    let mut found = Vec::new();
    for captures in CALL.captures_iter(content) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
        let Some(kind) = Function::of(name.as_bytes()) else { continue };
        let arguments = arguments_at(content, whole.end());
        let mut starts: Vec<usize> =
            TOKEN.find_iter(arguments).map(|named| whole.end() + named.end()).collect();
        if kind == Function::TakesTokenFirst {
            starts.push(whole.end());
        }
        let values = starts.into_iter().filter_map(|start| value_at(content, start, false));
        found.extend(
            values.filter(|value| content.get(value.clone()).is_some_and(is_opaque)).map(|value| value.start),
        );
    }
    // A call may be inside another call.
    found.sort_unstable();
    found.dedup();
    found
}

#[derive(PartialEq, Eq)]
enum Function {
    TakesTokenFirst,
    TakesToken,
}

impl Function {
    fn of(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let (owner, function) = name.rsplit_once('.').unwrap_or(("", name));
        let owner = owner.rsplit('.').next().unwrap_or_default();
        // Other services have functions of these names as well.
        let takes_first = |(name, owners): &(&str, &[&str])| *name == function && owners.contains(&owner);
        if TAKE_TOKEN_FIRST.iter().any(takes_first) {
            return Some(Self::TakesTokenFirst);
        }
        TAKE_TOKEN.contains(&function).then_some(Self::TakesToken)
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
