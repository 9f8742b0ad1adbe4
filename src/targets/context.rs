//! A build context or source tree: tokens in its files, its Dockerfiles, and what these would copy of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::Path;

use rayon::prelude::*;

use super::dockerfile::MAX_DOCKERFILE;
use super::file::{self, Audited};
use super::{ci, dockerfile};
use crate::ci::is_known as is_ci_file;
use crate::detect::{mask, mask_path};
use crate::dockerfile::{Dockerfile, Dockerignore, looks_like_dockerfile, parse};
use crate::engine::Progress;
use crate::engine::budget::Budget;
use crate::engine::tree::{Searched, search};
use crate::finding::{Finding, Issue, Location, Masked, Severity};
use crate::rules::context::TOKEN_IN_FILE;
use crate::rules::dockerfile::{ContextToken, copies_from, leaks};
use crate::source::BuildContext;
use crate::text::LineIndex;
use crate::verdict::Troubles;

/// Audits a directory.
pub(crate) fn audit(target: &Masked, root: &Path, progress: &dyn Progress) -> Audited {
    let (context, unlisted) = BuildContext::open(root);
    for file in context.files() {
        progress.add_total(file.size);
    }
    let budget = Budget::default();
    let mut audit = Audit {
        target,
        searched: search(&context, root, &(0..context.files().len()).collect(), progress),
        findings: BTreeMap::new(),
        in_ci: BTreeMap::new(),
        leaked: BTreeSet::new(),
        outcomes: BTreeMap::new(),
        errors: Vec::new(),
        notes: Vec::new(),
        context: &context,
    };
    audit.errors.extend(unlisted.into_iter().map(|message| (String::new(), message)));
    let numbers: Vec<usize> = audit.searched.keys().copied().collect();
    for number in numbers {
        let Some(searched) = audit.searched.get_mut(&number) else { continue };
        if !budget.keep(&mut searched.occurrences) {
            searched.problem.get_or_insert_with(Budget::overflow);
        }
    }
    audit.dockerfiles();
    audit.ci_files();
    audit.finish()
}

struct Audit<'a> {
    target: &'a Masked,
    context: &'a BuildContext,
    /// What was found in each file in which there is anything to tell of.
    searched: BTreeMap<usize, Searched>,
    /// The findings at each Dockerfile.
    findings: BTreeMap<usize, Vec<Finding>>,
    /// The findings at each CI file.
    in_ci: BTreeMap<usize, Vec<Finding>>,
    /// Occurrences that a Dockerfile takes into an image, by file and place among the file's.
    leaked: BTreeSet<(usize, usize)>,
    /// Files with tokens that lie in the context of a Dockerfile: whether all of these leave them out.
    outcomes: BTreeMap<usize, bool>,
    /// Places and messages.
    errors: Vec<(String, String)>,
    notes: Vec<(String, String)>,
}

