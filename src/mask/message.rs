//! Sentences that combine stowaway's own words with text from outside. The text from outside is masked when
//! a sentence is sealed.

use std::fmt;

use super::text::{mask_bytes, quote};
use super::{Mask, Masked};
use crate::sensitive::Name;

/// A sentence that is not sealed yet. Its text from outside stays unmasked until [`Message::seal`], so a
/// message can be taken apart, extended and kept, but not shown. Messages are made by [`message!`].
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message(Vec<Part>);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    /// stowaway's own words, and values that cannot hold a token, such as numbers and digests.
    Own(String),
    /// Text from outside that has to be masked.
    Foreign(Name),
    /// Source code from outside that is quoted in a sentence.
    Quoted(Name),
    /// A name from outside that is cut if it is long.
    Cut(Name),
    /// Text that is already masked.
    Masked(Masked),
}

/// Something that can be a part of a message.
pub(crate) trait MessagePart {
    /// Appends the part to the message.
    fn add_to(&self, message: &mut Message);
}

/// Source code to quote in a sentence. It is cut, and left out when quotes or escapes split a token in it.
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

/// A name that is cut if it is long. The report holds the complete name elsewhere.
pub(crate) struct Cut<'a>(pub(crate) &'a Name);

/// The number of bytes of a name that a message shows.
const MAX_NAME: usize = 300;

/// Makes a [`Message`] from a template, as `format!` does. `{}` is the only placeholder, and the template is
/// the only text that is not masked.
macro_rules! message {
    ($template:literal $(, $part:expr)* $(,)?) => {{
        // The compiler checks that placeholders and parts match in number.
        let _ = || ::std::format!($template $(, { let _ = &$part; 0 })*);
        $crate::mask::Message::from_template($template, &[$(&&$part as &dyn $crate::mask::MessagePart),*])
    }};
}
pub(crate) use message;

impl Message {
    /// Returns a message with a fixed text of stowaway.
    pub(crate) fn own(text: &'static str) -> Self {
        Self(vec![Part::Own(text.to_owned())])
    }

    /// Returns a message with text from outside.
    pub(crate) fn foreign(text: impl Into<Name>) -> Self {
        Self(vec![Part::Foreign(text.into())])
    }

    /// Fills a template. [`message!`] is the only intended caller.
    pub(crate) fn from_template(template: &'static str, parts: &[&dyn MessagePart]) -> Self {
        let mut message = Self::default();
        let mut parts = parts.iter();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (own, behind) = rest.split_at(at);
            message.push_own(own);
            // A doubled brace is a literal brace.
            rest = if let Some(behind) = behind.strip_prefix("{}") {
                if let Some(part) = parts.next() {
                    part.add_to(&mut message);
                }
                behind
            } else {
                message.push_own(behind.get(..1).unwrap_or_default());
                behind.get(2..).unwrap_or_default()
            };
        }
        message.push_own(rest);
        message
    }

    /// Appends another message.
    pub(crate) fn append(&mut self, more: &Self) {
        self.0.extend(more.0.iter().cloned());
    }

    /// Returns the message without blanks and line ends behind stowaway's own words at its end.
    pub(crate) fn trimmed(mut self) -> Self {
        while let Some(Part::Own(own)) = self.0.last_mut() {
            own.truncate(own.trim_end().len());
            if !own.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }

    /// Returns the masked message, which may be shown.
    pub(crate) fn seal(&self) -> Masked {
        self.seal_with(&Mask::default())
    }

    /// Returns the masked message, using a mask that is shared with other texts.
    pub(crate) fn seal_with(&self, mask: &Mask) -> Masked {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Own(own) => text.push_str(own),
                Part::Foreign(name) => text.push_str(mask.name(name).as_str()),
                Part::Quoted(bytes) => text.push_str(quote(bytes).as_str()),
                Part::Cut(name) => text.push_str(mask.name(name).cut(MAX_NAME).as_str()),
                Part::Masked(masked) => text.push_str(masked.as_str()),
            }
        }
        Masked(text.into())
    }

    /// Returns true if the mask changes any text of the message.
    pub(crate) fn is_changed_by_mask(&self) -> bool {
        self.0.iter().any(|part| match part {
            Part::Own(_) | Part::Masked(_) => false,
            Part::Foreign(bytes) | Part::Cut(bytes) => mask_bytes(bytes) != **bytes,
            Part::Quoted(bytes) => quote(bytes).as_str().as_bytes() != &**bytes,
        })
    }

    fn push_own(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Own(own)) => own.push_str(text),
            _ => self.0.push(Part::Own(text.to_owned())),
        }
    }
}

#[cfg(test)]
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.seal().as_str())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.seal().as_str(), f)
    }
}

impl<T: MessagePart + ?Sized> MessagePart for &T {
    fn add_to(&self, message: &mut Message) {
        (**self).add_to(message);
    }
}

impl MessagePart for Message {
    fn add_to(&self, message: &mut Message) {
        message.append(self);
    }
}

impl MessagePart for Masked {
    fn add_to(&self, message: &mut Message) {
        message.0.push(Part::Masked(self.clone()));
    }
}

impl MessagePart for Quoted<'_> {
    fn add_to(&self, message: &mut Message) {
        message.0.push(Part::Quoted(self.0.into()));
    }
}

impl MessagePart for Cut<'_> {
    fn add_to(&self, message: &mut Message) {
        message.0.push(Part::Cut(self.0.clone()));
    }
}

macro_rules! foreign {
    ($($of:ty),*) => {
        $(impl MessagePart for $of {
            fn add_to(&self, message: &mut Message) {
                let bytes: &[u8] = AsRef::<[u8]>::as_ref(self);
                message.0.push(Part::Foreign(bytes.into()));
            }
        })*
    };
}
foreign!(str, String, [u8], Vec<u8>);

impl MessagePart for std::borrow::Cow<'_, str> {
    fn add_to(&self, message: &mut Message) {
        (**self).add_to(message);
    }
}

impl MessagePart for Name {
    fn add_to(&self, message: &mut Message) {
        message.0.push(Part::Foreign(self.clone()));
    }
}

/// Implements [`MessagePart`] for values whose text cannot hold a token.
macro_rules! plain {
    ($($of:ty),*) => {
        $(impl MessagePart for $of {
            fn add_to(&self, message: &mut Message) {
                message.push_own(&self.to_string());
            }
        })*
    };
}
plain!(
    u8,
    u16,
    u32,
    u64,
    usize,
    crate::digest::Digest,
    crate::digest::DiffId,
    crate::digest::LayerIndex,
    crate::detect::Redacted
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::token;

    #[test]
    fn foreign_parts_are_masked_when_the_message_is_sealed() {
        let token = token("hf_");
        let path = format!("a/{token}");
        let message = message!("`{}` is in line {} of {}", path, 7_usize, Quoted(b"FROM x"));
        assert_eq!(message.seal().as_str(), "`a/hf_…fJXq` is in line 7 of FROM x");
        assert!(!format!("{message:?}").contains(&token));
        let longer = message!("{}; {}", message, Masked::own("more"));
        assert!(longer.seal().as_str().ends_with("of FROM x; more"));
    }

    #[test]
    fn a_template_without_parts_is_a_message() {
        assert_eq!(message!("nothing").seal().as_str(), "nothing");
        assert_eq!(message!("{}{}", "a", "b").seal().as_str(), "ab");
        assert_eq!(message!("{{\"{}\": {{}}}}", "a").seal().as_str(), "{\"a\": {}}");
        assert_eq!(Message::default().seal().as_str(), "");
    }
}
