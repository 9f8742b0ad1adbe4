//! One target, from its name to what is reported of it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::dockerfile::MAX_DOCKERFILE;
use super::{Options, context, file, stream};
use crate::detect::{mask, mask_path};
use crate::engine::Progress;
use crate::engine::blob::Reading;
use crate::engine::budget::Budget;
use crate::engine::gather;
use crate::engine::gather::Gathered;
use crate::engine::memory::Memory;
use crate::engine::{Counted, Silent};
use crate::finding::{self, Finding, Issue, Masked, TargetKind};
use crate::findings;
use crate::findings::Outcome;
use crate::image::{self, Problem, Resolved};
use crate::source::{Content, Layout, Target, inspect, looks_like_reference, read_up_to, unreadable};
use crate::stream::Compression;

/// What one target adds to the report.
pub(crate) struct Audited {
    pub(crate) target: finding::Target,
    pub(crate) findings: Vec<Finding>,
    pub(crate) errors: Vec<Issue>,
    pub(crate) notes: Vec<Issue>,
}

/// What is said of a file that is too large for a Dockerfile.
const NEITHER: &str = "it is neither an image archive nor a Dockerfile";

/// Audits a target as the user spelled it.
pub(crate) fn audit(text: &OsStr, options: &Options, progress: &dyn Progress) -> Audited {
    let target = mask(text.as_encoded_bytes());
    let reader = Reader { target: &target, options, progress };
    let audited = match Target::parse(text) {
        Ok(Target::Stdin) => reader.stream(None, &mut io::stdin()),
        Ok(Target::Archive(path)) => reader.archive(&path),
        Ok(Target::Layout(path, tag)) => reader.layout(&path, tag.as_deref()),
        Ok(Target::Dockerfile(path)) => reader.dockerfile(&path),
        Ok(Target::Context(path)) => reader.context(&path),
        Ok(Target::File(path)) => reader.file(&path),
        Ok(Target::Bare(path)) => reader.bare(&path),
        Err(error) => Err(error.to_string()),
    };
    audited.unwrap_or_else(|message| {
        let error =
            Issue { target: target.clone(), place: Masked::own("target"), message: mask(message.as_bytes()) };
        Audited {
            target: finding::Target { target: target.clone(), kind: None, images: Vec::new() },
            findings: Vec::new(),
            errors: vec![error],
            notes: Vec::new(),
        }
    })
}

struct Reader<'a> {
    target: &'a Masked,
    options: &'a Options,
    progress: &'a dyn Progress,
}

/// The whole target could not be read: one sentence on why.
type Failed = String;

