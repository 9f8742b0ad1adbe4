//! Programs that store a value in a file of their own: settings, logins, environment files.

use std::sync::LazyLock;

use super::{Call, is_option, output};
use crate::dockerfile::normal;
use crate::effects::effect::{EffectKind, Form, Removal, Write};
use crate::effects::state::State;
use crate::effects::variables::{Setting, View};
use crate::hub::programs::COMFY_FLAG;
use crate::shell::{ENVIRONMENT, Word};

/// A command that stores a value.
struct Storing {
    programs: &'static [&'static str],
    /// The words of the command. Options may stand between them.
    command: &'static [&'static str],
    /// The beginning of the first operand after the command, or an option without which the command stores nothing.
    condition: Condition,
    /// The options whose word names the file.
    named: &'static [&'static str],
    /// The variable that moves the file, and the name of the file if the variable names a directory.
    moved: (&'static str, &'static str),
    /// The options that choose another file.
    chosen: &'static [(&'static str, &'static str)],
    file: File,
}

/// A condition on the arguments of a command.
#[derive(Clone, Copy)]
enum Condition {
    Always,
    /// The first operand begins with this text.
    Key(&'static str),
    /// The option is given.
    Option(&'static str),
}

/// The location of a file. A relative path is below the working directory, and `~` is the home directory.
#[derive(Clone, Copy)]
enum File {
    At(&'static str),
    /// A path below the root of conda.
    InConda(&'static str),
    /// A path below the environment of conda that the command changes.
    InEnvironment(&'static str),
}

const fn storing(
    programs: &'static [&'static str],
    command: &'static [&'static str],
    file: &'static str,
) -> Storing {
    let (condition, file) = (Condition::Always, File::At(file));
    Storing { programs, command, condition, named: &[], moved: ("", ""), chosen: &[], file }
}

impl Storing {
    const fn if_key(self, key: &'static str) -> Self {
        Self { condition: Condition::Key(key), ..self }
    }

    const fn if_option(self, option: &'static str) -> Self {
        Self { condition: Condition::Option(option), ..self }
    }

    const fn named_by(self, named: &'static [&'static str]) -> Self {
        Self { named, ..self }
    }

    const fn moved_by(self, variable: &'static str, name: &'static str) -> Self {
        Self { moved: (variable, name), ..self }
    }

    const fn chosen_by(self, chosen: &'static [(&'static str, &'static str)]) -> Self {
        Self { chosen, ..self }
    }
}

const CONDA: &[&str] = &["conda", "mamba", "micromamba"];
const CONDA_RC: Storing =
    storing(CONDA, &["config"], "~/.condarc").named_by(&["--file"]).moved_by("CONDARC", "");
const PIP_CONF: &str = "~/.config/pip/pip.conf";
const PIP: Storing = storing(&["pip", "pip3"], &["config", "set"], PIP_CONF)
    .moved_by("PIP_CONFIG_FILE", "")
    .chosen_by(&[("--global", "/etc/pip.conf")]);
const NPM: Storing = storing(&["npm"], &["config", "set"], "~/.npmrc")
    .named_by(&["--userconfig"])
    .moved_by("NPM_CONFIG_USERCONFIG", "")
    .chosen_by(&[
        ("--location=project", ".npmrc"),
        ("--location=global", "/usr/local/etc/npmrc"),
        ("--global", "/usr/local/etc/npmrc"),
        ("-g", "/usr/local/etc/npmrc"),
    ]);
const DVC: Storing = storing(&["dvc"], &["remote"], ".dvc/config").chosen_by(&[
    ("--local", ".dvc/config.local"),
    ("--global", "~/.config/dvc/config"),
    ("--system", "/etc/xdg/dvc/config"),
]);
const RCLONE: Storing = storing(&["rclone"], &["config", "create"], "~/.config/rclone/rclone.conf")
    .named_by(&["--config"])
    .moved_by("RCLONE_CONFIG", "");
const DOCKER: Storing = storing(&["docker", "nerdctl", "oras"], &["login"], "~/.docker/config.json")
    .named_by(&["--registry-config"])
    .moved_by("DOCKER_CONFIG", "config.json");
const COMPOSER: Storing = storing(&["composer"], &["config"], "auth.json")
    .chosen_by(&[("--global", "~/.config/composer/auth.json"), ("-g", "~/.config/composer/auth.json")]);

/// The commands. The first that fits decides.
static ROWS: &[Storing] = &[
    Storing {
        file: File::InEnvironment("conda-meta/state"),
        ..storing(CONDA, &["env", "config", "vars", "set"], "")
    },
    Storing { file: File::InConda(".condarc"), ..CONDA_RC }.if_option("--system"),
    Storing { file: File::InEnvironment(".condarc"), ..CONDA_RC }.if_option("--env"),
    CONDA_RC,
    PIP,
    storing(&["uv"], &["auth", "login"], "~/.local/share/uv/credentials/credentials.toml"),
    storing(&["poetry"], &["config"], "~/.config/pypoetry/auth.toml").if_key("http-basic."),
    storing(&["poetry"], &["config"], "~/.config/pypoetry/auth.toml").if_key("pypi-token."),
    storing(&["poetry"], &["config"], "~/.config/pypoetry/config.toml")
        .chosen_by(&[("--local", "poetry.toml")]),
    storing(&["poetry"], &["source", "add"], "pyproject.toml"),
    storing(&["pdm"], &["config"], "~/.config/pdm/config.toml")
        .chosen_by(&[("--local", "pdm.toml"), ("-l", "pdm.toml")]),
    NPM,
    Storing { command: &["set"], ..NPM },
    storing(&["pnpm"], &["config", "set"], "~/.config/pnpm/rc")
        .chosen_by(&[("--location=project", ".npmrc")]),
    storing(&["yarn"], &["config", "set"], ".yarnrc.yml")
        .chosen_by(&[("--home", "~/.yarnrc.yml"), ("-H", "~/.yarnrc.yml")]),
    storing(&["comfy"], &[], "~/.config/comfy-cli/config.ini").if_option(COMFY_FLAG),
    DVC,
    Storing { command: &["config"], ..DVC },
    RCLONE,
    Storing { command: &["config", "update"], ..RCLONE },
    Storing { command: &["config", "password"], ..RCLONE },
    storing(&["aws"], &["configure", "set"], "~/.aws/credentials")
        .moved_by("AWS_SHARED_CREDENTIALS_FILE", ""),
    storing(&["mc", "mcli"], &["alias", "set"], "~/.mc/config.json"),
    storing(&["dotenv"], &["set"], ".env").named_by(&["-f", "--file"]),
    storing(&["gh"], &["auth", "login"], "~/.config/gh/hosts.yml").moved_by("GH_CONFIG_DIR", "hosts.yml"),
    storing(&["gh"], &["config", "set"], "~/.config/gh/config.yml").moved_by("GH_CONFIG_DIR", "config.yml"),
    storing(&["glab"], &["auth", "login"], "~/.config/glab-cli/config.yml"),
    storing(&["kubectl", "oc"], &["config"], "~/.kube/config")
        .named_by(&["--kubeconfig"])
        .moved_by("KUBECONFIG", ""),
    DOCKER,
    Storing { command: &["auth", "login"], ..Storing { programs: &["crane"], ..DOCKER } },
    storing(&["podman", "skopeo", "buildah"], &["login"], "/run/containers/0/auth.json")
        .named_by(&["--authfile"])
        .moved_by("REGISTRY_AUTH_FILE", ""),
    storing(&["helm"], &["registry", "login"], "~/.config/helm/registry/config.json")
        .named_by(&["--registry-config"])
        .moved_by("HELM_REGISTRY_CONFIG", ""),
    storing(&["crontab"], &[], "/var/spool/cron/crontabs/root"),
    COMPOSER,
    storing(&["bundle"], &["config"], "~/.bundle/config").chosen_by(&[("--local", ".bundle/config")]),
    storing(&["go"], &["env", "-w"], "~/.config/go/env").moved_by("GOENV", ""),
];

/// The words that undo a command of the same program, the words of that command, and whether they undo it for one key
/// alone.
const UNDONE: [(&[&str], &[&str], bool); 7] = [
    (&["config", "unset"], &["config", "set"], true),
    (&["config", "delete"], &["config", "set"], true),
    (&["env", "config", "vars", "unset"], &["env", "config", "vars", "set"], true),
    (&["unset"], &["set"], true),
    (&["logout"], &["login"], false),
    (&["auth", "logout"], &["auth", "login"], false),
    (&["registry", "logout"], &["registry", "login"], false),
];

/// The rows of each program.
static BY_NAME: LazyLock<Vec<(&'static str, &'static Storing)>> = LazyLock::new(|| {
    let mut all: Vec<_> =
        ROWS.iter().flat_map(|row| row.programs.iter().map(move |name| (*name, row))).collect();
    all.sort_by_key(|(name, _)| *name);
    all
});

/// The maximum number of operands before the words of a command: values of options that are not known.
const MAX_BEFORE: usize = 3;

/// Returns the rows of a program.
fn rows(name: &str) -> impl Iterator<Item = &'static Storing> {
    let first = BY_NAME.partition_point(|(other, _)| *other < name);
    let same = BY_NAME.get(first..).unwrap_or_default().iter().take_while(move |(other, _)| *other == name);
    same.map(|(_, row)| *row)
}

/// Returns the arguments after the words of a command, if the arguments have them.
fn behind<'a>(command: &[&str], arguments: &'a [Word]) -> Option<&'a [Word]> {
    let is_operand = |(_, word): &(usize, &Word)| !is_option(word) || command.contains(&&*word.text.to_str());
    let operands: Vec<(usize, &Word)> = arguments.iter().enumerate().filter(is_operand).collect();
    if command.is_empty() {
        return Some(arguments);
    }
    let mut windows = operands.windows(command.len()).take(MAX_BEFORE + 1);
    let is_command = |window: &&[(usize, &Word)]| {
        window.iter().zip(command).all(|((_, word), expected)| word.text.as_bytes() == expected.as_bytes())
    };
    let (last, _) = windows.find(is_command)?.last()?;
    arguments.get(last + 1..)
}

