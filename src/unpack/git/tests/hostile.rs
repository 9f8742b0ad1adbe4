//! Packs and objects that git would not make: each ends, in bounded memory, and says what is wrong.

use std::cell::Cell;
use std::io::Write as _;
use std::time::Instant;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix_object::Kind;

use super::support::{Audit, noise, token};
use crate::unpack::git::{Limits, Objects, Place, Problem, begins_loose, begins_pack};

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A number as pack headers of entries have it: the kind, and a size.
pub(super) fn head(kind: u8, size: u64) -> Vec<u8> {
    let mut bytes = vec![kind << 4 | (size & 15) as u8];
    let mut rest = size >> 4;
    while rest > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push((rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes
}

/// A size at the start of a delta.
fn size(mut size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = size >> 7 != 0;
        bytes.push((size & 0x7f) as u8 | if more { 0x80 } else { 0 });
        size >>= 7;
        if !more {
            return bytes;
        }
    }
}

/// The distance to the base of a delta.
pub(super) fn distance(distance: u64) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}

/// A pack under construction.
struct Pack {
    bytes: Vec<u8>,
    count: u32,
}

impl Pack {
    fn new() -> Self {
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), count: 0 }
    }

    /// Adds an entry; gives its offset.
    fn add(&mut self, head: &[u8], content: &[u8]) -> usize {
        self.add_stream(head, &zlib(content))
    }

    fn add_stream(&mut self, head: &[u8], stream: &[u8]) -> usize {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(stream);
        self.count += 1;
        at
    }

    fn blob(&mut self, content: &[u8]) -> usize {
        self.add(&head(3, content.len() as u64), content)
    }

    /// A delta of the entry at `base`.
    fn delta(&mut self, base: usize, delta: &[u8]) -> usize {
        let back = (self.bytes.len() - base) as u64;
        self.add(&[head(6, delta.len() as u64), distance(back)].concat(), delta)
    }

    /// A delta of the blob of that content.
    fn delta_of(&mut self, id: &[u8], delta: &[u8]) -> usize {
        self.add(&[&head(7, delta.len() as u64)[..], id].concat(), delta)
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&self.count.to_be_bytes());
        self.bytes.extend([b'#'; 20]);
        self.bytes
    }
}

/// A delta that copies `copied` bytes from the start of its base and inserts what follows.
fn edit(base: usize, copied: usize, inserted: &[u8]) -> Vec<u8> {
    let mut delta = [size(base as u64), size((copied + inserted.len()) as u64)].concat();
    delta.extend(copy(copied));
    for piece in inserted.chunks(127) {
        delta.push(piece.len() as u8);
        delta.extend_from_slice(piece);
    }
    delta
}

/// The instruction that copies that many bytes from the start of the base.
fn copy(len: usize) -> Vec<u8> {
    if len == 0 {
        return Vec::new();
    }
    vec![0b1111_0000, len as u8, (len >> 8) as u8, (len >> 16) as u8]
}

fn id(content: &[u8]) -> Vec<u8> {
    gix_object::compute_hash(gix_hash::Kind::Sha1, Kind::Blob, content).unwrap().as_bytes().to_vec()
}

#[track_caller]
fn audit(pack: &[u8]) -> Audit {
    let left = Cell::new(64 << 20);
    let began = Instant::now();
    let audit = Audit::of_pack(pack, Limits::new(&left), false).0;
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    audit
}

