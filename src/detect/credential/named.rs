//! Credentials of unknown shape in any text: values that are given to a token variable, to a call or command of the
//! Hub, or sent to one of its hosts.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::generated::{LENGTHS, is_generated};
use super::names::Keeper;
use super::value::LONGEST;
use super::{
    CredentialForm, argument, assignment, beside, call, cluster, column, extent, header, label, netrc, page,
    provider, section, sent, swapped, url, written,
};
use crate::detect::encoding::{KEPT, next_hit_or_name};
use crate::detect::randomness;
use crate::detect::variables::may_be_hub_key;
use crate::hub::programs::TOKEN_OPTION;
use crate::hub::tokens::roots;
use crate::hub::words::{IN_PROSE, LOGS_IN, MAY_NAME_HUB, NAMES_VENDOR, NEEDLES, TAKES_TOKEN_FIRST};

/// The bytes in front of a name that are read with it: the start of its line, or of the call around it.
const BEFORE: usize = KEPT;
/// The bytes behind a name that are read with it.
const BEHIND: usize = 2048;
/// The lines that are read with a name.
const LINES: usize = 12;
/// The first of these lines. Names in them are judged together, because enough lines follow each of them.
const FIRST_LINES: usize = 4;

/// The length of a name that is read.
const MAX_NAME: usize = 64;

/// The possible lengths of a word that holds such a value: its name may be a part of the word, or a URL.
const WORDS: Range<usize> = LENGTHS.start..1025;

/// Judges the names in a stream of text. Other bytes in it are read as text, and hold nothing.
#[derive(Debug, Default)]
pub(in crate::detect) struct Named {
    /// The offset in the stream up to which names have been judged.
    judged: u64,
    /// The end of the last value.
    last: u64,
    /// Whether the text names the vendor. Calls count only then.
    names_vendor: bool,
}

impl Named {
    /// Judges the name at `at` in `bytes`, which begin at `start` of the stream and hold [`BEFORE`] bytes in front
    /// of the name, if there are so many. Returns the values that it marks as tokens, or `None` if the bytes end
    /// before a decision is possible.
    pub(in crate::detect) fn judge(
        &mut self,
        bytes: &[u8],
        at: usize,
        start: u64,
        whole_end: bool,
    ) -> Option<Vec<Range<usize>>> {
        if start + (at as u64) < self.judged {
            return Some(Vec::new());
        }
        let behind = bytes.get(at..).unwrap_or_default();
        let behind = behind.get(..BEHIND).unwrap_or(behind);
        let Some(&name) = NEEDLES.iter().find(|name| behind.starts_with(name.as_bytes())) else {
            return Some(Vec::new());
        };
        // Other words end in the same way, such as "debugging".
        let is_vendor = NAMES_VENDOR.contains(&name);
        let is_other_word =
            is_vendor && !at.checked_sub(1).is_none_or(|front| matches!(bytes.get(front), Some(b'h' | b'H')));
        let front = bytes.get(at.saturating_sub(MAX_NAME)..at).unwrap_or_default();
        if is_other_word || is_other_name(name, front, behind) {
            // The next name may begin within this one: `_HF_TOKEN`.
            self.judged = start + (at + 1) as u64;
            return Some(Vec::new());
        }
        let mut ends = memchr::memchr_iter(b'\n', behind).map(|end| at + end + 1);
        let first_lines = ends.nth(FIRST_LINES - 1);
        let lines = ends.nth(LINES - FIRST_LINES - 1);
        if !whole_end && lines.is_none() && behind.len() < BEHIND {
            return None;
        }
        self.names_vendor |= is_vendor;
        let before = bytes.get(at.saturating_sub(BEFORE)..at).unwrap_or_default();
        let in_line = continued(before);
        let is_argument = name.ends_with(['=', '(']);
        let half = at + (BEHIND / 2).min(behind.len());
        let next = first_lines.unwrap_or(half).min(half).max(at + 1);
        self.judged = start + next as u64;
        let judged = bytes.get(at - in_line..next).unwrap_or_default();
        let front = match is_argument {
            true => before.len(),
            false if looks_back(judged) => whole_lines(before).max(in_line),
            false => in_line,
        };
        let from = at - front;
        Some(self.values(bytes, from..lines.unwrap_or(at + behind.len()), start))
    }

