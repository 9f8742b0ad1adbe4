//! Masks tokens in text that will be shown. The mask matches more than the search does, because a false
//! match costs little here.

use std::ops::Range;

use super::Masked;
use super::values::{Extent, mask_build_arguments, mask_values};
use crate::detect::LookAlike;
use crate::detect::{encoded_look_alikes, next_look_alike};

/// Returns `bytes` as text, with every token and every value of a token variable replaced by its redacted
/// form.
pub(crate) fn mask(bytes: &[u8]) -> Masked {
    Masked(String::from_utf8_lossy(&mask_bytes(bytes)).into())
}

/// The number of characters that [`quote`] shows.
const MAX_QUOTED: usize = 80;

/// Quotes a piece of source code for a sentence. The quotation is masked and cut. It is left out when
/// quotes, escapes or blanks split a token in it, because the mask alone does not recognise such a token.
pub(crate) fn quote(bytes: &[u8]) -> Masked {
    if holds_split_token(bytes) {
        return Masked::own("…");
    }
    let masked = mask(bytes);
    match masked.as_str().char_indices().nth(MAX_QUOTED) {
        Some((at, _)) => masked.cut(at),
        None => masked,
    }
}

/// Reports whether a token appears when quotes, backslashes and blanks are removed from source code.
pub(crate) fn holds_split_token(bytes: &[u8]) -> bool {
    let is_glue = |b: &u8| matches!(b, b'"' | b'\'' | b'\\' | b'`' | b'^') || b.is_ascii_whitespace();
    let squeezed: Vec<u8> = bytes.iter().copied().filter(|b| !is_glue(b)).collect();
    squeezed.len() < bytes.len() && mask_tokens(&squeezed) != squeezed
}

/// Returns source code as text, with every token replaced by its redacted form. Values of token variables are
/// shown if they cannot be credentials: calls, references, paths, words.
pub(crate) fn mask_code(bytes: &[u8]) -> Masked {
    Masked(String::from_utf8_lossy(&mask_within(bytes, Extent::Credentials)).into())
}

pub(super) fn mask_bytes(bytes: &[u8]) -> Vec<u8> {
    mask_within(bytes, Extent::All)
}

fn mask_within(bytes: &[u8], extent: Extent) -> Vec<u8> {
    let tokens = mask_tokens(bytes);
    // The text beside a token that is gone may be a token itself.
    let tokens = mask_joined(&tokens).map_or(tokens, |joined| mask_tokens(&joined));
    mask_values(&mask_build_arguments(&tokens), extent)
}

