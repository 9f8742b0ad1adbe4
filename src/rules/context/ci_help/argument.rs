//! The replacement for a build argument.

use crate::ci::{BuildArgument, Builder, Dialect, Given};
use crate::detect;
use crate::finding::TokenSummary;
use crate::hub::variables::HF_TOKEN;
use crate::mask::{Message, message};
use crate::text::Text;

use super::environment::Source;
use super::{is_short_name, revoke};

/// Returns the help on giving a build the token as a secret.
pub(in crate::rules::context) fn for_argument(
    dialect: Dialect,
    argument: &BuildArgument,
    token: Option<&TokenSummary>,
) -> Message {
    let name = argument.name.to_str();
    let id = if is_short_name(&name) { name.as_ref() } else { HF_TOKEN };
    let revoke = match token {
        Some(token) => message!("{}Then delete the argument", revoke(token)),
        None => Message::own("Delete the argument"),
    };
    let change = match argument.given {
        Given::Command(builder) => command(builder, dialect, argument, id),
        Given::Input => input(dialect, argument, id),
        Given::Compose => message!(
            ", and give the build a secret:\n    services:\n      …:\n        build:\n          secrets:\n            - {}\n    \
             secrets:\n      {}:\n        environment: {}\n",
            id,
            id,
            id
        ),
        Given::Bake if dialect == Dialect::Actions => message!(
            ", give the target `secret = [\"id={},env={}\"]`, and the step `env:` with `{}: ${{{{ secrets.{} }}}}`. ",
            id,
            id,
            id,
            id
        ),
        Given::Bake => {
            message!(", and give the target a secret:\n    secret = [\"id={},env={}\"]\n", id, id)
        }
        Given::Devcontainer => message!(
            ", and give the build a secret:\n    \"build\": {{\"options\": [\"--secret\", \"id={},env={}\"]}}\nA \
             container that needs the token when it runs gets it by `\"remoteEnv\": {{\"{}\": \
             \"${{localEnv:{}}}\"}}`. ",
            id,
            id,
            id,
            id
        ),
        Given::Skaffold => message!(
            ", and give the artifact a secret, from the environment of `skaffold`:\n    docker:\n      secrets:\n        - id: \
             {}\n          env: {}\n",
            id,
            id
        ),
        Given::Fly => message!(", and deploy with `fly deploy --build-secret {}=\"${}\"`. ", id, id),
    };
    message!("{}{}{}", revoke, change, mount(argument.given, id))
}

/// Returns the line of the Dockerfile that mounts a secret.
fn mount(given: Given, id: &str) -> Message {
    match given {
        Given::Command(Builder::Earthly) => {
            message!("In the Earthfile, delete `ARG {}` and write `RUN --secret {} …`. ", id, id)
        }
        // There is no Dockerfile.
        Given::Command(Builder::Nixpacks) => Message::default(),
        _ => message!(
            "In the Dockerfile, delete `ARG {}` and write `RUN --mount=type=secret,id={},env={} …` where the token is \
             needed.",
            id,
            id,
            id
        ),
    }
}

/// Returns the change of a command line.
fn command(builder: Builder, dialect: Dialect, argument: &BuildArgument, id: &str) -> Message {
    let Source { variable, change } = Source::of_argument(dialect, argument, id);
    let secret = message!("--secret id={},env={}", id, variable);
    let instead = match builder {
        Builder::Docker | Builder::Other => {
            message!(", and write `{}` instead of `--build-arg {}`. ", secret, id)
        }
        Builder::Buildctl => message!(", and write `{}` instead of `--opt build-arg:{}`. ", secret, id),
        Builder::Bake => message!(
            ", and write `--set '*.secrets=id={},env={}'`, or give the target `secret = [\"id={},env={}\"]`. ",
            id,
            variable,
            id,
            variable
        ),
        Builder::Compose => message!(
            ", and give the service a secret in the compose file:\n    services:\n      …:\n        build:\n          secrets:\n            \
             - {}\n    secrets:\n      {}:\n        environment: {}\n",
            id,
            id,
            variable
        ),
        Builder::Earthly => {
            message!(", and write `--secret {}=\"${}\"` instead of `--build-arg {}`. ", id, variable, id)
        }
        Builder::Fly => {
            message!(
                ", and write `--build-secret {}=\"${}\"` instead of `--build-arg {}`. ",
                id,
                variable,
                id
            )
        }
        Builder::Kaniko => message!(
            ". Kaniko as Google released it mounts no secrets: build with `docker buildx build`, `buildctl` or \
             `buildah build`, and `{}`. ",
            secret
        ),
        Builder::Azure => message!(
            ". `az acr` gives builds no secrets, and keeps `--secret-build-arg` in the image as well: build with `docker \
             buildx build {}`, and push. ",
            secret
        ),
        Builder::OpenShift => message!(
            ", and give the build a secret of the cluster: `oc set build-secret`, or `spec.source.secrets` of the \
             build configuration. "
        ),
        Builder::Heroku => message!(
            ". `heroku container:push` gives builds no secrets: build with `docker build {}`, and push to the registry. ",
            secret
        ),
        Builder::Google => message!(
            ", and let the build take the token from Secret Manager: `availableSecrets` and `secretEnv` in the build \
             configuration, with `{}` for the builder. ",
            secret
        ),
        Builder::Nixpacks => Message::own(
            ": a variable that Nixpacks is given stays in the environment of the image. Let what needs the token run \
             when the container starts. ",
        ),
    };
    message!("{}{}", instead, change)
}

/// Returns the change of an input of an action, a task, an orb or a plugin.
fn input(dialect: Dialect, argument: &BuildArgument, id: &str) -> Message {
    if dialect == Dialect::Actions {
        let value = argument.value.as_ref().map(Text::to_str).unwrap_or_default();
        let secret = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let secret = secret.filter(|name| detect::is_token_variable(name) && is_short_name(name));
        return message!(
            ", and give the build a secret:\n    secrets: |\n      {}=${{{{ secrets.{} }}}}\n",
            id,
            secret.unwrap_or(id)
        );
    }
    let Source { variable, change } = Source::of_argument(dialect, argument, id);
    if dialect == Dialect::Drone {
        return message!(
            ", and give the build a secret:\n    settings:\n      secrets_from_env:\n        - {}={}\n{}",
            id,
            variable,
            change
        );
    }
    message!(
        ", and give the builder `--secret id={},env={}` among its options instead. {}",
        id,
        variable,
        change
    )
}
