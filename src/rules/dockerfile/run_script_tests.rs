//! Tests of scripts in files that a `RUN` runs.

use std::collections::BTreeMap;

use super::{Context, Hit, find};
use crate::dockerfile::parse;
use crate::effects::ScriptPlace;
use crate::finding::Where;
use crate::sensitive::Sensitive;
use crate::text::LineIndex;

const SHELL: &str = "#!/bin/sh\nset -e\nhf auth login --token \"$HF_TOKEN\"\n";
const PYTHON: &str = "import os\nfrom huggingface_hub import login\nlogin(token=os.environ['HF_TOKEN'])\n";
const MOUNT: &str = "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN ";

/// Returns the hits of a Dockerfile in a build context with these files. `@ ` stands for a `RUN` with the secret.
fn hits(lines: &str, files: &[(&str, &str)]) -> Vec<Hit> {
    let source = format!("FROM a\n{}\n", lines.replace("@ ", MOUNT));
    let files: BTreeMap<&[u8], &str> = files.iter().map(|(path, text)| (path.as_bytes(), *text)).collect();
    let read = |path: &[u8]| files.get(path).map(|text| Sensitive::from(text.as_bytes()));
    find(&Context::within(source.as_bytes(), &parse(source.as_bytes()), &read))
}

/// Returns the rule of each hit, with the file and line of the script.
fn found(lines: &str, files: &[(&str, &str)]) -> Vec<String> {
    let source = format!("FROM a\n{}\n", lines.replace("@ ", MOUNT));
    let index = LineIndex::new(source.as_bytes());
    let show = |hit: &Hit| {
        let place = hit.script.as_ref().map(|place| match place {
            ScriptPlace::Here(_) => format!("Dockerfile:{}", place.position(&index).line),
            ScriptPlace::File { path, .. } => {
                format!("{}:{}", String::from_utf8_lossy(path), place.position(&index).line)
            }
        });
        format!("{} {}", hit.rule.id.trim_start_matches("dockerfile/"), place.unwrap_or_default())
    };
    hits(lines, files).iter().map(show).collect()
}

#[test]
fn a_script_of_the_context_is_read_like_the_run() {
    for lines in [
        "COPY login.sh .\n@ sh login.sh",
        "COPY login.sh /\n@ /login.sh",
        "COPY login.sh /\n@ sh -e /login.sh now",
        "COPY login.sh /x/\n@ bash -euo pipefail /x/login.sh",
        "COPY login.sh /usr/local/bin/hub-login\n@ hub-login",
        "COPY login.sh /usr/local/bin/\n@ chmod +x /usr/local/bin/login.sh && login.sh",
        "COPY . /app\nWORKDIR /app\n@ ./login.sh",
        "WORKDIR /app\nCOPY . .\n@ chmod +x login.sh && ./login.sh",
        "WORKDIR /app\nCOPY *.sh ./\n@ . ./login.sh",
        "ADD login.sh /s\n@ source /s",
        "ADD login.sh /s\n@ bash < /s",
        "ADD login.sh /s\n@ cat /s | bash",
        "ADD login.sh /s\n@ cat < /s | tr -d '\\r' >/dev/null; cat -- /s | sh -s",
        "COPY login.sh /s\n@ cd / && sh ./s",
        "COPY login.sh /s\nRUN mv /s /t && chmod 755 /t\n@ /t",
        "COPY login.sh /s\nRUN cp /s /t/\n@ sh /t/s",
        "COPY login.sh /s\nRUN ln -s /s /t\n@ sh /t",
        "COPY login.sh /s\n@ sudo -E sh /s",
        "COPY login.sh /s\n@ timeout 60 /s || /s",
        "COPY login.sh /s\n@ exec /s",
        "COPY login.sh /s\n@ [\"/s\"]",
        "COPY login.sh /s\n@ [\"sh\", \"/s\"]",
        "COPY login.sh /s\n@ <<E\nsh /s\nE",
        "COPY login.sh /s\nFROM a AS b\nCOPY --from=0 /s /t\n@ sh /t",
        "COPY login.sh /s\nRUN x\nFROM 0\n@ sh /s",
        "RUN --mount=type=bind,source=login.sh,target=/s --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN sh /s",
        "RUN --mount=type=bind,target=/c --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN sh /c/login.sh",
        "RUN --mount=target=. --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN sh login.sh",
    ] {
        let mut expected = vec!["login-with-secret-mount login.sh:3"];
        if lines.contains("||") {
            expected.push(expected[0]);
        }
        let lines = lines.replace("FROM a AS b", "FROM b AS c").replace("FROM 0", "FROM base");
        let lines = lines.replacen("--from=0", "--from=first", 1);
        let named = lines.contains("first") || lines.contains("FROM base");
        let prefix = if lines.contains("first") { "FROM a AS first\n" } else { "FROM a AS base\n" };
        let lines = if named { format!("{prefix}{lines}") } else { lines };
        let mut found = found(&lines, &[("login.sh", SHELL)]);
        found.dedup();
        expected.dedup();
        assert_eq!(found, expected, "{lines}");
    }
}

