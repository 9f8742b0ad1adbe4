//! Sources of bytes. A source opens blobs by reference and lists the blobs that it knows by itself. It does
//! not interpret them.

mod archive;
mod blob;
mod context;
mod daemon;
mod directory;
mod file;
mod inspect;
mod layout;
mod registry;
mod rootfs;
mod storage;
mod target;
mod tls;
mod tree_tar;

use std::io::{self, Read};
use std::ops::Range;

use crate::digest::Digest;

pub(crate) use archive::{Archive, Around, MAX_HOLES, expand, link_target};
pub(crate) use blob::{Blob, Descriptor, claimed_digest};
pub(crate) use context::BuildContext;
pub(crate) use daemon::{Engine as ContainerEngine, export};
pub(crate) use directory::Directory;
pub(crate) use file::{
    Input, open_file, open_input, path_bytes, read_script, read_up_to, script_in, unreadable,
};
pub(crate) use inspect::{Content, inspect, is_named_archive};
pub(crate) use layout::{Layout, Unlisted};
pub(crate) use registry::{Access, Credentials, Listed, Namespace, Reference, Registry, repositories, tags};
pub(crate) use rootfs::RootFs;
pub(crate) use storage::stored;
pub(crate) use target::{Target, looks_like_reference};

/// A source whose blobs can be read in any order and several at a time.
///
/// Each blob that an image needs is opened once, except for git packs and large squashfs images (see
/// [`Self::rereads`]). Listed blobs without a reference to them are opened after all others.
pub(crate) trait Source: Sync {
    /// Returns the place where the source names its images.
    fn root(&self) -> Root {
        Root::Files
    }

    /// Returns the blobs that the source lists by itself, in the source's order. The blobs of a registry are
    /// known only through references.
    fn listed(&self) -> &[Blob] {
        &[]
    }

    /// Returns other names of listed blobs: each a symbolic or hard link and the name it refers to, both
    /// normalised.
    fn links(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &[]
    }

    /// Returns the blob that a descriptor refers to, if the source can provide blobs that it does not list.
    fn refer(&self, _descriptor: &Descriptor) -> Option<Blob> {
        None
    }

    /// Returns the manifests that refer to one of the source's and that the source does not list: attestations,
    /// signatures. `is_image` is false for a manifest that refers to another one itself.
    ///
    /// # Errors Returns an error if they could not be listed.
    fn referrers(&self, _digest: Digest, _is_image: bool) -> io::Result<Vec<Blob>> {
        Ok(Vec::new())
    }

    /// Opens a blob of this source at its first byte, for reading front to back.
    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Returns a part of a blob. Returns `None` if the source cannot give it without the bytes in front of it.
    ///
    /// # Errors Returns an error if the part could not be read.
    fn part(&self, _blob: &Blob, _range: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Returns the number of times a blob may be opened again. Large git packs are read several times.
    fn rereads(&self) -> usize {
        16
    }

    /// Returns true if reading mostly waits for another party, so that it needs a thread but no core.
    fn waits(&self) -> bool {
        false
    }
}

/// The place where a source names its images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    /// `index.json`, as in an OCI image layout, and `manifest.json`, as in a docker archive.
    Files,
    /// One manifest or index.
    Manifest {
        /// The document.
        blob: Blob,
        /// The name by which it was requested, as from a registry.
        name: Option<String>,
    },
    /// One layer that belongs to no image.
    Layer(Blob),
}
