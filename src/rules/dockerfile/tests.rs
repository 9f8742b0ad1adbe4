//! Tests of the Dockerfile rules. Each rule is tested with cases in which it must fire and in which it must
//! not.

use super::{Hit, check};
use crate::dockerfile::parse;
use crate::finding::{Severity, Where};
use crate::text::LineIndex;

/// Returns a made-up token. It is assembled here so that no file contains it.
fn token() -> String {
    format!("hf_{}{}", "QmZtWcXpLbNvKdRgH", "yFsJaTeUoIqPzMwBx")
}

fn hits(source: &str) -> Vec<Hit> {
    let source = source.replace("@TOKEN@", &token()).replace("@X@", &"x".repeat(34));
    let source = source.replace("@CAMEL@", "CharacteristicTypesForDisplayMetadata");
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    for hit in &hits {
        let shown = format!("{} {} {} {:?} {hit:?}", hit.message, hit.help, hit.subject, hit.leaves);
        assert!(!shown.contains(&token()), "a token is shown: {}", hit.rule.id);
        assert!(hit.span.end <= source.len());
    }
    hits
}

/// Returns the rules that fire, in order, without `dockerfile/`.
fn rules(source: &str) -> Vec<&'static str> {
    hits(source).iter().map(|hit| hit.rule.id.trim_start_matches("dockerfile/")).collect()
}

/// Returns the residues of the first hit of a rule.
fn leaves(source: &str, rule: &str) -> Vec<String> {
    let hits = hits(source);
    let hit =
        hits.iter().find(|hit| hit.rule.id.ends_with(rule)).unwrap_or_else(|| panic!("{rule}: {source}"));
    let show = |l: &super::Residue| match (&l.path, l.place) {
        (Some(path), _) => path.clone(),
        (None, place) => format!("{place:?}"),
    };
    // Provenance has tests of its own.
    hit.leaves.iter().filter(|left| left.place != Where::Attestation).map(show).collect()
}

const LITERAL: &str = "literal-token";
const ENV: &str = "token-in-env";
const ARG: &str = "token-in-arg";
const LOGIN: &str = "login-command";
const SECRET: &str = "login-with-secret-mount";
const URL: &str = "token-in-url";
const FILE: &str = "token-written-to-file";
const COPY: &str = "copies-token-file";
const LATE: &str = "removed-too-late";

