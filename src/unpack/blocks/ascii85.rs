//! Streams of PDF files that are written as text in base 85, as `ReportLab` writes them by default. A name in the
//! dictionary in front of a stream says so. What they decode to is a zlib stream in most files.

use std::io::{self, BufRead as _};

use super::{Joined, enter_reader};
use crate::detect::{Encoding, StepKind};
use crate::stream::Peek as _;
use crate::unpack::format::LONGEST;
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// A part of the name, no longer than what is looked for at once.
const NAME: &[u8] = b"CII85De";
const _: () = assert!(NAME.len() <= LONGEST);
/// The word in front of the data, and the number of bytes in which it has to follow.
const STREAM: &[u8] = b"stream";
const NEAR: usize = 1024;
/// The byte that ends the data.
const END: u8 = b'~';

/// Returns the offset of the next name.
pub(super) fn next(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, NAME)
}

/// Reads the stream behind the name that begins with the next byte. Returns false if none does.
pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) -> bool {
    let Ok(head) = raw.peek(NEAR) else { return false };
    let head = head.get(..NEAR).unwrap_or(head);
    if !head.starts_with(NAME) {
        return false;
    }
    let Some(at) = memchr::memmem::find(head, STREAM) else { return false };
    raw.consume(at + STREAM.len());
    let decoded = Decoded { raw, group: Vec::new(), is_over: false };
    enter_reader(level, StepKind::Encoding(Encoding::Base85), Joined::new(decoded));
    true
}

/// The bytes that a text in base 85 stands for, up to its end or to another character.
struct Decoded<'r, 'a> {
    raw: &'r mut Raw<'a>,
    /// The digits of the group that is not whole yet.
    group: Vec<u8>,
    is_over: bool,
}

impl Decoded<'_, '_> {
    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let view = self.raw.fill_buf()?;
        let mut out = Vec::new();
        let mut taken = 0;
        self.is_over = view.is_empty();
        for &byte in view {
            match byte {
                b'!'..=b'u' => self.group.push(byte - b'!'),
                b'z' if self.group.is_empty() => out.extend([0; 4]),
                // The text may begin with `<~`.
                END if matches!(*self.group, [27]) => self.group.clear(),
                _ if byte.is_ascii_whitespace() || byte == 0 => {}
                _ => {
                    self.is_over = true;
                    break;
                }
            }
            taken += 1;
            if self.group.len() == 5 {
                out.extend(number(&self.group).to_be_bytes());
                self.group.clear();
            }
        }
        self.raw.consume(taken);
        // One digit more than the bytes that are left.
        let left = self.group.len().saturating_sub(1);
        if self.is_over && left > 0 {
            self.group.resize(5, 84);
            out.extend(number(&self.group).to_be_bytes().get(..left).unwrap_or_default());
        }
        Ok(out)
    }
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number: u32, &digit| number.wrapping_mul(85).wrapping_add(u32::from(digit)))
}

impl Iterator for Decoded<'_, '_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        // A reader's error is reported by the reader of the enclosing content.
        (!self.is_over).then(|| self.piece().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use crate::stop::Stop;
    use crate::stream::Compression;
    use crate::stream::samples::part;
    use crate::unpack::tests::{text, token, way};
    use crate::unpack::{Origin, Unpacker};

    fn encode(bytes: &[u8]) -> String {
        let group = |bytes: &[u8]| {
            let number =
                (0..4).fold(0_u32, |number, nth| number << 8 | u32::from(*bytes.get(nth).unwrap_or(&0)));
            if number == 0 && bytes.len() == 4 {
                return "z".to_owned();
            }
            let digit =
                |nth: u32| char::from(u8::try_from(number / 85_u32.pow(4 - nth) % 85).unwrap() + b'!');
            (0..5).map(digit).take(bytes.len() + 1).collect()
        };
        bytes.chunks(4).map(group).collect::<Vec<String>>().concat()
    }

    fn ways(content: &[u8]) -> Vec<String> {
        let (found, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), &mut &*content);
        outcome.unwrap();
        assert!(found.problems.is_empty());
        found.occurrences.iter().map(way).collect()
    }

    #[test]
    fn streams_of_pdf_files() {
        let text = text(&token("a"));
        let zlib = part(Compression::Zlib, &text);
        for (filter, data, expected) in [
            ("[ /ASCII85Decode /FlateDecode ]", &zlib, vec!["base85 > zlib"]),
            ("/ASCII85Decode", &text, vec!["base85"]),
            ("/ASCII85Decode", &[&[0; 8][..], &text].concat(), vec!["base85"]),
        ] {
            let data = encode(data);
            let lines: Vec<_> = data.as_bytes().chunks(77).map(String::from_utf8_lossy).collect();
            for data in [data.clone(), lines.join("\n"), format!("<~{data}")] {
                for end in ["~>", "~", "", "\u{1}"] {
                    let length = data.len();
                    let object = format!(
                        "1 0 obj\n<<\n/Filter {filter} /Length {length}\n>>\nstream\n{data}{end}endstream\nendobj\n"
                    );
                    if end.is_empty() {
                        // Letters behind the data are read as well.
                        ways(format!("%PDF-1.4\n{object}").as_bytes());
                        continue;
                    }
                    for front in [0, 980, 4090, 70_000] {
                        let front = " ".repeat(front);
                        let pdf = format!("%PDF-1.4\n{front}{object}");
                        assert_eq!(ways(pdf.as_bytes()), expected, "{filter} {end:?} {}", front.len());
                    }
                }
            }
        }
    }
}
