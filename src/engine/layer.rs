//! The walk over one layer, which collects the contents of its files and its paths. Nothing here depends on
//! the image, because images share layers.

use std::collections::HashMap;
use std::io::{self, BufRead};

use super::Scan;
use super::body::{self, Reopen, Searched};
use super::gap::occurrences_in_gap;
use super::search::search_rest;
use crate::detect::{self, Credential, Occurrence};
use crate::image::{LayerPaths, PathHashes, is_whiteout};
use crate::source::link_target;
use crate::stream::path::split;
use crate::stream::{Bounds, Entry, EntryKind, Extent, Field, Gap, Peek, Visit};
use crate::unpack::{MAX_IN_FILE, Origin, Reread, Unpacker};
use crate::verdict::{File, HardLink, LayerContent};

/// The approximate memory cost of a hard link, in addition to its name.
const LINK: usize = 110;
/// The approximate memory cost of a directory whose place another entry takes.
const REPLACED: usize = 80;

/// The item of a [`LayerContent`] that a path refers to.
#[derive(Clone, Copy)]
enum Named {
    File(u32),
    HardLink(u32),
}

fn index(nth: u32) -> usize {
    usize::try_from(nth).unwrap_or(usize::MAX)
}

/// A collector of a [`LayerContent`] during a walk.
pub(crate) struct LayerVisitor<'a> {
    content: LayerContent,
    unpacker: Unpacker,
    scan: Scan<'a>,
    /// Collected items by the hash of their path, to recognise superseded ones.
    by_path: HashMap<u64, Named>,
    /// The directories whose places other entries took, by the hash of their path, with the numbers of these
    /// entries.
    replaced: HashMap<u64, Vec<u32>>,
    last_path: Vec<u8>,
    /// The directory of the last entry.
    last_directory: Vec<u8>,
    /// The number of entries so far.
    entries: u32,
    /// The files that hold git objects with tokens, by number.
    git_files: HashMap<u32, usize>,
    /// A function that opens the layer again, if that is possible.
    reopen: Option<&'a Reopen<'a>>,
}

impl<'a> LayerVisitor<'a> {
    pub(crate) fn new(scan: Scan<'a>, reopen: Option<&'a Reopen<'a>>) -> Self {
        Self {
            content: LayerContent::default(),
            unpacker: scan.unpacker(),
            scan,
            by_path: HashMap::new(),
            replaced: HashMap::new(),
            last_path: Vec::new(),
            last_directory: Vec::new(),
            entries: 0,
            git_files: HashMap::new(),
            reopen,
        }
    }

    pub(crate) fn finish(mut self) -> LayerContent {
        self.note_replaced();
        let (in_git, problems) = self.unpacker.finish();
        for (number, occurrence) in in_git {
            let file = self.git_files.get(&number).and_then(|&file| self.content.files.get_mut(file));
            let Some(file) = file else { continue };
            let mut one = vec![occurrence];
            self.content.overflow |= file.occurrences.len() >= MAX_IN_FILE || !self.scan.keep(&mut one);
            file.occurrences.append(&mut one);
        }
        self.content.problems.add(b"", problems);
        self.content
    }

    /// Takes memory from the budget. Returns true if the budget was sufficient.
    fn room(&mut self, bytes: usize) -> bool {
        let room = self.scan.budget.take(bytes);
        self.content.overflow |= !room;
        room
    }

    fn add(&mut self, path: &[u8], found: Vec<Occurrence>, credentials: Vec<Credential>) -> Option<usize> {
        if found.is_empty() && credentials.is_empty() {
            None
        } else {
            self.add_file(path, found, credentials)
        }
    }

    fn add_file(
        &mut self,
        path: &[u8],
        mut found: Vec<Occurrence>,
        credentials: Vec<Credential>,
    ) -> Option<usize> {
        self.content.overflow |= !self.scan.keep(&mut found);
        // Credentials that count by the file's own name are findings. The others are findings only in some
        // images.
        let (mut credentials, other): (Vec<_>, Vec<_>) =
            credentials.into_iter().partition(|credential| detect::keeps(path, credential.form));
        self.content.overflow |= !self.scan.keep(&mut credentials);
        credentials.extend(other.into_iter().take(MAX_IN_FILE));
        let texts: usize =
            credentials.iter().filter_map(|credential| credential.text.as_ref()).map(|text| text.len()).sum();
        if !self.room(3 * path.len() + 200 + credentials.len() * 60 + texts) {
            return None;
        }
        let file = File {
            path: path.into(),
            occurrences: found,
            credentials,
            number: self.entries,
            superseded_by: None,
        };
        self.content.files.push(file);
        Some(self.content.files.len() - 1)
    }

