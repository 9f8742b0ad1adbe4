//! The origin of a login's token, and the help for each origin.

use super::check_and_advise;
use crate::dockerfile::parse;
use crate::finding::Where;
use crate::rules::dockerfile::Hit;

fn hits(lines: &str) -> Vec<Hit> {
    let source = format!("FROM a\n{lines}\n");
    check_and_advise(source.as_bytes(), &parse(source.as_bytes()))
}

fn login(lines: &str) -> Hit {
    let found = hits(lines).into_iter().find(|hit| hit.rule.id.contains("/login"));
    found.unwrap_or_else(|| panic!("no login: {lines}"))
}

#[test]
fn the_secret_is_the_one_that_the_login_names() {
    let two = "RUN --mount=type=secret,id=npmrc --mount=type=secret,id=hf ";
    for run in [
        "hf auth login --token $(cat /run/secrets/hf)",
        "cat /run/secrets/hf | hf auth login",
        "hf auth login < /run/secrets/hf",
        "T=$(cat /run/secrets/hf) && hf auth login --token $T",
        "read T < /run/secrets/hf; hf auth login --token \"$T\"",
        "python -c \"from huggingface_hub import login; login(open('/run/secrets/hf').read())\"",
    ] {
        let hit = login(&format!("{two}{run}"));
        assert!(hit.rule.id.ends_with("with-secret-mount"), "{run}");
        assert!(hit.help.to_string().contains("--secret id=hf,env"), "{run}: {}", hit.help);
    }
    let hit = login("RUN --mount=type=secret,id=aws --mount=type=secret,id=h,env=T hf auth login --token $T");
    assert!(hit.help.to_string().contains("--secret id=h,env"), "{}", hit.help);
    for run in [
        "RUN --mount=type=secret,id=npmrc hf auth login --token x",
        "RUN --mount=type=secret,id=aws,env=AWS hf auth login --token x",
        "RUN --mount=type=secret,id=hf npm ci && hf auth login --token $(cat /run/secrets/hf2)",
    ] {
        let hit = login(run);
        assert!(hit.rule.id.ends_with("login-command"), "{run}");
        assert!(hit.help.to_string().contains("--secret id=HF_TOKEN,env"), "{run}: {}", hit.help);
    }
}

#[test]
fn the_mended_line_keeps_other_flags_and_onbuild() {
    let hit = login(
        "ONBUILD RUN --network=host --mount=type=secret,id=t --mount=type=cache,target=/c hf auth login --token $(cat /run/secrets/t) && hf download m",
    );
    let line = "`ONBUILD RUN --network=host --mount=type=secret,id=t,env=HF_TOKEN --mount=type=cache,target=/c hf download m`";
    assert!(hit.help.to_string().contains(line), "{}", hit.help);
}

#[test]
fn what_still_uses_the_old_token_keeps_it() {
    for (run, mended) in [
        (
            "RUN --mount=type=secret,id=t hf auth login --token $(cat /run/secrets/t) && x /run/secrets/t",
            "`RUN --mount=type=secret,id=t,env=HF_TOKEN --mount=type=secret,id=t x /run/secrets/t`",
        ),
        (
            "RUN --mount=type=secret,id=t,env=TOK hf auth login --token $TOK && x --token ${TOK}",
            "`RUN --mount=type=secret,id=t,env=HF_TOKEN --mount=type=secret,id=t,env=TOK x --token ${TOK}`",
        ),
        (
            "ARG TOK\nRUN hf auth login --token $TOK && x --token $TOK",
            "`RUN --mount=type=secret,id=TOK,env=HF_TOKEN --mount=type=secret,id=TOK,env=TOK x --token $TOK`",
        ),
        ("RUN hf auth login --token x\nRUN apt-get update\nRUN hf download m", "env=HF_TOKEN hf download m`"),
    ] {
        let hit = login(run);
        assert!(hit.help.to_string().contains(mended), "{}", hit.help);
    }
}

#[test]
fn git_is_not_said_to_read_the_variable() {
    for run in [
        "RUN hf auth login --token x --add-to-git-credential && git clone https://huggingface.co/a/b",
        "RUN hf auth login --token x --add-to-git-credential\nRUN git clone https://huggingface.co/a/b",
    ] {
        assert!(login(run).help.to_string().contains("Git does not"), "{run}");
    }
    assert!(!login("RUN hf auth login --token x && git clone u").help.to_string().contains("Git does not"));
}

