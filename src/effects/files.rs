//! The files that scripts of a build can run: of the build context, of here-documents, and written by an earlier
//! `RUN`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::pattern::covers;
use crate::detect::Position;
use crate::dockerfile::{
    Base, Copy, Destination, Dockerfile, Keyword, Mount, MountKind, Scopes, find_from, normal,
};
use crate::sensitive::Sensitive;
use crate::text::{LineIndex, Span, Text};

/// Reads a file of the build context by its path. Returns `None` if there is no such file.
pub(crate) type ReadFile<'a> = &'a dyn Fn(&[u8]) -> Option<Sensitive>;

/// Reads nothing: the build context is not known.
pub(crate) const NO_FILES: ReadFile<'static> = &|_| None;

/// The maximum number of bytes of all scripts of a build, each counted whenever it runs.
const MAX_BYTES: usize = 4 << 20;
/// The maximum number of times that a file is looked for, and of instructions that are asked for it.
const MAX_LOOKUPS: usize = 4096;
const MAX_PLACINGS: usize = 512;
/// The maximum number of files that scripts write and that are remembered.
const MAX_MADE: usize = 512;
/// The maximum number of stages and copies that are gone through for one file.
const MAX_HOPS: usize = 16;

/// An instruction that puts files into a stage.
enum Placing<'a> {
    Context(Copy<'a>),
    Documents(Vec<(String, &'a Text)>),
    Stage { from: usize, sources: Vec<String>, to: Destination },
}

/// A file that a `RUN` writes, and of which the text is known.
enum Made {
    Text(Text),
    /// A copy of another file.
    Copied(String),
}

/// All files that are known of a build.
pub(crate) struct Files<'a> {
    read: ReadFile<'a>,
    dockerfile: &'a Dockerfile,
    /// The instructions that put files there, each with its index and its stage.
    placings: Vec<(usize, usize, Placing<'a>)>,
    made: RefCell<BTreeMap<(usize, String), Made>>,
    lookups: Cell<usize>,
    bytes: Cell<usize>,
    contents: RefCell<BTreeMap<Vec<u8>, Option<Rc<Sensitive>>>>,
}

/// A file of the image with known text.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) source: TextSource,
    pub(crate) text: Text,
}

/// The place from which the text of a file is known.
#[derive(Clone)]
pub(crate) enum TextSource {
    /// In the Dockerfile itself.
    Here,
    /// In a file of the build context.
    Context { path: Rc<[u8]>, content: Rc<Sensitive> },
}

/// A place in a script that a `RUN` runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScriptPlace {
    /// In the Dockerfile itself.
    Here(Span),
    /// In a file of the build context.
    File { path: Rc<[u8]>, content: Rc<Sensitive>, offset: usize },
}

impl ScriptPlace {
    /// Returns the line and column, in a file that `here` is if it is the Dockerfile itself.
    pub(crate) fn position(&self, here: &LineIndex<'_>) -> Position {
        match self {
            Self::Here(span) => here.position(span.start),
            Self::File { content, offset, .. } => LineIndex::new(content).position(*offset),
        }
    }
}

impl TextSource {
    /// Returns the place of a part of the script.
    pub(super) fn place(&self, span: Span) -> ScriptPlace {
        match self {
            Self::Here => ScriptPlace::Here(span),
            Self::Context { path, content } => {
                ScriptPlace::File { path: Rc::clone(path), content: Rc::clone(content), offset: span.start }
            }
        }
    }
}

/// The source of a `COPY` that brings a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BroughtBy {
    /// The index of the instruction.
    pub(crate) instruction: usize,
    /// The word of the source.
    pub(crate) span: Span,
    /// The path of the file in the build context.
    pub(crate) from: String,
}

