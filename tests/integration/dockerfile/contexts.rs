//! Build contexts: tokens in the files of a directory, and the files that a Dockerfile would copy.

use std::fs;

use crate::support::{Outcome, Place, Token, scan, tools};

/// Returns rule, severity, path and line of each finding, and the related file.
fn told(outcome: &Outcome) -> Vec<String> {
    let findings = outcome.report()["findings"].as_array().unwrap();
    let tell = |finding: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let location = &finding["location"];
        format!(
            "{} {} {}:{} {}",
            text(&finding["rule"]),
            text(&finding["severity"]),
            text(&location["path"]),
            location["line"],
            text(&finding["related"][0]["path"]),
        )
    };
    findings.iter().map(tell).collect()
}

/// Writes the files and scans the directory. `@T@` is replaced by a token.
fn scan_files(name: &str, files: &[(&str, &str)]) -> Outcome {
    let place = Place::new(name);
    let token = Token::user(name);
    for (path, text) in files {
        place.write(path, text.replace("@T@", token.text()));
    }
    scan(&[place.join("")])
}

#[test]
fn a_directory_without_a_dockerfile() {
    let files = [("a/config.yaml", "x: 1\nhub_token: @T@\n"), ("b.py", "import os\n"), ("c.txt", "@T@")];
    let outcome = scan_files("plain", &files);
    assert_eq!(
        told(&outcome),
        ["context/token-in-file critical a/config.yaml:2 -", "context/token-in-file critical c.txt:1 -"]
    );
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.report()["targets"][0]["kind"], "context");
    assert_eq!(scan_files("clean", &files[1..2]).code, 0);
}

#[test]
fn names_and_link_targets() {
    let place = Place::new("names");
    let made = [1, 2, 3, 4, 5].map(|n| Token::user(&format!("context name {n}")));
    let [file, directory, link, target, inner] = made.each_ref().map(Token::text);
    place.write(&format!("a/{file}.txt"), "x");
    place.write(&format!("{directory}/b/c"), "x");
    place.write("with-dockerfile/Dockerfile", "FROM python\nCOPY . .\n");
    place.write(&format!("with-dockerfile/{inner}"), "x");
    std::os::unix::fs::symlink("a", place.join(link)).unwrap();
    std::os::unix::fs::symlink(format!("/run/{target}"), place.join("link")).unwrap();
    let outcome = scan(&[place.join("")]);
    let [file, directory, link, _, inner] = made.each_ref().map(Token::redacted);
    for (made, rule, path, via) in [
        (&made[0], "context/token-in-file", format!("a/{file}.txt"), "name"),
        (&made[1], "context/token-in-file", directory, "name"),
        (&made[2], "context/token-in-file", link, "name"),
        (&made[3], "context/token-in-file", "link".to_owned(), "link-target"),
    ] {
        assert_eq!(outcome.findings_of(made).len(), 1, "{path}");
        let location = outcome.location_of(made, rule);
        assert_eq!((&location["path"], &location["via"][0]), (&path.into(), &via.into()));
    }
    let copied = outcome.finding_of(&made[4]);
    assert_eq!(copied["rule"], "dockerfile/context-leaks-token");
    assert_eq!(copied["related"][0]["path"], format!("with-dockerfile/{inner}"));
    assert_eq!(outcome.code, 1);
}

#[test]
fn what_a_dockerfile_copies_is_told_at_the_instruction() {
    let files = [
        (".dockerignore", "*.ipynb\nsecrets\n!secrets/keep\n"),
        (".env", "HF_TOKEN=@T@\n"),
        ("Dockerfile", "FROM python\nWORKDIR /app\nCOPY requirements.txt .\nCOPY . .\n"),
        ("requirements.txt", "torch\n"),
        ("secrets/a", "@T@\n"),
        ("secrets/keep", "@T@\n"),
        ("x.ipynb", "{\"cells\": [\"@T@\"]}\n"),
    ];
    assert_eq!(
        told(&scan_files("copied", &files)),
        [
            "dockerfile/context-leaks-token critical Dockerfile:4 .env",
            "dockerfile/context-leaks-token critical Dockerfile:4 secrets/keep",
            "context/token-in-file critical secrets/a:1 -",
            "context/token-in-file critical x.ipynb:1 -",
        ]
    );
}

