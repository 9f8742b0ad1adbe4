//! Findings in the JSON documents of images and indexes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Context;
use super::built_from::{BuiltFrom, Origins};
use crate::engine::document::{FieldToken, search};
use crate::finding::{DockerfileLine, Document};
use crate::findings::words::describe;
use crate::findings::{AlsoSite, Anchor, DocumentSite, Draft, Order, Site};
use crate::image::{DocumentRef, Field, for_each_string, parse};
use crate::mask::{Message, message};
use crate::rules::image::rule_for;
use crate::sensitive::Name;

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
        let texts = texts_of(bytes, &found);
        let origin = Origin::of(context, first, &texts);
        let mut anchors: HashMap<Field, Anchor> = HashMap::new();
        for found in found {
            let dockerfile = origin.as_ref().and_then(|origin| origin.line(&found.field));
            let text = texts.get(&found.field).map(String::as_str).unwrap_or_default();
            let rule = rule_for(first.document, &found.field);
            let anchor = anchors.entry(found.field.clone());
            let anchor = anchor.or_insert_with_key(|field| Anchor::field(first.document, field, text));
            let also = uses.iter().skip(1).filter_map(|reference| reference.image);
            let place: Name = found.field.to_string().into_bytes().into();
            let what = message!(
                "{} in {}",
                Message::own(describe(found.token.kind)),
                Message::own(document_name(first.document))
            );
            drafts.push(Draft {
                order: Order { image: first.image.unwrap_or(0), layer: 0, path: place.clone(), offset: 0 },
                rule,
                severity: rule.severity,
                confidence: found.confidence,
                message: if found.field.is_root() {
                    what
                } else {
                    message!("{} in {}", Message::own(describe(found.token.kind)), place)
                },
                help: Message::own(rule.fix),
                subject: Message::default(),
                anchor: *anchor,
                token: Some(found.token),
                site: Site::Document(DocumentSite {
                    image: first.image,
                    document: first.document,
                    digest: Some(digest),
                    field: found.field,
                    via: found.via,
                    dockerfile,
                }),
                also: also.map(|image| AlsoSite { image, file: None }).collect(),
                related: Vec::new(),
                leaves: Vec::new(),
                is_silenced: false,
            });
        }
    }
    drafts
}

/// The texts of these fields.
fn texts_of(bytes: &[u8], found: &[FieldToken]) -> HashMap<Field, String> {
    let asked: HashSet<&Field> = found.iter().map(|token| &token.field).collect();
    let mut texts = HashMap::new();
    if let Some(value) = parse(bytes).ok().filter(|_| !asked.is_empty()) {
        for_each_string(&value, &mut |at, text| {
            let field = at.to_field();
            if asked.contains(&field) {
                // The keys of an object are strings of its field as well: the first one that is found counts.
                texts.entry(field).or_insert_with(|| text.to_owned());
            }
        });
    }
    texts
}

/// Where the fields of a config come from.
struct Origin<'a> {
    from: &'a BuiltFrom,
    origins: &'a Origins,
    texts: &'a HashMap<Field, String>,
}

impl<'a> Origin<'a> {
    fn of(
        context: &'a Context<'_>,
        document: &DocumentRef,
        texts: &'a HashMap<Field, String>,
    ) -> Option<Self> {
        let (from, origins) =
            context.origins(document.image.filter(|_| document.document == Document::Config)?)?;
        Some(Self { from, origins, texts })
    }

    fn line(&self, field: &Field) -> Option<DockerfileLine> {
        self.origins.field(self.from, field, self.texts.get(field)?)
    }
}

fn document_name(document: Document) -> &'static str {
    match document {
        Document::Config => "the image config",
        Document::Manifest => "the image manifest",
        Document::Index => "the image index",
        Document::Attestation => "an attestation",
    }
}
