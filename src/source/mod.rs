//! Where bytes come from. A source gives blobs by what refers to them, and lists those that it knows by itself; what
//! they mean is not its business.

mod archive;
mod blob;
mod context;
mod file;
mod inspect;
mod layout;
mod target;

use std::io::{self, Read};

pub(crate) use archive::{Archive, Around, link_target};
pub(crate) use blob::{Blob, Descriptor, claimed_digest};
pub(crate) use context::BuildContext;
pub(crate) use file::{open_file, path_bytes, read_up_to, unreadable};
pub(crate) use inspect::{Content, inspect};
pub(crate) use layout::Layout;
pub(crate) use target::{Target, looks_like_reference};

/// A source whose blobs can be read in any order and several at once.
///
/// Blobs that an image needs are opened once each, but for git packs (see [`Self::rereads`]). Those that the source lists
/// and nothing refers to are opened after all others.
pub(crate) trait Source: Sync {
    /// Where the images of the source are named.
    fn root(&self) -> Root {
        Root::Files
    }

    /// The blobs that the source lists without being asked, in its own order. Those of a registry are known by what refers
    /// to them alone.
    fn listed(&self) -> &[Blob] {
        &[]
    }

    /// Other names of listed blobs: a symbolic or hard link and the name it stands for, both normalised.
    fn links(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &[]
    }

    /// The blob that a descriptor refers to, where the source can be asked for one that it does not list.
    fn refer(&self, _descriptor: &Descriptor<'_>) -> Option<Blob> {
        None
    }

    /// The bytes of a blob of this source, from the first on. They can be read forward only.
    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>>;

    /// How often a blob may be opened again where that is of use: large git packs are read several times.
    fn rereads(&self) -> usize {
        16
    }

    /// Whether reading waits for somebody else, so that it needs a thread and no core.
    fn waits(&self) -> bool {
        false
    }
}

/// Where the images of a source are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    /// In `index.json`, as in an OCI image layout, and in `manifest.json`, as in a docker archive.
    Files,
    /// In a manifest or index that was asked for under a name, as in a registry.
    #[cfg_attr(not(test), expect(dead_code, reason = "no source of this version is asked by name"))]
    Manifest {
        /// The document.
        blob: Blob,
        /// The name.
        name: String,
    },
}
