//! The JSON documents of an image.

use std::io;

use serde_json::Value;
use zeroize::Zeroize as _;

use crate::digest::Digest;
use crate::fault::Code;
use crate::mask::Message;
use crate::sensitive::Sensitive;
use crate::source::{Blob, Descriptor};

/// The maximum size of a document. Registries reject manifests of this size.
pub(crate) const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;
/// The maximum total size of the documents that are kept of a target.
pub(crate) const MAX_DOCUMENTS: u64 = 24 * 1024 * 1024;

/// The maximum number of members and elements of a document. In memory, each takes up to a hundred times its
/// text. The largest documents of real images, bills of materials, have half as many.
const MAX_ELEMENTS: usize = 300_000;

/// A document as it was read.
#[derive(Clone)]
pub(crate) struct Document {
    /// The bytes of the document.
    pub(crate) bytes: Sensitive,
    /// The digest of the bytes.
    pub(crate) digest: Digest,
}

/// A provider of documents while images are resolved.
pub(crate) trait Documents {
    /// Returns the blob that a descriptor refers to, if it is not in the inventory already.
    fn refer(&mut self, descriptor: &Descriptor) -> Option<Blob>;

    /// Returns the manifests that refer to this one and are not in the inventory.
    ///
    /// # Errors
    /// Fails if they could not be listed.
    fn referrers(&mut self, _digest: Digest, _is_image: bool) -> io::Result<Vec<Blob>> {
        Ok(Vec::new())
    }

    /// Reads the blob with this number.
    ///
    /// # Errors
    /// Fails if the blob is not a document or could not be read.
    fn read(&mut self, number: usize, blob: &Blob) -> Result<Document, DocumentError>;
}

/// A document that is not JSON, has excessive nesting, or has the wrong form. The error gives the position
/// but quotes nothing, because the parsers' own messages contain pieces of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentError {
    /// Bytes that are not kept as a document.
    #[error("it is not a JSON document, or too large for one")]
    None,
    /// One document more than is kept of a target.
    #[error("the manifests and configs of the target have more than 24 MiB")]
    Full,
    /// Bytes that could not be read, which is reported separately.
    #[error("it was not read")]
    Unread,
    /// Invalid JSON.
    #[error("it is not valid JSON (line {line}, column {column})")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// More elements than are held in memory.
    #[error("it has more members, elements or entries than the limit")]
    TooMany,
    /// JSON without the required members or types.
    #[error("it is JSON, but not of the form that such a document has")]
    Form,
}

impl DocumentError {
    /// Returns the code of a problem with such a document.
    pub(crate) fn code(self) -> Code {
        if matches!(self, Self::TooMany | Self::Full) { Code::Limit } else { Code::Corrupt }
    }
}

impl From<serde_json::Error> for DocumentError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() {
            return Self::Form;
        }
        Self::Syntax { line: error.line(), column: error.column() }
    }
}

impl From<DocumentError> for Message {
    fn from(error: DocumentError) -> Self {
        Self::foreign(error.to_string())
    }
}

/// Parses a document. The parser limits the nesting depth.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, DocumentError> {
    if elements(bytes) > MAX_ELEMENTS {
        return Err(DocumentError::TooMany);
    }
    Ok(Parsed(serde_json::from_slice(bytes)?))
}

/// Returns the number of members and elements, or more if the text is not valid JSON.
fn elements(bytes: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' | b',' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// A parsed document. Its strings are wiped when it is dropped.
pub(crate) struct Parsed(Value);

impl Parsed {
    /// Returns the document.
    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    pub(super) fn value_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    fn take(mut self) -> Value {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => {
            for (mut key, mut value) in std::mem::take(members) {
                key.zeroize();
                wipe(&mut value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Converts a document to what Go's decoder, and therefore every engine, sees: null members are absent, and
/// names are matched regardless of case. `names` lists the spellings that the deserialised types know.
pub(super) fn as_go_reads(parsed: Parsed, names: &[&str]) -> Parsed {
    Parsed(renamed(parsed.take(), names))
}

fn renamed(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = serde_json::Map::new();
            for (key, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
                let known = names.iter().find(|name| name.eq_ignore_ascii_case(&key));
                let value = renamed(value, names);
                match known {
                    Some(name) if *name != key => {
                        out.entry(*name).or_insert(value);
                    }
                    _ => {
                        out.insert(key, value);
                    }
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => items.into_iter().map(|item| renamed(item, names)).collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;

    use super::*;

    #[test]
    fn a_document_is_bounded_before_it_becomes_a_tree() {
        let text = |n: usize| format!("[{}0]", "{},".repeat(n));
        assert!(parse(text(MAX_ELEMENTS / 2 - 1).as_bytes()).is_ok());
        let error = parse(text(MAX_ELEMENTS / 2).as_bytes()).err();
        assert_eq!(error, Some(DocumentError::TooMany));
        let quoted = serde_json::json!([",[{\\\"".repeat(MAX_ELEMENTS)]).to_string();
        assert!(parse(quoted.as_bytes()).is_ok());
    }

    #[test]
    fn a_million_brackets_are_an_error() {
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn names_count_as_go_takes_them() {
        let value = parse(br#"{"Layers":[1],"CONFIG":{"env":["a"]},"size":null,"layers":[2]}"#).unwrap();
        let read = as_go_reads(value, &["layers", "config", "Env", "size"]);
        assert_eq!(*read.value(), serde_json::json!({"layers": [2], "config": {"Env": ["a"]}}));
    }

    #[test]
    fn errors_quote_nothing() {
        let value = parse(br#"{"digest":"secret part","mediaType":"x","size":1}"#).unwrap();
        let error: DocumentError =
            oci_spec::image::Descriptor::deserialize(value.value()).unwrap_err().into();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
