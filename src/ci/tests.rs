use super::*;
use crate::shell::Script;

/// Returns the name, value, place and line of each build argument.
fn arguments(path: &str, text: &str) -> Vec<String> {
    let file = read(path.as_bytes(), text.as_bytes()).unwrap();
    assert!(file.flaws.is_empty(), "{:?}", file.flaws);
    let lines = crate::text::LineIndex::new(text.as_bytes());
    let tell = |argument: &BuildArgument| {
        let value = argument.value.as_ref().map_or("-".into(), Text::to_str);
        let position = lines.position(argument.span.start);
        format!("{}={value} {} {}:{}", argument.name.to_str(), argument.place, position.line, position.column)
    };
    file.arguments.iter().map(tell).collect()
}

#[test]
fn arguments_of_compose() {
    let text = "x-build: &build\n  args: &args\n    A: 1\nservices:\n  web:\n    build:\n      <<: *build\n      \
                context: .\n  job:\n    build:\n      args:\n        - B=${B:-x}\n        - C\n        - \"D=\"\n  api:\n    \
                build: {args: {<<: *args, E: null, F: \"\"}, secrets: [G]}\n    environment: [H=1]\n";
    assert_eq!(
        arguments("compose.yaml", text),
        [
            "A=1 service `web` 3:5",
            "B=${B:-x} service `job` 12:11",
            "C=- service `job` 13:11",
            "D= service `job` 14:12",
            "E=- service `api` 16:31",
            "F= service `api` 16:40",
            "A=1 service `api` 3:5",
        ]
    );
}

#[test]
fn arguments_of_bake() {
    let hcl = "variable \"T\" {}\ntarget \"a\" {\n  args = { A = T, B = \"${T}\", C = null }\n  secret = [\"id=T\"]\n}\n\
               target \"b\" {\n  args = merge(x, { D = f(HF_TOKEN) })\n}\ngroup \"c\" { targets = [\"a\"] }\n";
    assert_eq!(
        arguments("docker-bake.hcl", hcl),
        ["A=${T} target `a` 3:12", "B=${T} target `a` 3:19", "D=${f}${HF_TOKEN} target `b` 7:21"]
    );
    let json = "{\"target\": {\"a\": {\"args\": {\"A\": \"${T}\"}}}, \"group\": {}}";
    assert_eq!(arguments("docker-bake.json", json), ["A=${T} target `a` 1:29"]);
}

#[test]
fn arguments_of_development_containers() {
    let text = "{\n  // c\n  \"build\": {\"args\": {\"A\": \"${localEnv:T}\"},\n    \"options\": [\"--build-arg\", \"B=x\"]},\n}\n";
    assert_eq!(
        arguments(".devcontainer.json", text),
        ["A=${localEnv:T} `build.args` 3:23", "B=x `build.options` 4:33"]
    );
}

#[test]
fn inputs_of_actions() {
    let text = "jobs:\n  build:\n    steps:\n      - name: Build\n        uses: docker/build-push-action@v6\n        with:\n          \
                build-args: |\n            A=${{ secrets.HF_TOKEN }}\n            # no\n            B=1,2\n          secrets: |\n            \
                C=x\n      - uses: docker/bake-action@v6\n        with:\n          set: |\n            *.args.D=x\n            \
                *.tags=y\n      - uses: x/y@v1\n        with: {build_args: \"E=1,F=2\"}\n";
    assert_eq!(
        arguments(".github/workflows/ci.yml", text),
        [
            "A=${HF_TOKEN} job `build`, step `Build` 8:13",
            "B=1,2 job `build`, step `Build` 10:13",
            "D=x job `build`, step 2 16:13",
            "E=1 job `build`, step 3 19:29",
            "F=2 job `build`, step 3 19:33",
        ]
    );
}

#[test]
fn scripts_of_gitlab_follow_references() {
    let text = "variables: {HF_HOME: /x}\n.setup:\n  script: [a, [b]]\nbuild:\n  before_script:\n    - !reference [.setup, script]\n  \
                script: |\n    c\n    d\nstages: [x]\nloop:\n  script:\n    - !reference [loop, script]\n    - e\n";
    let file = read(b".gitlab-ci.yml", text.as_bytes()).unwrap();
    let scripts = |job: &Job| -> Vec<String> {
        let text = |script: &CiScript| match &script.script {
            Script::Text { text, .. } => text.to_str().into_owned(),
            Script::Exec(_) => String::new(),
        };
        job.scripts.iter().map(text).collect()
    };
    let jobs: Vec<_> = file.jobs.iter().filter(|job| !job.scripts.is_empty()).collect();
    assert_eq!(scripts(jobs[0]), ["a", "b"]);
    assert_eq!(scripts(jobs[1]), ["a", "b", "c\nd\n"]);
    assert_eq!(jobs[1].scripts[0].environment.len(), 1);
    assert!(scripts(jobs[2]).iter().all(|script| script == "e"));
}

#[test]
fn what_is_not_read_is_told() {
    for (path, bytes) in [
        ("compose.yaml", vec![b'#'; MAX_SIZE + 1]),
        ("compose.yaml", b"\xFF\xFEa\0".to_vec()),
        ("docker-bake.hcl", b"a = = b".to_vec()),
        ("docker-bake.hcl", vec![b'#'; MAX_HCL + 1]),
        (".devcontainer.json", b"{".to_vec()),
        ("compose.yaml", b"a: [".to_vec()),
    ] {
        let file = read(path.as_bytes(), &bytes).unwrap();
        assert_eq!(file.flaws.len(), 1, "{path}");
    }
    let file = read(b"compose.yaml", b"\xEF\xBB\xBFservices: {a: {build: {args: [\xFF, A=b]}}}").unwrap();
    assert!(file.flaws.is_empty());
    assert_eq!(file.arguments[1].span.start, 36);
    assert!(read(b"main.py", b"").is_none());
}

