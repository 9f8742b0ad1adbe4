//! `stowaway fix`: the output, the written file, and whether that file can be scanned and built.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Outcome, Place, Stdin, Token, scan, stowaway};

fn fix(path: &Path) -> Outcome {
    stowaway(&["fix".as_ref(), path.as_os_str()], Stdin::Empty)
}

fn write(path: &Path) -> Outcome {
    stowaway(&["fix".as_ref(), "--write".as_ref(), path.as_os_str()], Stdin::Empty)
}

const LEAKY: &str = "FROM python:3.12\nARG HF_TOKEN\n# the model\nRUN pip install huggingface_hub && \\\n    hf auth \
                     login --token $HF_TOKEN && \\\n\thf download org/model\nCMD [\"serve\"]\n";
const MENDED: &str = "# syntax=docker/dockerfile:1\nFROM python:3.12\n# the model\nRUN \
                      --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN pip install huggingface_hub && \\\n\thf download \
                      org/model\nCMD [\"serve\"]\n";

#[test]
fn the_diff_and_the_line_to_build_with_are_printed() {
    let place = Place::new("fix-diff");
    let file = place.write("Dockerfile", LEAKY);
    let outcome = fix(&file);
    insta::assert_snapshot!(outcome.stdout.replace(file.to_str().unwrap(), "PATH/Dockerfile"));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), LEAKY, "nothing is written without --write");
}

#[test]
fn patch_applies_the_diff() {
    for source in [LEAKY.to_owned(), LEAKY.replace('\n', "\r\n"), LEAKY.trim_end().to_owned()] {
        let place = Place::new("fix-patch");
        let file = place.write("Dockerfile", &source);
        let outcome = fix(&file);
        let mut patch =
            Command::new("patch").args(["--binary", "-s"]).arg(&file).stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut patch.stdin.take().unwrap(), outcome.stdout.as_bytes()).unwrap();
        assert!(patch.wait().unwrap().success(), "{}", outcome.stdout);
        let patched = fs::read(&file).unwrap();
        fs::write(&file, &source).unwrap();
        assert_eq!(write(&file).code, 0);
        assert_eq!(fs::read(&file).unwrap(), patched);
    }
}

#[test]
fn write_changes_the_file_once_and_keeps_what_it_is() {
    let place = Place::new("fix-write");
    let file = place.write("real", LEAKY);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let link = file.with_file_name("Dockerfile");
    symlink("real", &link).unwrap();
    let outcome = write(&link);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("docker build --secret id=HF_TOKEN,env=HF_TOKEN "), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("@@"), "{}", outcome.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), MENDED);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    let again = write(&link);
    assert!(again.code == 0 && again.stdout.contains("nothing to mend"), "{}", again.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), MENDED);
    let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file stays");
}

