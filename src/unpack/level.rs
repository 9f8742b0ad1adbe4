//! One level of nesting: the bytes of some content, and the contents of the containers in it.

mod inner;

use crate::fault::{Code, is_limit};
use crate::finding::{Effect, Place, Problem};
use crate::mask::{Message, message};
use std::io::{self, BufRead as _};
use std::ops::Range;

use super::blocks::{self, Blocks, Named, Scattered};
use super::format::{self, Format, Whole};
use super::found::Found;
use super::raw::Raw;
use super::{Origin, Unpacker, compressed, cpio, encoded, git_objects, safetensors, sevenz, tar, zip};
use crate::detect::{Step, StepKind};
use crate::stream::{Expansion, Peek};
use inner::Inner;

/// The content at a nesting depth of `depth`.
pub(super) struct Level<'u, 'o> {
    pub(super) unpacker: &'u mut Unpacker,
    /// The file that holds all of the content.
    pub(super) origin: Origin<'o>,
    depth: usize,
    /// The format that the content's name tells.
    named: Option<Named>,
    /// Whether the format at the start is known already, and only containers behind it are looked for.
    is_known: bool,
    /// The tokens found in containers in this content.
    inner: Vec<Inner>,
    /// Whether the content begins with a member of a zip archive.
    is_zip: bool,
    /// Whether the content is a table whose compressed parts hold texts without borders between them.
    is_table: bool,
    /// Problems that are reported only once their zip member is confirmed.
    doubtful: Vec<Doubtful>,
    pub(super) found: Found,
}

/// A problem with a suspected member of a zip archive. The member is real if another member, or the archive's
/// directory, begins at its end.
struct Doubtful {
    end: u64,
    problem: Problem,
}

/// The minimum size of a member whose confirmation is awaited.
const MIN_DOUBTFUL: u64 = 32;
/// The maximum number of members whose confirmation is awaited at a time.
const MAX_DOUBTFUL: usize = 64;
/// Creates a problem about a container, or about a member of one.
pub(super) fn problem(effect: Effect, code: Code, step: StepKind, detail: Message) -> Problem {
    let via = vec![Step::new(step, 0..0)];
    Problem { effect, code, place: Place::Here, path: None, via, detail }
}

impl<'u, 'o> Level<'u, 'o> {
    pub(super) fn new(unpacker: &'u mut Unpacker, origin: Origin<'o>, depth: usize) -> Self {
        Self {
            unpacker,
            origin,
            depth,
            named: Named::of(origin.path).filter(|_| depth == 0),
            is_known: false,
            inner: Vec::new(),
            is_zip: false,
            is_table: false,
            doubtful: Vec::new(),
            found: Found::default(),
        }
    }

    /// Returns true if this is the file itself.
    pub(super) fn is_file(&self) -> bool {
        self.depth == 0
    }

    /// Reads the content to its end: the container at its start, then other containers in it.
    pub(super) fn read(mut self, mut raw: Raw<'_>) -> (Found, io::Result<()>) {
        let outcome = raw.watch_pages().and_then(|()| self.read_all(&mut raw));
        let (occurrences, packed, limited) = raw.finish();
        self.found.occurrences = occurrences;
        if limited {
            self.found.error(
                Code::Limit,
                Message::own(
                    "the database has more pages than can be remembered, so tokens that they cut may be missed",
                ),
            );
        }
        encoded::open(&mut self, packed);
        (self.merge(), outcome)
    }

    fn read_all(&mut self, raw: &mut Raw<'_>) -> io::Result<()> {
        let head = raw.peek(blocks::START)?;
        // More bytes at hand must not change what they are taken for.
        let head = head.get(..blocks::START).unwrap_or(head);
        let scattered = Scattered::of(head);
        self.is_table = blocks::is_table(head);
        let by_name = || Some(Format::Blocks(Blocks::of_name(self.named?, head)?));
        let mut format = || Format::at_start(head, &mut self.unpacker.probes).or_else(by_name);
        let format = if self.is_known { None } else { format() };
        if let Some(format) = format {
            self.is_zip = format == Format::Zip;
            self.open(format, raw);
        }
        loop {
            let passed = raw.passed();
            let view = raw.peek(format::HEAD)?;
            let view = scattered.and_then(|scattered| view.get(..scattered.reach())).unwrap_or(view);
            self.resolve_doubts(passed, view);
            let next = match (format::next_magic(view), scattered) {
                (at, Some(scattered)) => {
                    let before = at.and_then(|at| view.get(..at)).unwrap_or(view);
                    scattered.next(before).or(at)
                }
                (at, None) => at,
            };
            let Some(at) = next else {
                if view.is_empty() {
                    return Ok(());
                }
                let passed =
                    if view.len() < format::HEAD { view.len() } else { view.len() - format::LONGEST };
                self.pass(passed, raw);
                continue;
            };
            self.pass(at, raw);
            if scattered.is_some_and(|scattered| self.open_piece(scattered, raw)) {
                continue;
            }
            match Format::inside(raw.peek(format::HEAD)?, &mut self.unpacker.probes) {
                Some(format) => self.open(format, raw),
                None => self.pass(1, raw),
            }
            if self.unpacker.probes.left_out() {
                self.found.error(
                    Code::Limit,
                    Message::own(
                        "too many places look like compressed streams; not all of them were decoded",
                    ),
                );
            }
        }
    }

