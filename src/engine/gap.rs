//! Tokens between the bodies of a tar stream.

use std::collections::HashSet;

use crate::detect::{self, Occurrence};
use crate::stream::{Field, Gap};

/// Tokens between bodies, each with the field it stands in; its offset counts in that field. A name that
/// stands twice, cut short in the header block and whole in an extended header, counts once.
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
        occurrence.via.insert(0, detect::mask(via(&field).as_slice()));
        found.push((field, occurrence));
    }
    found
}

fn via(field: &Field) -> Vec<u8> {
    match field {
        Field::Name => b"tar-name".to_vec(),
        Field::LinkName => b"tar-link".to_vec(),
        Field::Header => b"tar-header".to_vec(),
        Field::Pax(key) => [b"tar-pax:", &key[..]].concat(),
        Field::Padding => b"tar-padding".to_vec(),
    }
}
