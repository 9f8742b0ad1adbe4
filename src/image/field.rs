//! The strings of a JSON document and the fields that hold them.

use serde_json::Value;

use crate::sensitive::{Name, Sensitive};

/// A field of a JSON document: its path from the root. The path is empty for the document as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Field(Vec<FieldStep>);

/// One step of the path to a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FieldStep {
    /// A member of an object, by its key.
    Member(Name),
    /// An item of an array, by its index.
    Item(usize),
}

impl Field {
    /// Returns the steps, starting at the root.
    pub(crate) fn steps(&self) -> &[FieldStep] {
        &self.0
    }

    /// Returns true if the field is the document as a whole.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the steps below the member at `path`, if the field is that member or is inside it.
    ///
    /// Letter case is ignored. Docker and containerd decode documents with Go's `encoding/json`, which
    /// accepts `env` for `Env`.
    pub(crate) fn below(&self, path: &[&str]) -> Option<&[FieldStep]> {
        let (head, rest) = self.0.split_at_checked(path.len())?;
        let is = |step: &FieldStep, name: &str| matches!(step, FieldStep::Member(key) if key.eq_ignore_ascii_case(name.as_bytes()));
        head.iter().zip(path).all(|(step, name)| is(step, name)).then_some(rest)
    }
}

impl Field {
    /// Returns the written form, such as `config.Env[1]` or `config.Labels["org.x"]`. A key may hold a token.
    pub(crate) fn label(&self) -> Sensitive {
        let mut label = Sensitive::default();
        for (i, step) in self.0.iter().enumerate() {
            match step {
                FieldStep::Item(n) => label.extend(format!("[{n}]").as_bytes()),
                FieldStep::Member(key) if is_plain(key) => {
                    label.extend(if i == 0 { b"" } else { b"." });
                    label.extend(key);
                }
                FieldStep::Member(key) => {
                    let key = Sensitive::from(
                        serde_json::to_vec(&String::from_utf8_lossy(key)).unwrap_or_default(),
                    );
                    label.extend(b"[");
                    label.extend(&key);
                    label.extend(b"]");
                }
            }
        }
        label
    }
}

impl FromIterator<FieldStep> for Field {
    fn from_iter<I: IntoIterator<Item = FieldStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

fn is_plain(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
}

/// The path to the string being visited. It is converted to a [`Field`] only on request.
pub(crate) struct Visited<'a> {
    steps: &'a [Step<'a>],
    is_key: bool,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

impl Visited<'_> {
    /// Converts the path to a field.
    pub(crate) fn to_field(&self) -> Field {
        let steps = self.steps.iter().map(|step| match step {
            Step::Member(key) => FieldStep::Member((*key).into()),
            Step::Item(n) => FieldStep::Item(*n),
        });
        Field(steps.collect())
    }

    /// Returns the key of the member whose value the string is.
    pub(crate) fn key(&self) -> Option<&str> {
        match self.steps.last() {
            Some(Step::Member(key)) if !self.is_key => Some(key),
            _ => None,
        }
    }
}

/// Calls `visit` with every string of a document and its path, in document order. The keys of an object count
/// as strings in the object's own field.
pub(crate) fn for_each_string(value: &Value, visit: &mut impl FnMut(&Visited<'_>, &str)) {
    each(value, &mut Vec::new(), visit);
}

fn each<'a>(value: &'a Value, steps: &mut Vec<Step<'a>>, visit: &mut impl FnMut(&Visited<'_>, &str)) {
    match value {
        Value::String(text) => visit(&Visited { steps, is_key: false }, text),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                steps.push(Step::Item(i));
                each(item, steps, visit);
                steps.pop();
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                visit(&Visited { steps, is_key: true }, key);
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

    fn fields(json: &str) -> Vec<(Field, String)> {
        let value: Value = serde_json::from_str(json).unwrap();
        let mut found = Vec::new();
        for_each_string(&value, &mut |at, text| found.push((at.to_field(), text.to_owned())));
        found
    }

    #[test]
    fn fields_are_written_with_dots_and_brackets() {
        let json = r#"{"config":{"Env":["A=b"],"Labels":{"org.x":"y"}},"n":1}"#;
        let found: Vec<_> = fields(json)
            .iter()
            .map(|(field, text)| format!("{} {text}", String::from_utf8_lossy(&field.label())))
            .collect();
        for expected in ["config.Env[0] A=b", "config.Labels[\"org.x\"] y", "config.Labels org.x"] {
            assert!(found.iter().any(|found| found == expected), "{expected}");
        }
    }

    #[test]
    fn a_field_is_below_the_members_around_it() {
        let all = fields(r#"{"config":{"env":["x"],"Labels":{"history":"y"}},"historys":"z"}"#);
        let of = |text: &str| all.iter().find(|(_, found)| found == text).map(|(field, _)| field).unwrap();
        assert_eq!(of("x").below(&["config", "Env"]), Some(&[FieldStep::Item(0)][..]));
        assert_eq!(of("y").below(&["config", "Labels"]).unwrap().len(), 1);
        for (text, path) in [("y", "history"), ("z", "history")] {
            assert_eq!(of(text).below(&[path]), None, "{text}");
        }
        assert_eq!(Field::default().below(&["config"]), None);
    }
}
