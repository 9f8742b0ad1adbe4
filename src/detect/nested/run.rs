//! A run of encoded text that is decoded as it goes by, and searched as content of its own.

use super::class::{Form, begins_text};
use super::dump::{self, Line};
use super::packed::{Packed, is_packed};
use super::places::Places;
use super::points;
use crate::detect::encoding::{dense, next_line, number_of, sextet, spelled_character, wide_character};
use crate::detect::{Encoding, Occurrence, Scanner, Step, StepKind, counts_in_file};
use crate::search::is_encoded;
use crate::sensitive::Sensitive;

/// The number of bytes that are decoded at a time. The bytes after the end of a run are looked at again, so
/// there should be few of them.
const CHUNK: usize = 256;
/// The number of decoded bytes that are searched at a time.
const PIECE: usize = 64 * 1024;
/// The number of bytes after an escape that are enough to read it.
const ESCAPE: usize = 24;
/// The number of characters at the start of a line that show whether a text begins there.
const START: usize = 16;

/// The encoding of a run, and what is known between two pieces of it.
#[derive(Debug)]
pub(super) enum Reading {
    /// Base64: the bits that are left, their number, and the number of characters.
    Base64 { bits: u32, count: u32, characters: u64 },
    /// Hexadecimal digits: the first digit of a byte.
    Hex { high: Option<u8> },
    /// Single characters, spelled or not. The flags say which spellings there were.
    Spelled { percent: u8, escape: bool },
    /// Two-byte units with the character in the first or second byte.
    Wide { phase: usize },
    /// Code points, with or without blanks between them.
    CodePoints,
    /// Lines with an offset and the bytes there.
    Dump,
}

impl From<Form> for Reading {
    fn from(form: Form) -> Self {
        match form {
            Form::Base64(_) => Self::Base64 { bits: 0, count: 0, characters: 0 },
            Form::Hex(_) => Self::Hex { high: None },
        }
    }
}

/// A run.
pub(super) struct Run {
    reading: Reading,
    start: u64,
    /// The bytes that are not decoded yet.
    buffer: Sensitive,
    /// The offset of these bytes.
    at: u64,
    out: Out,
    content: Box<Scanner>,
    /// The decoded data, if it is compressed, and whether it is whole.
    packed: Option<Packed>,
}

/// Decoded bytes.
struct Out {
    bytes: Sensitive,
    /// The number of decoded bytes.
    len: u64,
    places: Places,
}

impl Out {
    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.len += 1;
    }

    /// Lets a reader of many characters append bytes.
    fn take_from(&mut self, read: impl FnOnce(&mut Sensitive) -> usize) -> usize {
        let before = self.bytes.len();
        let taken = read(&mut self.bytes);
        self.len += (self.bytes.len() - before) as u64;
        taken
    }
}

impl Run {
    /// Creates a run that begins at `start`. The decoded bytes are fed to `content`.
    pub(super) fn new(reading: Reading, start: u64, content: Scanner) -> Self {
        let places = match reading {
            Reading::Base64 { .. } => Places::new((4, 3), start),
            Reading::Hex { .. } | Reading::Wide { .. } => Places::new((2, 1), start),
            Reading::Spelled { .. } | Reading::CodePoints => Places::new((1, 1), start),
            Reading::Dump => Places::coarse(start),
        };
        let out = Out { bytes: Sensitive::default(), len: 0, places };
        Self {
            reading,
            start,
            buffer: Sensitive::default(),
            at: start,
            out,
            content: Box::new(content),
            packed: None,
        }
    }

    /// Keeps the decoded data, which is compressed.
    pub(super) fn keep(&mut self, is_packed: bool) {
        self.packed = is_packed.then(Packed::empty);
    }

