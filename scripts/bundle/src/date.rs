//! The one date of everything in a bundle: the commit's, so that the same commit gives the same bytes on any day.

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::DateTime;

/// A moment, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(Timestamp);

impl Date {
    /// From seconds since 1970, as `SOURCE_DATE_EPOCH` and git's `%ct` have them.
    ///
    /// # Errors
    /// A zip cannot carry it: before 1980 or after 2107.
    pub fn from_seconds(seconds: i64) -> anyhow::Result<Self> {
        let date = Timestamp::from_second(seconds).map(Self).context("the date is out of range")?;
        date.in_zip().map(|_| date)
    }

    /// As SBOMs have it, for example `2026-11-25T16:00:00Z`.
    #[must_use]
    pub fn text(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// As `touch -t` has it, for example `202611251600.00`: to the two seconds that a zip can tell.
    #[must_use]
    pub fn for_touch(self) -> String {
        let even = Timestamp::from_second(self.0.as_second() & !1).unwrap_or(self.0);
        even.strftime("%Y%m%d%H%M.%S").to_string()
    }

    /// As zips have it: to two seconds, without a time zone; here always UTC.
    ///
    /// # Errors
    /// A zip cannot carry it.
    pub fn in_zip(self) -> anyhow::Result<DateTime> {
        let date = self.0.to_zoned(TimeZone::UTC).datetime();
        let part = |number: i8| u8::try_from(number).unwrap_or_default();
        let year = u16::try_from(date.year()).unwrap_or_default();
        DateTime::from_date_and_time(
            year,
            part(date.month()),
            part(date.day()),
            part(date.hour()),
            part(date.minute()),
            part(date.second()),
        )
        .map_err(|_| anyhow!("`{}` is a date that a zip cannot carry; needed one from 1980 to 2107", self.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commits_date_is_told_and_zipped_in_utc() {
        let date = Date::from_seconds(1_764_086_401).unwrap();
        assert_eq!(date.text(), "2025-11-25T16:00:01Z");
        assert_eq!(date.for_touch(), "202511251600.00");
        let zipped = date.in_zip().unwrap();
        assert_eq!((zipped.year(), zipped.month(), zipped.day(), zipped.hour()), (2025, 11, 25, 16));
        for seconds in [0, -1, 5_000_000_000] {
            let told = Date::from_seconds(seconds).unwrap_err().to_string();
            assert!(told.contains("needed one from 1980 to 2107"), "{told}");
        }
    }
}
