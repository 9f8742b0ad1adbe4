//! Text from outside, made fit to be shown. [`Masked`] is the only form in which a report holds such text, and this room
//! is the only one that can make it: its field is private here, and every constructor masks.

mod message;
mod path;
mod text;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sensitive::Name;

pub(crate) use message::{Cut, Message, MessagePart, Quoted, message};
pub use path::PathName;
pub(crate) use path::mask_path;
pub(crate) use text::{holds_split_token, mask, quote};

/// Masks the texts of one target. Findings of one file follow each other and share its name, so that what was masked last is
/// kept: names may be long, and findings many.
#[derive(Default)]
pub(crate) struct Mask {
    last: RefCell<Option<(Name, Masked)>>,
    last_path: RefCell<Option<(Name, PathName)>>,
}

impl Mask {
    /// A name as text.
    pub(crate) fn name(&self, name: &Name) -> Masked {
        remembered(&self.last, name, mask)
    }

    /// A path.
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
/// Control characters are still in it: each report format escapes them for its medium. Cheap to clone, since many
/// findings share a command or a name.
///
/// Text that is put together at run time cannot become masked text without being masked:
///
/// ```compile_fail
/// let name = String::from("x");
/// let text = stowaway::report::Masked::own(format!("{name} is not masked"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Masked(Arc<str>);

impl Masked {
    /// A text of stowaway's own, with nothing foreign in it.
    pub(crate) fn own(text: &'static str) -> Self {
        Self(text.into())
    }

    /// The text, cut short after `limit` bytes where it is longer.
    pub(crate) fn cut(&self, limit: usize) -> Self {
        if self.0.len() <= limit {
            return self.clone();
        }
        let end = self.0.floor_char_boundary(limit);
        Self(format!("{}…", self.0.get(..end).unwrap_or_default()).into())
    }

    /// The text without words of `longest` letters and digits or more that look random.
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

    /// The text.
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

/// A report that is read back is foreign text as any other.
impl<'de> Deserialize<'de> for Masked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(mask(String::deserialize(deserializer)?.as_bytes()))
    }
}
