//! The form of `stowaway.toml`. docs/config.schema.json is made from these types.

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::threshold::{ByOrigin, FailOn};
use crate::finding::Origin;
use crate::timestamp::Timestamp;

/// A policy file of stowaway.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "stowaway.toml"))]
pub(super) struct File {
    /// Other policy files, relative to this one. What this file says comes first.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub(super) include: Vec<Spanned<String>>,
    /// The lowest severity that makes an audit fail: for all findings, or for base images and what is built on them.
    pub(super) fail_on: Option<ByOrigin>,
    /// Other thresholds for some findings. The first that applies counts.
    pub(super) threshold: Vec<ThresholdTable>,
    /// Findings that make no audit fail.
    #[cfg_attr(test, schemars(with = "Vec<IgnoreTable>"))]
    pub(super) ignore: Vec<Spanned<IgnoreTable>>,
}

/// A threshold for the findings to which all of its conditions apply.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ThresholdTable {
    /// A glob of rule ids, such as `context/*`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) rule: Option<Spanned<String>>,
    /// The kind of target.
    pub(super) kind: Option<Kind>,
    /// The part of an image.
    #[cfg_attr(test, schemars(with = "Option<Part>"))]
    pub(super) origin: Option<Part>,
    /// The lowest severity that makes an audit fail.
    pub(super) fail_on: FailOn,
}

/// The kinds of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Kind {
    /// An image.
    Image,
    /// A Dockerfile.
    Dockerfile,
    /// A build context.
    Context,
    /// A single file.
    File,
}

/// The parts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Part {
    /// The base image.
    Base,
    /// The layers and settings that the build added to it.
    Own,
    /// One of them.
    Unknown,
}

impl From<Part> for Origin {
    fn from(part: Part) -> Self {
        match part {
            Part::Base => Self::Base,
            Part::Own => Self::Own,
            Part::Unknown => Self::Unknown,
        }
    }
}

/// Findings that make no audit fail: those to which all conditions apply.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct IgnoreTable {
    /// A glob of rule ids, such as `context/*`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) rule: Option<Spanned<String>>,
    /// A glob of paths as reports show them. As in `.gitignore`, a glob without `/` matches a name at any depth.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) path: Option<Spanned<String>>,
    /// A glob of image names as reports show them.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) image: Option<Spanned<String>>,
    /// The digest or diff id of a layer.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) layer: Option<Spanned<String>>,
    /// The fingerprint of a finding.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) fingerprint: Option<Spanned<String>>,
    /// The SHA-256 of a token, in hexadecimal digits.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) token_sha256: Option<Spanned<String>>,
    /// The reason, for those who read the report.
    #[cfg_attr(test, schemars(with = "String", length(min = 1)))]
    pub(super) reason: Spanned<String>,
    /// The first day on which the ignore no longer applies, in UTC.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) expires: Option<Day>,
}

/// A day: `2027-06-01`, with quotes or without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Toml(toml::value::Datetime),
            Text(String),
            Other(serde::de::IgnoredAny),
        }
        let text = match Raw::deserialize(from)? {
            Raw::Toml(date) => date.to_string(),
            Raw::Text(text) => text,
            Raw::Other(_) => String::new(),
        };
        let start = Timestamp::of_day(&text);
        start.map(Self).ok_or_else(|| serde::de::Error::custom("expected a date, such as 2027-06-01"))
    }
}
