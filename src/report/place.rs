//! The places of findings, as all formats but JSON name them. All text is escaped for a terminal.

use super::escape;
use crate::finding::{
    DockerfileLine, Document, Finding, LayerIndex, Location, Masked, Position, State, counts_in_file,
};

/// Returns the innermost name of a location, in the form that editors accept if there is one.
pub(super) fn at(location: &Location) -> String {
    match location {
        Location::Layer { path, position, offset, via, .. }
        | Location::File { path, position, offset, via, .. } => {
            let path = escape(path.as_str());
            match position {
                // An editor cannot go to a line of decoded content.
                _ if !counts_in_file(via) => path.into_owned(),
                Some(Position { line, column }) => format!("{path}:{line}:{column}"),
                None => format!("{path}, byte {offset}"),
            }
        }
        Location::Config { field, .. } => escape(field.as_str()).into_owned(),
        Location::Blob { entry, via, .. } if !counts_in_file(via) => escape(entry.as_str()).into_owned(),
        Location::Blob { entry, offset, .. } => format!("{}, byte {offset}", escape(entry.as_str())),
        Location::Dockerfile { path, line, column, .. } => {
            format!("{}:{line}:{column}", escape(path.as_str()))
        }
    }
}

/// Returns what a finding is in: the target, the image, and the layer or document. Empty if the place itself names the
/// target.
pub(super) fn within(finding: &Finding) -> String {
    let target = escape(finding.target.as_str()).into_owned();
    match &finding.location {
        Location::Layer { image, platform, layer, .. } => {
            join(&[target, image_name(image.as_ref(), platform.as_ref()), format!("layer {layer}")])
        }
        Location::Config { image, platform, document, .. } => {
            let part = document_name(*document).to_owned();
            join(&[target, image_name(image.as_ref(), platform.as_ref()), part])
        }
        Location::Dockerfile { path, .. } | Location::File { path, .. }
            if path.as_str() == finding.target.as_str() =>
        {
            String::new()
        }
        Location::Blob { .. } | Location::Dockerfile { .. } | Location::File { .. } => target,
    }
}

/// Returns the whole place of a finding in one line, as in `app.tar, layer 1: root/.netrc:3:1`.
pub(crate) fn place(finding: &Finding) -> String {
    let within = within(finding);
    let colon = if within.is_empty() { "" } else { ": " };
    format!("{within}{colon}{}", at(&finding.location))
}

/// Formats the known parts of an image's name, as in `app:latest (linux/amd64)`.
pub(super) fn image_name(image: Option<&Masked>, platform: Option<&Masked>) -> String {
    match (image, platform) {
        (Some(image), Some(platform)) => {
            format!("{} ({})", escape(image.as_str()), escape(platform.as_str()))
        }
        (Some(name), None) | (None, Some(name)) => escape(name.as_str()).into_owned(),
        (None, None) => String::new(),
    }
}

pub(super) fn document_name(document: Document) -> &'static str {
    match document {
        Document::Config => "config",
        Document::Manifest => "manifest",
        Document::Index => "index",
        Document::Attestation => "attestation",
    }
}

pub(super) fn join(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Describes the state in which the layers above leave a file.
pub(super) fn standing(state: State, hidden_by: Option<LayerIndex>) -> String {
    let what = match state {
        State::Present => return "present".to_owned(),
        State::Deleted => "deleted",
        State::Overwritten => "overwritten",
    };
    let by = hidden_by.map(|layer| format!(" by layer {layer}")).unwrap_or_default();
    format!("{what}{by} — still readable by whoever pulls the image")
}

/// The place to which an annotation of a file is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The path, with `/` between its parts. It is relative, unless the target was given as an absolute path.
    pub(super) path: String,
    /// The lines and columns, counted from 1. The end column is the one after the last character.
    pub(super) region: Option<Region>,
}

/// A region of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: u64,
    pub(super) column: Option<u64>,
    pub(super) end: Option<(u64, u64)>,
}

/// Returns where the finding is shown beside source text: at its line, or at the Dockerfile's line that made it. Other
/// places of an image are named after the image, in the same way in each build.
pub(super) fn anchor(finding: &Finding) -> Anchor {
    anchor_of(&finding.location, finding.target.as_str())
}

/// Does the same for another location of a target.
pub(super) fn anchor_of(location: &Location, target: &str) -> Anchor {
    let dockerfile = |line: &DockerfileLine| Anchor {
        path: line.path.as_str().to_owned(),
        region: Some(Region { line: line.line, column: None, end: None }),
    };
    let in_image = |image: Option<&Masked>, part: &str| Anchor {
        path: format!("{}/{part}", stable_name(image.map_or(target, Masked::as_str))),
        region: None,
    };
    match location {
        Location::Dockerfile { path, line, column, end_line, end_column, .. } => {
            let region = Region { line: *line, column: Some(*column), end: Some((*end_line, *end_column)) };
            Anchor { path: path.as_str().to_owned(), region: Some(region) }
        }
        Location::File { path, position, via, .. } => {
            let position = position.filter(|_| counts_in_file(via));
            let region = position.map(|at| Region { line: at.line, column: Some(at.column), end: None });
            Anchor { path: path.as_str().to_owned(), region }
        }
        Location::Layer { dockerfile: Some(line), .. } | Location::Config { dockerfile: Some(line), .. } => {
            dockerfile(line)
        }
        Location::Layer { image, path, .. } => in_image(image.as_ref(), path.as_str()),
        Location::Config { image, field, .. } => in_image(image.as_ref(), field.as_str()),
        Location::Blob { entry, .. } => in_image(None, entry.as_str()),
    }
}

/// The prefixes of targets, other than `docker://`.
const PREFIXES: [&str; 8] = [
    "docker-archive:",
    "oci-archive:",
    "oci:",
    "dir:",
    "rootfs:",
    "docker-daemon:",
    "podman:",
    "containers-storage:",
];

/// Returns the name of an image or target without what changes with each build: its prefix, tag and digest.
fn stable_name(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((rest, tag)) if !tag.contains('/') && !rest.is_empty() => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stay() {
        for (name, expected) in [
            ("app.tar", "app.tar"),
            ("docker-archive:app.tar", "app.tar"),
            ("oci:layout:1.0", "layout"),
            ("docker://host:5000/team/app:1.2", "host:5000/team/app"),
            ("host:5000/team/app", "host:5000/team/app"),
            ("app@sha256:00", "app"),
            (":x", ":x"),
        ] {
            assert_eq!(stable_name(name), expected, "{name}");
        }
    }
}
