//! Histories as builders write them, lined up with the Dockerfiles they are from.

use proptest::prelude::*;

use super::{Lineup, NoLineup, Past, Recipe};
use crate::dockerfile::{LineIndex, parse};

mod builders;

use builders::{Builder, Step, render};

/// A Dockerfile to be lined up.
struct Given {
    recipe: Recipe,
    lines: Vec<u64>,
}

impl Given {
    fn new(source: &str) -> Self {
        let dockerfile = parse(source.as_bytes());
        assert!(dockerfile.problems.is_empty(), "{source}\n{:?}", dockerfile.problems);
        let index = LineIndex::new(source.as_bytes());
        let lines = dockerfile.instructions.iter().map(|i| index.position(i.span.start).line).collect();
        Self { recipe: Recipe::new(dockerfile), lines }
    }

    fn line_up(&self, history: &[Past<'_>]) -> Result<Lineup, NoLineup> {
        self.recipe.line_up(history, &mut usize::MAX.clone())
    }

    fn lines(&self, instructions: &[Option<usize>]) -> Vec<Option<u64>> {
        instructions.iter().map(|instruction| instruction.map(|number| self.lines[number])).collect()
    }

    /// The lines of all entries, 0 where none is named; nothing where the history is another's.
    fn entries(&self, history: &[Past<'_>]) -> Option<Vec<u64>> {
        let lineup = self.line_up(history).ok()?;
        Some(self.lines(&lineup.entries).into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The same for the layers of the entries.
    fn layers(&self, history: &[Past<'_>]) -> Option<Vec<u64>> {
        let lineup = self.line_up(history).ok()?;
        Some(self.lines(&lineup.layers).into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// Entries, of which those that begin with `-` made no layer.
fn past<'a>(history: &[&'a str]) -> Vec<Past<'a>> {
    let entry = |text: &&'a str| {
        let (empty_layer, created_by) = text.strip_prefix('-').map_or((false, *text), |text| (true, text));
        Past { created_by, empty_layer, author: None }
    };
    history.iter().map(entry).collect()
}

fn entries(source: &str, history: &[&str]) -> Option<Vec<u64>> {
    Given::new(source).entries(&past(history))
}

/// One instruction and all ways to spell it; and what must not be taken for it.
#[test]
fn spellings() {
    let bash = "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n";
    for (instruction, spellings, others) in [
        (
            "RUN echo $A",
            &[
                "RUN /bin/sh -c echo $A # buildkit",
                "RUN |1 A=b /bin/sh -c echo $A # buildkit",
                "RUN |2 A=b c /x OTHER=d=e /bin/sh -c echo $A # buildkit",
                "RUN |1 A= /bin/bash -euo pipefail -c echo $A # buildkit",
                "/bin/sh -c echo $A",
                "|1 A=spo ken /bin/sh -c echo $A",
                "/bin/bash -o pipefail -c echo $A",
                "RUN echo $A",
                "run echo  $A",
            ][..],
            &[
                "RUN /bin/sh -c echo $B # buildkit",
                "RUN /bin/sh -c true; echo $A # buildkit",
                "|1 A=b /bin/sh -c sh -c echo $A",
                "echo $A",
                "|1 A=b echo $A",
                "/bin/sh -c #(nop) RUN echo $A",
                "RUN",
                "python -c echo $A",
                "",
            ][..],
        ),
        (
            "RUN a && \\\n  # a comment\n\tb\\\n  c",
            &["RUN /bin/sh -c a && \tb  c # buildkit", "/bin/sh -c a && \tb  c", "RUN a && b c"],
            &["/bin/sh -c a", "/bin/sh -c b c"],
        ),
        (
            "RUN --mount=type=cache,target=/c --network=none do it",
            &[
                "RUN /bin/sh -c do it # buildkit",
                "/bin/sh -c --mount=type=cache,target=/c --network=none do it",
                "|1 A=b /bin/sh -c --mount=type=cache,target=/c --network=none do it:sha256:0123456789abcdef0123456789abcdef",
                "RUN --mount=type=cache,target=/c --network=none do it",
            ],
            &["/bin/sh -c --mount=type=cache,target=/d do it"],
        ),
        (
            "RUN [\"echo\", \"hello world\"]",
            &[
                "RUN echo hello world # buildkit",
                "RUN |1 A=b echo hello world # buildkit",
                "echo hello world",
                "|1 A=b echo hello world",
                "/bin/sh -c [\"echo\", \"hello world\"]",
                "RUN [\"echo\", \"hello world\"]",
            ],
            &["/bin/sh -c echo hello world", "RUN /bin/sh -c echo hello world # buildkit"],
        ),
        (
            "RUN <<EOF\necho one\n\techo two\nEOF",
            &[
                "RUN /bin/sh -c echo one\n\techo two\n # buildkit",
                "/bin/sh -c <<EOF\necho one\n\techo two",
                "/bin/sh -c <<EOF (echo one...)",
                "RUN <<EOF",
            ][..2],
            &["RUN /bin/sh -c echo two # buildkit"],
        ),
        (
            "RUN <<EOF\n#!/usr/bin/env python\nx\nEOF",
            &["RUN /bin/sh -c /dev/pipes/EOF # buildkit", "RUN <<EOF"],
            &["RUN /bin/sh -c x # buildkit"],
        ),
        (
            "RUN cat <<A <<-\"B\" > /x\none\nA\n\ttwo\nB",
            &[
                "RUN /bin/sh -c cat <<A <<-\"B\" > /x\none\nA\n\ttwo\nB # buildkit",
                "RUN cat <<A <<-\"B\" > /x",
            ],
            &["RUN /bin/sh -c cat > /x # buildkit"],
        ),
        (
            "COPY --chown=0:0 --link a \"b\" /c/$D/",
            &[
                "COPY --chown=0:0 a b /c/x/ # buildkit",
                "/bin/sh -c #(nop) COPY multi:00ff in /c/x/ ",
                "/bin/sh -c #(nop) COPY --chown=0:0 file:00ff,file:01 in /c// ",
                "/bin/sh -c #(nop) COPY --link multi:00ff in /c/$D/ |inheritLabels=false",
                "COPY --chown=0:0 --link a \"b\" /c/$D/",
                "COPY in /c/x/",
            ][..5],
            &[
                "COPY a /c/x/ # buildkit",
                "ADD a b /c/x/ # buildkit",
                "/bin/sh -c #(nop) COPY file:00 in /d/ ",
                "/bin/sh -c #(nop) ADD file:00 in /c/x/ ",
                "COPY",
            ],
        ),
        (
            "COPY --from=0 [\"a b\", \"/c d\"]",
            &["COPY a b /c d # buildkit", "/bin/sh -c #(nop) COPY dir:00 in /c d "],
            &["/bin/sh -c #(nop) COPY dir:00 in /d "],
        ),
        (
            "COPY <<\"A\" b /c/\none\nA",
            &["COPY b <<A /c/ # buildkit", "/bin/sh -c #(nop) COPY multi:00 in /c/ "],
            &["COPY b /c/ # buildkit"],
        ),
        (
            "ADD https://x.example/a.tar /",
            &["ADD https://x.example/a.tar / # buildkit", "/bin/sh -c #(nop) ADD file:00 in / "],
            &["COPY https://x.example/a.tar / # buildkit"],
        ),
        (
            "ENV  A=b \\\n  C=\"d e\" F=$G",
            &[
                "ENV A=b C=d e F=",
                "ENV A=b C=d e F=value",
                "/bin/sh -c #(nop)  ENV A=b C=d e F=x",
                "/bin/sh -c #(nop) ENV  A=b   C=\"d e\" F=$G",
                "/bin/sh -c #(nop) ENV  A=b   C=\"d e\" F=$G|unsetLabel=true|force-mtime=10",
            ],
            &["ENV A=b", "ENV A=b C=d F=x", "LABEL A=b C=d e F=x", "RUN ENV A=b C=d e F="],
        ),
        ("ENV A b c", &["ENV A=b c", "/bin/sh -c #(nop) ENV A b c"], &["ENV A=b", "ENV A b"]),
        (
            "LABEL org.x=\"a b\" 'q'=$R",
            &["LABEL org.x=a b q=1", "/bin/sh -c #(nop)  LABEL org.x=a b q=", "LABEL org.x=\"a b\" 'q'=$R"],
            &["LABEL org.x=a b"],
        ),
        (
            "ARG A=b C",
            &[
                "ARG A=b C=x",
                "ARG A=other C",
                "/bin/sh -c #(nop)  ARG A=b C",
                "/bin/sh -c #(nop) ARG A C EARLIER",
            ],
            &[],
        ),
        (
            "CMD [\"a\", \"b \\\"c\\\"\"]",
            &[
                "CMD [\"a\" \"b \\\"c\\\"\"]",
                "/bin/sh -c #(nop)  CMD [\"a\" \"b \\\"c\\\"\"]",
                "CMD [\"a\", \"b \\\"c\\\"\"]",
            ],
            &["CMD [\"a\"]", "ENTRYPOINT [\"a\" \"b \\\"c\\\"\"]"],
        ),
        (
            "CMD echo \"$A\"",
            &["CMD [\"/bin/sh\" \"-c\" \"echo \\\"$A\\\"\"]", "/bin/sh -c #(nop) CMD echo \"$A\""],
            &["CMD [\"/bin/sh\" \"-c\" \"echo $A; b\"]"],
        ),
        (
            "ENTRYPOINT [\"a\"]",
            &["ENTRYPOINT [\"a\"]", "/bin/sh -c #(nop)  ENTRYPOINT [\"a\"]"],
            &["ENTRYPOINT []", "CMD [\"a\"]"],
        ),
        (
            "HEALTHCHECK --interval=3s CMD echo ok",
            &[
                "HEALTHCHECK &{[\"CMD-SHELL\" \"echo ok\"] \"3s\" \"0s\" \"0s\" '\\x00'}",
                "/bin/sh -c #(nop) HEALTHCHECK --interval=3s CMD echo ok",
            ],
            &["CMD echo ok"],
        ),
        (
            "EXPOSE 80 $P/udp",
            &[
                "EXPOSE map[80/tcp:{} 81/udp:{}]",
                "EXPOSE [80/tcp 81/udp]",
                "/bin/sh -c #(nop) EXPOSE 80 $P/udp",
            ],
            &["VOLUME [80]"],
        ),
        (
            "VOLUME [\"/v\", \"/w\"]",
            &["VOLUME [/v /w]", "/bin/sh -c #(nop)  VOLUME [/v /w]"],
            &["VOLUME [/v]"],
        ),
        ("WORKDIR /x", &["WORKDIR /x", "/bin/sh -c #(nop) WORKDIR /x"], &["WORKDIR /y", "WORKDIR /y/x"]),
        ("WORKDIR x/", &["WORKDIR /y/x", "WORKDIR x/", "WORKDIR /x"], &["USER x"]),
        ("WORKDIR $X/y", &["WORKDIR /x/y", "/bin/sh -c #(nop) WORKDIR $X/y"], &["WORKDIR /x/z"]),
        ("WORKDIR ../y", &["WORKDIR /x/y"], &["USER /x/y"]),
        ("USER $U:0", &["USER me:0", "/bin/sh -c #(nop) USER $U:0"], &["USER me"]),
        ("STOPSIGNAL SIGTERM", &["STOPSIGNAL SIGTERM"], &["STOPSIGNAL SIGKILL"]),
        (
            "MAINTAINER some one",
            &["MAINTAINER some one", "/bin/sh -c #(nop)  MAINTAINER some one"],
            &["MAINTAINER"],
        ),
    ] {
        for (prefix, line) in [("", 2), (bash, 3)] {
            let source = format!("FROM base\n{prefix}{instruction}\n");
            let shell = "-/bin/sh -c #(nop) SHELL [/bin/bash -o pipefail -c]";
            let history =
                |entry| if prefix.is_empty() { vec!["base", entry] } else { vec!["base", shell, entry] };
            for spelling in spellings {
                let lines = entries(&source, &history(spelling));
                assert_eq!(lines.and_then(|lines| lines.last().copied()), Some(line), "{source}{spelling}");
            }
            for other in others {
                let lines = entries(&source, &history(other)).and_then(|lines| lines.last().copied());
                assert!(lines.is_none_or(|line| line == 0), "{source}{other}");
            }
        }
    }
}

#[test]
fn a_shell_of_its_own_runs_the_commands_behind_it() {
    let source = "FROM base\nSHELL [\"python3\", \"-c\"]\nRUN x = 1\n";
    let shell = "SHELL [python3 -c]";
    assert_eq!(entries(source, &[shell, "RUN python3 -c x = 1 # buildkit"]), Some(vec![2, 3]));
    assert_eq!(entries(source, &[shell, "python3 -c x = 1"]), Some(vec![2, 3]));
    assert_eq!(entries(source, &[shell, "RUN perl -c x = 1 # buildkit"]), None);
}

const STAGES: &str = "\
FROM debian AS base
RUN common
FROM base AS builder
RUN build
FROM base AS app
COPY --from=builder /x /x
RUN install
CMD [\"x\"]
";

#[test]
fn stages() {
    let given = Given::new(STAGES);
    let debian = ["ADD file:00 in /", "-CMD [\"bash\"]"];
    let common = "RUN /bin/sh -c common # buildkit";
    let app = ["COPY /x /x # buildkit", "RUN /bin/sh -c install # buildkit", "-CMD [\"x\"]"];
    let history = |parts: &[&[&'static str]]| past(&parts.concat());
    let lineup = given.line_up(&history(&[&debian, &[common], &app])).unwrap();
    assert_eq!(lineup.stage, 2);
    assert_eq!(given.lines(&lineup.entries), [None, None, Some(2), Some(6), Some(7), Some(8)]);
    assert_eq!(given.lines(&lineup.layers), [None, None, Some(2), Some(6), Some(7), None]);
    assert!(lineup.doubts.is_empty() && lineup.together.is_empty());

    // What other tools added.
    let more = history(&[&debian, &[common], &app, &["umoci insert", "-umoci config"]]);
    assert_eq!(given.entries(&more), Some(vec![0, 0, 2, 6, 7, 8, 0, 0]));

    let builder = history(&[&debian, &[common, "RUN /bin/sh -c build # buildkit"]]);
    let lineup = given.line_up(&builder).unwrap();
    assert_eq!((lineup.stage, given.lines(&lineup.entries)), (1, vec![None, None, Some(2), Some(4)]));
    let base = history(&[&debian, &[common]]);
    assert_eq!(given.line_up(&base).unwrap().stage, 0);

    // Changed since it was built, in another order, or another's.
    for other in [
        history(&[&debian, &[common], &app[..1], &app[2..]]),
        history(&[&debian, &[common], &[app[1], app[0], app[2]]]),
        history(&[&debian, &[common, "RUN /bin/sh -c more # buildkit"], &app]),
        history(&[&debian]),
        history(&[&[common], &["-merge sha256:00 to sha256:11"]]),
    ] {
        assert!(matches!(given.line_up(&other), Err(NoLineup::Other { .. })), "{other:?}");
    }
    assert_eq!(given.line_up(&[]), Err(NoLineup::Empty));
    assert_eq!(given.line_up(&past(&["", ""])), Err(NoLineup::Empty));
}

#[test]
fn the_stage_that_accounts_for_most_was_built() {
    let source = "FROM a AS one\nRUN x\nCMD [\"y\"]\nFROM a AS two\nCMD [\"y\"]\n";
    assert_eq!(entries(source, &["base", "/bin/sh -c x", "-CMD [\"y\"]"]), Some(vec![0, 2, 3]));
    assert_eq!(entries(source, &["base", "/bin/sh -c z", "-CMD [\"y\"]"]), Some(vec![0, 0, 5]));
    // The last is what is built by default; of two others neither is.
    let same = "FROM a AS one\nRUN x\nFROM a AS two\nRUN x\n";
    assert_eq!(entries(same, &["base", "/bin/sh -c x"]), Some(vec![0, 4]));
    let third = format!("{same}FROM a\nRUN z\n");
    assert_eq!(Given::new(&third).line_up(&past(&["base", "/bin/sh -c x"])), Err(NoLineup::Several));
    // A stage that adds nothing is the one it goes on from.
    let bare = "FROM a AS one\nRUN x\nFROM one\nFROM a\nRUN z\n";
    assert_eq!(entries(bare, &["base", "/bin/sh -c x"]), Some(vec![0, 2]));
}

#[test]
fn in_front_of_scratch_there_is_nothing() {
    let source = "FROM scratch\nCOPY a /\nCMD [\"x\"]\n";
    assert_eq!(entries(source, &["COPY a / # buildkit", "-CMD [\"x\"]"]), Some(vec![2, 3]));
    assert_eq!(entries(source, &["RUN z", "COPY a / # buildkit", "-CMD [\"x\"]"]), None);
    let source = "ARG BASE=scratch\nFROM $BASE\nCOPY a /\n";
    assert_eq!(entries(source, &["RUN z", "COPY a / # buildkit"]), Some(vec![0, 3]));
}

#[test]
fn repeated_instructions_are_told_apart_by_their_order() {
    let source = "FROM a\nRUN x\nRUN x\nRUN y\nRUN x\n";
    let x = "/bin/sh -c x";
    assert_eq!(entries(source, &["b", x, x, "/bin/sh -c y", x]), Some(vec![0, 2, 3, 4, 5]));
    assert_eq!(entries(source, &["b", x, "/bin/sh -c y", x]), None);
    // The base's own is in front.
    assert_eq!(entries("FROM a\nRUN x\n", &[x, x]), Some(vec![0, 2]));
}

#[test]
fn where_two_lines_may_have_left_an_entry_neither_is_named() {
    let given = Given::new("FROM a\nARG A\nARG A\nRUN x\n");
    let lineup = given.line_up(&past(&["base", "-ARG A", "/bin/sh -c x"])).unwrap();
    assert_eq!(given.lines(&lineup.entries), [None, None, Some(4)]);
    assert_eq!(lineup.doubts.len(), 1);
    assert_eq!((lineup.doubts[0].entry, &lineup.doubts[0].instructions[..]), (1, &[1, 2][..]));
}

#[test]
fn a_layer_that_holds_a_whole_stage_is_nobodys() {
    // buildah without --layers: the last entry of a stage is said to have made all.
    let given = Given::new("FROM base\nRUN a\nCOPY b /b\nCMD [\"c\"]\n");
    let folded =
        ["base", "-/bin/sh -c a", "-/bin/sh -c #(nop) COPY file:00 in /b ", "/bin/sh -c #(nop) CMD [\"c\"]"];
    let lineup = given.line_up(&past(&folded)).unwrap();
    assert_eq!(given.lines(&lineup.entries), [None, Some(2), Some(3), Some(4)]);
    assert_eq!(given.lines(&lineup.layers), [None; 4]);
    let together = lineup.together[0];
    assert_eq!((together.entry, given.lines[together.first], given.lines[together.last]), (3, 2, 4));
    // The same where the last one writes files.
    let given = Given::new("FROM base\nRUN a\nRUN b\n");
    assert_eq!(given.layers(&past(&["base", "-/bin/sh -c a", "/bin/sh -c b"])), Some(vec![0, 0, 0]));
    // The classic builder says of a command that changed nothing that it made no layer.
    let given = Given::new("FROM base\nRUN a\nRUN b\nRUN c\n");
    let history = ["base", "/bin/sh -c a", "-/bin/sh -c b", "/bin/sh -c c"];
    assert_eq!(given.layers(&past(&history)), Some(vec![0, 2, 0, 4]));
    // Squashed by the classic builder.
    let history = ["base", "-/bin/sh -c a", "-/bin/sh -c b", "-/bin/sh -c c", "merge"];
    assert_eq!(given.layers(&past(&history)), Some(vec![0; 5]));
}

#[test]
fn kaniko_leaves_out_what_changed_no_file() {
    let signed = |history: &[&'static str]| -> Vec<Past<'static>> {
        let mut history = past(history);
        history
            .iter_mut()
            .filter(|past| past.created_by != "base")
            .for_each(|past| past.author = Some("kaniko"));
        history
    };
    let given = Given::new("FROM base\nENV A=b\nRUN x\nRUN x\nCOPY c /c\nCMD [\"d\"]\n");
    let all = signed(&["base", "RUN x", "RUN x", "COPY c /c"]);
    assert_eq!(given.entries(&all), Some(vec![0, 3, 4, 5]));
    assert_eq!(given.layers(&all), Some(vec![0, 3, 4, 5]));
    assert_eq!(given.entries(&signed(&["base", "RUN x", "COPY c /c"])), Some(vec![0, 0, 5]));
    assert_eq!(given.entries(&signed(&["base", "RUN y", "COPY c /c"])), None);
    // One snapshot of all.
    let single = signed(&["base", "COPY c /c"]);
    assert_eq!(given.entries(&single), Some(vec![0, 5]));
    assert_eq!(given.layers(&single), Some(vec![0, 0]));
}

#[test]
fn fields_of_the_config() {
    let source = "\
FROM debian AS base
ENV A=one B=two
LABEL a.b=c d=\"e f\"
FROM base
ENV B=three C=$B
ENV PATH=/x:$PATH
USER me
HEALTHCHECK CMD curl -H \"Bearer x\" y
ENTRYPOINT [\"/x\", \"--token\", \"y z\"]
CMD serve --now
ONBUILD ENV Z=z
";
    let given = Given::new(source);
    let line =
        |field: &str, value: &str| given.recipe.setter(1, field, value).map(|number| given.lines[number]);
    for (field, value, expected) in [
        ("config.Env[1]", "A=one", Some(2)),
        ("config.Env[2]", "B=three", Some(5)),
        ("config.Env[3]", "C=two", Some(5)),
        ("config.env[0]", "PATH=/x:/usr/bin", Some(6)),
        ("container_config.Env[0]", "A=one", Some(2)),
        ("config.Env[0]", "A=other", None),
        ("config.Env[0]", "PATH=/usr/bin", None),
        ("config.Env[0]", "NEW=x", None),
        ("config.Env[0]", "no name", None),
        ("config.Labels[\"a.b\"]", "c", Some(3)),
        ("config.Labels.d", "e f", Some(3)),
        ("config.Labels.d", "e", None),
        ("config.Labels", "d", None),
        ("config.User", "me", Some(7)),
        ("config.Healthcheck.Test[1]", "curl -H \"Bearer x\" y", Some(8)),
        ("config.Entrypoint[2]", "y z", Some(9)),
        ("config.Cmd[2]", "serve --now", Some(10)),
        ("config.Cmd[2]", "serve --later", None),
        ("config.OnBuild[0]", "ENV Z=z", Some(11)),
        ("config.Unheard.of", "x", None),
        ("architecture", "amd64", None),
    ] {
        assert_eq!(line(field, value), expected, "{field} {value}");
    }
}

#[test]
fn what_is_too_long_is_not_lined_up() {
    let given = Given::new(&format!("FROM a\n{}", "RUN x\n".repeat(2000)));
    assert_eq!(given.line_up(&past(&vec!["/bin/sh -c x"; 2000])), Err(NoLineup::TooLong));
    assert!(given.line_up(&past(&vec!["/bin/sh -c x"; 1000])).is_err());
    let given = Given::new("FROM a\nRUN x\n");
    assert_eq!(given.line_up(&past(&vec!["/bin/sh -c x"; 20_000])), Err(NoLineup::TooLong));
    let mut budget = 3;
    assert_eq!(given.recipe.line_up(&past(&["/bin/sh -c x"]), &mut budget), Err(NoLineup::TooLong));
}

/// The same, without copies of which a history does not say what was copied nor where to: of two such copies either may
/// be the one that is missing.
fn told_stages() -> impl Strategy<Value = Vec<(bool, Vec<Step>)>> {
    stages_of_steps().prop_map(|mut stages| {
        let steps = stages.iter_mut().flat_map(|(_, steps)| steps);
        steps.filter(|step| step.kind == Step::UNTOLD).for_each(|step| step.kind = 0);
        stages
    })
}

/// Stages of steps, each going on from the one before or from an image of its own.
fn stages_of_steps() -> impl Strategy<Value = Vec<(bool, Vec<Step>)>> {
    let steps = prop::collection::vec((0..Step::KINDS, 0..3_u8), 1..8);
    prop::collection::vec((any::<bool>(), steps), 1..4).prop_map(|stages| {
        // Stages that are built beside each other share no step, so that one is not another's start.
        let numbered = stages.into_iter().enumerate().map(|(stage, (goes_on, steps))| {
            let number =
                |(kind, number): (usize, u8)| Step { kind, number: stage * 10 + usize::from(number) };
            (goes_on && stage > 0, steps.into_iter().map(number).collect())
        });
        numbered.collect()
    })
}

proptest! {
    #[test]
    fn every_line_is_right(
        stages in stages_of_steps(),
        builder in prop::sample::select(&Builder::ALL[..]),
    ) {
        let rendered = render(&stages, builder);
        let given = Given::new(&rendered.source);
        let found = given.entries(&rendered.history());
        prop_assert_eq!(found, rendered.lines(), "{}", rendered.source);
    }

    #[test]
    fn no_line_is_wrong_where_entries_are_missing(
        stages in told_stages(),
        builder in prop::sample::select(&Builder::ALL[..]),
        missing in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let mut rendered = render(&stages, builder);
        for index in missing {
            rendered.remove(index.index(rendered.entries.len()));
        }
        let given = Given::new(&rendered.source);
        for (found, right) in given.entries(&rendered.history()).iter().flatten().zip(&rendered.entries) {
            prop_assert!(*found == 0 || *found == right.line, "{}\n{:?}", rendered.source, rendered.entries);
        }
    }

    #[test]
    fn no_line_is_wrong_where_the_file_was_changed(
        stages in told_stages(),
        builder in prop::sample::select(&Builder::ALL[..]),
        at in any::<prop::sample::Index>(),
        inserted in (0..Step::KINDS, 0..3_usize),
        removes in any::<bool>(),
    ) {
        let rendered = render(&stages, builder);
        let mut changed = stages;
        let at_stage = changed.len() - 1;
        if let Some((_, steps)) = changed.last_mut() {
            let at = at.index(steps.len());
            let kind = if inserted.0 == Step::UNTOLD { 0 } else { inserted.0 };
            let step = Step { kind, number: at_stage * 10 + inserted.1 };
            if removes { steps[at] = step } else { steps.insert(at, step) }
        }
        let now = render(&changed, builder);
        let text = |source: &str, line: u64| source.lines().nth(line as usize - 1).map(str::to_owned);
        let given = Given::new(&now.source);
        for (found, right) in given.entries(&rendered.history()).iter().flatten().zip(&rendered.entries) {
            let is_right = || right.line > 0 && text(&now.source, *found) == text(&rendered.source, right.line);
            prop_assert!(*found == 0 || is_right(), "{}\n{}", rendered.source, now.source);
        }
    }

    #[test]
    fn nothing_makes_it_panic(
        source in "(FROM (a|scratch)( AS b)?\n)?((RUN|COPY|ENV|ARG|CMD|VOLUME) [ -~é]{0,12}\n){0,5}",
        history in prop::collection::vec("(RUN |/bin/sh -c |#\\(nop\\) |\\|1 |COPY |ENV )?[ -~é]{0,12}", 0..5),
    ) {
        let recipe = Recipe::new(parse(source.as_bytes()));
        let history: Vec<_> = history.iter().map(String::as_str).collect();
        let _ = recipe.line_up(&past(&history), &mut 100_000);
    }
}
