//! The option `--dockerfile`: the file that images are aligned with.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::{Failure, args, shown, stream};
use crate::findings::BuiltFrom;
use crate::source::{Content, Target, inspect};
use crate::stop::Stop;

/// Reads the file, if one is given. If no target can be an image, the option has no effect and is refused.
pub(super) fn read(scan: &args::Scan, stop: &Stop) -> Result<Option<Arc<BuiltFrom>>, Failure> {
    let Some(path) = scan.dockerfile.as_deref() else { return Ok(None) };
    let name = shown(path.as_os_str());
    if !scan.targets.iter().any(may_be_image) {
        return Err(Failure::new(format!("--dockerfile {name} needs an image among the targets")));
    }
    let is_stdin = |target: &OsString| matches!(Target::parse(target), Ok(Target::Stdin));
    if path == Path::new("-") && scan.targets.iter().any(is_stdin) {
        return Err(Failure::new("standard input cannot be both the image and its Dockerfile"));
    }
    let dockerfile = Target::Dockerfile(path.to_owned());
    if scan.reports.files().any(|output| stream::overwrites(output, &dockerfile)) {
        return Err(Failure::new(format!("the report would overwrite the Dockerfile {name}")));
    }
    match BuiltFrom::read(path, stop) {
        Ok(file) => Ok(Some(Arc::new(file))),
        Err(error) => Err(Failure::new(format!("--dockerfile {name}: {error}"))),
    }
}

/// Whether a target may be an image. If the target cannot be inspected, the answer is yes, and the audit
/// reports the error.
fn may_be_image(target: &OsString) -> bool {
    match Target::parse(target) {
        Ok(Target::Dockerfile(_) | Target::Context(_) | Target::File(_)) => false,
        Ok(Target::Bare(path)) => {
            inspect(&path).map_or(true, |content| !matches!(content, Content::Directory | Content::Other))
        }
        Ok(
            Target::Stdin
            | Target::Archive(_)
            | Target::Layout(..)
            | Target::Directory(_)
            | Target::RootFs(_)
            | Target::Registry(_)
            | Target::Engine(..)
            | Target::Storage(_),
        )
        | Err(_) => true,
    }
}
