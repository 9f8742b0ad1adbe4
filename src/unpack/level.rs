//! One content while it is read: its own bytes, and the contents of the containers in it.

use std::collections::HashMap;
use std::io::{self, BufRead as _};
use std::ops::Range;

use super::format::{self, Format};
use super::found::{Found, Trouble, TroubleKind};
use super::limits::MAX_IN_FILE;
use super::raw::Raw;
use super::{Origin, Unpacker, compressed, git_objects, sevenz, tar, zip};
use crate::detect::{self, Occurrence};
use crate::finding::{Masked, TokenSummary};
use crate::stream::{Peek, is_limit};

/// A content within `depth` containers.
pub(super) struct Level<'u, 'o> {
    pub(super) unpacker: &'u mut Unpacker,
    /// The file that all of it lies in.
    pub(super) origin: Origin<'o>,
    depth: usize,
    /// What was found in the containers of this content.
    inner: Vec<Inner>,
    /// Whether it begins with a member of a zip archive.
    is_zip: bool,
    /// What is said if something else proves true.
    doubtful: Vec<Doubtful>,
    pub(super) found: Found,
}

/// A trouble with what may be a member of a zip archive: it is one if the next one, or the archive's directory,
/// stands at its end.
struct Doubtful {
    end: u64,
    trouble: Trouble,
}

/// What was found in one container.
struct Inner {
    /// Where it lies in this content.
    raw: Range<u64>,
    occurrences: Vec<Occurrence>,
}

/// Smaller members are not waited for.
const MIN_DOUBTFUL: u64 = 32;
/// So many are waited for at once.
const MAX_DOUBTFUL: usize = 64;
/// Characters of a step that are shown with a trouble.
const MAX_SHOWN: usize = 120;

fn trouble(kind: TroubleKind, step: &[u8], message: &str) -> Trouble {
    Trouble { kind, via: vec![shown(step)], message: detect::mask(message.as_bytes()) }
}

/// A step as it is shown with a trouble: of a long one, both ends. It is masked first, so that no token is cut.
fn shown(step: &[u8]) -> Masked {
    let masked = detect::mask(step);
    let len = masked.as_str().chars().count();
    if len <= MAX_SHOWN {
        return masked;
    }
    let side = MAX_SHOWN / 2;
    let chars = masked.as_str().chars();
    let shown: String = chars.clone().take(side).chain(['…']).chain(chars.skip(len - side)).collect();
    detect::mask(shown.as_bytes())
}

impl<'u, 'o> Level<'u, 'o> {
    pub(super) fn new(unpacker: &'u mut Unpacker, origin: Origin<'o>, depth: usize) -> Self {
        Self {
            unpacker,
            origin,
            depth,
            inner: Vec::new(),
            is_zip: false,
            doubtful: Vec::new(),
            found: Found::default(),
        }
    }

    /// Whether it is the file itself.
    pub(super) fn is_file(&self) -> bool {
        self.depth == 0
    }

    /// Reads the content to its end: what it begins with, then what else begins in it.
    pub(super) fn read(mut self, mut raw: Raw<'_>) -> (Found, io::Result<()>) {
        let outcome = raw.watch_pages().and_then(|()| self.read_all(&mut raw));
        let (occurrences, limited) = raw.finish();
        self.found.occurrences = occurrences;
        if limited {
            let message =
                "the database has more pages than can be remembered, so tokens that they cut may be missed";
            self.found.trouble(TroubleKind::Unread, message);
        }
        (self.merge(), outcome)
    }

    fn read_all(&mut self, raw: &mut Raw<'_>) -> io::Result<()> {
        let head = raw.peek(format::HEAD)?;
        if let Some(format) = Format::at_start(head) {
            self.is_zip = format == Format::Zip;
            self.open(format, raw);
        }
        loop {
            let passed = raw.passed();
            let view = raw.peek(format::HEAD)?;
            self.resolve_doubts(passed, view);
            let Some(at) = format::next_magic(view) else {
                if view.is_empty() {
                    return Ok(());
                }
                let passed =
                    if view.len() < format::HEAD { view.len() } else { view.len() - format::LONGEST };
                raw.consume(passed);
                continue;
            };
            raw.consume(at);
            match Format::inside(raw.peek(format::HEAD)?) {
                Some(format) => self.open(format, raw),
                None => raw.consume(1),
            }
        }
    }

    /// Decodes a container. However that ends, the reading goes on behind what it took.
    fn open(&mut self, format: Format, raw: &mut Raw<'_>) {
        let (start, known) = (raw.passed(), self.inner.len());
        match format {
            Format::Compressed(compression) => compressed::open(self, compression, raw),
            Format::Damaged(compression) => compressed::open_damaged(self, compression, raw),
            Format::Tar => tar::open(self, raw),
            Format::Zip => zip::open(self, raw),
            Format::SevenZ => sevenz::open(self, raw),
            Format::GitObject => git_objects::open_loose(self, raw),
            Format::GitPack => git_objects::open_pack(self, raw),
        }
        let end = raw.passed();
        for inner in self.inner.iter_mut().skip(known) {
            inner.raw = start..end;
        }
        if end == start {
            raw.consume(1);
        }
        if let Some(message) = self.unpacker.limits.used_up() {
            self.found.trouble(TroubleKind::Unread, &message);
        }
    }

