//! The comparisons of one case: the forecast, the results of both readers, and the result of the fix.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use crate::builder::{Failure, Store};
use crate::case::Case;
use crate::hub::Hub;
use crate::look::{self, Spot};
use crate::support::{Outcome, Stdin, Token, scan, stowaway, tools};

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Agrees,
    /// The results differ as declared, for this reason.
    Declared(String),
    /// `fix` leaves the change to the user.
    ByHand,
    Disagrees(String),
    /// There is nothing to compare.
    Nothing,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) is_made: bool,
    pub(crate) ways: String,
    /// The places of the token in the image, according to the independent reader.
    pub(crate) left: BTreeSet<Spot>,
    pub(crate) forecast: Verdict,
    pub(crate) readers: Verdict,
    pub(crate) origin: Verdict,
    pub(crate) mended: Verdict,
    /// The reason why an expected image is missing, or why an image exists unexpectedly.
    pub(crate) failed: Option<String>,
}

impl Row {
    pub(crate) fn agrees(&self) -> bool {
        self.failed.is_none() && self.disagreements().next().is_none()
    }

    /// Returns the failed comparisons, each with its name.
    pub(crate) fn disagreements(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("forecast", &self.forecast),
            ("readers", &self.readers),
            ("origin", &self.origin),
            ("mended", &self.mended),
        ];
        all.into_iter().filter_map(|(name, verdict)| match verdict {
            Verdict::Disagrees(how) => Some((name, how.as_str())),
            _ => None,
        })
    }
}

/// Builds a case and compares the results.
pub(crate) fn row(case: &Case, store: &Store, hub: &Hub) -> Row {
    let mut row = Row {
        name: case.name.clone(),
        is_made: case.is_made,
        ways: case.ways(),
        left: BTreeSet::new(),
        forecast: Verdict::Nothing,
        readers: Verdict::Nothing,
        origin: Verdict::Nothing,
        mended: Verdict::Nothing,
        failed: None,
    };
    // The test helpers panic on a failure. The other cases continue.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| fill(&mut row, case, store, hub))) {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        row.failed = Some(said.unwrap_or_else(|| "a panic".to_owned()));
    }
    row
}

fn fill(row: &mut Row, case: &Case, store: &Store, hub: &Hub) {
    let token = Token::user(&format!("{}/{}", run_name(), case.name));
    case.write(&store.place, "context", &token);
    // The content of copied files is known only to an audit of the whole context.
    let audited = if case.has_files() { "context" } else { "context/Dockerfile" };
    let forecast = forecast(&scan(&[store.place.join(audited)]));

    let secrets: Vec<String> = case.secrets.iter().map(|id| format!("id={id},env={id}")).collect();
    let is_built = match (store.build("context", case, &case.arguments, &secrets, &token), &case.fails) {
        (Ok(layout), None) => {
            row.left = look::spots(&layout, token.text());
            row.forecast = compare_forecast(&forecast, &row.left, case);
            row.readers = compare_readers(&spots(&audit(&layout, &[]), &token), &row.left);
            if !row.left.is_empty() {
                let dockerfile = store.place.join("context/Dockerfile");
                let lined_up = audit(&layout, &["--dockerfile", tools::text(&dockerfile)]);
                row.origin = compare_origins(&lined_up, &token, case);
            }
            true
        }
        (Err(Failure(last)), Some(_)) if !case.says.iter().all(|said| last.contains(said)) => {
            row.failed = Some(format!("it fails, but for another reason than is declared:\n{last}"));
            return;
        }
        (Err(_), Some(why)) => {
            row.forecast = Verdict::Declared(format!("the build fails: {why}"));
            false
        }
        (Err(Failure(last)), None) => {
            row.failed = Some(format!("it does not build:\n{last}"));
            return;
        }
        (Ok(_), Some(_)) => {
            row.failed = Some("it builds, though it is declared to fail".to_owned());
            return;
        }
    };
    let uses = hub.uses(token.text());
    let leaks = !forecast.is_empty() || !row.left.is_empty();
    if is_built && leaks {
        row.mended = mended(case, store, hub, &uses);
    }
}

