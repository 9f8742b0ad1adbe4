//! Runs the binary. Every report must match the schema, and no output may show a token.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{place, token};

/// The standard input of a run.
#[derive(Debug, Clone, Copy)]
pub enum Stdin<'a> {
    Empty,
    File(&'a Path),
    Pipe(&'a [u8]),
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The JSON report, if one was requested and written.
    pub json: Option<Value>,
}

/// Runs `stowaway scan --format json` on the targets and options.
#[track_caller]
pub fn scan<A: AsRef<OsStr>>(args: &[A]) -> Outcome {
    scan_with(args, Stdin::Empty)
}

/// Runs [`scan`] with one thread and with eight. Both outputs must be identical, byte for byte.
#[track_caller]
pub fn scan_by_any_jobs(target: &Path) -> Outcome {
    let by = |jobs: &str| scan(&["--jobs".as_ref(), jobs.as_ref(), target.as_os_str()]);
    let (one, eight) = (by("1"), by("8"));
    assert_eq!((one.code, &one.stdout, &one.stderr), (eight.code, &eight.stdout, &eight.stderr));
    one
}

/// Runs [`scan`] with the given standard input.
#[track_caller]
pub fn scan_with<A: AsRef<OsStr>>(args: &[A], stdin: Stdin<'_>) -> Outcome {
    let mut all = vec![OsStr::new("scan"), OsStr::new("--format"), OsStr::new("json")];
    all.extend(args.iter().map(AsRef::as_ref));
    stowaway(&all, stdin)
}

/// Runs `stowaway` with these arguments and this standard input.
///
/// # Panics Panics if the process dies of a signal, prints text that is not UTF-8, shows a token, or writes a
/// report that the schema does not allow.
#[track_caller]
pub fn stowaway<A: AsRef<OsStr>>(args: &[A], stdin: Stdin<'_>) -> Outcome {
    let outcome = run(command(args), args, stdin);
    if std::env::var_os("STOWAWAY_TEST_CACHED").is_some() && outcome.json.is_some() {
        assert_same_when_cached(args, stdin, &outcome);
    }
    outcome
}

/// Runs [`stowaway`] in a directory.
#[track_caller]
pub fn stowaway_in<A: AsRef<OsStr>>(directory: &Path, args: &[A]) -> Outcome {
    let mut command = command(args);
    command.current_dir(directory);
    run(command, args, Stdin::Empty)
}

/// Runs [`stowaway`] with a cache. `caches` is the value of `XDG_CACHE_HOME`.
#[track_caller]
pub fn stowaway_cached<A: AsRef<OsStr>>(caches: &Path, args: &[A], stdin: Stdin<'_>) -> Outcome {
    run(command_cached(caches, args), args, stdin)
}

/// Returns the command for the binary with a cache.
pub fn command_cached<A: AsRef<OsStr>>(caches: &Path, args: &[A]) -> Command {
    let mut command = command(args);
    command.env("XDG_CACHE_HOME", caches);
    command
}

/// Removes the marks of cached layers from a report.
pub fn uncached(report: &str) -> String {
    report.replace("\"cached\": true", "\"cached\": false")
}

/// Scans twice more with a new cache, and compares the results. This runs only if `STOWAWAY_TEST_CACHED` is
/// set.
#[track_caller]
fn assert_same_when_cached<A: AsRef<OsStr>>(args: &[A], stdin: Stdin<'_>, outcome: &Outcome) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let caches = place::root().join(format!("caches/{}-{number}", std::process::id()));
    for run in ["first", "second"] {
        let again = stowaway_cached(&caches, args, stdin);
        assert_eq!(uncached(&again.stdout), outcome.stdout, "the {run} run with a cache");
        assert_eq!(
            (again.code, &again.stderr),
            (outcome.code, &outcome.stderr),
            "the {run} run with a cache"
        );
    }
    drop(std::fs::remove_dir_all(&caches));
}

#[track_caller]
fn run<A: AsRef<OsStr>>(mut command: Command, args: &[A], stdin: Stdin<'_>) -> Outcome {
    let output = match stdin {
        Stdin::Empty => command.stdin(Stdio::null()).output().expect("the binary starts"),
        Stdin::File(path) => command.stdin(File::open(path).unwrap()).output().expect("the binary starts"),
        Stdin::Pipe(bytes) => through_pipe(&mut command, bytes),
    };
    judged(args, output)
}

/// The cost of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Processor time of all threads. It changes little on a busy machine.
    pub seconds: f64,
    /// The peak memory use in MiB.
    pub peak: u64,
}

