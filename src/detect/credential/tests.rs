//! Tests of the credential files of other software, one by one, and of streams against whole files.

use super::*;

/// The placeholder for the credential in the texts below.
const MARK: &str = "@@";
const SECRET: &str = "0paque-v4lue-ofOld";

/// Each place with a text in which [`MARK`] is replaced by the credential.
const PLACES: [(&str, CredentialForm, &str); 68] = [
    (
        "root/.git-credentials",
        CredentialForm::Url,
        "https://a:b@github.com\nhttps://hf_user:@@@huggingface.co\n",
    ),
    ("root/.config/git/credentials", CredentialForm::Url, "https://hf_user:@@@huggingface.co\n"),
    (
        "app/.git/config",
        CredentialForm::Url,
        "[remote \"origin\"]\n\turl = https://user:@@@huggingface.co/org/x\n\tfetch = +refs/*\n",
    ),
    (
        "app/.git/modules/m/config",
        CredentialForm::Url,
        "[remote \"origin\"]\n\turl = https://user:@@@hf.co/org/x\n",
    ),
    (
        "app/.git/FETCH_HEAD",
        CredentialForm::Url,
        "0123\t\tbranch 'main' of https://user:@@@huggingface.co/org/x\n",
    ),
    (
        "app/.git/logs/HEAD",
        CredentialForm::Url,
        "0 1 a <a@b> 1 +0000\tclone: from https://user:@@@huggingface.co/org/x\n",
    ),
    (
        "app/.git/lfs/config",
        CredentialForm::Url,
        "[lfs]\n\turl = https://user:@@@huggingface.co/org/x/info/lfs\n",
    ),
    (
        "root/.gitconfig",
        CredentialForm::Url,
        "[url \"https://user:@@@huggingface.co/\"]\n\tinsteadOf = https://huggingface.co/\n",
    ),
    (
        "root/.gitconfig",
        CredentialForm::Header,
        "[http \"https://huggingface.co\"]\n\textraHeader = Authorization: Bearer @@\n",
    ),
    ("app/.lfsconfig", CredentialForm::Url, "[lfs]\n\turl = https://user:@@@huggingface.co/org/x/info/lfs\n"),
    (
        "app/.gitmodules",
        CredentialForm::Url,
        "[submodule \"x\"]\n\turl = https://user:@@@huggingface.co/org/x\n",
    ),
    ("root/.netrc", CredentialForm::Netrc, "machine huggingface.co login user password @@\n"),
    ("root/_netrc", CredentialForm::Netrc, "machine hub-ci.huggingface.co\n  login user\n  password @@\n"),
    (
        "app/requirements.txt",
        CredentialForm::Url,
        "numpy\nx @ git+https://user:@@@huggingface.co/org/x@main\n",
    ),
    (
        "usr/lib/python3/x.dist-info/direct_url.json",
        CredentialForm::Url,
        "{\"url\": \"https://user:@@@huggingface.co/org/x\"}",
    ),
    ("etc/pip.conf", CredentialForm::Url, "[global]\nfind-links = https://user:@@@huggingface.co/org/x\n"),
    (
        "root/.config/uv/uv.toml",
        CredentialForm::Url,
        "[[index]]\nurl = \"https://user:@@@huggingface.co/org/x\"\n",
    ),
    (
        "app/uv.lock",
        CredentialForm::Url,
        "source = { git = \"https://user:@@@huggingface.co/org/x?rev=main#0\" }\n",
    ),
    ("app/poetry.lock", CredentialForm::Url, "url = \"https://user:@@@huggingface.co/org/x\"\n"),
    (
        "app/pyproject.toml",
        CredentialForm::Url,
        "dependencies = [\"x @ git+https://user:@@@huggingface.co/org/x\"]\n",
    ),
    (
        "app/environment.yml",
        CredentialForm::Url,
        "dependencies:\n  - pip:\n    - git+https://user:@@@huggingface.co/org/x\n",
    ),
    ("root/.condarc", CredentialForm::Url, "channels:\n  - https://user:@@@huggingface.co/org/x\n"),
    ("root/.bash_history", CredentialForm::Url, "git clone https://user:@@@huggingface.co/org/x\n"),
    ("root/.bash_history", CredentialForm::Assignment, "ls\nexport HF_TOKEN=@@\n"),
    ("root/.bash_history", CredentialForm::Argument, "hf auth login --token @@\nls\n"),
    (
        "root/.bash_history",
        CredentialForm::Header,
        "curl -H 'Authorization: Bearer @@' https://huggingface.co/api/whoami-v2\n",
    ),
    ("root/.zsh_history", CredentialForm::Assignment, ": 1700000000:0;HF_TOKEN=@@ hf download x\n"),
    ("root/.zsh_history", CredentialForm::Argument, ": 1700000000:0;echo @@ | huggingface-cli login\n"),
    ("root/.python_history", CredentialForm::Assignment, "import os\nos.environ['HF_TOKEN'] = '@@'\n"),
    ("root/.local/share/fish/fish_history", CredentialForm::Assignment, "- cmd: set -x HF_TOKEN @@\n"),
    ("root/.bashrc", CredentialForm::Assignment, "export HF_TOKEN=\"@@\"\n"),
    (
        "root/.profile",
        CredentialForm::Assignment,
        "HUGGING_FACE_HUB_TOKEN=@@; export HUGGING_FACE_HUB_TOKEN\n",
    ),
    ("etc/environment", CredentialForm::Assignment, "PATH=/bin\nHF_TOKEN=@@\n"),
    ("etc/profile.d/hf.sh", CredentialForm::Assignment, "export HF_TOKEN='@@'\n"),
    ("etc/default/app", CredentialForm::Assignment, "HUGGINGFACE_API_KEY=@@\n"),
    (
        "etc/systemd/system/app.service.d/env.conf",
        CredentialForm::Assignment,
        "[Service]\nEnvironment=HF_TOKEN=@@\n",
    ),
    (
        "etc/supervisor/conf.d/app.conf",
        CredentialForm::Assignment,
        "[program:app]\nenvironment=HF_TOKEN=\"@@\",A=\"b\"\n",
    ),
    ("run/s6/container_environment/HF_TOKEN", CredentialForm::Value, "@@\n"),
    ("HF_Token", CredentialForm::Value, "@@"),
    ("app/.env", CredentialForm::Assignment, "A=b\r\nHF_TOKEN=@@\r\n"),
    ("app/.env.production", CredentialForm::Assignment, "HUGGINGFACEHUB_API_TOKEN='@@'\n"),
    ("app/.envrc", CredentialForm::Assignment, "export HF_TOKEN=@@\n"),
    (
        "app/wandb/run-1/files/wandb-metadata.json",
        CredentialForm::Argument,
        "{\n  \"args\": [\n    \"--hf_token\",\n    \"@@\"\n  ]\n}\n",
    ),
    (
        "app/wandb/run-1/files/config.yaml",
        CredentialForm::Assignment,
        "hf_token:\n  desc: null\n  value: @@\n",
    ),
    ("mlruns/0/1/params/hf_token", CredentialForm::Value, "@@"),
    ("outputs/1/.hydra/config.yaml", CredentialForm::Assignment, "hub:\n  hf_token: @@\n"),
    ("outputs/1/.hydra/overrides.yaml", CredentialForm::Assignment, "- hub.hf_token=@@\n"),
    ("out/training_params.json", CredentialForm::Assignment, "{\"token\": \"@@\"}"),
    (
        "model/.hfd/aria2c_urls.txt",
        CredentialForm::Header,
        "https://huggingface.co/x\n  header=Authorization: Bearer @@\n",
    ),
    (
        "model/.hfd/last_download_command",
        CredentialForm::Header,
        "aria2c --header=\"Authorization: Bearer @@\" -i x\n",
    ),
    ("model/.hfd/last_download_command", CredentialForm::Argument, "hfd m --hf_username u --hf_token @@\n"),
    ("root/.wgetrc", CredentialForm::Header, "# https://huggingface.co\nheader = Authorization: Bearer @@\n"),
    ("root/.wgetrc", CredentialForm::Argument, "user = u\npassword = @@\nbase = https://huggingface.co/\n"),
    (
        "root/.curlrc",
        CredentialForm::Header,
        "header = \"Authorization: Bearer @@\"\nurl = https://hf.co/a\n",
    ),
    ("root/.curlrc", CredentialForm::Argument, "user = \"u:@@\"\nurl = https://huggingface.co/a\n"),
    (
        "root/.aria2/aria2.conf",
        CredentialForm::Header,
        "referer=https://hf.co/\nheader=Authorization: Bearer @@\n",
    ),
    ("root/.bash_history", CredentialForm::Argument, "ls\ncurl -u user:@@ https://huggingface.co/a\n"),
    (
        "root/.bash_history",
        CredentialForm::Argument,
        "wget --user=u --password=@@ https://huggingface.co/a\n",
    ),
    ("root/.python_history", CredentialForm::Argument, "x\nlogin(token=\"@@\")\n"),
    ("root/.python_history", CredentialForm::Argument, "huggingface_hub.login(\"@@\")\n"),
    ("root/.python_history", CredentialForm::Argument, "api = HfApi(token='@@')\n"),
    ("root/.python_history", CredentialForm::Argument, "c = InferenceClient(model='a/b', token='@@')\n"),
    (
        "srv/m.git/config",
        CredentialForm::Url,
        "[remote \"origin\"]\n\turl = https://u:@@@huggingface.co/o/r\n",
    ),
    (
        "srv/m.git/logs/HEAD",
        CredentialForm::Url,
        "0 1 a <a@b> 1 +0\tclone: from https://u:@@@huggingface.co/a\n",
    ),
    (
        "app/.git/worktrees/x/config.worktree",
        CredentialForm::Url,
        "[remote \"o\"]\n\turl = https://u:@@@huggingface.co/o/r\n",
    ),
    (
        "root/.docker/config.json",
        CredentialForm::DockerAuth,
        "{\"HttpHeaders\":{\"Authorization\":\"Bearer @@\"},\"auths\":{\"registry.hf.space\":{}}}",
    ),
    (
        "app/compose.yaml",
        CredentialForm::Assignment,
        "services:\n  a:\n    environment:\n      HF_TOKEN: @@\n",
    ),
    ("app/.github/workflows/ci.yml", CredentialForm::Assignment, "env:\n  HF_TOKEN: \"@@\"\n"),
];

