//! The result of `fix`: its copy builds, uses the token as before, and leaves nothing.

use std::collections::BTreeSet;

use crate::builder::{Failure, Job};
use crate::case::Case;
use crate::compare::{Verdict, audit, run_name, spots};
use crate::engine::Worker;
use crate::hub::Hub;
use crate::look;
use crate::support::{Stdin, Token, stowaway, tools};

/// Builds the fixed copy as `fix` says, with a new token and the first builder.
pub(crate) fn compare(case: &Case, worker: &Worker, hub: &Hub, uses: &BTreeSet<String>) -> Verdict {
    let token = Token::user(&format!("{}/{}/mended", run_name(), case.name));
    case.write(&worker.place, "mended", &token);
    let path = worker.place.join("mended/Dockerfile");
    let outcome = stowaway(&["fix", "--write", tools::text(&path)], Stdin::Empty);
    match outcome.code {
        0 => {}
        1 => return Verdict::ByHand,
        code => return Verdict::Disagrees(format!("fix exits with {code}: {}", outcome.stderr.trim())),
    }
    let mut secrets: BTreeSet<String> = named_secrets(&outcome.stdout);
    let is_named = |id: &str| secrets.iter().any(|secret| secret.starts_with(&format!("id={id},")));
    let kept: Vec<String> =
        case.secrets.iter().filter(|id| !is_named(id)).map(|id| format!("id={id},env={id}")).collect();
    secrets.extend(kept);
    let secrets: Vec<String> = secrets.into_iter().collect();
    let context = worker.place.join("mended");
    let job = Job { context: &context, case, arguments: &[], secrets: &secrets, token: &token };
    let (_, engine) = &worker.engines[0];
    let image = match engine.build(job).or_else(|_| engine.build(job)) {
        Ok(image) => image,
        Err(Failure(last)) => return Verdict::Disagrees(format!("what fix wrote does not build:\n{last}")),
    };
    let audit = audit(&image, &[]);
    let (ours, code) = (spots(&audit, &token), audit.code);
    let others = look::spots(&image, token.text());
    let mut differences: Vec<String> = ours.union(&others).map(|spot| format!("still in {spot}")).collect();
    if code != 0 && differences.is_empty() {
        let findings: Vec<&str> =
            audit.findings().iter().filter_map(|finding| finding["message"].as_str()).collect();
        differences.push(format!("the scan of the mended image exits with {code}: {}", findings.join("; ")));
    }
    let uses_now = hub.uses(token.text());
    let lost: Vec<&str> = uses.difference(&uses_now).map(String::as_str).collect();
    if !lost.is_empty() {
        differences.push(format!("the token no longer reaches: {}", lost.join(", ")));
    }
    Verdict::of(&differences)
}

/// Returns the secrets that `fix` says to build with.
fn named_secrets(said: &str) -> BTreeSet<String> {
    let line = said.lines().find(|line| line.starts_with("Build with: ")).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .filter(|pair| pair[0] == "--secret")
        .map(|pair| pair[1].trim_matches('\'').to_owned())
        .collect()
}
