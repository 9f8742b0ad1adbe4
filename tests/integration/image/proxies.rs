//! Registries behind a proxy of the environment.

use std::io::{Read as _, Write as _};

use serde_json::Value;

use super::registries::{reference, registry};
use crate::support::Place;
use crate::support::run::command_cached;

/// Starts a SOCKS5 proxy (RFC 1928) that connects to one server. Returns its address and the hosts it was asked for.
fn socks(server: &str) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, asked) = std::sync::mpsc::channel();
    let server = server.to_owned();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut read = |len: usize| {
                let mut bytes = vec![0; len];
                client.read_exact(&mut bytes).unwrap();
                bytes
            };
            let methods = usize::from(read(2)[1]);
            read(methods);
            client.write_all(&[5, 0]).unwrap();
            let mut read = |len: usize| {
                let mut bytes = vec![0; len];
                client.read_exact(&mut bytes).unwrap();
                bytes
            };
            assert_eq!(read(4), [5, 1, 0, 3], "a connection to a name");
            let len = usize::from(read(1)[0]);
            let host = String::from_utf8(read(len)).unwrap();
            read(2);
            drop(send.send(host));
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            connect(client, &server);
        }
    });
    (address, asked)
}

/// Passes on what a client and a server say.
fn connect(mut client: std::net::TcpStream, server: &str) {
    let mut server = std::net::TcpStream::connect(server).unwrap();
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
            client.write_all(b"HTTP/1.1 200 connected\r\n\r\n").unwrap();
            connect(client, &server);
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
    // The registry speaks plain HTTP, which has a proxy of its own.
    let both = [("HTTPS_PROXY", &*through), ("HTTP_PROXY", &through)];
    assert_eq!(scan(&["--insecure", named], &both), (0, 1));
    assert_eq!(asked.try_iter().next().unwrap(), "CONNECT registry.test:5000 HTTP/1.1");
    let excepted = [("ALL_PROXY", &*through), ("NO_PROXY", "test")];
    assert_eq!(scan(&["--insecure", "--timeout", "2s", named], &excepted), (1, 2));
    // This machine is asked directly.
    let own = reference(&registry().address);
    assert_eq!(scan(&[&own], &[("HTTPS_PROXY", "http://127.0.0.1:1")]), (0, 1));
    assert_eq!(asked.try_iter().filter(|line| line.contains("127.0.0.1")).count(), 0);
}

#[test]
fn a_proxy_that_is_of_no_use_is_named() {
    let caches = Place::new("proxy-faults");
    let message = |named: &str, variables: &[(&str, &str)]| {
        let mut command = command_cached(caches.path(), &["scan", "--format", "json", named]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2));
        report["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let named = "docker://registry.test/org/app:1";
    for variable in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        let said = message(named, &[(variable, "http://me:secret-word@127.0.0.1:9")]);
        let expected = format!("the proxy 127.0.0.1:9 of {variable} refuses the connection");
        assert!(said.contains(&expected) && !said.contains("secret-word"), "{said}");
        let said = message(named, &[(variable, "http://[bad:secret-word")]);
        let expected = format!("{variable} is not the address of a proxy");
        assert!(said.contains(&expected) && !said.contains("secret-word"), "{said}");
    }
    let said = message(named, &[("ALL_PROXY", "socks5h://127.0.0.1:9")]);
    assert!(said.contains("the proxy 127.0.0.1:9 of ALL_PROXY refuses"), "{said}");
    // The proxy for plain HTTP is none for TLS.
    let said = message(named, &[("HTTP_PROXY", "http://127.0.0.1:9"), ("http_proxy", "http://[bad")]);
    assert!(said.contains("registry.test") && !said.contains("proxy"), "{said}");
}

#[test]
fn a_proxy_that_speaks_socks() {
    let (proxy, asked) = socks(&registry().address);
    let caches = Place::new("proxy-socks");
    let args = ["scan", "--format", "json", "--insecure", "docker://registry.test:5000/org/app:1"];
    let mut command = command_cached(caches.path(), &args);
    let output = command.env("ALL_PROXY", format!("socks5h://{proxy}")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(asked.try_iter().next().unwrap(), "registry.test");
}
