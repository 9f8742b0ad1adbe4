//! Tests of the whole parser. The expected results are those of BuildKit for the same bytes.

use proptest::prelude::*;

use super::*;
use crate::shell::{self, Script};
use crate::text::{Flaw, LineIndex, Span, Text};

fn keywords(source: &str) -> Vec<String> {
    let dockerfile = parse(source.as_bytes());
    dockerfile.instructions.iter().map(|i| i.text.to_str().into_owned()).collect()
}

fn flaws(source: &str) -> Vec<String> {
    parse(source.as_bytes()).flaws.iter().map(|p| p.message.to_string()).collect()
}

#[test]
fn continuations_are_joined() {
    for (source, expected) in [
        ("FROM a\nRUN b \\\n  c\n", vec!["FROM a", "RUN b   c"]),
        ("FROM a\r\nRUN b \\\r\n c\r\n", vec!["FROM a", "RUN b  c"]),
        ("FROM a\nRUN b \\ \t\nc", vec!["FROM a", "RUN b c"]),
        ("FROM a\nRUN b \\\n# comment\n  # another\n\n c", vec!["FROM a", "RUN b  c"]),
        ("FROM a\nRUN b \\", vec!["FROM a", "RUN b"]),
        ("FROM a\nRUN b \\\\\nRUN c", vec!["FROM a", "RUN b \\\\", "RUN c"]),
        ("FROM a\nEN\\\nV x=y", vec!["FROM a", "ENV x=y"]),
        ("\u{feff}FROM a\n  # x\n  run c", vec!["FROM a", "run c"]),
        ("# escape=`\nFROM a\nRUN b `\n c \\\nUSER d", vec!["FROM a", "RUN b  c \\", "USER d"]),
        ("#syntax=x\n# Escape = ` \nFROM a`\nb", vec!["FROM ab"]),
        ("\n# escape=`\nFROM a\nRUN b `\nUSER d", vec!["FROM a", "RUN b `", "USER d"]),
        ("# no directive\n# escape=`\nFROM a\nRUN b \\\nc", vec!["FROM a", "RUN b c"]),
        ("FROM a\nRUN b # not a comment \\\nc", vec!["FROM a", "RUN b # not a comment c"]),
        ("\\\nFROM a", vec!["FROM a"]),
    ] {
        assert_eq!(keywords(source), expected, "{source:?}");
        assert_eq!(flaws(source), Vec::<String>::new(), "{source:?}");
    }
}

#[test]
fn every_byte_of_a_joined_text_knows_its_place() {
    let source = "FROM a\nRUN é \\\n  b \\\n# c\n  d\n";
    let dockerfile = parse(source.as_bytes());
    let text = &dockerfile.instructions[1].text;
    let index = LineIndex::new(source.as_bytes());
    let at = |needle: &str| {
        let offset = text.to_str().find(needle).unwrap();
        let position = index.position(text.source_offset(offset));
        (position.line, position.column)
    };
    assert_eq!((at("é"), at("b"), at("d")), ((2, 5), (3, 3), (5, 3)));
}

#[test]
fn heredocs_belong_to_their_instruction() {
    let source = "FROM a\nRUN <<A cat <<-\"B\" > /x\none\nA\n\ttwo $x\n\tB\nCOPY <<C /c\nthree\nC\nUSER u\n";
    let dockerfile = parse(source.as_bytes());
    let run = &dockerfile.instructions[1];
    let bodies: Vec<_> = run.heredocs.iter().map(|h| (h.body.to_str().into_owned(), h.expand)).collect();
    assert_eq!(bodies, [("one\n".to_owned(), true), ("two $x\n".to_owned(), false)]);
    assert_eq!(dockerfile.instructions[2].heredocs[0].body.to_str(), "three\n");
    assert_eq!(dockerfile.instructions[3].keyword, Keyword::User);
    assert_eq!(
        source.get(run.span.start..run.span.end).unwrap(),
        "RUN <<A cat <<-\"B\" > /x\none\nA\n\ttwo $x\n\tB"
    );
    assert!(dockerfile.flaws.is_empty());
}

#[test]
fn blanks_in_front_of_a_delimiter() {
    for source in [
        "FROM a\nRUN cat << EOF\nfrom x import y\nEOF\nUSER b\n",
        "FROM a\nRUN 3<< 'E F' cat\nz\nE F\nUSER b\n",
    ] {
        let dockerfile = parse(source.as_bytes());
        assert_eq!((dockerfile.stages.len(), dockerfile.flaws.len()), (1, 0), "{source}");
        assert_eq!(dockerfile.instructions.len(), 3, "{source}");
    }
    // The operator of an expression.
    let dockerfile = parse(b"FROM a\nRUN echo $(( 1 << 2 ))\nUSER b\n");
    assert_eq!((dockerfile.instructions.len(), dockerfile.flaws.len()), (3, 0));
}

