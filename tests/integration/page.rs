//! The HTML report in a browser: the policy lets the page work and nothing else, the filters filter, nothing is wider than
//! the window, and axe-core finds no barrier.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::browser::Browser;
use crate::support::{Image, Layer, Place, Stdin, Tar, Token, image, place, scan, stowaway, token, tools};

/// The version of axe-core, and the SHA-256 of its package.
const AXE: (&str, &str) = ("4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745");

/// Writes the report on an image with many files that hold tokens, and on the targets of the tests of other formats.
fn report(place: &Place) -> (PathBuf, usize) {
    let mut lower = Tar::new();
    for number in 0..60 {
        let token = Token::user(&format!("page {}", number % 4));
        lower = lower.file(format!("srv/data/{number:02}/{}", "a-long-name".repeat(12)), token.bytes());
    }
    let upper = Tar::new().whiteout("srv/data");
    let layers = [Layer::new(&lower.finish()), Layer::new(&upper.finish())];
    let history = json!([{"created_by": "COPY data /srv/data"}, {"created_by": "RUN rm -r /srv/data"}]);
    let built = Image::new("page:1", layers).history(history);
    let archive = place.write("page.tar", image::docker_archive(&[&built]).archive());
    let policy =
        "[[ignore]]\nrule = \"image/token-in-file\"\npath = \"srv/data/00/**\"\nreason = \"made up\"\n";
    let policy = place.write("policy.toml", policy);
    let page = place.join("page.html");
    let mut args = vec![tools::text(&archive)];
    args.extend(crate::reports::targets().iter().map(String::as_str));
    let list = scan(&args).json.unwrap();
    let html = ["scan", "--config", tools::text(&policy), "--format", "html", "--output", tools::text(&page)];
    let outcome = stowaway(&[&html[..], &args].concat(), Stdin::Empty);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    // One of them is ignored.
    (page, list["findings"].as_array().unwrap().len() - 1)
}

/// Returns the script of axe-core, which is fetched once for each target directory. Returns nothing without npm.
///
/// # Panics Panics without npm if CI is set, or if the package is another one.
fn axe() -> Option<String> {
    let (version, hash) = AXE;
    let directory = place::root().join(format!("axe-core-{version}"));
    let script = directory.join("package/axe.min.js");
    if !script.exists() {
        fs::create_dir_all(&directory).unwrap();
        let packed = Command::new("npm")
            .args(["pack", "--silent", &format!("axe-core@{version}"), "--pack-destination"])
            .arg(&directory)
            .output();
        let packed = match packed {
            Ok(packed) => packed,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "npm: {error}; run `make test`, which installs it");
                eprintln!("npm is missing: axe-core is not run");
                return None;
            }
        };
        assert!(packed.status.success(), "npm: {}", String::from_utf8_lossy(&packed.stderr));
        let package = directory.join(format!("axe-core-{version}.tgz"));
        let actual = token::hex(&Sha256::digest(fs::read(&package).unwrap()));
        assert_eq!(actual, hash, "{}", package.display());
        tools::run("tar", &["-xzf", tools::text(&package), "-C", tools::text(&directory)]);
    }
    Some(fs::read_to_string(script).unwrap())
}

/// Returns the number of findings that pass the filters.
fn visible(browser: &Browser) -> usize {
    let count = browser.run("return document.querySelectorAll('.finding:not([hidden])').length");
    usize::try_from(count.as_u64().unwrap()).unwrap()
}

