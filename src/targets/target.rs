//! One target, from its name to what is reported of it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::dockerfile::MAX_DOCKERFILE;
use super::{Options, context, dockerfile, file, stream};
use crate::engine::Progress;
use crate::engine::blob::Reading;
use crate::engine::budget::Budget;
use crate::engine::gather::{self, Gathered};
use crate::engine::memory::Memory;
use crate::engine::{Counted, Silent};
use crate::fault::Code;
use crate::finding::{Place, Problem, TargetKind};
use crate::findings::{self, Anchor, Audited, Drafts, Sealer};
use crate::image::{self, Resolved};
use crate::mask::{Masked, Message};
use crate::sensitive::Name;
use crate::source::{
    Content, Layout, Target, inspect, looks_like_reference, path_bytes, read_up_to, unreadable,
};
use crate::stream::Compression;

/// What is said of a file that is too large for a Dockerfile.
const NEITHER: &str = "it is neither an image archive nor a Dockerfile";

/// Audits a target as the user spelled it.
pub(crate) fn audit(target: &Masked, text: &OsStr, options: &Options, progress: &dyn Progress) -> Audited {
    let sealer = Sealer::new(target, &[], options.now);
    let reader = Reader { target, sealer, options, progress };
    let audited = match Target::parse(text) {
        Ok(Target::Stdin) => reader.stream(None, &mut io::stdin()),
        Ok(Target::Archive(path)) => reader.archive(&path),
        Ok(Target::Layout(path, tag)) => reader.layout(&path, tag.as_deref()),
        Ok(Target::Dockerfile(path)) => reader.dockerfile(&path),
        Ok(Target::Context(path)) => reader.context(&path),
        Ok(Target::File(path)) => reader.file(&path),
        Ok(Target::Bare(path)) => reader.bare(&path),
        Err(error) => Err(refused(Message::foreign(error.to_string()))),
    };
    audited.unwrap_or_else(|problem| Audited { problems: vec![problem], ..Audited::default() })
}

/// The problem that something is no target of the kind that is asked for.
fn refused(detail: Message) -> Problem {
    Problem::error(Code::Unsupported, Place::Target, detail)
}

fn empty() -> Problem {
    Problem::error(Code::Truncated, Place::Target, Message::own("it is empty"))
}

struct Reader<'a> {
    target: &'a Masked,
    /// Seals what is found in targets other than images.
    sealer: Sealer<'a>,
    options: &'a Options,
    progress: &'a dyn Progress,
}

