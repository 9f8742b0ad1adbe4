//! Values of Kubernetes secrets whose name names the Hub: `metadata: name: hf-secret` with `stringData: token: …`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::header::line_range;
use super::literal::value_at;
use super::section::{block, closing_brace};
use super::value::is_opaque;
use crate::hub::words::{NAMES, SECTION};

/// The longest part of a secret that is read.
const LONGEST: usize = 2048;

/// The words in front of the value of a secret.
fn key() -> String {
    let word = format!("(?:{SECTION}|api|access|auth|user|read|write)[_.-]?");
    format!("(?:{word}){{0,3}}(?:token|key|secret|pat|value|credentials?)")
}

/// Returns the offsets of such values.
pub(super) fn values(content: &[u8]) -> Vec<usize> {
    // Most texts are ruled out here.
    if ["Secret", "secret"].iter().all(|word| memchr::memmem::find(content, word.as_bytes()).is_none()) {
        return Vec::new();
    }
    let mut found = of_manifests(content);
    found.extend(of_generators(content));
    found.extend(of_commands(content));
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the values of manifests.
fn of_manifests(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static KIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)\bkind["']?[ \t]*:[ \t]*["']?Secret\b"#).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)\bname["']?[ \t]*:[ \t]*["']?([A-Za-z0-9._-]{2,63})"#).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static DATA: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)\b(?:data|stringData)["']?[ \t]*:(?:[ \t]*\r?\n|[ \t]*(?P<brace>\{))"#)
            .expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r#"(?i-u)(?:^|[\s"'{{,])(?:{})["']?[ \t]*:[ \t]*(?:[|>][-+]?[ \t]*\r?\n[ \t]+)?"#,
            key()
        ))
        .expect("a valid pattern")
    });
    let mut found = Vec::new();
    for document in documents(content) {
        let text = content.get(document.clone()).unwrap_or_default();
        let is_named = || {
            NAME.captures_iter(text).any(|name| name.get(1).is_some_and(|name| names_hub(name.as_bytes())))
        };
        if !KIND.is_match(text) || !is_named() {
            continue;
        }
        let mut searched = 0;
        for data in DATA.captures_iter(text) {
            let Some(whole) = data.get(0).filter(|whole| whole.start() >= searched) else { continue };
            let rest = text.get(whole.end()..).unwrap_or_default();
            let rest = rest.get(..LONGEST).unwrap_or(rest);
            let len = match data.name("brace") {
                Some(_) => closing_brace(rest).unwrap_or(rest.len()),
                None => block(text, whole.start(), rest),
            };
            searched = whole.end() + len;
            let keys = KEY.find_iter(rest.get(..len).unwrap_or_default());
            let values = keys.filter_map(|key| value_at(text, whole.end() + key.end(), true));
            let values = values.filter(|value| text.get(value.clone()).is_some_and(is_opaque));
            found.extend(values.map(|value| document.start + value.start));
        }
    }
    found
}

/// Returns the documents of a text of YAML.
fn documents(content: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(content, b"\n---") {
        found.push(start..at);
        start = at + 1;
    }
    found.push(start..content.len());
    found
}

/// Returns the values of generators of kustomize.
fn of_generators(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static LITERALS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?-u)\bname:[ \t]*["']?([A-Za-z0-9._-]{2,63})["']?[ \t]*\r?\n(?:[ \t]+[a-zA-Z][^\n]{0,200}\n){0,4}?"#,
            r"[ \t]+literals:[ \t]*\r?\n((?:[ \t]*-[ \t][^\n]{0,1100}\n?){1,8})",
        ))
        .expect("a valid pattern")
    });
    if memchr::memmem::find(content, b"secretGenerator").is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for captures in LITERALS.captures_iter(content) {
        let (Some(name), Some(literals)) = (captures.get(1), captures.get(2)) else { continue };
        if names_hub(name.as_bytes()) {
            found.extend(literals_in(content, literals.range()));
        }
    }
    found
}

/// Returns the values in the literals of a generator or a command: `token=…`.
fn literals_in(content: &[u8], text: Range<usize>) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r#"(?i-u)(?:^|[\s"'=])(?:{})="#, key())).expect("a valid pattern")
    });
    let literals = LITERAL.find_iter(content.get(text.clone()).unwrap_or_default());
    let values = literals.filter_map(|literal| value_at(content, text.start + literal.end(), true));
    let values = values.filter(|value| content.get(value.clone()).is_some_and(is_opaque));
    values.map(|value| value.start).collect()
}

