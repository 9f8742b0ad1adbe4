//! Tests that a report on a kind of token follows the kind's table row, whatever the target. The kinds here
//! exist only in the table.

use crate::engine::Engine;
use crate::stop::Stop;
use crate::timestamp::Clock;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Options, run};
use crate::detect::tests::{token, web_token};
use crate::engine::Silent;
use crate::finding::Report;
use crate::fix::mend_file;
use crate::hub::tokens::{Body, Kind, made_up};
use crate::report::{self, Format, Style};
use crate::stream::{Compression, samples};

fn made(kind: &Kind) -> String {
    match kind.body {
        Body::Letters => token(kind.prefix),
        Body::WebToken => web_token(kind.prefix),
    }
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/made-up").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Returns an image archive with a token in a file of each layer, in the environment and in the history.
fn image(token: &str) -> Vec<u8> {
    let text = format!("token: {token}\n");
    let tars: Vec<Vec<u8>> = (0..3).map(|n| tar(&[(&format!("srv/{n}"), text.as_bytes())])).collect();
    let compressions = [Compression::None, Compression::Gzip, Compression::Zstd];
    let layers: Vec<(String, Vec<u8>)> = (0..)
        .zip(tars.iter().zip(compressions))
        .map(|(n, (tar, compression))| (format!("{n}.tar"), samples::part(compression, tar)))
        .collect();
    let diff_ids: Vec<String> = tars.iter().map(|tar| format!("sha256:{}", digest(tar))).collect();
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": [format!("HF_TOKEN={token}")]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created_by": format!("RUN x {token}")}, {"created_by": "RUN y"}, {"created_by": "RUN z"}],
    });
    let config = config.to_string().into_bytes();
    let name = format!("{}.json", digest(&config));
    let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
    let manifest = json!([{"Config": name, "RepoTags": ["a:b"], "Layers": names}]).to_string();
    let mut files: Vec<(&str, &[u8])> =
        layers.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    files.extend([(name.as_str(), config.as_slice()), ("manifest.json", manifest.as_bytes())]);
    tar(&files)
}

fn shown(report: &Report) -> (Value, String) {
    let mut text = Vec::new();
    report::render(Format::Text, report, report::Options::default(), &mut text).unwrap();
    (serde_json::to_value(report).unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn a_report_says_what_the_row_says() {
    for kind in made_up::kinds() {
        let token = made(kind);
        let directory = directory(kind.id);
        let engine = Engine::new(None, None, Clock::None);
        let write = |name: &str, content: &[u8]| {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            path
        };
        let dockerfile = format!("FROM a\nENV TOKEN={token}\nRUN hf auth login --token {token}\n");
        let context = write("context/Dockerfile", b"FROM a\nCOPY . /app\n").parent().unwrap().to_owned();
        write("context/settings.yaml", format!("a: {token}\n").as_bytes());
        let compose = format!("services:\n  a:\n    build:\n      args:\n        HF_TOKEN: {token}\n");
        write("context/compose.yaml", compose.as_bytes());
        let targets = [
            (write("image.tar", &image(&token)), 5, "image/token-in-file"),
            (write("Dockerfile", dockerfile.as_bytes()), 2, "dockerfile/literal-token"),
            (write("settings.yaml", format!("a: {token}\n").as_bytes()), 1, "context/token-in-file"),
            (context, 2, "dockerfile/context-leaks-token"),
        ];
        for (target, least, rule) in targets {
            let target = match target.file_name().and_then(|name| name.to_str()) {
                Some("settings.yaml") => format!("file:{}", target.display()).into(),
                _ => target.into_os_string(),
            };
            let (json, text) =
                shown(&run(&engine, &[target], &Options::default(), &Stop::default(), &Silent).finish());
            assert_eq!(json["complete"], true, "{json:#}");
            let of_token = |finding: &&Value| finding["token"].is_object();
            let findings: Vec<&Value> =
                json["findings"].as_array().unwrap().iter().filter(of_token).collect();
            assert!(findings.len() >= least, "{rule}: {json:#}");
            assert!(findings.iter().any(|finding| finding["rule"] == rule), "{rule}: {json:#}");
            for finding in findings {
                assert_eq!(finding["token"]["kind"], kind.id);
                let redacted = finding["token"]["redacted"].as_str().unwrap();
                assert_eq!(redacted, format!("{}…{}", kind.prefix, token.split_at(token.len() - 4).1));
                let help = finding["help"].as_str().unwrap();
                assert!(!help.contains("settings/tokens"), "{help}");
                let rule = finding["rule"].as_str().unwrap();
                let is_about_text = rule.ends_with("-token") || rule.contains("/token-in-file");
                if is_about_text || rule.starts_with("image/") {
                    assert!(help.contains(kind.vendor.revoke), "{rule}: {help}");
                }
                let message = finding["message"].as_str().unwrap();
                if rule.starts_with("image/") {
                    assert!(message.starts_with(&format!("Made-up {} in", kind.name)), "{message}");
                }
            }
            assert!(text.contains(kind.heading) && !text.contains(&token), "{text}");
            assert!(!json.to_string().contains(&token));
        }
        let (mending, _) = mend_file(&engine, &directory.join("Dockerfile")).unwrap();
        let mut out = Vec::new();
        report::mended::render(&mending, false, Style::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(&format!("revoke it at {}.", kind.vendor.revoke)), "{text}");
        assert!(!text.contains(&token) && !text.contains("settings/tokens"), "{text}");
    }
}
