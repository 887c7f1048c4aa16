//! Instants in UTC with millisecond precision.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr, time::Duration};

/// Milliseconds since the Unix epoch. As text: RFC 3339 in UTC with three decimals, `2026-11-22T09:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Time {
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    #[must_use]
    pub fn minus(self, millis: i64) -> Self {
        Self(self.0.saturating_sub(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative when `self` comes first.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// How long to wait from `self` until `later`; zero when it has passed.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.since(self)).unwrap_or(0))
    }

    /// Whole seconds since the epoch, as JWT claims and `Retry-After` want them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// The calendar month in UTC as `2026-11`: the key of a usage window.
    pub fn month(self) -> String {
        let (year, month, ..) = civil(self.0.div_euclid(DAY));
        format!("{year:04}-{month:02}")
    }

    /// The first instant of the next calendar month in UTC: when a usage window resets.
    #[must_use]
    pub fn next_month(self) -> Self {
        let (year, month, _) = civil(self.0.div_euclid(DAY));
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        Self(days(year, month, 1) * DAY)
    }

    /// Writes the RFC 3339 text without allocating: 24 bytes for years 0 to 9999.
    pub fn write(self, out: &mut [u8; 24]) {
        let day = self.0.div_euclid(DAY);
        let rest = self.0.rem_euclid(DAY);
        let (year, month, date) = civil(day);
        let mut put = |at: usize, width: usize, mut value: i64| {
            for i in (at..at + width).rev() {
                out[i] = b'0' + u8::try_from(value.rem_euclid(10)).unwrap_or(0);
                value /= 10;
            }
        };
        put(0, 4, year.clamp(0, 9999));
        put(5, 2, month);
        put(8, 2, date);
        put(11, 2, rest / HOUR);
        put(14, 2, rest / MINUTE % 60);
        put(17, 2, rest / SECOND % 60);
        put(20, 3, rest % SECOND);
        for (at, byte) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')] {
            out[at] = byte;
        }
    }
}

/// Days since the epoch to year, month and day (proleptic Gregorian; H. Hinnant, "chrono-compatible date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + doe - 719_468
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = [0; 24];
        self.write(&mut out);
        f.write_str(std::str::from_utf8(&out).unwrap_or_default())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not an RFC 3339 instant")]
pub struct BadTime;

impl FromStr for Time {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        text.parse::<jiff::Timestamp>().map(|t| Self(t.as_millisecond())).map_err(|_| BadTime)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = [0; 24];
        self.write(&mut out);
        serializer.serialize_str(std::str::from_utf8(&out).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips_and_agrees_with_jiff(ms in -62_000_000_000_000_i64..250_000_000_000_000) {
            let text = Time(ms).to_string();
            prop_assert_eq!(text.parse::<Time>().unwrap(), Time(ms));
            let jiff = jiff::Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(format!("{jiff:.3}"), text);
        }

        #[test]
        fn the_next_month_is_a_first_day_at_midnight(ms in 0_i64..250_000_000_000_000) {
            let next = Time(ms).next_month();
            prop_assert!(next > Time(ms));
            prop_assert!(next.to_string().ends_with("-01T00:00:00.000Z"));
            prop_assert_eq!(next.minus(1).month(), Time(ms).month());
        }
    }
}
