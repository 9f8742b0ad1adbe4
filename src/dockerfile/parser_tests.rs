//! Compares the parser with two others. If they accept one of the fixtures, the results must agree, apart
//! from the differences that are named here.

use std::{collections::BTreeMap, fs, path::Path};

use parse_dockerfile::{Command, Instruction as Theirs};

use super::{Arguments, Base, Dockerfile, Instruction, Keyword, parse};
use crate::text::Span;

fn fixtures() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dockerfile");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

/// The fixtures that `parse-dockerfile` 0.1.9 rejects, each with the reason.
const REJECTED_BY_PARSE_DOCKERFILE: [(&str, &str); 2] = [
    ("broken.txt", "BuildKit rejects it too"),
    ("heredoc-redirected.txt", "it sees no heredoc in `RUN cat <<EOF > /etc/app.conf`"),
];

/// The fixtures that `dockerfile-parser` 0.9.0 rejects, each with the reason.
const REJECTED_BY_DOCKERFILE_PARSER: [(&str, &str); 8] = [
    ("broken.txt", "BuildKit rejects it too"),
    ("byte-order-mark.txt", "it knows no byte order mark"),
    ("env-forms.txt", "it knows one name for each ARG"),
    ("heredoc-redirected.txt", "it knows no heredocs"),
    ("heredocs.txt", "it knows no heredocs"),
    ("many-stages.txt", "it takes a quote in a shell form for a string"),
    ("odd-lines.txt", "an empty line ends a continuation"),
    ("windows.txt", "it knows no escape directive"),
];

fn text(source: &str, span: &std::ops::Range<usize>) -> String {
    source.get(span.clone()).unwrap().to_owned()
}

fn name_and_keyword(theirs: &Theirs<'_>) -> (Keyword, std::ops::Range<usize>) {
    match theirs {
        Theirs::Add(i) => (Keyword::Add, i.add.span.clone()),
        Theirs::Arg(i) => (Keyword::Arg, i.arg.span.clone()),
        Theirs::Cmd(i) => (Keyword::Cmd, i.cmd.span.clone()),
        Theirs::Copy(i) => (Keyword::Copy, i.copy.span.clone()),
        Theirs::Entrypoint(i) => (Keyword::Entrypoint, i.entrypoint.span.clone()),
        Theirs::Env(i) => (Keyword::Env, i.env.span.clone()),
        Theirs::Expose(i) => (Keyword::Expose, i.expose.span.clone()),
        Theirs::From(i) => (Keyword::From, i.from.span.clone()),
        Theirs::Healthcheck(i) => (Keyword::Healthcheck, i.healthcheck.span.clone()),
        Theirs::Label(i) => (Keyword::Label, i.label.span.clone()),
        Theirs::Maintainer(i) => (Keyword::Maintainer, i.maintainer.span.clone()),
        Theirs::Onbuild(i) => (Keyword::Onbuild, i.onbuild.span.clone()),
        Theirs::Run(i) => (Keyword::Run, i.run.span.clone()),
        Theirs::Shell(i) => (Keyword::Shell, i.shell.span.clone()),
        Theirs::Stopsignal(i) => (Keyword::Stopsignal, i.stopsignal.span.clone()),
        Theirs::User(i) => (Keyword::User, i.user.span.clone()),
        Theirs::Volume(i) => (Keyword::Volume, i.volume.span.clone()),
        Theirs::Workdir(i) => (Keyword::Workdir, i.workdir.span.clone()),
        other => panic!("{other:?}"),
    }
}

fn strings(words: &[crate::text::Text]) -> Vec<String> {
    words.iter().map(|word| word.to_str().into_owned()).collect()
}

