//! Findings in the JSON documents of images and indexes.

use std::collections::{BTreeMap, HashMap};

use super::Context;
use super::built_from::{BuiltFrom, Origins};
use super::commands::{self, Commands};
use crate::finding::{DockerfileLine, Document};
use crate::findings::words::{describe, severity_of};
use crate::findings::{AlsoSite, Anchor, DocumentSite, Draft, Order, Site};
use crate::image::{DocumentRef, Field};
use crate::mask::{Message, message};
use crate::rules::image::rule_for;
use crate::sensitive::Name;
use crate::verdict::{Content, FieldToken};

/// Returns the findings, and the values of unknown shape that the report must hide.
pub(super) fn drafts(context: &Context<'_>) -> (Vec<Draft>, Vec<Name>) {
    // Several images may share one document. It is searched once.
    let mut uses: BTreeMap<usize, Vec<&DocumentRef>> = BTreeMap::new();
    for reference in &context.resolved.documents {
        let chosen = reference.image.is_none_or(|image| context.chosen.contains(&image));
        if chosen {
            uses.entry(reference.entry).or_default().push(reference);
        }
    }
    let (mut drafts, mut secrets) = (Vec::new(), Vec::new());
    for (entry, uses) in uses {
        let (Some(verdict), Some(first)) = (context.gathered.verdicts.get(&entry), uses.first()) else {
            continue;
        };
        let Content::Document(found) = &verdict.content else { continue };
        let image = first.image.filter(|_| first.document == Document::Config);
        let image = image.and_then(|image| context.image(image));
        let Commands { found: in_commands, secrets: more } =
            image.map(|image| commands::read(&image.config, found)).unwrap_or_default();
        secrets.extend(more);
        let origin = Origin::of(context, first);
        // All tokens of a string share one hash.
        let mut anchors: HashMap<(&Field, &Name), Anchor> = HashMap::new();
        for found in found.iter().chain(&in_commands) {
            let dockerfile = origin.as_ref().and_then(|origin| origin.line(found));
            let rule = rule_for(first.document, &found.field);
            let anchor = anchors.entry((&found.field, &found.text));
            let anchor =
                anchor.or_insert_with_key(|(field, text)| Anchor::field(first.document, field, text));
            let also = uses.iter().skip(1).filter_map(|reference| reference.image);
            let place: Name = found.field.label().into();
            let what =
                message!("{} in {}", describe(found.token.kind), Message::own(document_name(first.document)));
            drafts.push(Draft {
                order: Order { image: first.image.unwrap_or(0), layer: 0, path: place.clone(), offset: 0 },
                rule,
                severity: severity_of(rule, found.is_named),
                confidence: found.confidence,
                message: if found.field.is_root() {
                    what
                } else {
                    message!("{} in {}", describe(found.token.kind), place)
                },
                help: rule.fix.for_token(found.token.kind),
                subject: Message::default(),
                anchor: *anchor,
                token: Some(found.token.clone()),
                secret: found.secret.clone(),
                site: Site::Document(DocumentSite {
                    image: first.image,
                    document: first.document,
                    digest: verdict.digest,
                    field: found.field.clone(),
                    via: found.via.clone(),
                    dockerfile,
                }),
                also: also.map(|image| AlsoSite { image, file: None }).collect(),
                related: Vec::new(),
                leaves: Vec::new(),
                ignored: None,
            });
        }
    }
    (drafts, secrets)
}

/// The Dockerfile lines that set the fields of a config.
struct Origin<'a> {
    from: &'a BuiltFrom,
    origins: &'a Origins,
}

impl<'a> Origin<'a> {
    fn of(context: &'a Context<'_>, document: &DocumentRef) -> Option<Self> {
        let (from, origins) =
            context.origins(document.image.filter(|_| document.document == Document::Config)?)?;
        Some(Self { from, origins })
    }

    fn line(&self, found: &FieldToken) -> Option<DockerfileLine> {
        self.origins.field(self.from, &found.field, str::from_utf8(&found.text).ok()?)
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
