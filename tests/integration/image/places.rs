//! Credentials of unknown shape in the files of other programs than the Hub client: netrc, git, package
//! managers, shells, docker and trackers.

use crate::support::{Image, Layer, Layout, Outcome, Place, Tar, Token, scan, token};
use base64::Engine as _;
use serde_json::{Value, json};

/// Path, text and rule. `@@` is replaced by the credential, and `@64@` by `user:` and the credential in base64.
const PLACES: [(&str, &str, &str); 22] = [
    ("root/.git-credentials", "https://hf_user:@@@huggingface.co\n", "image/cached-token"),
    ("home/a/.config/git/credentials", "https://hf_user:@@@huggingface.co\n", "image/cached-token"),
    ("root/.netrc", "machine huggingface.co login user password @@\n", "image/token-in-file"),
    (
        "app/.git/config",
        "[remote \"origin\"]\n\turl = https://u:@@@huggingface.co/o/r\n",
        "image/token-in-file",
    ),
    (
        "root/.gitconfig",
        "[http \"https://hf.co\"]\n\textraHeader = Authorization: Basic @64@\n",
        "image/token-in-file",
    ),
    ("app/requirements.txt", "x @ git+https://u:@@@huggingface.co/o/r\n", "image/token-in-file"),
    (
        "usr/lib/x.dist-info/direct_url.json",
        "{\"url\": \"https://u:@@@huggingface.co/o/r\"}",
        "image/token-in-file",
    ),
    (
        "root/.docker/config.json",
        "{\"auths\": {\"registry.hf.space\": {\"auth\": \"@64@\"}}}",
        "image/token-in-file",
    ),
    ("app/.env", "A=b\nHF_TOKEN=@@\n", "image/token-in-file"),
    ("etc/environment", "HF_TOKEN=@@\n", "image/token-in-file"),
    ("run/s6/container_environment/HF_TOKEN", "@@", "image/token-in-file"),
    ("root/.bash_history", "hf auth login --token @@\n", "image/token-in-file"),
    (
        "app/wandb/run-1/files/wandb-metadata.json",
        "{\"args\": [\"--hf_token\", \"@@\"]}",
        "image/token-in-file",
    ),
    ("outputs/.hydra/config.yaml", "hf_token: @@\n", "image/token-in-file"),
    ("m/.hfd/aria2c_urls.txt", "https://hf.co/x\n header=Authorization: Bearer @@\n", "image/token-in-file"),
    (
        "root/.curlrc",
        "header = \"Authorization: Bearer @@\"\nurl = https://huggingface.co/x\n",
        "image/token-in-file",
    ),
    ("root/.config/curl/.curlrc", "user = \"u:@@\"\nurl = https://huggingface.co/x\n", "image/token-in-file"),
    ("srv/m.git/config", "[remote \"o\"]\n\turl = https://u:@@@huggingface.co/o/r\n", "image/token-in-file"),
    ("srv/m.git/logs/HEAD", "0 1\tclone: from https://u:@@@huggingface.co/o/r\n", "image/token-in-file"),
    ("root/.python_history", "login(token=\"@@\")\n", "image/token-in-file"),
    ("root/.zsh_history", "curl -u u:@@ https://huggingface.co/x\n", "image/token-in-file"),
    ("m2/.hfd/last_download_command", "hfd m --hf_token @@\n", "image/token-in-file"),
];

fn fill(text: &str, secret: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}"));
    text.replace("@64@", &encoded).replacen("@@", secret, 1)
}

#[track_caller]
fn scan_tar(name: &str, tar: Tar, env: &[&str]) -> Outcome {
    let image = Image::new("app:latest", [Layer::new(&tar.finish())]).env(env);
    scan(&[Place::new(name).write("app.tar", Layout::of(&[&image]).files().archive())])
}

fn unknown(outcome: &Outcome) -> Vec<&Value> {
    outcome.findings().iter().filter(|finding| finding["token"]["kind"] == "unknown").collect()
}

#[test]
fn each_place_is_one_finding() {
    let secret = token::shapeless("places");
    let tar = PLACES.iter().fold(Tar::new(), |tar, (path, text, _)| tar.file(path, fill(text, &secret)));
    let outcome = scan_tar("each", tar, &[]);
    assert_eq!(outcome.findings().len(), PLACES.len(), "{:#}", outcome.report());
    for (path, text, rule) in PLACES {
        let found: Vec<_> =
            outcome.findings().iter().filter(|finding| finding["location"]["path"] == path).collect();
        assert_eq!(found.len(), 1, "{path}");
        let finding = found[0];
        let offset = text.find("@@").or_else(|| text.find("@64@")).unwrap();
        assert_eq!((&finding["rule"], &finding["confidence"]), (&json!(rule), &json!("medium")), "{path}");
        assert_eq!(finding["token"], json!({"kind": "unknown", "redacted": "…"}), "{path}");
        assert_eq!(finding["location"]["offset"], offset, "{path}");
        assert!(finding["location"]["line"].is_u64(), "{path}");
    }
    assert_eq!(outcome.code, 1);
}

