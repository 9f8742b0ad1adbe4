//! The vocabulary that all rooms share: what a finding is, where it lies, and the report that holds
//! them. Everything here is safe to show: token text never gets this far, and text that comes from
//! outside is [`Masked`].

mod digest;
mod fingerprint;
mod location;
mod masked;
mod mending;
mod report;
mod time;
mod token;
mod via;

pub use digest::{DiffId, Digest, LayerIndex, ParseDigestError};
pub use fingerprint::fingerprint;
pub use location::{Also, DockerfileLine, Document, Location, PathName, Position, State};
pub use masked::Masked;
pub use mending::{Hunk, Leak, Line, Mending, Side};
pub use report::{
    Confidence, Finding, ImageSummary, Issue, LayerSummary, Leaves, Report, RuleId, SCHEMA, Severity,
    Summary, Target, TargetKind, Tool, Where,
};
pub use time::Timestamp;
pub use token::{Redacted, TokenHash, TokenSummary};
pub use via::{CONCATENATION, ESCAPE, PERCENT, counts_in_file};

pub use crate::hub::TokenKind;
