//! The comparisons of one case: the forecast, the results of both readers, and the result of the fix.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::builder::{Builder, Failure, Image, Job};
use crate::case::Case;
use crate::engine::{Engine, Worker};
use crate::forecast::{self, Forecast, Left};
use crate::hub::Hub;
use crate::look::{self, Spot};
use crate::mended;
use crate::support::{Outcome, Token, scan, tools};

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Agrees,
    /// The results differ as declared, for these reasons.
    Declared(String),
    /// `fix` leaves the change to the user.
    ByHand,
    Disagrees(String),
    /// There is nothing to compare.
    Nothing,
}

impl Verdict {
    pub(crate) fn of(differences: &[String]) -> Self {
        if differences.is_empty() { Self::Agrees } else { Self::Disagrees(differences.join("; ")) }
    }
}

/// The result of a builder for a case.
#[derive(Debug)]
pub(crate) enum Made {
    /// An image, and what is left of the token in it.
    Image(Left),
    /// The builder does not know the form.
    Unknown,
    /// The build fails, as declared.
    Fails,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) is_made: bool,
    pub(crate) ways: String,
    pub(crate) expected: Forecast,
    pub(crate) made: BTreeMap<Builder, Made>,
    /// The builders that are declared not to know the form, in this run or not, and what each says.
    pub(crate) unknown: Vec<(Builder, String)>,
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

/// Builds a case with all builders, and compares the results.
pub(crate) fn row(case: &Case, worker: &Worker, hub: &Hub) -> Row {
    let mut row = Row {
        name: case.name.clone(),
        is_made: case.is_made,
        ways: case.ways(),
        expected: Forecast::new(),
        made: BTreeMap::new(),
        unknown: case.unknown.clone(),
        forecast: Verdict::Nothing,
        readers: Verdict::Nothing,
        origin: Verdict::Nothing,
        mended: Verdict::Nothing,
        failed: None,
    };
    // The test helpers panic on a failure. The other cases continue.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| fill(&mut row, case, worker, hub))) {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        row.failed = Some(said.unwrap_or_else(|| "a panic".to_owned()));
    }
    row
}

fn fill(row: &mut Row, case: &Case, worker: &Worker, hub: &Hub) {
    let token = Token::user(&format!("{}/{}", run_name(), case.name));
    case.write(&worker.place, "context", &token);
    let context = worker.place.join("context");
    // The content of copied files is known only to an audit of the whole context.
    let audited = if case.has_files() { context.clone() } else { context.join("Dockerfile") };
    row.expected = forecast::of(&scan(&[audited]), &token);

    let secrets: Vec<String> = case.secrets.iter().map(|id| format!("id={id},env={id}")).collect();
    let job = Job { context: &context, case, arguments: &case.arguments, secrets: &secrets, token: &token };
    let (mut failures, mut readers, mut origins) = (Vec::new(), Vec::new(), Vec::new());
    let mut uses = None;
    for (builder, engine) in &worker.engines {
        let image = match build(*builder, engine.as_ref(), job) {
            Ok(Ok(image)) => image,
            Ok(Err(made)) => {
                row.made.insert(*builder, made);
                continue;
            }
            Err(why) => {
                failures.push(format!("{builder}: {why}"));
                continue;
            }
        };
        uses.get_or_insert_with(|| hub.uses(token.text()));
        let spots = look::spots(&image, token.text());
        let dockerfile = context.join("Dockerfile");
        let audit = audit(&image, &["--dockerfile", tools::text(&dockerfile)]);
        let of_builder = |difference: String| format!("{builder}: {difference}");
        readers.extend(compare_readers(&self::spots(&audit, &token), &spots).into_iter().map(of_builder));
        if !spots.is_empty() {
            let differences = compare_origins(&audit, &token, &case.origins(*builder));
            origins.push(differences.into_iter().map(of_builder).collect::<Vec<_>>());
        }
        let is_attested = spots.contains(&Spot::Field(look::ATTESTATION));
        let by_default = is_attested.then(|| engine.build_by_default(job)).flatten();
        let default_spots = by_default.map(|image| match image {
            Ok(image) => look::spots(&image, token.text()),
            Err(Failure(last)) => panic!("{builder}: it builds only with all of its provenance:\n{last}"),
        });
        row.made.insert(*builder, Made::Image(forecast::left(&spots, default_spots.as_ref())));
    }
    if !failures.is_empty() {
        row.failed = Some(failures.join("\n     "));
        return;
    }
    row.forecast = forecast::compare(&row.expected, &row.made, case);
    let is_built = row.made.values().any(|made| matches!(made, Made::Image(_)));
    if !is_built {
        return;
    }
    row.readers = Verdict::of(&readers);
    if !origins.is_empty() {
        row.origin = Verdict::of(&origins.concat());
    }
    let is_left = |made: &Made| matches!(made, Made::Image(left) if !left.is_empty());
    if !row.expected.is_empty() || row.made.values().any(is_left) {
        row.mended = mended::compare(case, worker, hub, &uses.unwrap_or_default());
    }
}

