//! A verdict as bytes, for later audits. What is written holds no token, and what is read back is judged anew:
//! it may only be what an audit could have found.

use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Troubles;
use super::{BlobVerdict, Bytes, Content};
use super::{File, HardLink, LayerContent};
use crate::detect::{self, KeptForm, KeptToken, Occurrence, mask};
use crate::engine::budget::Budget;
use crate::finding::{
    Confidence, Digest, Masked, Position, Redacted, Timestamp, TokenHash, TokenKind, TokenSummary,
};
use crate::image::LayerPaths;

/// A verdict and what it took of the budget.
#[derive(Serialize, Deserialize)]
struct Record {
    size: u64,
    charge: u64,
    diff_id: Option<[u8; 32]>,
    is_compressed: bool,
    stored: Vec<Spot>,
    content: Body,
}

#[derive(Serialize, Deserialize)]
enum Body {
    Layer(LayerRecord),
    Bytes { occurrences: Vec<Spot>, notes: Notes },
}

#[derive(Serialize, Deserialize)]
struct LayerRecord {
    files: Vec<FileRecord>,
    hard_links: Vec<LinkRecord>,
    symlinks: Vec<(Raw, Raw)>,
    paths: [Raw; 5],
    notes: Notes,
    odd_names: Option<(Raw, u64)>,
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    path: Raw,
    occurrences: Vec<Spot>,
    kept: Vec<(KeptForm, u64, Option<Place>)>,
    number: u64,
    superseded_by: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct LinkRecord {
    name: Raw,
    target: Raw,
    number: u64,
    superseded_by: Option<u64>,
}

/// Line and column.
type Place = (u64, u64);

/// The first notes, and how many there are beside.
#[derive(Serialize, Deserialize)]
struct Notes(Vec<String>, u64);

/// An occurrence.
#[derive(Serialize, Deserialize)]
struct Spot {
    kind: TokenKind,
    redacted: String,
    sha256: Option<[u8; 32]>,
    expires_at: Option<u64>,
    offset: u64,
    len: u64,
    at: (u64, u64),
    position: Option<Place>,
    via: Vec<String>,
    confidence: Confidence,
}

/// The verdict as bytes, with what it took of the budget: nothing where it is not whole, or a token might be in it.
pub(crate) fn encode(verdict: &BlobVerdict, charge: usize) -> Option<Vec<u8>> {
    if !may_be_remembered(verdict) || !foreign(verdict).all(is_shown_as_it_is) {
        return None;
    }
    // All fields are named, here and below, so that a new one is not forgotten.
    let BlobVerdict {
        size,
        digest: _,
        diff_id,
        is_compressed,
        stored,
        content,
        kept: _,
        problem: _,
        is_cached: _,
    } = verdict;
    let content = match content {
        Content::Layer(layer) => Body::Layer(LayerRecord::of(layer)),
        Content::Bytes(Bytes { occurrences, troubles }) => {
            Body::Bytes { occurrences: spots(occurrences), notes: Notes::of(troubles) }
        }
    };
    let record = Record {
        size: *size,
        charge: charge as u64,
        diff_id: diff_id.map(Digest::to_bytes),
        is_compressed: *is_compressed,
        stored: spots(stored),
        content,
    };
    let bytes = postcard::to_allocvec(&record).ok()?;
    // Nothing of it is a token; this is what would tell if something were.
    let holds_token = !detect::find(&bytes).is_empty() || !detect::find_in_binary(&bytes).is_empty();
    (!holds_token).then_some(bytes)
}

/// Whether it is what every audit of these bytes would find: all of it was read, and no limit of one run was hit.
fn may_be_remembered(verdict: &BlobVerdict) -> bool {
    let is_whole = match &verdict.content {
        Content::Layer(layer) => !layer.overflow,
        Content::Bytes(_) => verdict.is_compressed,
    };
    is_whole
        && verdict.problem.is_none()
        && verdict.kept.is_empty()
        && verdict.content.troubles().errors().next().is_none()
}

/// All text in it that is not ours.
fn foreign(verdict: &BlobVerdict) -> Box<dyn Iterator<Item = &[u8]> + '_> {
    fn words(occurrence: &Occurrence) -> impl Iterator<Item = &[u8]> {
        let via = occurrence.via.iter().map(Masked::as_str);
        via.chain(std::iter::once(occurrence.token.redacted.0.as_str())).map(str::as_bytes)
    }
    let notes = verdict.content.troubles().kept_notes().0.iter().map(|note| note.as_str().as_bytes());
    let all = notes.chain(verdict.stored.iter().flat_map(words));
    match &verdict.content {
        Content::Bytes(bytes) => Box::new(all.chain(bytes.occurrences.iter().flat_map(words))),
        Content::Layer(layer) => {
            let files = layer.files.iter();
            let files =
                files.flat_map(|f| std::iter::once(&*f.path).chain(f.occurrences.iter().flat_map(words)));
            let links = layer.hard_links.iter().flat_map(|link| [link.name.as_slice(), &link.target]);
            let symlinks = layer.symlinks.iter().flat_map(|(name, target)| [name.as_slice(), target]);
            let odd = layer.odd_names.iter().map(|(name, _)| name.as_slice());
            Box::new(all.chain(files).chain(links).chain(symlinks).chain(odd))
        }
    }
}

