//! Repositories as git writes them.

use super::shuffle;
use super::support::Audit;
use super::support::Repository;
use super::support::text;
use super::support::token;
use super::support::token_of;
use crate::hub::tokens::Body;
use crate::hub::tokens::made_up;
use crate::unpack::git::entry::Form;

/// A worktree file in which one of many lines has a token.
fn config(token: &str) -> String {
    format!("{}HF_TOKEN={token}\n{}", text("before", 40), text("behind", 40))
}

/// Commits a token, then another in its place, and then none.
fn rotated(repository: &Repository) -> ([String; 2], [String; 3]) {
    rotated_with(repository, [token("old"), token("new")])
}

fn rotated_with(repository: &Repository, tokens: [String; 2]) -> ([String; 2], [String; 3]) {
    let contents = [config(&tokens[0]), config(&tokens[1]), config("")];
    let commits = contents.map(|content| {
        repository.write("app/conf/settings.env", content);
        repository.commit("settings")
    });
    (tokens, commits)
}

#[track_caller]
fn assert_rotated(audit: &Audit, tokens: &[String; 2], commits: &[String; 3]) {
    audit.assert_whole();
    for (token, commit) in tokens.iter().zip(commits) {
        assert_eq!(audit.ways(token), [format!("git:{commit}:app/conf/settings.env")]);
    }
    assert_eq!(audit.findings.len(), 2);
}

#[test]
fn loose_objects() {
    let repository = Repository::new();
    let (tokens, commits) = rotated(&repository);
    let audit = repository.audit();
    assert_rotated(&audit, &tokens, &commits);
    let position = audit.findings[0].occurrence.position.unwrap();
    assert_eq!((position.line, position.column), (41, 10));
}

#[test]
fn kinds_that_are_in_the_table_alone() {
    for kind in made_up::kinds().iter().filter(|kind| kind.body == Body::Letters) {
        let repository = Repository::new();
        let tokens = [token_of(kind.prefix, "old"), token_of(kind.prefix, "new")];
        let (tokens, commits) = rotated_with(&repository, tokens);
        assert_rotated(&repository.audit(), &tokens, &commits);
        repository.git(&["gc", "-q"]);
        let audit = repository.audit();
        assert_rotated(&audit, &tokens, &commits);
        assert!(audit.findings.iter().all(|finding| finding.occurrence.token.kind == kind.into()));
    }
}

#[test]
fn packs_with_deltas_of_offsets() {
    let repository = Repository::new();
    let (tokens, commits) = rotated(&repository);
    repository.git(&["gc", "-q"]);
    let listed = repository.git(&["verify-pack", "-v", &pack_name(&repository)]);
    assert!(listed.contains("chain length = 1"), "{listed}");
    assert_rotated(&repository.audit(), &tokens, &commits);
}

#[test]
fn packs_with_deltas_of_ids() {
    let repository = Repository::new();
    let (tokens, commits) = rotated(&repository);
    repository.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"]);
    let forms = shuffle::forms(&repository.packs()[0]);
    let references = forms.iter().filter(|form| matches!(form, Form::Reference(_)));
    assert_eq!(references.count(), 2, "{forms:?}");
    assert_rotated(&repository.audit(), &tokens, &commits);
}

#[test]
fn a_bare_repository() {
    let source = Repository::new();
    let (tokens, commits) = rotated(&source);
    let bare = Repository::with(&["--bare"]);
    bare.git(&["fetch", "-q", source.dir.to_str().unwrap(), "main:main"]);
    assert_rotated(&bare.audit(), &tokens, &commits);
    bare.repack(&[]);
    assert_rotated(&bare.audit(), &tokens, &commits);
}

#[test]
fn a_repository_of_sha256() {
    let repository = Repository::with(&["--object-format=sha256"]);
    let (tokens, commits) = rotated(&repository);
    assert_eq!(commits[0].len(), 64);
    assert_rotated(&repository.audit(), &tokens, &commits);
    repository.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"]);
    assert_rotated(&repository.audit(), &tokens, &commits);
}

