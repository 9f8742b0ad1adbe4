//! Targets that stand for others: the tags of a repository, the repositories of a registry.

use std::ffi::{OsStr, OsString};

use super::Options;
use super::listing::Tags;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::{Masked, Message, mask, message};
use crate::source::{Listed, Namespace, Reference, Target, repositories, tags, unreadable};
use crate::stop::Stop;

/// A target to audit.
pub(super) struct Item {
    pub(super) target: OsString,
    /// The repository, for an image that a registry listed.
    pub(super) repository: Option<Masked>,
    /// The reason why the images behind the target are not known.
    pub(super) problem: Option<Problem>,
}

impl Item {
    fn of(target: &OsStr) -> Self {
        Self { target: target.to_owned(), repository: None, problem: None }
    }

    fn failed(target: impl Into<OsString>, problem: Problem) -> Self {
        Self { target: target.into(), repository: None, problem: Some(problem) }
    }

    fn listed(reference: &Reference) -> Self {
        let repository = format!("{}/{}", reference.registry, reference.repository);
        Self {
            target: format!("docker://{reference}").into(),
            repository: Some(mask(repository.as_bytes())),
            problem: None,
        }
    }
}

/// Returns what a target stands for, which is most often itself.
pub(super) fn expand(target: &OsStr, options: &Options, stop: &Stop) -> Vec<Item> {
    let listing = &options.listing;
    if listing.catalog {
        return catalog(target, options, stop);
    }
    let reference =
        listing.tags.as_ref().and_then(|tags| Some((tags, Target::parse(target).ok()?.reference()?)));
    let Some((choice, reference)) = reference else { return vec![Item::of(target)] };
    if reference.names_version(target) {
        let detail =
            Message::own("it names one image; --all-tags and --tags are for a repository, HOST/NAME");
        return vec![Item::failed(target, Problem::error(Code::Unsupported, Place::Target, detail))];
    }
    match tags(&reference, &options.access, stop) {
        Ok(tags) => {
            let items = chosen(&tags, choice, &reference);
            if !items.is_empty() {
                return items;
            }
            let detail = match choice {
                Tags::All => Message::own("the repository has no tags"),
                Tags::Matching(_) => Message::own("none of its tags matches"),
            };
            vec![Item::failed(target, Problem::error(Code::Missing, Place::Target, detail))]
        }
        Err(error) => vec![Item::failed(target, unreadable(&error))],
    }
}

/// Returns the tags of a repository that are asked for. A tag that is not valid is an item of its own.
fn chosen(tags: &Listed, choice: &Tags, repository: &Reference) -> Vec<Item> {
    let items = tags.iter().filter_map(|tag| match tag {
        Ok(tag) => choice.takes(tag).then(|| Item::listed(tag)),
        Err(name) => Some(invalid(&format!("{}/{}", repository.registry, repository.repository), name)),
    });
    items.collect()
}

/// Returns the item for a name that a registry lists and that is none.
fn invalid(place: &str, name: &str) -> Item {
    let detail = message!("the registry lists {} there, which is not a valid name", name);
    let problem = Problem::error(Code::Corrupt, Place::Target, detail);
    Item { repository: None, ..Item::failed(format!("docker://{place}"), problem) }
}

/// Returns the images of all repositories of a registry or a namespace.
fn catalog(target: &OsStr, options: &Options, stop: &Stop) -> Vec<Item> {
    let namespace = Namespace::of_target(target);
    let Some(namespace) = namespace else {
        let detail = Message::own("--catalog is for a registry: docker://HOST[:PORT][/NAMESPACE]");
        return vec![Item::failed(target, Problem::error(Code::Unsupported, Place::Target, detail))];
    };
    let listed = match repositories(&namespace, &options.access, stop) {
        Ok(listed) if listed.is_empty() => {
            let detail = Message::own("the registry lists no repository there");
            return vec![Item::failed(target, Problem::error(Code::Missing, Place::Target, detail))];
        }
        Ok(listed) => listed,
        Err(error) => {
            let Problem { detail, code, .. } = unreadable(&error);
            let advice = Message::own("--targets-from FILE reads a list of images instead");
            let detail = message!("its repositories could not be listed: {}; {}", detail, advice);
            return vec![Item::failed(target, Problem::error(code, Place::Target, detail))];
        }
    };
    let all = Tags::All;
    let choice = options.listing.tags.as_ref().unwrap_or(&all);
    let mut items = Vec::new();
    let mut has_tags = false;
    for repository in listed {
        let repository = match repository {
            Ok(repository) => repository,
            Err(name) => {
                items.push(invalid(&namespace.registry, &name));
                continue;
            }
        };
        let name = format!("{}/{}", repository.registry, repository.repository);
        let failed = |problem| Item {
            repository: Some(mask(name.as_bytes())),
            ..Item::failed(format!("docker://{name}"), problem)
        };
        match tags(&repository, &options.access, stop) {
            // A registry keeps the name of a repository whose last tag is gone.
            Err(error) if Code::of(&error) == Code::Missing => {
                let detail = Message::own("the registry lists the repository, but has no tags of it");
                items.push(failed(Problem::note(Code::Odd, Place::Target, detail)));
            }
            Err(error) => items.push(failed(unreadable(&error))),
            Ok(tags) => {
                let chosen = chosen(&tags, choice, &repository);
                has_tags |= !chosen.is_empty();
                items.extend(chosen);
            }
        }
    }
    if !has_tags && !items.iter().any(|item| item.problem.as_ref().is_some_and(Problem::is_error)) {
        let detail = Message::own("its repositories have no tags, or none that matches");
        items.push(Item::failed(target, Problem::error(Code::Missing, Place::Target, detail)));
    }
    items
}
