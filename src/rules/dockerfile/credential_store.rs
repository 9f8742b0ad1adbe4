//! Where git is told to keep the passwords it is handed: `credential.helper store`.

use memchr::memmem;

use super::Context;
use crate::dockerfile::{Base, Keyword};

/// The file that git keeps passwords in, none where nothing tells it to; for each instruction, that one taken in. It is
/// set up once for the stage and those that go on from it.
pub(crate) fn credential_stores(context: &Context<'_>) -> Vec<Option<String>> {
    let mut stages: Vec<Option<String>> = Vec::new();
    let mut stores = Vec::new();
    for instruction in &context.dockerfile.instructions {
        let stage = instruction.stage.unwrap_or(0);
        while stages.len() <= stage {
            let inherited = match context.dockerfile.stages.get(stages.len()).map(|stage| &stage.base) {
                Some(&Base::Stage(base)) => stages.get(base).cloned().flatten(),
                _ => None,
            };
            stages.push(inherited);
        }
        let Some(store) = stages.get_mut(stage) else { continue };
        let acts = instruction.effective();
        if acts.keyword == Keyword::Run {
            let texts = std::iter::once(&acts.text).chain(acts.heredocs.iter().map(|heredoc| &heredoc.body));
            if let Some(file) = texts.into_iter().find_map(|text| set_up(text.as_bytes())) {
                *store = Some(file);
            }
        }
        stores.push(store.clone());
    }
    stores
}

/// The file that a script sets up: `git config credential.helper 'store --file PATH'`.
fn set_up(script: &[u8]) -> Option<String> {
    let helper = memmem::find(script, b"credential.helper")?;
    let value = script.get(helper..)?;
    let line = value.split(|&byte| matches!(byte, b'\n' | b'&' | b';')).next()?;
    let store = memmem::find(line, b"store")?;
    let options = String::from_utf8_lossy(line.get(store..)?);
    let mut words = options.split([' ', '=', '"', '\'']).filter(|word| !word.is_empty());
    let file = words.find(|word| *word == "--file").and_then(|_| words.next());
    Some(file.unwrap_or("~/.git-credentials").to_owned())
}