fn compare_command(file: &str, source: &str, ours: &Instruction, theirs: &Command<'_>) {
    match (&ours.arguments, theirs) {
        (Arguments::Exec(words), Command::Exec(expected)) => {
            let expected: Vec<_> = expected.value.iter().map(|word| word.value.to_string()).collect();
            assert_eq!(strings(words), expected, "{file}");
        }
        (Arguments::Line(line), Command::Shell(expected)) => {
            // Their value is the source text, including its continuations.
            assert_eq!(line.span().start, expected.span.start, "{file}: {}", text(source, &expected.span));
            // At the end of the file, `parse-dockerfile` keeps an escape character that BuildKit drops.
            if !expected.value.contains('\n') && !expected.value.ends_with('\\') {
                assert_eq!(line.to_str(), expected.value.trim_end(), "{file}");
            }
        }
        (ours, theirs) => panic!("{file}: {ours:?} beside {theirs:?}"),
    }
}

fn compare_stages(file: &str, ours: &Dockerfile, expected: &[(String, Option<String>)]) {
    let stages: Vec<_> = ours
        .stages
        .iter()
        .map(|stage| {
            let from = ours.instructions.iter().find(|i| i.span == stage.span).unwrap();
            (from.words()[0].to_str().into_owned(), stage.name.clone())
        })
        .collect();
    assert_eq!(stages, expected, "{file}");
}

#[test]
fn we_agree_with_parse_dockerfile() {
    let mut rejected = Vec::new();
    for (file, bytes) in fixtures() {
        let source = String::from_utf8(bytes.clone()).unwrap();
        let ours = parse(&bytes);
        // `parse-dockerfile` does not support byte order marks, so its offsets begin after the mark.
        let (skipped, plain) = source.strip_prefix('\u{feff}').map_or((0, source.as_str()), |rest| (3, rest));
        let Ok(theirs) = parse_dockerfile::parse(plain) else {
            rejected.push(file);
            continue;
        };
        assert!(ours.flaws.is_empty(), "{file}: {:?}", ours.flaws);
        assert_eq!(ours.instructions.len(), theirs.instructions.len(), "{file}");
        for (ours, theirs) in ours.instructions.iter().zip(&theirs.instructions) {
            let (keyword, span) = name_and_keyword(theirs);
            let span = Span::new(span.start + skipped, span.end + skipped);
            assert_eq!((ours.keyword, ours.keyword_span), (keyword, span), "{file}");
            match theirs {
                Theirs::Run(run) => {
                    let plain_script = run.here_docs.is_empty();
                    if plain_script && skipped == 0 {
                        compare_command(&file, plain, ours, &run.arguments);
                    }
                    assert_eq!(ours.heredocs.len(), run.here_docs.len(), "{file}");
                    for (ours, theirs) in ours.heredocs.iter().zip(&run.here_docs) {
                        assert_eq!(
                            (ours.expand, ours.body.to_str()),
                            (theirs.expand, theirs.value.clone()),
                            "{file}"
                        );
                    }
                    assert_eq!(ours.flags.len(), run.options.len(), "{file}");
                }
                Theirs::Cmd(cmd) => compare_command(&file, plain, ours, &cmd.arguments),
                Theirs::Entrypoint(entrypoint) => compare_command(&file, plain, ours, &entrypoint.arguments),
                Theirs::Onbuild(onbuild) => {
                    let inner = ours.onbuild.as_ref().unwrap();
                    assert_eq!(inner.keyword, name_and_keyword(&onbuild.instruction).0, "{file}");
                }
                Theirs::Copy(copy) => {
                    let words = strings(ours.words());
                    assert_eq!(words.last().unwrap(), copy.dest.value.as_ref(), "{file}");
                    assert_eq!(words.len(), copy.src.len() + 1, "{file}");
                }
                Theirs::User(user) => {
                    assert_eq!(
                        ours.arguments,
                        Arguments::Line(line(&bytes, &user.arguments.span, skipped)),
                        "{file}"
                    );
                }
                _ => {}
            }
        }
        let expected: Vec<_> = theirs
            .stages()
            .map(|stage| {
                let name = stage.from.as_.as_ref().map(|(_, name)| name.value.to_string());
                (stage.from.image.value.to_string(), name)
            })
            .collect();
        compare_stages(&file, &ours, &expected);
    }
    assert_eq!(rejected, REJECTED_BY_PARSE_DOCKERFILE.map(|(file, _)| file));
}

