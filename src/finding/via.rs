//! Steps of `via` that open no content of their own.

use super::Masked;

/// A literal in pieces that the language puts together.
pub const CONCATENATION: &str = "concatenation";
/// Characters as `%68`.
pub const PERCENT: &str = "percent";
/// Characters as `\\u0068`.
pub const ESCAPE: &str = "escape";

/// Whether offset, line and column count in the file itself: what was found stands there as it is, or with
/// characters of it spelled. Behind any other step they count in what was decoded.
#[must_use]
pub fn counts_in_file(via: &[Masked]) -> bool {
    via.iter().all(|step| [CONCATENATION, PERCENT, ESCAPE].contains(&step.as_str()))
}