#[test]
fn python_scripts_and_modules_are_read() {
    for lines in [
        "COPY login.py .\n@ python login.py",
        "WORKDIR /app\nCOPY login.py .\n@ python3 -u login.py --now",
        "COPY login.py /usr/bin/login.py\n@ python3 -X dev /usr/bin/login.py",
        "WORKDIR /app\nCOPY . .\n@ python -m login",
        "WORKDIR /app\nCOPY . .\n@ uv run login.py",
        "WORKDIR /app\nCOPY . .\n@ poetry run python login.py",
        "WORKDIR /app\nCOPY . .\n@ ./login.py",
    ] {
        let found = found(lines, &[("login.py", PYTHON)]);
        assert_eq!(found, ["login-with-secret-mount login.py:3"], "{lines}");
    }
    let module = [("pkg/__init__.py", ""), ("pkg/__main__.py", PYTHON)];
    assert_eq!(
        found("WORKDIR /app\nCOPY . .\n@ python -m pkg", &module),
        ["login-with-secret-mount pkg/__main__.py:3"]
    );
    let runs = [("a.py", "import subprocess\nsubprocess.run(['sh', 'login.sh'])\n"), ("login.sh", SHELL)];
    assert_eq!(found("WORKDIR /\nCOPY . .\n@ python a.py", &runs), ["login-with-secret-mount login.sh:3"]);
}

#[test]
fn a_script_knows_its_own_directory() {
    let login = ("s/login.sh", SHELL);
    for body in [
        "cd \"$(dirname \"$0\")\" && ./login.sh\n",
        "cd $(dirname $0)\n. ./login.sh\n",
        "bash \"$(dirname -- \"${BASH_SOURCE[0]}\")/login.sh\"\n",
        "HERE=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" >/dev/null 2>&1 && pwd)\"\nsource \"$HERE/login.sh\"\n",
        "sh ${0%/*}/login.sh\n",
        "sh \"$(dirname \"$(readlink -f \"$0\")\")\"/login.sh\n",
    ] {
        for lines in ["COPY . /app/\n@ sh /app/s/a.sh", "WORKDIR /\nCOPY . .\n@ s/a.sh"] {
            let found = found(lines, &[("s/a.sh", body), login]);
            assert_eq!(found, ["login-with-secret-mount s/login.sh:3"], "{body}");
        }
    }
    assert_eq!(found("COPY . /app/\n@ sh -n /app/s/login.sh", &[login]), [""; 0], "it is only checked");
}

#[test]
fn scripts_that_the_dockerfile_writes_are_read() {
    for (lines, line) in [
        ("COPY <<EOF /s\nhf auth login --token $HF_TOKEN\nEOF\n@ sh /s", 3),
        (
            "COPY --chmod=755 <<'EOF' /usr/local/bin/s\n#!/bin/sh\nhf auth login --token $HF_TOKEN\nEOF\n@ s",
            4,
        ),
        ("RUN cat <<'EOF' > /s\n#!/bin/bash\nhf auth login --token $HF_TOKEN\nEOF\n@ /s", 4),
        ("@ printf '#!/bin/sh\\nhf auth login --token $HF_TOKEN' > /s && chmod +x /s && /s", 2),
        ("RUN echo 'hf auth login --token $HF_TOKEN' > /s.sh\n@ sh /s.sh", 2),
    ] {
        let found = found(lines, &[]);
        assert_eq!(found, [format!("login-with-secret-mount Dockerfile:{line}")], "{lines}");
    }
}

