//! Builds Dockerfiles for real, with the real `hf` client in them, and compares the audits with the resulting
//! images.
//!
//! `make oracle` runs this program. The builders of `STOWAWAY_ORACLE_BUILDERS` build each case of
//! `testdata/oracle` and a sample of the cases that `generate.rs` makes, with a new token for each run. Each case
//! becomes a row of `docs/oracle.md`. Images are also scanned where the engines of these builders keep them, or
//! those of `STOWAWAY_ORACLE_ENGINES`. The program needs root and takes minutes, so it does nothing unless
//! `STOWAWAY_ORACLE` is set. If the value is `if-possible`, a machine that cannot build gives a message instead of
//! a failure. Arguments select cases by parts of their names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test code: a panic is the failure"
)]

mod builder;
mod case;
mod compare;
mod engine;
mod enter;
mod forecast;
mod generate;
mod hub;
mod look;
mod mended;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use builder::Builder;
use case::Case;
use compare::Row;
use engine::{Daemons, Worker};
use generate::Made;
use hub::Hub;
use table::Committed;

/// The number of concurrent builds. Each one keeps a core busy.
const WORKERS: usize = 2;
/// The builders of a run that does not name any. The first one also builds what `fix` writes.
const BUILDERS: [Builder; 3] = [Builder::Buildah, Builder::BuildKit20, Builder::Classic];
/// The name that selects the scans of images in engines.
const ENGINES: &str = "images of engines";
/// The number of generated cases in every run. They have rows in the page.
const SAMPLE: usize = 40;

fn main() -> ExitCode {
    let Some(asked) = std::env::var_os("STOWAWAY_ORACLE") else {
        println!("oracle: not run; `make oracle` and `make test` run it");
        return ExitCode::SUCCESS;
    };
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let list = |name: &str| std::env::var(name).ok().map(|names| Builder::list(&names));
    let builders = list("STOWAWAY_ORACLE_BUILDERS").unwrap_or_else(|| BUILDERS.to_vec());
    let engines = list("STOWAWAY_ORACLE_ENGINES").unwrap_or_else(|| builders.clone());
    if enter::is_inside() {
        return inside(&filters, &builders, &engines);
    }
    let all: BTreeSet<Builder> = builders.into_iter().chain(engines).collect();
    match enter::enter(&all) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("oracle: NOT RUN, no Dockerfile was built: {why}");
            if asked == "if-possible" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

/// Runs the cases. This happens in the builders' tree.
fn inside(filters: &[String], builders: &[Builder], engines: &[Builder]) -> ExitCode {
    enter::end_on_signals();
    let start = Instant::now();
    let mut cases = case::written(&project().join("testdata/oracle"));
    let is_whole = filters.is_empty();
    cases.retain(|case| is_whole || filters.iter().any(|part| case.name.contains(part.as_str())));
    let made = made(filters);
    cases.extend(made.iter().map(|made| made.case()));
    let asks_for_engines = is_whole || filters.iter().any(|part| ENGINES.contains(part.as_str()));
    if cases.is_empty() && !asks_for_engines {
        eprintln!("oracle: no case has such a name: {}", filters.join(" "));
        return ExitCode::FAILURE;
    }
    if asks_for_engines {
        stores::check(engines);
    }
    if cases.is_empty() {
        return ExitCode::SUCCESS;
    }
    let hub = Hub::start();
    let daemons = Daemons::start(builders);
    daemons.make_bases();
    let workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::new(number, builders, &daemons)).collect();
    for (builder, engine) in &workers[0].engines {
        println!("{builder}: {}", engine.version());
    }
    let rows = run(&cases, &workers, &hub);
    let sample: Vec<String> = generate::made(SAMPLE).into_iter().map(|made| made.case().name).collect();
    let (written, made_rows): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| !row.is_made);
    let sampled: Vec<&Row> = made_rows.into_iter().filter(|row| sample.contains(&row.name)).collect();
    let committed = std::fs::read_to_string(project().join("docs/oracle.md")).unwrap_or_default();
    let page = table::page(&written, &sampled, &Committed::parse(&committed));
    println!("{}", table::summary(&rows, start.elapsed()));
    for made in made {
        if rows.iter().any(|row| row.name == made.case().name && !row.agrees()) {
            println!("{}", smallest(made, &workers[0], &hub));
        }
    }
    // A run with other builders than usual does not judge the page.
    let is_judged = is_whole && (builders == BUILDERS || std::env::var_os("STOWAWAY_WRITE_DOCS").is_some());
    let is_current = !is_judged || support::page::is_current("oracle.md", &page);
    if !is_current {
        println!("docs/oracle.md is stale: `make oracle` writes it");
    }
    if is_current && rows.iter().all(Row::agrees) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Generates cases and keeps those whose names were asked for. `STOWAWAY_ORACLE_MADE` sets their number.
fn made(filters: &[String]) -> Vec<Made> {
    let count = std::env::var("STOWAWAY_ORACLE_MADE")
        .map_or(SAMPLE, |count| count.parse().expect("a number of cases"));
    let mut made = generate::made(count);
    made.retain(|made| {
        filters.is_empty() || filters.iter().any(|part| made.case().name.contains(part.as_str()))
    });
    made
}

/// Reduces a generated case to the simplest one with the same outcome, to be kept as a handwritten case.
fn smallest(mut made: Made, worker: &Worker, hub: &Hub) -> String {
    let kinds = |row: &Row| {
        let kinds: Vec<&str> = row.disagreements().map(|(name, _)| name).collect();
        (kinds.join(" "), row.failed.is_some())
    };
    let mut row = compare::row(&made.case(), worker, hub);
    let shown = kinds(&row);
    let mut candidates: Vec<Made> = made.simpler().collect();
    while let Some(simpler) = (!candidates.is_empty()).then(|| candidates.remove(0)) {
        let simpler_row = compare::row(&simpler.case(), worker, hub);
        if kinds(&simpler_row) == shown {
            (made, row) = (simpler, simpler_row);
            candidates = made.simpler().collect();
        }
    }
    format!("smallest: {}\n{}", table::line(&row), made.text())
}

/// Returns the rows of all cases, in their order.
fn run(cases: &[Case], workers: &[Worker], hub: &Hub) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in workers {
            let (next, rows) = (&next, &rows);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let row = compare::row(case, worker, hub);
                    println!("{}", table::line(&row));
                    rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(rows.len(), cases.len(), "a row for each case");
    rows
}

/// Returns the root of the source tree.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
