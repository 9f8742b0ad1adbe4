//! Databases written by `SQLite` through Python, and bytes that are not a database.

use crate::detect::tests::labels;
use crate::stop::Stop;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::layout::MAGIC;
use super::*;
use crate::hub::tokens::{Body, made_up};

fn token() -> String {
    token_of("hf_")
}

/// Returns a token with a random-looking body. The prefix is added only at run time.
fn token_of(prefix: &str) -> String {
    let digest = [&Sha256::digest(b"border")[..], &Sha256::digest(b"page")[..]].concat();
    let letters = digest.iter().take(34).map(|b| char::from(b % 26 + if b & 128 == 0 { b'a' } else { b'A' }));
    letters.fold(prefix.to_owned(), |token, letter| token + &letter.to_string())
}

/// Returns a web token of about `len` bytes.
fn web_token(prefix: &str, len: usize) -> String {
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let noise: Vec<u8> =
        (0_u32..).flat_map(|n| Sha256::digest(n.to_le_bytes()).to_vec()).take(len * 3 / 4).collect();
    let (payload, signature) = noise.split_at(noise.len().saturating_sub(64));
    let payload = encode(format!("{{\"x\":\"{}\"}}", encode(payload)).as_bytes());
    [prefix, &encode(br#"{"alg":"ES256"}"#), ".", &payload, ".", &encode(signature)].concat()
}

fn directory() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/sqlite");
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a script with the path of a new database and further arguments. Returns the database.
fn database(name: &str, script: &str, arguments: &[&str]) -> Vec<u8> {
    let path = directory().join(name);
    let _ = std::fs::remove_file(&path);
    let text = format!("import sqlite3, sys\npath, *args = sys.argv[1:]\n{script}");
    let status = Command::new("python3").arg("-c").arg(text).arg(&path).args(arguments).status().unwrap();
    assert!(status.success(), "{name}");
    std::fs::read(&path).unwrap()
}

fn read(bytes: &[u8], piece: usize) -> Found {
    let mut pages = Pages::begin(bytes).unwrap();
    bytes.chunks(piece).for_each(|piece| pages.feed(piece));
    pages.finish()
}

/// Counts the occurrences of the token in the raw bytes and across borders. Each offset must be the token's
/// own.
fn counts(bytes: &[u8], token: &str) -> (usize, usize) {
    let raw = detect::find(bytes).len();
    let found = read(bytes, 10_007);
    assert!(!found.limited);
    for occurrence in &found.occurrences {
        let at = usize::try_from(occurrence.offset).unwrap();
        assert!(bytes[at..].starts_with(&token.as_bytes()[..1]));
        assert_eq!((occurrence.len, occurrence.position), (token.len(), None));
        assert_eq!(labels(&occurrence.via), ["sqlite"]);
    }
    (raw, found.occurrences.len())
}

/// One row for each position of the token around the borders of a long value, to cover every kind of cut.
const ROWS: &str = "
import hashlib
def made(row):
    digest = hashlib.sha256(b'%d' % row).digest() + hashlib.sha256(b'%d.' % row).digest()
    letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    return prefix + ''.join(letters[b % 52] for b in digest[:34])
size, token, kind = int(args[0]), args[1], args[2]
prefix = token[:-34]
each = kind != 'same'
db = sqlite3.connect(path)
db.execute(f'PRAGMA page_size={size}')
db.execute('PRAGMA secure_delete=OFF')
if kind == 'index':
    db.execute('CREATE TABLE t (v TEXT PRIMARY KEY) WITHOUT ROWID')
else:
    db.execute('CREATE TABLE t (v TEXT)')
count = 0
length = size * 3 + 1234 % size
starts = range(20, length - len(token) - 5, int(args[3]) or 1)
if args[3] == '0':
    # Around the borders alone.
    least = (size - 12) * 32 // 255 - 23
    wanted = least + (length - least) % (size - 4)
    borders = [local + n * (size - 4) for local in (least, wanted) for n in range(4)]
    starts = [start for border in borders for start in range(border - 60, border + 20, 3)]
    starts = [start for start in starts if 20 < start < length - len(token) - 5]
for start in starts:
    text = f'{count:08} ' + 'lorem ipsum ' * (length // 12 + 1)
    text = text[:start] + ' ' + (made(count) if each else token) + ' ' + text[start:length]
    db.execute('INSERT INTO t VALUES (?)', (text,))
    count += 1
db.commit()
if kind == 'deleted':
    db.execute('CREATE TABLE u (x)')
    db.execute('DELETE FROM t')
    db.commit()
db.close()
open(path + '.count', 'w').write(str(count))
";

/// Returns the number of rows in the named database.
fn rows(name: &str) -> usize {
    std::fs::read_to_string(directory().join(format!("{name}.count"))).unwrap().parse().unwrap()
}

#[test]
fn every_kind_of_border() {
    let token = token();
    for (size, step) in [(512, 1), (1024, 3), (4096, 11), (8192, 0), (32768, 0), (65536, 0)] {
        for kind in ["table", "index"] {
            let arguments = [&size.to_string(), &token, kind, &step.to_string()];
            let name = format!("{kind}-{size}.db");
            let bytes = database(&name, ROWS, &arguments.map(|a| a as &str));
            let (raw, across) = counts(&bytes, &token);
            assert!(across > 0, "{kind} {size}");
            let all = rows(&name);
            // Each row has its own token. If pages were split, moved content remains in its old page as well.
            let found = [detect::find(&bytes), read(&bytes, bytes.len()).occurrences].concat();
            let distinct: HashSet<_> = found.into_iter().map(|occurrence| occurrence.token).collect();
            assert_eq!(distinct.len(), all, "{kind} {size}: {raw} raw, {across} across");
        }
    }
}

#[test]
fn kinds_that_are_in_the_table_alone() {
    for kind in made_up::kinds() {
        let (token, rows_are) = match kind.body {
            Body::Letters => (token_of(kind.prefix), "table"),
            Body::WebToken => (web_token(kind.prefix, 1200), "same"),
        };
        let script = ROWS.replace("length = size * 3 + 1234 % size", "length = 20_000 + len(token)");
        let name = format!("{}.db", kind.id);
        let bytes = database(&name, &script, &["1024", &token, rows_are, "31"]);
        let (raw, across) = counts(&bytes, &token);
        assert!(across > 0 && raw + across >= rows(&name), "{name}: {raw} raw, {across} across");
        let found = [detect::find(&bytes), read(&bytes, bytes.len()).occurrences].concat();
        assert!(found.iter().all(|occurrence| occurrence.token.kind == kind.into()), "{name}");
    }
}

#[test]
fn tokens_that_are_encoded() {
    let token = token();
    for (encoding, spell) in [
        ("UTF-16le", ""),
        ("UTF-16be", ""),
        ("UTF-8", "import base64; spell = lambda t: base64.b64encode(t.encode()).decode()"),
        ("UTF-8", "spell = lambda t: t.encode().hex()"),
        ("UTF-8", "spell = lambda t: t.replace('f_', 'f%5f')"),
    ] {
        let script = ROWS
            .replace(
                "db.execute(f'PRAGMA page",
                &format!("db.execute('PRAGMA encoding=\"{encoding}\"'); db.execute(f'PRAGMA page"),
            )
            .replace("made(count) if", "spell(made(count)) if")
            .replace("size, token, kind =", &format!("spell = lambda t: t\n{spell}\nsize, token, kind ="));
        let name = format!("{encoding}-{}.db", spell.len());
        let bytes = database(&name, &script, &["4096", &token, "table", "37"]);
        let raw: HashSet<_> = detect::find(&bytes).into_iter().map(|occurrence| occurrence.token).collect();
        let across = read(&bytes, bytes.len()).occurrences;
        for occurrence in &across {
            assert_eq!(labels(&occurrence.via)[0], "sqlite");
        }
        let all: HashSet<_> =
            across.into_iter().map(|occurrence| occurrence.token).chain(raw.clone()).collect();
        println!("{encoding} {spell}: {} in pages, {} in all of {}", raw.len(), all.len(), rows(&name));
        assert!(all.len() * 1000 >= rows(&name) * 995 && raw.len() < all.len(), "{encoding} {spell}");
    }
}

#[test]
fn rows_that_were_deleted() {
    let token = token();
    for (size, step) in [(512, 1), (4096, 11)] {
        let arguments = [&size.to_string(), &token, "deleted", &step.to_string()];
        let name = format!("deleted-{size}.db");
        let bytes = database(&name, ROWS, &arguments.map(|a| a as &str));
        let (raw, across) = counts(&bytes, &token);
        let all = rows(&name);
        // Free pages that list other free pages have lost their first bytes, and cells have lost their
        // lengths.
        assert!((raw + across) * 100 >= all * 93, "{size}: {raw} raw and {across} of {all}");
        assert!(across * 100 >= (all - raw) * 50, "{size}: {raw} raw and {across} of {all}");
    }
}

#[test]
fn web_tokens_over_many_pages() {
    for (size, len) in [(512, 3000), (512, 9000), (4096, 6000)] {
        let token = web_token("hf_oauth_", len);
        let arguments = [&size.to_string(), &token, "same", "701"];
        let script = ROWS.replace("length = size * 3 + 1234 % size", "length = 20_000 + len(token)");
        let bytes = database(&format!("web-{size}-{len}.db"), &script, &arguments.map(|a| a as &str));
        let (raw, across) = counts(&bytes, &token);
        let all = (20..20_000 - 5).step_by(701).count();
        assert_eq!(raw + across, all, "{size} {len}: {raw} raw");
        assert!(across > 0);
    }
}

#[test]
fn pieces_of_any_size() {
    let token = token();
    let arguments = ["1024", &token, "table", "29"];
    let bytes = database("pieces.db", ROWS, &arguments);
    let whole = read(&bytes, bytes.len()).occurrences;
    assert!(!whole.is_empty());
    for piece in [1, 511, 1024, 1025, 100_000] {
        assert_eq!(read(&bytes, piece).occurrences, whole);
    }
    let broken = read(&bytes[..bytes.len() - 100], 4096).occurrences;
    assert!(broken.len() <= whole.len());
}

#[test]
fn a_token_in_one_page_is_the_raw_searchs_own() {
    let token = token();
    let arguments = ["4096", &token];
    let bytes = database(
        "plain.db",
        "
db = sqlite3.connect(path)
db.execute(f'PRAGMA page_size={args[0]}')
db.execute('CREATE TABLE t (v TEXT)')
for n in range(500):
    db.execute('INSERT INTO t VALUES (?)', (f'{n} {args[1]}',))
db.commit()
",
        &arguments,
    );
    assert_eq!(counts(&bytes, &token), (500, 0));
}

#[test]
fn what_is_no_database() {
    for head in [&b""[..], b"SQLite format 3\0", b"SQLite format 2\0\x10\0\x01\x01\0@", &[0; 100]] {
        assert!(Pages::begin(head).is_none());
    }
    let header = |size: [u8; 2], reserved: u8| [MAGIC, &size, &[1, 1, reserved], &[0; 79]].concat();
    for (size, reserved) in [([0, 0], 0), ([0, 2], 0), ([1, 0], 0), ([3, 0], 0), ([2, 0], 255)] {
        assert!(Pages::begin(&header(size, reserved)).is_none(), "{size:?}");
    }
    assert!(Pages::begin(&header([0, 1], 0)).is_some());
    assert!(Pages::begin(&header([2, 0], 32)).is_some());
}

/// Returns a database of arbitrary bytes after a valid header.
fn wild(fill: impl Fn(usize) -> u8, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(fill).collect();
    bytes[..16].copy_from_slice(MAGIC);
    bytes[16..18].copy_from_slice(&[0, 1]);
    bytes[20] = 0;
    bytes
}

#[test]
fn wild_page_numbers_cost_nothing() {
    let mut random = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_be_bytes()
    })
    .take(1 << 17)
    .flatten()
    .collect();
    let patterns: [&[u8]; 6] =
        [b"hf_a", b"hf_oauth_eyJa.", b"hf_\0\0\0\x02", b"\x0d\0\0\xff\xff\0\0\0", &[0x0d; 3], b"api_org_"];
    for pattern in patterns {
        let bytes = wild(|at| pattern[at % pattern.len()], 4 << 20);
        assert!(read(&bytes, 1 << 16).occurrences.is_empty());
        let mixed = wild(
            |at| if at % 65536 < 9 { pattern[at % pattern.len()] } else { noise[at % noise.len()] },
            1 << 20,
        );
        assert!(read(&mixed, 1 << 16).occurrences.is_empty());
    }
    // Every cell of every page claims to end at a different byte of one long run.
    let cells = wild(
        |at| match at % 65536 {
            0 => 0x0d,
            3 | 4 => 0x3f,
            at @ 8..32768 => {
                if at % 2 == 0 {
                    0x80 | u8::try_from((at >> 9) & 0x7f).unwrap()
                } else {
                    u8::try_from((at >> 1) & 0xff).unwrap()
                }
            }
            at => b"hf_oauth_eyJaaaa"[at % 16],
        },
        2 << 20,
    );
    assert!(read(&cells, 1 << 16).occurrences.is_empty());
}

#[test]
fn what_does_not_fit_is_said() {
    let long = "a".repeat(60_000);
    let bytes = wild(
        |at| if at % 65536 < 4 { u8::from(at % 65536 == 3) * 9 } else { long.as_bytes()[at % 60_000] },
        40 << 20,
    );
    assert!(read(&bytes, 1 << 16).limited || read(&bytes, 1 << 16).occurrences.is_empty());
    let bytes = wild(|at| b"hf_abc\0\0\0\x02"[at % 10], 8 << 20);
    assert!(read(&bytes, 1 << 16).limited);
}

#[test]
fn a_database_in_a_compressed_stream() {
    use std::io::Write as _;
    let token = token();
    let bytes = database("nested.db", ROWS, &["512", &token, "table", "29"]);
    let all = rows("nested.db");
    let search = |mut bytes: &[u8]| {
        crate::unpack::search(&Stop::default(), crate::unpack::Origin::default(), &mut bytes).0
    };
    let plain = search(&bytes);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&bytes).unwrap();
    let nested = search(&encoder.finish().unwrap());
    for (found, way) in [(plain, &["sqlite"][..]), (nested, &["gzip", "sqlite"])] {
        assert_eq!((found.occurrences.len(), found.problems.len()), (all, 0));
        assert!(found.occurrences.iter().any(|occurrence| labels(&occurrence.via) == way));
    }
}

