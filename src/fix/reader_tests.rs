//! The `RUN`s that get a secret, and the names under which they get it.

use super::tests::{MOUNT, becomes, run};

#[test]
fn installers_and_tools_get_no_secret() {
    for command in [
        "apt-get update && apt-get install -y git",
        "apk add --no-cache curl",
        "pip install -r /tmp/requirements.txt",
        "pip install .",
        "pip install --no-cache-dir -e /app",
        "python -m pip install huggingface_hub",
        "python3 -m venv /venv && . /venv/bin/activate && pip install x",
        "python setup.py install",
        "python --version",
        "uv pip install --system x",
        "uv sync --frozen",
        "sudo apt-get install -y x",
        "conda install -y x",
        "poetry install --no-root",
        "npm ci",
        "cargo build --release",
        "go mod download",
        "curl -sSf https://sh.rustup.rs | sh -s -- -y",
        "curl -LsSf https://example.org/install.sh | bash",
        "wget -qO- https://example.org/get-pip.py | python3 -",
        "wget -O /pic.png https://example.org/pic.png",
        "git clone https://example.org/x && cd x && git submodule update",
        "make -j8 && make install",
        "cmake -B build && cmake --build build",
        "patch -p1 < fix.patch",
        "echo done",
        "bash -c 'apt-get update && pip install x'",
        "/bin/bash -lc \"pip install x\"",
        "env DEBIAN_FRONTEND=noninteractive apt-get install -y x",
        "xargs pip install < list",
        "time make",
        "useradd -m app && chown -R app /app",
        "find / -name '*.pyc' -delete",
        ". $HOME/.cargo/env && cargo build",
        "for p in a b; do pip install $p; done",
        "if [ -f r.txt ]; then pip install -r r.txt; fi",
    ] {
        becomes(&format!("ARG HF_TOKEN\nRUN {command}\n"), &format!("RUN {command}\n"));
    }
}

#[test]
fn clients_and_scripts_get_the_secret() {
    for command in [
        "hf download m",
        "huggingface-cli download m",
        "python d.py",
        "python -m app.download",
        "python -c \"import app; app.go()\"",
        "pip install x && python d.py",
        "bash download.sh",
        "sh ./download.sh",
        "./download.sh",
        "/app/fetch --all",
        "cat d.sh | bash",
        "uv run d.py",
        "uvx some-tool",
        "poetry run fetch",
        "conda run -n app python d.py",
        "npm run models",
        "cargo run --release",
        "node d.js",
        "bash -c 'pip install x && ./download.sh'",
        "timeout 60 ./d.sh",
        "sudo -E ./d.sh",
        ". ./download.sh",
        "find . -name '*.sh' -exec sh {} \\;",
        "vllm serve m --dry-run",
        "axolotl preprocess c.yml",
        "echo $HF_TOKEN | wc -c",
        "curl -H \"Authorization: Bearer ${HF_TOKEN}\" https://huggingface.co/x",
        "HF_TOKEN=$HF_TOKEN pip install x",
        "make TOKEN=${HF_TOKEN}",
    ] {
        becomes(&format!("ARG HF_TOKEN\nRUN {command}\n"), &format!("RUN MOUNT {command}\n"));
    }
}

#[test]
fn a_comment_does_not_name_a_variable() {
    becomes(
        "ARG HF_TOKEN\nRUN apt-get update && \\\n    # no HF_TOKEN here\n    apt-get install x\n",
        "RUN apt-get update && \\\n    # no HF_TOKEN here\n    apt-get install x\n",
    );
}

#[test]
fn each_name_that_a_script_may_read_is_given() {
    let old = "--mount=type=secret,id=HF_TOKEN,env=HUGGING_FACE_HUB_TOKEN";
    becomes(
        "ARG HF_TOKEN\nENV HUGGING_FACE_HUB_TOKEN=${HF_TOKEN}\nRUN python d.py\n",
        &format!("RUN MOUNT {old} python d.py\n"),
    );
    becomes(
        "ARG HF_TOKEN\nENV HUGGING_FACE_HUB_TOKEN=${HF_TOKEN}\nRUN hf download m\nRUN apt-get update\n",
        "RUN MOUNT hf download m\nRUN apt-get update\n",
    );
    becomes(
        "ARG HF_TOKEN\nENV HF_API_TOKEN=$HF_TOKEN HUGGING_FACE_HUB_TOKEN=$HF_TOKEN\nRUN ./d.sh\n",
        &format!("RUN --mount=type=secret,id=HF_TOKEN,env=HF_API_TOKEN MOUNT {old} ./d.sh\n"),
    );
    becomes(
        "ARG HUGGING_FACE_HUB_TOKEN\nENV HF_TOKEN=$HUGGING_FACE_HUB_TOKEN\nRUN python d.py\n",
        "RUN --mount=type=secret,id=HUGGING_FACE_HUB_TOKEN,env=HF_TOKEN \
         --mount=type=secret,id=HUGGING_FACE_HUB_TOKEN,env=HUGGING_FACE_HUB_TOKEN python d.py\n",
    );
    // A script in the Dockerfile that names its variable reads no other, but for those that the libraries read.
    becomes(
        "ARG HUGGINGFACE_TOKEN_BUILD\nARG HUGGING_FACE_HUB_TOKEN_ARG=\"\"\nARG HF_TOKEN\nENV \
         HUGGINGFACE_TOKEN_BUILD=${HUGGINGFACE_TOKEN_BUILD}\nRUN python -c \"import os; d(os.environ['HUGGINGFACE_TOKEN_BUILD'])\"\n\
         ENV HUGGINGFACE_TOKEN_BUILD=\"\"\n",
        "RUN MOUNT --mount=type=secret,id=HUGGINGFACE_TOKEN_BUILD,env=HUGGINGFACE_TOKEN_BUILD python -c \"import os; \
         d(os.environ['HUGGINGFACE_TOKEN_BUILD'])\"\n",
    );
    // A build argument that only hands its value on is not what a script reads.
    becomes(
        "ARG TOKEN\nENV HF_TOKEN=$TOKEN\nRUN python d.py\n",
        "RUN --mount=type=secret,id=TOKEN,env=HF_TOKEN python d.py\n",
    );
    becomes(
        "ARG TOK\nENV HF_TOKEN=${TOK}\nCMD [\"python\",\"serve.py\"]\n",
        "CMD [\"python\",\"serve.py\"]\n",
    );
    becomes(
        "ARG TOK\nARG MORE=$TOK\nENV HF_TOKEN=${MORE}\nRUN ./d.sh\n",
        "RUN --mount=type=secret,id=TOK,env=HF_TOKEN ./d.sh\n",
    );
}

