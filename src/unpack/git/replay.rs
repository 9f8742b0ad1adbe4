//! The bytes of a pack: kept while they are read, or read once more.

use std::io::{self, BufRead, Read};

use super::Reread;
use super::plan::Order;
use crate::stream::Peek;

/// Passes a pack on, counts its bytes, and keeps them while they are few.
pub(super) struct Recorder<'a> {
    input: &'a mut dyn Peek,
    kept: Option<Vec<u8>>,
    /// How many more bytes may be kept.
    room: usize,
    passed: u64,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(input: &'a mut dyn Peek, room: usize) -> Self {
        Self { input, kept: Some(Vec::new()), room, passed: 0 }
    }

    /// The offset in the pack of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.passed
    }

    /// Takes from what may be kept; lets go of everything when it is too little.
    pub(super) fn charge(&mut self, bytes: usize) {
        match self.room.checked_sub(bytes) {
            Some(room) => self.room = room,
            None => self.kept = None,
        }
    }

    /// All bytes that went by, if they were kept.
    pub(super) fn into_kept(self) -> Option<Vec<u8>> {
        self.kept
    }
}

impl Peek for Recorder<'_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.input.peek(min)
    }
}

impl BufRead for Recorder<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.charge(n);
        // The bytes are buffered, so asking for them again cannot fail.
        if let (Some(kept), Ok(view)) = (&mut self.kept, self.input.fill_buf()) {
            kept.extend_from_slice(view.get(..n).unwrap_or(view));
        }
        self.input.consume(n);
        self.passed += n as u64;
    }
}

impl Read for Recorder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.input.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// How a pack is gone over again.
pub(super) enum Replay<'r, 'a> {
    /// From memory.
    Kept(Vec<u8>),
    /// From its source, from front to back.
    Reread(&'r mut Reread<'a>),
}

impl Replay<'_, '_> {
    pub(super) fn order(&self) -> Order {
        match self {
            Self::Kept(_) => Order::Random,
            Self::Reread(_) => Order::Forward,
        }
    }

    /// The pack, for one round.
    pub(super) fn open(&mut self) -> io::Result<Pass<'_>> {
        Ok(match self {
            Self::Kept(bytes) => Pass::Kept { bytes, rest: &[] },
            Self::Reread(open) => Pass::Stream { input: open()?, at: 0 },
        })
    }
}

/// One time over a pack.
pub(super) enum Pass<'a> {
    Kept { bytes: &'a [u8], rest: &'a [u8] },
    Stream { input: Box<dyn Peek + 'a>, at: u64 },
}

impl Pass<'_> {
    /// The pack from `offset` on. A stream goes forward only.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<Counted<'_>> {
        match self {
            Self::Kept { bytes, rest } => {
                *rest =
                    usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
                Ok(Counted { input: rest, at: None })
            }
            Self::Stream { input, at } => {
                while *at < offset {
                    let held = input.fill_buf()?.len();
                    if held == 0 {
                        break;
                    }
                    let step = usize::try_from(offset - *at).map_or(held, |left| left.min(held));
                    input.consume(step);
                    *at += step as u64;
                }
                Ok(Counted { input: input.as_mut(), at: Some(at) })
            }
        }
    }
}

/// Passes on, and counts what is consumed.
pub(super) struct Counted<'a> {
    input: &'a mut (dyn Peek + 'a),
    at: Option<&'a mut u64>,
}

impl Peek for Counted<'_> {
    fn peek(&mut self, min: usize) -> io::Result<&[u8]> {
        self.input.peek(min)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.input.consume(n);
        if let Some(at) = &mut self.at {
            **at += n as u64;
        }
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.input.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}
