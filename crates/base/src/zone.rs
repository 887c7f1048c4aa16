//! Wall clocks: a date and a time in an IANA zone, and the instant they mean.

use crate::Time;
use jiff::{
    civil,
    tz::{AmbiguousOffset, TimeZone},
};
use std::{fmt, str::FromStr};

/// An IANA zone by its name, `Europe/Lisbon`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

#[derive(Debug, thiserror::Error)]
#[error("not an IANA time zone")]
pub struct UnknownZone;

impl Zone {
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant at which a clock in this zone shows `date` and `time`. In a gap (clocks go forward) it is the
    /// first valid instant after it; in a fold (clocks go back) the first occurrence.
    pub fn instant(&self, date: civil::Date, time: civil::Time) -> Option<Time> {
        let wall = date.to_datetime(time);
        let stamp = match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok()?,
            // Read with the offset before the gap, the wall clock lies after the transition; the first valid
            // instant is the transition itself.
            AmbiguousOffset::Gap { before, .. } => {
                let inside = before.to_timestamp(wall).ok()?;
                self.0.preceding(inside.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?).next()?.timestamp()
            }
        };
        Some(Time(stamp.as_millisecond()))
    }

    /// The calendar day in this zone at `now`.
    pub fn today(&self, now: Time) -> Option<civil::Date> {
        Some(self.0.to_datetime(jiff::Timestamp::from_millisecond(now.0).ok()?).date())
    }

    /// Date and time in this zone at `at`, as a calendar in this zone would show them.
    pub fn wall(&self, at: Time) -> Option<civil::DateTime> {
        Some(self.0.to_datetime(jiff::Timestamp::from_millisecond(at.0).ok()?))
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name.is_empty() || name.len() > 64 {
            return Err(UnknownZone);
        }
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `YYYY-MM-DD` and nothing else.
pub fn date(text: &str) -> Option<civil::Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    shape.then(|| text.parse().ok()).flatten()
}

/// `HH:MM` or `HH:MM:SS` and nothing else.
pub fn time(text: &str) -> Option<civil::Time> {
    let shape = matches!(text.len(), 5 | 8)
        && text.bytes().enumerate().all(|(i, b)| if matches!(i, 2 | 5) { b == b':' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    let part = |at: usize| text.get(at..at + 2).and_then(|t| t.parse::<i8>().ok());
    let second = if text.len() == 8 { part(6)? } else { 0 };
    civil::Time::new(part(0)?, part(3)?, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(zone: &str, day: &str, clock: &str) -> String {
        zone.parse::<Zone>().unwrap().instant(date(day).unwrap(), time(clock).unwrap()).unwrap().to_string()
    }

    #[test]
    fn nine_in_lisbon() {
        assert_eq!(at("Europe/Lisbon", "2026-11-23", "09:00"), "2026-11-23T09:00:00.000Z");
        assert_eq!(at("Europe/Lisbon", "2026-07-01", "09:00"), "2026-07-01T08:00:00.000Z");
    }

    #[test]
    fn a_gap_gives_the_first_valid_instant_after_it() {
        // 2026-03-29 01:00 → 02:00 in Lisbon; 02:30 does not exist in Berlin.
        assert_eq!(at("Europe/Lisbon", "2026-03-29", "01:30"), "2026-03-29T01:00:00.000Z");
        assert_eq!(at("Europe/Berlin", "2026-03-29", "02:30"), "2026-03-29T01:00:00.000Z");
        assert_eq!(at("Europe/Berlin", "2026-03-29", "02:00"), "2026-03-29T01:00:00.000Z");
        // Lord Howe moves by half an hour; Samoa skipped a whole day in 2011.
        assert_eq!(at("Australia/Lord_Howe", "2026-10-04", "02:15"), "2026-10-03T15:30:00.000Z");
        assert_eq!(at("Pacific/Apia", "2011-12-30", "12:00"), "2011-12-30T10:00:00.000Z");
    }

    #[test]
    fn a_fold_gives_the_first_occurrence() {
        assert_eq!(at("Europe/Lisbon", "2026-10-25", "01:30"), "2026-10-25T00:30:00.000Z");
        assert_eq!(at("America/New_York", "2026-11-01", "01:30"), "2026-11-01T05:30:00.000Z");
    }

    #[test]
    fn shapes_are_strict() {
        assert!(date("2026-02-29").is_none() && date("2028-02-29").is_some());
        assert!(date("2026-2-9").is_none() && date("2026-02-09T00").is_none());
        assert!(time("9:00").is_none() && time("24:00").is_none() && time("23:59:59").is_some());
        assert!("Mars/Olympus".parse::<Zone>().is_err() && "../etc/passwd".parse::<Zone>().is_err());
    }

    proptest! {
        /// A wall clock that exists is shown again by its instant; one in a gap never shows an earlier clock.
        #[test]
        fn the_instant_shows_the_wall_clock(
            zone in prop::sample::select(vec!["Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"]),
            day in -20_000_i32..30_000, minute in 0_i32..1440,
        ) {
            let zone: Zone = zone.parse().unwrap();
            let day = civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            let clock = civil::Time::new(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0).unwrap();
            let instant = zone.instant(day, clock).unwrap();
            let shown = zone.wall(instant).unwrap();
            prop_assert!(shown >= day.to_datetime(clock));
            // The instant before shows an earlier clock: it is the first that shows this one or a later one.
            if shown != day.to_datetime(clock) {
                prop_assert!(zone.wall(instant.minus(1)).unwrap() < day.to_datetime(clock));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = (date(&text), time(&text), text.parse::<Zone>().is_ok());
        }
    }
}
