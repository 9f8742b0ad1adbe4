//! Findings in the files of layers. Each occurrence gives one finding, however many images, layers and names
//! lead to it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::{Context, stored_digest};
use crate::detect::{Confidence, CredentialForm, Occurrence, Position, Step, TokenSummary};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{Place, Problem, State};
use crate::findings::words::{describe, severity_of};
use crate::findings::{AlsoFile, AlsoSite, Anchor, Draft, Drafts, LayerSite, Order, Site};
use crate::image::{Image, PathHashes, Places};
use crate::mask::{Cut, Message, message};
use crate::rules::image::{CACHED_TOKEN, TOKEN_IN_FILE};
use crate::sensitive::Name;
use crate::verdict::{Content, File, HardLink, LayerContent, credentials};

/// The key by which two occurrences are the same: the same content, and the same place in it.
type Key = (ContentId, Name, u64, TokenSummary, Vec<Step>, usize);

/// The identity of a layer's content. Layers with the same `diff_id` have the same content, however they are
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ContentId {
    DiffId(Digest),
    Entry(usize),
}

/// An occurrence with all of its references.
struct Sighting {
    token: TokenSummary,
    secret: Option<Name>,
    confidence: Confidence,
    offset: u64,
    position: Option<Position>,
    via: Vec<Step>,
    cached: bool,
    /// Whether a name in the text, and not the name of the file, marks the value as a token.
    is_named: bool,
    /// The names of the file, for each image that has it.
    references: Vec<Rc<[Reference]>>,
}

impl Sighting {
    fn names(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().flat_map(|references| references.iter()).take(MAX_FOLLOWED)
    }
}

/// The path of a file in one layer of one image.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    image: usize,
    layer: usize,
    path: Name,
    state: State,
    hidden_by: Option<usize>,
}

pub(super) fn drafts(context: &Context<'_>) -> Drafts {
    let mut sightings: Vec<Sighting> = Vec::new();
    let mut by_key: HashMap<Key, usize> = HashMap::new();
    for (number, image) in context.images() {
        let stack = Stack::new(context, number, image);
        for (layer, content) in stack.contents.iter().enumerate() {
            let (Some(content), Some(described)) = (content, image.layers.get(layer)) else { continue };
            let id = match (described.diff_id, described.entry) {
                (Some(diff_id), _) => ContentId::DiffId(diff_id.0),
                (None, Some(entry)) => ContentId::Entry(entry),
                (None, None) => continue,
            };
            for (nth, file) in content.files.iter().enumerate() {
                let references: Rc<[Reference]> = stack.references(layer, file).into();
                for sighting in stack.sightings(file, &references) {
                    let key = (
                        id,
                        file.path.clone(),
                        sighting.offset,
                        sighting.token.clone(),
                        sighting.via.clone(),
                        nth,
                    );
                    let known = by_key.get(&key).and_then(|&known| sightings.get_mut(known));
                    if let Some(known) = known {
                        known.cached |= sighting.cached;
                        known.references.extend(sighting.references);
                    } else {
                        by_key.insert(key, sightings.len());
                        sightings.push(sighting);
                    }
                }
            }
        }
    }
    let mut anchors = Anchors::default();
    let mut drafts = Drafts::default();
    let mut most = 0;
    for sighting in sightings {
        let names = sighting.references.iter().map(|references| references.len()).sum();
        most = most.max(names);
        drafts.drafts.extend(draft(context, &mut anchors, sighting));
    }
    if most > MAX_FOLLOWED {
        let detail =
            message!("a file with a token has more than {} names: not all were followed", MAX_FOLLOWED);
        drafts.problems.push(Problem::error(Code::Limit, Place::Target, detail));
    } else if most > MAX_NAMES {
        let detail = message!("a file with a token has {} names, of which {} are listed", most, MAX_NAMES);
        drafts.problems.push(Problem::note(Code::Odd, Place::Target, detail));
    }
    drafts
}

/// The layers of one image, lowest first.
struct Stack<'a> {
    number: usize,
    contents: Vec<Option<&'a LayerContent>>,
    places: Places,
    /// The hard links of each layer, by their target.
    links: Vec<BTreeMap<&'a [u8], Vec<&'a HardLink>>>,
}