/// Waits until so many findings pass the filters, and the page says so.
#[track_caller]
fn assert_visible(browser: &Browser, expected: usize, all: usize) {
    let deadline = Instant::now() + Duration::from_secs(5);
    let status =
        if expected == all { format!("{all} findings") } else { format!("{expected} of {all} findings") };
    loop {
        let said = browser.run("return document.querySelector('[role=status]').textContent");
        if visible(browser) == expected && said == status.as_str() {
            return;
        }
        assert!(Instant::now() < deadline, "{} findings, {said}; expected {status}", visible(browser));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn filters_filter(browser: &Browser, all: usize) {
    assert_visible(browser, all, all);
    browser.type_into("[name=text]", "srv/data/17");
    assert_visible(browser, 1, all);
    let groups = browser.run("return document.querySelectorAll('.group:not([hidden])').length");
    assert_eq!(groups, 1);
    browser.type_into("[name=text]", " nowhere");
    assert_visible(browser, 0, all);
    assert_eq!(browser.run("return document.querySelector('.none').hidden"), false);
    browser.click("button[type=reset]");
    assert_visible(browser, all, all);
    // Return sends no form, which the policy would forbid.
    browser.type_into("[name=text]", "HUGGINGFACE/token:1:1\u{e007}");
    assert_visible(browser, 1, all);
    browser.click("button[type=reset]");
    let highs = browser.run("return document.querySelectorAll('.finding[data-s=high]').length");
    let highs = usize::try_from(highs.as_u64().unwrap()).unwrap();
    assert!(highs > 0);
    browser.click("input[value=high]");
    assert_visible(browser, all - highs, all);
    browser.click("input[value=high]");
    for (name, attribute) in [("rule", "r"), ("target", "t")] {
        let script = format!(
            "const select = document.querySelector('[name={name}]'); select.selectedIndex = 1;
             select.dispatchEvent(new Event('input', {{bubbles: true}}));
             return document.querySelectorAll(`.finding[data-{attribute}=\"${{select.value}}\"]`).length"
        );
        let count = usize::try_from(browser.run(&script).as_u64().unwrap()).unwrap();
        assert!(count > 0 && count < all, "{name}: {count}");
        assert_visible(browser, count, all);
        browser.click("button[type=reset]");
    }
    assert_visible(browser, all, all);
}

#[test]
fn the_report_in_a_browser() {
    let place = Place::new("page");
    let (page, all) = report(&place);
    let Some(browser) = Browser::start(&place.join("profile")) else {
        eprintln!("chromedriver is missing: the page is not tested");
        return;
    };
    browser.show(1280, 900, "light");
    browser.open(&page);
    filters_filter(&browser, all);
    let axe = axe();
    for (width, colours) in [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")] {
        browser.show(width, 900, colours);
        for open in ["false", "true"] {
            browser.run(&format!(
                "for (const details of document.querySelectorAll('details')) details.open = {open}"
            ));
            let wide = browser.run(
                "return document.documentElement.scrollWidth > innerWidth
                 || [...document.querySelectorAll('body *')].some(e => e.getBoundingClientRect().right > innerWidth + 1)",
            );
            assert_eq!(wide, false, "{width} {colours}: something is wider than the window");
        }
        // Two of the four have both widths and both colours.
        if let Some(axe) = axe.as_ref().filter(|_| (width == 320) == (colours == "dark")) {
            browser.run(&format!("{axe}; window.axe = axe"));
            let found = browser.run_async(
                "const done = arguments[0];
                 axe.run(document, {preload: false, resultTypes: ['violations']})
                   .then(r => done(r.violations.map(v => [v.id, v.nodes[0].failureSummary, v.nodes[0].html])))
                   .catch(e => done(String(e)))",
            );
            assert_eq!(found, json!([]), "{width} {colours}: {found:#}");
        }
    }
    browser.run("for (const details of document.querySelectorAll('details')) details.open = false");
    browser.type_into("[name=text]", "nowhere");
    assert_visible(&browser, 0, all);
    browser.devtools("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let printed = browser.run(
        "return [...document.querySelectorAll('.finding dd, .ignored dd')].every(e => e.offsetHeight > 0)
         && document.querySelector('#filters').offsetHeight === 0",
    );
    assert_eq!(printed, true, "all of it is printed");
    let console = browser.console();
    assert!(console.is_empty(), "{console:#?}");
}
