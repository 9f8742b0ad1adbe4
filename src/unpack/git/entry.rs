//! The header of an entry of a pack: gitformat-pack(5), "pack-*.pack files have the following format".

use gix_hash::ObjectId;
use gix_object::Kind;

/// More bytes than any header has.
pub(super) const LONGEST: usize = 64;

/// What an entry says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) form: Form,
    /// What its stream is said to decode to, in bytes.
    pub(super) size: u64,
    /// How many bytes the header takes.
    pub(super) len: usize,
}

/// How an object is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// By itself.
    Whole(Kind),
    /// As a delta of the object whose entry begins so many bytes before this one.
    Behind(u64),
    /// As a delta of the object of that id.
    Reference(ObjectId),
}

impl Entry {
    /// The header at the start of `bytes`, if there is one. `hash` says how long ids are.
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
