//! Registries with TLS: which certificates are trusted.

use std::process::Command;

use super::registries::{archive, assert_leak, error, push, reference};
use crate::support::registry::Registry;
use crate::support::tools::text;
use crate::support::{Place, scan};

/// Runs `openssl` in a directory.
fn openssl(place: &Place, args: &[&[&str]]) {
    let args = args.concat();
    let made = Command::new("openssl").args(args).current_dir(place.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

#[test]
fn a_certificate_is_checked() {
    let place = Place::new("registry-tls");
    openssl(&place, &[&["req", "-x509", "-subj", "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem"], &NEW_KEY]);
    openssl(&place, &[&["req", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request"], &NEW_KEY]);
    place.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    let sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    openssl(&place, &[&["x509", "-req", "-in", "request", "-out", "cert.pem"], &sign]);
    let [authority, certificate, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| place.join(name));
    let registry = Registry::start(&place, Some((text(&certificate), text(&key))));
    push(&registry.address, &["--dest-tls-verify=false"]);
    let target = reference(&registry.address);
    let (code, message) = error(&scan(&[&target]));
    assert_eq!(code, "denied");
    assert!(message.contains("TLS failed") && message.contains("--ca-file"), "{message}");
    assert_leak(&scan(&["--ca-file", text(&authority), &target]));
    assert_leak(&scan(&["--insecure", &target]));
    let (_, message) = error(&scan(&["--ca-file", archive(), &target]));
    assert!(message.contains("no certificate"), "{message}");
}

/// Makes a certificate that signs itself, as docker's documentation does: `cert.pem` and `key.pem`.
pub(super) fn make_self_signed(place: &Place, alternative: &str, days: &str) {
    let names = format!("subjectAltName={alternative}");
    place.write("names", format!("{names}\nbasicConstraints=critical,CA:true\n"));
    let subject = ["req", "-subj", "/CN=registry", "-keyout", "key.pem", "-out", "request"];
    openssl(place, &[&subject, &NEW_KEY]);
    let sign = ["x509", "-req", "-in", "request", "-signkey", "key.pem", "-extfile", "names"];
    openssl(place, &[&sign, &["-out", "cert.pem", "-days", days]]);
}

/// Starts a registry with a certificate that signs itself.
fn self_signed(name: &str, alternative: &str, days: &str) -> (Place, Registry) {
    let place = Place::new(name);
    make_self_signed(&place, alternative, days);
    let (certificate, key) = (place.join("cert.pem"), place.join("key.pem"));
    let registry = Registry::start(&place, Some((text(&certificate), text(&key))));
    push(&registry.address, &["--dest-tls-verify=false"]);
    (place, registry)
}

#[test]
fn a_certificate_that_signs_itself_may_be_trusted() {
    let (place, registry) = self_signed("registry-own", "IP:127.0.0.1", "2");
    let target = reference(&registry.address);
    let own = place.join("cert.pem");
    assert_leak(&scan(&["--ca-file", text(&own), &target]));
    let (code, message) = error(&scan(&[&target]));
    assert!(
        code == "denied" && message.contains("the certificate signs itself, and is not trusted"),
        "{message}"
    );

    let (other, _) = self_signed("registry-other", "IP:127.0.0.1", "2");
    let (code, message) = error(&scan(&["--ca-file", text(&other.join("cert.pem")), &target]));
    assert!(code == "denied" && message.contains("TLS failed"), "{message}");
    for (name, alternative, days, says) in [
        ("registry-name", "DNS:registry.example", "2", "not valid for name"),
        ("registry-old", "IP:127.0.0.1", "-1", "Expired"),
    ] {
        let (place, registry) = self_signed(name, alternative, days);
        let target = reference(&registry.address);
        let (code, message) = error(&scan(&["--ca-file", text(&place.join("cert.pem")), &target]));
        assert!(code == "denied" && message.contains(says), "{message}");
        assert_leak(&scan(&["--insecure", &target]));
    }
}
