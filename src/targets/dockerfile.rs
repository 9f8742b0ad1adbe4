//! A single Dockerfile.

use std::ffi::OsStr;
use std::path::Path;

use super::reader::Reader;
use crate::dockerfile::parse;
use crate::effects::ReadFile;
use crate::fault::Code;
use crate::finding::{Place, Problem, TargetKind};
use crate::findings::{Anchor, Audited, Draft, Drafts, dockerfile_draft};
use crate::fix::{Beside, check_and_advise_within};
use crate::mask::message;
use crate::rules::dockerfile::unknown::literals;
use crate::rules::dockerfile::{Ignored, ignored};
use crate::sensitive::Name;
use crate::source::{open_input, path_bytes, read_up_to, unreadable};
use crate::text::{Flaw, LineIndex};

/// The maximum size of a Dockerfile in bytes. A larger file is not one.
pub(crate) const MAX_DOCKERFILE: u64 = 16 * 1024 * 1024;
/// The number of bytes that are parsed as a Dockerfile. A parsed file takes a hundred times its size in memory.
/// The rest is only searched for tokens.
pub(crate) const MAX_PARSED: usize = 1 << 20;
/// The maximum number of findings of one Dockerfile.
const MAX_HITS: usize = 1000;

/// The files of a build context.
pub(crate) struct BuildFiles<'a> {
    /// The text that is shown before the path of a file.
    pub(crate) shown: &'a [u8],
    pub(crate) read: ReadFile<'a>,
}

/// Audits a file: `dockerfile:PATH`.
pub(super) fn read(reader: &Reader<'_>, path: &Path) -> Result<Audited, Problem> {
    let input = open_input(path, reader.scan.stop).map_err(|error| unreadable(&error))?;
    Ok(read_bytes(reader, path, &read_up_to(input.bytes, MAX_DOCKERFILE, "it is not a Dockerfile")?))
}

/// Audits the bytes of the file at `path`.
pub(super) fn read_bytes(reader: &Reader<'_>, path: &Path, bytes: &[u8]) -> Audited {
    let shown: Name = path_bytes(path).into();
    // The build context is the file's directory.
    let name = path.file_name().map_or(&*shown, OsStr::as_encoded_bytes);
    let beside = Beside::of(path);
    let read = |file: &[u8]| beside.script(file);
    let context = BuildFiles { shown: shown.strip_suffix(name).unwrap_or_default(), read: &read };
    let Drafts { drafts, problems, secrets } = audit(&shown, Anchor::dockerfile(name), bytes, &context);
    let findings = drafts.iter().map(|draft| reader.sealer.finding(draft)).collect();
    Audited { kind: Some(TargetKind::Dockerfile), findings, problems, secrets, ..Audited::default() }
}