impl<'a> Stack<'a> {
    fn new(context: &Context<'a>, number: usize, image: &Image) -> Self {
        let contents: Vec<Option<&LayerContent>> = image
            .layers
            .iter()
            .map(|layer| match &context.gathered.verdicts.get(&layer.entry?)?.content {
                Content::Layer(content) => Some(content.as_ref()),
                Content::Bytes(_) | Content::Document(_) => None,
            })
            .collect();
        let symlinks = contents.iter().flatten().flat_map(|content| &content.symlinks);
        let places = Places::in_directory(&image.config.env, &image.config.directory, symlinks);
        let links = contents
            .iter()
            .map(|content| {
                let mut links: BTreeMap<&[u8], Vec<&HardLink>> = BTreeMap::new();
                for link in content.iter().flat_map(|content| &content.hard_links) {
                    links.entry(&link.target).or_default().push(link);
                }
                links
            })
            .collect();
        Self { number, contents, places, links }
    }

    /// Returns all names of a file of layer `layer`, in the order of layers and paths.
    fn references(&self, layer: usize, file: &File) -> Vec<Reference> {
        let mut references = vec![self.reference(layer, &file.path, file.superseded_by.is_some())];
        // Each name, with the range of entries of its own layer in which it refers to the file.
        let mut lives = vec![(layer, file.path.clone(), file.number, file.superseded_by)];
        let mut known = HashSet::from([(layer, &*file.path)]);
        let mut next = 0;
        while let Some((from, path, since, until)) = lives.get(next).cloned() {
            next += 1;
            // A link in a later layer leads here only while the name is visible.
            let hidden = if until.is_some() { Some(from + 1) } else { self.hidden(from, &path).0 };
            for at in from..hidden.unwrap_or(self.contents.len()).max(from + 1) {
                for link in self.links.get(at).and_then(|links| links.get(&path[..])).into_iter().flatten() {
                    let in_time =
                        at != from || (link.number > since && until.is_none_or(|end| link.number < end));
                    if in_time && references.len() <= MAX_FOLLOWED && known.insert((at, &link.name)) {
                        let name: Name = link.name.as_slice().into();
                        references.push(self.reference(at, &name, link.superseded_by.is_some()));
                        lives.push((at, name, link.number, link.superseded_by));
                    }
                }
            }
        }
        references.sort();
        references
    }

    fn reference(&self, layer: usize, path: &Name, superseded: bool) -> Reference {
        let (hidden_by, state) =
            if superseded { (Some(layer), State::Overwritten) } else { self.hidden(layer, path) };
        Reference { image: self.number, layer, path: path.clone(), state, hidden_by }
    }

    /// Returns the first layer above `layer` that hides `path`, and how it does so.
    fn hidden(&self, layer: usize, path: &[u8]) -> (Option<usize>, State) {
        let path = PathHashes::new(path);
        for (above, content) in self.contents.iter().enumerate().skip(layer + 1) {
            if let Some(state) = content.and_then(|content| content.paths.hides(&path)) {
                return (Some(above), state);
            }
        }
        (None, State::Present)
    }

    /// Returns the tokens of a file, as this image sees them.
    fn sightings(&self, file: &File, references: &Rc<[Reference]>) -> Vec<Sighting> {
        let names = references.iter().map(|reference| &*reference.path);
        let is_place = names.clone().any(|name| self.places.at(name).is_some());
        let is_login = credentials::is_login(names.clone(), &self.places);
        let is_kept = |o: &Occurrence| {
            file.credentials.iter().any(|credential| {
                credential.form == CredentialForm::StoredTokens && credential.offset == o.offset
            })
        };
        let seen = |offset: u64| file.occurrences.iter().any(|o| o.is_beside(offset) && !o.is_unknown());
        let unknown = credentials::counting(&file.credentials, names, &self.places);
        let is_counted = |o: &&Occurrence| {
            o.is_unknown() && unknown.iter().any(|credential| o.is_beside(credential.offset))
        };
        let known = file.occurrences.iter().filter(|o| !is_counted(o)).map(|o| Sighting {
            token: o.token.clone(),
            secret: o.text.clone(),
            confidence: if is_place && !o.is_unknown() { Confidence::High } else { o.confidence },
            is_named: o.is_named(),
            offset: o.offset,
            position: o.position,
            via: o.via.clone(),
            cached: !o.is_unknown() && ((is_login && o.via.is_empty()) || is_kept(o)),
            references: vec![Rc::clone(references)],
        });
        let known: Vec<Sighting> = known.collect();
        let unknown = unknown.into_iter().filter(|credential| !seen(credential.offset));
        let unknown = unknown.map(|credential| Sighting {
            token: TokenSummary::unknown(),
            secret: credential.text.clone(),
            confidence: Confidence::Medium,
            is_named: false,
            offset: credential.offset,
            position: credential.position,
            via: Vec::new(),
            cached: is_login,
            references: vec![Rc::clone(references)],
        });
        known.into_iter().chain(unknown).collect()
    }
}

