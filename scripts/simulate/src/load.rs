//! The clients that ask at the door while deploys go on, and what is worth telling of their requests.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use sandbox::Sandbox;
use strict_client::{History, Load, Mode, Record};

use crate::timeline::Timeline;

/// Enough answers of each mode between two steps to see who serves there.
const ANSWERS_BETWEEN_STEPS: u64 = 20;
const ANSWERS_AT_MOST: Duration = Duration::from_secs(20);
/// As many failures are told one by one.
const TOLD: usize = 5;

/// What became of the load.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadReport {
    /// Requests in a second, by each mode.
    pub(crate) rate: u32,
    /// For how long.
    pub(crate) duration: Duration,
    /// The counts of each mode.
    pub(crate) modes: Vec<ModeCounts>,
    /// Requests that failed on a connection's first use, and the first of them in words.
    pub(crate) failed_on_fresh: Failures,
    /// Requests on reused connections that failed although the connection lived or had begun to answer.
    pub(crate) failed_on_reused: Failures,
    /// All of it in intervals.
    pub(crate) timeline: Timeline,
}

/// The counts of one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModeCounts {
    pub(crate) mode: &'static str,
    pub(crate) requests: u64,
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) saved_by_a_retry: u64,
    pub(crate) retried: u64,
    pub(crate) slowest: Duration,
}

/// Failures of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: usize,
    pub(crate) examples: Vec<String>,
}

impl ModeCounts {
    /// Failed requests of all kinds.
    pub(crate) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

impl LoadReport {
    /// What a history comes to.
    pub(crate) fn of(history: &History, rate: u32, duration: Duration) -> Self {
        let modes = Mode::PLAIN.into_iter().map(|mode| {
            let counts = history.summary().mode(mode);
            ModeCounts {
                mode: mode.name(),
                requests: counts.requests,
                failures: counts.failures.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
                saved_by_a_retry: counts.saved_by_a_retry,
                retried: counts.retries,
                slowest: counts.slowest,
            }
        });
        Self {
            rate,
            duration,
            modes: modes.collect(),
            failed_on_fresh: Failures::of(&history.failures_on_fresh()),
            failed_on_reused: Failures::of(&history.failures_on_reused_that_a_retry_would_not_have_saved()),
            timeline: Timeline::of(history.records(), duration),
        }
    }
}

impl Failures {
    fn of(records: &[&Record]) -> Self {
        let examples = records.iter().take(TOLD).map(|record| {
            let failure = record.failure.map(|failure| failure.to_string()).unwrap_or_default();
            let detail = record.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("{} at {:.3} s: {failure}{detail}", record.mode, record.sent_at.as_secs_f64())
        });
        Self { count: records.len(), examples: examples.collect() }
    }
}

/// Starts to ask for `path` at the sandbox's door, with the three kinds of client that need no endpoint of their own.
pub(crate) fn start(host: &Sandbox, path: &str, rate: u32) -> anyhow::Result<Load> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, host.ports().door));
    Load::builder(address)
        .path(path)
        .modes(Mode::PLAIN)
        .rate_per_second(rate)
        .start()
        .context("the load could not be started")
}

/// Waits until every mode has some more answers, so that who serves between two steps is not taken on trust.
pub(crate) fn see_who_serves(host: &Sandbox, load: &Load) -> anyhow::Result<()> {
    let ended = || Mode::PLAIN.map(|mode| load.summary().mode(mode).requests);
    let before = ended();
    host.wait_until("the load has some more answers", ANSWERS_AT_MOST, || {
        ended().iter().zip(before).all(|(now, before)| now - before >= ANSWERS_BETWEEN_STEPS)
    })?;
    Ok(())
}