/// Runs [`scan`] and measures its cost.
#[track_caller]
pub fn scan_measured<A: AsRef<OsStr>>(args: &[A]) -> (Outcome, Cost) {
    let mut all = vec![OsStr::new("scan"), OsStr::new("--format"), OsStr::new("json")];
    all.extend(args.iter().map(AsRef::as_ref));
    let mut command = command(&all);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // After `spawn` returns, the child is the binary and no longer a copy of this process.
    let child = command.spawn().expect("the binary starts");
    let process = Path::new("/proc").join(child.id().to_string());
    let ended = AtomicBool::new(false);
    let (output, cost) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut cost = Cost::default();
            while !ended.load(Ordering::Relaxed) {
                cost = cost_until_now(&process).unwrap_or(cost);
                std::thread::sleep(Duration::from_millis(2));
            }
            cost
        });
        let output = child.wait_with_output();
        ended.store(true, Ordering::Relaxed);
        (output.unwrap(), watch.join().unwrap())
    });
    (judged(&all, output), cost)
}

/// Returns what the kernel reports on a process (proc(5)), while it exists.
fn cost_until_now(process: &Path) -> Option<Cost> {
    const TICKS: f64 = 100.0;
    let status = std::fs::read_to_string(process.join("status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the name in brackets, the twelfth and thirteenth fields are user and system time.
    let times = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some(Cost { seconds: ticks / TICKS, peak: peak >> 10 })
}

/// A path where no cache can exist.
const NO_CACHES: &str = "/dev/null";

/// Returns the command for the binary, isolated from the user's settings and without a cache, so that each run
/// reads its input.
pub fn command<A: AsRef<OsStr>>(args: &[A]) -> Command {
    let home = place::root().join("home");
    std::fs::create_dir_all(&home).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowaway"));
    command.args(args).env("HOME", &home).env("XDG_CACHE_HOME", NO_CACHES).env_remove("NO_COLOR");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HF_")) {
        command.env_remove(name);
    }
    command
}

/// Checks the properties of every run.
#[track_caller]
fn judged<A: AsRef<OsStr>>(args: &[A], output: Output) -> Outcome {
    let (stdout, stderr) = (utf8(output.stdout), utf8(output.stderr));
    let shown = if token::shows_a_secret(&stdout) {
        Some("standard output")
    } else if token::shows_a_secret(&stderr) {
        Some("standard error")
    } else {
        None
    };
    // The output is kept out of this message, which may end up in a public log.
    assert_eq!(shown, None, "a token's text is shown");
    let code =
        output.status.code().unwrap_or_else(|| panic!("ended by {}; it said: {stderr}", output.status));
    assert!(!stderr.contains("panicked at"), "it panicked: {stderr}");
    let asked_for_json = args.iter().any(|arg| arg.as_ref() == "json");
    let json = (asked_for_json && !stdout.is_empty())
        .then(|| serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {stdout}")));
    let outcome = Outcome { code, stdout, stderr, json };
    if let Some(report) = &outcome.json {
        assert_valid(report);
        outcome.assert_consistent(report);
    }
    outcome
}

/// Validates a report against `docs/report.schema.json`.
#[track_caller]
pub fn assert_valid(report: &Value) {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("the report's schema, {}: {error}", path.display()));
        jsonschema::validator_for(&serde_json::from_str(&text).expect("the schema is JSON"))
            .expect("the schema is a JSON Schema")
    });
    let errors = validator.iter_errors(report).fold(String::new(), |mut all, error| {
        writeln!(all, "{}: {error}", error.instance_path()).unwrap();
        all
    });
    assert!(errors.is_empty(), "the report breaks its schema:\n{errors}\n{report:#}");
}

/// Runs the command with `bytes` on a pipe. Unlike a file, a pipe cannot be rewound. The binary may stop
/// reading early.
fn through_pipe(command: &mut Command, bytes: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(bytes)));
        child.wait_with_output().unwrap()
    })
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what it prints is UTF-8")
}
