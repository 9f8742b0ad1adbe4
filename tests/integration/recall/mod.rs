//! Recall: tokens planted in every possible way in images and Dockerfiles, and then searched for. `make docs`
//! writes the results to `docs/recall.md`.

mod dockerfiles;
mod documents;
mod encodings;
mod files;
mod git;
mod tars;
mod texts;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::{Compression, Image, Layer, Layout, Place, Tar, Token, page, scan_by_any_jobs, token};
use serde_json::Value;

/// The text of the page about the length of a token.
const LENGTH: &str = "\n## The length of a token\n\n\
    A user access token is `hf_` and 34 letters, as far as has been seen. A text that goes on with a letter is a \
    longer name, and is not taken for a token, although some scanners take up to 40 characters. Such a value is found \
    where a name or a command gives it to the Hub, as any value of unknown shape. A digit or an underscore behind the \
    34 letters does not hide a token: people write `backup_TOKEN_2024`.\n";

/// One way to hold a token, and a target that does so.
struct Row {
    form: String,
    target: Target,
}

/// The target to scan.
enum Target {
    Dockerfile(String),
    /// An image archive.
    Archive(Vec<u8>),
    /// A directory with one entry: the entry's path, and its target if it is a link.
    Directory(String, Option<String>),
}

/// The planted secrets: a token of known shape, and a credential of unknown shape.
struct Planted {
    token: Token,
    opaque: String,
}

impl Row {
    fn dockerfile(form: &str, text: impl Into<String>) -> Self {
        Self { form: form.to_owned(), target: Target::Dockerfile(text.into()) }
    }

    fn image(form: &str, image: &Image) -> Self {
        let archive = Layout::of(&[image]).files().archive();
        Self { form: form.to_owned(), target: Target::Archive(archive) }
    }

    fn layer(form: &str, tar: &[u8], compression: Compression) -> Self {
        Self::image(form, &Image::new("app:latest", [Layer::stored(tar, compression)]))
    }

    /// Returns an image with one file in a layer.
    fn file(path: &str, content: impl AsRef<[u8]>) -> Self {
        Self::file_as(&format!("`{path}`"), path, content)
    }

    fn file_as(form: &str, path: &str, content: impl AsRef<[u8]>) -> Self {
        Self::layer(form, &Tar::new().file(path, content).finish(), Compression::Gzip)
    }
}

/// Scans a row. Returns the rules of the findings on planted secrets, with their decoding steps.
fn found(place: &Place, number: usize, row: &Row, planted: &Planted) -> BTreeSet<String> {
    let path = match &row.target {
        Target::Dockerfile(text) => place.write(&format!("{number}/Dockerfile"), text),
        Target::Archive(bytes) => place.write(&format!("{number}/app.tar"), bytes),
        Target::Directory(path, None) => {
            place.write(&format!("{number}/{path}"), "");
            place.join(&number.to_string())
        }
        Target::Directory(path, Some(target)) => {
            let root = place.join(&number.to_string());
            std::fs::create_dir_all(&root).unwrap();
            std::os::unix::fs::symlink(target, root.join(path)).unwrap();
            root
        }
    };
    let outcome = scan_by_any_jobs(&path);
    assert_eq!(outcome.errors(), [] as [Value; 0], "{}", row.form);
    let sha256 = planted.token.sha256();
    let is_dockerfile = matches!(row.target, Target::Dockerfile(_));
    let ours = |finding: &&Value| {
        let token = &finding["token"];
        is_dockerfile || token["sha256"] == *sha256 || token["kind"] == "unknown"
    };
    let line = |finding: &Value| {
        let via: Vec<&str> = finding["location"]["via"]
            .as_array()
            .map(|via| via.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let via: Vec<String> = via.iter().map(|step| shortened(step)).collect();
        let rule = finding["rule"].as_str().unwrap();
        if via.is_empty() { rule.to_owned() } else { format!("{rule} ({})", via.join(" > ")) }
    };
    outcome.findings().iter().filter(ours).map(line).collect()
}

/// Returns a step without IDs that change from run to run.
fn shortened(step: &str) -> String {
    match step.split_once(':') {
        Some(("git", rest)) => match rest.split_once(':') {
            Some((_, path)) => format!("git:COMMIT:{path}"),
            None => "git:COMMIT".to_owned(),
        },
        Some(("tar", path)) if path.starts_with("blobs/") => "tar:blobs/…".to_owned(),
        _ => step.to_owned(),
    }
}

#[test]
fn every_form_is_found() {
    let place = Place::new("rows");
    let planted = Planted { token: Token::user("recall"), opaque: token::shapeless("recall") };
    let groups = [
        ("What a Dockerfile would bake", dockerfiles::rows(&planted)),
        ("Files in which tools keep tokens", files::kept(&planted)),
        ("Kinds of token", files::kinds()),
        ("Containers", files::containers(&place, &planted)),
        ("Encodings", encodings::rows(&planted)),
        ("Encodings within encodings", texts::nested(&planted)),
        ("Dumps, logs, and texts that are put together", texts::put_together(&planted)),
        ("Names in any text", texts::named(&planted)),
        ("Git", git::rows(&planted)),
        ("Documents of the image", documents::rows(&planted)),
        ("Around the tar", tars::rows(&place, &planted)),
        ("Directories", tars::names(&planted)),
    ];
    let mut page =
        "# Recall\n\nEvery form below is planted in a generated image or Dockerfile and scanned by \
        `tests/integration/recall`, which fails where one is not found. Written by `make docs`.\n"
            .to_owned();
    let (mut number, mut missed) = (0, Vec::new());
    for (title, rows) in groups {
        write!(page, "\n## {title}\n\n| form | found | as |\n| --- | --- | --- |\n").unwrap();
        for row in rows {
            number += 1;
            let mut planted = &planted;
            let own;
            if let Some(kind) =
                crate::support::Kind::ALL.into_iter().find(|kind| row.form == files::kind_name(*kind))
            {
                own = Planted { token: Token::new(kind, "recall kinds"), opaque: planted.opaque.clone() };
                planted = &own;
            }
            let rules = found(&place, number, &row, planted);
            let list: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
            let yes = if rules.is_empty() { "**no**" } else { "yes" };
            writeln!(page, "| {} | {yes} | {} |", row.form.replace('|', "\\|"), list.join(", ")).unwrap();
            if rules.is_empty() {
                missed.push(row.form);
            }
        }
    }
    assert_eq!(missed, [""; 0], "not found");
    page.push_str(LENGTH);
    writeln!(page, "\n{number} of {number} forms are found.").unwrap();
    page::assert_current("recall.md", &page);
}
