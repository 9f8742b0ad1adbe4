//! The stored form of a step to a token.

use serde::{Deserialize, Serialize};

use super::raw::Raw;
use crate::detect::{Container, Encoding, GitObject, Step, StepKind, TarPart};
use crate::sensitive::Name;
use crate::stream::Compression;

#[derive(Serialize, Deserialize)]
pub(super) struct StepRecord {
    kind: Kind,
    range: (u64, u64),
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Encoding(Encoding),
    Compression(Compression),
    Container(Container),
    Member(Container, Raw),
    TarName,
    TarLinkName,
    TarHeader,
    TarPax(Raw),
    TarPadding,
    TarTrailer,
    GitPath(String, Raw),
    GitId(String),
    GitDelta(u64),
    GitUnknown,
    Pages,
    Records,
    Name,
    LinkTarget,
}

impl StepRecord {
    pub(super) fn of(step: &Step) -> Self {
        let raw = |name: &Name| Raw(name.to_vec());
        let kind = match &step.kind {
            StepKind::Encoding(encoding) => Kind::Encoding(*encoding),
            StepKind::Compression(compression) => Kind::Compression(*compression),
            StepKind::Container(container) => Kind::Container(*container),
            StepKind::Member(container, name) => Kind::Member(*container, raw(name)),
            StepKind::Tar(TarPart::Name) => Kind::TarName,
            StepKind::Tar(TarPart::LinkName) => Kind::TarLinkName,
            StepKind::Tar(TarPart::Header) => Kind::TarHeader,
            StepKind::Tar(TarPart::Pax(key)) => Kind::TarPax(raw(key)),
            StepKind::Tar(TarPart::Padding) => Kind::TarPadding,
            StepKind::Tar(TarPart::Trailer) => Kind::TarTrailer,
            StepKind::Git(GitObject::Path(commit, path)) => Kind::GitPath(commit.clone(), raw(path)),
            StepKind::Git(GitObject::Id(id)) => Kind::GitId(id.clone()),
            StepKind::Git(GitObject::Delta(offset)) => Kind::GitDelta(*offset),
            StepKind::Git(GitObject::Unknown) => Kind::GitUnknown,
            StepKind::Pages => Kind::Pages,
            StepKind::Records => Kind::Records,
            StepKind::Name => Kind::Name,
            StepKind::LinkTarget => Kind::LinkTarget,
        };
        Self { kind, range: step.range }
    }

    pub(super) fn step(self) -> Step {
        let name = |Raw(name): Raw| -> Name { name.into() };
        let kind = match self.kind {
            Kind::Encoding(encoding) => StepKind::Encoding(encoding),
            Kind::Compression(compression) => StepKind::Compression(compression),
            Kind::Container(container) => StepKind::Container(container),
            Kind::Member(container, raw) => StepKind::Member(container, name(raw)),
            Kind::TarName => StepKind::Tar(TarPart::Name),
            Kind::TarLinkName => StepKind::Tar(TarPart::LinkName),
            Kind::TarHeader => StepKind::Tar(TarPart::Header),
            Kind::TarPax(key) => StepKind::Tar(TarPart::Pax(name(key))),
            Kind::TarPadding => StepKind::Tar(TarPart::Padding),
            Kind::TarTrailer => StepKind::Tar(TarPart::Trailer),
            Kind::GitPath(commit, path) => StepKind::Git(GitObject::Path(commit, name(path))),
            Kind::GitId(id) => StepKind::Git(GitObject::Id(id)),
            Kind::GitDelta(offset) => StepKind::Git(GitObject::Delta(offset)),
            Kind::GitUnknown => StepKind::Git(GitObject::Unknown),
            Kind::Pages => StepKind::Pages,
            Kind::Records => StepKind::Records,
            Kind::Name => StepKind::Name,
            Kind::LinkTarget => StepKind::LinkTarget,
        };
        Step { kind, range: self.range }
    }
}
