//! What git keeps of the URLs and settings it is given.

use super::effects::{Act, How};
use crate::dockerfile::normal;
use crate::effects::{Carried, Flow, Paths, Removal, url};
use crate::shell::Word;

/// A git command line, options in front of the command taken off.
struct Git<'a> {
    /// `-C`.
    directory: Option<&'a Word>,
    command: String,
    arguments: &'a [Word],
}

fn read(words: &[Word]) -> Option<Git<'_>> {
    let mut directory = None;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.text.to_str();
        match text.as_ref() {
            "-C" => {
                directory = words.get(at + 1);
                at += 2;
            }
            "-c" | "--git-dir" | "--work-tree" | "--config-env" => at += 2,
            option if option.starts_with('-') => at += 1,
            command => {
                let arguments = words.get(at + 1..).unwrap_or_default();
                return Some(Git { directory, command: command.to_owned(), arguments });
            }
        }
    }
    None
}

/// What a git command does with tokens.
pub(crate) fn acts(words: &[Word], flow: &Flow<'_>, paths: &Paths<'_>) -> Vec<Act> {
    let Some(git) = read(words) else { return Vec::new() };
    let is_option = |word: &&Word| word.text.byte(0) == Some(b'-');
    let operands: Vec<&Word> = git.arguments.iter().filter(|word| !is_option(word)).collect();
    let is = |index: usize, verbs: &[&str]| {
        operands.get(index).is_some_and(|word| verbs.contains(&word.text.to_str().as_ref()))
    };
    let written = |carried, file| vec![Act::Write { how: How::Url, carried, file }];
    match git.command.as_str() {
        "clone" => {
            let found =
                git.arguments.iter().enumerate().find_map(|(index, word)| {
                    given(flow, word).map(|(carried, path)| (index, carried, path))
                });
            let Some((index, carried, path)) = found else { return passed(words, flow) };
            let named =
                git.arguments.get(index + 1..).unwrap_or_default().iter().find(|word| !is_option(word));
            written(carried, cloned(&git, named, &path, paths))
        }
        "remote" if is(0, &["add", "set-url"]) => {
            let config = own_config(&git, paths);
            match operands.iter().find_map(|word| given(flow, word)) {
                Some((carried, _)) => written(carried, config),
                // Another URL takes the place of the one with the token.
                None if is(0, &["set-url"]) => removed(config),
                None => Vec::new(),
            }
        }
        "remote" if is(0, &["remove", "rm"]) => removed(own_config(&git, paths)),
        "submodule" if is(0, &["add"]) => match operands.iter().find_map(|word| given(flow, word)) {
            Some((carried, _)) => written(carried, own_config(&git, paths)),
            None => Vec::new(),
        },
        "config" => configured(&git, flow, paths),
        _ => passed(words, flow),
    }
}

/// The token in the URL that a word is. A word that is all of a secret may be such a URL.
fn given(flow: &Flow<'_>, word: &Word) -> Option<(Carried, String)> {
    let is_whole = || {
        let text = word.text.to_str();
        let carried = flow.word(word).filter(|carried| *carried == Carried::Secret);
        carried.filter(|_| text.starts_with(['$', '`']) && !text.contains("://"))
    };
    url::credential(flow, word).or_else(|| is_whole().map(|carried| (carried, String::new())))
}

/// A URL that git uses and does not keep.
fn passed(words: &[Word], flow: &Flow<'_>) -> Vec<Act> {
    let found = words.iter().find_map(|word| url::credential(flow, word));
    found.map(|(carried, _)| Act::Pass(carried)).into_iter().collect()
}

fn removed(file: Option<String>) -> Vec<Act> {
    let remove = |pattern| Act::Remove(vec![Removal { pattern, recursive: false }]);
    file.map(remove).into_iter().collect()
}

/// A path below the directory that git works in.
fn below(git: &Git<'_>, path: &str, paths: &Paths<'_>) -> Option<String> {
    match git.directory {
        Some(word) => paths.file(word).map(|directory| normal(&format!("{directory}/{path}"))),
        None => Some(paths.within(path)),
    }
}

fn own_config(git: &Git<'_>, paths: &Paths<'_>) -> Option<String> {
    below(git, ".git/config", paths)
}

/// The configuration of a clone, by the directory it is given or the end of its URL.
fn cloned(git: &Git<'_>, named: Option<&Word>, path: &str, paths: &Paths<'_>) -> Option<String> {
    let is_bare = git.arguments.iter().any(|word| matches!(word.text.as_bytes(), b"--bare" | b"--mirror"));
    let config = if is_bare { "config" } else { ".git/config" };
    if let Some(word) = named {
        let directory = match git.directory {
            None => paths.file(word),
            Some(_) if word.has_substitution || !word.variables.is_empty() => None,
            Some(_) => below(git, &word.text.to_str(), paths),
        };
        return directory.map(|directory| normal(&format!("{directory}/{config}")));
    }
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".git").unwrap_or(name);
    if name.is_empty() || name.contains(['$', '`', '?']) {
        return None;
    }
    let name = if is_bare { format!("{name}.git") } else { name.to_owned() };
    below(git, &format!("{name}/{config}"), paths)
}

/// `git config`, which writes what it is given into a file.
fn configured(git: &Git<'_>, flow: &Flow<'_>, paths: &Paths<'_>) -> Vec<Act> {
    let has =
        |options: &[&str]| git.arguments.iter().any(|word| options.contains(&word.text.to_str().as_ref()));
    let named = git.arguments.iter().position(|word| matches!(word.text.as_bytes(), b"-f" | b"--file"));
    let file = match named {
        Some(at) => git.arguments.get(at + 1).and_then(|word| paths.file(word)),
        None if has(&["--global"]) => Some(paths.home_file(".gitconfig")),
        None if has(&["--system"]) => Some("etc/gitconfig".to_owned()),
        None => own_config(git, paths),
    };
    if has(&["--unset", "--unset-all", "--remove-section"]) {
        return removed(file);
    }
    if let Some((carried, _)) = git.arguments.iter().find_map(|word| url::credential(flow, word)) {
        return vec![Act::Write { how: How::Url, carried, file }];
    }
    // A credential helper that reads the variable when it is asked holds its name alone.
    let carried = git.arguments.iter().find_map(|word| flow.word(word));
    carried.map(|carried| Act::Write { how: How::File, carried, file }).into_iter().collect()
}

/// Whether git hands a helper the password that it reads: `git credential approve`.
pub(crate) fn keeps_password(words: &[Word]) -> bool {
    let Some(git) = read(words) else { return false };
    let first = git.arguments.iter().find(|word| word.text.byte(0) != Some(b'-'));
    let verb = first.map(|word| word.text.to_str());
    match git.command.as_str() {
        "credential" => verb.as_deref() == Some("approve"),
        "credential-store" => verb.as_deref() == Some("store"),
        _ => false,
    }
}
