//! Reading of one blob in a single pass: hashing and searching its stored bytes, decompressing them, and
//! walking them if the blob is a layer.

use std::io::{self, Read};

use super::Scan;
use super::body::Reopen;
use super::budget::Budget;
use super::document::{self, Begin};
use super::hashed::Hashed;
use super::layer::LayerVisitor;
use super::search::scanner;
use super::side_by_side::side_by_side;
use crate::detect::{CredentialSearch, Scanner};
use crate::digest::{Algorithm, Hasher};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::{Message, message};
use crate::sensitive::Sensitive;
use crate::stream::{Compression, Decompressed, TarError, Window, begins_tar, walk};
use crate::unpack::{self, Origin};
use crate::verdict::{BlobVerdict, Bytes, Content, credentials};

/// The parameters for reading a blob.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// Whether plain blobs and decompressed layers are hashed.
    pub(crate) verify_digests: bool,
    /// The algorithm of the digest under which the blob is known.
    pub(crate) algorithm: Algorithm,
    /// The scan, with the budget and progress of this blob.
    pub(crate) scan: Scan<'a>,
    /// A function that opens the blob again, if that is possible.
    pub(crate) reopen: Option<&'a Reopen<'a>>,
}

/// Reads a named blob to its end, even after errors.
pub(crate) fn audit(name: &[u8], input: &mut dyn Read, reading: Reading<'_>) -> BlobVerdict {
    audit_by(name, input, reading, read_in_turn)
}

/// Reads a named blob to its end on several threads: one reads and hashes, one decompresses, one searches.
pub(crate) fn audit_side_by_side(
    name: &[u8],
    input: &mut (dyn Read + Send),
    reading: Reading<'_>,
) -> BlobVerdict {
    audit_by(name, input, reading, read_side_by_side)
}

