//! Tests of tokens in URLs and files, and of files that are removed too late. Each rule is tested with
//! similar cases in which it must not fire.

use super::{Hit, check};
use crate::{
    dockerfile::parse,
    finding::{Severity, Where},
};

fn hits(lines: &str, rule: &str) -> Vec<Hit> {
    let source = format!("FROM a\n{lines}\n");
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    hits.into_iter().filter(|hit| hit.rule.id == format!("dockerfile/{rule}")).collect()
}

/// Returns the files that the hits of a rule leave behind.
fn left(lines: &str, rule: &str) -> Vec<String> {
    let show = |l: &super::Residue| match (&l.path, l.place) {
        (Some(path), _) => path.clone(),
        (None, place) => format!("{place:?}"),
    };
    let leaves = hits(lines, rule);
    // Provenance has tests of its own.
    let leaves = leaves.iter().flat_map(|hit| &hit.leaves).filter(|left| left.place != Where::Attestation);
    leaves.map(show).collect()
}

const URL: &str = "token-in-url";
const FILE: &str = "token-written-to-file";
const COPY: &str = "copies-token-file";
const LATE: &str = "removed-too-late";

const ENV_MOUNT: &str = "RUN --mount=type=secret,id=t,env=HF_TOKEN";
const MOUNT: &str = "RUN --mount=type=secret,id=hf";

#[test]
fn a_url_with_a_token_says_what_keeps_it() {
    for (lines, expected) in [
        (
            "ARG HF_TOKEN\nWORKDIR /w\nRUN git clone https://user:$HF_TOKEN@huggingface.co/o/r",
            vec!["w/r/.git/config", "History"],
        ),
        (
            "ARG HF_TOKEN\nRUN git clone https://${HF_TOKEN}@hf.co/o/r.git /m",
            vec!["m/.git/config", "History"],
        ),
        ("ARG T\nRUN git clone https://user:$T@huggingface.co/o/r /m", vec!["m/.git/config", "History"]),
        ("@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r /m", vec!["m/.git/config"]),
        ("@ENV git clone --depth 1 \"https://u:${HF_TOKEN}@huggingface.co/o/r\"", vec!["Layer"]),
        ("@ENV cd /x && git clone https://u:$HF_TOKEN@huggingface.co/o/r", vec!["x/r/.git/config"]),
        (
            "@ENV (cd /x && y) && cd /z && git clone https://u:$HF_TOKEN@huggingface.co/o/r",
            vec!["z/r/.git/config"],
        ),
        ("@ENV git -C /x clone --mirror https://u:$HF_TOKEN@huggingface.co/o/r", vec!["x/r.git/config"]),
        ("@MOUNT git clone https://u:$(cat /run/secrets/hf)@huggingface.co/o/r /m", vec!["m/.git/config"]),
        (
            "@MOUNT T=$(cat /run/secrets/hf) && git clone https://u:$T@huggingface.co/o/r /m",
            vec!["m/.git/config"],
        ),
        (
            "@MOUNT read T < /run/secrets/hf; git clone https://u:$T@huggingface.co/o/r /m",
            vec!["m/.git/config"],
        ),
        (
            "WORKDIR /w\n@MOUNT git init && git remote add origin $(cat /run/secrets/hf)",
            vec!["w/.git/config"],
        ),
        (
            "@ENV git -C /r remote set-url origin https://u:$HF_TOKEN@huggingface.co/o/r",
            vec!["r/.git/config"],
        ),
        (
            "@ENV git config --global url.\"https://u:$HF_TOKEN@huggingface.co/\".insteadOf https://huggingface.co/",
            vec!["root/.gitconfig"],
        ),
        ("ARG HF_TOKEN\nRUN curl -L https://u:$HF_TOKEN@huggingface.co/o/r -o x", vec!["History"]),
        ("ARG HF_TOKEN\nRUN wget https://u:$HF_TOKEN@mirror.example/o/r", vec!["History"]),
        ("ARG HF_TOKEN\nRUN pip install git+https://u:$HF_TOKEN@huggingface.co/o/r", vec!["History"]),
        ("ARG HF_TOKEN\nRUN uv pip install --index-url https://u:$HF_TOKEN@hf.co/simple x", vec!["History"]),
        ("@ENV pip install -e git+https://u:$HF_TOKEN@huggingface.co/o/r#egg=r", vec!["Layer"]),
        ("ARG HF_TOKEN\nADD https://u:${HF_TOKEN}@huggingface.co/o/r/x.bin /m/", vec!["History"]),
        ("ARG HF_TOKEN\nRUN git clone https://u:$HF_TOKEN@hf.co/o/r /m && rm -rf /m/.git", vec!["History"]),
        (
            "ENV HF_TOKEN=hunter2hunter2\nRUN git clone https://u:$HF_TOKEN@hf.co/o/r /m",
            vec!["m/.git/config"],
        ),
    ] {
        let lines = lines.replace("@ENV", ENV_MOUNT).replace("@MOUNT", MOUNT);
        assert_eq!(left(&lines, URL), expected, "{lines}");
    }
}