/// Masks tokens that quotes, backslashes or continued lines split: `hf_ab""cd…`, `"hf_ab" + "cd…"`.
/// Returns `None` if there are none.
fn mask_joined(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_glue = |b: &u8| matches!(b, b'"' | b'\'' | b'\\' | b'`');
    if !bytes.iter().any(is_glue) {
        return None;
    }
    let mut joined = Vec::with_capacity(bytes.len());
    let mut places = Vec::with_capacity(bytes.len());
    // Whether the bytes since the last one that was kept are glue, and blanks behind glue.
    let mut is_behind_glue = false;
    for (at, b) in bytes.iter().enumerate() {
        is_behind_glue =
            is_glue(b) || (is_behind_glue && (b.is_ascii_whitespace() || matches!(b, b'+' | b'.')));
        if !is_behind_glue {
            joined.push(*b);
            places.push(at);
        }
    }
    let mut out = Vec::new();
    let (mut done, mut next) = (0, 0);
    while let Some(LookAlike { at, .. }) = next_look_alike(&joined, next) {
        next = at.end.max(next + 1);
        let (Some(&first), Some(&last)) =
            (places.get(at.start), at.end.checked_sub(1).and_then(|last| places.get(last)))
        else {
            continue;
        };
        if first < done || last - first + 1 == at.len() {
            continue;
        }
        out.extend_from_slice(bytes.get(done..first).unwrap_or_default());
        out.extend_from_slice("…".as_bytes());
        done = last + 1;
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    (done > 0).then_some(out)
}

fn mask_tokens(bytes: &[u8]) -> Vec<u8> {
    /// The text next to a masked token may be a token itself, so masking is repeated. A text that still
    /// changes after this many rounds is not shown.
    const ROUNDS: usize = 32;
    let mut out = bytes.to_vec();
    for _ in 0..ROUNDS {
        let Some(masked) = mask_once(&out) else { return out };
        out = masked;
    }
    "…".into()
}

/// Masks plain and encoded tokens. Nothing remains of an encoded token. Returns `None` if the text holds no
/// token.
fn mask_once(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut done = 0;
    let encoded = encoded_look_alikes(bytes);
    let mut encoded = encoded.into_iter().peekable();
    let mut plain = next_look_alike(bytes, done);
    loop {
        while encoded.next_if(|at| at.end <= done).is_some() {}
        if plain.as_ref().is_some_and(|plain| plain.at.start < done) {
            plain = next_look_alike(bytes, done);
        }
        let before = |at: &Range<usize>| plain.as_ref().is_none_or(|plain| at.start < plain.at.start);
        let found = match encoded.next_if(before) {
            Some(at) => Some(LookAlike { at: at.start.max(done)..at.end, shown: None }),
            None => plain.take(),
        };
        let Some(LookAlike { at, shown }) = found else { break };
        out.extend_from_slice(bytes.get(done..at.start).unwrap_or_default());
        if let Some((prefix, tail)) = shown {
            out.extend_from_slice(bytes.get(at.start..at.start + prefix).unwrap_or_default());
            out.extend_from_slice("…".as_bytes());
            out.extend_from_slice(bytes.get(at.end.saturating_sub(tail)..at.end).unwrap_or_default());
        } else {
            out.extend_from_slice("…".as_bytes());
        }
        done = at.end;
        if plain.is_none() {
            plain = next_look_alike(bytes, done);
        }
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    (done > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::{TOKEN, token};

    #[test]
    fn tokens_are_masked_wherever_they_stand() {
        let token = token("hf_");
        for (text, shown) in [
            (format!("see {token}."), "see hf_…fJXq.".to_owned()),
            (format!("glued{token}glued"), "gluedhf_…fJXqglued".to_owned()),
            (format!("ENV HF_TOKEN={token} A=b"), "ENV HF_TOKEN=hf_…fJXq A=b".to_owned()),
        ] {
            assert_eq!(mask(text.as_bytes()).as_str(), shown);
        }
        assert!(TOKEN.ends_with("fJXq"));
    }

    #[test]
    fn tokens_in_pieces_are_masked() {
        let token = token("hf_");
        let (front, back) = token.split_at(15);
        for (text, shown) in [
            (format!("a {front}\"\"{back} b"), "a … b"),
            (format!("a {front}\\\n   {back} b"), "a … b"),
            (format!("a '{front}' + '{back}' b"), "a '…' b"),
            (format!("a {front}'{back}' b"), "a …' b"),
        ] {
            assert_eq!(mask(text.as_bytes()).as_str(), shown, "{text}");
        }
    }

    #[test]
    fn values_of_token_variables_are_masked_whatever_their_shape() {
        for (text, shown) in [
            ("|1 HF_TOKEN=opaque-value /bin/sh -c true", "|1 HF_TOKEN=… /bin/sh -c true"),
            ("RUN |1 HF_TOKEN=s3cret,Rest (a; b /bin/sh -c true", "RUN |1 HF_TOKEN=… /bin/sh -c true"),
            ("|1 HF_TOKEN=$3cretRest /bin/sh -c true", "|1 HF_TOKEN=… /bin/sh -c true"),
            ("|2 HF_TOKEN={Rest} A=b /bin/sh", "|2 HF_TOKEN=… A=b /bin/sh"),
            ("{\"HF_TOKEN\":\"Rest-and-more\"}", "{\"HF_TOKEN\":\"…\"}"),
            ("HF_TOKEN=a\\ Rest run", "HF_TOKEN=… run"),
            ("export HF_TOKEN=a;b-and-more; run", "export HF_TOKEN=…; run"),
            ("CMD [\"--token\" \"Rest-and-more\"]", "CMD [\"--token\" \"…\"]"),
            ("git clone https://Rest-and-more@huggingface.co/x", "git clone https://…@huggingface.co/x"),
            ("RUN |2 EMPTY= HF_TOKEN=opaque-value /bin/sh", "RUN |2 EMPTY= HF_TOKEN=… /bin/sh"),
            ("EMPTY= HF_TOKEN=opaque-value x", "EMPTY= HF_TOKEN=… x"),
            ("build --build-arg=HF_TOKEN=opaque-value .", "build --build-arg=HF_TOKEN=… ."),
            ("ENV HF_TOKEN opaque-value", "ENV HF_TOKEN …"),
            ("HF_TOKEN=\"opaque-value\" run", "HF_TOKEN=\"…\" run"),
            ("HF_TOKEN=\"opaque value\" run", "HF_TOKEN=\"…\" run"),
            ("HF_TOKEN='opaque value' run", "HF_TOKEN='…' run"),
            ("HF_TOKEN=\\\"opaque value\\\" run", "HF_TOKEN=\\\"…\\\" run"),
            ("hf auth login --token opaque-value && x", "hf auth login --token … && x"),
            ("git clone https://user:opaque-value@host/x", "git clone https://user:…@host/x"),
            ("curl -H 'Authorization: Bearer opaque-value'", "curl -H 'Authorization: Bearer …'"),
            ("hf auth login --token opaque\\\n-value && x", "hf auth login --token … && x"),
            ("hf auth login --token \\\n  opaque-value && x", "hf auth login --token … && x"),
            ("hf auth login --token opaque\"\"-value && x", "hf auth login --token … && x"),
            ("hf auth login --token \"opaque\"'-value' && x", "hf auth login --token \"…\" && x"),
            ("hf auth login --token ''opaque-value && x", "hf auth login --token … && x"),
            (
                "curl -H \"Authorization: Bearer opaque\" -H \"A: b\"",
                "curl -H \"Authorization: Bearer …\" -H \"A: b\"",
            ),
        ] {
            assert_eq!(mask(text.as_bytes()).as_str(), shown);
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "RUN pip install huggingface_hub==1.2",
            "HF_TOKEN=$HF_TOKEN hf download x",
            "ENV HF_HOME=/data PATH=/bin",
            "https://host:8080/path",
            "hf_hub_download(repo_id, filename)",
            "export HF_TOKEN=$(cat /run/secrets/hf)",
        ] {
            assert_eq!(mask(text.as_bytes()).as_str(), text);
        }
    }

    #[test]
    fn references_in_quoted_code_are_shown() {
        let text = "write `hf download --token $HF_TOKEN`, and build";
        assert_eq!(mask(text.as_bytes()).as_str(), text);
        assert_eq!(mask(b"write `--token abcdefgh`, and").as_str(), "write `--token \u{2026}, and");
    }
}
