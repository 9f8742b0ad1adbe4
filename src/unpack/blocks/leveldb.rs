//! `LevelDB`: logs whose records are split at blocks of 32 KiB, which wandb uses as well, and tables of
//! blocks in Snappy.

use std::io::{self, BufRead as _, Read};

use super::lz::{self, snappy_len, varint};
use super::{Joined, MAX_WHOLE, enter_reader, take, too_large};
use crate::detect::StepKind;
use crate::stream::{Compression, Peek, crc32c, masked};
use crate::unpack::level::Level;
use crate::unpack::raw::Raw;

/// The size of the blocks of a log.
const BLOCK: u64 = 32 * 1024;
/// The header of a part of a record: checksum, length and kind.
const HEADER: usize = 7;
/// The first bytes of a log of wandb, as long as a header.
const WANDB: &[u8] = b":W&B\xe1\xbe\0";
/// The footer of a table: the places of its two indexes, and the magic number.
const FOOTER: usize = 48;
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
/// The length of the trailer of a block: its kind and its checksum.
const TRAILER: usize = 5;
/// The largest block of a table, which is held in memory.
const MAX_BLOCK: u64 = 16 << 20;

/// Returns the number of bytes before the first record if a log begins with these bytes.
pub(super) fn begins_log(head: &[u8]) -> Option<u64> {
    if head.starts_with(WANDB) {
        return Some(WANDB.len() as u64);
    }
    let (&[a, b, c, d, low, high, kind], rest) = head.split_first_chunk::<HEADER>()?;
    let (sum, len) = (u32::from_le_bytes([a, b, c, d]), usize::from(u16::from_le_bytes([low, high])));
    let is_part = matches!(kind, 1 | 2) && len > 0 && len as u64 <= BLOCK - HEADER as u64;
    let is_checked = || rest.get(..len).is_some_and(|data| masked_sum(kind, data) == sum);
    // The first part of a long record fills its block. What is at hand does not reach its end.
    let fills = kind == 2 && len as u64 == BLOCK - HEADER as u64;
    (is_part && (fills || is_checked())).then_some(0)
}

pub(super) fn open_log(level: &mut Level<'_, '_>, skipped: u64, raw: &mut Raw<'_>) {
    take(raw, skipped);
    enter_reader(level, StepKind::Records, Records { raw, at: skipped, left: 0 });
}

/// The records of a log, joined.
struct Records<'r, 'a> {
    raw: &'r mut Raw<'a>,
    /// The offset in the log.
    at: u64,
    /// The bytes that are left of a part.
    left: u64,
}

impl Read for Records<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let room = BLOCK - self.at % BLOCK;
            let header = self.raw.peek(HEADER)?.first_chunk::<HEADER>().copied();
            if room < HEADER as u64 {
                self.at += take(self.raw, room).len() as u64;
                continue;
            }
            let Some([.., low, high, kind]) = header else { return Ok(0) };
            let len = u64::from(u16::from_le_bytes([low, high]));
            if !(1..=4).contains(&kind) || len > room - HEADER as u64 {
                // The rest of a block may be empty. Anything else is not part of the log.
                let rest = self.raw.peek(1)?.first().copied();
                if header == Some([0; HEADER]) && rest.is_some() {
                    let passed = take(self.raw, room).len() as u64;
                    self.at += passed;
                    continue;
                }
                return Ok(0);
            }
            self.raw.consume(HEADER);
            (self.at, self.left) = (self.at + HEADER as u64, len);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let n = self.raw.read(out.get_mut(..most).unwrap_or_default())?;
        (self.at, self.left) = (self.at + n as u64, self.left - n as u64);
        Ok(n)
    }
}

/// Returns true if a table of compressed blocks begins with these bytes.
pub(super) fn begins_table(head: &[u8]) -> bool {
    let is_block = |len: usize| {
        let (block, rest) = head.split_at_checked(len)?;
        let (&kind, rest) = rest.split_first()?;
        let sum = rest.first_chunk().map(|sum| u32::from_le_bytes(*sum))?;
        Some(kind == 1 && masked_sum_behind(block, kind) == sum)
    };
    begins_with_whole_key(head) && snappy_len(head).and_then(is_block).unwrap_or(false)
}

