//! Bytes to token occurrences. Knows token shapes and the names of token variables; knows nothing of
//! images or Dockerfiles.

mod mask;
mod occurrence;
mod variables;

pub use mask::{mask, mask_path};
pub use occurrence::Occurrence;
pub use variables::is_token_variable;

/// Finds every token in `bytes`, in order of offset.
pub fn find(bytes: &[u8]) -> Vec<Occurrence> {
    use sha2::Digest as _;
    let Ok(pattern) = regex::bytes::Regex::new(r"(?-u)\b(?:hf_|api_org_)[A-Za-z]{34}\b") else {
        return Vec::new();
    };
    let random = |text: &[u8]| text.iter().filter(|b| b.is_ascii_uppercase()).count() > 8;
    pattern
        .find_iter(bytes)
        .filter(|found| random(found.as_bytes()))
        .map(|found| {
            let text = String::from_utf8_lossy(found.as_bytes()).into_owned();
            let tail: String = text.chars().skip(text.len() - 4).collect();
            let digest = crate::finding::Digest::from_bytes(sha2::Sha256::digest(found.as_bytes()).into());
            Occurrence {
                token: crate::finding::TokenSummary {
                    kind: crate::finding::TokenKind::UserAccessToken,
                    redacted: crate::finding::Redacted(format!("hf_…{tail}")),
                    sha256: Some(crate::finding::TokenHash(digest)),
                },
                offset: found.start() as u64,
                len: found.len(),
                position: None,
                via: Vec::new(),
                confidence: crate::finding::Confidence::High,
            }
        })
        .collect()
}
