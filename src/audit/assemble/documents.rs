//! Findings in the JSON documents of images and indexes.

use std::collections::BTreeMap;

use super::Context;
use super::draft::Draft;
use crate::audit::document::search;
use crate::detect::mask;
use crate::finding::{Also, Document, Location};
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
            let image = first.image.and_then(|number| context.image(number));
            let text = |text: Option<&String>| text.map(|text| mask(text.as_bytes()));
            let also = uses.iter().skip(1).filter_map(|reference| {
                let image = context.image(reference.image?)?;
                Some(Also {
                    image: text(image.name.as_ref()),
                    platform: text(image.platform.as_ref()),
                    layer: None,
                    path: None,
                    state: None,
                    hidden_by: None,
                })
            });
            let field = mask(found.field.as_bytes());
            drafts.push(Draft {
                order: (first.image.unwrap_or(0), 0, found.field.clone().into_bytes(), 0),
                rule,
                confidence: found.confidence,
                token: found.token,
                place: place(first.document, field.as_str()),
                advice: None,
                identity: field.as_str().to_owned(),
                location: Location::Config {
                    image: text(image.and_then(|image| image.name.as_ref())),
                    platform: text(image.and_then(|image| image.platform.as_ref())),
                    document: first.document,
                    digest: Some(digest),
                    field,
                    dockerfile: None,
                },
                also: also.collect(),
            });
        }
    }
    drafts
}

fn place(document: Document, field: &str) -> String {
    let document = match document {
        Document::Config => "the image config",
        Document::Manifest => "the image manifest",
        Document::Index => "the image index",
        Document::Attestation => "an attestation",
    };
    if field.is_empty() { document.to_owned() } else { field.to_owned() }
}
