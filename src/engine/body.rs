//! The body of one file in a layer.

use std::collections::HashSet;
use std::io::{self, Read};

use zeroize::Zeroizing;

use super::search::{scanner, search_credentials};
use crate::detect::{self, Credential, CredentialSearch, MAX_CREDENTIALS, Occurrence};
use crate::stream::{Decompressed, Entry, Expansion, Peek, Tap, Window};
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

/// Reads a body to its end and searches it. Of a sparse file, `expansion` has the holes.
pub(crate) fn search(
    unpacker: &mut Unpacker,
    origin: Origin<'_>,
    entry: &Entry,
    expansion: Option<&Expansion>,
    body: &mut dyn Peek,
) -> Searched {
    match expansion {
        Some(expansion) => search_sparse(unpacker, origin, entry, expansion, body),
        None if entry.size <= MAX_CREDENTIALS => search_small(unpacker, origin, entry, body),
        None if CredentialSearch::reads_large(&entry.path) => {
            let ((found, outcome), credentials) =
                search_credentials(&entry.path, body, |body| unpacker.search(origin, body));
            Searched { found, credentials, outcome }
        }
        None => {
            let (found, outcome) = unpacker.search(origin, body);
            Searched { found, credentials: Vec::new(), outcome }
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
pub(crate) fn reopened<'a: 'e, 'e>(
    reopen: Option<&'a Reopen<'a>>,
    entry: &Entry,
    expansion: Option<&'e Expansion>,
) -> io::Result<Box<dyn Peek + 'e>> {
    let Some(reopen) = reopen else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut layer = Window::new(Decompressed::new(Window::new(reopen()?))?);
    layer.skip(entry.body_offset)?;
    let body = layer.take(entry.size);
    Ok(match expansion {
        None => Box::new(Window::new(body)),
        Some(expansion) => Box::new(Window::new(expansion.reader(body))),
    })
}

/// Reads the whole of a small file, as far as possible.
fn read_small(body: &mut dyn Peek) -> (Zeroizing<Vec<u8>>, io::Result<()>) {
    let mut whole = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_CREDENTIALS).unwrap_or_default()));
    let outcome = body.read_to_end(&mut whole);
    (whole, outcome.map(|_| ()))
}

/// Searches a sparse file: as it is, with its holes, and its data as stored, because the map may be wrong. Offsets
/// count in the file.
fn search_sparse(
    unpacker: &mut Unpacker,
    origin: Origin<'_>,
    entry: &Entry,
    expansion: &Expansion,
    body: &mut dyn Peek,
) -> Searched {
    let (mut in_file, mut in_body) = (CredentialSearch::new(&entry.path), CredentialSearch::new(&entry.path));
    let mut scanner = scanner();
    let mut stored = Tap::new(body, |bytes: &[u8]| {
        scanner.feed(bytes);
        in_body.feed(bytes);
    });
    let mut window = Window::new(expansion.reader(&mut stored));
    let mut file = Tap::new(&mut window, |bytes: &[u8]| in_file.feed(bytes));
    let (mut found, outcome) = unpacker.search(origin, &mut file);
    found.place_in_file(expansion);
    let mut raw = scanner.finish();
    for occurrence in &mut raw {
        occurrence.place_in_file(|offset| expansion.of_body(offset));
    }
    // A token that only the body shows is cut by a hole, or the map joins it to other text.
    let key = |occurrence: &Occurrence| (occurrence.at.start, occurrence.token.clone());
    let mut seen: HashSet<_> =
        found.occurrences.iter().filter(|found| found.is_in_searched()).map(key).collect();
    raw.retain(|occurrence| seen.insert(key(occurrence)));
    found.occurrences.append(&mut raw);
    found.occurrences.sort_by_key(|found| if found.is_in_searched() { (0, found.at.start) } else { (1, 0) });
    let moved = |credentials: Vec<Credential>, at: &dyn Fn(u64) -> u64| {
        let moved = |credential: Credential| Credential {
            offset: at(credential.offset),
            position: None,
            ..credential
        };
        credentials.into_iter().map(moved).collect::<Vec<_>>()
    };
    let mut credentials = moved(in_file.finish(), &|offset| expansion.of_reader(offset));
    let known: HashSet<u64> = credentials.iter().map(|credential| credential.offset).collect();
    let in_body = moved(in_body.finish(), &|offset| expansion.of_body(offset));
    credentials.extend(in_body.into_iter().filter(|credential| !known.contains(&credential.offset)));
    Searched { found, credentials, outcome }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;
    use crate::stop::Stop;
    use crate::stream::{Bounds, Extent, Gap, Visit, walk};

    fn token() -> String {
        use sha2::Digest as _;
        let bytes: Vec<u8> = [b"one", b"two"].iter().flat_map(sha2::Sha256::digest).collect();
        let letters =
            bytes.iter().take(34).map(|b| char::from(b % 26 + if b & 128 == 0 { b'a' } else { b'A' }));
        format!("hf{}{}", '_', letters.collect::<String>())
    }

    /// The offsets of tokens in a sparse file with these pieces, each as long as its data.
    fn offsets(pieces: &[(u64, &str)]) -> Vec<u64> {
        let data: String = pieces.iter().map(|(_, data)| *data).collect();
        let mut body = format!("{}\n", pieces.len()).into_bytes();
        for (at, data) in pieces {
            body.extend(format!("{at}\n{}\n", data.len()).bytes());
        }
        body.resize(512, 0);
        body.extend_from_slice(data.as_bytes());
        let mut tar = tar::Builder::new(Vec::new());
        let records = [("major", "1"), ("minor", "0"), ("realsize", "100000")];
        let records = records.map(|(key, value)| (format!("GNU.sparse.{key}"), value.as_bytes()));
        tar.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), *value))).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(body.len() as u64);
        tar.append_data(&mut header, "x", &body[..]).unwrap();
        let tar = tar.into_inner().unwrap();
        let mut offsets = Offsets::default();
        walk(&mut Window::new(&tar[..]), &mut offsets).unwrap();
        offsets.0
    }

    #[derive(Default)]
    struct Offsets(Vec<u64>);

    impl Visit for Offsets {
        fn gap(&mut self, _: &Gap<'_>) {}

        fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
            let Extent::Sparse(map) = &entry.extent else { panic!("{entry:?}") };
            let mut unpacker = Unpacker::new(&Stop::default());
            let expansion = unpacker.expand(map, entry.size);
            let searched = search(&mut unpacker, Origin::default(), entry, Some(&expansion), body);
            searched.outcome?;
            self.0.extend(searched.found.occurrences.iter().map(|occurrence| occurrence.offset));
            Ok(())
        }

        fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_hole_cuts_or_ends_is_found() {
        let token = token();
        let (head, tail) = token.split_at(10);
        assert_eq!(offsets(&[(0, head), (9000, tail)]), [0], "one that goes on behind a hole");
        assert_eq!(offsets(&[(4096, &token), (9000, "letters")]), [4096], "one that ends at a hole");
        assert_eq!(offsets(&[(0, "x"), (9000, &token)]), [9000], "both");
    }
}
