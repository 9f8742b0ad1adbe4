//! Packs that exceed the memory limits.

use super::support::{Again, Audit, Repository, noise, text, token};
use crate::finding::Problem;
use crate::stop::Stop;
use crate::unpack::allowance::Allowance;
use crate::unpack::git::Limits;

/// Creates versions of files with one token each. Their objects are many times larger than the limits of
/// these tests.
fn versions(files: usize, versions: usize) -> (Repository, Vec<(String, String)>) {
    let repository = Repository::new();
    let mut expected = Vec::new();
    for version in 0..versions {
        for file in 0..files {
            let token = token(&format!("{file} {version}"));
            let name = format!("file{file}.txt");
            repository.write(&name, format!("{}key={token}\n{}", text(&name, 300), text(&name, 300)));
            expected.push((token, name));
        }
        let commit = repository.commit(&format!("version {version}"));
        for (_, way) in expected.iter_mut().filter(|(_, way)| !way.contains(':')) {
            *way = format!("git:{commit}:{way}");
        }
    }
    (repository, expected)
}

#[track_caller]
fn assert_all(audit: &Audit, expected: &[(String, String)]) {
    audit.assert_whole();
    for (token, way) in expected {
        assert_eq!(audit.ways(token), [way.as_str()]);
    }
    assert_eq!(audit.findings.len(), expected.len());
}

/// Returns limits that allow the compressed forms of two or three files and three decoded files at a time.
fn narrow(left: &Allowance) -> Limits<'_> {
    Limits { bases: 130_000, kept: 64 * 1024, ..Limits::new(left) }
}

#[test]
fn families_in_one_stretch_need_little() {
    let (repository, expected) = versions(8, 8);
    repository.git(&["tag", "-a", "-m", "x", "newest"]);
    repository.repack(&["--depth=50"]);
    let bytes = repository.packs().remove(0);
    let left = Allowance::new(1 << 30, Stop::default());
    let (audit, times) = Audit::of_pack(&bytes, Limits::new(&left), Again::Works);
    assert_all(&audit, &expected);
    assert_eq!(times, 0);
    let (audit, times) = Audit::of_pack(&bytes, narrow(&left), Again::Works);
    assert_all(&audit, &expected);
    assert!(times <= 4, "{times} rounds");
}

#[test]
fn bases_that_were_passed_long_ago() {
    // All whole objects come first, then the deltas of those, and so on. No needed object is ever near.
    let (repository, expected) = versions(12, 6);
    repository.repack(&["--depth=50"]);
    let bytes = super::shuffle::by_depth(&repository.packs()[0]);
    let left = Allowance::new(1 << 30, Stop::default());
    let (audit, times) = Audit::of_pack(&bytes, narrow(&left), Again::Works);
    assert_all(&audit, &expected);
    assert!((2..=6).contains(&times), "{times} rounds for twelve files");
    // Without a second pass over the pack, the missing deltas are reported.
    let (audit, _) = Audit::of_pack(&bytes, narrow(&left), Again::Never);
    let [error] = &audit.problems[..] else { panic!("{:?}", audit.problems) };
    assert!(error.is_error());
    let text = error.detail.to_string();
    assert!(text.contains("bases of deltas no longer fit in memory"), "{text}");
    // A second time that fails is an error, and what was found until then is kept.
    let (audit, times) = Audit::of_pack(&bytes, narrow(&left), Again::Fails);
    assert_eq!(times, 1);
    let errors: Vec<_> = audit.problems.iter().map(|problem| problem.detail.to_string()).collect();
    assert!(errors.iter().any(|error| error.contains("the file is gone")), "{errors:?}");
    assert!(!audit.findings.is_empty() && audit.problems.iter().all(Problem::is_error));
    // One pass is enough if the compressed forms fit.
    let limits = Limits { kept: 400 * 1024, ..narrow(&left) };
    assert_all(&Audit::of_pack(&bytes, limits, Again::Never).0, &expected);
}

#[test]
fn more_objects_than_are_remembered() {
    let (repository, expected) = versions(4, 4);
    repository.repack(&[]);
    let bytes = repository.packs().remove(0);
    let left = Allowance::new(1 << 30, Stop::default());
    let limits = Limits { rows: 3, ..Limits::new(&left) };
    assert_all(&Audit::of_pack(&bytes, limits, Again::Works).0, &expected);
    let (audit, _) = Audit::of_pack(&bytes, Limits { bases: 0, ..limits }, Again::Works);
    assert!(matches!(&audit.problems[..], [error] if error.is_error()), "{:?}", audit.problems);
}

#[test]
fn a_pack_of_forty_megabytes() {
    let repository = Repository::new();
    let tokens = [token("first"), token("second"), token("in noise")];
    let (before, behind) = (text("before", 3000), text("behind", 3000));
    repository.write("config.py", format!("{before}{}\n{behind}", tokens[0]));
    let first = repository.commit("first");
    for n in 0..10 {
        repository.write(&format!("weights{n}.bin"), noise(n, 4 << 20));
    }
    repository.write("weights7.bin", [&noise(7, 12 << 20)[..], tokens[2].as_bytes()].concat());
    repository.write("config.py", format!("{before}{}\n{behind}", tokens[1]));
    let second = repository.commit("second");
    repository.git(&[
        "-c",
        "core.compression=1",
        "-c",
        "core.bigFileThreshold=1m",
        "repack",
        "-q",
        "-a",
        "-d",
    ]);
    let bytes = repository.packs().remove(0);
    assert!(bytes.len() > 40 << 20, "{}", bytes.len());
    let left = Allowance::new(1 << 30, Stop::default());
    // The old version is a delta of the new one, which is forty megabytes before it.
    let (audit, times) = Audit::of_pack(&bytes, Limits::new(&left), Again::Never);
    audit.assert_whole();
    assert_eq!(times, 0);
    assert_eq!(audit.ways(&tokens[0]), [format!("git:{first}:config.py")]);
    assert_eq!(audit.ways(&tokens[1]), [format!("git:{second}:config.py")]);
    assert_eq!(audit.ways(&tokens[2]), [format!("git:{second}:weights7.bin")]);
}