/// Returns the word of an option: `--file WORD` or `--file=WORD`.
pub(super) fn option_word(arguments: &[Word], options: &[&str]) -> Option<Word> {
    arguments.iter().enumerate().find_map(|(at, word)| {
        let text = word.text.to_str();
        if options.contains(&text.as_ref()) {
            return arguments.get(at + 1).cloned();
        }
        let (name, _) = text.split_once('=').filter(|(name, _)| options.contains(name))?;
        Some(Word { text: word.text.slice(name.len() + 1..word.text.len()), ..word.clone() })
    })
}

impl Storing {
    /// Returns true if a call is of this kind, and its arguments after the words of the command.
    fn fits<'a>(&self, call: &Call<'a>) -> Option<&'a [Word]> {
        let behind = behind(self.command, call.arguments)?;
        let is_met = match self.condition {
            Condition::Always => true,
            Condition::Key(key) => {
                let first = behind.iter().find(|word| !is_option(word));
                first.is_some_and(|word| word.text.starts_with_at(0, key.as_bytes()))
            }
            Condition::Option(option) => call.arguments.iter().any(|word| {
                let text = word.text.to_str();
                text.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            }),
        };
        is_met.then_some(behind)
    }

    /// Returns the file as a normal path, or `None` if its location is unknown.
    fn file(&self, call: &Call<'_>, state: &State<'_>) -> Option<String> {
        if let Some(word) = option_word(call.arguments, self.named) {
            return state.file(&word);
        }
        let chosen = self.chosen.iter().find(|(option, _)| {
            let (name, word) = option.split_once('=').unwrap_or((option, ""));
            call.has(option)
                || (!word.is_empty()
                    && option_word(call.arguments, &[name])
                        .is_some_and(|w| w.text.as_bytes() == word.as_bytes()))
        });
        if let Some((_, file)) = chosen {
            return state.named_by_program(&moved_home(file, state));
        }
        let (variable, name) = self.moved;
        if !variable.is_empty() {
            match state.variables.setting(variable, View::Program) {
                Setting::Known(path) if name.is_empty() => return Some(state.within(&path)),
                Setting::Known(path) => return Some(state.within(&format!("{path}/{name}"))),
                Setting::Unknown => return None,
                Setting::Unset => {}
            }
        }
        match self.file {
            File::At(path) => state.named_by_program(&moved_home(path, state)),
            File::InConda(path) => Some(normal(&format!("{}/{path}", conda(state)))),
            File::InEnvironment(path) => environment(call, state).map(|at| normal(&format!("{at}/{path}"))),
        }
    }
}

