//! The stored form of a verdict for later audits. Stored bytes contain no token. Bytes that are read back are
//! checked again and accepted only if an audit could have produced them.

mod note;
mod raw;
mod spot;
mod step;

use serde::{Deserialize, Serialize};

use super::credentials;
use super::{BlobVerdict, Bytes, Content, File, HardLink, LayerContent, Problems, cost};
use crate::detect::{self, Credential, CredentialForm, Occurrence, Step};
use crate::digest::Digest;
use crate::finding::Problem;
use crate::image::LayerPaths;
use crate::mask::mask;
use note::Notes;
use raw::Raw;
use spot::{Place, Spot, occurrences_of, pair, position, spots};

/// A verdict and the amount it took from the budget.
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
    credentials: Vec<(CredentialForm, u64, Option<Place>)>,
    number: u64,
    superseded_by: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct LinkRecord {
    name: Raw,
    target: u64,
    number: u64,
    superseded_by: Option<u64>,
}

/// Encodes a verdict and the amount it took from the budget. Returns `None` if the verdict is incomplete or
/// might contain a token.
pub(crate) fn encode(verdict: &BlobVerdict, charge: usize) -> Option<Vec<u8>> {
    if !may_be_remembered(verdict) || !needs_no_mask(verdict) {
        return None;
    }
    // All fields are named, here and below, so that new fields are not forgotten.
    let BlobVerdict {
        size,
        digest: _,
        diff_id,
        is_compressed,
        stored,
        content,
        credentials: _,
        problem: _,
        is_fetched: _,
        is_cached: _,
    } = verdict;
    let content = match content {
        Content::Layer(layer) => Body::Layer(LayerRecord::of(layer)),
        Content::Bytes(Bytes { occurrences, problems }) => {
            Body::Bytes { occurrences: spots(occurrences), notes: Notes::of(problems) }
        }
        Content::Document(_) => return None,
    };
    let record = Record {
        size: *size,
        charge: charge as u64,
        diff_id: diff_id.and_then(Digest::sha256),
        is_compressed: *is_compressed,
        stored: spots(stored),
        content,
    };
    let bytes = postcard::to_allocvec(&record).ok()?;
    // Nothing in the verdict should be a token. This check is a safeguard.
    let holds_token = !detect::find(&bytes).is_empty() || !detect::find_in_binary(&bytes).is_empty();
    (!holds_token).then_some(bytes)
}

/// Returns true if every audit of these bytes would give this verdict: all bytes were read, and no limit of
/// the run was hit. A report hides the text of what it finds of unknown shape, and no store keeps such a text. So a
/// layer with such a finding is read each time.
fn may_be_remembered(verdict: &BlobVerdict) -> bool {
    let shows = |occurrence: &Occurrence| occurrence.text.is_some();
    let shows_in = |file: &File| {
        let shows_credential = |credential: &Credential| {
            credential.text.is_some()
                && detect::keeps_anywhere(&file.path, credential.form)
                && !credentials::is_known(credential, &file.occurrences)
        };
        file.occurrences.iter().any(shows) || file.credentials.iter().any(shows_credential)
    };
    let holds_text = verdict.stored.iter().any(shows)
        || match &verdict.content {
            Content::Layer(layer) => layer.files.iter().any(shows_in),
            Content::Bytes(bytes) => bytes.occurrences.iter().any(shows),
            Content::Document(_) => false,
        };
    if holds_text {
        return false;
    }
    let is_whole = match &verdict.content {
        Content::Layer(layer) => !layer.overflow,
        Content::Bytes(_) => verdict.is_compressed,
        // Documents are read every time, because they define the images.
        Content::Document(_) => false,
    };
    is_whole
        && verdict.problem.is_none()
        && verdict.credentials.is_empty()
        && !verdict.content.problems().is_some_and(Problems::has_errors)
}

/// Returns true if no text in the verdict is changed by the mask.
fn needs_no_mask(verdict: &BlobVerdict) -> bool {
    let is_plain = |text: &[u8]| mask(text).as_str() == String::from_utf8_lossy(text);
    let are_plain = |via: &[Step]| via.iter().all(|step| is_plain(&step.kind.label()));
    let occurrence = |occurrence: &Occurrence| {
        are_plain(&occurrence.via) && is_plain(occurrence.token.redacted.0.as_bytes())
    };
    let note = |note: &Problem| {
        are_plain(&note.via)
            && note.path.iter().all(|path| is_plain(path))
            && is_plain(note.detail.seal().as_str().as_bytes())
            && !note.detail.is_changed_by_mask()
    };
    let content = match &verdict.content {
        Content::Document(_) => false,
        Content::Bytes(bytes) => bytes.occurrences.iter().all(occurrence),
        Content::Layer(layer) => {
            let mut files = layer.files.iter();
            let links = layer.hard_links.iter().map(|link| &*link.name);
            let symlinks = layer.symlinks.iter().flat_map(|(name, target)| [name.as_slice(), target]);
            let odd = layer.odd_names.iter().map(|(name, _)| name.as_slice());
            files.all(|file| is_plain(&file.path) && file.occurrences.iter().all(occurrence))
                && links.chain(symlinks).chain(odd).all(is_plain)
        }
    };
    content
        && verdict.stored.iter().all(occurrence)
        && verdict.content.problems().is_none_or(|problems| problems.kept_notes().0.iter().all(note))
}

