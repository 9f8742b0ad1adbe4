//! Files at known places that are fetched ahead of their layers.

use super::remote::Remote;
use super::sources::{audit, codes, gzip, token, verdicts};
use super::*;
use crate::fault::Code;
use crate::stream::samples::tar_of;

const TOKEN: &str = "root/.cache/huggingface/token";
const STARGZ: &str = r#""containerd.io/snapshot/stargz/toc.digest":"sha256:00""#;

/// Creates an eStargz layer with one file. Its content is a gzip member of its own. The table of contents is another one, and
/// the last one tells where that is.
fn stargz(path: &str, text: &str) -> Vec<u8> {
    let tar = tar_of(path, text.as_bytes());
    let (header, rest) = tar.split_at(512);
    let (content, end) = rest.split_at(text.len());
    let mut layer = gzip(header, 1);
    let offset = layer.len();
    layer.extend(gzip(content, 1));
    layer.extend(gzip(end.strip_suffix(&[0; 1024]).unwrap(), 1));
    let table = format!(
        r#"{{"version":1,"entries":[{{"name":"etc/","type":"dir"}},
            {{"name":"{path}","type":"reg","size":{},"offset":{offset}}}]}}"#,
        text.len()
    );
    let at = layer.len();
    layer.extend(gzip(&tar_of("stargz.index.json", table.as_bytes()), 1));
    let extra = format!("{at:016x}STARGZ");
    layer.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, b'S', b'G', 22, 0]);
    layer.extend(extra.as_bytes());
    layer.extend([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    layer
}

/// Creates a zstd:chunked layer with one file, and its annotation.
fn chunked(path: &str, text: &str) -> (Vec<u8>, String) {
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let tar = tar_of(path, text.as_bytes());
    let (header, rest) = tar.split_at(512);
    let (content, end) = rest.split_at(text.len());
    let mut layer = zstd(header);
    let offset = layer.len();
    layer.extend(zstd(content));
    layer.extend(zstd(end));
    let table = format!(
        r#"{{"version":1,"entries":[{{"type":"reg","name":"{path}","size":{},"offset":{offset}}}]}}"#,
        text.len()
    );
    let table = zstd(table.as_bytes());
    layer.extend([0x50, 0x2a, 0x4d, 0x18]);
    layer.extend(u32::try_from(table.len()).unwrap().to_le_bytes());
    let annotation = format!(
        r#""io.github.containers.zstd-chunked.manifest-position":"{}:{}:1000:1""#,
        layer.len(),
        table.len()
    );
    layer.extend(table);
    (layer, annotation)
}

fn enough() -> Bench {
    let bench = engine(2);
    Bench { stop: Stop::default().at_first_finding(), ..bench }
}

#[test]
fn a_token_at_a_known_place_is_found_without_its_layer() {
    let (zstd, place) = chunked(TOKEN, &token());
    for (layer, annotation) in [(stargz(TOKEN, &token()), STARGZ), (zstd, place.as_str())] {
        let plain = stargz("srv/a", "nothing");
        let mut remote = Remote::annotated(&[(plain, STARGZ), (layer, annotation)]);
        remote.gives_parts = true;
        let audited = audit(&enough(), &remote);
        assert_eq!(remote.asked().0.len(), 2, "manifest and config: no layer");
        let layer = audited.1.images[0].layers[1].entry.unwrap();
        let verdict = &audited.0.verdicts[&layer];
        assert_eq!(verdict.tokens().len(), 1);
        assert_eq!(verdict.problem.as_ref().map(|problem| problem.code), Some(Code::Cancelled));

        // The layers are read where one finding is not enough, and where the source gives no parts.
        for (bench, gives_parts) in [(engine(2), true), (engine(2), false), (enough(), false)] {
            remote.gives_parts = gives_parts;
            let audited = audit(&bench, &remote);
            // The scan may end before the other layer is read.
            let layer = audited.1.images[0].layers[1].entry.unwrap();
            assert_eq!(audited.0.verdicts[&layer].tokens().len(), 1);
            assert!(remote.asked().0.len() > 2);
            if !bench.stop.is_due() {
                assert_eq!(codes(&audited), [None, None]);
                assert!(verdicts(&audited)[1].is_fetched);
            }
        }
    }
}

#[test]
fn layers_without_a_table_are_not_asked_for_parts() {
    let mut remote = Remote::image(&[gzip(&tar_of(TOKEN, token().as_bytes()), 1)]);
    remote.gives_parts = true;
    assert_eq!(verdicts(&audit(&engine(1), &remote))[0].tokens().len(), 1);
    assert_eq!(remote.parts(), 0);
}

#[test]
fn tables_that_lie_change_nothing() {
    let layer = stargz(TOKEN, &token());
    let len = layer.len();
    let mut broken = layer.clone();
    broken[len - 30..len - 20].fill(b'f');
    let at = |position: &str| format!(r#""io.containers.zstd-chunked.manifest-position":"{position}""#);
    let annotations = [
        at("0:18446744073709551615:1:1"),
        at(&format!("{len}:1:1:1")),
        at("5:5:5:1"),
        at("0:0:0:0"),
        at("x"),
        at(&format!("0:{len}:1:1")),
    ];
    let annotations = annotations.iter().map(|annotation| (&layer, annotation.as_str()));
    for (layer, annotation) in annotations.chain([(&broken, STARGZ)]) {
        let mut remote = Remote::annotated(&[(layer.clone(), annotation)]);
        remote.gives_parts = true;
        let audited = audit(&engine(1), &remote);
        assert_eq!(verdicts(&audited)[0].tokens().len(), 1, "{annotation}");
        assert_eq!(remote.asked().0.len(), 3, "{annotation}");
    }
}
