//! Enters the builders' tree.
//!
//! Everything happens in separate namespaces, so that mounts, processes and servers disappear with the last
//! process, however it ends. Stores are in memory, in those namespaces.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::builder::Builder;
use crate::project;
use crate::support::{place, tools};

const INSIDE: &str = "STOWAWAY_ORACLE_INSIDE";
/// The variable with the directory of the builders.
const MADE: &str = "STOWAWAY_ORACLE_DIR";
/// The namespaces of a run. All of its mounts, processes and listeners disappear with them.
const NAMESPACES: [&str; 5] = ["--mount", "--net", "--ipc", "--pid", "--fork"];

pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Returns the directory that `make-builder.sh` filled.
pub(crate) fn made() -> PathBuf {
    PathBuf::from(std::env::var_os(MADE).unwrap())
}

/// Makes the builders, and runs this program again in their tree. Returns an error if that is impossible on this
/// machine.
pub(crate) fn enter(builders: &BTreeSet<Builder>) -> Result<ExitCode, String> {
    if tools::run("id", &["-u"]).trim() != "0" {
        return Err("it is made by debootstrap and mounts file systems, both of which need root".to_owned());
    }
    if !Command::new("unshare").args(NAMESPACES).arg("true").status().is_ok_and(|status| status.success()) {
        return Err("it needs namespaces of its own, which this root may not make (CAP_SYS_ADMIN)".to_owned());
    }
    let oracle = place::root().with_file_name("oracle");
    let scratch = place::root().join("tests/oracle");
    let scripts = project().join("tests/oracle");
    let mut make = Command::new(scripts.join("make-builder.sh"));
    let made = make.arg(&oracle).args(builders.iter().map(|builder| builder.name())).status();
    if !made.map_err(|error| format!("make-builder.sh: {error}"))?.success() {
        return Err("the builders could not be made".to_owned());
    }
    let tree = oracle.join("tree");
    let group = format!("stowaway-oracle.{}", std::process::id());
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("setpriv");
    // When this process is killed, its children are killed too.
    command.args(["--pdeathsig", "KILL", "unshare"]).args(NAMESPACES).args(["--kill-child", "--"]);
    command.arg(scripts.join("enter.sh")).arg(&group).arg(&tree).arg(project());
    command.arg(oracle.parent().unwrap()).arg(scratch).arg(this);
    command.args(std::env::args_os().skip(1)).env(INSIDE, "1").env(MADE, &oracle);
    let mut child = command.spawn().map_err(|error| format!("setpriv: {error}"))?;
    let id = child.id();
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let (interrupt, swept, swept_tree) = (Arc::clone(&is_interrupted), group.clone(), tree.clone());
    on_signals(move || {
        interrupt.store(true, Ordering::Relaxed);
        end("KILL", id);
        drop(sweep(&swept, &swept_tree));
    });
    let status = child.wait().map_err(|error| error.to_string())?;
    if is_interrupted.load(Ordering::Relaxed) {
        // The thread that handles the signal ends this process.
        std::thread::park();
    }
    let left = sweep(&group, &tree).err();
    if let Some(why) = &left {
        eprintln!("oracle: {why}");
    }
    match status.code() {
        Some(0) if left.is_some() => Ok(ExitCode::FAILURE),
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => {
            eprintln!("oracle: it was ended by {status}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Removes the control groups of a run, and makes sure that none of its mounts are left.
fn sweep(group: &str, tree: &Path) -> Result<(), String> {
    let script = project().join("tests/oracle/enter.sh");
    let mut command = Command::new("unshare");
    let status = command.args(["--mount", "--"]).arg(script).args(["--sweep", group]).arg(tree).status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("its control groups could not be removed".to_owned());
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
    match mounts.lines().find(|line| line.contains(tools::text(tree))) {
        Some(mount) => Err(format!("a mount is left: {mount}")),
        None => Ok(()),
    }
}

/// Sends a signal to a process.
pub(crate) fn end(signal: &str, process: u32) {
    // `kill` as a program is not in each tree.
    let status = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status();
    assert!(status.is_ok_and(|status| status.success()), "process {process} was not there to be ended");
}

/// Installs signal handlers. A process with ID 1 ignores signals that it has no handler for.
pub(crate) fn end_on_signals() {
    on_signals(|| ());
}

fn on_signals(first: impl FnOnce() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]).unwrap();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            first();
            std::process::exit(130);
        }
    });
}
