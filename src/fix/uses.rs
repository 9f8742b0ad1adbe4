//! Uses of a login other than by the Hub's tools: commands that need its files, or that clear the
//! environment.

use std::collections::BTreeMap;

use crate::dockerfile::Base;
use crate::dockerfile::Instruction;
use crate::dockerfile::Keyword;
use crate::dockerfile::Scope;
use crate::dockerfile::find_from;
use crate::dockerfile::normal;
use crate::effects::EffectKind;
use crate::effects::Read;
use crate::effects::Run;
use crate::effects::covers;
use crate::effects::hides_variables;
use crate::effects::is_made_by_login;
use crate::effects::login_files_in;
use crate::rules::dockerfile::Context;
use crate::rules::dockerfile::logins::Login;
use crate::text::Span;

const FILES: &str = "a later command needs the file that it writes, or its directory";
const COPIED: &str = "another stage takes what it leaves";
const CLEARED: &str = "a later command runs without the variables of the RUN, under `sudo`, `su` or `env -i`";

/// Returns the stages whose logins have to stay, with the reasons.
pub(super) fn stages_that_keep(
    context: &Context<'_>,
    logins: &BTreeMap<Span, &Login<'_>>,
) -> BTreeMap<usize, &'static str> {
    let mut keep = BTreeMap::new();
    // The end of the first login of each stage.
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (span, login) in logins {
        if let Some(stage) = login.stage {
            first.entry(stage).or_insert(span.end);
        }
    }
    let Some(&earliest) = first.values().min() else { return keep };
    for (instruction, scope) in context.instructions() {
        let acts = instruction.effective();
        let own = instruction.stage.unwrap_or(0);
        match acts.keyword {
            Keyword::Run => {
                let Some(run) = context.run(instruction) else { continue };
                for mount in &run.mounts {
                    let from = mount.from.as_deref().and_then(|from| stage_of(context, from, own));
                    if let Some(from) = from.filter(|from| first.contains_key(from)) {
                        keep.entry(from).or_insert(COPIED);
                    }
                }
                let Some(why) = wants(context, instruction, run, earliest) else { continue };
                for stage in chain(context, own) {
                    if first.get(&stage).is_some_and(|&login| login < instruction.span.end) {
                        keep.entry(stage).or_insert(why);
                    }
                }
            }
            Keyword::Copy => {
                if let Some((from, true)) = copied_login(context, instruction, scope) {
                    keep.entry(from).or_insert(COPIED);
                }
            }
            _ => {}
        }
    }
    keep
}

/// Returns the stage from which a `COPY --from` takes token files, and whether it names these files or
/// their directory.
pub(super) fn copied_login(
    context: &Context<'_>,
    instruction: &Instruction,
    scope: Scope<'_>,
) -> Option<(usize, bool)> {
    let acts = instruction.effective();
    let from = acts.flag("from")?.value.as_ref()?;
    let from = stage_of(context, scope.expand(from).as_str(), instruction.stage?)?;
    // The paths are those at the end of the stage.
    let last = context.dockerfile.instructions.iter().rposition(|i| i.stage == Some(from))?;
    let files = login_files_in(context.scopes.at(last))?;
    let (_, sources) = acts.words().split_last()?;
    let paths: Vec<String> = sources.iter().map(|source| normal(scope.expand(source).as_str())).collect();
    let taken = paths.iter().filter(|path| !path.is_empty() && files.iter().any(|file| covers(path, file)));
    let mut taken = taken.peekable();
    taken.peek()?;
    Some((from, taken.any(|path| is_made_by_login(path, &files))))
}

fn stage_of(context: &Context<'_>, name: &str, before: usize) -> Option<usize> {
    find_from(&context.dockerfile.stages, name, before)
}

/// Returns a stage and the stages it is based on.
fn chain(context: &Context<'_>, stage: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(stage), |&stage| match context.dockerfile.stages.get(stage)?.base {
        Base::Stage(base) => Some(base),
        Base::Image(_) => None,
    })
    .take(64)
}

/// Returns the reason why a `RUN` needs a login that no variable can replace.
fn wants(
    context: &Context<'_>,
    instruction: &Instruction,
    run: &Run,
    earliest: usize,
) -> Option<&'static str> {
    if instruction.span.end <= earliest {
        return None;
    }
    let reads = |wanted: fn(&Read) -> bool| {
        run.effects.iter().any(|effect| matches!(&effect.kind, EffectKind::Read(read) if wanted(read)))
    };
    if reads(|read| *read == Read::LoginFiles) {
        return Some(FILES);
    }
    let Span { start, end } = instruction.span;
    let text = String::from_utf8_lossy(context.source.get(start..end).unwrap_or_default());
    let is_hidden = hides_variables(&text) && reads(|read| matches!(read, Read::Environment(_)));
    is_hidden.then_some(CLEARED)
}
