//! What a finding is recognised by across runs and machines (DESIGN, "Order and identity").

use sha2::{Digest as _, Sha256};

use super::{Digest, RuleId, TokenHash};

/// The SHA-256 of what makes a finding this one: its rule, the token's hash (else `subject`, the command in
/// normal form), `place` (a path or a field) and its number among findings that are equal in all that,
/// from 0. Lines, layers, digests and targets do not go into it, so that moving a line, rebuilding or
/// renaming an image changes nothing.
pub fn fingerprint(
    rule: RuleId,
    token: Option<&TokenHash>,
    subject: &str,
    place: &str,
    ordinal: usize,
) -> Digest {
    let token = token.map(ToString::to_string);
    let mut hash = Sha256::new();
    for part in [rule.0, token.as_deref().unwrap_or(subject), place, &ordinal.to_string()] {
        // The length in front keeps neighbours apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_and_neighbours_do_not_run_together() {
        let token = TokenHash(Digest::from_bytes([7; 32]));
        let of =
            |rule, token, subject, place, ordinal| fingerprint(RuleId(rule), token, subject, place, ordinal);
        let all = [
            of("a/b", None, "s", "p", 0),
            of("a/c", None, "s", "p", 0),
            of("a/b", Some(&token), "s", "p", 0),
            of("a/b", None, "t", "p", 0),
            of("a/b", None, "s", "q", 0),
            of("a/b", None, "s", "p", 1),
            of("a/b", None, "sp", "", 0),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn the_subject_does_not_count_beside_a_token() {
        let token = TokenHash(Digest::from_bytes([7; 32]));
        let of = |subject| fingerprint(RuleId("a/b"), Some(&token), subject, "p", 0);
        assert_eq!(of("x"), of("y"));
    }
}
