//! Credentials of unknown shape, recognised by the file that holds them: a token file of the Hub client, a
//! netrc file, a URL with a password, an environment file. Each form has its own parser, which returns only
//! offsets: the text is not kept.

mod argument;
mod assignment;
mod beside;
mod call;
mod cluster;
mod column;
mod docker_auth;
mod extent;
mod generated;
mod header;
mod host;
mod label;
mod literal;
mod named;
mod names;
mod netrc;
mod operator;
mod page;
mod provider;
mod search;
mod section;
mod sent;
mod stored_tokens;
mod stretches;
mod swapped;
mod url;
mod value;
mod variable;
mod word;
mod written;

use std::collections::HashSet;

use super::{Confidence, Occurrence, Position, TokenSummary};
use crate::hub::files::IN_HOMES;
use crate::sensitive::Name;

use super::position::Lines;
use names::Keeper;

pub(crate) use crate::hub::files::CredentialForm;
pub(super) use named::Named;
pub(crate) use named::{generated_in, given_in, opaque_in};
pub(crate) use search::CredentialSearch;
pub(crate) use value::{decoded_forms, may_be_credential};

/// The maximum size of a file that is searched regardless of its name. A token file holds one line.
pub(crate) const MAX_CREDENTIALS: u64 = 16 * 1024;
/// The possible lengths of a credential that is the whole content of a file.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=512;

/// A credential of unknown shape: a possible credential in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The form in which the file holds the credential.
    pub form: CredentialForm,
    /// The offset of the first byte.
    pub offset: u64,
    /// The line and column.
    pub position: Option<Position>,
    /// The text, which is hidden in the report. A verdict from a store has none.
    pub(crate) text: Option<Name>,
}

/// Returns true if the name of a file alone is enough for a credential of that form to count.
pub(crate) fn keeps(path: &[u8], form: CredentialForm) -> bool {
    match form {
        // The file counts only if it is a place that the Hub client uses.
        CredentialForm::Word | CredentialForm::StoredTokens => false,
        _ => Keeper::of(path).is_some_and(|keeper| keeper.forms().contains(&form)),
    }
}

/// Returns true if a credential of that form counts in a file with this name, in whatever image the file is.
pub(crate) fn keeps_anywhere(path: &[u8], form: CredentialForm) -> bool {
    let in_homes = || IN_HOMES.iter().find(|file| file.is_at(path));
    keeps(path, form) || in_homes().is_some_and(|file| file.keeper.forms().contains(&form))
}

/// Returns true if the name of a file says that it may hold a credential.
pub(crate) fn may_keep(path: &[u8]) -> bool {
    Keeper::of(path).is_some() || IN_HOMES.iter().any(|file| file.is_at(path))
}

/// Adds the credentials that count in a file with this name. Those that are known already are left out.
pub(crate) fn add_kept(path: &[u8], credentials: Vec<Credential>, found: &mut Vec<Occurrence>) {
    let mut seen = HashSet::new();
    for Credential { form, offset, position, text } in credentials {
        let is_known = found.iter().any(|o| !o.is_unknown() && o.is_beside(offset));
        if !keeps_anywhere(path, form) || is_known || !seen.insert(offset) {
            continue;
        }
        found.retain(|o| !o.is_unknown() || !o.is_beside(offset));
        found.push(Occurrence {
            token: TokenSummary::unknown(),
            offset,
            len: 0,
            at: offset..offset,
            position,
            via: Vec::new(),
            confidence: Confidence::Medium,
            text,
        });
    }
}

/// Returns the possible credentials in `content`, in order of offset. `content` is a whole file of at most
/// [`MAX_CREDENTIALS`] bytes. Placeholders are not returned. Some forms are returned for any path, because other
/// names of the file may allow them. The others are searched for only if `path` allows them.
pub(crate) fn credentials_in(path: &[u8], content: &[u8]) -> Vec<Credential> {
    let spots = spots(Keeper::of(path), content, true);
    if spots.is_empty() {
        return Vec::new();
    }
    let mut lines = Lines::default();
    lines.look_for_nul(0, content);
    let mut cursor = lines.cursor();
    let credentials = |(at, form)| Credential {
        form,
        offset: at as u64,
        position: cursor.position(content, at),
        text: Some(extent::text(form, content, at)),
    };
    spots.into_iter().map(credentials).collect()
}

/// Returns the offsets of possible credentials in ascending order. `whole` is true if `content` is a whole
/// small file.
fn spots(keeper: Option<Keeper>, content: &[u8], whole: bool) -> Vec<(usize, CredentialForm)> {
    const BY_HOST: [CredentialForm; 4] =
        [CredentialForm::Netrc, CredentialForm::Url, CredentialForm::Header, CredentialForm::DockerAuth];
    let mut spots = Vec::new();
    let mut add = |form, found: Vec<usize>| spots.extend(found.into_iter().map(|at| (at, form)));
    let forms = keeper.map(Keeper::forms).unwrap_or_default();
    let stretches = match keeper {
        Some(keeper) if keeper.is_lines() => stretches::stretches(content, keeper == Keeper::Python),
        _ => std::iter::once(0..content.len()).collect(),
    };
    for stretch in stretches {
        let text = content.get(stretch.clone()).unwrap_or_default();
        for &form in forms {
            add(form, read(keeper, form, text).into_iter().map(|at| stretch.start + at).collect());
        }
    }
    if whole {
        add(CredentialForm::Word, word::lone_word(content).into_iter().collect());
        add(CredentialForm::StoredTokens, stored_tokens::values(content));
        if keeper.is_none() && host::names_hub(content) {
            for form in BY_HOST {
                add(form, read(None, form, content));
            }
        }
    }
    spots.sort_unstable();
    spots.dedup();
    spots
}

fn read(keeper: Option<Keeper>, form: CredentialForm, content: &[u8]) -> Vec<usize> {
    match form {
        CredentialForm::Word => word::lone_word(content).into_iter().collect(),
        CredentialForm::StoredTokens => stored_tokens::values(content),
        CredentialForm::Netrc => netrc::passwords(content),
        CredentialForm::Url => url::credentials(content),
        CredentialForm::Header => header::credentials(keeper, content),
        CredentialForm::DockerAuth => docker_auth::logins(content),
        CredentialForm::Assignment => {
            keeper.map(|keeper| assignment::values(keeper, content)).unwrap_or_default()
        }
        CredentialForm::Argument => {
            let mut found = argument::values(content);
            match keeper {
                Some(Keeper::Python) => found.extend(call::values(content)),
                Some(Keeper::Client) => found.extend(sent::configured(content)),
                Some(Keeper::Shell | Keeper::Downloader) => found.extend(sent::on_command_lines(content)),
                _ => {}
            }
            found
        }
        CredentialForm::Value => {
            let at = word::lone_word(content);
            at.filter(|_| value::is_opaque(content.trim_ascii())).into_iter().collect()
        }
    }
}

#[cfg(test)]
mod apart_tests;
#[cfg(test)]
mod named_tests;
#[cfg(test)]
mod tests;
