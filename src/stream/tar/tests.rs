use super::*;

/// A gap's own bytes, and where the needle stands in it.
type SeenGap = (Vec<u8>, Vec<(Field, usize)>);

/// Writes down what the walk gives.
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

    fn entry(&mut self, entry: &Entry, body: &mut dyn BufRead) -> io::Result<()> {
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
    // One of the two closing zero blocks is left out.
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
