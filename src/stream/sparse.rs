//! Sparse files: their bodies hold only the data between the holes.

/// Further pieces are not remembered: offsets behind them count from the last piece known.
const MAX_PIECES: usize = 64 * 1024;

/// Which part of a file each stretch of a sparse body is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SparseMap {
    /// Start in the body, start in the file; in the order of the body.
    pieces: Vec<(u64, u64)>,
    body_len: u64,
}

impl SparseMap {
    /// The next piece of the body: `len` bytes that stand at `offset` of the file.
    pub(crate) fn add(&mut self, offset: u64, len: u64) {
        if self.pieces.len() < MAX_PIECES {
            self.pieces.push((self.body_len, offset));
            self.body_len = self.body_len.saturating_add(len);
        }
    }

    /// Where a byte of the body stands in the file.
    pub(crate) fn logical(&self, offset: u64) -> u64 {
        let behind = self.pieces.partition_point(|&(start, _)| start <= offset);
        match behind.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(&(start, logical)) => logical.saturating_add(offset - start),
            None => offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_behind_holes() {
        let mut map = SparseMap::default();
        map.add(1000, 10);
        map.add(5000, 20);
        assert_eq!(map.logical(0), 1000);
        assert_eq!(map.logical(9), 1009);
        assert_eq!(map.logical(10), 5000);
        assert_eq!(SparseMap::default().logical(7), 7);
    }
}