#[test]
fn urls_that_leave_nothing_are_silent() {
    for lines in [
        "RUN git clone https://huggingface.co/o/r",
        "RUN git clone https://user:$HF_TOKEN@huggingface.co/o/r",
        "RUN git clone https://user@huggingface.co/o/r",
        "ARG TOKEN\nRUN git clone https://user:$TOKEN@github.com/o/r",
        "ARG HF_TOKEN\nRUN git clone 'https://user:$HF_TOKEN@huggingface.co/o/r'",
        "ARG HF_TOKEN\nRUN git clone https://huggingface.co/o/r@$HF_TOKEN",
        "ARG HF_TOKEN\nRUN [\"git\", \"clone\", \"https://u:$HF_TOKEN@huggingface.co/o/r\"]",
        "ARG HF_TOKEN\nRUN echo https://u:$HF_TOKEN@huggingface.co",
        "@ENV curl -L https://u:$HF_TOKEN@huggingface.co/o/r -o x",
        "@ENV wget https://u:$HF_TOKEN@huggingface.co/o/r",
        "@ENV pip install git+https://u:$HF_TOKEN@huggingface.co/o/r",
        "@ENV git ls-remote https://u:$HF_TOKEN@huggingface.co/o/r",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r /m && rm -rf /m/.git",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r && rm -rf r/.git",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r && cd r && rm -rf .git",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r r && (cd r && rm -rf .git) && y",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r && cd r && git remote set-url origin https://huggingface.co/o/r",
        "@ENV git clone https://u:$HF_TOKEN@huggingface.co/o/r && git -C r remote remove origin",
        "RUN --mount=type=tmpfs,target=/m --mount=type=secret,id=t,env=HF_TOKEN git clone https://u:$HF_TOKEN@hf.co/o/r /m/r",
        "@ENV git -c credential.helper='!f() { echo password=$HF_TOKEN; }; f' clone https://huggingface.co/o/r",
        "RUN --mount=type=secret,id=github git clone https://u:$(cat /run/secrets/github)@github.com/o/r",
        "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
        "ADD https://huggingface.co/o/r/x.bin /m/",
        "ADD --checksum=sha256:x https://user@huggingface.co/o/r/x.bin /m/",
    ] {
        let lines = lines.replace("@ENV", ENV_MOUNT).replace("@MOUNT", MOUNT);
        assert_eq!(left(&lines, URL), Vec::<String>::new(), "{lines}");
    }
}