/// Decodes a verdict without its digest, and the amount it takes from the budget. Returns `None` if no audit
/// could have produced the bytes.
pub(crate) fn decode(bytes: &[u8]) -> Option<(BlobVerdict, usize)> {
    let (record, rest) = postcard::take_from_bytes::<Record>(bytes).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let charge = usize::try_from(record.charge).ok()?;
    let content = match record.content {
        Body::Layer(layer) => Content::Layer(Box::new(layer.content()?)),
        Body::Bytes { occurrences, notes } => {
            Content::Bytes(Bytes { occurrences: occurrences_of(occurrences)?, problems: notes.problems()? })
        }
    };
    let verdict = BlobVerdict {
        is_fetched: true,
        size: record.size,
        diff_id: record.diff_id.map(Digest::from_bytes),
        is_compressed: record.is_compressed,
        stored: occurrences_of(record.stored)?,
        content,
        digest: None,
        credentials: Vec::new(),
        problem: None,
        is_cached: false,
    };
    (may_be_remembered(&verdict) && charge >= least_charge(&verdict)).then_some((verdict, charge))
}

/// Returns the least amount that such a verdict takes from the budget. Verdicts that are read back are thus
/// limited just like new ones.
fn least_charge(verdict: &BlobVerdict) -> usize {
    let occurrences = verdict.stored.len();
    match &verdict.content {
        Content::Document(found) => cost(occurrences + found.len()),
        Content::Bytes(bytes) => cost(occurrences + bytes.occurrences.len()),
        Content::Layer(layer) => {
            let files = layer.files.iter();
            let files =
                files.map(|f| cost(f.occurrences.len()) + 3 * f.path.len() + 60 * f.credentials.len());
            let links = layer.hard_links.iter().map(|link| link.name.len());
            let symlinks = layer.symlinks.iter().map(|(name, target)| name.len() + target.len());
            let paths = layer.paths.len() * LayerPaths::COST;
            cost(occurrences) + files.chain(links).chain(symlinks).sum::<usize>() + paths
        }
    }
}

impl FileRecord {
    fn of(file: &File) -> Self {
        let File { path, occurrences, credentials, number, superseded_by } = file;
        let credentials = credentials
            .iter()
            .map(|Credential { form, offset, position, text: _ }| (*form, *offset, position.map(pair)));
        Self {
            path: Raw(path.to_vec()),
            occurrences: spots(occurrences),
            credentials: credentials.collect(),
            number: u64::from(*number),
            superseded_by: superseded_by.map(u64::from),
        }
    }
}

impl LinkRecord {
    fn of(link: &HardLink) -> Self {
        let HardLink { name, target, number, superseded_by } = link;
        Self {
            name: Raw(name.to_vec()),
            target: *target,
            number: u64::from(*number),
            superseded_by: superseded_by.map(u64::from),
        }
    }
}

impl LayerRecord {
    fn of(layer: &LayerContent) -> Self {
        let LayerContent { files, hard_links, symlinks, paths, problems, odd_names, overflow: _ } = layer;
        Self {
            files: files.iter().map(FileRecord::of).collect(),
            hard_links: hard_links.iter().map(LinkRecord::of).collect(),
            symlinks: symlinks.iter().map(|(name, to)| (Raw(name.clone()), Raw(to.clone()))).collect(),
            paths: paths.to_numbers().map(|numbers| Raw::of_numbers(&numbers)),
            notes: Notes::of(problems),
            odd_names: odd_names.as_ref().map(|(name, count)| (Raw(name.clone()), *count as u64)),
        }
    }

    fn content(self) -> Option<LayerContent> {
        let number = |number: u64| u32::try_from(number).ok();
        let files = self.files.into_iter().map(|file| {
            let credentials = file.credentials.into_iter();
            let credentials = credentials.map(|(form, offset, at)| Credential {
                form,
                offset,
                position: at.map(position),
                text: None,
            });
            Some(File {
                path: file.path.0.into(),
                occurrences: occurrences_of(file.occurrences)?,
                credentials: credentials.collect(),
                number: number(file.number)?,
                superseded_by: file.superseded_by.and_then(number),
            })
        });
        let hard_links = self.hard_links.into_iter().map(|link| {
            Some(HardLink {
                name: link.name.0.into(),
                target: link.target,
                number: number(link.number)?,
                superseded_by: link.superseded_by.and_then(number),
            })
        });
        Some(LayerContent {
            files: files.collect::<Option<_>>()?,
            hard_links: hard_links.collect::<Option<_>>()?,
            symlinks: self.symlinks.into_iter().map(|(name, target)| (name.0, target.0)).collect(),
            paths: LayerPaths::from_numbers(self.paths.map(|numbers| numbers.numbers())),
            problems: self.notes.problems()?,
            odd_names: match self.odd_names {
                Some((name, count)) => Some((name.0, usize::try_from(count).ok()?)),
                None => None,
            },
            overflow: false,
        })
    }
}

#[cfg(test)]
mod tests;
