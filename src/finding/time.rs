//! Points in time, as tokens and reports name them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

const DAY: u64 = 24 * 60 * 60;
/// The end of the year 9999, behind which no date has a usual form.
const END: u64 = 253_402_300_800;

/// A second of the years from 1970 to 9999, in UTC. Shown and serialised as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point that many seconds after the start of 1970, if it has a date.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        (seconds < END).then_some(Self(seconds))
    }

    /// Seconds since the start of 1970.
    pub fn to_unix(self) -> u64 {
        self.0
    }

    /// The present, as the system's clock has it.
    pub fn now() -> Option<Self> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|since| Self::from_unix(since.as_secs()))
    }

    /// Its day: `2026-09-21`.
    pub fn date(self) -> String {
        let (year, month, day) = civil(self.0 / DAY);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0 % DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.date())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of the day that many days after the start of 1970, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have the leap day at their end, in periods of 400 years from the year 0.
    let days = days + 719_468;
    let (period, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (period * 400 + year + next, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: u64) -> String {
        Timestamp::from_unix(seconds).unwrap().to_string()
    }

    #[test]
    fn dates() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (68_169_600, "1972-02-29T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (END - 1, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(text(seconds), shown);
        }
        assert_eq!(Timestamp::from_unix(1_790_000_000).unwrap().date(), "2026-09-21");
    }

    #[test]
    fn days_follow_each_other() {
        let mut last = (1969, 12, 31);
        for day in 0..END / DAY {
            let (year, month, of_month) = civil(day);
            let next = (year, month, of_month);
            assert!(next > last && (1..=12).contains(&month) && (1..=31).contains(&of_month), "{next:?}");
            assert!(of_month == 1 || of_month == last.2 + 1, "{next:?}");
            last = next;
        }
        assert_eq!(last, (9999, 12, 31));
    }

    #[test]
    fn what_has_no_date() {
        assert_eq!(Timestamp::from_unix(END), None);
        assert_eq!(Timestamp::from_unix(u64::MAX), None);
        assert!(Timestamp::now() > Timestamp::from_unix(1_700_000_000));
    }
}
