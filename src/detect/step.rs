//! The steps from the bytes of a file to a token that was decoded from them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::sensitive::{Name, Sensitive};
use crate::stream::Compression;

/// One decoding on the way to an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Step {
    /// The kind of decoding.
    pub(crate) kind: StepKind,
    /// The range of the decoded bytes in the content around them.
    pub(crate) range: (u64, u64),
}

/// The kinds of decoding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum StepKind {
    /// Characters that are encoded one by one or in groups.
    Encoding(Encoding),
    /// A compressed stream.
    Compression(Compression),
    /// An archive as a whole.
    Container(Container),
    /// A member of an archive.
    Member(Container, Name),
    /// A part of a tar stream other than the body of a file.
    Tar(TarPart),
    /// An object of a git repository.
    Git(GitObject),
    /// The joined pages of a database.
    Pages,
    /// The joined parts of a log's records.
    Records,
    /// The name of a file, directory or link on disk.
    Name,
    /// The target of a link on disk.
    LinkTarget,
}

/// The encodings of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Encoding {
    /// Base64 or base64url.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Units of two bytes.
    Utf16,
    /// Units of four bytes.
    Utf32,
    /// Literals that the language concatenates.
    Concatenation,
    /// Characters written as `%68`.
    Percent,
    /// Characters written as `\u0068`.
    Escape,
    /// A dump with offsets, such as `xxd` and `od` write.
    Dump,
    /// Digits of base 85.
    Base85,
}

/// Archives whose members have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Container {
    /// A tar archive.
    Tar,
    /// A zip archive.
    Zip,
    /// A 7z archive.
    SevenZ,
    /// A cpio archive.
    Cpio,
    /// A squashfs image.
    Squashfs,
    /// An erofs image.
    Erofs,
}

/// The parts of a tar stream other than bodies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TarPart {
    /// The name of an entry.
    Name,
    /// The target of a link.
    LinkName,
    /// Another field of a header block.
    Header,
    /// A record of an extended header, with its key.
    Pax(Name),
    /// The padding that follows a body.
    Padding,
    /// The bytes that follow the last entry.
    Trailer,
}

/// An object of a git repository, located as precisely as possible.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum GitObject {
    /// A blob by commit and path. The commit is in hexadecimal.
    Path(String, Name),
    /// An object by its id in hexadecimal.
    Id(String),
    /// A delta that could not be resolved, by its offset in the pack.
    Delta(u64),
    /// An object about which nothing is known.
    Unknown,
}

impl Encoding {
    /// Returns the name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
            Self::Concatenation => "concatenation",
            Self::Percent => "percent",
            Self::Escape => "escape",
            Self::Dump => "dump",
            Self::Base85 => "base85",
        }
    }

    /// Returns true if the offset, line and column of the token count in the encoded bytes. Single
    /// characters are spelled differently in them, but they are not a content of their own.
    pub(crate) fn is_spelling(self) -> bool {
        matches!(self, Self::Concatenation | Self::Percent | Self::Escape)
    }
}

impl Container {
    /// Returns the name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::SevenZ => "7z",
            Self::Cpio => "cpio",
            Self::Squashfs => "squashfs",
            Self::Erofs => "erofs",
        }
    }
}

impl StepKind {
    /// Returns the step for a member of an archive.
    pub(crate) fn member(container: Container, name: &[u8]) -> Self {
        Self::Member(container, name.into())
    }

    /// Returns the name of the step in reports, not masked.
    pub(crate) fn label(&self) -> Sensitive {
        let joined = |lead: &str, name: &[u8]| Sensitive::from([lead.as_bytes(), b":", name].concat());
        match self {
            Self::Encoding(encoding) => encoding.name().into(),
            Self::Compression(compression) => compression.name().into(),
            Self::Container(container) => container.name().into(),
            Self::Member(container, name) => joined(container.name(), name),
            Self::Tar(TarPart::Name) => "tar-name".into(),
            Self::Tar(TarPart::LinkName) => "tar-link".into(),
            Self::Tar(TarPart::Header) => "tar-header".into(),
            Self::Tar(TarPart::Pax(key)) => joined("tar-pax", key),
            Self::Tar(TarPart::Padding) => "tar-padding".into(),
            Self::Tar(TarPart::Trailer) => "tar-trailer".into(),
            Self::Git(GitObject::Path(commit, path)) => joined(&format!("git:{commit}"), path),
            Self::Git(GitObject::Id(id)) => joined("git", id.as_bytes()),
            Self::Git(GitObject::Delta(offset)) => format!("git:delta@{offset}").into(),
            Self::Git(GitObject::Unknown) => "git".into(),
            Self::Pages => "sqlite".into(),
            Self::Records => "leveldb".into(),
            Self::Name => "name".into(),
            Self::LinkTarget => "link-target".into(),
        }
    }
}

impl Step {
    /// Creates a step for a range of the content around it.
    pub(crate) fn new(kind: StepKind, range: Range<u64>) -> Self {
        Self { kind, range: (range.start, range.end) }
    }
}

/// Returns true if offset, line and column count in the file itself, whatever the steps are.
pub(crate) fn counts_in_file(via: &[Step]) -> bool {
    via.iter().all(|step| matches!(step.kind, StepKind::Encoding(encoding) if encoding.is_spelling()))
}
