//! The readers at a needle, each with its context, and the judgement of the decoded text.

use std::ops::Range;

use zeroize::Zeroizing;

use super::base64::{self, Base64};
use super::decoded::{Decoded, Front, Reader, Unit};
use super::hex::Hex;
use super::joined;
use super::needles::{Content, Form, Hit, next_hit};
use super::spelled::{self, Spelled};
use super::wide::{self, Wide};
use super::{Decoding, Encoded, Found, KEPT, Runs, Token};
use crate::detect::Confidence;
use crate::detect::Encoding;
use crate::detect::TokenSummary;
use crate::detect::boundary;
use crate::detect::randomness::BODY;
use crate::detect::secret::Secret;
use crate::detect::shape;
use crate::detect::shape::HEAD;
use crate::detect::shape::MAX_TOKEN;
use crate::detect::shape::REACH;
use crate::detect::shape::SHORT;
use crate::detect::shape::SHORTEST;
use crate::detect::shape::{Context, Judgement};

/// The maximum number of bytes of one encoded token, including line breaks.
const MAX_ENCODED: usize = 64 * 1024;
/// The number of bytes after a needle that are enough to rule out a token by its first characters.
const NEAR: usize = 16;
/// The number of bytes that are decoded of base64 within base64 before anything agrees.
const GLANCE: usize = 24;

/// The context of a needle.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) context: Context,
    /// Whether the bytes were decoded. Then no deeper encoding is searched for.
    pub(super) is_inner: bool,
}

/// The reason that there is no token.
#[derive(Debug, Clone, Copy)]
enum NoToken {
    None,
    NeedMore,
}

impl From<NoToken> for Found {
    fn from(none: NoToken) -> Self {
        match none {
            NoToken::None => Self::None,
            NoToken::NeedMore => Self::NeedMore,
        }
    }
}

/// A token in decoded text.
struct Read {
    summary: TokenSummary,
    confidence: Confidence,
    len: usize,
    at: Range<usize>,
    /// Whether the body has no digits.
    is_letters: bool,
}

impl Read {
    fn found(self, encodings: &[Encoding], content: Decoding) -> Found {
        let Self { summary, confidence, len, at, .. } = self;
        let via = encodings.iter().map(|&encoding| Encoded { encoding, at: at.clone() }).collect();
        Found::Token(Token { summary, confidence, at, len, via, content })
    }
}

