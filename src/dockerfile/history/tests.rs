//! Histories in the spelling of each builder, aligned with their Dockerfiles.

use super::{Lineup, NoLineup, Past, Recipe};
use crate::dockerfile::parse;
use crate::text::LineIndex;

mod builders;
mod properties;
mod spellings;

/// A Dockerfile to be aligned.
struct Given {
    recipe: Recipe,
    lines: Vec<u64>,
}

impl Given {
    fn new(source: &str) -> Self {
        let dockerfile = parse(source.as_bytes());
        assert!(dockerfile.flaws.is_empty(), "{source}\n{:?}", dockerfile.flaws);
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

    /// Returns the lines of all entries, with 0 for unassigned ones. Returns `None` if the history does not
    /// match.
    fn entries(&self, history: &[Past<'_>]) -> Option<Vec<u64>> {
        let lineup = self.line_up(history).ok()?;
        Some(self.lines(&lineup.entries).into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Returns the lines of the layers of all entries, with 0 for unassigned ones. Returns `None` if the
    /// history does not match.
    fn layers(&self, history: &[Past<'_>]) -> Option<Vec<u64>> {
        let lineup = self.line_up(history).ok()?;
        Some(self.lines(&lineup.layers).into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// Returns history entries. Those that begin with `-` made no layer.
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

    // Entries that other tools added.
    let more = history(&[&debian, &[common], &app, &["umoci insert", "-umoci config"]]);
    assert_eq!(given.entries(&more), Some(vec![0, 0, 2, 6, 7, 8, 0, 0]));

    let builder = history(&[&debian, &[common, "RUN /bin/sh -c build # buildkit"]]);
    let lineup = given.line_up(&builder).unwrap();
    assert_eq!((lineup.stage, given.lines(&lineup.entries)), (1, vec![None, None, Some(2), Some(4)]));
    let base = history(&[&debian, &[common]]);
    assert_eq!(given.line_up(&base).unwrap().stage, 0);

    // A changed Dockerfile, a different order, or another Dockerfile.
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
    // The last stage is built by default. Of two other stages, neither is preferred.
    let same = "FROM a AS one\nRUN x\nFROM a AS two\nRUN x\n";
    assert_eq!(entries(same, &["base", "/bin/sh -c x"]), Some(vec![0, 4]));
    let third = format!("{same}FROM a\nRUN z\n");
    assert_eq!(Given::new(&third).line_up(&past(&["base", "/bin/sh -c x"])), Err(NoLineup::Several));
    // A stage that adds nothing equals the stage it is based on.
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
    // The base image's own entry comes first.
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
    // buildah without --layers attributes everything to the last entry of a stage.
    let given = Given::new("FROM base\nRUN a\nCOPY b /b\nCMD [\"c\"]\n");
    let folded =
        ["base", "-/bin/sh -c a", "-/bin/sh -c #(nop) COPY file:00 in /b ", "/bin/sh -c #(nop) CMD [\"c\"]"];
    let lineup = given.line_up(&past(&folded)).unwrap();
    assert_eq!(given.lines(&lineup.entries), [None, Some(2), Some(3), Some(4)]);
    assert_eq!(given.lines(&lineup.layers), [None; 4]);
    let together = lineup.together[0];
    assert_eq!((together.entry, given.lines[together.first], given.lines[together.last]), (3, 2, 4));
    // The last entry writes files here.
    let given = Given::new("FROM base\nRUN a\nRUN b\n");
    assert_eq!(given.layers(&past(&["base", "-/bin/sh -c a", "/bin/sh -c b"])), Some(vec![0, 0, 0]));
    // The classic builder marks a command that changed nothing as having made no layer.
    let given = Given::new("FROM base\nRUN a\nRUN b\nRUN c\n");
    let history = ["base", "/bin/sh -c a", "-/bin/sh -c b", "/bin/sh -c c"];
    assert_eq!(given.layers(&past(&history)), Some(vec![0, 2, 0, 4]));
    // An image squashed by the classic builder.
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
    // A single snapshot of all instructions.
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
LABEL g=y h=$V $K=x
";
    let given = Given::new(source);
    let line = |field: &str, value: &str| {
        given.recipe.setter(1, &self::field(field), value).map(|number| given.lines[number])
    };
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
        ("config.Labels.g", "y", Some(12)),
        ("config.Labels.g", "x", None),
        ("config.Labels.h", "anything", Some(12)),
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
fn fields_that_are_set_as_a_whole() {
    let given = Given::new(
        "\
FROM debian AS base
ARG U
MAINTAINER me <$U>
USER $U
WORKDIR /srv/$U
WORKDIR below
VOLUME /a/$U
VOLUME [\"/b\", \"/c\"]
ONBUILD USER x
FROM base
",
    );
    let setter = |stage, field: &str, value: &str| {
        given.recipe.setter(stage, &self::field(field), value).map(|number| given.lines[number])
    };
    for (field, value, line) in [
        ("author", "me <you>", Some(3)),
        ("author", "you", None),
        ("config.User", "anyone", Some(4)),
        ("config.WorkingDir", "/srv/anyone/below", Some(6)),
        ("config.WorkingDir", "/srv/anyone", None),
        ("config.Volumes", "/a/b", Some(7)),
        ("config.Volumes", "/c", Some(8)),
        ("config.Volumes", "/d", None),
        ("config.OnBuild[0]", "USER x", Some(9)),
    ] {
        assert_eq!(setter(0, field, value), line, "{field} {value}");
    }
    assert_eq!(setter(1, "config.User", "x"), Some(9));
    assert_eq!(setter(1, "config.OnBuild[0]", "USER x"), None);
}

#[test]
fn triggers_run_in_the_stages_that_are_built_on_theirs() {
    let source = "\
FROM debian AS base
ONBUILD COPY a /a
ONBUILD ENV A=b
FROM base AS other
RUN x
FROM other
RUN y
";
    let history = ["-base", "COPY a /a # buildkit", "-ENV A=b", "RUN /bin/sh -c x # buildkit"];
    let whole = [&history[..], &["RUN /bin/sh -c y # buildkit"]].concat();
    assert_eq!(entries(source, &whole), Some(vec![0, 2, 3, 5, 7]));
    let given = Given::new(source);
    assert_eq!(given.layers(&past(&whole)), Some(vec![0, 2, 0, 5, 7]));
    assert_eq!(given.recipe.setter(2, &field("config.Env[0]"), "A=b"), Some(2));
    // Podman keeps no triggers, but has them in the history of the base.
    let lost = ["-base", "-/bin/sh -c #(nop) ONBUILD COPY a /a", "-/bin/sh -c #(nop) ONBUILD ENV A=b"];
    let lost = [&lost[..], &["/bin/sh -c x", "/bin/sh -c y"]].concat();
    assert_eq!(entries(source, &lost), Some(vec![0, 2, 3, 5, 7]));
}

#[test]
fn a_history_of_the_base_alone() {
    let given = Given::new("FROM debian\nARG A\nONBUILD ENV B=c\n");
    assert_eq!(given.entries(&past(&["base"])), Some(vec![0]));
    assert_eq!(Given::new("FROM scratch\nARG A\n").entries(&past(&["base"])), None);
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

#[test]
fn a_long_history_of_long_entries_takes_no_time() {
    let text = "a ".repeat(2000);
    let copy = format!("/bin/sh -c #(nop) COPY file:00 in /{text}");
    let run = format!("|1 A={text} /bin/sh -c {text}");
    let history: Vec<_> = (0..500).flat_map(|_| [copy.as_str(), run.as_str()]).collect();
    let instructions = format!("COPY $A /$B\nRUN {text}\nRUN b\nENV A=$B\n");
    let given = Given::new(&format!("FROM a\n{}", instructions.repeat(20)));
    assert!(given.line_up(&past(&history)).is_err());
}

/// Parses a field path: members separated by dots, `["quoted"]` or `[0]`.
fn field(text: &str) -> crate::image::Field {
    let mut nested = serde_json::json!("x");
    // Dots in quotes are not separators.
    let quoted =
        |(n, part): (usize, &str)| if n % 2 == 1 { part.replace('.', "\u{1}") } else { part.to_owned() };
    let text = text.split('"').enumerate().map(quoted).collect::<Vec<_>>().join("\"");
    for part in text.rsplit(['.', '[']).filter(|part| !part.is_empty()) {
        nested = match part.trim_end_matches(']') {
            index if index.bytes().all(|b| b.is_ascii_digit()) => serde_json::json!([nested]),
            name => {
                let name = name.trim_matches('"').replace('\u{1}', ".");
                serde_json::json!({ name: nested })
            }
        };
    }
    let mut found = crate::image::Field::default();
    crate::image::for_each_string(&nested, &mut |at, value| {
        if value == "x" {
            found = at.to_field();
        }
    });
    found
}
