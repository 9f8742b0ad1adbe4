use super::*;
use crate::ci::read;

fn token() -> String {
    format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx")
}

fn hits(path: &str, text: &str) -> Vec<CiHit> {
    let text = text.replace("@TOKEN@", &token());
    let file = read(path.as_bytes(), text.as_bytes()).unwrap();
    let hits = check(text.as_bytes(), &file);
    for hit in &hits {
        let help = hit.help.seal();
        assert!(!help.as_str().ends_with([' ', '\n']), "{path}: {help:?}");
    }
    let shown = format!("{hits:?} {:?}", file.flaws);
    assert!(!shown.to_lowercase().contains(&token().to_lowercase().split_off(20)), "{shown}");
    hits
}

fn workflow(run: &str) -> String {
    let run = run.replace('\n', "\n          ");
    format!("jobs:\n  a:\n    steps:\n      - run: |\n          {run}\n")
}

#[test]
fn logins_and_build_arguments_of_scripts() {
    for (run, expected) in [
        ("hf auth login --token ${{ secrets.HF_TOKEN }}", 1),
        ("huggingface-cli login --token '${{ secrets.HF_TOKEN }}' --add-to-git-credential", 1),
        ("echo ${{ secrets.HF_TOKEN }} | huggingface-cli login", 1),
        ("python -c \"from huggingface_hub import login; login('${{ secrets.HF_TOKEN }}')\"", 1),
        ("python - <<'E'\nfrom huggingface_hub import login\nlogin(token=t)\nE", 1),
        ("if [ '${{ github.event_name == 'push' }}' ]; then hf auth login --token $T; fi", 1),
        ("hf auth login --token $T\nhf download m\nhf auth logout", 0),
        ("hf auth login --token $T\nrm -rf ~/.cache/huggingface", 0),
        ("trap 'hf auth logout' EXIT\nhf auth login --token $T", 0),
        ("trap 'rm -rf ~/.cache/huggingface' EXIT INT\nhf auth login --token $T\nhf download m", 0),
        ("cleanup() {\n  rm -rf ~/.cache/huggingface\n}\ntrap cleanup EXIT\nhf auth login --token $T", 0),
        ("trap 'hf auth logout' ERR\nhf auth login --token $T", 1),
        ("trap 'hf auth logout' EXIT\ntrap - EXIT\nhf auth login --token $T", 1),
        ("(trap 'hf auth logout' EXIT)\nhf auth login --token $T", 1),
        ("(trap 'hf auth logout' EXIT; hf auth login --token $T)", 0),
        ("if x; then trap 'hf auth logout' EXIT; fi\nhf auth login --token $T", 1),
        ("export HF_HOME=$RUNNER_TEMP/hf\nhf auth login --token $T", 0),
        ("HF_HOME=${{ runner.temp }} hf auth login --token $T", 0),
        ("export HF_HOME=$OTHER/hf\nhf auth login --token $T", 1),
        ("hf auth login --help", 0),
        ("# hf auth login --token $T", 0),
        ("echo 'hf auth login --token $T'", 0),
        ("hf auth whoami\nhf download m --token $HF_TOKEN", 0),
        ("docker login -u a -p $HF_TOKEN registry.hf.space", 0),
        ("docker build --build-arg HF_TOKEN=${{ secrets.HF_TOKEN }} .", 1),
        ("docker build --build-arg HF_TOKEN .", 1),
        ("docker build --build-arg HF_TOKEN= .", 0),
        ("docker build --build-arg HF_TOKEN=changeme .", 0),
        ("docker build --build-arg HF_TOKEN_PATH=/x --build-arg HF_HOME=/y .", 0),
        ("docker build --build-arg TOKEN=$HF_TOKEN .", 1),
        ("docker build --build-arg HAS=${HF_TOKEN:+yes} .", 0),
        ("docker build --build-arg HAS=${{ secrets.HF_TOKEN != '' }} .", 0),
        ("docker build --secret id=HF_TOKEN,env=HF_TOKEN .", 0),
        ("docker buildx bake --set '*.args.HF_TOKEN=x-$T'", 1),
        ("docker run -e HF_TOKEN=$HF_TOKEN image", 0),
    ] {
        let found = hits(".github/workflows/a.yml", &workflow(run));
        assert_eq!(found.len(), expected, "{run}: {found:?}");
    }
}

