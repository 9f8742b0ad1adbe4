//! Reading of an archive from front to back. Its contents are known only at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};

use super::Scan;
use super::blob::{self, Reading, tar_problem};
use super::document::{self, Begin};
use super::gathered::{Gathered, SearchAround};
use super::known::Known;
use super::search::scanner;
use super::side_by_side::side_by_side;
use crate::detect::Scanner;
use crate::fault::{Code, repeat};
use crate::finding::{Place, Problem};
use crate::image::{self, Document, DocumentError, Documents, Inventory, MAX_DOCUMENTS, Resolved};
use crate::mask::Message;
use crate::source::{Around as _, Blob, Descriptor, MAX_HOLES, Root, expand, link_target};
use crate::stream::{
    Bounds, Compression, Decompressed, Entry, EntryKind, Gap, Peek, TarError, Visit, Window, walk,
};
use crate::verdict::BlobVerdict;

/// Reads an archive with any compression. The compressed bytes are also searched as stored, because header
/// fields, skippable frames and bytes after the end are in no entry.
pub(crate) fn read(
    input: &mut (dyn Read + Send),
    compression: Compression,
    reading: Reading<'_>,
    leave_out: &dyn Fn(&Inventory, &Resolved) -> BTreeSet<usize>,
) -> (Gathered, Resolved) {
    let scan = reading.scan;
    let memory = Known::of(scan);
    let around = SearchAround { scan, gathered: Gathered::default() };
    let mut visitor =
        Stream { around, reading, memory: &memory, documents: Kept::default(), holes: MAX_HOLES };
    let mut stored = (compression != Compression::None).then(scanner);
    let mut input = Searched { input, scanner: stored.as_mut() };
    let outcome = if scan.engine.jobs > 1 {
        side_by_side(&mut input, compression, None, |bytes| walk(&mut Window::new(bytes), &mut visitor)).0
    } else {
        Decompressed::new(Window::new(&mut input))
            .map_err(TarError::from)
            .and_then(|decompressed| walk(&mut Window::new(decompressed), &mut visitor))
    };
    let Stream { around, mut documents, .. } = visitor;
    let mut gathered = around.gathered;
    if outcome.is_err() && compression != Compression::None {
        // The rest of the stored bytes is searched. An error here adds nothing, since the stream is already
        // known to be incomplete.
        drop(io::copy(&mut input, &mut io::sink()));
    }
    gathered.add_stored(stored.map(Scanner::finish).unwrap_or_default());
    if let Err(error) = outcome {
        gathered.problems.push(tar_problem(&error).at(Place::Archive));
    } else if gathered.inventory.len() == 0 {
        gathered.problems.push(Problem::error(
            Code::Corrupt,
            Place::Archive,
            Message::own("it has no entries"),
        ));
    }
    memory.save();
    let resolved = image::resolve(&Root::Files, &mut gathered.inventory, &mut documents, None);
    let unwanted = leave_out(&gathered.inventory, &resolved);
    gathered.leave_out(&unwanted);
    (gathered, resolved)
}

/// The documents read so far.
#[derive(Default)]
struct Kept {
    documents: BTreeMap<usize, Result<Document, DocumentError>>,
    len: u64,
}

impl Documents for Kept {
    fn refer(&mut self, _descriptor: &Descriptor) -> Option<Blob> {
        None
    }

    fn read(&mut self, number: usize, _blob: &Blob) -> Result<Document, DocumentError> {
        self.documents.get(&number).cloned().unwrap_or(Err(DocumentError::None))
    }
}

struct Stream<'a, 'm> {
    around: SearchAround<'a>,
    reading: Reading<'a>,
    memory: &'m Known<'m>,
    documents: Kept,
    /// The length that the holes of sparse entries may still have.
    holes: u64,
}

impl Visit for Stream<'_, '_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        self.around.gap(gap);
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let expansion = match expand(entry, &mut self.holes) {
            None => return self.blob(entry, entry.size, body),
            Some(Ok(expansion)) => expansion,
            Some(Err((error, expansion))) => {
                self.around.gathered.problems.push(tar_problem(&error).at(Place::Archive));
                expansion
            }
        };
        self.blob(entry, expansion.len(), &mut Window::new(expansion.reader(body)))
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        self.around.rest(bounds, bytes)
    }
}

impl Stream<'_, '_> {
    /// Reads an entry of `size` bytes.
    fn blob(&mut self, entry: &Entry, size: u64, body: &mut dyn Peek) -> io::Result<()> {
        let Reading { scan, verify_digests, .. } = self.reading;
        let gathered = &mut self.around.gathered;
        if let Some(target) = link_target(entry) {
            gathered.add_link(&entry.path, &target, scan.budget);
            return Ok(());
        }
        if entry.kind == EntryKind::Directory && size == 0 {
            return Ok(());
        }
        let blob = Blob::at(0, entry.path.clone(), size);
        let number = gathered.add_blob(blob.clone(), scan.budget);
        let budget = scan.budget.for_part();
        let scan = Scan { budget: &budget, ..scan };
        let mut body = &mut *body;
        let verdict = match document::begin(&mut body)? {
            Begin::Document(bytes) => {
                let verdict = document::verdict(&entry.path, &bytes, blob.algorithm(), scan);
                let len = self.documents.len.saturating_add(bytes.len() as u64);
                if len > MAX_DOCUMENTS {
                    self.documents.documents.insert(number, Err(DocumentError::Full));
                } else if let Some(digest) = verdict.digest {
                    self.documents.len = len;
                    self.documents.documents.insert(number, Ok(Document { bytes, digest }));
                }
                verdict
            }
            Begin::Bytes(head) => {
                let mut failing = Failing { input: body, error: None };
                let reading = Reading { verify_digests, algorithm: blob.algorithm(), scan, reopen: None };
                let verdict = blob::audit(&entry.path, &mut (&*head).chain(&mut failing), reading);
                if let Some(error) = failing.error.take() {
                    // The error belongs to the archive, not to the blob. The walk ends with it.
                    self.keep(number, verdict);
                    return Err(error);
                }
                self.memory.learn(&blob, &verdict, budget.taken());
                verdict
            }
        };
        self.keep(number, verdict);
        Ok(())
    }

    fn keep(&mut self, number: usize, verdict: BlobVerdict) {
        let gathered = &mut self.around.gathered;
        if !gathered.is_overflowed() || verdict.has_something() {
            gathered.verdicts.insert(number, verdict);
        }
    }
}

/// A reader that searches the bytes it passes on.
struct Searched<'a> {
    input: &'a mut (dyn Read + Send),
    scanner: Option<&'a mut Scanner>,
}

impl Read for Searched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        if let Some(scanner) = &mut self.scanner {
            scanner.feed(out.get(..n).unwrap_or_default());
        }
        Ok(n)
    }
}

/// A reader that remembers its error, because the reader on top of it reports the error as its own.
struct Failing<'a> {
    input: &'a mut dyn Read,
    error: Option<io::Error>,
}

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.input.read(out).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.error.get_or_insert_with(|| repeat(error));
            }
        })
    }
}