    /// Reads the content of a container. `step` names the way in; `size` is that of content that stands
    /// in this one as it is. Gives the error of its reader.
    pub(super) fn enter(&mut self, step: &[u8], size: Option<u64>, content: &mut dyn Peek) -> io::Result<()> {
        let raw = match size {
            Some(size) => Raw::verbatim(content, size),
            None => Raw::whole(content),
        };
        let Some((found, outcome)) = self.descend(raw) else { return Ok(()) };
        if found.occurrences.is_empty() && found.troubles.is_empty() {
            return outcome;
        }
        self.add_troubles(step, found.troubles);
        let step = detect::mask(step);
        let mut occurrences = found.occurrences;
        for occurrence in &mut occurrences {
            occurrence.via.insert(0, step.clone());
        }
        let room =
            (MAX_IN_FILE + 1).saturating_sub(self.inner.iter().map(|inner| inner.occurrences.len()).sum());
        occurrences.truncate(room);
        self.inner.push(Inner { raw: 0..0, occurrences });
        outcome
    }

    /// Reads a content that lies one deeper, unless that is too deep or nothing more may be decoded.
    pub(super) fn descend(&mut self, raw: Raw<'_>) -> Option<(Found, io::Result<()>)> {
        let limits = &self.unpacker.limits;
        let depth = self.depth + 1;
        if !limits.allow(depth) {
            let message = limits.too_deep();
            self.found.trouble(TroubleKind::Unread, &message);
            return None;
        }
        (!limits.are_used_up()).then(|| Level::new(self.unpacker, self.origin, depth).read(raw))
    }

    /// Takes over what could not be decoded in a container.
    pub(super) fn add_troubles(&mut self, step: &[u8], troubles: Vec<Trouble>) {
        if troubles.is_empty() {
            return;
        }
        let step = shown(step);
        for mut trouble in troubles {
            trouble.via.insert(0, step.clone());
            self.found.add_trouble(trouble);
        }
    }

    /// A decoder ended with an error: what is wrong with the bytes, or a limit of ours.
    pub(super) fn failed(&mut self, step: &[u8], error: &io::Error) {
        if is_limit(error) {
            self.unread(step, &format!("{error}; it was not decoded"));
        } else {
            self.odd(step, &format!("{error}; what could be decoded was searched"));
        }
    }

    /// What nobody could read of a container, or what is odd about it.
    pub(super) fn odd(&mut self, step: &[u8], message: &str) {
        self.say(TroubleKind::Odd, step, message);
    }

    /// What somebody else could read of a container.
    pub(super) fn unread(&mut self, step: &[u8], message: &str) {
        self.say(TroubleKind::Unread, step, message);
    }

    fn say(&mut self, kind: TroubleKind, step: &[u8], message: &str) {
        self.found.add_trouble(trouble(kind, step, message));
    }

    /// Says of the bytes up to `end`, of which `at` has been read, what is only true of a member of a zip archive:
    /// at once in a content that begins as one, else when the next one stands there.
    pub(super) fn doubtful(
        &mut self,
        kind: TroubleKind,
        step: &[u8],
        message: &str,
        at: u64,
        end: Option<u64>,
    ) {
        if self.is_zip {
            return self.say(kind, step, message);
        }
        let Some(end) = end.filter(|&end| end >= at + MIN_DOUBTFUL) else { return };
        self.doubtful.retain(|doubtful| doubtful.end >= at);
        if self.doubtful.len() < MAX_DOUBTFUL {
            self.doubtful.push(Doubtful { end, trouble: trouble(kind, step, message) });
        }
    }

    /// Looks whether what was waited for stands in `view`, which begins at `at`.
    fn resolve_doubts(&mut self, at: u64, view: &[u8]) {
        let found = &mut self.found;
        self.doubtful.retain(|doubtful| {
            let Some(ahead) = doubtful.end.checked_sub(at) else { return false };
            let behind = usize::try_from(ahead).ok().and_then(|ahead| view.get(ahead..));
            let Some(behind) = behind.and_then(<[u8]>::first_chunk::<4>) else { return true };
            if matches!(behind, b"PK\x01\x02" | b"PK\x03\x04" | b"PK\x07\x08") {
                found.add_trouble(doubtful.trouble.clone());
            }
            false
        });
    }

    /// Puts the readings together. A token that can be seen in the content's own bytes, where a container
    /// lies, is the one that was found again by decoding: it is listed once, by the plainest way.
    fn merge(self) -> Found {
        let mut found = self.found;
        let mut seen: HashMap<TokenSummary, Vec<u64>> = HashMap::new();
        for occurrence in &found.occurrences {
            seen.entry(occurrence.token.clone()).or_default().push(occurrence.at.start);
        }
        for mut inner in self.inner {
            inner.occurrences.sort_by_key(|occurrence| occurrence.via.len());
            inner.occurrences.retain(|occurrence| {
                let Some(places) = seen.get_mut(&occurrence.token) else { return true };
                let Some(place) = places.iter().position(|place| inner.raw.contains(place)) else {
                    return true;
                };
                places.swap_remove(place);
                false
            });
            found.occurrences.append(&mut inner.occurrences);
        }
        found
    }
}
