//! The command line of the binary: refused arguments, exit codes, and destinations of reports.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::Place;

/// A directory for one test, with a clean Dockerfile.
struct Workspace(Place);

impl Workspace {
    fn new(name: &str) -> Self {
        let place = Place::new(name);
        place.write("Dockerfile", "FROM scratch\nCOPY model /model\n");
        Self(place)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stowaway"));
        command.args(arguments).current_dir(self.0.path()).env_remove("NO_COLOR").stdin(Stdio::null());
        // No cache can exist there.
        command.env("XDG_CACHE_HOME", "/dev/null");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts exit code 2, an empty standard output, and one line on standard error. Returns the line.
fn refusal(output: &Output) -> String {
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert_eq!(text(&output.stdout), "");
    assert!(line.starts_with("stowaway: ") && line.ends_with('\n') && line.lines().count() == 1, "{line:?}");
    line.trim_end().to_owned()
}

#[test]
fn usage_errors_are_one_line() {
    let workspace = Workspace::new("usage");
    for (arguments, says) in [
        (&[][..], "requires a subcommand"),
        (&["cache"], "requires a subcommand but one was not provided [subcommands: show, clear"),
        (&["scan"], "<TARGET>..."),
        (&["scan", "--fromat", "json", "x"], "a similar argument exists: '--format'"),
        (&["scna", "x"], "a similar subcommand exists: 'scan'"),
        (
            &["scan", "--format", "jsno", "x"],
            "possible values: text, json, sarif, junit, gitlab, github, markdown, html",
        ),
        (&["scan", "--jobs", "0", "x"], "expected a number of at least 1"),
        (&["scan", "--jobs", "-1", "x"], "-1"),
        (&["scan", "--platform", "linux", "x"], "OS/ARCH[/VARIANT]"),
        (&["scan", "--fail-on", "fatal", "x"], "expected critical, high, medium, low or never"),
        (&["scan", "--color", "sometimes", "x"], "auto, always, never"),
        (&["scan", "--quiet", "--quiet", "x"], "cannot be used multiple times"),
        (&["rules", "a", "b"], "unexpected argument 'b'"),
    ] {
        let line = refusal(&workspace.run(arguments));
        assert!(line.contains(says), "{arguments:?}: {line}");
        assert!(!line.contains("Usage"), "{line}");
    }
}

#[test]
fn what_does_not_exist_is_refused() {
    let workspace = Workspace::new("refused");
    let line = refusal(&workspace.run(&["scan", "--format", "xml", "Dockerfile"]));
    assert!(line.contains("xml"), "{line}");
    let line = refusal(&workspace.run(&["scan", "--verify", "x", "Dockerfile"]));
    assert!(line.contains("unexpected argument '--verify'"), "{line}");
    for command in ["serve", "completions", "man"] {
        let line = refusal(&workspace.run(&[command]));
        assert!(line.contains(&format!("unrecognized subcommand '{command}'")), "{line}");
    }
}

#[test]
fn a_refusal_spells_out_control_characters() {
    let workspace = Workspace::new("control");
    let line = refusal(&workspace.run(&["scan", "--format", "a\x1b[2J\u{202e}\u{9b}\nb", "x"]));
    assert!(line.contains(r"\u{202e}") && !line.contains(char::is_control), "{line}");
    let line = refusal(&workspace.run(&["rules", "a\x1b[2J\nb"]));
    assert!(line.contains(r"a\x1b[2J\nb"), "{line}");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let workspace = Workspace::new("help");
    for (arguments, says) in [
        (&["--help"][..], "Commands:"),
        (&["--version"], concat!("stowaway ", env!("CARGO_PKG_VERSION"), "\n")),
        (&["scan", "--help"], "docker save app | stowaway scan -"),
        (&["scan", "-h"], "--fail-on"),
    ] {
        let output = workspace.run(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(says), "{}", text(&output.stdout));
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let workspace = Workspace::new("rules");
    let list = workspace.run(&["rules"]);
    assert_eq!(list.status.code(), Some(0));
    let list = text(&list.stdout);
    assert!(list.lines().count() > 15, "{list}");
    for line in list.lines() {
        let mut words = line.split_whitespace();
        let (id, last) = (words.next().unwrap(), words.last().unwrap());
        let one = workspace.run(&["rules", id]);
        assert_eq!(one.status.code(), Some(0), "{id}");
        let one = text(&one.stdout);
        assert!(one.starts_with(id) && one.contains(last), "{one}");
    }
    let line = refusal(&workspace.run(&["rules", "image/token-in-evn"]));
    assert!(line.ends_with("there is no rule 'image/token-in-evn'; did you mean image/token-in-env?"));
    let line = refusal(&workspace.run(&["rules", "xyzzy"]));
    assert!(line.ends_with("`stowaway rules` lists them"), "{line}");
}

#[test]
fn a_clean_audit_is_one_line_and_zero() {
    let workspace = Workspace::new("clean");
    let output = workspace.run(&["scan", "Dockerfile"]);
    assert_eq!(text(&output.stdout), "clean: Dockerfile, nothing found\n");
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));

    let output = workspace.run(&["scan", "--quiet", "Dockerfile"]);
    assert_eq!((text(&output.stdout), output.status.code()), ("", Some(0)));

    let output = workspace.run(&["scan", "--color", "always", "Dockerfile"]);
    assert!(text(&output.stdout).contains("\x1b["));
}

#[test]
fn a_report_to_a_file_leaves_standard_output_empty() {
    let workspace = Workspace::new("file");
    // The second run replaces the file.
    for _ in 0..2 {
        let output = workspace.run(&["scan", "--format", "json", "--output", "report.json", "Dockerfile"]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!((text(&output.stdout), text(&output.stderr)), ("", ""));
        let report = fs::read(workspace.0.join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["schema"], "stowaway.report/1");
        assert_eq!(workspace.names(), ["Dockerfile", "report.json"]);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_the_audit() {
    let workspace = Workspace::new("unwritable");
    for file in ["missing/report.json", ".", "Dockerfile/report.json"] {
        let line = refusal(&workspace.run(&["scan", "--output", file, "no such target"]));
        assert!(line.contains(&format!("cannot write the report to {file}: ")), "{line}");
    }
    assert_eq!(workspace.names(), ["Dockerfile"]);
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_a_link_is_kept() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    let workspace = Workspace::new("special");
    let output = workspace.run(&["scan", "--output", "/dev/null", "Dockerfile"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    fs::write(workspace.0.join("real"), "old").unwrap();
    symlink("real", workspace.0.join("link")).unwrap();
    workspace.run(&["scan", "--output", "link", "Dockerfile"]);
    assert!(workspace.0.join("link").is_symlink());
    assert!(fs::read_to_string(workspace.0.join("real")).unwrap().starts_with("clean"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error_and_a_closed_pipe_is_none() {
    let workspace = Workspace::new("closed");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = workspace.command(&["scan", "Dockerfile"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot write the report to standard output"));

    for arguments in [&["scan", "Dockerfile"][..], &["rules"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = workspace.command(arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_report_has_the_mode_of_any_new_file_or_of_the_file_that_it_replaces() {
    use std::os::unix::fs::PermissionsExt as _;
    let workspace = Workspace::new("mode");
    let mode = |name: &str| fs::metadata(workspace.0.join(name)).unwrap().permissions().mode() & 0o7777;
    workspace.run(&["scan", "--output", "new", "Dockerfile"]);
    assert_eq!(mode("new"), mode("Dockerfile"));

    fs::write(workspace.0.join("old"), "old").unwrap();
    fs::set_permissions(workspace.0.join("old"), fs::Permissions::from_mode(0o604)).unwrap();
    workspace.run(&["scan", "--output", "old", "Dockerfile"]);
    assert_eq!(mode("old"), 0o604);
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_no_file_and_has_an_exit_code_of_its_own() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let workspace = Workspace::new(&format!("interrupted-{signal}"));
        // The existing file stays as it is.
        fs::write(workspace.0.join("report.txt"), "old").unwrap();
        let mut child = workspace
            .command(&["scan", "--output", "report.txt", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The pipe is kept open. Waiting for the child would otherwise close it and end the audit.
        let input = child.stdin.take();
        // The temporary file is made after the handler is installed, and the audit waits for its input.
        let deadline = Instant::now() + Duration::from_secs(30);
        while workspace.names().len() < 3 {
            assert!(Instant::now() < deadline, "no temporary file");
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        drop(input);
        assert_eq!(workspace.names(), ["Dockerfile", "report.txt"]);
        assert_eq!(fs::read_to_string(workspace.0.join("report.txt")).unwrap(), "old");
        let complaints = BufReader::new(child.stderr.take().unwrap()).lines().count();
        assert_eq!(complaints, 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_to_a_stream_that_is_a_file_is_written_into_it() {
    let workspace = Workspace::new("streams");
    let log = workspace.0.join("log");
    let append = || fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
    for output in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/stderr", "/proc/self/fd/2", "log"] {
        fs::write(&log, "before\n").unwrap();
        let mut kept = fs::File::open(&log).unwrap();
        let mut command = workspace.command(&["scan", "--output", output, "Dockerfile"]);
        let status = command.stdout(append()).stderr(append()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{output}");
        let mut written = String::new();
        std::io::Read::read_to_string(&mut kept, &mut written).unwrap();
        assert_eq!(written, "before\nclean: Dockerfile, nothing found\n", "{output}");
        assert_eq!(workspace.names(), ["Dockerfile", "log"], "{output}");
    }
    fs::write(&log, "before\n").unwrap();
    let shell = format!("{} scan --output /dev/fd/3 Dockerfile 3>>log", env!("CARGO_BIN_EXE_stowaway"));
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).current_dir(workspace.0.path()).env("XDG_CACHE_HOME", "/dev/null");
    let status = command.status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(fs::read_to_string(&log).unwrap(), "before\nclean: Dockerfile, nothing found\n");
}

#[cfg(unix)]
#[test]
fn an_output_that_is_a_target_is_refused() {
    let workspace = Workspace::new("overwrite");
    let before = fs::read(workspace.0.join("Dockerfile")).unwrap();
    std::os::unix::fs::symlink("Dockerfile", workspace.0.join("link")).unwrap();
    fs::hard_link(workspace.0.join("Dockerfile"), workspace.0.join("hard")).unwrap();
    fs::create_dir(workspace.0.join("layout")).unwrap();
    fs::write(workspace.0.join("layout/index.json"), "{}").unwrap();
    for (output, target) in [
        ("Dockerfile", "Dockerfile"),
        ("./Dockerfile", "dockerfile:Dockerfile"),
        ("link", "file:Dockerfile"),
        ("Dockerfile", "link"),
        ("hard", "docker-archive:Dockerfile"),
        ("layout/index.json", "oci:layout:tag"),
    ] {
        let line = refusal(&workspace.run(&["scan", "--output", output, "other", target]));
        assert!(line.contains(&format!("{output} is the target {target}")), "{line}");
    }
    assert_eq!(fs::read(workspace.0.join("Dockerfile")).unwrap(), before);
    assert_eq!(workspace.names(), ["Dockerfile", "hard", "layout", "link"]);

    let mut command = workspace.command(&["scan", "--output", "Dockerfile", "-"]);
    let output = command.stdin(fs::File::open(workspace.0.join("Dockerfile")).unwrap()).output().unwrap();
    refusal(&output);
}