fn is_shown_as_it_is(text: &[u8]) -> bool {
    mask(text).as_str() == String::from_utf8_lossy(text)
}

/// The verdict that these bytes are, without its digest, and what it takes of the budget: nothing where they are
/// none that an audit could have made.
pub(crate) fn decode(bytes: &[u8]) -> Option<(BlobVerdict, usize)> {
    let (record, rest) = postcard::take_from_bytes::<Record>(bytes).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let charge = usize::try_from(record.charge).ok()?;
    let content = match record.content {
        Body::Layer(layer) => Content::Layer(Box::new(layer.content()?)),
        Body::Bytes { occurrences, notes } => {
            Content::Bytes(Bytes { occurrences: occurrences_of(occurrences)?, troubles: notes.troubles()? })
        }
    };
    let verdict = BlobVerdict {
        size: record.size,
        diff_id: record.diff_id.map(Digest::from_bytes),
        is_compressed: record.is_compressed,
        stored: occurrences_of(record.stored)?,
        content,
        digest: None,
        kept: Vec::new(),
        problem: None,
        is_cached: false,
    };
    (may_be_remembered(&verdict) && charge >= least_charge(&verdict)).then_some((verdict, charge))
}

/// A verdict cannot have taken less than that, so that what is read back is bounded as what is found.
fn least_charge(verdict: &BlobVerdict) -> usize {
    let occurrences = verdict.stored.len();
    match &verdict.content {
        Content::Bytes(bytes) => Budget::cost(occurrences + bytes.occurrences.len()),
        Content::Layer(layer) => {
            let files = layer.files.iter();
            let files =
                files.map(|f| Budget::cost(f.occurrences.len()) + 3 * f.path.len() + 60 * f.kept.len());
            let links = layer.hard_links.iter().map(|link| link.name.len() + link.target.len());
            let symlinks = layer.symlinks.iter().map(|(name, target)| name.len() + target.len());
            let paths = layer.paths.len() * LayerPaths::COST;
            Budget::cost(occurrences) + files.chain(links).chain(symlinks).sum::<usize>() + paths
        }
    }
}

impl FileRecord {
    fn of(file: &File) -> Self {
        let File { path, occurrences, kept, number, superseded_by } = file;
        let kept =
            kept.iter().map(|KeptToken { form, offset, position }| (*form, *offset, position.map(pair)));
        Self {
            path: Raw(path.to_vec()),
            occurrences: spots(occurrences),
            kept: kept.collect(),
            number: *number as u64,
            superseded_by: superseded_by.map(|number| number as u64),
        }
    }
}

impl LinkRecord {
    fn of(link: &HardLink) -> Self {
        let HardLink { name, target, number, superseded_by } = link;
        Self {
            name: Raw(name.clone()),
            target: Raw(target.clone()),
            number: *number as u64,
            superseded_by: superseded_by.map(|number| number as u64),
        }
    }
}

impl LayerRecord {
    fn of(layer: &LayerContent) -> Self {
        let LayerContent { files, hard_links, symlinks, paths, troubles, odd_names, overflow: _ } = layer;
        Self {
            files: files.iter().map(FileRecord::of).collect(),
            hard_links: hard_links.iter().map(LinkRecord::of).collect(),
            symlinks: symlinks.iter().map(|(name, to)| (Raw(name.clone()), Raw(to.clone()))).collect(),
            paths: paths.to_numbers().map(|numbers| Raw::of_numbers(&numbers)),
            notes: Notes::of(troubles),
            odd_names: odd_names.as_ref().map(|(name, count)| (Raw(name.clone()), *count as u64)),
        }
    }

