//! Runs the binary. Every run is held to the report's schema, and to the promise that no token is shown.

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

/// What a run finds on its standard input.
#[derive(Debug, Clone, Copy)]
pub enum Stdin<'a> {
    Empty,
    File(&'a Path),
    Pipe(&'a [u8]),
}

/// What a run gave back.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The JSON report, where one was asked for and given.
    pub json: Option<Value>,
}

/// Runs `stowaway scan --format json` on the targets and options.
#[track_caller]
pub fn scan<A: AsRef<OsStr>>(args: &[A]) -> Outcome {
    scan_with(args, Stdin::Empty)
}

/// The same, with one thread and with eight: byte for byte, both say the same.
#[track_caller]
pub fn scan_by_any_jobs(target: &Path) -> Outcome {
    let by = |jobs: &str| scan(&["--jobs".as_ref(), jobs.as_ref(), target.as_os_str()]);
    let (one, eight) = (by("1"), by("8"));
    assert_eq!((one.code, &one.stdout, &one.stderr), (eight.code, &eight.stdout, &eight.stderr));
    one
}

/// The same with something on standard input.
#[track_caller]
pub fn scan_with<A: AsRef<OsStr>>(args: &[A], stdin: Stdin<'_>) -> Outcome {
    let mut all = vec![OsStr::new("scan"), OsStr::new("--format"), OsStr::new("json")];
    all.extend(args.iter().map(AsRef::as_ref));
    stowaway(&all, stdin)
}

/// Runs `stowaway` with these arguments, and with `stdin` where it is given.
///
/// # Panics
/// When the process dies of a signal, prints what is not UTF-8, shows a token, or writes a report that
/// the schema does not allow.
#[track_caller]
pub fn stowaway<A: AsRef<OsStr>>(args: &[A], stdin: Stdin<'_>) -> Outcome {
    let outcome = run(command(args), args, stdin);
    if std::env::var_os("STOWAWAY_TEST_CACHED").is_some() && outcome.json.is_some() {
        assert_same_when_cached(args, stdin, &outcome);
    }
    outcome
}

/// The same with a cache, in a directory as `XDG_CACHE_HOME` names one.
#[track_caller]
pub fn stowaway_cached<A: AsRef<OsStr>>(caches: &Path, args: &[A], stdin: Stdin<'_>) -> Outcome {
    run(command_cached(caches, args), args, stdin)
}

/// The binary with a cache.
pub fn command_cached<A: AsRef<OsStr>>(caches: &Path, args: &[A]) -> Command {
    let mut command = command(args);
    command.env("XDG_CACHE_HOME", caches);
    command
}

/// A report but for what says that layers came from the cache.
pub fn uncached(report: &str) -> String {
    report.replace("\"cached\": true", "\"cached\": false")
}

/// With `STOWAWAY_TEST_CACHED` set, whatever is scanned is scanned twice more, with a new cache.
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

/// What a run cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Processor time of all threads, which a busy machine does not change much.
    pub seconds: f64,
    /// The most memory it held at once, in MiB.
    pub peak: u64,
}

/// The same as [`scan`], with what it cost.
#[track_caller]
pub fn scan_measured<A: AsRef<OsStr>>(args: &[A]) -> (Outcome, Cost) {
    let mut all = vec![OsStr::new("scan"), OsStr::new("--format"), OsStr::new("json")];
    all.extend(args.iter().map(AsRef::as_ref));
    let mut command = command(&all);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Once it is spawned it is the binary, no longer a copy of this process.
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

/// What the kernel says of a process (proc(5)), while it is there.
fn cost_until_now(process: &Path) -> Option<Cost> {
    const TICKS: f64 = 100.0;
    let status = std::fs::read_to_string(process.join("status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // Behind the name in brackets: user and system time are the twelfth and thirteenth field.
    let times = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some(Cost { seconds: ticks / TICKS, peak: peak >> 10 })
}

/// Where no cache can be.
const NO_CACHES: &str = "/dev/null";

/// The binary, kept from what the machine's user has set, and without a cache: each run reads what it is given.
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

/// Holds a run to what holds for every run.
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
    // The output is kept out of this message: it may end up in a public log.
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

/// Holds a report to `docs/report.schema.json`.
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

/// A pipe cannot be rewound, as a file can. The binary may stop reading before its end.
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
