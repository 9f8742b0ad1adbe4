//! Content identifiers (OCI image specification, "Digests" and "Layer `DiffID`").

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256, Sha512};

/// The hash of a blob's bytes, written `sha256:<64 hex digits>` or `sha512:<128 hex digits>`. These are the algorithms
/// that the specification registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Bytes);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Bytes {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

/// An algorithm of digests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    #[default]
    Sha256,
    Sha512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// A hash that is being computed.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(match self {
            Self::Sha256(hash) => Bytes::Sha256(hash.finalize().into()),
            Self::Sha512(hash) => Bytes::Sha512(hash.finalize().into()),
        })
    }
}

/// The error for a string that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sha256 or sha512 digest")]
pub struct ParseDigestError;

impl Digest {
    /// Creates a digest from the raw bytes of a SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Bytes::Sha256(bytes))
    }

    /// Hashes bytes.
    pub(crate) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hash = Hasher::new(algorithm);
        hash.update(bytes);
        hash.finish()
    }

    /// Returns the raw bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Sha256(bytes) => bytes,
            Bytes::Sha512(bytes) => bytes,
        }
    }

    /// Returns the raw bytes if the digest is a SHA-256.
    pub(crate) const fn sha256(self) -> Option<[u8; 32]> {
        match self.0 {
            Bytes::Sha256(bytes) => Some(bytes),
            Bytes::Sha512(_) => None,
        }
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self.0 {
            Bytes::Sha256(_) => Algorithm::Sha256,
            Bytes::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Returns the lower-case hex digits, without the algorithm.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        let bytes = self.as_bytes();
        let mut text = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Parses the 64 hex digits of a SHA-256 without the algorithm, as in the file names of `blobs/sha256`.
    pub fn from_hex(hex: &str) -> Result<Self, ParseDigestError> {
        Ok(Self(Bytes::Sha256(bytes_of(hex)?)))
    }
}

fn bytes_of<const N: usize>(hex: &str) -> Result<[u8; N], ParseDigestError> {
    let digits = hex.as_bytes();
    if digits.len() != 2 * N {
        return Err(ParseDigestError);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for &digit in pair {
            let value = (digit as char).to_digit(16).ok_or(ParseDigestError)?;
            *byte = (*byte << 4) | u8::try_from(value).map_err(|_| ParseDigestError)?;
        }
    }
    Ok(bytes)
}

impl std::str::FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("sha256", hex)) => Self::from_hex(hex),
            Some(("sha512", hex)) => Ok(Self(Bytes::Sha512(bytes_of(hex)?))),
            _ => Err(ParseDigestError),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm().name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The digest of a layer's uncompressed tar stream, as listed in the config's `rootfs.diff_ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiffId(pub Digest);

impl fmt::Display for DiffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The index of a layer in its manifest, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerIndex(pub usize);

impl fmt::Display for LayerIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_as_it_was_written() {
        let text = format!("sha256:{}", "0a".repeat(32));
        let digest: Digest = text.parse().unwrap();
        assert_eq!(digest.to_string(), text);
        let text = format!("sha512:{}", "0a".repeat(64));
        let digest: Digest = text.parse().unwrap();
        assert_eq!((digest.to_string(), digest.sha256()), (text, None));
        // FIPS 180-4 has these values for "abc".
        let hex = |algorithm| Digest::of(algorithm, b"abc").to_string();
        assert!(hex(Algorithm::Sha256).starts_with("sha256:ba7816bf8f01cfea"));
        assert!(hex(Algorithm::Sha512).starts_with("sha512:ddaf35a193617aba"));
    }

    #[test]
    fn other_strings_are_no_digests() {
        for text in ["", "sha256:", "sha512:00", "sha256:zz", &format!("sha256:{}", "g".repeat(64))] {
            assert_eq!(text.parse::<Digest>(), Err(ParseDigestError), "{text}");
        }
    }
}
