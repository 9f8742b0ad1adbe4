//! Takes tokens out of text that will be shown.

use crate::finding::{Masked, PathName};

/// `bytes` as text with every token, and every value of a token variable, replaced by its redacted form.
pub fn mask(bytes: &[u8]) -> Masked {
    Masked::from_masker(String::from_utf8_lossy(bytes).into_owned())
}

/// A path, masked. Non-UTF-8 paths keep their bytes in base64, masked as well.
pub fn mask_path(path: &[u8]) -> PathName {
    PathName::from_masked_bytes(path)
}