fn line(bytes: &[u8], span: &std::ops::Range<usize>, skipped: usize) -> crate::text::Text {
    crate::text::Text::from_source(bytes, Span::new(span.start + skipped, span.end + skipped))
}

#[test]
fn we_agree_with_dockerfile_parser() {
    use dockerfile_parser::Instruction as Other;
    let mut rejected = Vec::new();
    for (file, bytes) in fixtures() {
        let source = String::from_utf8(bytes.clone()).unwrap();
        let ours = parse(&bytes);
        let Ok(theirs) = dockerfile_parser::Dockerfile::parse(&source) else {
            rejected.push(file);
            continue;
        };
        assert!(ours.flaws.is_empty(), "{file}: {:?}", ours.flaws);
        assert_eq!(ours.instructions.len(), theirs.instructions.len(), "{file}");
        for (ours, theirs) in ours.instructions.iter().zip(&theirs.instructions) {
            let keyword = match theirs {
                Other::From(_) => Keyword::From,
                Other::Arg(arg) => {
                    assert_eq!(ours.pairs()[0].name.to_str(), arg.name.content, "{file}");
                    Keyword::Arg
                }
                Other::Label(_) => Keyword::Label,
                Other::Run(run) => {
                    let is_exec = matches!(ours.arguments, Arguments::Exec(_));
                    assert_eq!(is_exec, run.as_exec().is_some(), "{file}");
                    if let Some(words) = run.as_exec() {
                        assert_eq!(strings(ours.words()), words.as_str_vec(), "{file}");
                    }
                    Keyword::Run
                }
                Other::Entrypoint(_) => Keyword::Entrypoint,
                Other::Cmd(_) => Keyword::Cmd,
                Other::Copy(copy) => {
                    let flags: Vec<_> = copy.flags.iter().map(|flag| flag.name.content.clone()).collect();
                    let names: Vec<_> =
                        ours.flags.iter().map(|flag| flag.name.to_str().into_owned()).collect();
                    assert_eq!(names, flags, "{file}");
                    Keyword::Copy
                }
                Other::Env(env) => {
                    let names: Vec<_> =
                        ours.pairs().iter().map(|pair| pair.name.to_str().into_owned()).collect();
                    let expected: Vec<_> = env.vars.iter().map(|var| var.key.content.clone()).collect();
                    assert_eq!(names, expected, "{file}");
                    Keyword::Env
                }
                Other::Misc(misc) => Keyword::of(misc.instruction.content.as_bytes()),
            };
            assert_eq!(ours.keyword, keyword, "{file}");
        }
        let names: Vec<_> = theirs.iter_stages().map(|stage| stage.name.clone()).collect();
        assert_eq!(ours.stages.iter().map(|stage| stage.name.clone()).collect::<Vec<_>>(), names, "{file}");
    }
    assert_eq!(rejected, REJECTED_BY_DOCKERFILE_PARSER.map(|(file, _)| file));
}

#[test]
fn fixtures_that_buildkit_accepts_have_no_problems() {
    for (file, bytes) in fixtures() {
        let problems = parse(&bytes).flaws.len();
        assert_eq!(problems, if file == "broken.txt" { 4 } else { 0 }, "{file}");
    }
}

#[test]
fn stages_follow_their_names() {
    let fixtures = fixtures();
    let dockerfile = parse(&fixtures["many-stages.txt"]);
    let bases: Vec<_> = dockerfile.stages.iter().map(|stage| stage.base.clone()).collect();
    let image = |name: &str| Base::Image(name.to_owned());
    assert_eq!(bases, [image("alpine:3.20"), Base::Stage(0), Base::Stage(0), image("scratch")]);
}
