//! One round of mending: the changes, and the places that are not changed.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{Declined, Secret};
use super::{
    cut::Page,
    edit::Edits,
    keys::keys,
    lines, literal,
    mounts::Ids,
    names::Names,
    run::{MAX_HITS, MendedRun, Mending, Written},
    settings::{Settings, settings},
    syntax, uses,
};
use crate::dockerfile::{Base, Instruction, Keyword, Scope, normal};
use crate::effects::login_files_in;
use crate::hub::variables::HF_TOKEN;
use crate::mask::{Masked, Quoted, message};
use crate::rules::dockerfile::hit::within;
use crate::rules::dockerfile::logins::Login;
use crate::rules::dockerfile::{
    Context, Hit, ScriptPlace, literal_token, login_command, login_with_secret_mount, logins,
    token_written_to_file,
};
use crate::text::Span;

/// The plan of one round.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) edits: Edits,
    pub(super) declined: Vec<Declined>,
    /// The secrets that each `RUN` gets, by the index of the instruction.
    pub(super) mounted: BTreeMap<usize, Vec<Secret>>,
    /// The `RUN`s that name a variable with the token, or run a client of the Hub.
    pub(super) about_token: BTreeSet<usize>,
    /// Whether the file builds images for Windows.
    pub(super) is_for_windows: bool,
    /// The variables that containers need from now on.
    pub(super) at_start: BTreeSet<String>,
    /// The removed variables, each with its name and its secret, by the place of the pair.
    pub(super) variables: BTreeMap<Span, (String, Secret)>,
    /// The indices of the instructions of which nothing is left.
    pub(super) gone: BTreeSet<usize>,
}

/// Returns the reason why nothing of a file can be mended.
fn refused(context: &Context<'_>, is_for_windows: bool) -> Option<&'static str> {
    if is_for_windows {
        Some("builds of Windows containers have no secret mounts")
    } else if syntax::is_unknown(context) {
        Some(
            "the frontend of the `# syntax=` line may not support `--mount=type=secret,env=`: use docker/dockerfile:1",
        )
    } else {
        None
    }
}

/// Returns the reason why a finding of a script file is left.
fn in_script(hit: &Hit) -> Masked {
    match &hit.script {
        Some(ScriptPlace::File { path, .. }) => {
            message!("it happens in `{}`: mend the script", Quoted(path)).seal()
        }
        _ => Masked::own("it happens in a script that the Dockerfile writes"),
    }
}

/// Plans the changes to a file in which the rules find `hits`.
pub(super) fn plan(context: &Context<'_>, hits: &[Hit]) -> Plan {
    let (plan, keep) = attempt(context, hits, BTreeMap::new());
    if keep.is_empty() { plan } else { attempt(context, hits, keep).0 }
}

/// Returns the logins of the `RUN`s themselves that are reported, by their places.
fn reported<'a, 'b>(all: &'b [Login<'a>], hits: &[Hit]) -> BTreeMap<Span, &'b Login<'a>> {
    let is_login =
        |hit: &&Hit| hit.rule.id == login_command::RULE.id || hit.rule.id == login_with_secret_mount::RULE.id;
    let asked: BTreeSet<_> = hits.iter().filter(is_login).map(|hit| hit.span).collect();
    let logins = all.iter().filter(|login| login.script.is_none() && asked.contains(&login.span));
    logins.map(|login| (login.span, login)).collect()
}

