//! Requests to a source: the number of times blobs are opened, the number of bytes read, their order, and the
//! results for a failing source.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::remote::{Remote, digest_of};
use super::*;
use crate::digest::Algorithm;
use crate::engine::blob::Reading;
use crate::engine::gathered::Gathered;
use crate::engine::source::{Wanted, read};
use crate::fault::{Code, Fault};
use crate::image::Resolved;
use crate::source::{Blob, Source};
use crate::stream::samples::tar_of;
use crate::verdict::BlobVerdict;

pub(super) fn token() -> String {
    ["hf_", "ZqumpmhsEJNpjJOQGarb", "FlYmGylvuhfJXq"].concat()
}

/// Creates a layer with one file, whose text does not compress well.
pub(super) fn layer(path: &str, text: &str) -> Vec<u8> {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + u8::try_from((state >> 24) % 90).unwrap())
    });
    let text = format!("{text}\n{}\n{path}", noise.take(100_000).collect::<String>());
    layer_of(path, text.as_bytes())
}

/// Creates a layer with one file.
fn layer_of(path: &str, bytes: &[u8]) -> Vec<u8> {
    gzip(&tar_of(path, bytes), 1)
}

pub(super) fn gzip(bytes: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..times {
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
    }
    encoder.finish().unwrap()
}

pub(super) fn audit(bench: &Bench, source: &dyn Source) -> (Gathered, Resolved) {
    let reading =
        Reading { verify_digests: false, algorithm: Algorithm::default(), scan: bench.scan(), reopen: None };
    let leave_out = |_: &_, _: &_| std::collections::BTreeSet::new();
    read(source, Gathered::default(), reading, &Wanted { tag: None, leave_out: &leave_out })
}

/// Returns the verdict on each layer of the only image.
pub(super) fn verdicts((gathered, resolved): &(Gathered, Resolved)) -> Vec<&BlobVerdict> {
    let layers = resolved.images[0].layers.iter();
    layers.map(|layer| &gathered.verdicts[&layer.entry.unwrap()]).collect()
}

pub(super) fn codes(gathered: &(Gathered, Resolved)) -> Vec<Option<Code>> {
    verdicts(gathered).iter().map(|verdict| verdict.problem.as_ref().map(|problem| problem.code)).collect()
}

#[test]
fn a_first_audit_opens_each_blob_once_and_a_second_one_only_documents() {
    let layers = [layer("a", &token()), layer("b", "nothing"), layer("c", &token())];
    let mut remote = Remote::image(&layers);
    let store: Arc<dyn Store> = Arc::new(InMemory::default());
    let bench = engine_with(2, Some(store));
    let audited = audit(&bench, &remote);
    let found: Vec<usize> = verdicts(&audited).iter().map(|verdict| verdict.tokens().len()).collect();
    assert_eq!((found, codes(&audited)), (vec![1, 0, 1], vec![None; 3]));
    let (opened, first) = remote.asked();
    let distinct: std::collections::BTreeSet<_> = opened.iter().collect();
    assert_eq!((opened.len(), distinct.len()), (5, 5), "manifest, config and three layers");
    let of_layers: usize = layers.iter().map(Vec::len).sum();
    let documents = first - of_layers;
    assert!(documents < 2000, "{documents}");

    let audited = audit(&bench, &remote);
    assert!(verdicts(&audited).iter().all(|verdict| verdict.is_cached));
    let found: Vec<usize> = verdicts(&audited).iter().map(|verdict| verdict.tokens().len()).collect();
    assert_eq!(found, [1, 0, 1]);
    let (opened, second) = remote.asked();
    assert_eq!((opened.len(), second), (2, documents), "a digest that is to be trusted needs no reading");

    remote.is_trusted = false;
    let audited = audit(&bench, &remote);
    assert!(verdicts(&audited).iter().all(|verdict| verdict.is_cached));
    let (opened, third) = remote.asked();
    assert_eq!((opened.len(), third), (5, first), "others are hashed, for which each is opened once");
}

/// The files of a layout, in memory.
struct Files {
    blobs: Vec<Blob>,
    bytes: Vec<Vec<u8>>,
    opened: Mutex<Vec<String>>,
}

impl Source for Files {
    fn listed(&self) -> &[Blob] {
        &self.blobs
    }

    fn open(&self, blob: &Blob) -> io::Result<Box<dyn Read + Send + '_>> {
        self.opened.lock().unwrap().push(String::from_utf8_lossy(&blob.name).into_owned());
        Ok(Box::new(&self.bytes[blob.id][..]))
    }
}