    /// Reads the next piece. At the end of the run, returns the number of bytes of the piece that were
    /// taken.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Option<usize> {
        let mut taken = 0;
        for chunk in piece.chunks(CHUNK) {
            self.buffer.extend(chunk);
            taken += chunk.len();
            if self.decode(false) {
                return Some(taken);
            }
        }
        None
    }

    /// Decodes what there is. Returns true if the run is over.
    pub(super) fn decode(&mut self, whole_end: bool) -> bool {
        let bytes = std::mem::take(&mut self.buffer);
        let (used, is_over) = match &mut self.reading {
            Reading::Base64 { bits, count, characters } => {
                base64(&bytes, self.at, whole_end, (bits, count, characters), &mut self.out)
            }
            Reading::Hex { high } => hex(&bytes, self.at, whole_end, high, &mut self.out),
            Reading::Spelled { percent, escape } => {
                spelled(&bytes, self.at, whole_end, (percent, escape), &mut self.out)
            }
            Reading::CodePoints => code_points(&bytes, self.at, whole_end, &mut self.out),
            Reading::Wide { phase } => wide(&bytes, *phase, whole_end, &mut self.out),
            Reading::Dump => dumped(&bytes, self.at, whole_end, &mut self.out),
        };
        self.buffer = bytes;
        self.buffer.drop_front(used);
        self.at += used as u64;
        // A search that is fed in small pieces judges what is undecided again and again.
        if is_over || whole_end || self.out.bytes.len() >= PIECE {
            #[cfg(test)]
            super::DECODED.with(|decoded| decoded.set(decoded.get() + self.out.bytes.len()));
            let is_first = self.out.len == self.out.bytes.len() as u64;
            if is_first && matches!(self.reading, Reading::Dump) && is_packed(&self.out.bytes) {
                self.packed = Some(Packed::empty());
            }
            if let Some(packed) = &mut self.packed {
                packed.extend(&self.out.bytes);
            }
            // Compressed data holds some text as it is.
            self.content.feed(&self.out.bytes);
            self.out.bytes.clear();
        }
        is_over
    }

    /// Ends the run. Returns the tokens and the compressed data in it, its end, and the bytes after it that were taken.
    pub(super) fn finish(self) -> (Vec<Occurrence>, Vec<Packed>, u64, Sensitive) {
        let end = self.at;
        let encodings = match self.reading {
            Reading::Base64 { .. } => vec![Encoding::Base64],
            Reading::Hex { .. } => vec![Encoding::Hex],
            Reading::Wide { .. } => vec![Encoding::Utf16],
            Reading::CodePoints => vec![Encoding::Escape],
            Reading::Dump => vec![Encoding::Dump],
            Reading::Spelled { percent, escape } => {
                let all = [(percent, Encoding::Percent), (u8::from(escape), Encoding::Escape)];
                all.into_iter().flat_map(|(times, encoding)| (0..times).map(move |_| encoding)).collect()
            }
        };
        let (mut found, mut packed) = self.content.finish_with_packed();
        packed.extend(self.packed);
        for packed in &mut packed {
            let steps =
                encodings.iter().map(|&encoding| Step::new(StepKind::Encoding(encoding), self.start..end));
            packed.via.splice(..0, steps);
        }
        for occurrence in &mut found {
            occurrence.at = self.out.places.encoded(&occurrence.at, end);
            for &encoding in encodings.iter().rev() {
                // The offset of spelled text counts in the bytes around it.
                if encoding.is_spelling() && counts_in_file(&occurrence.via) {
                    (occurrence.offset, occurrence.position) = (occurrence.at.start, None);
                }
                let range = if encoding.is_spelling() { occurrence.at.clone() } else { self.start..end };
                occurrence.reached_by(Step::new(StepKind::Encoding(encoding), range));
            }
        }
        (found, packed, end, self.buffer)
    }
}

/// Each reader returns the number of bytes it has read, and true if the run is over there.
type Progress = (usize, bool);

fn base64(
    bytes: &[u8],
    base: u64,
    whole_end: bool,
    (bits, count, characters): (&mut u32, &mut u32, &mut u64),
    out: &mut Out,
) -> Progress {
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if *count == 0 {
            let groups = out.take_from(|out| dense::base64(bytes.get(at..).unwrap_or_default(), out));
            if groups > 0 {
                at += groups;
                *characters += groups as u64;
                continue;
            }
        }
        if let Some(value) = sextet(b) {
            (*bits, *count) = (*bits << 6 | u32::from(value), *count + 6);
            if *count >= 8 {
                *count -= 8;
                out.push((*bits >> *count & 0xff) as u8);
            }
            *characters += 1;
            at += 1;
            continue;
        }
        let next = match next_line(bytes, at) {
            Ok(Some(next)) => next,
            Ok(None) => return (at, true),
            Err(()) => return (at, whole_end),
        };
        // After a line that ends within a group, the next line may continue it or be another text.
        if *characters % 4 != 0 {
            let line = bytes.get(next..).unwrap_or_default();
            let len = line.iter().take(START).take_while(|&&b| sextet(b).is_some()).count();
            if len < START && len == line.len() && !whole_end {
                return (at, false);
            }
            if begins_text(line.get(..len).unwrap_or_default()) {
                (*bits, *count, *characters) = (0, 0, 0);
                out.push(b'\n');
            }
        }
        at = next;
        out.places.mark(out.len, base + at as u64);
    }
    (at, whole_end)
}

