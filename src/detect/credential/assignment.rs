//! Values that are assigned to the variables and settings of the Hub clients: `HF_TOKEN=…`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::literal::value_at;
use super::names::Keeper;
use super::value::is_opaque;
use crate::detect::variables::{is_hub_key, is_hub_variable, may_be_hub_key};

/// Returns the offsets of such values.
pub(super) fn values(keeper: Keeper, content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u)(?:(?P<set>setenv|set[ \t]+-[A-Za-z]+)[ \t]+)?",
            r"(?P<name>[A-Za-z_][A-Za-z0-9_]{1,63})",
            r#"(?P<close>\\?["'])?\]?(?P<before>[ \t]*)"#,
            // The format of wandb, in which the value is a member of its own.
            r"(?:(?P<nested>:[ \t]*\r?\n(?:[ \t]+desc:[^\n]*\n)?[ \t]+value:[ \t]+)",
            // A list of variables, as Kubernetes has it: the name and the value are members of one object.
            r#"|(?P<member>,?\s{0,64}["']?[Vv]alue["']?[ \t]*[:=][ \t]*)"#,
            // A type between the name and the value, or another operator.
            r"|(?P<typed>:[ \t]*[A-Za-z&][A-Za-z0-9_.<>&'\[\] ]{0,40}=[ \t]*|[:?|]{1,2}=[ \t]*|=>[ \t]*)",
            r"|(?P<sign>[=:])(?P<after>[ \t]*)|(?P<blank>))",
        ))
        .expect("a valid pattern")
    });
    let is_settings = matches!(keeper, Keeper::Settings | Keeper::Training);
    let mut found = Vec::new();
    // The pattern matches every name of a text, and most texts have none that counts.
    if !content.split(|&b| !is_of_name(b)).any(may_be_hub_key) {
        return found;
    }
    let mut from = 0;
    while let Some(captures) = NAME.captures_at(content, from) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.name("name")) else { break };
        // What looks like a value may be the next name.
        from = name.end().max(from + 1);
        let text = std::str::from_utf8(name.as_bytes()).unwrap_or_default();
        // In a string, the letter of an escaped line break is in front of the name.
        let is_broken =
            text.starts_with(['n', 'r']) && name.start() > 0 && content.get(name.start() - 1) == Some(&b'\\');
        let text = if is_broken { text.get(1..).unwrap_or_default() } else { text };
        let is_key = if is_settings { is_hub_key(text) } else { is_hub_variable(text) };
        let is_key = is_key || (keeper == Keeper::Training && text == "token");
        if !is_key || !begins_name(content, name.start()) {
            continue;
        }
        let blanks = |group| captures.name(group).is_some_and(|blanks| !blanks.is_empty());
        let quoted = captures.name("close").is_some();
        let (assigned, bare) = match captures.name("sign").map(|sign| sign.as_bytes()) {
            // With a blank on only one side, a shell runs the text after the sign as a command.
            Some(b"=") => (true, is_settings || blanks("before") == blanks("after")),
            Some(_) => (quoted || blanks("after"), is_settings),
            None if captures.name("nested").is_some() => (is_settings, true),
            None if captures.name("member").is_some() => (is_settings, true),
            None if captures.name("typed").is_some() => (is_settings, false),
            None => (captures.name("set").is_some() && blanks("before"), true),
        };
        if !assigned {
            continue;
        }
        let value = value_at(content, whole.end(), bare && keeper != Keeper::Python);
        if let Some(value) = value
            && content.get(value.clone()).is_some_and(is_opaque)
        {
            found.push(value.start);
            from = value.end.max(from);
        }
    }
    found
}

fn is_of_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Returns true if neither a longer name nor a reference includes the text in front of `at`.
fn begins_name(content: &[u8], at: usize) -> bool {
    let before = content.get(..at).unwrap_or_default();
    let inside = before.last().is_some_and(|&b| is_of_name(b) || matches!(b, b'$' | b'%'));
    !inside && !before.ends_with(b"${")
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
