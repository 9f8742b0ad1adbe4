//! Reads all that a source holds: documents are kept, every other entry is audited as a blob. Where the
//! entries can be read in any order, by all threads at once; from a stream, as they come.

use crate::fault::repeat;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};

use super::Scan;
use super::blob::Reading;
use super::blob::{self, tar_problem};
use super::budget::Budget;
use super::gap::occurrences_in_gap;
use super::in_parallel::in_parallel;
use super::memory::Memory;
use super::search::{scanner, search_rest};
use super::side_by_side::side_by_side;
use crate::detect::TokenSummary;
use crate::detect::{Occurrence, Scanner};
use crate::digest::Digest;
use crate::engine::document;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::image::{Inventory, MAX_DOCUMENT, Resolved, claimed_digest};
use crate::mask::{Message, message};
use crate::source::{Archive, Around, Source, link_target};
use crate::stream::{
    Bounds, Compression, Decompressed, Entry, EntryKind, Gap, Peek, TarError, Visit, Window, begins_tar, walk,
};
use crate::verdict::BlobVerdict;

/// Tokens in an archive's own bytes are listed up to this many.
const MAX_AROUND: usize = 1000;
/// Documents of one source are kept up to this many bytes in all; further ones are searched as blobs.
const MAX_DOCUMENTS: u64 = 24 * 1024 * 1024;

/// What an entry costs in memory beside its name, about.
const ENTRY: usize = 500;

/// All that a source holds, read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) inventory: Inventory,
    /// The name of each entry.
    pub(crate) names: Vec<Vec<u8>>,
    /// What was found in each entry that is no document.
    pub(crate) verdicts: BTreeMap<usize, BlobVerdict>,
    /// Tokens in the archive's own bytes, with the name of the entry they stand in front of or behind.
    pub(crate) around: Vec<(Vec<u8>, Occurrence)>,
    pub(crate) problems: Vec<Problem>,
    documents_len: u64,
    overflowed: bool,
}

impl Gathered {
    /// Adds an entry that the source lists; gives its number.
    fn add_entry(&mut self, name: &[u8], budget: &Budget) -> usize {
        let entry = self.names.len();
        if !budget.take(3 * name.len() + ENTRY) {
            self.overflow();
        } else if !self.inventory.add(entry, name) {
            // Which of them counts depends on who loads the archive.
            let detail = Message::own("the archive holds two entries of that name");
            self.problems.push(Problem::error(Code::Corrupt, Place::entry(name), detail));
        }
        self.names.push(if self.overflowed { Vec::new() } else { name.to_vec() });
        entry
    }

    fn overflow(&mut self) {
        if !std::mem::replace(&mut self.overflowed, true) {
            self.problems.push(Budget::overflow().at(Place::Archive));
        }
    }

    /// Adds what stands in the compressed bytes of the archive and in nothing that was decoded of them.
    fn add_stored(&mut self, mut stored: Vec<Occurrence>) {
        if stored.is_empty() {
            return;
        }
        let mut known: BTreeSet<TokenSummary> = self.around.iter().map(|(_, o)| o.token.clone()).collect();
        known.extend(self.verdicts.values().flat_map(BlobVerdict::tokens));
        known.extend(self.inventory.documents().flat_map(|(_, b, _)| document::search(b)).map(|f| f.token));
        stored.retain(|occurrence| !known.contains(&occurrence.token));
        if stored.len() > MAX_AROUND {
            stored.truncate(MAX_AROUND);
            self.overflow();
        }
        self.around.extend(stored.into_iter().map(|occurrence| (Vec::new(), occurrence)));
    }

    /// Forgets the entries that belong to images which are left out.
    pub(crate) fn leave_out(&mut self, unwanted: &BTreeSet<usize>) {
        self.verdicts.retain(|entry, _| !unwanted.contains(entry));
    }

