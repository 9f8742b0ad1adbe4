//! The shape of a token: prefix, body, and context.

use super::Confidence;
use super::boundary;
use super::encoding::is_sign;
use super::randomness::{self, BODY, Strictness};
use crate::hub::tokens;
use crate::hub::tokens::Body;
use crate::hub::tokens::KINDS;
use crate::hub::tokens::Kind;
use crate::hub::tokens::LONGEST_PREFIX;
use crate::hub::tokens::SHORTEST_PREFIX;

/// The number of bytes around a prefix that are checked for evidence: NULs, escapes, names.
pub(super) const REACH: usize = 64;
/// The longest token that is distinguished from text: a JSON Web Token with large claims.
pub(super) const MAX_TOKEN: usize = 16 * 1024;
/// The longest header of a JSON Web Token. The header names an algorithm and a key.
const MAX_HEADER: usize = 512;
/// The beginning of a JSON Web Token: base64 of `{"`.
const WEB: &[u8] = b"eyJ";

/// The number of decoded bytes that [`may_begin`] checks.
pub(super) const HEAD: usize = LONGEST_PREFIX + BODY;
/// The number of bytes from the prefix on that [`judge`] checks for a token that is not a web token.
pub(super) const SHORT: usize = HEAD + REACH;
/// The length of the shortest token.
pub(super) const SHORTEST: usize = SHORTEST_PREFIX + BODY;

/// Returns true if text may begin a token. Rules out chance matches of the needles before anything is
/// decoded at length.
pub(super) fn may_begin(text: &[u8]) -> bool {
    KINDS.iter().any(|kind| match (kind.strip(text), kind.body) {
        (None, _) => kind.may_follow(text),
        (Some(body), Body::Letters) => body.iter().take(BODY).all(u8::is_ascii_alphanumeric),
        (Some(_), Body::WebToken) => true,
    })
}

/// Returns true if a web token may begin with `text`. `text` may be cut.
pub(crate) fn may_be_web(text: &[u8]) -> bool {
    tokens::with(Body::WebToken).any(|kind| match kind.strip(text) {
        Some(body) => body.first().is_none_or(|first| WEB.starts_with(&[*first])),
        None => kind.may_follow(text),
    })
}

/// The result for a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// A token of the given length.
    Token { kind: &'static Kind, len: usize, confidence: Confidence },
    /// No token.
    None,
    /// The bytes end before a decision is possible.
    NeedMore,
}

/// The content that searched bytes are a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// Whether the content ends with the bytes.
    pub(super) whole_end: bool,
    /// Whether the content is known not to be text.
    pub(super) is_binary: bool,
}

impl Context {
    /// Returns the context of decoded text.
    pub(super) fn text(whole_end: bool) -> Self {
        Self { whole_end, is_binary: false }
    }
}

/// Judges the candidate at `at`. `bytes` begins with the content or holds at least [`REACH`] bytes in front
/// of `at`.
pub(super) fn judge(bytes: &[u8], at: usize, context: Context) -> Judgement {
    let rest = bytes.get(at..).unwrap_or_default();
    if is_plain_identifier(rest) {
        return Judgement::None;
    }
    if !context.whole_end && rest.len() < SHORT {
        return Judgement::NeedMore;
    }
    let before = bytes.get(at.saturating_sub(REACH)..at).unwrap_or_default();
    let surroundings = Surroundings { before, rest, context };
    match tokens::at(rest) {
        Some(kind) if kind.body == Body::WebToken => surroundings.web_token(kind),
        Some(kind) => surroundings.letters(kind),
        None => Judgement::None,
    }
}

/// Returns true if a text that is not a plain token may be a token after its spelled characters are
/// resolved.
pub(super) fn may_be_spelled(rest: &[u8]) -> bool {
    /// The longest start of a web token that anyone writes on one line.
    const NEAR: usize = 160;
    let rest = rest.get(..NEAR).unwrap_or(rest);
    let kind = tokens::at(rest);
    let is_web = kind.is_some_and(|kind| {
        tokens::with(Body::WebToken).any(|web| web.strip(kind.prefix.as_bytes()).is_some())
    });
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || (is_web && matches!(b, b'_' | b'-' | b'.'));
    let body = kind.and_then(|kind| kind.strip(rest)).or_else(|| {
        // The separator at the end of a prefix may be spelled.
        let stem = |root: &'static str| root.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        tokens::roots().find_map(|root| rest.strip_prefix(stem(root).as_bytes()))
    });
    let end = body.and_then(|body| body.iter().find(|b| !is_part(b)));
    end.is_some_and(|&end| is_sign(end))
}

/// Returns the length of the prefix and a body of letters and digits, if a text begins with them.
pub(super) fn length_of_letters(text: &[u8]) -> Option<usize> {
    let prefix = tokens::at(text).filter(|kind| kind.body == Body::Letters)?.prefix.len();
    let body = text.get(prefix..prefix + BODY)?;
    body.iter().all(u8::is_ascii_alphanumeric).then_some(prefix + BODY)
}

/// Returns true if the prefix begins a plain name such as `hf_hub_download`, as nearly all prefixes in real
/// text do. The first character that cannot be part of a body shows this before anything else is checked.
fn is_plain_identifier(rest: &[u8]) -> bool {
    let Some(kind) = tokens::at(rest).filter(|kind| kind.body == Body::Letters) else { return false };
    let body = kind.strip(rest).unwrap_or_default();
    let run = body.iter().take(BODY).take_while(|b| b.is_ascii_alphanumeric()).count();
    // This may be the cut beginning of a longer prefix.
    run < BODY && run < body.len() && !KINDS.iter().any(|kind| kind.may_follow(rest))
}

