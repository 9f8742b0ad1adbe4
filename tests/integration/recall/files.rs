//! Tokens in files of a layer: credential files of many tools, all kinds of token, and nested files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Planted, Row};
use crate::support::{Image, Kind, Layer, Layout, Place, Tar, Token, tools};

/// Paths and contents. `@@` is a token of known shape, `@?` is a credential of unknown shape, and `@64@` is
/// `user:` and the token in base64.
const KEPT: [(&str, &str); 62] = [
    ("root/.cache/huggingface/token", "@@"),
    ("root/.cache/huggingface/token", "@?"),
    ("home/user/.huggingface/token", "@?"),
    ("root/.cache/huggingface/stored_tokens", "[a]\nhf_token = @@\n"),
    ("root/.cache/huggingface/stored_tokens", "[a]\nhf_token = @?\n"),
    ("root/.cache/huggingface_staging/token", "@?"),
    ("root/.git-credentials", "https://hf_user:@@@huggingface.co\n"),
    ("root/.git-credentials", "https://hf_user:@?@huggingface.co\n"),
    ("root/.config/git/credentials", "https://hf_user:@?@huggingface.co\n"),
    ("app/.git/config", "[remote \"origin\"]\n\turl = https://user:@@@huggingface.co/o/r\n"),
    ("app/.git/config", "[remote \"origin\"]\n\turl = https://user:@?@huggingface.co/o/r\n"),
    ("app/.git/FETCH_HEAD", "0 branch 'main' of https://user:@@@huggingface.co/o/r\n"),
    ("app/.git/logs/HEAD", "0 1 a <a> 0 +0 clone: from https://user:@@@huggingface.co/o/r\n"),
    ("root/.gitconfig", "[url \"https://user:@@@huggingface.co/\"]\n\tinsteadOf = https://huggingface.co/\n"),
    ("root/.gitconfig", "[http \"https://huggingface.co\"]\n\textraHeader = Authorization: Bearer @?\n"),
    ("root/.netrc", "machine huggingface.co login user password @@\n"),
    ("root/.netrc", "machine huggingface.co\n  login user\n  password @?\n"),
    ("app/training_params.json", "{\"token\": \"@@\"}"),
    ("app/config.yaml", "hub_token: @@\n"),
    ("app/model/trainer_state.json", "{\"hub_token\": \"@@\"}"),
    ("app/a.ipynb", "{\"cells\":[{\"source\":[\"%env HF_TOKEN=@@\\n\"],\"outputs\":[]}]}"),
    ("app/b.ipynb", "{\"cells\":[{\"source\":[],\"outputs\":[{\"text\":[\"login\\n@@\\n\"]}]}]}"),
    ("app/c.ipynb", "{\"cells\":[{\"source\":[\"HF_TOKEN = \\\"@?\\\"\\n\"],\"outputs\":[]}]}"),
    ("app/users.csv", "user,hf_token\nann,@?\n"),
    ("app/wandb/run-1/files/wandb-metadata.json", "{\"args\": [\"--hf_token\", \"@@\"]}"),
    ("app/wandb/run-1/files/wandb-metadata.json", "{\"args\": [\"--hf_token\", \"@?\"]}"),
    ("app/mlruns/0/1/params/hf_token", "@@"),
    ("app/outputs/1/.hydra/overrides.yaml", "- hf_token=@@\n"),
    ("root/.bash_history", "export HF_TOKEN=@@\n"),
    ("root/.bash_history", "hf auth login --token @?\n"),
    ("root/.zsh_history", ": 1:0;hf download R --token @@\n"),
    ("root/.python_history", "login(\"@@\")\n"),
    ("root/.bashrc", "export HF_TOKEN=@?\n"),
    ("etc/environment", "HF_TOKEN=\"@@\"\n"),
    ("etc/profile.d/hf.sh", "export HF_TOKEN=@?\n"),
    ("app/.env", "HF_TOKEN=@@\n"),
    ("app/.env.local", "HUGGING_FACE_HUB_TOKEN=@?\n"),
    ("run/s6/container_environment/HF_TOKEN", "@?"),
    ("etc/systemd/system/a.service", "[Service]\nEnvironment=HF_TOKEN=@@\n"),
    ("etc/supervisord.conf", "environment=HF_TOKEN=\"@@\"\n"),
    ("app/requirements.txt", "a @ git+https://user:@@@huggingface.co/o/r\n"),
    ("usr/lib/python3/a.dist-info/direct_url.json", "{\"url\": \"https://user:@?@huggingface.co/o/r\"}"),
    ("app/.hfd/last_download_command", "aria2c --header=\"Authorization: Bearer @@\"\n"),
    ("root/.wgetrc", "header = Authorization: Bearer @@\n"),
    ("root/.curlrc", "header = \"Authorization: Bearer @?\"\nurl = https://huggingface.co/x\n"),
    ("root/.docker/config.json", "{\"auths\":{\"registry.hf.space\":{\"auth\":\"@64@\"}}}"),
    ("k8s/secret.yaml", "data:\n  token: @64@\n"),
    ("app/.github/workflows/ci.yml", "env:\n  HF_TOKEN: @@\n"),
    ("app/compose.yml", "services:\n  a:\n    environment:\n      - HF_TOKEN=@@\n"),
    ("app/main.tf", "variable \"t\" { default = \"@@\" }\n"),
    ("app/app.py", "InferenceClient(api_key=\"@@\")\n"),
    ("app/app.py", "HF_TOKEN = \"@?\"\n"),
    ("app/app.py", "from huggingface_hub import login\nlogin(token=\"@?\")\n"),
    ("app/app.py", "os.environ[\"HUGGING_FACE_HUB_TOKEN\"] = \"@?\"\n"),
    ("app/train.yaml", "hub_token: \"@?\"\n"),
    ("app/keys.json", "{\"huggingface_api_key\": \"@?\"}"),
    ("app/start.sh", "export HF_TOKEN='@?'\n"),
    ("app/fetch.sh", "curl -H \"Authorization: Bearer @?\" https://huggingface.co/api/whoami-v2\n"),
    ("app/fetch.sh", "git clone https://u:@?@huggingface.co/o/r\n"),
    ("app/login.sh", "echo @? | hf auth login\n"),
    ("app/login.sh", "echo @? > ~/.cache/huggingface/token\n"),
    ("app/login.sh", "docker login -u me -p @? registry.hf.space\n"),
];

