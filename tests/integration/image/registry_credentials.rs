//! The servers that get the credentials for a registry, and those that must not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::certificates::make_self_signed;
use super::registries::{assert_leak, error, reference, registry};
use crate::support::registry::{Asked, Proxy, Reply};
use crate::support::run::command_cached;
use crate::support::tools::text;
use crate::support::{Outcome, Place, Stdin, scan, scan_with};

const PASSWORD: &str = "secret-word";
const IDENTITY: &str = "identity-word";

/// A certificate for two addresses of this machine.
struct Servers {
    place: Place,
}

impl Servers {
    fn new(name: &str) -> Self {
        let place = Place::new(name);
        make_self_signed(&place, "IP:127.0.0.1,IP:127.0.0.2", "2");
        Self { place }
    }

    fn start(&self, ip: &str, decide: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Proxy {
        let files = (&*self.place.join("cert.pem"), &*self.place.join("key.pem"));
        Proxy::with_tls(ip, &registry().address, files, move |asked, _| decide(asked))
    }

    /// Audits the image with a password.
    fn scan(&self, proxy: &Proxy) -> Outcome {
        let certificate = self.place.join("cert.pem");
        let args = ["--ca-file", text(&certificate), "--username", "me", "--password-stdin"];
        let target = reference(&proxy.address);
        scan_with(&[&args[..], &[target.as_str()]].concat(), Stdin::Pipe(PASSWORD.as_bytes()))
    }

    /// Audits the image with an identity token. Returns the report.
    fn scan_with_identity(&self, proxy: &Proxy) -> String {
        let config = json!({"auths": {&proxy.address: {"identitytoken": IDENTITY}}});
        self.place.write("config.json", config.to_string());
        let certificate = self.place.join("cert.pem");
        let target = reference(&proxy.address);
        let args = ["scan", "--format", "json", "--ca-file", text(&certificate), &target];
        let mut command = command_cached(&self.place.join("caches"), &args);
        let output = command.env("DOCKER_CONFIG", self.place.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn answer(status: u16, name: &str, value: String) -> Reply {
    Reply::Answer(status, vec![(name.to_owned(), value)], Vec::new())
}

fn token(word: &str) -> Reply {
    Reply::Answer(200, Vec::new(), json!({"token": word}).to_string().into_bytes())
}

fn is_blob(asked: &Asked) -> bool {
    asked.path.contains("/blobs/")
}

/// Returns true if a request has an authorization of this word.
fn has(asked: &Asked, word: &str) -> bool {
    asked.headers.get("authorization").is_some_and(|value| value.contains(word))
}

#[test]
fn the_host_of_a_redirect_is_told_no_credentials() {
    let servers = Servers::new("redirect-credentials");
    for challenge in ["Bearer realm=\"https://HOST/steal\",service=\"x\"", "Basic realm=\"x\""] {
        let foreign = servers.start("127.0.0.2", move |asked| {
            if asked.path.starts_with("/steal") {
                return token("stolen");
            }
            answer(401, "WWW-Authenticate", challenge.replace("HOST", &asked.headers["host"]))
        });
        let to = foreign.address.clone();
        let own = servers.start("127.0.0.1", move |asked| {
            if is_blob(asked) {
                return answer(307, "Location", format!("https://{to}{}", asked.path));
            }
            if asked.path.starts_with("/token") {
                return token("granted");
            }
            if has(asked, "granted") {
                return Reply::Pass;
            }
            answer(401, "WWW-Authenticate", "Bearer realm=\"/token\"".to_owned())
        });
        let outcome = servers.scan(&own);
        assert_eq!(outcome.code, 2, "{challenge}");
        for error in outcome.errors() {
            let message = error["message"].as_str().unwrap();
            assert!(error["code"] == "denied" && message.contains("to which 127.0.0.1"), "{message}");
        }
        servers.scan_with_identity(&own);
        scan(&["--ca-file", text(&servers.place.join("cert.pem")), &reference(&own.address)]);
        let asked = foreign.asked();
        assert!(asked.iter().any(is_blob), "{challenge}");
        assert!(asked.iter().all(|asked| is_blob(asked) && !has(asked, "")), "{challenge}: {asked:?}");
        assert!(own.asked().iter().all(|asked| !has(asked, "stolen")), "{challenge}");
    }
}

#[test]
fn credentials_do_not_go_over_plain_http() {
    let servers = Servers::new("plain-credentials");
    let plain = Proxy::start(&registry().address, |_, _| token("granted"));
    // At its own port, and at another one.
    for realm in ["http://HOST/token".to_owned(), format!("http://{}/token", plain.address)] {
        let own = servers.start("127.0.0.1", move |asked| {
            let realm = realm.replace("HOST", &asked.headers["host"]);
            answer(401, "WWW-Authenticate", format!("Bearer realm=\"{realm}\""))
        });
        let (code, message) = error(&servers.scan(&own));
        assert!(code == "denied" && message.contains("they were not sent"), "{message}");
        let report = servers.scan_with_identity(&own);
        assert!(report.contains("they were not sent"), "{report}");
    }
    // A registry that redirects there.
    let to = plain.address.clone();
    let own = servers.start("127.0.0.1", move |asked| {
        if has(asked, &STANDARD.encode(format!("me:{PASSWORD}"))) {
            return answer(307, "Location", format!("http://{to}{}", asked.path));
        }
        answer(401, "WWW-Authenticate", "Basic realm=\"x\"".to_owned())
    });
    let (code, message) = error(&servers.scan(&own));
    assert!(code == "denied" && message.contains("redirects to plain HTTP"), "{message}");
    assert!(plain.asked().is_empty());
}

#[test]
fn a_token_server_may_redirect_on_its_host() {
    let servers = Servers::new("token-redirect");
    let elsewhere = servers.start("127.0.0.2", |_| token("granted"));
    for (to, status, is_followed) in [
        ("/moved".to_owned(), 302, true),
        ("https://HOST/moved".to_owned(), 307, true),
        ("/again".to_owned(), 302, false),
        (format!("https://{}/moved", elsewhere.address), 307, false),
        ("http://HOST/moved".to_owned(), 302, false),
    ] {
        let location = to.clone();
        let own = servers.start("127.0.0.1", move |asked| {
            if has(asked, "granted") {
                return Reply::Pass;
            }
            match asked.path.split('?').next() {
                Some("/token" | "/again") => {
                    answer(status, "Location", location.replace("HOST", &asked.headers["host"]))
                }
                Some("/moved") => token("granted"),
                _ => answer(401, "WWW-Authenticate", "Bearer realm=\"/token\"".to_owned()),
            }
        });
        let outcome = servers.scan(&own);
        if is_followed {
            assert_leak(&outcome);
        } else {
            let (code, message) = error(&outcome);
            assert!(code == "denied" && message.contains("token server"), "{to}: {message}");
        }
    }
    assert!(elsewhere.asked().is_empty());
}