impl Reader<'_> {
    fn bare(&self, path: &Path) -> Result<Audited, Problem> {
        let content = inspect(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if looks_like_reference(path) => {
                let detail = Message::own(
                    "there is no such file; images in a registry (docker://REF) are not supported by this \
                     version, `skopeo copy` makes an archive of one",
                );
                Problem::error(Code::Missing, Place::Target, detail)
            }
            _ => unreadable(&error),
        })?;
        match content {
            Content::Layout => self.layout(path, None),
            Content::Archive => self.archive(path),
            Content::Stream => self.stream_file(path),
            Content::Empty => Err(empty()),
            Content::Directory => self.context(path),
            Content::Other => {
                let bytes = read_up_to(path, MAX_DOCKERFILE, NEITHER)?;
                if crate::dockerfile::looks_like_dockerfile(&bytes) {
                    return Ok(self.dockerfile_bytes(path, &bytes));
                }
                Err(refused(Message::own(
                    "it is neither an image archive nor a Dockerfile; file:PATH searches any file as it is",
                )))
            }
        }
    }

    fn archive(&self, path: &Path) -> Result<Audited, Problem> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Archive => {}
            Content::Stream => return self.stream_file(path),
            Content::Empty => return Err(empty()),
            Content::Layout | Content::Directory => {
                return Err(refused(Message::own("it is a directory, not an archive")));
            }
            Content::Other => {
                return Err(refused(Message::own("it is not an image archive: it is no tar file")));
            }
        }
        let budget = Budget::default();
        let mut memory = self.memory();
        let (archive, gathered) = gather::open_archive(path).map_err(|error| unreadable(&error))?;
        let (mut gathered, mut resolved) =
            gather::source(&archive, gathered, self.reading(&budget), &mut memory, |inventory| {
                self.resolve(inventory, None)
            });
        memory.save();
        stream::keep_cause(&mut gathered, &mut resolved);
        Ok(self.image(&gathered, &resolved))
    }

    fn layout(&self, path: &Path, tag: Option<&str>) -> Result<Audited, Problem> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Layout => {}
            Content::Directory => {
                return Err(refused(Message::own("it is a directory without an index.json")));
            }
            _ => return Err(refused(Message::own("it is not a directory"))),
        }
        let budget = Budget::default();
        let (layout, unlisted) = Layout::open(path);
        let mut gathered = Gathered::default();
        gathered.problems.extend(unlisted.iter().map(|unlisted| {
            let name = if unlisted.name.is_empty() { b"." } else { unlisted.name.as_slice() };
            unreadable(&unlisted.error).at(Place::entry(name))
        }));
        let mut memory = self.memory();
        let (gathered, resolved) =
            gather::source(&layout, gathered, self.reading(&budget), &mut memory, |inventory| {
                self.resolve(inventory, tag)
            });
        memory.save();
        Ok(self.image(&gathered, &resolved))
    }

    fn stream_file(&self, path: &Path) -> Result<Audited, Problem> {
        let mut file = File::open(path).map_err(|error| unreadable(&error))?;
        self.announce(&file);
        self.stream(Some(path), &mut file)
    }

    /// Says how much there is to read, where that is known.
    fn announce(&self, file: &File) {
        if let Some(metadata) = file.metadata().ok().filter(std::fs::Metadata::is_file) {
            self.progress.add_total(metadata.len());
        }
    }

    /// Reads an archive from front to end; without a path it is standard input.
    fn stream(&self, path: Option<&Path>, input: &mut (dyn Read + Send)) -> Result<Audited, Problem> {
        let mut input = Counted { input, progress: self.progress };
        let head = stream::head(&mut input).map_err(|error| unreadable(&error))?;
        let budget = Budget::default();
        // Told by the bytes of the stream as it is stored, since those are what its size counts.
        let reading = Reading { progress: &Silent, ..self.reading(&budget) };
        let memory = self.memory();
        let compression = Compression::of(&head);
        let mut gathered = gather::stream(&mut head.chain(&mut input), compression, reading, &memory);
        memory.save();
        let no_archive = gathered.names.is_empty().then(|| stream::no_archive(path, &head)).flatten();
        if let Some(problem) = no_archive {
            // Tokens in it are reported all the same.
            if gathered.around.is_empty() {
                return Err(problem);
            }
            gathered.problems = vec![problem.at(Place::Archive)];
        }
        let (mut resolved, unwanted) = self.resolve(&gathered.inventory, None);
        gathered.leave_out(&unwanted);
        stream::keep_cause(&mut gathered, &mut resolved);
        Ok(self.image(&gathered, &resolved))
    }

    fn resolve(
        &self,
        inventory: &image::Inventory,
        tag: Option<&str>,
    ) -> (Resolved, std::collections::BTreeSet<usize>) {
        let resolved = image::resolve(inventory, tag);
        let unwanted =
            findings::image::unwanted(inventory, &resolved, &self.options.platform, inventory.len());
        (resolved, unwanted)
    }

    fn memory(&self) -> Memory<'_> {
        Memory::of(self.options.cache.as_deref())
    }

    fn reading<'b>(&'b self, budget: &'b Budget) -> Reading<'b> {
        Reading { verify_digests: self.options.verify_digests, budget, progress: self.progress, reopen: None }
    }

    fn image(&self, gathered: &Gathered, resolved: &Resolved) -> Audited {
        let selection = self.options.selection();
        findings::image::assemble(self.target, gathered, resolved, &selection, self.options.now)
    }

    fn dockerfile(&self, path: &Path) -> Result<Audited, Problem> {
        Ok(self.dockerfile_bytes(path, &read_up_to(path, MAX_DOCKERFILE, NEITHER)?))
    }

    fn dockerfile_bytes(&self, path: &Path, bytes: &[u8]) -> Audited {
        let shown: Name = path_bytes(path).into();
        // The build context is the file's directory.
        let name = path.file_name().map_or(&*shown, OsStr::as_encoded_bytes);
        let Drafts { drafts, problems } = dockerfile::audit(&shown, Anchor::dockerfile(name), bytes);
        let findings = drafts.iter().map(|draft| self.sealer.finding(draft)).collect();
        Audited { kind: Some(TargetKind::Dockerfile), findings, problems, ..Audited::default() }
    }

    fn context(&self, path: &Path) -> Result<Audited, Problem> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Layout | Content::Directory => {}
            _ => return Err(refused(Message::own("it is not a directory"))),
        }
        Ok(context::audit(&self.sealer, path, self.progress))
    }

    fn file(&self, path: &Path) -> Result<Audited, Problem> {
        let mut input = File::open(path).map_err(|error| unreadable(&error))?;
        if input.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(refused(Message::own("it is a directory")));
        }
        self.announce(&input);
        Ok(file::audit(&self.sealer, path, &mut input, self.progress))
    }
}
