//! Targets that stand for others: the tags of a repository, the repositories of a registry.

use std::ffi::{OsStr, OsString};

use super::Options;
use super::listing::Tags;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::mask::{Masked, Message, mask, message};
use crate::source::{Namespace, Reference, Target, looks_like_reference, repositories, tags, unreadable};
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
    let reference = listing.tags.as_ref().and_then(|tags| Some((tags, repository(target)?)));
    let Some((choice, reference)) = reference else { return vec![Item::of(target)] };
    match tags(&reference, &options.access, stop) {
        Ok(tags) => {
            let items: Vec<Item> = tags.iter().filter(|tag| choice.takes(tag)).map(Item::listed).collect();
            if !items.is_empty() {
                return items;
            }
            let detail = match choice {
                Tags::All => Message::own("the repository has no tags"),
                Tags::Matching(_) => message!("none of its {} tags matches", tags.len()),
            };
            vec![Item::failed(target, Problem::error(Code::Missing, Place::Target, detail))]
        }
        Err(error) => vec![Item::failed(target, unreadable(&error))],
    }
}

/// Returns the repository that a target names.
fn repository(target: &OsStr) -> Option<Reference> {
    match Target::parse(target) {
        Ok(Target::Registry(reference)) => Some(reference),
        Ok(Target::Bare(path)) if !path.exists() && looks_like_reference(&path) => {
            Reference::parse(path.to_str()?).ok()
        }
        _ => None,
    }
}

/// Returns the images of all repositories of a registry or a namespace.
fn catalog(target: &OsStr, options: &Options, stop: &Stop) -> Vec<Item> {
    let namespace = target.to_str().and_then(|text| Namespace::parse(text.strip_prefix("docker://")?).ok());
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
    for repository in listed {
        match tags(&repository, &options.access, stop) {
            // A registry keeps the name of a repository whose last tag is gone.
            Err(error) if Code::of(&error) == Code::Missing => {}
            Err(error) => {
                let name = format!("docker://{}/{}", repository.registry, repository.repository);
                items.push(Item::failed(name, unreadable(&error)));
            }
            Ok(tags) => items.extend(tags.iter().filter(|tag| choice.takes(tag)).map(Item::listed)),
        }
    }
    items
}