    fn content(self) -> Option<LayerContent> {
        let number = |number: u64| usize::try_from(number).ok();
        let files = self.files.into_iter().map(|file| {
            let kept = file.kept.into_iter();
            let kept = kept.map(|(form, offset, at)| KeptToken { form, offset, position: at.map(position) });
            Some(File {
                path: Arc::from(file.path.0),
                occurrences: occurrences_of(file.occurrences)?,
                kept: kept.collect(),
                number: number(file.number)?,
                superseded_by: file.superseded_by.and_then(number),
            })
        });
        let hard_links = self.hard_links.into_iter().map(|link| {
            Some(HardLink {
                name: link.name.0,
                target: link.target.0,
                number: number(link.number)?,
                superseded_by: link.superseded_by.and_then(number),
            })
        });
        Some(LayerContent {
            files: files.collect::<Option<_>>()?,
            hard_links: hard_links.collect::<Option<_>>()?,
            symlinks: self.symlinks.into_iter().map(|(name, target)| (name.0, target.0)).collect(),
            paths: LayerPaths::from_numbers(self.paths.map(|numbers| numbers.numbers())),
            troubles: self.notes.troubles()?,
            odd_names: match self.odd_names {
                Some((name, count)) => Some((name.0, number(count)?)),
                None => None,
            },
            overflow: false,
        })
    }
}

impl Notes {
    fn of(troubles: &Troubles) -> Self {
        let (first, more) = troubles.kept_notes();
        Self(first.iter().map(ToString::to_string).collect(), more as u64)
    }

    fn troubles(self) -> Option<Troubles> {
        let first = self.0.iter().map(|note| mask(note.as_bytes())).collect();
        Some(Troubles::of_notes(first, usize::try_from(self.1).ok()?))
    }
}

fn pair(position: Position) -> Place {
    (position.line, position.column)
}

fn position((line, column): Place) -> Position {
    Position { line, column }
}

fn spots(occurrences: &[Occurrence]) -> Vec<Spot> {
    let spot = |occurrence: &Occurrence| {
        let Occurrence { token, offset, len, at, position, via, confidence } = occurrence;
        let TokenSummary { kind, redacted, sha256, expires_at, expired: _ } = token;
        Spot {
            kind: *kind,
            redacted: redacted.0.clone(),
            sha256: sha256.map(|hash| hash.0.to_bytes()),
            expires_at: expires_at.map(Timestamp::to_unix),
            offset: *offset,
            len: *len as u64,
            at: (at.start, at.end),
            position: position.map(pair),
            via: via.iter().map(ToString::to_string).collect(),
            confidence: *confidence,
        }
    };
    occurrences.iter().map(spot).collect()
}

fn occurrences_of(spots: Vec<Spot>) -> Option<Vec<Occurrence>> {
    spots.into_iter().map(Spot::occurrence).collect()
}

impl Spot {
    fn occurrence(self) -> Option<Occurrence> {
        // An unknown token has no hash, a known one always has.
        let is_redacted =
            self.kind.known().is_some() == self.sha256.is_some() && redacts(self.kind, &self.redacted);
        is_redacted.then(|| Occurrence {
            token: TokenSummary {
                kind: self.kind,
                redacted: Redacted(self.redacted),
                sha256: self.sha256.map(|hash| TokenHash(Digest::from_bytes(hash))),
                expires_at: self.expires_at.and_then(Timestamp::from_unix),
                expired: None,
            },
            offset: self.offset,
            len: usize::try_from(self.len).unwrap_or(usize::MAX),
            at: self.at.0..self.at.1.max(self.at.0),
            position: self.position.map(position),
            via: self.via.iter().map(|step| mask(step.as_bytes())).collect(),
            confidence: self.confidence,
        })
    }
}

/// Whether a redacted form is one of that kind.
fn redacts(kind: TokenKind, text: &str) -> bool {
    let Some(kind) = kind.known() else { return text == "…" };
    let tail = text.strip_prefix(kind.prefix).and_then(|rest| rest.strip_prefix('…'));
    tail.is_some_and(|tail| tail.chars().count() <= 4)
}

/// Bytes that are written as they are.
struct Raw(Vec<u8>);

impl Raw {
    /// Eight bytes for each number: most are hashes.
    fn of_numbers(numbers: &[u64]) -> Self {
        Self(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    fn numbers(&self) -> Vec<u64> {
        self.0.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visit)
    }
}

#[cfg(test)]
mod tests;