#[test]
fn a_login_that_has_its_token_from_the_environment_is_silent() {
    for (run, fires) in [
        ("RUN --mount=type=secret,id=t,env=HF_TOKEN hf auth login", false),
        ("RUN --mount=type=secret,id=t,env=HF_TOKEN huggingface-cli login --add-to-git-credential", false),
        ("ENV HF_TOKEN=hunter2hunter2\nRUN hf auth login", false),
        ("RUN --mount=type=secret,id=t,env=HF_TOKEN hf auth login --token $HF_TOKEN", true),
        ("RUN --mount=type=secret,id=t,env=HF_TOKEN echo $HF_TOKEN | hf auth login", true),
        ("RUN --mount=type=secret,id=t,env=OTHER hf auth login", true),
    ] {
        assert_eq!(hits(run).iter().any(|hit| hit.rule.id.contains("/login")), fires, "{run}");
    }
}

#[test]
fn labels_and_history_are_told() {
    let places = |hit: &Hit| hit.leaves.iter().map(|leaves| leaves.place).collect::<Vec<_>>();
    let argument = hits("ARG HF_TOKEN\nLABEL t=$HF_TOKEN");
    let argument = argument.iter().find(|hit| hit.rule.id.ends_with("token-in-arg")).unwrap();
    assert_eq!(places(argument), [Where::History, Where::Label, Where::Attestation]);
    let token = format!("hf_{}{}", "QmZtWcXpLbNvKdRgH", "yFsJaTeUoIqPzMwBx");
    let call = format!("RUN python -c \"from huggingface_hub import login; login('{token}')\"");
    assert!(places(&login(&call)).contains(&Where::History));
}

#[test]
fn a_credential_helper_of_the_stage_before_counts() {
    let source = "FROM a AS b\nRUN git config --global credential.helper store\nFROM b\n\
                  RUN hf auth login --token x --add-to-git-credential\n";
    let hits = check_and_advise(source.as_bytes(), &parse(source.as_bytes()));
    let paths = hits.iter().flat_map(|hit| &hit.leaves).filter_map(|leaves| leaves.path.as_ref());
    assert!(paths.into_iter().any(|path| path.as_str().ends_with(".git-credentials")));
}

/// Returns a made-up token. It is assembled here so that no file contains it.
fn token() -> String {
    format!("hf_{}{}", "QmZtWcXpLbNvKdRgH", "yFsJaTeUoIqPzMwBx")
}

#[test]
fn help_is_the_mended_line() {
    let help = |lines: &str| {
        let hits = hits(&lines.replace("@TOKEN@", &token()));
        hits.iter().find(|hit| hit.rule.id.contains("login")).unwrap().help.to_string()
    };
    let mended = help(
        "RUN pip install x && hf auth login --token @TOKEN@ && hf download org/model \\\n  --local-dir /m",
    );
    assert!(mended.contains("`RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN pip install x && hf download org/model --local-dir /m`"), "{mended}");
    let mended =
        help("RUN --mount=type=secret,id=tok hf auth login --token $(cat /run/secrets/tok) && hf download m");
    assert!(mended.contains("`RUN --mount=type=secret,id=tok,env=HF_TOKEN hf download m`"), "{mended}");
    assert!(mended.contains("--secret id=tok,env=HF_TOKEN"), "{mended}");
}

#[test]
fn help_never_writes_a_line_with_a_token_in_it() {
    let token = token();
    let (head, tail) = token.split_at(18);
    for glue in ["", "\"\"", "''", "\\", "\\\n", "\\\n# c\n", "\"\\\n\""] {
        for lines in [
            format!("RUN hf auth login --token x && ./x {head}{glue}{tail}"),
            format!("RUN A={head}{glue}{tail} ./x && hf auth login"),
        ] {
            for hit in hits(&lines.replace("@TOKEN@", &self::token())) {
                assert!(!hit.help.to_string().contains(tail), "{lines}");
                let is_plain = glue.is_empty() || !hit.rule.id.contains("login");
                assert!(is_plain || hit.help.to_string().contains("hf download …"), "{lines}: {}", hit.help);
            }
        }
    }
}