pub(super) fn kept(planted: &Planted) -> Vec<Row> {
    let row = |(path, content): &(&str, &str)| {
        let opaque = if content.contains("@?") { ", a secret of unknown shape" } else { "" };
        let shown = content.replace("@@@", "TOKEN@").replace("@@", "TOKEN").replace("@?", "SECRET");
        let shown = shown.replace("@64@", "BASE64").replace('\n', "⏎").replace('\t', " ");
        let text = content.replace("@@@", &format!("{}@", planted.token.text()));
        let text = text.replace("@@", planted.token.text()).replace("@?", &planted.opaque);
        let encoded = STANDARD.encode(format!("user:{}", planted.token.text()));
        Row::file_as(&format!("`{path}`: `{shown}`{opaque}"), path, text.replace("@64@", &encoded))
    };
    KEPT.iter().map(row).collect()
}

pub(super) fn kind_name(kind: Kind) -> String {
    format!("`{}…`", kind.prefix())
}

pub(super) fn kinds() -> Vec<Row> {
    let row = |kind: &Kind| {
        let token = Token::new(*kind, "recall kinds");
        Row::file_as(&kind_name(*kind), "app/settings", format!("token: {}\n", token.text()))
    };
    Kind::ALL.iter().map(row).collect()
}

/// The packages that `tests/make_tables.py` needs.
const TABLES: [&str; 5] =
    ["cramjam==2.14.0", "fastavro==1.13.1", "h5py==3.16.0", "numpy==2.4.6", "pyarrow==26.0.1"];

/// Returns the files that `tests/make_containers.py` and `tests/make_tables.py` write, and an image inside an image.
pub(super) fn containers(place: &Place, planted: &Planted) -> Vec<Row> {
    let lines =
        (0..300).fold(String::new(), |text, i| text + &format!("line {i} and {}\n", i * 7919 % 100_003));
    let text = format!("{lines}HF_TOKEN={}\n{lines}", planted.token.text());
    let source = place.write("text", &text);
    let packages = tools::pip_packages(&TABLES);
    let mut files = Vec::new();
    for name in ["make_containers", "make_tables"] {
        let out = place.join(name);
        let script = format!("{}/tests/{name}.py", env!("CARGO_MANIFEST_DIR"));
        let path = format!("PYTHONPATH={}", packages.display());
        tools::run("env", &[&path, "python3", &script, tools::text(&out), tools::text(&source)]);
        files.extend(std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
    let file = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        Row::file(&format!("srv/{name}"), std::fs::read(path).unwrap())
    };
    let mut rows: Vec<Row> = files.iter().map(file).collect();
    let inner = Image::new("inner:latest", [Layer::new(&Tar::new().file("root/.netrc", &text).finish())]);
    rows.push(Row::file_as(
        "an image archive within a layer",
        "srv/inner.tar",
        Layout::of(&[&inner]).files().archive(),
    ));
    let tar = Tar::new().file("root/.cache/huggingface/token", &planted.opaque).finish();
    rows.push(Row::file_as(
        "a token file of unknown shape in a `.tar.gz` within a layer",
        "srv/home.tar.gz",
        crate::support::files::gzip(&tar),
    ));
    let inner = Image::new("inner:latest", [Layer::new(&tar)]);
    rows.push(Row::file_as(
        "a token file of unknown shape in an image archive within a layer",
        "srv/inner.tar",
        Layout::of(&[&inner]).files().archive(),
    ));
    rows.extend(images(place, planted));
    let metadata = format!("{{\"__metadata__\":{{\"hf_token\":\"{}\"}}}}", planted.opaque);
    let tensors = [&(metadata.len() as u64).to_le_bytes(), metadata.as_bytes()].concat();
    rows.push(Row::file_as(
        "a secret of unknown shape in the header of tensors",
        "srv/a.safetensors",
        tensors,
    ));
    rows
}

/// Returns images of file systems with a token file of unknown shape.
fn images(place: &Place, planted: &Planted) -> Vec<Row> {
    place.write("home/root/.cache/huggingface/token", &planted.opaque);
    let home = place.join("home");
    let make = |name: &str, command: &str| {
        let image = place.join(name);
        let script = format!("cd '{}' && {}", tools::text(&home), command.replace("@@", tools::text(&image)));
        tools::run("sh", &["-c", &script]);
        let form = format!("a token file of unknown shape in `{name}` within a layer");
        Row::file_as(&form, &format!("srv/{name}"), std::fs::read(image).unwrap())
    };
    vec![
        make("home.cpio", "find . | cpio --quiet -o -H newc > '@@'"),
        make("home.erofs", "mkfs.erofs --quiet '@@' . "),
        make("home-gzip.squashfs", "mksquashfs . '@@' -noappend -quiet -no-progress -comp gzip"),
        make("home-lz4.squashfs", "mksquashfs . '@@' -noappend -quiet -no-progress -comp lz4"),
    ]
}
