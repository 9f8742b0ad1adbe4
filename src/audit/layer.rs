//! One layer, walked: what its files hold, and what it says of paths. Nothing here depends on the image,
//! since layers are shared between images.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::budget::{Budget, MAX_IN_FILE};
use super::search::{search, search_file};
use crate::detect::{self, KeptSearch, KeptToken, MAX_KEPT, Occurrence, Scanner};
use crate::image::{LayerPaths, is_whiteout};
use crate::source::link_target;
use crate::stream::{Bounds, Entry, EntryKind, Extent, Field, Gap, Peek, SparseMap, Visit};

/// What a layer holds.
#[derive(Debug, Default)]
pub(super) struct LayerContent {
    /// Files with something in them, in the order of the stream.
    pub(super) files: Vec<File>,
    /// Hard links, in the order of the stream.
    pub(super) hard_links: Vec<HardLink>,
    /// Symbolic links: the normalised name, and the target as written.
    pub(super) symlinks: Vec<(Vec<u8>, Vec<u8>)>,
    /// What it hides in the layers below.
    pub(super) paths: LayerPaths,
    /// The first name that is absolute or climbs, and how many there are.
    pub(super) odd_names: Option<(Vec<u8>, usize)>,
    /// Whether something was left out of the above for lack of memory.
    pub(super) overflow: bool,
}

/// A file of a layer in which something was found.
#[derive(Debug)]
pub(super) struct File {
    /// Its path, normalised.
    pub(super) path: Arc<[u8]>,
    /// The tokens in it.
    pub(super) occurrences: Vec<Occurrence>,
    /// What would be a token if this is a place where one is kept.
    pub(super) kept: Vec<KeptToken>,
    /// The number of its entry in the layer.
    pub(super) number: usize,
    /// The number of a later entry of that path in the same layer.
    pub(super) superseded_by: Option<usize>,
}

/// Another name for an entry of this layer or of one below.
#[derive(Debug)]
pub(super) struct HardLink {
    /// The name, normalised.
    pub(super) name: Vec<u8>,
    /// The name it stands for, normalised.
    pub(super) target: Vec<u8>,
    /// The number of its entry in the layer.
    pub(super) number: usize,
    /// The number of a later entry of that name in the same layer.
    pub(super) superseded_by: Option<usize>,
}

/// What of a [`LayerContent`] a path stands for.
#[derive(Clone, Copy)]
enum Named {
    File(usize),
    HardLink(usize),
}

/// Collects a [`LayerContent`] from a walk.
pub(super) struct LayerVisitor<'a> {
    content: LayerContent,
    budget: &'a Budget,
    /// What is remembered by path, to tell what is superseded.
    by_path: HashMap<Vec<u8>, Named>,
    last_path: Vec<u8>,
    /// How many entries there were.
    entries: usize,
}