/// More pieces that are repeated.
const REPEATED: [&str; 17] = [
    "a1=1\n",
    "x = {\n",
    "- &a [*a,\n",
    "? a\n",
    "a b: c\n",
    "$(",
    "`",
    "é ",
    "\"${",
    "a:\n\tx\n",
    "a = $(b)\n",
    "sh 'x'\n",
    "withEnv(['A=$b']) { sh 'x'\n",
    "x = $a\n",
    "$x = 'a'; ",
    "${a ",
    "- script: x\n",
];

/// Prints the time of the slowest file. Repeated content must not take superlinear time.
#[test]
fn what_is_repeated_takes_no_longer_each() {
    let mut slowest = (std::time::Duration::ZERO, "", "");
    for (number, path) in EXAMPLES.into_iter().enumerate() {
        // The syntax of the later ones is that of the first ones, or lines of text.
        let is_first = number < 6;
        let size = match path {
            _ if path == EXAMPLES[1] => MAX_HCL - 64,
            _ if is_first => 128 << 10,
            _ => 32 << 10,
        };
        let heads: &[&str] =
            if is_first { &["", "a: {", "x = {\n", "s: |\n  ", "script:\n", "\""] } else { &["", "\""] };
        for piece in PIECES.into_iter().chain(REPEATED) {
            for head in heads {
                let text = format!("{head}{}", piece.repeat(size / piece.len()));
                let started = std::time::Instant::now();
                let (text, file) = read_any(path, &text);
                crate::rules::context::check_ci(text.as_bytes(), &file);
                if std::env::var_os("SLOW").is_some() && started.elapsed().as_millis() > 300 {
                    println!("{:?} {path} {piece:?} {head:?}", started.elapsed());
                }
                slowest = slowest.max((started.elapsed(), path, piece));
            }
        }
    }
    println!("{slowest:?}");
    assert!(slowest.0.as_secs() < 20, "{slowest:?}");
}

const FILES: [&str; 11] = [
    include_str!("../../testdata/ci/compose-args.txt"),
    include_str!("../../testdata/ci/bake-hcl.txt"),
    include_str!("../../testdata/ci/bake-json.txt"),
    include_str!("../../testdata/ci/devcontainer.txt"),
    include_str!("../../testdata/ci/actions-build.txt"),
    include_str!("../../testdata/ci/gitlab.txt"),
    include_str!("../../testdata/ci/makefile.txt"),
    include_str!("../../testdata/ci/jenkins.txt"),
    include_str!("../../testdata/ci/powershell.txt"),
    include_str!("../../testdata/ci/justfile.txt"),
    include_str!("../../testdata/ci/azure.txt"),
];

const PIECES: [&str; 62] = [
    "services:\n",
    "  web:\n",
    "    build:\n",
    "      args:\n",
    "        - ",
    "HF_TOKEN=",
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a\n",
    "|\n",
    ">-\n",
    "!reference ",
    "${{ ",
    " }}",
    "${",
    "target \"x\" {\n",
    "args = {\n",
    " = ",
    "# c\n",
    "/* ",
    "//",
    "jobs:\n",
    "    steps:\n",
    "      - run: ",
    "script:\n",
    "\t",
    "\r\n",
    "é",
    "\\",
    "<<EOF\n",
    "EOF\n",
    "---\n",
    ",",
    "docker build --build-arg A=b\n",
    "$(",
    ")",
    "{{",
    "<<",
    "$(if a,",
    "a:\n\t",
    "a := ",
    "`",
    "@(",
    "$x = ",
    "<#",
    "sh '''",
    "withCredentials([",
    "environment {\n",
    "define a\n",
    "RUN ",
    "[a]\n",
    "%A%",
];

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)
    ) {
        for path in EXAMPLES {
            read_any(path, &pieces.concat());
        }
    }

    #[test]
    fn no_damage_makes_it_panic(
        file in proptest::sample::select(&FILES[..]),
        damage in proptest::collection::vec((0..4000_usize, 0..20_usize, 0..PIECES.len()), 1..6)
    ) {
        let mut bytes = file.as_bytes().to_vec();
        for (at, width, piece) in damage {
            let start = at.min(bytes.len());
            let end = (start + width).min(bytes.len());
            bytes.splice(start..end, PIECES[piece].bytes());
        }
        for path in EXAMPLES {
            let text = String::from_utf8_lossy(&bytes);
            let (text, read) = read_any(path, &text);
            crate::rules::context::check_ci(text.as_bytes(), &read);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        for path in EXAMPLES {
            read(path.as_bytes(), &bytes);
            read(path.as_bytes(), &[b"# docker build\n", &bytes[..]].concat());
        }
    }
}

/// Reads a file. Where only the words of a build make it one, they come first.
fn read_any(path: &str, text: &str) -> (String, CiFile) {
    let building = format!("# docker build\n{text}");
    if let Some(file) = read(path.as_bytes(), text.as_bytes()) {
        return (text.to_owned(), file);
    }
    let file = read(path.as_bytes(), building.as_bytes()).unwrap();
    (building, file)
}

#[test]
fn references_that_refer_to_themselves_end() {
    let lines = "  - !reference [a, script]\n".repeat(200);
    let file = read(b".gitlab-ci.yml", format!("a:\n  script:\n{lines}").as_bytes()).unwrap();
    assert!(file.flaws.iter().any(crate::text::Flaw::is_limit));
}