    /// Keeps the entry's bytes if they are a document's. What was read of them otherwise comes back.
    fn take_document(&mut self, entry: usize, size: u64, body: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
        if size > MAX_DOCUMENT || self.documents_len + size > MAX_DOCUMENTS {
            return Ok(Some(Vec::new()));
        }
        let mut bytes = Vec::new();
        body.take(512).read_to_end(&mut bytes)?;
        let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).trim_ascii_start();
        // A tar's first name may begin with a bracket.
        if !matches!(start.first(), Some(b'{' | b'[')) || begins_tar(&bytes) {
            return Ok(Some(bytes));
        }
        body.take(MAX_DOCUMENT).read_to_end(&mut bytes)?;
        self.documents_len += bytes.len() as u64;
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let digest = Digest::from_bytes(hash);
        if let Some(claimed) = self.names.get(entry).and_then(|name| claimed_digest(name))
            && claimed != digest
        {
            self.problems.push(mismatch(digest, self.place(entry)));
        }
        self.inventory.add_document(entry, bytes, digest);
        Ok(None)
    }

    /// An entry as the place of a problem.
    pub(crate) fn place(&self, entry: usize) -> Place {
        Place::entry(self.name(entry))
    }

    /// The name of an entry; empty where it was not kept.
    pub(crate) fn name(&self, entry: usize) -> &[u8] {
        self.names.get(entry).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The problem that bytes are not those that their name promises.
pub(crate) fn mismatch(digest: Digest, place: Place) -> Problem {
    let detail = message!("its bytes do not match its name: their digest is {}", digest);
    Problem::error(Code::DigestMismatch, place, detail)
}

/// Lists a plain archive; its entries are read by [`source`].
pub(crate) fn open_archive(scan: Scan<'_>, path: &std::path::Path) -> io::Result<(Archive, Gathered)> {
    let mut around = FoundAround { scan, found: Vec::new() };
    let (archive, error) = Archive::open(path, &mut around)?;
    let mut gathered = Gathered { around: around.found, ..Gathered::default() };
    if gathered.around.len() > MAX_AROUND {
        gathered.around.truncate(MAX_AROUND);
        gathered.overflow();
    }
    gathered.problems.extend(error.map(|error| archive_problem(&error)));
    Ok((archive, gathered))
}

/// Reads the entries of a source: the documents first, since they say which blobs are wanted.
pub(crate) fn source(
    source: &dyn Source,
    mut gathered: Gathered,
    reading: Reading<'_>,
    memory: &mut Memory<'_>,
    resolve: impl FnOnce(&Inventory) -> (Resolved, BTreeSet<usize>),
) -> (Gathered, Resolved) {
    for held in source.held() {
        let entry = gathered.add_entry(&held.name, reading.scan.budget);
        let outcome =
            source.open(entry).and_then(|mut body| gathered.take_document(entry, held.size, &mut body));
        if let Err(error) = outcome {
            gathered.problems.push(Problem::of(&error, gathered.place(entry)));
        }
    }
    for (from, to) in source.links() {
        gathered.inventory.add_link(from, to);
    }
    let (resolved, unwanted) = resolve(&gathered.inventory);
    let mut blobs: Vec<(usize, u64)> = source.held().iter().map(|held| held.size).enumerate().collect();
    blobs.retain(|(entry, _)| gathered.inventory.document(*entry).is_none() && !unwanted.contains(entry));
    for (_, size) in &blobs {
        reading.scan.progress.add_total(*size);
    }
    memory.look_up(blobs.iter().filter_map(|(entry, _)| gathered.names.get(*entry)).map(Vec::as_slice));
    let memory = &*memory;
    let layers = resolved.images.iter().flat_map(|image| image.layers.iter().enumerate());
    let layers: BTreeMap<usize, usize> = layers.filter_map(|(n, layer)| Some((layer.entry?, n))).collect();
    gathered.verdicts = in_parallel(reading.scan, blobs, |entry, side_by_side| {
        let name = gathered.name(entry);
        let shown =
            if let Some(n) = layers.get(&entry) { message!("layer {}", *n) } else { message!("{}", name) };
        let part = reading
            .scan
            .progress
            .part(shown.seal().as_str(), source.held().get(entry).map_or(0, |held| held.size));
        let reopen = || -> io::Result<Box<dyn Read + Send + '_>> {
            Ok(Box::new(reading.scan.uncounted(source.open(entry)?)))
        };
        let budget = reading.scan.budget.for_part();
        let scan = Scan { budget: &budget, progress: &*part, ..reading.scan };
        let reading = Reading { reopen: Some(&reopen), scan, ..reading };
        if let Some(verdict) = memory.recall(name, reading) {
            return verdict;
        }
        let verdict = match source.open(entry) {
            Ok(mut body) if side_by_side => blob::audit_side_by_side(name, &mut body, reading),
            Ok(mut body) => blob::audit(name, &mut body, reading),
            Err(error) => BlobVerdict::unread(Problem::of(&error, Place::Here)),
        };
        memory.learn(name, &verdict, budget.taken());
        verdict
    });
    (gathered, resolved)
}