    fn note_path(&mut self, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        if entry.after_end {
            // Tools do not unpack entries after the end, so these hide nothing and supersede nothing.
            return;
        }
        self.note_place(&entry.path, entry.kind == EntryKind::Directory);
        if entry.odd_name {
            match &mut self.content.odd_names {
                Some((_, count)) => *count += 1,
                None => self.content.odd_names = Some((entry.path.clone(), 1)),
            }
        }
        let Some(target) = &entry.link else { return };
        if entry.kind == EntryKind::Symlink {
            if self.room(2 * entry.path.len() + target.len() + 160) {
                self.content.symlinks.push((entry.path.clone(), target.clone()));
            }
        } else if let Some(target) = link_target(entry)
            && self.room(entry.path.len() + LINK)
            && let Ok(nth) = u32::try_from(self.content.hard_links.len())
        {
            self.by_path.insert(PathHashes::own(&entry.path), Named::HardLink(nth));
            self.content.hard_links.push(HardLink {
                name: entry.path.as_slice().into(),
                target: PathHashes::own(&target),
                number: self.entries,
                superseded_by: None,
            });
        }
    }

    /// Notes that an entry takes a place, and from what.
    fn note_place(&mut self, path: &[u8], is_directory: bool) {
        if self.room(LayerPaths::COST) {
            self.content.paths.add(path, is_directory);
        }
        let directory = split(path).0;
        if directory != self.last_directory {
            for hash in PathHashes::new(directory).nearest_first() {
                if self.content.paths.has_directory(hash) || !self.room(LayerPaths::COST) {
                    break;
                }
                self.content.paths.add_directory(hash);
            }
            self.last_directory.clear();
            self.last_directory.extend_from_slice(directory);
        }
        if is_whiteout(path) {
            return;
        }
        let hash = PathHashes::own(path);
        let superseded = match self.by_path.remove(&hash) {
            Some(Named::File(nth)) => {
                self.content.files.get_mut(index(nth)).map(|file| &mut file.superseded_by)
            }
            Some(Named::HardLink(nth)) => {
                self.content.hard_links.get_mut(index(nth)).map(|link| &mut link.superseded_by)
            }
            None => None,
        };
        if let Some(superseded) = superseded {
            *superseded = Some(self.entries);
        }
        if !is_directory && self.content.paths.has_directory(hash) && self.room(REPLACED) {
            self.replaced.entry(hash).or_default().push(self.entries);
        }
    }

    /// Marks what is below directories whose places other entries take later in the layer.
    fn note_replaced(&mut self) {
        if self.replaced.is_empty() {
            return;
        }
        let replaced = &self.replaced;
        let until = |path: &[u8], number: u32, superseded: &mut Option<u32>| {
            let hashes = PathHashes::new(path);
            let ends = hashes.nearest_first().skip(1).filter_map(|hash| {
                let numbers = replaced.get(&hash)?;
                numbers.get(numbers.partition_point(|&end| end <= number)).copied()
            });
            *superseded = ends.chain(*superseded).min();
        };
        for file in &mut self.content.files {
            until(&file.path, file.number, &mut file.superseded_by);
        }
        for link in &mut self.content.hard_links {
            until(&link.name, link.number, &mut link.superseded_by);
        }
    }

    fn search_body(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let number = self.entries;
        let reopen = self.reopen;
        let expansion = match &entry.extent {
            Extent::Whole => None,
            Extent::Sparse(map) => Some(self.unpacker.expand(map, entry.size)),
        };
        let reread = || body::reopened(reopen, entry, expansion.as_ref());
        let reread: Option<&Reread<'_>> = if reopen.is_some() { Some(&reread) } else { None };
        let origin = Origin { number, path: &entry.path, reread };
        let Searched { found, credentials, outcome } =
            body::search(&mut self.unpacker, origin, entry, expansion.as_ref(), body);
        self.content.problems.add(&entry.path, found.problems);
        let file = if found.in_git {
            let file = self.add_file(&entry.path, found.occurrences, credentials);
            self.git_files.extend(file.map(|file| (number, file)));
            file
        } else {
            self.add(&entry.path, found.occurrences, credentials)
        };
        if let Some(file) = file
            && !is_whiteout(&entry.path)
            && !entry.after_end
            && let Ok(nth) = u32::try_from(file)
        {
            self.by_path.insert(PathHashes::own(&entry.path), Named::File(nth));
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
        // A token in padding belongs to the preceding entry.
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
        self.content.problems.add(b"", found.problems);
        self.add(b"", found.occurrences, Vec::new());
        outcome
    }
}
