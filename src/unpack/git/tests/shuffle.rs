//! Reordering of packs. The result has all whole objects first, then their deltas, then the deltas of those.

use gix_object::Kind;

use crate::unpack::git::entry::{Entry, Form};

struct Part<'a> {
    at: usize,
    base: Option<usize>,
    depth: usize,
    entry: Entry,
    stream: &'a [u8],
}

pub(super) fn by_depth(pack: &[u8]) -> Vec<u8> {
    let mut parts = parts(pack);
    parts.sort_by_key(|part| (part.depth, part.at));
    let mut out = pack[..12].to_vec();
    let mut moved = std::collections::HashMap::new();
    for part in parts {
        moved.insert(part.at, out.len());
        let kind = match part.entry.form {
            Form::Whole(Kind::Commit) => 1,
            Form::Whole(Kind::Tree) => 2,
            Form::Whole(Kind::Blob) => 3,
            Form::Whole(Kind::Tag) => 4,
            _ => 6,
        };
        let back = part.base.map(|base| (out.len() - moved[&base]) as u64);
        out.extend(super::handmade::head(kind, part.entry.size));
        out.extend(back.map(super::handmade::distance).unwrap_or_default());
        out.extend_from_slice(part.stream);
    }
    out.extend([0; 20]);
    out
}

/// Returns the forms of a pack's entries, in pack order.
pub(super) fn forms(pack: &[u8]) -> Vec<Form> {
    parts(pack).into_iter().map(|part| part.entry.form).collect()
}

fn parts(pack: &[u8]) -> Vec<Part<'_>> {
    let count = u32::from_be_bytes(pack[8..12].try_into().unwrap());
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut at = 12;
    for _ in 0..count {
        let entry = Entry::read(&pack[at..], gix_hash::Kind::Sha1).unwrap();
        let mut state = flate2::Decompress::new(true);
        let mut out = vec![0; 8 << 20];
        state.decompress(&pack[at + entry.len..], &mut out, flate2::FlushDecompress::None).unwrap();
        let end = at + entry.len + usize::try_from(state.total_in()).unwrap();
        let base = match entry.form {
            Form::Behind(back) => Some(at - usize::try_from(back).unwrap()),
            _ => None,
        };
        let below = parts.iter().find(|part| Some(part.at) == base);
        let depth = below.map_or(0, |base| base.depth + 1);
        let stream = &pack[at + entry.len..end];
        parts.push(Part { at, base, depth, entry, stream });
        at = end;
    }
    assert_eq!(at + 20, pack.len());
    parts
}
