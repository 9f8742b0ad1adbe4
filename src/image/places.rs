//! The files of one image in which Hugging Face tools, and the tools they log in to, keep tokens. The image's
//! environment and symbolic links change the location of these files (`huggingface_hub/constants.py`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::hiding::PathHashes;
use crate::hub::files::{IN_HOMES, Keeper, MOVED, Moved};
use crate::sensitive::Sensitive;
use crate::stream::path::{ancestors, join, normalise, split};

/// The maximum number of links followed one after the other, equal to the kernel's limit.
const MAX_ROUNDS: usize = 40;
/// The maximum number of places, which is more than any real image has.
const MAX_PLACES: usize = 4096;
/// The maximum number of steps of following links. `MAX_BYTES` limits the total length of the resulting
/// paths.
const MAX_STEPS: usize = 32 * MAX_PLACES;
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The maximum length of a value. Longer paths cannot be opened, so a longer value has no effect.
const MAX_VALUE: usize = 4096;

/// The places of one image.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    exact: BTreeMap<Vec<u8>, Keeper>,
    /// Path endings that the environment adds, from values that begin with `~`.
    endings: BTreeMap<Vec<u8>, Keeper>,
}

impl Places {
    /// Determines the places of an image. `env` is its environment (`NAME=value`), and `links` are the
    /// symbolic links in any of its layers (normalised path, target as written).
    #[cfg(test)]
    pub(crate) fn new<'a>(
        env: &[Sensitive],
        links: impl IntoIterator<Item = &'a (Vec<u8>, Vec<u8>)>,
    ) -> Self {
        Self::in_directory(env, b"", links)
    }

    /// Determines the places of an image whose programs start in `directory`. Relative paths begin there.
    pub(crate) fn in_directory<'a>(
        env: &[Sensitive],
        directory: &[u8],
        links: impl IntoIterator<Item = &'a (Vec<u8>, Vec<u8>)>,
    ) -> Self {
        let directory = str::from_utf8(directory).unwrap_or_default();
        let mut places = Self::default();
        let env: BTreeMap<&str, &str> =
            env.iter().filter_map(|entry| str::from_utf8(entry).ok()?.split_once('=')).collect();
        let value = |name: &str| {
            env.get(name).filter(|value| !value.is_empty()).and_then(|value| expand(value, &env))
        };
        for Moved { variable, path, keeper } in &MOVED {
            if let Some(base) = value(variable) {
                let is_relative = !base.starts_with(['/', '~']) && directory.len() <= MAX_VALUE;
                let base = if is_relative { format!("{directory}/{base}") } else { base };
                places.add(&base, path, *keeper);
            }
        }
        places.follow(links);
        places
    }

    /// Returns the keeper of the file at a normalised path.
    pub(crate) fn at(&self, path: &[u8]) -> Option<Keeper> {
        let by_ending = || IN_HOMES.iter().find(|file| file.is_at(path)).map(|file| file.keeper);
        let ends = |ending: &[u8]| {
            path.strip_suffix(ending).is_some_and(|head| head.is_empty() || head.ends_with(b"/"))
        };
        let by_added = || self.endings.iter().find(|(ending, _)| ends(ending)).map(|(_, &keeper)| keeper);
        self.exact.get(path).copied().or_else(by_ending).or_else(by_added)
    }

    fn add(&mut self, base: &str, rest: &str, keeper: Keeper) {
        let (base, map) = match base.strip_prefix("~/").or_else(|| (base == "~").then_some("")) {
            Some(base) => (base, &mut self.endings),
            None => (base, &mut self.exact),
        };
        map.insert(normalise(format!("{base}/{rest}").as_bytes()), keeper);
    }

    /// Adds the names of places on the other side of links that lead to them.
    fn follow<'a>(&mut self, links: impl IntoIterator<Item = &'a (Vec<u8>, Vec<u8>)>) {
        // Each link is keyed by its reversed name, so that links with the same ending are adjacent.
        let links: BTreeSet<Link> = links
            .into_iter()
            .map(|(from, to)| (from.iter().rev().copied().collect(), resolve(from, to)))
            .collect();
        let mut by_path: HashMap<u64, Vec<&Link>> = HashMap::new();
        for link in &links {
            let from: Vec<u8> = link.0.iter().rev().copied().collect();
            by_path.entry(PathHashes::own(&from)).or_default().push(link);
        }
        let mut next: Vec<Vec<u8>> = self.exact.keys().cloned().collect();
        let mut room = Room { places: MAX_PLACES, bytes: MAX_BYTES, steps: MAX_STEPS };
        next.extend(self.behind_endings(&links, &mut room));
        for _ in 0..MAX_ROUNDS {
            for path in std::mem::take(&mut next) {
                let Some(&keeper) = self.exact.get(&path) else { continue };
                let hashes = PathHashes::new(&path);
                let heads = std::iter::once(&path[..]).chain(ancestors(&path));
                for (head, hash) in heads.zip(hashes.nearest_first()) {
                    for (from, to) in by_path.get(&hash).into_iter().flatten() {
                        if !from.iter().rev().eq(head) {
                            continue;
                        }
                        let rest = path.get(head.len()..).unwrap_or_default();
                        let found = join(to, rest.strip_prefix(b"/").unwrap_or(rest));
                        if !room.take(found.len()) {
                            return;
                        }
                        if let Entry::Vacant(vacant) = self.exact.entry(found) {
                            next.push(vacant.key().clone());
                            vacant.insert(keeper);
                            room.places = room.places.saturating_sub(1);
                        }
                    }
                }
            }
        }
    }

    /// Follows links that are a home directory, or any directory between it and the file. Returns the added
    /// places.
    fn behind_endings(&mut self, links: &BTreeSet<Link>, room: &mut Room) -> Vec<Vec<u8>> {
        let mut added = Vec::new();
        let endings: Vec<(Vec<u8>, Keeper)> = IN_HOMES
            .iter()
            .map(|file| (file.ending.as_bytes().to_vec(), file.keeper))
            .chain(self.endings.iter().map(|(ending, &keeper)| (ending.clone(), keeper)))
            .collect();
        for (ending, keeper) in &endings {
            let slashes = memchr::memchr_iter(b'/', ending).chain([ending.len()]);
            for at in slashes {
                let (head, rest) = ending.split_at(at);
                let rest = rest.strip_prefix(b"/").unwrap_or(rest);
                let head: Vec<u8> = head.iter().rev().copied().collect();
                let below = [&head[..], b"/"].concat();
                let alone = links.range((head.clone(), Vec::new())..).take_while(|(from, _)| *from == head);
                let deeper = links.range((below.clone(), Vec::new())..);
                let deeper = deeper.take_while(|(from, _)| from.starts_with(&below));
                for (from, to) in alone.chain(deeper) {
                    let from: Vec<u8> = from.iter().rev().copied().collect();
                    let found = join(to, rest);
                    if !room.take(found.len()) {
                        return added;
                    }
                    if self.at(&join(&from, rest)) == Some(*keeper) && !self.exact.contains_key(&found) {
                        room.places = room.places.saturating_sub(1);
                        added.push(found.clone());
                        self.exact.insert(found, *keeper);
                    }
                }
            }
        }
        added
    }
}

