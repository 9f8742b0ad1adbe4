//! The report value. Every output format is a pure function of it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Also, Location};
use crate::detect::{Confidence, TokenHash, TokenSummary};
use crate::digest::{DiffId, Digest, LayerIndex, ParseDigestError};
use crate::fault::Code;
use crate::mask::Masked;

/// The schema identifier of the JSON report. Fields may be added under this identifier, but not changed.
pub const SCHEMA: &str = "stowaway.report/1";

/// The severity of a finding, in ascending order: `Low` < `Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Low,
    /// Should be fixed.
    Medium,
    /// Building the Dockerfile as written would leak a token.
    High,
    /// Anyone who gets the artefact can read a token.
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

/// The ID of a rule, written `family/name`. The catalogue in `rules` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// Returns the ID.
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

/// The identity of a finding across runs, machines and rebuilds. It consists of the version of the scheme and
/// a SHA-256 over the properties that distinguish the finding. Written `1:<64 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    scheme: u32,
    hash: Digest,
}

impl Fingerprint {
    /// The version of the scheme that this program writes.
    pub const SCHEME: u32 = 1;

    /// Creates a fingerprint of the current scheme.
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

/// Something that building the Dockerfile as written would leave in the image or the builder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leaves {
    /// The place where it would remain.
    #[serde(rename = "where")]
    pub place: Where,
    /// The path, for a file in a layer with a known path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Masked>,
    /// The mode of the provenance, for an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Provenance>,
}

/// The places in which a build leaves data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// A file in a layer.
    Layer,
    /// The environment in the config.
    Env,
    /// A label in the config.
    Label,
    /// Another field of the config.
    Config,
    /// A history entry in the config.
    History,
    /// Only the builder's cache.
    BuildCache,
    /// Only the text of the Dockerfile itself.
    Source,
    /// The provenance that the builder attaches to the image.
    Attestation,
}

/// The modes of provenance, by how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// The URLs that the build fetched. Builders attach it by default.
    Min,
    /// The build arguments and the Dockerfile as well.
    Max,
}

/// The part of an image that a finding belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The image that it was built from.
    Base,
    /// The layers and settings that the build added to it.
    Own,
    /// One of them: the border is not known, or does not decide it.
    Unknown,
}

/// The reason why a finding counts for no exit code. It stays in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The kind of file that asks for it.
    pub by: SuppressedBy,
    /// The reason that is given there.
    pub reason: Option<Masked>,
}

/// The ways to suppress a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuppressedBy {
    /// An ignore of `stowaway.toml`.
    Config,
    /// The baseline.
    Baseline,
    /// A comment in the Dockerfile.
    Inline,
}

/// A leak, and the way to fix it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that reported the finding.
    pub rule: RuleId,
    /// The severity.
    pub severity: Severity,
    /// The confidence.
    pub confidence: Confidence,
    /// The description, one sentence.
    pub message: Masked,
    /// The exact change to make.
    pub help: Masked,
    /// The fingerprint. It is the same in every audit of the same leak: it does not depend on lines, layers,
    /// digests, the spelling of the target, or other findings.
    pub fingerprint: Fingerprint,
    /// The token, if token text was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenSummary>,
    /// The target, as given by the user.
    pub target: Masked,
    /// The location: the first reference that is still present, otherwise the first reference.
    pub location: Location,
    /// Further references to the same occurrence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Also>,
    /// Other locations that explain the finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Location>,
    /// For a Dockerfile: the places where building it would leave the token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Leaves>,
    /// For an image: the part of it that the finding belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The reason why the finding counts for no exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
}

/// A part that could not be read (in `errors`), or an oddity (in `notes`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Issue {
    /// The target, as given by the user.
    pub target: Masked,
    /// The affected part of the target, such as `layer 3` or `index.json`.
    #[serde(rename = "where")]
    pub place: Masked,
    /// The kind of problem.
    pub code: Code,
    /// The description, one sentence.
    pub message: Masked,
}

/// The detected kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An image archive or layout.
    Image,
    /// A Dockerfile.
    Dockerfile,
    /// A build context or source tree.
    Context,
    /// A single file, read as it is.
    File,
}

/// One audited target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The target, as given by the user.
    pub target: Masked,
    /// The detected kind. Null if it could not be determined.
    pub kind: Option<TargetKind>,
    /// The images in the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageSummary>,
}