/// The maximum number of listed names of one file.
const MAX_NAMES: usize = 100;
/// The maximum number of names of one file that are followed. Any of them may be the one that is left.
const MAX_FOLLOWED: usize = 10_000;

/// A cache of the most recent anchor. Occurrences of one file are consecutive.
#[derive(Default)]
struct Anchors(Option<(Name, Anchor)>);

impl Anchors {
    /// Returns the anchor of a file. It is made from the first of the file's names in the layer that holds its
    /// bytes. Which name is the file and which one is a link depends on the program that wrote the archive.
    fn of(&mut self, sighting: &Sighting) -> Option<Anchor> {
        let lowest = sighting.names().map(|reference| (reference.image, reference.layer)).min()?;
        let names = sighting.names().filter(|r| (r.image, r.layer) == lowest);
        let name = &names.min_by_key(|reference| &reference.path)?.path;
        if let Some((_, anchor)) = self.0.as_ref().filter(|(known, _)| known.is_shared_with(name)) {
            return Some(*anchor);
        }
        let anchor = Anchor::file(name);
        self.0 = Some((name.clone(), anchor));
        Some(anchor)
    }
}

fn draft(context: &Context<'_>, anchors: &mut Anchors, sighting: Sighting) -> Option<Draft> {
    let anchor = anchors.of(&sighting)?;
    let number = sighting.names().position(|r| r.state == State::Present).unwrap_or(0);
    let main = sighting.names().nth(number)?.clone();
    let layer = context.image(main.image)?.layers.get(main.layer)?;
    let others = sighting.names().enumerate().filter(|(other, _)| *other != number).take(MAX_NAMES - 1);
    let also = others.map(|(_, reference)| AlsoSite {
        image: reference.image,
        file: Some(AlsoFile {
            layer: reference.layer,
            path: reference.path.clone(),
            state: reference.state,
            hidden_by: reference.hidden_by,
        }),
    });
    let also = also.collect();
    let rule = if sighting.cached { &CACHED_TOKEN } else { &TOKEN_IN_FILE };
    let fix = rule.fix.for_token(sighting.token.kind);
    let help = match main.hidden_by {
        None => fix,
        Some(hidden_by) => message!(
            "{} Layer {} hides the file, but whoever pulls the image can still read layer {}. The instruction that \
             wrote it must change.",
            fix,
            hidden_by,
            main.layer
        ),
    };
    Some(Draft {
        order: Order {
            image: main.image,
            layer: main.layer + 1,
            path: main.path.clone(),
            offset: sighting.offset,
        },
        rule,
        severity: severity_of(rule, sighting.is_named),
        confidence: sighting.confidence,
        message: message!("{} in {}", describe(sighting.token.kind), Cut(&main.path)),
        help,
        subject: Message::default(),
        anchor,
        also,
        site: Site::Layer(LayerSite {
            image: main.image,
            layer: main.layer,
            digest: stored_digest(layer, context.gathered),
            diff_id: layer.diff_id,
            path: main.path,
            position: sighting.position,
            offset: sighting.offset,
            via: sighting.via,
            state: main.state,
            hidden_by: main.hidden_by,
            dockerfile: context.origins(main.image).and_then(|(_, origins)| origins.layer(main.layer)),
        }),
        token: Some(sighting.token),
        secret: sighting.secret,
        related: Vec::new(),
        leaves: Vec::new(),
        is_silenced: false,
    })
}