#[test]
fn commits_that_no_branch_leads_to() {
    let repository = Repository::new();
    repository.write("README", "hello\n");
    repository.commit("first");
    let (amended, dropped, stashed, staged) =
        (token("amended"), token("dropped"), token("stash"), token("staged"));

    repository.write("amended.txt", &amended);
    let amended_in = repository.commit("with a token");
    repository.write("amended.txt", "nothing");
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "--amend", "-m", "without"]);

    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.write("dropped.txt", &dropped);
    let dropped_in = repository.commit("on a branch");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "feature"]);

    repository.write("README", &stashed);
    repository.git(&["stash", "-q"]);
    let stashed_in = repository.git(&["rev-parse", "stash@{0}"]);

    repository.write("staged.txt", &staged);
    repository.git(&["add", "-A"]);
    let staged_as = repository.git(&["rev-parse", ":staged.txt"]);
    repository.git(&["rm", "-q", "-f", "staged.txt"]);

    for packed in [false, true] {
        if packed {
            repository.repack(&[]);
        }
        let audit = repository.audit();
        audit.assert_whole();
        assert_eq!(audit.ways(&amended), [format!("git:{amended_in}:amended.txt")]);
        assert_eq!(audit.ways(&dropped), [format!("git:{dropped_in}:dropped.txt")]);
        assert_eq!(audit.ways(&stashed), [format!("git:{stashed_in}:README")]);
        assert_eq!(audit.ways(&staged), [format!("git:{staged_as}")], "no commit holds it");
    }
}

#[test]
fn messages_tags_and_names() {
    let repository = Repository::new();
    let (message, tag, name) = (token("message"), token("tag"), token("name"));
    repository.write(&format!("dir/{name}/file"), "x");
    let commit = repository.commit(&format!("use {message}"));
    repository.git(&["tag", "-a", "v1", "-m", &format!("with {tag}")]);
    let tag_id = repository.git(&["rev-parse", "v1"]);
    for packed in [false, true] {
        if packed {
            repository.repack(&[]);
        }
        let audit = repository.audit();
        audit.assert_whole();
        assert_eq!(audit.ways(&message), [format!("git:{commit}")]);
        assert_eq!(audit.ways(&tag), [format!("git:{tag_id}")]);
        assert_eq!(audit.ways(&name), [format!("git:{commit}:dir")]);
    }
}

#[test]
fn many_versions_are_one_finding_and_each_path_is_its_own() {
    let repository = Repository::new();
    let token = token("kept");
    let mut first = String::new();
    for n in 0..50 {
        repository.write("log.txt", format!("{}{token}\n{n}\n", text("log", 10 + n)));
        let commit = repository.commit(&format!("version {n}"));
        if n == 0 {
            first = commit;
        }
    }
    repository.write("copy.txt", format!("{token}\n{token}\n"));
    let copied = repository.commit("a copy");
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "-q"]);
        }
        let audit = repository.audit();
        audit.assert_whole();
        let mut ways = audit.ways(&token);
        ways.sort();
        let mut expected = [format!("git:{first}:log.txt"), format!("git:{copied}:copy.txt")];
        expected.sort();
        assert_eq!(ways, expected);
    }
}

#[test]
fn two_repositories_of_one_layer() {
    let (one, two) = (Repository::new(), Repository::new());
    let token = token("both");
    let commits = [&one, &two].map(|repository| {
        repository.write("x", &token);
        repository.commit(&format!("in {}", repository.dir.display()))
    });
    let files = [one.files(), two.files()].concat();
    let audit = Audit::of(&files);
    assert_eq!(audit.ways(&token).len(), 2);
    // A blob that both repositories hold is named by the earliest commit of the layer.
    assert!(audit.ways(&token).iter().all(|way| commits.iter().any(|commit| way.contains(commit))));
}

#[test]
fn a_pack_that_lies_in_another_file() {
    let repository = Repository::new();
    let (tokens, commits) = rotated(&repository);
    repository.git(&["bundle", "create", "-q", "all.bundle", "main"]);
    let bundle = std::fs::read(repository.dir.join("all.bundle")).unwrap();
    let at = bundle.windows(4).position(|bytes| bytes == b"PACK").unwrap();
    let audit = Audit::of(&[("all.bundle".to_owned(), bundle[at..].to_vec())]);
    assert_rotated(&audit, &tokens, &commits);
}

#[test]
fn a_pack_of_deltas_alone() {
    let repository = Repository::new();
    let (tokens, commits) = rotated(&repository);
    let range = format!("{}..main", commits[0]);
    repository.git(&["bundle", "create", "-q", "thin.bundle", &range]);
    let bundle = std::fs::read(repository.dir.join("thin.bundle")).unwrap();
    let at = bundle.windows(4).position(|bytes| bytes == b"PACK").unwrap();
    let audit = Audit::of(&[("thin.bundle".to_owned(), bundle[at..].to_vec())]);
    assert!(format!("{:?}", audit.problems).contains("not in it"), "{:?}", audit.problems);
    assert!(audit.problems.iter().all(crate::finding::Problem::is_error));
    drop(tokens);
}

fn pack_name(repository: &Repository) -> String {
    let listed = repository.git(&["count-objects", "-v"]);
    assert!(listed.contains("packs: 1"), "{listed}");
    let mut packs = std::fs::read_dir(repository.dir.join(".git/objects/pack")).unwrap();
    let pack = packs.find_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension()? == "idx").then_some(path)
    });
    pack.unwrap().to_str().unwrap().to_owned()
}