#[test]
fn every_row_that_must_be_caught() {
    for (lines, expected) in [
        ("ENV HF_TOKEN=@TOKEN@", vec![LITERAL, ENV]),
        ("ENV HUGGING_FACE_HUB_TOKEN @TOKEN@", vec![ENV, LITERAL]),
        ("ENV A=1 \\\n  HF_TOKEN=\"@TOKEN@\" \\\n  B=2", vec![ENV, LITERAL]),
        ("ARG HF_TOKEN=@TOKEN@", vec![ARG, LITERAL]),
        ("ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN", vec![ARG, ENV]),
        ("ARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN", vec![ARG, LOGIN]),
        ("ARG T\nRUN hf download m --token $T", vec![ARG]),
        ("ARG T\nRUN HF_TOKEN=$T hf download m", vec![ARG]),
        ("ARG T\nRUN export HF_TOKEN=$T && python x.py", vec![ARG]),
        ("ARG T\nRUN hf auth login --token=$T && hf auth logout", vec![ARG]),
        ("RUN huggingface-cli login --token @TOKEN@ --add-to-git-credential", vec![LOGIN, LITERAL]),
        ("RUN hf auth login --token=@TOKEN@", vec![LOGIN, LITERAL]),
        ("RUN echo @TOKEN@ | huggingface-cli login", vec![LITERAL, LOGIN]),
        ("RUN python -c \"from huggingface_hub import login; login('@TOKEN@')\"", vec![LOGIN, LITERAL]),
        (
            "RUN python3 -c \"from huggingface_hub import HfFolder; HfFolder.save_token('@TOKEN@')\"",
            vec![LOGIN, LITERAL],
        ),
        (
            "RUN <<EOF\npip install x\npython - <<PY\nfrom huggingface_hub import login\nlogin(token=\"@TOKEN@\")\nPY\nEOF",
            vec![LOGIN, LITERAL],
        ),
        (
            "RUN <<EOF\n#!/usr/bin/env python3\nfrom huggingface_hub import login\nlogin(token=t)\nEOF",
            vec![LOGIN],
        ),
        ("RUN python3 <<EOF\nfrom huggingface_hub import login\nlogin(token=t)\nEOF", vec![LOGIN]),
        ("COPY <<EOF /root/.cache/huggingface/token\n@TOKEN@\nEOF", vec![LITERAL]),
        ("RUN git clone https://user:@TOKEN@@huggingface.co/org/private", vec![LITERAL, URL]),
        ("RUN git clone https://@TOKEN@@huggingface.co/org/private", vec![LITERAL, URL]),
        (
            "RUN git config --global url.\"https://user:@TOKEN@@huggingface.co/\".insteadOf https://huggingface.co/",
            vec![LITERAL, URL],
        ),
        ("RUN echo \"export HF_TOKEN=@TOKEN@\" >> /root/.bashrc", vec![LITERAL, FILE]),
        ("RUN printf 'HF_TOKEN=@TOKEN@\\n' > .env", vec![LITERAL, FILE]),
        (
            "RUN mkdir -p ~/.cache/huggingface && echo -n @TOKEN@ > ~/.cache/huggingface/token",
            vec![LITERAL, FILE],
        ),
        ("RUN --mount=type=secret,id=HF_TOKEN cat /run/secrets/HF_TOKEN > /app/token", vec![FILE]),
        ("RUN --mount=type=secret,id=U git remote add origin $(cat /run/secrets/U)", vec![URL]),
        ("COPY .env /app/", vec![COPY]),
        ("COPY token /root/.cache/huggingface/token", vec![COPY]),
        ("COPY .cache/huggingface /root/.cache/huggingface", vec![COPY]),
        ("COPY .netrc /root/\nCOPY .git-credentials /root/", vec![COPY, COPY]),
        ("ADD https://user:@TOKEN@@huggingface.co/m.bin /m/", vec![LITERAL, URL]),
        ("RUN HF_TOKEN=@TOKEN@ hf download meta-llama/x", vec![LITERAL]),
        ("RUN export HF_TOKEN=@TOKEN@ && python dl.py", vec![LITERAL]),
        ("CMD [\"vllm\",\"serve\",\"m\",\"--hf-token\",\"@TOKEN@\"]", vec![LITERAL]),
        ("HEALTHCHECK CMD curl -H \"Authorization: Bearer @TOKEN@\" x", vec![LITERAL]),
        ("LABEL hf.token=@TOKEN@", vec![LITERAL]),
        ("ONBUILD ENV HF_TOKEN=@TOKEN@", vec![LITERAL, ENV]),
        (
            "RUN --mount=type=secret,id=HF_TOKEN hf auth login --token \"$(cat /run/secrets/HF_TOKEN)\"",
            vec![SECRET],
        ),
        ("RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf auth login --token $HF_TOKEN", vec![SECRET]),
        (
            "RUN --mount=type=secret,id=t cat /run/secrets/t | huggingface-cli login --add-to-git-credential",
            vec![SECRET],
        ),
        (
            "RUN --mount=type=secret,id=t hf auth login --token $(cat /run/secrets/t)\nRUN hf auth logout",
            vec![SECRET, LATE],
        ),
        ("# ENV HF_TOKEN=@TOKEN@", vec![LITERAL]),
        ("ARG HF_TOKEN", vec![ARG]),
        ("ENV MY=1\nARG HF_TOKEN\nENV TOKEN=${HF_TOKEN}", vec![ARG, ENV]),
        ("ARG HF_TOKEN\nARG T=$HF_TOKEN\nENV X=pre-$T", vec![ARG, ENV]),
        ("ENV HF_TOKEN=hunter2hunter2", vec![ENV]),
        ("ENV HF_TOKEN=${MISSING:-hunter2hunter2}", vec![ENV]),
        ("ARG HF_KEY\nENV HF_SECRET=$HF_KEY", vec![ARG, ENV]),
        ("ENV HF_KEY=hunter2hunter2", vec![ENV]),
        ("ARG HF_TOKEN=text_column", vec![ARG]),
    ] {
        let mut found = rules(&format!("FROM a\n{lines}\n"));
        let mut expected = expected;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{lines}");
    }
}

