//! Makes the leaky example that `make run` audits: a Dockerfile, and the image it would build.
//!
//! `make-example DIRECTORY` fills the files beside this one with a made-up token, and writes `Dockerfile` and
//! `app.tar` there. The image is a docker archive with a token cached in one layer and deleted in the next.

#[path = "../../tests/support/files.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used)]
mod files;
#[path = "../../tests/support/image.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
#[allow(clippy::string_slice)]
mod image;
#[path = "../../tests/support/tar.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::indexing_slicing, clippy::must_use_candidate)]
mod tar;
#[path = "../../tests/support/token.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]
#[allow(clippy::string_slice)]
mod token;

use std::path::PathBuf;

use files::Files;
use image::{Compression, Image, Layer};
use serde_json::json;
use tar::Tar;
use token::Token;

const PLACEHOLDER: &str = "@HF_TOKEN@";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: make-example DIRECTORY")?);
    std::fs::create_dir_all(&dir)?;
    let token = Token::user("example");
    let fill = |text: &str| text.replace(PLACEHOLDER, token.text());
    std::fs::write(dir.join("Dockerfile"), fill(include_str!("leaky.txt")))?;
    std::fs::write(dir.join("app.tar"), image(&fill).archive())?;
    Ok(())
}

/// The image that the Dockerfile would build, on a base of one small layer.
fn image(fill: &impl Fn(&str) -> String) -> Files {
    let hub = "root/.cache/huggingface";
    let layers = [
        Tar::new().dir("etc").file("etc/os-release", "NAME=example\n"),
        Tar::new()
            .file(format!("{hub}/token"), fill(PLACEHOLDER))
            .file(format!("{hub}/stored_tokens"), fill(include_str!("stored_tokens"))),
        Tar::new().file("models/config.json", "{}\n"),
        Tar::new().whiteout(hub),
        Tar::new().file("app/app.py", include_str!("app.py")),
    ];
    let history = json!([
        {"created_by": "ADD rootfs.tar / # buildkit"},
        {"created_by": "ARG HF_TOKEN", "empty_layer": true},
        {"created_by": fill("ENV HUGGING_FACE_HUB_TOKEN=@HF_TOKEN@"), "empty_layer": true},
        {"created_by": fill("RUN |1 HF_TOKEN=@HF_TOKEN@ /bin/sh -c hf auth login --token $HF_TOKEN # buildkit")},
        {"created_by": fill("RUN |1 HF_TOKEN=@HF_TOKEN@ /bin/sh -c hf download example/private-model --local-dir /models # buildkit")},
        {"created_by": fill("RUN |1 HF_TOKEN=@HF_TOKEN@ /bin/sh -c rm -rf /root/.cache/huggingface # buildkit")},
        {"created_by": "COPY app.py /app/app.py # buildkit"},
        {"created_by": "CMD [\"python\" \"/app/app.py\"]", "empty_layer": true},
    ]);
    let layers = layers.map(|tar| Layer::stored(&tar.finish(), Compression::Plain));
    let variable = fill("HUGGING_FACE_HUB_TOKEN=@HF_TOKEN@");
    let image = Image::new("example:latest", layers)
        .env(&["PATH=/usr/local/bin:/usr/bin:/bin", &variable])
        .with("Cmd", json!(["python", "/app/app.py"]))
        .history(history);
    image::docker_archive(&[&image])
}
