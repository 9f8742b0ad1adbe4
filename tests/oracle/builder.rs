//! Enters the builder's tree, and builds Dockerfiles in a store.
//!
//! Everything happens in separate namespaces, so that mounts, processes and servers disappear with the last
//! process, however it ends. Stores are in memory, in those namespaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Place, Token, token, tools};
use crate::{case::Case, project};

const INSIDE: &str = "STOWAWAY_ORACLE_INSIDE";
/// The variable with the directory of the builder.
const MADE: &str = "STOWAWAY_ORACLE_DIR";
/// The names in `FROM` of the root file systems that cases start from.
const BASES: [&str; 2] = ["hub", "hub-0.36"];
/// The number of the builder's last lines to show.
const LAST_LINES: usize = 12;

/// The namespaces of a run. All of its mounts, processes and listeners disappear with them.
const NAMESPACES: [&str; 5] = ["--mount", "--net", "--ipc", "--pid", "--fork"];

pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Makes the builder, and runs this program again in its tree. Returns an error if that is impossible on this
/// machine.
pub(crate) fn enter() -> Result<ExitCode, String> {
    if tools::run("id", &["-u"]).trim() != "0" {
        return Err("it is made by debootstrap and mounts file systems, both of which need root".to_owned());
    }
    if !Command::new("unshare").args(NAMESPACES).arg("true").status().is_ok_and(|status| status.success()) {
        return Err("it needs namespaces of its own, which this root may not make (CAP_SYS_ADMIN)".to_owned());
    }
    let oracle = crate::support::place::root().with_file_name("oracle");
    let scratch = crate::support::place::root().join("tests/oracle");
    let scripts = project().join("tests/oracle");
    let made = Command::new(scripts.join("make-builder.sh")).arg(&oracle).status();
    if !made.map_err(|error| format!("make-builder.sh: {error}"))?.success() {
        return Err("the builder could not be made".to_owned());
    }
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("setpriv");
    // When this process is killed, its children are killed too.
    command.args(["--pdeathsig", "KILL", "unshare"]).args(NAMESPACES).args(["--kill-child", "--"]);
    command.arg(scripts.join("enter.sh")).arg(oracle.join("tree")).arg(project());
    command.arg(oracle.parent().unwrap()).arg(scratch).arg(this);
    command.args(std::env::args_os().skip(1)).env(INSIDE, "1").env(MADE, &oracle);
    let mut child = command.spawn().map_err(|error| format!("setpriv: {error}"))?;
    let id = child.id();
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let interrupt = Arc::clone(&is_interrupted);
    on_signals(move || {
        interrupt.store(true, Ordering::Relaxed);
        drop(Command::new("kill").args(["-KILL", &id.to_string()]).status());
    });
    let status = child.wait().map_err(|error| error.to_string())?;
    match status.code() {
        _ if is_interrupted.load(Ordering::Relaxed) => Ok(ExitCode::from(130)),
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => {
            eprintln!("oracle: it was ended by {status}");
            Ok(ExitCode::FAILURE)
        }
    }
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

/// A store for one build at a time.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    pub(crate) place: Place,
    limits: [String; 2],
}

