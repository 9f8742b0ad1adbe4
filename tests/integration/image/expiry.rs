//! Expiry dates of web tokens.

use crate::support::{Image, Kind, Layer, Layout, Outcome, Place, Stdin, Tar, Token, scan, stowaway};
use serde_json::json;

const PAST: u64 = 1_000_000_000;
const FUTURE: u64 = 250_000_000_000;

fn tokens() -> [Token; 3] {
    [
        Token::expiring(Kind::OauthAccess, "dead", PAST),
        Token::expiring(Kind::Oidc, "live", FUTURE),
        Token::new(Kind::OauthRefresh, "refresh"),
    ]
}

fn archive(name: &str) -> std::path::PathBuf {
    let [dead, live, refresh] = tokens();
    let stored = format!(
        "[oauth-a]\nhf_token = {}\nrefresh_token = {}\nexpires_at = {PAST}\n",
        dead.text(),
        refresh.text()
    );
    let tar =
        Tar::new().file("root/.cache/huggingface/stored_tokens", stored).file("srv/ci.log", live.text());
    let image = Image::new("app:latest", [Layer::new(&tar.finish())]);
    Place::new(name).write("app.tar", Layout::of(&[&image]).files().archive())
}

#[test]
fn json_and_message_say_when() {
    let [dead, live, refresh] = tokens();
    let outcome: Outcome = scan(&[archive("json")]);
    outcome.assert_found_only(&[&dead, &live, &refresh]);
    for (token, at, expired, said) in [
        (&dead, "2001-09-09T01:46:40Z", true, "; the token expired on 2001-09-09"),
        (&live, "9892-03-08T12:26:40Z", false, "; the token expires on 9892-03-08"),
    ] {
        let finding = outcome.finding_of(token);
        assert_eq!(finding["token"]["expires_at"], at);
        assert_eq!(
            (&finding["token"]["expired"], &finding["severity"]),
            (&json!(expired), &json!("critical"))
        );
        assert!(finding["message"].as_str().unwrap().ends_with(said), "{finding:#}");
        assert_eq!(finding["help"].as_str().unwrap().contains("may have left a refresh token"), expired);
    }
    let finding = outcome.finding_of(&refresh);
    assert_eq!((finding["token"].get("expires_at"), finding["token"].get("expired")), (None, None));
}

#[test]
fn text_says_when() {
    let outcome = stowaway(&["scan".as_ref(), archive("text").as_os_str()], Stdin::Empty);
    let shown = &outcome.stdout;
    assert!(
        shown.contains(", expired on 2001-09-09\n") && shown.contains(", expires on 9892-03-08\n"),
        "{shown}"
    );
}

#[test]
fn a_dockerfile_says_so_as_well() {
    let [dead, ..] = tokens();
    let text = format!("FROM scratch\nENV HF_TOKEN={}\n", dead.text());
    let outcome = scan(&[Place::new("dockerfile").write("Dockerfile", text)]);
    let findings: Vec<_> = outcome.findings().iter().filter(|f| f["token"]["expired"] == true).collect();
    assert!(!findings.is_empty(), "{:#}", outcome.report());
}
