//! Lists of a registry: its repositories, and the tags of one (OCI distribution specification, "Content Discovery";
//! distribution project, "Listing Repositories").

use std::collections::BTreeSet;
use std::io::{self, Read as _};

use serde::Deserialize;
use ureq::Body;
use ureq::http::{Response, header};

use super::address::resolve;
use super::client::{Client, Request};
use super::reference::{Namespace, Reference};
use super::{Access, abandonable};
use crate::fault::{Code, Fault};
use crate::stop::Stop;

/// The maximum size of one page.
const MAX_PAGE: u64 = 8 << 20;
/// The maximum number of names in a list.
const MAX_NAMES: usize = 200_000;
/// The number of names that a page is asked for.
const PAGE: usize = 1000;

/// Returns the repositories below a namespace, in order of name.
///
/// # Errors Returns an error if the registry lists none, or lists names without end.
pub(crate) fn repositories(
    namespace: &Namespace,
    access: &Access,
    stop: &Stop,
) -> io::Result<Vec<Reference>> {
    let (namespace, access, of_thread) = (namespace.clone(), access.clone(), stop.clone());
    abandonable(stop, move || {
        let client = Client::connect(&Reference::of(&namespace.registry, ""), &access, &of_thread)?;
        let names = pages(&client, &format!("/v2/_catalog?n={PAGE}"), "repositories")?;
        let names = names.into_iter().filter(|name| namespace.holds(name));
        names.map(|name| named(&namespace.registry, &name)).collect()
    })
}

/// Returns the tags of a repository, in order of name.
///
/// # Errors Returns an error if the registry does not know the repository, or lists names without end.
pub(crate) fn tags(repository: &Reference, access: &Access, stop: &Stop) -> io::Result<Vec<Reference>> {
    let (repository, access, of_thread) = (repository.clone(), access.clone(), stop.clone());
    abandonable(stop, move || {
        let client = Client::connect(&repository, &access, &of_thread)?;
        let tags = pages(&client, &format!("tags/list?n={PAGE}"), "tags")?;
        let text = |tag: &str| format!("{}/{}:{tag}", repository.registry, repository.repository);
        tags.iter().map(|tag| parsed(&text(tag))).collect()
    })
}

fn named(registry: &str, repository: &str) -> io::Result<Reference> {
    parsed(&format!("{registry}/{repository}"))
}

fn parsed(text: &str) -> io::Result<Reference> {
    Reference::parse(text)
        .map_err(|_| Fault::io(Code::Corrupt, format!("the registry lists {text}, which is no reference")))
}

/// Returns the names in all pages of a list, sorted.
fn pages(client: &Client, first: &str, key: &str) -> io::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(alias = "repositories", alias = "tags")]
        names: Option<Vec<String>>,
    }
    let (mut names, mut known) = (Vec::new(), BTreeSet::new());
    let mut path = first.to_owned();
    loop {
        let response = client.get(Request { path: &path, accept: "application/json", from: 0 })?;
        let next = next_page(client, &path, &response)?;
        let mut body = Vec::new();
        response.into_body().into_reader().take(MAX_PAGE + 1).read_to_end(&mut body)?;
        let registry = &client.reference.registry;
        let wrong = || Fault::io(Code::Corrupt, format!("{registry} answers with something else than {key}"));
        let too_many = |what: &str| Fault::io(Code::Limit, format!("{registry} lists {key} {what}"));
        if body.len() as u64 > MAX_PAGE {
            return Err(too_many("in pages that are larger than 8 MiB"));
        }
        let page: Page = serde_json::from_slice(&body).map_err(|_| wrong())?;
        let before = names.len();
        names.extend(page.names.unwrap_or_default().into_iter().filter(|name| known.insert(name.clone())));
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

/// Returns the path of the next page (RFC 8288, `rel="next"`), which must be on the same server.
fn next_page(client: &Client, path: &str, response: &Response<Body>) -> io::Result<Option<String>> {
    let links = response.headers().get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let next = links.flat_map(|value| value.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters.to_ascii_lowercase().replace('"', "").contains("rel=next").then_some(target)
    });
    let Some(next) = next else { return Ok(None) };
    let address = resolve(&client.address(path), next);
    let own = address.as_deref().and_then(|address| address.strip_prefix(client.base()));
    let own = own.filter(|path| path.starts_with('/')).map(str::to_owned);
    own.map(Some).ok_or_else(|| {
        let detail = format!("{} continues a list at another server", client.reference.registry);
        Fault::io(Code::Denied, detail)
    })
}
