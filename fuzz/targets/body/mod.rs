//! What is held of every content that the unpacker reads.

use std::io::Read;

use stowaway::stream::Window;
use stowaway::unpack::{Origin, search};

/// Gives its bytes in pieces of a length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = out.len().min(self.1);
        self.0.read(&mut out[..n])
    }
}

/// Whatever comes must end, and give the same however the bytes are cut into pieces.
pub fn hold(data: &[u8]) {
    let (whole, outcome) = search(Origin::default(), &mut &*data);
    outcome.expect("a slice gives no error");
    let piece = data.first().map_or(1, |&b| usize::from(b) * 7 + 1);
    let (pieces, outcome) = search(Origin::default(), &mut Window::new(Pieces(data, piece)));
    outcome.expect("nor do its pieces");
    assert_eq!(whole.occurrences, pieces.occurrences);
    assert_eq!(whole.troubles, pieces.troubles);
}
