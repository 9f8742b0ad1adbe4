//! Where the scripts of a file run, and how a path is shown.

use std::collections::HashMap;

use super::Context;
use crate::{
    detect,
    dockerfile::{Arguments, Base, Keyword},
    finding::Masked,
    rules::login::is_known,
};

/// The working directory in front of each instruction, none where the base image decides.
pub(super) fn working_directories(context: &Context<'_>) -> Vec<Option<String>> {
    let mut stages: HashMap<usize, Option<String>> = HashMap::new();
    let mut out = Vec::new();
    for (instruction, scope) in context.instructions() {
        let stage = instruction.stage.unwrap_or(0);
        if instruction.keyword == Keyword::From {
            let base = match context.dockerfile.stages.get(stage).map(|stage| &stage.base) {
                Some(Base::Stage(base)) => stages.get(base).cloned().flatten(),
                Some(Base::Image(image)) if image == "scratch" => Some("/".to_owned()),
                _ => None,
            };
            stages.insert(stage, base);
        }
        let before = stages.get(&stage).cloned().flatten();
        if let (Keyword::Workdir, Arguments::Line(line)) = (instruction.keyword, &instruction.arguments) {
            let value = scope.expand(line);
            let path = value.as_str().trim();
            let is_known = value.is_certain && !path.contains('$');
            let after = match &before {
                _ if !is_known => None,
                _ if path.starts_with('/') => Some(path.to_owned()),
                Some(before) => Some(format!("{before}/{path}")),
                None => None,
            };
            stages.insert(stage, after);
        }
        out.push(before);
    }
    out
}

/// The path as a report shows it, none where a part of it is not known.
pub(super) fn shown(path: &str) -> Option<Masked> {
    is_known(path).then(|| detect::mask(path.as_bytes()))
}
