//! The documentation that is made from the catalogue is up to date.

use std::path::Path;

/// `STOWAWAY_WRITE_DOCS=1 cargo test --test docs` writes the page.
#[test]
fn the_page_of_rules_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = stowaway::report::rules::markdown(&stowaway::rules::all());
    if std::env::var_os("STOWAWAY_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == page, "docs/rules.md is stale: STOWAWAY_WRITE_DOCS=1 cargo test --test docs");
}