#[test]
fn text_that_is_no_instruction_starts_no_stage_and_is_one_flaw() {
    let source = "FROM a\nRUN x\nimport os\nfrom x import y\nprint(y)\nUSER b\nfrom x import y\n";
    let dockerfile = parse(source.as_bytes());
    assert_eq!(dockerfile.stages.len(), 1);
    assert_eq!(flaws(source).len(), 2, "{:?}", flaws(source));
    assert!(dockerfile.instructions.iter().skip(1).all(|instruction| instruction.keyword != Keyword::From));
}

#[test]
fn heredocs_open_in_run_copy_add_only() {
    for (source, count) in [
        ("FROM a\nONBUILD RUN <<E\nx\nE\nUSER u", 3),
        ("FROM a\nADD <<E /x\nx\nE\nUSER u", 3),
        ("FROM a\nRUN [\"cat\", \"<<E\"]\nUSER u", 3),
        ("FROM a\nENV x=<<E\nUSER u", 3),
        ("FROM a\nRUN <<E\r\nUSER v\r\nE\r\nUSER u", 3),
    ] {
        let dockerfile = parse(source.as_bytes());
        assert_eq!(dockerfile.instructions.len(), count, "{source:?}");
        assert!(dockerfile.flaws.is_empty(), "{source:?}: {:?}", dockerfile.flaws);
    }
}

