//! The catalogue of all rules. Each file contains one rule with its id, text, examples and logic. `stowaway
//! rules`, reports and the documentation are generated from the catalogue.

pub(crate) mod context;
pub(crate) mod dockerfile;
mod fix;
pub(crate) mod image;

use crate::finding::Severity;

pub(crate) use fix::Fix;

/// A rule: the findings it reports and the advice on them. The examples contain `hf_…` in place of a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The id `family/name`, which never changes.
    pub id: &'static str,
    /// The default severity of its findings, before anything raises or lowers it.
    pub severity: Severity,
    /// A summary of its findings in one line, without a full stop.
    pub summary: &'static str,
    /// The reason why that matters, in a short paragraph.
    pub why: &'static str,
    /// An example in which the rule fires.
    pub bad: &'static str,
    /// The example after the fix.
    pub good: &'static str,
    /// The advice on how to fix a finding.
    pub fix: Fix,
}

/// Returns all rules in catalogue order: by family, in the order in which an image is built and used. This
/// is the only registry.
pub(crate) fn all() -> Vec<&'static Rule> {
    [dockerfile::DOCKERFILE_RULES, image::IMAGE_RULES, context::CONTEXT_RULES].concat()
}

/// Returns the rule with this id.
pub(crate) fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id == id)
}

/// Returns the rule whose id is most similar to `id`, if any is similar enough. Used in error messages.
pub(crate) fn nearest(id: &str) -> Option<&'static Rule> {
    // Omitting the family is the most likely mistake, so names without a family are compared as well.
    let likeness = |rule: &Rule| {
        let name = rule.id.split_once('/').map_or(rule.id, |(_, name)| name);
        strsim::jaro_winkler(rule.id, id).max(strsim::jaro_winkler(name, id))
    };
    all()
        .into_iter()
        .map(|rule| (likeness(rule), rule))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_shaped_family_slash_name() {
        let mut seen = std::collections::HashSet::new();
        for rule in all() {
            let id = rule.id;
            assert!(seen.insert(id), "{id} stands twice");
            let (family, name) = id.split_once('/').unwrap();
            assert!(["dockerfile", "image", "context"].contains(&family), "{id}");
            let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
            assert!(name.split('-').all(word), "{id}");
        }
    }

    #[test]
    fn families_stand_together_and_in_order() {
        let rank = |rule: &Rule| {
            ["dockerfile/", "image/", "context/"].iter().position(|family| rule.id.starts_with(family))
        };
        assert!(all().is_sorted_by_key(|rule| rank(rule)));
    }

    #[test]
    fn texts_are_whole() {
        for Rule { id, summary, why, bad, good, fix, .. } in all() {
            let fix = fix.in_general();
            for text in [summary, why, bad, good, &fix.as_str()] {
                assert!(!text.trim().is_empty() && text.trim() == *text, "{id}: {text:?}");
            }
            assert!(!fix.contains("{revoke"), "{id}: {fix}");
            assert!(!summary.ends_with('.') && !summary.contains('\n'), "{id}: {summary:?}");
            assert!(why.ends_with('.') && fix.ends_with('.'), "{id}");
            assert_ne!(bad, good, "{id}");
        }
    }

    /// Ids never change. A change in an existing line breaks somebody's ignore list.
    #[test]
    fn the_list_of_ids() {
        let ids: Vec<_> = all().iter().map(|rule| format!("{} {}", rule.id, rule.severity)).collect();
        insta::assert_snapshot!(ids.join("\n"));
    }

    #[test]
    fn a_slip_in_an_id_finds_the_rule() {
        for (slip, id) in [
            ("image/token-in-enf", "image/token-in-env"),
            ("token-in-history", "image/token-in-history"),
            ("cached-token", "image/cached-token"),
            ("image/cached_token", "image/cached-token"),
        ] {
            assert_eq!(nearest(slip).map(|rule| rule.id), Some(id), "{slip}");
        }
        assert!(nearest("xyzzy").is_none());
    }
}
