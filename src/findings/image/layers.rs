//! Findings in the files of layers. Each occurrence gives one finding, however many images, layers and names
//! lead to it.

use std::collections::{HashMap, HashSet};

use super::held::{Held, MAX_NAMES, Reference, Sighting, View};
use super::{Context, stored_digest};
use crate::digest::Digest;
use crate::fault::Code;
use crate::finding::{Place, Problem, State};
use crate::findings::words::{describe, severity_of};
use crate::findings::{AlsoFile, AlsoSite, Anchor, Draft, Drafts, LayerSite, Order, Site};
use crate::image::{Image, Layer, PathHashes, Places};
use crate::mask::{Cut, Message, message};
use crate::rules::image::{CACHED_TOKEN, TOKEN_IN_FILE};
use crate::sensitive::Name;
use crate::verdict::{Content, File, HardLink, LayerContent, credentials};

/// The identity of a layer's content. Layers with the same `diff_id` have the same content, however they are
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ContentId {
    DiffId(Digest),
    Entry(usize),
}

pub(super) fn drafts(context: &Context<'_>) -> Drafts {
    let mut files: Vec<Held<'_>> = Vec::new();
    let mut by_key: HashMap<(ContentId, usize), Vec<usize>> = HashMap::new();
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
                let known = by_key.entry((id, nth)).or_default();
                let same =
                    known.iter().copied().find(|&held| files.get(held).is_some_and(|held| held.is(file)));
                let held = same.unwrap_or_else(|| {
                    files.push(Held::new(file));
                    known.push(files.len() - 1);
                    files.len() - 1
                });
                if let Some(held) = files.get_mut(held).filter(|held| held.count <= MAX_FOLLOWED) {
                    let references = stack.references(layer, file);
                    held.add(stack.view(file, &references), references);
                }
            }
        }
    }
    let mut drafts = Drafts::default();
    let mut most = 0;
    for held in files.iter().filter(|held| !held.sightings.is_empty()) {
        most = most.max(held.count);
        drafts.drafts.extend(of_file(context, held));
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
    is_cache: bool,
    contents: Vec<Option<&'a LayerContent>>,
    places: Places,
    /// The hard links of each layer, in order of their targets.
    links: Vec<Vec<&'a HardLink>>,
    has_links: bool,
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
        let links: Vec<Vec<&HardLink>> = contents
            .iter()
            .map(|content| {
                let mut links: Vec<&HardLink> =
                    content.iter().flat_map(|content| &content.hard_links).collect();
                links.sort_by_key(|link| link.target);
                links
            })
            .collect();
        let has_links = links.iter().any(|links| !links.is_empty());
        Self { number, is_cache: image.is_cache, contents, places, links, has_links }
    }

    /// Returns all names of a file of layer `layer`, in the order of layers and paths.
    fn references(&self, layer: usize, file: &File) -> Vec<Reference> {
        let mut references = vec![self.reference(layer, &file.path, file.superseded_by.is_some())];
        if !self.has_links {
            return references;
        }
        // Each name, with the range of entries of its own layer in which it refers to the file.
        let mut lives = vec![(layer, file.path.clone(), file.number, file.superseded_by)];
        let mut known = HashSet::from([(layer, &*file.path)]);
        let mut next = 0;
        while let Some((from, path, since, until)) = lives.get(next).cloned() {
            next += 1;
            // A link in a later layer leads here only while the name is visible.
            let hidden = if until.is_some() { Some(from + 1) } else { self.hidden(from, &path).0 };
            let target = PathHashes::own(&path);
            for at in from..hidden.unwrap_or(self.contents.len()).max(from + 1) {
                for link in self.links_to(at, target) {
                    let in_time =
                        at != from || (link.number > since && until.is_none_or(|end| link.number < end));
                    if in_time && references.len() <= MAX_FOLLOWED && known.insert((at, &*link.name)) {
                        let name: Name = (&*link.name).into();
                        references.push(self.reference(at, &name, link.superseded_by.is_some()));
                        lives.push((at, name, link.number, link.superseded_by));
                    }
                }
            }
        }
        references.sort();
        references
    }

    /// Returns the hard links of a layer to a path with this hash.
    fn links_to(&self, layer: usize, target: u64) -> impl Iterator<Item = &'a HardLink> {
        let links = self.links.get(layer).map(Vec::as_slice).unwrap_or_default();
        let start = links.partition_point(|link| link.target < target);
        links.iter().skip(start).take_while(move |link| link.target == target).copied()
    }

    fn reference(&self, layer: usize, path: &Name, superseded: bool) -> Reference {
        let (hidden_by, state) =
            if superseded { (Some(layer), State::Overwritten) } else { self.hidden(layer, path) };
        Reference { image: self.number, layer, path: path.clone(), state, hidden_by }
    }

    /// Returns the first layer above `layer` that hides `path`, and how it does so.
    fn hidden(&self, layer: usize, path: &[u8]) -> (Option<usize>, State) {
        let path = PathHashes::new(path);
        if self.is_cache {
            return (None, State::Present);
        }
        for (above, content) in self.contents.iter().enumerate().skip(layer + 1) {
            if let Some(state) = content.and_then(|content| content.paths.hides(&path)) {
                return (Some(above), state);
            }
        }
        (None, State::Present)
    }

    /// Returns how this image sees a file.
    fn view(&self, file: &File, references: &[Reference]) -> View {
        let names = references.iter().map(|reference| &*reference.path);
        let counting = credentials::counting(&file.credentials, names.clone(), &self.places).into_iter();
        View {
            is_place: names.clone().any(|name| self.places.at(name).is_some()),
            is_login: credentials::is_login(names, &self.places),
            credentials: counting
                .map(|credential| (credential.offset, credential.position, credential.text.clone()))
                .collect(),
        }
    }
}

