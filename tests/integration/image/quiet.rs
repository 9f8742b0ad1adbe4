//! No false positives: text that only looks like a token, or that mentions one, is not a finding anywhere.
//!
//! Dockerfiles that must not be flagged are beside their rules, in `src/rules/dockerfile/tests.rs`.

use crate::support::tools::{Umoci, pip_packages};
use crate::support::{Compression, Image, Layer, Layout, Place, Tar, scan, scan_by_any_jobs};
use serde_json::{Value, json};

/// Text for any file, command or label. `hf~` is replaced by the prefix if the text after it is as long as a
/// token. `@X@` is replaced by 34 times the letter x.
const TEXTS: &[&str] = &[
    // Placeholders.
    "HF_TOKEN=hf_@X@",
    "HF_TOKEN=hf_@X@xxxxxx",
    "HF_TOKEN = 'hf~XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX'",
    "token: api_org~XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "HF_TOKEN=hf_your_token_here",
    "HF_TOKEN=hf_YOUR_TOKEN_HERE",
    "HF_TOKEN=hf_xxxxx",
    "HF_TOKEN=hf_<token>",
    "HF_TOKEN=\"hf_***\"  # hf_... or hf_…",
    "hf~AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
    "hf~abcdefghijklmnopqrstuvwxyzabcdefgh",
    "hf~1234567890123456789012345678901234",
    "hf~abcdef123456abcdef123456abcdef1234",
    "hf~YourHuggingFaceTokenGoesHerePlease",
    "hf~ThisIsNotARealTokenJustAnExampleOk",
    "hf~SENTINEL_DO_NOT_PRINT_THIS_TOKEN_ANYWHERE",
    "ADD_YOUR_HUGGING_FACE_TOKEN_HERE your_huggingface_api_token_here",
    "Authorization: Bearer hf_@X@",
    "curl -H 'Authorization: Bearer $HF_TOKEN' https://huggingface.co/api/whoami-v2",
    "git clone https://user:hf_@X@@huggingface.co/org/model",
    "git clone https://<user>:<token>@huggingface.co/org/model",
    "git clone https://user:${HF_TOKEN}@huggingface.co/org/model",
    // References to a token.
    "token_file: /run/secrets/hf",
    "env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf-token, key: token}}}]",
    "HF_TOKEN: ${{ secrets.HF_TOKEN }}",
    "HF_TOKEN: \"{{ HF_TOKEN }}\"",
    "hf_token: <HF_TOKEN>",
    "HF_TOKEN=$(cat /run/secrets/hf_token) python dl.py",
    "token = os.environ[\"HF_TOKEN\"]",
    "token = os.getenv('HUGGING_FACE_HUB_TOKEN', None)",
    "const token = process.env.HF_TOKEN ?? process.env.HF_ACCESS_TOKEN",
    "docker run -e HF_TOKEN=$HF_TOKEN image",
    "docker run -e HF_TOKEN --env HUGGING_FACE_HUB_TOKEN=\"$HUGGING_FACE_HUB_TOKEN\" image",
    "docker build --secret id=HF_TOKEN,env=HF_TOKEN .",
    "--mount=type=secret,id=HF_TOKEN HF_TOKEN=\"$(cat /run/secrets/HF_TOKEN)\" python dl.py",
    "vllm serve org/model --hf-token --max-tokens 4096",
    "login(token=token, add_to_git_credential=False)",
    // Names.
    "from huggingface_hub import hf_hub_download; hf_hub_download('org/model', 'x', token=token)",
    "pip install hf_transfer hf_xet huggingface_hub[hf_transfer]",
    "hf_hub_url hf_raise_for_status hf_thread_map hf_file_system hf_model_weights_iterator",
    "hf_image_processor_config hf_deepspeed_config_obj hf_text_generation_models",
    "hf~requiredCharacteristicTypesForDisplayMetadata",
    "hf~requiredCharacteristicTypesForDisp",
    "hf~generatedByHomeAppForDisplayMetada",
    "hf~thequickbrownfoxjumpsoverthelazydo",
    "hf~modelweightsiteratorfordistributedloadingofmodels",
    "_call_hf~processorWithImagesAndVideosAndAudio._call_hf_processor",
    "OSCHF_DebugrHF_CAASIMULIAComputeServicesBuildTimeXx",
    "rhf~SponsoredContentWithoutAnyPersonalData",
    "&hf~servingcellpriorityparametersdescription_h_prio",
    "hf_oauth: true",
    "hf_oauth_expiration_minutes: 480",
    "hf_oauth_scopes:\n  - read-repos\n  - inference-api",
    "hf_jwt_public_key_url hf_jwt_public_keys hf_jwt_additional_public_keys",
    "localStorage.getItem('hf_oauth_token')",
    "hf_oauth__refresh_token",
    "hf_oauth_... hf_jwt_… hf_dummy hf_fake_token hf_example",
    // Addresses and paths.
    "https://huggingface.co/org/hf_model_name_v2",
    "ghcr.io/org/hf_image:tag",
    "models--org--hf_model/snapshots/0123456789abcdef0123456789abcdef01234567/config.json",
    // Rules of other scanners.
    r#"regex = '''\b(hf_(?i:[a-z]{34}))(?:[\x60'"\s;]|\\[nr]|$)'''"#,
    r"\b(?:hf_|api_org_)[a-zA-Z0-9]{34}\b",
    "keywords = [\"hf_\", \"api_org_\"]",
    // Sequencing reads and other noise.
    "@SEQ_ID\nGATTTGGGGTTCAAAGCAGTATCGATCAAATAGTAAATCC\n+\nhf~fghhhhggggfffeeedddcccbbbaaaBBBBBBBBBB\n",
    "!function(e,t){hf_a=function(n){return hf_b(n,e)},t.hf_c=hf_a}(window,{});",
];

