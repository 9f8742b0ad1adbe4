//! Mends one Dockerfile, and says what changes.

use std::path::Path;

use zeroize::Zeroizing;

use super::mend::{Left, Mended, Secret, mend};
use crate::detect;
use crate::dockerfile::{looks_like_dockerfile, parse};
use crate::finding::{Issue, Leak, Masked, Mending};
use crate::source::read_up_to;
use crate::text::LineIndex;

/// How large a file is mended: what is done takes quadratic time in the worst case.
const MAX_MENDED: u64 = 128 << 10;

/// Why a file could not be mended.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// It could not be read; one sentence on why.
    #[error("{0}")]
    Unreadable(String),
    /// `BuildKit` would reject it, or it is too large to be read as a Dockerfile.
    #[error("it is no Dockerfile that can be built")]
    Rejected(Vec<Issue>),
}

/// Reads and mends the Dockerfile at `path`: what there is to say, and the mended text, which may hold tokens still. Nothing
/// is written.
pub fn mend_file(path: &Path) -> Result<(Mending, Zeroizing<Vec<u8>>), MendError> {
    let read = read_up_to(path, MAX_MENDED, "it is no Dockerfile that can be mended");
    let before = Zeroizing::new(read.map_err(MendError::Unreadable)?);
    if before.is_empty() {
        return Err(MendError::Unreadable("it is empty".to_owned()));
    }
    let name = detect::mask_path(path.as_os_str().as_encoded_bytes());
    let lines = LineIndex::new(&before);
    let dockerfile = parse(&before);
    if !dockerfile.problems.is_empty() {
        if !looks_like_dockerfile(&before) {
            return Err(MendError::Unreadable("it is no Dockerfile".to_owned()));
        }
        let issue = |problem: &crate::dockerfile::Problem| Issue {
            target: detect::mask(path.as_os_str().as_encoded_bytes()),
            place: Masked::own(format!("line {}", lines.position(problem.span.start).line)),
            message: problem.message.clone(),
        };
        return Err(MendError::Rejected(dockerfile.problems.iter().map(issue).collect()));
    }
    let Mended { source, secrets, at_start, kinds, found, mut left } = mend(&before);
    let diff = super::diff::Diff::of(&before, &source);
    let after = LineIndex::new(&source);
    let leak = |Left { hit, why }: Left| {
        let line_after = after.position(hit.span.start).line;
        Leak {
            line_before: diff.line_before(line_after),
            line_after,
            rule: hit.rule.id,
            severity: hit.severity,
            message: hit.message,
            why,
            help: hit.help,
        }
    };
    let mended = found.saturating_sub(left.len());
    let taken = super::taken::taken(path, &source, &parse(&source));
    left.extend(taken.into_iter().map(|hit| Left { hit, why: None }));
    left.sort_by_key(|left| left.hit.span);
    let left = left.into_iter().map(leak).collect();
    let mending = Mending {
        path: name,
        hunks: diff.hunks,
        mended,
        secrets: secrets.iter().map(Secret::argument).collect(),
        at_start: at_start.iter().map(|name| detect::mask(name.as_bytes())).collect(),
        kinds,
        left,
    };
    Ok((mending, source))
}
