//! Points in time in tokens and reports.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A second in UTC, from the year 1 to 9999. Shown and serialised according to RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Creates a timestamp from seconds since the start of 1970. Returns `None` after the year 9999.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok().map(Self)
    }

    /// Returns the start of a day, such as `2027-06-01`, in UTC.
    pub(crate) fn of_day(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == "2027-06-01".len())?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|start| Self(start.timestamp()))
    }

    /// Returns the time in a date of HTTP (RFC 9110, section 5.6.7), in one of its three forms.
    pub(crate) fn of_http(text: &str) -> Option<Self> {
        const FORMS: [&str; 3] =
            ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let parsed = FORMS.iter().find_map(|form| jiff::civil::DateTime::strptime(form, text).ok())?;
        parsed.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| Self(time.timestamp()))
    }

    /// Returns the seconds since the start of 1970, or 0 for an earlier time.
    pub fn to_unix(self) -> u64 {
        u64::try_from(self.0.as_second()).unwrap_or(0)
    }

    /// Returns the current time of the system's clock.
    pub fn now() -> Option<Self> {
        Self::from_unix(u64::try_from(jiff::Timestamp::now().as_second()).ok()?)
    }

    /// Returns the date, such as `2026-09-21`.
    pub fn date(self) -> String {
        self.0.to_string().chars().take_while(|&c| c != 'T').collect()
    }
}

/// The clock that decides whether dated tokens have expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Clock {
    /// No clock. Expiry is not reported.
    #[default]
    None,
    /// The system's clock.
    System,
}

impl Clock {
    pub(crate) fn now(self) -> Option<Timestamp> {
        match self {
            Self::None => None,
            Self::System => Timestamp::now(),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_as_rfc_3339_has_them() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (68_169_600, "1972-02-29T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
            (253_402_207_200, "9999-12-30T22:00:00Z"),
        ] {
            let time = Timestamp::from_unix(seconds).unwrap();
            assert_eq!(time.to_string(), shown);
            assert_eq!(time.to_unix(), seconds);
            assert_eq!(serde_json::to_value(time).unwrap(), shown);
            assert_eq!(serde_json::from_value::<Timestamp>(shown.into()).unwrap(), time);
        }
        assert_eq!(Timestamp::from_unix(1_790_000_000).unwrap().date(), "2026-09-21");
    }

    #[test]
    fn there_is_no_time_after_the_year_9999() {
        assert_eq!(Timestamp::from_unix(253_402_300_800), None);
        assert_eq!(Timestamp::from_unix(u64::MAX), None);
        assert!(Timestamp::now() > Timestamp::from_unix(1_700_000_000));
    }
}
