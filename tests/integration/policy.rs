//! Policy files, ignores, thresholds and baselines.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use crate::support::image::Layout;
use crate::support::run::{Outcome, stowaway_in};
use crate::support::{Image, Layer, Place, Tar, Token, image};

fn token(name: &str) -> Token {
    Token::user(name)
}

/// Makes `app.tar` with a token in three files, of which two are one under two names, and one in the environment.
fn app(place: &Place) -> (Layer, Layer) {
    let lower = Layer::new(
        &Tar::new()
            .file("srv/a/settings.py", token("a").bytes())
            .hard_link("srv/b/settings.py", "srv/a/settings.py")
            .finish(),
    );
    let upper =
        Layer::new(&Tar::new().file("root/.cache/huggingface/token", token("cached").bytes()).finish());
    let variable = format!("HF_TOKEN={}", token("env").text());
    let image = Image::new("team/app:1", [lower.clone(), upper.clone()]).env(&[&variable]);
    place.write("app.tar", image::docker_archive(&[&image]).archive());
    (lower, upper)
}

fn scan(place: &Place, args: &[&str]) -> Outcome {
    let mut all = vec!["scan", "--format", "json"];
    all.extend(args);
    stowaway_in(place.path(), &all)
}

/// Returns the rules of the findings that are suppressed, and of the others.
fn rules(outcome: &Outcome) -> (Vec<String>, Vec<String>) {
    let (ignored, open): (Vec<&Value>, Vec<&Value>) =
        outcome.findings().iter().partition(|finding| finding["suppressed"].is_object());
    let names = |findings: Vec<&Value>| {
        let names = findings.iter().map(|finding| finding["rule"].as_str().unwrap().replace("image/", ""));
        names.collect::<Vec<_>>()
    };
    (names(ignored), names(open))
}

