//! The socket of an engine, as docker and podman find it.

use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::Engine;
use crate::digest::Digest;

/// The address of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A unix socket.
    Socket(PathBuf),
    /// `HOST:PORT`, in plain HTTP.
    Tcp(String),
    /// `HOST:PORT`, with the directory of `ca.pem`, `cert.pem` and `key.pem`.
    Tls(String, PathBuf),
}

/// Returns the address of an engine. `variable` reads the environment.
///
/// # Errors Returns a sentence if the address is of a form that this version does not know.
pub(super) fn find(engine: Engine, variable: &dyn Fn(&str) -> Option<String>) -> Result<Host, String> {
    let (named, usual) = match engine {
        Engine::Docker => ("DOCKER_HOST", "/var/run/docker.sock".to_owned()),
        Engine::Podman => {
            let own = variable("XDG_RUNTIME_DIR").map(|directory| format!("{directory}/podman/podman.sock"));
            let own = own.filter(|path| Path::new(path).exists());
            ("CONTAINER_HOST", own.unwrap_or_else(|| "/run/podman/podman.sock".to_owned()))
        }
    };
    if let Some(address) = variable(named) {
        let home = || Some(format!("{}/.docker", variable("HOME")?));
        let secured = variable("DOCKER_TLS_VERIFY")
            .and_then(|_| variable("DOCKER_CERT_PATH").or_else(|| variable("DOCKER_CONFIG")).or_else(home));
        return read(engine, &address, secured.map(PathBuf::from));
    }
    let chosen = if engine == Engine::Docker { context(variable)? } else { None };
    match chosen {
        Some((address, certificates)) => read(engine, &address, certificates),
        None => Ok(Host::Socket(usual.into())),
    }
}

/// Reads an address. `certificates` is the directory of those that a connection over TCP needs.
fn read(engine: Engine, address: &str, certificates: Option<PathBuf>) -> Result<Host, String> {
    if let Some(path) = address.strip_prefix("unix://") {
        return Ok(Host::Socket(path.into()));
    }
    if let Some(host) = address.strip_prefix("tcp://") {
        let host = host.trim_end_matches('/').to_owned();
        return Ok(match certificates {
            Some(directory) => Host::Tls(host, directory),
            None => Host::Tcp(host),
        });
    }
    Err(format!(
        "the engine at {address} is not reached by this version; `{} save IMAGE | stowaway scan -` reads an image of it",
        engine.name()
    ))
}

/// Returns the address of docker's current context, and the directory of its certificates (docker CLI,
/// `cli/context/store`). Returns `None` for the default context, which has no file.
///
/// # Errors Returns a sentence if there is no such context, or it names no engine.
fn context(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<(String, Option<PathBuf>)>, String> {
    let home = variable("DOCKER_CONFIG").or_else(|| Some(format!("{}/.docker", variable("HOME")?)));
    let json = |path: &str| {
        let path = format!("{}/{path}", home.as_ref()?);
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(path).ok()?).ok()
    };
    let current = || json("config.json")?.get("currentContext")?.as_str().map(str::to_owned);
    let name = variable("DOCKER_CONTEXT").or_else(current);
    let Some(name) = name.filter(|name| !name.is_empty() && name != "default") else { return Ok(None) };
    let wrong = |why: &str| {
        format!("the context of docker {name}, which DOCKER_CONTEXT or `docker context use` chose, {why}")
    };
    let id = Digest::from_bytes(sha2::Sha256::digest(name.as_bytes()).into()).hex();
    let meta = json(&format!("contexts/meta/{id}/meta.json")).ok_or_else(|| wrong("is not there"))?;
    let address = meta.pointer("/Endpoints/docker/Host").and_then(serde_json::Value::as_str);
    let address = address.ok_or_else(|| wrong("names no engine"))?.to_owned();
    let certificates = home.map(|home| PathBuf::from(format!("{home}/contexts/tls/{id}/docker")));
    Ok(Some((address, certificates.filter(|directory| directory.is_dir()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(engine: Engine, variables: &[(&str, &str)]) -> Result<Host, String> {
        find(engine, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn where_engines_are() {
        let socket = |path: &str| Ok(Host::Socket(path.into()));
        assert_eq!(host(Engine::Docker, &[]), socket("/var/run/docker.sock"));
        assert_eq!(host(Engine::Docker, &[("DOCKER_HOST", "unix:///x.sock")]), socket("/x.sock"));
        assert_eq!(
            host(Engine::Docker, &[("DOCKER_HOST", "tcp://a:2375")]),
            Ok(Host::Tcp("a:2375".to_owned()))
        );
        let secured =
            [("DOCKER_HOST", "tcp://a:2376"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/c")];
        assert_eq!(host(Engine::Docker, &secured), Ok(Host::Tls("a:2376".to_owned(), "/c".into())));
        assert!(host(Engine::Docker, &[("DOCKER_HOST", "ssh://a")]).unwrap_err().contains("docker save"));
        let podman = host(Engine::Podman, &[("CONTAINER_HOST", "ssh://a")]).unwrap_err();
        assert!(podman.contains("`podman save"), "{podman}");
        assert_eq!(host(Engine::Podman, &[]), socket("/run/podman/podman.sock"));
        assert_eq!(host(Engine::Podman, &[("CONTAINER_HOST", "unix:///p")]), socket("/p"));
    }

    #[test]
    fn the_context_of_docker() {
        let root = std::env::temp_dir().join(format!("stowaway-context-{}", std::process::id()));
        let id = Digest::from_bytes(sha2::Sha256::digest(b"other").into()).hex();
        let meta = root.join("contexts/meta").join(id);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(root.join("config.json"), r#"{"currentContext": "other"}"#).unwrap();
        std::fs::write(meta.join("meta.json"), r#"{"Endpoints": {"docker": {"Host": "unix:///c"}}}"#)
            .unwrap();
        let config = root.to_str().unwrap().to_owned();
        let of = |more: &[(&str, &str)]| {
            host(Engine::Docker, &[&[("DOCKER_CONFIG", config.as_str())], more].concat())
        };
        let found = (of(&[]), of(&[("DOCKER_CONTEXT", "default")]), of(&[("DOCKER_HOST", "unix:///h")]));
        let unknown = of(&[("DOCKER_CONTEXT", "nosuch")]);
        let overridden = of(&[("DOCKER_CONTEXT", "nosuch"), ("DOCKER_HOST", "unix:///h")]);
        let of_podman = host(Engine::Podman, &[("DOCKER_CONFIG", &config), ("DOCKER_CONTEXT", "nosuch")]);
        std::fs::write(meta.join("meta.json"), r#"{"Endpoints": {}}"#).unwrap();
        let empty = of(&[]);
        std::fs::write(root.join("config.json"), r#"{"currentContext": "gone"}"#).unwrap();
        let gone = of(&[]);
        std::fs::remove_dir_all(&root).unwrap();
        let socket = |path: &str| Ok(Host::Socket(path.into()));
        assert_eq!(found, (socket("/c"), socket("/var/run/docker.sock"), socket("/h")));
        assert_eq!((overridden, of_podman), (socket("/h"), socket("/run/podman/podman.sock")));
        for (outcome, says) in [
            (unknown, ["nosuch", "is not there"]),
            (gone, ["gone", "is not there"]),
            (empty, ["other", "names no engine"]),
        ] {
            let error = outcome.unwrap_err();
            assert!(says.iter().all(|words| error.contains(words)), "{error}");
        }
        let homeless = host(Engine::Docker, &[("DOCKER_CONTEXT", "nosuch")]).unwrap_err();
        assert!(homeless.contains("nosuch"), "{homeless}");
    }
}
