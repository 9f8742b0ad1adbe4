//! The command `stowaway fix`.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Failure, args, complain, output::Output, shown, use_color};
use crate::engine::Engine;
use crate::fix::{MendError, mend_file};
use crate::policy::{FailOn, Outcome};
use crate::report::{self, Style};
use crate::timestamp::Clock;

/// Shows the fixes for the leaks of a Dockerfile as a diff, or writes the fixed file.
pub(super) fn fix(asked: &args::Fix) -> Result<Outcome, Failure> {
    super::interrupt::watch();
    let file = shown(asked.dockerfile.as_os_str());
    let failed = |reason: &dyn std::fmt::Display| Failure::new(format!("cannot mend {file}: {reason}"));
    if asked.dockerfile == Path::new("-") {
        return Err(Failure::new("fix does not read standard input: give it the path of a Dockerfile"));
    }
    let (mending, mended) = mend_file(&Engine::new(None, None, Clock::None), &asked.dockerfile).map_err(
        |error| match &error {
            MendError::Unreadable(_) | MendError::Fault(_) => failed(&error),
            MendError::Rejected(issues) => {
                for issue in issues {
                    complain(&report::issue_line(issue));
                }
                failed(&error)
            }
        },
    )?;
    let is_changed = !mending.hunks.is_empty();
    if asked.write && is_changed {
        write(&asked.dockerfile, &mended)
            .map_err(|error| Failure::new(format!("cannot write {file}: {error}")))?;
    }
    let style = Style { color: use_color(asked.color.when, true), ..Style::default() };
    let written = Output::Stdout.write(|out| report::mended::render(&mending, asked.write, style, out));
    written.map_err(|error| Failure::new(format!("cannot write: {error}")))?;
    for issue in &mending.unread {
        complain(&report::issue_line(issue));
    }
    let is_leaking = mending.left.iter().any(|leak| FailOn::default().reached_by(leak.severity));
    Ok(match (is_leaking, mending.unread.is_empty()) {
        (true, _) => Outcome::Failed,
        (false, false) => Outcome::Incomplete,
        (false, true) => Outcome::Passed,
    })
}

/// Replaces the file with the fixed text, completely or not at all.
fn write(path: &Path, mended: &[u8]) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    if metadata.nlink() > 1 {
        return Err(std::io::Error::other("it has other hard links, which would keep the old content"));
    }
    Output::open(Some(path))?.write(|out| out.write_all(mended))
}