#[test]
fn a_token_written_to_a_file_says_which() {
    for (lines, expected) in [
        ("ARG HF_TOKEN\nRUN echo $HF_TOKEN > /x", vec!["x", "History"]),
        ("ARG HF_TOKEN\nWORKDIR /app\nRUN echo \"HF_TOKEN=$HF_TOKEN\" >> .env", vec!["app/.env", "History"]),
        ("@ENV printf '%s' \"$HF_TOKEN\" | tee /x", vec!["x"]),
        ("@ENV printenv HF_TOKEN > /x", vec!["x"]),
        ("@MOUNT cat /run/secrets/hf > ~/.x", vec!["root/.x"]),
        ("@MOUNT cat /run/secrets/hf | tr -d '\\n' > /x", vec!["x"]),
        ("@MOUNT tr -d '\\n' < /run/secrets/hf > /x", vec!["x"]),
        ("@MOUNT cp /run/secrets/hf /root/.cache/huggingface/token", vec!["root/.cache/huggingface/token"]),
        ("@MOUNT cp /run/secrets/hf /etc/", vec!["etc/hf"]),
        ("@MOUNT install -m 600 /run/secrets/hf /etc/tok", vec!["etc/tok"]),
        ("@MOUNT dd if=/run/secrets/hf of=/x", vec!["x"]),
        ("@ENV echo \"machine huggingface.co login u password $HF_TOKEN\" > ~/.netrc", vec!["root/.netrc"]),
        ("@ENV { echo machine huggingface.co; echo password $HF_TOKEN; } > ~/.netrc", vec!["root/.netrc"]),
        ("@ENV <<E\ncat <<F > /x\ntoken: $HF_TOKEN\nF\nE", vec!["x"]),
        ("@ENV cat <<EOF > /x\ntoken: ${HF_TOKEN}\nEOF", vec!["x"]),
        (
            "@ENV git config --global http.extraHeader \"Authorization: Bearer $HF_TOKEN\"",
            vec!["root/.gitconfig"],
        ),
        ("@ENV echo \"export HF_TOKEN=$HF_TOKEN\" >> ~/.bashrc", vec!["root/.bashrc"]),
        ("@ENV sed -i \"s/x/$HF_TOKEN/\" /etc/conf", vec!["etc/conf"]),
        ("@MOUNT export T=$(cat /run/secrets/hf) && echo $T > /x", vec!["x"]),
        ("@MOUNT sh -c 'cat /run/secrets/hf > /x'", vec!["x"]),
        ("@ENV env > /x", vec!["x"]),
        ("@ENV echo $HF_TOKEN | tee /x /y", vec!["x", "y"]),
        ("@ENV mkdir -p /c/d && cd /c && echo $HF_TOKEN > d/../x", vec!["c/x"]),
        ("@ENV echo $HF_TOKEN > /x\nRUN rm /x\nFROM b\nCOPY --from=0 /x /y", vec!["BuildCache"]),
        ("@ENV echo $HF_TOKEN > /x\nRUN y || rm /x\nFROM b\nCOPY --from=0 /x /y", vec!["y"]),
        ("@ENV echo $HF_TOKEN > /x\nONBUILD RUN rm /x\nFROM b\nCOPY --from=0 /x /y", vec!["y"]),
        (
            "@ENV echo $HF_TOKEN > /c/x\nRUN --mount=type=cache,target=/c rm /c/x\nFROM b\nCOPY --from=0 /c/x /y",
            vec!["y"],
        ),
        ("ARG HF_TOKEN\n@MOUNT export A=$(cat /run/secrets/hf) && env > /x", vec!["x", "History"]),
        ("RUN rm -f /x\n@ENV echo $HF_TOKEN > /x\nFROM b\nCOPY --from=0 /x /y", vec!["y"]),
        ("@ENV printenv -0 | sort -z > /x", vec!["x"]),
        ("@ENV export -p > /x", vec!["x"]),
        ("@ENV set | grep HF_ > /x", vec!["x"]),
        ("@ENV env | grep -v PATH > /x", vec!["x"]),
        ("ARG HF_TOKEN\nRUN env > /x", vec!["x", "History"]),
        ("@MOUNT export T=$(cat /run/secrets/hf) && env > /x", vec!["x"]),
        (
            "@ENV git config --global credential.helper store && printf 'password=%s\\n' $HF_TOKEN | git credential approve",
            vec!["root/.git-credentials"],
        ),
        (
            "RUN git config --global credential.helper 'store --file /etc/c'\n@ENV git credential approve <<E\npassword=$HF_TOKEN\nE",
            vec!["etc/c"],
        ),
        ("@ENV python -c \"import os; open('/x', 'w').write(os.environ['HF_TOKEN'])\"", vec!["x"]),
        (
            "WORKDIR /w\n@ENV python3 -c \"import os; open('x', 'w').write(os.getenv('HF_TOKEN'))\"",
            vec!["w/x"],
        ),
        ("@MOUNT python -c \"open('/x', 'w').write(open('/run/secrets/hf').read())\"", vec!["x"]),
        (
            "@MOUNT T=$(cat /run/secrets/hf) python -c \"import os; open('/x', 'w').write(os.environ['T'])\"",
            vec!["x"],
        ),
        ("@ENV <<E python3\nimport os\nopen('/x', 'w').write(os.environ['HF_TOKEN'])\nE", vec!["x"]),
        ("ARG HF_TOKEN\nCOPY <<EOF /app/conf\ntoken=$HF_TOKEN\nEOF", vec!["app/conf", "History"]),
        ("@ENV echo $HF_TOKEN > /a && mv /a /b", vec!["b"]),
        ("@ENV echo $HF_TOKEN > /a && cp /a /b && rm /a", vec!["b"]),
        ("@ENV echo $HF_TOKEN > \"$OUT\"", vec!["Layer"]),
        ("@ENV echo $HF_TOKEN > /a || rm /a", vec!["a"]),
    ] {
        let lines = lines.replace("@ENV", ENV_MOUNT).replace("@MOUNT", MOUNT);
        assert_eq!(left(&lines, FILE), expected, "{lines}");
    }
}

