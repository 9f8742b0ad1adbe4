//! Text that is put together: adjacent literals and words, literals that an operator or a list joins, and values in a
//! format.

use super::piece::{MAX_GLUE, MAX_SLASHES, Piece};

/// The signs that join two literals. Longer ones come before those that they begin with.
const OPERATORS: [&[u8]; 13] =
    [b"++", b"+", b"..", b".", b"~", b"<>", b"<<", b"||", b"^", b"&", b",", b"}${", b"}{"];

/// Returns true if what is around a list of literals joins them.
pub(super) fn joins_list(before: &[u8], behind: &[u8]) -> bool {
    const NAMES: [&[u8]; 8] = [b"join", b"Join", b"paste", b"oncat", b"CONCAT", b"Sprint", b"%s", b"{}"];
    let holds = |text: &[u8], name: &[u8]| memchr::memmem::find(text, name).is_some();
    let behind = behind.get(..MAX_GLUE / 4).unwrap_or(behind);
    NAMES.iter().any(|name| holds(before, name))
        || [&b".join("[..], b"-join", b"|join", b"| join"].iter().any(|name| holds(behind, name))
}

/// Returns the length of a quote between two parts of a shell's word: `"hf"_`, `hf"_"`.
pub(super) fn bare(rest: &[u8]) -> Option<usize> {
    let slashes = rest.iter().take(MAX_SLASHES).take_while(|&&b| b == b'\\').count();
    let [b'"' | b'\'', next, ..] = rest.get(slashes..)? else { return None };
    (next.is_ascii_alphanumeric() || *next == b'_').then_some(slashes + 1)
}

/// Reads the start of an expression that is a literal, within a literal: `${"`, `{'`. Also the start of a shell's
/// `$'`.
pub(super) fn opening(rest: &[u8], from: usize, opens: bool) -> Option<Piece> {
    let quote = *rest.get(from)?;
    let is_quote = opens && matches!(quote, b'"' | b'\'' | b'`');
    is_quote.then_some(Piece::Glue { len: from + 1, quote: Some(quote), is_list: false })
}

/// Reads the place of a value at the end of a format, up to the literal that is put there: `%s" % "`,
/// `{}".format("`, `%s", "`. The sign of the place has `from` bytes.
pub(super) fn inserted(rest: &[u8], from: usize) -> Option<Piece> {
    let len = match (rest.first()?, rest.get(from..)?) {
        (b'%', [b's' | b'v', ..]) | (b'{', [b'}', ..]) => 2,
        (b'{', [b'0' | b'1', b'}', ..]) => 3,
        _ => return None,
    };
    let behind = rest.get(len..)?;
    if !matches!(behind.first()?, b'"' | b'\'' | b'`') {
        return None;
    }
    let between = |at: usize| {
        let text = behind.get(at..).unwrap_or_default();
        at + text
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'%' | b'(' | b',' | b')'))
            .count()
    };
    let mut at = between(1);
    if behind.get(at..)?.starts_with(b".format(") {
        at = between(at + 8);
    }
    let quote = *behind.get(at).filter(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    (at > 1).then_some(Piece::Glue { len: len + at + 1, quote: Some(quote), is_list: false })
}

/// Returns the offset behind blanks and continued lines. In a literal within a literal, these are spelled.
fn blanks(rest: &[u8], mut at: usize, is_spelled: bool) -> usize {
    loop {
        at += match rest.get(at..).unwrap_or_default() {
            [b, ..] if b.is_ascii_whitespace() => 1,
            [b'\\', b'\r', b'\n', ..] => 3,
            [b'\\', b'\n', ..] => 2,
            [b'\\', b'n' | b'r' | b't', ..] if is_spelled => 2,
            [b'\\', b'\\', b'\\', b'n' | b'r', ..] if is_spelled => 4,
            _ => return at,
        }
    }
}

/// Reads the end of a literal and the start of the next one, if the two are joined: by `+`, `++`, `.`, `..`, `~`,
/// `<>`, `<<`, `||`, `^` or `&`, in a list, or because they are adjacent. `rest` begins with the quote, or with the
/// backslashes in front of it. The backslashes must be the same in front of both quotes.
pub(super) fn literals(rest: &[u8], quote: u8) -> Option<Piece> {
    let slashes = rest.iter().take_while(|&&b| b == b'\\').count();
    let len = slashes + 1;
    let blanks = |at: usize| blanks(rest, at, slashes > 0);
    // The end of a literal within a template.
    if let Some([b'}', next]) = rest.get(len..len + 2)
        && next.is_ascii_alphanumeric()
    {
        return Some(Piece::Glue { len: len + 1, quote: Some(b'`'), is_list: false });
    }
    let mut at = blanks(len);
    let is_list = rest.get(at) == Some(&b',');
    for operator in OPERATORS {
        if rest.get(at..)?.starts_with(operator) {
            at = blanks(at + operator.len());
            break;
        }
    }
    let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
    // `f"…"`, `r"…"`, `$'…'`
    if let Some([b'f' | b'r' | b'b' | b'u' | b'F' | b'R' | b'B' | b'U' | b'$', next]) = rest.get(at..at + 2)
        && is_quote(next)
        && slashes == 0
        && (at > len || rest.get(at) == Some(&b'$'))
    {
        at += 1;
    }
    let next = rest.get(at..)?;
    if next.iter().take_while(|&&b| b == b'\\').count() != slashes {
        return None;
    }
    let opened = *next.get(slashes).filter(|b| is_quote(b))?;
    // The quote that ends a text in quotes is not the start of another.
    let is_other = opened != quote && slashes > 0;
    (!is_other).then_some(Piece::Glue { len: at + len, quote: Some(opened), is_list })
}
