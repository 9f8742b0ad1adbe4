//! Ignores: findings that count for no exit code, each with its reason.

use super::pattern::Pattern;
use crate::finding::{
    Digest, Finding, Fingerprint, Issue, Location, Masked, PathName, Report, TargetKind, TokenHash,
};
use crate::rules;
use crate::timestamp::Timestamp;

/// An ignore of a policy file. A finding is ignored if all conditions that are given apply.
#[derive(Debug)]
pub(super) struct Ignore {
    /// The place in the policy file: `line 3`.
    pub(super) place: Masked,
    pub(super) rule: Option<Pattern>,
    pub(super) path: Option<Pattern>,
    pub(super) image: Option<Pattern>,
    pub(super) layer: Option<Digest>,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) token: Option<TokenHash>,
    pub(super) reason: Masked,
    /// The time from which the ignore no longer applies.
    pub(super) expires: Option<Timestamp>,
}

/// One of the places at which a finding's bytes are.
struct Reference<'a> {
    path: Option<&'a str>,
    image: Option<&'a str>,
}

impl Ignore {
    /// Returns true if the ignore no longer applies.
    pub(super) fn has_expired(&self, now: Option<Timestamp>) -> bool {
        self.expires.zip(now).is_some_and(|(expires, now)| expires <= now)
    }

    /// Returns true if the ignore applies to a finding. Path and image have to match every place at which the same bytes
    /// are, so that no place is hidden by what was meant for another one.
    pub(super) fn applies(&self, finding: &Finding) -> bool {
        let token = finding.token.as_ref().and_then(|token| token.sha256);
        self.rule.as_ref().is_none_or(|rule| rule.matches(finding.rule.as_str()))
            && self.fingerprint.is_none_or(|fingerprint| fingerprint == finding.fingerprint)
            && self.token.is_none_or(|wanted| Some(wanted) == token)
            && self.layer.is_none_or(|layer| is_in_layer(&finding.location, layer))
            && references(finding).all(|reference| self.applies_at(&reference))
    }

    fn applies_at(&self, reference: &Reference<'_>) -> bool {
        let matches = |pattern: Option<&Pattern>, name: Option<&str>| {
            pattern.is_none_or(|pattern| name.is_some_and(|name| pattern.matches(name)))
        };
        matches(self.path.as_ref(), reference.path) && matches(self.image.as_ref(), reference.image)
    }

    /// Returns true if the ignore could have applied to something that was audited.
    pub(super) fn concerns(&self, report: &Report) -> bool {
        let kinds = report.targets.iter().filter_map(|target| target.kind);
        let has = |family: &str| {
            kinds.clone().any(|kind| match kind {
                TargetKind::Image => family == "image",
                TargetKind::Dockerfile => family == "dockerfile",
                TargetKind::Context => family == "context" || family == "dockerfile",
                TargetKind::File => family == "context",
            })
        };
        let needs_image = self.image.is_some() || self.layer.is_some();
        let is_of_rule = |rule: &&rules::Rule| self.rule.as_ref().is_none_or(|glob| glob.matches(rule.id));
        rules::all()
            .iter()
            .filter(|rule| is_of_rule(rule))
            .filter_map(|rule| rule.id.split_once('/'))
            .any(|(family, _)| has(family) && (!needs_image || family == "image"))
    }

    /// Returns a note on this ignore.
    pub(super) fn note(&self, file: &Masked, message: &str) -> Issue {
        super::note(file, self.place.clone(), message)
    }
}

fn is_in_layer(location: &Location, layer: Digest) -> bool {
    match location {
        Location::Layer { digest, diff_id, .. } => {
            *digest == Some(layer) || diff_id.is_some_and(|diff_id| diff_id.0 == layer)
        }
        _ => false,
    }
}

fn references(finding: &Finding) -> impl Iterator<Item = Reference<'_>> {
    let target = finding.target.as_str();
    let first = match &finding.location {
        Location::Layer { image, path, .. } => Reference {
            path: Some(path.as_str()),
            image: Some(image.as_ref().map_or(target, Masked::as_str)),
        },
        Location::Config { image, .. } => {
            Reference { path: None, image: Some(image.as_ref().map_or(target, Masked::as_str)) }
        }
        Location::Blob { .. } => Reference { path: None, image: Some(target) },
        Location::Dockerfile { path, .. } | Location::File { path, .. } => {
            Reference { path: Some(path.as_str()), image: None }
        }
    };
    let also = finding.also.iter().map(move |also| Reference {
        path: also.path.as_ref().map(PathName::as_str),
        image: Some(also.image.as_ref().map_or(target, Masked::as_str)),
    });
    std::iter::once(first).chain(also)
}
