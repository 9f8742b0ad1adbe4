//! The files with tokens that a build of the Dockerfile copies from its context.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::detect::{Confidence, TokenSummary};
use crate::dockerfile::{Dockerfile, Dockerignore};
use crate::engine::tree::search;
use crate::engine::{Scan, member};
use crate::finding::{Place, Problem};
use crate::rules::dockerfile::{ContextCopies, ContextToken, Hit};
use crate::source::BuildContext;

/// Returns the hits for these files, for a build in the directory of the Dockerfile, and the problems of files that
/// could not be read. Only copied files are read.
pub(super) fn taken(
    scan: Scan<'_>,
    path: &Path,
    source: &[u8],
    dockerfile: &Dockerfile,
) -> (Vec<Hit>, Vec<Problem>) {
    let copies = ContextCopies::of(source, dockerfile);
    if copies.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let root = path.parent().filter(|root| !root.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = path.file_name().unwrap_or_default().as_encoded_bytes();
    let named = [own, b".dockerignore"].concat();
    let (files, mut problems) = BuildContext::open(root);
    let ignores = ignores(&files, &named).or_else(|| ignores(&files, b".dockerignore")).unwrap_or_default();
    let token = |path: &[u8]| ContextToken {
        path: path.to_vec(),
        member: None,
        token: TokenSummary::unknown(),
        confidence: Confidence::High,
    };
    // Tokens in the Dockerfile itself are mended or reported elsewhere.
    let candidates = files.files().iter().enumerate().filter(|(_, file)| file.path != own);
    let candidates = candidates.filter(|(_, file)| ignores.excluded_by(&file.path).is_none());
    let (numbers, all): (Vec<_>, Vec<_>) =
        candidates.map(|(number, file)| (number, token(&file.path))).unzip();
    let wanted = copies.leaks(&all);
    let wanted = wanted.iter().filter_map(|leak| numbers.get(leak.token).copied()).collect();
    let mut tokens = Vec::new();
    for (number, searched) in search(scan, &files, root, &wanted) {
        let Some(file) = files.files().get(number) else { continue };
        problems.extend(searched.problem.map(|problem| problem.at(Place::entry(&file.path))));
        if let Some(first) = searched.occurrences.first() {
            let (token, confidence) = (first.token.clone(), first.confidence);
            let member = member(first, || files.open_file(number));
            tokens.push(ContextToken { path: file.path.clone(), member, token, confidence });
        }
    }
    let mut hits: Vec<Hit> = copies.leaks(&tokens).into_iter().map(|leak| leak.hit).collect();
    hits.sort_by_key(|hit| hit.span);
    (hits, problems)
}

/// The maximum number of bytes of a `.dockerignore` file that are read.
const MAX_IGNORES: u64 = 16 * 1024 * 1024;

fn ignores(context: &BuildContext, path: &[u8]) -> Option<Dockerignore> {
    let file: File = context.open_file(context.find(path)?).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_IGNORES).read_to_end(&mut bytes).ok()?;
    Dockerignore::parse(&bytes).ok()
}
