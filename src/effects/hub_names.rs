//! Names of the Hub that scripts are read by.

/// The variable that the Hub's tools read a token from first.
pub(crate) const TOKEN_VARIABLE: &str = "HF_TOKEN";
/// All variables that they read a token from.
pub(crate) const TOKEN_VARIABLES: [&str; 2] = [TOKEN_VARIABLE, "HUGGING_FACE_HUB_TOKEN"];

/// The Hub's hosts. Subdomains of them are the Hub's as well.
const HOSTS: [&str; 3] = ["huggingface.co", "hf.co", "hf.space"];

/// Whether a host is one of the Hub.
pub(super) fn is_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    HOSTS
        .iter()
        .any(|hub| host.strip_suffix(hub).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_hosts_of_the_hub() {
        assert!(is_host("HF.co") && is_host("cdn.huggingface.co") && !is_host("nothf.co"));
    }
}
