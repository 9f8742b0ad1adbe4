//! Keys that the code of other libraries gives to the Hub: beside its address, or to a class named after it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::host::is_hub;
use super::literal::literal_at;
use super::value::is_opaque;
use super::variable;
use crate::hub::words::{CLASS, PACKAGES, TAKES_TOKEN_FIRST};

/// The longest text between the parts.
const NEAR: usize = 300;

/// Returns the offsets of such keys.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i-u)[^A-Za-z0-9_](?:api[_-]?key|access[_-]?token|(?:api[_-]?|auth[_-]?)?token)\\?["']?[ \t]*[:=][ \t]*"#,
        )
        .expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?-u){CLASS}[A-Za-z0-9_:.]{{0,60}}\(")).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i-u)\bbase_?url\\?["']?[ \t]*[:=][ \t]*\\?["'`]([^\s"'`\\]+)"#)
            .expect("a valid pattern")
    });
    let rest = |from: usize| {
        let rest = content.get(from..).unwrap_or_default();
        rest.get(..NEAR).unwrap_or(rest)
    };
    // The arguments of a call or the members of an object end with it.
    let ends = |b: &u8| matches!(b, b'(' | b')' | b'}' | b']');
    let mut found = Vec::new();
    let mut search = |from: usize, len: usize| {
        let keys = KEY.find_iter(content.get(from..from + len).unwrap_or_default());
        let values = keys.filter_map(|key| argument_at(content, from + key.start(), from + key.end()));
        found.extend(values.map(|value| value.start));
    };
    for class in NAMED.find_iter(content) {
        let text = rest(class.end());
        search(class.end() - 1, 1 + text.iter().position(ends).unwrap_or(text.len()));
    }
    for captures in ADDRESS.captures_iter(content) {
        let (Some(whole), Some(url)) = (captures.get(0), captures.get(1)) else { continue };
        if !is_hub(url.as_bytes()) {
            continue;
        }
        let text = rest(whole.end());
        search(whole.end(), text.iter().position(ends).unwrap_or(text.len()));
        let before = content.get(whole.start().saturating_sub(NEAR)..whole.start()).unwrap_or_default();
        let begins = |b: &u8| matches!(b, b'(' | b')' | b'{' | b'}' | b'[');
        let len = before.iter().rev().take_while(|b| !begins(b)).count();
        let from = whole.start() - len;
        search(from.saturating_sub(1), whole.start() - from.saturating_sub(1));
    }
    found.extend(first_arguments(content));
    if PACKAGES.iter().any(|package| memchr::memmem::find(content, package.as_bytes()).is_some()) {
        found.extend(of_package(content));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the tokens that a text gives to classes of the Hub for JavaScript, or to a variable that they get.
fn first_arguments(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static MADE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?-u){TAKES_TOKEN_FIRST}\s{{0,64}}")).expect("a valid pattern")
    });
    let values = MADE.find_iter(content).filter_map(|made| argument_at(content, made.start(), made.end()));
    values.map(|value| value.start).collect()
}

/// Returns the opaque literal at `at`, or the one that the text in front of `call` gives to the variable there.
fn argument_at(content: &[u8], call: usize, at: usize) -> Option<Range<usize>> {
    let value = literal_at(content, at, false)
        .or_else(|| variable::assigned(content, call, variable::used_at(content, at)?, false))?;
    content.get(value.clone()).is_some_and(is_opaque).then_some(value)
}

/// Returns the tokens that a text gives to the packages of the Hub for JavaScript.
fn of_package(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)(?:\baccessToken[ \t]*:|\bnew[ \t]+(?:Hf|Inference)[A-Za-z]{1,30}\()\s{0,64}")
            .expect("a valid pattern")
    });
    let values =
        GIVEN.find_iter(content).filter_map(|given| argument_at(content, given.start(), given.end()));
    values.map(|value| value.start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "c = OpenAI(base_url=\"https://router.huggingface.co/v1\", api_key=\"!opaque-v4lue\")\n",
            "c = OpenAI(\n    api_key=\"!opaque-v4lue\",\n    base_url=\"https://router.huggingface.co/v1\",\n)\n",
            "new OpenAI({ baseURL: \"https://router.huggingface.co/v1\", apiKey: \"!opaque-v4lue\" })\n",
            "e = HuggingFaceInferenceAPIEmbeddings(api_key=\"!opaque-v4lue\", model_name=\"x\")\n",
            "new HuggingFaceInference({ model: \"gpt2\", apiKey: \"!opaque-v4lue\" })\n",
            "const hf = createHuggingFace({ apiKey: \"!opaque-v4lue\" })\n",
            "import { HfInference } from \"@huggingface/inference\";\nconst hf = new HfInference(\"!opaque-v4lue\");\n",
            "KEY = \"!opaque-v4lue\"\nc = OpenAI(base_url=\"https://router.huggingface.co/v1\", api_key=KEY)\n",
            "const token = \"!opaque-v4lue\";\nconst hf = new HfInference(token);\n",
            "const hf = new HfInference(\"!opaque-v4lue\");\n",
            "import { InferenceClient } from \"@huggingface/inference\";\nconst key = '!opaque-v4lue';\nconst c = new InferenceClient(key);\n",
            "import { uploadFile } from \"@huggingface/hub\";\nuploadFile({ repo: \"o/r\", accessToken: \"!opaque-v4lue\" })\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "c = OpenAI(base_url=\"https://api.example.com/v1\", api_key=\"opaque-v4lue\")\n",
            "c = OpenAI(base_url=\"https://router.huggingface.co/v1\")\nd = OpenAI(api_key=\"opaque-v4lue\")\n",
            "d = OpenAI(api_key=\"opaque-v4lue\")\nc = OpenAI(base_url=\"https://router.huggingface.co/v1\")\n",
            "e = HuggingFaceEmbeddings(max_token=\"opaque-v4lue\")\n",
            "e = HuggingFaceEmbeddings(api_key=os.environ[\"opaque-v4lue\"])\n",
            "import { x } from \"other\";\nconst hf = new InferenceClient(\"opaque-v4lue\");\n",
            "const token = read(\"opaque-v4lue\");\nconst hf = new HfInference(token);\n",
            "const token = \"opaque-v4lue\";\nconst hf = new Other(token);\n",
            "import { x } from \"@huggingface/hub\";\nf({ token: \"opaque-v4lue\" });\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
