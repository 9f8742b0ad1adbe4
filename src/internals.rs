//! Internal functions for fuzz targets and benchmarks: properties that hold for any bytes, and searches to be
//! timed. Nothing here is part of the stable interface.

#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a property that does not hold ends in a panic"
)]

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use crate::detect::{self, Scanner};
use crate::stop::Stop;
use crate::stream::{
    Bounds, Compression, Decompressed, Entry, Extent, Gap, Part, Peek, TarError, Visit, Window, begins_tar,
    sevenz, walk,
};
use crate::unpack::{Origin, Unpacker};
use crate::{ci, dockerfile, rules};

/// The maximum number of decompressed bytes, in case the input is a bomb.
const MOST: u64 = 4 << 20;

/// Checks that the result of a search does not depend on how the input is split.
pub fn scanner(bytes: &[u8], cuts: &[u16]) {
    let mut scanner = Scanner::new();
    let mut rest = bytes;
    for cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(*cut).min(rest.len()));
        scanner.feed(piece);
        rest = behind;
    }
    scanner.feed(rest);
    assert_eq!(scanner.finish(), detect::find(bytes));
}

/// Parses any bytes as a Dockerfile and applies every rule. Returns the number of findings.
pub fn dockerfile(bytes: &[u8]) -> usize {
    rules::dockerfile::check(bytes, &dockerfile::parse(bytes)).len()
}

/// Reads any bytes as a CI file of each kind and applies the rule.
pub fn ci(bytes: &[u8]) {
    // Some files are read only if the words of a build are in them.
    let building = [b"# docker build\n", bytes].concat();
    for path in ci::EXAMPLES {
        for bytes in [bytes, &building] {
            if let Some(file) = ci::read(path.as_bytes(), bytes) {
                let _ = rules::context::check_ci(bytes, &file);
                break;
            }
        }
    }
}

/// Checks that any bytes are decompressed without a panic and in bounded memory. Each part on its own must
/// yield a prefix of the whole stream.
pub fn decompress(bytes: &[u8]) {
    let mut whole = Vec::new();
    if let Ok(stream) = Decompressed::new(Window::with_capacity(4096, bytes)) {
        let _ = stream.take(MOST).read_to_end(&mut whole);
    }
    let mut input = bytes;
    let mut parts = Vec::new();
    while Compression::of(input) != Compression::None {
        let before = input.len();
        let Ok(mut part) = Part::open(Compression::of(input), input) else { break };
        let outcome = part.by_ref().take(MOST - parts.len() as u64).read_to_end(&mut parts);
        input = part.into_input();
        if outcome.is_err() || parts.len() as u64 == MOST || input.len() == before {
            break;
        }
    }
    let both = whole.len().min(parts.len());
    if Compression::of(bytes) != Compression::None {
        assert!(whole[..both] == parts[..both], "a part differs from the whole stream");
    }
}

/// Checks that any 7z archive is read without a panic and in bounded memory.
pub fn sevenz(archive: &[u8]) {
    let _ = sevenz::entries(archive, 16 << 20, &mut |_, bytes: &mut dyn Read| {
        // No more is read, in case the archive is a bomb.
        match io::copy(&mut bytes.take(1 << 20), &mut io::sink())? {
            n if n == 1 << 20 => Err(io::Error::other("enough")),
            _ => Ok(()),
        }
    });
}

/// Checks that every byte of a tar stream belongs to a body, to a gap or to the rest, whatever its headers
/// contain.
pub fn tar(bytes: &[u8]) {
    let mut count = Count::default();
    let outcome = walk(&mut Window::with_capacity(4096, bytes), &mut count);
    assert!(!matches!(outcome, Err(TarError::Io(_))), "a slice gives no error");
    assert!(count.bytes <= bytes.len() as u64, "bytes are given twice");
    // Nonzero padding of a long name is searched only as raw bytes.
    let mut all = Count::default();
    all.add(bytes);
    assert!(count.nonzero <= all.nonzero, "bytes are made up");
}

/// A visitor that counts the bytes it receives.
#[derive(Default)]
struct Count {
    bytes: u64,
    /// The number of nonzero bytes, which must not be left out.
    nonzero: u64,
}

impl Count {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.nonzero += bytes.iter().filter(|&&b| b != 0).count() as u64;
    }
}

