//! Which words of a script carry a token, and where it comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::origin::holds_word;
use super::python::Read;
use super::token_file::covers;
use crate::detect;
use crate::dockerfile::{Mount, MountKind, Origin, Scope, normal};
use crate::shell::{HereDocument, Step, StepKind, Word};

/// Where the token in a word comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// A mounted secret.
    Secret,
    /// `ENV`.
    Env,
    /// `ARG`.
    Argument,
    /// The file itself.
    Literal,
}

impl Carried {
    /// Whether the history of the `RUN` has the token too.
    pub(crate) fn is_in_history(self) -> bool {
        matches!(self, Self::Argument | Self::Literal)
    }
}

/// What is known of the variables while a script runs.
pub(crate) struct Flow<'a> {
    scope: Scope<'a>,
    secrets: Vec<Mount>,
    /// Set by the script itself; none where no token is in it.
    set: BTreeMap<String, Option<Carried>>,
    /// What of that is exported.
    exported: BTreeSet<String>,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(scope: Scope<'a>, mounts: &[Mount]) -> Self {
        let is_secret = |mount: &&Mount| mount.kind == MountKind::Secret && may_be_for_the_hub(mount);
        let secrets = mounts.iter().filter(is_secret).cloned().collect();
        Self { scope, secrets, set: BTreeMap::new(), exported: BTreeSet::new() }
    }

    /// The token that a variable carries.
    pub(crate) fn variable(&self, name: &str) -> Option<Carried> {
        if let Some(&known) = self.set.get(name) {
            return known;
        }
        if self.secrets.iter().any(|mount| mount.env.as_deref() == Some(name)) {
            return Some(Carried::Secret);
        }
        self.scope.get(name).filter(|b| b.value.carries_token).map(|b| from(b.origin))
    }

    /// The variables that carry a token into what is run.
    fn exported(&self) -> impl Iterator<Item = (&str, Carried)> {
        let given = self.secrets.iter().filter_map(|mount| mount.env.as_deref());
        let own = self.exported.iter().map(String::as_str);
        let names = given.chain(self.scope.token_variables()).chain(own);
        names.filter_map(|name| Some((name, self.variable(name)?)))
    }

    /// The token that something which is run finds in its environment; of several, one that stays in the history.
    fn environment(&self) -> Option<Carried> {
        self.exported().map(|(_, carried)| carried).max_by_key(|carried| carried.is_in_history())
    }

    /// The token that a Python script gets at by what it reads.
    pub(crate) fn python(&self, read: &Read<'_>) -> Option<Carried> {
        match read {
            Read::Variable(name) => {
                self.exported().find(|(exported, _)| exported == name).map(|(_, carried)| carried)
            }
            Read::Environment => self.environment(),
            Read::File(path) => self.is_secret(path).then_some(Carried::Secret),
            Read::Text(text) => (!detect::find(text).is_empty()).then_some(Carried::Literal),
        }
    }

    /// What a variable carries where anything in it is a token: in front of a host of the Hub.
    pub(crate) fn password(&self, name: &str) -> Option<Carried> {
        let build = || self.scope.get(name).filter(|b| b.value.may_hold_something()).map(|b| from(b.origin));
        self.variable(name).or_else(|| if self.set.contains_key(name) { None } else { build() })
    }

    /// The token that is in a word once a shell has expanded it.
    pub(crate) fn word(&self, word: &Word) -> Option<Carried> {
        if !detect::find(word.text.as_bytes()).is_empty() {
            return Some(Carried::Literal);
        }
        let variable = word.variables.iter().find_map(|name| self.variable(name));
        variable.or_else(|| if word.has_substitution { self.substitution(&word.text.to_str()) } else { None })
    }

    /// The secret that a substitution in a text reads: `$(cat /run/secrets/x)`, `$(< /run/secrets/x)`.
    pub(crate) fn substitution(&self, text: &str) -> Option<Carried> {
        let reads = |inner: &str| {
            let is_named = |mount: &Mount| {
                mount.target.as_deref().is_some_and(|target| target.len() > 1 && holds_word(inner, target))
            };
            (holds_word(inner, "cat") || inner.contains('<')) && self.secrets.iter().any(is_named)
        };
        text.split(['$', '`']).skip(1).any(reads).then_some(Carried::Secret)
    }

    /// The token that is in a here-document.
    pub(crate) fn document(&self, document: &HereDocument) -> Option<Carried> {
        if !detect::find(document.body.as_bytes()).is_empty() {
            return Some(Carried::Literal);
        }
        if !document.expand {
            return None;
        }
        let text = document.body.to_str();
        expanded(&text).into_iter().find_map(|name| self.variable(name)).or_else(|| self.substitution(&text))
    }

    /// Whether a word names a mounted secret.
    pub(crate) fn is_secret_file(&self, word: &Word) -> bool {
        self.is_secret(&word.text.to_str())
    }

    fn is_secret(&self, path: &str) -> bool {
        let targets = self.secrets.iter().filter_map(|mount| mount.target.as_deref());
        path.starts_with('/') && targets.into_iter().any(|target| covers(path, &normal(target)))
    }

    /// The token that a step writes to its standard output; `fed` is what the step in front of it in the pipeline
    /// writes.
    pub(crate) fn output(&self, step: &Step, fed: Option<Carried>) -> Option<Carried> {
        let StepKind::Program { name, arguments, .. } = &step.kind else { return None };
        let in_words = || arguments.iter().find_map(|word| self.word(word));
        match name.as_str() {
            "echo" | "printf" => in_words(),
            "env" | "printenv" | "export" | "declare" | "typeset" if is_dump(arguments) => self.environment(),
            // It shows what is not exported, too.
            "set" if arguments.is_empty() => {
                self.environment().or_else(|| self.set.values().find_map(|&carried| carried))
            }
            "printenv" => arguments.iter().find_map(|word| self.variable(&word.text.to_str())),
            "hf" | "huggingface-cli" => {
                let is = |index: usize, verb: &[u8]| {
                    arguments.get(index).is_some_and(|word| word.text.as_bytes() == verb)
                };
                let prints = is(0, b"auth") && is(1, b"token");
                if prints { self.variable("HF_TOKEN") } else { None }
            }
            "grep" | "egrep" if !self.may_find(arguments) => None,
            "cat" | "tee" | "tr" | "base64" | "head" | "tail" | "cut" | "tac" | "grep" | "egrep" | "sort"
            | "uniq" => self.read(step, fed),
            "sed" | "awk" | "jq" | "envsubst" => self.read(step, fed).or_else(in_words),
            _ => None,
        }
    }

    /// Whether a search may let a line with a token through. One for another variable does not.
    fn may_find(&self, arguments: &[Word]) -> bool {
        let is_inverted = |word: &Word| {
            let option = word.text.to_str();
            option == "--invert-match"
                || (option.starts_with('-') && !option.starts_with("--") && option.contains('v'))
        };
        let pattern = arguments.iter().find(|word| word.text.byte(0) != Some(b'-'));
        let Some(pattern) = pattern.filter(|_| !arguments.iter().any(is_inverted)) else { return true };
        let pattern =
            pattern.text.to_str().trim_start_matches('^').trim_end_matches('=').to_ascii_uppercase();
        let is_plain = pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let set = self.set.iter().filter(|(_, carried)| carried.is_some()).map(|(name, _)| name.as_str());
        !is_plain
            || "HF_".starts_with(&pattern)
            || pattern.starts_with("HF_")
            || self
                .exported()
                .map(|(name, _)| name)
                .chain(set)
                .any(|name| name.to_ascii_uppercase().contains(&pattern))
    }

    /// The token in what a step reads.
    pub(crate) fn read(&self, step: &Step, fed: Option<Carried>) -> Option<Carried> {
        let StepKind::Program { arguments, .. } = &step.kind else { return None };
        let mut files = arguments.iter().chain(&step.inputs);
        if files.any(|word| self.is_secret_file(word)) {
            return Some(Carried::Secret);
        }
        let given = || step.inputs.iter().find_map(|word| self.word(word));
        let documents = || step.documents.iter().find_map(|document| self.document(document));
        fed.or_else(given).or_else(documents)
    }

    /// Takes what a step sets.
    pub(crate) fn take(&mut self, step: &Step) {
        let StepKind::Program { name, arguments, assignments } = &step.kind else { return };
        match name.as_str() {
            "" => {
                for (name, word) in assignments {
                    let carried = self.word(word);
                    self.set.insert(name.clone(), carried);
                }
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                for word in arguments {
                    let text = word.text.to_str();
                    let assigned = text.split_once('=');
                    if let Some((name, _)) = assigned {
                        let carried = self.word(word);
                        self.set.insert(name.to_owned(), carried);
                    }
                    if name == "export" {
                        self.exported.insert(assigned.map_or(text.as_ref(), |(name, _)| name).to_owned());
                    }
                }
            }
            "read" => {
                let carried = self.read(step, None);
                let names = arguments.iter().filter(|word| word.text.byte(0) != Some(b'-'));
                for word in names {
                    self.set.insert(word.text.to_str().into_owned(), carried);
                }
            }
            "unset" => {
                for word in arguments {
                    self.set.insert(word.text.to_str().into_owned(), None);
                }
            }
            _ => {}
        }
    }
}