#[test]
fn every_row_that_must_not_be_flagged() {
    for lines in [
        "ARG T\nRUN x --token $T",
        "ENV HF_TOKEN=",
        "ENV HF_TOKEN=\"\"",
        "ENV HF_TOKEN=${HF_TOKEN}",
        "ENV HF_TOKEN=$HF_TOKEN OTHER=x",
        "ENV HF_TOKEN=hf_@X@",
        "ENV HF_TOKEN=hf_your_token_here",
        "ENV HF_TOKEN=<your token>",
        "ENV HF_TOKEN=changeme",
        "ENV HF_TOKEN=$(cat /run/secrets/t)",
        "ENV HF_TOKEN=\"${{ secrets.HF_TOKEN }}\"",
        "# docker run -e HF_TOKEN=$HF_TOKEN image",
        "ENV HF_TOKEN_PATH=/run/secrets/hf_token",
        "ENV HF_HOME=/data HF_HUB_ENABLE_HF_TRANSFER=1 HF_XET_HIGH_PERFORMANCE=1 HF_HUB_OFFLINE=1",
        "ENV HF_HUB_DISABLE_IMPLICIT_TOKEN=1",
        "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
        "RUN --mount=type=secret,id=HF_TOKEN HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" python dl.py",
        "RUN --mount=type=secret,id=t hf auth login --token $(cat /run/secrets/t) && hf download x && hf auth logout",
        "RUN --mount=type=secret,id=hf,target=/root/.cache/huggingface/token hf download org/model",
        "RUN --mount=type=secret,id=t HF_HOME=/tmp/h hf auth login --token $(cat /run/secrets/t) && hf download x && rm -r /tmp/h",
        "RUN pip install hf_transfer hf_xet huggingface_hub[hf_transfer]",
        "RUN python -c \"from huggingface_hub import hf_hub_download; hf_hub_download('a', 'b')\"",
        "RUN echo 'then run: hf auth login'",
        "RUN echo run huggingface-cli login --token x",
        "RUN true # hf auth login --token x",
        "# RUN hf auth login",
        "RUN hf auth whoami && hf auth list; hf auth token",
        "RUN huggingface-cli whoami",
        "RUN docker login -u x -p y && wandb login",
        "RUN hf auth login --help",
        "CMD [\"hf\", \"auth\", \"login\"]",
        "RUN git config --global credential.helper store",
        "ENV TOKENIZER_NAME=hf_model",
        "ENV HF_KEY=text_column HF_TOKENS=4096 HF_SECRET=vllm-credentials HF_PAT=github-app",
        "ENV HF_KEY=text_column\nENV COLUMN=$HF_KEY",
        "ARG HF_TOKEN_SECRET=hub-creds\nENV SECRET=x-$HF_TOKEN_SECRET",
        "ENV HF_TOKEN=optional_for_gated",
        "ENV HF_DEVICE_CODE_OAUTH_CLIENT_ID=3a0c9a2e-6f4d-4b8c-9d27-0f5b9c1e7a64",
        "CMD [\"vllm\", \"serve\", \"m\", \"--hf-token\", \"--max-tokens\", \"4096\"]",
        "RUN git clone https://huggingface.co/org/hf_model_name_v2",
        "FROM ghcr.io/x/hf_image:tag",
        "COPY models--org--hf_model/snapshots /models",
        "ENV HF_TOKEN=\"{{ HF_TOKEN }}\"",
        "ENV HF_TOKEN=<HF_TOKEN>",
        "RUN --mount=type=tmpfs,target=/root/.cache/huggingface hf auth login --token x",
        "RUN hf auth login --token x && hf download y && rm -rf ~/.cache/huggingface",
        "RUN hf auth login --token x && rm -f /root/.cache/huggingface/token $HOME/.cache/huggingface/stored_tokens",
        "RUN python -c \"from huggingface_hub import login, logout; login(t); logout()\"",
        "RUN python -c \"import wandb; wandb.login()\"",
        "ENV A=hf_required@CAMEL@",
    ] {
        assert_eq!(rules(&format!("FROM a\n{lines}\n")), Vec::<&str>::new(), "{lines}");
    }
    // No stage declares it, but provenance of the mode `max` holds it.
    assert_eq!(rules("ARG HF_TOKEN\nFROM a\nRUN x\n"), [ARG]);
    assert_eq!(rules("ARG HF_TOKEN\nFROM a\nENV HF_TOKEN=$HF_TOKEN\n"), [ARG]);
    assert_eq!(rules("ARG HF_TOKEN\nFROM a\nARG HF_TOKEN\n"), [ARG]);
}