impl Window<'_> {
    pub(super) fn judge(self, hit: Hit) -> Found {
        if !self.context.whole_end && self.bytes.len() < hit.at + NEAR {
            return Found::NeedMore;
        }
        for &form in hit.forms() {
            let found = self.judge_as(form, hit.at);
            if !matches!(found, Found::None) {
                return found;
            }
        }
        Found::None
    }

    fn judge_as(self, form: Form, at: usize) -> Found {
        let start = match form {
            Form::Plain => return self.plain(at),
            Form::Name => return Found::None,
            Form::Dump | Form::CodePoint if self.is_inner => return Found::None,
            Form::Dump => return Found::Dump,
            Form::CodePoint => return Found::CodePoint,
            Form::Spelled { back } | Form::Wide { back, .. } => at.checked_sub(back),
            Form::Hex { shift } => at.checked_add_signed(shift),
            Form::Base64 { skip, .. } => {
                (0..skip).try_fold(at, |at, _| base64::previous(self.bytes, at).map(|(previous, _)| previous))
            }
        };
        match (form, start) {
            (Form::Spelled { .. }, Some(at)) => self.spelled(at),
            (Form::Wide { width, .. }, Some(at)) => self.wide(at, width),
            (Form::Hex { .. }, Some(at)) => self.hex(at),
            (Form::Base64 { alignment, content: Content::Text, .. }, Some(at)) => self.base64(at, alignment),
            (Form::Base64 { alignment, .. }, Some(at)) if !self.is_inner => self.twice(at, alignment),
            _ => Found::None,
        }
    }

    fn plain(self, at: usize) -> Found {
        match shape::judge(self.bytes, at, self.context) {
            Judgement::Token { kind, len, confidence } => {
                let text = self.bytes.get(at..at + len).unwrap_or_default();
                let summary = Secret::new(text, kind).summary();
                let at = at..at + len;
                Found::Token(Token { summary, confidence, at, len, via: Vec::new(), content: Decoding::None })
            }
            Judgement::NeedMore => Found::NeedMore,
            Judgement::None if shape::may_be_spelled(self.bytes.get(at..).unwrap_or_default()) => {
                self.spelled(at)
            }
            Judgement::None => Found::None,
        }
    }

    /// Judges a token with spelled characters. Its offset counts in the bytes themselves, because text with
    /// a few spelled characters is not a content of its own.
    fn spelled(self, at: usize) -> Found {
        let at = spelled::first_slash(self.bytes, at);
        let reader = Spelled::new(self.bytes, at, at + MAX_ENCODED, self.context.whole_end);
        let front = || spelled::front(self.bytes, at, REACH).into();
        let read = match self.read(&reader, front, |_| false) {
            Ok(read) => read,
            Err(none) => return none.into(),
        };
        let mut again = reader;
        for _ in 0..read.len {
            again.next();
        }
        let spelling = again.spelling;
        let via = spelling.encodings();
        // The next literal may be joined too. Then the decoded byte after the token is not the quote. More text may
        // also be in front of the quote.
        let behind = again.behind();
        let behind = behind.get(..REACH).unwrap_or(behind);
        let line = behind.split(|&b| b == b'\n').next().unwrap_or_default();
        let is_closed = spelling.quote.is_none_or(|quote| {
            matches!(behind.first(), Some(b'"' | b'\'' | b'`' | b'\\'))
                || (boundary::may_end_before(behind) && line.contains(&quote))
        });
        let before = || self.bytes.get(at.saturating_sub(REACH)..at).unwrap_or_default();
        if spelling.is_list && !joined::joins_list(before(), again.behind()) {
            return Found::None;
        }
        if via.is_empty() || (spelling.joined && !(read.is_letters && is_closed)) {
            return Found::None;
        }
        read.found(&via, Decoding::None)
    }

    fn wide(self, at: usize, width: usize) -> Found {
        let reader = Wide::new(self.bytes, at, width, at + MAX_ENCODED, self.context.whole_end);
        let front = || wide::front(self.bytes, at, width, REACH).into();
        let encoding = if width == 2 { Encoding::Utf16 } else { Encoding::Utf32 };
        let mut read = self.read(&reader, front, |_| false);
        if matches!(read, Err(NoToken::None)) && wide::is_among_others(self.bytes, at, width) {
            read = self.read_in(&reader, front, |_| false, true);
        }
        match read {
            Ok(read) => read.found(&[encoding], Decoding::Wide { at, width }),
            Err(none) => none.into(),
        }
    }

    fn hex(self, at: usize) -> Found {
        let reader = Hex::new(self.bytes, at, at + MAX_ENCODED);
        match self.read(&reader, || reader.front(REACH), |at| reader.ends_line(at)) {
            Ok(read) => read.found(&[Encoding::Hex], Decoding::Hex { at }),
            Err(none) => none.into(),
        }
    }

    fn base64(self, at: usize, alignment: u8) -> Found {
        let reader = Base64::new(self.bytes, at, alignment, at + MAX_ENCODED);
        let front = || base64::front(self.bytes, at, alignment, REACH);
        let ends_line = |at| matches!(base64::next_line(self.bytes, at), Ok(Some(_)));
        match self.read(&reader, front, ends_line) {
            Ok(read) => read.found(&[Encoding::Base64], Decoding::Base64 { at, alignment }),
            Err(none) => none.into(),
        }
    }

    /// Judges base64 of encoded content: decodes the bytes around the needle and judges the needle in the
    /// result.
    fn twice(self, at: usize, alignment: u8) -> Found {
        let reader = Base64::new(self.bytes, at, alignment, at + MAX_ENCODED);
        let mut probe = reader.clone();
        for _ in 0..BODY {
            match probe.next() {
                Unit::Byte(b, _) if b == 0 || base64::sextet(b).is_some() || b"\r\n \t\\".contains(&b) => {}
                Unit::Cut if !self.context.whole_end => return Found::NeedMore,
                _ => return Found::None,
            }
        }
        // The cost of a needle is limited to its first characters, however close together the needles are.
        // More is decoded to judge the token only if the first characters agree, and to count the offset
        // only if there is a token.
        let mut found = Found::NeedMore;
        for (front, wanted) in [(GLANCE, GLANCE), (2 * REACH, 4 * SHORT), (KEPT / 4 * 3, 4 * SHORT)] {
            let decoded = base64::front(self.bytes, at, alignment, front).decoded;
            let is_blank = decoded.text.len() >= GLANCE && decoded.text.iter().all(u8::is_ascii_whitespace);
            found = self.judge_decoded(decoded, reader.clone(), wanted, front > GLANCE);
            if matches!(found, Found::None) && !(front == GLANCE && is_blank)
                || matches!(found, Found::NeedMore) && front > GLANCE
            {
                break;
            }
        }
        found
    }

    /// Judges the needle that follows `decoded` in the output of the reader. If `at_length` is set, more is
    /// read until a verdict is possible.
    fn judge_decoded(
        self,
        mut decoded: Decoded,
        mut reader: Base64<'_>,
        mut wanted: usize,
        at_length: bool,
    ) -> Found {
        let start = decoded.text.len();
        loop {
            let stop = decoded.extend(&mut reader, start + wanted);
            let whole_end = stop == Some(Unit::End) || (stop == Some(Unit::Cut) && self.context.whole_end);
            let inner = Window { bytes: &decoded.text, context: Context::text(whole_end), is_inner: true };
            let found = next_hit(&decoded.text, start).filter(|hit| hit.at <= start + 1);
            match found.map_or(Found::None, |hit| inner.judge(hit)) {
                Found::Token(token) => {
                    let (offset, position) = Runs::default().ahead().place(&decoded.text, &token);
                    let at = decoded.place(token.at);
                    let outer = Encoded { encoding: Encoding::Base64, at: at.clone() };
                    return Found::Token(Token {
                        at,
                        via: std::iter::once(outer).chain(token.via).collect(),
                        content: Decoding::Inner { offset, position },
                        ..token
                    });
                }
                Found::None | Found::Dump | Found::CodePoint => return Found::None,
                Found::NeedMore if stop.is_some() || wanted > MAX_ENCODED || !at_length => {
                    return Found::NeedMore;
                }
                Found::NeedMore => wanted *= 4,
            }
        }
    }

    /// Reads a token in text.
    fn read<R: Reader>(
        self,
        reader: &R,
        front: impl FnOnce() -> Front,
        ends_line: impl Fn(usize) -> bool,
    ) -> Result<Read, NoToken> {
        self.read_in(reader, front, ends_line, false)
    }

    /// Reads a token. `front` returns the text in front of it. `ends_line` returns true if a line ends
    /// before an offset, so that the text may end there. `is_binary` is true if texts may be adjacent without a
    /// separator.
    fn read_in<R: Reader>(
        self,
        reader: &R,
        front: impl FnOnce() -> Front,
        ends_line: impl Fn(usize) -> bool,
        is_binary: bool,
    ) -> Result<Read, NoToken> {
        self.look_at_head(reader)?;
        let Front { mut decoded, is_loose } = front();
        let mut reader = reader.clone();
        let start = decoded.text.len();
        // Text is decoded in small steps, because the first characters rule out most candidates.
        let mut wanted = SHORT;
        let (mut verdict, is_whole) = loop {
            let stop = decoded.extend(&mut reader, start + wanted);
            let is_whole = match stop {
                Some(Unit::Cut) => self.context.whole_end,
                Some(_) => true,
                None => wanted > MAX_TOKEN,
            };
            let verdict = shape::judge(&decoded.text, start, Context { whole_end: is_whole, is_binary });
            if verdict != Judgement::NeedMore || stop.is_some() {
                break (verdict, is_whole);
            }
            wanted *= 2;
        };
        if verdict == Judgement::None {
            verdict = judge_loosely(&decoded, start, is_whole, is_loose, ends_line);
        }
        match verdict {
            Judgement::Token { kind, len, confidence } => {
                let text = decoded.text.get(start..start + len).unwrap_or_default();
                Ok(Read {
                    summary: Secret::new(text, kind).summary(),
                    confidence,
                    len,
                    at: decoded.place(start..start + len),
                    is_letters: !text.iter().any(u8::is_ascii_digit),
                })
            }
            Judgement::None => Err(NoToken::None),
            Judgement::NeedMore => Err(NoToken::NeedMore),
        }
    }

    /// Checks whether the first characters agree with a token, before anything is kept.
    fn look_at_head<R: Reader>(self, reader: &R) -> Result<(), NoToken> {
        let mut head = Zeroizing::new([0_u8; HEAD]);
        let mut reader = reader.clone();
        for n in 0..HEAD {
            #[cfg(test)]
            super::decoded::count_read();
            match (reader.next(), head.get_mut(n)) {
                (Unit::Byte(byte, _), Some(place)) => *place = byte,
                (Unit::Cut, _) if !self.context.whole_end => return Err(NoToken::NeedMore),
                _ => return if n < SHORTEST { Err(NoToken::None) } else { Ok(()) },
            }
            if !shape::may_begin(head.get(..=n).unwrap_or_default()) {
                return Err(NoToken::None);
            }
        }
        Ok(())
    }
}

/// Judges a text that may begin or end at a line break, or after content that is not text.
fn judge_loosely(
    decoded: &Decoded,
    start: usize,
    is_whole: bool,
    is_loose: bool,
    ends_line: impl Fn(usize) -> bool,
) -> Judgement {
    let text = decoded.text.get(start..).unwrap_or_default();
    let end = shape::length_of_letters(text).filter(|&len| ends_line(decoded.place(start..start + len).end));
    let mut verdict = Judgement::None;
    for (front, end) in [(!is_loose, None), (true, end), (false, end)] {
        if (!front && !is_loose) || (front && end.is_none()) || verdict != Judgement::None {
            continue;
        }
        let (from, at) = if front { (0, start) } else { (start, 0) };
        let to = end.map_or(decoded.text.len(), |len| start + len);
        let text = decoded.text.get(from..to).unwrap_or_default();
        verdict = shape::judge(text, at, Context::text(is_whole || end.is_some()));
    }
    verdict
}
