//! Reading of a stream by several threads. One reads and hashes the stored bytes, one decompresses them, and
//! the calling thread searches the result.

use std::io::Read;

use super::hashed::Hashed;
use crate::digest::{Digest, Hasher};
use crate::stream::{Compression, Decompressed, Party, Relayed, relay};

/// The number of MiB that may be hashed ahead of the decoder. Well compressed data takes the decoder longer,
/// and incompressible data takes the hash longer. The two kinds alternate, so the hash works ahead in
/// preparation for the second.
const STORED: usize = 16;
/// The number of MiB that may be decoded ahead of the search while it waits for a core.
const CONTENT: usize = 4;

/// Has other threads read and decompress `stored` while `search` reads the decompressed bytes. Returns the
/// result of `search`. Also returns the digest of the decompressed bytes if `hash` is given.
pub(crate) fn side_by_side<T>(
    mut stored: impl Read + Send,
    compression: Compression,
    mut hash: Option<Hasher>,
    search: impl FnOnce(Relayed) -> T,
) -> (T, Option<Digest>) {
    let party = Party::current();
    std::thread::scope(|scope| {
        let is_plain = compression == Compression::None;
        let (reader, bytes) = relay(if is_plain { CONTENT } else { STORED });
        scope.spawn(move || reader.run(&mut stored));
        if is_plain {
            return (search(bytes), None);
        }
        let (decoder, decompressed) = relay(CONTENT);
        let decoder = scope.spawn(move || {
            let _member = party.join();
            match Decompressed::new(bytes) {
                Ok(input) => decoder.run(&mut Hashed { input, hash: &mut hash }),
                Err(error) => decoder.fail(error),
            }
            hash.map(Hasher::finish)
        });
        let searched = search(decompressed);
        let digest = decoder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (searched, digest)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};

    use super::*;
    use crate::engine::blob;
    use crate::engine::blob::Reading;
    use crate::engine::tests::engine;

    /// Creates a layer of at least `len` bytes with files of two sizes, some of which hold a token.
    fn layer(len: usize) -> Vec<u8> {
        let token = format!("hf{}{}", '_', "QwErTyUiOpAsDfGhJkLzXcVbNmQaZwSxEd");
        let mut tar = tar::Builder::new(Vec::new());
        let mut number = 0_usize;
        while tar.get_ref().len() < len {
            let held = if number.is_multiple_of(97) { token.as_str() } else { "nothing" };
            let text = format!("{number} {held} {}", number * number);
            let body = text.repeat(if number.is_multiple_of(90) { 9000 } else { 1 });
            let mut header = tar::Header::new_gnu();
            header.set_size(body.len() as u64);
            tar.append_data(&mut header, format!("srv/{number}"), body.as_bytes()).unwrap();
            number += 1;
        }
        tar.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A reader that fails after its bytes, like a broken disk.
    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::other("the disk is broken")) } else { self.0.read(out) }
        }
    }

    #[test]
    fn several_threads_find_what_one_does() {
        let plain = layer(1_500_000);
        let packed = gzip(&plain);
        let zstd = zstd::encode_all(&plain[..], 1).unwrap();
        let long = {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(26).unwrap();
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        };
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 40].fill(0xff);
        let mut damaged_tar = plain.clone();
        damaged_tar[700_000..800_000].fill(b'x');
        let blobs: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"\x1f\x8b".to_vec(),
            layer(1),
            plain.clone(),
            plain[..plain.len() / 2].to_vec(),
            packed[..packed.len() - 3].to_vec(),
            packed[..middle].to_vec(),
            [&packed[..], &packed].concat(),
            [&packed[..], b"what is no member, and more of it"].concat(),
            [&packed[..], &zstd].concat(),
            gzip(&damaged_tar),
            gzip(&long),
            damaged,
            packed,
            zstd,
            long,
        ];
        for (n, blob) in blobs.iter().enumerate() {
            for verify_digests in [false, true] {
                let read = |side_by_side: bool, broken: bool| {
                    let engine = engine(2);
                    let reading = Reading {
                        verify_digests,
                        algorithm: crate::digest::Algorithm::default(),
                        scan: engine.scan(),
                        reopen: None,
                    };
                    let (mut whole, mut failing) = (&blob[..], Failing(blob));
                    let input: &mut (dyn Read + Send) = if broken { &mut failing } else { &mut whole };
                    let verdict = if side_by_side {
                        blob::audit_side_by_side(b"blobs/sha256/ab", input, reading)
                    } else {
                        blob::audit(b"blobs/sha256/ab", input, reading)
                    };
                    format!("{verdict:?}")
                };
                for broken in [false, true] {
                    let (one, several) = (read(false, broken), read(true, broken));
                    assert!(one == several, "{n} {verify_digests} {broken}: {one:.500}\n{several:.500}");
                }
            }
        }
    }
}