#[test]
fn what_is_in_no_file_of_the_layer_is_silent() {
    for lines in [
        "RUN echo $HF_TOKEN > /x",
        "@ENV echo $HF_TOKEN > /dev/null",
        "@ENV echo $HF_TOKEN | tee /dev/stderr | hf auth login",
        "@ENV echo $HF_TOKEN 1>&2",
        "@ENV echo '$HF_TOKEN' > /x",
        "@ENV echo \"\\$HF_TOKEN\" > /x",
        "@ENV cat <<'EOF' > /x\ntoken: $HF_TOKEN\nEOF",
        "@ENV cat <<EOF > /x\ntoken: \\$HF_TOKEN\nEOF",
        "ARG HF_TOKEN\nCOPY <<'EOF' /app/conf\ntoken=$HF_TOKEN\nEOF",
        "COPY <<EOF /app/conf\ntoken=$HF_TOKEN\nEOF",
        "@ENV echo $HF_TOKEN > /x && hf download m && rm /x",
        "@ENV echo $HF_TOKEN > ~/.cache/huggingface/token && hf download m && hf auth logout",
        "RUN --mount=type=tmpfs,target=/t --mount=type=secret,id=t,env=HF_TOKEN echo $HF_TOKEN > /t/x",
        "RUN --mount=type=cache,target=/t --mount=type=secret,id=t,env=HF_TOKEN echo $HF_TOKEN > /t/x",
        "@MOUNT wc -c < /run/secrets/hf > /x",
        "@MOUNT ln -s /run/secrets/hf /root/.cache/huggingface/token",
        "@MOUNT HF_TOKEN=\"$(cat /run/secrets/hf)\" python dl.py > /log",
        "@ENV hf download m --token $HF_TOKEN > /log",
        "@ENV curl -H \"Authorization: Bearer $HF_TOKEN\" https://huggingface.co/x > /x",
        "@ENV echo done > /x; echo $HF_TOKEN | hf auth login",
        "@ENV git config --global credential.helper '!f() { echo password=$HF_TOKEN; }; f'",
        "@ENV sed \"s/x/$HF_TOKEN/\" /etc/conf | ./run",
        "@ENV test -n \"$HF_TOKEN\" && echo ok > /x",
        "RUN --mount=type=secret,id=npmrc cp /run/secrets/npmrc ~/.npmrc",
        "RUN --mount=type=secret,id=aws,target=/root/.aws/credentials cat /root/.aws/credentials > /x",
        "@MOUNT unset T; echo $T > /x",
        "@MOUNT env > /x",
        "@ENV unset HF_TOKEN; env > /x",
        "@ENV env | grep -i cuda > /x",
        "@ENV env A=1 make > /x",
        "@ENV set -eux > /x",
        "@ENV export A=1 > /x",
        "@MOUNT T=$(cat /run/secrets/hf); env > /x",
        "@ENV printf 'password=%s\\n' $HF_TOKEN | git credential approve",
        "@ENV git config --global credential.helper store && printf 'password=%s\\n' $HF_TOKEN | git credential fill",
        "@ENV python -c \"import os; open('/x', 'w').write('done')\"",
        "@ENV python -c \"import os; open('/x', 'w').write(os.environ['HOME'])\"",
        "@ENV python -c \"import os; hf(os.environ['HF_TOKEN'])\" > /x",
    ] {
        let lines = lines.replace("@ENV", ENV_MOUNT).replace("@MOUNT", MOUNT);
        assert_eq!(left(&lines, FILE), Vec::<String>::new(), "{lines}");
    }
}

