//! A fake Hub on loopback. It records the requests of each token, and serves nothing without a token.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;

/// The port of plain HTTP. Nothing else uses it in this network, and URLs look the same as elsewhere.
const ADDRESS: &str = "127.0.0.1:80";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const CONTENT: &str = "{\"model_type\": \"oracle\"}\n";

/// The uses of each token.
type Seen = BTreeMap<String, BTreeSet<String>>;

/// The server. It ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    seen: Arc<Mutex<Seen>>,
    /// A bare repository, served as files.
    repository: PathBuf,
}

struct Request {
    method: String,
    path: String,
    token: Option<String>,
}

struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Hub {
    pub(crate) fn start() -> Self {
        let hub = Self { seen: Arc::default(), repository: repository() };
        let listener = TcpListener::bind(ADDRESS).unwrap();
        let server = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || drop(server.serve(&stream)));
            }
        });
        hub
    }

    /// Returns the uses of a token, except the query for its owner, which every login makes.
    pub(crate) fn uses(&self, token: &str) -> BTreeSet<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(token).cloned().unwrap_or_default()
    }

    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut request = Request { method: method.to_owned(), path: path.to_owned(), token: None };
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("authorization")
            {
                request.token = credential(value.trim()).filter(|token| is_token(token));
            }
        }
        // `ADD` can send no header.
        let in_url = request.path.split_once("?token=").map(|(_, token)| token.to_owned());
        request.token = request.token.or(in_url.filter(|token| is_token(token)));
        let answer = self.answer(&request);
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
            answer.status,
            answer.headers,
            answer.body.len()
        )?;
        if request.method != "HEAD" {
            stream.write_all(&answer.body)?;
        }
        stream.flush()
    }

    fn answer(&self, request: &Request) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        let Some(token) = &request.token else {
            let headers = "WWW-Authenticate: Basic realm=\"hub\"\r\nX-Error-Code: GatedRepo\r\n";
            return Answer { status: "401 Unauthorized", headers: headers.to_owned(), body: Vec::new() };
        };
        let json = |text: &str| Answer {
            status: "200 OK",
            headers: "Content-Type: application/json\r\n".to_owned(),
            body: text.as_bytes().to_owned(),
        };
        if path == "/api/whoami-v2" {
            return json(
                "{\"type\": \"user\", \"id\": \"0\", \"name\": \"oracle\", \"fullname\": \"Oracle\", \"orgs\": [], \"auth\": \
                 {\"type\": \"access_token\", \"accessToken\": {\"displayName\": \"oracle\", \"role\": \"read\"}}}",
            );
        }
        self.remember(token, path);
        if path.starts_with("/api/") && path.contains("/tree/") {
            json(&format!(
                "[{{\"type\": \"file\", \"path\": \"config.json\", \"size\": {}, \"oid\": \"{COMMIT}\"}}]",
                CONTENT.len()
            ))
        } else if path.starts_with("/api/models/") {
            json(&format!(
                "{{\"id\": \"org/model\", \"modelId\": \"org/model\", \"sha\": \"{COMMIT}\", \"private\": true, \
                 \"siblings\": [{{\"rfilename\": \"config.json\"}}]}}"
            ))
        } else if path.contains("/resolve/") {
            let headers =
                format!("ETag: \"{COMMIT}\"\r\nX-Repo-Commit: {COMMIT}\r\nContent-Type: text/plain\r\n");
            Answer { status: "200 OK", headers, body: CONTENT.into() }
        } else {
            self.git(path)
        }
    }

    /// Returns a file of the repository, whatever the model in the request.
    fn git(&self, path: &str) -> Answer {
        let inner = path.split_once("/info/refs").map(|_| "info/refs").or_else(|| {
            ["/HEAD", "/objects/"].iter().find_map(|part| path.find(part).map(|at| &path[at + 1..]))
        });
        let body = inner
            .filter(|inner| !inner.contains(".."))
            .and_then(|inner| std::fs::read(self.repository.join(inner)).ok());
        match body {
            Some(body) => Answer { status: "200 OK", headers: String::new(), body },
            None => Answer { status: "404 Not Found", headers: String::new(), body: Vec::new() },
        }
    }

    fn remember(&self, token: &str, path: &str) {
        let what = if path.starts_with("/api/") {
            "api"
        } else if path.contains("/resolve/") {
            "download"
        } else {
            "git"
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(token.to_owned()).or_default().insert(what.to_owned());
    }
}

/// Whether text has the shape of a token. An unexpanded variable does not.
fn is_token(text: &str) -> bool {
    text.strip_prefix("hf_")
        .is_some_and(|rest| rest.len() == 34 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns the token of an `Authorization` header, as a bearer token or a password.
fn credential(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
    let (user, password) =
        String::from_utf8(decoded).ok()?.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    let secret = if password.is_empty() || password == "x-oauth-basic" { user } else { password };
    (!secret.is_empty()).then_some(secret)
}

/// Creates a repository with one commit. Its place is removed together with the builder's tree.
fn repository() -> PathBuf {
    let work = Path::new("/srv/model");
    let bare = PathBuf::from("/srv/model.git");
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().unwrap();
        assert!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::create_dir_all(work).unwrap();
    std::fs::write(work.join("config.json"), CONTENT).unwrap();
    git(&["init", "--quiet", "--initial-branch=main", "/srv/model"]);
    git(&["-C", "/srv/model", "add", "."]);
    git(&[
        "-C",
        "/srv/model",
        "-c",
        "user.name=oracle",
        "-c",
        "user.email=oracle@localhost",
        "commit",
        "--quiet",
        "-m",
        "one",
    ]);
    git(&["clone", "--quiet", "--bare", "/srv/model", "/srv/model.git"]);
    git(&["-C", "/srv/model.git", "update-server-info"]);
    bare
}
