//! The `# syntax=` line that `--mount=type=secret,env=` needs: version 1.10 of the frontend, from 2024.

use super::{Declined, edit::Edits};
use crate::{dockerfile::DirectiveName, finding::Masked, rules::dockerfile::Context};

const LINE: &str = "# syntax=docker/dockerfile:1";
const FIRST: (u32, u32) = (1, 10);

/// Adds the line, or raises the version that it names.
pub(super) fn need_secrets_in_variables(
    context: &Context<'_>,
    edits: &mut Edits,
    declined: &mut Vec<Declined>,
) {
    let Some(directive) = context.dockerfile.directives.get(DirectiveName::Syntax) else {
        let ending = if context.source.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        edits.insert(first_line(context.source), format!("{LINE}{ending}"));
        return;
    };
    let value = context.source.get(directive.value.start..directive.value.end).unwrap_or_default();
    let value = String::from_utf8_lossy(value);
    match newer(&value) {
        Newer::IsEnough => {}
        Newer::Write(newer) => edits.replace(directive.value, newer),
        Newer::Unknown => declined.push(Declined {
            span: directive.span,
            why: Masked::own("whether this frontend knows `--mount=type=secret,env=` cannot be told"),
        }),
    }
}

/// Behind a byte order mark and a `#!` line, which BuildKit passes over.
fn first_line(source: &[u8]) -> usize {
    let start = if source.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let rest = source.get(start..).unwrap_or_default();
    if rest.starts_with(b"#!") {
        memchr::memchr(b'\n', rest).map_or(start, |at| start + at + 1)
    } else {
        start
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Newer {
    IsEnough,
    Write(String),
    Unknown,
}

/// What to name in place of a frontend.
fn newer(frontend: &str) -> Newer {
    let (image, tag) = frontend.rsplit_once(':').unwrap_or((frontend, "latest"));
    let is_official =
        image.strip_suffix("docker/dockerfile").is_some_and(|host| host.is_empty() || host.ends_with('/'));
    let is_experimental = image.ends_with("docker/dockerfile-upstream");
    if !is_official || is_experimental || tag.contains('@') {
        return Newer::Unknown;
    }
    let (version, channel) = tag.split_once('-').map_or((tag, ""), |(version, channel)| (version, channel));
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (None | Some(Err(_)), _) if matches!(tag, "latest" | "labs") => Newer::IsEnough,
        (Some(Ok(1)), None) => Newer::IsEnough,
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= FIRST => Newer::IsEnough,
        (Some(Ok(major)), None) if major > 1 => Newer::IsEnough,
        (Some(Ok(_)), _) if channel == "labs" => Newer::Write(format!("{image}:1-labs")),
        (Some(Ok(_)), _) => Newer::Write(format!("{image}:1")),
        _ if tag == "experimental" => Newer::Write(format!("{image}:1")),
        _ => Newer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_frontends_are_raised() {
        for frontend in [
            "docker/dockerfile:1",
            "docker/dockerfile",
            "docker/dockerfile:1.10",
            "docker/dockerfile:1-labs",
            "docker.io/docker/dockerfile:1.11.1",
            "docker/dockerfile:2",
        ] {
            assert_eq!(newer(frontend), Newer::IsEnough, "{frontend}");
        }
        for (frontend, expected) in [
            ("docker/dockerfile:1.4", "docker/dockerfile:1"),
            ("docker/dockerfile:1.0-experimental", "docker/dockerfile:1"),
            ("docker/dockerfile:experimental", "docker/dockerfile:1"),
            ("docker/dockerfile:1.7-labs", "docker/dockerfile:1-labs"),
            ("docker.io/docker/dockerfile:1.4.3", "docker.io/docker/dockerfile:1"),
        ] {
            assert_eq!(newer(frontend), Newer::Write(expected.to_owned()), "{frontend}");
        }
        for frontend in ["example.com/frontend:1", "docker/dockerfile:main", "docker/dockerfile@sha256:00"] {
            assert_eq!(newer(frontend), Newer::Unknown, "{frontend}");
        }
    }
}
