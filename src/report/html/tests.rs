use std::fmt::Write as _;

use super::*;
use crate::finding::{Finding, LayerIndex, Location, Masked, Origin, State, SuppressedBy, Suppression};
use crate::report::samples;

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the page without its head.
fn body(report: &Report) -> String {
    page(report).split_once("<body>").unwrap().1.to_owned()
}

/// Returns the text of the elements `name` of a page, which do not hold each other.
fn inside<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let open = format!("<{name}");
    let close = format!("</{name}>");
    let parts = page.split(open.as_str()).skip(1).filter(|part| part.starts_with(['>', ' ']));
    parts.map(|part| part.split_once('>').unwrap().1.split_once(close.as_str()).unwrap().0).collect()
}

/// Returns text without markup, with single blanks.
fn plain(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let rest = part.split_once('>').map_or(part, |(_, rest)| rest);
        write!(text, "{rest} ").unwrap();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn samples() -> [Report; 8] {
    [
        samples::image(),
        samples::every_location(),
        samples::expiring(),
        samples::dockerfile(),
        samples::two_advices(),
        samples::incomplete(),
        samples::clean(),
        samples::hostile(),
    ]
}

#[test]
fn every_finding_is_there() {
    for report in samples() {
        let mut report = report;
        for (number, finding) in report.findings.iter_mut().enumerate() {
            let hash = crate::finding::Digest::from_bytes([u8::try_from(number).unwrap(); 32]);
            finding.fingerprint = crate::finding::Fingerprint::new(hash);
        }
        let page = body(&report);
        for finding in &report.findings {
            assert_eq!(page.matches(&finding.fingerprint.to_string()).count(), 1, "{}", finding.rule);
        }
        assert_eq!(page.matches("class=\"finding\"").count(), report.findings.len());
        let groups = crate::report::text::groups(report.open_findings()).len();
        assert_eq!(page.matches("class=\"group\"").count(), groups);
    }
}

#[test]
fn the_policy_has_the_hashes_of_style_and_script() {
    let page = page(&samples::image());
    let (styles, scripts) = (inside(&page, "style"), inside(&page, "script"));
    assert_eq!((styles.len(), scripts.len()), (1, 1));
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "content=\"default-src &#39;none&#39;; style-src &#39;sha256-{}&#39;; script-src &#39;sha256-{}&#39;; base-uri \
         &#39;none&#39;; form-action &#39;none&#39;\"",
        hash(styles[0]),
        hash(scripts[0])
    );
    assert!(page.contains(&policy), "{policy}");
    assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style>").unwrap());
    for text in [STYLE, SCRIPT] {
        assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
    }
}

#[test]
fn nothing_is_loaded_and_links_lead_to_rules_and_to_where_tokens_are_revoked() {
    for report in samples() {
        let page = page(&report);
        for loading in
            ["src=", "url(", "@import", "<link", "<iframe", "<object", " style=", "action=", " onclick="]
        {
            assert!(!page.contains(loading), "{loading}");
        }
        for link in page.split("href=\"").skip(1) {
            let address = link.split_once('"').unwrap().0;
            let revoke = crate::finding::TokenKind::UNKNOWN.revoke_address();
            let known = address == "#findings" || address == revoke;
            let rule = address.strip_prefix('#').is_some_and(|id| page.contains(&format!("id=\"{id}\"")));
            assert!(known || rule, "{address}");
        }
    }
}

