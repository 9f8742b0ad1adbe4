//! Tests of what a build leaves, as real builders leave it: provenance, expansions, triggers, volumes.

use super::check;
use crate::dockerfile::parse;
use crate::finding::{Provenance, Severity, Where};

/// Returns what each hit of a rule leaves, with the severity, and the remarks of the message.
fn forecast(lines: &str, rule: &str) -> Vec<(Severity, String, String)> {
    let token = ["hf", "_QmZtWcXpLbNvKdRgH", "yFsJaTeUoIqPzMwBx"].concat();
    let source = format!("{lines}\n").replace("@TOKEN@", &token);
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    let of_rule = hits.iter().filter(|hit| hit.rule.id == format!("dockerfile/{rule}"));
    let show = |hit: &super::Hit| {
        let leaves: Vec<String> = hit
            .leaves
            .iter()
            .map(|left| match (left.place, &left.path, left.mode) {
                (Where::Attestation, _, Some(Provenance::Max)) => "max".to_owned(),
                (Where::Attestation, ..) => "min".to_owned(),
                (_, Some(path), _) => path.clone(),
                (place, ..) => format!("{place:?}"),
            })
            .collect();
        (hit.severity, leaves.join(" "), hit.full_message().seal().as_str().to_owned())
    };
    of_rule.map(show).collect()
}

fn leaves(lines: &str, rule: &str) -> Vec<String> {
    forecast(lines, rule).into_iter().map(|(_, leaves, _)| leaves).collect()
}