fn at_place(path: &str, content: &[u8]) -> Vec<Credential> {
    credentials_in(path.as_bytes(), content)
        .into_iter()
        .filter(|credential| keeps(path.as_bytes(), credential.form))
        .collect()
}

#[test]
fn every_place_gives_its_credential() {
    for (path, form, text) in PLACES {
        let offset = text.find(MARK).unwrap() as u64;
        let found = at_place(path, text.replacen(MARK, SECRET, 1).as_bytes());
        let found: Vec<_> = found.iter().map(|credential| (credential.offset, credential.form)).collect();
        assert_eq!(found, [(offset, form)], "{path}: {text}");
    }
}

#[test]
fn no_place_gives_what_stands_for_one() {
    for (path, _, text) in PLACES {
        for value in [
            "",
            "<token>",
            "your_token_here",
            "hf_xxxxxxxxxxxxxxxx",
            "$HF_TOKEN",
            "${HF_TOKEN}",
            "changeme",
            "***",
            "none",
            "hf_...",
            "my-hf-token",
        ] {
            let text = text.replacen(MARK, value, 1);
            assert_eq!(at_place(path, text.as_bytes()), [], "{path}: {text}");
        }
        // The token search finds credentials of known shape.
        let text = text.replacen(MARK, &crate::detect::tests::token("hf_"), 1);
        assert_eq!(at_place(path, text.as_bytes()), [], "{path}");
    }
}

