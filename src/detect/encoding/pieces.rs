//! The needles of one prefix: the plain prefix, and pieces of it in each encoding that are rare in other
//! content.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

use super::base64::sextet;
use super::forms::{Content, Form};

/// Returns the needles of a prefix.
pub(super) fn needles(prefix: &str) -> Vec<(Vec<u8>, Form)> {
    let prefix = prefix.as_bytes();
    match Long::new(prefix) {
        Some(long) => long.needles(),
        None => Short::new(prefix).map(|short| short.needles()).unwrap_or_default(),
    }
}

/// A prefix whose first three characters are searched for. Any of them may be the first spelled character.
struct Short<'a> {
    prefix: &'a [u8],
    start: [u8; 3],
}

impl<'a> Short<'a> {
    fn new(prefix: &'a [u8]) -> Option<Self> {
        Some(Self { prefix, start: *prefix.first_chunk()? })
    }

    fn needles(&self) -> Vec<(Vec<u8>, Form)> {
        let mut all = vec![(self.start.to_vec(), Form::Plain)];
        all.extend(
            self.spelled().into_iter().map(|(text, back)| (text.into_bytes(), Form::Spelled { back })),
        );
        all.extend([2, 4].map(|width| (wide(&self.start, width), Form::Wide { width, back: 0 })));
        all.extend(self.hex().into_iter().map(|(text, shift)| (text.into_bytes(), Form::Hex { shift })));
        all.extend(self.base64());
        all
    }

    /// Returns needles with spelled characters, and their distances from the start of the token.
    fn spelled(&self) -> Vec<(String, usize)> {
        let [first, second, _] = self.start;
        let (a, b) = (char::from(first), char::from(second));
        let mut all: Vec<(String, usize)> =
            ["\\", "%", "&", "=", "\"", "'"].iter().map(|sign| (format!("{a}{b}{sign}"), 0)).collect();
        let head = |text: String| text.get(..text.len().saturating_sub(1)).unwrap_or_default().to_owned();
        let upper = second >> 4;
        let (octal, decimal) = (head(format!("{second:03o}")), second.to_string());
        all.extend([
            (format!("{a}\\u0"), 0),
            (format!("{a}\\\\"), 0),
            (format!("{a}\\x{upper:x}"), 0),
            (format!("{a}\\{octal}"), 0),
            (format!("{a}%u0"), 0),
            (format!("{a}&#{}", decimal.get(..1).unwrap_or_default()), 0),
            (format!("{a}&#x"), 0),
            (format!("\\{first:03o}"), 0),
            (format!("#{first};"), 1),
            (format!("+00{first:02X}"), 1),
            (format!("{a}U+0"), 0),
            (format!("{a}{b}\u{1b}"), 0),
            (format!("{a}\u{1b}["), 0),
        ]);
        // `\u{68}`, `\x{68}`, and the former with zeros in front of the digits.
        for (at, character) in [first, second].into_iter().enumerate() {
            all.extend(hex_of(&[character]).into_iter().map(|digits| (format!("{{{digits}}}"), at + 2)));
            all.push(("\\u{0".to_owned(), at));
        }
        all.extend(hex_of(&[second]).into_iter().map(|digits| (format!("{a}%{digits}"), 0)));
        for digits in hex_of(&[first]) {
            all.extend([
                (format!("%{digits}"), 0),
                (format!("u00{digits}"), 1),
                // `\x68` and `&#x68;`
                (format!("x{digits}"), 1),
                (format!("x{digits}"), 2),
            ]);
        }
        all
    }

    /// Returns needles with hexadecimal digits: two and a half bytes, or two bytes that a line break or a
    /// separator divides.
    fn hex(&self) -> Vec<(String, isize)> {
        let [first, second, third] = self.start;
        let mut all = Vec::new();
        for digits in hex_of(&[first, second]) {
            let (a, b) = digits.split_at_checked(2).unwrap_or_default();
            all.push((format!("{digits}{:x}", third >> 4), 0));
            all.extend(["\n", "\r"].map(|newline| (format!("{digits}{newline}"), 0)));
            all.extend(["\n", "\r\n", " ", ":", "-"].map(|between| (format!("{a}{between}{b}"), 0)));
        }
        // `0x68665f…`, `0x68, 0x66`
        all.extend(hex_of(&[first]).into_iter().map(|digits| (format!("x{digits}"), 1)));
        all
    }

