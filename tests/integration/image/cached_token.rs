//! The places where Hugging Face tools keep a token, including places moved by the image.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::expect::{fate, spot};
use crate::support::{Compression, Image, Kind, Layer, Layout, Outcome, Place, Tar, Token, scan, token};
use serde_json::{Value, json};

#[track_caller]
fn scan_images(images: &[&Image]) -> Outcome {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let place = Place::new(&format!("case{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    scan(&[place.write("app.tar", Layout::of(images).files().archive())])
}

#[track_caller]
fn scan_tar(tar: Tar, env: &[&str]) -> Outcome {
    scan_images(&[&Image::new("app:latest", [Layer::new(&tar.finish())]).env(env)])
}

/// Returns a secret that only its path reveals.
fn secret() -> String {
    token::shapeless("cached")
}

fn unknown(outcome: &Outcome) -> Vec<&Value> {
    outcome.findings().iter().filter(|finding| finding["token"]["kind"] == "unknown").collect()
}

/// Asserts that a secret of unknown shape is found at `path` in this environment.
#[track_caller]
fn assert_place(path: &str, env: &[&str]) {
    let outcome = scan_tar(Tar::new().file(path, secret()), env);
    let found = unknown(&outcome);
    assert_eq!(found.len(), 1, "{path} with {env:?}: {:#}", outcome.report());
    assert_eq!(found[0]["rule"], "image/cached-token");
    assert_eq!(found[0]["severity"], "critical");
    assert_eq!(found[0]["token"]["redacted"], "…");
    assert_eq!(found[0]["token"].get("sha256"), None);
    assert_eq!(spot(&found[0]["location"]), (0, path));
    assert_eq!((outcome.findings().len(), outcome.code), (1, 1));
}

/// Asserts that a file at `path` is not a credential file in this environment.
#[track_caller]
fn assert_no_place(path: &str, env: &[&str]) {
    scan_tar(Tar::new().file(path, secret()), env).assert_clean();
}

#[test]
fn the_places_of_every_version() {
    for home in ["root", "home/alice", "home/user"] {
        assert_place(&format!("{home}/.cache/huggingface/token"), &[]);
        assert_place(&format!("{home}/.huggingface/token"), &[]);
    }
}

#[test]
fn the_environment_moves_them() {
    assert_place("data/hf/token", &["HF_HOME=/data/hf"]);
    assert_place("run/keys/hub", &["HF_TOKEN_PATH=/run/keys/hub"]);
    assert_place("cache/huggingface/token", &["XDG_CACHE_HOME=/cache"]);
    assert_place("srv/me/.cache/huggingface/token", &["HOME=/srv/me"]);
    assert_place("data/hf/token", &["HF_HOME=/data/./hf/"]);
    assert_place("root/hf/token", &["HF_HOME=~/hf"]);
    assert_place("srv/hf/token", &["BASE=/srv", "HF_HOME=$BASE/hf"]);
}

#[test]
fn a_relative_place_begins_in_the_working_directory() {
    let tar = Tar::new().file("app/hf/token", secret()).file("hf/token", secret()).finish();
    for (directory, path) in [("/app", "app/hf/token"), ("/", "hf/token"), ("", "hf/token")] {
        let image = Image::new("relative:latest", [Layer::new(&tar)]).env(&["HF_HOME=hf"]);
        let image = image.with("WorkingDir", json!(directory));
        let outcome = scan_images(&[&image]);
        let paths: Vec<_> = unknown(&outcome).iter().map(|found| spot(&found["location"])).collect();
        assert_eq!(paths, [(0, path)], "{directory:?}");
    }
}

#[test]
fn a_place_is_one_only_where_the_environment_says_so() {
    assert_no_place("data/hf/token", &[]);
    assert_no_place("data/hf/token", &["HF_HOME=/data"]);
    assert_no_place("run/keys/hub", &["HF_HOME=/run/keys"]);
    assert_no_place("usr/share/token", &[]);
    assert_no_place("data/hf/token", &["HF_HUB_CACHE=/data/hf"]);
}

#[test]
fn every_users_home_counts() {
    let passwd = "root:x:0:0::/root:/bin/sh\nworker:x:1000:1000::/srv/worker:/bin/sh\n";
    let tar = Tar::new().file("etc/passwd", passwd).file("srv/worker/.cache/huggingface/token", secret());
    assert_eq!(unknown(&scan_tar(tar, &[])).len(), 1);
}

#[test]
fn a_home_behind_a_symbolic_link() {
    let path = "data/.cache/huggingface/token";
    let link = || Tar::new().symlink("root", "/data");
    let file = || Tar::new().file(path, secret());
    for layers in [vec![link().file(path, secret())], vec![link(), file()], vec![file(), link()]] {
        let layers = layers.into_iter().map(|tar| Layer::new(&tar.finish()));
        let outcome = scan_images(&[&Image::new("app:latest", layers)]);
        let found = unknown(&outcome);
        assert_eq!(found.len(), 1, "{:#}", outcome.report());
        assert_eq!(found[0]["location"]["path"], path);
    }
    let relative =
        Tar::new().symlink("root/.cache", "../data/cache").file("data/cache/huggingface/token", secret());
    assert_eq!(unknown(&scan_tar(relative, &[])).len(), 1);
}

#[test]
fn links_that_lead_in_a_circle_end() {
    let tar = Tar::new().symlink("root", "home/a").symlink("home/a", "../root").file("etc/x", "x");
    scan_tar(tar, &["HF_HOME=/root/hf"]).assert_clean();
}

#[test]
fn a_known_shape_is_a_cached_token_at_a_place_and_a_file_elsewhere() {
    for kind in Kind::ALL {
        let made = Token::new(kind, "cached");
        let outcome = scan_tar(Tar::new().file("root/.cache/huggingface/token", made.bytes()), &[]);
        outcome.location_of(&made, "image/cached-token");
        outcome.assert_found_only(&[&made]);
        let outcome = scan_tar(Tar::new().file("srv/notes", format!("\n key {}", made.text())), &[]);
        let location = outcome.location_of(&made, "image/token-in-file");
        assert_eq!((&location["line"], &location["column"]), (&Value::from(2), &Value::from(6)));
    }
}

#[test]
fn stored_tokens_gives_each_of_its_tokens() {
    let [access, first, refresh] =
        [Kind::OauthAccess, Kind::User, Kind::OauthRefresh].map(|kind| Token::new(kind, "stored"));
    let text = format!(
        "[laptop]\nhf_token = {}\n\n[oauth-alice]\nhf_token = {}\nrefresh_token = {}\nexpires_at = 1790000000\n\n",
        first.text(),
        access.text(),
        refresh.text()
    );
    for (path, env) in [
        ("root/.cache/huggingface/stored_tokens", &[][..]),
        ("data/stored_tokens", &["HF_HOME=/data"][..]),
        ("keys/stored_tokens", &["HF_TOKEN_PATH=/keys/hub"][..]),
    ] {
        let outcome = scan_tar(Tar::new().file(path, &text), env);
        outcome.assert_found_only(&[&first, &access, &refresh]);
        for (token, line) in [(&first, 2), (&access, 5), (&refresh, 6)] {
            assert_eq!(outcome.location_of(token, "image/cached-token")["line"], line);
        }
    }
    let shapeless = format!("[laptop]\nhf_token = {}\n", secret());
    let outcome = scan_tar(Tar::new().file("root/.cache/huggingface/stored_tokens", shapeless), &[]);
    assert_eq!(unknown(&outcome).len(), 1);
}

#[test]
fn what_is_no_token_is_not_reported() {
    for body in ["", "\n", "changeme", "<your token>", "your_token_here"] {
        scan_tar(Tar::new().file("root/.cache/huggingface/token", body), &[]).assert_clean();
    }
    let tar = Tar::new()
        .dir("root/.cache/huggingface/token")
        .file("root/.cache/huggingface/hub/version.txt", "1")
        .file("root/.cache/huggingface/stored_tokens.lock", "");
    scan_tar(tar, &[]).assert_clean();
    // The link points to the future mount point of the secret.
    scan_tar(Tar::new().symlink("root/.cache/huggingface/token", "/run/secrets/token"), &[]).assert_clean();
}

#[test]
fn source_code_that_speaks_of_tokens_is_no_store_of_them() {
    let python = "import typing\n\nNAMES = ['a', 'b']\n\n\nclass Login(Base[str]):\n    hf_token: Optional[str]\n    \
                  refresh_token: Dict[str,str]\n\n    def again(self):\n        return Login(\n            \
                  refresh_token=self._refresh_token,\n            hf_token=self.load_token(),\n        )\n";
    let typescript = "const all = [\n  login({\n    refresh_token: session.refreshToken,\n    hf_token: token.value,\n  }),\n];\n";
    let tar = Tar::new()
        .file("usr/lib/python3/dist-packages/hub/login.py", python)
        .file("root/.cache/huggingface/modules/hub/login.py", python)
        .file("app/src/login.ts", typescript)
        .file("app/[id]/stored_tokens.ts", typescript);
    scan_tar(tar, &[]).assert_clean();
}

#[test]
fn a_store_of_tokens_of_unknown_shape_is_found_at_its_place() {
    let text = format!("[laptop]\nhf_token = {0}\n\n[alice]\nhf_token={0}\nrefresh_token = {0}\n", secret());
    let outcome = scan_tar(Tar::new().file("home/app/.cache/huggingface/stored_tokens", &text), &[]);
    let found = unknown(&outcome);
    assert_eq!(found.len(), 3, "{:#}", outcome.report());
    for (finding, line) in found.iter().zip([2, 5, 6]) {
        assert_eq!(
            (&finding["rule"], &finding["location"]["line"]),
            (&"image/cached-token".into(), &line.into())
        );
    }
    assert_eq!(outcome.code, 1);
    // Elsewhere, only the names of the table count.
    let elsewhere = scan_tar(Tar::new().file("etc/app/tokens.ini", &text), &[]);
    let lines: Vec<_> = unknown(&elsewhere).iter().map(|finding| &finding["location"]["line"]).collect();
    assert_eq!(lines, [2, 5], "{:#}", elsewhere.report());
}

#[test]
fn in_a_layer_that_no_image_refers_to() {
    for compression in [Compression::Plain, Compression::Gzip] {
        let body = Tar::new().file("root/.cache/huggingface/token", secret()).finish();
        let mut layout = Layout::of(&[&Image::new("app:latest", [crate::support::broken::harmless("x")])]);
        let orphan = Layer::stored(&body, compression);
        layout.blob(&orphan.blob);
        let place = Place::new(&format!("orphan-{compression:?}"));
        let outcome = scan(&[place.write("app.tar", layout.files().archive())]);
        let found = unknown(&outcome);
        assert_eq!(found.len(), 1, "{:#}", outcome.report());
        let location = &found[0]["location"];
        assert_eq!(location["kind"], "blob");
        assert_eq!(location["entry"], *crate::support::image::blob_path(&orphan.digest()));
        assert_eq!((outcome.findings().len(), outcome.errors().len(), outcome.code), (1, 0, 1));
    }
}

#[test]
fn a_newline_behind_the_token_changes_nothing() {
    let outcome = scan_tar(Tar::new().file("root/.huggingface/token", format!("{}\n", secret())), &[]);
    assert_eq!(unknown(&outcome).len(), 1);
}

#[test]
fn images_that_share_a_layer_each_have_their_own_places() {
    let layer = Layer::new(&Tar::new().file("data/token", secret()).finish());
    let other = Layer::new(&Tar::new().file("opt/x", "x").finish());
    let moved = Image::new("moved:1", [layer.clone()]).env(&["HF_HOME=/data"]);
    let plain = Image::new("plain:1", [layer, other]);
    // Each image judges the shared layer by its own environment, in any order of reading.
    for images in [[&moved, &plain], [&plain, &moved]] {
        let outcome = scan_images(&images);
        let found = unknown(&outcome);
        assert_eq!(found.len(), 1, "{:#}", outcome.report());
        assert!(found[0]["location"]["image"].as_str().unwrap().contains("moved:1"));
    }
}

#[test]
fn images_that_share_a_leaking_layer_give_one_finding() {
    let made = Token::user("shared layer");
    let layer = Layer::new(&Tar::new().file("root/.cache/huggingface/token", made.bytes()).finish());
    let gone = Layer::new(&Tar::new().whiteout("root").finish());
    let outcome = scan_images(&[&Image::new("one:1", [layer.clone(), gone]), &Image::new("two:1", [layer])]);
    outcome.assert_found_only(&[&made]);
    let finding = outcome.finding_of(&made);
    // The reference that is still present comes first.
    assert!(finding["location"]["image"].as_str().unwrap().contains("two:1"));
    assert_eq!(fate(&finding["location"]), ("present", None));
    assert!(finding["also"][0]["image"].as_str().unwrap().contains("one:1"));
    assert_eq!(fate(&finding["also"][0]), ("deleted", Some(1)));
}
