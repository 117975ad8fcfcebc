//! The counts of a load, by mode, and the table of them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::failure::Failure;
use crate::mode::Mode;
use crate::record::Record;

/// The counts of every mode that has sent something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By mode.
    pub modes: BTreeMap<Mode, ModeSummary>,
}

/// The counts of one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModeSummary {
    /// Requests that have ended, well or not.
    pub requests: u64,
    /// Responses, events and messages that came whole and right.
    pub exchanges: u64,
    /// Failed requests, by kind.
    pub failures: BTreeMap<Failure, u64>,
    /// Failed requests whose reused connection died without a byte of the response; they are among `failures`.
    pub saved_by_a_retry: u64,
    /// Requests that were sent a second time.
    pub retries: u64,
    /// The longest time from the sending of a request to its end.
    pub slowest: Duration,
    /// The releases that answered.
    pub releases: BTreeMap<String, ReleaseSeen>,
}

/// A release's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseSeen {
    /// How many.
    pub count: u64,
    /// When the first of them was complete.
    pub first: Duration,
    /// When the last of them was complete.
    pub last: Duration,
}

impl Summary {
    pub(crate) fn add(&mut self, record: &Record) {
        self.modes.entry(record.mode).or_default().add(record);
    }

    /// The counts of one mode; all zero if it has not sent anything.
    #[must_use]
    pub fn mode(&self, mode: Mode) -> ModeSummary {
        self.modes.get(&mode).cloned().unwrap_or_default()
    }

    /// Ended requests of all modes.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.modes.values().map(|mode| mode.requests).sum()
    }

    /// Responses, events and messages of all modes that came whole and right.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.modes.values().map(|mode| mode.exchanges).sum()
    }

    /// Failed requests of all modes.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.modes.values().map(ModeSummary::failed).sum()
    }
}

impl ModeSummary {
    fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.exchanges += record.exchanges;
        self.retries += u64::from(record.retried);
        self.slowest = self.slowest.max(record.latency());
        self.saved_by_a_retry += u64::from(record.is_failure_that_a_retry_would_have_saved());
        if let Some(failure) = record.failure {
            *self.failures.entry(failure).or_default() += 1;
        }
        if let Some(release) = &record.release {
            let at = record.finished_at;
            if !self.releases.contains_key(release) {
                self.releases.insert(release.clone(), ReleaseSeen { count: 0, first: at, last: at });
            }
            let Some(seen) = self.releases.get_mut(release) else { return };
            seen.count += 1;
            seen.first = seen.first.min(at);
            seen.last = seen.last.max(at);
        }
    }

    /// Failed requests of all kinds.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

impl Display for Summary {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<13}{:>9}{:>10}{:>9}{:>9}{:>12}",
            "mode", "requests", "exchanges", "failed", "retries", "slowest"
        )?;
        for (mode, counts) in &self.modes {
            let ModeSummary { requests, exchanges, retries, .. } = counts;
            let slowest = format!("{:.1} ms", counts.slowest.as_secs_f64() * 1000.0);
            let failed = counts.failed();
            writeln!(formatter, "{mode:<13}{requests:>9}{exchanges:>10}{failed:>9}{retries:>9}{slowest:>12}")?;
            for (failure, count) in &counts.failures {
                writeln!(formatter, "{:13}failed: {count} x {failure}", "")?;
            }
            if counts.saved_by_a_retry > 0 {
                let count = counts.saved_by_a_retry;
                writeln!(formatter, "{:13}of these a retry would have saved {count}", "")?;
            }
            for (release, ReleaseSeen { count, first, last }) in &counts.releases {
                let (first, last) = (first.as_secs_f64(), last.as_secs_f64());
                writeln!(formatter, "{:13}{release}: {count} answers, from {first:.3} s to {last:.3} s", "")?;
            }
        }
        Ok(())
    }
}
