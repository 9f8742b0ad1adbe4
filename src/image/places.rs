//! The files in which Hugging Face tools keep a token, in one image. Where they lie is moved by the
//! image's environment and by symbolic links (`huggingface_hub/constants.py`).

use std::collections::{BTreeMap, BTreeSet};

use crate::stream::path::{join, normalise, split};

/// What a place keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// One token, as it is.
    Token,
    /// An INI file of named tokens.
    StoredTokens,
}

/// How places end in every home, and wherever the cache is moved as a whole.
const ENDINGS: [(&[u8], Place); 7] = [
    (b".cache/huggingface/token", Place::Token),
    (b".cache/huggingface/stored_tokens", Place::StoredTokens),
    (b".cache/huggingface_staging/token", Place::Token),
    (b".cache/huggingface_staging/stored_tokens", Place::StoredTokens),
    (b".huggingface/token", Place::Token),
    (b"huggingface/token", Place::Token),
    (b"huggingface/stored_tokens", Place::StoredTokens),
];

/// Rounds of following links, so that cycles end.
const MAX_ROUNDS: usize = 8;
/// More places than any real image has.
const MAX_PLACES: usize = 4096;

/// The places of one image.
#[derive(Debug, Clone, Default)]
pub struct Places {
    exact: BTreeMap<Vec<u8>, Place>,
    /// Endings that the environment adds, for values that begin with `~`.
    endings: BTreeMap<Vec<u8>, Place>,
}

impl Places {
    /// The places of an image with that environment (`NAME=value`) and those symbolic links (normalised
    /// path, target as written) in any of its layers.
    pub fn new<'a>(env: &[String], links: impl IntoIterator<Item = &'a (Vec<u8>, Vec<u8>)>) -> Self {
        let mut places = Self::default();
        let env: BTreeMap<&str, &str> = env.iter().filter_map(|entry| entry.split_once('=')).collect();
        let value =
            |name: &str| env.get(name).filter(|value| !value.is_empty()).map(|value| expand(value, &env));
        for home in ["HF_HOME", "HUGGINGFACE_HOME"] {
            if let Some(home) = value(home) {
                places.add(&home, "token", Place::Token);
                places.add(&home, "stored_tokens", Place::StoredTokens);
            }
        }
        if let Some(path) = value("HF_TOKEN_PATH") {
            places.add(&path, "", Place::Token);
            places.add(&path, "../stored_tokens", Place::StoredTokens);
        }
        if let Some(cache) = value("XDG_CACHE_HOME") {
            places.add(&cache, "huggingface/token", Place::Token);
            places.add(&cache, "huggingface/stored_tokens", Place::StoredTokens);
        }
        // Rust's `hf-hub` looks beside the cache.
        for cache in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"] {
            if let Some(cache) = value(cache) {
                places.add(&cache, "../token", Place::Token);
            }
        }
        let links: BTreeSet<(Vec<u8>, Vec<u8>)> =
            links.into_iter().map(|(from, to)| (from.clone(), resolve(from, to))).collect();
        for _ in 0..MAX_ROUNDS {
            let before = places.exact.len();
            for (from, to) in &links {
                places.follow(from, to);
            }
            if places.exact.len() == before || before > MAX_PLACES {
                break;
            }
        }
        places
    }

    /// What is kept at a normalised path.
    pub fn at(&self, path: &[u8]) -> Option<Place> {
        let ends = |ending: &[u8]| {
            path.strip_suffix(ending).is_some_and(|head| head.is_empty() || head.ends_with(b"/"))
        };
        let by_ending = || ENDINGS.iter().find(|(ending, _)| ends(ending)).map(|&(_, place)| place);
        let by_added = || self.endings.iter().find(|(ending, _)| ends(ending)).map(|(_, &place)| place);
        self.exact.get(path).copied().or_else(by_ending).or_else(by_added)
    }

    fn add(&mut self, base: &str, rest: &str, place: Place) {
        let (base, map) = match base.strip_prefix("~/").or_else(|| (base == "~").then_some("")) {
            Some(base) => (base, &mut self.endings),
            None => (base, &mut self.exact),
        };
        map.insert(normalise(format!("{base}/{rest}").as_bytes()), place);
    }

    /// Adds what a place is called on the other side of a link that leads to it.
    fn follow(&mut self, from: &[u8], to: &[u8]) {
        let mut found = Vec::new();
        let behind = |path: &[u8]| -> Option<Vec<u8>> {
            if path == from {
                return Some(Vec::new());
            }
            path.strip_prefix(from)?.strip_prefix(b"/").map(<[u8]>::to_vec)
        };
        for (path, &place) in &self.exact {
            found.extend(behind(path).map(|rest| (rest, place)));
        }
        // A link that is a home, or any directory between it and the file.
        for (ending, place) in
            ENDINGS.iter().map(|&(e, p)| (e, p)).chain(self.endings.iter().map(|(e, &p)| (&e[..], p)))
        {
            let mut rest: &[u8] = ending;
            loop {
                if self.at(&join(from, rest)).is_some_and(|at| at == place) && rest != ending {
                    found.push((rest.to_vec(), place));
                }
                if rest.is_empty() {
                    break;
                }
                rest = memchr::memchr(b'/', rest).and_then(|at| rest.get(at + 1..)).unwrap_or_default();
            }
        }
        for (rest, place) in found {
            self.exact.entry(join(to, &rest)).or_insert(place);
        }
    }
}

