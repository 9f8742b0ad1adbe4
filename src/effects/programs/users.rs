//! Programs that run other programs as another user or without the current variables.

use crate::effects::secrets::holds_word;
use crate::hub::variables::HF_TOKEN;

/// Returns true if a command in the text may not see the surrounding variables, as with `sudo`, `su` or
/// `env -i`.
pub(crate) fn hides_variables(text: &str) -> bool {
    let clears =
        ["sudo", "doas", "su", "runuser", "env -i", "env -u"].iter().any(|word| holds_word(text, word));
    clears || (text.contains("unset ") && holds_word(text, HF_TOKEN))
}