    /// Returns the values in a stretch of `bytes` that count in any text and were not returned before.
    fn values(&mut self, bytes: &[u8], stretch: Range<usize>, start: u64) -> Vec<Range<usize>> {
        let text = bytes.get(stretch.clone()).unwrap_or_default();
        let mut found = Vec::new();
        if !holds_long_word(text) {
            return found;
        }
        for Given { range, needs, .. } in values(text) {
            let value = stretch.start + range.start..stretch.start + range.end;
            let is_new = start + value.start as u64 >= self.last;
            let given = bytes.get(value.clone()).unwrap_or_default();
            let counts = match needs {
                Needs::Nothing => true,
                Needs::Vendor => self.names_vendor || has_root(given),
                Needs::Randomness => !is_of_model(given),
            };
            if is_new && counts && is_generated(bytes, &value) && !is_sealed(bytes, &value) {
                self.last = start + value.end as u64;
                found.push(value);
            }
        }
        found
    }

    /// Returns the values in a whole text.
    pub(super) fn search(mut self, text: &[u8]) -> Vec<Range<usize>> {
        names(text).flat_map(|at| self.judge(text, at, 0, true).unwrap_or_default()).collect()
    }
}

/// Returns true if a text may go with a value in front of it: it uses a variable, or is a setting beside a key.
fn looks_back(text: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static BACK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            concat!(
                r#"(?i-u)bearer["'`]?[ \t$%{{+.&,]|--token["']?[= ,]|login(?:\s|$)|{made}|"#,
                r#"(?:name|key|provider|vendor|platform|backend|service|type|model|url|base|endpoint|host|id|label|title|uri)"#,
                r#"["'\\]{{0,2}}[ \t]*[:=][ \t]*["'`\\]{{0,2}}(?:[A-Z0-9]{{1,16}}[_-]){{0,2}}{hub}"#,
            ),
            hub = MAY_NAME_HUB,
            made = TAKES_TOKEN_FIRST
        ))
        .expect("a valid pattern")
    });
    BACK.is_match(text)
}

/// Returns the length of the whole lines of a text that may begin within a line.
fn whole_lines(before: &[u8]) -> usize {
    let cut = if before.len() < BEFORE { None } else { memchr::memchr(b'\n', before) };
    before.len() - cut.map_or(0, |end| end + 1)
}

/// Returns the length of the last line, with the lines in front of it that end with a backslash.
fn continued(before: &[u8]) -> usize {
    let mut start = before.len();
    loop {
        let line = before.get(..start).unwrap_or_default();
        let Some(end) = memchr::memrchr(b'\n', line) else { return before.len() };
        let front = before.get(..end).unwrap_or_default();
        let front = front.strip_suffix(b"\r").unwrap_or(front);
        if !front.ends_with(b"\\") {
            return before.len() - end - 1;
        }
        start = end;
    }
}

/// Returns true if a name that begins as those of token variables do is another one, such as `hf_hub_download`.
fn is_other_name(needle: &str, front: &[u8], behind: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if needle.starts_with('_') {
        // The word for a secret is in front of the needle: `KEY_HF`.
        let len = front.iter().rev().take_while(|b| is_part(b)).count();
        return !may_be_hub_key(front.get(front.len() - len..).unwrap_or_default());
    }
    if IN_PROSE.contains(&needle) {
        return !is_label(needle, front, behind);
    }
    // `hfToken`, and not `selfTokens`.
    if needle.starts_with('f') && !matches!(front, [.., b'h' | b'H']) {
        return true;
    }
    let len = behind.iter().take(MAX_NAME).take_while(|b| is_part(b)).count();
    let name = behind.get(..len).unwrap_or_default();
    needle.len() == 3
        && (needle.ends_with(['_', '-']) || needle.starts_with('f'))
        && len < MAX_NAME.min(behind.len())
        && !may_be_hub_key(name)
}