    /// Returns needles in base64, and in base64 of encoded content.
    fn base64(&self) -> Vec<(Vec<u8>, Form)> {
        let mut all = Vec::new();
        let utf16 = wide(&self.start, 2);
        let mut encoded: Vec<Vec<Vec<u8>>> = vec![utf16.into_iter().map(|b| vec![b]).collect()];
        for alignment in 0..3 {
            let form = |skip| text(alignment, skip);
            let (first, characters) = characters(&known(self.prefix), alignment);
            // A line may end after each of the four characters. So the needles are three of them, or two
            // with the line break, which may be spelled.
            let part = |range| strings(characters.get(range).unwrap_or_default());
            all.extend(part(0..3).into_iter().map(|pattern| (pattern, form(first))));
            all.extend(part(1..4).into_iter().map(|pattern| (pattern, form(first + 1))));
            for newline in [&b"\n"[..], b"\r", b"\\"] {
                all.extend(part(0..2).into_iter().map(|pattern| ([&pattern, newline].concat(), form(first))));
            }
            encoded.push(characters);
        }
        all.extend(encoded.iter().flat_map(|inner| twice(inner)));
        all
    }
}

/// A prefix that begins with a word, such as `api_org_`. The word is common in ordinary text, so the needles
/// are around the separator after the word.
struct Long<'a> {
    prefix: &'a [u8],
    /// The offset of the first separator.
    separator: usize,
}

impl<'a> Long<'a> {
    /// Returns `None` if there is no such separator with letters on both sides.
    fn new(prefix: &'a [u8]) -> Option<Self> {
        const LETTERS: usize = 3;
        let separator = prefix.iter().position(|b| !b.is_ascii_alphanumeric())?;
        let is_long = separator >= LETTERS && separator + LETTERS < prefix.len();
        is_long.then_some(Self { prefix, separator })
    }

    fn needles(&self) -> Vec<(Vec<u8>, Form)> {
        let at = self.separator;
        let part = |from: usize, to: usize| self.prefix.get(from..to).unwrap_or_default();
        // A separator at the end of the prefix may be spelled.
        let stem = match self.prefix {
            [stem @ .., last] if !last.is_ascii_alphanumeric() => stem,
            whole => whole,
        };
        let mut all = vec![(stem.to_vec(), Form::Plain)];
        let sign = part(at, at + 1).first().copied().unwrap_or_default();
        let spelled = [format!("%{:x}", sign >> 4), "\\".to_owned(), "&#".to_owned()];
        all.extend(spelled.map(|sign| ([part(0, at), sign.as_bytes()].concat(), Form::Spelled { back: 0 })));
        all.extend(
            [2, 4].map(|width| (wide(part(at, at + 3), width), Form::Wide { width, back: at * width })),
        );
        let shift = -2 * isize::try_from(at + 1).unwrap_or_default();
        all.extend(
            hex_of(part(at + 1, at + 4)).into_iter().map(|text| (text.into_bytes(), Form::Hex { shift })),
        );
        all.extend(self.base64());
        all
    }

    /// Returns needles of a whole group, which no line break divides, in base64 and in base64 of base64.
    fn base64(&self) -> Vec<(Vec<u8>, Form)> {
        let mut all = Vec::new();
        for alignment in 0..3_u8 {
            let before = usize::from(alignment);
            // The first group that contains the separator: a group of letters alone may belong to any word.
            let groups = before.div_ceil(3)..;
            let Some(group) = groups.into_iter().find(|group| 3 * group + 3 > before + self.separator) else {
                continue;
            };
            let from = 3 * group - before;
            let pattern = STANDARD.encode(self.prefix.get(from..from + 3).unwrap_or_default());
            let known: Vec<Vec<u8>> = pattern.bytes().map(|b| vec![b]).collect();
            all.push((pattern.into_bytes(), text(alignment, 4 * group - before * 8 / 6)));
            all.extend(twice(&known));
        }
        all
    }
}

