//! Bytes in a record.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that are written unchanged.
pub(super) struct Raw(pub(super) Vec<u8>);

impl Raw {
    /// Encodes numbers with eight bytes each. Most of them are hashes, which do not get shorter otherwise.
    pub(super) fn of_numbers(numbers: &[u64]) -> Self {
        Self(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.0.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visit)
    }
}
