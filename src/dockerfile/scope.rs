//! The variables in scope at each instruction (BuildKit, `dockerfile2llb/convert.go`; Docker's Dockerfile
//! reference, "Scope" of `ARG`).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{Arguments, Base, Dockerfile, Instruction, Keyword, Pair, Stage, Value, expand, placeholder};
use crate::text::Text;

/// The instruction that sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `ARG`, whose value the build may set.
    Arg,
    /// `ENV`.
    Env,
}

/// A variable in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding<'a> {
    /// The instruction that sets the variable.
    pub origin: Origin,
    /// The value. For an `ARG` it is the default, or empty.
    pub value: &'a Value,
    /// The index of the instruction that sets the variable.
    pub by: usize,
}

/// All settings of one name in a stage, each with the index of its instruction.
type History<T> = Vec<(usize, T)>;

/// The settings that the instructions of one stage make.
#[derive(Debug, Default)]
struct Settings {
    /// The stage on which this one is based.
    base: Option<usize>,
    args: HashMap<String, History<Value>>,
    env: HashMap<String, History<Value>>,
    user: History<Value>,
    /// The working directory, or `None` if it is unknown.
    directory: History<Option<String>>,
    shell: History<Arc<[Text]>>,
    /// The first `ARG` that may carry a token.
    first_token_argument: Option<usize>,
}

/// Variables that carry a token whatever their names are, each with its stage.
#[derive(Debug, Default)]
pub(crate) struct Carriers(HashMap<Option<usize>, HashSet<String>>);

impl Carriers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, stage: Option<usize>, name: &str) -> bool {
        self.0.get(&stage).is_some_and(|names| names.contains(name))
    }

    pub(crate) fn add(&mut self, stage: Option<usize>, name: &str) {
        self.0.entry(stage).or_default().insert(name.to_owned());
    }
}

/// The variables of a whole file. Each setting is stored only once, however many instructions see it.
#[derive(Debug)]
pub(crate) struct Scopes {
    escape: u8,
    /// The settings before the first `FROM`.
    globals: Settings,
    stages: Vec<Settings>,
    /// The stage of each instruction, or `None` if the globals are in scope.
    places: Vec<Option<usize>>,
    carriers: Carriers,
}

/// The maximum number of stages that are followed back, each based on the previous one.
const MAX_BASES: usize = 64;

/// The variables and settings in scope at one instruction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    scopes: &'a Scopes,
    stage: Option<usize>,
    /// The index of the first instruction whose settings are not in scope.
    before: usize,
}

impl Scopes {
    /// Returns empty scopes.
    pub(super) fn new(escape: u8) -> Self {
        let (globals, carriers) = (Settings::default(), Carriers::default());
        Self { escape, globals, stages: Vec::new(), places: Vec::new(), carriers }
    }

    /// Returns the scopes without a file, in which nothing is set.
    pub(crate) fn nothing() -> Self {
        Self::new(b'\\')
    }

    /// Collects the settings of a file.
    pub(crate) fn of(dockerfile: &Dockerfile) -> Self {
        Self::with(dockerfile, Carriers::default())
    }

    /// Does the same where it is known that these variables carry a token.
    pub(crate) fn with(dockerfile: &Dockerfile, carriers: Carriers) -> Self {
        let mut scopes = Self { carriers, ..Self::new(dockerfile.directives.escape_byte()) };
        for instruction in &dockerfile.instructions {
            scopes.take(instruction, &dockerfile.stages);
        }
        scopes
    }

