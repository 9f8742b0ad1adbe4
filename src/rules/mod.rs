//! The catalogue: every rule, one to a file, with its id, text, examples and logic together.
//! `stowaway rules`, reports and the documentation are made from it.

pub(crate) mod context;
pub(crate) mod dockerfile;
mod fix;
pub(crate) mod image;

use crate::finding::Severity;

pub(crate) use fix::Fix;

/// One rule: what it finds and what to do about it. Examples carry `hf_…` where a token would stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// `family/name`; never changes.
    pub id: &'static str,
    /// The severity of its findings, before anything raises or lowers it.
    pub severity: Severity,
    /// What it finds, one line without a full stop.
    pub summary: &'static str,
    /// Why that matters, a short paragraph.
    pub why: &'static str,
    /// An example that it fires on.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    /// How to fix it.
    pub fix: Fix,
}

/// Every rule, in catalogue order: by family, as an image comes about. The only registry there is.
pub(crate) fn all() -> Vec<&'static Rule> {
    [dockerfile::DOCKERFILE_RULES, image::IMAGE_RULES, context::CONTEXT_RULES].concat()
}

/// The rule of this id.
pub(crate) fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id == id)
}

/// The rule whose id looks most like `id`, where one looks like it at all. Serves error messages.
pub(crate) fn nearest(id: &str) -> Option<&'static Rule> {
    // A name without its family is the likeliest slip, so names are compared alone as well.
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

    /// Ids never change: a line that goes or changes here breaks somebody's ignore list.
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
