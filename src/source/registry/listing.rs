//! Lists of a registry: its repositories, and the tags of one (OCI distribution specification, "Content Discovery";
//! distribution project, "Listing Repositories").

use std::collections::BTreeSet;
use std::io::{self, Read as _};

use serde_json::Value;

use super::client::{Client, Request};
use super::link::next_page;
use super::reference::{Namespace, Reference};
use super::{Access, abandonable, pace};
use crate::fault::{Code, Fault};
use crate::stop::Stop;

/// The maximum size of one page.
const MAX_PAGE: u64 = 8 << 20;
/// The maximum number of names in a list.
const MAX_NAMES: usize = 200_000;
/// The number of names that a page is asked for.
const PAGE: usize = 1000;

/// A list of references. A name that is not valid leaves the others alone.
pub(crate) type Listed = Vec<Result<Reference, String>>;

/// Returns the repositories below a namespace, in order of name.
///
/// # Errors Returns an error if the registry lists none, or lists names without end.
pub(crate) fn repositories(namespace: &Namespace, access: &Access, stop: &Stop) -> io::Result<Listed> {
    let (namespace, access, of_thread) = (namespace.clone(), access.clone(), stop.clone());
    abandonable(stop, move || {
        let client = Client::connect(&Reference::of(&namespace.registry, ""), &access, &of_thread)?;
        let names = pages(&client, &format!("/v2/_catalog?n={PAGE}"), "repositories")?;
        let names = names.into_iter().filter(|name| namespace.holds(name));
        Ok(names.map(|name| Reference::listed(&namespace.registry, &name, None).ok_or(name)).collect())
    })
}

/// Returns the tags of a repository, in order of name.
///
/// # Errors Returns an error if the registry does not know the repository, or lists names without end.
pub(crate) fn tags(repository: &Reference, access: &Access, stop: &Stop) -> io::Result<Listed> {
    let (repository, access, of_thread) = (repository.clone(), access.clone(), stop.clone());
    abandonable(stop, move || {
        let client = Client::connect(&repository, &access, &of_thread)?;
        let tags = pages(&client, &format!("tags/list?n={PAGE}"), "tags")?;
        let Reference { registry, repository, .. } = &repository;
        Ok(tags
            .into_iter()
            .map(|tag| Reference::listed(registry, repository, Some(&tag)).ok_or(tag))
            .collect())
    })
}

/// Returns the names in all pages of a list, sorted.
fn pages(client: &Client, first: &str, key: &str) -> io::Result<Vec<String>> {
    let (mut names, mut known) = (Vec::new(), BTreeSet::new());
    let mut path = first.to_owned();
    loop {
        let response =
            client.get(Request { path: &path, accept: "application/json", from: 0, until: None })?;
        let next = next_page(client, &path, &response)?;
        let mut body = Vec::new();
        pace::body(response).take(MAX_PAGE + 1).read_to_end(&mut body)?;
        let registry = &client.reference.registry;
        let wrong = || Fault::io(Code::Corrupt, format!("{registry} answers with something else than {key}"));
        let too_many = |what: &str| Fault::io(Code::Limit, format!("{registry} lists {key} {what}"));
        if body.len() as u64 > MAX_PAGE {
            return Err(too_many("in pages that are larger than 8 MiB"));
        }
        let page: Value = serde_json::from_slice(&body).map_err(|_| wrong())?;
        let before = names.len();
        match page.get(key) {
            // A repository without tags may have null.
            Some(Value::Null) => {}
            Some(Value::Array(listed)) => {
                for name in listed {
                    let name = name.as_str().ok_or_else(wrong)?;
                    if known.insert(name.to_owned()) {
                        names.push(name.to_owned());
                    }
                }
            }
            _ => return Err(wrong()),
        }
        if names.len() > MAX_NAMES {
            return Err(too_many("without end: more than 200000"));
        }
        match next {
            Some(next) if names.len() > before => path = next,
            // A page without new names would be followed by itself.
            Some(_) => return Err(too_many("without end: a page has no new ones and names a next page")),
            None => {
                // Registries list tags in no order of their own.
                names.sort();
                return Ok(names);
            }
        }
    }
}
