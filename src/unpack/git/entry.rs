//! The header of a pack entry: gitformat-pack(5), "pack-*.pack files have the following format".

use gix_hash::ObjectId;
use gix_object::Kind;

/// An upper bound on the length of a header.
pub(super) const LONGEST: usize = 64;

/// The header of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) form: Form,
    /// The claimed decoded size of the entry's stream, in bytes.
    pub(super) size: u64,
    /// The length of the header in bytes.
    pub(super) len: usize,
}

/// The way in which an object is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Stored in full.
    Whole(Kind),
    /// Stored as a delta. The entry of its base begins this many bytes earlier.
    Behind(u64),
    /// Stored as a delta of the object with this ID.
    Reference(ObjectId),
}

impl Entry {
    /// Reads the header at the start of `bytes`, if there is one. `hash` determines the length of IDs.
    pub(super) fn read(bytes: &[u8], hash: gix_hash::Kind) -> Option<Self> {
        let mut bytes_at = bytes.iter().copied().enumerate().map(|(at, byte)| (at + 1, byte));
        let (mut len, mut byte) = bytes_at.next()?;
        let kind = byte >> 4 & 7;
        let mut size = u64::from(byte & 15);
        let mut shift = 4;
        while byte & 0x80 != 0 {
            (len, byte) = bytes_at.next()?;
            let bits = u64::from(byte & 0x7f);
            let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            size |= shifted;
            shift += 7;
        }
        let form = match kind {
            1 => Form::Whole(Kind::Commit),
            2 => Form::Whole(Kind::Tree),
            3 => Form::Whole(Kind::Blob),
            4 => Form::Whole(Kind::Tag),
            6 => {
                (len, byte) = bytes_at.next()?;
                let mut distance = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    (len, byte) = bytes_at.next()?;
                    let next = distance.checked_add(1)?;
                    distance = next.checked_mul(0x80)? | u64::from(byte & 0x7f);
                }
                Form::Behind(distance)
            }
            7 => {
                let id = bytes.get(len..)?.get(..hash.len_in_bytes())?;
                len += id.len();
                Form::Reference(ObjectId::try_from(id).ok()?)
            }
            _ => return None,
        };
        Some(Self { form, size, len })
    }
}
