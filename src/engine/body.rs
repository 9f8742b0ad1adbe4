//! The body of one file in a layer.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};

use zeroize::Zeroizing;

use super::search::{scanner, search as search_raw, search_credentials};
use crate::detect::{self, Credential, CredentialSearch, MAX_CREDENTIALS, Occurrence};
use crate::stream::{Decompressed, Entry, Extent, Peek, SparseMap, Tap, Window};
use crate::unpack::{Found, Origin, Unpacker};

/// The result of searching a file.
pub(crate) struct Searched {
    /// The tokens in the file.
    pub(crate) found: Found,
    /// Possible credentials of unknown shape.
    pub(crate) credentials: Vec<Credential>,
    /// The reader's error, if any.
    pub(crate) outcome: io::Result<()>,
}

/// A function that opens a blob again, at its first byte.
pub(crate) type Reopen<'a> = dyn Fn() -> io::Result<Box<dyn Read + Send + 'a>> + 'a;

/// Reads a body to its end and searches it.
pub(crate) fn search(
    unpacker: &mut Unpacker,
    origin: Origin<'_>,
    entry: &Entry,
    body: &mut dyn Peek,
) -> Searched {
    let plain = |(found, outcome)| Searched { found, credentials: Vec::new(), outcome };
    match &entry.extent {
        Extent::Whole if entry.size <= MAX_CREDENTIALS => search_small(unpacker, origin, entry, body),
        Extent::Whole if CredentialSearch::reads_large(&entry.path) => {
            let ((found, outcome), credentials) =
                search_credentials(&entry.path, body, |body| unpacker.search(origin, body));
            Searched { found, credentials, outcome }
        }
        Extent::Whole => plain(unpacker.search(origin, body)),
        extent if entry.size > MAX_CREDENTIALS => plain(search_sparse(extent, body)),
        extent => {
            let (whole, outcome) = read_small(body);
            let (found, searched) = search_sparse(extent, &mut whole.as_slice());
            let credentials = detect::credentials_in(&entry.path, &whole);
            Searched { found, credentials, outcome: outcome.and(searched) }
        }
    }
}

fn search_small(unpacker: &mut Unpacker, origin: Origin<'_>, entry: &Entry, body: &mut dyn Peek) -> Searched {
    // Most small files are in the buffer as a whole.
    if let Ok(mut view) = body.fill_buf()
        && view.len() as u64 == entry.size
    {
        let credentials = detect::credentials_in(&entry.path, view);
        let len = view.len();
        let (found, outcome) = unpacker.search(origin, &mut view);
        body.consume(len);
        return Searched { found, credentials, outcome };
    }
    let (whole, outcome) = read_small(body);
    let credentials = detect::credentials_in(&entry.path, &whole);
    let (found, searched) = unpacker.search(origin, &mut whole.as_slice());
    Searched { found, credentials, outcome: outcome.and(searched) }
}

/// Opens a file again, by reading its layer from the start.
pub(crate) fn reopened<'a>(reopen: Option<&'a Reopen<'a>>, entry: &Entry) -> io::Result<Box<dyn Peek + 'a>> {
    let Some(reopen) = reopen else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut layer = Window::new(Decompressed::new(Window::new(reopen()?))?);
    layer.skip(entry.body_offset)?;
    Ok(Box::new(Window::new(layer.take(entry.size))))
}

/// Reads the whole of a small file, as far as possible.
fn read_small(body: &mut dyn Peek) -> (Zeroizing<Vec<u8>>, io::Result<()>) {
    let mut whole = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_CREDENTIALS).unwrap_or_default()));
    let outcome = body.read_to_end(&mut whole);
    (whole, outcome.map(|_| ()))
}

/// Searches the data of a sparse file. The data is first searched as stored, because the map may be wrong.
/// Then each stretch is searched on its own, for tokens that end or begin at a hole. Offsets count in the
/// file including its holes.
fn search_sparse(extent: &Extent, body: &mut dyn Peek) -> (Found, io::Result<()>) {
    let mut scanner = scanner();
    let passed = Cell::new(0);
    let mut stored = Tap::new(body, |bytes: &[u8]| {
        scanner.feed(bytes);
        passed.set(passed.get() + bytes.len() as u64);
    });
    // The start of each stretch, in the body and in the file.
    let mut starts: Vec<(u64, u64)> = Vec::new();
    let mut at_holes = Vec::new();
    let map = match extent {
        Extent::Whole => Ok(SparseMap::default()),
        Extent::Sparse(map) => Ok(map.clone()),
        Extent::SparseMapInBody => SparseMap::read(&mut stored).map(|(map, _)| map),
    };
    let outcome = map.and_then(|map| {
        for (start, len) in map.stretches() {
            starts.push((passed.get(), start));
            let mut stretch = Vec::new();
            let outcome = search_raw(&mut (&mut stored).take(len), &mut stretch);
            at_holes.extend(stretch.into_iter().map(|mut occurrence| {
                occurrence.move_to(occurrence.at.start.saturating_add(start));
                occurrence
            }));
            outcome?;
        }
        io::copy(&mut stored, &mut io::sink()).map(|_| ())
    });
    let mut all = scanner.finish();
    for occurrence in &mut all {
        let behind = starts.partition_point(|(stored, _)| *stored <= occurrence.at.start);
        if let Some((stored, start)) = behind.checked_sub(1).and_then(|last| starts.get(last)) {
            occurrence.move_to((occurrence.at.start - stored).saturating_add(*start));
        }
    }
    all.extend(at_holes);
    let mut seen = HashSet::new();
    all.retain(|occurrence| seen.insert((occurrence.at.start, occurrence.token.clone())));
    all.sort_by_key(|occurrence| occurrence.at.start);
    let occurrences = all.into_iter().map(|occurrence| Occurrence { position: None, ..occurrence }).collect();
    (Found { occurrences, ..Found::default() }, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        use sha2::Digest as _;
        let bytes: Vec<u8> = [b"one", b"two"].iter().flat_map(sha2::Sha256::digest).collect();
        let letters =
            bytes.iter().take(34).map(|b| char::from(b % 26 + if b & 128 == 0 { b'a' } else { b'A' }));
        format!("hf{}{}", '_', letters.collect::<String>())
    }

    fn offsets(body: &[u8]) -> Vec<u64> {
        let (found, outcome) = search_sparse(&Extent::SparseMapInBody, &mut &body[..]);
        outcome.unwrap();
        found.occurrences.iter().map(|occurrence| occurrence.offset).collect()
    }

    #[test]
    fn a_map_that_lies_hides_nothing() {
        let with_map = |map: &str, data: &[u8]| {
            let mut body = map.as_bytes().to_vec();
            body.resize(512, 0);
            [&body[..], data].concat()
        };
        let token = token();
        let cut = with_map("2\n0\n10\n9000\n27\n", token.as_bytes());
        assert_eq!(offsets(&cut), [0], "one that goes on behind a hole");
        let glued = format!("{token}letters");
        let at_hole = with_map("2\n4096\n37\n9000\n7\n", glued.as_bytes());
        assert_eq!(offsets(&at_hole), [4096], "one that ends at a hole");
        assert_eq!(offsets(token.as_bytes()), [0], "one where the map should be");
    }
}
