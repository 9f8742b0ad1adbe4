//! Tokens that their issuers made public on purpose: they open nothing but a test server, and ship in
//! packages that every image holds. Listed by hash.

use super::TokenHash;

const HASHES: [&str; 2] = [
    // The user of the Hub's staging server in `transformers/testing_utils.py`.
    "5de261506c0ff857b7c1af7059f842fb0a36d1ca2e4895da542c5eb726f2c802",
    // Another user of the staging server, in the tests of `huggingface_hub`.
    "791939be7ef91ab5085801c9ae30d974fbe0f7cb03a637b91f5c7912c88bd359",
];

/// Whether a token is one that is public on purpose.
pub(super) fn is_public(hash: &TokenHash) -> bool {
    HASHES.contains(&hash.to_string().as_str())
}
