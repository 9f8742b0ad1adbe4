//! Credentials as docker and podman keep them: `auths`, `credHelpers` and `credsStore` of `~/.docker/config.json`, and
//! `containers/auth.json` (containers-auth.json(5)).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::sensitive::Sensitive;

/// The key of Docker Hub in docker's file.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// The user name with which a credential helper returns an identity token.
const TOKEN_USER: &str = "<token>";
/// The maximum size of a file with credentials.
const MAX_FILE: u64 = 4 << 20;

/// The credentials for a registry.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A user name and a password.
    Password {
        /// The user name.
        user: String,
        /// The password.
        password: Sensitive,
    },
    /// A token that is exchanged for access tokens.
    Identity(Sensitive),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// Returns the value of a header for basic authentication.
    pub(super) fn basic(&self) -> Option<Sensitive> {
        let Self::Password { user, password } = self else { return None };
        let mut pair = Sensitive::from(user.as_str());
        pair.push(b':');
        pair.extend(password);
        let mut value = Sensitive::from("Basic ");
        value.extend(&Sensitive::from(STANDARD.encode(&pair)));
        Some(value)
    }
}

/// The environment in which the files are looked for.
pub(super) struct Surroundings<'a> {
    pub(super) variable: &'a dyn Fn(&str) -> Option<PathBuf>,
}

/// Looks up the credentials for a repository of a registry. The files are those of podman and docker, the more specific
/// ones first.
///
/// # Errors Returns a sentence if a file or a helper that names the registry cannot be used.
pub(super) fn find(
    surroundings: &Surroundings<'_>,
    registry: &str,
    repository: &str,
) -> Result<Option<Credentials>, String> {
    for file in files(surroundings) {
        let Some(config) = read(&file)? else { continue };
        if let Some(found) = in_file(&config, registry, repository, &file)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn files(Surroundings { variable }: &Surroundings<'_>) -> Vec<PathBuf> {
    if let Some(only) = variable("REGISTRY_AUTH_FILE") {
        return vec![only];
    }
    let home = variable("HOME");
    let in_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let docker = variable("DOCKER_CONFIG").map(|directory| directory.join("config.json"));
    [
        variable("XDG_RUNTIME_DIR").map(|directory| directory.join("containers/auth.json")),
        variable("XDG_CONFIG_HOME")
            .map(|directory| directory.join("containers/auth.json"))
            .or_else(|| in_home(".config/containers/auth.json")),
        docker.or_else(|| in_home(".docker/config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn read(path: &Path) -> Result<Option<Value>, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let bytes = Sensitive::read(std::io::Read::take(file, MAX_FILE))
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    // The error of the parser could quote a password.
    let config = serde_json::from_slice(&bytes);
    config.map(Some).map_err(|error| format!("{} is not JSON (line {})", path.display(), error.line()))
}

fn in_file(
    config: &Value,
    registry: &str,
    repository: &str,
    file: &Path,
) -> Result<Option<Credentials>, String> {
    if let Some(helper) = config.pointer("/credHelpers").and_then(|helpers| helpers.get(registry)) {
        return helped(helper.as_str().unwrap_or_default(), registry);
    }
    // Keys of podman's file may have a part of the repository, and the longest counts.
    let mut key = format!("{registry}/{repository}");
    loop {
        for spelling in [
            key.clone(),
            format!("https://{key}"),
            format!("https://{key}/v1/"),
            format!("https://{key}/v2/"),
        ] {
            let entry = config.get("auths").and_then(|auths| auths.get(&spelling));
            if let Some(found) = entry.map_or(Ok(None), |entry| entry_of(entry, file))? {
                return Ok(Some(found));
            }
        }
        match key.rsplit_once('/') {
            Some((parent, _)) => key = parent.to_owned(),
            None => break,
        }
    }
    let hub = (registry == "docker.io").then_some(DOCKER_HUB_KEY);
    let entry = hub.and_then(|key| config.get("auths")?.get(key));
    if let Some(found) = entry.map_or(Ok(None), |entry| entry_of(entry, file))? {
        return Ok(Some(found));
    }
    match config.get("credsStore").and_then(Value::as_str).filter(|store| !store.is_empty()) {
        Some(store) => helped(store, hub.unwrap_or(registry)),
        None => Ok(None),
    }
}

/// Reads an entry of `auths`. An entry without a credential says that a helper keeps it.
fn entry_of(entry: &Value, file: &Path) -> Result<Option<Credentials>, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Credentials::Identity(token.into())));
    }
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Ok(Some(Credentials::Password { user: user.to_owned(), password: password.into() }));
    }
    let Some(auth) = text("auth") else { return Ok(None) };
    let wrong = || format!("an `auth` in {} is not a user name and a password in base64", file.display());
    let pair = Sensitive::from(STANDARD.decode(auth.trim()).map_err(|_| wrong())?);
    let at = memchr::memchr(b':', &pair).ok_or_else(wrong)?;
    let (user, password) = pair.split_at(at);
    let user = std::str::from_utf8(user).map_err(|_| wrong())?.to_owned();
    // Docker pads passwords with NULs.
    let password = password.get(1..).unwrap_or_default();
    let len = password.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Ok(Some(Credentials::Password { user, password: password.get(..len).unwrap_or_default().into() }))
}