    /// Returns the scope before the instruction with that index. A `FROM` sees only the globals.
    pub(crate) fn at(&self, instruction: usize) -> Scope<'_> {
        Scope { scopes: self, stage: self.places.get(instruction).copied().flatten(), before: instruction }
    }

    /// Returns the scope after the instruction with that index, which is no `FROM`.
    pub(crate) fn after(&self, instruction: usize) -> Scope<'_> {
        Scope { before: instruction + 1, ..self.at(instruction) }
    }

    /// Returns the scope before the first `FROM` that contains all settings taken so far.
    pub(super) fn global(&self) -> Scope<'_> {
        Scope { scopes: self, stage: None, before: usize::MAX }
    }

    /// Records the settings of the next instruction.
    pub(super) fn take(&mut self, instruction: &Instruction, stages: &[Stage]) {
        let number = self.places.len();
        let place = instruction.stage.filter(|_| instruction.keyword != Keyword::From);
        self.places.push(place);
        if instruction.keyword == Keyword::From {
            let stage = instruction.stage.and_then(|index| stages.get(index));
            let base = match stage.map(|stage| &stage.base) {
                Some(&Base::Stage(base)) => Some(base),
                _ => None,
            };
            let mut settings = Settings { base, ..Settings::default() };
            if stage.is_some_and(|stage| matches!(&stage.base, Base::Image(image) if image == "scratch")) {
                settings.directory.push((number, Some("/".to_owned())));
            }
            if let Some(user) = stage.and_then(|stage| stage.base.windows_user()) {
                settings.user.push((number, Value::literal(user)));
            }
            self.stages.push(settings);
            return;
        }
        // The settings of an ONBUILD apply only to the following triggers. They are treated as in scope, so
        // that the triggers are judged together.
        let acts = instruction.effective();
        let scope = self.at(number);
        match acts.keyword {
            Keyword::Arg => {
                let set: Vec<_> = acts.pairs().iter().map(|pair| scope.argument(pair)).collect();
                let Some(settings) = self.settings(place) else { return };
                for (name, value) in set {
                    if value.carries_token {
                        settings.first_token_argument.get_or_insert(number);
                    }
                    settings.args.entry(name).or_default().push((number, value));
                }
            }
            Keyword::Env if place.is_some() => {
                let set: Vec<_> =
                    acts.pairs().iter().map(|pair| (scope.name(pair), scope.env_value(pair))).collect();
                let Some(settings) = self.settings(place) else { return };
                for (name, value) in set {
                    settings.env.entry(name).or_default().push((number, value));
                }
            }
            Keyword::User => {
                if let Arguments::Line(user) = &acts.arguments {
                    let user = scope.expand(user);
                    if let Some(settings) = self.settings(place) {
                        settings.user.push((number, user));
                    }
                }
            }
            Keyword::Workdir => {
                if let Arguments::Line(line) = &acts.arguments {
                    let directory = scope.moved_to(&scope.expand(line));
                    if let Some(settings) = self.settings(place) {
                        settings.directory.push((number, directory));
                    }
                }
            }
            Keyword::Shell => {
                if let (Arguments::Exec(words), Some(settings)) = (&acts.arguments, self.settings(place)) {
                    settings.shell.push((number, words.clone().into()));
                }
            }
            _ => {}
        }
    }

    fn settings(&mut self, place: Option<usize>) -> Option<&mut Settings> {
        match place {
            Some(stage) => self.stages.get_mut(stage),
            None => Some(&mut self.globals),
        }
    }
}

/// Returns the last setting before an instruction.
fn last<T>(history: &History<T>, before: usize) -> Option<&T> {
    numbered(history, before).map(|(_, value)| value)
}

/// Does the same with the index of the instruction that sets it.
fn numbered<T>(history: &History<T>, before: usize) -> Option<(usize, &T)> {
    let end = history.partition_point(|(number, _)| *number < before);
    history.get(end.checked_sub(1)?).map(|(number, value)| (*number, value))
}