#[test]
fn provenance_holds_build_arguments_and_fetched_urls() {
    for (lines, rule, expected) in [
        ("FROM a\nARG HF_TOKEN\nRUN x", "token-in-arg", "History max"),
        ("FROM a AS b\nARG HF_TOKEN\nRUN x\nFROM c\nRUN y", "token-in-arg", "BuildCache max"),
        ("ARG HF_TOKEN\nFROM a\nRUN x", "token-in-arg", "max"),
        ("FROM a\nARG HF_TOKEN\nADD https://u:$HF_TOKEN@huggingface.co/x /m/", "token-in-url", "History max"),
        ("FROM a\nARG HF_TOKEN\nADD https://u:$HF_TOKEN@huggingface.co/x /m/", "token-in-arg", "History max"),
        ("FROM a\nARG HF_TOKEN\nADD https://huggingface.co/x?t=$HF_TOKEN /m/", "token-in-arg", "History min"),
        (
            "FROM a AS b\nARG HF_TOKEN\nFROM b\nADD https://h.co/${HF_TOKEN} /m/",
            "token-in-arg",
            "History min",
        ),
        ("FROM a\nARG HF_TOKEN\nADD https://h.co/x /m/$HF_TOKEN", "token-in-arg", "History Layer max"),
        ("FROM a\nADD https://h.co/x?t=@TOKEN@ /m/", "literal-token", "History min"),
        ("FROM a\nADD https://u:@TOKEN@@h.co/x /m/", "literal-token", "History max"),
    ] {
        assert_eq!(leaves(lines, rule), [expected], "{lines}");
    }
    assert_eq!(leaves("ARG HF_TOKEN\nFROM a\nARG HF_TOKEN\nRUN x", "token-in-arg"), ["History max"]);
    let token = ["hf", "_", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx"].concat();
    let comment = forecast(&format!("# {token}\nFROM a"), "literal-token");
    assert_eq!((comment[0].0, comment[0].1.as_str()), (Severity::Critical, "Source max"));
    let (severity, _, message) = forecast("ARG HF_TOKEN\nFROM a", "token-in-arg").remove(0);
    assert_eq!(severity, Severity::Medium, "`max` alone is one step lower");
    assert!(message.contains("no stage declares: provenance of `mode=max`"), "{message}");
}

#[test]
fn what_instructions_expand_is_left_in_the_config_and_in_paths() {
    for (lines, rule, expected) in [
        ("FROM a\nENV HF_TOKEN=hunter2hunter2\nLABEL t=$HF_TOKEN", "token-in-env", "Env History Label max"),
        (
            "FROM a AS b\nENV HF_TOKEN=hunter2hunter2\nFROM b\nLABEL t=$HF_TOKEN",
            "token-in-env",
            "Env History Label max",
        ),
        ("FROM a\nARG HF_TOKEN\nUSER $HF_TOKEN\nRUN x", "token-in-arg", "History Config max"),
        ("FROM a\nARG HF_TOKEN\nVOLUME /srv/$HF_TOKEN\nRUN x", "token-in-arg", "History Config max"),
        ("FROM a\nARG HF_TOKEN\nVOLUME [\"/srv/$HF_TOKEN\"]\nRUN x", "token-in-arg", "History Config max"),
        ("FROM a\nARG HF_TOKEN\nWORKDIR /srv/${HF_TOKEN}\nRUN x", "token-in-arg", "History Config Layer max"),
        ("FROM a\nARG HF_TOKEN\nCOPY a /srv/$HF_TOKEN/a\nRUN x", "token-in-arg", "History Layer max"),
        (
            "FROM a\nARG HF_TOKEN\nSHELL [\"/bin/sh\", \"-c\", \"$HF_TOKEN\"]\nRUN x",
            "token-in-arg",
            "History max",
        ),
        ("FROM a\nARG HF_TOKEN\nLABEL t='$HF_TOKEN'\nRUN x", "token-in-arg", "History max"),
        ("FROM a\nARG HF_TOKEN\nCMD echo $HF_TOKEN\nRUN x", "token-in-arg", "History max"),
        (
            "FROM a AS b\nARG HF_TOKEN\nRUN x\nFROM c\nARG HF_TOKEN\nLABEL t=$HF_TOKEN\nRUN y",
            "token-in-arg",
            "BuildCache max",
        ),
    ] {
        assert_eq!(leaves(lines, rule)[0], expected, "{lines}");
    }
}

#[test]
fn a_trigger_of_a_base_in_the_file_sets_the_variable() {
    let trigger = "FROM a AS b\nONBUILD ENV HF_TOKEN=hunter2hunter2\n";
    assert_eq!(leaves(trigger, "token-in-env"), ["Config History max"]);
    assert_eq!(leaves(&format!("{trigger}FROM b\n"), "token-in-env"), ["Env History max"]);
}

#[test]
fn a_trigger_acts_in_the_stages_that_run_it_alone() {
    let write = "RUN --mount=type=secret,id=HF_TOKEN cp /run/secrets/HF_TOKEN /x";
    for (lines, rule, waiting, run) in [
        ("RUN hf auth login --token @TOKEN@", "literal-token", vec!["Config", "History"], vec!["History"]),
        ("RUN hf auth login --token x", "login-command", vec![], vec!["root/.cache/huggingface/token"]),
        ("COPY .netrc /root/", "copies-token-file", vec![], vec!["root/.netrc"]),
        (write, "token-written-to-file", vec![], vec!["x"]),
        ("LABEL a=@TOKEN@", "literal-token", vec!["Config", "History"], vec!["Label", "History"]),
    ] {
        let lines = format!("FROM a AS b\nENV HOME=/root\nONBUILD {lines}\n");
        let plain = |lines: &str| -> Vec<String> {
            let found = leaves(lines, rule).remove(0);
            found.split(' ').filter(|place| !place.is_empty() && *place != "max").map(str::to_owned).collect()
        };
        assert_eq!(plain(&lines), waiting, "{lines}");
        let built = plain(&format!("{lines}FROM b\n"));
        assert!(run.iter().all(|place| built.iter().any(|left| left == place)), "{lines}: {built:?}");
        assert!(!built.iter().any(|left| left == "Config"), "{lines}: {built:?}");
    }
}

#[test]
fn a_mounted_file_that_is_copied_is_left() {
    for (source, expected) in [
        (".env", vec!["etc/x"]),
        ("conf/.netrc", vec!["etc/x"]),
        ("hf_token", vec!["etc/x"]),
        ("app.conf", vec![]),
        (".env.example", vec![]),
    ] {
        let lines = format!("FROM a\nRUN --mount=type=bind,source={source},target=/x cp /x /etc/x");
        assert_eq!(leaves(&lines, "token-written-to-file"), expected, "{source}");
        let read = format!("FROM a\nRUN --mount=type=bind,source={source},target=/x . /x && make");
        assert_eq!(leaves(&read, "token-written-to-file"), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn the_message_says_where_builders_differ() {
    let newer = "only Docker 28 and later write it into the history";
    for (lines, is_said) in [
        ("FROM a\nARG HF_TOKEN\nCMD x", true),
        ("FROM a\nRUN x\nARG HF_TOKEN\nCOPY a b", true),
        ("FROM a\nARG HF_TOKEN\nRUN x", false),
        ("FROM a AS b\nARG HF_TOKEN\nFROM b\nRUN x", false),
        ("FROM a AS b\nRUN x\nFROM c\nARG HF_TOKEN", true),
    ] {
        let (_, _, message) = forecast(lines, "token-in-arg").remove(0);
        assert_eq!(message.contains(newer), is_said, "{lines}: {message}");
    }
    let mount = "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf auth login --token $HF_TOKEN";
    for (lines, is_said) in [
        (format!("FROM a\nVOLUME /root/.cache\n{mount}"), true),
        (format!("FROM a\nVOLUME [\"/root\"]\n{mount}"), true),
        (format!("FROM a\n{mount}\nVOLUME /root/.cache"), false),
        (format!("FROM a\nVOLUME /data\n{mount}"), false),
    ] {
        let (_, _, message) = forecast(&lines, "login-with-secret-mount").remove(0);
        assert_eq!(message.contains("the classic builder throws it away"), is_said, "{lines}: {message}");
    }
}

#[test]
fn windows_images_have_homes_of_their_own() {
    let home = |user: &str| {
        let directory = format!("Users/{user}/.cache/huggingface");
        format!("{directory}/token {directory}/stored_tokens History")
    };
    for (lines, expected) in [
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022", home("ContainerAdministrator")),
        ("FROM mcr.microsoft.com/windows:2004", home("ContainerAdministrator")),
        ("FROM python:3.12-windowsservercore-ltsc2022", home("ContainerAdministrator")),
        ("FROM mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-1809", home("ContainerUser")),
        ("FROM mcr.microsoft.com/windows/nanoserver AS a\nFROM a", home("ContainerUser")),
        (
            "FROM mcr.microsoft.com/windows/nanoserver\nUSER ContainerAdministrator",
            home("ContainerAdministrator"),
        ),
        (
            "FROM mcr.microsoft.com/windows/servercore\nENV HF_HOME=/hf",
            "hf/token hf/stored_tokens History".into(),
        ),
        (
            "FROM me/build-for-windows",
            "root/.cache/huggingface/token root/.cache/huggingface/stored_tokens History".into(),
        ),
    ] {
        let lines = format!("{lines}\nARG HF_TOKEN\nRUN hf auth login --token %HF_TOKEN%");
        assert_eq!(leaves(&lines, "login-command"), [expected], "{lines}");
    }
}

#[test]
fn messages_say_what_the_forecast_says() {
    for (lines, rule, expected, says) in [
        (
            "FROM a AS b\nARG KK\nADD https://huggingface.co/o/m/resolve/main/x?token=$KK /x\nFROM c\nCOPY --from=b /x /x",
            "token-in-arg",
            (Severity::High, "BuildCache min"),
            "attaches to the image by default",
        ),
        (
            "FROM a AS b\nARG HF_TOKEN\nRUN x\nFROM c",
            "token-in-arg",
            (Severity::Medium, "BuildCache max"),
            "builder's cache, and in provenance of `mode=max`",
        ),
        (
            "FROM a AS b\nARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nFROM c",
            "token-in-env",
            (Severity::Medium, "BuildCache"),
            "builder's cache",
        ),
        (
            "FROM a AS b\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\nFROM c",
            "login-command",
            (Severity::Medium, "BuildCache"),
            "builder's cache",
        ),
        (
            "FROM a\nARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nENV HF_TOKEN=",
            "token-in-env",
            (Severity::High, "History"),
            "`ENV HF_TOKEN` is given a token; a later ENV sets it anew, but the history keeps it",
        ),
    ] {
        let (severity, leaves, message) = forecast(lines, rule).remove(0);
        assert_eq!((severity, leaves.as_str()), expected, "{lines}");
        let end = if says.contains("attaches") { "the URL with it" } else { says };
        assert!(message.contains(says) && message.ends_with(end), "{message}");
    }
}

#[test]
fn a_file_of_a_mount_that_the_hub_is_given_stays_behind() {
    let head = "FROM a AS s\nRUN --mount=type=secret,id=t cp /run/secrets/t /tok\nFROM b\nRUN --mount=from=s,target=/s";
    for (run, expected) in [
        ("hf download o/m --token $(cat /s/tok)", "BuildCache"),
        ("hf download o/m --token \"$(head -n1 /s/tok)\" && ls", "BuildCache"),
        ("cat /s/tok > /x", "Layer"),
        ("cat /s/tok | tee /x", "Layer"),
        ("python p.py $(cat /s/tok)", "Layer"),
        ("cp -r /s /y && hf download o/m --token $(cat /s/tok)", "Layer"),
    ] {
        assert_eq!(leaves(&format!("{head} {run}"), "token-written-to-file")[0], expected, "{run}");
    }
}
