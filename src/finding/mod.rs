//! The report as a value: findings, their locations, problems, and the result of mending a Dockerfile.
//! Everything here is safe to show. Token text never gets this far, and text from outside is [`Masked`].

mod hidden;
mod location;
mod mending;
mod problem;
mod report;
mod repositories;
mod wanted;

pub use crate::detect::{Confidence, Position, Redacted, TokenHash, TokenKind, TokenSummary};
pub use crate::digest::{DiffId, Digest, LayerIndex, ParseDigestError};
pub use crate::fault::{Code, Remedy};
pub use crate::mask::{Masked, PathName};
pub use crate::timestamp::Timestamp;
pub(crate) use hidden::Hide;
pub use location::{Also, DockerfileLine, Document, Location, State, counts_in_file};
pub use mending::{Hunk, Leak, Line, Mending, Side};
pub(crate) use problem::{Effect, ImageName, ImagePart, Place, Problem};
pub use report::{
    Finding, Fingerprint, ImageSummary, Issue, LayerSummary, Leaves, Origin, Provenance, Report,
    RepositorySummary, RuleId, SCHEMA, Severity, Summary, SuppressedBy, Suppression, Target, TargetKind,
    Tool, Where,
};
pub(crate) use wanted::tokens_in;