/// Variables that name no token, or have no token as their value.
const VARIABLES: &[&str] = &[
    "HF_TOKEN=",
    "HF_TOKEN=\"\"",
    "HF_TOKEN=${HF_TOKEN}",
    "HF_TOKEN=$HF_TOKEN",
    "HF_TOKEN=hf_@X@",
    "HF_TOKEN=hf_your_token_here",
    "HF_TOKEN=<HF_TOKEN>",
    "HF_TOKEN=changeme",
    "HF_TOKEN=None",
    "HF_TOKEN=optional_for_gated",
    "HF_TOKEN=not-needed",
    "HF_API_KEY=none-required",
    "HF_TOKEN=anonymous",
    "HF_TOKEN=ci-placeholder",
    "HF_TOKEN=not-a-real-value",
    "HF_TOKEN=foobarbaz",
    "HF_TOKEN=AAAAAAAABBBB",
    "HF_TOKEN=prod-env-file",
    "HF_TOKEN=x-oauth-basic",
    "HF_TOKEN=votre_jeton_ici",
    "HF_TOKEN=你的huggingface令牌",
    "HF_TOKEN=不要提交",
    "HF_TOKEN=my-dog-has-fleas",
    "HF_TOKEN=#set-me-now",
    "HF_TOKEN=projects/123456789/secrets/hub/versions/1",
    "HF_TOKEN=us-central1-hub",
    "HF_KEY=text_column_2b",
    "HF_SECRET=vllm-credentials",
    "HF_TOKEN_SECRET=hub-creds-eu1b",
    "HF_PAT=opaque-v4lue",
    "HFT=high-frequency-trading",
    "HF_TOKEN=null",
    "HUGGING_FACE_HUB_TOKEN=your_token_here",
    "HUGGINGFACEHUB_API_TOKEN=your_huggingface_api_token_here",
    "HF_TOKEN_PATH=/run/secrets/hf_token",
    "HF_TOKEN_FILE=/run/secrets/hf_token",
    "HF_HOME=/data",
    "HF_HUB_CACHE=/data/hub",
    "HF_HUB_ENABLE_HF_TRANSFER=1",
    "HF_XET_HIGH_PERFORMANCE=1",
    "HF_HUB_OFFLINE=1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN=1",
    "HF_DEVICE_CODE_OAUTH_CLIENT_ID=3a0c9a2e-6f4d-4b8c-9d27-0f5b9c1e7a64",
    "OAUTH_CLIENT_ID=3a0c9a2e-6f4d-4b8c-9d27-0f5b9c1e7a64",
    "TOKENIZER_NAME=hf_tokenizer_of_the_second_version",
    "HF_TOKENIZER_PATH=/models/tokenizer.json",
    "HUGGINGFACE_TOKENIZER_LOAD_TIMEOUT=30",
    "TOKENIZERS_PARALLELISM=false",
    "MAX_TOKENS=4096",
    "HF_MAX_TOKENS=4096",
];