#[test]
fn no_other_file_is_such_a_place() {
    for (_, _, text) in PLACES {
        let text = text.replacen(MARK, SECRET, 1);
        for path in ["usr/share/doc/x/README.md", "usr/lib/python3/x.py", "app/src/main.rs", "etc/app.conf"] {
            assert_eq!(at_place(path, text.as_bytes()), [], "{path}: {text}");
        }
    }
}

#[test]
fn a_form_that_another_name_may_vouch_for_is_given_under_any() {
    for (_, form, text) in PLACES {
        let found = credentials_in(b"data/blob", text.replacen(MARK, SECRET, 1).as_bytes());
        let expected = matches!(form, CredentialForm::Netrc | CredentialForm::Url);
        assert_eq!(
            found.iter().any(|credential| credential.form == form),
            expected || found.iter().any(|k| k.form == form)
        );
    }
    assert_eq!(credentials_in(b"data/blob", format!("machine hf.co password {SECRET}").as_bytes()).len(), 1);
    assert_eq!(credentials_in(b"data/blob", format!("HF_TOKEN={SECRET} x").as_bytes()).len(), 0);
}

fn in_pieces(path: &str, content: &[u8], size: usize) -> Vec<Credential> {
    let mut search = CredentialSearch::new(path.as_bytes());
    content.chunks(size).for_each(|piece| search.feed(piece));
    search.finish()
}

