//! Audits one Dockerfile.

use std::collections::HashMap;

use crate::{
    dockerfile::{Dockerfile, LineIndex, parse},
    finding::{Finding, Issue, Location, Masked, PathName, TokenHash, fingerprint},
    rules::dockerfile::{Hit, check},
};

/// How much of a file is read as a Dockerfile. Parsed it takes a hundred times the memory; what lies behind is
/// searched for tokens as it is.
const MAX_PARSED: usize = 1 << 20;

/// The findings of a Dockerfile, in order of position, and what BuildKit would reject it for, as errors.
///
/// `target` is named in both as it was given; `path` is where the file lies.
pub(super) fn audit(target: &Masked, path: &PathName, bytes: &[u8]) -> (Vec<Finding>, Vec<Issue>) {
    let head = bytes.get(..MAX_PARSED).unwrap_or(bytes);
    let end = if head.len() < bytes.len() {
        memchr::memrchr(b'\n', head).map_or(0, |at| at + 1)
    } else {
        head.len()
    };
    let dockerfile = parse(head.get(..end).unwrap_or_default());
    let lines = LineIndex::new(bytes);
    let mut equals: HashMap<_, usize> = HashMap::new();
    let findings = check(bytes, &dockerfile)
        .into_iter()
        .map(|hit| {
            let token = hit.token.as_ref().and_then(|token| token.sha256);
            // Among equals means equal in what the fingerprint is made from: with a token, that and the rule.
            let key = (hit.rule.id, token, token.map_or_else(|| hit.subject.clone(), |_| String::new()));
            let ordinal = equals.entry(key).or_default();
            let finding = finding(target, path, &dockerfile, &lines, hit, token, *ordinal);
            *ordinal += 1;
            finding
        })
        .collect();
    let errors = dockerfile.problems.iter().map(|problem| Issue {
        target: target.clone(),
        place: Masked::own(format!("line {}", lines.position(problem.span.start).line)),
        message: problem.message.clone(),
    });
    let mut errors: Vec<Issue> = errors.collect();
    if end < bytes.len() {
        errors.push(Issue {
            target: target.clone(),
            place: Masked::own(format!("line {}", lines.position(end).line)),
            message: Masked::own(format!(
                "the file is larger than {} MiB: from here on it was searched for tokens, but not read as a Dockerfile",
                MAX_PARSED >> 20
            )),
        });
    }
    (findings, errors)
}

/// A finding in a Dockerfile, the `ordinal`th among equals.
pub(super) fn finding(
    target: &Masked,
    path: &PathName,
    dockerfile: &Dockerfile,
    lines: &LineIndex<'_>,
    hit: Hit,
    token: Option<TokenHash>,
    ordinal: usize,
) -> Finding {
    let (start, end) = (lines.position(hit.span.start), lines.position(hit.span.end));
    let stage = hit.stage.map(|index| {
        let name = dockerfile.stages.get(index).and_then(|stage| stage.shown.clone());
        name.unwrap_or_else(|| Masked::own(index.to_string()))
    });
    Finding {
        rule: hit.rule.id,
        severity: hit.severity,
        confidence: hit.confidence,
        fingerprint: fingerprint(hit.rule.id, token.as_ref(), &hit.subject, path.as_str(), ordinal),
        message: hit.message,
        help: hit.help,
        token: hit.token,
        target: target.clone(),
        location: Location::Dockerfile {
            path: path.clone(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            stage,
        },
        also: Vec::new(),
        related: Vec::new(),
        leaves: hit.leaves,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect;

    fn token() -> String {
        format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx")
    }

    fn run(source: &str) -> (Vec<Finding>, Vec<Issue>) {
        let source = source.replace("@TOKEN@", &token());
        let audited = audit(&Masked::own("dockerfile:x"), &detect::mask_path(b"x"), source.as_bytes());
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
                    (finding.rule.0, *line, *column, *end_line, *end_column, stage)
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
        // A line that is one token is quoted in the error, masked.
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
    fn behind_the_limit_the_bytes_are_searched() {
        let padding = "ENV a=b c=d\n".repeat(100_000);
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
        let prints =
            |source: &str| -> Vec<_> { run(source).0.iter().map(|f| (f.rule, f.fingerprint)).collect() };
        let before = prints("FROM a\nARG HF_TOKEN\nRUN hf auth login\nRUN hf auth login\n");
        let after = prints(
            "FROM a\n\n# moved\nARG  HF_TOKEN\nRUN x\nRUN hf auth login --token y\nRUN z; hf auth login\n",
        );
        assert_eq!(before, after);
        let distinct: std::collections::BTreeSet<_> = before.iter().map(|(_, print)| print).collect();
        assert_eq!(distinct.len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..30)
        ) {
            run(&pieces.concat());
        }
    }

    const PIECES: [&str; 30] = [
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
    ];
}
