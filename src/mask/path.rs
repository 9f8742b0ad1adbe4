//! Paths as reports show them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::mask_bytes;
use super::{Masked, Secrets};

/// A path as a report shows it. Names are bytes: a path that is not UTF-8 is shown lossily, together with
/// its full bytes as base64. Tokens are masked in both forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathName {
    shown: Masked,
    base64: Option<Masked>,
}

impl PathName {
    /// Masks a path.
    pub(super) fn new(path: &[u8]) -> Self {
        let bytes = mask_bytes(path);
        match String::from_utf8(bytes) {
            Ok(text) => Self { shown: Masked(text.into()), base64: None },
            Err(error) => Self {
                shown: Masked(String::from_utf8_lossy(error.as_bytes()).into()),
                base64: Some(Masked(STANDARD.encode(error.as_bytes()).into())),
            },
        }
    }

    /// Hides secrets that were found.
    pub(crate) fn hide_found(&mut self, secrets: &mut Secrets) {
        self.shown.hide_found(secrets);
        let bytes = self.base64.as_ref().and_then(|text| STANDARD.decode(text.as_str()).ok());
        if let Some(hidden) = bytes.and_then(|bytes| secrets.hidden(&bytes)) {
            self.base64 = Some(Masked(STANDARD.encode(hidden).into()));
        }
    }

    /// Returns the path as masked text, lossy if it is not UTF-8.
    pub fn shown(&self) -> &Masked {
        &self.shown
    }

    /// Returns the path as text, lossy if it is not UTF-8.
    pub fn as_str(&self) -> &str {
        self.shown.as_str()
    }
}

/// Returns a masked path. A path that is not UTF-8 also keeps its bytes as base64, masked as well.
pub(crate) fn mask_path(path: &[u8]) -> PathName {
    PathName::new(path)
}

impl Serialize for PathName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.shown)?;
        if let Some(base64) = &self.base64 {
            map.serialize_entry("path_base64", base64)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for PathName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            path: String,
            path_base64: Option<String>,
        }
        let Form { path, path_base64 } = Form::deserialize(deserializer)?;
        let bytes = path_base64.and_then(|text| STANDARD.decode(text).ok());
        Ok(mask_path(&bytes.unwrap_or_else(|| path.into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_their_bytes() {
        let path = mask_path(b"a/\xff");
        assert_eq!(path.as_str(), "a/\u{fffd}");
        assert_eq!(serde_json::to_value(&path).unwrap()["path_base64"], "YS//");
    }
}
