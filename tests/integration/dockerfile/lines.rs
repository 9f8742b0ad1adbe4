//! `--dockerfile`: findings in an image are traced to the lines of the Dockerfile that it was built from.

use std::path::Path;

use crate::support::image::docker_archive;
use crate::support::{
    Image, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, scan_with, stowaway, tools,
};
use serde_json::{Value, json};

/// Writes the text to a Dockerfile, and scans the targets with `--dockerfile`.
#[track_caller]
fn scan_lined_up(place: &Place, text: &str, targets: &[&Path]) -> Outcome {
    let file = place.write("given/Dockerfile", text);
    let mut arguments = vec!["--dockerfile", tools::text(&file)];
    arguments.extend(targets.iter().map(|target| tools::text(target)));
    scan(&arguments)
}

fn archive(place: &Place, image: &Image) -> std::path::PathBuf {
    place.write("app.tar", Layout::of(&[image]).files().archive())
}

/// Returns a layer with one file.
fn layer(path: &str, body: &str) -> Layer {
    Layer::new(&Tar::new().file(path, body).finish())
}

/// Returns the line of each finding, in report order. Layer findings are named by path, config findings by
/// field.
fn lines(outcome: &Outcome) -> Vec<(String, Option<u64>)> {
    let line = |finding: &Value| {
        let location = &finding["location"];
        let name = location["path"].as_str().or(location["field"].as_str()).unwrap();
        (name.to_owned(), location["dockerfile"]["line"].as_u64())
    };
    outcome.findings().iter().map(line).collect()
}

fn expected(lines: &[(&str, u64)]) -> Vec<(String, Option<u64>)> {
    lines.iter().map(|&(name, line)| (name.to_owned(), Some(line).filter(|line| *line > 0))).collect()
}

/// Returns the messages of the notes on a history.
fn notes(outcome: &Outcome) -> Vec<&str> {
    let notes = outcome.report()["notes"].as_array().unwrap();
    let of_history = notes.iter().filter(|note| note["where"].as_str().unwrap().starts_with("history"));
    of_history.map(|note| note["message"].as_str().unwrap()).collect()
}

const DOCKERFILE: &str = "\
FROM debian AS base
ARG HF_TOKEN
RUN hf auth login \\
    # for the download below
    --token $HF_TOKEN
