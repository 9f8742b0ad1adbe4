//! The options of an audit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::listing::Listing;
use crate::finding::TokenHash;
use crate::findings::BuiltFrom;
use crate::findings::Selection;
use crate::image::PlatformFilter;
use crate::source::Access;

/// The options of an audit.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The platforms to audit.
    pub platform: PlatformFilter,
    /// Whether to hash plain layers of local archives, and to check uncompressed layers against the `diff_ids`
    /// of the config. Compressed blobs are always checked against their digests.
    pub verify_digests: bool,
    /// The way to registries.
    pub access: Access,
    /// The images that registry targets stand for.
    pub listing: Listing,
    /// The only tokens whose findings are reported.
    pub tokens: Option<BTreeSet<TokenHash>>,
    /// The Dockerfile that the images were built from. Findings in the images are traced to its lines.
    pub dockerfile: Option<Arc<BuiltFrom>>,
}

impl Options {
    /// Returns the options that concern images.
    pub(crate) fn selection(&self) -> Selection {
        Selection { platform: self.platform.clone(), dockerfile: self.dockerfile.clone() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            platform: PlatformFilter::All,
            verify_digests: false,
            access: Access::default(),
            listing: Listing::default(),
            tokens: None,
            dockerfile: None,
        }
    }
}