impl Audit<'_> {
    fn path(&self, number: usize) -> &[u8] {
        self.context.files().get(number).map(|file| file.path.as_slice()).unwrap_or_default()
    }

    /// Reads all Dockerfiles.
    fn dockerfiles(&mut self) {
        for number in 0..self.context.files().len() {
            let Some(may_be_other) = dockerfile_name(self.path(number)) else { continue };
            // What could not be read of it is told with the other files.
            let Some(bytes) = self.read(number) else { continue };
            if may_be_other && !looks_like_dockerfile(&bytes) {
                continue;
            }
            self.dockerfile(number, &bytes);
        }
        let has_dockerfile = !self.findings.is_empty();
        if !has_dockerfile && let Some(ignores) = self.dockerignore(b".dockerignore") {
            for &file in self.searched.keys() {
                let is_out = ignores.excluded_by(self.path(file)).is_some();
                self.outcomes.insert(file, is_out);
            }
        }
    }

    fn read(&self, number: usize) -> Option<Vec<u8>> {
        read(self.context, number)
    }

    /// Reads all CI files.
    fn ci_files(&mut self) {
        let (context, target) = (self.context, self.target);
        let files = context.files().par_iter().enumerate();
        let known = files.filter(|(_, file)| is_ci_file(&file.path));
        let audited: Vec<_> = known
            .filter_map(|(number, file)| {
                // What could not be read of it is told with the other files.
                Some((number, ci::audit(target, &file.path, &read(context, number)?)?))
            })
            .collect();
        for (number, ci::Audited { findings, errors, notes }) in audited {
            self.errors.extend(errors);
            self.notes.extend(notes);
            if !findings.is_empty() {
                self.in_ci.insert(number, findings);
            }
        }
    }

    fn dockerfile(&mut self, number: usize, bytes: &[u8]) {
        let name = mask_path(self.path(number));
        let dockerfile::Audited { mut findings, errors, notes } =
            dockerfile::audit(self.target, &name, bytes);
        let told = |issue: &Issue| {
            (format!("{}: {}", name.as_str(), issue.place), issue.message.as_str().to_owned())
        };
        self.errors.extend(errors.iter().map(told));
        self.notes.extend(notes.iter().map(told));
        // A token in its text is told by the rules about Dockerfiles.
        let told: BTreeSet<_> = findings.iter().filter_map(|finding| finding.token.clone()).collect();
        if let Some(searched) = self.searched.get_mut(&number) {
            searched.occurrences.retain(|occurrence| !told.contains(&occurrence.token));
        }
        let parsed = parse(bytes);
        let leaked = self.leaks(number, bytes, &parsed);
        findings.extend(leaked);
        findings.sort_by_key(|finding| match finding.location {
            Location::Dockerfile { line, column, .. } => (line, column, finding.rule),
            _ => (0, 0, finding.rule),
        });
        self.findings.insert(number, findings);
    }

    /// What the Dockerfile would copy.
    fn leaks(&mut self, number: usize, bytes: &[u8], parsed: &Dockerfile) -> Vec<Finding> {
        let path = self.path(number).to_vec();
        let directory = self.context_of(&path, bytes, parsed);
        let own = [&path[..], b".dockerignore"].concat();
        let common = [&directory[..], b".dockerignore"].concat();
        let ignores = self.dockerignore(&own).or_else(|| self.dockerignore(&common)).unwrap_or_default();
        let mut tokens = Vec::new();
        let mut sites = Vec::new();
        for (&file, searched) in &self.searched {
            let Some(path) = self.path(file).strip_prefix(&directory[..]).map(<[u8]>::to_vec) else {
                continue;
            };
            let is_out = ignores.excluded_by(&path).is_some();
            *self.outcomes.entry(file).or_insert(true) &= is_out;
            if is_out {
                continue;
            }
            for (nth, occurrence) in searched.occurrences.iter().enumerate() {
                let (token, confidence) = (occurrence.token.clone(), occurrence.confidence);
                tokens.push(ContextToken { path: path.clone(), token, confidence });
                sites.push((file, nth));
            }
        }
        let lines = LineIndex::new(bytes);
        let mut equals: HashMap<_, usize> = HashMap::new();
        let mut findings = Vec::new();
        for leak in leaks(bytes, parsed, &tokens) {
            let Some(&(file, nth)) = sites.get(leak.token) else { continue };
            let hash = leak.hit.token.as_ref().and_then(|token| token.sha256);
            let ordinal = equals.entry((hash, leak.hit.subject.clone())).or_default();
            let name = mask_path(&path);
            let mut finding =
                dockerfile::finding(self.target, &name, parsed, &lines, leak.hit, hash, *ordinal);
            *ordinal += 1;
            let occurrence = self.searched.get(&file).and_then(|searched| searched.occurrences.get(nth));
            let related =
                occurrence.map(|occurrence| file::location(&mask_path(self.path(file)), occurrence));
            finding.related.extend(related);
            findings.push(finding);
            self.leaked.insert((file, nth));
        }
        findings
    }

    /// The directory that a Dockerfile is built with, with a slash at its end: its own, or the root where only
    /// there lies what it copies.
    fn context_of(&self, path: &[u8], bytes: &[u8], parsed: &Dockerfile) -> Vec<u8> {
        let own = memchr::memrchr(b'/', path).and_then(|at| path.get(..=at)).unwrap_or_default();
        let sources = copies_from(bytes, parsed);
        let holds = |directory: &[u8]| {
            // In order of path, all files of a directory stand together.
            let files = self.context.files();
            let first = files.partition_point(|file| file.path.as_slice() < directory);
            let inside = || files.iter().skip(first).map_while(|file| file.path.strip_prefix(directory));
            sources.iter().all(|source| inside().any(|path| source.takes(path)))
        };
        if own.is_empty() || holds(own) || !holds(b"") { own.to_vec() } else { Vec::new() }
    }

    fn dockerignore(&mut self, path: &[u8]) -> Option<Dockerignore> {
        let bytes = self.read(self.context.find(path)?)?;
        match Dockerignore::parse(&bytes) {
            Ok(ignores) => Some(ignores),
            Err(error) => {
                let place = mask_path(path).as_str().to_owned();
                let problem = (place, format!("{error}; docker build refuses the file"));
                if !self.errors.contains(&problem) {
                    self.errors.push(problem);
                }
                None
            }
        }
    }

    fn finish(mut self) -> Audited {
        let kept_by_git = if self.outcomes.values().any(|&is_out| is_out) {
            self.context.kept_by_git()
        } else {
            BTreeSet::new()
        };
        let mut findings = Vec::new();
        let mut troubles = Troubles::default();
        let numbers = self.searched.keys().chain(self.findings.keys()).chain(self.in_ci.keys());
        let numbers: BTreeSet<usize> = numbers.copied().collect();
        for number in numbers {
            let path = self.path(number).to_vec();
            findings.extend(self.findings.remove(&number).unwrap_or_default());
            let mut in_ci = self.in_ci.remove(&number).unwrap_or_default();
            let Some(searched) = self.searched.remove(&number) else {
                findings.append(&mut in_ci);
                continue;
            };
            let name = mask_path(&path);
            if let Some(problem) = searched.problem {
                self.errors.push((name.as_str().to_owned(), problem));
            }
            troubles.add(&path, searched.troubles);
            let left = searched.occurrences.into_iter().enumerate();
            let left = left.filter(|(nth, _)| !self.leaked.contains(&(number, *nth)));
            // Neither git nor Docker takes it anywhere.
            let is_out = self.outcomes.get(&number) == Some(&true) && !kept_by_git.contains(&path);
            let severity = if is_out { Severity::Low } else { TOKEN_IN_FILE.severity };
            let left = left.map(|(_, occurrence)| occurrence).collect();
            let mut in_file = file::findings(self.target, &name, left, severity);
            if !in_ci.is_empty() {
                in_file.append(&mut in_ci);
                in_file.sort_by_key(|finding| (ci::place(finding), finding.rule));
            }
            findings.extend(in_file);
        }
        let issue = |place: &str, message: &str| Issue {
            target: self.target.clone(),
            place: mask(place.as_bytes()),
            message: mask(message.as_bytes()),
        };
        let issues = |told: &[(String, String)]| -> Vec<Issue> {
            told.iter().map(|(place, message)| issue(place, message)).collect()
        };
        let mut errors = issues(&self.errors);
        errors.extend(troubles.errors().map(|message| issue("", &message)));
        let mut notes = issues(&self.notes);
        notes.extend(troubles.notes().map(|message| issue("", &message)));
        Audited { findings, errors, notes }
    }
}

fn read(context: &BuildContext, number: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = context.open_file(number).ok()?;
    file.take(MAX_DOCKERFILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a file is named as Dockerfiles are; then, whether other files are named so too.
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
