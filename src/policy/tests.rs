//! Tests of policy files.

use std::fs;
use std::path::Path;

use super::*;
use crate::finding::Origin;

/// Writes `text` as a policy file, and returns the mistake in it without the name of the directory.
fn mistake(text: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stowaway.toml");
    fs::write(&file, text).unwrap();
    let error = Config::read(&file).map(|config| config.counts()).unwrap_err().to_string();
    error.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn a_mistake_has_its_place_and_a_suggestion() {
    for (text, says) in [
        (
            "fail-no = \"low\"",
            "stowaway.toml:1:1: unknown field `fail-no`, expected one of `include`, `fail-on`, `threshold`, `ignore`; did you mean `fail-on`?",
        ),
        (
            "fail-on = \"hihg\"",
            "stowaway.toml:1:11: unknown variant `hihg`, expected one of `critical`, `high`, `medium`, `low`, `never`; did you mean `high`?",
        ),
        (
            "fail-on = {own = \"low\", bse = \"high\"}",
            "stowaway.toml:1:25: unknown field `bse`, expected `own` or `base`; did you mean `base`?",
        ),
        (
            "fail-on = 3",
            "stowaway.toml:1:11: invalid type: integer `3`, expected a severity, or a table with `own` and `base`",
        ),
        ("[[ignore]]\nrule = \"image/*\"", "stowaway.toml:1:1: missing field `reason`"),
        (
            "[[ignore]]\nrule = \"image/*\"\nreason = \" - \"",
            "stowaway.toml:3:10: the reason is empty; say why the findings are harmless",
        ),
        (
            "[[ignore]]\nreason = \"x\"",
            "stowaway.toml:1:1: the ignore would hide everything; give it a rule, path, image, layer, fingerprint or token-sha256",
        ),
        (
            "\n[[ignore]]\nrule = \"image/cached-tokn\"\nreason = \"x\"",
            "stowaway.toml:3:8: no rule is called `image/cached-tokn`; did you mean `image/cached-token`?",
        ),
        (
            "[[ignore]]\nrule = \"contxt/*\"\nreason = \"x\"",
            "stowaway.toml:2:8: no rule is called `contxt/*`; did you mean `context/*`?",
        ),
        (
            "[[ignore]]\npath = \"a[\"\nreason = \"x\"",
            "stowaway.toml:2:8: bad glob: unclosed character class; missing ']'",
        ),
        (
            "[[ignore]]\npth = \"a\"\nreason = \"x\"",
            "stowaway.toml:2:1: unknown field `pth`, expected one of `rule`, `path`, `image`, `layer`, `fingerprint`, `token-sha256`, `reason`, `expires`; did you mean `path`?",
        ),
        (
            "[[ignore]]\npath = \"a\"\nreason = \"x\"\nexpires = \"tomorrow\"",
            "stowaway.toml:4:11: expected a date, such as 2027-06-01",
        ),
        ("[[ignore]]\npath = \"a\"\nreason = \"x\"\nexpires = 2027-13-01", "stowaway.toml:4:11: "),
        (
            "[[ignore]]\npath = \"a\"\nreason = \"x\"\nexpires = 2027-06-01T00:00:00Z",
            "stowaway.toml:4:11: expected a date, such as 2027-06-01",
        ),
        (
            "[[ignore]]\nlayer = \"3\"\nreason = \"x\"",
            "stowaway.toml:2:9: expected a digest, sha256: and 64 hexadecimal digits",
        ),
        (
            "[[ignore]]\nfingerprint = \"3\"\nreason = \"x\"",
            "stowaway.toml:2:15: expected a fingerprint as reports show it, 1: and 64 hexadecimal digits",
        ),
        (
            "[[ignore]]\ntoken-sha256 = \"3\"\nreason = \"x\"",
            "stowaway.toml:2:16: expected the SHA-256 of a token, 64 hexadecimal digits",
        ),
        (
            "[[threshold]]\nkind = \"img\"\nfail-on = \"low\"",
            "stowaway.toml:2:8: unknown variant `img`, expected one of `image`, `dockerfile`, `context`, `file`; did you mean `image`?",
        ),
        ("é = ", "stowaway.toml:1:1: "),
        (
            "include = [\"nowhere.toml\"]",
            "nowhere.toml: cannot read it: No such file or directory (os error 2)",
        ),
        ("include = [\"stowaway.toml\"]", "stowaway.toml:1:12: the file includes itself"),
    ] {
        let shown = mistake(text.as_bytes());
        assert!(
            shown == says || (says.ends_with(": ") && shown.starts_with(says)),
            "{text}\n{shown}\n{says}"
        );
        assert!(!shown.contains('\n'), "{shown}");
    }
    assert_eq!(mistake(b"fail-on = \"low\"\n\xff"), "stowaway.toml:2:1: it is not UTF-8 text");
    let large = vec![b'#'; (1 << 20) + 1];
    assert_eq!(mistake(&large), "stowaway.toml: it is larger than 1 MiB; is it the right file?");
    let directory = tempfile::tempdir().unwrap();
    let is_directory = Config::read(directory.path()).map(|config| config.counts()).unwrap_err().to_string();
    assert!(is_directory.ends_with(": it is a directory; name the file in it"), "{is_directory}");
}

#[test]
fn a_token_in_a_policy_file_is_not_shown() {
    let token = format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx");
    for text in [format!("{token} = 1"), format!("fail-on = \"{token}\""), token.clone()] {
        let shown = mistake(text.as_bytes());
        assert!(!shown.contains(token.split_at(8).1), "{shown}");
    }
}

#[test]
fn an_empty_file_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stowaway.toml");
    fs::write(&file, "").unwrap();
    assert_eq!(Config::read(&file).unwrap().counts(), (0, 0));
}

