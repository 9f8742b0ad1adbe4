//! The thresholds: which findings make an audit fail.

use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer, value::StrDeserializer};

use crate::finding::{Origin, Severity};

/// The lowest severity that makes an audit fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum FailOn {
    /// Only critical findings.
    Critical,
    /// High and critical findings.
    High,
    /// Findings of medium severity and above.
    #[default]
    Medium,
    /// Every finding.
    Low,
    /// No finding; an incomplete audit still exits with 2.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity is at or above the threshold.
    pub(crate) fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Critical => severity >= Severity::Critical,
            Self::High => severity >= Severity::High,
            Self::Medium => severity >= Severity::Medium,
            Self::Low => severity >= Severity::Low,
            Self::Never => false,
        }
    }
}

impl FailOn {
    const ALL: [(&str, Self); 5] = [
        ("critical", Self::Critical),
        ("high", Self::High),
        ("medium", Self::Medium),
        ("low", Self::Low),
        ("never", Self::Never),
    ];
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, fail_on)| *fail_on);
        named.ok_or_else(|| "expected critical, high, medium, low or never".to_owned())
    }
}

/// A threshold for each origin of a finding. Findings without an origin, and those whose origin is not known, count like
/// one's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ByOrigin {
    own: FailOn,
    base: FailOn,
}

impl ByOrigin {
    pub(super) fn of(self, origin: Option<Origin>) -> FailOn {
        match origin {
            Some(Origin::Base) => self.base,
            Some(Origin::Own | Origin::Unknown) | None => self.own,
        }
    }
}

impl From<FailOn> for ByOrigin {
    fn from(fail_on: FailOn) -> Self {
        Self { own: fail_on, base: fail_on }
    }
}

/// Reads `medium`, or `own=medium,base=critical`. An origin that is not named keeps the default.
impl FromStr for ByOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('=') {
            return text.parse::<FailOn>().map(Self::from);
        }
        let mut thresholds = Self::default();
        for part in text.split(',') {
            let (origin, fail_on) = part.split_once('=').ok_or("expected ORIGIN=SEVERITY")?;
            let fail_on = fail_on.parse()?;
            match origin {
                "own" => thresholds.own = fail_on,
                "base" => thresholds.base = fail_on,
                _ => return Err("expected own=SEVERITY or base=SEVERITY".to_owned()),
            }
        }
        Ok(thresholds)
    }
}

/// The table form of `fail-on`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Table {
    /// The threshold for what was built on top of the base image.
    #[serde(default)]
    own: FailOn,
    /// The threshold for the base image.
    #[serde(default)]
    base: FailOn,
}

impl<'de> Deserialize<'de> for ByOrigin {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ByOrigin;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a severity, or a table with `own` and `base`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByOrigin, E> {
                FailOn::deserialize(StrDeserializer::new(text)).map(ByOrigin::from)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ByOrigin, A::Error> {
                let Table { own, base } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ByOrigin { own, base })
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for ByOrigin {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Thresholds".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<FailOn>(), generator.subschema_for::<Table>()]
        })
    }
}