#[test]
fn copies_of_token_files_weigh_by_what_they_hold() {
    for (lines, severity, path) in [
        ("COPY .netrc /root/.netrc", Severity::High, "root/.netrc"),
        ("COPY --chown=1:1 home/.git-credentials /root/", Severity::High, "root/.git-credentials"),
        ("ADD [\".netrc\", \"/root/.netrc\"]", Severity::High, "root/.netrc"),
        ("COPY .cache/huggingface /root/.cache/huggingface", Severity::High, "root/.cache/huggingface/token"),
        ("COPY .huggingface /root/.huggingface", Severity::High, "root/.huggingface/token"),
        ("COPY .cache/huggingface/token /x", Severity::High, "x"),
        ("COPY token /root/.cache/huggingface/token", Severity::High, "root/.cache/huggingface/token"),
        ("COPY hf_token.txt /app/", Severity::High, "app/hf_token.txt"),
        ("WORKDIR /app\nCOPY .env .", Severity::Low, "app/.env"),
        ("COPY .env.production /app/.env", Severity::Low, "app/.env"),
        ("COPY a.py token /app/", Severity::Low, "app/token"),
    ] {
        let found = hits(lines, COPY);
        assert_eq!(found.iter().map(|hit| hit.severity).collect::<Vec<_>>(), [severity], "{lines}");
        assert_eq!(left(lines, COPY), [path], "{lines}");
    }
    for lines in [
        "COPY . .",
        "COPY . /app/",
        "COPY .env.example /app/.env.example",
        "COPY .env.template .env.sample /app/",
        "COPY --from=b /root/.netrc /root/.netrc",
        "COPY .cache/huggingface/hub /root/.cache/huggingface/hub",
        "COPY tokenizer.json tokens.txt token.py /app/",
        "COPY .cache /root/.cache",
        "COPY .envrc.md environment.yml /app/",
        "COPY --exclude=.env .env /app/",
        "COPY <<EOF /app/x\n.netrc\nEOF",
        "ADD https://huggingface.co/o/r/resolve/main/token /m/",
        "RUN --mount=type=bind,source=.netrc,target=/root/.netrc x",
    ] {
        assert!(hits(lines, COPY).is_empty(), "{lines}");
    }
}

