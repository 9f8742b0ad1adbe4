//! Pages of `docs` that are made by tests.

use std::fs;
use std::path::Path;

/// Whether the committed page is this one. `STOWAWAY_WRITE_DOCS`, which `make docs` sets, makes it so.
pub(crate) fn is_current(name: &str, page: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("STOWAWAY_WRITE_DOCS").is_some() {
        fs::write(&path, page).unwrap();
    }
    fs::read_to_string(&path).unwrap_or_default() == page
}

/// Fails where the committed page is not this one.
#[track_caller]
pub(crate) fn assert_current(name: &str, page: &str) {
    assert!(is_current(name, page), "docs/{name} is stale: `make docs` writes it");
}