fn helps(lines: &str) -> Vec<(String, String)> {
    let all = hits(lines).into_iter();
    all.map(|hit| (hit.rule.id.to_owned(), hit.help.to_string())).collect()
}

fn help(lines: &str, rule: &str) -> String {
    let found = helps(lines).into_iter().find(|(id, _)| id.ends_with(rule));
    found.unwrap_or_else(|| panic!("no {rule}: {lines}")).1
}

#[test]
fn help_shows_the_run_that_is_about_the_token() {
    for (before, shown) in [
        ("RUN apt-get update", "RUN hf download m"),
        (
            "RUN curl -sSf https://sh.rustup.rs | sh -s -- -y",
            "RUN curl -H \"Authorization: Bearer $HF_TOKEN\" https://huggingface.co/x",
        ),
        ("RUN pip install -r /tmp/requirements.txt", "RUN huggingface-cli download m"),
        ("RUN python -m app", "RUN hf download m"),
        ("RUN make", "RUN python -c \"from huggingface_hub import snapshot_download as d; d('m')\""),
        ("RUN ./setup.sh", "RUN ./fetch.sh $HF_TOKEN"),
    ] {
        let help = help(&format!("ARG HF_TOKEN\n{before}\n{shown}"), "token-in-arg");
        let line = shown.replace("RUN ", "`RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN ") + "`";
        assert!(help.contains(&line), "{help}");
    }
    for other in [
        "RUN python -m app",
        "RUN pip install .",
        "RUN ./fetch.sh",
        "RUN curl https://sh.rustup.rs | sh",
        "USER x",
    ] {
        for (set, rule) in [("ARG HF_TOKEN", "in-arg"), ("ENV HF_TOKEN=hunter2hunter2", "in-env")] {
            let help = help(&format!("{set}\n{other}"), rule);
            assert!(
                help.contains("env=HF_TOKEN …`") && !help.contains(other.trim_start_matches("RUN ")),
                "{help}"
            );
        }
    }
}

#[test]
fn help_never_shows_a_run_that_leaks() {
    for leak in [
        "RUN echo \"HF_TOKEN=${HF_TOKEN}\" > /app/.env",
        "RUN echo $HF_TOKEN | tee /app/token",
        "RUN printf 'machine huggingface.co login u password %s' $HF_TOKEN > /root/.netrc",
        "RUN sed -i \"s/TOKEN/$HF_TOKEN/\" /app/config.yaml",
        "RUN git config --global url.\"https://u:$HF_TOKEN@huggingface.co/\".insteadOf https://huggingface.co/",
    ] {
        let told = help(&format!("WORKDIR /app\nARG HF_TOKEN\n{leak}\nCMD [\"serve\"]"), "token-in-arg");
        assert!(
            told.contains("docker run -e HF_TOKEN") && !told.contains(leak.get(4..12).unwrap()),
            "{told}"
        );
        let told = help(&format!("WORKDIR /app\nARG HF_TOKEN\n{leak}\nRUN hf download m"), "token-in-arg");
        assert!(told.contains("env=HF_TOKEN hf download m`"), "{told}");
    }
}

#[test]
fn windows_files_are_told_of_no_mount() {
    for lines in [
        "ARG HF_TOKEN\nRUN pip install huggingface_hub && hf auth login --token %HF_TOKEN%",
        "ENV HF_TOKEN=hunter2hunter2\nRUN hf auth login --token x",
        "ARG HF_TOKEN\nRUN git clone https://u:$HF_TOKEN@huggingface.co/a/b",
        "ARG HF_TOKEN\nRUN echo $HF_TOKEN > C:/app/.env",
        "ENV HF_TOKEN=@TOKEN@",
    ] {
        let source = format!(
            "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n{}\n",
            lines.replace("@TOKEN@", &token())
        );
        let hits = check_and_advise(source.as_bytes(), &parse(source.as_bytes()));
        assert!(!hits.is_empty());
        for hit in hits {
            let help = hit.help.to_string();
            assert!(!help.contains("--mount") && !help.contains("--secret"), "{lines}: {help}");
        }
    }
}