/// Builds an image, or says why the builder is right not to. Returns an error if it should have, or should not.
fn build(builder: Builder, engine: &dyn Engine, job: Job<'_>) -> Result<Result<Image, Made>, String> {
    let expected: Vec<&str> = match job.case.unknown_to(builder) {
        Some(said) => vec![said],
        None => job.case.says.iter().map(String::as_str).collect(),
    };
    match engine.build(job) {
        Ok(_) if !expected.is_empty() => Err("it builds, though it is declared to fail".to_owned()),
        Ok(image) => Ok(Ok(image)),
        // Once in a while a build fails for no reason.
        Err(_) if expected.is_empty() => match engine.build(job) {
            Ok(image) => Ok(Ok(image)),
            Err(Failure(last)) => Err(format!("it does not build:\n{last}")),
        },
        Err(Failure(last)) if !expected.iter().all(|said| last.contains(said)) => {
            Err(format!("it fails, but for another reason than is declared:\n{last}"))
        }
        Err(_) => Ok(Err(match job.case.unknown_to(builder) {
            Some(_) => Made::Unknown,
            None => Made::Fails,
        })),
    }
}

/// Runs `stowaway scan` on an image.
pub(crate) fn audit(image: &Image, options: &[&str]) -> Outcome {
    let target = image.target();
    let outcome = scan(&[options, &[target.as_str()]].concat());
    assert!(outcome.errors().is_empty(), "{:#?}", outcome.errors());
    outcome
}

/// Returns the reported places of the token.
pub(crate) fn spots(outcome: &Outcome, token: &Token) -> BTreeSet<Spot> {
    let mut spots = BTreeSet::new();
    for finding in outcome.findings_of(token) {
        spots.insert(spot(&finding["location"]));
        let also = finding["also"].as_array().into_iter().flatten();
        spots.extend(also.map(|place| Spot::File(place["layer"].as_u64().unwrap(), text(&place["path"]))));
    }
    let shown = |spot| match spot {
        Spot::File(layer, path) => Spot::File(layer, look::shown_path(&path, &token.redacted())),
        spot => spot,
    };
    spots.into_iter().map(shown).collect()
}

fn spot(location: &Value) -> Spot {
    match (location["kind"].as_str().unwrap(), location["document"].as_str()) {
        ("layer", _) => Spot::File(location["layer"].as_u64().unwrap(), text(&location["path"])),
        ("config", Some("attestation")) => Spot::Field(look::ATTESTATION),
        ("config", Some("config")) => Spot::Field(look::field_name(location["field"].as_str().unwrap())),
        (kind, document) => Spot::Elsewhere(document.unwrap_or(kind).to_owned()),
    }
}

fn compare_readers(ours: &BTreeSet<Spot>, others: &BTreeSet<Spot>) -> Vec<String> {
    let missed = others.difference(ours).map(|spot| format!("the scan misses {spot}"));
    let more = ours.difference(others).map(|spot| format!("the scan alone sees {spot}"));
    missed.chain(more).collect()
}

/// Compares the lines that the findings are traced to with the instructions that leak. Both sets must be equal.
fn compare_origins(outcome: &Outcome, token: &Token, origins: &BTreeSet<u64>) -> Vec<String> {
    let mut named = BTreeSet::new();
    let mut differences = Vec::new();
    for finding in outcome.findings_of(token) {
        let location = &finding["location"];
        match location["dockerfile"]["line"].as_u64() {
            Some(line) if origins.contains(&line) => drop(named.insert(line)),
            Some(line) => differences.push(format!("{} is said to be of line {line}", spot(location))),
            // A record of the whole build, or of what the classic builder ran last, is of no line.
            None if spot(location) == Spot::Field(look::ATTESTATION) => {}
            None if location["field"].as_str().is_some_and(|field| field.starts_with("container_config")) => {
            }
            None => differences.push(format!("{} has no line", spot(location))),
        }
    }
    let missed = origins.difference(&named).map(|line| format!("nothing is of line {line}"));
    differences.extend(missed);
    differences
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns a name that is unique to this run. Tokens are derived from it.
pub(crate) fn run_name() -> &'static str {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap())
}