FROM base
ENV A=b HF_TOKEN=$HF_TOKEN
COPY app /app
LABEL built.with=$HF_TOKEN
CMD [\"serve\", \"--token\", \"@\"]
";

/// Returns an image of [`DOCKERFILE`] as BuildKit builds it, with the token in every place that leaks.
fn leaky(text: &str) -> Image {
    let layers =
        [layer("etc/base", text), layer("root/.cache/huggingface/token", text), layer("app/main.py", text)];
    let history = json!([
        {"created_by": "/bin/sh -c #(nop) ADD file:00 in / "},
        {"created_by": "/bin/sh -c #(nop)  CMD [\"bash\"]", "empty_layer": true},
        {"created_by": format!("ARG HF_TOKEN={text}"), "empty_layer": true, "comment": "buildkit.dockerfile.v0"},
        {"created_by": format!("RUN |1 HF_TOKEN={text} /bin/sh -c hf auth login     --token $HF_TOKEN # buildkit")},
        {"created_by": format!("ENV A=b HF_TOKEN={text}"), "empty_layer": true},
        {"created_by": "COPY app /app # buildkit"},
        {"created_by": format!("LABEL built.with={text}"), "empty_layer": true},
        {"created_by": format!("CMD [\"serve\" \"--token\" \"{text}\"]"), "empty_layer": true},
    ]);
    Image::new("app:latest", layers)
        .env(&["PATH=/bin", "A=b", &format!("HF_TOKEN={text}")])
        .with("Labels", json!({"built.with": text}))
        .with("Cmd", json!(["serve", "--token", text]))
        .history(history)
}

#[test]
fn every_place_of_an_image_is_traced_to_its_line() {
    let made = Token::user("traced");
    let place = Place::new("traced");
    let archive = archive(&place, &leaky(made.text()));
    let text = DOCKERFILE.replace('@', made.text());
    let outcome = scan_lined_up(&place, &text, &[&archive]);
    let mut found = lines(&outcome);
    found.sort();
    let mut right = expected(&[
        ("app/main.py", 8),
        ("config.Cmd[2]", 10),
        ("config.Env[2]", 7),
        ("config.Labels[\"built.with\"]", 9),
        ("etc/base", 0),
        ("history[2].created_by", 2),
        ("history[3].created_by", 3),
        ("history[4].created_by", 7),
        ("history[6].created_by", 9),
        ("history[7].created_by", 10),
        ("root/.cache/huggingface/token", 3),
    ]);
    right.sort();
    assert_eq!(found, right);
    let mut paths = outcome.findings().iter().map(|finding| &finding["location"]["dockerfile"]["path"]);
    let given = place.join("given/Dockerfile");
    assert!(paths.all(|path| path.is_null() || path == tools::text(&given)));
    assert_eq!((notes(&outcome), outcome.code), (vec![], 1));
    // The Dockerfile is not a target. Its own leaks are not reported, and it changes nothing else.
    assert_eq!(outcome.report()["targets"].as_array().unwrap().len(), 1);
    let without = scan(&[&archive]);
    let prints = |outcome: &Outcome| -> Vec<Value> {
        outcome.findings().iter().map(|finding| finding["fingerprint"].clone()).collect()
    };
    assert_eq!(prints(&outcome), prints(&without));
    assert!(lines(&without).iter().all(|(_, line)| line.is_none()));

    let file = place.join("given/Dockerfile");
    let args = ["scan", "--verbose", "--dockerfile", tools::text(&file), tools::text(&archive)];
    let shown = stowaway(&args, Stdin::Empty);
    let line = format!("    Dockerfile  {}:3\n", tools::text(&file));
    assert!(shown.stdout.contains(&line), "{}", shown.stdout);
}

#[test]
fn a_docker_archive_and_standard_input_too() {
    let made = Token::user("piped");
    let place = Place::new("piped");
    let file = place.write("Dockerfile", DOCKERFILE.replace('@', made.text()));
    let bytes = docker_archive(&[&leaky(made.text())]).archive();
    let outcome = scan_with(&["--dockerfile", tools::text(&file), "-"], Stdin::Pipe(&bytes));
    let token = ("root/.cache/huggingface/token".to_owned(), Some(3));
    assert!(lines(&outcome).contains(&token));
    assert!(lines(&outcome).contains(&("config.Env[2]".to_owned(), Some(7))));
    let image = place.write("app.tar", &bytes);
    let outcome = scan_with(&["--dockerfile", "-", tools::text(&image)], Stdin::File(&file));
    assert!(lines(&outcome).contains(&token));
}

#[test]
fn where_it_is_not_certain_no_line_is_named_and_a_note_says_so() {
    let made = Token::user("uncertain");
    let text = DOCKERFILE.replace('@', made.text());
    let run = "RUN /bin/sh -c x # buildkit";
    let two = || [layer("etc/a", made.text()), layer("etc/b", "b")];
    let with = |history: Value| Image::new("app:latest", two()).history(history);
    let folded = json!([
        {"created_by": "/bin/sh -c one", "empty_layer": true},
        {"created_by": "/bin/sh -c #(nop) CMD [\"two\"]"},
    ]);
    for (name, dockerfile, image, note) in [
        ("another", &text[..], with(json!([{"created_by": run}, {"created_by": run}])), "does not match"),
        (
            "changed",
            "FROM a\nRUN x\nRUN y\n",
            with(json!([{"created_by": run}, {"created_by": run}])),
            "line 3",
        ),
        ("empty", &text, with(json!([])), "it is empty"),
        ("squashed", "FROM a\nRUN x\nRUN x\nRUN x\n", with(json!([{"created_by": run}])), "does not match"),
        (
            "doubt",
            "FROM a\nARG A\nARG A\nRUN x\n",
            with(json!([
                {"created_by": "ARG A", "empty_layer": false},
                {"created_by": run},
            ])),
            "entry 0 might be from line 2 or 3",
        ),
        (
            "folded",
            "FROM scratch\nRUN one\nCMD [\"two\"]\n",
            Image::new("app:latest", [layer("etc/a", made.text())]).history(folded),
            "layer 0 may hold what lines 2 to 3",
        ),
    ] {
        let place = Place::new(name);
        let outcome = scan_lined_up(&place, dockerfile, &[&archive(&place, &image)]);
        assert_eq!(lines(&outcome), expected(&[("etc/a", 0)]), "{name}");
        assert!(notes(&outcome).iter().any(|found| found.contains(note)), "{name}: {:?}", notes(&outcome));
        assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{name}");
    }
}

#[test]
fn all_images_among_the_targets_are_lined_up() {
    let made = Token::user("several");
    let place = Place::new("several");
    let text = DOCKERFILE.replace('@', made.text());
    let one = archive(&place, &leaky(made.text()));
    let other = Image::new("other:latest", [layer("etc/x", made.text())]);
    let other = place.write("other.tar", Layout::of(&[&other]).files().archive());
    let file = place.write("Dockerfile", "FROM scratch\nCOPY a /a\n");
    let outcome = scan_lined_up(&place, &text, &[&one, &other, &file]);
    assert_eq!(outcome.report()["targets"].as_array().unwrap().len(), 3);
    assert!(lines(&outcome).contains(&("app/main.py".to_owned(), Some(8))));
    assert!(lines(&outcome).contains(&("etc/x".to_owned(), None)));
    assert_eq!(notes(&outcome).len(), 1);
}

#[test]
fn what_cannot_be_lined_up_is_refused() {
    let place = Place::new("refused");
    let image = archive(&place, &Image::new("app:latest", [layer("a", "b")]));
    let image = tools::text(&image);
    let dockerfile = place.write("Dockerfile", "FROM a\nRUN b\n");
    let dockerfile = tools::text(&dockerfile);
    let notes = place.write("notes", "not one\n");
    let large = place.write("large", format!("FROM a\n{}", "# x\n".repeat(300_000)));
    let missing = place.join("missing");
    let directory = tools::text(place.path());
    let output = format!("--output={dockerfile}");
    for (arguments, says) in [
        (&[tools::text(&missing), image][..], "there is no such file or directory"),
        (&[directory, image], "it is a directory"),
        (&[tools::text(&notes), image], "it is not a Dockerfile: it has no FROM"),
        (&[tools::text(&large), image], "larger than 1 MiB"),
        (&[dockerfile, dockerfile], "needs an image among the targets"),
        (&[dockerfile, "file:x", "context:y", directory], "needs an image among the targets"),
        (&["-", "-"], "standard input cannot be both"),
        (&[dockerfile, &output, image], "the report would overwrite the Dockerfile"),
    ] {
        let mut all = vec!["--dockerfile"];
        all.extend(arguments);
        let outcome = scan(&all);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(arguments[0] == "-" || outcome.stderr.contains(arguments[0]), "{}", outcome.stderr);
    }
    // A target that cannot be read is reported by the audit, and not earlier.
    let outcome = scan(&["--dockerfile", dockerfile, "nothing-here.tar"]);
    assert_eq!(outcome.errors().len(), 1);
}

#[test]
fn a_token_in_names_is_not_shown() {
    let made = Token::user("in names");
    let place = Place::new("names");
    let image = archive(&place, &Image::new("app:latest", [layer("a", "b")]));
    // The test runner asserts for every run that no token is shown.
    for (name, text) in [
        ("stage", format!("FROM a AS {}\nRUN step 0\nFROM a\nRUN x\n", made.text())),
        ("other", "FROM a\nRUN x\n".to_owned()),
        ("none", "x\n".to_owned()),
    ] {
        let file = place.write(&format!("{}/{name}", made.text()), text);
        let outcome = scan(&["--dockerfile", tools::text(&file), tools::text(&image)]);
        if name == "none" {
            assert_eq!(outcome.code, 2);
        } else {
            assert_eq!(notes(&outcome).len(), 1, "{name}");
            assert!(notes(&outcome)[0].contains(&made.redacted()));
        }
    }
}

const REAL: &str = "\
FROM scratch AS base
ADD root.tar /
ARG WORD
ENV  HF_TOKEN=@ \\
   C=\"d e\"
RUN echo $HF_TOKEN > /root/first && \\
    # a comment
	echo @ > /root/second
FROM base AS other
COPY leak.txt Dockerfile /srv/
FROM base
LABEL k=\"v @\" $C=x
WORKDIR /x
COPY --chown=0:0 leak.txt y/
COPY --from=other /srv/leak.txt /z
RUN [\"/bin/sh\", \"-c\", \"echo @ > /third\"]
run --mount=type=cache,target=/c echo @ >> /same
run --mount=type=cache,target=/c echo @ >> /same
USER root
HEALTHCHECK CMD echo @
ENTRYPOINT [\"/bin/sh\", \"-c\", \"@\"]
CMD echo @
ONBUILD RUN echo @
";

/// Builds [`REAL`] with buildah and these options, and scans the image.
#[track_caller]
fn scan_real(name: &str, made: &Token, options: &[&str]) -> Outcome {
    let place = Place::new(name);
    let text = REAL.replace('@', made.text());
    place.write("context/leak.txt", made.text());
    let archive = place.join("app.tar");
    let mut all = vec!["--format", "docker", "--build-arg", "WORD=spo ken"];
    all.extend(options);
    tools::buildah(&place, &text, &all, &format!("oci-archive:{}", tools::text(&archive)));
    scan_lined_up(&place, &text, &[&archive])
}

#[test]
fn an_image_by_buildah() {
    let made = Token::user("by buildah");
    let outcome = scan_real("by-buildah", &made, &[]);
    assert_eq!(notes(&outcome), Vec::<&str>::new());
    let found = lines(&outcome);
    for (name, line) in [
        ("root/first", 6),
        ("root/second", 6),
        ("x/y/leak.txt", 14),
        ("z", 15),
        ("third", 16),
        ("config.Env[1]", 4),
        ("config.Labels.k", 12),
        ("config.Entrypoint[2]", 21),
        ("config.Cmd[2]", 22),
        ("history[2].created_by", 4),
        ("history[3].created_by", 6),
    ] {
        assert!(found.contains(&(name.to_owned(), Some(line))), "{name}: {found:?}");
    }
    let same: Vec<_> = found.iter().filter(|(name, _)| name == "same").map(|(_, line)| *line).collect();
    assert!(same.contains(&Some(17)) && same.contains(&Some(18)), "{same:?}");
    assert!(found.iter().all(|(_, line)| line.is_some()), "{found:?}");
}

#[test]
fn another_stage_by_buildah() {
    let made = Token::user("another stage");
    let outcome = scan_real("another-stage", &made, &["--target", "other"]);
    let found = lines(&outcome);
    assert!(found.contains(&("srv/leak.txt".to_owned(), Some(10))), "{found:?}");
    assert!(found.contains(&("root/first".to_owned(), Some(6))), "{found:?}");
    assert!(notes(&outcome)[0].contains("it matches stage other of "), "{:?}", notes(&outcome));
}

#[test]
fn layers_that_buildah_folded() {
    let made = Token::user("folded by buildah");
    let outcome = scan_real("folded-by-buildah", &made, &["--layers=false"]);
    let found = lines(&outcome);
    for (name, line) in found.iter().filter(|(name, _)| !name.contains(['.', '['])) {
        assert_eq!(*line, None, "{name}");
    }
    // The value of a field still comes from one instruction.
    assert!(found.contains(&("config.Env[1]".to_owned(), Some(4))), "{found:?}");
    assert!(found.contains(&("history[3].created_by".to_owned(), Some(6))), "{found:?}");
    assert_eq!(notes(&outcome).len(), 2, "{:?}", notes(&outcome));
    assert!(notes(&outcome)[1].contains("may hold what lines 14 to 23 of "), "{:?}", notes(&outcome));
}

#[test]
fn an_image_that_buildah_squashed() {
    let made = Token::user("squashed by buildah");
    let outcome = scan_real("squashed-by-buildah", &made, &["--squash"]);
    assert!(lines(&outcome).iter().all(|(_, line)| line.is_none()));
    assert!(notes(&outcome)[0].contains("does not match"), "{:?}", notes(&outcome));
}

#[test]
fn a_dockerfile_that_is_too_large_is_no_other_text() {
    let place = Place::new("large");
    let lines = "FROM a\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\n";
    let large = place.write("Dockerfile", lines.to_owned() + &"# filler\n".repeat(2_000_000));
    let outcome = scan(&[&large]);
    assert_eq!((outcome.code, outcome.findings().len()), (2, 0));
    assert!(outcome.errors()[0]["message"].as_str().unwrap().contains("larger than 16 MiB"));
}
