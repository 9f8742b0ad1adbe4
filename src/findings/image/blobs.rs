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
    let repeated = OnceCell::new();
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
                let repeated = || repeated.get_or_init(|| tokens_of_configs(context));
                drafts.extend(loose_document(name, verdict, found, repeated));
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

/// Returns the findings in a JSON document that belongs to no image.
fn loose_document<'a>(
    name: &[u8],
    verdict: &BlobVerdict,
    found: &[FieldToken],
    tokens_of_configs: impl Fn() -> &'a BTreeSet<TokenHash>,
) -> Vec<Draft> {
    // A docker archive repeats all of its configs layer by layer, in the legacy format of 2014.
    let is_repeated = |hash: &TokenHash| name.ends_with(b"/json") && tokens_of_configs().contains(hash);
    let found = found.iter().filter(|found| found.token.sha256.is_some_and(|hash| !is_repeated(&hash)));
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

fn tokens_of_configs(context: &Context<'_>) -> BTreeSet<TokenHash> {
    let configs = context.resolved.images.iter().filter_map(|image| image.config_entry);
    let verdicts = configs.filter_map(|entry| context.gathered.verdicts.get(&entry));
    verdicts.flat_map(|verdict| verdict.content.tokens()).filter_map(|token| token.sha256).collect()
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
        is_silenced: false,
    }
}
