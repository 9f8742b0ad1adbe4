//! Tokens in git repositories in layers. They are reported with the commit and the path.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use crate::support::token::Random;
use crate::support::{Compression, Image, Kind, Layer, Layout, Outcome, Place, Tar, Token, scan, tools};

/// A repository and its working tree.
struct Repository {
    place: Place,
    steps: Cell<u64>,
}

impl Repository {
    fn new(name: &str) -> Self {
        let place = Place::new(name);
        let repository = Self { place, steps: Cell::new(0) };
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        // Each step is one minute later than the previous one.
        let step = self.steps.get();
        self.steps.set(step + 1);
        let date = format!("GIT_COMMITTER_DATE=@{} +0000", 1_700_000_000 + 60 * step);
        let tree = self.place.path();
        let mut all = vec![&date, "git", "-C", tools::text(tree)];
        for option in ["user.name=a", "user.email=a@example.org", "gc.auto=0", "commit.gpgSign=false"] {
            all.extend(["-c", option]);
        }
        all.extend(args);
        tools::run("env", &all).trim().to_owned()
    }

    /// Writes a file and commits it. Returns the commit.
    #[track_caller]
    fn commit(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        self.place.write(path, content);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=more"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Returns the working tree as a layer below `srv/app`.
    fn layer(&self, compression: Compression) -> Layer {
        let mut tar = Tar::new();
        let mut directories = vec![self.place.path().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let name = path.strip_prefix(self.place.path()).unwrap();
                    tar = tar.file(format!("srv/app/{}", name.display()), fs::read(&path).unwrap());
                }
            }
        }
        Layer::stored(&tar.finish(), compression)
    }

    fn scan(&self, compression: Compression) -> Outcome {
        let image = Image::new("app:latest", [self.layer(compression)]);
        let archive = Layout::of(&[&image]).files().archive();
        let at = Place::new(&format!("{}-image", self.place.path().file_name().unwrap().to_str().unwrap()));
        scan(&[at.write("app.tar", archive)])
    }
}

fn env(token: &Token) -> String {
    format!("# settings\nHF_TOKEN={}\nMORE=1\n", token.text())
}

#[track_caller]
fn assert_found(outcome: &Outcome, token: &Token, commit: &str, path: &str) -> String {
    let location = outcome.location_of(token, "image/token-in-file");
    assert_eq!(location["via"], serde_json::json!([format!("git:{commit}:{path}")]));
    location["path"].as_str().unwrap().to_owned()
}

#[test]
fn a_commit_that_head_no_longer_has() {
    let repository = Repository::new("amended");
    let token = Token::new(Kind::User, "amended");
    repository.commit("README", "first\n");
    let commit = repository.commit("deploy/.env", env(&token));
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let outcome = repository.scan(Compression::Gzip);
    outcome.assert_found_only(&[&token]);
    let path = assert_found(&outcome, &token, &commit, "deploy/.env");
    assert!(path.starts_with("srv/app/.git/objects/"), "{path}");
    assert_eq!(outcome.finding_of(&token)["location"]["line"], 2);
}

#[test]
fn a_token_that_was_changed_for_another_one_in_a_pack() {
    let repository = Repository::new("rotated");
    let lines: String =
        (0..200).fold(String::new(), |text, i| text + &format!("setting {i} = {}\n", i * 7919));
    let tokens: Vec<Token> = (0..4).map(|i| Token::new(Kind::User, &format!("rotated {i}"))).collect();
    let commits: Vec<String> = tokens
        .iter()
        .map(|token| repository.commit("config.ini", format!("{lines}hub = {}\n{lines}", token.text())))
        .collect();
    repository.git(&["rm", "--quiet", "config.ini"]);
    repository.git(&["commit", "--quiet", "--message=gone"]);
    repository.git(&["gc", "--quiet", "--aggressive", "--prune=now"]);
    let outcome = repository.scan(Compression::Zstd);
    outcome.assert_found_only(&tokens.iter().collect::<Vec<_>>());
    for (token, commit) in tokens.iter().zip(&commits) {
        let path = assert_found(&outcome, token, commit, "config.ini");
        assert!(Path::new(&path).extension().is_some_and(|extension| extension == "pack"), "{path}");
    }
}

#[test]
fn a_commit_message_a_stash_and_an_archive_that_was_committed() {
    let repository = Repository::new("other");
    let [message, stash, packed] = ["message", "stash", "packed"].map(|name| Token::new(Kind::User, name));
    repository.commit("README", "first\n");
    repository.place.write("README", "second\n");
    repository.git(&["commit", "--quiet", "--all", &format!("--message=use {}", message.text())]);
    let said = repository.git(&["rev-parse", "HEAD"]);
    let commit = repository.commit("old.gz", crate::support::files::gzip(env(&packed).as_bytes()));
    repository.place.write("README", format!("third {}\n", stash.text()));
    repository.git(&["stash", "push", "--quiet"]);
    let stashed = repository.git(&["rev-parse", "refs/stash"]);
    fs::remove_file(repository.place.join("old.gz")).unwrap();
    let outcome = repository.scan(Compression::Plain);
    // Git's edit files and logs also contain the message.
    let of_message = outcome.findings_of(&message);
    let vias: Vec<String> = of_message.iter().map(|f| f["location"]["via"].to_string()).collect();
    assert!(vias.contains(&format!("[\"git:{said}\"]")), "{vias:?}");
    assert_found(&outcome, &stash, &stashed, "README");
    let location = outcome.location_of(&packed, "image/token-in-file");
    assert_eq!(location["via"], serde_json::json!([format!("git:{commit}:old.gz"), "gzip"]));
    assert_eq!(outcome.errors(), [] as [serde_json::Value; 0]);
}

#[test]
fn a_pack_that_is_too_large_to_be_held_is_read_again() {
    let repository = Repository::new("large");
    let mut random = Random::new("large");
    let lines: String = (0..3000).fold(String::new(), |text, _| text + &format!("{:x}\n", random.next()));
    let tokens: Vec<Token> = (0..3).map(|i| Token::new(Kind::User, &format!("large {i}"))).collect();
    for (number, token) in tokens.iter().enumerate() {
        repository.place.write(&format!("weights{number}"), random.bytes(14 << 20));
        repository.commit("config.ini", format!("{lines}hub = {}\n{lines}", token.text()));
    }
    repository.git(&["rm", "--quiet", "--cached", "config.ini"]);
    repository.git(&["commit", "--quiet", "--message=gone"]);
    repository.git(&["-c", "core.bigFileThreshold=1k", "gc", "--quiet", "--prune=now"]);
    repository.git(&["repack", "-a", "-d", "-f", "--quiet"]);
    for name in ["config.ini", "weights0", "weights1", "weights2"] {
        fs::remove_file(repository.place.join(name)).unwrap();
    }
    let outcome = repository.scan(Compression::Zstd);
    outcome.assert_found_only(&tokens.iter().collect::<Vec<_>>());
}
