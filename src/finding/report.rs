//! The report value: what every output format is a pure function of.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Also, Location};
use crate::detect::{Confidence, TokenSummary};
use crate::digest::{DiffId, Digest, LayerIndex, ParseDigestError};
use crate::fault::Code;
use crate::mask::Masked;

/// The JSON report's schema identifier. Fields may be added under it, never changed.
pub const SCHEMA: &str = "stowaway.report/1";

/// How bad a finding is. Ordered: `Low` < `Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Low,
    /// Should be mended.
    Medium,
    /// Building as written would leak a token.
    High,
    /// A token can be read by whoever gets the artefact.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// A rule's id, `family/name`. The catalogue in `rules` says what it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for RuleId {
    fn from(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies a finding across runs, machines and rebuilds: the version of the scheme and a SHA-256 over what makes the
/// finding this one. Written `1:<64 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    scheme: u32,
    hash: Digest,
}

impl Fingerprint {
    /// The version of the scheme that this program writes.
    pub const SCHEME: u32 = 1;

    /// A fingerprint of the current scheme.
    pub(crate) fn new(hash: Digest) -> Self {
        Self { scheme: Self::SCHEME, hash }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.hash.hex())
    }
}

impl FromStr for Fingerprint {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, hex) = text.split_once(':').ok_or(ParseDigestError)?;
        Ok(Self { scheme: scheme.parse().map_err(|_| ParseDigestError)?, hash: Digest::from_hex(hex)? })
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Something that a build as written would leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leaves {
    /// Where it would stay.
    #[serde(rename = "where")]
    pub place: Where,
    /// The path, for a file in a layer where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Masked>,
}

/// The places in which a build leaves things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// A file of a layer.
    Layer,
    /// The config's environment.
    Env,
    /// A label of the config.
    Label,
    /// Another field of the config.
    Config,
    /// A history entry of the config.
    History,
    /// The builder's cache alone.
    BuildCache,
    /// The Dockerfile's own text alone.
    Source,
}

/// One leak, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was found, one sentence.
    pub message: Masked,
    /// What to do: the exact change to make.
    pub help: Masked,
    /// The same in every audit of the same leak: it does not depend on lines, layers, digests, spellings of the target or
    /// what else is found.
    pub fingerprint: Fingerprint,
    /// The token, where token text was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenSummary>,
    /// The target, as it was given.
    pub target: Masked,
    /// Where it lies: the first reference that is still present, else the first.
    pub location: Location,
    /// The other references to the same occurrence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Also>,
    /// Other places that explain it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Location>,
    /// For a Dockerfile: what building it would leave behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Leaves>,
}

/// Something that could not be read (in `errors`), or that is merely odd (in `notes`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Issue {
    /// The target, as it was given.
    pub target: Masked,
    /// The part of it: `layer 3`, `index.json`.
    #[serde(rename = "where")]
    pub place: Masked,
    /// The kind of the problem.
    pub code: Code,
    /// What is wrong, one sentence.
    pub message: Masked,
}

/// What kind of thing a target turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An image archive or layout.
    Image,
    /// A Dockerfile.
    Dockerfile,
    /// A build context or source tree.
    Context,
    /// A single file, taken as it is.
    File,
}

/// One audited target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The target, as it was given.
    pub target: Masked,
    /// What it turned out to be; null where that could not be told.
    pub kind: Option<TargetKind>,
    /// The images in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageSummary>,
}

/// One image of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSummary {
    /// The image's name, null where the source gives it none.
    pub name: Option<Masked>,
    /// `os/architecture[/variant]`.
    pub platform: Option<Masked>,
    /// The manifest's digest; null for a docker archive, which has no manifest of its own.
    pub manifest_digest: Option<Digest>,
    /// The config's digest.
    pub config_digest: Option<Digest>,
    /// Whether its blobs are in this source. Exporters leave platforms behind in name only.
    pub held: bool,
    /// The layers, lowest first.
    pub layers: Vec<LayerSummary>,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSummary {
    /// The layer's place in the manifest.
    pub index: LayerIndex,
    /// The digest of the blob as it is stored.
    pub digest: Option<Digest>,
    /// The digest of the uncompressed tar stream, as the config lists it.
    pub diff_id: Option<DiffId>,
    /// The media type its descriptor claims.
    pub media_type: Option<Masked>,
    /// The blob's size in bytes, as stored where it was read, else as its descriptor claims.
    pub size: Option<u64>,
    /// The history entry that made it.
    pub created_by: Option<Masked>,
    /// Whether its verdict came from the cache.
    pub cached: bool,
}

/// The tool that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `stowaway`.
    pub name: Cow<'static, str>,
    /// Its version.
    pub version: Cow<'static, str>,
}

/// The counts of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All findings.
    pub findings: usize,
    /// Distinct tokens, by hash.
    pub tokens: usize,
    /// Findings of that severity.
    pub critical: usize,
    /// Findings of that severity.
    pub high: usize,
    /// Findings of that severity.
    pub medium: usize,
    /// Findings of that severity.
    pub low: usize,
}

/// The outcome of one audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: Cow<'static, str>,
    /// Who wrote it.
    pub tool: Tool,
    /// Whether everything was read: no errors.
    pub complete: bool,
    /// The counts.
    pub summary: Summary,
    /// What was audited, in the order given.
    pub targets: Vec<Target>,
    /// What was found, ordered by target, image, layer, path, offset, rule.
    pub findings: Vec<Finding>,
    /// What was not read and somebody else could.
    pub errors: Vec<Issue>,
    /// What nobody could read, or is merely odd.
    pub notes: Vec<Issue>,
}

impl Report {
    /// A report over what was audited; counts and completeness follow from the rest.
    pub fn new(targets: Vec<Target>, findings: Vec<Finding>, errors: Vec<Issue>, notes: Vec<Issue>) -> Self {
        let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
        let tokens: std::collections::BTreeSet<_> =
            findings.iter().filter_map(|f| f.token.as_ref()?.sha256).collect();
        let summary = Summary {
            findings: findings.len(),
            tokens: tokens.len(),
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
        };
        Self {
            schema: SCHEMA.into(),
            tool: Tool { name: "stowaway".into(), version: env!("CARGO_PKG_VERSION").into() },
            complete: errors.is_empty(),
            summary,
            targets,
            findings,
            errors,
            notes,
        }
    }
}
