use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::AtomicUsize;

use super::*;

const NONE: [u8; 0] = [];
const ONE: Version = Version(1);
const OTHER: Version = Version(2);

/// A separate directory, removed when the test has passed.
struct Own(PathBuf);

impl Own {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("stowaway-cache-{}-{number}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn cache(&self) -> Cache {
        self.bounded(BOUND)
    }

    fn bounded(&self, bound: u64) -> Cache {
        Cache { bound, ..Cache::at(self.0.join("a/stowaway")) }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.0));
        }
    }
}

fn digest(n: u8) -> Digest {
    Digest::from_bytes([n; 32])
}

fn entry(n: u8, len: usize) -> Entry {
    Entry { digest: digest(n), value: vec![n; len], replaces: false }
}

/// Returns the numbers of the entries in the cache.
fn there(cache: &Cache) -> Vec<u8> {
    let all: Vec<Digest> = (0..=255).map(digest).collect();
    cache.get(ONE, &all).keys().map(|digest| digest.as_bytes()[0]).collect()
}

#[test]
fn what_is_put_can_be_got() {
    let own = Own::new();
    let cache = own.cache();
    assert_eq!(there(&cache), NONE, "there is none yet");
    assert!(!own.0.join("a").exists(), "reading makes nothing");
    cache.put(ONE, &[entry(1, 10), entry(2, 0), entry(3, 100_000)], &[]);
    let got = cache.get(ONE, &[digest(3), digest(4), digest(1)]);
    assert_eq!(got.len(), 2);
    assert_eq!(got[&digest(3)], Stored { value: vec![3; 100_000], is_stale: false });
    assert_eq!(there(&own.cache()), [1, 2, 3], "in another process");
    assert!(cache.get(OTHER, &[digest(1)]).is_empty(), "in another version");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(cache.path()), mode(cache.path().parent().unwrap())), (0o600, 0o700));
}

#[test]
fn what_is_there_is_replaced_when_asked_for() {
    let own = Own::new();
    let cache = own.cache();
    let value = |cache: &Cache| cache.get(ONE, &[digest(1)])[&digest(1)].value.clone();
    cache.put(ONE, &[entry(1, 10)], &[]);
    cache.put(ONE, &[entry(1, 20)], &[]);
    assert_eq!(value(&cache).len(), 10);
    cache.put(ONE, &[Entry { replaces: true, ..entry(1, 30) }], &[]);
    assert_eq!(value(&cache).len(), 30);
}

#[test]
fn where_it_lies() {
    let found = |xdg: Option<&str>, home: Option<&str>| {
        directory(xdg.map(OsStr::new), home.map(OsStr::new)).map(|path| path.to_str().unwrap().to_owned())
    };
    assert_eq!(found(Some("/x"), Some("/h")).as_deref(), Some("/x/stowaway"));
    for xdg in [None, Some(""), Some("relative"), Some("./x")] {
        assert_eq!(found(xdg, Some("/h")).as_deref(), Some("/h/.cache/stowaway"), "{xdg:?}");
        assert_eq!(found(xdg, None), None);
        assert_eq!(found(xdg, Some("")), None);
        assert_eq!(found(xdg, Some("h")), None);
    }
}

