//! Takes tokens out of text that will be shown.

use crate::finding::{Masked, PathName};

/// `bytes` as text with every token, and every value of a token variable, replaced by its redacted form.
pub fn mask(bytes: &[u8]) -> Masked {
    let mut out = Vec::new();
    let mut at = 0;
    for found in super::find(bytes) {
        let start = usize::try_from(found.offset).unwrap_or(usize::MAX);
        out.extend_from_slice(bytes.get(at..start).unwrap_or_default());
        out.extend_from_slice(found.token.redacted.to_string().as_bytes());
        at = start + found.len;
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    Masked::from_masker(String::from_utf8_lossy(&out).into_owned())
}

/// A path, masked. Non-UTF-8 paths keep their bytes in base64, masked as well.
pub fn mask_path(path: &[u8]) -> PathName {
    PathName::from_masked_bytes(path)
}
