//! How a file puts a secret into the environment of a step.

use crate::ci::{BuildArgument, Dialect, Reach};
use crate::mask::{Message, message};

use super::is_short_name;

/// Returns the lines that give a step the variable `name` from the secret `secret`, if the system does not give all
/// of its variables to every step.
pub(super) fn of_step(dialect: Dialect, name: &str, secret: &str) -> Option<Message> {
    let message = match dialect {
        Dialect::Actions => {
            message!("Give the step the secret:\n    env:\n      {}: ${{{{ secrets.{} }}}}\n", name, secret)
        }
        Dialect::Azure => {
            message!("Give the step the secret:\n    env:\n      {}: $({})\n", name, secret)
        }
        Dialect::CloudBuild => message!(
            "Give the step the secret:\n    secretEnv: [{}]\nand the build a secret of Secret Manager:\n    \
             availableSecrets:\n      secretManager:\n        - versionName: \
             projects/$PROJECT_ID/secrets/{}/versions/latest\n          env: {}\n",
            name,
            secret,
            name
        ),
        Dialect::Drone => message!(
            "Give the step the secret:\n    environment:\n      {}:\n        from_secret: {}\n",
            name,
            secret
        ),
        Dialect::Jenkins => message!(
            "Run the step within:\n    withCredentials([string(credentialsId: '{}', variable: '{}')]) {{ … }}\n",
            secret,
            name
        ),
        Dialect::Pods => message!(
            "Give the step the secret:\n    env:\n      - name: {}\n        valueFrom:\n          secretKeyRef: {{name: …, \
             key: {}}}\n",
            name,
            secret
        ),
        _ => return None,
    };
    Some(message)
}

/// Returns the line that puts a variable of a script or a makefile into the environment of its commands.
fn export(dialect: Dialect, name: &str) -> Message {
    match dialect {
        Dialect::Just => message!("Write `export {} := …`, so that the builder sees it. ", name),
        Dialect::PowerShell => {
            message!("Set `$env:{}` instead of `${}`, so that the builder sees it. ", name, name)
        }
        Dialect::Batch => message!("Let `set` give `{}` its value, so that the builder sees it. ", name),
        Dialect::Task => message!("Move `{}` from `vars:` to `env:`, so that the builder sees it. ", name),
        _ => message!("Write `export {}` before it, so that the builder sees it. ", name),
    }
}

/// The place in which a builder finds a secret.
pub(super) struct Source {
    /// The variable in its environment.
    pub(super) variable: String,
    /// The change that puts the variable there, if it is not there already.
    pub(super) change: Message,
}

impl Source {
    /// Returns the source of the secret that takes the place of a build argument. `id` is the name of the secret.
    pub(super) fn of_argument(dialect: Dialect, argument: &BuildArgument, id: &str) -> Self {
        let variable = argument.variable().filter(|name| is_short_name(name));
        if argument.reach == Reach::Environment
            && let Some(variable) = variable
        {
            return Self { variable, change: Message::default() };
        }
        // A substitution of Cloud Build begins with an underscore.
        let secret = variable.as_deref().map(|name| name.trim_start_matches('_'));
        let secret = secret.filter(|name| !name.is_empty()).unwrap_or(id);
        if let Some(change) = of_step(dialect, id, secret) {
            return Self { variable: id.to_owned(), change };
        }
        let variable = variable.unwrap_or_else(|| id.to_owned());
        let is_hidden = argument.reach == Reach::Shell;
        let change = if is_hidden { export(dialect, &variable) } else { Message::default() };
        Self { variable, change }
    }
}
