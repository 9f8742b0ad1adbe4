//! Cpio archives: initial file systems of Linux, payloads of packages. Numbers are text, in hexadecimal (`newc`, with or
//! without checksums) or octal (`odc`).

use std::io::{self, BufRead as _, Read as _};

use super::format::HEAD;
use super::level::Level;
use super::raw::{Raw, Stretch};
use crate::detect::{Container, StepKind};
use crate::stream::Peek as _;
use crate::stream::path::normalise;

/// The lengths of the two kinds of header.
const NEWC: usize = 110;
const ODC: usize = 76;
/// The longest name.
const MAX_NAME: usize = 4096;
/// The name that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// The header of an entry.
struct Header {
    len: usize,
    /// The length of the name, with the NUL behind it.
    name: usize,
    size: u64,
    is_file: bool,
    /// Names and bodies end at multiples of this.
    unit: u64,
}

impl Header {
    fn read(head: &[u8]) -> Option<Self> {
        let number = |at: usize, len: usize, radix| {
            let digits = std::str::from_utf8(head.get(at..at + len)?).ok()?;
            let is_number = digits.bytes().all(|digit| char::from(digit).is_digit(radix));
            u64::from_str_radix(digits, radix).ok().filter(|_| is_number)
        };
        let (len, name, size, mode, unit) = match head.first_chunk()? {
            b"070701" | b"070702" => {
                let field = |nth: usize| number(6 + 8 * nth, 8, 16);
                let all = (0..13).all(|nth| field(nth).is_some());
                (NEWC, field(11).filter(|_| all)?, field(6)?, field(1)?, 4)
            }
            b"070707" => {
                let whole = (6..ODC).all(|at| number(at, 1, 8).is_some());
                (ODC, number(59, 6, 8).filter(|_| whole)?, number(65, 11, 8)?, number(18, 6, 8)?, 1)
            }
            _ => return None,
        };
        let name = usize::try_from(name).ok().filter(|name| (2..=MAX_NAME).contains(name))?;
        Some(Self { len, name, size, is_file: mode & 0o170_000 == 0o100_000, unit })
    }
}

pub(super) fn begins(head: &[u8]) -> bool {
    Header::read(head).is_some()
}

/// Reads archives that follow each other, with zeros between them. The bytes behind them are left to the caller.
pub(super) fn open(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let start = raw.passed();
    let is_over = |raw: &mut Raw<'_>, header: &Header| -> io::Result<Option<Vec<u8>>> {
        pass(raw, header.len as u64)?;
        let mut name = Vec::new();
        raw.take(header.name as u64).read_to_end(&mut name)?;
        name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
        align(raw, start, header.unit)?;
        Ok((name != TRAILER).then_some(name))
    };
    while let Some(header) = raw.peek(HEAD).ok().and_then(Header::read) {
        // A reader's error is reported by the reader of the enclosing content.
        let outcome = match is_over(raw, &header) {
            Ok(Some(name)) => body(level, &name, &header, raw).and_then(|()| align(raw, start, header.unit)),
            Ok(None) => pass_zeros(raw),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            return;
        }
    }
}

fn body(level: &mut Level<'_, '_>, name: &[u8], header: &Header, raw: &mut Raw<'_>) -> io::Result<()> {
    let end = raw.passed().saturating_add(header.size);
    if header.is_file && header.size > 0 {
        let step = StepKind::member(Container::Cpio, &normalise(name));
        let range = raw.passed()..end;
        level.enter_stored(step, range, &mut Stretch { raw, left: header.size })?;
    }
    let left = end.saturating_sub(raw.passed());
    pass(raw, left)
}

/// Passes the bytes up to the next multiple of `unit`, counted from the start of the archive.
fn align(raw: &mut Raw<'_>, start: u64, unit: u64) -> io::Result<()> {
    let at = raw.passed() - start;
    pass(raw, at.next_multiple_of(unit) - at)
}

fn pass(raw: &mut Raw<'_>, len: u64) -> io::Result<()> {
    let passed = io::copy(&mut raw.take(len), &mut io::sink())?;
    if passed < len { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn pass_zeros(raw: &mut Raw<'_>) -> io::Result<()> {
    loop {
        let view = raw.fill_buf()?;
        let zeros = view.iter().take_while(|&&byte| byte == 0).count();
        let is_all = zeros == view.len();
        if zeros > 0 {
            raw.consume(zeros);
        }
        if !is_all || zeros == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::stop::Stop;
    use crate::unpack::{Origin, Unpacker};

    fn newc(name: &str, mode: u32, body: &[u8]) -> Vec<u8> {
        let mut entry = format!("070701{:08x}{mode:08x}", 7);
        for number in [0, 0, 1, 0, body.len(), 0, 0, 0, 0, name.len() + 1, 0] {
            write!(entry, "{number:08x}").unwrap();
        }
        let mut entry = [entry.as_bytes(), name.as_bytes(), b"\0"].concat();
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry.extend(body);
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry
    }

    fn odc(name: &str, mode: u32, body: &[u8]) -> Vec<u8> {
        let head = format!("070707{:06o}{:06o}{mode:06o}{:018o}{:06o}", 1, 2, 0, 1);
        let head = format!("{head}{:011o}{:06o}{:011o}{name}\0", 0, name.len() + 1, body.len());
        [head.as_bytes(), body].concat()
    }

    fn ways(content: &[u8]) -> Vec<String> {
        let (found, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), &mut &*content);
        outcome.unwrap();
        assert!(found.problems.is_empty());
        found.occurrences.iter().map(crate::unpack::tests::way).collect()
    }

    #[test]
    fn credentials_of_unknown_shape_are_found_by_their_place() {
        let secret = [&b"Zq8x".repeat(9)[..], b"Kw3p\n"].concat();
        let token = crate::unpack::tests::token("cpio");
        for make in [newc, odc] {
            let first = [make("boot/x", 0o100_644, b"nothing"), make("TRAILER!!!", 0, b"")].concat();
            let second = [
                make(".", 0o40_755, b""),
                make("./root/.cache/huggingface/token", 0o100_600, &secret),
                make("link", 0o120_777, b"root/.cache/huggingface/token"),
                make("etc/plain", 0o100_644, format!("t={token}\n").as_bytes()),
                make("TRAILER!!!", 0, b""),
            ]
            .concat();
            let expected = ["", "cpio:root/.cache/huggingface/token"];
            assert_eq!(ways(&second), expected);
            assert_eq!(ways(&[&first[..], &[0; 500], &second].concat()), expected);
            for cut in 0..second.len() {
                ways(second.get(..cut).unwrap());
            }
        }
    }
}
