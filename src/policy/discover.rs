//! Finds the policy file of a target: `stowaway.toml` in its directory or in one above it.
//!
//! A file of somebody else must not decide what is reported. So a file counts if it belongs to the user, as with git's
//! `safe.directory`, and if it is in no other repository than the one in which the user works.

use std::fs;
use std::path::{Path, PathBuf};

/// The name of the policy file.
pub(crate) const NAME: &str = "stowaway.toml";

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Discovery {
    /// There is no file.
    None,
    /// The file.
    Found(PathBuf),
    /// A file that does not count, and why.
    Foreign(PathBuf, &'static str),
}

/// Looks for the policy file of a target in `directory` and above. `current` is the directory in which the user works.
pub(crate) fn discover(directory: &Path, current: &Path) -> Discovery {
    // A path that cannot be resolved is the target's problem.
    let (Ok(start), Ok(current)) = (directory.canonicalize(), current.canonicalize()) else {
        return Discovery::None;
    };
    let Some(found) = start.ancestors().find(|above| above.join(NAME).is_file()) else {
        return Discovery::None;
    };
    let file = found.join(NAME);
    if !current.starts_with(found) && is_in_other_repository(found, &current) {
        return Discovery::Foreign(file, "it is in another repository");
    }
    if !is_own(&file) {
        return Discovery::Foreign(file, "it belongs to another user");
    }
    // The path that the user knows.
    let shown = match file.strip_prefix(&current) {
        Ok(relative) => relative.to_owned(),
        Err(_) => file,
    };
    Discovery::Found(shown)
}

/// Returns true if a directory is in a git repository that does not hold the current directory.
fn is_in_other_repository(directory: &Path, current: &Path) -> bool {
    let root = directory.ancestors().find(|above| above.join(".git").exists());
    root.is_some_and(|root| !current.starts_with(root))
}

/// Returns true if the file belongs to the user of this process, or to the one that called `sudo`.
#[cfg(unix)]
fn is_own(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(owner) = fs::metadata(file).map(|metadata| metadata.uid()) else { return false };
    // A new file belongs to the user of the process. There is no safe call that names the user.
    let user = tempfile::tempfile().and_then(|file| file.metadata()).map(|metadata| metadata.uid());
    let is_root = user.as_ref().is_ok_and(|user| *user == 0);
    let caller = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse::<u32>().ok());
    user.is_ok_and(|user| user == owner) || owner == 0 || (is_root && caller == Some(owner))
}

#[cfg(not(unix))]
fn is_own(file: &Path) -> bool {
    fs::metadata(file).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_of_the_own_repository_counts() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for path in ["own/.git", "own/app/src", "own/vendor/other/.git", "own/vendor/other/app", "plain/app"]
        {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        let own = root.join("own");
        let write = |path: &str| fs::write(root.join(path).join(NAME), "").unwrap();
        let found = |path: &str, current: &Path| discover(&root.join(path), current);
        assert_eq!(found("own/app/src", &own), Discovery::None);
        write("own");
        assert_eq!(found("own/app/src", &own), Discovery::Found(NAME.into()));
        assert_eq!(found("own/app", &own.join("app/src")), Discovery::Found(own.join(NAME)));
        write("own/app");
        assert_eq!(found("own/app/src", &own), Discovery::Found("app/stowaway.toml".into()));
        assert_eq!(found("own/vendor/other/app", &own), Discovery::Found(NAME.into()));
        write("own/vendor/other");
        let other = own.join("vendor/other").join(NAME);
        assert_eq!(
            found("own/vendor/other/app", &own),
            Discovery::Foreign(other, "it is in another repository")
        );
        assert_eq!(found("own/vendor/other/app", &own.join("vendor/other")), Discovery::Found(NAME.into()));
        write("plain");
        assert_eq!(found("plain/app", &own), Discovery::Found(root.join("plain").join(NAME)));
        assert_eq!(found("nowhere", &own), Discovery::None);
    }
}