impl<'a> LayerVisitor<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self {
            content: LayerContent::default(),
            budget,
            by_path: HashMap::new(),
            last_path: Vec::new(),
            entries: 0,
        }
    }

    pub(super) fn finish(self) -> LayerContent {
        self.content
    }

    /// Whether there is room for something of that size.
    fn room(&mut self, bytes: usize) -> bool {
        let room = self.budget.take(bytes);
        self.content.overflow |= !room;
        room
    }

    fn add(&mut self, path: &[u8], mut found: Vec<Occurrence>, kept: Vec<KeptToken>) -> Option<usize> {
        if found.is_empty() && kept.is_empty() {
            return None;
        }
        self.content.overflow |= !self.budget.keep(&mut found);
        // What counts by the file's own name is a finding; the rest is one only in some image.
        let (mut kept, other): (Vec<_>, Vec<_>) =
            kept.into_iter().partition(|kept| detect::keeps(path, kept.form));
        self.content.overflow |= !self.budget.keep(&mut kept);
        kept.extend(other.into_iter().take(MAX_IN_FILE));
        if !self.room(3 * path.len() + 200 + kept.len() * 60) {
            return None;
        }
        let file =
            File { path: path.into(), occurrences: found, kept, number: self.entries, superseded_by: None };
        self.content.files.push(file);
        Some(self.content.files.len() - 1)
    }

    fn note_path(&mut self, entry: &Entry) {
        self.entries += 1;
        if entry.after_end {
            // Nobody unpacks it, so it hides nothing and moves nothing.
            return;
        }
        let superseded = match self.by_path.remove(&entry.path) {
            Some(Named::File(n)) => self.content.files.get_mut(n).map(|file| &mut file.superseded_by),
            Some(Named::HardLink(n)) => {
                self.content.hard_links.get_mut(n).map(|link| &mut link.superseded_by)
            }
            None => None,
        };
        if let Some(superseded) = superseded {
            *superseded = Some(self.entries);
        }
        if self.room(LayerPaths::COST) {
            self.content.paths.add(&entry.path, entry.kind == EntryKind::Directory);
        }
        if entry.odd_name {
            match &mut self.content.odd_names {
                Some((_, count)) => *count += 1,
                None => self.content.odd_names = Some((entry.path.clone(), 1)),
            }
        }
        let Some(target) = &entry.link else { return };
        if !self.room(2 * entry.path.len() + target.len() + 160) {
            return;
        }
        if entry.kind == EntryKind::Symlink {
            self.content.symlinks.push((entry.path.clone(), target.clone()));
        } else if let Some(target) = link_target(entry) {
            self.by_path.insert(entry.path.clone(), Named::HardLink(self.content.hard_links.len()));
            self.content.hard_links.push(HardLink {
                name: entry.path.clone(),
                target,
                number: self.entries,
                superseded_by: None,
            });
        }
    }

    fn search_body(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let mut occurrences = Vec::new();
        let mut kept = Vec::new();
        let outcome = match &entry.extent {
            Extent::Whole if entry.size <= MAX_KEPT => search_small(entry, body, &mut occurrences, &mut kept),
            Extent::Whole if KeptSearch::reads_large(&entry.path) => {
                search_file(&entry.path, body, &mut occurrences, &mut kept)
            }
            Extent::Whole => search(body, &mut occurrences),
            extent if entry.size > MAX_KEPT => search_sparse(extent, body, &mut occurrences),
            extent => {
                let mut whole =
                    Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_KEPT).unwrap_or_default()));
                let read = body.read_to_end(&mut whole);
                kept = detect::kept_tokens(&entry.path, &whole);
                let searched = search_sparse(extent, &mut whole.as_slice(), &mut occurrences);
                read.and(searched)
            }
        };
        let file = self.add(&entry.path, occurrences, kept);
        if let Some(file) = file
            && !is_whiteout(&entry.path)
            && !entry.after_end
        {
            self.by_path.insert(entry.path.clone(), Named::File(file));
        }
        outcome
    }
}

impl Visit for LayerVisitor<'_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        let mut found = occurrences_in_gap(gap);
        if found.is_empty() {
            return;
        }
        // Where padding holds it, it belongs to the entry before.
        found.sort_by_key(|(field, _)| *field == Field::Padding);
        let split = found.partition_point(|(field, _)| *field != Field::Padding);
        let padding = found.split_off(split).into_iter().map(|(_, occurrence)| occurrence).collect();
        let own = found.into_iter().map(|(_, occurrence)| occurrence).collect();
        let last = std::mem::take(&mut self.last_path);
        self.add(&last, padding, Vec::new());
        let path = gap.entry.map_or(&last, |entry| &entry.path).clone();
        self.add(&path, own, Vec::new());
        self.last_path = last;
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        self.note_path(entry);
        self.last_path.clone_from(&entry.path);
        if entry.size == 0 { Ok(()) } else { self.search_body(entry, body) }
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        let mut found = Vec::new();
        let outcome = search(bytes, &mut found);
        for occurrence in &mut found {
            occurrence.offset += bounds.start;
            occurrence.position = None;
            occurrence.via.push(detect::mask(b"tar-trailer"));
        }
        self.add(b"", found, Vec::new());
        outcome
    }
}

/// Searches a small file, and looks for what may be a credential of unknown shape.
fn search_small(
    entry: &Entry,
    body: &mut dyn BufRead,
    occurrences: &mut Vec<Occurrence>,
    kept: &mut Vec<KeptToken>,
) -> io::Result<()> {
    // Most small files lie in the buffer as a whole.
    let view = body.fill_buf()?;
    if view.len() as u64 == entry.size {
        *occurrences = detect::find(view);
        *kept = detect::kept_tokens(&entry.path, view);
        let n = view.len();
        body.consume(n);
        return Ok(());
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_KEPT).unwrap_or_default()));
    let outcome = body.read_to_end(&mut whole);
    *occurrences = detect::find(&whole);
    *kept = detect::kept_tokens(&entry.path, &whole);
    outcome.map(|_| ())
}