#[test]
fn what_nothing_refers_to_is_read_last() {
    let layer = layer("a", &token());
    let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let digest = |bytes: &[u8]| digest_of(bytes).to_string();
    let part =
        |bytes: &[u8]| format!(r#"{{"mediaType":"x","digest":"{}","size":{}}}"#, digest(bytes), bytes.len());
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
        part(config.as_bytes()).replace("\"x\"", "\"application/vnd.oci.image.config.v1+json\""),
        part(&layer)
    );
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, part(manifest.as_bytes()));
    let named = |bytes: &[u8]| format!("blobs/sha256/{}", digest(bytes).trim_start_matches("sha256:"));
    let loose = vec![b'x'; 10 << 20];
    let files: Vec<(String, Vec<u8>)> = vec![
        ("a-large-file".to_owned(), loose),
        (named(&layer), layer.clone()),
        ("a.json".to_owned(), b"{}".to_vec()),
        (named(config.as_bytes()), config.into()),
        (named(manifest.as_bytes()), manifest.clone().into()),
        ("index.json".to_owned(), index.into()),
    ];
    let blobs = files.iter().enumerate();
    let blobs = blobs.map(|(id, (name, bytes))| Blob::at(id, name.clone().into_bytes(), bytes.len() as u64));
    let files = Files {
        blobs: blobs.collect(),
        bytes: files.iter().map(|(_, bytes)| bytes.clone()).collect(),
        opened: Mutex::default(),
    };
    let audited = audit(&engine(1), &files);
    assert_eq!(audited.1.images.len(), 1, "{:?}", audited.0.problems);
    let expected = [
        "index.json".to_owned(),
        named(manifest.as_bytes()),
        named(config.as_bytes()),
        named(&layer),
        "a-large-file".to_owned(),
        "a.json".to_owned(),
    ];
    assert_eq!(*files.opened.lock().unwrap(), expected, "each of them once");
}

#[test]
fn a_source_that_fails_costs_the_blob_alone() {
    let layers = [layer("a", &token()), layer("b", &token()), layer("c", &token())];
    let mut remote = Remote::image(&layers);
    let middle = layers[1].len() / 2;
    let lost = || Err(Fault::io(Code::Unreachable, "the connection was lost"));
    remote.fault(digest_of(&layers[1]), middle, Box::new(lost));
    for jobs in [1, 2] {
        let audited = audit(&engine(jobs), &remote);
        assert_eq!(codes(&audited), [None, Some(Code::Unreachable), None]);
        let found: Vec<usize> = verdicts(&audited).iter().map(|verdict| verdict.tokens().len()).collect();
        assert_eq!(found, [1, 1, 1], "what came before the failure was searched");
        assert_eq!(verdicts(&audited)[1].digest, None, "there are no bytes to hold against it");
    }
}

#[test]
fn a_blob_that_is_gone_is_missing() {
    let layers = [layer("a", &token()), layer("b", &token())];
    let mut remote = Remote::image(&layers);
    remote.forget(digest_of(&layers[0]));
    assert_eq!(codes(&audit(&engine(1), &remote)), [Some(Code::Missing), None]);
}

