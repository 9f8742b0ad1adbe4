//! Globs of policy files.

use globset::{GlobBuilder, GlobMatcher};

/// A glob with `*`, `**`, `?`, `[…]` and `{…}`.
#[derive(Debug, Clone)]
pub(super) struct Pattern(GlobMatcher);

impl Pattern {
    /// Compiles a glob for names in which `*` matches `/` as well: rules, images.
    pub(super) fn of_name(glob: &str) -> Result<Self, globset::Error> {
        Ok(Self(
            GlobBuilder::new(glob).literal_separator(false).backslash_escape(true).build()?.compile_matcher(),
        ))
    }

    /// Compiles a glob for paths, as in `.gitignore`: without a `/` it matches the name of a file at any depth, with one
    /// it matches from the root.
    pub(super) fn of_path(glob: &str) -> Result<Self, globset::Error> {
        let anchored = glob.strip_prefix("./").or_else(|| glob.strip_prefix('/'));
        let glob = match anchored {
            Some(rest) => rest.to_owned(),
            None if glob.contains('/') => glob.to_owned(),
            None => format!("**/{glob}"),
        };
        Ok(Self(
            GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build()?.compile_matcher(),
        ))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}
