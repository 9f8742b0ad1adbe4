//! The proxies of the environment, as curl and Go's `net/http` read it: one for each scheme, and the hosts that are asked
//! directly.

use std::io;
use std::net::IpAddr;

use ureq::Proxy;

use super::address::{authority, origin};
use super::reference::is_loopback;
use crate::fault::{Code, Fault};

/// The variables that name the proxy for a scheme, the first one first.
const VARIABLES: [(&str, [&str; 4]); 2] = [
    ("https", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
    ("http", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
];
/// The variables that name the hosts which are asked directly.
const EXCEPTED: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A proxy, and the variable that names it.
#[derive(Debug, Clone)]
pub(super) struct Via {
    pub(super) proxy: Proxy,
    pub(super) variable: &'static str,
}

impl Via {
    /// Returns the proxy as it is shown. Its address may have a password.
    pub(super) fn shown(&self) -> String {
        let (proxy, variable) = (&self.proxy, self.variable);
        format!("the proxy {}:{} of {variable}", proxy.host(), proxy.port())
    }
}

/// The proxies for the addresses of requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    /// The proxy for each scheme, or the variable whose value is none.
    by_scheme: Vec<(&'static str, Result<Via, &'static str>)>,
    excepted: Vec<String>,
}

impl Proxies {
    /// Reads the environment with `variable`.
    pub(super) fn of_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let named = |names: &[&'static str]| names.iter().find_map(|name| Some((*name, value(name)?)));
        let by_scheme = VARIABLES.iter().filter_map(|(scheme, names)| {
            let (variable, value) = named(names)?;
            let via = Proxy::new(value.trim()).map(|proxy| Via { proxy, variable });
            Some((*scheme, via.map_err(|_| variable)))
        });
        let excepted = named(&EXCEPTED).map(|(_, value)| value.to_ascii_lowercase()).unwrap_or_default();
        let excepted = excepted.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
        Self { by_scheme: by_scheme.collect(), excepted: excepted.map(str::to_owned).collect() }
    }

    /// Returns the proxy for an address. This machine is asked directly, because no proxy elsewhere reaches it.
    ///
    /// # Errors Returns an error if the variable does not have the address of a proxy.
    pub(super) fn of(&self, url: &str) -> io::Result<Option<&Via>> {
        let Some((scheme, host, port)) = origin(url) else { return Ok(None) };
        let is_direct = is_loopback(authority(url))
            || self.excepted.iter().any(|entry| is_excepted(entry, host.trim_matches(['[', ']']), port));
        if is_direct {
            return Ok(None);
        }
        let found = self.by_scheme.iter().find(|(known, _)| *known == scheme);
        let Some((_, via)) = found else { return Ok(None) };
        via.as_ref().map(Some).map_err(|variable| {
            // The value may have a password.
            Fault::io(Code::Unsupported, format!("{variable} is not the address of a proxy"))
        })
    }
}

/// Returns true if an entry of `NO_PROXY` names a host: by its name or that of a domain above it, by its address, or by a
/// range of addresses.
fn is_excepted(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((net, bits)) = entry.split_once('/') {
        return in_network(host, net, bits) == Some(true);
    }
    let is_address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, digits)) if is_address(entry).is_none() => (name, digits.parse().ok()),
        _ => (entry, Some(port)),
    };
    if wanted != Some(port) {
        return false;
    }
    if let Some(address) = is_address(name) {
        return host.parse() == Ok(address);
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    let (name, is_below) = name.strip_prefix('.').map_or((name, false), |name| (name, true));
    let above = host.strip_suffix(name);
    !name.is_empty() && above.is_some_and(|above| above.ends_with('.') || (above.is_empty() && !is_below))
}