#[test]
fn what_stands_for_a_credential_is_silent() {
    for (number, value) in
        ["", "<token>", "your_token_here", "$HF_TOKEN", "hf_xxxxxxxxxxxx"].into_iter().enumerate()
    {
        let tar = PLACES.iter().fold(Tar::new(), |tar, (path, text, _)| tar.file(path, fill(text, value)));
        scan_tar(&format!("silent{number}"), tar, &[]).assert_clean();
    }
}

#[test]
fn elsewhere_a_name_in_the_text_decides() {
    let secret = token::shapeless("places");
    let at = |number: usize| format!("usr/share/doc/{number}.md");
    let named = [
        "HF_TOKEN=@@\n",
        "hf_token: @@\n",
        "x @ git+https://u:@@@huggingface.co/o/r\n",
        "machine huggingface.co login user password @@\n",
        "hf auth login --token @@\n",
    ];
    let tar = |texts: &[&str]| {
        texts.iter().enumerate().fold(Tar::new(), |tar, (n, text)| tar.file(at(n), fill(text, &secret)))
    };
    let outcome = scan_tar("elsewhere", tar(&named), &[]);
    let found = unknown(&outcome);
    let paths: Vec<_> =
        found.iter().map(|finding| finding["location"]["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, (0..named.len()).map(at).collect::<Vec<_>>(), "{:#}", outcome.report());
    let others = ["@@\n", "password @@\n", "token = @@\n", "user = \"u:@@\"\n", "Authorization: Bearer @@\n"];
    scan_tar("others", tar(&others), &[]).assert_clean();
}

#[test]
fn a_known_shape_is_one_finding_with_its_own_kind() {
    for (number, (path, text, rule)) in
        PLACES.into_iter().enumerate().filter(|(_, (_, text, _))| !text.contains("@64@"))
    {
        let made = Token::user("places");
        let outcome =
            scan_tar(&format!("known{number}"), Tar::new().file(path, fill(text, made.text())), &[]);
        outcome.location_of(&made, rule);
        outcome.assert_found_only(&[&made]);
    }
}

#[test]
fn the_environment_and_links_move_them() {
    let secret = token::shapeless("places");
    // In any text, a password as short as this one does not count.
    let netrc = format!("machine huggingface.co login user password {}\n", &secret[..9]);
    let moved = scan_tar("moved", Tar::new().file("data/n", &netrc), &["NETRC=/data/n"]);
    assert_eq!(unknown(&moved).len(), 1, "{:#}", moved.report());
    scan_tar("unmoved", Tar::new().file("data/n", &netrc), &[]).assert_clean();
    let linked = scan_tar("linked", Tar::new().symlink("root/.netrc", "/data/n").file("data/n", &netrc), &[]);
    assert_eq!(unknown(&linked).len(), 1, "{:#}", linked.report());
    let hard = scan_tar("hard", Tar::new().file("data/n", &netrc).hard_link("root/.netrc", "data/n"), &[]);
    assert_eq!(unknown(&hard).len(), 1, "{:#}", hard.report());
}

#[test]
fn a_history_is_read_whatever_its_size() {
    let secret = token::shapeless("places");
    let line = "cd /work && make -j8 all # nothing to see here\n";
    let text = [&line.repeat(60_000), "export HF_TOKEN=", &secret, "\n", &line.repeat(60_000)].concat();
    let outcome = scan_tar("history", Tar::new().file("root/.bash_history", &text), &[]);
    let found = unknown(&outcome);
    assert_eq!(found.len(), 1, "{:#}", outcome.report());
    assert_eq!(found[0]["location"]["line"], 60_001);
}

#[test]
fn more_than_are_kept_is_an_error() {
    let secret = token::shapeless("places");
    let text = format!("HF_TOKEN={secret}\n").repeat(3000);
    let outcome = scan_tar("many", Tar::new().file("app/.env", &text), &[]);
    assert_eq!((unknown(&outcome).len(), outcome.errors().len()), (1000, 1));
}

#[test]
fn a_file_by_itself() {
    let secret = token::shapeless("places");
    let place = Place::new("file");
    for (path, text, _) in PLACES.into_iter().filter(|(path, ..)| !path.starts_with("etc/")) {
        let written = place.write(path, fill(text, &secret));
        let outcome = scan(&[format!("file:{}", written.display())]);
        let found = unknown(&outcome);
        assert_eq!(found.len(), 1, "{path}: {:#}", outcome.report());
        assert_eq!((&found[0]["rule"], outcome.code), (&json!("context/token-in-file"), 1), "{path}");
    }
    let plain = place.write("notes.txt", fill("password @@\n", &secret));
    scan(&[format!("file:{}", plain.display())]).assert_clean();
}

#[test]
fn beside_an_image_in_its_archive() {
    let secret = token::shapeless("places");
    let layout = Layout::of(&[&Image::new("app:latest", [crate::support::broken::harmless("x")])]);
    let mut files = layout.files();
    files.push("root/.netrc", fill(PLACES[2].1, &secret));
    files.push("root/.docker/config.json", fill(PLACES[7].1, &secret));
    let outcome = scan(&[Place::new("beside").write("app.tar", files.archive())]);
    let found = unknown(&outcome);
    assert_eq!(found.len(), 2, "{:#}", outcome.report());
    assert!(found.iter().all(|finding| finding["location"]["kind"] == "blob"));
}