/// Where a link leads, as a normalised path.
fn resolve(from: &[u8], to: &[u8]) -> Vec<u8> {
    if to.first() == Some(&b'/') { normalise(to) } else { normalise(&join(split(from).0, to)) }
}

/// Puts variables into a path, as `os.path.expandvars` does: `$NAME` and `${NAME}`, unknown ones left.
fn expand(value: &str, env: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((head, behind)) = rest.split_once('$') {
        out.push_str(head);
        let (name, tail) =
            if let Some(pair) = behind.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                pair
            } else {
                let len = behind.bytes().take_while(|&b| b.is_ascii_alphanumeric() || b == b'_').count();
                behind.split_at_checked(len).unwrap_or((behind, ""))
            };
        if let Some(text) = env.get(name) {
            out.push_str(text);
        } else {
            out.push('$');
            out.push_str(name);
        }
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(env: &[&str], links: &[(&str, &str)]) -> Places {
        let env: Vec<String> = env.iter().map(|&e| e.to_owned()).collect();
        let links: Vec<_> =
            links.iter().map(|(a, b)| (a.as_bytes().to_vec(), b.as_bytes().to_vec())).collect();
        Places::new(&env, &links)
    }

    #[test]
    fn every_home_has_them() {
        let places = places(&[], &[]);
        for path in [
            "root/.cache/huggingface/token",
            "home/user/.cache/huggingface/token",
            ".cache/huggingface/token",
            "root/.huggingface/token",
            "data/huggingface/token",
        ] {
            assert_eq!(places.at(path.as_bytes()), Some(Place::Token), "{path}");
        }
        let stored = b"app/.cache/huggingface/stored_tokens";
        assert_eq!(places.at(stored), Some(Place::StoredTokens));
        for path in [
            "token",
            "data/token",
            "root/.cache/huggingface/hub/token",
            "root/.cache/huggingface/token/x",
            "root/.cache/huggingface/stored_tokens.lock",
            "x/myhuggingface/token",
            "root/.cache/huggingface/tokens",
        ] {
            assert_eq!(places.at(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn the_environment_moves_them() {
        for (env, path, place) in [
            ("HF_HOME=/data", "data/token", Place::Token),
            ("HF_HOME=/data/", "data/stored_tokens", Place::StoredTokens),
            ("HF_HOME=~/hf", "home/u/hf/token", Place::Token),
            ("HF_TOKEN_PATH=/run/keys/hub", "run/keys/hub", Place::Token),
            ("HF_TOKEN_PATH=/run/keys/hub", "run/keys/stored_tokens", Place::StoredTokens),
            ("XDG_CACHE_HOME=/c", "c/huggingface/token", Place::Token),
            ("HF_HUB_CACHE=/m/hub", "m/token", Place::Token),
        ] {
            assert_eq!(places(&[env], &[]).at(path.as_bytes()), Some(place), "{env}");
        }
        let both = places(&["BASE=/srv", "HF_HOME=$BASE/${NAME}/hf", "NAME=n"], &[]);
        assert_eq!(both.at(b"srv/n/hf/token"), Some(Place::Token));
        assert_eq!(places(&["HF_HOME="], &[]).at(b"token"), None);
    }

    #[test]
    fn links_move_them() {
        for (env, links, path) in [
            (&[][..], &[("root/.cache/huggingface", "/data/hf")][..], "data/hf/token"),
            (&[], &[("root/.cache", "../mnt")], "mnt/huggingface/token"),
            (&[], &[("root/.cache/huggingface/token", "/srv/secret")], "srv/secret"),
            (&["HF_HOME=/hf"], &[("hf", "vol/x")], "vol/x/token"),
            (&["HF_HOME=/a/b"], &[("a", "/z"), ("z/b", "/y")], "y/token"),
            (&[], &[("root/.cache/huggingface", "/a"), ("a", "/b")], "b/stored_tokens"),
        ] {
            assert!(places(env, links).at(path.as_bytes()).is_some(), "{links:?} {path}");
        }
        let cycle = places(&["HF_HOME=/a"], &[("a", "/b"), ("b", "/a"), ("c", "/c/c")]);
        assert_eq!(cycle.at(b"b/token"), Some(Place::Token));
        assert_eq!(places(&[], &[("etc/alternatives", "/x")]).at(b"x/token"), None);
    }
}