/// A forecast: the names of places, and the path of each known file.
type Forecast = BTreeSet<(String, Option<String>)>;

fn forecast(outcome: &Outcome) -> Forecast {
    let leaves = outcome.findings().iter().filter_map(|finding| finding["leaves"].as_array()).flatten();
    leaves
        .map(|leaves| (text(&leaves["where"]), leaves["path"].as_str().map(str::to_owned)))
        .filter(|(place, _)| place != "build-cache" && place != "source")
        .collect()
}

fn compare_forecast(forecast: &Forecast, left: &BTreeSet<Spot>, case: &Case) -> Verdict {
    let is_declared = |place: &str| case.differs.iter().any(|(at, _)| at == place);
    let mut differences = Vec::new();
    let fields: BTreeSet<&str> = left
        .iter()
        .filter_map(|spot| if let Spot::Field(name) = spot { Some(*name) } else { None })
        .collect();
    let forecast_fields: BTreeSet<&str> =
        forecast.iter().map(|(place, _)| place.as_str()).filter(|&place| place != "layer").collect();
    for field in forecast_fields.difference(&fields).filter(|field| !is_declared(field)) {
        differences.push(format!("forecast for {field}, not there"));
    }
    for field in fields.difference(&forecast_fields) {
        differences.push(format!("in {field}, not forecast"));
    }
    let files: BTreeSet<&str> = left
        .iter()
        .filter_map(|spot| if let Spot::File(_, path) = spot { Some(path.as_str()) } else { None })
        .collect();
    let layers = || forecast.iter().filter(|(place, _)| place == "layer");
    let paths: BTreeSet<&str> = layers().filter_map(|(_, path)| path.as_deref()).collect();
    let is_any_path = layers().any(|(_, path)| path.is_none());
    for path in paths.difference(&files).filter(|_| !is_declared("layer")) {
        differences.push(format!("forecast for a layer at {path}, not there"));
    }
    let others: Vec<&&str> = files.difference(&paths).collect();
    match is_any_path {
        true if others.is_empty() && !is_declared("layer") => {
            differences.push("forecast for a layer at some path, not there".to_owned());
        }
        true => {}
        false => differences.extend(others.iter().map(|path| format!("in a layer at {path}, not forecast"))),
    }
    differences.extend(
        left.iter()
            .filter(|spot| matches!(spot, Spot::Elsewhere(_)))
            .map(|spot| format!("in {spot}, not forecast")),
    );
    let used = case.differs.iter().filter(|(place, _)| match place.as_str() {
        "layer" => layers().count() > 0,
        field => forecast_fields.contains(field) && !fields.contains(field),
    });
    let reasons: Vec<String> = used.map(|(place, why)| format!("{place}: {why}")).collect();
    if reasons.len() < case.differs.len() {
        differences.push("a declared difference between builders is none".to_owned());
    }
    match (differences.is_empty(), reasons.is_empty()) {
        (true, true) => Verdict::Agrees,
        (true, false) => Verdict::Declared(reasons.join("; ")),
        (false, _) => Verdict::Disagrees(differences.join("; ")),
    }
}

/// Runs `stowaway scan` on an image.
fn audit(layout: &Path, options: &[&str]) -> Outcome {
    let target = format!("oci:{}", tools::text(layout));
    let outcome = scan(&[options, &[target.as_str()]].concat());
    assert!(outcome.errors().is_empty(), "{:#?}", outcome.errors());
    outcome
}

/// Returns the reported places of the token.
fn spots(outcome: &Outcome, token: &Token) -> BTreeSet<Spot> {
    let mut spots = BTreeSet::new();
    for finding in outcome.findings_of(token) {
        spots.insert(spot(&finding["location"]));
        let also = finding["also"].as_array().into_iter().flatten();
        spots.extend(also.map(|place| Spot::File(place["layer"].as_u64().unwrap(), text(&place["path"]))));
    }
    spots
}

