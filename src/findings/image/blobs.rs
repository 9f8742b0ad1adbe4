//! Findings in bytes that belong to no file of an image: blobs that nothing refers to, compressed blobs
//! as they are stored, and the archive's own bytes.

use std::collections::BTreeSet;

use super::Context;
use crate::detect::{Container, Occurrence, Step, StepKind, TokenHash, kept_tokens};
use crate::digest::Digest;
use crate::engine::document;
use crate::findings::words::describe;
use crate::findings::{Anchor, BlobSite, Draft, Order, Site};
use crate::image::Field;
use crate::mask::{Cut, Message, message};
use crate::rules::image::TOKEN_IN_FILE;
use crate::sensitive::Name;
use crate::verdict::{Content, kept};

pub(super) fn drafts(context: &Context<'_>) -> Vec<Draft> {
    let gathered = context.gathered;
    let mut drafts = Vec::new();
    for (name, occurrence) in &gathered.around {
        drafts.push(draft(name, None, &[], occurrence));
    }
    let layers: BTreeSet<usize> =
        context.resolved.images.iter().flat_map(|i| &i.layers).filter_map(|layer| layer.entry).collect();
    for (entry, verdict) in &gathered.verdicts {
        let Some(name) = gathered.names.get(*entry) else { continue };
        let digest = verdict.digest;
        drafts.extend(verdict.stored.iter().map(|o| draft(name, digest, &[], o)));
        if layers.contains(entry) && matches!(verdict.content, Content::Layer(_)) {
            continue;
        }
        match &verdict.content {
            Content::Bytes(bytes) => {
                drafts.extend(bytes.occurrences.iter().map(|o| draft(name, digest, &[], o)));
                let unknown = kept::occurrences(name, &verdict.kept, &bytes.occurrences);
                drafts.extend(unknown.iter().map(|o| draft(name, digest, &[], o)));
            }
            Content::Layer(content) => {
                for file in &content.files {
                    let via = [Step::new(StepKind::member(Container::Tar, &file.path), 0..0)];
                    drafts.extend(file.occurrences.iter().map(|o| draft(name, digest, &via, o)));
                    let unknown = kept::occurrences(&file.path, &file.kept, &file.occurrences);
                    drafts.extend(unknown.iter().map(|o| draft(name, digest, &via, o)));
                }
            }
        }
    }
    drafts.extend(loose_documents(context));
    drafts
}

/// JSON documents that belong to no image.
fn loose_documents(context: &Context<'_>) -> Vec<Draft> {
    let gathered = context.gathered;
    if context.resolved.is_selection {
        return Vec::new();
    }
    let used: BTreeSet<usize> = context.resolved.documents.iter().map(|reference| reference.entry).collect();
    let mut drafts = Vec::new();
    for (entry, bytes, digest) in gathered.inventory.documents().filter(|(entry, ..)| !used.contains(entry)) {
        let Some(name) = gathered.names.get(entry) else { continue };
        let repeated = if name.ends_with(b"/json") { tokens_of_configs(context) } else { BTreeSet::new() };
        for found in document::search(bytes) {
            // A docker archive says all of its configs again in the form of 2014, layer by layer.
            if found.token.sha256.is_none_or(|hash| repeated.contains(&hash)) {
                continue;
            }
            let occurrence = Occurrence {
                token: found.token,
                offset: 0,
                len: 0,
                at: 0..0,
                position: None,
                via: found.via,
                confidence: found.confidence,
            };
            drafts.push(draft_in(name, Some(digest), Some(found.field), &[], &occurrence));
        }
        let unknown = kept::occurrences(name, &kept_tokens(name, bytes), &[]);
        drafts.extend(unknown.iter().map(|o| draft(name, Some(digest), &[], o)));
    }
    drafts
}

fn tokens_of_configs(context: &Context<'_>) -> BTreeSet<TokenHash> {
    let configs = context.resolved.images.iter().filter_map(|image| image.config_entry);
    let documents = configs.filter_map(|entry| context.gathered.inventory.document(entry));
    documents.flat_map(|(bytes, _)| document::search(bytes)).filter_map(|found| found.token.sha256).collect()
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
    let place = message!("{}, which is no file of an image but ships with it", Cut(&name));
    let own = Message::own("the archive's own bytes, which is no file of an image but ships with it");
    let place = if name.is_empty() { own } else { place };
    Draft {
        order: Order { image: usize::MAX, layer: 0, path: name.clone(), offset: occurrence.offset },
        rule: &TOKEN_IN_FILE,
        severity: TOKEN_IN_FILE.severity,
        confidence: occurrence.confidence,
        token: Some(occurrence.token.clone()),
        message: message!("{} in {}", Message::own(describe(occurrence.token.kind)), place),
        help: Message::own(TOKEN_IN_FILE.fix),
        subject: Message::default(),
        anchor: Anchor::blob(&name, field.as_ref(), &via),
        site: Site::Blob(BlobSite { digest, entry: name, field, offset: occurrence.offset, via }),
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
        is_silenced: false,
    }
}