/// Audits a Dockerfile. `path` is the path to show. `anchor` is made from the path relative to the build
/// context. A problem is an error for a line that BuildKit would reject, or a note on an inline ignore. Each
/// names its line.
pub(crate) fn audit(path: &Name, anchor: Anchor, bytes: &[u8], context: &BuildFiles<'_>) -> Drafts {
    let head = bytes.get(..MAX_PARSED).unwrap_or(bytes);
    let end = if head.len() < bytes.len() {
        memchr::memrchr(b'\n', head).map_or(0, |at| at + 1)
    } else {
        head.len()
    };
    let dockerfile = parse(head.get(..end).unwrap_or_default());
    let lines = LineIndex::new(bytes);
    let hits = check_and_advise_within(bytes, &dockerfile, context.read);
    let Ignored { reasons, notes } = ignored(bytes, &dockerfile, &lines, &hits);
    let is_more = hits.len() > MAX_HITS;
    let drafts = hits.into_iter().take(MAX_HITS).zip(reasons).map(|(hit, ignored)| Draft {
        ignored,
        ..dockerfile_draft(path, context.shown, anchor, &dockerfile, &lines, hit)
    });
    let line = |flaw: &Flaw| Place::Line(lines.position(flaw.span.start).line);
    let mut problems: Vec<Problem> = dockerfile
        .flaws
        .iter()
        .map(|flaw| Problem::error(flaw.code, line(flaw), flaw.message.clone()))
        .collect();
    if end < bytes.len() {
        let detail = message!(
            "the file is larger than {} MiB: the rest was searched for tokens, but not read as a Dockerfile",
            MAX_PARSED >> 20
        );
        problems.push(Problem::error(Code::Limit, Place::Line(lines.position(end).line), detail));
    }
    if is_more {
        let detail = message!("it has more than {} findings: not all are listed", MAX_HITS);
        problems.push(Problem::error(Code::Limit, Place::Here, detail));
    }
    let notes = notes.into_iter().map(|(line, detail)| Problem::note(Code::Odd, Place::Line(line), detail));
    problems.extend(notes);
    Drafts { drafts: drafts.collect(), problems, secrets: literals(bytes, &dockerfile) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::NO_FILES;
    use crate::finding::{Finding, Issue, Location};
    use crate::findings::{Sealer, finish};
    use crate::mask::Masked;

    fn token() -> String {
        format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx")
    }

    fn run(source: &str) -> (Vec<Finding>, Vec<Issue>) {
        let Audited { findings, errors, .. } = audited(source);
        (findings, errors)
    }

    #[derive(Debug, serde::Serialize)]
    struct Audited {
        findings: Vec<Finding>,
        errors: Vec<Issue>,
        notes: Vec<Issue>,
    }

    fn audited(source: &str) -> Audited {
        let source = source.replace("@TOKEN@", &token());
        let target = Masked::own("dockerfile:x");
        let sealer = Sealer::new(&target, &[], None);
        let anchor = Anchor::dockerfile(b"x");
        let Drafts { drafts, problems, .. } =
            audit(&b"x"[..].into(), anchor, source.as_bytes(), &BuildFiles { shown: b"", read: NO_FILES });
        let findings = finish(vec![drafts.iter().map(|draft| sealer.finding(draft)).collect()]);
        let (errors, notes): (Vec<_>, Vec<_>) = problems.iter().partition(|problem| problem.is_error());
        let issues = |problems: Vec<&Problem>| problems.into_iter().map(|p| sealer.issue(p)).collect();
        let audited = Audited { findings, errors: issues(errors), notes: issues(notes) };
        let json = serde_json::to_string(&audited).unwrap();
        let tail = token().to_lowercase().split_off(20);
        assert!(!json.to_lowercase().contains(&tail), "{source}");
        audited
    }

    #[test]
    fn a_finding_lies_at_its_line_and_stage() {
        let (findings, errors) =
            run("FROM a AS Build\nRUN x \\\n  && hf auth login --token @TOKEN@\nFROM Build\nARG HF_TOKEN\n");
        assert!(errors.is_empty());
        let places: Vec<_> = findings
            .iter()
            .map(|finding| match &finding.location {
                Location::Dockerfile { line, column, end_line, end_column, stage, .. } => {
                    let stage = stage.as_ref().unwrap().as_str().to_owned();
                    (finding.rule.as_str(), *line, *column, *end_line, *end_column, stage)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            places,
            [
                ("dockerfile/login-command", 3, 6, 3, 65, "Build".to_owned()),
                ("dockerfile/literal-token", 3, 28, 3, 65, "Build".to_owned()),
                ("dockerfile/token-in-arg", 5, 5, 5, 13, "1".to_owned()),
            ]
        );
    }

    #[test]
    fn what_buildkit_rejects_is_an_error_with_its_line() {
        let (findings, errors) = run("FROM a\nFOO @TOKEN@\nENV HF_TOKEN=@TOKEN@\n");
        assert_eq!(findings.len(), 3);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].place.as_str(), "line 2");
        for source in ["", "# x\n", "ARG a\n", "FROM a\nRUN <<E\nx\n", "\0\u{1}garbage"] {
            assert!(!run(source).1.is_empty(), "{source:?}");
        }
        // An error quotes a line that consists of one token. The token is masked.
        run("FROM a\n@TOKEN@ x\nENV x=y @TOKEN@\nFROM a AS @TOKEN@\n");
    }

    #[test]
    fn a_token_in_the_name_of_a_stage_is_not_shown() {
        let (findings, _) = run("FROM a AS @TOKEN@\nARG HF_TOKEN\n");
        assert_eq!(findings.len(), 2);
        let token = token();
        let (head, tail) = token.split_at(18);
        for glue in ["\"\"", "\\", "''", "\\\n", "\\\n# c\n"] {
            run(&format!(
                "FROM a AS {head}{glue}{tail}\nARG HF_TOKEN\nENV a=b {head}{glue}{tail}\n{head}{glue}{tail} x\n"
            ));
        }
    }

    #[test]
    fn more_findings_than_the_limit_are_an_error() {
        let (findings, errors) = run(&format!("FROM a\n{}", "RUN hf auth login\n".repeat(MAX_HITS + 1)));
        assert_eq!((findings.len(), errors.len()), (MAX_HITS, 1));
        assert!(errors[0].message.as_str().contains("more than 1000 findings"), "{}", errors[0].message);
        let (findings, errors) = run(&format!("FROM a\n{}", "RUN hf auth login\n".repeat(MAX_HITS)));
        assert_eq!((findings.len(), errors.len()), (MAX_HITS, 0));
    }

    #[test]
    fn behind_the_limit_the_bytes_are_searched() {
        let padding = "# a=b c=d e\n".repeat(100_000);
        let (findings, errors) = run(&format!("FROM a\n{padding}# @TOKEN@\n"));
        assert_eq!((findings.len(), errors.len()), (1, 1));
        assert!(errors[0].message.as_str().contains("larger than 1 MiB"));
    }

    #[test]
    fn what_an_error_quotes_is_cut() {
        let (_, errors) = run(&format!("FROM a\n{} x\n", "y".repeat(9000)));
        assert!(errors[0].message.as_str().chars().count() < 120);
    }

    #[test]
    fn fingerprints_outlive_moved_lines_and_tell_equals_apart() {
        let prints = |source: &str| -> Vec<_> {
            run(source).0.iter().map(|f| (f.rule.clone(), f.fingerprint)).collect()
        };
        let before = prints("FROM a\nARG HF_TOKEN\nRUN hf auth login\nRUN hf auth login\n");
        let after = prints(
            "FROM a\n\n# moved\nARG  HF_TOKEN\nRUN x\nRUN hf auth login --token y\nRUN z; hf auth login\n",
        );
        assert_eq!(before, after);
        let distinct: std::collections::BTreeSet<_> = before.iter().map(|(_, print)| print).collect();
        assert_eq!(distinct.len(), 3);
    }

    #[test]
    fn what_is_ignored_stays_with_its_reason_and_changes_no_other_fingerprint() {
        let login = "RUN hf auth login\n";
        let all = audited(&format!("FROM a\n{login}{login}"));
        let some = audited(&format!("FROM a\n# stowaway: ignore[login-command] a mock\n{login}{login}"));
        assert_eq!((some.findings.len(), some.errors.len(), some.notes.len()), (2, 0, 0));
        let prints = |findings: &[Finding]| findings.iter().map(|f| f.fingerprint).collect::<Vec<_>>();
        assert_eq!(prints(&some.findings), prints(&all.findings));
        let reasons = some.findings.iter().map(|finding| {
            finding
                .suppressed
                .as_ref()
                .and_then(|suppressed| Some(suppressed.reason.as_ref()?.as_str().to_owned()))
        });
        assert_eq!(reasons.collect::<Vec<_>>(), [Some("a mock".to_owned()), None]);
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..30)
        ) {
            run(&pieces.concat());
        }
    }

    const PIECES: [&str; 32] = [
        "FROM a\n",
        "FROM a AS b\n",
        "FROM b\n",
        "RUN ",
        "ENV HF_TOKEN=",
        "ARG HF_TOKEN",
        "COPY --from=b / /\n",
        "ONBUILD ",
        "\n",
        "\\\n",
        " @TOKEN@ ",
        "$HF_TOKEN",
        "${HF_TOKEN:-",
        "}",
        "hf auth login ",
        "&& ",
        "hf auth logout",
        "rm -rf ~/.cache",
        "python -c '",
        "from huggingface_hub import login;",
        "login()",
        "'",
        "\"",
        "<<EOF\n",
        "EOF\n",
        "--mount=type=secret,id=x,env=HF_TOKEN ",
        "$(",
        ")",
        "HF_HOME=~/$HOME ",
        "USER é\n",
        "# stowaway: ignore[login-command] x\n",
        "gosu app ",
    ];
}