/// Returns true if a block of Snappy begins as one of a table does: with a literal, for a key that shares nothing with
/// the one in front of it. Hardly any other content does.
fn begins_with_whole_key(head: &[u8]) -> bool {
    let Some((size, [tag, behind @ ..])) = varint(head) else { return false };
    let kind = tag >> 2;
    // The literal holds the three sizes of an entry, at least.
    let is_literal = tag % 4 == 0 && kind > 1;
    let key = behind.get(usize::from(kind.saturating_sub(59))..).unwrap_or_default();
    size <= MAX_BLOCK && is_literal && matches!(key, [0, len, ..] if *len > 0)
}

pub(super) fn open_table(level: &mut Level<'_, '_>, raw: &mut Raw<'_>) {
    let step = StepKind::Compression(Compression::Snappy);
    let held = match crate::stream::hold_memory(MAX_WHOLE, "a table") {
        Ok(held) => held,
        Err(error) => return level.failed(step, &error),
    };
    let table = take(raw, MAX_WHOLE + 1);
    if table.len() as u64 > MAX_WHOLE {
        too_large(level, step.clone(), "a table", MAX_WHOLE);
    }
    // Without its index, a table is read as far as one compressed block follows the other.
    let handles = blocks(&table).unwrap_or_else(|| blocks_in_a_row(&table));
    let blocks = handles.into_iter().filter_map(|handle| handle.read(&table));
    let blocks = blocks.filter_map(|(block, is_compressed)| is_compressed.then_some(block));
    enter_reader(level, step, Joined::new(blocks));
    drop(held);
}

/// The place of a block.
struct Handle {
    offset: u64,
    len: u64,
}

impl Handle {
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (offset, rest) = varint(bytes)?;
        let (len, rest) = varint(rest)?;
        Some((Self { offset, len }, rest))
    }

    /// Returns the content of the block, and whether it is compressed.
    fn read(&self, table: &[u8]) -> Option<(Vec<u8>, bool)> {
        let (block, behind) = table
            .get(usize::try_from(self.offset).ok()?..)?
            .split_at_checked(usize::try_from(self.len).ok()?)?;
        match behind.first()? {
            1 => Some((lz::snappy(block, MAX_BLOCK)?, true)),
            _ => Some((block.to_vec(), false)),
        }
    }
}

/// Returns the places of the blocks with data. Blocks that overlap are left out: each byte is read once.
fn blocks(table: &[u8]) -> Option<Vec<Handle>> {
    let footer = table.get(table.len().checked_sub(FOOTER)?..)?;
    let handles = footer.strip_suffix(&MAGIC)?;
    let (_, rest) = Handle::parse(handles)?;
    let (index, _) = Handle::parse(rest)?.0.read(table)?;
    let restarts = u32::from_le_bytes(*index.last_chunk()?);
    let entries = index.len().checked_sub(4 * (usize::try_from(restarts).ok()?.checked_add(1)?))?;
    let mut rest = index.get(..entries)?;
    let (mut found, mut end) = (Vec::new(), 0);
    while !rest.is_empty() {
        let (_, behind) = varint(rest)?;
        let (key, behind) = varint(behind)?;
        let (len, behind) = varint(behind)?;
        let value = behind.get(usize::try_from(key).ok()?..)?;
        let (value, behind) = value.split_at_checked(usize::try_from(len).ok()?)?;
        let (handle, _) = Handle::parse(value)?;
        if handle.offset >= end {
            end = handle.offset.checked_add(handle.len)?.checked_add(TRAILER as u64)?;
            found.push(handle);
        }
        rest = behind;
    }
    Some(found)
}

fn blocks_in_a_row(table: &[u8]) -> Vec<Handle> {
    let next = |from: usize| {
        let len = snappy_len(table.get(from..)?)?;
        Some((from, len))
    };
    let all = std::iter::successors(next(0), |(at, len)| next(at + len + TRAILER));
    all.map(|(at, len)| Handle { offset: at as u64, len: len as u64 }).collect()
}

/// Returns the checksum of a part of a record, as it is stored.
pub(super) fn masked_sum(kind: u8, data: &[u8]) -> u32 {
    masked(!crc32c(crc32c(!0, &[kind]), data))
}

pub(super) fn masked_sum_behind(data: &[u8], kind: u8) -> u32 {
    masked(!crc32c(crc32c(!0, data), &[kind]))
}