/// The last lines of the builder's output, with the token removed.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Store {
    /// Creates a store that contains the bases.
    pub(crate) fn new(number: usize) -> Self {
        let dir = PathBuf::from(format!("/srv/store{number}"));
        fs::create_dir_all(&dir).unwrap();
        let place = Place::new(&format!("store{number}"));
        let store =
            Self { dir, place, limits: [limit("nofile", "Max open files"), limit("nproc", "Max processes")] };
        let oracle = PathBuf::from(std::env::var_os(MADE).unwrap());
        for base in BASES {
            let context = store.dir.join(base);
            fs::create_dir_all(&context).unwrap();
            let tar = oracle.join(format!("base/{base}.tar"));
            fs::copy(tar, context.join("root.tar")).unwrap();
            let text = "FROM scratch\nADD root.tar /\n\
                ENV HF_ENDPOINT=http://127.0.0.1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_TELEMETRY=1 \
                HF_HUB_DISABLE_UPDATE_CHECK=1\n";
            fs::write(context.join("Dockerfile"), text).unwrap();
            let output =
                store.buildah(&["build", "--layers=false", "--tag", base]).arg(&context).output().unwrap();
            assert!(output.status.success(), "the base: {}", String::from_utf8_lossy(&output.stderr));
            fs::remove_dir_all(&context).unwrap();
        }
        store
    }

    /// Builds a context of this store's place, and returns the layout with the image. A failed build is
    /// retried.
    ///
    /// The token is in the variables named by `secrets` (`id=ID,env=NAME`) and in the build arguments.
    pub(crate) fn build(
        &self,
        context: &str,
        case: &Case,
        arguments: &[String],
        secrets: &[String],
        token: &Token,
    ) -> Result<PathBuf, Failure> {
        let attempt = || self.attempt(context, case, arguments, secrets, token);
        attempt().or_else(|_| attempt())
    }

    fn attempt(
        &self,
        context: &str,
        case: &Case,
        arguments: &[String],
        secrets: &[String],
        token: &Token,
    ) -> Result<PathBuf, Failure> {
        let mut build =
            self.buildah(&["build", "--isolation", "chroot", "--network", "host", "--pull=never"]);
        build.args(["--no-cache", "--force-rm", "--format", "docker", "--quiet", "--tag", "built"]);
        for limit in &self.limits {
            build.args(["--ulimit", limit]);
        }
        if case.options.is_empty() {
            build.arg("--layers");
        }
        build.args(&case.options);
        for name in arguments {
            // An argument without a value is taken from the environment, which other processes cannot see.
            build.args(["--build-arg", name]).env(name, token.text());
        }
        for secret in secrets {
            build.args(["--secret", secret]);
            let variable = secret.split(',').find_map(|part| part.strip_prefix("env="));
            build.env(variable.expect("a secret from a variable"), token.text());
        }
        succeeds(build.arg(self.place.join(context)), token)?;
        let layout = self.dir.join("layout");
        empty(&layout);
        // `buildah push` would compress the base each time.
        let dir = self.dir.display();
        let from = format!("containers-storage:[overlay@{dir}/root+{dir}/run]localhost/built:latest");
        let mut copy = Command::new("skopeo");
        copy.args(["--insecure-policy", "copy", "--quiet", "--dest-oci-accept-uncompressed-layers", &from]);
        succeeds(copy.arg(format!("oci:{}:built", layout.display())), token)?;
        Ok(layout)
    }

    fn buildah(&self, args: &[&str]) -> Command {
        let mut command = Command::new("buildah");
        command.args(["--storage-driver", "overlay", "--root"]).arg(self.dir.join("root"));
        command.arg("--runroot").arg(self.dir.join("run")).args(args);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HF_")) {
            command.env_remove(name);
        }
        command
    }
}

fn succeeds(command: &mut Command, token: &Token) -> Result<(), Failure> {
    let Output { status, stdout, stderr } = command.output().unwrap();
    if status.success() {
        return Ok(());
    }
    let said = [stdout, stderr].concat();
    let said = String::from_utf8_lossy(&said).replace(token.text(), "<token>").replace('\x1b', "");
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let masked =
        last.iter().map(|line| if token::shows_a_secret(line) { "<a line with a token>" } else { line });
    Err(Failure(masked.collect::<Vec<_>>().join("\n")))
}

/// Removes everything from the layout except the large layers of the bases, so that they are not written again.
fn empty(layout: &Path) {
    const LARGE: u64 = 32 << 20;
    let Ok(blobs) = fs::read_dir(layout.join("blobs/sha256")) else { return };
    for blob in blobs.map(Result::unwrap).filter(|blob| blob.metadata().unwrap().len() < LARGE) {
        fs::remove_file(blob.path()).unwrap();
    }
    fs::remove_file(layout.join("index.json")).unwrap();
}

/// Returns a resource limit of this process. The builder asks for more than that by default.
fn limit(name: &str, title: &str) -> String {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(title)).unwrap();
    let mut numbers = line.split_whitespace();
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    let number = |text: &str| if text == "unlimited" { "-1".to_owned() } else { text.to_owned() };
    format!("{name}={}:{}", number(soft), number(hard))
}