/// One image of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSummary {
    /// The name of the image. Null if the source gives it none.
    pub name: Option<Masked>,
    /// `os/architecture[/variant]`.
    pub platform: Option<Masked>,
    /// The digest of the manifest. Null for a docker archive, which has no manifest of its own.
    pub manifest_digest: Option<Digest>,
    /// The digest of the config.
    pub config_digest: Option<Digest>,
    /// Whether the source holds the blobs of the image. Exporters may list platforms without their blobs.
    pub held: bool,
    /// The layers, lowest first.
    pub layers: Vec<LayerSummary>,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSummary {
    /// The index of the layer in the manifest.
    pub index: LayerIndex,
    /// The digest of the blob as stored.
    pub digest: Option<Digest>,
    /// The digest of the uncompressed tar stream, as listed in the config.
    pub diff_id: Option<DiffId>,
    /// The media type that the descriptor claims.
    pub media_type: Option<Masked>,
    /// The size of the blob in bytes: as stored if it was read, otherwise as the descriptor claims.
    pub size: Option<u64>,
    /// The history entry that created the layer.
    pub created_by: Option<Masked>,
    /// Whether the verdict came from the cache.
    pub cached: bool,
}

/// The tool that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The name, `stowaway`.
    pub name: Cow<'static, str>,
    /// The version.
    pub version: Cow<'static, str>,
}

/// The result for one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySummary {
    /// The repository, with its registry.
    pub repository: Masked,
    /// The number of targets in it: its tags.
    pub targets: usize,
    /// The number of findings in them.
    pub findings: usize,
    /// The number of distinct tokens, by hash.
    pub tokens: usize,
    /// Whether everything was read.
    pub complete: bool,
}

/// The counts of a report. Suppressed findings are counted apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The number of findings.
    pub findings: usize,
    /// The number of distinct tokens, by hash.
    pub tokens: usize,
    /// The number of findings with this severity.
    pub critical: usize,
    /// The number of findings with this severity.
    pub high: usize,
    /// The number of findings with this severity.
    pub medium: usize,
    /// The number of findings with this severity.
    pub low: usize,
    /// The number of suppressed findings.
    #[serde(default)]
    pub suppressed: usize,
}

impl Summary {
    fn of(findings: &[Finding]) -> Self {
        let open = || findings.iter().filter(|finding| finding.suppressed.is_none());
        let count = |severity| open().filter(|finding| finding.severity == severity).count();
        let tokens: BTreeSet<_> = open().filter_map(|finding| finding.token.as_ref()?.sha256).collect();
        Self {
            findings: open().count(),
            tokens: tokens.len(),
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            suppressed: findings.len() - open().count(),
        }
    }
}

/// The result of one audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The schema identifier, [`SCHEMA`].
    pub schema: Cow<'static, str>,
    /// The tool that wrote the report.
    pub tool: Tool,
    /// Whether everything was read, so that there are no errors.
    pub complete: bool,
    /// The counts.
    pub summary: Summary,
    /// The audited targets, in the order given.
    pub targets: Vec<Target>,
    /// The results for repositories, if the images of one were listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<RepositorySummary>,
    /// The hashes of the only tokens whose findings are listed. Empty if all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<TokenHash>,
    /// The files that decided which findings count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<Masked>,
    /// The findings, ordered by target, image, layer, path, offset, rule.
    pub findings: Vec<Finding>,
    /// Parts that were not read although another tool could read them.
    pub errors: Vec<Issue>,
    /// Parts that no tool could read, and oddities.
    pub notes: Vec<Issue>,
}

impl Report {
    /// Creates a report from the results. Counts and completeness are derived from the arguments.
    pub fn new(targets: Vec<Target>, findings: Vec<Finding>, errors: Vec<Issue>, notes: Vec<Issue>) -> Self {
        Self {
            schema: SCHEMA.into(),
            tool: Tool { name: "stowaway".into(), version: env!("CARGO_PKG_VERSION").into() },
            complete: errors.is_empty(),
            summary: Summary::of(&findings),
            targets,
            repositories: Vec::new(),
            wanted: Vec::new(),
            policy: Vec::new(),
            findings,
            errors,
            notes,
        }
    }

    /// Returns the findings that are not suppressed.
    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> + Clone {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }

    /// Counts again, after findings were suppressed.
    pub(crate) fn recount(&mut self) {
        self.summary = Summary::of(&self.findings);
        self.complete = self.errors.is_empty();
    }
}