#[test]
fn an_id_of_the_file_is_used_again() {
    for (id, flags) in [
        ("hf_token", "id=hf_token,env=HF_TOKEN"),
        ("hf-token", "id=hf-token,env=HF_TOKEN"),
        ("hub", "id=hub,env=HF_TOKEN"),
        ("hub", "id=hub,env=HUGGING_FACE_HUB_TOKEN"),
        ("huggingface", "id=huggingface,env=HF_TOKEN,required=true"),
    ] {
        let source = format!(
            "FROM a\nRUN --mount=type=secret,{flags} ./x.sh\nARG HF_TOKEN\nRUN hf download m --token $HF_TOKEN\n"
        );
        let (text, left) = run(&source);
        let line = format!("RUN --mount=type=secret,id={id},env=HF_TOKEN hf download m --token $HF_TOKEN\n");
        assert!(text.ends_with(&line) && left.is_empty(), "{text}");
    }
    // A secret of another name may be another token.
    let (text, _) = run(
        "FROM a\nRUN --mount=type=secret,id=hf_write,env=HF_WRITE_TOKEN ./x.sh\nARG HF_TOKEN\nRUN ./y.sh\n",
    );
    assert!(text.contains(&format!("RUN {MOUNT} ./y.sh\n")), "{text}");
}

#[test]
fn the_argument_of_a_login_goes_with_it() {
    for (login, rest) in [
        ("python -c 'from huggingface_hub import HfFolder as F; F.save_token(\"'$TOK'\")'", ""),
        ("hf auth login --token $TOK", ""),
        ("echo \"$TOK\" | hf auth login", ""),
        (
            "hf auth login --token \"$(printf %s $TOK)\" && ./d.sh",
            "RUN --mount=type=secret,id=TOK,env=HF_TOKEN ./d.sh\n",
        ),
    ] {
        becomes(&format!("ARG TOK\nRUN {login}\n"), rest);
    }
}

#[test]
fn a_clone_with_a_password_of_unknown_shape_is_mended() {
    becomes(
        "RUN git clone https://user:@OPAQUE@@huggingface.co/o/r\n",
        "RUN MOUNT git -c credential.helper='!f() { echo username=user; echo \"password=$HF_TOKEN\"; }; f' clone \
         https://huggingface.co/o/r\n",
    );
    becomes(
        "ARG HF_TOKEN\nRUN git clone http://user:$HF_TOKEN@huggingface.co/o/r\n",
        "RUN MOUNT git -c credential.helper='!f() { echo username=user; echo \"password=$HF_TOKEN\"; }; f' clone \
         http://huggingface.co/o/r\n",
    );
}

#[test]
fn a_secret_that_goes_to_the_hub_is_used_again() {
    let first = "RUN --mount=type=secret,id=hub hf download o/a --token $(cat /run/secrets/hub)\n";
    becomes(
        &format!("ARG HF_TOKEN\n{first}RUN hf download o/b --token $HF_TOKEN\n"),
        &format!("{first}RUN --mount=type=secret,id=hub,env=HF_TOKEN hf download o/b --token $HF_TOKEN\n"),
    );
    let source = format!("FROM a\nARG HF_TOKEN\n{first}RUN hf download o/b\n");
    let secrets = |source: &str| {
        let mended = super::mend::mend(source.as_bytes());
        mended.secrets.iter().map(|secret| secret.argument().as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(secrets(&source), ["id=hub,env=HF_TOKEN"]);
    // Other secrets are not the token, and two tokens may belong to two accounts.
    let other = "RUN --mount=type=secret,id=aws aws s3 cp s3://b/x . --token $(cat /run/secrets/aws)\n";
    let source = format!("FROM a\nARG HF_TOKEN\n{other}RUN hf download o/b\n");
    assert_eq!(secrets(&source), ["id=HF_TOKEN,env=HF_TOKEN"]);
    let source = format!("FROM a\nARG MY_HF_TOKEN\n{first}RUN hf download o/b --token $MY_HF_TOKEN\n");
    assert_eq!(secrets(&source), ["id=MY_HF_TOKEN,env=MY_HF_TOKEN", "id=hub,env=HF_TOKEN"]);
}
