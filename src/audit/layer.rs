//! One layer, walked: what its files hold, and what it says of paths. Nothing here depends on the image,
//! since layers are shared between images.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::budget::Budget;
use super::search::{search, search_rest};
use super::troubles::Troubles;
use crate::detect::{self, KeptToken, MAX_KEPT, Occurrence, Scanner};
use crate::image::{LayerPaths, is_whiteout};
use crate::source::link_target;
use crate::stream::{
    Bounds, Decompressed, Entry, EntryKind, Extent, Field, Gap, Peek, SparseMap, Visit, Window,
};
use crate::unpack::{Found, MAX_IN_FILE, Origin, Reread, Unpacker};

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
    /// What in its files could not be decoded.
    pub(super) troubles: Troubles,
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
    unpacker: Unpacker,
    budget: &'a Budget,
    /// What is remembered by path, to tell what is superseded.
    by_path: HashMap<Vec<u8>, Named>,
    last_path: Vec<u8>,
    /// How many entries there were.
    entries: usize,
    /// Files that hold git objects with tokens in them, by number.
    git_files: HashMap<u32, usize>,
    /// Opens the layer once more, where that can be.
    reopen: Option<&'a Reopen<'a>>,
}

/// Opens a blob once more, at its first byte.
pub(super) type Reopen<'a> = dyn Fn() -> io::Result<Box<dyn io::Read + Send + 'a>> + 'a;

impl<'a> LayerVisitor<'a> {
    pub(super) fn new(budget: &'a Budget, reopen: Option<&'a Reopen<'a>>) -> Self {
        Self {
            content: LayerContent::default(),
            unpacker: Unpacker::new(),
            budget,
            by_path: HashMap::new(),
            last_path: Vec::new(),
            entries: 0,
            git_files: HashMap::new(),
            reopen,
        }
    }

    pub(super) fn finish(mut self) -> LayerContent {
        let (in_git, troubles) = self.unpacker.finish();
        for (number, occurrence) in in_git {
            let file = self.git_files.get(&number).and_then(|&file| self.content.files.get_mut(file));
            let Some(file) = file else { continue };
            let mut one = vec![occurrence];
            self.content.overflow |= file.occurrences.len() >= MAX_IN_FILE || !self.budget.keep(&mut one);
            file.occurrences.append(&mut one);
        }
        self.content.troubles.add(b"", troubles);
        self.content
    }

    /// Whether there is room for something of that size.
    fn room(&mut self, bytes: usize) -> bool {
        let room = self.budget.take(bytes);
        self.content.overflow |= !room;
        room
    }

    fn add(&mut self, path: &[u8], found: Vec<Occurrence>, kept: Vec<KeptToken>) -> Option<usize> {
        if found.is_empty() && kept.is_empty() { None } else { self.add_file(path, found, kept) }
    }

    fn add_file(&mut self, path: &[u8], mut found: Vec<Occurrence>, kept: Vec<KeptToken>) -> Option<usize> {
        self.content.overflow |= !self.budget.keep(&mut found);
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
        let number = u32::try_from(self.entries).unwrap_or(u32::MAX);
        let reopen = self.reopen;
        let reread = || reopened(reopen, entry);
        let reread: Option<&Reread<'_>> = if reopen.is_some() { Some(&reread) } else { None };
        let origin = Origin { number, path: &entry.path, reread };
        let mut kept = Vec::new();
        let (found, outcome) = match &entry.extent {
            Extent::Whole if entry.size > MAX_KEPT => self.unpacker.search(origin, body),
            Extent::Whole => search_small(&mut self.unpacker, origin, entry.size, body, &mut kept),
            extent if entry.size > MAX_KEPT => search_sparse(extent, body),
            extent => {
                let (whole, outcome) = read_small(body);
                kept = detect::kept_tokens(&whole);
                let (found, searched) = search_sparse(extent, &mut whole.as_slice());
                (found, outcome.and(searched))
            }
        };
        self.content.troubles.add(&entry.path, found.troubles);
        let file = if found.in_git {
            let file = self.add_file(&entry.path, found.occurrences, kept);
            self.git_files.extend(file.map(|file| (number, file)));
            file
        } else {
            self.add(&entry.path, found.occurrences, kept)
        };
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
        let (found, outcome) = search_rest(&mut self.unpacker, bounds, bytes);
        self.content.troubles.add(b"", found.troubles);
        self.add(b"", found.occurrences, Vec::new());
        outcome
    }
}

/// Searches a small file, and looks for what may be a credential of unknown shape.
fn search_small(
    unpacker: &mut Unpacker,
    origin: Origin<'_>,
    size: u64,
    body: &mut dyn Peek,
    kept: &mut Vec<KeptToken>,
) -> (Found, io::Result<()>) {
    // Most small files lie in the buffer as a whole.
    if let Ok(mut view) = body.fill_buf()
        && view.len() as u64 == size
    {
        *kept = detect::kept_tokens(view);
        let found = unpacker.search(origin, &mut view).0;
        body.consume(usize::try_from(size).unwrap_or_default());
        return (found, Ok(()));
    }
    let (whole, outcome) = read_small(body);
    *kept = detect::kept_tokens(&whole);
    (unpacker.search(origin, &mut whole.as_slice()).0, outcome)
}

/// The file once more, from the start of its layer.
fn reopened<'a>(reopen: Option<&'a Reopen<'a>>, entry: &Entry) -> io::Result<Box<dyn Peek + 'a>> {
    let Some(reopen) = reopen else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut layer = Window::new(Decompressed::new(Window::new(reopen()?))?);
    layer.skip(entry.body_offset)?;
    Ok(Box::new(Window::new(layer.take(entry.size))))
}

/// The whole of a small file, as far as it can be read.
fn read_small(body: &mut dyn Peek) -> (Zeroizing<Vec<u8>>, io::Result<()>) {
    let mut whole = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_KEPT).unwrap_or_default()));
    let outcome = body.read_to_end(&mut whole);
    (whole, outcome.map(|_| ()))
}

/// Searches the data of a sparse file as it is stored, since a map may lie, and then each stretch by itself
/// for what ends or begins at a hole. Offsets count in the file with its holes.
fn search_sparse(extent: &Extent, body: &mut dyn BufRead) -> (Found, io::Result<()>) {
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
    let occurrences = all.into_iter().map(|occurrence| Occurrence { position: None, ..occurrence }).collect();
    (Found { occurrences, ..Found::default() }, outcome)
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
