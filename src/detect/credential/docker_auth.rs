//! Logins of docker and podman: `auths` in `.docker/config.json`, `auth.json` and `.dockercfg`.

use serde_json::Value;
use zeroize::Zeroize as _;

use super::host::is_hub;
use super::value::{basic_password, is_password};

/// Returns the offsets of the logins for Hugging Face hosts.
pub(super) fn logins(content: &[u8]) -> Vec<usize> {
    // The parser refuses documents that are nested deeper than any login.
    let Ok(mut document) = serde_json::from_slice::<Value>(content) else { return Vec::new() };
    let found = logins_in(&document, content);
    wipe(&mut document);
    found
}

fn logins_in(document: &Value, content: &[u8]) -> Vec<usize> {
    let auths = document.get("auths").unwrap_or(document);
    let mut found = Vec::new();
    for (host, login) in auths.as_object().into_iter().flatten().filter(|(host, _)| is_hub(host.as_bytes())) {
        let field = |name| login.get(name).and_then(Value::as_str);
        let secret = field("auth")
            .filter(|auth| basic_password(auth.as_bytes()).is_some_and(|password| is_password(&password)))
            .or_else(|| field("password").filter(|password| is_password(password.as_bytes())));
        let token = ["identitytoken", "registrytoken"].into_iter().filter_map(field);
        let token = token.filter(|token| is_password(token.as_bytes()));
        found.extend(secret.into_iter().chain(token).map(|secret| place(content, host, secret)));
        // These headers are sent with every request to a registry.
        found.extend(headers(document).map(|(value, scheme)| place(content, "HttpHeaders", value) + scheme));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the values in `HttpHeaders` that hold a credential, each with the length of the text in front of
/// the credential.
fn headers(document: &Value) -> impl Iterator<Item = (&str, usize)> {
    let headers = document.get("HttpHeaders").and_then(Value::as_object).into_iter().flatten();
    let values = headers.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    values.filter_map(|(_, value)| {
        let value = value.as_str()?;
        let (scheme, credential) = value.split_once(' ')?;
        let is_credential = if scheme.eq_ignore_ascii_case("basic") {
            basic_password(credential.as_bytes()).is_some_and(|password| is_password(&password))
        } else {
            is_password(credential.as_bytes())
        };
        is_credential.then_some((value, scheme.len() + 1))
    })
}

/// Wipes the parsed document from memory.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// Returns the offset of a string after the name of its host. If the string is escaped, returns the offset
/// of its first plain characters.
fn place(content: &[u8], host: &str, secret: &str) -> usize {
    let find = |from: usize, text: &str| {
        memchr::memmem::find(content.get(from..).unwrap_or_default(), text.as_bytes()).map(|at| from + at)
    };
    let from = find(0, &format!("\"{host}\"")).unwrap_or(0);
    let plain = secret.split(['"', '\\', '/']).next().unwrap_or_default();
    find(from, &format!("\"{secret}\""))
        .or_else(|| find(from, &format!("\"{plain}")))
        .map_or(from, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        // `user:opaque-v4lue`
        let auth = "dXNlcjpvcGFxdWUtdjRsdWU=";
        for text in [
            format!(
                r#"{{"auths": {{"x.io": {{"auth": "{auth}"}}, "registry.hf.space": {{"auth": "!{auth}"}}}}}}"#
            ),
            format!(r#"{{"https://registry.huggingface.co/v1/": {{"email": "a", "auth": "!{auth}"}}}}"#),
            r#"{"auths":{"registry.hf.space":{"username":"u","password":"!opaque-v4lue"}}}"#.to_owned(),
            r#"{"auths":{"registry.hf.space":{"identitytoken":"!0paque/v4lue"}}}"#.to_owned(),
            r#"{"auths":{"registry.hf.space":{"identitytoken":"!0paque\/v4lue"}}}"#.to_owned(),
            r#"{"HttpHeaders":{"authorization":"Bearer !opaque-v4lue"},"auths":{"registry.hf.space":{}}}"#
                .to_owned(),
            format!(
                r#"{{"auths":{{"hf.co":{{}},"hf.space":{{}}}},"HttpHeaders":{{"Authorization":"Basic !{auth}"}}}}"#
            ),
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(logins(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            r#"{"auths": {"registry.hf.space": {}}}"#,
            r#"{"auths": {"ghcr.io": {}}, "HttpHeaders": {"Authorization": "Bearer opaque-v4lue"}}"#,
            r#"{"auths": {"hf.space": {}}, "HttpHeaders": {"X-Meta": "Bearer opaque-v4lue", "Authorization": 1}}"#,
            r#"{"auths": {"registry.hf.space": {"auth": "dXNlcjo8dG9rZW4+"}}}"#,
            r#"{"auths": {"ghcr.io": {"auth": "dXNlcjpvcGFxdWUtdjRsdWU="}}}"#,
            r#"{"auths": {"registry.hf.space": {"auth": 7, "password": null}}}"#,
            r#"{"auths": ["registry.hf.space"]}"#,
            r#"{"auths": {"registry.hf.space": {"auth": "dXNlcjpvcGFxdWUtdjRsdWU="}"#,
            "",
        ] {
            assert!(logins(text.as_bytes()).is_empty(), "{text}");
        }
        assert!(logins("[".repeat(100_000).as_bytes()).is_empty());
    }
}