/// Writes rows as [`ROWS`] does, and keeps the log or the journal as it is while the database is open.
const OPEN: &str = "
import hashlib, os, shutil
def made(row):
    digest = hashlib.sha256(b'%d' % row).digest() + hashlib.sha256(b'%d.' % row).digest()
    letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    return token[:-34] + ''.join(letters[b % 52] for b in digest[:34])
db = sqlite3.connect(path, isolation_level=None)
size, token, kind, encoding = int(args[0]), args[1], args[2], args[3]
db.execute(f'PRAGMA encoding=\\'{encoding}\\'')
db.execute(f'PRAGMA page_size={size}')
db.execute('PRAGMA secure_delete=OFF')
if kind == 'wal':
    db.execute('PRAGMA journal_mode=WAL')
    db.execute('PRAGMA wal_autocheckpoint=0')
db.execute('CREATE TABLE t (v TEXT)')
db.execute('PRAGMA cache_size=10')
def write():
    for start in range(20, 3 * size, 29):
        text = f'{start:08} ' + 'lorem ipsum ' * (size // 2)
        db.execute('INSERT INTO t VALUES (?)', (text[:start] + ' ' + made(start) + ' ' + text[start:4 * size],))
db.execute('BEGIN')
write()
db.execute('COMMIT')
if kind == 'wal':
    db.execute('DELETE FROM t WHERE rowid % 2 == 0')
    write()
else:
    db.execute('BEGIN')
    db.execute(\"UPDATE t SET v = replace(v, 'lorem', 'dolor')\")
    db.execute(\"UPDATE t SET v = '' || rowid\")
shutil.copy(path + '-' + kind, path + '.copy')
os._exit(0)
";

#[test]
fn logs_and_journals() {
    let token = token();
    for (kind, size, encoding) in [
        ("wal", 512, "UTF-8"),
        ("wal", 4096, "UTF-8"),
        ("wal", 1024, "UTF-16le"),
        ("journal", 512, "UTF-8"),
        ("journal", 4096, "UTF-8"),
        ("journal", 1024, "UTF-16be"),
    ] {
        let name = format!("open-{kind}-{size}.db");
        for ending in ["-wal", "-journal", "-shm", ".copy"] {
            let _ = std::fs::remove_file(directory().join(format!("{name}{ending}")));
        }
        database(&name, OPEN, &[&size.to_string(), &token, kind, encoding]);
        let bytes = std::fs::read(directory().join(format!("{name}.copy"))).unwrap();
        let found = read(&bytes, 10_007);
        assert!(!found.limited);
        for occurrence in &found.occurrences {
            let at = usize::try_from(occurrence.offset).unwrap();
            assert!(encoding != "UTF-8" || bytes[at] == b'h', "{name}");
            assert_eq!(labels(&occurrence.via)[0], "sqlite");
        }
        let across = found.occurrences.len();
        let raw: HashSet<_> = detect::find(&bytes).into_iter().map(|occurrence| occurrence.token).collect();
        let joined = found.occurrences.iter().map(|occurrence| occurrence.token.clone());
        let all: HashSet<_> = raw.iter().cloned().chain(joined).collect();
        let rows = (20..3 * size).step_by(29).count();
        println!("{name}: {} raw, {} in all, {rows} rows, {} bytes", raw.len(), all.len(), bytes.len());
        assert!(raw.len() < all.len() && all.len() * 100 >= rows * 98, "{name}");
        assert_eq!(read(&bytes, 1).occurrences, found.occurrences);
        let broken = read(&bytes[..bytes.len() - 700], 4096).occurrences;
        assert!(broken.len() <= across);
    }
}

#[test]
fn what_is_no_log_or_journal() {
    let wal =
        |size: u32| [&[0x37, 0x7f, 6, 0x82, 0, 0x2d, 0xe2, 0x18][..], &size.to_be_bytes(), &[0; 20]].concat();
    let journal = |sector: u32, size: u32| {
        let sizes = [7_u32, 1, 1, sector, size].map(u32::to_be_bytes).concat();
        [&b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"[..], &sizes, &[0; 484]].concat()
    };
    for head in
        [wal(511), wal(0), wal(131_072), wal(u32::MAX), journal(512, 3), journal(3, 512), journal(0, 0)]
    {
        assert!(Pages::begin(&head).is_none());
    }
    for head in [wal(512), wal(65536), journal(512, 512), journal(65536, 65536)] {
        assert!(Pages::begin(&head).is_some());
        let wild: Vec<u8> = head.into_iter().chain(b"hf_abc\0\0\0\x02".repeat(90_000)).collect();
        assert!(read(&wild, 4096).occurrences.is_empty());
    }
}