impl Visit for Count {
    fn gap(&mut self, gap: &Gap<'_>) {
        self.add(&gap.bytes[gap.own.clone()]);
        for at in 0..gap.bytes.len() {
            let _ = gap.field_at(at);
        }
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let mut all = Vec::new();
        body.read_to_end(&mut all)?;
        if let Extent::Sparse(map) = &entry.extent {
            let expansion = map.shortened(entry.size, &mut 4096);
            let mut expanded = Vec::new();
            expansion.reader(&all[..]).read_to_end(&mut expanded)?;
            let nonzero = |bytes: &[u8]| bytes.iter().filter(|&&b| b != 0).count();
            assert_eq!(nonzero(&expanded), nonzero(&all), "an expanded file has all of its data");
        }
        self.add(&all);
        Ok(())
    }

    fn rest(&mut self, _: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all)?;
        self.add(&all);
        Ok(())
    }
}

/// Checks that the unpacker ends on any input, and that the result does not depend on how the input is split.
pub fn unpack(bytes: &[u8]) {
    let unpacked = |input: &mut dyn Peek| {
        let (mut found, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), input);
        assert!(outcome.is_ok(), "a slice gives no error, nor do its pieces");
        // A decoder may have taken more or fewer bytes when it meets damage.
        for step in found.occurrences.iter_mut().flat_map(|occurrence| &mut occurrence.via) {
            step.range.1 = 0;
        }
        (found.occurrences, found.problems)
    };
    let piece = bytes.first().map_or(1, |&b| usize::from(b) * 7 + 1);
    assert_eq!(unpacked(&mut &*bytes), unpacked(&mut Window::new(Pieces(bytes, piece))));
}

/// A reader that returns its bytes in pieces of a given length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = out.len().min(self.1);
        self.0.read(&mut out[..n])
    }
}

/// The body of a file in a layer.
pub struct Body<'a>(&'a mut dyn Peek);

impl Body<'_> {
    /// Passes the body to `see` piece by piece.
    pub fn pieces(&mut self, mut see: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let view = self.0.fill_buf()?;
            if view.is_empty() {
                return Ok(());
            }
            see(view);
            let n = view.len();
            self.0.consume(n);
        }
    }

    /// Counts the tokens in the body, both plain and encoded.
    pub fn tokens(&mut self) -> io::Result<usize> {
        let mut scanner = Scanner::new();
        self.pieces(|piece| scanner.feed(piece))?;
        Ok(scanner.finish().len())
    }

    /// Counts the tokens in the body and in the files nested in it.
    pub fn tokens_within(&mut self) -> io::Result<usize> {
        let (found, outcome) = Unpacker::new(&Stop::default()).search(Origin::default(), self.0);
        outcome.map(|()| found.occurrences.len())
    }
}

/// Passes each file in the plain layers of an image archive to `see`.
pub fn for_each_file(archive: &Path, mut see: impl FnMut(Body<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut layers = Files(|layer: &mut dyn Peek| {
        if !begins_tar(layer.peek(512)?) {
            return Ok(());
        }
        let mut files = Files(|body: &mut dyn Peek| see(Body(body)));
        walk(&mut Window::new(layer), &mut files).map_err(io::Error::other)
    });
    walk(&mut Window::new(File::open(archive)?), &mut layers).map_err(io::Error::other)
}

/// A visitor that passes the body of every file to a function.
struct Files<F>(F);

impl<F: FnMut(&mut dyn Peek) -> io::Result<()>> Visit for Files<F> {
    fn gap(&mut self, _: &Gap<'_>) {}

    fn entry(&mut self, _: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        (self.0)(body)
    }

    fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stream::samples::{part, tar_of};

    proptest! {
        #[test]
        fn properties_hold_for_bytes_that_begin_as_they_should(
            bytes in prop::collection::vec(any::<u8>(), 0..2048),
            cuts in prop::collection::vec(0_u16..512, 0..8),
        ) {
            scanner(&bytes, &cuts);
            dockerfile(&[b"FROM a\nRUN ", &bytes[..]].concat());
            ci(&[b"services:\n  a:\n    build: ", &bytes[..]].concat());
            let packed = part(Compression::Gzip, &bytes);
            for input in [&bytes, &packed, &tar_of("a", &bytes), &tar_of("a", &packed)] {
                decompress(input);
                sevenz(input);
                tar(input);
                unpack(input);
            }
        }
    }
}