/// The maximum number of names of one file that are followed. Any of them may be the one that is left.
const MAX_FOLLOWED: usize = 10_000;

/// Returns the drafts of a file's tokens.
fn of_file(context: &Context<'_>, held: &Held<'_>) -> Vec<Draft> {
    // Most tokens are seen by the same images.
    let mut known: Option<(&[usize], Option<Named<'_>>)> = None;
    let drafts = held.sightings.iter().filter_map(|sighting| {
        if known.as_ref().is_none_or(|(views, _)| *views != sighting.views) {
            known = Some((&sighting.views, named(context, held, &sighting.views)));
        }
        let (_, Some(named)) = known.as_ref()? else { return None };
        Some(draft(context, named, sighting))
    });
    drafts.collect()
}

fn named<'a>(context: &'a Context<'_>, held: &'a Held<'_>, views: &'a [usize]) -> Option<Named<'a>> {
    let names = held.names(views);
    // The anchor is the first of the file's names in the layer that holds its bytes. Which name is the file and
    // which one is a link depends on the program that wrote the archive.
    let first = names.first()?;
    let number = names.iter().position(|reference| reference.state == State::Present).unwrap_or(0);
    let main = *names.get(number)?;
    let layer = context.image(main.image)?.layers.get(main.layer)?;
    let others = names.iter().enumerate().filter(|(other, _)| *other != number).take(MAX_NAMES - 1);
    let also = others.map(|(_, reference)| AlsoSite {
        image: reference.image,
        file: Some(AlsoFile {
            layer: reference.layer,
            path: reference.path.clone(),
            state: reference.state,
            hidden_by: reference.hidden_by,
        }),
    });
    Some(Named { anchor: Anchor::file(&first.path), main, layer, also: also.collect() })
}

/// The parts of a finding that the tokens of a file share.
struct Named<'a> {
    anchor: Anchor,
    /// The name that is reported.
    main: &'a Reference,
    layer: &'a Layer,
    also: Vec<AlsoSite>,
}

fn draft(context: &Context<'_>, named: &Named<'_>, sighting: &Sighting) -> Draft {
    let Named { main, layer, .. } = *named;
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
    Draft {
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
        anchor: named.anchor,
        also: named.also.clone(),
        site: Site::Layer(LayerSite {
            image: main.image,
            layer: main.layer,
            digest: stored_digest(layer, context.gathered),
            diff_id: layer.diff_id,
            path: main.path.clone(),
            position: sighting.position,
            offset: sighting.offset,
            via: sighting.via.clone(),
            state: main.state,
            hidden_by: main.hidden_by,
            dockerfile: context.origins(main.image).and_then(|(_, origins)| origins.layer(main.layer)),
        }),
        token: Some(sighting.token.clone()),
        secret: sighting.secret.clone(),
        related: Vec::new(),
        leaves: Vec::new(),
        ignored: None,
    }
}
