//! The URLs and settings that git stores.

use super::table::{Action, Given, Program, Target, Writer};
use super::{Call, is_option, output, writing};
use crate::dockerfile::normal;
use crate::effects::effect::{EffectKind, Form, Pass, Removal, Write};
use crate::effects::source::{Sources, ValueSource};
use crate::effects::state::State;
use crate::effects::url::{self, Credential};
use crate::shell::Word;

pub(super) const ROWS: &[Program] = &[Program::harmless(&["git"]).does(Action::Git)];

/// Commands that read a password and give it to a credential helper.
const APPROVE: Writer = Writer {
    subcommand: &["credential", "approve"],
    option: None,
    value: Given::Input,
    target: Target::Helper,
    form: Form::Text,
};
const WRITERS: [Writer; 2] = [APPROVE, Writer { subcommand: &["credential-store", "store"], ..APPROVE }];

/// The setting that names the helper, and the file in which the helper `store` keeps passwords.
const HELPER: &str = "credential.helper";
const STORE: &str = "~/.git-credentials";

/// Text of git commands that may use another repository again after a clone.
const LATER_USES: [&str; 6] = ["git lfs", "git pull", "git fetch", "git submodule", "git -C", "git push"];

/// Text of git and pip commands that contact a repository that may ask for a password.
const USES: [&str; 7] =
    ["git clone", "git pull", "git fetch", "git lfs", "git submodule", "git -C", "git+https://"];

/// Returns the offset of the last command in a text that may ask git for a password.
pub(crate) fn last_use(text: &[u8]) -> Option<usize> {
    USES.iter().filter_map(|used| memchr::memmem::rfind(text, used.as_bytes())).max()
}

/// Returns true if a text has a command that uses the repository of a clone again.
pub(crate) fn uses_clone(text: &[u8]) -> bool {
    LATER_USES.iter().any(|used| memchr::memmem::find(text, used.as_bytes()).is_some())
}

/// A git command line without the options before the subcommand.
struct Git<'a> {
    /// The directory given by `-C`.
    directory: Option<&'a Word>,
    /// The subcommand and its arguments.
    words: &'a [Word],
}

fn read(words: &[Word]) -> Option<Git<'_>> {
    let mut directory = None;
    let mut at = 0;
    loop {
        let text = words.get(at)?.text.to_str();
        match text.as_ref() {
            "-C" => {
                directory = words.get(at + 1);
                at += 2;
            }
            "-c" | "--git-dir" | "--work-tree" | "--config-env" => at += 2,
            option if option.starts_with('-') => at += 1,
            _ => return Some(Git { directory, words: words.get(at..)? }),
        }
    }
}

impl Git<'_> {
    fn command(&self) -> &[u8] {
        self.words.first().map(|word| word.text.as_bytes()).unwrap_or_default()
    }

    fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    fn has(&self, options: &[&str]) -> bool {
        self.arguments().iter().any(|word| options.contains(&word.text.to_str().as_ref()))
    }

    /// Returns a path below git's working directory.
    fn below(&self, path: &str, state: &State<'_>) -> Option<String> {
        match self.directory {
            Some(word) => state.file(word).map(|directory| normal(&format!("{directory}/{path}"))),
            None => Some(state.within(path)),
        }
    }

    /// Returns the configuration file of the repository.
    fn config(&self, state: &State<'_>) -> Option<String> {
        self.below(".git/config", state)
    }
}

/// Adds the effects of a git command on tokens.
pub(super) fn effects(call: &Call<'_>, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let Some(git) = read(call.arguments) else { return };
    let operands: Vec<&Word> = git.arguments().iter().filter(|word| !is_option(word)).collect();
    let is = |index: usize, verbs: &[&str]| {
        operands.get(index).is_some_and(|word| verbs.contains(&word.text.to_str().as_ref()))
    };
    let mut write = |form, value, file| {
        effects.push(EffectKind::Write(Write { program: call.name.to_owned(), value, form, file }));
    };
    let in_url = || operands.iter().find_map(|word| given(state, word));
    match git.command() {
        b"clone" => {
            let words = git.arguments().iter().enumerate();
            let found = words.into_iter().find_map(|(at, word)| Some((at, given(state, word)?)));
            match found {
                Some((at, Credential { value, path })) => {
                    let behind = git.arguments().get(at + 1..).unwrap_or_default();
                    let directory = behind.iter().find(|word| !is_option(word));
                    write(Form::Url, value, cloned(&git, directory, &path, state));
                }
                None => match configured(&git, state) {
                    Some((value, file)) => write(Form::Text, value, file),
                    None => pass(call, state, effects),
                },
            }
        }
        b"remote" if is(0, &["add", "set-url"]) => match in_url() {
            Some(Credential { value, .. }) => write(Form::Url, value, git.config(state)),
            // Another URL replaces the one with the token.
            None if is(0, &["set-url"]) => remove(git.config(state), effects),
            None => {}
        },
        b"remote" if is(0, &["remove", "rm"]) => remove(git.config(state), effects),
        b"submodule" if is(0, &["add"]) => {
            if let Some(Credential { value, .. }) = in_url() {
                write(Form::Url, value, git.config(state));
            }
        }
        b"config" => configure(call, &git, state, effects),
        _ => {
            pass(call, state, effects);
            let command = Call { arguments: git.words, fed: call.fed.clone(), ..*call };
            writing::write(&command, &WRITERS, &Sources::default(), state, effects);
        }
    }
}