#[test]
fn threads_that_wait_for_bytes_take_no_core() {
    let layers: Vec<Vec<u8>> = (0..3).map(|n| layer(&n.to_string(), "")).collect();
    let mut remote = Remote::image(&layers);
    // No layer proceeds until bytes of all layers are awaited. With one core, that takes threads in addition
    // to the computing ones.
    let waiting = Arc::new(AtomicUsize::new(0));
    for layer in &layers {
        let waiting = Arc::clone(&waiting);
        let first = AtomicBool::new(true);
        let wait = move || {
            if first.swap(false, Ordering::SeqCst) {
                waiting.fetch_add(1, Ordering::SeqCst);
                let start = Instant::now();
                while waiting.load(Ordering::SeqCst) < 3 && start.elapsed() < Duration::from_mins(1) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            Ok(())
        };
        remote.fault(digest_of(layer), 2000, Box::new(wait));
    }
    assert_eq!(codes(&audit(&engine(1), &remote)), [None; 3]);
    assert_eq!(waiting.load(Ordering::SeqCst), 3, "all three waited at the same time");
}

#[test]
fn layers_with_large_windows_come_one_after_another_and_none_waits_for_ever() {
    // The window is larger than what several threads may have at a time.
    let packed = |name: String| {
        let tar = tar_of(&name, layer(&name, &token()).as_slice());
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(25).unwrap();
        std::io::Write::write_all(&mut encoder, &tar).unwrap();
        encoder.finish().unwrap()
    };
    let layers: Vec<Vec<u8>> = (0..6).map(|n| packed(format!("srv/{n}.gz"))).collect();
    for jobs in [1, 2, 3] {
        let mut remote = Remote::image(&layers);
        for layer in &layers {
            let late = || {
                std::thread::sleep(Duration::from_millis(1));
                Ok(())
            };
            remote.fault(digest_of(layer), 0, Box::new(late));
        }
        let audited = audit(&engine(jobs).within(Duration::from_mins(1)), &remote);
        assert_eq!(codes(&audited), [None; 6], "{jobs}");
    }
}

#[test]
fn a_scan_that_is_cancelled_keeps_what_it_found() {
    let layers = [layer("a", &token()), layer("b", &token())];
    for jobs in [1, 2] {
        let mut remote = Remote::image(&layers);
        let cancel = Cancel::default();
        let end = cancel.clone();
        let middle = layers[1].len() / 2;
        remote.fault(
            digest_of(&layers[1]),
            middle,
            Box::new(move || {
                end.cancel();
                Ok(())
            }),
        );
        let bench = engine(jobs).ended_by(&cancel);
        let (gathered, resolved) = audit(&bench, &remote);
        let layer = resolved.images[0].layers[1].entry.unwrap();
        let verdict = &gathered.verdicts[&layer];
        assert_eq!(verdict.problem.as_ref().map(|problem| problem.code), Some(Code::Cancelled));
        assert_eq!((verdict.tokens().len(), verdict.digest), (1, None));
        assert!(remote.asked().1 < layers.iter().map(Vec::len).sum::<usize>() + 2000);
    }
}

#[test]
fn a_scan_ends_in_time_where_a_source_takes_too_long() {
    let layers = [layer("a", &token())];
    let mut remote = Remote::image(&layers);
    let slow = || {
        std::thread::sleep(Duration::from_millis(400));
        Ok(())
    };
    remote.fault(digest_of(&layers[0]), layers[0].len() / 2, Box::new(slow));
    let audited = audit(&engine(2).within(Duration::from_millis(200)), &remote);
    assert_eq!(codes(&audited), [Some(Code::TimedOut)]);
    assert_eq!(verdicts(&audited)[0].tokens().len(), 1);
}

#[test]
fn a_bomb_within_a_file_ends_with_the_scan() {
    // One small file that decodes to more than the test has time for. None of its bytes arrive late.
    let bomb = gzip(&vec![0; 1 << 20], 2000);
    let remote = Remote::image(&[layer_of("srv/bomb.gz", &bomb)]);
    let start = Instant::now();
    let whole = codes(&audit(&engine(1), &remote));
    let whole_time = start.elapsed();
    assert_eq!(whole, [None]);
    let start = Instant::now();
    let cut = codes(&audit(&engine(1).within(whole_time / 20), &remote));
    assert_eq!(cut, [Some(Code::TimedOut)]);
    assert!(start.elapsed() < whole_time);
}

#[test]
fn a_layer_of_which_all_bytes_are_read_ends_with_the_scan() {
    // One read returns most of the stored bytes, and cancels the scan. The token follows more zeros than are decoded ahead.
    let mut tar = tar_of("srv/zeros", &vec![0; 24 << 20]);
    tar.truncate(tar.len() - 1024);
    tar.extend(tar_of("srv/a", token().as_bytes()));
    let layer = zstd::encode_all(&tar[..], 1).unwrap();
    assert!((700..4000).contains(&layer.len()), "{}", layer.len());
    for jobs in [1, 2] {
        let mut remote = Remote::image(std::slice::from_ref(&layer));
        let cancel = Cancel::default();
        let end = cancel.clone();
        let last = Box::new(move || {
            end.cancel();
            Ok(())
        });
        remote.fault(digest_of(&layer), 600, last);
        let audited = audit(&engine(jobs).ended_by(&cancel), &remote);
        assert_eq!(codes(&audited), [Some(Code::Cancelled)]);
        // The stored bytes may show the token as well.
        assert_eq!(verdicts(&audited)[0].content.tokens().len(), 0);
    }
}
