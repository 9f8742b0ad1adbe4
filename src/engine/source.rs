//! Reading of a source whose blobs can be read in any order. First come the documents that name the images,
//! then the blobs that these need, on all threads, and last the blobs without a reference.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Scan;
use super::ahead;
use super::blob::{self, Reading, tar_problem};
use super::document::{self, Begin};
use super::gathered::{Gathered, SearchAround};
use super::in_parallel::in_parallel;
use super::known::Known;
use super::permits::Permit;
use crate::digest::Digest;
use crate::fault::{Code, Fault};
use crate::finding::{Place, Problem};
use crate::image::{
    self, Document, DocumentError, Documents, Inventory, MAX_DOCUMENT, MAX_DOCUMENTS, Places, Resolved,
};
use crate::mask::message;
use crate::source::{Archive, Blob, Descriptor, Source};
use crate::stream::Party;
use crate::verdict::BlobVerdict;

/// Lists a plain archive. [`read`] then reads its entries.
pub(crate) fn open_archive(scan: Scan<'_>, path: &Path) -> io::Result<(Archive, Gathered)> {
    let mut around = SearchAround { scan, gathered: Gathered::default() };
    let (archive, error) = Archive::open(path, &mut around)?;
    let mut gathered = around.gathered;
    gathered.problems.extend(error.map(|error| tar_problem(&error).at(Place::Archive)));
    Ok((archive, gathered))
}

/// The selection of blobs to read from a source.
pub(crate) struct Wanted<'a> {
    /// The tag of the only images to read.
    pub(crate) tag: Option<&'a str>,
    /// A function that selects the blobs to leave out, once the images are known.
    pub(crate) leave_out: &'a dyn Fn(&Inventory, &Resolved) -> BTreeSet<usize>,
}

/// Reads the selected blobs of a source.
pub(crate) fn read(
    source: &dyn Source,
    mut gathered: Gathered,
    reading: Reading<'_>,
    wanted: &Wanted<'_>,
) -> (Gathered, Resolved) {
    let Reading { verify_digests, scan, .. } = reading;
    for blob in source.listed() {
        gathered.add_blob(blob.clone(), scan.budget);
    }
    for (from, to) in source.links() {
        gathered.add_link(from, to, scan.budget);
    }
    let mut fetch = Fetch { source, scan, len: 0, read: Vec::new() };
    let resolved = image::resolve(&source.root(), &mut gathered.inventory, &mut fetch, wanted.tag);
    gathered.verdicts.extend(fetch.read);
    let unwanted = (wanted.leave_out)(&gathered.inventory, &resolved);
    let left: Vec<usize> = (0..gathered.inventory.len())
        .filter(|number| !unwanted.contains(number) && !gathered.verdicts.contains_key(number))
        .collect();
    let layers = layers(&resolved);
    let is_needed = |number: &usize| layers.contains_key(number) || resolved.attached.contains(number);
    let (needed, loose): (Vec<usize>, Vec<usize>) = left.iter().partition(|number| is_needed(number));
    let mut memory = Known::of(scan);
    // The links that lead to further places are known only once all layers are read.
    let places: Vec<Places> = resolved
        .images
        .iter()
        .map(|image| Places::in_directory(&image.config.env, &image.config.directory, &[]))
        .collect();
    memory.look_up(left.iter().filter_map(|&number| gathered.inventory.blob(number)));
    let is_left = |number: usize, blob: &Blob| left.contains(&number) && !memory.knows(blob);
    let ahead = ahead::look(source, scan, (&gathered.inventory, &resolved), &places, is_left);
    for &number in &left {
        scan.progress.add_total(size(&gathered.inventory, number));
    }
    for numbers in [needed, loose] {
        let blobs = numbers.into_iter().map(|number| (number, size(&gathered.inventory, number))).collect();
        let inventory = &gathered.inventory;
        let verdicts = in_parallel(scan, source.waits(), blobs, |number, side_by_side, core| {
            let Some(blob) = inventory.blob(number) else { return BlobVerdict::default() };
            let one = One { source, blob, scan, verify_digests, memory: &memory, places: &places };
            let shown = if let Some(layer) = layers.get(&number) {
                message!("layer {}", *layer)
            } else {
                message!("{}", &blob.name)
            };
            one.read(shown.seal().as_str(), side_by_side, core)
        });
        gathered.verdicts.extend(verdicts);
    }
    // A layer that is not read any more has what was found ahead of it.
    for (number, verdict) in ahead.into_iter().filter(|_| scan.stop.is_due()) {
        gathered.verdicts.entry(number).or_insert(verdict);
    }
    memory.save();
    (gathered, resolved)
}

