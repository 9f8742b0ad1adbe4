//! Generated tar archives, with headers that readers may understand in different ways.

use crate::support::Token;
use crate::support::token::Random;

pub(super) const BLOCK: usize = 512;

/// An archive, and the tokens in the bodies of its entries.
pub(super) struct Made {
    pub(super) tar: Vec<u8>,
    pub(super) tokens: Vec<Token>,
    /// The oddity of the archive, for messages.
    pub(super) features: Vec<&'static str>,
    /// Whether Python reads it as Go does.
    pub(super) is_plain: bool,
}

/// Chooses one of several values.
fn one_of<T: Copy>(random: &mut Random, values: &[T]) -> T {
    values[random.below(values.len())]
}

/// Writes a number that ends in a NUL.
pub(super) fn octal(field: &mut [u8], number: u64) {
    let width = field.len() - 1;
    field[..width].copy_from_slice(format!("{number:0width$o}").as_bytes());
    field[width] = 0;
}

fn base256(field: &mut [u8], number: u64) {
    field.fill(0);
    field[0] = 0x80;
    let at = field.len() - 8;
    field[at..].copy_from_slice(&number.to_be_bytes());
}

/// Writes the checksum, as a sum of signed or unsigned bytes.
pub(super) fn seal(block: &mut [u8; BLOCK], signed: bool) {
    block[148..156].fill(b' ');
    let sum = if signed {
        block.iter().map(|b| i64::from(b.cast_signed())).sum::<i64>().unsigned_abs()
    } else {
        block.iter().map(|b| u64::from(*b)).sum()
    };
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut len = rest;
    while rest + len.to_string().len() != len {
        len = rest + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

/// Returns a header block without a checksum.
fn block(name: &str, kind: u8, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    octal(&mut block[100..108], 0o644);
    octal(&mut block[108..116], 0);
    octal(&mut block[116..124], 0);
    octal(&mut block[124..136], size);
    octal(&mut block[136..148], 0);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block
}

/// Writes archives that are read in different ways.
struct Generator {
    random: Random,
    made: Made,
    /// The number of the next name.
    names: usize,
}

impl Generator {
    /// Returns true once in `n` times.
    fn rarely(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    fn note(&mut self, feature: &'static str) {
        self.made.features.push(feature);
    }

    /// Notes what Python reads in another way.
    fn note_odd(&mut self, feature: &'static str) {
        self.made.is_plain = false;
        self.note(feature);
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("dir{}/file{}", self.names % 3, self.names)
    }

    fn push(&mut self, block: &mut [u8; BLOCK], signed: bool, body: &[u8]) {
        seal(block, signed);
        self.made.tar.extend_from_slice(block);
        self.made.tar.extend_from_slice(body);
        let padded = self.made.tar.len().next_multiple_of(BLOCK);
        self.made.tar.resize(padded, 0);
    }

    /// Writes a header that amends the next one.
    fn amend(&mut self, kind: u8, body: &[u8]) {
        let mut block = block("amending", kind, body.len() as u64);
        if matches!(kind, b'L' | b'K') {
            block[257..265].copy_from_slice(b"ustar  \0");
        }
        self.push(&mut block, false, body);
    }

    fn pax_header(&mut self, size: u64) {
        let mut records = Vec::new();
        for _ in 0..=self.random.below(2) {
            let name = self.name();
            let (key, value): (&str, Vec<u8>) = match self.random.below(12) {
                0..=3 => ("path", name.into_bytes()),
                4 => {
                    self.note_odd("an empty path");
                    ("path", Vec::new())
                }
                5 => ("size", size.to_string().into_bytes()),
                6 => ("mtime", b"1700000000.123".to_vec()),
                7 => ("linkpath", name.into_bytes()),
                8 => {
                    self.note_odd("a bad time or size");
                    let bad =
                        [("mtime", "soon"), ("size", "x"), ("size", "-1"), ("uid", "1x"), ("atime", "1.x")];
                    let (key, value) = one_of(&mut self.random, &bad);
                    (key, value.as_bytes().to_vec())
                }
                9 if self.rarely(2) => {
                    self.note_odd("a NUL in a path");
                    ("path", b"a\0b".to_vec())
                }
                10 => ("SCHILY.xattr.user.note", b"a\nb".to_vec()),
                _ => ("comment", b"nothing".to_vec()),
            };
            records.extend(record(key, &value));
        }
        if self.rarely(12) {
            self.note_odd("a malformed record");
            records.extend(one_of(
                &mut self.random,
                &[&b"9 a=b\n"[..], b"x a=b\n", b"7 path\n", b"6 =bc\n", b"rest", b"5 a\n\n"],
            ));
        }
        self.amend(b'x', &records);
    }

    /// Writes headers in front of an entry.
    fn amendments(&mut self, size: u64) {
        let (mut pax, mut names) = (0, 0);
        for _ in 0..self.random.below(4) {
            let name = self.name();
            match self.random.below(8) {
                0..=3 => {
                    self.pax_header(size);
                    pax += 1;
                }
                4 | 5 => {
                    self.amend(b'L', &[name.as_bytes(), b"\0"].concat());
                    names += 1;
                }
                6 => self.amend(b'K', &[name.as_bytes(), b"\0"].concat()),
                _ => {
                    self.note_odd("a global header");
                    let path = record("path", name.as_bytes());
                    let body = if self.rarely(4) { b"bad".to_vec() } else { path };
                    self.amend(b'g', &body);
                }
            }
        }
        if pax > 1 {
            self.note_odd("several pax headers");
        }
        if names > 1 {
            self.note_odd("several long names");
        }
        if names > 0 && pax > 0 {
            self.note_odd("a long name and a pax header");
        }
    }

    fn entry(&mut self) {
        let token = Token::user(&format!("tar readers {}", self.made.tokens.len() + 100 * self.names));
        // The map of a sparse file cuts the body after ten bytes.
        let mut body = format!("----------\nHF_TOKEN={}\n", token.text()).into_bytes();
        body.resize(100 + self.random.below(900), b'.');
        self.made.tokens.push(token);
        let size = body.len() as u64;
        if self.rarely(5) {
            return self.sparse_entry(&body);
        }
        if self.rarely(2) {
            self.amendments(size);
        }
        let mut name = self.name();
        let kind = one_of(&mut self.random, b"0000\0\0\0");
        if self.rarely(10) {
            self.note_odd("a slash at the end of a name");
            name.push('/');
        }
        let mut block = block(&name, kind, size);
        self.magic(&mut block);
        if self.rarely(8) {
            base256(&mut block[124..136], size);
        }
        if self.rarely(40) {
            self.note_odd("a field that is no number");
            let at = one_of(&mut self.random, &[100, 108, 116, 136]);
            block[at..at + 2].copy_from_slice(b"9x");
        }
        let is_directory = kind == 0 && name.ends_with('/');
        if is_directory && self.rarely(2) {
            self.made.tokens.pop();
            body.clear();
        }
        self.push(&mut block, false, &body);
        if self.rarely(40) {
            self.note_odd("a block of zeros");
            self.made.tar.resize(self.made.tar.len() + BLOCK, 0);
        }
    }

    /// Sets magic, version and prefix.
    fn magic(&mut self, block: &mut [u8; BLOCK]) {
        let prefix = self.name();
        match self.random.below(8) {
            0 => block[257..265].fill(0),
            1 => block[257..265].copy_from_slice(b"ustar  \0"),
            2 => {
                self.note_odd("a prefix in a GNU header");
                block[257..265].copy_from_slice(b"ustar  \0");
                block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
            }
            3 => {
                self.note_odd("another version");
                block[257..265].copy_from_slice(b"ustar\0xy");
                block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
            }
            4 => block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes()),
            5 => {
                self.note_odd("GNU's magic with another version");
                block[257..265].copy_from_slice(b"ustar 00");
                block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
            }
            6 => {
                self.note_odd("Schily's format");
                block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
                octal(&mut block[476..488], 1);
                octal(&mut block[488..500], 1);
                block[508..512].copy_from_slice(b"tar\0");
            }
            _ => {}
        }
    }

    /// Writes a sparse file of two pieces, in one of the pax formats. Its map may be wrong.
    fn sparse_entry(&mut self, data: &[u8]) {
        self.note("a sparse file");
        let (at, len) = (2048, data.len() as u64 - 10);
        let mut real_size = at + data.len() as u64 + 1000;
        let mut numbers = vec![0, 10, at, len];
        if self.rarely(3) {
            self.note_odd("a wrong map");
            match self.random.below(5) {
                0 => numbers = vec![at, len, 0, 10],
                1 => numbers[3] -= 1,
                2 => numbers[3] += 1,
                3 => real_size = at,
                _ => {
                    numbers.pop();
                }
            }
        }
        let text = |separator: &str| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(separator);
        let (name, real_size) = (self.name(), real_size.to_string());
        let mut records = record("GNU.sparse.name", name.as_bytes());
        let mut body = Vec::new();
        match self.random.below(4) {
            0 => {
                records.extend(record("GNU.sparse.major", b"1"));
                records.extend(record("GNU.sparse.minor", b"0"));
                records.extend(record("GNU.sparse.realsize", real_size.as_bytes()));
                body = format!("2\n{}\n", text("\n")).into_bytes();
                body.resize(BLOCK, 0);
            }
            1 => {
                records.extend(record("GNU.sparse.size", real_size.as_bytes()));
                records.extend(record("GNU.sparse.numblocks", b"2"));
                records.extend(record("GNU.sparse.map", text(",").as_bytes()));
            }
            2 => {
                records.extend(record("GNU.sparse.size", real_size.as_bytes()));
                records.extend(record("GNU.sparse.numblocks", b"2"));
                for (nth, number) in numbers.iter().enumerate() {
                    let key = if nth % 2 == 0 { "GNU.sparse.offset" } else { "GNU.sparse.numbytes" };
                    records.extend(record(key, number.to_string().as_bytes()));
                }
            }
            _ => {
                self.note_odd("incomplete sparse records");
                let key = one_of(
                    &mut self.random,
                    &["GNU.sparse.map", "GNU.sparse.major", "GNU.sparse.realsize", "GNU.sparse.numbytes"],
                );
                records.extend(record(key, one_of(&mut self.random, &[&b"1"[..], b"0", b"x"])));
            }
        }
        body.extend_from_slice(data);
        self.amend(b'x', &records);
        let name = self.name();
        let mut block = block(&name, b'0', body.len() as u64);
        self.push(&mut block, false, &body);
    }
}

/// Returns the archive of a seed.
pub(super) fn made(seed: u64) -> Made {
    let made = Made { tar: Vec::new(), tokens: Vec::new(), features: Vec::new(), is_plain: true };
    let mut generator = Generator { random: Random::new(&format!("tar {seed}")), made, names: 0 };
    for _ in 0..=generator.random.below(4) {
        generator.entry();
    }
    let mut made = generator.made;
    made.tar.resize(made.tar.len() + 2 * BLOCK, 0);
    made
}
