//! `RUN --mount=…` (BuildKit, `frontend/dockerfile/instructions/commands_runmount.go`).

use super::{Instruction, Scope, Value};

/// The type of a mount in the container of a `RUN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum MountKind {
    /// A part of the build context, of a stage or of an image. Files written there are discarded.
    Bind,
    /// A directory that the builder keeps between builds.
    Cache,
    /// A directory in memory.
    Tmpfs,
    /// A secret of the build, as a file or as an environment variable.
    Secret,
    /// The socket of an SSH agent.
    Ssh,
}

/// A mount. Variables in its values are expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The type of the mount.
    pub kind: MountKind,
    /// The value of `id`.
    pub id: Option<String>,
    /// The value of `target`. For a secret without `target` and `env`, the default location.
    pub target: Option<String>,
    /// The value of `env`: the variable that holds a secret.
    pub env: Option<String>,
    /// The value of `from`.
    pub from: Option<String>,
    /// The value of `source`.
    pub source: Option<String>,
    /// The value of `required`.
    pub required: bool,
}

/// Returns the mounts of a `RUN`.
pub(crate) fn mounts(instruction: &Instruction, scope: Scope<'_>) -> Vec<Mount> {
    let flags = instruction.flags.iter().filter(|flag| flag.name.as_bytes() == b"mount");
    flags.filter_map(|flag| flag.value.as_ref()).map(|value| mount(&scope.expand(value))).collect()
}

fn mount(value: &Value) -> Mount {
    let mut mount = Mount {
        kind: MountKind::Bind,
        id: None,
        target: None,
        env: None,
        from: None,
        source: None,
        required: false,
    };
    for field in value.as_str().split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        let some = || Some(value.trim().to_owned());
        match key.trim().to_ascii_lowercase().as_str() {
            "type" => {
                mount.kind = match value.trim().to_ascii_lowercase().as_str() {
                    "cache" => MountKind::Cache,
                    "tmpfs" => MountKind::Tmpfs,
                    "secret" => MountKind::Secret,
                    "ssh" => MountKind::Ssh,
                    _ => MountKind::Bind,
                }
            }
            "id" => mount.id = some(),
            "target" | "dst" | "destination" => mount.target = some(),
            "env" => mount.env = some(),
            "from" => mount.from = some(),
            "source" | "src" => mount.source = some(),
            "required" => {
                mount.required = value.is_empty() || value.eq_ignore_ascii_case("true") || value == "1";
            }
            _ => {}
        }
    }
    if mount.kind == MountKind::Secret {
        // Without an id, the last part of the target names the secret. Without a target, the secret is in
        // /run/secrets.
        let last = |target: &String| target.rsplit('/').next().unwrap_or_default().to_owned();
        if mount.id.is_none() {
            mount.id = mount.source.clone().or_else(|| mount.target.as_ref().map(last));
        }
        if mount.target.is_none() && mount.env.is_none() {
            mount.target = mount.id.as_ref().map(|id| format!("/run/secrets/{}", last(id)));
        }
    }
    mount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_lies_in_run_secrets_unless_told_otherwise() {
        let read = |text: &str| mount(&Value::literal(text));
        assert_eq!(read("type=secret,id=HF_TOKEN").target.as_deref(), Some("/run/secrets/HF_TOKEN"));
        assert_eq!(read("type=secret,id=a,target=/t").target.as_deref(), Some("/t"));
        assert_eq!(read("type=secret,id=a,env=B").target, None);
        assert_eq!(read("type=secret,target=/x/tok").id.as_deref(), Some("tok"));
        assert!(read("type=secret,id=a,required").required);
        assert_eq!(read("from=b,src=/x,dst=/y").kind, MountKind::Bind);
    }
}
