//! A build context or source tree: tokens in its files, its Dockerfiles and CI files, and the files that the
//! Dockerfiles would copy.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use super::dockerfile::{BuildFiles, MAX_DOCKERFILE};
use super::reader::{Reader, refused};
use super::{ci, dockerfile};
use crate::ci::may_be_known as may_be_ci_file;
use crate::dockerfile::{Dockerfile, Dockerignore, looks_like_dockerfile, parse};
use crate::engine::budget::Budget;
use crate::engine::tree::{Searched, search, search_names};
use crate::engine::{Scan, contained, member};
use crate::fault::Code;
use crate::finding::{Place, Problem, Severity, TargetKind};
use crate::findings::{
    Anchor, Audited, Draft, Drafts, FileSite, Sealer, Site, dockerfile_draft, occurrence_drafts,
};
use crate::mask::message;
use crate::rules::context::TOKEN_IN_FILE;
use crate::rules::dockerfile::{ContextCopies, ContextToken};
use crate::sensitive::Name;
use crate::sensitive::Sensitive;
use crate::source::{BuildContext, Content, inspect, read_script, unreadable};
use crate::text::LineIndex;
use crate::verdict::Problems;

/// A Dockerfile, and the context in which it is built.
struct Built<'a> {
    path: &'a Name,
    /// The directory of the context, with a trailing slash.
    directory: &'a [u8],
    bytes: &'a [u8],
    parsed: &'a Dockerfile,
    ignores: &'a Dockerignore,
}

/// Audits a directory: `context:PATH`.
pub(super) fn read(reader: &Reader<'_>, root: &Path) -> Result<Audited, Problem> {
    match inspect(root).map_err(|error| unreadable(&error))? {
        Content::Layout | Content::Image | Content::Directory => {}
        _ => return Err(refused("it is not a directory")),
    }
    let scan = reader.scan;
    let (context, unlisted) = BuildContext::open(root);
    for file in context.files() {
        scan.progress.add_total(file.size);
    }
    let mut audit = Audit {
        searched: search(scan, &context, root, &(0..context.files().len()).collect()),
        drafts: Vec::new(),
        has_dockerfile: false,
        leaked: BTreeSet::new(),
        outcomes: BTreeMap::new(),
        problems: unlisted,
        secrets: Vec::new(),
        context: &context,
    };
    for searched in audit.searched.values_mut() {
        if !scan.budget.keep(&mut searched.occurrences) {
            searched.problem.get_or_insert_with(Budget::overflow);
        }
    }
    audit.dockerfiles();
    audit.ci_files(scan);
    audit.names(scan);
    Ok(audit.finish(&reader.sealer))
}

struct Audit<'a> {
    context: &'a BuildContext,
    /// The search result of each file in which something was found.
    searched: BTreeMap<usize, Searched>,
    drafts: Vec<Draft>,
    has_dockerfile: bool,
    /// Occurrences that a Dockerfile copies into an image: the number of the file, and the number of the
    /// occurrence in it.
    leaked: BTreeSet<(usize, usize)>,
    /// Files with tokens in the build context of a Dockerfile. The value is whether all such Dockerfiles leave
    /// the file out.
    outcomes: BTreeMap<usize, bool>,
    problems: Vec<Problem>,
    /// Texts of unknown shape in Dockerfiles and CI files.
    secrets: Vec<Name>,
}