struct Surroundings<'a> {
    before: &'a [u8],
    rest: &'a [u8],
    context: Context,
}

impl Surroundings<'_> {
    /// Judges a prefix with 34 random letters. Digits have never been seen in a body. They are accepted if
    /// everything else is clear, because the Hub's own pattern allows them.
    fn letters(&self, kind: &'static Kind) -> Judgement {
        let prefix = kind.prefix.len();
        let Some(body) = self.rest.get(prefix..prefix + BODY) else { return Judgement::None };
        let behind = self.rest.get(prefix + BODY..).unwrap_or_default();
        let only_letters = body.iter().all(u8::is_ascii_alphabetic);
        if !body.iter().all(u8::is_ascii_alphanumeric) {
            return Judgement::None;
        }
        let begins = boundary::may_begin_behind(self.before);
        let ends = boundary::may_end_before(behind);
        let glued = || boundary::is_option(self.before);
        let joins = || boundary::is_joined(self.before.iter().rev().copied());
        let is_loose = self.is_binary()
            || (begins
                || follows_token(self.before)
                || follows_opcode(self.before, behind)
                || glued()
                || joins())
                && (ends || tokens::at(behind).is_some() || boundary::is_joined(behind.iter().copied()));
        let confidence = if begins && ends && randomness::is_random(body, Strictness::Usual) {
            if only_letters || self.is_named() { Confidence::High } else { Confidence::Medium }
        } else if only_letters && is_loose && randomness::is_random(body, Strictness::Strict) {
            Confidence::Medium
        } else {
            return Judgement::None;
        };
        Judgement::Token { kind, len: prefix + BODY, confidence }
    }

    /// Judges a prefix with a JSON Web Token: three parts of base64url (RFC 7519, section 3; RFC 7515).
    fn web_token(&self, kind: &'static Kind) -> Judgement {
        let prefix = kind.prefix.len();
        let text = self.rest.get(prefix..).unwrap_or_default();
        let text = text.get(..MAX_TOKEN).unwrap_or(text);
        if !text.starts_with(WEB) {
            return Judgement::None;
        }
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let part =
            |from: usize| text.get(from..).unwrap_or_default().iter().take_while(|&b| is_part(b)).count();
        let is_long = |b: Option<&[u8]>| b.is_some_and(|b| b.iter().all(is_part));
        if is_long(text.get(..MAX_HEADER)) {
            return Judgement::None;
        }
        let header = part(0);
        let payload = if text.get(header) == Some(&b'.') { part(header + 1) } else { 0 };
        let second = header + 1 + payload;
        let is_signed = payload > 0 && text.get(second) == Some(&b'.');
        let signature = if is_signed { part(second + 1) } else { 0 };
        let len = if is_signed { second + 1 + signature } else { header + 1 + payload };
        if len >= text.len() && text.len() < MAX_TOKEN && !self.context.whole_end {
            return Judgement::NeedMore;
        }
        let signature = text.get(second + 1..second + 1 + signature).unwrap_or_default();
        // A real signature has at least 43 characters. A shorter signature is an abridged example in a
        // document, unless it varies like a random one.
        let varied = {
            let mut seen = signature.to_vec();
            seen.sort_unstable();
            seen.dedup();
            seen.len()
        };
        let bordered = boundary::may_begin_behind(self.before) || self.is_binary();
        if header < 8 || payload < 8 || signature.len() < 10 || varied < 6 || !bordered {
            return Judgement::None;
        }
        Judgement::Token { kind, len: prefix + len, confidence: Confidence::High }
    }

    /// Returns true if the candidate is in a binary file. Binary formats join strings, so a token need not
    /// be separated from its neighbours.
    fn is_binary(&self) -> bool {
        let behind = self.rest.get(..REACH).unwrap_or(self.rest);
        self.context.is_binary || self.before.contains(&0) || behind.contains(&0)
    }

    /// Returns true if the text in front mentions a credential.
    fn is_named(&self) -> bool {
        const NAMES: [&[u8]; 6] = [b"token", b"bearer", b"key", b"secret", b"password", b"://"];
        let before = self.before.to_ascii_lowercase();
        NAMES.iter().any(|name| memchr::memmem::find(&before, name).is_some())
    }
}

/// Returns true if the bytes end with a token. The columns of a row may hold the same token twice without a
/// separator.
fn follows_token(before: &[u8]) -> bool {
    tokens::with(Body::Letters).any(|kind| {
        let token = before.len().checked_sub(kind.prefix.len() + BODY).and_then(|start| before.get(start..));
        token.and_then(|token| kind.strip(token)).is_some_and(|body| {
            body.iter().all(u8::is_ascii_alphabetic) && randomness::is_random(body, Strictness::Strict)
        })
    })
}

/// Returns true for a string in a pickle of protocol 0, which is preceded by `V` and ends with the line.
fn follows_opcode(before: &[u8], behind: &[u8]) -> bool {
    (before == b"V" || before.ends_with(b"\nV")) && behind.starts_with(b"\n")
}

/// Returns the lengths of the prefix and of the whole possible token at the start of `bytes`, regardless of
/// its neighbours. The mask uses this.
pub(super) fn to_mask(bytes: &[u8]) -> Option<(usize, usize)> {
    let alone = Surroundings { before: &[], rest: bytes, context: Context::text(true) };
    for kind in tokens::with(Body::WebToken).filter(|kind| kind.strip(bytes).is_some()) {
        if let Judgement::Token { len, .. } = alone.web_token(kind) {
            return Some((kind.prefix.len(), len));
        }
    }
    let len = length_of_letters(bytes)?;
    let prefix = len - BODY;
    let body = bytes.get(prefix..len).unwrap_or_default();
    randomness::is_random(body, Strictness::Usual).then_some((prefix, len))
}
