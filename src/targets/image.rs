//! The images of an archive, a layout or a stream.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::Path;

use super::reader::{Reader, empty, refused};
use crate::digest::Algorithm;
use crate::dockerfile::looks_like_dockerfile;
use crate::engine::blob::Reading;
use crate::engine::gathered::Gathered;
use crate::engine::{self, Scan, Silent, source};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::findings::{self, Audited};
use crate::image::{Inventory, Resolved};
use crate::mask::{Message, message};
use crate::source::{
    ContainerEngine, Content, Directory, Input, Layout, Reference, Registry, RootFs, Source, Unlisted,
    export, inspect, open_input, stored, unreadable,
};
use crate::stream::{Compression, begins_tar};

/// Audits an archive: `docker-archive:PATH`, `oci-archive:PATH`.
pub(super) fn archive(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    match inspect(path).map_err(|error| unreadable(&error))? {
        Content::Archive => {}
        Content::Stream => return stream_file(reader, path),
        Content::Empty => return Err(empty()),
        Content::Layout | Content::Image | Content::Directory => {
            return Err(refused("it is a directory, not an archive"));
        }
        Content::Other => return Err(refused("it is not an image archive: it is not a tar file")),
    }
    let (archive, gathered) = source::open_archive(reader.scan, path).map_err(|error| unreadable(&error))?;
    let (mut gathered, mut resolved) = read(reader, &archive, gathered, None);
    keep_cause(&mut gathered, &mut resolved);
    Ok(assemble(reader, &gathered, &resolved))
}

/// Audits an OCI image layout: `oci:DIR[:TAG]`.
pub(super) fn layout(reader: &Reader<'_>, path: &Path, tag: Option<&str>) -> Result<Audited, Problem> {
    match inspect(path).map_err(|error| unreadable(&error))? {
        Content::Layout => {}
        Content::Image | Content::Directory => {
            return Err(refused("it is a directory without an index.json"));
        }
        _ => return Err(refused("it is not a directory")),
    }
    let (layout, unlisted) = Layout::open(path);
    let (gathered, resolved) = read(reader, &layout, unlisted_in(&unlisted), tag);
    Ok(assemble(reader, &gathered, &resolved))
}

/// Audits a directory as skopeo writes it: `dir:PATH`.
pub(super) fn directory(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    match inspect(path).map_err(|error| unreadable(&error))? {
        Content::Image => {}
        Content::Layout => return Err(refused("it is an OCI image layout: oci:DIR reads it")),
        Content::Directory if path.join("manifest.json").exists() => {}
        Content::Directory => {
            let detail =
                "it has no manifest.json, so skopeo did not write it; context:DIR reads a build context";
            return Err(refused(detail));
        }
        _ => return Err(refused("it is not a directory")),
    }
    let (directory, unlisted) = Directory::open(path).map_err(|error| unreadable(&error))?;
    let (gathered, resolved) = read(reader, &directory, unlisted_in(&unlisted), None);
    Ok(assemble(reader, &gathered, &resolved))
}

/// Audits a root file system: `rootfs:PATH`.
pub(super) fn rootfs(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    let rootfs = RootFs::open(path, reader.scan.stop).map_err(|error| unreadable(&error))?;
    let (mut gathered, resolved) = read(reader, &rootfs, Gathered::default(), None);
    gathered.problems.extend(rootfs.problems());
    Ok(assemble(reader, &gathered, &resolved))
}

/// Audits an image in a registry: `docker://REF`.
pub(super) fn registry(reader: &Reader<'_>, reference: &Reference) -> Result<Audited, Problem> {
    let Reader { options, scan, .. } = reader;
    let registry =
        Registry::open(reference, &options.access, scan.stop).map_err(|error| unreadable(&error))?;
    let leave_out = |inventory: &Inventory, resolved: &Resolved| unwanted(reader, inventory, resolved);
    // A registry may send anything.
    let reading = Reading { verify_digests: true, ..reading(reader) };
    let wanted = source::Wanted { tag: None, leave_out: &leave_out };
    let (gathered, resolved) = source::read(&registry, Gathered::default(), reading, &wanted);
    Ok(assemble(reader, &gathered, &resolved))
}

/// Audits an image of an engine: `docker-daemon:REF`, `podman:REF`.
pub(super) fn of_engine(
    reader: &Reader<'_>,
    engine: ContainerEngine,
    name: &str,
) -> Result<Audited, Problem> {
    let wanted = match (name, reader.options.listing.all_images) {
        ("", false) => {
            return Err(refused("it names no image; --all-images audits all images of the engine"));
        }
        ("", true) => None,
        (name, false) => Some(name),
        (_, true) => {
            return Err(refused("--all-images is for docker-daemon: and podman: without a name"));
        }
    };
    stream(reader, Some(Path::new(name)), &mut *export(engine, wanted, reader.scan.stop))
}

/// Audits an image of podman's and buildah's store: `containers-storage:REF`.
pub(super) fn of_store(reader: &Reader<'_>, name: &str) -> Result<Audited, Problem> {
    stream(reader, Some(Path::new(name)), &mut *stored(name, reader.scan.stop))
}