/// A link: its reversed name and its normalised target.
type Link = (Vec<u8>, Vec<u8>);

/// The remaining budget for following links.
struct Room {
    places: usize,
    bytes: usize,
    steps: usize,
}

impl Room {
    /// Spends one step and a path of this length. Returns true if the budget allowed it.
    fn take(&mut self, len: usize) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(len);
        self.places > 0 && self.bytes > 0 && self.steps > 0
    }
}

/// Returns the normalised target of a link.
fn resolve(from: &[u8], to: &[u8]) -> Vec<u8> {
    if to.first() == Some(&b'/') { normalise(to) } else { normalise(&join(split(from).0, to)) }
}

/// Expands variables in a path as `os.path.expandvars` does: `$NAME` and `${NAME}`. Unknown variables are
/// left in place. Returns `None` if the result is too long for a path.
fn expand(value: &str, env: &BTreeMap<&str, &str>) -> Option<String> {
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
        if out.len() > MAX_VALUE {
            return None;
        }
    }
    out.push_str(rest);
    (out.len() <= MAX_VALUE).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(env: &[&str], links: &[(&str, &str)]) -> Places {
        let env: Vec<Sensitive> = env.iter().map(|&e| e.into()).collect();
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
            assert_eq!(places.at(path.as_bytes()), Some(Keeper::Token), "{path}");
        }
        let stored = b"app/.cache/huggingface/stored_tokens";
        assert_eq!(places.at(stored), Some(Keeper::StoredTokens));
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
        for (env, path, keeper) in [
            ("HF_HOME=/data", "data/token", Keeper::Token),
            ("HF_HOME=/data/", "data/stored_tokens", Keeper::StoredTokens),
            ("HF_HOME=~/hf", "home/u/hf/token", Keeper::Token),
            ("HF_TOKEN_PATH=/run/keys/hub", "run/keys/hub", Keeper::Token),
            ("HF_TOKEN_PATH=/run/keys/hub", "run/keys/stored_tokens", Keeper::StoredTokens),
            ("XDG_CACHE_HOME=/c", "c/huggingface/token", Keeper::Token),
            ("HF_HUB_CACHE=/m/hub", "m/token", Keeper::Token),
            ("XDG_CONFIG_HOME=/c", "c/git/credentials", Keeper::GitCredentials),
            ("NETRC=/run/n", "run/n", Keeper::Netrc),
            ("DOCKER_CONFIG=/d", "d/config.json", Keeper::DockerAuth),
            ("GIT_CONFIG_GLOBAL=/g", "g", Keeper::GitConfig),
            ("PIP_CONFIG_FILE=/p", "p", Keeper::Urls),
        ] {
            assert_eq!(places(&[env], &[]).at(path.as_bytes()), Some(keeper), "{env}");
        }
        let both = places(&["BASE=/srv", "HF_HOME=$BASE/${NAME}/hf", "NAME=n"], &[]);
        assert_eq!(both.at(b"srv/n/hf/token"), Some(Keeper::Token));
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
            (&[], &[("root/.netrc", "/data/n")], "data/n"),
            (&[], &[("root/.docker", "/data")], "data/config.json"),
        ] {
            assert!(places(env, links).at(path.as_bytes()).is_some(), "{links:?} {path}");
        }
        let cycle = places(&["HF_HOME=/a"], &[("a", "/b"), ("b", "/a"), ("c", "/c/c")]);
        assert_eq!(cycle.at(b"b/token"), Some(Keeper::Token));
        assert_eq!(places(&[], &[("etc/alternatives", "/x")]).at(b"x/token"), None);
    }

    #[test]
    fn very_many_links_cost_little() {
        let made = |n: u32, from: &str, to: &str| -> Vec<(Vec<u8>, Vec<u8>)> {
            let number = |text: &str, i: u32| text.replace('#', &i.to_string()).into_bytes();
            (0..n).map(|i| (number(from, i), number(to, i))).collect()
        };
        for (from, to) in [
            ("h#/.cache", "/d#"),
            ("root/.cache/huggingface", "/d#"),
            ("data", "/data#"),
            ("l#", "/x"),
            ("data/#", "/data"),
        ] {
            let env = ["HF_HOME=/data".into()];
            let places = Places::new(&env, &made(40_000, from, to));
            assert!(places.exact.len() <= MAX_PLACES + 2, "{from}");
        }
        let chain: Vec<_> =
            (0..30).map(|i| (format!("a{i}").into(), format!("/a{}", i + 1).into())).collect();
        let places = Places::new(&["HF_HOME=/a0".into()], &chain);
        assert_eq!(places.at(b"a30/token"), Some(Keeper::Token));
    }

    #[test]
    fn values_that_grow_without_end_move_nothing() {
        let env = [format!("HF_HOME={}", "$X".repeat(100_000)), format!("X={}", "x".repeat(100_000))];
        let env = env.map(Sensitive::from);
        assert!(Places::new(&env, []).exact.is_empty());
    }
}