#[test]
fn the_file_to_ignore_is_named_as_in_the_context() {
    for (lines, path) in [
        ("COPY conf/hub.key /etc/k\nRUN hf download m --token $(cat /etc/k)", "conf/hub.key"),
        ("COPY conf /etc/conf\nRUN hf download m --token $(cat /etc/conf/hub.key)", "conf/hub.key"),
        ("COPY ./hub.key /etc/\nRUN hf download m --token $(cat /etc/hub.key)", "hub.key"),
        ("COPY a.py k.txt b.py /w/\nRUN hf download m --token $(cat /w/k.txt)", "k.txt"),
        ("WORKDIR /w\nADD . .\nRUN hf download m --token $(cat keys/k.txt)", "keys/k.txt"),
        ("COPY home/.netrc /root/", "home/.netrc"),
        ("COPY ./.cache/huggingface/ /root/.cache/huggingface/", ".cache/huggingface"),
        ("COPY .env /app/.env", ".env"),
    ] {
        let found = hits(lines, COPY);
        let help = found.first().map(|hit| hit.help.to_string()).unwrap_or_default();
        assert!(help.contains(&format!("add `{path}` to `.dockerignore`")), "{lines}: {help}");
    }
}

#[test]
fn a_later_instruction_removes_too_late() {
    for (lines, line) in [
        ("RUN hf auth login --token x\nRUN hf download m\nRUN hf auth logout", 2),
        ("RUN hf auth login --token x\nRUN huggingface-cli logout && y", 2),
        ("RUN hf auth login --token x\nRUN rm -rf ~/.cache/huggingface", 2),
        ("COPY .netrc /root/\nRUN git clone u && rm /root/.netrc", 2),
        ("WORKDIR /app\nCOPY .env .\nRUN x && rm .env", 3),
        ("ARG HF_TOKEN\nRUN echo $HF_TOKEN > /x\nRUN rm -f /x", 3),
        ("ARG T\nRUN git clone https://u:$T@hf.co/o/r /m\nRUN cd /m && rm -rf .git", 3),
        // A path that a report masks is compared unmasked.
        ("ARG HF_TOKEN\nRUN echo $HF_TOKEN > /HF_TOKEN=abcdefgh12\nRUN rm /HF_TOKEN=abcdefgh12", 3),
    ] {
        let found = hits(lines, LATE);
        assert_eq!(found.len(), 1, "{lines}");
        let told = format!("the layer of line {line},");
        assert!(found[0].message.to_string().contains(&told), "{lines}: {}", found[0].message);
        assert!(found[0].leaves.iter().all(|leaves| leaves.place == Where::Layer));
        assert_eq!(found[0].severity, Severity::Medium);
    }
    for lines in [
        "RUN hf auth login --token x && hf auth logout",
        "RUN hf auth logout",
        "RUN rm -rf ~/.cache/huggingface\nRUN hf auth login --token x",
        "RUN hf auth login --token x\nRUN rm -rf /var/lib/apt/lists/*",
        "RUN hf auth login --token x\nRUN rm -rf /root/.cache/pip",
        "RUN hf auth login --token x\nFROM b\nRUN hf auth logout",
        "COPY .netrc /root/\nRUN hf auth logout",
    ] {
        assert!(hits(lines, LATE).is_empty(), "{lines}");
    }
}

#[test]
fn a_stage_that_does_not_reach_the_image_weighs_less() {
    let tail = "\nFROM b\nCOPY --from=0 /model /model";
    for (lines, rule, severity) in [
        ("ARG HF_TOKEN\nRUN git clone https://u:$HF_TOKEN@hf.co/o/r /m", URL, Severity::Medium),
        ("ARG HF_TOKEN\nRUN echo $HF_TOKEN > /x", FILE, Severity::Medium),
        ("COPY .netrc /root/", COPY, Severity::Medium),
        ("COPY .netrc /root/\nRUN rm /root/.netrc", LATE, Severity::Low),
    ] {
        let lines = format!("{lines}{tail}");
        assert_eq!(left(&lines, rule), ["BuildCache"], "{lines}");
        assert!(hits(&lines, rule).iter().all(|hit| hit.severity == severity), "{lines}");
    }
}
