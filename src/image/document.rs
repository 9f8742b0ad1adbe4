//! The JSON documents of an image, as strings with the fields they stand in.

use serde_json::Value;

use crate::mask::Message;

/// A document that is not JSON, nested deeper than anything real, or not of the form it should have. Says
/// where, and quotes nothing: the parsers' own messages hold pieces of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Bytes that were not kept as a document.
    #[error("it is not a JSON document, or too large for one")]
    None,
    /// No JSON.
    #[error("it is not valid JSON (line {line}, column {column})")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON, but without the members or types that such a document has.
    #[error("it is JSON, but not of the form that such a document has")]
    Form,
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

/// Parses a document. Depth is bounded by the parser.
pub fn parse(bytes: &[u8]) -> Result<Value, DocumentError> {
    Ok(serde_json::from_slice(bytes)?)
}

/// A document as Go's decoder, and so every engine, sees it: members that are null are absent, and the
/// case of a name does not count. `names` are the spellings that the types behind it know.
pub(super) fn as_go_reads(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = serde_json::Map::new();
            for (key, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
                let known = names.iter().find(|name| name.eq_ignore_ascii_case(&key));
                let value = as_go_reads(value, names);
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
        Value::Array(items) => items.into_iter().map(|item| as_go_reads(item, names)).collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_brackets_are_an_error() {
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn names_count_as_go_takes_them() {
        let value = parse(br#"{"Layers":[1],"CONFIG":{"env":["a"]},"size":null,"layers":[2]}"#).unwrap();
        let read = as_go_reads(value, &["layers", "config", "Env", "size"]);
        assert_eq!(read, serde_json::json!({"layers": [2], "config": {"Env": ["a"]}}));
    }

    #[test]
    fn errors_quote_nothing() {
        let value = parse(br#"{"digest":"secret part","mediaType":"x","size":1}"#).unwrap();
        let error: DocumentError =
            serde_json::from_value::<oci_spec::image::Descriptor>(value).unwrap_err().into();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