#[test]
fn a_job_sees_what_its_steps_do() {
    let job = |second: &str| {
        let text = format!(
            "jobs:\n  a:\n    steps:\n      - run: hf auth login --token $T\n      - run: hf auth logout\n{second}"
        );
        hits(".github/workflows/a.yml", &text).len()
    };
    assert_eq!(job(""), 0);
    assert_eq!(job("        if: always()\n"), 0);
    assert_eq!(job("        if: ${{ failure() }}\n"), 1);
    let env = "env: {HF_TOKEN: '${{ secrets.HF_TOKEN }}'}\n";
    assert_eq!(hits(".github/workflows/a.yml", &format!("{env}{}", workflow("hf auth login"))).len(), 0);
    let python = "jobs: {a: {steps: [{shell: python, run: \"import huggingface_hub as h; h.login('x')\"}]}}";
    assert_eq!(hits(".github/workflows/a.yml", python).len(), 1);
    let other = "jobs: {a: {steps: [{shell: 'perl {0}', run: \"hf auth login\"}]}}";
    assert_eq!(hits(".github/workflows/a.yml", other).len(), 0);
    let gitlab =
        "a:\n  before_script: [hf auth login --token $T]\n  script: [x]\n  after_script: [hf auth logout]\n";
    assert_eq!(hits(".gitlab-ci.yml", gitlab).len(), 0);
    let gitlab =
        "a:\n  before_script: [export HF_HOME=/t]\n  script: [hf auth login --token $T, rm -rf /t]\n";
    assert_eq!(hits(".gitlab-ci.yml", gitlab).len(), 0);
}

#[test]
fn values_that_carry_no_token_are_silent() {
    for (value, expected) in [
        ("${HF_TOKEN}", 1),
        ("${HF_TOKEN:-}", 1),
        ("", 1),
        ("\"\"", 0),
        ("your_token_here", 0),
        ("hf_xxxxxxxxxxxxxxxxxx", 0),
        ("opaque-v4lue", 1),
        ("@TOKEN@", 1),
    ] {
        let text = format!("services: {{a: {{build: {{args: {{HF_TOKEN: {value}}}}}}}}}");
        assert_eq!(hits("compose.yaml", &text).len(), expected, "{value}");
    }
    let text =
        "services: {a: {build: {args: {HF_HOME: /x, T: '${HF_TOKEN}', U: @TOKEN@, V: '$HF_TOKEN_PATH'}}}}";
    let found = hits("compose.yaml", text);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].confidence, found[1].confidence), (Confidence::Medium, Confidence::High));
    assert!(found[1].token.is_some() && found[1].help.to_string().starts_with("Revoke"));
}

#[test]
fn the_help_names_what_to_write() {
    for (path, text, expected) in [
        ("compose.yaml", "services: {a: {build: {args: [HF_TOKEN]}}}", "secrets:\n            - HF_TOKEN"),
        (
            "docker-bake.hcl",
            "target \"a\" { args = { HF_TOKEN = HF_TOKEN } }",
            "secret = [\"id=HF_TOKEN,env=HF_TOKEN\"]",
        ),
        (
            ".github/workflows/a.yml",
            "jobs: {a: {steps: [{uses: docker/build-push-action@v6, with: {build-args: 'HF_TOKEN=${{ secrets.HF_KEY \
             }}'}}]}}",
            "secrets: |\n      HF_TOKEN=${{ secrets.HF_KEY }}",
        ),
        (
            ".github/workflows/a.yml",
            &workflow("hf auth login --token ${{ secrets.MY_SECRET }}"),
            "HF_TOKEN: ${{ secrets.MY_SECRET }}",
        ),
        (".gitlab-ci.yml", "a: {script: hf auth login --token $T}", "CI/CD variable"),
        (".devcontainer.json", "{\"postCreateCommand\": \"hf auth login --token $T\"}", "remoteEnv"),
        (
            ".devcontainer.json",
            "{\"build\": {\"args\": {\"HF_TOKEN\": \"${localEnv:HF_TOKEN}\"}}}",
            "--secret",
        ),
        (
            ".gitlab-ci.yml",
            "a: {script: 'docker build --build-arg HF_TOKEN=$T .'}",
            "instead of `--build-arg HF_TOKEN`",
        ),
    ] {
        let found = hits(path, text);
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].help.to_string().contains(expected), "{}", found[0].help);
    }
}