/// Returns true if a word of prose is a part of a label such as `HF token:`, or of a command line that has a token.
fn is_label(needle: &str, front: &[u8], behind: &[u8]) -> bool {
    const NEAR: usize = 48;
    const COMMAND: usize = 1024;
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if front.last().is_some_and(is_word) {
        return false;
    }
    let near = |len| behind.get(..len).unwrap_or(behind);
    behind.starts_with(LOGS_IN.as_bytes())
        || label::names_secret(near(NEAR).get(needle.len()..).unwrap_or_default())
        || is_given_first(near(NEAR))
        || memchr::memmem::find(near(COMMAND), TOKEN_OPTION.as_bytes()).is_some()
}

/// Returns true if a text makes a client of the Hub.
fn is_given_first(text: &[u8]) -> bool {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static MADE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!("(?-u){TAKES_TOKEN_FIRST}")).expect("a valid pattern"));
    MADE.is_match(text)
}

/// Returns the values in a text that count in any text, in order.
pub(crate) fn generated_in(text: &[u8]) -> Vec<Range<usize>> {
    Named { names_vendor: true, ..Named::default() }.search(text)
}

/// Returns the opaque values in a text, such as an instruction, that are given to something of the Hub.
pub(crate) fn opaque_in(text: &[u8]) -> Vec<Range<usize>> {
    if names(text).next().is_none() {
        return Vec::new();
    }
    let is_opaque = |given: &Given| given.needs != Needs::Randomness;
    in_pieces(text).into_iter().filter(is_opaque).map(|given| given.range).collect()
}

/// Returns the same values without those whose place may have another meaning in this text.
pub(crate) fn given_in(text: &[u8]) -> Vec<Range<usize>> {
    if names(text).next().is_none() {
        return Vec::new();
    }
    let names_vendor = NAMES_VENDOR.iter().any(|name| memchr::memmem::find(text, name.as_bytes()).is_some());
    let counts = |given: &Given| match given.needs {
        Needs::Nothing => true,
        Needs::Vendor => names_vendor,
        Needs::Randomness => false,
    };
    in_pieces(text).into_iter().filter(counts).map(|given| given.range).collect()
}

/// The length of a piece of a text.
pub(super) const PIECE: usize = 32 << 10;
/// The number of bytes that a piece has in common with the next one.
const OVERLAP: usize = 2 * LONGEST;

/// Returns the values in a text of any length. Several forms look at the whole line around each value, so that the
/// time grows with the square of the length. A long text is therefore searched in pieces, which end at a line if one
/// ends there.
fn in_pieces(text: &[u8]) -> Vec<Given> {
    if text.len() <= PIECE {
        return values(text);
    }
    let mut found: Vec<Given> = Vec::new();
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let is_last = piece.len() == rest.len();
        let line =
            memchr::memrchr(b'\n', piece).map(|end| end + 1).filter(|end| !is_last && *end > 2 * OVERLAP);
        let end = line.unwrap_or(piece.len());
        let given = values(piece.get(..end).unwrap_or_default()).into_iter();
        found.extend(given.map(|given| {
            let range = start + given.range.start..start + given.range.end;
            Given { range, ..given }
        }));
        if is_last {
            break;
        }
        start += end - OVERLAP;
    }
    // A value at the end of a piece may be cut there, and is whole in the next piece.
    found.sort_by_key(|given| (given.range.start, std::cmp::Reverse(given.range.end), given.needs));
    found.dedup_by_key(|given| given.range.start);
    found
}

/// Returns the offsets of all names beside which there may be a value.
fn names(text: &[u8]) -> impl Iterator<Item = usize> {
    let hits = std::iter::successors(next_hit_or_name(text, 0), |hit| next_hit_or_name(text, hit.at + 1));
    hits.filter(|hit| hit.may_be_name()).map(|hit| hit.at)
}

