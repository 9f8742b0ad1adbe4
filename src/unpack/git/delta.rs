//! Deltas: gitformat-pack(5), "Deltified representation". The result is produced piece by piece, so it need
//! not be held in memory, whatever its claimed size.

use std::ops::Range;

use super::inflate::{Decode, Fault, Inflate};

/// The instructions of a delta, inflated on demand.
pub(super) struct Instructions<'i, 'a> {
    inflate: &'i mut Inflate<'a>,
    buffer: [u8; 4096],
    held: Range<usize>,
    /// The size of the base in bytes, as the delta claims.
    pub(super) base_size: u64,
    /// The size of the result in bytes, as the delta claims.
    pub(super) result_size: u64,
}

/// One instruction of a delta.
enum Instruction {
    /// Copies `len` bytes of the base, starting at `at`.
    Copy { at: usize, len: usize },
    /// Inserts this many of the following bytes.
    Insert(usize),
}

impl<'i, 'a> Instructions<'i, 'a> {
    /// Reads the two sizes at the start of a delta.
    pub(super) fn begin(inflate: &'i mut Inflate<'a>) -> Result<Self, Fault> {
        let mut new = Self { inflate, buffer: [0; 4096], held: 0..0, base_size: 0, result_size: 0 };
        new.base_size = new.size()?;
        new.result_size = new.size()?;
        Ok(new)
    }

    fn size(&mut self) -> Result<u64, Fault> {
        let (mut size, mut shift) = (0, 0);
        loop {
            let byte = self.expect()?;
            let bits = u64::from(byte & 0x7f);
            let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits);
            size |= shifted.ok_or(Fault::Broken)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(size);
            }
        }
    }

    /// Returns the buffered bytes. An empty slice means the end.
    fn view(&mut self) -> Result<&[u8], Fault> {
        if self.held.is_empty() {
            self.held = 0..self.inflate.decode(&mut self.buffer)?;
        }
        Ok(self.buffer.get(self.held.clone()).unwrap_or_default())
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        let byte = self.view()?.first().copied();
        self.held.start += usize::from(byte.is_some());
        Ok(byte)
    }

    fn expect(&mut self) -> Result<u8, Fault> {
        self.byte()?.ok_or(Fault::Broken)
    }

    /// Reads the next instruction. Returns `None` at the end.
    fn next(&mut self) -> Result<Option<Instruction>, Fault> {
        let Some(command) = self.byte()? else { return Ok(None) };
        if command & 0x80 == 0 {
            // Zero is reserved.
            return if command == 0 {
                Err(Fault::Broken)
            } else {
                Ok(Some(Instruction::Insert(command.into())))
            };
        }
        let (mut at, mut len) = (0, 0);
        for bit in 0..4 {
            if command >> bit & 1 != 0 {
                at |= usize::from(self.expect()?) << (8 * bit);
            }
        }
        for bit in 0..3 {
            if command >> (4 + bit) & 1 != 0 {
                len |= usize::from(self.expect()?) << (8 * bit);
            }
        }
        Ok(Some(Instruction::Copy { at, len: if len == 0 { 0x10000 } else { len } }))
    }

    /// Fills `out` with some of the next `left` inserted bytes.
    fn insert(&mut self, left: usize, out: &mut [u8]) -> Result<usize, Fault> {
        let view = self.view()?;
        if view.is_empty() {
            return Err(Fault::Broken);
        }
        let view = view.get(..left).unwrap_or(view);
        let n = copy(view, out);
        self.held.start += n;
        Ok(n)
    }
}

/// Copies as many bytes as fit.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..n), to.get_mut(..n)) {
        to.copy_from_slice(from);
    }
    n
}

/// The result of applying a delta to its base.
pub(super) struct Applied<'i, 'a, 'b> {
    instructions: Instructions<'i, 'a>,
    base: &'b [u8],
    /// The rest of the current instruction.
    copying: &'b [u8],
    inserting: usize,
    /// The number of result bytes still to come.
    left: u64,
    /// A fault to return on the next call, because bytes were returned first.
    fault: Option<Fault>,
}

impl<'i, 'a, 'b> Applied<'i, 'a, 'b> {
    pub(super) fn new(instructions: Instructions<'i, 'a>, base: &'b [u8]) -> Result<Self, Fault> {
        if instructions.base_size != base.len() as u64 {
            return Err(Fault::Broken);
        }
        let left = instructions.result_size;
        Ok(Self { instructions, base, copying: &[], inserting: 0, left, fault: None })
    }

    fn step(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        loop {
            if !self.copying.is_empty() {
                let n = copy(self.copying, out);
                self.copying = self.copying.get(n..).unwrap_or_default();
                return Ok(n);
            }
            if self.inserting > 0 {
                let n = self.instructions.insert(self.inserting, out)?;
                self.inserting -= n;
                return Ok(n);
            }
            match self.instructions.next()? {
                Some(Instruction::Insert(len)) => self.inserting = len,
                Some(Instruction::Copy { at, len }) => {
                    let end = at.checked_add(len).ok_or(Fault::Broken)?;
                    self.copying = self.base.get(at..end).ok_or(Fault::Broken)?;
                }
                None => return Ok(0),
            }
        }
    }
}

impl Decode for Applied<'_, '_, '_> {
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        let mut filled = 0;
        while self.fault.is_none()
            && let Some(room @ [_, ..]) = out.get_mut(filled..)
        {
            match self.step(room) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(fault) => self.fault = Some(fault),
            }
        }
        if filled == 0
            && let Some(fault) = self.fault.take()
        {
            self.fault = Some(Fault::Broken);
            return Err(fault);
        }
        self.left = self.left.checked_sub(filled as u64).ok_or(Fault::Broken)?;
        if filled == 0 && self.left > 0 { Err(Fault::Broken) } else { Ok(filled) }
    }
}

/// The bytes that a delta inserts, for a delta whose base is not available. Each copy is replaced by a NUL,
/// next to which the search does not require a word boundary.
pub(super) struct Inserted<'i, 'a> {
    instructions: Instructions<'i, 'a>,
    inserting: usize,
}

impl<'i, 'a> Inserted<'i, 'a> {
    pub(super) fn new(instructions: Instructions<'i, 'a>) -> Self {
        Self { instructions, inserting: 0 }
    }
}

impl Decode for Inserted<'_, '_> {
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        loop {
            if self.inserting > 0 {
                let n = self.instructions.insert(self.inserting, out)?;
                self.inserting -= n;
                return Ok(n);
            }
            match self.instructions.next()? {
                Some(Instruction::Insert(len)) => self.inserting = len,
                Some(Instruction::Copy { .. }) => return Ok(copy(&[0], out)),
                None => return Ok(0),
            }
        }
    }
}
