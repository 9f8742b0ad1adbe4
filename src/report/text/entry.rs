//! The text of one finding: its rule and message, and its location in labelled lines.

use std::io::{self, Write};

use super::{WIDTH, wrap};
use crate::finding::Masked;
use crate::finding::{Also, DockerfileLine, Finding, Leaves, Location, Provenance, State, Where};
use crate::finding::{Confidence, Position, counts_in_file};
use crate::report::escape::shorten;
use crate::report::place::{at, image_name, join, standing, within};
use crate::report::{Style, escape};

/// The column of the message, after the severity.
const MESSAGE: usize = 12;
/// The column of the value of a label.
const VALUE: usize = 16;
/// The maximum length of the text about what a finding leaves, in characters.
const MOST_LEFT: usize = 3 * (WIDTH - VALUE);
/// The maximum length of a place in a heading, in characters.
const MOST_PLACE: usize = 60;

/// Writes one finding, without its advice.
pub(super) fn render(finding: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut what = format!("{}: {}", finding.rule, escape(finding.message.as_str()));
    if finding.confidence == Confidence::Medium {
        what.push_str(" (confidence: medium)");
    }
    let severity = style.severity(finding.severity, finding.severity);
    let mut lines = wrap(&what, WIDTH - MESSAGE).into_iter();
    writeln!(out, "  {severity:<width$}{}", lines.next().unwrap_or_default(), width = MESSAGE - 2)?;
    for line in lines {
        writeln!(out, "{:MESSAGE$}{line}", "")?;
    }
    for (label, value) in fields(finding) {
        // Only sentences are wrapped. Paths must stay in one piece so that they can be copied.
        let lines = match label {
            "leaves" => wrap(&value, WIDTH - VALUE),
            "made by" => vec![shorten(&value, WIDTH - VALUE).into_owned()],
            _ => vec![value],
        };
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "    {:<width$}{first}", style.faint(label), width = VALUE - 4)?;
        for line in lines {
            writeln!(out, "{:VALUE$}{line}", "")?;
        }
    }
    writeln!(out)
}

/// Returns the labelled lines of a finding. All values are escaped.
pub(in crate::report) fn fields(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut fields = vec![("at", at(&finding.location))];
    match &finding.location {
        Location::Layer { position, offset, via, state, hidden_by, created_by, dockerfile, .. } => {
            fields.push(("in", within(finding)));
            fields.extend(reached(via, *position, *offset));
            fields.push(("state", standing(*state, *hidden_by)));
            fields.extend(
                created_by.as_ref().map(|command| ("made by", escape(command.as_str()).into_owned())),
            );
            fields.extend(dockerfile.as_ref().map(instruction));
        }
        Location::Config { dockerfile, .. } => {
            fields.push(("in", within(finding)));
            fields.extend(dockerfile.as_ref().map(instruction));
        }
        Location::Blob { via, offset, .. } => {
            fields.push(("in", within(finding)));
            fields.extend(reached(via, None, *offset));
        }
        Location::Dockerfile { stage, .. } => {
            fields.extend(stage.as_ref().map(|stage| ("stage", escape(stage.as_str()).into_owned())));
        }
        Location::File { via, position, offset, .. } => fields.extend(reached(via, *position, *offset)),
    }
    fields.extend(finding.also.iter().map(|also| ("also", further(also, &finding.location))));
    fields.extend(finding.related.iter().map(|location| ("see", at(location))));
    fields.extend(finding.leaves.iter().map(|leaves| ("leaves", left_behind(leaves))));
    fields
}

/// Describes the decoding steps that lead to a token, outermost first, and its position in the content that was
/// decoded last.
fn reached(via: &[Masked], position: Option<Position>, offset: u64) -> Option<(&'static str, String)> {
    let steps: Vec<_> = via.iter().map(|step| escape(step.as_str())).collect();
    let there = match position {
        _ if counts_in_file(via) => String::new(),
        Some(Position { line, column }) => format!(", there line {line}, column {column}"),
        None => format!(", there byte {offset}"),
    };
    (!steps.is_empty()).then(|| ("via", steps.join(" > ") + &there))
}

fn instruction(line: &DockerfileLine) -> (&'static str, String) {
    ("Dockerfile", format!("{}:{}", escape(line.path.as_str()), line.line))
}

/// Describes another reference to the same bytes. The path is named only if it is different.
fn further(also: &Also, location: &Location) -> String {
    let path = match (location, &also.path) {
        (Location::Layer { path, .. }, Some(other)) if path == other => String::new(),
        (_, Some(path)) => escape(path.as_str()).into_owned(),
        (_, None) => String::new(),
    };
    let hidden = match (also.state, also.hidden_by) {
        (None | Some(State::Present), _) => String::new(),
        (Some(State::Deleted), Some(layer)) => format!("deleted by layer {layer}"),
        (Some(State::Deleted), None) => "deleted".to_owned(),
        (Some(State::Overwritten), Some(layer)) => format!("overwritten by layer {layer}"),
        (Some(State::Overwritten), None) => "overwritten".to_owned(),
    };
    let image = image_name(also.image.as_ref(), also.platform.as_ref());
    let layer = also.layer.map(|layer| format!("layer {layer}")).unwrap_or_default();
    join(&[path, image, layer, hidden])
}

fn left_behind(leaves: &Leaves) -> String {
    let place = match leaves.place {
        Where::Layer => "a file in the layer",
        Where::Env => "the config's environment",
        Where::Label => "a label",
        Where::Config => "the config",
        Where::History => "the history",
        Where::BuildCache => "the build cache",
        Where::Source => "the Dockerfile itself",
        Where::Attestation if leaves.mode == Some(Provenance::Max) => "provenance of mode=max",
        Where::Attestation => "provenance",
    };
    match &leaves.path {
        Some(path) => shorten(&format!("{place}: {}", escape(path.as_str())), MOST_LEFT).into_owned(),
        None => place.to_owned(),
    }
}

/// Returns the place of a finding, as it is named in a heading.
pub(in crate::report) fn place(finding: &Finding) -> String {
    let place = match &finding.location {
        Location::Dockerfile { path, line, .. }
        | Location::File { path, position: Some(Position { line, .. }), .. } => {
            format!("{}:{line}", escape(path.as_str()))
        }
        Location::Layer { path, .. } | Location::File { path, .. } => escape(path.as_str()).into_owned(),
        Location::Config { field, .. } => escape(field.as_str()).into_owned(),
        Location::Blob { entry, .. } => escape(entry.as_str()).into_owned(),
    };
    shorten(&place, MOST_PLACE).into_owned()
}