#[test]
fn hostile_names_are_no_markup() {
    let mut report = samples::hostile();
    let markup = "\"><script>alert(1)</script><img src=x onerror=y>'</style>{{ 7 }}&amp;`";
    let bad = || Masked::own(Box::leak(format!("{markup}\u{202e}\n").into_boxed_str()));
    report.policy = vec![bad()];
    for finding in &mut report.findings {
        (finding.message, finding.help, finding.target) = (bad(), bad(), bad());
        if let Location::Layer { image, platform, created_by, .. } = &mut finding.location {
            (*image, *platform, *created_by) = (Some(bad()), Some(bad()), Some(bad()));
        }
    }
    let mut ignored = report.findings[0].clone();
    ignored.suppressed = Some(Suppression { by: SuppressedBy::Config, reason: Some(bad()) });
    report.findings.push(ignored);
    report.recount();
    for issue in report.errors.iter_mut().chain(&mut report.notes) {
        (issue.target, issue.place, issue.message) = (bad(), bad(), bad());
    }
    report.repositories = vec![crate::finding::RepositorySummary {
        repository: bad(),
        targets: 1,
        findings: 0,
        tokens: 0,
        complete: true,
    }];
    let page = page(&report);
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    assert_eq!((page.matches("<style").count(), page.matches("<img").count()), (1, 0));
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
    assert!(page.contains("{{ 7 }}"), "no template is read twice");
    assert!(!page.contains(|c: char| c.is_control() && c != '\n') && !page.contains('\u{202e}'));
    // Outside of text, every quote is ours: a tag holds an even number of them.
    for tag in page.split_once("<body>").unwrap().1.split('<').skip(1) {
        let tag = tag.split_once('>').unwrap().0;
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
}

#[test]
fn the_way_of_a_token_that_was_deleted() {
    let mut report = samples::image();
    // The sample names layers that its image does not have.
    for finding in &mut report.findings {
        if let Location::Layer { layer, hidden_by, state, .. } = &mut finding.location
            && *state != State::Present
        {
            (*layer, *hidden_by) = (LayerIndex(0), Some(LayerIndex(1)));
        }
    }
    let page = body(&report);
    let ways: Vec<String> = inside(&page, "ol").into_iter().map(plain).collect();
    insta::assert_snapshot!(ways[..2].join("\n"));
    let stack = ways.last().unwrap();
    insta::assert_snapshot!(stack.as_str());
}

#[test]
fn findings_in_the_base_image_are_apart() {
    let mut report = samples::image();
    for (finding, origin) in report.findings.iter_mut().zip([Origin::Own, Origin::Base, Origin::Own]) {
        finding.origin = Some(origin);
    }
    let page = body(&report);
    let headings: Vec<String> = inside(&page, "h4").into_iter().map(plain).collect();
    let own = "Built on the base image";
    assert_eq!(headings, [own, "In the base image", "What to do", own, "What to do"]);
    assert!(page.contains(">base image (1)</option>"), "{page}");
}

#[test]
fn ignored_findings_are_apart_with_the_reason() {
    let mut report = samples::image();
    report.findings[1].suppressed =
        Some(Suppression { by: SuppressedBy::Baseline, reason: Some(Masked::own("revoked last year")) });
    report.policy = vec![Masked::own("stowaway.toml")];
    report.recount();
    let page = body(&report);
    assert_eq!(page.matches("class=\"finding\"").count(), 2);
    assert_eq!(page.matches("class=\"ignored\"").count(), 1);
    let text = plain(&page);
    for says in ["reason revoked last year", "ignored by the baseline", "Ignored 1", "Policy stowaway.toml"] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn advice_is_told_once() {
    let page = body(&samples::two_advices());
    let advice: Vec<String> = page.split("<div class=\"advice\">").skip(1).map(plain).collect();
    assert_eq!(advice.len(), 2);
    assert!(advice[0].starts_with("What to do Delete the comment."), "{}", advice[0]);
    assert!(advice[1].starts_with("What to do Revoke the token at https"), "{}", advice[1]);
    assert!(
        page.contains("<pre tabindex=\"0\">RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download")
    );
}

#[test]
fn the_verdict_comes_first() {
    for (report, says) in [
        (samples::image(), "2 tokens, 3 findings"),
        (samples::dockerfile(), "3 findings"),
        (samples::incomplete(), "Incomplete: nothing found in what was read"),
        (samples::clean(), "Clean: nothing found"),
    ] {
        let page = page(&report);
        assert_eq!(inside(&page, "h1"), [says]);
        assert_eq!(inside(&page, "title"), [format!("stowaway: {says}")]);
        assert_eq!(page.matches("id=\"not-read\"").count(), usize::from(!report.complete));
    }
}

#[test]
fn ids_are_unique_and_headings_in_order() {
    for report in samples() {
        let page = body(&report);
        let ids: Vec<&str> =
            page.split(" id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
        let unique: std::collections::HashSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        let levels = page.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10));
        let levels: Vec<u32> = levels.collect();
        assert_eq!(levels.first(), Some(&1));
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    }
}

#[test]
fn thousands_of_findings_are_few_bytes_each() {
    let mut report = samples::image();
    let sample: Finding = report.findings[1].clone();
    report.findings = vec![sample; 5000];
    report.recount();
    let page = page(&report);
    assert!(page.len() / 5000 < 2000, "{}", page.len());
}
