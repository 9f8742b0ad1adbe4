//! Findings in the JSON documents of images and indexes.

use std::collections::BTreeMap;

use super::Context;
use super::draft::Draft;
use crate::audit::document::search;
use crate::detect::mask;
use crate::finding::{Also, Document, Location, Masked};
use crate::image::DocumentRef;
use crate::rules::image::rule_for;

pub(super) fn drafts(context: &Context<'_>) -> Vec<Draft> {
    // One document may belong to several images: it is searched once.
    let mut uses: BTreeMap<usize, Vec<&DocumentRef>> = BTreeMap::new();
    for reference in &context.resolved.documents {
        let chosen = reference.image.is_none_or(|image| context.chosen.contains(&image));
        if chosen {
            uses.entry(reference.entry).or_default().push(reference);
        }
    }
    let mut drafts = Vec::new();
    for (entry, uses) in uses {
        let (Some((bytes, digest)), Some(first)) = (context.gathered.inventory.document(entry), uses.first())
        else {
            continue;
        };
        for found in search(bytes) {
            let rule = rule_for(first.document, &found.field);
            let shown = first.image.and_then(|number| context.shown(number));
            let also = uses.iter().skip(1).filter_map(|reference| {
                let shown = context.shown(reference.image?)?;
                Some(Also {
                    image: shown.name.clone(),
                    platform: shown.platform.clone(),
                    layer: None,
                    path: None,
                    state: None,
                    hidden_by: None,
                })
            });
            let field = mask(found.field.as_bytes());
            drafts.push(Draft {
                order: (first.image.unwrap_or(0), 0, found.field.as_bytes().into(), 0),
                rule,
                confidence: found.confidence,
                token: found.token,
                place: place(first.document, &field),
                advice: None,
                identity: field.clone(),
                location: Location::Config {
                    image: shown.and_then(|shown| shown.name.clone()),
                    platform: shown.and_then(|shown| shown.platform.clone()),
                    document: first.document,
                    digest: Some(digest),
                    field,
                    via: found.via,
                    dockerfile: None,
                },
                also: also.collect(),
            });
        }
    }
    drafts
}

fn place(document: Document, field: &Masked) -> Masked {
    let document = match document {
        Document::Config => "the image config",
        Document::Manifest => "the image manifest",
        Document::Index => "the image index",
        Document::Attestation => "an attestation",
    };
    if field.as_str().is_empty() { Masked::own(document) } else { field.clone() }
}