#[test]
fn logins_are_found_in_every_form() {
    for run in [
        "RUN hf auth login",
        "run /usr/local/bin/hf auth login --token x",
        "RUN hf auth switch --token-name x",
        "RUN transformers-cli login",
        "RUN huggingface-cli login $(cat f)",
        "RUN python -m huggingface_hub.commands.huggingface_cli login --token x",
        "RUN uvx hf auth login --token x",
        "RUN uvx --from huggingface_hub huggingface-cli login",
        "RUN uv run --with huggingface_hub hf auth login",
        "RUN env HF_ENDPOINT=x hf auth login --token y",
        "RUN HF_HUB_OFFLINE=0 hf auth login",
        "RUN apt-get update && (cd /x; hf auth login --token y) && z",
        "RUN sh -c \"hf auth login --token x\"",
        "RUN bash -lc 'set -e; huggingface-cli login --token x'",
        "RUN [\"hf\", \"auth\", \"login\", \"--token\", \"x\"]",
        "RUN [\"/bin/sh\", \"-c\", \"hf auth login\"]",
        "ONBUILD RUN hf auth login --token x",
        "RUN if [ -n \"$X\" ]; then hf auth login --token $X; fi",
        "RUN test -z \"$X\" || huggingface-cli login --token $X",
        "RUN yes | sudo -u app hf auth login",
        "RUN <<EOF\nset -e\nhf auth login --token x\nEOF",
        "RUN <<EOF bash\nhf auth login\nEOF",
        "RUN hf \\\n  # why\n  auth \\\n  login --token x",
        "RUN $(hf auth login)",
        "RUN printf 'x' | xargs hf auth login --token",
        "RUN python -c 'import os; os.system(\"huggingface-cli login --token x\")'",
        "RUN python -c \"import subprocess; subprocess.run(['hf', 'auth', 'login'])\"",
        "RUN hf auth logout && hf auth login --token x",
        "RUN python3 -c \"import huggingface_hub as h\nh.login('x')\"",
    ] {
        let expected = if run.contains("h.login") { vec![] } else { vec![LOGIN] };
        // A newline ends the instruction, so the script in that row never gets to its login.
        assert_eq!(rules(&format!("FROM a\n{run}\n")), expected, "{run}");
    }
    assert_eq!(
        rules("FROM a\nSHELL [\"python\", \"-c\"]\nRUN from huggingface_hub import login; login(t)\n"),
        [LOGIN]
    );
    assert_eq!(rules("# escape=`\nFROM a\nRUN hf auth `\n login --token x\n"), [LOGIN]);
}