#[test]
fn the_bound_holds_and_the_longest_unused_goes_first() {
    let own = Own::new();
    // The bound is sixteen pages. An entry of slightly less than a page takes one page.
    let cache = own.bounded(16 * 4096);
    for n in 0..16 {
        cache.put_at(ONE, &[entry(n, 3000)], &[], 1000 + u64::from(n));
    }
    assert_eq!(there(&cache).len(), 16);
    cache.put_at(ONE, &[], &[digest(0)], 2000);
    cache.put_at(ONE, &[entry(20, 3000), entry(21, 6000)], &[], 2001);
    let left = there(&cache);
    assert_eq!(left[..3], [0, 4, 5], "three pages were needed, and the first was of use");
    assert_eq!(left[left.len() - 2..], [20, 21]);
    // An entry that takes a quarter of the bound is kept, a larger one is not.
    cache.put_at(ONE, &[entry(30, 4 * 4096 - 300), entry(31, 4 * 4096)], &[], 2002);
    assert!(there(&cache).contains(&30) && !there(&cache).contains(&31));
    for n in 0..200 {
        cache.put_at(ONE, &[entry(n, 3000 + 40 * usize::from(n))], &[], 3000 + u64::from(n));
    }
    assert!(there(&cache).contains(&199));
    let own = Own::new();
    let cache = own.bounded(2 << 20);
    for n in 0..=255 {
        cache.put_at(ONE, &[entry(n, 30_000 * usize::from(n % 16))], &[], 3000 + u64::from(n));
        assert!(fs::metadata(cache.path()).unwrap().len() <= 4 << 20);
    }
    // Each of the last entries takes half a MiB.
    assert_eq!(there(&cache), [252, 253, 254, 255]);
}

#[test]
fn other_versions_go_first() {
    let own = Own::new();
    let cache = own.bounded(16 * 4096);
    let other = own.bounded(16 * 4096);
    for n in 0..8 {
        cache.put_at(ONE, &[entry(n, 10)], &[], 1000);
        other.put_at(OTHER, &[entry(n, 10)], &[], 2000);
    }
    let held = cache.summary(ONE).held.unwrap();
    assert_eq!((held.entries, held.outdated), (8, 8));
    for n in 10..18 {
        cache.put_at(ONE, &[entry(n, 10)], &[], 1001);
    }
    assert_eq!(there(&cache).len(), 16);
    let all: Vec<Digest> = (0..=255).map(digest).collect();
    assert!(other.get(OTHER, &all).is_empty());
}

#[test]
fn a_use_is_noted_once_an_hour() {
    let own = Own::new();
    let cache = own.cache();
    cache.put_at(ONE, &[entry(1, 1)], &[], 10_000);
    let is_stale = |now| cache.get_at(ONE, &[digest(1)], now)[&digest(1)].is_stale;
    assert!(!is_stale(10_000) && !is_stale(13_600));
    assert!(is_stale(13_601) && is_stale(9_999), "long ago, or the clock was wrong");
    cache.put_at(ONE, &[], &[digest(1), digest(9)], 13_601);
    assert!(!is_stale(13_601));
    assert_eq!(there(&cache), [1]);
}

/// Damages the file of a cache with three entries. Afterwards each entry is either intact or missing, and the
/// cache can be used again.
#[track_caller]
fn assert_survives(own: &Own, case: &str, spoil: impl FnOnce(&Path)) {
    let cache = own.cache();
    drop(cache.clear(ONE));
    cache.put(ONE, &[entry(1, 10), entry(2, 5000), entry(3, 100)], &[]);
    spoil(cache.path());
    assert_usable(&own.cache(), case);
}

#[track_caller]
fn assert_usable(cache: &Cache, case: &str) {
    for (digest, kept) in cache.get(ONE, &[digest(1), digest(2), digest(3)]) {
        let n = digest.as_bytes()[0];
        let len = [10, 5000, 100][usize::from(n) - 1];
        assert_eq!(kept.value, vec![n; len], "{case}: entry {n}");
    }
    cache.put(ONE, &[entry(4, 50)], &[]);
    assert!(there(cache).contains(&4), "{case}: it is no use any more");
}

