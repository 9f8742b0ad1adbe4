//! UTF-16 text that is read as bytes, so that encoded content within it is also found. All text after a byte
//! order mark is read in this way. Windows shells write such files.

use zeroize::Zeroizing;

use super::{Encoding, Occurrence, Scanner, Step, StepKind};

/// The length of the byte order mark.
const MARK: usize = 2;

/// Reads a stream that may be UTF-16.
#[derive(Default)]
pub(super) struct Narrowed {
    /// The bytes of the mark or of an incomplete unit.
    pending: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Start,
    /// UTF-16 text: the search in its bytes, and the offset of the upper half in a unit.
    Text { scanner: Box<Scanner>, upper: usize },
    /// Other content.
    Other,
}

impl Narrowed {
    /// Reads the next piece. At most `limit` tokens are listed. `depth` encodings surround
    /// what is read.
    pub(super) fn feed(&mut self, piece: &[u8], depth: usize, limit: Option<usize>) {
        let mut piece = piece;
        if matches!(self.state, State::Start) {
            let (mark, rest) = piece.split_at(piece.len().min(MARK - self.pending.len()));
            self.pending.extend_from_slice(mark);
            piece = rest;
            let upper = match self.pending.as_slice() {
                [0xff, 0xfe] => Some(1),
                [0xfe, 0xff] => Some(0),
                [_, _] => None,
                _ => return,
            };
            self.pending.clear();
            let scanner = || Box::new(Scanner::nested(depth, limit));
            self.state = upper.map_or(State::Other, |upper| State::Text { scanner: scanner(), upper });
        }
        let State::Text { scanner, upper } = &mut self.state else { return };
        let mut text = Zeroizing::new(Vec::with_capacity(piece.len() / 2 + 1));
        let first = self.pending.pop();
        let units = first.iter().chain(piece).copied();
        let mut pending = None;
        for b in units {
            match pending.take() {
                None => pending = Some(b),
                Some(first) => {
                    let (high, low) = if *upper == 0 { (first, b) } else { (b, first) };
                    text.push(if high == 0 && low.is_ascii() { low } else { b'?' });
                }
            }
        }
        self.pending.extend(pending);
        scanner.feed(&text);
    }

    /// Returns the occurrences that are encoded in the text. Plain occurrences are found elsewhere.
    pub(super) fn finish(self) -> Vec<Occurrence> {
        let State::Text { scanner, .. } = self.state else { return Vec::new() };
        let mut found = scanner.finish();
        // The mark of UTF-32 begins with the mark of UTF-16.
        let is_wide =
            |step: &Step| matches!(step.kind, StepKind::Encoding(Encoding::Utf16 | Encoding::Utf32));
        found.retain(|occurrence| occurrence.via.first().is_some_and(|step| !is_wide(step)));
        let outer = |at: u64| MARK as u64 + 2 * at;
        for occurrence in &mut found {
            occurrence.at = outer(occurrence.at.start)..outer(occurrence.at.end);
            let step = Step::new(StepKind::Encoding(Encoding::Utf16), occurrence.at.clone());
            occurrence.reached_by(step);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::detect::tests::{labels, token};
    use crate::detect::{Scanner, find};

    #[test]
    fn what_is_encoded_within_utf_16_is_found() {
        let token = token("hf_");
        let encoded = STANDARD.encode(format!("user:{token}"));
        for (text, via) in [
            (format!("\"auth\": \"{encoded}\""), "base64"),
            (token.replace('_', "%5f"), "percent"),
            (token.replacen('h', "\\u0068", 1), "escape"),
            (format!("t = \"{}\" + \"{}\"", token.split_at(9).0, token.split_at(9).1), "concatenation"),
            (token.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat(), "hex"),
        ] {
            for unit in [u16::to_le_bytes, u16::to_be_bytes] {
                let bytes: Vec<u8> =
                    format!("\u{feff}{token} é\r\n{text}\r\n").encode_utf16().flat_map(unit).collect();
                let found = find(&bytes);
                let vias: Vec<Vec<String>> = found.iter().map(|o| labels(&o.via)).collect();
                assert_eq!(vias, [vec!["utf-16"], vec!["utf-16", via]], "{text}");
                let place = |at: u64| usize::try_from(at).unwrap();
                let part = &bytes[place(found[1].at.start)..place(found[1].at.end)];
                let part: Vec<u8> = part.iter().copied().filter(|&b| b != 0).collect();
                assert!(part.len() >= 10 && text.contains(std::str::from_utf8(&part).unwrap()), "{text}");
                for step in [1, 3, 1000] {
                    let mut scanner = Scanner::new();
                    bytes.chunks(step).for_each(|piece| scanner.feed(piece));
                    assert_eq!(scanner.finish(), found);
                }
            }
        }
    }
}
