//! The verdicts of earlier audits on the blobs of a target, and the verdicts that this audit stores for later
//! ones. A known blob is hashed but not read again.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};

use super::Scan;
use super::blob::Reading;
use super::body::Reopen;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::image::Places;
use crate::source::Blob;
use crate::verdict::{BlobVerdict, Content, DETECTOR, Entry, Store, Stored};
use crate::verdict::{codec, credentials};

/// The size of the pieces in which bytes are hashed.
const BUFFER: usize = 256 * 1024;
/// The maximum size of a stored verdict, reached by a layer with two million files.
const MAX_VALUE: usize = 16 << 20;
/// The maximum total size of the verdicts that one target stores. They are held in memory until its end.
const MAX_LEARNED: usize = 32 << 20;

/// The remembered verdicts for one target. Empty if there is no store.
#[derive(Default)]
pub(crate) struct Known<'a> {
    store: Option<&'a dyn Store>,
    stored: BTreeMap<Digest, Stored>,
    learned: Mutex<Learned>,
}

#[derive(Default)]
struct Learned {
    entries: Vec<Entry>,
    bytes: usize,
    /// Entries that were used, if their last recorded use is old enough to record a new one.
    used: Vec<Digest>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(scan: Scan<'a>) -> Self {
        Self { store: scan.engine.store.as_deref(), ..Self::default() }
    }

    /// Looks up all of these blobs at once.
    pub(super) fn look_up<'b>(&mut self, blobs: impl Iterator<Item = &'b Blob>) {
        let Some(store) = self.store else { return };
        let digests: Vec<Digest> = blobs.filter_map(claimed).collect();
        self.stored = store.get(DETECTOR, &digests);
    }

    /// Returns true if there may be a remembered verdict on a blob.
    pub(super) fn knows(&self, blob: &Blob) -> bool {
        claimed(blob).is_some_and(|digest| self.stored.contains_key(&digest))
    }

    /// Returns the remembered verdict on a blob if its bytes are the known ones. To verify that, the blob is
    /// opened and hashed, unless its digest is trusted.
    pub(super) fn recall(
        &self,
        blob: &Blob,
        open: &Reopen<'_>,
        reading: Reading<'_>,
        places: &[Places],
    ) -> Option<BlobVerdict> {
        let claimed = claimed(blob)?;
        let kept = self.stored.get(&claimed)?;
        let (mut verdict, charge) = codec::decode(&kept.value)?;
        // The store has no text of a credential, which the report has to hide.
        if let Content::Layer(layer) = &verdict.content
            && places.iter().any(|places| credentials::any_counts(layer, places))
        {
            return None;
        }
        if reading.verify_digests {
            if verdict.is_compressed && verdict.diff_id.is_none() {
                return None;
            }
        } else {
            if !verdict.is_compressed && !blob.is_trusted {
                // Otherwise the blob would not be hashed.
                return None;
            }
            verdict.diff_id = None;
        }
        let scan = reading.scan;
        if !scan.budget.take_whole(charge) {
            return None;
        }
        if blob.is_trusted {
            scan.progress.advance(blob.size);
        } else {
            let (digest, size) = hash(open, scan);
            if digest != Some(claimed) || size != verdict.size {
                scan.budget.give_back(charge);
                // The blob is read a second time.
                scan.progress.add_total(size);
                return None;
            }
        }
        if kept.is_stale {
            self.learned().used.push(claimed);
        }
        verdict.digest = Some(claimed);
        verdict.is_cached = true;
        Some(verdict)
    }

    /// Stores a verdict for later audits, if it holds for these bytes in every place. `charge` is the amount
    /// it took from the budget.
    pub(super) fn learn(&self, blob: &Blob, verdict: &BlobVerdict, charge: usize) {
        if self.store.is_none() {
            return;
        }
        let Some(digest) = claimed(blob).filter(|claimed| verdict.digest == Some(*claimed)) else { return };
        let Some(value) = codec::encode(verdict, charge) else { return };
        let replaces = verdict.diff_id.is_some() || self.stored.contains_key(&digest);
        let mut learned = self.learned();
        let bytes = learned.bytes + value.len();
        if value.len() <= MAX_VALUE && bytes <= MAX_LEARNED {
            learned.bytes = bytes;
            learned.entries.push(Entry { digest, value, replaces });
        }
    }

    /// Writes the collected verdicts to the store.
    pub(crate) fn save(self) {
        let Some(store) = self.store else { return };
        let Learned { entries, used, .. } = self.learned.into_inner().unwrap_or_else(PoisonError::into_inner);
        store.put(DETECTOR, &entries, &used);
    }

    fn learned(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the SHA-256 of a blob whose verdict does not depend on its name.
fn claimed(blob: &Blob) -> Option<Digest> {
    blob.digest.filter(|digest| digest.sha256().is_some() && !credentials::is_keeper(&blob.name))
}

/// Hashes a blob. Returns its digest and the number of bytes read. An error yields no digest; the audit of
/// the blob will meet the same error.
fn hash(open: &Reopen<'_>, scan: Scan<'_>) -> (Option<Digest>, u64) {
    let mut size = 0;
    let Ok(input) = open() else { return (None, size) };
    let mut input = scan.reader(input);
    let mut hash = Hasher::new(Algorithm::default());
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return (Some(hash.finish()), size),
            Ok(n) => {
                hash.update(buffer.get(..n).unwrap_or_default());
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (None, size),
        }
    }
}
