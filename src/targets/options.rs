//! What an audit can be told.

use std::sync::Arc;

use crate::findings::BuiltFrom;
use crate::findings::Selection;
use crate::image::PlatformFilter;

/// How to audit.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Which platforms.
    pub platform: PlatformFilter,
    /// Whether plain layers of local archives are hashed, and uncompressed layers checked against the
    /// config's `diff_ids`. Compressed blobs always are checked against their digests.
    pub verify_digests: bool,
    /// The Dockerfile that the images are said to be built from: what is found in them is traced to its lines.
    pub dockerfile: Option<Arc<BuiltFrom>>,
}

impl Options {
    /// What of a target is asked for.
    pub(crate) fn selection(&self) -> Selection {
        Selection { platform: self.platform.clone(), dockerfile: self.dockerfile.clone() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { platform: PlatformFilter::All, verify_digests: false, dockerfile: None }
    }
}
