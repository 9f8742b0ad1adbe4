//! The distribution of blobs to threads, and the choice of blobs that several threads read together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::permits::Permit;
use super::{Scan, contained};
use crate::verdict::BlobVerdict;

/// The minimum size of a blob that is read side by side. Starting threads does not pay off for smaller blobs.
const MIN_SIDE_BY_SIDE: u64 = 4 * 1024 * 1024;

/// The maximum number of blobs read side by side at a time. Each takes about 25 MiB for buffers.
const MAX_SIDE_BY_SIDE: usize = 2;

/// The number of additional blobs that are fetched from a remote source while the cores work on others.
const MAX_WAITING: usize = 4;

/// Reads the blobs, given by number and size, on all threads. A blob larger than the remaining share of one
/// thread is read by several threads side by side. This way a single large blob keeps every core busy.
pub(super) fn in_parallel(
    scan: Scan<'_>,
    waits: bool,
    mut blobs: Vec<(usize, u64)>,
    read: impl Fn(usize, bool, &mut Permit<'_>) -> BlobVerdict + Sync,
) -> BTreeMap<usize, BlobVerdict> {
    // The largest blob comes first, so that no thread is still reading it at the end.
    blobs.sort_by_key(|&(entry, size)| (std::cmp::Reverse(size), entry));
    let threads = scan.engine.jobs as u64;
    // Sizes are only claims, so their sum may overflow.
    let mut left = blobs.iter().fold(0, |sum: u64, (_, size)| sum.saturating_add(*size));
    let blobs: Vec<(usize, bool)> = blobs
        .into_iter()
        .map(|(entry, size)| {
            let is_large = size > left / threads && size >= MIN_SIDE_BY_SIDE;
            left = left.saturating_sub(size);
            (entry, threads > 1 && is_large)
        })
        .collect();
    let shared = AtomicUsize::new(0);
    let waiting = if waits { MAX_WAITING } else { 0 };
    let verdicts = scan.map_waiting(blobs.len(), waiting, |n, core| {
        let &(entry, is_large) = blobs.get(n)?;
        let another = |count: usize| (count < MAX_SIDE_BY_SIDE).then_some(count + 1);
        let side_by_side =
            is_large && shared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, another).is_ok();
        let verdict = contained(|| {
            let _party = scan.begin_blob();
            read(entry, side_by_side, core)
        });
        if side_by_side {
            shared.fetch_sub(1, Ordering::Relaxed);
        }
        Some((entry, verdict.unwrap_or_else(BlobVerdict::unread)))
    });
    verdicts.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::engine;

    #[test]
    fn what_is_larger_than_its_share_is_read_side_by_side() {
        const MIB: u64 = 1 << 20;
        let large = |threads: usize, sizes: &[u64]| {
            let engine = engine(threads);
            let read = |_, side_by_side: bool, _: &mut Permit<'_>| BlobVerdict {
                is_compressed: side_by_side,
                ..BlobVerdict::default()
            };
            let verdicts =
                in_parallel(engine.scan(), false, sizes.iter().copied().enumerate().collect(), read);
            verdicts.into_values().map(|verdict| verdict.is_compressed).collect::<Vec<_>>()
        };
        assert_eq!(large(1, &[90 * MIB]), [false]);
        assert_eq!(large(2, &[90 * MIB]), [true]);
        assert_eq!(large(2, &[10 * MIB, 90 * MIB, 10 * MIB]), [false, true, true]);
        assert_eq!(large(2, &[10 * MIB, 10 * MIB, 10 * MIB]), [false, false, true]);
        assert_eq!(large(8, &[10 * MIB, 10 * MIB, MIB]), [true, true, false]);
        assert_eq!(large(2, &[u64::MAX, 10 * MIB, u64::MAX]), [true, true, true], "sizes are claims");
    }

    #[test]
    fn few_are_read_side_by_side_at_once() {
        let engine = engine(3 * MAX_SIDE_BY_SIDE);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let read = |_, side_by_side: bool, _: &mut Permit<'_>| {
            if side_by_side {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(50));
                now.fetch_sub(1, Ordering::Relaxed);
            }
            BlobVerdict::default()
        };
        let blobs: Vec<(usize, u64)> = (0..2 * MAX_SIDE_BY_SIDE).map(|n| (n, MIN_SIDE_BY_SIDE)).collect();
        assert_eq!(in_parallel(engine.scan(), false, blobs.clone(), read).len(), blobs.len());
        assert!((1..=MAX_SIDE_BY_SIDE).contains(&most.into_inner()));
    }
}
