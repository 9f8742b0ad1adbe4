//! The claims of a web token (RFC 7519). They are not verified: the signature is not checked.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::timestamp::Timestamp;

/// The largest payload that is read.
const MAX_PAYLOAD: usize = 16 * 1024;

/// Returns the expiry time of a web token: the claim `exp` of its payload, which is the second of the parts
/// between the dots.
pub(super) fn expires_at(token: &[u8]) -> Option<Timestamp> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    /// The relevant claims. Other claims are skipped, however deeply they are nested.
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let payload = token.split(|&b| b == b'.').nth(1).filter(|payload| payload.len() <= MAX_PAYLOAD)?;
    let payload = Zeroizing::new(GeneralPurpose::new(&URL_SAFE, LENIENT).decode(payload).ok()?);
    // A list is not accepted, because its first member would count as the first claim.
    payload.starts_with(b"{").then_some(())?;
    let Claims { exp } = serde_json::from_slice(&payload).ok()?;
    // Numbers that are not the second of any date remain invalid after the cast.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
    let seconds = (exp >= 0.0).then_some(exp as u64)?;
    Timestamp::from_unix(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expires(payload: &str) -> Option<String> {
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload);
        expires_at(format!("hf_oauth_eyJhbGciOiJFUzI1NiJ9.{payload}.c2ln").as_bytes())
            .map(|at| at.to_string())
    }

    #[test]
    fn the_claim_is_read() {
        for payload in [
            r#"{"exp":1790000000}"#,
            r#"{"sub":"a","exp":1790000000.9,"scope":["x"]}"#,
            r#"{"exp":1.79e9,"a":{"exp":1}}"#,
        ] {
            assert_eq!(expires(payload).as_deref(), Some("2026-09-21T14:13:20Z"), "{payload}");
        }
        assert_eq!(expires(r#"{"exp":0}"#).as_deref(), Some("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        let deep = format!(r#"{{"a":{}1}}"#, "[".repeat(5000));
        for payload in [
            "",
            "{}",
            "[1790000000]",
            r#"{"exp":"1790000000"}"#,
            r#"{"exp":null}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":1e400}"#,
            r#"{"exp":99999999999999999999}"#,
            r#"{"exp":1790000000"#,
            r#"{"exp":1,"exp":1790000000}"#,
            "\u{0}",
            &deep,
        ] {
            assert_eq!(expires(payload), None, "{payload:.40}");
        }
        assert_eq!(expires(&format!(r#"{{"a":"{}","exp":1790000000}}"#, "x".repeat(13_000))), None);
        for token in ["", "hf_oauth_eyJ", "a.b", "a.*.c", "..", "a.eyJ.c"] {
            assert_eq!(expires_at(token.as_bytes()), None, "{token}");
        }
    }
}