fn spot(location: &Value) -> Spot {
    match (location["kind"].as_str().unwrap(), location["document"].as_str()) {
        ("layer", _) => Spot::File(location["layer"].as_u64().unwrap(), text(&location["path"])),
        ("config", Some("config")) => Spot::Field(look::field_name(location["field"].as_str().unwrap())),
        (kind, document) => Spot::Elsewhere(document.unwrap_or(kind).to_owned()),
    }
}

fn compare_readers(ours: &BTreeSet<Spot>, others: &BTreeSet<Spot>) -> Verdict {
    let missed = others.difference(ours).map(|spot| format!("the scan misses {spot}"));
    let more = ours.difference(others).map(|spot| format!("the scan alone sees {spot}"));
    let all: Vec<String> = missed.chain(more).collect();
    if all.is_empty() { Verdict::Agrees } else { Verdict::Disagrees(all.join("; ")) }
}

/// Compares the lines that the findings are traced to with the instructions that leak. Both sets must be equal.
fn compare_origins(outcome: &Outcome, token: &Token, case: &Case) -> Verdict {
    let origins = case.origins();
    let mut named = BTreeSet::new();
    let mut differences = Vec::new();
    for finding in outcome.findings_of(token) {
        let location = &finding["location"];
        match location["dockerfile"]["line"].as_u64() {
            Some(line) if origins.contains(&line) => drop(named.insert(line)),
            Some(line) => differences.push(format!("{} is said to be of line {line}", spot(location))),
            None => differences.push(format!("{} has no line", spot(location))),
        }
    }
    let missed = origins.difference(&named).map(|line| format!("nothing is of line {line}"));
    differences.extend(missed);
    if differences.is_empty() { Verdict::Agrees } else { Verdict::Disagrees(differences.join("; ")) }
}

/// Builds the fixed copy as `fix` says, with a new token.
fn mended(case: &Case, store: &Store, hub: &Hub, uses: &BTreeSet<String>) -> Verdict {
    let token = Token::user(&format!("{}/{}/mended", run_name(), case.name));
    case.write(&store.place, "mended", &token);
    let path = store.place.join("mended/Dockerfile");
    let outcome = stowaway(&["fix", "--write", tools::text(&path)], Stdin::Empty);
    match outcome.code {
        0 => {}
        1 => return Verdict::ByHand,
        code => return Verdict::Disagrees(format!("fix exits with {code}: {}", outcome.stderr.trim())),
    }
    let mut secrets: BTreeSet<String> = named_secrets(&outcome.stdout);
    let is_named = |id: &str| secrets.iter().any(|secret| secret.starts_with(&format!("id={id},")));
    let kept: Vec<String> =
        case.secrets.iter().filter(|id| !is_named(id)).map(|id| format!("id={id},env={id}")).collect();
    secrets.extend(kept);
    let secrets: Vec<String> = secrets.into_iter().collect();
    let layout = match store.build("mended", case, &[], &secrets, &token) {
        Ok(layout) => layout,
        Err(Failure(last)) => return Verdict::Disagrees(format!("what fix wrote does not build:\n{last}")),
    };
    let audit = audit(&layout, &[]);
    let (ours, code) = (spots(&audit, &token), audit.code);
    let others = look::spots(&layout, token.text());
    let mut differences: Vec<String> = ours.union(&others).map(|spot| format!("still in {spot}")).collect();
    if code != 0 && differences.is_empty() {
        differences.push(format!("the scan of the mended image exits with {code}"));
    }
    let uses_now = hub.uses(token.text());
    let lost: Vec<&str> = uses.difference(&uses_now).map(String::as_str).collect();
    if !lost.is_empty() {
        differences.push(format!("the token no longer reaches: {}", lost.join(", ")));
    }
    if differences.is_empty() { Verdict::Agrees } else { Verdict::Disagrees(differences.join("; ")) }
}

/// Returns the secrets that `fix` says to build with.
fn named_secrets(said: &str) -> BTreeSet<String> {
    let line = said.lines().find(|line| line.starts_with("Build with: ")).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .filter(|pair| pair[0] == "--secret")
        .map(|pair| pair[1].trim_matches('\'').to_owned())
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns a name that is unique to this run. Tokens are derived from it.
fn run_name() -> &'static str {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap())
}