    /// Reads the piece that may begin with the next byte. Returns false if none does.
    fn open_piece(&mut self, scattered: Scattered, raw: &mut Raw<'_>) -> bool {
        let (start, known) = (raw.passed(), self.inner.len());
        let is_piece = scattered.open(self, raw);
        let end = raw.passed();
        self.unpacker.probes.earn(end - start);
        self.place(known, start..end);
        is_piece && end > start
    }

    fn pass(&mut self, n: usize, raw: &mut Raw<'_>) {
        raw.consume(n);
        self.unpacker.probes.earn(n as u64);
    }

    /// Decodes a container. Whatever the outcome, reading continues after the bytes that the container took.
    fn open(&mut self, format: Format, raw: &mut Raw<'_>) {
        let (start, known) = (raw.passed(), self.inner.len());
        let mut len = 0;
        match format {
            Format::Tried(compression, taken, whole) => {
                len = taken as u64;
                compressed::open_tried(self, compression, if whole == Whole::Yes { taken } else { 0 }, raw);
            }
            Format::Blocks(blocks) => blocks::open(self, blocks, raw),
            Format::Compressed(compression) => compressed::open(self, compression, raw),
            Format::Damaged(compression) => compressed::open_damaged(self, compression, raw),
            Format::Tar => tar::open(self, raw),
            Format::Zip => zip::open(self, raw),
            Format::SevenZ => sevenz::open(self, raw),
            Format::Cpio => cpio::open(self, raw),
            Format::Safetensors(len) => safetensors::open(self, len, raw),
            Format::GitObject => git_objects::open_loose(self, raw),
            Format::GitPack => git_objects::open_pack(self, raw),
        }
        let passed = raw.passed();
        let end = passed.max(start + len);
        self.unpacker.probes.earn(passed - start);
        self.place(known, start..end);
        if passed == start {
            self.pass(1, raw);
        }
        if let Some(detail) = self.unpacker.limits.used_up() {
            self.found.error(Code::Limit, detail);
        }
    }

    /// Reads the decoded content of a container. Returns the error of its reader.
    pub(super) fn enter(&mut self, step: StepKind, content: &mut dyn Peek) -> io::Result<()> {
        self.enter_as(step, None, Raw::whole(content), None)
    }

    /// Reads a sparse file whose data is stored in this content, at `range`. `content` has the holes too.
    pub(super) fn enter_sparse(
        &mut self,
        step: StepKind,
        range: Range<u64>,
        expansion: &Expansion,
        content: &mut dyn Peek,
    ) -> io::Result<()> {
        self.enter_as(step, Some(range), Raw::whole(content), Some(expansion))
    }

    /// Reads content that is stored unchanged in this content, at `range`.
    pub(super) fn enter_stored(
        &mut self,
        step: StepKind,
        range: Range<u64>,
        content: &mut dyn Peek,
    ) -> io::Result<()> {
        let raw = Raw::verbatim(content, range.end.saturating_sub(range.start));
        self.enter_as(step, Some(range), raw, None)
    }

    fn enter_as(
        &mut self,
        step: StepKind,
        range: Option<Range<u64>>,
        raw: Raw<'_>,
        expansion: Option<&Expansion>,
    ) -> io::Result<()> {
        let named = if let StepKind::Member(_, name) = &step { Named::of(name) } else { None };
        let raw = raw.called(&step);
        let raw =
            if self.is_table && matches!(step, StepKind::Compression(_)) { raw.of_table() } else { raw };
        let Some((mut found, outcome)) = self.descend_as(named, false, raw) else {
            return Ok(());
        };
        if found.occurrences.is_empty() && found.problems.is_empty() {
            return outcome;
        }
        if let Some(expansion) = expansion {
            found.place_in_file(expansion);
        }
        self.add_problems(&step, found.problems);
        let is_part = range.is_some();
        let step = Step::new(step, range.unwrap_or_default());
        let mut occurrences = found.occurrences;
        for occurrence in &mut occurrences {
            occurrence.reached_by(step.clone());
        }
        self.keep(0..0, is_part, occurrences);
        outcome
    }

    /// Reads content that lies in this content as it is, from `start` on, though perhaps in several parts.
    pub(super) fn enter_unchanged(&mut self, start: u64, content: &mut dyn Peek) {
        let found = self.descend(Raw::whole(content));
        self.add_unchanged(start, found);
    }