impl Reader<'_> {
    fn bare(&self, path: &Path) -> Result<Audited, Failed> {
        let content = inspect(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if looks_like_reference(path) => {
                "there is no such file; images in a registry (docker://REF) are not supported by this \
                 version, `skopeo copy` makes an archive of one"
                    .to_owned()
            }
            _ => unreadable(&error),
        })?;
        match content {
            Content::Layout => self.layout(path, None),
            Content::Archive => self.archive(path),
            Content::Stream => self.stream_file(path),
            Content::Empty => Err("it is empty".to_owned()),
            Content::Directory => self.context(path),
            Content::Other => {
                let bytes = read_up_to(path, MAX_DOCKERFILE, NEITHER)?;
                if crate::dockerfile::looks_like_dockerfile(&bytes) {
                    return Ok(self.dockerfile_bytes(path, &bytes));
                }
                Err("it is neither an image archive nor a Dockerfile; file:PATH searches any file as it is"
                    .to_owned())
            }
        }
    }

    fn archive(&self, path: &Path) -> Result<Audited, Failed> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Archive => {}
            Content::Stream => return self.stream_file(path),
            Content::Empty => return Err("it is empty".to_owned()),
            Content::Layout | Content::Directory => {
                return Err("it is a directory, not an archive".to_owned());
            }
            Content::Other => return Err("it is not an image archive: it is no tar file".to_owned()),
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

    fn layout(&self, path: &Path, tag: Option<&str>) -> Result<Audited, Failed> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Layout => {}
            Content::Directory => return Err("it is a directory without an index.json".to_owned()),
            _ => return Err("it is not a directory".to_owned()),
        }
        let budget = Budget::default();
        let (layout, unlisted) = Layout::open(path);
        let mut gathered = Gathered::default();
        gathered.problems.extend(unlisted.iter().map(|unlisted| {
            let name = String::from_utf8_lossy(&unlisted.name);
            Problem::new(if name.is_empty() { "." } else { &name }, unreadable(&unlisted.error))
        }));
        let mut memory = self.memory();
        let (gathered, resolved) =
            gather::source(&layout, gathered, self.reading(&budget), &mut memory, |inventory| {
                self.resolve(inventory, tag)
            });
        memory.save();
        Ok(self.image(&gathered, &resolved))
    }

    fn stream_file(&self, path: &Path) -> Result<Audited, Failed> {
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
    fn stream(&self, path: Option<&Path>, input: &mut (dyn Read + Send)) -> Result<Audited, Failed> {
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
        if let Some(message) = no_archive {
            // Tokens in it are reported all the same.
            if gathered.around.is_empty() {
                return Err(message);
            }
            gathered.problems = vec![Problem::new("archive", message)];
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
        let unwanted = findings::unwanted(inventory, &resolved, &self.options.platform, inventory.len());
        (resolved, unwanted)
    }

    fn memory(&self) -> Memory<'_> {
        Memory::of(self.options.cache.as_deref())
    }

    fn reading<'b>(&'b self, budget: &'b Budget) -> Reading<'b> {
        Reading { verify_digests: self.options.verify_digests, budget, progress: self.progress, reopen: None }
    }

    fn image(&self, gathered: &Gathered, resolved: &Resolved) -> Audited {
        let Outcome { images, findings, errors, notes } =
            findings::assemble(self.target, gathered, resolved, &self.options.selection());
        Audited { target: self.summary(TargetKind::Image, images), findings, errors, notes }
    }

    fn dockerfile(&self, path: &Path) -> Result<Audited, Failed> {
        Ok(self.dockerfile_bytes(path, &read_up_to(path, MAX_DOCKERFILE, NEITHER)?))
    }

    fn dockerfile_bytes(&self, path: &Path, bytes: &[u8]) -> Audited {
        let name = mask_path(path.as_os_str().as_encoded_bytes());
        let super::dockerfile::Audited { findings, errors, notes } =
            super::dockerfile::audit(self.target, &name, bytes);
        Audited { target: self.summary(TargetKind::Dockerfile, Vec::new()), findings, errors, notes }
    }

    fn context(&self, path: &Path) -> Result<Audited, Failed> {
        match inspect(path).map_err(|error| unreadable(&error))? {
            Content::Layout | Content::Directory => {}
            _ => return Err("it is not a directory".to_owned()),
        }
        let file::Audited { findings, errors, notes } = context::audit(self.target, path, self.progress);
        Ok(Audited { target: self.summary(TargetKind::Context, Vec::new()), findings, errors, notes })
    }

    fn file(&self, path: &Path) -> Result<Audited, Failed> {
        let mut input = File::open(path).map_err(|error| unreadable(&error))?;
        if input.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err("it is a directory".to_owned());
        }
        self.announce(&input);
        let file::Audited { findings, errors, notes } =
            file::audit(self.target, path, &mut input, self.progress);
        Ok(Audited { target: self.summary(TargetKind::File, Vec::new()), findings, errors, notes })
    }

    fn summary(&self, kind: TargetKind, images: Vec<finding::ImageSummary>) -> finding::Target {
        finding::Target { target: self.target.clone(), kind: Some(kind), images }
    }
}
