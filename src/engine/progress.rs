//! How an audit tells that it moves on, to whoever shows that.

/// Told how many bytes an audit has to read, and has read. Called from all threads, often.
pub trait Progress: Sync {
    /// So many more bytes will be read. Adds up; what nobody can foresee is never added.
    fn add_total(&self, bytes: u64);

    /// So many more bytes have been read.
    fn advance(&self, bytes: u64);

    /// The reading of one part begins, of so many bytes of those that were announced. What it is told counts for the
    /// whole as well; it ends when it is dropped.
    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_>;
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn add_total(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn part(&self, _name: &str, _bytes: u64) -> Box<dyn Progress + '_> {
        Box::new(Self)
    }
}
