//! The JSON documents of an image, as strings with the fields they stand in.

use std::fmt::Write as _;

use serde_json::Value;

/// A document that is not JSON, or nested deeper than anything real.
#[derive(Debug, thiserror::Error)]
#[error("it is not valid JSON: {0}")]
pub struct DocumentError(#[from] serde_json::Error);

/// Parses a document. Depth is bounded by the parser.
pub fn parse(bytes: &[u8]) -> Result<Value, DocumentError> {
    Ok(serde_json::from_slice(bytes)?)
}

/// A document without the members that are null, which Go's decoder, and so every engine, takes for
/// absent.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

/// Every string of a document with the field it stands in, `config.Env[2]`, in document order. The keys of
/// objects count as strings in the object's own field.
pub fn strings(value: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    collect(value, &mut String::new(), &mut found);
    found
}

fn collect<'a>(value: &'a Value, field: &mut String, found: &mut Vec<(String, &'a str)>) {
    let len = field.len();
    match value {
        Value::String(text) => found.push((field.clone(), text)),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let _ = write!(field, "[{i}]");
                collect(item, field, found);
                field.truncate(len);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                found.push((field.clone(), key));
                let plain =
                    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
                if !plain {
                    let _ = write!(field, "[{}]", Value::from(key.as_str()));
                } else if field.is_empty() {
                    field.push_str(key);
                } else {
                    field.push('.');
                    field.push_str(key);
                }
                collect(member, field, found);
                field.truncate(len);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_design_has_them() {
        let value = parse(br#"{"config":{"Env":["A=b"],"Labels":{"org.x":"y"}},"n":1}"#).unwrap();
        let found = strings(&value);
        assert!(found.contains(&("config.Env[0]".to_owned(), "A=b")));
        assert!(found.contains(&("config.Labels[\"org.x\"]".to_owned(), "y")));
        assert!(found.contains(&("config.Labels".to_owned(), "org.x")));
    }

    #[test]
    fn a_million_brackets_are_an_error() {
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
