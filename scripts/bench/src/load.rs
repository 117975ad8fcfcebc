//! The strict client on a host's door.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;
use sandbox::Sandbox;
use strict_client::{History, Load, Mode};

use crate::rates::Rates;

/// For so many more requests of every mode nothing is done, so that each has connections to lose; and as many see the end.
const SETTLING: u64 = 10;
/// Above the longest time-out of a request.
const AT_MOST: Duration = Duration::from_mins(5);

/// A load that runs.
#[derive(Debug)]
pub(crate) struct RunningLoad<'a> {
    sandbox: &'a Sandbox,
    load: Load,
    modes: Vec<Mode>,
    started: Instant,
}

impl<'a> RunningLoad<'a> {
    /// Starts it, and waits until every mode has had answers.
    ///
    /// # Errors
    /// It cannot be started, or nobody answers.
    pub(crate) fn start(sandbox: &'a Sandbox, rates: &Rates, round_trip: Duration) -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, sandbox.ports().door));
        let modes: Vec<Mode> = rates.iter().map(|(mode, _)| *mode).collect();
        let mut load = Load::builder(address).modes(modes.clone()).round_trip(round_trip);
        if let Some(certificate) = sandbox.nginx().certificate() {
            load = load.secure(SocketAddr::from((Ipv4Addr::LOCALHOST, sandbox.ports().secure)), certificate);
        }
        for (mode, rate) in rates {
            load = load.rate(*mode, *rate);
        }
        let load = load.start().context("the load could not be started")?;
        // The load's own clock, on the one that everything else is measured with.
        let started = Instant::now().checked_sub(load.elapsed()).context("the clock began after the load")?;
        let running = Self { sandbox, load, modes, started };
        running.settle()?;
        Ok(running)
    }

    /// Waits for some more answers of every mode.
    ///
    /// # Errors
    /// They do not come.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.wait_for_more(SETTLING, &self.modes)
    }

    /// Waits until each of these modes has had so many more answers.
    ///
    /// # Errors
    /// They do not come.
    pub(crate) fn wait_for_more(&self, answers: u64, modes: &[Mode]) -> anyhow::Result<()> {
        let before = self.answers(modes);
        let all = || self.answers(modes).iter().zip(&before).all(|(now, before)| now - before >= answers);
        Ok(self.sandbox.wait_until(&format!("every mode has had {answers} more answers"), AT_MOST, all)?)
    }

    /// The answers of each mode until now, and for streams the events and messages in them. What failed counts as well.
    fn answers(&self, modes: &[Mode]) -> Vec<u64> {
        let summary = self.load.summary();
        let answers = |mode: &Mode| {
            let counts = summary.mode(*mode);
            counts.exchanges.max(counts.requests)
        };
        modes.iter().map(answers).collect()
    }

    /// A moment on the clock of the records.
    pub(crate) fn clock(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started)
    }

    /// Ends it.
    ///
    /// # Errors
    /// Its records are lost.
    pub(crate) fn finish(self) -> anyhow::Result<History> {
        self.load.finish().context("the load did not end")
    }
}