#[test]
fn a_login_says_what_it_leaves_and_where() {
    let both = |home: &str| vec![format!("{home}/token"), format!("{home}/stored_tokens")];
    let root = both("root/.cache/huggingface");
    for (lines, expected) in [
        ("RUN hf auth login", root.clone()),
        ("ENV HF_HOME=/data\nUSER app\nRUN hf auth login", both("data")),
        ("ENV HF_TOKEN_PATH=/x/y/tok\nRUN hf auth login", vec!["x/y/tok".into(), "x/y/stored_tokens".into()]),
        ("ENV XDG_CACHE_HOME=/c\nRUN hf auth login", both("c/huggingface")),
        ("USER app\nRUN hf auth login", both("home/app/.cache/huggingface")),
        ("USER 1000\nRUN hf auth login", vec!["Layer".into()]),
        ("ENV HOME=/h\nUSER 1000\nRUN hf auth login", both("h/.cache/huggingface")),
        ("ENV HOME=~/x\nRUN hf auth login", vec!["Layer".into()]),
        ("ARG D\nENV HF_HOME=$D\nRUN hf auth login", vec!["Layer".into()]),
        ("RUN HF_HOME=/tmp/x hf auth login", both("tmp/x")),
        ("RUN export HF_HOME=$HOME/y && hf auth login", both("root/y")),
        ("RUN transformers-cli login", vec!["root/.huggingface/token".into()]),
        (
            "RUN hf auth login && rm ~/.cache/huggingface/token",
            vec!["root/.cache/huggingface/stored_tokens".into()],
        ),
        ("ENV HF_HOME=/data\nRUN hf auth login && rm -r ~/.cache/huggingface", both("data")),
        (
            "RUN git config --global credential.helper store && hf auth login --add-to-git-credential",
            [root.clone(), vec!["root/.git-credentials".into()]].concat(),
        ),
        (
            "RUN git config --global credential.helper store && python -c \"from huggingface_hub import login; \
             login('x', add_to_git_credential=True)\"",
            [root.clone(), vec!["root/.git-credentials".into()]].concat(),
        ),
        ("WORKDIR /w\nENV HF_HOME=hf\nRUN hf auth login", both("w/hf")),
        ("RUN hf auth login --token @TOKEN@", [root.clone(), vec!["History".into()]].concat()),
        (
            "ARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN",
            [root.clone(), vec!["History".into()]].concat(),
        ),
        ("RUN --mount=type=cache,target=/root/.cache hf auth login", vec!["BuildCache".into()]),
        ("RUN --mount=type=tmpfs,target=/tmp hf auth login", root.clone()),
    ] {
        assert_eq!(leaves(&format!("FROM a\n{lines}\n"), LOGIN), expected, "{lines}");
    }
}

#[test]
fn a_stage_that_does_not_reach_the_image_weighs_less() {
    let severity = |source: &str, rule: &str| {
        let hits = hits(source);
        hits.iter().find(|hit| hit.rule.id.ends_with(rule)).map(|hit| hit.severity).unwrap()
    };
    let builder = "FROM a AS b\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\nENV HF_TOKEN=@TOKEN@\n";
    let copied = format!("{builder}FROM c\nCOPY --from=b /model /model\n");
    for (rule, expected) in [(ARG, Severity::Medium), (LOGIN, Severity::Medium), (ENV, Severity::Medium)] {
        assert_eq!(severity(&copied, rule), expected, "{rule}");
        assert_eq!(leaves(&copied, rule), ["BuildCache"], "{rule}");
    }
    // The text is in the file, whatever becomes of the stage.
    assert_eq!(severity(&copied, LITERAL), Severity::Critical);
    let home = format!("{builder}FROM c\nCOPY --from=b /root /root\n");
    assert_eq!(severity(&home, LOGIN), Severity::High);
    assert_eq!(
        leaves(&home, LOGIN),
        ["root/.cache/huggingface/token", "root/.cache/huggingface/stored_tokens"]
    );
    assert_eq!(severity(&home, ARG), Severity::Medium);
    let cached = "FROM a\nRUN --mount=type=cache,target=/root/.cache/huggingface hf auth login\n";
    assert_eq!(severity(cached, LOGIN), Severity::Medium);
}

#[test]
fn literals_say_where_they_stay() {
    for (lines, expected) in [
        ("FROM a\n# @TOKEN@", vec!["Source"]),
        ("FROM a\nRUN x \\\n# @TOKEN@\n y", vec!["Source"]),
        ("ARG X=@TOKEN@\nFROM a", vec!["Source"]),
        ("FROM a\nENV X=@TOKEN@", vec!["Env", "History"]),
        ("FROM a\nLABEL x=@TOKEN@", vec!["Label", "History"]),
        ("FROM a\nCMD x @TOKEN@", vec!["Config", "History"]),
        ("FROM a\nWORKDIR /@TOKEN@", vec!["Config", "Layer", "History"]),
        ("FROM a\nONBUILD RUN x @TOKEN@", vec!["Config", "History"]),
        ("FROM a\nENV X=@TOKEN@ Y=1\nENV Y=2", vec!["Env", "History"]),
        ("FROM a\nENV X=@TOKEN@\nRUN y\nENV X=", vec!["History"]),
        ("FROM a AS b\nENV X=@TOKEN@\nFROM b\nENV X=", vec!["History"]),
        ("FROM a AS b\nENV X=\nFROM c\nENV X=@TOKEN@", vec!["Env", "History"]),
        ("FROM a\nENV X=@TOKEN@\nFROM a\nENV X=", vec!["Source", "BuildCache"]),
        ("FROM a\nENV X=@TOKEN@\nONBUILD ENV X=", vec!["Env", "History"]),
        ("FROM a\nLABEL x=@TOKEN@\nLABEL x=y", vec!["History"]),
        ("FROM a\nLABEL x=@TOKEN@\nENV x=y", vec!["Label", "History"]),
        ("FROM a\nCMD x @TOKEN@\nCMD y", vec!["History"]),
        ("FROM a\nCMD x @TOKEN@\nENTRYPOINT y", vec!["Config", "History"]),
        ("FROM a\nCOPY <<E /etc/x\n@TOKEN@\nE", vec!["etc/x"]),
        ("FROM a\nFOO @TOKEN@", vec!["Source"]),
    ] {
        assert_eq!(leaves(lines, LITERAL), expected, "{lines}");
    }
}

