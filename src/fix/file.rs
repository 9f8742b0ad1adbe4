//! Mends one Dockerfile and describes the changes.

use std::path::Path;

use zeroize::Zeroizing;

use super::beside::Beside;
use super::mend::mend_within;
use super::outcome::{Left, Mended, Secret};
use super::taken::taken;
use crate::dockerfile::{looks_like_dockerfile, parse};
use crate::engine::{Engine, Silent, contained};
use crate::finding::{Hide, Issue, Leak, Mending, Place, Problem};
use crate::findings::Sealer;
use crate::mask::{Masked, Secrets, mask, mask_path};
use crate::rules::dockerfile::unknown::literals;
use crate::sensitive::Name;
use crate::source::{open_file, read_up_to};
use crate::stop::Stop;
use crate::text::{Flaw, LineIndex};

/// The maximum size of a file that is mended. Mending takes quadratic time in the worst case.
const MAX_MENDED: u64 = 128 << 10;

/// The reason why a file could not be mended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MendError {
    /// The file could not be read. The text is one sentence with the reason.
    #[error("{0}")]
    Unreadable(Masked),
    /// An internal fault. The text asks for a report.
    #[error("{0}")]
    Fault(Masked),
    /// `BuildKit` would reject the file, or it is too large for a Dockerfile.
    #[error("it is not a Dockerfile that can be built")]
    Rejected(Vec<Issue>),
}

/// Reads and mends the Dockerfile at `path`. Returns the description of the changes and the mended text,
/// which may still hold tokens. Nothing is written.
pub(crate) fn mend_file(engine: &Engine, path: &Path) -> Result<(Mending, Zeroizing<Vec<u8>>), MendError> {
    contained(|| mend_read(engine, path)).unwrap_or_else(|fault| Err(MendError::Fault(fault.detail.seal())))
}

#[cfg(test)]
thread_local! {
    /// Whether mending a file panics, for a test.
    static FAULT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn mend_read(engine: &Engine, path: &Path) -> Result<(Mending, Zeroizing<Vec<u8>>), MendError> {
    #[cfg(test)]
    assert!(!FAULT.get(), "a fault that was put in");
    let read = open_file(path)
        .and_then(|file| read_up_to(file, MAX_MENDED, "it is not a Dockerfile that can be mended"));
    let before = read.map_err(|problem| MendError::Unreadable(problem.detail.seal()))?;
    if before.is_empty() {
        return Err(MendError::Unreadable(Masked::own("it is empty")));
    }
    let name = mask_path(path.as_os_str().as_encoded_bytes());
    let lines = LineIndex::new(&before);
    let dockerfile = parse(&before);
    if !dockerfile.flaws.is_empty() {
        if !looks_like_dockerfile(&before) {
            return Err(MendError::Unreadable(Masked::own("it is not a Dockerfile")));
        }
        let target = mask(path.as_os_str().as_encoded_bytes());
        let sealer = Sealer::new(&target, &[], None);
        let issue = |flaw: &Flaw| {
            let place = Place::Line(lines.position(flaw.span.start).line);
            sealer.issue(&Problem::error(flaw.code, place, flaw.message.clone()))
        };
        let mut issues: Vec<Issue> = dockerfile.flaws.iter().map(issue).collect();
        hide(&mut issues, &literals(&before, &dockerfile));
        return Err(MendError::Rejected(issues));
    }
    let beside = Beside::of(path);
    let Mended { source, secrets, at_start, kinds, found, mut left } =
        mend_within(&before, &|file| beside.script(file));
    let diff = super::diff::Diff::of(&before, &source);
    let after = LineIndex::new(&source);
    let leak = |Left { hit, why }: Left| {
        let line_after = after.position(hit.span.start).line;
        Leak {
            line_before: diff.line_before(line_after),
            line_after,
            rule: hit.rule.id.into(),
            severity: hit.severity,
            message: hit.full_message().seal(),
            why,
            help: hit.help.seal(),
        }
    };
    let mended = found.saturating_sub(left.len());
    let (taken, problems) =
        engine.scan(&Stop::default(), &Silent, |scan| taken(scan, path, &source, &parse(&source)));
    let target = mask(path.as_os_str().as_encoded_bytes());
    let sealer = Sealer::new(&target, &[], None);
    let unread =
        problems.iter().filter(|problem| problem.is_error()).map(|problem| sealer.issue(problem)).collect();
    left.extend(taken.into_iter().map(|hit| Left { hit, why: None }));
    left.sort_by_key(|left| left.hit.span);
    let left = left.into_iter().map(leak).collect();
    let mut mending = Mending {
        path: name,
        hunks: diff.hunks,
        mended,
        secrets: secrets.iter().map(Secret::argument).collect(),
        at_start: at_start.iter().map(|name| mask(name.as_bytes())).collect(),
        kinds,
        left,
        unread,
    };
    let found = [literals(&before, &dockerfile), literals(&source, &parse(&source))].concat();
    hide(&mut mending, &found);
    Ok((mending, source))
}

/// Hides secrets that were found.
fn hide(shown: &mut impl Hide, found: &[Name]) {
    if let Some(mut secrets) = Secrets::new(found.iter().map(|secret| &**secret)) {
        shown.hide(&mut secrets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Clock;

    #[test]
    fn a_panic_while_a_file_is_mended_is_an_error_that_asks_for_a_report() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("Dockerfile");
        std::fs::write(&path, "FROM debian\nRUN hf auth login\n").unwrap();
        let engine = Engine::new(None, None, Clock::None);
        FAULT.set(true);
        let outcome = mend_file(&engine, &path);
        FAULT.set(false);
        let Err(MendError::Fault(text)) = outcome else { panic!("{:?}", outcome.err()) };
        assert!(text.as_str().contains("please report"), "{}", text.as_str());
        assert!(mend_file(&engine, &path).is_ok());
    }

    #[test]
    fn the_halves_of_a_secret_are_not_shown() {
        let token = [["hf", "_ZqumpmhsEJNpjJOQ"].concat(), "GarbFlYmGylvuhfJXq".to_owned()];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("Dockerfile");
        for [first, second] in [[&*token[0], &*token[1]], ["Zq7umpmhsEJNpjJOQGar", "b3FlYmGylvuh4fJXq901"]] {
            for run in [
                "A=H1; B=H2; hf auth login --token $A$B",
                "A=H1 && export HF_TOKEN=${A}H2 && hf auth login",
                "python -c \"from huggingface_hub import login; login('H1' + 'H2')\"",
                "python -c \"from huggingface_hub import login; login('H1' 'H2')\" && hf auth login",
                "hf auth login --token 'H1'\"H2\"; echo H1H2 | hf auth login",
                "echo 'H1''H2' > ~/.cache/huggingface/token && hf auth login",
            ] {
                let run = run.replace("H1", first).replace("H2", second);
                std::fs::write(&path, format!("FROM debian\nRUN {run}\n")).unwrap();
                let (mending, _) = mend_file(&Engine::new(None, None, Clock::None), &path).ok().unwrap();
                let shown: Vec<_> = mending.hunks.iter().flat_map(|hunk| &hunk.lines).collect();
                let shown: String = shown.iter().map(|line| line.text.as_str()).collect();
                for piece in [first, second].concat().as_bytes().windows(6) {
                    let piece = std::str::from_utf8(piece).unwrap();
                    assert!(!shown.contains(piece), "{run}: {shown}");
                }
            }
        }
    }
}
