//! A single target, from its name to its findings and problems.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::path::Path;

use super::dockerfile::MAX_DOCKERFILE;
use super::reader::{Reader, empty};
use super::{Options, context, dockerfile, file, image};
use crate::engine::{Engine, Progress, Scan, contained};
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::findings::{Audited, Sealer};
use crate::mask::{Masked, Message, message};
use crate::source::{
    Content, Reference, Target, inspect, is_named_archive, looks_like_reference, open_file, read_up_to,
    unreadable,
};
use crate::stop::Stop;

/// The input shared by all targets of a run.
pub(super) struct Audit<'a> {
    pub(super) engine: &'a Engine,
    pub(super) options: &'a Options,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a dyn Progress,
}

impl Audit<'_> {
    /// Audits a target as the user spelled it. Any failure becomes a problem of that target.
    pub(super) fn target(&self, name: &Masked, text: &OsStr) -> Audited {
        self.engine.scan(self.stop, self.progress, |scan| {
            let now = self.engine.clock().now();
            let sealer = Sealer::new(name, &[], now);
            let reader = Reader { target: name, sealer, options: self.options, scan };
            if let Some(problem) = scan.cut_short() {
                // The run ended before this target.
                return Audited { problems: vec![problem.at(Place::Target)], ..Audited::default() };
            }
            let audited = contained(|| read(&reader, text)).and_then(|audited| audited);
            let audited =
                audited.unwrap_or_else(|problem| Audited { problems: vec![problem], ..Audited::default() });
            cut_short(scan, audited)
        })
    }
}

/// Reports a scan that had to end early as one problem of the target, however many parts were not read.
fn cut_short(scan: Scan<'_>, mut audited: Audited) -> Audited {
    if let Some(problem) = scan.cut_short() {
        audited.problems.retain(|other| other.code != problem.code);
        let detail = message!("{}; what was found by then is reported", problem.detail);
        audited.problems.push(Problem { place: Place::Target, detail, ..problem });
    }
    audited
}

fn read(reader: &Reader<'_>, text: &OsStr) -> Result<Audited, Problem> {
    match Target::parse(text) {
        Ok(Target::Stdin) => image::stdin(reader),
        Ok(Target::Archive(path)) => image::archive(reader, &path),
        Ok(Target::Layout(path, tag)) => image::layout(reader, &path, tag.as_deref()),
        Ok(Target::Dockerfile(path)) => dockerfile::read(reader, &path),
        Ok(Target::Registry(reference)) => image::registry(reader, &reference),
        Ok(Target::Engine(engine, name)) => image::of_engine(reader, engine, &name),
        Ok(Target::Storage(name)) => image::of_store(reader, &name),
        Ok(Target::Directory(path)) => image::directory(reader, &path),
        Ok(Target::RootFs(path)) => image::rootfs(reader, &path),
        Ok(Target::Context(path)) => context::read(reader, &path),
        Ok(Target::File(path)) => file::read(reader, &path),
        Ok(Target::Bare(path)) => bare(reader, &path),
        Err(error) => {
            Err(Problem::error(Code::Unsupported, Place::Target, Message::foreign(error.to_string())))
        }
    }
}

fn bare(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    let content = match inspect(path) {
        Ok(content) => content,
        Err(error) => {
            let is_missing = error.kind() == io::ErrorKind::NotFound;
            let reference = path.to_str().filter(|_| is_missing && looks_like_reference(path));
            let Some(reference) = reference.and_then(|text| Reference::parse(text).ok()) else {
                return Err(unreadable(&error));
            };
            return image::registry(reader, &reference).map_err(|problem| Problem {
                detail: message!("there is no such file, and as an image: {}", problem.detail),
                ..problem
            });
        }
    };
    match content {
        Content::Layout => image::layout(reader, path, None),
        Content::Archive => image::archive(reader, path),
        Content::Stream => image::stream_file(reader, path),
        Content::Empty => Err(empty()),
        Content::Image => image::directory(reader, path),
        Content::Directory => context::read(reader, path),
        Content::Other => {
            let bytes = read_up_to(open_file(path)?.take(MAX_DOCKERFILE), MAX_DOCKERFILE, "")?;
            if crate::dockerfile::looks_like_dockerfile(&bytes) {
                // One that is larger is refused, and not read as any text.
                let is_whole = (bytes.len() as u64) < MAX_DOCKERFILE;
                return if is_whole {
                    Ok(dockerfile::read_bytes(reader, path, &bytes))
                } else {
                    dockerfile::read(reader, path)
                };
            }
            // A damaged archive must not pass as a text without tokens.
            if is_named_archive(path) {
                let detail = Message::own("its name is that of an archive, but its content is not one");
                return Err(Problem::error(Code::Corrupt, Place::Target, detail));
            }
            file::read(reader, path)
        }
    }
}
