//! Registries behind a proxy of the environment.

use std::io::{Read as _, Write as _};

use serde_json::Value;

use super::registries::{reference, registry};
use crate::support::Place;
use crate::support::run::command_cached;

/// Starts a proxy that connects to one server, whatever it is asked for. Returns its address and what it was asked.
fn tunnel(server: &str) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, asked) = std::sync::mpsc::channel();
    let server = server.to_owned();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n > 0) {
                head.push(byte[0]);
            }
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            drop(send.send(line));
            let mut server = std::net::TcpStream::connect(&server).unwrap();
            client.write_all(b"HTTP/1.1 200 connected\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                drop(std::io::copy(&mut from, &mut to));
                drop(to.shutdown(std::net::Shutdown::Write));
            });
            std::thread::spawn(move || {
                drop(std::io::copy(&mut server, &mut client));
                drop(client.shutdown(std::net::Shutdown::Write));
            });
        }
    });
    (address, asked)
}

#[test]
fn a_registry_is_reached_through_the_proxy_of_the_environment() {
    let (proxy, asked) = tunnel(&registry().address);
    let caches = Place::new("proxy-caches");
    let scan = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command_cached(caches.path(), &[&["scan", "--format", "json"], arguments].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["errors"].as_array().unwrap().len(), output.status.code().unwrap())
    };
    let named = "docker://registry.test:5000/org/app:1";
    let through = format!("http://{proxy}");
    assert_eq!(scan(&["--insecure", named], &[("HTTPS_PROXY", &through)]), (0, 1));
    assert_eq!(asked.try_iter().next().unwrap(), "CONNECT registry.test:5000 HTTP/1.1");
    let excepted = [("HTTPS_PROXY", &*through), ("NO_PROXY", "registry.test")];
    assert_eq!(scan(&["--insecure", "--timeout", "2s", named], &excepted), (1, 2));
    // This machine is asked directly.
    let own = reference(&registry().address);
    assert_eq!(scan(&[&own], &[("HTTPS_PROXY", "http://127.0.0.1:1")]), (0, 1));
    assert_eq!(asked.try_iter().filter(|line| line.contains("127.0.0.1")).count(), 0);
}