impl Audit<'_> {
    fn path(&self, number: usize) -> Name {
        self.context.files().get(number).map(|file| file.path.as_slice()).unwrap_or_default().into()
    }

    /// Searches the names of entries that are no files, and the targets of links.
    fn names(&mut self, scan: Scan<'_>) {
        for entry in self.context.others() {
            let mut found = search_names(&entry.path, entry.target.as_deref());
            let path: Name = entry.path.as_slice().into();
            if !scan.budget.keep(&mut found) {
                self.problems.push(Budget::overflow().at(Place::entry(&path)));
            }
            self.drafts.extend(occurrence_drafts(&path, &path, found, TOKEN_IN_FILE.severity));
        }
    }

    /// Audits all Dockerfiles.
    fn dockerfiles(&mut self) {
        for number in 0..self.context.files().len() {
            let Some(may_be_other) = dockerfile_name(&self.path(number)) else { continue };
            // The search already reports a file that cannot be read.
            let Some(bytes) = self.read(number) else { continue };
            if may_be_other && !looks_like_dockerfile(&bytes) {
                continue;
            }
            self.has_dockerfile = true;
            if let Err(problem) = contained(|| self.dockerfile(number, &bytes)) {
                self.problems.push(problem.at(Place::entry(&self.path(number))));
            }
        }
        if !self.has_dockerfile
            && let Some(ignores) = self.dockerignore(b".dockerignore")
        {
            let files: Vec<usize> = self.searched.keys().copied().collect();
            for file in files {
                let is_out = ignores.excluded_by(&self.path(file)).is_some();
                self.outcomes.insert(file, is_out);
            }
        }
    }

    fn read(&self, number: usize) -> Option<Sensitive> {
        read_file(self.context, number)
    }

    /// Audits all CI files.
    fn ci_files(&mut self, scan: Scan<'_>) {
        let context = self.context;
        let files = context.files().iter().enumerate();
        let known: Vec<_> = files.filter(|(_, file)| may_be_ci_file(&file.path)).collect();
        let audited = scan.map(known.len(), |n| {
            let (number, file) = known.get(n)?;
            let bytes = read_file(context, *number)?;
            let path: Name = file.path.as_slice().into();
            let audit = || ci::audit(&path, &path, &path, &bytes);
            contained(audit).unwrap_or_else(|problem| {
                Some(Drafts { problems: vec![problem.at(Place::entry(&file.path))], ..Drafts::default() })
            })
        });
        for Drafts { drafts, problems, secrets } in audited.into_iter().flatten() {
            self.drafts.extend(drafts);
            self.secrets.extend(secrets);
            self.problems.extend(problems);
        }
    }

    fn dockerfile(&mut self, number: usize, bytes: &[u8]) {
        let path = self.path(number);
        let parsed = parse(bytes);
        let copies = ContextCopies::of(bytes, &parsed);
        let directory = self.context_of(&path, &copies);
        let name = path.strip_prefix(directory.as_slice()).unwrap_or(&path);
        let ignores = self.ignores(&path, directory.as_slice());
        let Drafts { drafts, problems, secrets } = {
            let read = |file: &[u8]| {
                if ignores.excluded_by(file).is_some() {
                    return None;
                }
                let number = self.context.find(&[directory.as_slice(), file].concat())?;
                read_script(self.context.open_file(number).ok()?)
            };
            let context = BuildFiles { shown: &directory, read: &read };
            dockerfile::audit(&path, Anchor::dockerfile(name), bytes, &context)
        };
        self.problems.extend(problems.into_iter().map(|problem| match problem.place {
            Place::Line(line) => problem.at(Place::FileLine((&*path).into(), line)),
            _ => problem,
        }));
        self.secrets.extend(secrets);
        // The rules about Dockerfiles report the tokens in the text of this file.
        let known: BTreeSet<_> = drafts.iter().filter_map(|draft| draft.token.clone()).collect();
        if let Some(searched) = self.searched.get_mut(&number) {
            searched.occurrences.retain(|occurrence| !known.contains(&occurrence.token));
        }
        self.drafts.extend(drafts);
        let built = Built { path: &path, directory: &directory, bytes, parsed: &parsed, ignores: &ignores };
        self.leaks(&built, &copies);
    }

    /// Finds the tokens that a build of the Dockerfile would copy into the image.
    fn leaks(&mut self, built: &Built<'_>, copies: &ContextCopies<'_>) {
        let Built { path, directory, bytes, parsed, ignores } = *built;
        let mut tokens = Vec::new();
        let mut sites = Vec::new();
        for (&file, searched) in &self.searched {
            let Some(path) = self.path(file).strip_prefix(directory).map(<[u8]>::to_vec) else {
                continue;
            };
            let is_out = ignores.excluded_by(&path).is_some();
            *self.outcomes.entry(file).or_insert(true) &= is_out;
            if is_out {
                continue;
            }
            for (nth, occurrence) in searched.occurrences.iter().enumerate() {
                let (token, confidence) = (occurrence.token.clone(), occurrence.confidence);
                let member = member(occurrence, || self.context.open_file(file));
                tokens.push(ContextToken { path: path.clone(), member, token, confidence });
                sites.push((file, nth));
            }
        }
        let lines = LineIndex::new(bytes);
        let name = path.strip_prefix(directory).unwrap_or(path);
        for leak in copies.leaks(&tokens) {
            let Some(&(file, nth)) = sites.get(leak.token) else { continue };
            let copied = tokens.get(leak.token).map(|token| token.path.as_slice()).unwrap_or_default();
            let anchor = Anchor::copied(name, copied);
            let mut draft = dockerfile_draft(path, directory, anchor, parsed, &lines, leak.hit);
            let occurrence = self.searched.get(&file).and_then(|searched| searched.occurrences.get(nth));
            let related = occurrence.map(|found| Site::File(FileSite::of(&self.path(file), found)));
            draft.related.extend(related);
            self.drafts.push(draft);
            self.leaked.insert((file, nth));
        }
    }

    /// Returns the build context directory of a Dockerfile, with a trailing slash. It is the Dockerfile's own
    /// directory, or the root if only the root contains what the Dockerfile copies.
    fn context_of(&self, path: &[u8], copies: &ContextCopies<'_>) -> Vec<u8> {
        let own = memchr::memrchr(b'/', path).and_then(|at| path.get(..=at)).unwrap_or_default();
        let holds = |directory: &[u8]| {
            // The files are sorted by path, so all that begin alike are consecutive.
            let files = self.context.files();
            copies.patterns().all(|source| {
                let start = [directory, source.literal()].concat();
                let first = files.partition_point(|file| file.path < start);
                let alike = files.iter().skip(first).take_while(|file| file.path.starts_with(&start));
                alike.filter_map(|file| file.path.strip_prefix(directory)).any(|path| source.takes(path))
            })
        };
        if own.is_empty() || holds(own) || !holds(b"") { own.to_vec() } else { Vec::new() }
    }

    /// Returns what builds of a Dockerfile leave out of its context.
    fn ignores(&mut self, dockerfile: &[u8], directory: &[u8]) -> Dockerignore {
        let own = [dockerfile, b".dockerignore"].concat();
        let common = [directory, b".dockerignore"].concat();
        self.dockerignore(&own).or_else(|| self.dockerignore(&common)).unwrap_or_default()
    }

    fn dockerignore(&mut self, path: &[u8]) -> Option<Dockerignore> {
        let bytes = self.read(self.context.find(path)?)?;
        match Dockerignore::parse(&bytes) {
            Ok(ignores) => Some(ignores),
            Err(error) => {
                let detail = message!("{}; docker build refuses the file", error.to_string());
                let problem = Problem::error(Code::Corrupt, Place::entry(path), detail);
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
                None
            }
        }
    }

    fn finish(mut self, sealer: &Sealer<'_>) -> Audited {
        let kept_by_git = if self.outcomes.values().any(|&is_out| is_out) {
            self.context.kept_by_git()
        } else {
            BTreeSet::new()
        };
        let mut in_files = Problems::default();
        for (number, searched) in std::mem::take(&mut self.searched) {
            let path = self.path(number);
            self.problems.extend(searched.problem.map(|problem| problem.at(Place::entry(&path))));
            in_files.add(&path, searched.problems);
            let left = searched.occurrences.into_iter().enumerate();
            let left = left.filter(|(nth, _)| !self.leaked.contains(&(number, *nth)));
            // Neither git nor Docker takes the file anywhere.
            let is_out = self.outcomes.get(&number) == Some(&true) && !kept_by_git.contains(&path[..]);
            let severity = if is_out { Severity::Low } else { TOKEN_IN_FILE.severity };
            let left = left.map(|(_, occurrence)| occurrence).collect();
            self.drafts.extend(occurrence_drafts(&path, &path, left, severity));
        }
        let mut problems = self.problems;
        problems.extend(in_files.at(&Place::Here));
        Audited {
            kind: Some(TargetKind::Context),
            findings: self.drafts.iter().map(|draft| sealer.finding(draft)).collect(),
            problems,
            secrets: self.secrets,
            ..Audited::default()
        }
    }
}

