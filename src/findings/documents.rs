//! Findings in the JSON documents of images and indexes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Context;
use super::built_from::{BuiltFrom, Origins};
use super::draft::Draft;
use crate::detect::mask;
use crate::engine::document::{FieldToken, search};
use crate::finding::{Also, DockerfileLine, Document, Location, Masked};
use crate::image::{DocumentRef, for_each_string, parse};
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
        let found = search(bytes);
        let origin = Origin::of(context, first, bytes, &found);
        for found in found {
            let dockerfile = origin.as_ref().and_then(|origin| origin.line(&found.field));
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
                    dockerfile,
                },
                also: also.collect(),
            });
        }
    }
    drafts
}

/// Where the fields of a config come from.
struct Origin<'a> {
    from: &'a BuiltFrom,
    origins: &'a Origins,
    /// The texts of the fields that are asked for.
    values: HashMap<String, String>,
}

impl<'a> Origin<'a> {
    fn of(
        context: &'a Context<'_>,
        document: &DocumentRef,
        bytes: &[u8],
        found: &[FieldToken],
    ) -> Option<Self> {
        let (from, origins) =
            context.origins(document.image.filter(|_| document.document == Document::Config)?)?;
        let asked: HashSet<&str> = found.iter().map(|token| token.field.as_str()).collect();
        let mut values = HashMap::new();
        if let Some(value) = parse(bytes).ok().filter(|_| !asked.is_empty()) {
            for_each_string(&value, &mut |field, text| {
                let field = field.to_string();
                if asked.contains(field.as_str()) {
                    values.insert(field, text.to_owned());
                }
            });
        }
        Some(Self { from, origins, values })
    }

    fn line(&self, field: &str) -> Option<DockerfileLine> {
        self.origins.field(self.from, field, self.values.get(field)?)
    }
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
