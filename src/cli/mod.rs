//! The command line: arguments, progress, output and exit codes.

mod access;
mod allocator;
mod args;
mod built_from;
mod cache;
mod fix;
mod interrupt;
mod output;
mod policy;
mod progress;
mod reports;
mod stream;
mod targets;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use crate::engine::{Engine, Progress, Silent};
use crate::finding::Report;
use crate::mask::mask;
use crate::panics;
use crate::policy::Outcome;
use crate::report::{self, Format, Style, escape};
use crate::rules;
use crate::source::Target;
use crate::stop::{Cancel, Stop};
use crate::timestamp::Clock;
use crate::verdict::Store;
use crate::verdict::memory::InMemory;
use args::{Asked, Color, Command};
use output::Output;
use reports::Wanted;

/// A failure that prevents an audit, as one line for standard error. Foreign text in it is masked and escaped.
struct Failure(String);

impl Failure {
    fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

/// Runs the command line of this process, and returns its exit code.
pub fn main() -> ExitCode {
    panics::tell_place_alone();
    allocator::return_large_buffers();
    let outcome = args::parse(std::env::args_os()).and_then(|asked| match asked {
        Asked::Text(text) => print(|out| out.write_all(text.as_bytes())),
        Asked::Command(command) => match *command {
            Command::Scan(scan) => self::scan(scan),
            Command::Fix(fix) => fix::fix(&fix),
            Command::Rules(rules) => self::rules(&rules),
            Command::CheckConfig(check) => policy::check(&check),
            Command::Cache(cache) => cache::cache(&cache),
        },
    });
    ExitCode::from(match outcome {
        Ok(outcome) => outcome.exit_code(),
        Err(Failure(line)) => {
            complain(&line);
            Outcome::Incomplete.exit_code()
        }
    })
}

fn scan(mut scan: Box<args::Scan>) -> Result<Outcome, Failure> {
    interrupt::watch();
    let started = Clock::System.now();
    let tokens = targets::tokens(&scan)?;
    scan.targets.extend(targets::from_file(&scan)?);
    let scan = &scan;
    refuse_targets(scan)?;
    let policy = policy::read(scan)?;
    let stop = Stop::new(Cancel::default(), scan.timeout);
    let stop = if scan.first_finding { stop.at_first_finding() } else { stop };
    let dockerfile = built_from::read(scan, &stop)?;
    let outputs: Vec<(&Wanted, Output)> = scan
        .reports
        .0
        .iter()
        .map(|report| {
            let output = Output::open(report.file.as_deref());
            output.map(|output| (report, output)).map_err(|error| unwritable(report, &error))
        })
        .collect::<Result<_, _>>()?;

    let bar = if scan.quiet || scan.no_progress { None } else { progress::Bar::new(&scan.targets) };
    let progress: &dyn Progress = match &bar {
        Some(bar) => bar,
        None if scan.quiet => &Silent,
        None => &progress::Notices,
    };
    let listing = access::listing(scan)?;
    let store = if scan.no_cache { None } else { cache::of_user().map(|cache| cache as Arc<dyn Store>) };
    // Layers that the targets share are read once in any case.
    let is_one = scan.targets.len() == 1 && !listing.catalog && listing.tags.is_none();
    let store = if is_one { store } else { Some(Arc::new(InMemory::before(store)) as Arc<dyn Store>) };
    let engine = Engine::new(scan.jobs, store, Clock::System);
    let options = crate::targets::Options {
        platform: scan.platform.clone(),
        verify_digests: scan.verify_digests,
        access: access::read(scan)?,
        listing,
        tokens,
        dockerfile,
    };
    let mut results = crate::targets::run(&engine, &scan.targets, &options, &stop, progress);
    results.amend(|report| policy.apply(report));
    let report = results.finish();
    if let Some(bar) = &bar {
        bar.clear();
    }

    let outcome = match &scan.policy.write_baseline {
        None => policy.outcome(&report),
        Some(file) => policy::write_baseline(file, &policy, &report)?,
    };
    // The user sees the reason for exit code 2 even if no text is shown.
    if !outputs.iter().any(|(report, output)| output.is_stream() && report.format == Format::Text) {
        explain_errors(&report);
    }
    let mut failure = None;
    for (wanted, output) in outputs {
        let options = report::Options {
            style: Style {
                color: use_color(scan.color.when, output.is_stdout()),
                quiet: scan.quiet,
                verbose: scan.verbose,
                columns: columns(output.is_stdout()),
            },
            policy: Some(&policy),
            show_ignored: scan.policy.show_ignored,
            started,
            ended: Clock::System.now(),
        };
        if let Err(error) = output.write(|out| report::render(wanted.format, &report, options, out)) {
            let Failure(line) = unwritable(wanted, &error);
            // A leak was found, even if the report cannot be written.
            if outcome == Outcome::Failed || failure.is_some() {
                complain(&line);
            } else {
                failure = Some(Failure(line));
            }
        }
    }
    failure.map_or(Ok(outcome), Err)
}

fn unwritable(report: &Wanted, error: &io::Error) -> Failure {
    let file = report.file.as_ref().map_or("standard output".into(), |file| shown(file.as_os_str()));
    Failure::new(format!("cannot write the report to {file}: {error}"))
}

/// Refuses invalid targets, and targets that the report would overwrite.
fn refuse_targets(scan: &args::Scan) -> Result<(), Failure> {
    if scan.targets.iter().any(|target| target.is_empty()) {
        return Err(Failure::new("a target must not be empty"));
    }
    for output in scan.reports.files() {
        let overwritten = |target: &&OsString| {
            Target::parse(target).is_ok_and(|target| stream::overwrites(output, &target))
        };
        if let Some(target) = scan.targets.iter().find(overwritten) {
            return Err(Failure::new(format!(
                "the report would overwrite what is audited: {} is the target {}",
                shown(output.as_os_str()),
                shown(target)
            )));
        }
    }
    Ok(())
}

fn rules(asked: &args::Rules) -> Result<Outcome, Failure> {
    let style = Style { color: use_color(asked.color.when, true), ..Style::default() };
    match &asked.id {
        None => print(|out| report::rules::list(&rules::all(), style, out)),
        Some(id) => {
            let rule = rules::find(id).ok_or_else(|| unknown_rule(id))?;
            print(|out| report::rules::explain(rule, style, out))
        }
    }
}

fn unknown_rule(id: &str) -> Failure {
    let advice = match rules::nearest(id) {
        Some(rule) => format!("did you mean {}?", rule.id),
        None => "`stowaway rules` lists them".to_owned(),
    };
    Failure::new(format!("there is no rule '{}'; {advice}", shown(id.as_ref())))
}

/// Prints output that the user asked for.
fn print(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Outcome, Failure> {
    let written = Output::Stdout.write(render);
    written.map(|()| Outcome::Passed).map_err(|error| Failure::new(format!("cannot write: {error}")))
}

/// Prints the errors of the audit to standard error if the report is for machines or goes elsewhere. The user
/// still sees the reason for exit code 2.
fn explain_errors(report: &Report) {
    for error in &report.errors {
        complain(&format!("not read: {}", report::issue_line(error)));
    }
}

/// Prints a line to standard error. If that fails, there is no way left to report it.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "stowaway: {line}");
}

/// Masks and escapes a foreign argument.
fn shown(argument: &std::ffi::OsStr) -> String {
    escape(mask(argument.as_encoded_bytes()).as_str()).into_owned()
}

/// Returns the width of the terminal that standard output is.
fn columns(to_stdout: bool) -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout()).filter(|_| to_stdout)?;
    Some(usize::from(width.0))
}

fn use_color(when: Color, to_stdout: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        Color::Always => true,
        Color::Never => false,
        // See https://no-color.org.
        Color::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
            to_stdout && !set("NO_COLOR") && !dumb && io::stdout().is_terminal()
        }
    }
}
