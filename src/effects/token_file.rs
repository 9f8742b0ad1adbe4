//! Where a login puts its files, and what takes them away again (`huggingface_hub` 2.4.0,
//! `constants.py` and `_login.py`).

use crate::dockerfile::{Scope, normal};
use crate::shell::Word;

/// A directory that is not known, by the name it has in scripts.
const UNKNOWN_HOME: &str = "~";

/// The environment that a command in a `RUN` sees.
pub(crate) struct Environment<'a> {
    scope: Scope<'a>,
    /// Set by the script itself; the last one counts. None: to something that is not known.
    set: Vec<(String, Option<String>)>,
}

/// A setting, as far as it is known.
enum Setting {
    Unset,
    Known(String),
    Unknown,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> Self {
        Self { scope, set: Vec::new() }
    }

    /// Takes a `NAME=value` of the script.
    pub(crate) fn assign(&mut self, name: &str, value: &Word) {
        let text = if value.has_substitution { None } else { self.path(&value.text.to_str()) };
        self.set.push((name.to_owned(), text));
    }

    /// Takes what `export NAME=value` sets.
    pub(crate) fn export(&mut self, word: &Word) {
        let text = word.text.to_str();
        if let Some((name, _)) = text.split_once('=') {
            let value = Word { text: word.text.slice(name.len() + 1..word.text.len()), ..word.clone() };
            self.assign(name, &value);
        }
    }

    /// How many settings there are, to go back to with [`Environment::restore`].
    pub(crate) fn mark(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn restore(&mut self, mark: usize) {
        self.set.truncate(mark);
    }

    fn setting(&self, name: &str) -> Setting {
        if let Some((_, value)) = self.set.iter().rev().find(|(n, _)| n == name) {
            return value.clone().map_or(Setting::Unknown, Setting::Known);
        }
        match self.scope.get(name).map(|binding| binding.value) {
            None => Setting::Unset,
            // The library expands `~`; a variable that is still there would have to come from the image.
            Some(value) if value.is_certain && !value.as_str().contains('$') => {
                match value.as_str().strip_prefix('~') {
                    Some(_) if name == "HOME" => Setting::Unknown,
                    Some(rest) => Setting::Known(format!("{}{rest}", self.home())),
                    None => Setting::Known(value.to_text()),
                }
            }
            Some(_) => Setting::Unknown,
        }
    }

    fn home(&self) -> String {
        match self.setting("HOME") {
            Setting::Known(home) => return home,
            Setting::Unknown => return UNKNOWN_HOME.to_owned(),
            Setting::Unset => {}
        }
        let Some(user) = self.scope.user() else { return "/root".to_owned() };
        let name = user.as_str().split(':').next().unwrap_or_default();
        match name {
            _ if !user.is_certain => UNKNOWN_HOME.to_owned(),
            "" | "root" | "0" => "/root".to_owned(),
            // The home of a user who is known by number alone is in a file of the image.
            _ if name.bytes().all(|b| b.is_ascii_digit()) => UNKNOWN_HOME.to_owned(),
            _ => format!("/home/{name}"),
        }
    }

    /// A path with `~` and `$VARIABLE` replaced; none where a part is not known.
    pub(crate) fn path(&self, text: &str) -> Option<String> {
        let text = match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home()),
            _ => text.to_owned(),
        };
        let Some(rest) = text.strip_prefix('$') else {
            return (!text.contains(['$', '`'])).then_some(text);
        };
        let (name, rest) = if let Some(rest) = rest.strip_prefix('{') {
            rest.split_once('}')?
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.split_at_checked(end)?
        };
        if rest.contains(['$', '`']) {
            return None;
        }
        let (name, default) = match name.split_once('-') {
            Some((name, default)) => (name.trim_end_matches(':'), Some(default)),
            None => (name, None),
        };
        let value = match (name, self.setting(name), default) {
            (_, Setting::Known(value), _) => value,
            ("HOME", _, _) => self.home(),
            (_, Setting::Unset, Some(default)) => self.path(default)?,
            _ => return None,
        };
        Some(format!("{value}{rest}"))
    }

    /// The files that a login writes, as the settings name them, `~` in front where the home is not known. None for a place that is
    /// not known at all.
    pub(crate) fn login_files(&self) -> Option<Vec<String>> {
        let (directory, token) = match self.setting("HF_TOKEN_PATH") {
            Setting::Unknown => return None,
            Setting::Known(path) if !path.is_empty() => {
                (path.rsplit_once('/').map_or(".", |(parent, _)| parent).to_owned(), path)
            }
            _ => {
                let home = match self.setting("HF_HOME") {
                    Setting::Unknown => return None,
                    Setting::Known(path) if !path.is_empty() => path,
                    _ => match self.setting("XDG_CACHE_HOME") {
                        Setting::Unknown => return None,
                        Setting::Known(path) if !path.is_empty() => format!("{path}/huggingface"),
                        _ => format!("{}/.cache/huggingface", self.home()),
                    },
                };
                (home.clone(), format!("{home}/token"))
            }
        };
        Some(vec![token, format!("{directory}/stored_tokens")])
    }

    /// A file in the home directory.
    pub(crate) fn home_file(&self, name: &str) -> String {
        normal(&format!("{}/{name}", self.home()))
    }
}

/// Whether `rm PATTERN`, or a mount at `pattern`, takes the file at `path` away.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    let pattern = normal(pattern);
    let mut parts = path.split('/');
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| matches_glob(expected, part)))
}

/// `*` and `?`, as a shell has them within one name.
fn matches_glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // A wildcard in front does not stand for a dot.
    if name.first() == Some(&'.') && matches!(pattern.first(), Some('*' | '?')) {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || name.get(n) == Some(&c) => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, start)) => {
                    retry = Some((star, start + 1));
                    p = star + 1;
                    n = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_covers_what_lies_below() {
        let token = "root/.cache/huggingface/token";
        for pattern in [
            "/root/.cache",
            "/root/.cache/huggingface/token",
            "/root/.cache/huggingface/*",
            "/root/.ca?he/*/t*n",
            "//root/./",
        ] {
            assert!(covers(pattern, token), "{pattern}");
        }
        for pattern in [
            "/root/.cach",
            "/root/.cache/huggingface/hub",
            "/roo*/.cache/x",
            "/root/.cache/huggingface/token/x",
            "/root/*",
            "/root/?cache",
        ] {
            assert!(!covers(pattern, token), "{pattern}");
        }
    }
}
