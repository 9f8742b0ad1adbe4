//! Credentials on command lines, as histories and run metadata keep them: `--hf_token …`, `hf auth login
//! --token …`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::header::line_range;
use super::literal::value_at;
use super::value::is_opaque;
use super::variable;
use crate::detect::variables::is_hub_key;
use crate::hub::programs::{COMMANDS, Does, RUNS, SHORT_FLAG, TOKEN_FLAG};

/// Returns the offsets of such credentials.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static FLAG: LazyLock<Regex> = LazyLock::new(|| {
        // In a JSON list, there are quotes and a comma between a flag and its value. In a YAML list, there is a line
        // break.
        Regex::new(r#"(?-u)--?([A-Za-z][A-Za-z0-9_-]{1,40})(?:=|[ \t]+|["']?[ \t]*\r?\n[ \t]*-[ \t]+|(\\?["'],\s*))"#)
            .expect("a valid pattern")
    });
    // A line may have many flags. It is read once.
    let mut last = (0..0, false);
    let mut runs_hub = |at: usize| {
        if !last.0.contains(&at) {
            let line = line_range(content, at);
            last = (line.clone(), content.get(line).is_some_and(is_hub_command));
        }
        last.1
    };
    let mut found: Vec<usize> = FLAG
        .captures_iter(content)
        .filter_map(|captures| {
            let (whole, name) = (captures.get(0)?, captures.get(1)?);
            let name_text = std::str::from_utf8(name.as_bytes()).ok()?;
            // llama.cpp has a short form.
            let is_hub = is_hub_key(name_text)
                || (name_text == SHORT_FLAG && !whole.as_bytes().starts_with(b"--"))
                || (name_text == TOKEN_FLAG && runs_hub(name.start()));
            let begins = content.get(..whole.start())?.last().is_none_or(|b| !b.is_ascii_alphanumeric());
            (is_hub && begins).then_some(())?;
            let value = value_at(content, whole.end(), captures.get(2).is_none())?;
            let value = variable_in(content, whole.start(), &value).unwrap_or(value);
            // A text that begins with a hyphen is the next flag, so this flag has no value.
            let is_value = |text: &[u8]| !text.starts_with(b"-") && is_opaque(text);
            content.get(value.clone()).is_some_and(is_value).then_some(value.start)
        })
        .collect();
    found.extend(piped(content));
    found.sort_unstable();
    found
}

/// Returns the literal that a text gives to the variable that is a value: `TOKEN=…`, then `--token $TOKEN`.
fn variable_in(content: &[u8], before: usize, value: &Range<usize>) -> Option<Range<usize>> {
    content.get(value.clone())?.starts_with(b"$").then_some(())?;
    variable::assigned(content, before, variable::used_at(content, value.start)?, true)
}

/// Returns true if a line runs the command line of the Hub.
fn is_hub_command(line: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
        let runs = RUNS.join("|");
        Regex::new(&format!("(?-u)(?:^|[^A-Za-z0-9_.-])(?:{runs})")).expect("a valid pattern")
    });
    COMMAND.is_match(line)
}