impl<'a> Files<'a> {
    pub(crate) fn new(dockerfile: &'a Dockerfile, scopes: &Scopes, read: ReadFile<'a>) -> Self {
        let mut placings = Vec::new();
        for (number, instruction) in dockerfile.instructions.iter().enumerate() {
            let Some(stage) = instruction.stage else { continue };
            let scope = scopes.at(number);
            let acts = instruction.effective();
            if !matches!(acts.keyword, Keyword::Copy | Keyword::Add) {
                continue;
            }
            let Some((to, sources)) = Destination::of(acts, scope) else { continue };
            let to = to.in_unknown_directory(acts, scope);
            if let Some(from) = acts.flag("from").and_then(|flag| flag.value.as_ref()) {
                let from = find_from(&dockerfile.stages, scope.expand(from).as_str(), stage);
                let sources = sources.iter().map(|word| normal(scope.expand(word).as_str())).collect();
                placings.extend(from.map(|from| (number, stage, Placing::Stage { from, sources, to })));
                continue;
            }
            let documents: Vec<_> = acts
                .heredocs
                .iter()
                .filter_map(|heredoc| Some((to.file(&heredoc.name.to_str())?, &heredoc.body)))
                .collect();
            if !documents.is_empty() {
                placings.push((number, stage, Placing::Documents(documents)));
            }
            let copy = Copy::read(acts, scope).map(|copy| Copy { to, ..copy });
            placings.extend(copy.map(|copy| (number, stage, Placing::Context(copy))));
        }
        Self {
            read,
            dockerfile,
            placings,
            made: RefCell::default(),
            lookups: Cell::new(MAX_LOOKUPS),
            bytes: Cell::new(MAX_BYTES),
            contents: RefCell::default(),
        }
    }

    /// Returns the content of a file of the context.
    fn content(&self, path: &[u8]) -> Option<Rc<Sensitive>> {
        if let Some(known) = self.contents.borrow().get(path) {
            return known.clone();
        }
        let content = (self.read)(path).map(Rc::new);
        self.contents.borrow_mut().insert(path.to_vec(), content.clone());
        content
    }

    fn in_context(&self, path: &[u8]) -> Option<Found> {
        let content = self.content(path)?;
        let text = Text::from_source(&content, Span::new(0, content.len()));
        Some(Found { source: TextSource::Context { path: path.into(), content }, text })
    }

    /// Calls `visit` with each instruction that may put a file at `path` in a stage, the last one first. `visit` gets
    /// the path in the stage of the instruction, and ends the walk by returning something.
    fn walk<T>(
        &self,
        stage: usize,
        before: usize,
        path: &str,
        visit: &mut dyn FnMut(usize, &Placing<'a>, &str) -> Option<T>,
    ) -> Option<T> {
        let (mut stage, mut before, mut path) = (stage, before, path.to_owned());
        'stages: for _ in 0..MAX_HOPS {
            let end = self.placings.partition_point(|(number, ..)| *number < before);
            let placings = self.placings.get(..end).unwrap_or_default().iter().rev();
            let own = placings.filter(|(_, at, _)| *at == stage).take(MAX_PLACINGS);
            for (number, _, placing) in own {
                if let Placing::Stage { from, sources, to } = placing {
                    if let Some(source) = source_of(sources, to, &path) {
                        (stage, before, path) = (*from, usize::MAX, source);
                        continue 'stages;
                    }
                } else if let Some(found) = visit(*number, placing, &path) {
                    return Some(found);
                }
            }
            match self.dockerfile.stages.get(stage).map(|stage| &stage.base) {
                Some(&Base::Stage(base)) if base < stage => (stage, before) = (base, usize::MAX),
                _ => return None,
            }
        }
        None
    }
}

/// Returns the path in another stage of the file that is copied to `path`.
fn source_of(sources: &[String], to: &Destination, path: &str) -> Option<String> {
    sources.iter().find_map(|source| {
        let name = source.rsplit('/').next().unwrap_or_default();
        if to.file(name).as_deref() == Some(path) {
            return Some(source.clone());
        }
        let rest = to.rest_of(path)?;
        Some(if source.is_empty() { rest.to_owned() } else { format!("{source}/{rest}") })
    })
}

impl std::fmt::Debug for RunFiles<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunFiles")
            .field("stage", &self.stage)
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

/// The files as a `RUN` sees them.
#[derive(Clone, Copy)]
pub(crate) struct RunFiles<'a> {
    pub(crate) files: &'a Files<'a>,
    pub(crate) stage: usize,
    /// The index of the `RUN`.
    pub(crate) before: usize,
    /// The working directory, as far as it is known.
    pub(crate) directory: &'a str,
    pub(crate) mounts: &'a [Mount],
}

