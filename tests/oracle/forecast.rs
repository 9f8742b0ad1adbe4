//! The forecast, and what builders leave.
//!
//! The forecast is the worst of all builders: what any of them leaves is forecast, and what is forecast is left by at
//! least one. Places where they differ are declared in the case, with the builders that leave the token there.

use std::collections::{BTreeMap, BTreeSet};

use crate::builder::Builder;
use crate::case::{Case, Difference};
use crate::compare::{Made, Verdict};
use crate::look::{self, ATTESTATION, Spot};
use crate::support::{Outcome, Token};
use crate::table;

/// The layer, at a path that the forecast does not know.
pub(crate) const SOME_PATH: &str = "layer";

/// The places of a forecast: the name of a field, `layer:PATH`, or `layer`. Attestations have a mode.
pub(crate) type Forecast = BTreeSet<String>;

/// The places where an image has the token, spelled as in a forecast.
pub(crate) type Left = BTreeSet<String>;

/// Returns the forecast of a report. Paths have a placeholder for the token.
pub(crate) fn of(outcome: &Outcome, token: &Token) -> Forecast {
    let leaves = outcome.findings().iter().filter_map(|finding| finding["leaves"].as_array()).flatten();
    let mut places: Forecast = leaves
        .filter(|leaves| leaves["where"] != "build-cache" && leaves["where"] != "source")
        .map(|leaves| {
            let place = leaves["where"].as_str().unwrap();
            let path = leaves["path"].as_str().map(|path| look::shown_path(path, &token.redacted()));
            let more = path.or_else(|| leaves["mode"].as_str().map(str::to_owned));
            more.map_or_else(|| place.to_owned(), |more| format!("{place}:{more}"))
        })
        .collect();
    forget_less(&mut places);
    places
}

/// Returns the places of the token in an image, and in one with the provenance that is attached by default.
pub(crate) fn left(spots: &BTreeSet<Spot>, by_default: Option<&BTreeSet<Spot>>) -> Left {
    let place = |spot: &Spot| match spot {
        Spot::File(_, path) => format!("layer:{path}"),
        &Spot::Field(ATTESTATION) => format!("{ATTESTATION}:max"),
        Spot::Field(name) => (*name).to_owned(),
        Spot::Elsewhere(what) => what.clone(),
    };
    let mut left: Left = spots.iter().map(place).collect();
    if by_default.is_some_and(|spots| spots.contains(&Spot::Field(ATTESTATION))) {
        left.insert(format!("{ATTESTATION}:min"));
    }
    forget_less(&mut left);
    left
}

/// The full provenance holds what the default one holds.
fn forget_less(places: &mut BTreeSet<String>) {
    if places.contains(&format!("{ATTESTATION}:min")) {
        places.remove(&format!("{ATTESTATION}:max"));
    }
}

/// Compares the forecast with what the builders left.
pub(crate) fn compare(expected: &Forecast, made: &BTreeMap<Builder, Made>, case: &Case) -> Verdict {
    if let Some(why) = &case.fails {
        return Verdict::Declared(format!("the build fails: {why}"));
    }
    let images: Vec<(Builder, &Left)> = made
        .iter()
        .filter_map(
            |(&builder, made)| if let Made::Image(left) = made { Some((builder, left)) } else { None },
        )
        .collect();
    if images.is_empty() {
        return Verdict::Nothing;
    }
    let mut differences = Vec::new();
    let mut unexpected: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for &(builder, left) in &images {
        let unforeseen = case.unforeseen.iter().filter(|difference| difference.leaving.contains(&builder));
        let unforeseen: BTreeSet<&str> = unforeseen.map(|difference| difference.place.as_str()).collect();
        for place in left.iter().filter(|place| !is_expected(expected, place)) {
            if !unforeseen.contains(place.as_str()) {
                unexpected.entry(place).or_default().push(builder.name());
            }
        }
        for place in unforeseen.iter().filter(|place| !left.contains(**place)) {
            differences.push(format!("{builder} does not leave {place}, though it is declared to"));
        }
    }
    for (place, builders) in unexpected {
        differences.push(format!("{place} is left by {}, not forecast", builders.join(", ")));
    }
    for place in expected {
        let declared = case.difference(place);
        for &(builder, left) in &images {
            let is_able = builder.attests() || !place.starts_with(ATTESTATION);
            let is_declared_to =
                is_able && declared.is_none_or(|difference| difference.leaving.contains(&builder));
            match (leaves(left, place, expected), is_declared_to) {
                (false, true) => {
                    differences.push(format!("{place} is forecast, {builder} does not leave it"));
                }
                (true, false) => {
                    differences.push(format!("{builder} leaves {place}, though it is declared not to"));
                }
                _ => {}
            }
        }
    }
    for Difference { place, .. } in &case.differences {
        if !expected.iter().any(|at| Case::is_at(at, place)) {
            differences.push(format!("{place} is declared to differ, but is not forecast"));
        }
    }
    if differences.is_empty() && case.differences.is_empty() && case.unforeseen.is_empty() {
        return Verdict::Agrees;
    }
    if differences.is_empty() {
        let reasons =
            case.differences.iter().chain(&case.unforeseen).map(|Difference { place, leaving, why }| {
                let names: Vec<&str> = leaving.iter().map(|builder| builder.name()).collect();
                format!("{place} is left by {}: {why}", names.join(", "))
            });
        return Verdict::Declared(reasons.collect::<Vec<_>>().join("; "));
    }
    Verdict::of(&differences)
}

/// Names what an image has less or more of than is forecast, if anything.
pub(crate) fn differences(expected: &Forecast, left: &Left) -> Option<String> {
    let less: BTreeSet<String> =
        expected.iter().filter(|place| !leaves(left, place, expected)).cloned().collect();
    let more: BTreeSet<String> = left.iter().filter(|place| !is_expected(expected, place)).cloned().collect();
    let named = [("not", less), ("also", more)].into_iter().filter(|(_, places)| !places.is_empty());
    let named: Vec<String> = named.map(|(how, places)| format!("{how} {}", table::places(&places))).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// Whether an image has the token at a place of the forecast.
fn leaves(left: &Left, place: &str, expected: &Forecast) -> bool {
    match place {
        SOME_PATH => left.iter().any(|at| at.starts_with("layer:") && !expected.contains(at)),
        place => left.contains(place),
    }
}

fn is_expected(expected: &Forecast, place: &str) -> bool {
    expected.contains(place) || place.starts_with("layer:") && expected.contains(SOME_PATH)
}
