//! A file with tokens, as all images with it see it, and its names in these images.

use std::collections::HashMap;

use crate::detect::{Confidence, CredentialForm, Occurrence, Position, Step, TokenSummary};
use crate::finding::State;
use crate::sensitive::Name;
use crate::verdict::File;

/// The maximum number of listed names of one file.
pub(super) const MAX_NAMES: usize = 100;

/// A file of some content, with all of its references. The content may be a layer of many images.
pub(super) struct Held<'a> {
    file: &'a File,
    pub(super) sightings: Vec<Sighting>,
    by_key: HashMap<(u64, TokenSummary, Vec<Step>), usize>,
    /// The views of all images, with the names in these images. Images with other settings may see other
    /// credentials in the file.
    views: Vec<(View, Names)>,
    /// The number of names in all images.
    pub(super) count: usize,
}

impl<'a> Held<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self { file, sightings: Vec::new(), by_key: HashMap::new(), views: Vec::new(), count: 0 }
    }

    /// Returns true if a file at the same place of a layer with the same digest is the same. Digests of
    /// uncompressed layers are claims.
    pub(super) fn is(&self, file: &File) -> bool {
        let File { path, occurrences, credentials, .. } = self.file;
        std::ptr::eq(self.file, file)
            || (path == &file.path && occurrences == &file.occurrences && credentials == &file.credentials)
    }

    /// Adds a layer of an image that has the file, with the file's names.
    pub(super) fn add(&mut self, view: View, references: Vec<Reference>) {
        self.count += references.len();
        let known = self.views.iter().position(|(known, _)| *known == view);
        let number = known.unwrap_or_else(|| {
            let number = self.views.len();
            for sighting in sightings(self.file, &view) {
                let key = (sighting.offset, sighting.token.clone(), sighting.via.clone());
                let known = *self.by_key.entry(key).or_insert(self.sightings.len());
                match self.sightings.get_mut(known) {
                    Some(known) => {
                        known.cached |= sighting.cached;
                        known.views.push(number);
                    }
                    None => self.sightings.push(Sighting { views: vec![number], ..sighting }),
                }
            }
            self.views.push((view, Names::default()));
            number
        });
        if let Some((_, names)) = self.views.get_mut(number) {
            for reference in references {
                names.add(reference);
            }
        }
    }

    /// Returns the names of the file in images with these views that a finding needs, in order.
    pub(super) fn names(&self, views: &[usize]) -> Vec<&Reference> {
        let seen = views.iter().filter_map(|&view| self.views.get(view));
        let mut names: Vec<&Reference> = seen.flat_map(|(_, names)| names.all()).collect();
        names.sort();
        names
    }
}

/// The names of a file that a finding needs.
#[derive(Default)]
pub(super) struct Names {
    /// The first names, as many as are listed.
    first: Vec<Reference>,
    /// The first name that is present, if it comes later.
    present: Option<Reference>,
}

impl Names {
    /// Adds a name. Names come in order.
    fn add(&mut self, reference: Reference) {
        if self.first.len() < MAX_NAMES {
            self.first.push(reference);
        } else if reference.state == State::Present && self.present.is_none() {
            self.present = Some(reference);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Reference> {
        self.first.iter().chain(&self.present)
    }
}

/// How an image sees a file. Two images with the same view see the same tokens.
#[derive(PartialEq, Eq)]
pub(super) struct View {
    /// Whether one of the file's names is a place in which tokens are kept.
    pub(super) is_place: bool,
    /// Whether a login writes a file of one of these names.
    pub(super) is_login: bool,
    /// The credentials of unknown shape that count: their offset, position and text.
    pub(super) credentials: Vec<(u64, Option<Position>, Option<Name>)>,
}

/// A token in a file.
pub(super) struct Sighting {
    pub(super) token: TokenSummary,
    pub(super) secret: Option<Name>,
    pub(super) confidence: Confidence,
    pub(super) offset: u64,
    pub(super) position: Option<Position>,
    pub(super) via: Vec<Step>,
    pub(super) cached: bool,
    /// Whether a name in the text, and not the name of the file, marks the value as a token.
    pub(super) is_named: bool,
    /// The numbers of the views with this token.
    pub(super) views: Vec<usize>,
}

/// The path of a file in one layer of one image.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) image: usize,
    pub(super) layer: usize,
    pub(super) path: Name,
    pub(super) state: State,
    pub(super) hidden_by: Option<usize>,
}

/// Returns the tokens of a file, as images with this view see them.
fn sightings<'a>(file: &'a File, view: &'a View) -> impl Iterator<Item = Sighting> + 'a {
    let is_stored = |o: &Occurrence| {
        file.credentials.iter().any(|credential| {
            credential.form == CredentialForm::StoredTokens && credential.offset == o.offset
        })
    };
    let is_counted =
        |o: &Occurrence| o.is_unknown() && view.credentials.iter().any(|(offset, ..)| o.is_beside(*offset));
    let known = file.occurrences.iter().filter(move |o| !is_counted(o)).map(move |o| Sighting {
        token: o.token.clone(),
        secret: o.text.clone(),
        confidence: if view.is_place && !o.is_unknown() { Confidence::High } else { o.confidence },
        is_named: o.is_named(),
        offset: o.offset,
        position: o.position,
        via: o.via.clone(),
        cached: !o.is_unknown() && ((view.is_login && o.via.is_empty()) || is_stored(o)),
        views: Vec::new(),
    });
    let seen = |offset: u64| file.occurrences.iter().any(|o| o.is_beside(offset) && !o.is_unknown());
    let unknown = view.credentials.iter().filter(move |(offset, ..)| !seen(*offset));
    known.chain(unknown.map(|(offset, position, text)| Sighting {
        token: TokenSummary::unknown(),
        secret: text.clone(),
        confidence: Confidence::Medium,
        is_named: false,
        offset: *offset,
        position: *position,
        via: Vec::new(),
        cached: view.is_login,
        views: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_names_are_kept() {
        let path: Name = (&b"srv/a"[..]).into();
        let file = File { path, occurrences: vec![], credentials: vec![], number: 0, superseded_by: None };
        let mut held = Held::new(&file);
        let present = 5000;
        for image in 0..10_000 {
            let state = if image == present { State::Present } else { State::Deleted };
            let reference = Reference { image, layer: 0, path: file.path.clone(), state, hidden_by: Some(1) };
            let view = View { is_place: false, is_login: false, credentials: Vec::new() };
            held.add(view, vec![reference]);
        }
        let names = held.names(&[0]);
        assert_eq!((held.count, names.len()), (10_000, MAX_NAMES + 1));
        assert_eq!(names.iter().find(|name| name.state == State::Present).unwrap().image, present);
    }
}