impl RunFiles<'_> {
    /// Returns the file at a normal path, if its text is known.
    pub(super) fn at(&self, path: &str) -> Option<Found> {
        let lookups = self.files.lookups.get().checked_sub(1)?;
        self.files.lookups.set(lookups);
        self.look(path, MAX_HOPS)
    }

    fn look(&self, path: &str, hops: usize) -> Option<Found> {
        let hops = hops.checked_sub(1)?;
        if let Some(found) = self.mounted(path) {
            return Some(found);
        }
        let made = self.files.made.borrow();
        let mut stage = Some(self.stage);
        while let Some(number) = stage {
            match made.get(&(number, path.to_owned())) {
                Some(Made::Text(text)) => {
                    return Some(Found { source: TextSource::Here, text: text.clone() });
                }
                Some(Made::Copied(from)) => {
                    let from = from.clone();
                    drop(made);
                    return self.look(&from, hops);
                }
                None => {}
            }
            stage = match self.files.dockerfile.stages.get(number).map(|stage| &stage.base) {
                Some(&Base::Stage(base)) if base < number => Some(base),
                _ => None,
            };
        }
        drop(made);
        self.files.walk(self.stage, self.before, path, &mut |_, placing, path| match placing {
            Placing::Context(copy) => {
                copy.candidates(path).into_iter().find_map(|(_, from)| self.files.in_context(&from))
            }
            Placing::Documents(documents) => documents
                .iter()
                .find(|(at, _)| at == path)
                .map(|(_, body)| Found { source: TextSource::Here, text: (*body).clone() }),
            Placing::Stage { .. } => None,
        })
    }

    /// Returns a file of a bind mount.
    fn mounted(&self, path: &str) -> Option<Found> {
        self.files.in_context(self.in_mount(path)?.as_bytes())
    }

    /// Returns the path in the build context of a path in a bind mount.
    pub(super) fn in_mount(&self, path: &str) -> Option<String> {
        let binds = self.mounts.iter().filter(|mount| mount.kind == MountKind::Bind && mount.from.is_none());
        binds.into_iter().find_map(|mount| {
            let target = mount.target.as_deref()?;
            let target = if target.starts_with('/') {
                normal(target)
            } else {
                normal(&format!("{}/{target}", self.directory))
            };
            let is_below = target.is_empty() || covers(&target, path);
            let rest = path.strip_prefix(target.as_str()).filter(|_| is_below)?.trim_start_matches('/');
            let source = normal(mount.source.as_deref().unwrap_or_default());
            let parts = [source.as_str(), rest];
            Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
        })
    }

    /// Takes the cost of running a script from the budget. Returns false if it is used up.
    pub(super) fn pay(&self, script: &Text) -> bool {
        let left = self.files.bytes.get().checked_sub(script.len().max(1024));
        self.files.bytes.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Remembers the text of a file that the `RUN` writes.
    pub(super) fn write(&self, path: String, text: Text) {
        self.make(path, Made::Text(text));
    }

    /// Remembers that the `RUN` copies or moves a file.
    pub(super) fn copy(&self, from: String, to: String) {
        self.make(to, Made::Copied(from));
    }

    fn make(&self, path: String, made: Made) {
        let mut all = self.files.made.borrow_mut();
        if all.len() < MAX_MADE {
            all.insert((self.stage, path), made);
        }
    }
}

impl Files<'_> {
    /// Returns the source of the `COPY` or `ADD` that brings the file at a path from the context, as a `RUN` sees it.
    pub(crate) fn brought_by(&self, stage: usize, before: usize, path: &str) -> Option<BroughtBy> {
        let lookups = self.lookups.get().checked_sub(1)?;
        self.lookups.set(lookups);
        self.walk(stage, before, path, &mut |instruction, placing, path| {
            let Placing::Context(copy) = placing else { return None };
            let candidates = copy.candidates(path);
            let exists = |(_, from): &&(usize, Vec<u8>)| self.content(from).is_some();
            // The file may not be in the repository. It is the one that is written then, if one is.
            let is_written = |(source, from): &&(usize, Vec<u8>)| {
                copy.sources.get(*source).is_some_and(|source| source.written == *from)
            };
            let find = candidates.iter().find(exists).or_else(|| candidates.iter().find(is_written));
            let (source, from) = find.or_else(|| candidates.first())?;
            let from = String::from_utf8_lossy(from).into_owned();
            Some(BroughtBy { instruction, span: copy.sources.get(*source)?.span, from })
        })
    }
}