#[test]
fn included_files_come_second_and_may_be_shared() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::create_dir_all(directory.path().join(name).parent().unwrap()).unwrap();
        fs::write(directory.path().join(name), text).unwrap();
    };
    write("stowaway.toml", "include = [\"a/a.toml\", \"b.toml\"]\nfail-on = \"low\"\n");
    write(
        "a/a.toml",
        "include = [\"../b.toml\"]\nfail-on = \"high\"\n[[ignore]]\npath = \"x\"\nreason = \"y\"\n",
    );
    write("b.toml", "[[threshold]]\nrule = \"image/*\"\nfail-on = \"never\"\n");
    let config = Config::read(&directory.path().join("stowaway.toml")).unwrap();
    assert_eq!(config.counts(), (1, 3));
    assert_eq!(config.fail_on, Some(FailOn::Low.into()));
    let names: Vec<String> =
        config.names().map(|name| name.as_str().rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["stowaway.toml", "a.toml", "b.toml", "b.toml"]);
}

#[test]
fn thresholds_of_the_command_line() {
    let by = |text: &str| text.parse::<ByOrigin>();
    assert_eq!(by("high"), Ok(FailOn::High.into()));
    let both = by("own=low,base=critical").unwrap();
    let of = |origin| both.of(origin);
    assert_eq!(
        [of(None), of(Some(Origin::Own)), of(Some(Origin::Unknown)), of(Some(Origin::Base))],
        [FailOn::Low, FailOn::Low, FailOn::Low, FailOn::Critical]
    );
    assert_eq!(by("base=never").unwrap().of(None), FailOn::Medium);
    for wrong in ["", "hgh", "own", "own=", "own=hgh", "mine=low", "own=low,", "own=low base=high"] {
        assert!(by(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn paths_match_as_in_gitignore() {
    use super::pattern::Pattern;
    for (glob, path, expected) in [
        ("*.md", "README.md", true),
        ("*.md", "docs/a/b.md", true),
        ("docs/*.md", "docs/b.md", true),
        ("docs/*.md", "docs/a/b.md", false),
        ("docs/*.md", "x/docs/b.md", false),
        ("docs/**", "docs/a/b.md", true),
        ("**/docs/**", "x/docs/b.md", true),
        ("/README.md", "README.md", true),
        ("/README.md", "docs/README.md", false),
        ("./docs/*", "docs/x", true),
        ("{a,b}/x", "b/x", true),
        ("token", "root/.cache/huggingface/token", true),
        ("token", "root/tokens", false),
    ] {
        assert_eq!(Pattern::of_path(glob).unwrap().matches(path), expected, "{glob} {path}");
    }
}

/// docs/config.schema.json is made from the types: `make docs` writes it.
#[test]
fn the_schema_is_that_of_the_types() {
    let schema = schemars::SchemaGenerator::new(schemars::generate::SchemaSettings::draft2020_12())
        .into_root_schema_for::<super::file::File>();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.schema.json");
    if std::env::var_os("STOWAWAY_WRITE_DOCS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), text, "`make docs` writes it again");
}