/// Returns true if an address is in a network. Returns `None` if one of them is none.
fn in_network(host: &str, net: &str, bits: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    match (host.parse().ok()?, net.parse().ok()?) {
        (IpAddr::V4(host), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            Some(host.to_bits() & mask == net.to_bits() & mask)
        }
        (IpAddr::V6(host), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            Some(host.to_bits() & mask == net.to_bits() & mask)
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], url: &str) -> String {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        match Proxies::of_environment(&variable).of(url) {
            Ok(via) => via.map(Via::shown).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_proxy_of_an_address() {
        const HTTPS: &str = "https://reg.test/v2/";
        const HTTP: &str = "http://reg.test:5000/v2/";
        let p1 = |variable: &str| format!("the proxy p:1 of {variable}");
        for (variables, url, expected) in [
            (&[("https_proxy", "http://p:1")][..], HTTPS, p1("https_proxy")),
            (&[("HTTPS_PROXY", "p:1")], HTTPS, p1("HTTPS_PROXY")),
            (
                &[("https_proxy", "p:1"), ("HTTPS_PROXY", "q:2"), ("ALL_PROXY", "q:2")],
                HTTPS,
                p1("https_proxy"),
            ),
            (&[("ALL_PROXY", "socks5://p:1")], HTTPS, p1("ALL_PROXY")),
            (&[("ALL_PROXY", "socks4://p:1")], HTTP, p1("ALL_PROXY")),
            (&[("all_proxy", "socks5h://u:secret@p:1")], HTTPS, p1("all_proxy")),
            (&[("http_proxy", "http://p:1")], HTTP, p1("http_proxy")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", " p:1 ")], HTTPS, p1("ALL_PROXY")),
            // Each scheme has its own.
            (&[("http_proxy", "http://p:1")], HTTPS, String::new()),
            (&[("HTTPS_PROXY", "http://p:1")], HTTP, String::new()),
            (&[], HTTPS, String::new()),
            // An invalid address of a proxy is an error: requests must not go around the proxy.
            (
                &[("https_proxy", "http://[bad")],
                HTTPS,
                "https_proxy is not the address of a proxy".to_owned(),
            ),
            (
                &[("ALL_PROXY", "ftp://p:1"), ("NO_PROXY", "x")],
                HTTP,
                "ALL_PROXY is not the address of a proxy".to_owned(),
            ),
            (&[("https_proxy", "http://[bad")], HTTP, String::new()),
            (&[("https_proxy", "http://[bad"), ("no_proxy", "reg.test")], HTTPS, String::new()),
            // This machine is asked directly.
            (&[("ALL_PROXY", "p:1")], "http://localhost:5000/v2/", String::new()),
            (&[("ALL_PROXY", "p:1")], "https://[::1]:5000/v2/", String::new()),
        ] {
            assert_eq!(found(variables, url), expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn hosts_that_are_asked_directly() {
        for (entries, host, expected) in [
            ("reg.test", "reg.test", true),
            ("REG.test", "reg.test", true),
            ("other, reg.test", "reg.test", true),
            ("other reg.test", "reg.test", true),
            ("test", "reg.test", true),
            (".test", "reg.test", true),
            ("*.test", "reg.test", true),
            ("*", "reg.test", true),
            ("reg.test:5000", "reg.test:5000", true),
            ("reg.test:443", "reg.test", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3:5000", true),
            ("fd00::/8", "[fd00::1]:5000", true),
            ("fd00::1", "[fd00::1]", true),
            ("[fd00::1]:5000", "[fd00::1]:5000", true),
            ("0.0.0.0/0", "10.1.2.3", true),
            // Look-alikes.
            ("reg.test:5000", "reg.test", false),
            ("g.test", "reg.test", false),
            (".reg.test", "reg.test", false),
            ("reg.test", "reg.test.example", false),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.0/99", "10.1.2.3", false),
            ("0.0.0.0/0", "reg.test", false),
            ("fd00::/8", "[fe80::1]", false),
            ("", "reg.test", false),
            (".", "reg.test", false),
        ] {
            let variables = [("ALL_PROXY", "p:1"), ("NO_PROXY", entries)];
            let is_direct = found(&variables, &format!("https://{host}/v2/")).is_empty();
            assert_eq!(is_direct, expected, "{entries} {host}");
        }
    }
}
