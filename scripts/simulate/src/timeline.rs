//! The answers of a load in intervals of one length, by who gave them and how long they took; pure.

use std::collections::BTreeMap;
use std::time::Duration;

use strict_client::Record;

/// More bars than this cannot be told apart.
const AT_MOST: u32 = 120;
/// Lengths of an interval that people can count in, in milliseconds.
const LENGTHS: [u32; 9] = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];

/// A load, interval by interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// How long each interval is.
    pub(crate) length: Duration,
    /// The first one begins with the load.
    pub(crate) intervals: Vec<Interval>,
}

/// What became of the requests that were sent in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    /// How many each release answered; one that does not say who it is has no name.
    pub(crate) answers: BTreeMap<String, u32>,
    pub(crate) failed: u32,
    /// The middle of the times that answers took, and the longest.
    pub(crate) times: Option<Times>,
}

/// How long answers took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) median: Duration,
    pub(crate) slowest: Duration,
}

impl Timeline {
    /// Of a load that ran for so long.
    pub(crate) fn of(records: &[Record], duration: Duration) -> Self {
        let wanted = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).div_ceil(AT_MOST);
        let length = LENGTHS.into_iter().find(|length| *length >= wanted).unwrap_or(LENGTHS[LENGTHS.len() - 1]);
        let at = |sent: Duration| usize::try_from(sent.as_millis() / u128::from(length)).unwrap_or(usize::MAX);
        let last = records.iter().map(|record| at(record.sent_at)).max();
        let mut intervals = vec![Interval::default(); last.map_or(0, |last| last + 1)];
        let mut times = vec![Vec::new(); intervals.len()];
        for record in records {
            let index = at(record.sent_at);
            if record.failure.is_some() {
                intervals[index].failed += 1;
            } else {
                *intervals[index].answers.entry(record.release.clone().unwrap_or_default()).or_default() += 1;
                times[index].push(record.latency());
            }
        }
        for (interval, mut times) in intervals.iter_mut().zip(times) {
            times.sort_unstable();
            interval.times = times.last().map(|slowest| Times { median: times[times.len() / 2], slowest: *slowest });
        }
        Self { length: Duration::from_millis(length.into()), intervals }
    }

    /// The releases that answered, in the order in which they did so first.
    pub(crate) fn releases(&self) -> Vec<&str> {
        let mut known: Vec<&str> = Vec::new();
        for name in self.intervals.iter().flat_map(|interval| interval.answers.keys()) {
            if !known.contains(&name.as_str()) {
                known.push(name);
            }
        }
        known
    }
}

impl Interval {
    /// All requests that were sent in it.
    pub(crate) fn requests(&self) -> u32 {
        self.answers.values().sum::<u32>() + self.failed
    }
}

#[cfg(test)]
mod tests {
    use strict_client::{Failure, Mode};

    use super::*;

    fn record(sent: u64, took: u64, release: Option<&str>) -> Record {
        let (sent_at, took) = (Duration::from_millis(sent), Duration::from_millis(took));
        Record {
            mode: Mode::Fresh,
            sent_at,
            written_at: None,
            first_byte_at: None,
            finished_at: sent_at + took,
            connection: 1,
            nth_use: 1,
            exchanges: 1,
            status: Some(200),
            release: release.map(str::to_owned),
            instance: None,
            failure: release.is_none().then_some(Failure::Reset),
            detail: None,
            retried: false,
        }
    }

    #[test]
    fn each_request_counts_where_it_was_sent_by_who_answered_and_how_long_that_took() {
        let records =
            [record(0, 3, Some("v1")), record(10, 5, Some("v1")), record(40, 90, Some("v2")), record(110, 1, None)];
        let timeline = Timeline::of(&records, Duration::from_secs(5));
        assert_eq!(timeline.length, Duration::from_millis(50));
        let [first, second, third] = timeline.intervals.as_slice() else { panic!("{timeline:?}") };
        assert_eq!(first.answers, BTreeMap::from([("v1".to_owned(), 2), ("v2".to_owned(), 1)]));
        let times = Times { median: Duration::from_millis(5), slowest: Duration::from_millis(90) };
        assert_eq!((first.times, first.failed, first.requests()), (Some(times), 0, 3));
        assert_eq!((second.requests(), second.times), (0, None));
        assert_eq!((third.failed, third.requests(), third.times), (1, 1, None));
        assert_eq!(timeline.releases(), ["v1", "v2"]);
    }

    #[test]
    fn however_long_a_load_runs_its_intervals_can_be_told_apart() {
        for (seconds, length) in [(1, 50), (6, 50), (7, 100), (60, 500), (600, 5000), (86_400, 30_000)] {
            let timeline = Timeline::of(&[], Duration::from_secs(seconds));
            assert_eq!(timeline.length, Duration::from_millis(length), "{seconds} s");
        }
    }
}