#[test]
fn a_script_sees_its_arguments_and_its_surroundings() {
    let login = [("s.sh", "hf auth login --token \"$1\"\n")];
    assert_eq!(
        found("ARG HF_TOKEN\nCOPY s.sh /\nRUN sh /s.sh $HF_TOKEN", &login),
        ["token-in-arg ", "login-command s.sh:1"]
    );
    assert_eq!(
        found("ARG KEY\nCOPY s.sh /\nRUN sh /s.sh $KEY", &login),
        ["token-in-arg ", "login-command s.sh:1"],
        "the value decides"
    );
    let all = [("s.sh", "exec hf auth login --token \"$@\"\n")];
    assert_eq!(
        found("ARG KEY\nCOPY s.sh /\nRUN sh /s.sh $KEY", &all),
        ["token-in-arg ", "login-command s.sh:1"]
    );
    let write = [("s.sh", "cd /etc\necho \"token=$HF_TOKEN\" > hub.conf\n")];
    let hits = hits("COPY s.sh /\n@ sh /s.sh", &write);
    assert_eq!(hits[0].rule.id, "dockerfile/token-written-to-file");
    assert_eq!(hits[0].leaves[0].path.as_deref(), Some("etc/hub.conf"));
    assert_eq!(hits[0].leaves[0].place, Where::Layer);
    assert!(hits[0].full_message().seal().as_str().ends_with("in `s.sh`"));
    let sourced = [("env.sh", "export TOKEN_COPY=$HF_TOKEN\n")];
    assert_eq!(
        found("COPY env.sh /\n@ . /env.sh && echo $TOKEN_COPY > /t", &sourced),
        ["token-written-to-file "]
    );
    let process = [("env.sh", "export TOKEN_COPY=$HF_TOKEN\ncd /x\n")];
    assert_eq!(found("COPY env.sh /\n@ sh /env.sh && echo $TOKEN_COPY > t", &process), [""; 0]);
    let nested = [("a.sh", "set -e\nsh /b.sh\n"), ("b.sh", "\n\nhf auth login --token x$HF_TOKEN\n")];
    assert_eq!(found("COPY . /\n@ sh /a.sh", &nested), ["login-with-secret-mount b.sh:3"]);
    let out = [("a.sh", "hf auth login --token $HF_TOKEN\nhf download m\nhf auth logout\n")];
    assert_eq!(found("COPY . /\n@ sh /a.sh", &out), [""; 0]);
    let login = [("a.sh", SHELL)];
    assert_eq!(found("COPY . /\n@ sh /a.sh && hf download m && hf auth logout", &login), [""; 0]);
}

#[test]
fn a_template_of_the_context_says_what_is_put_into_it() {
    let named = [("c.tmpl", "token: ${HF_TOKEN}\n")];
    for lines in [
        "COPY c.tmpl /app/c.tmpl\n@ envsubst < /app/c.tmpl > /app/c.yaml",
        "COPY c.tmpl /app/c.tmpl\n@ cat /app/c.tmpl | envsubst > /app/c.yaml",
        "WORKDIR /app\nCOPY . .\n@ envsubst '$HF_TOKEN' < c.tmpl | tee c.yaml",
        "WORKDIR /app\nRUN echo 't: $HF_TOKEN' > c.in\n@ envsubst < c.in > c.yaml",
    ] {
        let hits = hits(lines, &named);
        assert_eq!(hits.len(), 1, "{lines}");
        assert_eq!(hits[0].leaves[0].path.as_deref(), Some("app/c.yaml"), "{lines}");
    }
    let other = [("c.tmpl", "home: ${HOME}\n")];
    for files in [&other[..], &[]] {
        let lines = "COPY c.tmpl /app/c.tmpl\n@ envsubst < /app/c.tmpl > /app/c.yaml";
        assert_eq!(found(lines, files), [""; 0]);
    }
}

#[test]
fn what_no_run_runs_is_silent() {
    for lines in [
        "COPY login.sh /\nENTRYPOINT [\"/login.sh\"]",
        "COPY login.sh /\nCMD sh /login.sh",
        "COPY login.sh /\n@ chmod +x /login.sh",
        "COPY login.sh /\n@ cat /login.sh",
        "COPY login.sh /\n@ ls /login.sh && test -f /login.sh",
        "@ sh login.sh",
        "COPY login.sh /a/\n@ sh /b/login.sh",
        "COPY other.sh /\n@ sh /other.sh",
        "@ sh -c /login.sh",
        "COPY login.sh /\nHEALTHCHECK CMD sh /login.sh",
    ] {
        assert_eq!(found(lines, &[("login.sh", SHELL)]), [""; 0], "{lines}");
    }
}

