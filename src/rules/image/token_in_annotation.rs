//! `image/token-in-annotation`

use crate::finding::Document;
use crate::finding::Severity;
use crate::image::Field;
use crate::rules::Fix;
use crate::rules::Rule;

/// Token text in a manifest or an index: annotations, descriptors, tags.
pub(crate) const RULE: Rule = Rule {
    id: "image/token-in-annotation",
    severity: Severity::Critical,
    summary: "Token text in annotations or descriptors of the index or a manifest",
    why: "Manifests and indexes are what a registry serves first: their annotations and descriptors \
          are read without pulling a single layer, and registries show and index them. Annotations are \
          often filled in by machines, from a checkout's remote URL for example, credentials included.",
    bad: "docker buildx build \\\n  --annotation \"org.opencontainers.image.source=https://user:hf_…@huggingface.co/org/model\" .",
    good: "docker buildx build \\\n  --annotation \"org.opencontainers.image.source=https://huggingface.co/org/model\" .",
    fix: Fix("Revoke the token at {revoke}. Then take it out of what sets \
          the annotation (build command, bake file, CI metadata step), push again and delete the old \
          manifest: moving the tag leaves it readable by digest."),
};

/// Returns true if this rule covers `field` of `document`. It covers all fields of a manifest or an index.
pub(super) fn claims(document: Document, _field: &Field) -> bool {
    matches!(document, Document::Manifest | Document::Index)
}
