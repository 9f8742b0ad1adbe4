//! The output of a run: a line for each case, a page for `docs`, and the disagreements.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use crate::compare::{Row, Verdict};
use crate::look::Spot;

/// Returns the line that is printed when a case is done.
pub(crate) fn line(row: &Row) -> String {
    let mut line = format!("{} {}", if row.agrees() { "ok  " } else { "FAIL" }, row.name);
    for (name, how) in row.disagreements() {
        write!(line, "\n     {name}: {how}").unwrap();
    }
    if let Some(why) = &row.failed {
        write!(line, "\n     {why}").unwrap();
    }
    line
}

/// Returns the summary of a run.
pub(crate) fn summary(rows: &[Row], took: Duration) -> String {
    let wrong: Vec<&Row> = rows.iter().filter(|row| !row.agrees()).collect();
    let mut text =
        format!("\n{} cases in {} s, {} of them disagree", rows.len(), took.as_secs(), wrong.len());
    for row in wrong {
        write!(text, "\n{}", line(row)).unwrap();
    }
    text
}

/// Renders `docs/oracle.md`.
pub(crate) fn page(written: &[&Row], made: &[&Row]) -> String {
    let wrong = written.iter().chain(made).filter(|row| !row.agrees()).count();
    let mut page = format!(
        "# Forecast and real\n\n\
         What building the {} Dockerfiles of `testdata/oracle`, and {} that are put together, leaves of a token, beside what `stowaway`\n\
         says. `make oracle` builds them with buildah and the true `hf` client, and writes this page.\n\n\
         - *left*: what an independent reader, which knows the token, finds in the image\n\
         - *forecast*: `stowaway scan Dockerfile` says the same\n\
         - *scan*: `stowaway scan IMAGE` finds the same\n\
         - *origin*: `stowaway scan IMAGE --dockerfile Dockerfile` names the instruction that made the layer or the entry\n\
         - *mended*: what `stowaway fix` writes builds, still uses the token where the original did, and leaves nothing; \
         `by hand` where it\n  says that something is left to people\n\n\
         {} of them disagree.\n",
        written.len(),
        made.len(),
        if wrong == 0 { "None".to_owned() } else { wrong.to_string() }
    );
    let notes = add_rows(&mut page, written);
    page.push_str(
        "\n## Made cases\n\nA way in, a use, a way out, stages and a form of the shell, by `tests/oracle/generate.rs`; `make oracle-long` has 300.\n",
    );
    let notes = notes + &add_rows(&mut page, made);
    if !notes.is_empty() {
        write!(page, "\n## As declared\n\n{notes}").unwrap();
    }
    page
}

/// Adds a table to the page, and returns its notes.
fn add_rows(page: &mut String, rows: &[&Row]) -> String {
    page.push_str(
        "\n| case | token comes as | left | forecast | scan | origin | mended |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut notes = String::new();
    for row in rows {
        let mut cell = |verdict: &Verdict| match verdict {
            Verdict::Agrees => "✓".to_owned(),
            Verdict::ByHand => "by hand".to_owned(),
            Verdict::Nothing => "–".to_owned(),
            Verdict::Disagrees(_) => "**differs**".to_owned(),
            Verdict::Declared(why) => {
                writeln!(notes, "- `{}`: {why}", row.name).unwrap();
                "✓, see below".to_owned()
            }
        };
        let left = match &row.failed {
            Some(_) => "**failed**".to_owned(),
            None => left(&row.left),
        };
        let cells =
            [cell(&row.forecast), cell(&row.readers), cell(&row.origin), cell(&row.mended)].join(" | ");
        writeln!(page, "| `{}` | {} | {left} | {cells} |", row.name, row.ways).unwrap();
    }
    notes
}

fn left(spots: &BTreeSet<Spot>) -> String {
    let places: BTreeSet<String> = spots
        .iter()
        .map(|spot| match spot {
            Spot::File(_, path) => format!("`{path}`"),
            other => other.to_string(),
        })
        .collect();
    if places.is_empty() { "nothing".to_owned() } else { places.into_iter().collect::<Vec<_>>().join(", ") }
}