/// Returns the blobs that are layers, each with its index in an image.
fn layers(resolved: &Resolved) -> BTreeMap<usize, usize> {
    let layers = resolved.images.iter().flat_map(|image| image.layers.iter().enumerate());
    layers.filter_map(|(n, layer)| Some((layer.entry?, n))).collect()
}

fn size(inventory: &Inventory, number: usize) -> u64 {
    inventory.blob(number).map_or(0, |blob| blob.size)
}

/// A reader of documents while images are resolved.
struct Fetch<'a> {
    source: &'a dyn Source,
    scan: Scan<'a>,
    /// The number of bytes read so far.
    len: u64,
    read: Vec<(usize, BlobVerdict)>,
}

impl Documents for Fetch<'_> {
    fn refer(&mut self, descriptor: &Descriptor) -> Option<Blob> {
        self.source.refer(descriptor)
    }

    fn referrers(&mut self, digest: Digest, is_image: bool) -> io::Result<Vec<Blob>> {
        self.source.referrers(digest, is_image)
    }

    fn read(&mut self, number: usize, blob: &Blob) -> Result<Document, DocumentError> {
        // A blob that is too large for a document is searched like any other blob.
        if blob.size > MAX_DOCUMENT {
            return Err(DocumentError::None);
        }
        if self.len.saturating_add(blob.size) > MAX_DOCUMENTS {
            return Err(DocumentError::Full);
        }
        let begin = self.source.open(blob).and_then(|input| document::begin(&mut self.scan.uncounted(input)));
        match begin {
            Ok(Begin::Document(bytes)) => {
                self.len = self.len.saturating_add(bytes.len() as u64);
                let verdict = document::verdict(&blob.name, &bytes, blob.algorithm(), self.scan);
                let digest = verdict.digest.ok_or(DocumentError::None)?;
                self.read.push((number, verdict));
                Ok(Document { bytes, digest })
            }
            Ok(Begin::Bytes(_)) => Err(DocumentError::None),
            Err(error) => {
                self.read.push((number, BlobVerdict::unread(Problem::of(&error, Place::Here))));
                Err(DocumentError::Unread)
            }
        }
    }
}

/// One blob to read.
struct One<'a> {
    source: &'a dyn Source,
    blob: &'a Blob,
    scan: Scan<'a>,
    verify_digests: bool,
    memory: &'a Known<'a>,
    /// The places of each image.
    places: &'a [Places],
}

impl One<'_> {
    fn read(&self, shown: &str, side_by_side: bool, core: &mut Permit<'_>) -> BlobVerdict {
        let Self { source, blob, memory, .. } = self;
        let part = self.scan.progress.part(shown, blob.size);
        let budget = self.scan.budget.for_part();
        let scan = Scan { budget: &budget, progress: &*part, ..self.scan };
        let again = AtomicUsize::new(0);
        let reopen = || -> io::Result<Box<dyn Read + Send + '_>> {
            if again.fetch_add(1, Ordering::Relaxed) >= source.rereads() {
                return Err(Fault::io(Code::Limit, "the source would have to be read too many times"));
            }
            Ok(Box::new(scan.uncounted(source.open(blob)?)))
        };
        let reading = Reading {
            verify_digests: self.verify_digests,
            algorithm: blob.algorithm(),
            scan,
            reopen: Some(&reopen),
        };
        let open = || source.open(blob);
        if let Some(verdict) = memory.recall(blob, &open, reading, self.places) {
            if !verdict.tokens().is_empty() {
                scan.stop.found();
            }
            return verdict;
        }
        let verdict = match open() {
            Ok(mut input) if side_by_side => blob::audit_side_by_side(&blob.name, &mut input, reading),
            Ok(mut input) if source.waits() => {
                let mut input = Lending { input: &mut input, core };
                blob::audit(&blob.name, &mut input, reading)
            }
            Ok(mut input) => blob::audit(&blob.name, &mut input, reading),
            Err(error) => BlobVerdict::unread(Problem::of(&error, Place::Here)),
        };
        memory.learn(blob, &verdict, budget.taken());
        verdict
    }
}

/// A reader that lends its core to other threads while it waits for bytes.
struct Lending<'a, 'p> {
    input: &'a mut dyn Read,
    core: &'a mut Permit<'p>,
}

impl Read for Lending<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let input = &mut self.input;
        // A thread that waits for the turn at large windows keeps its core. The one that has the turn must not wait for that.
        let is_awaited = Party::current().has_turn();
        self.core.lend(is_awaited, || input.read(out))
    }
}