/// Plans the changes without the logins of some stages. Returns the stages whose logins would have to stay as well, with
/// the reasons.
fn attempt(
    context: &Context<'_>,
    hits: &[Hit],
    keep: BTreeMap<usize, &'static str>,
) -> (Plan, BTreeMap<usize, &'static str>) {
    let mut more = BTreeMap::new();
    let mut plan = Plan { is_for_windows: is_for_windows(context), ..Plan::default() };
    if let Some(why) = refused(context, plan.is_for_windows) {
        let why = || Masked::own(why);
        plan.declined.extend(hits.iter().map(|hit| Declined { span: hit.span, why: why() }));
        return (plan, more);
    }
    debug_assert!(hits.is_sorted_by_key(|hit| hit.span.start));
    let (in_scripts, hits): (Vec<_>, Vec<_>) = hits.iter().cloned().partition(|hit| hit.script.is_some());
    let hits = hits.as_slice();
    plan.declined.extend(in_scripts.iter().map(|hit| Declined { span: hit.span, why: in_script(hit) }));
    let all = logins::find(context);
    let logins = reported(&all, hits);
    let keys = keys(context, hits, &keep);
    let mut all = uses::stages_that_keep(context, &logins);
    all.extend(keep);
    let keep = all;
    let (kept, logins): (BTreeMap<_, _>, BTreeMap<_, _>) =
        logins.into_iter().partition(|(_, login)| login.stage.is_some_and(|stage| keep.contains_key(&stage)));
    plan.declined.extend(kept.iter().filter_map(|(&span, login)| {
        let why = Masked::own(keep.get(&login.stage?)?);
        Some(Declined { span, why })
    }));
    let page = Page {
        source: context.source,
        comments: &context.dockerfile.comments,
        escape: context.dockerfile.directives.escape_byte(),
    };
    let settings = settings(context, page, hits, logins.values().copied(), &mut plan.declined);
    plan.variables = settings.secrets(context);
    let names = Names::new(context, hits);
    let ids = Ids::new(context);
    let mending = Mending { context, page, hits, names: &names, settings: &settings, ids: &ids, keys: &keys };
    plan.at_start.extend(settings.environment.iter().cloned());
    // The secret that replaces the logins of a stage, as of the current instruction.
    let mut logged_in: BTreeMap<usize, String> = BTreeMap::new();
    for (index, (instruction, scope)) in context.instructions().enumerate() {
        let stage = instruction.stage.unwrap_or(0);
        if instruction.keyword == Keyword::From {
            if let Some(Base::Stage(base)) = context.dockerfile.stages.get(stage).map(|stage| &stage.base)
                && let Some(id) = logged_in.get(base).cloned()
            {
                logged_in.insert(stage, id);
            }
            continue;
        }
        let acts = instruction.effective();
        if let Some((from, _)) = uses::copied_login(context, instruction, scope)
            && let Some(id) = logged_in.get(&from).cloned()
        {
            logged_in.insert(stage, id);
        }
        let is_found = || within(hits, instruction.span).next().is_some();
        if is_token_file(acts, scope) && is_found() {
            plan.gone.insert(index);
            let id = names.of(hits, instruction.span).unwrap_or(HF_TOKEN);
            logged_in.insert(stage, id.to_owned());
            plan.at_start.insert(HF_TOKEN.to_owned());
            continue;
        }
        if acts.keyword != Keyword::Run {
            continue;
        }
        let Some(mut run) = MendedRun::new(&mending, instruction, scope) else { continue };
        let here: Vec<&Hit> = within(hits, instruction.span).take(MAX_HITS).collect();
        let own = here.iter().filter_map(|hit| logins.get(&hit.span).copied());
        let own: Vec<&Login<'_>> = own.collect();
        let login = run.take(&own, &mut plan.declined);
        let written = here.iter().filter(|hit| hit.rule.id == token_written_to_file::RULE.id);
        let written = written.filter(|_| !keep.contains_key(&stage));
        let written: Vec<_> = written.filter_map(|hit| run.writes_token_file(hit)).collect();
        let login = login.or_else(|| written.into_iter().next());
        let before = logged_in.get(&stage).map(String::as_str);
        let written = run.write(login.as_deref().or(before), before, &mut plan.edits, &mut plan.declined);
        if let Some(id) = login.filter(|_| !matches!(written, Written::Run { is_kept: true, .. })) {
            logged_in.insert(stage, id);
            plan.at_start.insert(HF_TOKEN.to_owned());
        }
        match written {
            Written::Run { secrets, is_about_token, .. } => {
                if is_about_token {
                    plan.about_token.insert(index);
                }
                if !secrets.is_empty() {
                    plan.mounted.insert(index, secrets);
                }
            }
            Written::Nothing => drop(plan.gone.insert(index)),
        }
    }
    settings.write(context, page, &mut plan.edits, &mut plan.gone);
    more.extend(keys.iter().filter_map(|key| key.delete(context, &mut plan.edits, &mut plan.gone)));
    lines::delete(context, &plan.gone, &mut plan.edits);
    literals(context, hits, &settings, &mut plan);
    if !plan.mounted.is_empty() {
        syntax::need_secrets_in_variables(context, &mut plan.edits);
    }
    (plan, more)
}

/// Returns true if an instruction copies a single file to the path of the Hub's token file. That is
/// equivalent to a login.
fn is_token_file(instruction: &Instruction, scope: Scope<'_>) -> bool {
    let [_, to] = instruction.words() else { return false };
    let places = login_files_in(scope);
    matches!(instruction.keyword, Keyword::Copy | Keyword::Add)
        && instruction.flag("from").is_none()
        && places.is_some_and(|places| places.contains(&normal(scope.expand(to).as_str())))
}

/// Plans the replacement of token text outside of `RUN`s.
fn literals(context: &Context<'_>, hits: &[Hit], settings: &Settings, plan: &mut Plan) {
    for hit in hits.iter().filter(|hit| hit.rule.id == literal_token::RULE.id) {
        if settings.drops(context, hit.span) {
            continue;
        }
        let Some(holder) = context.holder(hit.span.start) else {
            // Comments are not part of a build.
            plan.edits.replace(hit.span, "<token>");
            continue;
        };
        let acts = holder.effective();
        match acts.keyword {
            Keyword::Run => {}
            Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck => {
                match literal::in_command(context.source, acts, hit.span) {
                    Ok(quotes) => {
                        let (span, text) = quotes.write(HF_TOKEN, context.source, hit.span);
                        plan.edits.replace(span, text);
                        plan.at_start.insert(HF_TOKEN.to_owned());
                    }
                    Err(why) => plan.declined.push(Declined { span: hit.span, why: Masked::own(why) }),
                }
            }
            _ => plan.declined.push(Declined {
                span: hit.span,
                why: Masked::own("it is not clear what the token does here: remove it by hand"),
            }),
        }
    }
}

fn is_for_windows(context: &Context<'_>) -> bool {
    let mut stages = context.dockerfile.stages.iter();
    context.dockerfile.directives.escape() == '`' || stages.any(|stage| stage.base.windows_user().is_some())
}