/// Whether a command that sets or runs something else shows the environment when it is given this.
fn is_dump(arguments: &[Word]) -> bool {
    let is_plain = |word: &Word| matches!(word.text.as_bytes(), b"-0" | b"--null" | b"-p" | b"-x" | b"-px");
    arguments.iter().all(is_plain)
}

fn from(origin: Origin) -> Carried {
    match origin {
        Origin::Arg => Carried::Argument,
        Origin::Env => Carried::Env,
    }
}

/// Whether a secret may be a token of the Hub: unless its name says that it is something else's.
fn may_be_for_the_hub(mount: &Mount) -> bool {
    const OTHERS: [&str; 48] = [
        "npm",
        "npmrc",
        "yarn",
        "pip",
        "pypi",
        "pypirc",
        "poetry",
        "uv",
        "aws",
        "gcp",
        "google",
        "azure",
        "github",
        "gh",
        "gitlab",
        "git",
        "bitbucket",
        "ssh",
        "rsa",
        "ed25519",
        "gpg",
        "ca",
        "cert",
        "certs",
        "pem",
        "crt",
        "docker",
        "wandb",
        "openai",
        "anthropic",
        "nexus",
        "artifactory",
        "maven",
        "gradle",
        "cargo",
        "conda",
        "kaggle",
        "ngc",
        "sentry",
        "stripe",
        "db",
        "database",
        "postgres",
        "mysql",
        "redis",
        "rails",
        "apt",
        "kube",
    ];
    let names = [&mount.id, &mount.env, &mount.target];
    let last = |name: &String| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<String> = names.into_iter().flatten().map(last).collect();
    let words = || names.iter().flat_map(|name| name.split(['_', '-', '.', ' ']));
    words().any(|word| word.starts_with("hf") || word.starts_with("hugging"))
        || !words().any(|word| OTHERS.contains(&word))
}

/// The names of the variables that are expanded in a text: `$NAME` and `${NAME…}`.
pub(crate) fn expanded(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '$' {
            let rest = text.get(at + 1..).unwrap_or_default();
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let name =
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}