    /// Reads this content once more, without the format at its start.
    pub(super) fn enter_known(&mut self, content: &mut dyn Peek) {
        let found = self.descend_as(None, true, Raw::whole(content));
        self.add_unchanged(0, found);
    }

    fn add_unchanged(&mut self, start: u64, found: Option<(Found, io::Result<()>)>) {
        let Some((found, _)) = found else { return };
        found.problems.into_iter().for_each(|problem| self.found.add_problem(problem));
        let mut occurrences = found.occurrences;
        for occurrence in occurrences.iter_mut().filter(|occurrence| occurrence.via.is_empty()) {
            occurrence.move_to(occurrence.at.start + start);
            occurrence.position = None;
        }
        self.keep(0..0, true, occurrences);
    }

    /// Reads content that was decoded from a text in this content.
    pub(super) fn enter_encoded(&mut self, via: &[Step], content: &mut dyn Peek) {
        let Some((found, _)) = self.descend(Raw::whole(content)) else { return };
        for mut problem in found.problems {
            problem.via.splice(..0, via.iter().cloned());
            self.found.add_problem(problem);
        }
        let mut occurrences = found.occurrences;
        for occurrence in &mut occurrences {
            for step in via.iter().rev() {
                occurrence.reached_by(step.clone());
            }
        }
        // Tokens that are stored as they are in the data were seen in the text.
        let (start, end) = via.first().map(|text| text.range).unwrap_or_default();
        self.keep(start..end, true, occurrences);
    }

    /// Reads content one level deeper. Returns `None` if that is too deep or nothing more may be decoded.
    pub(super) fn descend(&mut self, raw: Raw<'_>) -> Option<(Found, io::Result<()>)> {
        self.descend_as(None, false, raw)
    }

    fn descend_as(
        &mut self,
        named: Option<Named>,
        is_known: bool,
        raw: Raw<'_>,
    ) -> Option<(Found, io::Result<()>)> {
        let limits = &self.unpacker.limits;
        let depth = self.depth + 1;
        if !limits.allow(depth) {
            let detail = limits.too_deep();
            self.found.error(Code::Limit, detail);
            return None;
        }
        (!limits.are_used_up())
            .then(|| Level { named, is_known, ..Level::new(self.unpacker, self.origin, depth) }.read(raw))
    }

    /// Adds the problems of a container.
    pub(super) fn add_problems(&mut self, step: &StepKind, problems: Vec<Problem>) {
        for mut problem in problems {
            problem.via.insert(0, Step::new(step.clone(), 0..0));
            self.found.add_problem(problem);
        }
    }

    /// Reports that a decoder ended with an error: either the bytes are invalid, or one of our limits was
    /// hit.
    pub(super) fn failed(&mut self, step: StepKind, error: &io::Error) {
        let reason = error.to_string();
        if is_limit(error) {
            self.error(step, Code::Limit, message!("{}; it was not decoded", reason));
        } else {
            let detail = message!("{}; what could be decoded was searched", reason);
            self.note(step, Code::of(error), detail);
        }
    }

    /// Adds a note: no tool could have read more of the container, or the container is merely odd.
    pub(super) fn note(&mut self, step: StepKind, code: Code, detail: Message) {
        self.found.add_problem(problem(Effect::Note, code, step, detail));
    }

    /// Adds an error: another tool could have read more of the container.
    pub(super) fn error(&mut self, step: StepKind, code: Code, detail: Message) {
        self.found.add_problem(problem(Effect::Error, code, step, detail));
    }

    /// Adds a problem that holds only if the bytes from `at` to `end` are a member of a zip archive. If the
    /// content begins as a zip archive, they are. Otherwise the next member has to begin at `end`.
    pub(super) fn doubtful(&mut self, problem: Problem, at: u64, end: Option<u64>) {
        if self.is_zip {
            return self.found.add_problem(problem);
        }
        let Some(end) = end.filter(|&end| end >= at + MIN_DOUBTFUL) else { return };
        self.doubtful.retain(|doubtful| doubtful.end >= at);
        if self.doubtful.len() < MAX_DOUBTFUL {
            self.doubtful.push(Doubtful { end, problem });
        }
    }

    /// Settles doubtful problems with the bytes of `view`, which begins at `at`.
    fn resolve_doubts(&mut self, at: u64, view: &[u8]) {
        let found = &mut self.found;
        self.doubtful.retain(|doubtful| {
            let Some(ahead) = doubtful.end.checked_sub(at) else { return false };
            let behind = usize::try_from(ahead).ok().and_then(|ahead| view.get(ahead..));
            let Some(behind) = behind.and_then(<[u8]>::first_chunk::<4>) else { return true };
            if matches!(behind, b"PK\x01\x02" | b"PK\x03\x04" | b"PK\x07\x08") {
                found.add_problem(doubtful.problem.clone());
            }
            false
        });
    }
}
