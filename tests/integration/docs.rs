//! The documentation that is made from the catalogue is up to date.

use crate::support::page;

#[test]
fn the_page_of_rules_is_up_to_date() {
    page::assert_current("rules.md", &stowaway::report::rules::markdown(&stowaway::rules::all()));
}