/// A value that is given to something of the Hub.
struct Given {
    range: Range<usize>,
    needs: Needs,
}

/// A condition for a value to count as a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    /// The text names the vendor, because functions of other libraries have the same name.
    Vendor,
    /// The value is random, because its place may have another meaning.
    Randomness,
}

/// Returns the values that are given to something of the Hub, in order.
fn values(text: &[u8]) -> Vec<Given> {
    let mut found: Vec<Given> = Vec::new();
    let mut add = |form, values: Vec<usize>, needs| {
        let range = |at| trimmed(text, extent::range(form, text, at));
        found.extend(values.into_iter().map(|at| Given { range: range(at), needs }));
    };
    add(CredentialForm::Url, url::credentials(text), Needs::Nothing);
    add(CredentialForm::Header, header::in_text(text), Needs::Nothing);
    add(CredentialForm::Netrc, netrc::passwords(text), Needs::Nothing);
    for value in assignment::all(Keeper::Settings, text) {
        let needs = if value.needs_randomness { Needs::Randomness } else { Needs::Nothing };
        add(CredentialForm::Assignment, vec![value.at], needs);
    }
    add(CredentialForm::Assignment, section::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, label::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, provider::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, beside::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, cluster::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, page::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, swapped::values(text), Needs::Randomness);
    add(CredentialForm::Assignment, header::in_variables(text), Needs::Randomness);
    add(CredentialForm::Argument, argument::values(text), Needs::Nothing);
    add(CredentialForm::Argument, sent::on_command_lines(text), Needs::Nothing);
    add(CredentialForm::Argument, written::values(text), Needs::Nothing);
    for value in call::all(text) {
        let needs = if value.needs_vendor { Needs::Vendor } else { Needs::Nothing };
        add(CredentialForm::Argument, vec![value.at], needs);
    }
    found.extend(url::arguments(text).into_iter().map(|range| Given { range, needs: Needs::Nothing }));
    found.extend(column::values(text).into_iter().map(|range| Given { range, needs: Needs::Randomness }));
    found.retain(|given| !given.range.is_empty());
    found.sort_by_key(|given| (given.range.start, given.needs));
    found.dedup_by_key(|given| given.range.start);
    found
}

/// Returns the range without the closing characters of a list or call.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let closing = |b: &u8| matches!(b, b',' | b')' | b']' | b'}' | b'\\');
    let len = value.iter().rposition(|b| !closing(b)).map_or(0, |last| last + 1);
    range.start..range.start + len
}

/// Returns true if a text holds a word that may be a credential. Most lines do not.
fn holds_long_word(text: &[u8]) -> bool {
    let is_part =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'=' | b'/' | b'.' | b'%');
    text.split(|b| !is_part(b)).any(|word| WORDS.contains(&word.len()) && randomness::is_varied(word))
}

/// Returns true if a value may be the name or the revision of a model, which often stands beside a token.
fn is_of_model(value: &[u8]) -> bool {
    value.contains(&b'/') || value.iter().all(u8::is_ascii_hexdigit)
}

/// Returns true if a value begins like a token of the Hub and has letters of both cases behind the prefix.
fn has_root(value: &[u8]) -> bool {
    let is_mixed =
        |body: &[u8]| body.iter().any(u8::is_ascii_uppercase) && body.iter().any(u8::is_ascii_lowercase);
    roots().any(|root| value.strip_prefix(root.as_bytes()).is_some_and(is_mixed))
}

/// Returns true for a value of a sealed secret, which only a cluster can decrypt.
fn is_sealed(content: &[u8], range: &Range<usize>) -> bool {
    const SHORTEST: usize = 100;
    let before = content.get(range.start.saturating_sub(BEFORE)..range.start).unwrap_or_default();
    range.len() >= SHORTEST && memchr::memmem::find(before, b"encryptedData").is_some()
}
