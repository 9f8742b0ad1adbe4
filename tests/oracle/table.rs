//! The output of a run: a line for each case, a page for `docs`, and the disagreements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::builder::Builder;
use crate::compare::{Made, Row, Verdict};
use crate::forecast;

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
    let mut images = BTreeMap::<Builder, (usize, usize)>::new();
    for (&builder, made) in rows.iter().flat_map(|row| &row.made) {
        let (built, unknown) = images.entry(builder).or_default();
        match made {
            Made::Image(_) => *built += 1,
            Made::Unknown => *unknown += 1,
            Made::Fails => {}
        }
    }
    for (builder, (built, unknown)) in images {
        write!(text, "\n{builder}: {built} images, {unknown} cases of a form that it does not know").unwrap();
    }
    for row in wrong {
        write!(text, "\n{}", line(row)).unwrap();
    }
    text
}

/// The cells of the committed page, by case and builder. Builders that are not part of a run keep theirs.
#[derive(Debug)]
pub(crate) struct Committed(BTreeMap<(String, Builder), String>);

impl Committed {
    /// Parses a page.
    pub(crate) fn parse(page: &str) -> Self {
        let mut cells = BTreeMap::new();
        let mut columns: Vec<Option<Builder>> = Vec::new();
        for line in page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")) {
            let words: Vec<&str> = line.split(" | ").collect();
            if words[0] == "case" {
                let named = |word: &&str| Builder::ALL.into_iter().find(|builder| builder.name() == *word);
                columns = words.iter().map(named).collect();
            }
            for (cell, builder) in words.iter().zip(&columns) {
                let name = words[0].trim_matches('`').to_owned();
                cells.extend(builder.map(|builder| ((name, builder), (*cell).to_owned())));
            }
        }
        Self(cells)
    }

    fn cell(&self, row: &Row, builder: Builder) -> &str {
        self.0.get(&(row.name.clone(), builder)).map_or("not yet", String::as_str)
    }
}

/// Renders `docs/oracle.md`.
pub(crate) fn page(written: &[&Row], made: &[&Row], committed: &Committed) -> String {
    let wrong = written.iter().chain(made).filter(|row| !row.agrees()).count();
    let mut page = format!(
        "# Forecast and real\n\n\
         What `stowaway` says that the {} Dockerfiles of `testdata/oracle`, and {} that are put together, leave of a token, beside what\n\
         builders leave. They are built with the true `hf` client. `make oracle` uses buildah, and Docker 20.10 with its BuildKit and with the\n\
         classic builder. `make oracle-long` uses Docker 28 and podman too. Both write this page.\n\n\
         - *forecast*: what `stowaway scan Dockerfile` says that an image holds: the worst of all builders\n\
         - the builders: ✓ if an independent reader, which knows the token, finds just that in the image; else what differs, which is\n  \
         declared below; *unknown* where the builder does not know the form\n\
         - *scan*: `stowaway scan IMAGE` finds what the independent reader finds, in all images\n\
         - *origin*: `stowaway scan IMAGE --dockerfile Dockerfile` names the instruction that made the layer or the entry\n\
         - *mended*: what `stowaway fix` writes builds (with buildah), still uses the token where the original did, and leaves nothing;\n  \
         `by hand` where it says that something is left to people\n\n\
         {} of them disagree.\n",
        written.len(),
        made.len(),
        if wrong == 0 { "None".to_owned() } else { wrong.to_string() }
    );
    add_rows(&mut page, written, committed);
    page.push_str(
        "\n## Made cases\n\nA way in, a use, a way out, stages and a form of the shell, by `tests/oracle/generate.rs`; `make oracle-long` has 300.\n",
    );
    add_rows(&mut page, made, committed);
    let rows = || written.iter().chain(made);
    let notes: String = rows().filter_map(|row| note(row)).collect();
    if !notes.is_empty() {
        write!(page, "\n## As declared\n\n{notes}").unwrap();
    }
    let mut unknown = BTreeMap::<(Builder, &str), Vec<String>>::new();
    for row in rows() {
        for (builder, said) in &row.unknown {
            unknown.entry((*builder, said)).or_default().push(format!("`{}`", row.name));
        }
    }
    if !unknown.is_empty() {
        page.push_str(
            "\n## Forms that a builder does not know\n\n| builder | says | cases |\n| --- | --- | --- |\n",
        );
        for ((builder, said), cases) in unknown {
            writeln!(page, "| {builder} | `{said}` | {} |", cases.join(", ")).unwrap();
        }
    }
    page
}

/// Adds a table to the page.
fn add_rows(page: &mut String, rows: &[&Row], committed: &Committed) {
    let builders = Builder::ALL.map(Builder::name).join(" | ");
    let line = "--- | ".repeat(Builder::ALL.len());
    write!(
        page,
        "\n| case | token comes as | forecast | {builders} | scan | origin | mended |\n| --- | --- | --- | {line}--- | --- | --- |\n"
    )
    .unwrap();
    for row in rows {
        let expected = match &row.failed {
            Some(_) => "**failed**".to_owned(),
            None => places(&row.expected),
        };
        let built = Builder::ALL.map(|builder| match row.made.get(&builder) {
            Some(Made::Image(left)) => {
                forecast::differences(&row.expected, left).unwrap_or_else(|| "✓".to_owned())
            }
            Some(Made::Unknown) => "unknown".to_owned(),
            Some(Made::Fails) => "fails".to_owned(),
            None => committed.cell(row, builder).to_owned(),
        });
        let verdicts = [&row.readers, &row.origin, &row.mended].map(|verdict| match verdict {
            Verdict::Agrees | Verdict::Declared(_) => "✓",
            Verdict::ByHand => "by hand",
            Verdict::Nothing => "–",
            Verdict::Disagrees(_) => "**differs**",
        });
        let (built, verdicts) = (built.join(" | "), verdicts.join(" | "));
        writeln!(page, "| `{}` | {} | {expected} | {built} | {verdicts} |", row.name, row.ways).unwrap();
    }
}

fn note(row: &Row) -> Option<String> {
    match &row.forecast {
        Verdict::Declared(why) => Some(format!("- `{}`: {why}\n", row.name)),
        Verdict::Disagrees(how) => Some(format!("- `{}`: **{how}**\n", row.name)),
        _ => None,
    }
}

/// Names places for people.
pub(crate) fn places(places: &BTreeSet<String>) -> String {
    let place = |place: &String| match place.split_once(':') {
        Some(("layer", path)) => format!("`{path}`"),
        Some((place, mode)) => format!("{place} ({mode})"),
        None if place == forecast::SOME_PATH => "a layer".to_owned(),
        None => place.clone(),
    };
    let places: Vec<String> = places.iter().map(place).collect();
    if places.is_empty() { "nothing".to_owned() } else { places.join(", ") }
}
