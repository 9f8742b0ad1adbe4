//! `stowaway fix` of every Dockerfile of `testdata`: properties that each of them keeps.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Outcome, Place, Stdin, Token, scan, stowaway};

/// Returns all Dockerfiles of the corpus and of the oracle, with their names.
fn dockerfiles(token: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut all = Vec::new();
    for folder in ["corpus", "oracle"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}-{}", path.file_stem().unwrap().to_str().unwrap());
            let text = fs::read_to_string(&path).unwrap();
            // The notes of the oracle are no comments of the file.
            let text: String =
                text.split_inclusive('\n').filter(|line| !line.starts_with("# oracle:")).collect();
            all.push((name, text.replace("@HF_TOKEN@", token)));
        }
    }
    all.sort();
    assert!(all.len() > 130, "{}", all.len());
    all
}

fn fix(options: &[&str], path: &Path) -> Outcome {
    let mut arguments: Vec<&OsStr> = vec!["fix".as_ref()];
    arguments.extend(options.iter().map(OsStr::new));
    arguments.push(path.as_os_str());
    stowaway(&arguments, Stdin::Empty)
}

/// Returns the `RUN`s of a file, each on one line and without its comments.
fn runs(text: &str) -> Vec<String> {
    let lines: String =
        text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut runs = Vec::new();
    let mut rest = joined.lines();
    while let Some(line) = rest.next() {
        let Some(run) = line.trim_start().strip_prefix("RUN ").or_else(|| line.strip_prefix("ONBUILD RUN "))
        else {
            continue;
        };
        let mut run = run.to_owned();
        if let Some((_, marker)) = line.split_once("<<") {
            let marker: String = marker.chars().filter(char::is_ascii_alphanumeric).collect();
            for line in rest.by_ref().take_while(|line| line.trim() != marker) {
                run.push('\n');
                run.push_str(line);
            }
        }
        runs.push(run);
    }
    runs
}

/// Returns the command of a `RUN` without its flags.
fn command(run: &str) -> String {
    run.split(' ').skip_while(|word| word.starts_with("--") || word.is_empty()).collect::<Vec<_>>().join(" ")
}

const CLIENTS: [&str; 5] =
    ["hf download", "huggingface-cli download", "snapshot_download", "hf_hub_download", "python download"];
const INSTALLERS: [&str; 9] = ["apt", "apt-get", "apk", "pip", "git", "curl", "wget", "make", "echo"];

#[test]
fn what_is_mended_keeps_these_properties() {
    let token = Token::user("fix-all");
    let place = Place::new("fix-all");
    for (name, text) in dockerfiles(token.text()) {
        let file = place.write(&format!("{name}/Dockerfile"), &text);
        let shown = fix(&[], &file);
        assert!(!shown.stdout.contains(token.text()), "{name}");
        let written = fix(&["--write"], &file);
        let mended = fs::read_to_string(&file).unwrap();
        let told = format!("{name}: {}\n{mended}", written.stdout);
        assert_eq!(shown.code, written.code, "{told}");

        // A scan agrees.
        let scanned = scan(&[&file]);
        assert_eq!(scanned.code, written.code, "{told}");
        let says_nothing = written.stdout.contains("A scan of the mended file finds nothing.");
        let findings = scanned.report()["findings"].as_array().unwrap().len();
        assert!(!says_nothing || findings == 0, "{told}");

        // Twice is once.
        let again = fix(&["--write"], &file);
        assert_eq!(fs::read_to_string(&file).unwrap(), mended, "{told}");
        assert_eq!(again.code, written.code, "{told}");

        let is_changed = mended != text;
        if is_changed {
            applies(&name, &text, &mended, &file, &shown, token.text());
            secrets(&text, &mended, &told);
        }
        layout(&text, &mended, &told);
    }
}

/// Checks that the diff gives what `--write` writes, unless a token stands in it.
fn applies(name: &str, before: &str, after: &str, file: &Path, shown: &Outcome, token: &str) {
    let is_whole = !shown.stdout.contains("only `stowaway fix --write` can apply it");
    assert!(is_whole || before.contains(&token[..16]) || before.contains("aGZf"), "{name}: {}", shown.stdout);
    if !is_whole {
        return;
    }
    fs::write(file, before).unwrap();
    let mut patch = Command::new("patch");
    let mut patch = patch.args(["--binary", "-s"]).arg(file).stdin(Stdio::piped()).spawn().unwrap();
    patch.stdin.take().unwrap().write_all(shown.stdout.as_bytes()).unwrap();
    assert!(patch.wait().unwrap().success(), "{name}: {}", shown.stdout);
    assert_eq!(fs::read_to_string(file).unwrap(), after, "{name}");
}

/// Checks which `RUN`s have a secret.
fn secrets(before: &str, after: &str, told: &str) {
    let old = runs(before);
    let needs_token = |run: &String| CLIENTS.iter().any(|client| run.contains(client));
    let is_mounted = |run: &String| run.contains("type=secret");
    let all = runs(after);
    // A stage whose token is a secret gives it to all clients behind it.
    if let Some(first) = all.iter().position(is_mounted) {
        for run in all.iter().skip(first).filter(|run| needs_token(run)) {
            assert!(is_mounted(run) || before.contains("FROM scratch"), "{run}: {told}");
        }
    }
    for run in all.iter().filter(|run| is_mounted(run)) {
        let command = command(run);
        let is_new = !old.iter().any(|old| is_mounted(old) && self::command(old) == command);
        let mut parts = command.split("&&").map(|part| part.split_whitespace().next().unwrap_or_default());
        let is_installer = parts.all(|program| INSTALLERS.contains(&program));
        let names = ["TOKEN", "HUB", "TOK", "/run/secrets"].iter().any(|name| command.contains(name));
        assert!(!is_new || !is_installer || names, "{run}: {told}");
    }
}

/// Checks that nothing idle, orphaned or doubled is left.
fn layout(before: &str, after: &str, told: &str) {
    for run in runs(after) {
        assert!(!matches!(command(&run).trim(), "" | ":" | "true" | ": || true"), "{told}");
        assert!(!run.contains("then :; fi") && !run.contains("&& : &&"), "{told}");
    }
    let doubled = |text: &str| text.replace('\r', "").matches("\n\n\n").count();
    assert!(doubled(after) <= doubled(before), "{told}");
    let lines: Vec<&str> = after.lines().collect();
    let is_comment = |line: &str| line.starts_with('#');
    let over_nothing = |lines: &[&str]| {
        let pairs = lines.iter().zip(lines.iter().skip(1).chain([&""]));
        pairs.filter(|(line, next)| is_comment(line) && next.trim().is_empty()).count()
    };
    let old: Vec<&str> = before.lines().collect();
    assert!(over_nothing(&lines) <= over_nothing(&old), "{told}");
}