/// Credential files without a credential.
const FILES: &[(&str, &str)] = &[
    ("root/.cache/huggingface/token", ""),
    ("data/token", "\n"),
    ("home/a/.cache/huggingface/token", "/run/secrets/hf_token\n"),
    ("home/b/.cache/huggingface/token", "placeholder-value\n"),
    ("home/c/.cache/huggingface/token", "1234567890abcdef"),
    ("home/d/.cache/huggingface/stored_tokens", "[x]\nhf_token = placeholder-value\n"),
    ("root/.cache/huggingface/stored_tokens", ""),
    ("root/.cache/huggingface/stored_tokens.lock", ""),
    ("root/.cache/huggingface/hub/version.txt", "1"),
    (
        "root/.cache/huggingface/hub/models--org--hf_model/refs/main",
        "0123456789abcdef0123456789abcdef01234567",
    ),
    (
        "root/.cache/huggingface/hub/models--org--hf_model/snapshots/0123456789abcdef0123456789abcdef01234567/tokenizer.json",
        r#"{"version": "1.0", "model": {"type": "BPE", "vocab": {"hf_": 0, "token": 1}}}"#,
    ),
    ("root/.cache/huggingface/accelerate/default_config.yaml", "compute_environment: LOCAL_MACHINE\n"),
    ("srv/model/token", r#"{"version": "1.0", "added_tokens": [], "model": {"type": "WordPiece"}}"#),
    ("srv/model/tokens.txt", "<blank> 0\n<unk> 1\nhf_ 2\n"),
    ("root/.gitconfig", "[credential]\n\thelper = store\n"),
    ("root/.netrc", "machine example.com login someone password something\n"),
    ("root/.git-credentials", ""),
    (
        "root/.bash_history",
        "vllm serve org/model --hf-token --max-model-len 4096\nhf auth login --token tokenfile.txt\n\
         grep HF_TOKEN=something .env\nsed -i 's/HF_TOKEN=.*/HF_TOKEN=REPLACED/' .env\n",
    ),
    ("srv/wandb/run-1/files/wandb-metadata.json", r#"{"args": ["--hf_token", "--push_to_hub"]}"#),
    (
        "srv/docker-compose.yml",
        "services:\n  a:\n    labels:\n      hft: high-frequency-trading\n    environment:\n      \
         HF_TOKEN: #set-before-running\n      HF_API_TOKEN: *anchor_of_it\n      HF_API_KEY: !Tag x\n",
    ),
    ("root/.curlrc", "header = \"Authorization: Bearer 0paque-v4lue-ofOld\"\n"),
    ("root/.wgetrc", "header = Authorization: Basic dXNlcjpvcGFxdWUtdjRsdWU=\n"),
    ("outputs/.hydra/config.yaml", "hf_key: text_column\nhf_token: hub-cred-ref\n"),
    ("srv/.env", "HF_TOKEN=\nHUGGING_FACE_HUB_TOKEN=\"\"\nHF_HOME=/data\n"),
    ("srv/.env.example", "HF_TOKEN=hf_your_token_here\nHF_READ_TOKEN=<your token>\n"),
    ("root/.docker/config.json", r#"{"auths": {"registry.hf.space": {}}, "credsStore": "pass"}"#),
    ("srv/README.md", "---\ntitle: x\nsdk: gradio\nhf_oauth: true\nhf_oauth_expiration_minutes: 480\n---\n"),
];

fn written_out(text: &str) -> String {
    text.replace("hf~", concat!("hf", "_"))
        .replace("org~", concat!("org", "_"))
        .replace("@X@", &"x".repeat(34))
}

#[track_caller]
fn assert_quiet(name: &str, image: &Image) {
    let place = Place::new(name);
    scan_by_any_jobs(&place.write("app.tar", Layout::of(&[image]).files().archive())).assert_clean();
}

#[test]
fn texts_in_files() {
    let file_names = ["notes.txt", "main.py", ".env", "config.yaml", "Dockerfile", ".bash_history"];
    let mut tar = Tar::new();
    for (number, text) in TEXTS.iter().enumerate() {
        for name in file_names {
            tar = tar.file(format!("srv/{number}/{name}"), written_out(text));
        }
        tar = tar.file(format!("srv/{number}/line.txt"), format!("{}\n", written_out(text)));
        // The text is between other strings, as in a string table.
        tar = tar
            .file(format!("srv/{number}/strings.bin"), format!("\0name\0{}\0HF_TOKEN\0", written_out(text)));
    }
    let tar = tar.finish();
    assert_quiet("texts", &Image::new("texts:latest", [Layer::new(&tar)]));
    let packed =
        Tar::new().file("srv/texts.tar", &tar).file("srv/texts.tar.gz", crate::support::files::gzip(&tar));
    assert_quiet("packed-texts", &Image::new("texts:latest", [Layer::new(&packed.finish())]));
}

#[test]
fn texts_in_the_config() {
    let texts: Vec<_> = TEXTS.iter().map(|text| written_out(text)).collect();
    let labels: Value =
        texts.iter().enumerate().map(|(number, text)| (format!("note{number}"), json!(text))).collect();
    let variables: Vec<_> =
        texts.iter().enumerate().map(|(number, text)| format!("NOTE{number}={text}")).collect();
    let history: Vec<_> = texts
        .iter()
        .map(|text| json!({"created_by": format!("RUN /bin/sh -c {text} # buildkit"), "empty_layer": true}))
        .chain([json!({"created_by": "COPY . . # buildkit"})])
        .collect();
    let image = Image::new("config:latest", [Layer::new(&Tar::new().file("srv/x", "x").finish())])
        .with("Labels", labels)
        .with("Env", json!(variables))
        .with("Cmd", json!(texts))
        .history(json!(history));
    assert_quiet("config", &image);
}

#[test]
fn texts_in_a_dockerfile() {
    let comments: String = TEXTS
        .iter()
        .flat_map(|text| text.lines())
        .fold(String::new(), |all, line| all + &format!("# {}\n", written_out(line)));
    let dockerfile = Place::new("comments").write("Dockerfile", format!("FROM a\n{comments}RUN true\n"));
    scan(&[dockerfile]).assert_clean();
}

#[test]
fn variables() {
    for variable in VARIABLES {
        let variable = written_out(variable);
        let layer = Tar::new().file("srv/.env", format!("{variable}\n"));
        let arguments = format!("RUN |1 {variable} /bin/sh -c true # buildkit");
        let image = Image::new("variables:latest", [Layer::new(&layer.finish())])
            .env(&["PATH=/bin", &variable])
            .history(json!([{"created_by": format!("ENV {variable}"), "empty_layer": true},
                            {"created_by": arguments}]));
        assert_quiet("variables", &image);
    }
}

#[test]
fn places_without_a_token() {
    let mut tar = Tar::new().dir("srv/huggingface").dir("srv/huggingface/token");
    for (path, body) in FILES {
        tar = tar.file(path, body);
    }
    let removed = Tar::new().whiteout("root/.cache/huggingface/token").whiteout("data/token");
    let layers = [Layer::new(&tar.finish()), Layer::stored(&removed.finish(), Compression::Zstd)];
    let image = Image::new("places:latest", layers).env(&["HF_HOME=/data"]);
    assert_quiet("places", &image);
}

/// Scans an image with the packages that mention tokens most often.
#[test]
fn huggingface_hub_and_transformers() {
    let packages = pip_packages(&["huggingface_hub==2.4.0", "transformers==5.23.0"]);
    assert!(packages.join("huggingface_hub/__pycache__").exists(), "compiled modules are the worst noise");
    let app = b"import os\nfrom huggingface_hub import hf_hub_download\n\
        hf_hub_download('org/model', 'x', token=os.environ['HF_TOKEN'])\n";
    let image = Umoci::new(&Place::new("clean").join("layout"), "app")
        .tree(&packages, "/usr/lib/python3/dist-packages")
        .file("/app/main.py", app)
        .config(&["--config.env=HF_TOKEN_PATH=/run/secrets/hf_token", "--config.env=HF_HUB_OFFLINE=1"]);
    scan(&[image.dir()]).assert_clean();
}
