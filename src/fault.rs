//! Faults while bytes are fetched and read: a code for each kind, and an error that carries a code.

use std::error::Error;
use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// The action with which a user can resolve a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Repeat the audit; it may succeed later.
    TryAgain,
    /// Rebuild the artefact or transfer it again.
    Replace,
    /// Raise the limits that the artefact exceeds.
    RaiseLimit,
    /// Change permissions, keys or arguments.
    Change,
    /// Report the fault to the maintainers.
    Report,
    /// Do nothing.
    Nothing,
}

/// Generates [`Code`] from its only table: variant, name in reports, remedy, meaning.
macro_rules! codes {
    ($($variant:ident = $name:literal, $remedy:ident, $meaning:literal;)*) => {
        /// The kind of a problem, given as `code` in reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name used in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Returns the remedy.
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$variant => Remedy::$remedy),* }
            }

            /// Returns the meaning, one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

codes! {
    Missing = "missing", Replace, "Something that is named or referred to does not exist.";
    DigestMismatch = "digest-mismatch", Replace, "The content does not match its digest.";
    Corrupt = "corrupt", Replace, "The content is not valid in its format.";
    Truncated = "truncated", Replace, "The content ends too early.";
    Unsupported = "unsupported", Change, "This version does not support the format, the method or the transport.";
    Encrypted = "encrypted", Change, "The content cannot be read without a key.";
    Limit = "limit", RaiseLimit, "A limit was reached; the message says which one.";
    Io = "io", TryAgain, "The operating system failed to read.";
    Denied = "denied", Change, "Reading is not permitted.";
    Unreachable = "unreachable", TryAgain, "A registry or engine cannot be reached.";
    Cancelled = "cancelled", TryAgain, "The audit was cancelled; the report holds what was found by then.";
    TimedOut = "timed-out", TryAgain, "The audit ran out of time; the report holds what was found by then.";
    Internal = "internal", Report, "stowaway itself failed here; everything else was audited.";
    NotHeld = "not-held", Nothing, "A part that this source is known not to contain.";
    Odd = "odd", Nothing, "Something unusual that hid nothing from the audit.";
}

impl Code {
    /// Returns the code of an error: the code that it carries, otherwise the one for its kind.
    pub(crate) fn of(error: &io::Error) -> Self {
        if let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) {
            return fault.code;
        }
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Corrupt,
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            io::ErrorKind::Unsupported => Self::Unsupported,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NotConnected => Self::Unreachable,
            _ => Self::Io,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error with a code, for readers, whose errors are [`io::Error`].
#[derive(Debug)]
pub(crate) struct Fault {
    code: Code,
    message: String,
}

impl Fault {
    /// Creates a reader's error. The message is a sentence without a full stop, and may quote bytes that were
    /// read.
    pub(crate) fn io(code: Code, message: impl Into<String>) -> io::Error {
        io::Error::other(Self { code, message: message.into() })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Fault {}

/// Returns true if an error is a limit of ours and not a problem with the bytes.
pub(crate) fn is_limit(error: &io::Error) -> bool {
    Code::of(error) == Code::Limit
}

/// Returns a copy of an error, because [`io::Error`] cannot be cloned.
pub(crate) fn repeat(error: &io::Error) -> io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) {
        Some(fault) => Fault::io(fault.code, fault.message.clone()),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_what_the_report_writes() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert!(code.meaning().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn the_schema_has_every_code() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../docs/report.schema.json")).unwrap();
        let listed = schema.pointer("/$defs/issue/properties/code/enum").expect("a list of codes");
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(listed, &serde_json::json!(codes));
    }

    #[test]
    fn an_error_keeps_its_code_through_a_reader() {
        let fault = Fault::io(Code::Encrypted, "a password is needed");
        assert_eq!((Code::of(&fault), fault.to_string().as_str()), (Code::Encrypted, "a password is needed"));
        let again = repeat(&fault);
        assert_eq!((Code::of(&again), again.to_string()), (Code::Encrypted, fault.to_string()));
        assert_eq!(Code::of(&io::ErrorKind::UnexpectedEof.into()), Code::Truncated);
        assert_eq!(Code::of(&repeat(&io::Error::other("x"))), Code::Io);
        assert!(is_limit(&Fault::io(Code::Limit, "")) && !is_limit(&fault));
    }
}