/// A function that reads the content of a blob from its stored bytes. It returns the problem that kept it
/// from reading all of them.
type ReadStored<R> = fn(Tap<'_, '_, R>, Compression, Reading<'_>, &mut BlobVerdict) -> Option<Problem>;

/// A blob whose first bytes have been examined.
type Headed<I> = io::Chain<io::Cursor<Sensitive>, I>;

fn audit_by<I: Read>(
    name: &[u8],
    mut input: I,
    reading: Reading<'_>,
    read: ReadStored<Headed<I>>,
) -> BlobVerdict {
    let head = match document::begin(&mut reading.scan.uncounted(&mut input)) {
        Ok(Begin::Document(bytes)) => {
            reading.scan.progress.advance(bytes.len() as u64);
            return document::verdict(name, &bytes, reading.algorithm, reading.scan);
        }
        Ok(Begin::Bytes(head)) => head,
        Err(error) => return BlobVerdict::unread(Problem::of(&error, Place::Here)),
    };
    let mut verdict = BlobVerdict::default();
    let compression = Compression::of(&head);
    verdict.is_compressed = compression != Compression::None;
    let mut stored = Stored {
        hash: (verdict.is_compressed || reading.verify_digests).then(|| Hasher::new(reading.algorithm)),
        scanner: verdict.is_compressed.then(scanner),
        credentials: credentials::is_keeper(name).then(|| CredentialSearch::new(name)),
        size: 0,
        scan: reading.scan,
    };
    let malformed = Compression::malformed(&head);
    let mut input = io::Cursor::new(head).chain(input);
    let tap = Tap { input: &mut input, stored: &mut stored };
    verdict.problem = read(tap, compression, reading, &mut verdict);
    if !verdict.is_compressed && matches!(verdict.content, Content::Bytes(_)) {
        let malformed = malformed.map(|name| {
            let detail = message!("it begins like {}, but has no {} header", name, name);
            Problem::error(Code::Corrupt, Place::Here, detail)
        });
        verdict.problem = verdict.problem.or(malformed);
    }
    // After an error, the rest of the stored bytes is still hashed and searched.
    let mut tap = Tap { input: &mut input, stored: &mut stored };
    match io::copy(&mut tap, &mut io::sink()) {
        Ok(_) => verdict.is_fetched = true,
        Err(error) => {
            verdict.problem.get_or_insert_with(|| Problem::of(&error, Place::Here));
        }
    }
    verdict.size = stored.size;
    verdict.digest = stored.hash.map(Hasher::finish).filter(|_| verdict.is_fetched);
    verdict.credentials = stored.credentials.map(CredentialSearch::finish).unwrap_or_default();
    if !reading.scan.budget.keep(&mut verdict.credentials) {
        verdict.problem.get_or_insert_with(Budget::overflow);
    }
    let mut stored = stored.scanner.map(Scanner::finish).unwrap_or_default();
    if !reading.scan.keep(&mut stored) {
        verdict.problem.get_or_insert_with(Budget::overflow);
    }
    // Decoders of nested content end early without an error.
    verdict.problem = verdict.problem.or_else(|| reading.scan.cut_short());
    // Text that is uncompressed in a compressed stream has been found in the decompressed content already.
    let found = verdict.content.tokens();
    verdict.stored = stored.into_iter().filter(|occurrence| !found.contains(&occurrence.token)).collect();
    verdict
}

/// Reads, decompresses and searches in turn on the current thread.
fn read_in_turn<I: Read>(
    stored: Tap<'_, '_, I>,
    compression: Compression,
    reading: Reading<'_>,
    verdict: &mut BlobVerdict,
) -> Option<Problem> {
    let window = Window::new(stored);
    if compression == Compression::None {
        return read_content(window, reading, verdict);
    }
    let decompressed = match Decompressed::new(window) {
        Ok(decompressed) => decompressed,
        Err(error) => return Some(Problem::of(&error, Place::Here)),
    };
    let mut hash = reading.verify_digests.then(|| Hasher::new(Algorithm::default()));
    // The scan may end after all stored bytes were read: few of them can decompress to a lot.
    let hashed = Hashed { input: reading.scan.uncounted(decompressed), hash: &mut hash };
    let problem = read_content(Window::new(hashed), reading, verdict);
    if problem.is_none() {
        verdict.diff_id = hash.map(Hasher::finish);
    }
    problem
}

/// Reads, decompresses and searches on several threads. The current thread searches.
fn read_side_by_side<I: Read + Send>(
    stored: Tap<'_, '_, I>,
    compression: Compression,
    reading: Reading<'_>,
    verdict: &mut BlobVerdict,
) -> Option<Problem> {
    let hash = (reading.verify_digests && compression != Compression::None)
        .then(|| Hasher::new(Algorithm::default()));
    let (problem, diff_id) = side_by_side(stored, compression, hash, |bytes| {
        read_content(Window::new(reading.scan.uncounted(bytes)), reading, verdict)
    });
    if problem.is_none() {
        verdict.diff_id = diff_id;
    }
    problem
}

/// Reads the decompressed bytes. Returns the problem that kept it from reading all of them.
fn read_content<R: Read>(
    mut window: Window<R>,
    reading: Reading<'_>,
    verdict: &mut BlobVerdict,
) -> Option<Problem> {
    let is_tar = match window.fill(512) {
        Ok(view) => begins_tar(view) || is_empty_tar(view),
        Err(error) => return Some(Problem::of(&error, Place::Here)),
    };
    if !is_tar {
        let (mut found, outcome) = unpack::search(reading.scan.stop, Origin::default(), &mut window);
        let overflow = (!reading.scan.keep(&mut found.occurrences)).then(Budget::overflow);
        let mut bytes = Bytes { occurrences: found.occurrences, ..Bytes::default() };
        bytes.problems.add(b"", found.problems);
        verdict.content = Content::Bytes(bytes);
        return outcome.err().map(|error| Problem::of(&error, Place::Here)).or(overflow);
    }
    let mut visitor = LayerVisitor::new(reading.scan, reading.reopen);
    let outcome = walk(&mut window, &mut visitor);
    let content = visitor.finish();
    let overflow = content.overflow.then(Budget::overflow);
    verdict.content = Content::Layer(Box::new(content));
    match outcome {
        Ok(()) => overflow,
        Err(error) => Some(tar_problem(&error)),
    }
}

/// Creates the problem that a walk over a tar stream ended early.
pub(crate) fn tar_problem(error: &TarError) -> Problem {
    Problem::error(error.code(), Place::Here, Message::foreign(error.to_string()))
}

/// Returns true for an archive without entries, which consists of two zero blocks.
fn is_empty_tar(view: &[u8]) -> bool {
    view.is_empty() || (view.len() >= 512 && view.iter().take(512).all(|&b| b == 0))
}

/// The processing of bytes as they are stored.
struct Stored<'a> {
    hash: Option<Hasher>,
    scanner: Option<Scanner>,
    credentials: Option<CredentialSearch>,
    size: u64,
    scan: Scan<'a>,
}

/// A reader that hashes and searches the bytes that it passes on.
struct Tap<'a, 'b, R> {
    input: &'a mut R,
    stored: &'a mut Stored<'b>,
}

impl<R: Read> Read for Tap<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.stored.scan.reader(&mut *self.input).read(out)?;
        let bytes = out.get(..n).unwrap_or_default();
        if let Some(hash) = &mut self.stored.hash {
            hash.update(bytes);
        }
        if let Some(scanner) = &mut self.stored.scanner {
            scanner.feed(bytes);
        }
        if let Some(credentials) = &mut self.stored.credentials {
            credentials.feed(bytes);
        }
        self.stored.size += n as u64;
        Ok(n)
    }
}