/// Returns the problems of the parts of a directory that could not be listed.
fn unlisted_in(unlisted: &[Unlisted]) -> Gathered {
    let mut gathered = Gathered::default();
    gathered.problems.extend(unlisted.iter().map(|unlisted| {
        let name = if unlisted.name.is_empty() { b"." } else { unlisted.name.as_slice() };
        unreadable(&unlisted.error).at(Place::entry(name))
    }));
    gathered
}

/// Audits an archive that can only be read from front to back: a compressed file or a pipe.
pub(super) fn stream_file(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    let mut input = open_input(path, reader.scan.stop).map_err(|error| unreadable(&error))?;
    reader.announce(&input);
    stream(reader, Some(path), &mut *input.bytes)
}

/// Audits an archive on standard input.
pub(super) fn stdin(reader: &Reader<'_>) -> Result<Audited, Problem> {
    let file = io::stdin().as_fd().try_clone_to_owned().map_err(|error| unreadable(&error))?;
    stream(reader, None, &mut *Input::of(file.into(), reader.scan.stop).bytes)
}

/// Audits an archive from front to back. Without a path, the archive is standard input.
fn stream(
    reader: &Reader<'_>,
    path: Option<&Path>,
    input: &mut (dyn Read + Send),
) -> Result<Audited, Problem> {
    let _party = reader.scan.begin_blob();
    let mut input = reader.scan.reader(input);
    let head = head(&mut input).map_err(|error| unreadable(&error))?;
    // The reader above reports progress in stored bytes, because the announced size counts those. The engine must not
    // report it again.
    let scan = Scan { progress: &Silent, ..reader.scan };
    let reading = Reading { scan, ..reading(reader) };
    let compression = Compression::of(&head);
    let leave_out = |inventory: &Inventory, resolved: &Resolved| unwanted(reader, inventory, resolved);
    let (mut gathered, mut resolved) =
        engine::stream::read(&mut head.chain(&mut input), compression, reading, &leave_out);
    let no_archive = (gathered.inventory.len() == 0).then(|| no_archive(path, &head)).flatten();
    if let Some(problem) = no_archive {
        // Tokens in the stream are still reported.
        if gathered.around.is_empty() {
            return Err(problem);
        }
        gathered.problems = vec![problem.at(Place::Archive)];
    }
    keep_cause(&mut gathered, &mut resolved);
    Ok(assemble(reader, &gathered, &resolved))
}

/// Reads a source whose blobs can be read in any order.
fn read(
    reader: &Reader<'_>,
    source: &dyn Source,
    gathered: Gathered,
    tag: Option<&str>,
) -> (Gathered, Resolved) {
    let leave_out = |inventory: &Inventory, resolved: &Resolved| unwanted(reader, inventory, resolved);
    source::read(source, gathered, reading(reader), &source::Wanted { tag, leave_out: &leave_out })
}

fn reading<'a>(reader: &Reader<'a>) -> Reading<'a> {
    Reading {
        verify_digests: reader.options.verify_digests,
        algorithm: Algorithm::default(),
        scan: reader.scan,
        reopen: None,
    }
}

fn unwanted(reader: &Reader<'_>, inventory: &Inventory, resolved: &Resolved) -> BTreeSet<usize> {
    findings::image::unwanted(inventory, resolved, &reader.options.platform, inventory.len())
}

fn assemble(reader: &Reader<'_>, gathered: &Gathered, resolved: &Resolved) -> Audited {
    let now = reader.scan.engine.clock().now();
    findings::image::assemble(reader.target, gathered, resolved, &reader.options.selection(), now)
}

/// The number of bytes that are enough to recognise a Dockerfile.
const HEAD: u64 = 16 * 1024;

/// Reads the first bytes of a stream. An error after at least one byte is dropped here and occurs again on the
/// next read.
fn head(input: &mut dyn Read) -> io::Result<Box<[u8]>> {
    let mut head = Vec::new();
    let outcome = input.take(HEAD).read_to_end(&mut head);
    if head.is_empty() {
        outcome?;
    }
    Ok(head.into())
}

/// Returns the problem of a stream that begins with `head` and is not an archive, with advice on what to do.
/// Returns `None` if it may be a broken archive. A stream without a path is standard input.
fn no_archive(path: Option<&Path>, head: &[u8]) -> Option<Problem> {
    let it = Message::own(if path.is_none() { "standard input" } else { "it" });
    let name = path.map_or(&b"/dev/stdin"[..], |path| path.as_os_str().as_encoded_bytes());
    let error = |detail| Some(Problem::error(Code::Unsupported, Place::Target, detail));
    if head.is_empty() {
        return Some(Problem::error(Code::Truncated, Place::Target, message!("{} is empty", it)));
    }
    if Compression::of(head) != Compression::None || begins_tar(head) || head.iter().all(|&b| b == 0) {
        return None;
    }
    error(if looks_like_dockerfile(head) {
        message!("{} is not an image archive; stowaway scan dockerfile:{} reads a Dockerfile", it, name)
    } else {
        message!(
            "{} is not an image archive; stowaway scan file:{} searches any file, dockerfile:{} reads a Dockerfile",
            it,
            name,
            name
        )
    })
}

/// Drops the problem that there is no image if the archive broke off before it named one. The missing image is
/// only a consequence.
fn keep_cause(gathered: &mut Gathered, resolved: &mut Resolved) {
    if !resolved.names_images && gathered.problems.iter().any(|problem| problem.place == Place::Archive) {
        resolved.problems = std::mem::take(&mut gathered.problems);
    }
}
