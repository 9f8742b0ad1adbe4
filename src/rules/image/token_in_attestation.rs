//! `image/token-in-attestation`

use crate::finding::Document;
use crate::finding::Severity;
use crate::image::Field;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in an attestation or another document that refers to an image.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-attestation",
    severity: Severity::Critical,
    summary: "Token text in an attached attestation or other referrer",
    why: "Attestations are published next to the image and served to whoever may pull it. BuildKit's \
          provenance in `mode=max` records the values of build arguments; SBOMs and other referrers \
          record what their generators saw. Cleaning the image itself changes nothing about them.",
    bad: "docker buildx build --provenance=mode=max --build-arg HF_TOKEN=hf_… --push -t org/app .",
    good: "docker buildx build --provenance=mode=max --secret id=HF_TOKEN,env=HF_TOKEN --push -t org/app .",
    fix: Fix("Revoke the token at {revoke}. Then pass it to the build as a \
          secret instead of a build argument, build and push again, and delete the old index together \
          with the attestation manifests it lists."),
};

/// Returns true if this rule covers `field` of `document`. It covers all fields of an attestation.
pub(super) fn claims(document: Document, _field: &Field) -> bool {
    document == Document::Attestation
}