/// Applies the variables of the XDG base directories to a path in the home directory.
fn moved_home(path: &str, state: &State<'_>) -> String {
    for (variable, directory) in [("XDG_CONFIG_HOME", "~/.config/"), ("XDG_DATA_HOME", "~/.local/share/")] {
        if let (Some(rest), Setting::Known(home)) =
            (path.strip_prefix(directory), state.variables.setting(variable, View::Program))
        {
            return format!("{home}/{rest}");
        }
    }
    path.to_owned()
}

/// The root of conda in the images that bring it.
const CONDA_ROOT: &str = "/opt/conda";

/// Returns the root of conda, from the variables that name it or from `PATH`.
fn conda(state: &State<'_>) -> String {
    let known = |name: &&str| match state.variables.setting(name, View::Program) {
        Setting::Known(path) => Some(path),
        _ => None,
    };
    let named = ["MAMBA_ROOT_PREFIX", "CONDA_ROOT", "CONDA_DIR"].iter().find_map(known);
    let in_path = || {
        let path = state.variables.written("PATH")?;
        let is_conda = |root: &&str| ["conda", "mamba", "miniforge"].iter().any(|name| root.contains(name));
        let mut roots = path.split(':').filter_map(|part| part.strip_suffix("/bin"));
        let root = roots.find(is_conda).filter(|root| !root.contains(['$', '`']))?;
        Some(root.split("/envs/").next().unwrap_or_default().to_owned())
    };
    named.or_else(in_path).unwrap_or_else(|| CONDA_ROOT.to_owned())
}