fn read_file(context: &BuildContext, number: usize) -> Option<Sensitive> {
    Sensitive::read(context.open_file(number).ok()?.take(MAX_DOCKERFILE)).ok()
}

/// Returns `None` if the file name is not one of a Dockerfile. Otherwise, returns whether other kinds of file
/// also use such a name.
fn dockerfile_name(path: &[u8]) -> Option<bool> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_ascii_lowercase();
    ["dockerfile", "containerfile"].iter().find_map(|word| {
        let word = word.as_bytes();
        let rest = name.strip_prefix(word);
        let behind = name.strip_suffix(word).is_some_and(|rest| rest.ends_with(b"."));
        if rest == Some(b"") || behind {
            Some(false)
        } else {
            rest.filter(|rest| rest.starts_with(b".")).map(|_| true)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dockerfiles() {
        for (path, expected) in [
            ("Dockerfile", Some(false)),
            ("a/dockerfile", Some(false)),
            ("Containerfile", Some(false)),
            ("gpu.Dockerfile", Some(false)),
            ("a/b.containerfile", Some(false)),
            ("Dockerfile.dev", Some(true)),
            ("Containerfile.in", Some(true)),
            ("Dockerfile.dockerignore", Some(true)),
            ("MyDockerfile", None),
            ("Dockerfiles/x", None),
            ("a.py", None),
        ] {
            assert_eq!(dockerfile_name(path.as_bytes()), expected, "{path}");
        }
    }
}
