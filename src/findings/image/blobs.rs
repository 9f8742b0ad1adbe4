//! Findings in bytes that belong to no file of an image: unreferenced blobs, compressed blobs as they are
//! stored, and the archive's own bytes.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::Context;
use crate::detect::{Container, Occurrence, Step, StepKind, TokenHash};
use crate::digest::Digest;
use crate::findings::words::{describe, severity_of};
use crate::findings::{Anchor, BlobSite, Draft, Order, Site};
use crate::image::Field;
use crate::mask::{Cut, Message, message};
use crate::rules::image::TOKEN_IN_FILE;
use crate::sensitive::Name;
use crate::verdict::{BlobVerdict, Content, FieldToken, credentials};

pub(super) fn drafts(context: &Context<'_>) -> Vec<Draft> {
    let gathered = context.gathered;
    let mut drafts = Vec::new();
    for (name, occurrence) in &gathered.around {
        drafts.push(draft(name, None, &[], occurrence));
    }
    let layers: BTreeSet<usize> =
        context.resolved.images.iter().flat_map(|i| &i.layers).filter_map(|layer| layer.entry).collect();
    let used: BTreeSet<usize> = context.resolved.documents.iter().map(|reference| reference.entry).collect();
    let known = OnceCell::new();
    for (entry, verdict) in &gathered.verdicts {
        let name = gathered.inventory.name(*entry);
        let digest = verdict.digest;
        drafts.extend(verdict.stored.iter().map(|o| draft(name, digest, &[], o)));
        if layers.contains(entry) && matches!(verdict.content, Content::Layer(_)) {
            continue;
        }
        match &verdict.content {
            Content::Bytes(bytes) => {
                let mut found = bytes.occurrences.clone();
                credentials::add_occurrences(name, &verdict.credentials, &mut found);
                drafts.extend(found.iter().map(|o| draft(name, digest, &[], o)));
            }
            Content::Document(_) if used.contains(entry) => {}
            Content::Document(found) => {
                let known = || known.get_or_init(|| Configs::of(context));
                drafts.extend(loose_document(name, verdict, found, known));
            }
            Content::Layer(content) => {
                for file in &content.files {
                    let via = [Step::new(StepKind::member(Container::Tar, &file.path), 0..0)];
                    let mut found = file.occurrences.clone();
                    credentials::add_occurrences(&file.path, &file.credentials, &mut found);
                    drafts.extend(found.iter().map(|o| draft(name, digest, &via, o)));
                }
            }
        }
    }
    drafts
}

/// The tokens in the configs of the images.
struct Configs<'a> {
    hashes: BTreeSet<TokenHash>,
    fields: BTreeSet<(&'a Field, TokenHash)>,
}

impl<'a> Configs<'a> {
    fn of(context: &Context<'a>) -> Self {
        let configs = context.resolved.images.iter().filter_map(|image| image.config_entry);
        let verdicts = configs.filter_map(|entry| context.gathered.verdicts.get(&entry));
        let found = verdicts.flat_map(|verdict| match &verdict.content {
            Content::Document(found) => &found[..],
            Content::Bytes(_) | Content::Layer(_) => &[],
        });
        let fields: BTreeSet<_> =
            found.filter_map(|found| Some((&found.field, found.token.sha256?))).collect();
        Self { hashes: fields.iter().map(|(_, hash)| *hash).collect(), fields }
    }

    /// Returns true if a token in a document that belongs to no image is there only because a docker archive repeats
    /// its configs in the legacy format of 2014: layer by layer as `ID/json`, or as blobs, since Docker 25.
    fn repeats(&self, name: &[u8], found: &FieldToken) -> bool {
        let is_known = |hash| {
            (name.ends_with(b"/json") && self.hashes.contains(&hash))
                || self.fields.contains(&(&found.field, hash))
        };
        found.token.sha256.is_some_and(is_known)
    }
}

/// Returns the findings in a JSON document that belongs to no image.
fn loose_document<'a>(
    name: &[u8],
    verdict: &BlobVerdict,
    found: &[FieldToken],
    known: impl Fn() -> &'a Configs<'a>,
) -> Vec<Draft> {
    let found = found.iter().filter(|found| found.token.sha256.is_some() && !known().repeats(name, found));
    let found = found.map(|found| {
        let occurrence = Occurrence {
            token: found.token.clone(),
            offset: 0,
            len: 0,
            at: 0..0,
            position: None,
            via: found.via.clone(),
            confidence: found.confidence,
            text: found.secret.clone(),
        };
        draft_in(name, verdict.digest, Some(found.field.clone()), &[], &occurrence)
    });
    let unknown = credentials::occurrences(name, &verdict.credentials, &[]);
    found.chain(unknown.iter().map(|o| draft(name, verdict.digest, &[], o))).collect()
}

fn draft(name: &[u8], digest: Option<Digest>, via: &[Step], occurrence: &Occurrence) -> Draft {
    draft_in(name, digest, None, via, occurrence)
}

fn draft_in(
    name: &[u8],
    digest: Option<Digest>,
    field: Option<Field>,
    via: &[Step],
    occurrence: &Occurrence,
) -> Draft {
    let via: Vec<Step> = via.iter().chain(&occurrence.via).cloned().collect();
    let name = Name::from(name);
    let place = message!("{}, which is not a file of an image but is published with it", Cut(&name));
    let own =
        Message::own("the archive's own bytes, which are not a file of an image but are published with it");
    let place = if name.is_empty() { own } else { place };
    Draft {
        order: Order { image: usize::MAX, layer: 0, path: name.clone(), offset: occurrence.offset },
        rule: &TOKEN_IN_FILE,
        severity: severity_of(&TOKEN_IN_FILE, occurrence.is_named()),
        confidence: occurrence.confidence,
        token: Some(occurrence.token.clone()),
        secret: occurrence.text.clone(),
        message: message!("{} in {}", describe(occurrence.token.kind), place),
        help: TOKEN_IN_FILE.fix.for_token(occurrence.token.kind),
        subject: Message::default(),
        anchor: Anchor::blob(&name, field.as_ref(), &via),
        site: Site::Blob(BlobSite { digest, entry: name, field, offset: occurrence.offset, via }),
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
        ignored: None,
    }
}