#[test]
fn scripts_in_a_circle_end() {
    let circle =
        [("a.sh", "sh /b.sh\nsh /b.sh\n"), ("b.sh", "sh /a.sh\nsh /a.sh\nhf auth login --token $HF_TOKEN\n")];
    assert_eq!(found("COPY . /\n@ sh /a.sh", &circle), ["login-with-secret-mount b.sh:3"]);
    // Each script runs the next twice: without bounds, it would be 2^30 runs.
    let names: Vec<(String, String)> =
        (0..30).map(|n| (format!("s{n}.sh"), format!("sh /s{0}.sh\nsh /s{0}.sh\n", n + 1))).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(found("COPY . /\n@ sh /s0.sh", &files), [""; 0]);
}

#[test]
fn a_file_whose_content_goes_to_the_hub_is_found_at_its_copy() {
    for lines in [
        "COPY hub.key /tmp/hub.key\nRUN cat /tmp/hub.key | xargs hf auth login --token && hf auth logout",
        "COPY hub.key /tmp/hub.key\nRUN huggingface-cli login < /tmp/hub.key && hf auth logout",
        "COPY hub.key /tmp/\nRUN hf auth login --token $(cat /tmp/hub.key) && hf auth logout",
        "COPY hub.key /tmp/\nRUN hf download m --token \"$(< /tmp/hub.key)\"",
        "COPY hub.key /tmp/\nRUN T=$(cat /tmp/hub.key) && hf download m --token $T",
        "COPY hub.key /tmp/\nRUN HF_TOKEN=`cat /tmp/hub.key` hf download m",
        "COPY hub.key /tmp/\nRUN export HF_TOKEN=$(tr -d '\\n' < /tmp/hub.key) && hf download m",
        "COPY keys/hub.key /tmp/\nRUN curl -H \"Authorization: Bearer $(cat /tmp/hub.key)\" https://huggingface.co/x",
        "WORKDIR /tmp\nCOPY hub.key .\nRUN hf download m --token $(cat hub.key)",
        "COPY hub.key /tmp/\nRUN python -c \"from huggingface_hub import snapshot_download; snapshot_download('m', token=open('/tmp/hub.key').read())\"",
        "ADD hub.key /tmp/\nRUN cp /tmp/hub.key /root/.cache/huggingface/token",
        "COPY hub.key /tmp/\nENV HF_TOKEN_PATH=/tmp/hub.key",
    ] {
        let hits = hits(lines, &[]);
        let hit = hits.iter().find(|hit| hit.rule.id == "dockerfile/copies-token-file");
        let hit = hit.unwrap_or_else(|| panic!("{lines}: {:?}", found(lines, &[])));
        assert_eq!(hit.leaves[0].path.as_deref(), Some("tmp/hub.key"), "{lines}");
        assert_eq!(hit.severity, crate::finding::Severity::High);
    }
    for lines in [
        "COPY key /tmp/\nRUN cat /tmp/key",
        "COPY key /tmp/\nRUN gpg --import $(cat /tmp/key)",
        "COPY id /tmp/\nRUN hf download $(cat /tmp/id)",
        "RUN --mount=type=bind,source=hub.key,target=/k hf download m --token $(cat /k)",
        "RUN hf download m --token $(cat /k)",
    ] {
        assert_eq!(found(lines, &[]), [""; 0], "{lines}");
    }
}

#[test]
fn a_secret_of_any_name_is_a_token_where_it_goes_to_the_hub() {
    for (lines, expected) in [
        (
            "RUN --mount=type=secret,id=npm_key T=$(cat /run/secrets/npm_key) && echo $T > /t && hf download m --token $T",
            vec!["token-written-to-file "],
        ),
        (
            "RUN --mount=type=secret,id=github,env=GH echo $GH > /t && HF_TOKEN=$GH hf download m",
            vec!["token-written-to-file "],
        ),
        ("RUN --mount=type=secret,id=github,env=GH echo $GH > /t", vec![]),
        (
            "RUN --mount=type=secret,id=ssh_key hf auth login --token $(cat /run/secrets/ssh_key)",
            vec!["login-with-secret-mount "],
        ),
    ] {
        assert_eq!(found(lines, &[]), expected, "{lines}");
    }
}