#[test]
fn a_token_in_a_dockerfile_is_told_by_its_rules() {
    let files = [
        ("Dockerfile.md", "How to build: @T@\n"),
        ("a/gpu.Dockerfile", "FROM x\nENV HF_TOKEN=@T@\n"),
        ("b/Containerfile", "FROM x\nRUN hf auth login --token $T\n"),
    ];
    assert_eq!(
        told(&scan_files("dockerfiles", &files)),
        [
            "context/token-in-file critical Dockerfile.md:1 -",
            "dockerfile/token-in-env high a/gpu.Dockerfile:2 -",
            "dockerfile/literal-token critical a/gpu.Dockerfile:2 -",
            "dockerfile/login-command high b/Containerfile:2 -",
        ]
    );
}

#[test]
fn a_dockerfile_in_a_directory_of_its_own() {
    // The context of the first Dockerfile is the root, since only the root contains the files that it copies.
    // The context of the second one is its own directory.
    let files = [
        ("app/main.py", "token = '@T@'\n"),
        ("docker/Dockerfile", "FROM x\nCOPY app /app\n"),
        ("docker/Dockerfile.dockerignore", "app/*.md\n"),
        ("sub/Dockerfile", "FROM x\nCOPY *.py /app/\n"),
        ("sub/main.py", "token = '@T@'\n"),
    ];
    assert_eq!(
        told(&scan_files("directories", &files)),
        [
            "dockerfile/context-leaks-token critical docker/Dockerfile:2 app/main.py",
            "dockerfile/context-leaks-token critical sub/Dockerfile:2 sub/main.py",
        ]
    );
    let mut ignored = files;
    ignored[2].1 = "app\n";
    let told = told(&scan_files("ignored", &ignored));
    assert_eq!(told[0], "context/token-in-file critical app/main.py:1 -");
}

#[test]
fn what_neither_git_nor_docker_takes_is_low() {
    let files = [
        (".dockerignore", "both\ndocker\n"),
        (".gitignore", "both\ngit\n"),
        ("both", "@T@\n"),
        ("docker", "@T@\n"),
        ("git", "@T@\n"),
    ];
    let outcome = scan_files("low", &files);
    assert_eq!(
        told(&outcome),
        [
            "context/token-in-file low both:1 -",
            "context/token-in-file critical docker:1 -",
            "context/token-in-file critical git:1 -",
        ]
    );
    assert_eq!(scan_files("only low", &files[..3]).code, 0);
}

#[test]
fn the_history_of_git_is_read() {
    let place = Place::new("history");
    let token = Token::user("history");
    let run = |args: &[&str]| {
        let directory = place.join("");
        let user = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        tools::run("git", &[&["-C", tools::text(&directory)], &user[..], args].concat());
    };
    run(&["init", "-q"]);
    place.write("config.py", format!("token = '{}'\n", token.text()));
    run(&["add", "."]);
    run(&["commit", "-qm", "one"]);
    place.write("config.py", "token = None\n");
    run(&["commit", "-qam", "two"]);
    run(&["gc", "-q", "--aggressive"]);
    let outcome = scan(&[place.join("")]);
    let finding = outcome.finding_of(&token);
    let via = finding["location"]["via"][0].as_str().unwrap();
    assert!(via.starts_with("git:") && via.ends_with(":config.py"), "{via}");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let files = [("Dockerfile", "FROM x\nFOO bar\n"), (".dockerignore", "a\n[\n")];
    let outcome = scan_files("errors", &files);
    assert_eq!(outcome.code, 2);
    assert!(outcome.assert_error(".dockerignore").contains("line 2"));
    outcome.assert_error("Dockerfile: line 2");
}

#[test]
fn links_are_not_followed() {
    let place = Place::new("links");
    let outside = Place::new("outside");
    outside.write("token", Token::user("links").text());
    fs::create_dir_all(place.join("a")).unwrap();
    std::os::unix::fs::symlink(outside.join("token"), place.join("a/link")).unwrap();
    std::os::unix::fs::symlink(place.join(""), place.join("a/loop")).unwrap();
    assert_eq!(scan(&[place.join("")]).code, 0);
}

#[test]
fn an_inline_ignore_stays_in_the_report() {
    let outcome = scan_files(
        "inline-ignore",
        &[("a/Dockerfile", "FROM x\n# stowaway: ignore[login-command] a mock\nRUN hf auth login\n")],
    );
    assert_eq!(outcome.code, 0);
    let finding = &outcome.findings()[0];
    assert_eq!(
        (&finding["location"]["path"], &finding["location"]["line"]),
        (&"a/Dockerfile".into(), &3.into())
    );
    assert_eq!(finding["suppressed"]["reason"], "a mock");
}