impl<'a> Scope<'a> {
    /// Returns the settings in scope: those of the stage, then those of the stages it is based on, all of
    /// which precede it.
    fn chain(self) -> impl Iterator<Item = &'a Settings> {
        let scopes = self.scopes;
        let first = match self.stage {
            Some(stage) => scopes.stages.get(stage),
            None => Some(&scopes.globals),
        };
        std::iter::successors(first, |settings| scopes.stages.get(settings.base?)).take(MAX_BASES)
    }

    /// Returns the variable with that name. `ENV` takes precedence over `ARG`.
    pub(crate) fn get(self, name: &str) -> Option<Binding<'a>> {
        let env = self.chain().find_map(|settings| numbered(settings.env.get(name)?, self.before));
        if let Some((by, value)) = env {
            return Some(Binding { origin: Origin::Env, value, by });
        }
        let (by, value) =
            self.chain().find_map(|settings| numbered(settings.args.get(name)?, self.before))?;
        Some(Binding { origin: Origin::Arg, value, by })
    }

    /// Returns the names of the variables that carry a token.
    pub(crate) fn token_variables(self) -> BTreeSet<&'a str> {
        let names = self.chain().flat_map(|settings| settings.env.keys().chain(settings.args.keys()));
        let carries = |name: &&str| self.get(name).is_some_and(|binding| binding.value.carries_token);
        names.map(String::as_str).filter(carries).collect()
    }

    /// Returns true if a build argument that may carry a token is in scope.
    pub(crate) fn has_token_argument(self) -> bool {
        self.chain().any(|settings| settings.first_token_argument.is_some_and(|number| number < self.before))
    }

    /// Returns the last `USER`, expanded, or `None` if the base image decides.
    pub(crate) fn user(self) -> Option<&'a Value> {
        self.chain().find_map(|settings| last(&settings.user, self.before))
    }

    /// Returns the absolute working directory, or `None` if the base image or the build decides.
    pub(crate) fn directory(self) -> Option<&'a str> {
        self.chain().find_map(|settings| last(&settings.directory, self.before))?.as_deref()
    }

    /// Returns the working directory after a `WORKDIR` with this value.
    fn moved_to(self, value: &Value) -> Option<String> {
        let path = value.as_str().trim();
        if value.is_certain && !path.contains('$') { self.absolute(path) } else { None }
    }

    /// Returns a path as an absolute path, if the working directory is known.
    pub(crate) fn absolute(self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(path.to_owned());
        }
        self.directory().map(|directory| format!("{directory}/{path}"))
    }

    /// Returns the shell of the shell form, if a `SHELL` has set one.
    pub(crate) fn shell(self) -> Option<&'a [Text]> {
        self.chain().find_map(|settings| last(&settings.shell, self.before)).map(AsRef::as_ref)
    }

    /// Expands variables, quotes and escapes in a word.
    pub(crate) fn expand(self, word: &Text) -> Value {
        expand::expand(word, &|name| self.get(name).map(|binding| binding.value), self.scopes.escape)
    }

    /// Returns the name of a pair without its quotes.
    pub(crate) fn name(self, pair: &Pair) -> String {
        self.expand(&pair.name).to_text()
    }

    /// Returns the value that an `ENV` sets. Its variables have the values from before the whole
    /// instruction.
    pub(crate) fn env_value(self, pair: &Pair) -> Value {
        let mut value = pair.value.as_ref().map_or_else(|| Value::literal(""), |value| self.expand(value));
        let is_carrier = self.is_carrier(&self.name(pair), &value);
        value.carries_token = value.may_hold_something()
            && (value.carries_token || is_carrier || placeholder::holds_token(value.as_str()));
        value
    }

    fn argument(self, pair: &Pair) -> (String, Value) {
        let name = self.name(pair);
        let global = || self.scopes.globals.args.get(&name).and_then(|history| last(history, self.before));
        let mut value = match &pair.value {
            Some(value) => self.expand(value),
            None => global().cloned().unwrap_or_else(|| Value::literal("")),
        };
        value.carries_token |= self.is_carrier(&name, &value) || placeholder::holds_token(value.as_str());
        value.is_certain = false;
        (name, value)
    }

    /// Returns true if a variable with this value carries a token, by its name or by where its value goes.
    pub(crate) fn is_carrier(self, name: &str, value: &Value) -> bool {
        crate::detect::carries_token(name, value.certain_text())
            || self.scopes.carriers.contains(self.stage, name)
    }
}