fn hex(bytes: &[u8], base: u64, whole_end: bool, high: &mut Option<u8>, out: &mut Out) -> Progress {
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if high.is_none() {
            let pairs = out.take_from(|out| dense::hex(bytes.get(at..).unwrap_or_default(), out));
            if pairs > 0 {
                at += pairs;
                continue;
            }
        }
        if let Some(digit) = number_of(b) {
            match high.take() {
                Some(high) => out.push(high << 4 | digit),
                None => *high = Some(digit),
            }
            at += 1;
            continue;
        }
        match next_line(bytes, at) {
            Ok(Some(next)) if bytes.get(next).is_some_and(u8::is_ascii_hexdigit) => at = next,
            Ok(_) => return (at, true),
            Err(()) => return (at, whole_end),
        }
        out.places.mark(out.len, base + at as u64);
    }
    (at, whole_end)
}

fn spelled(
    bytes: &[u8],
    base: u64,
    whole_end: bool,
    (percent, escape): (&mut u8, &mut bool),
    out: &mut Out,
) -> Progress {
    let end = bytes.iter().position(|&b| !is_encoded(b));
    let text = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let mut at = 0;
    while let Some(&b) = text.get(at) {
        let is_escape = matches!(b, b'%' | b'\\' | b'&' | b'U');
        if is_escape && text.len() - at < ESCAPE && end.is_none() && !whole_end {
            return (at, false);
        }
        let rest = text.get(at..).unwrap_or_default();
        let rest = rest.get(..ESCAPE).unwrap_or(rest);
        let Some((byte, len, times)) = spelled_character(rest).filter(|_| is_escape) else {
            out.push(b);
            at += 1;
            continue;
        };
        *percent = times.max(*percent);
        *escape |= times == 0;
        out.places.mark(out.len, base + at as u64);
        out.push(byte);
        at += len;
        out.places.mark(out.len, base + at as u64);
    }
    (at, end.is_some() || whole_end)
}

fn code_points(bytes: &[u8], base: u64, whole_end: bool, out: &mut Out) -> Progress {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.len() < points::LONGEST && !whole_end {
            return (at, false);
        }
        let Some((byte, len)) = points::point(rest) else { return (at, true) };
        out.places.mark(out.len, base + at as u64);
        out.push(byte);
        at += len;
        out.places.mark(out.len, base + at as u64);
    }
}

fn wide(bytes: &[u8], phase: usize, whole_end: bool, out: &mut Out) -> Progress {
    let mut at = 0;
    while let Some(&[first, second]) = bytes.get(at..at + 2) {
        let (character, zero) = if phase == 0 { (first, second) } else { (second, first) };
        if zero != 0 || !wide_character(character) {
            // In text of the other byte order, the last character has no NUL after it.
            if phase == 0 && wide_character(character) {
                out.push(character);
            }
            return (at, true);
        }
        out.push(if character.is_ascii() { character } else { b'?' });
        at += 2;
    }
    if let (0, true, Some(&last)) = (phase, whole_end, bytes.get(at)) {
        out.push(last);
    }
    (at, whole_end)
}

fn dumped(bytes: &[u8], base: u64, whole_end: bool, out: &mut Out) -> Progress {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let newline = memchr::memchr(b'\n', rest);
        let line = match newline {
            Some(end) => rest.get(..end).unwrap_or_default(),
            None if rest.len() > dump::LONGEST => return (at, true),
            None if !whole_end => return (at, false),
            None => rest,
        };
        match dump::line(line) {
            Line::Bytes(bytes) => {
                out.places.mark(out.len, base + at as u64);
                for byte in bytes {
                    out.push(byte);
                }
            }
            Line::Repeated => {}
            Line::Other => return (at, true),
        }
        let Some(newline) = newline else { return (at + line.len(), true) };
        at += newline + 1;
        out.places.mark(out.len, base + at as u64);
    }
}