fn text(alignment: u8, skip: usize) -> Form {
    Form::Base64 { alignment, skip: u8::try_from(skip).unwrap_or_default(), content: Content::Text }
}

/// Returns needles in base64 of encoded content.
fn twice(inner: &[Vec<u8>]) -> impl Iterator<Item = (Vec<u8>, Form)> {
    let at = |alignment: u8| {
        let (first, characters) = characters(inner, alignment);
        let skip = u8::try_from(first).unwrap_or_default();
        let part = strings(characters.get(..4).unwrap_or_default());
        part.into_iter()
            .map(move |pattern| (pattern, Form::Base64 { alignment, skip, content: Content::Encoded }))
    };
    (0..3).flat_map(at)
}

/// Returns a text in units of `width` bytes, without the NULs after the last character.
fn wide(text: &[u8], width: usize) -> Vec<u8> {
    let mut wide = Vec::new();
    for &b in text {
        wide.push(b);
        wide.resize(wide.len() + width - 1, 0);
    }
    wide.truncate(wide.len() + 1 - width);
    wide
}

/// Returns the hexadecimal digits in lower case, and also in upper case if that is a different text.
fn hex_of(bytes: &[u8]) -> Vec<String> {
    let lower = bytes.iter().fold(String::new(), |digits, b| digits + &format!("{b:02x}"));
    let upper = lower.to_ascii_uppercase();
    if lower == upper { vec![lower] } else { vec![lower, upper] }
}

/// Returns the bytes of a text and the possible bytes of the letter that follows.
fn known(text: &[u8]) -> Vec<Vec<u8>> {
    let letters = [b'A', b'Z', b'a', b'z'];
    text.iter().map(|&b| vec![b]).chain([letters.to_vec()]).collect()
}

/// Returns the base64 characters that are known for a text that begins `alignment` bytes after the start of
/// a group. Each byte of the text is one of a few. The number is the distance of the first known character
/// from the character with the first bits of the text.
fn characters(text: &[Vec<u8>], alignment: u8) -> (usize, Vec<Vec<u8>>) {
    const MOST: usize = 4;
    let start = usize::from(alignment) * 8;
    let bit =
        |at: usize| at.checked_sub(start).and_then(|bit| text.get(bit / 8).map(|bytes| (bytes, 7 - bit % 8)));
    let alphabet: Vec<u8> = (b'!'..=b'~').filter(|&b| sextet(b).is_some()).collect();
    let mut found: Vec<(usize, Vec<u8>)> = Vec::new();
    for place in start / 6..(start + text.len() * 8).div_ceil(6) {
        let fits = |b: &&u8| {
            let value = sextet(**b).unwrap_or_default();
            (0..6).all(|n| {
                let wanted = value >> (5 - n) & 1;
                bit(place * 6 + n).is_none_or(|(bytes, at)| bytes.iter().any(|b| b >> at & 1 == wanted))
            })
        };
        let possible: Vec<u8> = alphabet.iter().filter(fits).copied().collect();
        if possible.len() <= MOST && (possible.len() == 1 || !found.is_empty()) {
            found.push((place, possible));
        }
    }
    let first = found.first().map_or(0, |(place, _)| place - start / 6);
    (first, found.into_iter().map(|(_, possible)| possible).collect())
}

/// Returns all strings in which each character is one of a few.
fn strings(characters: &[Vec<u8>]) -> Vec<Vec<u8>> {
    characters.iter().fold(vec![Vec::new()], |strings, possible| {
        let longer =
            |string: &Vec<u8>| possible.iter().map(|&b| [&string[..], &[b]].concat()).collect::<Vec<_>>();
        strings.iter().flat_map(longer).collect()
    })
}