/// Returns the values of command lines: `kubectl create secret generic hf-secret --from-literal=token=…`.
fn of_commands(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static CREATED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)\bsecret[ \t]+generic[ \t]+["']?([A-Za-z0-9._-]{2,63})"#).expect("a valid pattern")
    });
    let (mut found, mut searched) = (Vec::new(), 0);
    for captures in CREATED.captures_iter(content) {
        let name = captures.get(1).filter(|name| name.start() >= searched && names_hub(name.as_bytes()));
        let Some(name) = name else { continue };
        let mut end = line_range(content, name.end()).end;
        for _ in 0..4 {
            let is_continued = content.get(..end).is_some_and(|line| line.trim_ascii_end().ends_with(b"\\"));
            if !is_continued || end >= content.len() {
                break;
            }
            end = line_range(content, end + 1).end;
        }
        let end = end.min(name.end() + LONGEST);
        searched = end;
        let text = content.get(name.end()..end).unwrap_or_default();
        for flag in memchr::memmem::find_iter(text, b"--from-literal") {
            let at = name.end() + flag;
            let rest = content.get(at..end).unwrap_or_default();
            let rest = rest.get(b"--from-literal".len()..).unwrap_or_default();
            let len = memchr::memmem::find(rest, b"--from").unwrap_or(rest.len());
            let start = end - rest.len();
            found.extend(literals_in(content, start..start + len));
        }
    }
    found
}

/// Returns true if one of the words in the name of a secret names the vendor.
fn names_hub(name: &[u8]) -> bool {
    let is_vendor = |word: &[u8]| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    name.split(|b| matches!(b, b'-' | b'_' | b'.')).any(is_vendor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: hf-secret\nstringData:\n  token: !opaque-v4lue\n",
            "kind: Secret\nmetadata:\n  name: my-hf-token\ntype: Opaque\ndata:\n  token: \"!b3BhcXVlLXY0bHVlLTE=\"\n",
            "kind: Secret\nmetadata:\n  name: huggingface\n  namespace: x\nstringData:\n  user: u\n  api-key: !opaque-v4lue\n",
            "apiVersion: v1\nstringData:\n  token: |-\n    !opaque-v4lue\nkind: Secret\nmetadata:\n  name: hf-secret\n",
            "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"hf-secret\"}, \"stringData\": {\"token\": \"!opaque-v4lue\"}}",
            "kind: Secret\nmetadata: { name: hf-secret }\nstringData: { hf_api_token: !opaque-v4lue }\n",
            "secretGenerator:\n- name: hf-token\n  literals:\n  - token=!opaque-v4lue\n",
            "secretGenerator:\n  - name: huggingface\n    type: Opaque\n    literals:\n    - user=u\n    - \"api-key=!opaque-v4lue\"\n",
            "kubectl create secret generic hf-secret --from-literal=token=!opaque-v4lue\n",
            "kubectl create secret generic hf-secret -n x \\\n  --from-literal user=u \\\n  --from-literal 'hf_api_token=!opaque-v4lue'\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(values(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "kind: Secret\nmetadata:\n  name: github\nstringData:\n  token: opaque-v4lue\n",
            "kind: ConfigMap\nmetadata:\n  name: hf-secret\ndata:\n  token: opaque-v4lue\n",
            "kind: SecretStore\nmetadata:\n  name: hf-secret\ndata:\n  token: opaque-v4lue\n",
            "kind: Secret\nmetadata:\n  name: hf-secret\n---\nkind: Secret\nmetadata:\n  name: x\ndata:\n  token: opaque-v4lue\n",
            "kind: Secret\nmetadata:\n  name: hf-secret\nstringData:\n  user: opaque-v4lue\n  openai-api-key: opaque-v4lue\n",
            "kind: Secret\nmetadata:\n  name: hf-secret\nstringData:\n  token: <token>\n",
            "kind: Secret\nmetadata:\n  name: shelf-secret\nstringData:\n  token: opaque-v4lue\n",
            "configMapGenerator:\n- name: hf-token\n  literals:\n  - token=opaque-v4lue\n",
            "secretGenerator:\n- name: x\n  literals:\n  - token=opaque-v4lue\n",
            "kubectl create secret generic x --from-literal=token=opaque-v4lue\n",
            "kubectl create secret generic hf-secret\nother --from-literal=token=opaque-v4lue\n",
            "kubectl create secret generic hf-secret --from-literal=token=$TOKEN --from-literal=github-token=opaque-v4lue\n",
        ] {
            assert!(values(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