#[test]
fn a_file_that_is_none_of_ours_is_made_anew() {
    let own = Own::new();
    let write = |bytes: Vec<u8>| move |path: &Path| fs::write(path, &bytes).unwrap();
    assert_survives(&own, "empty", write(Vec::new()));
    assert_survives(&own, "text", write(b"no cache at all\n".to_vec()));
    assert_survives(&own, "zeros", write(vec![0; 1 << 20]));
    assert_survives(&own, "ones", write(vec![255; 1 << 20]));
    let mut state: u64 = 1;
    let random = (0..200_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    });
    assert_survives(&own, "random", write(random.collect()));
    assert_survives(&own, "larger than it may be", |path| {
        fs::File::options().write(true).open(path).unwrap().set_len(3 * BOUND).unwrap();
    });
    assert_survives(&own, "removed", |path| fs::remove_file(path).unwrap());
    assert_survives(&own, "writable by all", |path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    });
    assert_survives(&own, "readable by all", |path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    });
    let mode = fs::metadata(own.cache().path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_anybody_may_have_written_is_not_read() {
    let own = Own::new();
    let cache = own.cache();
    cache.put(ONE, &[entry(1, 10)], &[]);
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(there(&cache), NONE);
    cache.put(ONE, &[entry(1, 10)], &[]);
    let directory = cache.path().parent().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(there(&own.cache()), NONE, "anybody may have put it there");
    own.cache().put(ONE, &[entry(2, 10)], &[]);
    assert_eq!(there(&own.cache()), [2]);
    assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_file_that_breaks_off_is_made_anew() {
    let own = Own::new();
    own.cache().put(ONE, &[entry(1, 10), entry(2, 5000), entry(3, 100)], &[]);
    let len = fs::metadata(own.cache().path()).unwrap().len();
    for cut in (1..40).map(|part| len * part / 40).chain([1, 8, 9, 64, 320, 4095, 4096, 4097, len - 1]) {
        assert_survives(&own, &format!("{cut} of {len} bytes"), |path| {
            fs::File::options().write(true).open(path).unwrap().set_len(cut).unwrap();
        });
    }
}

#[test]
fn a_file_with_a_changed_byte_gives_what_was_put_or_nothing() {
    let own = Own::new();
    let cache = own.cache();
    cache.put(ONE, &[entry(1, 10), entry(2, 5000), entry(3, 100)], &[]);
    let sound = fs::read(cache.path()).unwrap();
    // The header, and all used bytes after it.
    let places = (0..sound.len())
        .filter(|&at| at < 512 || sound[at.saturating_sub(8)..].iter().take(16).any(|&b| b != 0));
    let mut answers = [0; 2];
    for (nth, at) in places.enumerate().filter(|(nth, at)| *at < 512 || nth % 15 == 0) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (nth % 8);
        fs::write(cache.path(), &bytes).unwrap();
        let cache = own.cache();
        let got = cache.get(ONE, &[digest(1), digest(2), digest(3)]);
        assert!(got.iter().all(|(d, kept)| kept.value == vec![d.as_bytes()[0]; kept.value.len()]), "{at}");
        answers[usize::from(got.len() == 3)] += 1;
        if nth % 20 == 0 {
            fs::write(cache.path(), &bytes).unwrap();
            assert_usable(&own.cache(), &format!("byte {at}"));
        }
        if !cache.path().exists() {
            fs::write(cache.path(), b"").unwrap();
            fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    assert!(answers[0] > 50, "none of the changes was noticed: {answers:?}");
}

#[test]
fn a_value_that_was_not_put_under_its_key_does_not_count() {
    let own = Own::new();
    let cache = own.cache();
    cache.put(ONE, &[entry(1, 10), entry(2, 10)], &[]);
    let (one, two) = (Key::new(ONE, digest(1)), Key::new(ONE, digest(2)));
    {
        let values: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("values");
        let database = redb::Database::open(cache.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(values).unwrap();
        let sealed = one.seal(&[1; 10]);
        table.insert(two.bytes(), sealed.as_slice()).unwrap();
        drop(table);
        transaction.commit().unwrap();
    }
    assert_eq!(cache.get(ONE, &[digest(2)]).len(), 0);
    assert!(!cache.path().exists(), "a file with a wrong value goes");
}

#[test]
fn what_stands_in_its_place() {
    let own = Own::new();
    let other = own.0.join("other");
    fs::write(&other, "not ours").unwrap();
    assert_survives(&own, "a link", |path| {
        fs::remove_file(path).unwrap();
        symlink(&other, path).unwrap();
    });
    assert_eq!(fs::read(&other).unwrap(), b"not ours", "where the link leads to nothing is changed");
    assert!(fs::symlink_metadata(own.cache().path()).unwrap().is_file());
    assert_survives(&own, "a link to nowhere", |path| {
        fs::remove_file(path).unwrap();
        symlink("/nowhere/at/all", path).unwrap();
    });

    let cache = own.cache();
    fs::remove_file(cache.path()).unwrap();
    fs::create_dir(cache.path()).unwrap();
    fs::write(cache.path().join("x"), "x").unwrap();
    cache.put(ONE, &[entry(1, 1)], &[]);
    assert_eq!(there(&cache), NONE);
    assert!(cache.path().join("x").exists(), "a directory is left");
    assert!(own.cache().clear(ONE).is_err());
    let summary = own.cache().summary(ONE);
    assert_eq!((summary.held, summary.bytes), (None, None));
}

#[test]
fn where_nothing_can_be_written_there_is_none() {
    for directory in ["/dev/null/stowaway", "/proc/stowaway"] {
        let cache = Cache::at(directory.into());
        cache.put(ONE, &[entry(1, 1)], &[]);
        assert_eq!(there(&cache), NONE);
        assert_eq!(cache.summary(ONE).bytes, None);
    }
    assert!(Cache::at("/proc/stowaway".into()).clear(ONE).unwrap().is_none());
}

#[test]
fn what_another_process_holds_is_waited_for_and_left() {
    let own = Own::new();
    let cache = own.cache();
    cache.put(ONE, &[entry(1, 1)], &[]);
    let held = redb::Database::open(cache.path()).unwrap();
    assert_eq!(there(&cache), NONE);
    cache.put(ONE, &[entry(2, 1)], &[]);
    drop(held);
    assert_eq!(there(&own.cache()), [1], "it is still there");

    let held = redb::Database::open(cache.path()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| own.cache().put(ONE, &[entry(3, 1)], &[]));
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
        waiting.join().unwrap();
    });
    assert_eq!(there(&own.cache()), [1, 3], "it was waited for");
}

#[test]
fn many_at_once() {
    let own = Own::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let own = &own;
            scope.spawn(move || {
                for n in 0..5 {
                    let cache = own.cache();
                    cache.put(ONE, &[entry(thread * 5 + n, 500)], &[]);
                    for (digest, kept) in cache.get(ONE, &[digest(thread), digest(thread * 5)]) {
                        assert_eq!(kept.value, vec![digest.as_bytes()[0]; 500]);
                    }
                }
            });
        }
    });
    assert!(there(&own.cache()).len() >= 20, "{:?}", there(&own.cache()));
}

