//! A single file of any kind, with all nested content.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::ci;
use super::dockerfile::MAX_DOCKERFILE;
use super::reader::Reader;
use crate::ci::may_be_known as may_be_ci_file;
use crate::engine::budget::Budget;
use crate::engine::contained;
use crate::engine::tree::search_file;
use crate::finding::Place;
use crate::finding::Problem;
use crate::finding::TargetKind;
use crate::findings::occurrence_drafts;
use crate::findings::{Audited, Drafts};
use crate::rules::context::TOKEN_IN_FILE;
use crate::sensitive::{Name, Sensitive};
use crate::source::{open_input, path_bytes, unreadable};
use crate::stream::{Peek, Window};
use crate::unpack::{Origin, Reread};
use crate::verdict::Problems;

/// Audits a file: `file:PATH`. A CI file or another file that builds is read as one too.
pub(super) fn read(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    let input = open_input(path, reader.scan.stop).map_err(|error| unreadable(&error))?;
    reader.announce(&input);
    // A pipe gives its bytes once.
    let is_regular = input.size.is_some();
    let (scan, sealer) = (reader.scan, &reader.sealer);
    let _party = scan.begin_blob();
    // Some credential files are recognised by their directory, which a relative path may not include.
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = place.as_os_str().as_encoded_bytes();
    let place = place.strip_prefix(b"/").unwrap_or(place);
    let mut unpacker = scan.unpacker();
    let mut input = Window::new(scan.reader(input.bytes));
    let reread = || {
        let again: Box<dyn Peek> = Box::new(Window::new(scan.uncounted(File::open(path)?)));
        Ok(again)
    };
    let reread: Option<&Reread<'_>> = if is_regular { Some(&reread) } else { None };
    let origin = Origin { path: place, reread, ..Origin::default() };
    let mut searched = search_file(&mut unpacker, origin, &mut input);
    let (in_git, problems) = unpacker.finish();
    searched.occurrences.extend(in_git.into_iter().map(|(_, occurrence)| occurrence));
    searched.problems.extend(problems);
    searched.occurrences.sort_by_key(|occurrence| occurrence.offset);
    let overflow = (!scan.budget.keep(&mut searched.occurrences)).then(Budget::overflow);
    let mut problems = Problems::default();
    problems.add(b"", searched.problems);
    let first: Option<Problem> = searched.problem.or(overflow);
    let first = first.map(|problem| problem.at(Place::File));
    let shown: Name = path_bytes(path).into();
    // The audited root is the file's directory.
    let name = path.file_name().map_or(&*shown, std::ffi::OsStr::as_encoded_bytes);
    let mut drafts = occurrence_drafts(&shown, name, searched.occurrences, TOKEN_IN_FILE.severity);
    let built = if is_regular && may_be_ci_file(place) {
        contained(|| as_ci_file(path, place, &shown, name))
            .unwrap_or_else(|problem| Drafts { problems: vec![problem.at(Place::File)], ..Drafts::default() })
    } else {
        Drafts::default()
    };
    drafts.extend(built.drafts);
    Ok(Audited {
        kind: Some(TargetKind::File),
        findings: drafts.iter().map(|draft| sealer.finding(draft)).collect(),
        problems: first.into_iter().chain(problems.at(&Place::File)).chain(built.problems).collect(),
        secrets: built.secrets,
        ..Audited::default()
    })
}

/// Audits a file as one that builds, if it is one.
fn as_ci_file(path: &Path, place: &[u8], shown: &Name, name: &[u8]) -> Drafts {
    let bytes = File::open(path).ok().and_then(|file| Sensitive::read(file.take(MAX_DOCKERFILE)).ok());
    let audited = bytes.and_then(|bytes| ci::audit(place, shown, name, &bytes));
    let mut drafts = audited.unwrap_or_default();
    for problem in &mut drafts.problems {
        problem.place = match &problem.place {
            Place::FileLine(_, line) => Place::Line(*line),
            _ => Place::File,
        };
    }
    drafts
}
