//! Packs and objects that git would not make. Reading each of them ends, in bounded memory, and reports the
//! problem.

use crate::detect::tests::labels;
use std::time::Instant;

use gix_object::Kind;

use super::handmade::{Pack, distance, edit, head, id, size, zlib};
use super::support::{Again, Audit, noise, token};
use crate::stop::Stop;
use crate::unpack::allowance::Allowance;
use crate::unpack::git::{GitFile, Limits, Objects, begins_loose, begins_pack};

#[track_caller]
fn audit(pack: &[u8]) -> Audit {
    let left = Allowance::new(64 << 20, Stop::default());
    let began = Instant::now();
    let audit = Audit::of_pack(pack, Limits::new(&left), Again::Never).0;
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    audit
}

#[track_caller]
fn assert_note(audit: &Audit, part: &str) {
    let [note] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(!note.is_error());
    let text = note.detail.to_string();
    assert!(text.contains(part), "{text}");
}

#[track_caller]
fn assert_limit(audit: &Audit, part: &str) {
    let [error] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(error.is_error());
    let text = error.detail.to_string();
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_token_of_which_half_is_copied() {
    let token = token("split");
    let base = [&token.as_bytes()[..20], b"x"].concat();
    let mut pack = Pack::new();
    let at = pack.blob(&base);
    pack.delta(at, &edit(base.len(), 20, &token.as_bytes()[20..]));
    let audit = audit(&pack.finish());
    audit.assert_whole();
    assert_eq!(audit.ways(&token).len(), 1);
}

#[test]
fn bases_by_id_before_and_behind() {
    for base_first in [true, false] {
        let token = token("referenced");
        let base = format!("hf{} and more", '_');
        let delta = edit(base.len(), 3, &token.as_bytes()[3..]);
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
    let whole = pack.finish();
    let cut = audit(&whole[..whole.len() - 40]);
    let audit = audit(&whole);
    assert_eq!(audit.ways(&token), ["git:delta@12"]);
    assert_limit(&audit, "3 objects of a git pack cannot be decoded: bases of deltas are not in it");
    // In a pack that ends early, the missing bases are no error.
    assert!(!cut.problems.iter().any(crate::finding::Problem::is_error), "{:?}", cut.problems);
}

#[test]
fn deltas_that_lead_in_a_circle() {
    // The result of a delta is known only with its base, so the IDs in a cycle cannot be computed. A delta
    // that points to itself can still be written by hand.
    let mut pack = Pack::new();
    let at = pack.bytes.len();
    pack.add(&[head(6, 5), distance(0)].concat(), &edit(5, 5, b""));
    pack.delta(at, &edit(5, 5, b""));
    pack.blob(b"behind");
    assert_limit(&audit(&pack.finish()), "2 objects of a git pack");
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
    pack.delta(at, &edit(3, 3, &token.as_bytes()[3..]));
    let audit = audit(&pack.finish());
    audit.assert_whole();
    assert_eq!(audit.ways(&token).len(), 1);
}

#[test]
fn a_chain_from_the_back() {
    // Each delta comes before its base.
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
    // IDs become known one after the other, so the number of rounds needed is the length of the chain.
    assert_eq!(audit.ways(&token), ["git:delta@12"]);
    let [error] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(error.is_error());
    let text = error.detail.to_string();
    assert!(text.contains("bases of deltas"), "{text}");
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
        assert_note(&audit, "1 object of a git pack is damaged");
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
        assert_note(&audit, "after 1 of 3 objects");
        assert_eq!(audit.ways(&token).len(), 1);
    }
    let mut damaged = whole.clone();
    damaged[second + 3..second + 40].fill(0xff);
    assert_note(&audit(&damaged), "after 1 of 3 objects");
    let mut unknown = whole;
    unknown[second] = 0x50;
    assert_note(&audit(&unknown), "after 1 of 3 objects");
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
    let mut delta = [size(1 << 20), size(copies << 20)].concat();
    for _ in 0..copies {
        delta.extend([0b1100_0000, 0x10]);
    }
    for _ in 0..100 {
        pack.delta(at, &delta);
    }
    let audit = audit(&pack.finish());
    let [error] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(error.is_error());
    let text = error.detail.to_string();
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
    objects.keep(GitFile::new(3, b"x"), Kind::Blob, Some(id), found);
    let (findings, problems) = objects.finish();
    assert_eq!(problems, []);
    assert_eq!(findings[0].file, 3);
    assert_eq!(labels(&findings[0].occurrence.via)[0], format!("git:{id}"));
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
    assert!(begins_pack(b"PACK\0\0\0\x03\0\0\0\x01\xb5\x05\x78\x9c"));
    assert!(begins_pack(b"PACK\0\0\0\x02\0\0\0\0"));
    assert!(!begins_pack(b"PACK\0\0\0\x02\0\0\0\x01\xb5\x05of git itself"));
    assert!(!begins_pack(b"PACK\0\0\0\x04\0\0\0\x01"));
    assert!(!begins_pack(b"PACK\0\0\0\x02"));
}

#[test]
fn loose_objects_that_are_damaged() {
    let token = token("loose");
    let whole = zlib(&[format!("blob {}\0{token}\n", 5038).as_bytes(), &noise(2, 5000)].concat());
    for (bytes, part) in [
        (whole[..whole.len() / 2].to_vec(), Some("ends early")),
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
