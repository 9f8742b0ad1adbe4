//! What an audit can be told.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::findings::BuiltFrom;
use crate::findings::Selection;
use crate::image::PlatformFilter;
use crate::timestamp::Timestamp;
use crate::verdict::store::Cache;

/// How to audit.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which platforms.
    pub platform: PlatformFilter,
    /// Whether plain layers of local archives are hashed, and uncompressed layers checked against the
    /// config's `diff_ids`. Compressed blobs always are checked against their digests.
    pub verify_digests: bool,
    /// Threads; as many as there are cores where it is not said.
    pub jobs: Option<NonZeroUsize>,
    /// The present. Where it is not said, no token is said to have expired or not.
    pub now: Option<Timestamp>,
    /// The Dockerfile that the images are said to be built from: what is found in them is traced to its lines.
    pub dockerfile: Option<Arc<BuiltFrom>>,
    /// Where what was found in layers is kept for the next audit: a cache of version [`detector`](super::detector).
    pub cache: Option<Arc<Cache>>,
}

impl Options {
    /// What of a target is asked for.
    pub(crate) fn selection(&self) -> Selection {
        Selection { platform: self.platform.clone(), dockerfile: self.dockerfile.clone() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            platform: PlatformFilter::All,
            verify_digests: false,
            jobs: None,
            now: None,
            dockerfile: None,
            cache: None,
        }
    }
}
