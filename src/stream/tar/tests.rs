use super::*;

/// The bytes of a gap, and the places of the needle in it.
type SeenGap = (Vec<u8>, Vec<(Field, usize)>);

/// Records the output of a walk.
#[derive(Default)]
struct Log {
    entries: Vec<(String, EntryKind, Vec<u8>, Option<String>)>,
    after_end: Vec<bool>,
    gaps: Vec<SeenGap>,
    rest: Vec<u8>,
    needle: Option<&'static [u8]>,
}

impl Visit for Log {
    fn gap(&mut self, gap: &Gap<'_>) {
        let found = self.needle.map_or(Vec::new(), |needle| {
            memchr::memmem::find_iter(gap.bytes, needle).map(|at| gap.field_at(at)).collect()
        });
        self.gaps.push((gap.bytes[gap.own.clone()].to_vec(), found));
    }

    fn entry(&mut self, entry: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.entries.push((text(&entry.path), entry.kind, bytes, entry.link.as_deref().map(text)));
        self.after_end.push(entry.after_end);
        Ok(())
    }

    fn rest(&mut self, _: Bounds, bytes: &mut dyn BufRead) -> io::Result<()> {
        bytes.read_to_end(&mut self.rest)?;
        Ok(())
    }
}

fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    builder.into_inner().unwrap()
}

fn add(builder: &mut tar::Builder<Vec<u8>>, path: &str, body: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(body.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, path, body).unwrap();
}

fn log(bytes: &[u8]) -> (Log, Result<(), TarError>) {
    let mut log = Log { needle: Some(b"NEEDLE"), ..Log::default() };
    let outcome = walk(&mut Window::new(bytes), &mut log);
    (log, outcome)
}

#[test]
fn files_links_and_long_names() {
    let long = format!("{}/file", "directory/".repeat(30));
    let bytes = archive(|b| {
        add(b, "./etc/x", b"body");
        add(b, &long, b"deep");
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        b.append_link(&mut header, "root", "/data").unwrap();
        header.set_entry_type(tar::EntryType::Link);
        b.append_link(&mut header, "other", "etc/x").unwrap();
    });
    let (log, outcome) = log(&bytes);
    outcome.unwrap();
    let kinds: Vec<_> = log.entries.iter().map(|e| (e.0.as_str(), e.1, e.3.as_deref())).collect();
    assert_eq!(
        kinds,
        [
            ("etc/x", EntryKind::File, None),
            (path_text(&long).as_str(), EntryKind::File, None),
            ("root", EntryKind::Symlink, Some("/data")),
            ("other", EntryKind::HardLink, Some("etc/x")),
        ]
    );
    assert_eq!(log.entries[1].2, b"deep");
}

fn path_text(path: &str) -> String {
    String::from_utf8(path::normalise(path.as_bytes())).unwrap()
}

#[test]
fn every_byte_is_given_once() {
    let body: Vec<u8> = (0..600_000_u32).map(|i| (i % 250) as u8 + 1).collect();
    let bytes = archive(|b| {
        add(b, "a", b"short");
        add(b, "b", &body);
        add(b, "c", b"");
        add(b, "d", &[1; 512]);
    });
    let (log, outcome) = log(&bytes);
    outcome.unwrap();
    let bodies: usize = log.entries.iter().map(|e| e.2.len()).sum();
    let gaps: usize = log.gaps.iter().map(|g| g.0.len()).sum();
    // One of the two closing zero blocks is omitted.
    assert_eq!(bodies + gaps + log.rest.len(), bytes.len() - 512);
}

#[test]
fn extended_attributes_are_in_the_gap_with_their_key() {
    let bytes = archive(|b| {
        b.append_pax_extensions([("SCHILY.xattr.user.note", &b"a\nNEEDLE"[..])]).unwrap();
        add(b, "x", b"");
    });
    let (log, outcome) = log(&bytes);
    outcome.unwrap();
    let found: Vec<_> = log.gaps.iter().flat_map(|g| g.1.clone()).collect();
    assert_eq!(found, [(Field::Pax(b"SCHILY.xattr.user.note".to_vec()), 2)]);
}