/// Returns the offsets of credentials that a login reads: `echo … | hf auth login`, `hf auth login <<< …`.
fn piped(content: &[u8]) -> impl Iterator<Item = usize> {
    fn logins() -> String {
        let asking = COMMANDS.iter().filter(|command| command.does == Does::LogIn { asks: true });
        let logins: Vec<String> = asking.map(|command| command.name.replace(' ', "[ \\t]+")).collect();
        format!("(?:{})", logins.join("|"))
    }
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static PIPED: LazyLock<Regex> = LazyLock::new(|| {
        let value = r#"(?-u)\b(?:echo|printf)[ \t]+(?:-[a-z]+[ \t]+)?["']?([^\s"'|]+)["']?[ \t]*\|[ \t]*"#;
        Regex::new(&[value, &logins()].concat()).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static FED: LazyLock<Regex> = LazyLock::new(|| {
        let value = r#"[^\n<]*<<<[ \t]*["']?([^\s"'|;&]+)"#;
        Regex::new(&["(?-u)", &logins(), value].concat()).expect("a valid pattern")
    });
    let values = PIPED.captures_iter(content).chain(FED.captures_iter(content));
    values
        .filter_map(|captures| Some((captures.get(0)?.start(), captures.get(1)?.range())))
        .map(|(start, value)| variable_in(content, start, &value).unwrap_or(value))
        .filter(|value| {
            content.get(value.clone()).is_some_and(|text| !text.starts_with(b"-") && is_opaque(text))
        })
        .map(|value| value.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "python train.py --hf_token !opaque-v4lue --lr 1\n",
            "vllm serve m --hf-token=!opaque-v4lue\n",
            "llama-server -hf org/model -hft !opaque-v4lue\n",
            "{\"args\": [\"--hf_token\", \"!opaque-v4lue\", \"--lr\", \"1\"]}",
            "args:\n- --hf-token\n- !opaque-v4lue\n",
            "args:\n  - \"--hf-token\"\n  - \"!opaque-v4lue\"\n",
            "{\"args\": [\n    \"--hub_token\",\n    \"!opaque-v4lue\"\n]}",
            "{\"args\": [\"--push_to_hub_token=!opaque-v4lue\"]}",
            "hf auth login --token !opaque-v4lue\n",
            ": 17:0;huggingface-cli login --token=!opaque-v4lue --add-to-git-credential\n",
            "hf download org/model --token '!opaque-v4lue'\n",
            "hfd.sh org/model --hf_username u --hf_token !opaque-v4lue\n",
            "echo !opaque-v4lue | huggingface-cli login\n",
            "echo -n \"!opaque-v4lue\" | hf auth login\n",
            "hf auth login <<< \"!opaque-v4lue\"\n",
            "TOKEN=!opaque-v4lue\nhf auth login --token $TOKEN\n",
            "export T1=\"!opaque-v4lue\"\nls\nhuggingface-cli login --token=\"${T1}\" --add-to-git-credential\n",
            "TOKEN=!opaque-v4lue; hf download x --token \"$TOKEN\"\n",
            "TOKEN='!opaque-v4lue'\necho $TOKEN | hf auth login\n",
            "TOKEN='!opaque-v4lue'\nhf auth login <<< \"$TOKEN\"\n",
            "huggingface-cli login --add-to-git-credential <<<!opaque-v4lue; hf download x\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "hf auth login --token $HF_TOKEN\n",
            "hf auth login --token \"$(cat /run/secrets/hf)\"\n",
            "hf auth login --token\n",
            "TOKEN=opaque-v4lue\nhf auth login --token $OTHER\n",
            "TOKEN=opaque-v4lue\nother login --token $TOKEN\n",
            "TOKEN=opaque-v4lue\nTOKEN=$1\nhf auth login --token $TOKEN\n",
            "hf auth login --token tokenfile.txt\n",
            "hf auth login --token t0ken1a.txt\n",
            "hf auth login --token <your-token>\n",
            "other login --token opaque-v4lue\n",
            "hf auth whoami\nother login --token opaque-v4lue\n",
            "train --hf_token --push\n",
            "vllm serve org/model --hf-token --max-model-len 4096\n",
            "vllm serve org/model --hf-token --tensor-parallel-size=2A\n",
            "{\"args\": [\"--hf_token\", \"--push_to_hub\", \"--hf_token\", \"--lr2Bert\"]}",
            "echo -n2Bert | hf auth login\n",
            "train --hf_token_path opaque-v4lue\n",
            "{\"args\": [\"--hf_token\", null]}",
            "python x.py --hf_key text_column2a\n",
            "sky launch --hf-secret my-cluster-s3cret1a\n",
            "trade --hft opaque-v4lue\n",
            "cat token | hf auth login\n",
            "echo $HF_TOKEN | hf auth login\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