/// Searches the data of a sparse file as it is stored, since a map may lie, and then each stretch by itself
/// for what ends or begins at a hole. Offsets count in the file with its holes.
fn search_sparse(extent: &Extent, body: &mut dyn BufRead, found: &mut Vec<Occurrence>) -> io::Result<()> {
    let mut stored = Tee { input: body, scanner: Scanner::new(), passed: 0 };
    // Where stretches begin: in the body, and in the file.
    let mut starts: Vec<(u64, u64)> = Vec::new();
    let mut at_holes = Vec::new();
    let map = match extent {
        Extent::Whole => Ok(SparseMap::default()),
        Extent::Sparse(map) => Ok(map.clone()),
        Extent::SparseMapInBody => SparseMap::read(&mut stored).map(|(map, _)| map),
    };
    let outcome = map.and_then(|map| {
        for (start, len) in map.stretches() {
            starts.push((stored.passed, start));
            let mut stretch = Vec::new();
            let outcome = search(&mut (&mut stored).take(len), &mut stretch);
            at_holes.extend(stretch.into_iter().map(|mut occurrence| {
                occurrence.offset = occurrence.offset.saturating_add(start);
                occurrence
            }));
            outcome?;
        }
        io::copy(&mut stored, &mut io::sink()).map(|_| ())
    });
    let mut all = stored.scanner.finish();
    for occurrence in &mut all {
        let behind = starts.partition_point(|(stored, _)| *stored <= occurrence.offset);
        if let Some((stored, start)) = behind.checked_sub(1).and_then(|last| starts.get(last)) {
            occurrence.offset = (occurrence.offset - stored).saturating_add(*start);
        }
    }
    all.extend(at_holes);
    let mut seen = HashSet::new();
    all.retain(|occurrence| seen.insert((occurrence.offset, occurrence.token.clone())));
    all.sort_by_key(|occurrence| occurrence.offset);
    found.extend(all.into_iter().map(|occurrence| Occurrence { position: None, ..occurrence }));
    outcome
}

/// Passes bytes on and searches them as they go by.
struct Tee<'a> {
    input: &'a mut dyn BufRead,
    scanner: Scanner,
    passed: u64,
}

impl BufRead for Tee<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // The bytes are buffered, so asking for them again cannot fail.
        if let Ok(bytes) = self.input.fill_buf() {
            self.scanner.feed(bytes.get(..n).unwrap_or_default());
        }
        self.input.consume(n);
        self.passed += n as u64;
    }
}

impl io::Read for Tee<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut view = self.fill_buf()?;
        let n = view.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// Tokens between bodies, each with the field it stands in; its offset counts in that field. A name that
/// stands twice, cut short in the header block and whole in an extended header, counts once.
pub(super) fn occurrences_in_gap(gap: &Gap<'_>) -> Vec<(Field, Occurrence)> {
    let mut found: Vec<(Field, Occurrence)> = Vec::new();
    let mut in_names = HashSet::new();
    for mut occurrence in detect::find(gap.bytes) {
        let at = usize::try_from(occurrence.offset).unwrap_or(usize::MAX);
        let outside = at + occurrence.len <= gap.own.start || at >= gap.own.end;
        if outside {
            continue;
        }
        let (field, offset) = gap.field_at(at);
        let is_name = matches!(field, Field::Name | Field::LinkName);
        if is_name && !in_names.insert((field == Field::Name, occurrence.token.clone())) {
            continue;
        }
        occurrence.offset = offset as u64;
        occurrence.position = None;
        occurrence.via.push(detect::mask(via(&field).as_slice()));
        found.push((field, occurrence));
    }
    found
}

fn via(field: &Field) -> Vec<u8> {
    match field {
        Field::Name => b"tar-name".to_vec(),
        Field::LinkName => b"tar-link".to_vec(),
        Field::Header => b"tar-header".to_vec(),
        Field::Pax(key) => [b"tar-pax:", &key[..]].concat(),
        Field::Padding => b"tar-padding".to_vec(),
    }
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
        let mut found = Vec::new();
        let outcome = search_sparse(&Extent::SparseMapInBody, &mut &body[..], &mut found);
        outcome.unwrap();
        found.iter().map(|occurrence| occurrence.offset).collect()
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