#[test]
fn a_second_archive_behind_the_end_is_walked() {
    let bytes = [archive(|b| add(b, "first", b"1")), archive(|b| add(b, "second", b"2"))].concat();
    let (log, outcome) = log(&bytes);
    outcome.unwrap();
    assert_eq!(log.entries.iter().map(|e| e.0.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(log.after_end, [false, true]);
}

#[test]
fn garbage_behind_the_end_is_given_whole() {
    let bytes = [archive(|b| add(b, "first", b"1")), b"some text".repeat(200)].concat();
    let (log, outcome) = log(&bytes);
    outcome.unwrap();
    assert_eq!(log.rest, b"some text".repeat(200));
}

#[test]
fn garbage_between_entries_is_given_whole_and_is_an_error() {
    let mut bytes = archive(|b| add(b, "first", b"1"));
    bytes.truncate(1024);
    bytes.extend_from_slice(&b"garbage".repeat(100));
    bytes.extend_from_slice(&archive(|b| add(b, "second", b"2")));
    let (log, outcome) = log(&bytes);
    assert!(matches!(outcome, Err(TarError::BadHeader { at: 1024 })), "{outcome:?}");
    assert_eq!(log.rest.len(), bytes.len() - 1024);
}

#[test]
fn what_is_no_archive_is_given_whole() {
    for bytes in [&b"plain text"[..], &[b'x'; 2000]] {
        let (log, outcome) = log(bytes);
        assert!(matches!(outcome, Err(TarError::NotTar)), "{outcome:?}");
        assert_eq!(log.rest, bytes);
    }
    log(b"").1.unwrap();
}

#[test]
fn an_archive_that_breaks_off_says_where() {
    let bytes = archive(|b| add(b, "big", &[5; 5000]));
    let (log, outcome) = log(&bytes[..3000]);
    match outcome {
        Err(TarError::Truncated { path, missing }) => {
            assert_eq!(path, b"big");
            assert_eq!(missing, 5000 - (3000 - 512));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(log.entries.len(), 1, "what there was of the body was given");
}

fn extended(kind: tar::EntryType, body: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(body.len() as u64);
    header.set_cksum();
    let mut bytes = [header.as_bytes(), body].concat();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

#[test]
fn an_extended_header_without_its_entry_is_an_error() {
    let first = archive(|b| add(b, "first", b"1"));
    let first = &first[..1024];
    let record = format!("610 comment={}NEEDLE\n", "x".repeat(591));
    for (kind, body) in [
        (tar::EntryType::XHeader, record.as_bytes()),
        (tar::EntryType::GNULongName, &[&[b'n'; 600][..], b"NEEDLE"].concat()),
        (tar::EntryType::GNULongLink, &[&[b'n'; 600][..], b"NEEDLE"].concat()),
    ] {
        let whole = extended(kind, body);
        for (behind, place) in [
            (whole[..700].to_vec(), "inside an extended tar header"),
            (whole[..BLOCK].to_vec(), "inside an extended tar header"),
            (whole[..BLOCK + body.len()].to_vec(), "after an extended tar header"),
            (whole.clone(), "after an extended tar header"),
            ([&whole[..], &[0; 1024]].concat(), "after an extended tar header"),
        ] {
            let (log, outcome) = log(&[first, &behind].concat());
            let error = outcome.unwrap_err();
            assert!(matches!(error, TarError::BreaksOff { at: 1024, .. }), "{error}");
            assert!(error.to_string().contains(place), "{error}");
            let found = log.gaps.iter().flat_map(|gap| &gap.1).count();
            assert_eq!(found, usize::from(behind.len() > 1100), "what there was has been given");
        }
    }
    let global = extended(tar::EntryType::XGlobalHeader, record.as_bytes());
    log(&[first, &global, &[0; 1024]].concat()).1.unwrap();
}

#[test]
fn a_sparse_map_that_breaks_off_is_an_error() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.as_gnu_mut().unwrap().isextended = [1];
    header.set_size(0);
    header.set_cksum();
    for cut in [0, 100] {
        let (log, outcome) = log(&[header.as_bytes().as_slice(), &vec![1; cut]].concat());
        assert!(matches!(outcome, Err(TarError::BreaksOff { at: 0, .. })), "{outcome:?}");
        assert_eq!(log.rest.len(), cut);
    }
}

#[test]
fn what_was_read_before_an_error_of_the_reader_is_given() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk"))
        }
    }
    let bytes = archive(|b| {
        b.append_pax_extensions([("comment", &b"NEEDLE"[..])]).unwrap();
        add(b, "x", b"");
    });
    let mut log = Log { needle: Some(b"NEEDLE"), ..Log::default() };
    let outcome = walk(&mut Window::new((&bytes[..1300]).chain(Fails)), &mut log);
    assert!(matches!(outcome, Err(TarError::Io(_))), "{outcome:?}");
    assert_eq!(log.gaps.iter().flat_map(|gap| &gap.1).count(), 1);
    assert_eq!(log.rest.len(), 1300 - 1024);
}

#[test]
fn versions_of_the_pax_sparse_format() {
    struct Extents(Vec<(Vec<u8>, bool)>);
    impl Visit for Extents {
        fn gap(&mut self, _: &Gap<'_>) {}
        fn entry(&mut self, entry: &Entry, _: &mut dyn Peek) -> io::Result<()> {
            self.0.push((entry.path.clone(), entry.extent != Extent::Whole));
            Ok(())
        }
        fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
            Ok(())
        }
    }
    for (records, sparse) in [
        (&[("major", "1"), ("minor", "0")][..], true),
        (&[("major", "1")], false),
        (&[("major", "1"), ("minor", "1")], false),
        (&[("major", "0"), ("minor", "1"), ("numblocks", "1"), ("map", "0,5")], true),
        (&[("major", "2"), ("minor", "0"), ("map", "0,5")], false),
        (&[("numblocks", "1"), ("map", "0,5")], true),
        (&[("numblocks", "1"), ("offset", "0"), ("numbytes", "5")], true),
        (&[], false),
    ] {
        let records: Vec<(String, &[u8])> = records
            .iter()
            .chain(&[("name", "real")])
            .map(|(key, value)| (format!("GNU.sparse.{key}"), value.as_bytes()))
            .collect();
        let bytes = archive(|b| {
            b.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), *value))).unwrap();
            let body = if records[0].0.ends_with("major") && records[0].1 == b"1" {
                [&b"1\n0\n5\n"[..], &[0; 506], b"12345"].concat()
            } else {
                b"12345".to_vec()
            };
            add(b, "written", &body);
        });
        let mut extents = Extents(Vec::new());
        walk(&mut Window::new(&bytes[..]), &mut extents).unwrap();
        let name = if sparse { &b"real"[..] } else { b"written" };
        assert_eq!(extents.0, [(name.to_vec(), sparse)], "{records:?}");
    }
}