#[track_caller]
fn assert_note(audit: &Audit, part: &str) {
    let [Problem::Note(text)] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_token_of_which_half_is_copied() {
    let token = token("split");
    let base = format!("{}x", &token[..20]);
    let mut pack = Pack::new();
    let at = pack.blob(base.as_bytes());
    pack.delta(at, &edit(base.len(), 20, token[20..].as_bytes()));
    let audit = audit(&pack.finish());
    audit.assert_whole();
    assert_eq!(audit.ways(&token).len(), 1);
}

#[test]
fn bases_by_id_before_and_behind() {
    for base_first in [true, false] {
        let token = token("referenced");
        let base = format!("hf{} and more", '_');
        let delta = edit(base.len(), 3, token[3..].as_bytes());
        let mut pack = Pack::new();
        if base_first {
            pack.blob(base.as_bytes());
        }
        pack.delta_of(&id(base.as_bytes()), &delta);
        if !base_first {
            pack.blob(base.as_bytes());
        }
        let audit = audit(&pack.finish());
        audit.assert_whole();
        assert_eq!(audit.ways(&token).len(), 1, "{base_first}");
    }
}

#[test]
fn what_is_inserted_is_found_without_a_base() {
    let token = token("inserted");
    let mut pack = Pack::new();
    let long = format!("{}{token} {}", "x ".repeat(50), "y".repeat(300));
    pack.delta_of(&[7; 20], &edit(100, 50, long.as_bytes()));
    let at = pack.bytes.len();
    pack.delta(at - 1, &edit(100, 50, b"no entry begins there"));
    pack.delta(0, &edit(100, 50, b"nor there"));
    let audit = audit(&pack.finish());
    assert_eq!(audit.ways(&token), ["git:delta@12"]);
    assert_note(&audit, "3 objects of a git pack are deltas of objects that are not in it");
}

#[test]
fn deltas_that_lead_in_a_circle() {
    // What a delta makes is known only with its base, so that ids of a circle cannot be made; one that
    // points to itself can be written down all the same.
    let mut pack = Pack::new();
    let at = pack.bytes.len();
    pack.add(&[head(6, 5), distance(0)].concat(), &edit(5, 5, b""));
    pack.delta(at, &edit(5, 5, b""));
    pack.blob(b"behind");
    assert_note(&audit(&pack.finish()), "2 objects of a git pack");
}

#[test]
fn a_chain_of_a_hundred_thousand() {
    let token = token("deep");
    let mut pack = Pack::new();
    let base = format!("hf{}", '_');
    let mut at = pack.blob(base.as_bytes());
    let same = edit(3, 3, b"");
    let stream = zlib(&same);
    for _ in 0..100_000 {
        let back = (pack.bytes.len() - at) as u64;
        at = pack.add_stream(&[head(6, same.len() as u64), distance(back)].concat(), &stream);
    }
    pack.delta(at, &edit(3, 3, token[3..].as_bytes()));
    let audit = audit(&pack.finish());
    audit.assert_whole();
    assert_eq!(audit.ways(&token).len(), 1);
}

#[test]
fn a_chain_from_the_back() {
    // Each delta stands in front of its base.
    let mut contents = vec![b"0".to_vec()];
    for n in 1..2000_u32 {
        contents.push(n.to_string().into_bytes());
    }
    let token = token("back");
    contents.push(token.clone().into_bytes());
    let mut pack = Pack::new();
    for pair in contents.windows(2).rev() {
        pack.delta_of(&id(&pair[0]), &edit(pair[0].len(), 0, &pair[1]));
    }
    pack.blob(&contents[0]);
    let audit = audit(&pack.finish());
    // Ids are known one after the other: it would take as many rounds as the chain is long.
    assert_eq!(audit.ways(&token), ["git:delta@12"]);
    let [Problem::Limit(text)] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(text.contains("deltas whose base"), "{text}");
}

#[test]
fn sizes_that_are_lies() {
    let token = token("lies");
    for claimed in [1, 30, 4_000, u64::MAX >> 4, 1 << 45] {
        let mut pack = Pack::new();
        pack.add(&head(3, claimed), token.as_bytes());
        let behind = pack.blob(b"behind");
        pack.delta(
            behind,
            &[size(6), size(claimed), vec![0x90, 6], vec![37], token.clone().into_bytes()].concat(),
        );
        pack.delta(behind, &[size(claimed), size(43), vec![0x90, 6], vec![37], b"unused".to_vec()].concat());
        pack.blob(format!("x{token}").as_bytes());
        let audit = audit(&pack.finish());
        assert_note(&audit, "3 objects of a git pack are damaged");
        assert_eq!(audit.ways(&token).len(), 1, "{claimed}");
    }
}

#[test]
fn deltas_that_make_no_sense() {
    let base = b"a base of some bytes";
    for delta in [
        &b""[..],
        b"\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x14\x05\x00",
        b"\x14\x05\x7fshort",
        b"\x14\x05\x91",
        b"\x14\x05\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x14\x05\x91\x13\x05",
        b"\x14\x05\x90\x06",
        b"\x14\x05\x90\x04",
        b"\x15\x05\x90\x05",
    ] {
        let token = token("behind");
        let mut pack = Pack::new();
        let at = pack.blob(base);
        pack.delta(at, delta);
        pack.blob(token.as_bytes());
        let audit = audit(&pack.finish());
        assert_note(&audit, "1 object of a git pack are damaged");
        assert_eq!(audit.ways(&token).len(), 1);
    }
}

#[test]
fn packs_that_break_off_or_are_damaged() {
    let token = token("front");
    let mut pack = Pack::new();
    pack.blob(token.as_bytes());
    let second = pack.blob(&noise(1, 5000));
    pack.blob(b"third");
    let whole = pack.finish();
    for len in [second, second + 1, second + 3, second + 2000] {
        let audit = audit(&whole[..len]);
        assert_note(&audit, "behind 1 of 3 objects");
        assert_eq!(audit.ways(&token).len(), 1);
    }
    let mut damaged = whole.clone();
    damaged[second + 3..second + 40].fill(0xff);
    assert_note(&audit(&damaged), "behind 1 of 3 objects");
    let mut unknown = whole;
    unknown[second] = 0x50;
    assert_note(&audit(&unknown), "behind 1 of 3 objects");
    assert_eq!(audit(b"PACK\0\0\0\x02\xff\xff\xff\xff").problems.len(), 1);
}

#[test]
fn counts_that_are_lies() {
    let token = token("more");
    let mut pack = Pack::new();
    pack.blob(b"first");
    pack.blob(token.as_bytes());
    pack.count = 1;
    let audit_of_less = audit(&pack.finish());
    assert_note(&audit_of_less, "holds 2 objects and says that it holds 1");
    assert_eq!(audit_of_less.ways(&token).len(), 1);
    let mut pack = Pack::new();
    pack.blob(token.as_bytes());
    pack.count = 1_000_000;
    let audit_of_more = audit(&pack.finish());
    assert_eq!(audit_of_more.ways(&token).len(), 1);
    assert_eq!(audit_of_more.problems.len(), 1);
}

#[test]
fn a_bomb_of_copies_ends_at_the_limit() {
    let base = vec![b'x'; 1 << 20];
    let mut pack = Pack::new();
    let at = pack.blob(&base);
    let copies = 10_000;
    let mut delta = [size(1 << 20), size((copies << 20) as u64)].concat();
    for _ in 0..copies {
        delta.extend([0b1100_0000, 0x10]);
    }
    for _ in 0..100 {
        pack.delta(at, &delta);
    }
    let audit = audit(&pack.finish());
    let [Problem::Limit(text)] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(text.contains("more than the limit"), "{text}");
}

#[test]
fn trees_that_hold_trees_many_times() {
    let mut objects = Objects::new(24 << 20);
    let tree = |id: &gix_hash::ObjectId, mode: &str, names: &[String]| {
        let entries = names.iter().flat_map(|name| {
            let head = format!("{mode} {name}\0").into_bytes();
            head.into_iter().chain(id.as_bytes().to_vec())
        });
        entries.collect::<Vec<u8>>()
    };
    let hash = |kind, bytes: &[u8]| gix_object::compute_hash(gix_hash::Kind::Sha1, kind, bytes).unwrap();
    let blob = hash(Kind::Blob, b"x");
    let names: Vec<String> = (0..10).map(|n| format!("n{n}")).collect();
    let mut content = tree(&blob, "100644", &names);
    let mut id = hash(Kind::Tree, &content);
    for _ in 0..100 {
        objects.learn(Kind::Tree, &id, &content);
        content = tree(&id, "40000", &names);
        id = hash(Kind::Tree, &content);
    }
    objects.learn(Kind::Tree, &id, &content);
    let commit = format!("tree {id}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx").into_bytes();
    let commit_id = hash(Kind::Commit, &commit);
    objects.learn(Kind::Commit, &commit_id, &commit);
    let (at, path) = objects.locate(&blob).unwrap();
    assert_eq!(at, commit_id);
    assert_eq!(path, ["n0"; 101].join("/").into_bytes());
}

#[test]
fn without_memory_for_trees_objects_are_named() {
    let mut objects = Objects::new(100);
    let id = gix_hash::ObjectId::try_from(&[1; 20][..]).unwrap();
    objects.learn(Kind::Tree, &id, &[b"100644 name\0", &[2; 20][..]].concat());
    objects.learn(Kind::Commit, &id, format!("tree {id}\ncommitter a <a@b> 1 +0000\n\n").as_bytes());
    let token = token("named");
    let found = crate::detect::find(token.as_bytes());
    objects.keep(Place::new(3, b"x"), Kind::Blob, Some(id), found);
    let (findings, problems) = objects.finish();
    assert_eq!(problems, []);
    assert_eq!(findings[0].file, 3);
    assert_eq!(findings[0].occurrence.via[0].as_str(), format!("git:{id}"));
}

#[test]
fn what_begins_an_object() {
    for (bytes, begins) in [
        (zlib(b"blob 3\0abc"), true),
        (zlib(b"commit 99999999999\0"), true),
        (zlib(b"blob three\0abc"), false),
        (zlib(b"bl\0b 3"), false),
        (zlib(b"just some text that was compressed"), false),
        (zlib(b""), false),
        (b"\x78\x01".to_vec(), false),
        (b"\x78".to_vec(), false),
        (Vec::new(), false),
    ] {
        assert_eq!(begins_loose(&bytes), begins, "{bytes:?}");
    }
    assert!(begins_pack(b"PACK\0\0\0\x03\0\0\0\x01"));
    assert!(!begins_pack(b"PACK\0\0\0\x04\0\0\0\x01"));
    assert!(!begins_pack(b"PACK\0\0\0\x02"));
}

#[test]
fn loose_objects_that_are_damaged() {
    let token = token("loose");
    let whole = zlib(&[format!("blob {}\0{token}\n", 5038).as_bytes(), &noise(2, 5000)].concat());
    for (bytes, part) in [
        (whole[..whole.len() / 2].to_vec(), Some("breaks off")),
        (zlib(format!("blob 7\0{token}").as_bytes()), Some("damaged")),
        (zlib(format!("blob 70000\0{token}").as_bytes()), Some("damaged")),
        (zlib(format!("blob 99999999999\0{token}").as_bytes()), Some("damaged")),
        (whole, None),
    ] {
        let audit = Audit::of(&[("objects/aa/bb".to_owned(), bytes)]);
        match part {
            Some(part) => assert_note(&audit, part),
            None => audit.assert_whole(),
        }
        assert_eq!(audit.ways(&token).len(), 1, "{part:?}");
    }
}
