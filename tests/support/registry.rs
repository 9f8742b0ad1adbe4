//! A registry on this machine (`docker-registry`), and a proxy in front of it that asks for credentials, cuts, delays
//! and lies.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Place;

/// A running `docker-registry`. It ends on drop, or with this process.
pub struct Registry {
    process: Child,
    pub address: String,
}

/// Returns an address that is free now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Registry {
    /// Starts a registry. `tls` is the certificate and the key, in PEM.
    pub fn start(place: &Place, tls: Option<(&str, &str)>) -> Self {
        let address = free_address();
        let certificate = match tls {
            Some((certificate, key)) => format!(", tls: {{certificate: {certificate}, key: {key}}}"),
            None => String::new(),
        };
        let data = place.join("data");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"{address}\"{certificate}}}\n",
            data.display()
        );
        let config = place.write("registry.yml", config);
        // The shell ends the registry when this process has ended, which drops no static value.
        let script = "docker-registry serve \"$0\" & cat > /dev/null; kill $!";
        let process = Command::new("sh")
            .args(["-c".as_ref(), script.as_ref(), config.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry starts; tests/install-tools.sh installs it");
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < deadline, "the registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// A request as the proxy sees it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

/// The reaction of the proxy to a request.
pub enum Reply {
    /// It passes the request and the response on.
    Pass,
    /// It passes on the head of the response and this many bytes of the body, and hangs up.
    Cut(usize),
    /// It passes the response on with a changed body.
    Change(fn(Vec<u8>) -> Vec<u8>),
    /// It answers by itself: the status, headers and the body.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// It says nothing until the other end hangs up.
    Silence,
}

type Decide = Box<dyn Fn(&Asked, usize) -> Reply + Send + Sync>;

/// A proxy. It ends with the test.
pub struct Proxy {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Proxy {
    /// Starts a proxy of a server. `decide` gets a request and the number of earlier requests for the same path.
    pub fn start(server: &str, decide: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1", server, None, decide)
    }

    /// Starts a proxy at an address of this machine that speaks TLS, with a certificate and its key.
    pub fn with_tls(
        ip: &str,
        server: &str,
        (certificate, key): (&Path, &Path),
        decide: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            );
        Self::listen(ip, server, Some(Arc::new(tls.unwrap())), decide)
    }

    fn listen(
        ip: &str,
        server: &str,
        tls: Option<Arc<ServerConfig>>,
        decide: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (server, seen, decide): (String, _, Arc<Decide>) =
            (server.to_owned(), Arc::clone(&asked), Arc::new(Box::new(decide)));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, seen, decide) = (server.clone(), Arc::clone(&seen), Arc::clone(&decide));
                let tls = tls.clone();
                std::thread::spawn(move || {
                    client.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
                    let Some(tls) = tls else { return serve(client, &server, &seen, &decide) };
                    let mut client = StreamOwned::new(ServerConnection::new(tls).ok()?, client);
                    let served = serve(&mut client, &server, &seen, &decide);
                    client.conn.send_close_notify();
                    client.flush().ok().and(served)
                });
            }
        });
        Self { address, asked }
    }

    /// Returns the requests since the last call. What tells TLS from plain HTTP is left out.
    pub fn asked(&self) -> Vec<Asked> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.retain(|asked| asked.path != "/v2/");
        asked
    }
}

fn serve(
    mut client: impl Read + Write,
    server: &str,
    seen: &Mutex<Vec<Asked>>,
    decide: &Decide,
) -> Option<()> {
    let head = head(&mut client)?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let asked = Asked { method, path, headers };
    let earlier = {
        let mut seen = seen.lock().unwrap();
        let earlier = seen.iter().filter(|other| other.path == asked.path).count();
        seen.push(asked.clone());
        earlier
    };
    let reply = decide(&asked, earlier);
    if let Reply::Answer(status, headers, body) = reply {
        let mut head =
            format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        client.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        return client.write_all(&body).ok();
    }
    if matches!(reply, Reply::Silence) {
        drop(client.read(&mut [0]));
        return None;
    }
    let mut upstream = TcpStream::connect(server).ok()?;
    let mut request =
        format!("{} {} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n", asked.method, asked.path);
    for name in ["accept", "range"] {
        if let Some(value) = asked.headers.get(name) {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
    }
    upstream.write_all(format!("{request}\r\n").as_bytes()).ok()?;
    let head = self::head(&mut upstream)?;
    let mut body = Vec::new();
    upstream.read_to_end(&mut body).ok()?;
    client.write_all(head.as_bytes()).ok()?;
    match reply {
        Reply::Cut(len) => client.write_all(&body[..len.min(body.len())]).ok(),
        Reply::Change(change) => client.write_all(&change(body)).ok(),
        _ => client.write_all(&body).ok(),
    }
}

/// Reads the head of a message, up to the empty line.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
        if head.len() == 1 && !byte[0].is_ascii_uppercase() {
            // A client that tries TLS.
            return None;
        }
    }
    String::from_utf8(head).ok()
}