#[test]
fn pieces_give_what_the_whole_gives() {
    for (path, _, text) in PLACES {
        let text = text.replacen(MARK, SECRET, 1);
        for size in [1, 7, 4096] {
            let whole = credentials_in(path.as_bytes(), text.as_bytes());
            assert_eq!(in_pieces(path, text.as_bytes(), size), whole, "{path}");
        }
    }
    assert_eq!(in_pieces("root/.netrc", b"", 1), []);
}

#[test]
fn a_history_of_any_length() {
    let line = "cd /work && make -j8 all # nothing to see here\n";
    for before in [0, 300, 23_000, 46_000, 70_000, 100_000] {
        let text = [&line.repeat(before), "export HF_TOKEN=", SECRET, "\n", &line.repeat(50_000)].concat();
        let found = in_pieces("root/.bash_history", text.as_bytes(), 60_000);
        assert_eq!(found.len(), 1, "{before}");
        assert_eq!(found[0].offset, text.find(SECRET).unwrap() as u64);
        assert_eq!(found[0].position, Some(Position { line: before as u64 + 1, column: 17 }));
    }
    // Values across the boundary of a window, in steps.
    for before in (search::WINDOW - 200..search::WINDOW + 50).step_by(47) {
        let text = [&"x".repeat(before), "\nexport HF_TOKEN=", SECRET, "\n", &line.repeat(100)].concat();
        assert_eq!(in_pieces("root/.bash_history", text.as_bytes(), 60_000).len(), 1, "{before}");
        let text = [&"x;".repeat(before / 2), "export HF_TOKEN=", SECRET, &";y".repeat(100_000)].concat();
        assert_eq!(in_pieces("root/.bash_history", text.as_bytes(), 60_000).len(), 1, "{before}");
    }
}

#[test]
fn odd_content_ends() {
    for path in [
        "root/.netrc",
        "root/.bash_history",
        "root/.docker/config.json",
        "x",
        "app/.env",
        "w/wandb-metadata.json",
    ] {
        for byte in [0_u8, b'x', b'\n', b'"', b'[', b'-', b'=', b'@', 0xff] {
            in_pieces(path, &vec![byte; 9 << 18], 1 << 16);
        }
        let machine = format!("machine hf.co password {SECRET}\0\u{1}\n").repeat(60_000);
        assert!(in_pieces(path, machine.as_bytes(), 1 << 16).len() <= 4096);
        let assigned = format!("HF_TOKEN={SECRET}\n").repeat(200_000);
        assert!(in_pieces(path, assigned.as_bytes(), 1 << 16).len() <= 4096);
    }
    let nul = format!("\0HF_TOKEN={SECRET}\n");
    assert_eq!(credentials_in(b"app/.env", nul.as_bytes())[0].position, None);
}
