//! Variables as they are in scope at each instruction (BuildKit, `dockerfile2llb/convert.go`; Docker's
//! Dockerfile reference, "Scope" and "Impact on build caching" of `ARG`).

use std::{collections::BTreeMap, sync::Arc};

use super::{Dockerfile, Instruction, Keyword, Pair, Text, Value, expand, stage::Base};

/// Where a variable comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `ARG`: the build may give it a value.
    Arg,
    /// `ENV`.
    Env,
}

/// A variable in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where it comes from.
    pub origin: Origin,
    /// Its value; an `ARG` has its default, or nothing.
    pub value: Value,
}

/// The variables and settings that hold at an instruction.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    args: BTreeMap<String, Value>,
    env: BTreeMap<String, Value>,
    /// The last `USER`, expanded; none where the base image decides.
    pub user: Option<Value>,
    /// The shell that runs `RUN`'s shell form, where `SHELL` has set one.
    pub shell: Option<Arc<[Text]>>,
}

impl Scope {
    /// The variable of that name. `ENV` goes before `ARG`.
    pub fn get(&self, name: &str) -> Option<Binding> {
        let env = self.env.get(name).map(|value| Binding { origin: Origin::Env, value: value.clone() });
        env.or_else(|| {
            let value = self.args.get(name)?.clone();
            Some(Binding { origin: Origin::Arg, value })
        })
    }

    /// The value of an `ENV`, where the file sets it to a text that no build argument can change.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name).filter(|value| value.is_certain).map(Value::as_str)
    }

    /// Whether an `ENV` of that name is in scope, whatever its value.
    pub fn has_env(&self, name: &str) -> bool {
        self.env.contains_key(name)
    }

    /// Names of the variables through which a token may get into a command.
    pub fn token_carriers(&self) -> impl Iterator<Item = (&str, Origin)> {
        let env =
            self.env.iter().filter(|(_, value)| value.carries_token).map(|(n, _)| (n.as_str(), Origin::Env));
        let is_hidden = |name: &String| self.env.contains_key(name);
        let args = self.args.iter().filter(move |(name, value)| value.carries_token && !is_hidden(name));
        env.chain(args.map(|(n, _)| (n.as_str(), Origin::Arg)))
    }

    /// Expands variables, quotes and escapes in a word.
    pub fn expand(&self, word: &Text, escape: u8) -> Value {
        expand::expand(word, self, escape)
    }

    /// Takes an `ARG` in front of the first `FROM`.
    pub(super) fn declare_global(&mut self, instruction: &Instruction, escape: u8) {
        for pair in instruction.pairs() {
            let value = self.argument(pair, escape, None);
            self.args.insert(pair.name.to_str().into_owned(), value);
        }
    }

    fn argument(&self, pair: &Pair, escape: u8, global: Option<&Value>) -> Value {
        let name = pair.name.to_str();
        let mut value = match (&pair.value, global) {
            (Some(value), _) => self.expand(value, escape),
            (None, Some(global)) => global.clone(),
            (None, None) => Value::literal(""),
        };
        value.is_certain = false;
        value.carries_token |=
            crate::detect::is_token_variable(&name) || super::placeholder::holds_token(value.as_str());
        value
    }

    fn apply(&mut self, instruction: &Instruction, escape: u8, globals: &Self) {
        match instruction.keyword {
            Keyword::Arg => {
                for pair in instruction.pairs() {
                    let name = pair.name.to_str();
                    let value = self.argument(pair, escape, globals.args.get(name.as_ref()));
                    self.args.insert(name.into_owned(), value);
                }
            }
            Keyword::Env => {
                // All values of one ENV see the variables as they were in front of it.
                let before = self.clone();
                for pair in instruction.pairs() {
                    let name = pair.name.to_str().into_owned();
                    let value = before.env_value(pair, escape);
                    self.env.insert(name, value);
                }
            }
            Keyword::User => {
                if let super::Arguments::Line(user) = &instruction.arguments {
                    self.user = Some(self.expand(user, escape));
                }
            }
            Keyword::Shell => {
                if let super::Arguments::Exec(words) = &instruction.arguments {
                    self.shell = Some(words.clone().into());
                }
            }
            _ => {}
        }
    }

    /// What an `ENV` sets.
    pub fn env_value(&self, pair: &Pair, escape: u8) -> Value {
        let mut value = pair.value.as_ref().map_or_else(|| Value::literal(""), |v| self.expand(v, escape));
        let named = crate::detect::is_token_variable(&pair.name.to_str());
        let holds_something = value.may_hold_something();
        value.carries_token = holds_something
            && (value.carries_token || named || super::placeholder::holds_token(value.as_str()));
        value
    }
}

/// The scope at each instruction of a file, by index: as it is in front of that instruction.
pub fn scopes(dockerfile: &Dockerfile) -> Vec<Arc<Scope>> {
    let escape = dockerfile.directives.escape_byte();
    let mut globals = Scope::default();
    let mut at_end: Vec<Arc<Scope>> = Vec::new();
    let mut current = Arc::new(Scope::default());
    let mut scopes = Vec::with_capacity(dockerfile.instructions.len());
    for instruction in &dockerfile.instructions {
        if instruction.keyword == Keyword::From {
            if instruction.stage.is_some_and(|index| index > 0) {
                at_end.push(Arc::clone(&current));
            }
            scopes.push(Arc::new(globals.clone()));
            let stage = instruction.stage.and_then(|index| dockerfile.stages.get(index));
            current = match stage.map(|stage| &stage.base) {
                // A stage that is built from another has all that one had, build arguments too.
                Some(&Base::Stage(index)) => at_end.get(index).cloned().unwrap_or_default(),
                _ => Arc::default(),
            };
            continue;
        }
        scopes.push(Arc::clone(&current));
        if instruction.stage.is_none() {
            if instruction.keyword == Keyword::Arg {
                globals.declare_global(instruction, escape);
            }
            continue;
        }
        // What ONBUILD sets is there for the triggers behind it only; it is taken as in scope so that they can
        // be judged together.
        let acts = instruction.effective();
        if matches!(acts.keyword, Keyword::Arg | Keyword::Env | Keyword::User | Keyword::Shell) {
            Arc::make_mut(&mut current).apply(acts, escape, &globals);
        }
    }
    scopes
}
