//! The verdicts on a fixed set of blobs, which [`DETECTOR`] numbers. A cache is emptied by a new number and by nothing
//! else, so that a change of verdicts needs one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression as Level;
use sha2::{Digest as _, Sha256};

use super::engine;
use crate::detect::tests::{token, web_token};
use crate::digest::Algorithm;
use crate::digest::Digest;
use crate::engine::blob::{self, Reading};
use crate::hub::tokens::made_up;
use crate::stream::Compression;
use crate::stream::samples::{FORMATS, part, tar_of};
use crate::verdict::{BlobVerdict, Content, DETECTOR, codec};

/// Each version of the detector with the hash of its verdicts, the newest last. If the test fails because verdicts are
/// meant to change, increment `DETECTOR` and add a row. A new release of an encoder of the tests may change the hash as
/// well, through lengths of compressed bytes: then the last row is corrected.
const VERSIONS: [(u32, &str); 8] = [
    (1, "eb7dbad589427862a9d209e1911de33dedc5142be5527d185bc1a9055680b3cd"),
    (2, "aba01a4602d7b198ba1e386662b46d406c2471d018b02f14678510fce472aaad"),
    (3, "99a584c9a9ba63d5bbda8a77c1534e66d29cfcd113790bac277329614ae33154"),
    (4, "0cb663f16e32e94b6792c37b971ff3e1866a42992331189313b8b4ca80b965c8"),
    (5, "2a9a37b28e5c259a259da79d2c7e6c3e87e146a6c13828362fd31adcc03a17a2"),
    (6, "2a9a37b28e5c259a259da79d2c7e6c3e87e146a6c13828362fd31adcc03a17a2"),
    (7, "2a9a37b28e5c259a259da79d2c7e6c3e87e146a6c13828362fd31adcc03a17a2"),
    (8, "2a9a37b28e5c259a259da79d2c7e6c3e87e146a6c13828362fd31adcc03a17a2"),
];

/// A value of unknown shape.
const OPAQUE: &str = "b4Xk0Lw3TnR8pQz6YdVe1HsM";

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, b| format!("{hex}{b:02x}"))
}

/// A tar archive of these files.
fn layer(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, body) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        tar.append_data(&mut header, path, &body[..]).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    tar.append_link(&mut link, "srv/hard", &files[0].0).unwrap();
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "root/.cache", "/srv/cache").unwrap();
    tar.into_inner().unwrap()
}

/// Files that hold tokens in every form that a verdict distinguishes.
fn files() -> Vec<(String, Vec<u8>)> {
    let user = token("hf_");
    let assignment = format!("# settings\nHF_TOKEN={user}\n");
    let mut files: Vec<(&str, Vec<u8>)> = vec![
        ("root/.cache/huggingface/token", user.clone().into_bytes()),
        ("root/.cache/huggingface/stored_tokens", format!("[one]\nhf_token = {user}\n").into_bytes()),
        ("root/.cache/huggingface/.wh.stored_tokens", Vec::new()),
        ("srv/pod.yaml", b"- name: HF_TOKEN\n  value: Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901\n".to_vec()),
        ("srv/app.py", format!("t = os.environ.get('HF_TOKEN') or '{OPAQUE}'\n").into_bytes()),
        ("srv/app.php", format!("<?php $hfToken = '{OPAQUE}';\n").into_bytes()),
        ("srv/blob", STANDARD.encode(format!("HF_TOKEN={OPAQUE}{OPAQUE}\n")).into_bytes()),
        ("srv/.wh..wh..opq", Vec::new()),
        ("root/.netrc", b"machine huggingface.co login u password Qk2vTz7yWm4n\n".to_vec()),
        ("root/.git-credentials", b"https://u:Qk2vTz7yWm4n@huggingface.co\n".to_vec()),
        ("root/.docker/config.json", {
            let auth = STANDARD.encode("u:Qk2vTz7yWm4n");
            format!(r#"{{"auths":{{"registry.hf.space":{{"auth":"{auth}"}}}}}}"#).into_bytes()
        }),
        ("app/.env", b"HF_TOKEN=Qk2vTz7yWm4nQk2vTz7yWm4n\n".to_vec()),
        ("app/settings.py", assignment.clone().into_bytes()),
        ("app/base64", STANDARD.encode(&assignment).into_bytes()),
        ("app/hex", hex(&assignment).into_bytes()),
        ("app/utf16", utf16(&assignment)),
        ("app/percent", assignment.replace('_', "%5F").into_bytes()),
        ("app/json", assignment.replace('h', "\\u0068").into_bytes()),
        ("app/binary", [b"\x7fELF\0\0\0", user.as_bytes(), b"\0\0"].concat()),
        ("app/look-alike", format!("{}x.y\n", user.split_at(30).0).into_bytes()),
        (
            "app/nested",
            part(Compression::Gzip, &tar_of("inner/.env", &part(Compression::Zstd, assignment.as_bytes()))),
        ),
        ("app/.git/objects/ab/cdef", {
            let object = format!("blob {}\0{assignment}", assignment.len());
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Level::none());
            std::io::Write::write_all(&mut encoder, object.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }),
    ];
    for format in FORMATS {
        files.push(("packed", part(format, assignment.as_bytes())));
    }
    let kinds = made_up::shipped().iter().map(|kind| match kind.body {
        crate::hub::tokens::Body::Letters => token(kind.prefix),
        crate::hub::tokens::Body::WebToken => web_token(kind.prefix),
    });
    files.extend(kinds.map(|token| ("kinds", token.into_bytes())));
    files.into_iter().enumerate().map(|(n, (path, body))| (unique(n, path), body)).collect()
}

/// Paths that are used several times get a number.
fn unique(number: usize, path: &str) -> String {
    if path.contains('/') { path.to_owned() } else { format!("{path}/{number}") }
}

/// A verdict as a store could give it. None keeps one with texts of unknown shape.
fn without_texts(mut verdict: BlobVerdict) -> BlobVerdict {
    if let Content::Layer(layer) = &mut verdict.content {
        for file in &mut layer.files {
            file.occurrences.iter_mut().for_each(|occurrence| occurrence.text = None);
            file.credentials.iter_mut().for_each(|credential| credential.text = None);
        }
    }
    verdict
}

#[test]
fn verdicts_change_with_the_version_of_the_detector_alone() {
    let layer = layer(&files());
    let blobs = [
        layer.clone(),
        part(Compression::Gzip, &layer),
        part(Compression::Zstd, &layer),
        part(Compression::Gzip, format!("no layer, but {}\n", token("hf_")).as_bytes()),
    ];
    let mut hasher = Sha256::new();
    for blob in blobs {
        let engine = engine(1);
        let reading = Reading {
            verify_digests: true,
            algorithm: Algorithm::default(),
            scan: engine.scan(),
            reopen: None,
        };
        let verdict = without_texts(blob::audit(b"blobs/sha256/ab", &mut &blob[..], reading));
        let bytes = codec::encode(&verdict, 0).expect("a verdict without errors");
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    let hash = Digest::from_bytes(hasher.finalize().into()).hex();
    assert_eq!(
        VERSIONS.last(),
        Some(&(DETECTOR.0, hash.as_str())),
        "verdicts differ from those of this version: increment DETECTOR"
    );
    assert!(VERSIONS.is_sorted_by(|a, b| a.0 < b.0));
}