#[test]
fn absurd_sizes_end_in_an_error() {
    let mut header = tar::Header::new_gnu();
    header.set_path("x").unwrap();
    header.set_size(u64::MAX / 2);
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[7; 3000]].concat();
    let (log, outcome) = log(&bytes);
    assert!(matches!(outcome, Err(TarError::Truncated { .. })), "{outcome:?}");
    assert_eq!(log.entries[0].2.len(), 3000);

    header.set_entry_type(tar::EntryType::XHeader);
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[7; 3000]].concat();
    let (log, outcome) = self::log(&bytes);
    assert!(matches!(outcome, Err(TarError::HugeHeader { .. })), "{outcome:?}");
    assert_eq!(log.rest.len(), 3000);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_walked_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..4096)) {
        let _ = log(&bytes);
    }

    #[test]
    fn a_damaged_archive_loses_no_byte(at in 0_usize..4000, to in proptest::num::u8::ANY) {
        let mut bytes = archive(|b| {
            add(b, "a", &[1; 700]);
            add(b, "b", &[2; 512]);
            add(b, "c", b"x");
        });
        let at = at % bytes.len();
        bytes[at] = to;
        let (log, _) = log(&bytes);
        let given: usize = log.entries.iter().map(|e| e.2.len()).sum::<usize>()
            + log.gaps.iter().map(|g| g.0.len()).sum::<usize>() + log.rest.len();
        proptest::prop_assert!(given + 512 * 3 >= bytes.len(), "{given} of {}", bytes.len());
    }
}