#[test]
fn arguments_are_read_by_their_instruction() {
    let pairs = |line: &str| -> Vec<(String, Option<String>)> {
        let dockerfile = parse(format!("FROM a\n{line}").as_bytes());
        let own = |text: &Text| text.to_str().into_owned();
        dockerfile.instructions[1].pairs().iter().map(|p| (own(&p.name), p.value.as_ref().map(own))).collect()
    };
    let some = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    assert_eq!(
        pairs(r#"ENV a=b c="d e" f=g\ h"#),
        [some("a", "b"), some("c", r#""d e""#), some("f", r"g\ h")]
    );
    assert_eq!(pairs("ENV key  a value=x"), [some("key", "a value=x")]);
    assert_eq!(pairs("ARG a b=c"), [("a".to_owned(), None), some("b", "c")]);
    assert_eq!(pairs("LABEL \"a b\"=c"), [some("\"a b\"", "c")]);
}

#[test]
fn what_buildkit_rejects_is_a_problem_and_reading_goes_on() {
    for (source, expected) in [
        ("", "the file has no instructions"),
        ("# only a comment\n", "the file has no instructions"),
        ("FROM a\nFOO bar\nUSER u", "unknown instruction: FOO"),
        ("ARG a", "the file has no FROM"),
        ("RUN a\nFROM b", "no build stage in current context: only ARG may come before FROM"),
        ("FROM a\nRUN <<E\nx\n", "the heredoc is not terminated: E"),
        ("FROM a b", "FROM requires either one or three arguments"),
        ("FROM a AS 1x", "invalid name for a build stage: 1x"),
        ("FROM a\nENV x", "ENV must have two arguments"),
        ("FROM a\nENV x=y z", "not of the form name=value: z"),
        ("FROM a\nRUN [\"a\", 1]", "a JSON array of arguments may contain only strings"),
        ("FROM a\nSHELL bash", "SHELL requires its arguments as a JSON array"),
        ("FROM a\nONBUILD FROM b", "FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nCOPY x", "COPY needs at least two arguments"),
        ("FROM a\nUSER", "USER needs an argument"),
        ("# escape=x\nFROM a", "the escape character must be \\ or `"),
        ("# escape=`\n# escape=`\nFROM a", "a parser directive is given twice"),
    ] {
        assert_eq!(flaws(source), [expected], "{source:?}");
    }
    assert_eq!(parse(b"FROM a\nFOO bar\nUSER u").instructions.len(), 3);
}

#[test]
fn stages_have_numbers_names_and_bases() {
    let source = "ARG B=base\nFROM x AS Base\nRUN a\nFROM ${B}\nFROM $B AS c\nCOPY --from=0 /a /b\n";
    let dockerfile = parse(source.as_bytes());
    let stages: Vec<_> = dockerfile.stages.iter().map(|s| (s.name.as_deref(), s.base.clone())).collect();
    assert_eq!(
        stages,
        [(Some("base"), Base::Image("x".to_owned())), (None, Base::Stage(0)), (Some("c"), Base::Stage(0))]
    );
    let of: Vec<_> = dockerfile.instructions.iter().map(|i| i.stage).collect();
    assert_eq!(of, [None, Some(0), Some(0), Some(1), Some(2), Some(2)]);
}

#[test]
fn variables_are_expanded_as_in_scope() {
    let source = "ARG G=g\nARG H=h\nFROM x\nARG G\nARG A=a\nENV E=\"e $A\" F='$A' I=\\$A\nENV A=env N=${M:-none}${A:+yes}${H}\nRUN x\n";
    let dockerfile = parse(source.as_bytes());
    let scopes = Scopes::of(&dockerfile);
    let scope = scopes.at(dockerfile.instructions.len() - 1);
    for (name, text, certain) in [
        ("G", "g", false),
        ("A", "env", true),
        ("E", "e a", false),
        ("F", "$A", true),
        ("I", "$A", true),
        ("N", "noneyes", true),
    ] {
        let binding = scope.get(name).unwrap();
        assert_eq!((binding.value.as_str(), binding.value.is_certain), (text, certain), "{name}");
    }
    assert_eq!(scope.get("H"), None);
}

#[test]
fn a_bare_file_is_told_by_its_first_instruction() {
    for source in ["FROM a", "# syntax=x\n\nARG a=b\n", "\u{feff}from a", "# c\nFROM \\\n a"] {
        assert!(looks_like_dockerfile(source.as_bytes()), "{source:?}");
    }
    for source in
        ["", "RUN a", "from os import path\n", "from = 3", "FROM", "import x", "FROM a\0", "{}", "# only"]
    {
        assert!(!looks_like_dockerfile(source.as_bytes()), "{source:?}");
    }
}

fn holds_together(source: &[u8]) {
    let dockerfile = parse(source);
    let scopes = Scopes::of(&dockerfile);
    let inside = |span: Span| span.start <= span.end && span.end <= source.len();
    let monotonic = |text: &Text| {
        let offsets: Vec<_> = (0..text.len()).map(|at| text.source_offset(at)).collect();
        offsets.is_sorted() && offsets.iter().all(|&at| at <= source.len())
    };
    for (number, instruction) in dockerfile.instructions.iter().enumerate() {
        let scope = scopes.at(number);
        assert!(inside(instruction.span) && monotonic(&instruction.text));
        let acts = instruction.effective();
        assert!(acts.heredocs.iter().all(|h| inside(h.span) && monotonic(&h.body)));
        assert!(acts.words().iter().all(|word| inside(word.span()) && monotonic(word)));
        if let Some(script) = run_script(acts, scope) {
            if let Script::Text { text, .. } = &script {
                assert!(monotonic(text));
            }
            assert!(shell::steps(&script).iter().all(|step| inside(step.span)));
        }
        mounts(acts, scope);
    }
    assert!(dockerfile.comments.iter().all(|c| inside(c.span)));
    assert!(dockerfile.flaws.iter().all(|p| inside(p.span)));
    Reach::new(&dockerfile, &scopes).places(Some(0), Some("root/x"));
    looks_like_dockerfile(source);
}

const PIECES: [&str; 48] = [
    "FROM a\n",
    "FROM a AS b\n",
    "RUN ",
    "COPY --from=b ",
    "ENV ",
    "ARG ",
    "ONBUILD ",
    "HEALTHCHECK CMD ",
    "SHELL ",
    "<<EOF",
    "<<-'E F'",
    "EOF\n",
    "\nE F\n",
    "\\\n",
    "\\",
    "`",
    "# escape=`\n",
    "#",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\"",
    "'",
    "$",
    "${A:-",
    "}",
    "$(",
    ")",
    "(",
    "|",
    "&&",
    ";",
    "<",
    ">",
    "=",
    "A",
    "é",
    "\u{feff}",
    "[\"sh\", \"-c\", \"",
    "\"]",
    "\\u00e9",
    "python -c ",
    "bash -c ",
    "hf auth login",
    "--mount=type=secret,id=x ",
    "/",
    "USER x\n",
];

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        holds_together(&bytes);
    }

    #[test]
    fn broken_dockerfiles_do_no_harm(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        holds_together(pieces.concat().as_bytes());
    }
}

#[test]
fn a_file_is_bounded_before_it_becomes_a_tree() {
    let limited = |source: &str| {
        let dockerfile = parse(source.as_bytes());
        (dockerfile.flaws.iter().any(Flaw::is_limit), dockerfile.instructions.len())
    };
    let natural = format!(
        "FROM a\n{}",
        "RUN apt-get install -y --no-install-recommends b c && rm -rf d\n".repeat(2000)
    );
    assert_eq!(limited(&natural), (false, 2001));
    let many = |piece: &str| piece.repeat(70_000);
    for (source, instructions) in [
        (format!("FROM a\nRUN {}\nRUN b\n", many("a;")), 1),
        (format!("FROM a\nRUN {}\n", many("a ")), 1),
        (format!("FROM a\nRUN [{}\"a\"]\n", many("\"a\",")), 1),
        (format!("FROM a\nRUN {}\n", many("(")), 1),
        (format!("FROM a\nENV {}\n", many("A=1 ")), 1),
        (format!("FROM a\nRUN <<E\n{}\nE\n", many("a\n")), 1),
        (format!("FROM a\n{}", many("RUN b\n")), 12_000),
    ] {
        assert_eq!(limited(&source), (true, instructions), "{source:.40}");
    }
}
