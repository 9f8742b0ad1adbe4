//! Tokens in databases in images.

use std::process::Command;

use crate::support::{Image, Layer, Layout, Place, Tar, Token, scan};
use serde_json::json;

/// Writes a table of long cells. In each of them, the token has a different offset.
pub(super) const HISTORY: &str = "
import sqlite3, sys
path, token = sys.argv[1:]
db = sqlite3.connect(path)
db.execute('PRAGMA page_size=512')
db.execute('CREATE TABLE history (source TEXT)')
for start in range(60, 1500, 7):
    text = 'print(1); ' * 200
    db.execute('INSERT INTO history VALUES (?)', (text[:start] + ' ' + token + ' ' + text[start:],))
db.commit()
";
pub(super) const ROWS: usize = 206;

/// Writes cells that consist of the token only, in two adjacent columns.
const CELLS: &str = "
import sqlite3, sys
path, token = sys.argv[1:]
db = sqlite3.connect(path)
db.execute('CREATE TABLE history (session INTEGER, line INTEGER, source TEXT, source_raw TEXT)')
for line in range(50):
    db.execute('INSERT INTO history VALUES (1, ?, ?, ?)', (line, 'import numpy as np', 'import numpy as np'))
    db.execute('INSERT INTO history VALUES (1, ?, ?, ?)', (line, token, token))
db.commit()
";

#[test]
fn a_cell_that_is_nothing_but_the_token() {
    let made = Token::user("cell");
    let place = Place::new("cells");
    let path = place.join("history.sqlite");
    let status = Command::new("python3").args(["-c", CELLS]).arg(&path).arg(made.text()).status().unwrap();
    assert!(status.success());
    let outcome = scan(&[format!("file:{}", path.display())]);
    assert_eq!(outcome.findings_of(&made).len(), 100);
}

#[test]
fn a_token_in_every_row_of_a_history() {
    let made = Token::user("database");
    let place = Place::new("history");
    let path = place.join("history.sqlite");
    let status = Command::new("python3").args(["-c", HISTORY]).arg(&path).arg(made.text()).status().unwrap();
    assert!(status.success());
    let bytes = std::fs::read(&path).unwrap();
    let whole = bytes.windows(made.bytes().len()).filter(|window| *window == made.bytes()).count();
    assert!(whole < ROWS, "some rows are cut within the token");

    let name = "root/.ipython/profile_default/history.sqlite";
    let image = Image::new("app:latest", [Layer::new(&Tar::new().file(name, &bytes).finish())]);
    let outcome = scan(&[place.write("app.tar", Layout::of(&[&image]).files().archive())]);
    let found = outcome.findings_of(&made);
    let across = found.iter().filter(|f| f["location"]["via"] == json!(["sqlite"])).count();
    assert!(across > 0 && found.len() >= ROWS, "{} of {ROWS}, {across} across", found.len());
    for finding in found {
        let offset = usize::try_from(finding["location"]["offset"].as_u64().unwrap()).unwrap();
        assert!(bytes[offset..].starts_with(&made.bytes()[..1]) && finding["location"]["line"].is_null());
    }
    assert_eq!(outcome.errors().len(), 0);
}
