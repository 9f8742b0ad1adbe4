//! The files of a directory, searched on all threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::search::search_credentials;
use super::{Scan, contained};
use crate::detect::{self, Occurrence, Step, StepKind};
use crate::finding::{Place, Problem};
use crate::source::{BuildContext, unreadable};
use crate::stream::path::repository;
use crate::stream::{Peek, Window};
use crate::unpack::{Origin, Unpacker};
use crate::verdict::credentials;

/// The result of searching a file.
#[derive(Default)]
pub(crate) struct Searched {
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) problems: Vec<Problem>,
    /// The problem that kept the file from being read to its end.
    pub(crate) problem: Option<Problem>,
}

/// Returns the tokens in the name of an entry, which is the last part of its path, and in the target of a link.
pub(crate) fn search_names(path: &[u8], target: Option<&[u8]>) -> Vec<Occurrence> {
    let name = memchr::memrchr(b'/', path).map_or(0, |at| at as u64 + 1);
    let found = |text: &[u8], from: u64, kind: StepKind| {
        let mut found = detect::find(text);
        // A token in the name of a directory is reported for the entry of the directory.
        found.retain(|occurrence| occurrence.at.end > from);
        for occurrence in &mut found {
            occurrence.position = None;
            occurrence.reached_by(Step::new(kind.clone(), occurrence.at.clone()));
        }
        found
    };
    let mut all = found(path, name, StepKind::Name);
    all.extend(target.map(|target| found(target, 0, StepKind::LinkTarget)).into_iter().flatten());
    all
}

/// Reads a file to its end and searches it. Tokens in git objects are returned when the unpacker is finished.
pub(crate) fn search_file(unpacker: &mut Unpacker, origin: Origin<'_>, input: &mut dyn Peek) -> Searched {
    let ((mut found, outcome), credentials) =
        search_credentials(origin.path, input, |input| unpacker.search(origin, input));
    credentials::add_occurrences(origin.path, &credentials, &mut found.occurrences);
    found.occurrences.sort_by_key(|occurrence| occurrence.offset);
    let problem = outcome.err().map(|error| Problem::of(&error, Place::Here));
    Searched { occurrences: found.occurrences, problems: found.problems, problem }
}

/// Searches the selected files. Returns only files with results. The files of a git repository are read in
/// sequence, because they belong together.
pub(crate) fn search(
    scan: Scan<'_>,
    context: &BuildContext,
    root: &Path,
    numbers: &BTreeSet<usize>,
) -> BTreeMap<usize, Searched> {
    let mut groups: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for &number in numbers {
        let Some(file) = context.files().get(number) else { continue };
        groups.entry(repository(&file.path).unwrap_or(&file.path).to_vec()).or_default().push(number);
    }
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let root = root.as_os_str().as_encoded_bytes().strip_prefix(b"/").unwrap_or_default().to_vec();
    let groups: Vec<Vec<usize>> = groups.into_values().collect();
    let searched = scan.map(groups.len(), |n| {
        let group = groups.get(n).map(Vec::as_slice).unwrap_or_default();
        contained(|| search_group(scan, context, &root, group)).unwrap_or_else(|problem| {
            let of_first = Searched { problem: Some(problem), ..Searched::default() };
            group.first().map(|&first| (first, of_first)).into_iter().collect()
        })
    });
    searched.into_iter().flatten().collect()
}

fn search_group(
    scan: Scan<'_>,
    context: &BuildContext,
    root: &[u8],
    group: &[usize],
) -> Vec<(usize, Searched)> {
    let _party = scan.begin_blob();
    let mut unpacker = scan.unpacker();
    let mut all: BTreeMap<usize, Searched> = BTreeMap::new();
    for &number in group {
        let Some(file) = context.files().get(number) else { continue };
        let mut searched = match context.open_file(number) {
            Ok(input) => {
                let place = [root, b"/", &file.path].concat();
                let reread = || {
                    let file: Box<dyn Peek> =
                        Box::new(Window::new(scan.uncounted(context.open_file(number)?)));
                    Ok(file)
                };
                let path = place.strip_prefix(b"/").unwrap_or(&place);
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                let origin = Origin { number, path, reread: Some(&reread) };
                search_file(&mut unpacker, origin, &mut Window::new(scan.reader(input)))
            }
            Err(error) => Searched { problem: Some(unreadable(&error)), ..Searched::default() },
        };
        searched.occurrences.extend(search_names(&file.path, None));
        if !searched.occurrences.is_empty() || !searched.problems.is_empty() || searched.problem.is_some() {
            all.insert(number, searched);
        }
    }
    let (in_git, problems) = unpacker.finish();
    for (number, occurrence) in in_git {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        all.entry(number).or_default().occurrences.push(occurrence);
    }
    if let Some(&first) = group.first().filter(|_| !problems.is_empty()) {
        all.entry(first).or_default().problems.extend(problems);
    }
    all.into_iter().collect()
}
