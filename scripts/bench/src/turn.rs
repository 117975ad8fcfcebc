//! One deploy under load, and the way back: what is measured again and again, of each way in its turn.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use strict_client::{Record, Summary};

use crate::file_watch::FileWatch;
use crate::host::Host;
use crate::load::RunningLoad;
use crate::rates::Rates;
use crate::timed_run::{self, TimedRun};
use crate::timeline::{self, Moments, STEP, STEPS_AFTER, Step};

/// What was measured.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) round_trip: Duration,
    /// The hooks (or scripts) in their order; the way back is the last one, if there is one.
    pub(crate) runs: Vec<(&'static str, TimedRun)>,
    pub(crate) moments: Moments,
    /// The requests around the cutover.
    pub(crate) steps: Vec<Step>,
    pub(crate) cutovers: u64,
    pub(crate) summary: Summary,
}

/// Deploys, and goes back where that is possible.
///
/// # Errors
/// The deploy or the load fails.
pub(crate) fn take(host: &mut Host, rates: &Rates, round_trip: Duration) -> anyhow::Result<Turn> {
    let deploy = host.next_deploy()?;
    let host = &*host;
    let decision = host.decision();
    let decisions = FileWatch::begin(decision.parent().unwrap_or(Path::new("/")))?;
    let (marks, mark) = host.beginning_of_switch();
    let marks = FileWatch::begin(&marks)?;
    let load = RunningLoad::start(&host.sandbox, rates, round_trip)?;
    let mut runs = Vec::new();
    for invocation in &deploy.invocations {
        runs.push((invocation.hook, timed_run::run(invocation)?));
    }
    host.wait_for(&deploy.release)?;
    load.settle()?;
    let name = decision.file_name().unwrap_or_default().to_string_lossy();
    let change = decisions.first_change(&name);
    let change = change.with_context(|| format!("`{}` did not change in a deploy", decision.display()))?;
    let command = if host.way.has_hooks() { began(&runs, "switch") } else { marks.first_change(mark) };
    let command = command.context("nobody saw the switch begin")?;
    let whole_picture = STEP * u32::try_from(STEPS_AFTER)?;
    host.sandbox.wait_until("the picture is full", whole_picture * 2, || change.elapsed() > whole_picture)?;
    let end = load.clock(Instant::now());
    if host.way.has_hooks() {
        runs.push(back(host)?);
        load.settle()?;
    }
    let (command, change) = (load.clock(command), load.clock(change));
    let history = load.finish()?;
    // What comes later is of the way back.
    let until_then = |moment: fn(&Record) -> Duration| -> Vec<&Record> {
        history.records().iter().filter(|record| moment(record) < end).collect()
    };
    let moments = Moments::of(&until_then(|record| record.finished_at), &deploy.release, command, change);
    let moments = moments.context("one of the releases did not answer on a fresh connection")?;
    let steps = timeline::steps(&until_then(timeline::written), &deploy.release, change);
    let cutovers = if host.way.has_hooks() { 2 } else { 1 };
    Ok(Turn { round_trip, runs, moments, steps, cutovers, summary: history.summary().clone() })
}

/// Goes back to the standby, timed.
pub(crate) fn back(host: &Host) -> anyhow::Result<(&'static str, TimedRun)> {
    let back = host.back()?;
    Ok((back.hook, timed_run::run(&back)?))
}

fn began(runs: &[(&str, TimedRun)], hook: &str) -> Option<Instant> {
    runs.iter().find(|(name, _)| *name == hook).map(|(_, run)| run.began)
}