#[test]
fn a_token_in_a_name_or_a_secret_is_not_shown() {
    for text in [
        "services: {@TOKEN@: {build: {args: {HF_TOKEN: @TOKEN@, @TOKEN@: x}}}}",
        "services: {a: {build: {args: [\"HF_TOKEN=@TOKEN@\", '@TOKEN@=$HF_TOKEN']}}}",
        "a: [@TOKEN@, *@TOKEN@",
    ] {
        hits("compose.yaml", text);
    }
    hits(".github/workflows/a.yml", &workflow("hf auth login --token ${{ secrets.@TOKEN@ }}"));
    hits("docker-bake.hcl", "a = @TOKEN@ @TOKEN@\n");
    hits(".devcontainer.json", "{@TOKEN@ @TOKEN@: \"@TOKEN@\"");
}

#[test]
fn what_several_places_share_is_told_once() {
    let text = "x: &a {HF_TOKEN: $T}\nservices: {a: {build: {args: *a}}, b: {build: {args: *a}}}\n";
    assert_eq!(hits("compose.yaml", text).len(), 1);
}

#[test]
fn hits_are_bounded() {
    let text = format!("a:\n  script:\n{}", "    - hf auth login --token $T\n".repeat(30_000));
    assert_eq!(hits(".gitlab-ci.yml", &text).len(), MAX_HITS + 1);
}

#[test]
fn what_a_runner_empties_keeps_no_login() {
    for (job, expected) in [
        ("env: {HF_HOME: '${{ runner.temp }}/hf'}\n    steps:\n      - run: hf auth login --token $T", 0),
        (
            "steps:\n      - run: echo \"HF_HOME=$RUNNER_TEMP/hf\" >> \"$GITHUB_ENV\"\n      - run: hf auth login \
             --token $T",
            0,
        ),
        (
            "steps:\n      - if: x\n        run: echo HF_HOME=$RUNNER_TEMP/hf >> $GITHUB_ENV\n      - run: hf auth \
             login --token $T",
            1,
        ),
        (
            "env: {HF_HOME: '${{ github.workspace }}/hf'}\n    steps:\n      - run: hf auth login --token $T",
            1,
        ),
    ] {
        let found = hits(".github/workflows/a.yml", &format!("jobs:\n  a:\n    {job}\n"));
        assert_eq!(found.len(), expected, "{job}");
    }
    let gitlab = "a:\n  script:\n    - trap 'hf auth logout' EXIT\n    - hf auth login --token $T\n";
    assert_eq!(hits(".gitlab-ci.yml", gitlab).len(), 0);
}

#[test]
fn the_help_names_the_argument_that_is_written() {
    for (path, text, says) in [
        ("Makefile", "b:\n\tdocker build --build-arg KK=$(HF_TOKEN) .\n", "instead of `--build-arg KK`"),
        ("Makefile", "b:\n\tdocker build --build-arg KK=$(HF_TOKEN) .\n", "delete `ARG KK`"),
        ("Makefile", "b:\n\tdocker build --build-arg KK=$(HF_TOKEN) .\n", "--secret id=KK,env=HF_TOKEN`"),
        (
            "Makefile",
            "b:\n\tdocker build --build-arg KK=$(HF_TOKEN) .\n",
            "--mount=type=secret,id=KK,env=KK …",
        ),
        (
            "Makefile",
            "b:\n\tdocker build --build-arg HF_TOKEN=$(TT) .\n",
            "instead of `--build-arg HF_TOKEN`",
        ),
        ("compose.yaml", "services: {a: {build: {context: ., args: {KK: $HF_TOKEN}}}}\n", "delete `ARG KK`"),
    ] {
        let found = hits(path, text);
        let help = found.first().map(|hit| hit.help.seal()).unwrap();
        assert!(help.as_str().contains(says), "{text}: {}", help.as_str());
    }
}