fn notes(outcome: &Outcome) -> Vec<String> {
    let notes = outcome.report()["notes"].as_array().unwrap();
    let text = |note: &Value| {
        let target = note["target"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("{target}: {}: {}", note["where"].as_str().unwrap(), note["message"].as_str().unwrap())
    };
    notes.iter().map(text).collect()
}

#[test]
fn an_ignore_applies_if_all_its_conditions_do() {
    let place = Place::new("ignores");
    let (lower, upper) = app(&place);
    let all = scan(&place, &["app.tar"]);
    assert_eq!((all.code, rules(&all).1.len()), (1, 3));
    let of = |rule: &str| all.findings().iter().find(|finding| finding["rule"] == rule).unwrap();
    let fingerprint = of("image/token-in-env")["fingerprint"].as_str().unwrap();
    let hash = token("a").sha256();
    let diff_id = of("image/cached-token")["location"]["diff_id"].as_str().unwrap();
    assert_ne!(lower.digest(), upper.digest());
    for (conditions, ignored) in [
        ("rule = 'image/*'", "token-in-env token-in-file cached-token"),
        ("rule = 'image/cached-*'", "cached-token"),
        ("rule = 'image/token-in-{env,history}'", "token-in-env"),
        ("path = 'srv/**'", "token-in-file"),
        ("path = 'settings.py'", "token-in-file"),
        // The same bytes have another name.
        ("path = 'srv/a/*'", ""),
        ("path = '**'", "token-in-file cached-token"),
        ("image = 'team/*'", "token-in-env token-in-file cached-token"),
        ("image = 'other/*'", ""),
        ("rule = 'image/*'\npath = 'token'", "cached-token"),
        ("rule = 'image/token-*'\npath = 'token'", ""),
        (&format!("layer = '{diff_id}'"), "cached-token"),
        (&format!("fingerprint = '{fingerprint}'"), "token-in-env"),
        (&format!("token-sha256 = '{hash}'"), "token-in-file"),
        (&format!("token-sha256 = '{hash}'\nimage = 'x'"), ""),
        ("rule = 'dockerfile/*'", ""),
    ] {
        place.write("stowaway.toml", format!("[[ignore]]\n{conditions}\nreason = 'made up'\n"));
        let outcome = scan(&place, &["app.tar"]);
        let (suppressed, open) = rules(&outcome);
        assert_eq!(suppressed.join(" "), ignored, "{conditions}");
        assert_eq!(
            (outcome.code, suppressed.len() + open.len()),
            (i32::from(!open.is_empty()), 3),
            "{conditions}"
        );
        let summary = &outcome.report()["summary"];
        assert_eq!(
            (&summary["suppressed"], &summary["findings"]),
            (&json!(suppressed.len()), &json!(open.len()))
        );
        assert_eq!(outcome.report()["policy"], json!(["stowaway.toml"]));
        for finding in outcome.findings().iter().filter(|finding| finding["suppressed"].is_object()) {
            assert_eq!(finding["suppressed"], json!({"by": "config", "reason": "made up"}));
        }
        let is_unused = ignored.is_empty() && !conditions.contains("dockerfile/");
        let expected: &[&str] =
            if is_unused { &["stowaway.toml: line 1: this ignore applies to no finding"] } else { &[] };
        assert_eq!(notes(&outcome), expected, "{conditions}");
    }
}

#[test]
fn an_ignore_ends_with_its_day() {
    let place = Place::new("expired");
    app(&place);
    for (day, code, says) in [
        (
            "2001-02-03",
            1,
            &["stowaway.toml: line 1: this ignore expired on 2001-02-03 and no longer applies"][..],
        ),
        ("9000-01-01", 0, &[]),
        ("'9000-01-01'", 0, &[]),
    ] {
        place
            .write("stowaway.toml", format!("[[ignore]]\nrule = 'image/*'\nreason = 'x'\nexpires = {day}\n"));
        let outcome = scan(&place, &["app.tar"]);
        assert_eq!(
            (outcome.code, &*notes(&outcome)),
            (code, &*says.iter().map(ToString::to_string).collect::<Vec<_>>())
        );
    }
}

#[test]
fn thresholds_of_rules_and_kinds_go_before_the_general_one() {
    let place = Place::new("thresholds");
    app(&place);
    place.write("Dockerfile", "FROM a\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\n");
    for (text, args, target, code) in [
        ("", &[][..], "app.tar", 1),
        ("fail-on = 'never'", &[], "app.tar", 0),
        ("fail-on = 'never'", &["--fail-on", "high"], "app.tar", 1),
        ("fail-on = {own = 'never', base = 'low'}", &[], "app.tar", 0),
        ("[[threshold]]\nrule = 'image/*'\nfail-on = 'never'", &[], "app.tar", 0),
        ("[[threshold]]\nrule = 'image/*'\nfail-on = 'never'", &[], "Dockerfile", 1),
        ("[[threshold]]\nkind = 'dockerfile'\nfail-on = 'critical'", &[], "Dockerfile", 0),
        ("[[threshold]]\nkind = 'dockerfile'\nfail-on = 'critical'", &["--fail-on", "low"], "Dockerfile", 0),
        ("[[threshold]]\nkind = 'dockerfile'\nfail-on = 'critical'", &[], "app.tar", 1),
        ("fail-on = 'never'", &["--no-config"], "app.tar", 1),
    ] {
        place.write("stowaway.toml", text);
        let args: Vec<&str> = args.iter().copied().chain([target]).collect();
        assert_eq!(scan(&place, &args).code, code, "{text} {args:?}");
    }
}

#[test]
fn each_target_has_the_policy_of_its_directory() {
    let place = Place::new("found");
    for (directory, policy) in
        [("strict", None), ("lax", Some("lax")), ("lax/below", None), ("lax/own", Some("own"))]
    {
        place.write(
            &format!("{directory}/Dockerfile"),
            "FROM a\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\n",
        );
        if let Some(reason) = policy {
            let text = format!("[[ignore]]\nrule = 'dockerfile/*'\nreason = '{reason}'\n");
            place.write(&format!("{directory}/stowaway.toml"), text);
        }
    }
    let reasons = |args: &[&str]| {
        let outcome = scan(&place, args);
        let reason = |finding: &Value| finding["suppressed"]["reason"].as_str().unwrap_or("none").to_owned();
        let mut reasons: Vec<String> = outcome.findings().iter().map(reason).collect();
        reasons.dedup();
        reasons.join(" ")
    };
    assert_eq!(reasons(&["strict/Dockerfile"]), "none");
    // The file of the current directory is not for a target elsewhere.
    let elsewhere = stowaway_in(&place.join("lax"), &["scan", "--format", "json", "../strict/Dockerfile"]);
    assert_eq!(elsewhere.code, 1);
    assert_eq!(reasons(&["lax/Dockerfile"]), "lax");
    assert_eq!(reasons(&["lax/below/Dockerfile", "strict/Dockerfile", "lax/own"]), "lax none own");
    assert_eq!(reasons(&["--no-config", "lax/below/Dockerfile"]), "none");
    assert_eq!(reasons(&["--config", "lax/stowaway.toml", "strict/Dockerfile", "lax/own"]), "lax");
}

#[test]
fn nobody_elses_policy_is_obeyed() {
    let place = Place::new("foreign");
    let hide = "[[ignore]]\nrule = '*'\nreason = 'nothing to see'\n";
    let dockerfile = "FROM a\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\n";
    // A root file system, a layout, and a clone of another repository bring policies of their own.
    place.write("tree/stowaway.toml", hide);
    place.write("tree/srv/app.py", token("tree").bytes());
    place.write("clone/.git/HEAD", "");
    place.write("clone/stowaway.toml", hide);
    place.write("clone/Dockerfile", dockerfile);
    place.write("theirs/stowaway.toml", hide);
    place.write("theirs/Dockerfile", dockerfile);
    let layer =
        Layer::new(&Tar::new().file("srv/x", token("layout").bytes()).file("stowaway.toml", hide).finish());
    let layout = place.path().join("layout");
    Layout::of(&[&Image::new("app:1", [layer])]).files().write_dir(&layout);
    fs::write(layout.join("stowaway.toml"), hide).unwrap();
    for target in ["rootfs:tree", "layout", "oci:layout", "clone/Dockerfile", "clone"] {
        let outcome = scan(&place, &[target]);
        assert_eq!((outcome.code, rules(&outcome).0.len()), (1, 0), "{target}: {}", outcome.stderr);
        let is_said = outcome.stderr.contains("clone/stowaway.toml is not used: it is in another repository");
        assert_eq!(is_said, target.starts_with("clone"), "{}", outcome.stderr);
    }
    assert_eq!(scan(&place, &["--config", "clone/stowaway.toml", "clone"]).code, 0);
    assert_eq!(scan(&place, &["theirs"]).code, 0);
    // Only root can give a file away.
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        std::os::unix::fs::chown(place.path().join("theirs/stowaway.toml"), Some(1234), None).unwrap();
        let outcome = scan(&place, &["theirs"]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains("it belongs to another user"), "{}", outcome.stderr);
    }
}