/// Returns the token in a word that is a URL. A word that consists of nothing but a secret may be such a
/// URL.
fn given(state: &State<'_>, word: &Word) -> Option<Credential> {
    let is_whole = || {
        let text = word.text.to_str();
        let value = state.sources(word).tokens();
        let is_secret = matches!(value.first_token(), Some(ValueSource::Secret(_)));
        let is_alone = text.starts_with(['$', '`']) && !text.contains("://");
        (is_secret && is_alone).then(|| Credential { value, path: String::new() })
    };
    url::credential(&state.variables, word).or_else(is_whole)
}

/// Adds the effect of a URL that git uses but does not store.
fn pass(call: &Call<'_>, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let found = call.arguments.iter().find_map(|word| url::credential(&state.variables, word));
    if let Some(Credential { value, .. }) = found {
        effects.push(EffectKind::Pass(Pass { program: call.name.to_owned(), value }));
    }
}

fn remove(file: Option<String>, effects: &mut Vec<EffectKind>) {
    effects.extend(file.map(|file| EffectKind::Removal(vec![Removal::of_file(file)])));
}

/// Returns the token in a setting that a clone gets by `-c NAME=VALUE`, and the file that keeps it.
fn configured(git: &Git<'_>, state: &State<'_>) -> Option<(Sources, Option<String>)> {
    let mut value = None;
    let mut operands = Vec::new();
    let mut words = git.arguments().iter();
    while let Some(word) = words.next() {
        let setting = match word.text.as_bytes() {
            b"-c" | b"--config" => words.next(),
            _ if word.text.starts_with_at(0, b"--config=") => Some(word),
            _ if is_option(word) => None,
            _ => {
                operands.push(word);
                None
            }
        };
        value =
            value.or_else(|| Some(state.sources(setting?).tokens()).filter(|value| !value.have_no_token()));
    }
    let value = value?;
    let url = operands.iter().position(|word| word.text.to_str().contains("://"))?;
    let text = operands.get(url)?.text.to_str();
    let directory = operands.get(url + 1).copied();
    Some((value, cloned(git, directory, &text, state)))
}

/// Returns the configuration file of a clone. Its directory is either given or the end of its URL.
fn cloned(git: &Git<'_>, directory: Option<&Word>, path: &str, state: &State<'_>) -> Option<String> {
    let config = if git.has(&["--bare", "--mirror"]) { "config" } else { ".git/config" };
    if let Some(word) = directory {
        let directory = match git.directory {
            None => state.file(word),
            Some(_) if word.has_substitution || !word.variables.is_empty() => None,
            Some(_) => git.below(&word.text.to_str(), state),
        };
        return directory.map(|directory| normal(&format!("{directory}/{config}")));
    }
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".git").unwrap_or(name);
    if name.is_empty() || name.contains(['$', '`', '?']) {
        return None;
    }
    let suffix = if config == "config" { ".git" } else { "" };
    git.below(&format!("{name}{suffix}/{config}"), state)
}

/// Adds the effects of `git config`, which writes its arguments into a file.
fn configure(call: &Call<'_>, git: &Git<'_>, state: &State<'_>, effects: &mut Vec<EffectKind>) {
    let arguments = git.arguments();
    let named = arguments.iter().position(|word| matches!(word.text.as_bytes(), b"-f" | b"--file"));
    let file = match named {
        Some(at) => arguments.get(at + 1).and_then(|word| state.file(word)),
        None if git.has(&["--global"]) => Some(state.home_file(".gitconfig")),
        None if git.has(&["--system"]) => Some("etc/gitconfig".to_owned()),
        None => git.config(state),
    };
    if git.has(&["--unset", "--unset-all", "--remove-section"]) {
        remove(file, effects);
        return;
    }
    let in_url = arguments.iter().find_map(|word| url::credential(&state.variables, word));
    let (form, value) = if let Some(Credential { value, .. }) = in_url {
        (Form::Url, value)
    } else {
        // A credential helper that reads the variable at run time stores only the variable's name.
        (Form::Text, output::in_words(&Call { arguments, fed: Sources::default(), ..*call }, state))
    };
    if !value.have_no_token() {
        effects.push(EffectKind::Write(Write { program: call.name.to_owned(), value, form, file }));
    }
    let mut words = arguments.iter().skip_while(|word| word.text.as_bytes() != HELPER.as_bytes());
    let helper = words.nth(1).and_then(|value| store(&value.text.to_str()));
    effects.extend(helper.map(EffectKind::Helper));
}

/// Returns the password file of a helper from the value of the setting: `store --file PATH`.
fn store(helper: &str) -> Option<String> {
    let (_, options) = helper.split_once("store")?;
    let mut words = options.split([' ', '=', '"', '\'']).filter(|word| !word.is_empty());
    let file = words.find(|word| *word == "--file").and_then(|_| words.next());
    Some(file.unwrap_or(STORE).to_owned())
}
