//! How an audit tells that it moves on, to whoever shows that.

/// Told how many bytes an audit has to read, and has read. Called from all threads, often.
pub trait Progress: Sync {
    /// So many more bytes will be read. Adds up; what nobody can foresee is never added.
    fn add_total(&self, bytes: u64);

    /// So many more bytes have been read.
    fn advance(&self, bytes: u64);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn add_total(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}
}
