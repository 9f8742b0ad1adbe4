//! The report as one HTML page that needs nothing else: no file, no font, no request. A content security policy lets the
//! browser run the script and apply the style of the page itself, and nothing that a foreign name could smuggle in.
//! Foreign text is escaped twice: by `report::escape`, for what is invisible, and by the template, for markup.

mod advice;
mod choices;
mod findings;
mod issues;
mod layers;
mod stacks;
mod way;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::choices::Choices;
use self::findings::GroupView;
use self::issues::{Ignored, IssueView, RepositoryView};
use self::layers::ImageView;
use super::text::count;
use super::{Options, escape};
use crate::finding::{Report, Severity, Timestamp};
use crate::rules::Rule;

/// The style of the page.
const STYLE: &str = include_str!("page.css");
/// The script of the page. It only filters, and opens what is folded before the page is printed.
const SCRIPT: &str = include_str!("page.js");
/// The number of findings up to which all groups are open.
const MAX_OPEN: usize = 30;
/// The number of errors that are not folded.
const MAX_ERRORS: usize = 10;

/// Writes the report.
pub(super) fn render(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = Page::new(report, options);
    // The template would be written in thousands of small pieces.
    let mut buffered = io::BufWriter::with_capacity(1 << 16, out);
    page.write_into(&mut buffered).map_err(io::Error::other)?;
    buffered.write_all(b"\n")?;
    buffered.flush()
}

/// The values that the template shows. All text from outside is escaped for a terminal.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    version: String,
    audited: Option<Timestamp>,
    verdict: Verdict,
    severities: Vec<(Severity, usize)>,
    facts: Vec<(&'static str, String)>,
    repositories: Vec<RepositoryView>,
    errors: Vec<IssueView>,
    more_errors: Vec<IssueView>,
    notes: Vec<IssueView>,
    choices: Choices,
    groups: Vec<GroupView>,
    images: Vec<ImageView>,
    ignored: Vec<Ignored>,
    rules: Vec<RuleView>,
}

/// The result in a few words.
struct Verdict {
    text: String,
    /// The class of the heading.
    tone: &'static str,
}

/// The documentation of a rule.
struct RuleView {
    anchor: String,
    rule: &'static Rule,
    fix: String,
}

impl Page {
    fn new(report: &Report, options: Options<'_>) -> Self {
        let mut choices = Choices::of(report);
        let groups = findings::groups(report, &mut choices);
        let ignored = issues::ignored(report, &mut choices);
        let rules = choices.known_rules();
        let mut errors = issues::views(&report.errors);
        let more_errors = errors.split_off(errors.len().min(MAX_ERRORS));
        Self {
            policy: content_policy(),
            style: STYLE,
            script: SCRIPT,
            version: escape(&report.tool.version).into_owned(),
            audited: options.started,
            verdict: Verdict::of(report),
            severities: severities(report),
            facts: facts(report),
            repositories: issues::repositories(report),
            errors,
            more_errors,
            notes: issues::views(&report.notes),
            choices,
            groups,
            images: layers::images(report),
            ignored,
            rules: rules.into_iter().map(RuleView::new).collect(),
        }
    }
}

impl RuleView {
    fn new(rule: &'static Rule) -> Self {
        Self { anchor: findings::anchor(rule), rule, fix: rule.fix.in_general() }
    }
}

impl Verdict {
    fn of(report: &Report) -> Self {
        let (found, tokens) = (report.summary.findings, report.summary.tokens);
        let (text, tone) = match (found, report.complete) {
            (0, true) => ("Clean: nothing found".to_owned(), "good"),
            (0, false) => ("Incomplete: nothing found in what was read".to_owned(), "bad"),
            (_, true) => (found_text(found, tokens), "bad"),
            (_, false) => (format!("{}, and not all was read", found_text(found, tokens)), "bad"),
        };
        Self { text, tone }
    }
}

fn found_text(findings: usize, tokens: usize) -> String {
    let what = count(findings, "finding");
    if tokens == 0 { what } else { format!("{}, {what}", count(tokens, "token")) }
}

/// Returns the number of findings for each severity, the worst first.
fn severities(report: &Report) -> Vec<(Severity, usize)> {
    let summary = &report.summary;
    vec![
        (Severity::Critical, summary.critical),
        (Severity::High, summary.high),
        (Severity::Medium, summary.medium),
        (Severity::Low, summary.low),
    ]
}

/// Returns what the head of the page says about the audit.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let images = || report.targets.iter().flat_map(|target| &target.images).filter(|image| image.held);
    let layers: usize = images().map(|image| image.layers.len()).sum();
    let targets = match report.targets.as_slice() {
        [target] => escape(target.target.as_str()).into_owned(),
        targets => targets.len().to_string(),
    };
    let mut facts = vec![(if report.targets.len() == 1 { "Target" } else { "Targets" }, targets)];
    if images().count() > 0 {
        let cached = images().flat_map(|image| &image.layers).filter(|layer| layer.cached).count();
        let cached = if cached > 0 { format!(" ({cached} from the cache)") } else { String::new() };
        let read = format!("{}, {}{cached}", count(images().count(), "image"), count(layers, "layer"));
        facts.push(("Read", read));
    }
    let read = if report.complete {
        "yes".to_owned()
    } else {
        format!("no, {} not read", count(report.errors.len(), "part"))
    };
    facts.push(("Complete", read));
    if !report.wanted.is_empty() {
        let wanted: Vec<String> =
            report.wanted.iter().map(|hash| format!("{:.12}", hash.to_string())).collect();
        facts.push(("Looked for sha256", format!("{} alone", wanted.join(", "))));
    }
    if report.summary.suppressed > 0 || !report.policy.is_empty() {
        facts.push(("Ignored", report.summary.suppressed.to_string()));
    }
    let policy: Vec<_> = report.policy.iter().map(|file| escape(file.as_str())).collect();
    if !policy.is_empty() {
        facts.push(("Policy", policy.join(", ")));
    }
    facts
}

/// Returns the content security policy: nothing from anywhere but the style and the script of the page.
fn content_policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
