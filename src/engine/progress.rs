//! Progress reports of an audit.

/// A receiver of the number of bytes that an audit has to read and has read. All threads call its methods,
/// and often.
pub trait Progress: Sync {
    /// Announces `bytes` more bytes to read. Calls add up. Bytes that cannot be foreseen are never announced.
    fn add_total(&self, bytes: u64);

    /// Reports that `bytes` more bytes have been read.
    fn advance(&self, bytes: u64);

    /// Reports that a token was found in a file of a layer before the layer is read. The path is masked.
    fn found_ahead(&self, _layer: usize, _path: &str) {}

    /// Begins the reading of one part, which has `bytes` of the announced bytes. Progress of the part counts
    /// for the whole as well. The part ends when the returned value is dropped.
    fn part(&self, name: &str, bytes: u64) -> Box<dyn Progress + '_>;
}

/// A receiver that shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn add_total(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn part(&self, _name: &str, _bytes: u64) -> Box<dyn Progress + '_> {
        Box::new(Self)
    }
}
