//! Whether tokens that say when they expire have done so.

use std::collections::HashMap;

use crate::finding::{Finding, Masked, Timestamp};

/// What is said of one that has, beside what there is to do.
const EXPIRED: &str = "The token itself has expired and cannot be used any more.";
/// What is said as well of one that a login renews.
const RENEWED: &str = "The login that wrote it may have left a refresh token beside it, which can.";

/// Says of each finding's token whether it has expired at `now`, the one point in time of a run.
pub(crate) fn tell(findings: &mut [Finding], now: Option<Timestamp>) {
    let Some(now) = now else { return };
    // Findings share their help.
    let mut helps: HashMap<(Masked, bool), Masked> = HashMap::new();
    for finding in findings {
        let Some(token) = &mut finding.token else { continue };
        let Some(at) = token.expires_at else { continue };
        let expired = at <= now;
        token.expired = Some(expired);
        let verb = if expired { "expired" } else { "expires" };
        finding.message = Masked::own(format!("{}; the token {verb} on {}", finding.message, at.date()));
        if expired {
            let help = helps.entry((finding.help.clone(), token.kind.is_renewed()));
            let longer = help.or_insert_with_key(|(help, is_renewed)| match is_renewed {
                true => Masked::own(format!("{help} {EXPIRED} {RENEWED}")),
                false => Masked::own(format!("{help} {EXPIRED}")),
            });
            finding.help = longer.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::find;
    use crate::detect::tests::web_token;
    use crate::finding::{Confidence, Location, RuleId, Severity, fingerprint};

    fn finding(prefix: &str) -> Finding {
        let mut occurrence = find(web_token(prefix).as_bytes()).remove(0);
        occurrence.token.expires_at = Timestamp::from_unix(1_700_000_000);
        Finding {
            rule: RuleId("image/token-in-file"),
            severity: Severity::Critical,
            confidence: Confidence::High,
            message: Masked::own("found"),
            help: Masked::own("Revoke it."),
            fingerprint: fingerprint(RuleId("image/token-in-file"), None, "", "a", 0),
            token: Some(occurrence.token),
            target: Masked::own("a"),
            location: Location::File {
                path: crate::detect::mask_path(b"a"),
                position: None,
                offset: 0,
                via: Vec::new(),
            },
            also: Vec::new(),
            related: Vec::new(),
            leaves: Vec::new(),
        }
    }

    /// A trusted publisher's token is exchanged for another one: no refresh token belongs to it.
    #[test]
    fn a_refresh_token_is_named_where_there_can_be_one() {
        let mut findings = [finding("hf_oauth_"), finding("hf_jwt_")];
        tell(&mut findings, Timestamp::from_unix(1_800_000_000));
        let helps = findings.map(|finding| finding.help.as_str().contains("refresh token"));
        assert_eq!(helps, [true, false]);
    }
}
