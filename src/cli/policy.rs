//! The policy of a scan: from the command line, and from the files that it names or that are found.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::output::Output;
use super::{Failure, args, complain, shown};
use crate::finding::Report;
use crate::mask::mask;
use crate::policy::{Baseline, Config, Discovery, Outcome, Policy, PolicyError, discover};
use crate::report::{self, escape};
use crate::source::{Content, Target, inspect};
use crate::timestamp::Clock;

/// Reads the policy. Nothing is audited if a file of it is wrong.
pub(super) fn read(scan: &args::Scan) -> Result<Policy, Failure> {
    let policy = &scan.policy;
    let mut read = Policy { fail_on: policy.fail_on, now: Clock::System.now(), ..Policy::default() };
    if let Some(file) = &policy.config {
        read.configs.push(Config::read(file).map_err(|error| wrong(&error))?);
        read.default = Some(0);
    } else if !policy.no_config {
        find(scan, &mut read)?;
    }
    read.baseline = match (&policy.baseline, &policy.write_baseline) {
        (Some(file), _) => Some(Baseline::read(file).map_err(|error| wrong(&error))?),
        (None, Some(file)) if file.exists() => Some(Baseline::read(file).map_err(|error| wrong(&error))?),
        (None, Some(file)) => Some(Baseline::empty(file)),
        (None, None) => None,
    };
    Ok(read)
}

/// Finds the file of each target.
fn find(scan: &args::Scan, policy: &mut Policy) -> Result<(), Failure> {
    let current = Path::new(".");
    let mut numbers: HashMap<PathBuf, usize> = HashMap::new();
    let mut number = |found: Discovery| -> Result<Option<usize>, Failure> {
        let file = match found {
            Discovery::None => return Ok(None),
            Discovery::Found(file) => file,
            Discovery::Foreign(file, why) => {
                if !scan.quiet && numbers.insert(file.clone(), usize::MAX).is_none() {
                    let file = shown(file.as_os_str());
                    complain(&format!("{file} is not used: {why}; --config {file} uses it"));
                }
                return Ok(None);
            }
        };
        if let Some(number) = numbers.get(&file) {
            return Ok(Some(*number));
        }
        policy.configs.push(Config::read(&file).map_err(|error| wrong(&error))?);
        let number = policy.configs.len() - 1;
        numbers.insert(file, number);
        Ok(Some(number))
    };
    policy.default = number(discover(current, current))?;
    for target in &scan.targets {
        let Some(directory) = Target::parse(target).ok().as_ref().and_then(directory) else { continue };
        // The file of the current directory is not for targets elsewhere.
        policy.of_target.insert(mask(target.as_encoded_bytes()), number(discover(&directory, current))?);
    }
    Ok(())
}

/// Returns the directory in which the search for a target's policy starts. `None` for a target that is not on this
/// machine. An image never brings its own policy.
fn directory(target: &Target) -> Option<PathBuf> {
    let path = target.path()?;
    let is_tree = match target {
        Target::Context(_) => true,
        Target::Bare(_) => inspect(path).is_ok_and(|content| content == Content::Directory),
        _ => false,
    };
    if is_tree {
        return Some(path.to_owned());
    }
    let parent = path.parent()?;
    Some(if parent == Path::new("") { PathBuf::from(".") } else { parent.to_owned() })
}

/// Writes the baseline that was asked for. No finding is new then, so that none makes the audit fail.
pub(super) fn write_baseline(file: &Path, policy: &Policy, report: &Report) -> Result<Outcome, Failure> {
    let outcome = if report.complete { Outcome::Passed } else { Outcome::Incomplete };
    let Some(baseline) = &policy.baseline else { return Ok(outcome) };
    let text = baseline.updated(report, report::place, policy.now);
    let output =
        Output::open(Some(file)).and_then(|output| output.write(|out| out.write_all(text.as_bytes())));
    let failure =
        |error| Failure::new(format!("cannot write the baseline to {}: {error}", shown(file.as_os_str())));
    output.map(|()| outcome).map_err(failure)
}

/// Checks policy files, and says what is in them.
pub(super) fn check(check: &args::CheckConfig) -> Result<Outcome, Failure> {
    let file = match &check.file {
        Some(file) => file.clone(),
        None => match discover(Path::new("."), Path::new(".")) {
            Discovery::Found(file) => file,
            Discovery::Foreign(file, why) => {
                return Err(Failure::new(format!("{} is not used: {why}", shown(file.as_os_str()))));
            }
            Discovery::None => {
                return Err(Failure::new("there is no stowaway.toml in this directory or above it"));
            }
        },
    };
    let config = Config::read(&file).map_err(|error| wrong(&error))?;
    let (ignores, thresholds) = config.counts();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let files: Vec<String> = config.names().map(|name| escape(name.as_str()).into_owned()).collect();
    super::print(|out| {
        writeln!(
            out,
            "{}: right, with {} and {}",
            files.join(", "),
            count(ignores, "ignore"),
            count(thresholds, "threshold")
        )
    })
}

fn wrong(error: &PolicyError) -> Failure {
    Failure::new(escape(&error.to_string()).into_owned())
}
