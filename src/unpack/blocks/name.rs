//! The formats that are recognised by the end of a file name.

/// A format without a magic number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::unpack) enum Named {
    Brotli,
    Snappy,
}

impl Named {
    /// Returns the format of a file with this name or path.
    pub(in crate::unpack) fn of(name: &[u8]) -> Option<Self> {
        let ends = |ending: &str| {
            name.len()
                .checked_sub(ending.len())
                .and_then(|at| name.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
        };
        if ends(".br") {
            return Some(Self::Brotli);
        }
        (ends(".snappy") || ends(".sz")).then_some(Self::Snappy)
    }
}