#[test]
fn help_names_the_ids_of_the_file() {
    for (lines, rule, id) in [
        (
            "RUN --mount=type=secret,id=MODE sh -c 'printf \"MODE=%s\" \"$(cat /run/secrets/MODE)\" >> .env'",
            "written-to-file",
            "id=MODE,env=MODE",
        ),
        (
            "RUN --mount=type=secret,id=hub cat /run/secrets/hub > /app/t",
            "written-to-file",
            "id=hub,env=HF_TOKEN",
        ),
        ("RUN --mount=type=secret,id=hub,env=TOK echo $TOK > /app/t", "written-to-file", "id=hub,env=TOK"),
        (
            "RUN --mount=type=secret,id=S git clone https://me:$(cat /run/secrets/S)@huggingface.co/spaces/me/app && cd app && git pull",
            "token-in-url",
            "`RUN --mount=type=secret,id=S,env=HF_TOKEN hf download me/app --repo-type space`",
        ),
        (
            "RUN --mount=type=secret,id=S git clone https://me:$(cat /run/secrets/S)@huggingface.co/spaces/me/app /app",
            "token-in-url",
            "docker build --secret id=S,env=S",
        ),
    ] {
        let help = help(lines, rule);
        assert!(help.contains(id) && !help.contains("id=HF_TOKEN"), "{help}");
    }
}

#[test]
fn a_stage_that_does_not_reach_the_image_has_one_place() {
    for set in ["ARG HF_TOKEN", "ENV HF_TOKEN=hunter2hunter2", "ARG HF_TOKEN=$X"] {
        let all =
            hits(&format!("{set}\nRUN hf download m --local-dir /m\nFROM scratch\nCOPY --from=0 /m /m"));
        assert!(!all.is_empty());
        for hit in all {
            let text = hit.full_message().to_string();
            assert!(text.contains("builder's cache, and in provenance of `mode=max`"), "{text}");
            assert!(!text.contains("history") && !text.contains("environment"), "{text}");
        }
    }
    let all = hits(
        "ARG HF_TOKEN\nRUN curl https://u:$HF_TOKEN@huggingface.co/a/b -o /m\nFROM scratch\nCOPY --from=0 /m /m",
    );
    assert!(all.iter().all(|hit| !hit.full_message().to_string().contains("history")));
}

#[test]
fn the_help_names_the_secret_that_the_mended_file_has() {
    for (lines, rule, says) in [
        (
            "ENV HUGGING_FACE_HUB_TOKEN=hunter2hunter2x",
            "token-in-env",
            "`docker run -e HUGGING_FACE_HUB_TOKEN …`",
        ),
        (
            "ENV HUGGING_FACE_HUB_TOKEN=hunter2hunter2x",
            "token-in-env",
            "id=HUGGING_FACE_HUB_TOKEN,env=HUGGING_FACE_HUB_TOKEN …",
        ),
        (
            "ARG TOK\nENV HF_TOKEN=$TOK\nRUN hf download m",
            "token-in-env",
            "id=TOK,env=HF_TOKEN hf download m`",
        ),
        ("ARG TOK\nENV HF_TOKEN=$TOK\nRUN hf download m", "token-in-env", "`docker run -e HF_TOKEN …`"),
        ("ARG TOK\nENV HF_TOKEN=${TOK}\nCMD x", "token-in-env", "id=TOK,env=HF_TOKEN …"),
        ("ARG TOK\nENV HF_TOKEN=${TOK}\nCMD x", "token-in-env", "--secret id=TOK,env=TOK ."),
        (
            "RUN --mount=type=secret,id=hub TOKEN=$(cat /run/secrets/hub) && git clone https://u:${TOKEN}@huggingface.co/o/m /m",
            "token-in-url",
            "id=hub,env=HF_TOKEN hf download o/m`",
        ),
        (
            "RUN --mount=type=secret,id=KK,env=KK python -c \"import os; from huggingface_hub import login; \
             login(os.environ['KK']); x()\"",
            "login-with-secret-mount",
            "--secret id=KK,env=KK .",
        ),
        (
            "ARG HF_TOKEN\nRUN hf_token=$HF_TOKEN python -c \"hf_token = open(1).read()\"",
            "token-in-arg",
            "hf_token = open(1).read()",
        ),
    ] {
        let found = hits(lines);
        let hit = found.iter().find(|hit| hit.rule.id.ends_with(rule)).unwrap();
        let help = hit.help.seal();
        assert!(help.as_str().contains(says), "{lines}: {}", help.as_str());
    }
}