#[test]
fn a_token_is_one_finding_however_it_is_written() {
    let token = token();
    let (head, tail) = token.split_at(20);
    for (source, start, end) in [
        (format!("FROM a\nRUN x --token {head}\\\n{tail} y\n"), (2, 15), (3, 18)),
        (format!("FROM a\nRUN x --token {head}\\\n# c\n{tail} y\n"), (2, 15), (4, 18)),
        (format!("FROM a\nRUN x --token \"{head}\"{tail} y\n"), (2, 16), (2, 54)),
        (format!("FROM a\nRUN [\"x\", \"\\u0068{}\"]\n", &token.get(1..).unwrap()), (2, 12), (2, 54)),
        (format!("FROM a\nRUN <<E\nx {head}\\\n{tail}\nE\n"), (3, 3), (4, 18)),
        (format!("FROM a\nRUN é {token}\n"), (2, 7), (2, 44)),
    ] {
        let hits = hits(&source);
        assert_eq!(hits.len(), 1, "{source}");
        let index = LineIndex::new(source.as_bytes());
        let at = |offset| {
            let position = index.position(offset);
            (position.line, position.column)
        };
        assert_eq!((at(hits[0].span.start), at(hits[0].span.end)), (start, end), "{source}");
        assert!(hits[0].leaves.iter().all(|l| matches!(l.place, Where::History | Where::Attestation)));
    }
}

#[test]
fn a_token_that_quotes_or_variables_put_together_is_found() {
    let token = token();
    let (head, tail) = token.split_at(18);
    for lines in [
        format!("ENV A={head}\"\"{tail}"),
        format!("ENV A={head}\\{tail}"),
        format!("LABEL a='{head}'{tail}"),
        format!("ARG A={head}\"{tail}\""),
        format!("ARG A={head}\nENV B=${{A}}{tail}"),
        format!("USER {head}\"\"{tail}"),
        format!("CMD x {head}''{tail}"),
        format!("ENTRYPOINT x \"{head}\"{tail}"),
        format!("HEALTHCHECK CMD x {head}\"\"{tail}"),
    ] {
        assert_eq!(rules(&format!("FROM a\n{lines}\n")), [LITERAL], "{lines}");
    }
}

#[test]
fn rules_tell_their_own_examples_apart() {
    for rule in super::DOCKERFILE_RULES {
        let token = super::ContextToken {
            member: None,
            path: b".env".to_vec(),
            token: crate::detect::TokenSummary::unknown(),
            confidence: crate::detect::Confidence::High,
        };
        let fires = |example: &str| {
            let example = example.replace("hf_…", "@TOKEN@");
            let source = format!("FROM a\n{example}\n");
            let of_context = super::ContextCopies::of(source.as_bytes(), &parse(source.as_bytes()))
                .leaks(std::slice::from_ref(&token));
            of_context.iter().any(|leak| leak.hit.rule.id == rule.id)
                || hits(&format!("FROM a\n{example}\n")).iter().any(|hit| hit.rule.id == rule.id)
        };
        assert!(fires(rule.bad), "{}", rule.id);
        assert!(!fires(rule.good), "{}", rule.id);
    }
}
