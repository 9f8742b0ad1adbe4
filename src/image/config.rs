//! An image's configuration, as far as an audit needs it structured.

use oci_spec::image::ImageConfiguration;

use super::document::{DocumentError, as_go_reads, parse};
use crate::digest::DiffId;

/// The members that are read, as the specification spells them.
const NAMES: [&str; 13] = [
    "architecture",
    "os",
    "variant",
    "config",
    "Env",
    "rootfs",
    "type",
    "diff_ids",
    "history",
    "created_by",
    "empty_layer",
    "author",
    "created",
];

/// What the configuration says of places, layers and platform. Everything else of it is searched as
/// strings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// `NAME=value`, as they are in effect when the image runs.
    pub env: Vec<String>,
    /// The history, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The digests of the uncompressed layers; none for one that cannot be read.
    pub diff_ids: Vec<Option<DiffId>>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
}

/// One entry of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The command.
    pub created_by: Option<String>,
    /// Whether it made no layer.
    pub empty_layer: bool,
    /// Who is said to have made it; kaniko signs its entries so.
    pub author: Option<String>,
}

impl Config {
    /// Reads a configuration document.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let value = as_go_reads(parse(bytes)?, &NAMES);
        let config: ImageConfiguration = serde_json::from_value(value)?;
        let env = config.config().as_ref().and_then(|c| c.env().clone()).unwrap_or_default();
        let history = config.history().iter().flatten().map(|entry| HistoryEntry {
            created_by: entry.created_by().clone(),
            empty_layer: entry.empty_layer().unwrap_or(false),
            author: entry.author().clone(),
        });
        let diff_ids = config.rootfs().diff_ids().iter().map(|id| id.parse().ok().map(DiffId));
        let known = |part: &str| !part.is_empty() && part != "unknown";
        let (os, architecture) = (config.os().to_string(), config.architecture().to_string());
        let platform = (known(&os) && known(&architecture)).then(|| {
            let variant = config.variant().as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
            format!("{os}/{architecture}{variant}")
        });
        Ok(Self { env, history: history.collect(), diff_ids: diff_ids.collect(), platform })
    }
}
