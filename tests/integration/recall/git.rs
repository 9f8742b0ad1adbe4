//! Tokens in git repositories.

use std::fs;
use std::path::Path;

use super::{Planted, Row};
use crate::support::{Compression, Place, Tar, tools};

fn git(tree: &Path, args: &[&str]) {
    let mut all = vec!["-C", tools::text(tree), "-c", "user.name=a", "-c", "user.email=a@example.org"];
    all.extend(args);
    tools::run("git", &all);
}

/// Returns an image with the `.git` directory of a repository made by these steps, without the working tree.
fn row(form: &str, steps: &dyn Fn(&Place)) -> Row {
    let place = Place::new(&format!("git {form}").replace(' ', "-"));
    git(place.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    place.write("README", "first\n");
    git(place.path(), &["add", "--all"]);
    git(place.path(), &["commit", "--quiet", "--message=first"]);
    steps(&place);
    let mut tar = Tar::new();
    let mut directories = vec![place.join(".git")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = format!("srv/{}", path.strip_prefix(place.path()).unwrap().display());
                tar = tar.file(name, fs::read(&path).unwrap());
            }
        }
    }
    Row::layer(form, &tar.finish(), Compression::Gzip)
}

pub(super) fn rows(planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let env = format!("# settings\nHF_TOKEN={token}\n");
    let commit = |place: &Place, path: &str, content: &str| {
        place.write(path, content);
        git(place.path(), &["add", "--all"]);
        git(place.path(), &["commit", "--quiet", "--message=more"]);
    };
    let lines = (0..300).fold(String::new(), |text, i| text + &format!("setting {i} = {}\n", i * 7919));
    vec![
        row("a file of the last commit", &|place| commit(place, "a/.env", &env)),
        row("a file that was removed", &|place| {
            commit(place, "a/.env", &env);
            git(place.path(), &["rm", "--quiet", "a/.env"]);
            git(place.path(), &["commit", "--quiet", "--message=gone"]);
        }),
        row("a commit that HEAD no longer has", &|place| {
            commit(place, "a/.env", &env);
            git(place.path(), &["reset", "--quiet", "--hard", "HEAD~1"]);
        }),
        row("a file that was added and never committed", &|place| {
            place.write("a/.env", &env);
            git(place.path(), &["add", "--all"]);
        }),
        row("a commit message", &|place| {
            git(place.path(), &["commit", "--quiet", "--allow-empty", &format!("--message=use {token}")]);
        }),
        row("an annotated tag", &|place| {
            git(place.path(), &["tag", "--annotate", "v1", &format!("--message={token}")]);
        }),
        row("a stash", &|place| {
            place.write("README", &env);
            git(place.path(), &["stash", "push", "--quiet"]);
        }),
        row("a pack", &|place| {
            commit(place, "a/.env", &env);
            git(place.path(), &["gc", "--quiet", "--prune=now"]);
        }),
        row("a pack, where a delta exchanges it for another one", &|place| {
            commit(place, "a.ini", &format!("{lines}hub = {token}\n{lines}"));
            let other = super::Token::user("another one");
            commit(place, "a.ini", &format!("{lines}hub = {}\n{lines}", other.text()));
            git(place.path(), &["gc", "--quiet", "--aggressive", "--prune=now"]);
        }),
        row("a bundle", &|place| {
            commit(place, "a/.env", &env);
            git(place.path(), &["bundle", "create", "--quiet", ".git/all.bundle", "--all"]);
            fs::remove_dir_all(place.join(".git/objects")).unwrap();
        }),
        row("the URL of a remote", &|place| {
            let url = format!("https://user:{token}@huggingface.co/o/r");
            git(place.path(), &["remote", "add", "origin", &url]);
        }),
    ]
}
