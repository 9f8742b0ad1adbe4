//! Tokens between the bodies of a tar stream.

use std::collections::HashSet;

use crate::detect::{self, Occurrence, Step, StepKind, TarPart};
use crate::mask::Secrets;
use crate::stream::{Field, Gap};

/// Finds tokens between bodies. Each is returned with the field that holds it, and its offset counts in that
/// field. A name may occur twice, cut short in the header block and complete in an extended header. A token
/// in it counts once.
pub(crate) fn occurrences_in_gap(gap: &Gap<'_>) -> Vec<(Field, Occurrence)> {
    let mut found: Vec<(Field, Occurrence)> = Vec::new();
    let mut in_names = HashSet::new();
    for mut occurrence in detect::find(gap.bytes) {
        let at = usize::try_from(occurrence.at.start).unwrap_or(usize::MAX);
        let end = usize::try_from(occurrence.at.end).unwrap_or(usize::MAX);
        let outside = end <= gap.own.start || at >= gap.own.end;
        if outside {
            continue;
        }
        let (field, offset) = gap.field_at(at);
        let is_name = matches!(field, Field::Name | Field::LinkName);
        if is_name && !in_names.insert((field == Field::Name, occurrence.token.clone())) {
            continue;
        }
        occurrence.move_to(offset as u64);
        occurrence.position = None;
        let text = gap.bytes.get(at..end).unwrap_or_default();
        occurrence.reached_by(Step::new(StepKind::Tar(part(&field, text)), at as u64..end as u64));
        found.push((field, occurrence));
    }
    found
}

/// Returns the part of a tar stream that a field belongs to, for the step to a token. A key that holds a piece of the
/// token is not named.
fn part(field: &Field, token: &[u8]) -> TarPart {
    match field {
        Field::Name => TarPart::Name,
        Field::LinkName => TarPart::LinkName,
        Field::Header => TarPart::Header,
        Field::Pax(key) => {
            let secrets = Secrets::new(std::iter::once(token));
            TarPart::Pax(
                secrets.and_then(|secrets| secrets.hidden(key)).as_ref().unwrap_or(key).as_slice().into(),
            )
        }
        Field::Padding => TarPart::Padding,
    }
}
