//! The `RUN` instructions of a Dockerfile, with their scripts and effects.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::effect::{Effect, EffectKind, Login, MountCopy};
use super::files::{Files, RunFiles};
use super::interpreter::{Interpreted, interpret};
use super::login::{TokenOrigin, origin};
use super::pattern::covers;
use super::programs;
use super::surroundings::{Given, Surroundings};
use crate::dockerfile::{
    Base, Dockerfile, Keyword, Mount, MountKind, Scope, Scopes, UNKNOWN, mounts, normal, run_script,
};
use crate::shell::{self, Script, Step};

/// A `RUN` with its steps and effects.
pub(crate) struct Run {
    pub(crate) script: Script,
    pub(crate) steps: Vec<Step>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) effects: Vec<Effect>,
    /// The steps of the script files that the steps run.
    pub(crate) scripts: Vec<Rc<[Step]>>,
    /// The files of the build context that the steps copy from bind mounts.
    pub(crate) copied: Vec<MountCopy>,
}

/// Returns the `RUN`s of a file, indexed by instruction. The entry is `None` for other instructions and for
/// a `RUN` without arguments.
pub(crate) fn runs(
    dockerfile: &Dockerfile,
    scopes: &Scopes,
    files: &Files<'_>,
    given: &BTreeMap<usize, Given>,
) -> Vec<Option<Run>> {
    // The password file of git's helper, by stage. The helper is set up once for a stage and for the stages
    // based on it.
    let mut helpers: Vec<Option<String>> = Vec::new();
    let numbered = dockerfile.instructions.iter().enumerate();
    let runs = numbered.map(|(number, instruction)| {
        let stage = instruction.stage.unwrap_or(0);
        while helpers.len() <= stage {
            let inherited = match dockerfile.stages.get(helpers.len()).map(|stage| &stage.base) {
                Some(&Base::Stage(base)) => helpers.get(base).cloned().flatten(),
                _ => None,
            };
            helpers.push(inherited);
        }
        let helper = helpers.get_mut(stage)?;
        let scope = scopes.at(number);
        let acts = instruction.effective();
        let script = run_script(acts, scope).filter(|_| acts.keyword == Keyword::Run)?;
        let (steps, mounts) = (shell::steps(&script), mounts(acts, scope));
        let directory = scope.directory().unwrap_or(UNKNOWN);
        let view = RunFiles { files, stage, before: number, directory, mounts: &mounts };
        let surroundings = Surroundings::of_run(scope, &mounts, helper.clone(), view);
        let Interpreted { effects, scripts, copied } =
            interpret(&steps, Surroundings { given: given.get(&number), ..surroundings });
        let set_up = effects.iter().rev().find_map(|effect| match &effect.kind {
            EffectKind::Helper(file) => Some(file.clone()),
            _ => None,
        });
        *helper = set_up.or(helper.take());
        Some(Run { script, steps, mounts, effects, scripts, copied })
    });
    runs.collect()
}

/// The location of a file in a `RUN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the layer.
    Layer,
    /// Under a mount.
    Mount(MountKind),
    /// In a device or a file provided by the kernel.
    Device,
}

impl Run {
    /// Returns the location of a file, given its normal path. If several mounts cover the path, the
    /// innermost decides.
    pub(crate) fn place(&self, file: &str) -> Place {
        if ["dev/", "proc/", "sys/"].iter().any(|root| file.starts_with(root)) {
            return Place::Device;
        }
        let holds = |target: &&str| !normal(target).is_empty() && covers(target, file);
        let mounts = self.mounts.iter().filter(|mount| mount.kind != MountKind::Ssh);
        let over = mounts.filter_map(|mount| Some((mount, mount.target.as_deref().filter(holds)?)));
        let innermost = over.max_by_key(|(_, target)| target.len());
        innermost.map_or(Place::Layer, |(mount, _)| Place::Mount(mount.kind))
    }

    /// Returns the origin of a login's token.
    pub(crate) fn origin(&self, login: &Login, scope: Scope<'_>) -> TokenOrigin<'_> {
        origin(&login.token, &self.mounts, scope)
    }

    /// Returns true if the `RUN` compiles a Python module, by importing it or by compiling all modules.
    pub(crate) fn compiles(&self, module: &str) -> bool {
        self.steps.iter().any(|step| programs::compiles(step, module))
    }
}