/// Returns the environment that a command of conda changes, or `None` if it is not known.
fn environment(call: &Call<'_>, state: &State<'_>) -> Option<String> {
    if let Some(word) = option_word(call.arguments, &["-p", "--prefix"]) {
        return state.file(&word);
    }
    let name = match option_word(call.arguments, &["-n", "--name"]) {
        Some(word) if word.has_substitution || !word.variables.is_empty() => return None,
        Some(word) => word.text.to_str().into_owned(),
        None => match state.variables.setting(ENVIRONMENT, View::Program) {
            Setting::Known(name) => name,
            Setting::Unknown => return None,
            Setting::Unset => "base".to_owned(),
        },
    };
    let root = conda(state);
    Some(if name == "base" { root } else { format!("{root}/envs/{name}") })
}

/// Adds the effects of a command that stores a value or takes it back.
///
/// Returns false if the command is none of these.
pub(super) fn effects(call: &Call<'_>, state: &State<'_>, effects: &mut Vec<EffectKind>) -> bool {
    for row in rows(call.name) {
        let is_undone = UNDONE
            .iter()
            .filter(|(_, stores, _)| *stores == row.command)
            .filter_map(|(undoes, _, by_key)| Some((behind(undoes, call.arguments)?, by_key)))
            .any(|(behind, by_key)| {
                !by_key || key(behind).is_none_or(|key| state.has_stored(call.name, &key))
            });
        if is_undone {
            let file = row.file(call, state);
            effects.push(EffectKind::Removal(file.map(Removal::of_file).into_iter().collect()));
            return true;
        }
        if row.fits(call).is_none() {
            continue;
        }
        let value = output::in_words(call, state).or_else(|| output::read(call, &call.fed, state));
        if !value.have_no_token() {
            let (program, file) = (call.name.to_owned(), row.file(call, state));
            effects.push(EffectKind::Write(Write { program, value, form: Form::Text, file }));
        }
        return true;
    }
    false
}

/// Returns the key that the arguments after a command set.
fn key(behind: &[Word]) -> Option<String> {
    let first = behind.iter().find(|word| !is_option(word))?;
    Some(first.text.to_str().split('=').next().unwrap_or_default().to_owned())
}

/// Remembers the keys that a command stores.
pub(super) fn take(call: &Call<'_>, state: &mut State<'_>) {
    let stored = rows(call.name).find_map(|row| key(row.fits(call)?));
    if let Some(key) = stored {
        state.note_stored(call.name, key);
    }
}
