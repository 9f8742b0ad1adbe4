//! Turns the hits of rules about Dockerfiles and CI files into findings.

use super::anchor::Anchor;
use super::draft::{Draft, Order};
use super::site::{DockerfileSite, FileSite, Site};
use crate::dockerfile::Dockerfile;
use crate::rules::context::{CiHit, LOGIN_IN_CI};
use crate::rules::dockerfile::{Hit, ScriptPlace};
use crate::sensitive::Name;
use crate::text::LineIndex;

/// Returns the finding for a hit in a Dockerfile. `path` is the path to show, and `context` what is shown before the
/// paths of files of its build context.
pub(crate) fn dockerfile_draft(
    path: &Name,
    context: &[u8],
    anchor: Anchor,
    dockerfile: &Dockerfile,
    lines: &LineIndex<'_>,
    hit: Hit,
) -> Draft {
    let stage = hit.stage.map(|index| {
        let name = dockerfile.stages.get(index).and_then(|stage| stage.written.as_ref());
        name.map_or_else(|| index.to_string().into(), |name| name.as_bytes().into())
    });
    let script = hit.script.as_ref().map(|place| match place {
        ScriptPlace::Here(span) => Site::Dockerfile(DockerfileSite {
            path: path.clone(),
            start: lines.position(span.start),
            end: lines.position(span.end),
            stage: stage.clone(),
        }),
        ScriptPlace::File { path: name, offset, .. } => Site::File(FileSite {
            path: [context, name].concat().into(),
            position: Some(place.position(lines)),
            offset: *offset as u64,
            via: Vec::new(),
        }),
    });
    Draft {
        order: Order { image: 0, layer: 0, path: path.clone(), offset: hit.span.start as u64 },
        rule: hit.rule,
        severity: hit.severity,
        confidence: hit.confidence,
        message: hit.full_message(),
        token: hit.token,
        secret: None,
        help: hit.help,
        subject: hit.subject,
        anchor,
        site: Site::Dockerfile(DockerfileSite {
            path: path.clone(),
            start: lines.position(hit.span.start),
            end: lines.position(hit.span.end),
            stage,
        }),
        also: Vec::new(),
        related: script.into_iter().collect(),
        leaves: hit.leaves,
        ignored: None,
    }
}

/// Returns the finding for a hit in a CI file. `path` is the path to show.
pub(crate) fn ci_draft(path: &Name, anchor: Anchor, lines: &LineIndex<'_>, hit: CiHit) -> Draft {
    let offset = hit.span.start as u64;
    Draft {
        order: Order { image: 0, layer: 0, path: path.clone(), offset },
        rule: &LOGIN_IN_CI,
        severity: LOGIN_IN_CI.severity,
        confidence: hit.confidence,
        token: hit.token,
        secret: None,
        message: hit.message,
        help: hit.help,
        subject: hit.subject,
        anchor,
        site: Site::File(FileSite {
            path: path.clone(),
            position: Some(lines.position(hit.span.start)),
            offset,
            via: Vec::new(),
        }),
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
        ignored: None,
    }
}
