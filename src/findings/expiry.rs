//! Whether tokens that say when they expire have done so.

use std::collections::HashMap;

use crate::finding::{Finding, Masked, Timestamp};

/// What is said of one that has, beside what there is to do.
const EXPIRED: &str = "The token itself has expired and cannot be used any more. The login that wrote it may have \
                       left a refresh token beside it, which can.";

/// Says of each finding's token whether it has expired at `now`, the one point in time of a run.
pub(crate) fn tell(findings: &mut [Finding], now: Option<Timestamp>) {
    let Some(now) = now else { return };
    // Findings share their help.
    let mut helps: HashMap<Masked, Masked> = HashMap::new();
    for finding in findings {
        let Some(token) = &mut finding.token else { continue };
        let Some(at) = token.expires_at else { continue };
        let expired = at <= now;
        token.expired = Some(expired);
        let verb = if expired { "expired" } else { "expires" };
        finding.message = Masked::own(format!("{}; the token {verb} on {}", finding.message, at.date()));
        if expired {
            let help = helps.entry(finding.help.clone());
            finding.help = help.or_insert_with_key(|help| Masked::own(format!("{help} {EXPIRED}"))).clone();
        }
    }
}
