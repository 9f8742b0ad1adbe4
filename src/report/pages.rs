//! The pages of `docs` that are generated from tables in the code. `make docs` writes them.

use crate::fault::{Code, Remedy};
use crate::rules::{self, Rule};

#[path = "../../tests/support/page.rs"]
mod page;

/// Renders docs/rules.md.
fn rules_page() -> String {
    let rules = rules::all();
    let mut page = vec![String::from(
        "# Rules\n\n\
         Made from the catalogue in `src/rules` by `make docs`.\n\n\
         | id | severity | finds |\n| --- | --- | --- |\n",
    )];
    for Rule { id, severity, summary, .. } in &rules {
        let anchor = id.replace('/', "");
        page.push(format!("| [`{id}`](#{anchor}) | {severity} | {summary} |\n"));
    }
    for Rule { id, severity, summary, why, bad, good, fix } in &rules {
        let fix = fix.in_general();
        page.push(format!(
            "\n## {id}\n\n{summary}. Severity: {severity}.\n\n{why}\n\n\
             Instead of\n\n```\n{bad}\n```\n\nwrite\n\n```\n{good}\n```\n\n{fix}\n"
        ));
    }
    page.concat()
}

/// Renders docs/codes.md.
fn codes_page() -> String {
    let mut page = vec![String::from(
        "# Codes\n\nMade from the table in `src/fault.rs` by `make docs`.\n\nEach entry of `errors` and `notes` in \
         a JSON report has a `code`. An error makes the audit incomplete: somebody else could read more of the \
         target. A note does not.\n\n| code | means | what to do |\n| --- | --- | --- |\n",
    )];
    for &code in Code::ALL {
        let remedy = match code.remedy() {
            Remedy::TryAgain => "try again",
            Remedy::Replace => "make or fetch it again",
            Remedy::RaiseLimit => "raise the limit, or audit it in parts",
            Remedy::Change => "change permissions, keys or arguments",
            Remedy::Report => "report it to the maintainers",
            Remedy::Nothing => "nothing",
        };
        page.push(format!("| `{code}` | {} | {remedy} |\n", code.meaning()));
    }
    page.concat()
}

#[test]
fn the_page_of_rules_is_up_to_date() {
    page::assert_current("rules.md", &rules_page());
}

#[test]
fn the_page_of_codes_is_up_to_date() {
    page::assert_current("codes.md", &codes_page());
}