/// Reads an archive from front to end, whatever it is compressed with. Compressed bytes are also searched as
/// they are stored: header fields, skippable frames and what lies behind the end are in no entry.
pub(crate) fn stream(
    input: &mut (dyn Read + Send),
    compression: Compression,
    reading: Reading<'_>,
    memory: &Memory<'_>,
) -> Gathered {
    let mut visitor = Stream { gathered: Gathered::default(), reading, memory };
    let mut stored = (compression != Compression::None).then(scanner);
    let mut input = Searched { input, scanner: stored.as_mut() };
    let outcome = if reading.scan.engine.jobs > 1 {
        side_by_side(&mut input, compression, None, |bytes| walk(&mut Window::new(bytes), &mut visitor)).0
    } else {
        Decompressed::new(Window::new(&mut input))
            .map_err(TarError::from)
            .and_then(|decompressed| walk(&mut Window::new(decompressed), &mut visitor))
    };
    let mut gathered = visitor.gathered;
    if outcome.is_err() && compression != Compression::None {
        // The rest is searched as it is stored; that it is not whole is known.
        drop(io::copy(&mut input, &mut io::sink()));
    }
    gathered.add_stored(stored.map(Scanner::finish).unwrap_or_default());
    if let Err(error) = outcome {
        gathered.problems.push(archive_problem(&error));
    } else if gathered.names.is_empty() {
        gathered.problems.push(Problem::error(
            Code::Corrupt,
            Place::Archive,
            Message::own("it holds nothing"),
        ));
    }
    gathered
}

fn archive_problem(error: &TarError) -> Problem {
    tar_problem(error).at(Place::Archive)
}

struct Stream<'a, 'm> {
    gathered: Gathered,
    reading: Reading<'a>,
    memory: &'m Memory<'m>,
}

impl Visit for Stream<'_, '_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        add_gap(&mut self.gathered.around, gap);
        if self.gathered.around.len() > MAX_AROUND {
            self.gathered.around.truncate(MAX_AROUND);
            self.gathered.overflow();
        }
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        if let Some(target) = link_target(entry) {
            if self.reading.scan.budget.take(2 * (entry.path.len() + target.len()) + 100) {
                self.gathered.inventory.add_link(&entry.path, &target);
            } else {
                self.gathered.overflow();
            }
            return Ok(());
        }
        if entry.kind == EntryKind::Directory && entry.size == 0 {
            return Ok(());
        }
        let number = self.gathered.add_entry(&entry.path, self.reading.scan.budget);
        if let Some(read) = self.gathered.take_document(number, entry.size, body)? {
            let mut failing = Failing { input: body, error: None };
            let budget = self.reading.scan.budget.for_part();
            let scan = Scan { budget: &budget, ..self.reading.scan };
            let reading = Reading { verify_digests: self.reading.verify_digests, scan, reopen: None };
            let verdict = blob::audit(&entry.path, &mut read.as_slice().chain(&mut failing), reading);
            let error = failing.error.take();
            if error.is_none() {
                self.memory.learn(&entry.path, &verdict, budget.taken());
            }
            if !self.gathered.overflowed || verdict.has_something() {
                self.gathered.verdicts.insert(number, verdict);
            }
            // Of the archive, not of the blob: the walk ends with it.
            return error.map_or(Ok(()), Err);
        }
        Ok(())
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        add_rest(self.reading.scan, &mut self.gathered.around, bounds, bytes)
    }
}

/// Passes bytes on and searches them as they go by.
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

/// Remembers an error that the reader above it takes for its own.
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

struct FoundAround<'a> {
    scan: Scan<'a>,
    found: Vec<(Vec<u8>, Occurrence)>,
}

impl Around for FoundAround<'_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        if self.found.len() <= MAX_AROUND {
            add_gap(&mut self.found, gap);
        }
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        add_rest(self.scan, &mut self.found, bounds, bytes)
    }
}

fn add_gap(found: &mut Vec<(Vec<u8>, Occurrence)>, gap: &Gap<'_>) {
    let name = gap.entry.map(|entry| &entry.path[..]).unwrap_or_default();
    found.extend(occurrences_in_gap(gap).into_iter().map(|(_, occurrence)| (name.to_vec(), occurrence)));
}

fn add_rest(
    scan: Scan<'_>,
    found: &mut Vec<(Vec<u8>, Occurrence)>,
    bounds: Bounds,
    bytes: &mut dyn BufRead,
) -> io::Result<()> {
    let (rest, outcome) = search_rest(&mut scan.unpacker(), bounds, bytes);
    found.extend(rest.occurrences.into_iter().map(|occurrence| (Vec::new(), occurrence)));
    outcome
}
