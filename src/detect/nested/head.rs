//! How a run is read, by its first bytes.

use super::class::{Form, SHORTEST, form};
use super::packed;
use super::run::Reading;
use crate::detect::encoding::{Sextets, spelled_character};
use crate::search::spans::{at_end, at_start};

/// The number of bytes of a run that decide how it is read.
pub(super) const HEAD: usize = 1024;
/// The shortest part of a run that is read as base64 or hexadecimal digits.
const PART: usize = 44;

/// Returns how a run is read that begins with `head`, from where on, and whether it is compressed data.
pub(super) fn reading(head: &[u8]) -> Option<(usize, Reading, bool)> {
    if head.len() < SHORTEST {
        return None;
    }
    if holds_escape(head) {
        return Some((0, Reading::Spelled { percent: 0, escape: false }, false));
    }
    let mut at = 0;
    while let Some(window) = head.get(at..at + PART) {
        // A part begins behind the last byte of the window that is no digit.
        let digits = at_end::<Sextets>(window);
        if digits < PART {
            at += PART - digits;
            continue;
        }
        let rest = head.get(at..).unwrap_or_default();
        let part = rest.get(..at_start::<Sextets>(rest)).unwrap_or_default();
        if let Some((skip, reading)) = packed::start(part) {
            return Some((at + skip, reading, true));
        }
        if let Some(form) = form(part) {
            let (Form::Base64(skip) | Form::Hex(skip)) = form;
            return Some((at + skip, form.into(), false));
        }
        // Long runs may be binary data with text in it.
        if part.len() >= HEAD {
            return Some((at, Form::Base64(0).into(), false));
        }
        at += part.len() + 1;
    }
    None
}

/// Returns true if a character is spelled, such as `%5F` or `\u005f`.
fn holds_escape(head: &[u8]) -> bool {
    let is = |b: u8, sign: u8| u8::from(b == sign);
    let sign = |b: u8| is(b, b'%') | is(b, b'\\') | is(b, b'&') | is(b, b'+');
    // Most runs have none of these signs.
    if head.iter().fold(0, |signs, &b| signs | sign(b)) == 0 {
        return false;
    }
    let is_escape = |at: usize| head.get(at..).is_some_and(|rest| spelled_character(rest).is_some());
    let signs = memchr::memchr3_iter(b'%', b'\\', b'&', head);
    let code_points = memchr::memchr_iter(b'+', head).filter_map(|at| at.checked_sub(1));
    signs.chain(code_points).any(is_escape)
}
