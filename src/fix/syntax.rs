//! The `# syntax=` line that `--mount=type=secret,env=` requires: version 1.10 of the frontend, from 2024.

use super::edit::Edits;
use crate::dockerfile::DirectiveName;
use crate::rules::dockerfile::Context;
use crate::text::Span;

const LINE: &str = "# syntax=docker/dockerfile:1";
const FIRST: (u32, u32) = (1, 10);

/// Returns true if the frontend named by the file may not support it and cannot be upgraded.
pub(super) fn is_unknown(context: &Context<'_>) -> bool {
    named(context).is_some_and(|(_, value)| newer(&value) == Newer::Unknown)
}

/// Returns the frontend that the file names, and its span.
fn named(context: &Context<'_>) -> Option<(Span, String)> {
    let value = context.dockerfile.directives.get(DirectiveName::Syntax)?.value;
    let bytes = context.source.get(value.start..value.end).unwrap_or_default();
    Some((value, String::from_utf8_lossy(bytes).into_owned()))
}

/// Adds the line, or raises the version that it names.
pub(super) fn need_secrets_in_variables(context: &Context<'_>, edits: &mut Edits) {
    let Some((span, value)) = named(context) else {
        let ending = if context.source.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        edits.insert(first_line(context.source), format!("{LINE}{ending}"));
        return;
    };
    if let Newer::Write(newer) = newer(&value) {
        edits.replace(span, newer);
    }
}

/// Returns the offset after a byte order mark and a `#!` line, which BuildKit skips.
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

/// Returns the replacement for a frontend.
fn newer(frontend: &str) -> Newer {
    let (frontend, digest) =
        frontend.split_once('@').map_or((frontend, None), |(name, digest)| (name, Some(digest)));
    let (image, tag) = frontend.rsplit_once(':').unwrap_or((frontend, "latest"));
    let is_official =
        image.strip_suffix("docker/dockerfile").is_some_and(|host| host.is_empty() || host.ends_with('/'));
    let is_experimental = image.ends_with("docker/dockerfile-upstream");
    if !is_official || is_experimental {
        return Newer::Unknown;
    }
    let (version, channel) = tag.split_once('-').map_or((tag, ""), |(version, channel)| (version, channel));
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let newer = match (numbers.next(), numbers.next()) {
        (None | Some(Err(_)), _) if matches!(tag, "latest" | "labs") => Newer::IsEnough,
        (Some(Ok(1)), None) => Newer::IsEnough,
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= FIRST => Newer::IsEnough,
        (Some(Ok(major)), None) if major > 1 => Newer::IsEnough,
        (Some(Ok(_)), _) if channel == "labs" => Newer::Write(format!("{image}:1-labs")),
        (Some(Ok(_)), _) => Newer::Write(format!("{image}:1")),
        _ if tag == "experimental" => Newer::Write(format!("{image}:1")),
        _ => Newer::Unknown,
    };
    // The version of a digest is known only if the tag names a version that is new enough.
    let is_exact = version.contains('.') || version.parse::<u32>().is_ok_and(|major| major > 1);
    if digest.is_some() && !(newer == Newer::IsEnough && is_exact) { Newer::Unknown } else { newer }
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
            "docker/dockerfile:1.14@sha256:00",
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
        for frontend in [
            "example.com/frontend:1",
            "docker/dockerfile:main",
            "docker/dockerfile@sha256:00",
            "docker/dockerfile:1@sha256:00",
            "docker/dockerfile:1.4@sha256:00",
        ] {
            assert_eq!(newer(frontend), Newer::Unknown, "{frontend}");
        }
    }
}
