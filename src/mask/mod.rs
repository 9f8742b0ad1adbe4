//! Text from outside in a form that may be shown. Reports hold such text only as [`Masked`], and only this
//! module can make it: the field is private, and every constructor masks.

mod found;
mod message;
mod path;
mod text;
mod values;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sensitive::Name;

pub(crate) use found::Secrets;
pub(crate) use message::{Cut, Message, MessagePart, Quoted, message};
pub use path::PathName;
pub(crate) use path::mask_path;
pub(crate) use text::{holds_split_token, mask, mask_code, quote};

/// Masks the texts of one target. The last masked name is kept, because consecutive findings of a file share
/// a name. Names may be long, and findings may be many.
#[derive(Default)]
pub(crate) struct Mask {
    last: RefCell<Option<(Name, Masked)>>,
    last_path: RefCell<Option<(Name, PathName)>>,
}

impl Mask {
    /// Returns a masked name.
    pub(crate) fn name(&self, name: &Name) -> Masked {
        remembered(&self.last, name, mask)
    }

    /// Returns a masked path.
    pub(crate) fn path(&self, path: &Name) -> PathName {
        remembered(&self.last_path, path, mask_path)
    }
}

fn remembered<T: Clone>(last: &RefCell<Option<(Name, T)>>, name: &Name, make: fn(&[u8]) -> T) -> T {
    let mut last = last.borrow_mut();
    match &*last {
        Some((known, made)) if known.is_shared_with(name) => made.clone(),
        _ => {
            let made = make(name);
            *last = Some((name.clone(), made.clone()));
            made
        }
    }
}

/// Text in which every token has been replaced by its redacted form.
///
/// Control characters remain: each report format escapes them for its medium. Cloning is cheap, since many findings
/// share a command or a name.
///
/// Text that is assembled at run time cannot become masked text without being masked: a test lists the functions
/// that make one (`tests/integration/masked.rs`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Masked(Arc<str>);

impl Masked {
    /// Returns a fixed text of stowaway, which holds no text from outside.
    pub(crate) fn own(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Returns the text, cut after `limit` bytes if it is longer.
    pub(crate) fn cut(&self, limit: usize) -> Self {
        if self.0.len() <= limit {
            return self.clone();
        }
        let end = self.0.floor_char_boundary(limit);
        Self(format!("{}…", self.0.get(..end).unwrap_or_default()).into())
    }

    /// Returns the text without random-looking words of `longest` or more letters and digits.
    pub(crate) fn scrubbed(&self, longest: usize) -> Self {
        let mut out = String::new();
        let is_part = |c: char| c.is_ascii_alphanumeric();
        let mut rest = self.as_str();
        while !rest.is_empty() {
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let cases = |is: fn(&char) -> bool| word.chars().filter(is).count();
            let (upper, lower) = (cases(char::is_ascii_uppercase), cases(char::is_ascii_lowercase));
            let is_random = word.len() >= longest && upper * 5 >= word.len() && lower * 5 >= word.len();
            out.push_str(if is_random { "…" } else { word });
            let width = behind.find(is_part).unwrap_or(behind.len());
            let (between, next) = behind.split_at_checked(width).unwrap_or((behind, ""));
            out.push_str(between);
            rest = next;
        }
        Self(out.into())
    }

    /// Hides secrets that were found.
    pub(crate) fn hide_found(&mut self, secrets: &mut Secrets) {
        *self = secrets.hide(self);
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A report that is read back is text from outside, so its texts are masked again.
impl<'de> Deserialize<'de> for Masked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(mask(String::deserialize(deserializer)?.as_bytes()))
    }
}