#[test]
fn summary_and_removal() {
    let own = Own::new();
    let cache = own.cache();
    let none = cache.summary(ONE);
    assert_eq!((none.held, none.bytes, none.bound), (Some(Held::default()), None, BOUND));
    assert_eq!(cache.clear(ONE).unwrap(), None);
    cache.put(ONE, &[entry(1, 100), entry(2, 100)], &[]);
    let summary = cache.summary(ONE);
    assert_eq!(summary.held.unwrap().entries, 2);
    assert_eq!(summary.bytes, Some(fs::metadata(cache.path()).unwrap().len()));
    assert_eq!(cache.clear(ONE).unwrap(), Some(summary));
    assert!(!own.0.join("a/stowaway").exists(), "its directory was empty then");
    cache.put(ONE, &[entry(1, 100)], &[]);
    fs::write(own.0.join("a/stowaway/other"), "x").unwrap();
    cache.clear(ONE).unwrap();
    assert!(own.0.join("a/stowaway/other").exists());
}

#[test]
fn no_more_is_read_than_is_held_in_memory() {
    let own = Own::new();
    let cache = own.cache();
    cache.put(ONE, &[entry(1, 20 << 20)], &[]);
    cache.put(ONE, &[entry(2, 20 << 20), entry(3, 5 << 20)], &[]);
    assert_eq!(there(&cache), [1, 3]);
}