#[test]
fn tokens_are_masked_and_only_write_takes_them_out() {
    let place = Place::new("fix-masked");
    let token = Token::user("fix-masked");
    let (head, tail) = token.text().split_at(20);
    let source = format!(
        "FROM a\n# was {0}\nENV HF_TOKEN={0} B=c\nRUN hf download m --token {head}\\\n{tail}\nRUN curl -H \
         'Authorization: Bearer '{head}''{tail} u\nENV HF_API_TOKEN=correct-horse-7\n",
        token.text()
    );
    let file = place.write("Dockerfile", &source);
    let outcome = fix(&file);
    assert!(outcome.stdout.contains("only `stowaway fix --write` can apply it"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("revoke it at"), "{}", outcome.stdout);
    for secret in [head, tail, "correct-horse"] {
        assert!(!outcome.stdout.contains(secret), "{}", outcome.stdout);
    }
    write(&file);
    let mended = fs::read_to_string(&file).unwrap();
    assert!(!mended.contains(token.text()) && !mended.contains("correct-horse"), "{mended}");
}

#[test]
fn what_is_left_is_told_and_fails_the_run() {
    let place = Place::new("fix-left");
    let file = place.write("Dockerfile", "FROM a\nARG HF_TOKEN\nRUN hf download m\nCOPY .netrc /root/\n");
    let outcome = fix(&file);
    insta::assert_snapshot!(outcome.stdout.replace(file.to_str().unwrap(), "PATH/Dockerfile"));
    assert_eq!(outcome.code, 1);
    // A copied file that may hold anything is reported, but does not make the run fail.
    let file = place.write("Dockerfile", "FROM a\nCOPY .env /app/\n");
    let outcome = fix(&file);
    assert!(outcome.code == 0 && outcome.stdout.contains("copies-token-file"), "{}", outcome.stdout);
}

#[test]
fn a_file_of_the_context_with_a_token_is_left_to_the_user() {
    let token = Token::user("fix-context");
    let secret = format!("HF_TOKEN={}\n", token.text());
    for (copy, line) in [
        ("COPY . /app", "Add this line to .dockerignore:\n      .env\n"),
        ("COPY .env /app/", ".dockerignore"),
    ] {
        let place = Place::new("fix-context");
        let file = place.write("Dockerfile", format!("FROM a\n# x\n{copy}\n"));
        place.write(".env", &secret);
        let outcome = fix(&file);
        let told = "Dockerfile:3: critical: COPY takes .env, which holds a token";
        assert!(outcome.stdout.contains(told) && outcome.stdout.contains(line), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains(token.text()), "{}", outcome.stdout);
        assert_eq!(outcome.code, 1);
        for ignores in [".dockerignore", "Dockerfile.dockerignore"] {
            let ignored = place.write(ignores, ".env\n");
            assert_eq!(fix(&file).code, 0, "{ignores}");
            fs::remove_file(ignored).unwrap();
        }
    }
    // The line number is that of the original file. Findings that the change fixes are not reported again.
    let place = Place::new("fix-context-mended");
    let source = format!("FROM a\nARG HF_TOKEN\nRUN hf download m --token {}\nCOPY . .\n", token.text());
    let file = place.write("Dockerfile", source);
    assert_eq!(fix(&file).code, 0);
    place.write("a/.env", &secret);
    let outcome = fix(&file);
    assert!(outcome.code == 1 && outcome.stdout.contains("Dockerfile:4: critical"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("mended by this change, 1 left"), "{}", outcome.stdout);
}

#[test]
fn what_cannot_be_read_is_one_clear_line() {
    let place = Place::new("fix-errors");
    let broken = place.write("broken", "FROM a\nFOO x\n");
    let text = place.write("notes.txt", "hello\n");
    let empty = place.write("empty", "");
    let large = place.write("large", "FROM a\n".to_owned() + &"# x\n".repeat(300_000));
    let missing = broken.with_file_name("missing");
    for (path, says) in [
        (missing.as_path(), "there is no such file"),
        (broken.parent().unwrap(), "it is a directory"),
        (text.as_path(), "it is not a Dockerfile"),
        (empty.as_path(), "it is empty"),
        (large.as_path(), "larger than 128 KiB"),
        (Path::new("-"), "fix does not read standard input"),
    ] {
        let outcome = fix(path);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{says}");
        assert!(
            outcome.stderr.contains(says) && outcome.stderr.lines().count() == 1,
            "{says}: {}",
            outcome.stderr
        );
    }
    let outcome = fix(&broken);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("line 2") && outcome.stderr.contains("FOO"), "{}", outcome.stderr);
    // The path cannot be written to.
    let outcome = write(Path::new("/proc/self/status"));
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
}

#[test]
fn each_mended_file_of_the_corpus_scans_as_was_said() {
    let place = Place::new("fix-corpus");
    let token = Token::user("fix-corpus");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/corpus");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap().replace("@HF_TOKEN@", token.text());
        let file = place.write(&format!("{name}/Dockerfile"), &text);
        let outcome = write(&file);
        let scanned = scan(&[&file]);
        let left = outcome.stdout.matches(&format!("{}:", file.display())).count() - 1;
        assert_eq!(
            scanned.report()["findings"].as_array().unwrap().len(),
            left,
            "{name}: {}",
            outcome.stdout
        );
        assert_eq!(outcome.code, scanned.code, "{name}: {}", outcome.stdout);
        if name.ends_with("-clean") {
            assert_eq!(fs::read_to_string(&file).unwrap(), text, "{name}: what is clean stays as it is");
        }
        count += 1;
    }
    assert!(count >= 60);
}
