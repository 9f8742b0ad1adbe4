//! The JSON documents of an image, as strings with the fields they stand in.

use std::fmt;

use serde_json::Value;

/// A document that is not JSON, nested deeper than anything real, or not of the form it should have. Says
/// where, and quotes nothing: the parsers' own messages hold pieces of the text.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
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

/// One step on the way to a string.
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

/// Where a string stands in a document; written out only when somebody asks.
pub struct Field<'a>(&'a [Step<'a>]);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(n) => write!(f, "[{n}]")?,
                Step::Member(key) if !is_plain(key) => write!(f, "[{}]", Value::from(*key))?,
                Step::Member(key) if i == 0 => f.write_str(key)?,
                Step::Member(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

/// Calls `visit` with every string of a document and the field it stands in, `config.Env[2]`, in document
/// order. The keys of objects count as strings in the object's own field.
pub fn for_each_string(value: &Value, visit: &mut impl FnMut(&Field<'_>, &str)) {
    each(value, &mut Vec::new(), visit);
}

fn each<'a>(value: &'a Value, steps: &mut Vec<Step<'a>>, visit: &mut impl FnMut(&Field<'_>, &str)) {
    match value {
        Value::String(text) => visit(&Field(steps), text),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                steps.push(Step::Item(i));
                each(item, steps, visit);
                steps.pop();
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                visit(&Field(steps), key);
                steps.push(Step::Member(key));
                each(member, steps, visit);
                steps.pop();
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
        let mut found = Vec::new();
        for_each_string(&value, &mut |field, text| found.push(format!("{field} {text}")));
        for expected in ["config.Env[0] A=b", "config.Labels[\"org.x\"] y", "config.Labels org.x"] {
            assert!(found.iter().any(|found| found == expected), "{expected}");
        }
    }

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
