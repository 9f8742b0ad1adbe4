//! The configuration of an image, as far as an audit needs it in structured form.

use oci_spec::image::ImageConfiguration;
use serde::Deserialize as _;

use super::document::{DocumentError, Parsed, as_go_reads, parse};
use crate::digest::DiffId;
use crate::sensitive::{Name, Sensitive};

/// The maximum number of history entries, variables and layers of an image.
const MAX_ENTRIES: usize = 10_000;

/// The JSON members that are read, as the specification spells them.
const NAMES: [&str; 16] = [
    "Cmd",
    "Entrypoint",
    "architecture",
    "os",
    "variant",
    "config",
    "Env",
    "WorkingDir",
    "rootfs",
    "type",
    "diff_ids",
    "history",
    "created_by",
    "empty_layer",
    "author",
    "created",
];

/// The environment, history, layers and platform of an image. The rest of the configuration is searched as
/// plain strings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// The environment of the running image, as `NAME=value`.
    pub(crate) env: Vec<Sensitive>,
    /// The directory in which the programs of the image start.
    pub(crate) directory: Sensitive,
    /// The words of the commands that a container runs, each with the name of its member.
    pub(crate) commands: [(&'static str, Vec<Sensitive>); 2],
    /// The history, oldest first.
    pub(crate) history: Vec<HistoryEntry>,
    /// The digests of the uncompressed layers; `None` for a digest that cannot be read.
    pub(crate) diff_ids: Vec<Option<DiffId>>,
    /// `os/architecture[/variant]`.
    pub(crate) platform: Option<String>,
}

/// One entry of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    /// The command.
    pub(crate) created_by: Option<Name>,
    /// Whether the entry created no layer.
    pub(crate) empty_layer: bool,
    /// The author. kaniko signs its entries here.
    pub(crate) author: Option<String>,
}

impl Config {
    /// Parses a configuration document.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::of(&as_go_reads(parse(bytes)?, &NAMES))
    }

    /// Parses the description of a layer in a docker archive from before Docker 1.10, which lists no layers.
    pub(super) fn read_legacy(bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut parsed = as_go_reads(parse(bytes)?, &NAMES);
        if let Some(members) = parsed.value_mut().as_object_mut() {
            members.insert("rootfs".to_owned(), serde_json::json!({"type": "layers", "diff_ids": []}));
            for name in ["os", "architecture"] {
                members.entry(name).or_insert_with(|| "".into());
            }
        }
        Self::of(&parsed)
    }

    fn of(parsed: &Parsed) -> Result<Self, DocumentError> {
        let entries = ["/history", "/config/Env", "/rootfs/diff_ids"];
        let lists = entries.iter().filter_map(|path| parsed.value().pointer(path)?.as_array());
        if lists.map(Vec::len).any(|len| len > MAX_ENTRIES) {
            return Err(DocumentError::TooMany);
        }
        let config = ImageConfiguration::deserialize(parsed.value())?;
        let env = config.config().iter().flat_map(oci_spec::image::Config::env).flatten();
        let env = env.map(|assignment| assignment.as_str().into()).collect();
        let directory = config.config().as_ref().and_then(|config| config.working_dir().as_deref());
        let directory = directory.unwrap_or_default().into();
        let words = |words: &Option<Vec<String>>| -> Vec<Sensitive> {
            words.iter().flatten().map(|word| word.as_str().into()).collect()
        };
        let run = config.config().as_ref();
        let commands = [
            ("Entrypoint", run.map(|run| words(run.entrypoint())).unwrap_or_default()),
            ("Cmd", run.map(|run| words(run.cmd())).unwrap_or_default()),
        ];
        let history = config.history().iter().flatten().map(|entry| HistoryEntry {
            created_by: entry.created_by().as_deref().map(Name::from),
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
        Ok(Self {
            env,
            directory,
            commands,
            history: history.collect(),
            diff_ids: diff_ids.collect(),
            platform,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_of_a_config_are_bounded() {
        let config = |history: usize, layers: usize| {
            let history = vec![serde_json::json!({}); history];
            let layers = vec!["sha256:0"; layers];
            let value = serde_json::json!({
                "os": "linux", "architecture": "amd64", "history": history,
                "rootfs": {"type": "layers", "diff_ids": layers},
            });
            Config::read(value.to_string().as_bytes()).err()
        };
        assert_eq!(config(MAX_ENTRIES, MAX_ENTRIES), None);
        assert_eq!(config(MAX_ENTRIES + 1, 1), Some(DocumentError::TooMany));
        assert_eq!(config(1, MAX_ENTRIES + 1), Some(DocumentError::TooMany));
    }
}
