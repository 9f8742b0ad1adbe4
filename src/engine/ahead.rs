//! The files at known places of a layer, fetched ahead of the layer itself. A source must be able to give parts of blobs, and the
//! layer must have a table of contents.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Scan;
use super::blob::{self, Reading};
use super::progress::Silent;
use crate::detect::Credential;
use crate::digest::Algorithm;
use crate::image::{Inventory, Places, Resolved, TableOfContents, parts};
use crate::mask::message;
use crate::source::{Blob, Source};
use crate::verdict::{BlobVerdict, Content, credentials};

/// The maximum number of files that are fetched by themselves.
const MAX_FILES: usize = 64;

/// Looks at known places of the layers of all images. Returns the verdicts on the layers where tokens were found. They cover
/// nothing but these files, so the layers still have to be read.
pub(super) fn look(
    source: &dyn Source,
    scan: Scan<'_>,
    (inventory, resolved): (&Inventory, &Resolved),
    places: &[Places],
    is_left: impl Fn(usize, &Blob) -> bool,
) -> BTreeMap<usize, BlobVerdict> {
    let mut found = BTreeMap::new();
    let mut room = MAX_FILES;
    for (image, places) in resolved.images.iter().zip(places) {
        for (index, layer) in image.layers.iter().enumerate() {
            let Some((table, number)) = layer.contents.as_ref().zip(layer.entry) else { continue };
            let Some(blob) = inventory.blob(number).filter(|blob| is_left(number, blob)) else { continue };
            if scan.stop.is_due() || found.contains_key(&number) {
                continue;
            }
            // The reader of the whole layer meets each error again.
            let Ok(Some(files)) = fetch(source, blob, table, places, &mut room) else { continue };
            let verdict = audit(&files, scan);
            let Some(path) = first_path(&verdict, places) else { continue };
            scan.stop.found();
            if !scan.stop.is_due() {
                scan.progress.found_ahead(index, message!("{}", path).seal().as_str());
            }
            found.insert(number, verdict);
        }
    }
    found
}

/// The files of a layer with their paths.
type Files = Vec<(Vec<u8>, Vec<u8>)>;

/// Fetches the files of a layer that are at `places`. Returns `None` if the source does not give parts.
fn fetch(
    source: &dyn Source,
    blob: &Blob,
    table: &TableOfContents,
    places: &Places,
    room: &mut usize,
) -> io::Result<Option<Files>> {
    let first_range = table.first_range(blob.size);
    let Some(mut bytes) = source.part(blob, first_range.clone())? else { return Ok(None) };
    let Some(range) = table.range(&bytes, blob.size) else { return Ok(None) };
    if range != first_range {
        let Some(table) = source.part(blob, range)? else { return Ok(None) };
        bytes = table;
    }
    let mut files = Files::new();
    let parts = parts(&bytes, blob.size, |path| places.at(path).is_some())?;
    for part in parts.into_iter().take(*room) {
        *room -= 1;
        let Some(stored) = source.part(blob, part.range.clone())? else { return Ok(None) };
        let content = part.read(&stored)?;
        files.push((part.path, content));
    }
    Ok(Some(files))
}

/// Searches the files like the layer that holds them.
fn audit(files: &Files, scan: Scan<'_>) -> BlobVerdict {
    let mut layer = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        let path = Path::new(OsStr::from_bytes(path));
        // A path that no tar archive can hold is no place of a token.
        let _ = layer.append_data(&mut header, path, &content[..]);
    }
    let layer = layer.into_inner().unwrap_or_default();
    let budget = scan.budget.for_part();
    let reading = Reading {
        verify_digests: false,
        algorithm: Algorithm::default(),
        scan: Scan { budget: &budget, progress: &Silent, ..scan },
        reopen: None,
    };
    let verdict = blob::audit(b"", &mut &layer[..], reading);
    budget.give_back(budget.taken());
    BlobVerdict { size: 0, digest: None, is_fetched: false, ..verdict }
}

/// Returns the path of the first file with a token.
fn first_path<'v>(verdict: &'v BlobVerdict, places: &Places) -> Option<&'v [u8]> {
    let Content::Layer(layer) = &verdict.content else { return None };
    let counts = |path: &[u8], found: &[Credential]| {
        !credentials::counting(found, std::iter::once(path), places).is_empty()
    };
    let mut files = layer.files.iter();
    let file = files.find(|file| !file.occurrences.is_empty() || counts(&file.path, &file.credentials))?;
    Some(&file.path)
}