#[test]
fn a_wrong_policy_stops_the_scan_before_it_begins() {
    let place = Place::new("wrong");
    app(&place);
    place.write("bad.toml", "[[ignore]]\npth = 'x'\n");
    place.write("empty.toml", "");
    fs::create_dir(place.path().join("directory")).unwrap();
    for (args, says) in [
        (&["--config", "bad.toml"][..], "bad.toml:2:1: unknown field `pth`"),
        (&["--config", "nowhere.toml"], "nowhere.toml: cannot read it: No such file"),
        (&["--config", "directory"], "directory: it is a directory"),
        (&["--config", "app.tar"], "app.tar:1:"),
        (&["--baseline", "nowhere.toml"], "nowhere.toml: cannot read it: No such file"),
        (&["--baseline", "bad.toml"], "bad.toml:1:"),
        (&["--baseline", "directory"], "directory: it is a directory"),
        (&["--write-baseline", "app.tar"], "app.tar:1:"),
        (&["--fail-on", "own=hgh"], "expected critical, high, medium, low or never"),
    ] {
        let mut all = args.to_vec();
        all.push("app.tar");
        let outcome = scan(&place, &all);
        assert_eq!((outcome.code, &*outcome.stdout), (2, ""), "{args:?}");
        assert!(outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
    }
    assert_eq!(scan(&place, &["--config", "empty.toml", "app.tar"]).code, 1);
    assert_eq!(scan(&place, &["--baseline", "empty.toml", "app.tar"]).code, 1);
}

#[test]
fn a_policy_file_is_checked() {
    let place = Place::new("check");
    place.write("stowaway.toml", "fail-on = 'high'\n[[ignore]]\npath = 'x'\nreason = 'y'\n");
    place.write("bad.toml", "fail-on = 'hgh'\n");
    let check = |args: &[&str]| {
        let mut all = vec!["check-config"];
        all.extend(args);
        let outcome = stowaway_in(place.path(), &all);
        (outcome.code, outcome.stdout, outcome.stderr)
    };
    let right = "stowaway.toml: right, with 1 ignore and 1 threshold\n".to_owned();
    assert_eq!(check(&[]), (0, right.clone(), String::new()));
    assert_eq!(check(&["stowaway.toml"]), (0, right, String::new()));
    let (code, stdout, stderr) = check(&["bad.toml"]);
    assert_eq!((code, &*stdout), (2, ""));
    assert!(stderr.contains("bad.toml:1:11: unknown variant `hgh`"), "{stderr}");
}

#[test]
fn a_comment_in_a_dockerfile_suppresses_and_stays_in_the_report() {
    let place = Place::new("inline");
    place.write(
        "Dockerfile",
        "FROM a\n# stowaway: ignore[login-command] a mock of the Hub\nRUN hf auth login --token x\n",
    );
    let outcome = scan(&place, &["Dockerfile"]);
    assert_eq!(outcome.code, 0);
    let finding = &outcome.findings()[0];
    assert_eq!(finding["suppressed"], json!({"by": "inline", "reason": "a mock of the Hub"}));
    let text = stowaway_in(place.path(), &["scan", "--show-ignored", "Dockerfile"]).stdout;
    assert_eq!(
        text,
        "ignored: dockerfile/login-command  Dockerfile:3:5  (comment: a mock of the Hub)\n\
         clean: Dockerfile, nothing found, 1 ignored\n"
    );
}

#[test]
fn with_a_baseline_only_new_findings_fail() {
    let place = Place::new("baseline");
    app(&place);
    let written = scan(&place, &["--write-baseline", "known.toml", "app.tar"]);
    assert_eq!((written.code, rules(&written).1.len()), (0, 3));
    let file = place.path().join("known.toml");
    let text = fs::read_to_string(&file).unwrap();
    for name in ["a", "cached", "env"] {
        let (text_of, hash) = (token(name).text().to_owned(), token(name).sha256());
        assert!(!text.contains(&text_of[8..]) && !text.contains(&*hash), "{text}");
    }
    assert_eq!(text.matches("[[finding]]").count(), 3, "{text}");
    assert!(
        text.contains(
            "place = \"app.tar, team/app:1 (linux/amd64), layer 1: root/.cache/huggingface/token:1:1\""
        ),
        "{text}"
    );
    let known = scan(&place, &["--baseline", "known.toml", "app.tar"]);
    assert_eq!((known.code, rules(&known).0.len(), notes(&known)), (0, 3, Vec::new()));

    // Fields that are filled in by hand are kept, and shown as the reason.
    fs::write(&file, text.replacen("by = \"\"\nreason = \"\"", "by = \"Ann\"\nreason = \"revoked\"", 1))
        .unwrap();
    let known = scan(&place, &["--baseline", "known.toml", "app.tar"]);
    let reasons: Vec<&Value> =
        known.findings().iter().map(|finding| &finding["suppressed"]["reason"]).collect();
    assert!(reasons.contains(&&json!("revoked — Ann")) && reasons.contains(&&Value::Null), "{reasons:?}");
    scan(&place, &["--write-baseline", "known.toml", "app.tar"]);
    let again = fs::read_to_string(&file).unwrap();
    assert!(again.contains("by = \"Ann\"\nreason = \"revoked\""), "{again}");

    // Another token at a known place is new; a finding that is gone is said, and leaves the file.
    let layer =
        Layer::new(&Tar::new().file("root/.cache/huggingface/token", token("other").bytes()).finish());
    let rebuilt = Image::new("team/app:2", [layer]).env(&[&format!("HF_TOKEN={}", token("env").text())]);
    place.write("app.tar", image::docker_archive(&[&rebuilt]).archive());
    let outcome = scan(&place, &["--baseline", "known.toml", "app.tar"]);
    let (ignored, open) = rules(&outcome);
    assert_eq!(
        (outcome.code, ignored, open),
        (1, vec!["token-in-env".to_owned()], vec!["cached-token".to_owned()])
    );
    let gone = notes(&outcome);
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone[0].starts_with("known.toml: : image/") && gone[0].ends_with(" is gone"), "{gone:?}");
    scan(&place, &["--write-baseline", "known.toml", "app.tar"]);
    let text_of_two = fs::read_to_string(&file).unwrap();
    assert_eq!(text_of_two.matches("[[finding]]").count(), 2);

    // A finding may be in a part that was not read.
    let whole = fs::read(place.path().join("app.tar")).unwrap();
    place.write("app.tar", &whole[..whole.len() / 2]);
    let broken = scan(&place, &["--write-baseline", "known.toml", "app.tar"]);
    assert_eq!(broken.code, 2);
    let (before, after) = (text_of_two, fs::read_to_string(&file).unwrap());
    for fingerprint in before.lines().filter(|line| line.starts_with("fingerprint")) {
        assert!(after.contains(fingerprint), "{after}");
    }
}
