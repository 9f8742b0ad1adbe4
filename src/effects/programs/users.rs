//! Programs that run others as another user or without the variables that are set.

use crate::effects::secrets::holds_word;
use crate::hub::variables::HF_TOKEN;

/// Whether what a text runs may not see the variables around it, as with `sudo`, `su` or `env -i`.
pub(crate) fn hides_variables(text: &str) -> bool {
    let clears =
        ["sudo", "doas", "su", "runuser", "env -i", "env -u"].iter().any(|word| holds_word(text, word));
    clears || (text.contains("unset ") && holds_word(text, HF_TOKEN))
}
