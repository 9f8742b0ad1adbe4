//! Docker's daemon. It has all of its files in one directory, and ends when it is dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use crate::builder::command;
use crate::enter;

/// How often a daemon is asked whether it answers, ten times a second.
const ASKED: usize = 1200;

/// A release of Docker, and where it is in the tree.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) name: &'static str,
    /// The beginning of its version.
    pub(super) version: &'static str,
    /// The directories of its programs.
    pub(super) path: &'static str,
    pub(super) options: &'static [&'static str],
}

/// A running daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    release: &'static Release,
    dir: PathBuf,
    child: Mutex<Child>,
}

impl Daemon {
    /// Starts the daemon. Containers have no network but that of this namespace, so it needs no bridge.
    pub(super) fn start(release: &'static Release) -> Self {
        let dir = PathBuf::from("/srv").join(release.name);
        std::fs::create_dir_all(&dir).unwrap();
        let log = File::create(dir.join("log")).unwrap();
        let mut daemon = programs(release, "dockerd");
        daemon.args(["--iptables=false", "--ip6tables=false", "--bridge=none"]).args(release.options);
        daemon.arg("--data-root").arg(dir.join("data")).arg("--exec-root").arg(dir.join("exec"));
        daemon.arg("--pidfile").arg(dir.join("pid")).arg("--host").arg(host(&dir));
        daemon.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = daemon.spawn().unwrap_or_else(|error| panic!("dockerd did not start: {error}"));
        Self { release, dir, child: Mutex::new(child) }
    }

    /// Waits until the daemon answers.
    ///
    /// # Panics Panics if it ends, or is of another release.
    pub(super) fn wait(&self) {
        for _ in 0..ASKED {
            let ended = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().unwrap();
            assert!(ended.is_none(), "{} ended, {ended:?}:\n{}", self.release.name, self.log());
            if let Some(version) = self.version() {
                let known = self.release.version;
                assert!(
                    version.starts_with(known),
                    "Docker {version} is not the {known} that cases speak of"
                );
                return;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{} does not answer:\n{}", self.release.name, self.log());
    }

    /// Returns the version of the daemon, if it answers.
    pub(crate) fn version(&self) -> Option<String> {
        let mut ask = self.client();
        let output = ask.args(["version", "--format", "{{.Server.Version}}"]).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns a command of the client, which is of the same release.
    pub(crate) fn client(&self) -> Command {
        let mut client = programs(self.release, "docker");
        client.arg("--host").arg(self.host());
        client
    }

    /// Returns the address of the daemon.
    pub(crate) fn host(&self) -> String {
        host(&self.dir)
    }

    /// Returns the directory of the daemon's files.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        enter::end("TERM", child.id());
        drop(child.wait());
    }
}

/// Returns a command for a program of a release, which finds the others of that release.
fn programs(release: &Release, program: &str) -> Command {
    let is_there = |dir: &&str| Path::new(dir).join(program).is_file();
    let dir = release.path.split(':').find(is_there);
    let dir = dir.unwrap_or_else(|| panic!("{} has no {program}", release.name));
    let mut command = command(Path::new(dir).join(program));
    let rest = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{rest}", release.path));
    command
}

fn host(dir: &Path) -> String {
    format!("unix://{}/socket", dir.display())
}
