//! Tokens in a layer's tar stream, outside its files.

use std::io::Write as _;

use super::{Planted, Row};
use crate::support::tar::Header;
use crate::support::tools::{SPARSE_FORMATS, sparse_tar, tar_sparse};
use crate::support::{Compression, Image, Layer, Layout, Place, Tar, files};

fn layer(form: &str, tar: Tar) -> Row {
    Row::layer(form, &tar.finish(), Compression::Gzip)
}

/// Returns an image with one layer. The layer's blob is `blob`, and its diff ID is that of `tar`, a tar stream
/// without a token.
fn blob(form: &str, blob: Vec<u8>, tar: &[u8]) -> Row {
    let mut layer = Layer::new(tar);
    layer.blob = blob;
    Row::image(form, &Image::new("app:latest", [layer]))
}

/// Returns a layer with a file that is zeros up to `text`.
fn padded_with_zeros(text: &str) -> Vec<u8> {
    Tar::new().file("srv/a", [&vec![0; 100_000][..], text.as_bytes()].concat()).finish()
}

pub(super) fn rows(place: &Place, planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let text = format!("HF_TOKEN={token}\n");
    let (head, tail) = token.split_at(20);
    let start = [&vec![b'-'; 512 - head.len()][..], head.as_bytes()].concat();
    let nothing = Tar::new().file("srv/a", "nothing\n").finish();
    let named = flate2::GzBuilder::new().filename(token.as_bytes()).comment("a");
    let mut named = named.write(Vec::new(), flate2::Compression::fast());
    named.write_all(&nothing).unwrap();
    let skippable =
        [&b"\x50\x2a\x4d\x18"[..], &u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()];
    let second = Tar::new().file("srv/b", &text).finish();
    let mut padded = Tar::new().file("srv/a", "a").unfinished();
    padded.splice(512 + 10..512 + 10 + token.len(), token.bytes());
    let mut rows = vec![
        layer("a sparse file (GNU)", Tar::new().gnu_sparse("srv/a", &[(8192, text.as_bytes())], 65536)),
        layer("a sparse file (pax 1.0)", Tar::new().pax_sparse("srv/a", &[(8192, text.as_bytes())], 65536)),
        layer(
            "a sparse file, across two stretches that meet",
            Tar::new().gnu_sparse("srv/a", &[(0, &start), (512, tail.as_bytes())], 65536),
        ),
        layer("a file's name", Tar::new().file(format!("srv/{token}"), "")),
        layer("the target of a link", Tar::new().symlink("srv/a", format!("/x/{token}"))),
        layer("a pax record", Tar::new().pax(&[("comment", text.as_bytes())]).file("srv/a", "")),
        layer(
            "an extended attribute",
            Tar::new().pax(&[("SCHILY.xattr.user.a", text.as_bytes())]).file("srv/a", ""),
        ),
        layer(
            "a global pax record",
            Tar::new().pax_global(&[("comment", text.as_bytes())]).file("srv/a", ""),
        ),
        layer(
            "a device's body",
            Tar::new().entry(&Header { path: b"srv/a", kind: b'7', ..Header::default() }, text.as_bytes()),
        ),
        Row::layer("the padding behind a body", &[padded, vec![0; 1024]].concat(), Compression::Gzip),
        Row::layer("a second archive behind the end", &[nothing.clone(), second].concat(), Compression::Gzip),
        Row::layer("text behind the end", &[&nothing[..], text.as_bytes()].concat(), Compression::Gzip),
        Row::layer(
            "a compressed file behind the end",
            &[&nothing[..], &files::gzip(text.as_bytes())].concat(),
            Compression::Gzip,
        ),
        blob("the header of a gzip layer", named.finish().unwrap(), &nothing),
        blob(
            "a skippable frame of a zstd layer",
            [&files::zstd(&nothing)[..], &skippable.concat()].concat(),
            &nothing,
        ),
    ];
    let gzip = files::gzip(format!("{}{text}", "line\n".repeat(300)).as_bytes());
    for (format, options) in SPARSE_FORMATS {
        let tar = sparse_tar(place, "a.img", &[(100_000, &gzip)], 200_000, options);
        rows.push(Row::layer(&format!("a gzip stream in a sparse file ({format})"), &tar, Compression::Gzip));
    }
    let outer = Image::new("app:latest", [Layer::stored(&padded_with_zeros(&text), Compression::Plain)]);
    let directory = place.join("sparse-layout");
    Layout::of(&[&outer]).files().write_dir(&directory);
    let packed = tar_sparse(&directory, &place.join("sparse.tar"), &["--format=gnu"]);
    rows.push(Row {
        form: "a layer in an image archive that `tar -S` packed".to_owned(),
        target: super::Target::Archive(packed),
    });
    let tar = Tar::new().file("srv/a", &text).finish();
    let (first, last) = tar.split_at(tar.len() / 2);
    rows.push(blob(
        "the second member of a gzip layer",
        [files::gzip(first), files::gzip(last)].concat(),
        &tar,
    ));
    let image = Image::new("app:latest", [Layer::new(&nothing)]);
    let behind = [Layout::of(&[&image]).files().archive(), text.into_bytes()].concat();
    rows.push(Row {
        form: "behind the end of the image's archive".to_owned(),
        target: super::Target::Archive(behind),
    });
    rows
}

/// Names in a directory that is the target.
pub(super) fn names(planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let rows = [
        ("a file's name in a directory", format!("srv/{token}.txt"), None),
        ("a directory's name", format!("{token}/a"), None),
        ("a link's name", token.to_owned(), Some("a".to_owned())),
        ("the target of a link in a directory", "link".to_owned(), Some(format!("/run/{token}"))),
    ];
    let row = |(form, path, target): (&str, String, Option<String>)| Row {
        form: form.to_owned(),
        target: super::Target::Directory(path, target),
    };
    rows.into_iter().map(row).collect()
}
