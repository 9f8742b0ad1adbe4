//! An image archive on disk: a tar file whose entries are read in place.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::{Blob, Source};
use crate::stream::{
    Bounds, Entry, EntryKind, Expansion, Extent, Gap, Peek, TarError, Visit, Window, path, walk,
};

/// A handler for the bytes of an archive that belong to none of its entries.
pub(crate) trait Around {
    /// Handles the bytes between entries.
    fn gap(&mut self, gap: &Gap<'_>);
    /// Handles the bytes after the last readable entry.
    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()>;
}

/// The maximum length of all holes in the sparse entries of one archive.
pub(crate) const MAX_HOLES: u64 = 16 << 30;

/// A plain tar file, listed once and read by position.
pub(crate) struct Archive {
    file: File,
    blobs: Vec<Blob>,
    bodies: Vec<Stored>,
    links: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The place of a body in the archive.
struct Stored {
    at: u64,
    len: u64,
    /// The file, if it is stored as a sparse one.
    expansion: Option<Expansion>,
}

impl Archive {
    /// Lists a tar file without reading the bodies of its entries. If an error ends the listing early, it is
    /// returned together with the entries listed so far.
    pub(crate) fn open(path: &Path, around: &mut dyn Around) -> io::Result<(Self, Option<TarError>)> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let section = Section { file: &file, at: 0, end: len };
        let mut window = Window::seekable(section, Section::skip);
        let mut list = List {
            around,
            blobs: Vec::new(),
            bodies: Vec::new(),
            links: Vec::new(),
            holes: MAX_HOLES,
            too_large: None,
        };
        let error = walk(&mut window, &mut list).err();
        let List { blobs, bodies, links, too_large, .. } = list;
        Ok((Self { file, blobs, bodies, links }, error.or(too_large)))
    }
}

impl Source for Archive {
    fn listed(&self) -> &[Blob] {
        &self.blobs
    }

    fn links(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.links
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        let Stored { at, len, expansion } = self.bodies.get(blob.id).ok_or(io::ErrorKind::NotFound)?;
        let section = Section { file: &self.file, at: *at, end: at.saturating_add(*len) };
        Ok(match expansion {
            None => Box::new(section),
            Some(expansion) => Box::new(expansion.reader(section)),
        })
    }
}

/// A section of a file. It is read by position, so that several sections can be read at once.
struct Section<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Section<'_> {
    fn skip(&mut self, n: u64) -> u64 {
        let step = n.min(self.end.saturating_sub(self.at));
        self.at += step;
        step
    }
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = out.len().min(left);
        let n = self.file.read_at(out.get_mut(..len).unwrap_or_default(), self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

struct List<'a> {
    around: &'a mut dyn Around,
    blobs: Vec<Blob>,
    bodies: Vec<Stored>,
    links: Vec<(Vec<u8>, Vec<u8>)>,
    /// The length of holes that is left.
    holes: u64,
    /// The error about the first entry whose holes are longer than that.
    too_large: Option<TarError>,
}

impl Visit for List<'_> {
    fn gap(&mut self, gap: &Gap<'_>) {
        self.around.gap(gap);
    }

    fn entry(&mut self, entry: &Entry, _body: &mut dyn Peek) -> io::Result<()> {
        match (entry.kind, link_target(entry)) {
            (_, Some(target)) => self.links.push((entry.path.clone(), target)),
            (EntryKind::Directory, None) if entry.size == 0 => {}
            (_, None) => {
                let expansion = match expand(entry, &mut self.holes) {
                    None => None,
                    Some(Ok(expansion)) => Some(expansion),
                    Some(Err((error, expansion))) => {
                        self.too_large.get_or_insert(error);
                        Some(expansion)
                    }
                };
                let size = expansion.as_ref().map_or(entry.size, Expansion::len);
                self.blobs.push(Blob::at(self.blobs.len(), entry.path.clone(), size));
                self.bodies.push(Stored { at: entry.body_offset, len: entry.size, expansion });
            }
        }
        Ok(())
    }

    fn rest(&mut self, bounds: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        self.around.rest(bounds, bytes)
    }
}

/// Returns the file of an entry that is stored as a sparse one, and takes the length of its holes from `holes`. If
/// that is not enough, returns an error and the file with shorter holes.
pub(crate) fn expand(entry: &Entry, holes: &mut u64) -> Option<Result<Expansion, (TarError, Expansion)>> {
    let Extent::Sparse(map) = &entry.extent else { return None };
    Some(map.whole(entry.size, holes).ok_or_else(|| {
        let error = TarError::Holes { path: entry.path.clone() };
        (error, map.shortened(entry.size, &mut 0))
    }))
}

/// Returns the normalised name that a link in an archive refers to. `docker save` writes repeated layers as
/// links.
pub(crate) fn link_target(entry: &Entry) -> Option<Vec<u8>> {
    let target = entry.link.as_deref()?;
    match entry.kind {
        EntryKind::HardLink => Some(path::normalise(target)),
        EntryKind::Symlink => Some(path::normalise(&path::join(path::split(&entry.path).0, target))),
        _ => None,
    }
}
