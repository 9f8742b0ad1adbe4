//! Cog (`cog.yaml` reference): the commands of `build.run`, each a layer of the image.

use crate::ci::syntax::Node;
use crate::ci::{CiFile, CiScript, Job};
use crate::mask::{Message, message};

pub(super) fn read(document: &Node, file: &mut CiFile) {
    // `pre_install` is the old name.
    for key in ["pre_install", "run"] {
        let Some(commands) = document.at(&["build", key]) else { continue };
        let place = message!("`build.{}`", Message::own(if key == "run" { "run" } else { "pre_install" }));
        for item in commands.items() {
            // Each is a layer of its own, from which a later one takes nothing away.
            let command = item.text().or_else(|| item.get("command")?.text());
            let scripts = command.map(|text| CiScript::shell(text.clone(), &place, &[]));
            file.job(Job { scripts: scripts.into_iter().collect(), is_one_shell: false });
        }
    }
}