/// Asks a credential helper (docker-credential-helpers, `get`). A helper that has nothing is no error.
fn helped(name: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err("the name of a credential helper is not valid".to_owned());
    }
    let program = format!("docker-credential-{name}");
    let failed = |why: &str| format!("{program}, which keeps the credentials for {registry}, {why}");
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {error}")))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper may end without reading.
        let _ = input.write_all(registry.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(&format!("failed: {error}")))?;
    let answer = Sensitive::from(output.stdout);
    if !output.status.success() {
        let says_none = memchr::memmem::find(&answer, b"credentials not found").is_some();
        return if says_none { Ok(None) } else { Err(failed("failed")) };
    }
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| failed("gave no JSON"))?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(user), Some(secret)) = (text("Username"), text("Secret")) else { return Ok(None) };
    Ok(Some(if user == TOKEN_USER {
        Credentials::Identity(secret.into())
    } else {
        Credentials::Password { user: user.to_owned(), password: secret.into() }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &Value, registry: &str, repository: &str) -> String {
        match in_file(config, registry, repository, Path::new("f")) {
            Ok(Some(Credentials::Password { user, password })) => {
                format!("{user}:{}", String::from_utf8_lossy(&password))
            }
            Ok(Some(Credentials::Identity(token))) => format!("<{}>", String::from_utf8_lossy(&token)),
            Ok(None) => "none".to_owned(),
            Err(error) => error,
        }
    }

    #[test]
    fn the_longest_key_counts() {
        let auth = |text: &str| serde_json::json!({"auth": STANDARD.encode(text)});
        let config = serde_json::json!({"auths": {
            "host": auth("a:one"),
            "host/org": auth("b:two"),
            "host/org/app": auth("c:three:x"),
            "https://other/v2/": {"username": "d", "password": "four"},
            "helped": {},
            "token": {"identitytoken": "five"},
            DOCKER_HUB_KEY: auth("e:six\0\0"),
            "wrong": {"auth": "?"},
        }});
        for (registry, repository, expected) in [
            ("host", "x", "a:one"),
            ("host", "org/y", "b:two"),
            ("host", "org/app", "c:three:x"),
            ("host", "organ", "a:one"),
            ("other", "x", "d:four"),
            ("token", "x", "<five>"),
            ("docker.io", "library/x", "e:six"),
            ("helped", "x", "none"),
            ("unknown", "x", "none"),
        ] {
            assert_eq!(found(&config, registry, repository), expected, "{registry}/{repository}");
        }
        assert!(found(&config, "wrong", "x").contains("base64"));
        let helper = serde_json::json!({"credHelpers": {"h": "stowaway-no-such"}, "credsStore": "../x"});
        assert!(found(&helper, "h", "x").contains("cannot be run"), "{}", found(&helper, "h", "x"));
        assert!(found(&helper, "other", "x").contains("not valid"));
    }

    #[test]
    fn a_header_of_basic_authentication() {
        let credentials = Credentials::Password { user: "u".to_owned(), password: "p".into() };
        assert_eq!(&*credentials.basic().unwrap(), b"Basic dTpw");
        assert!(Credentials::Identity("t".into()).basic().is_none());
        assert_eq!(format!("{credentials:?}"), "Credentials(…)");
    }
}
