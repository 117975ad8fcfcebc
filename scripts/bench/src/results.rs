//! Everything that was measured, as it is written to benchmarks.json.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::host::{BACK, BOOT_MILLISECONDS};
use crate::machine::Machine;
use crate::proxy_cpu::Form;
use crate::statistics::Summary;
use crate::tally::Tally;
use crate::timed_run::TimedRun;
use crate::timeline::Step;
use crate::turn::Turn;
use crate::watched_run::WatchedRun;
use crate::way::Way;

/// The figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) boot_milliseconds: u64,
    pub(crate) round_trip_milliseconds: u64,
    /// Answers in a second, of all modes together, while deploys were timed.
    pub(crate) rate: u32,
    /// Those of them that are on fresh connections.
    pub(crate) fresh_rate: u32,
    pub(crate) deploys: BTreeMap<Way, DeployFigures>,
    pub(crate) failures: Vec<FailureFigures>,
    /// Of the SIGKILLs: the cutovers are kills.
    pub(crate) kills: Option<Tally>,
    pub(crate) proxy_cpu: Vec<Form>,
    /// For the picture.
    #[serde(skip)]
    pub(crate) steps: BTreeMap<Way, Vec<Step>>,
}

/// The deploys of a way. Times are in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct DeployFigures {
    /// All hooks together, less the boot.
    pub(crate) over_boot: Summary,
    /// User and system time of all hooks and what they waited for.
    pub(crate) cpu: Summary,
    /// Processes that the hooks made, the application not counted.
    pub(crate) children: Summary,
    /// Those, the hooks themselves and the application.
    pub(crate) processes: Summary,
    /// From the command, and from the change on disk, on fresh connections without a round trip.
    pub(crate) command_to_first_new: Summary,
    pub(crate) command_to_last_old: Summary,
    pub(crate) change_to_first_new: Summary,
    pub(crate) change_to_last_old: Summary,
    /// The way back, under load; nothing where there is none.
    pub(crate) back: Option<Summary>,
    pub(crate) hooks: BTreeMap<&'static str, HookFigures>,
}

/// One hook, on a host that has nothing else to do.
#[derive(Debug, Serialize)]
pub(crate) struct HookFigures {
    pub(crate) milliseconds: Summary,
    /// User and system time of the process itself.
    pub(crate) cpu_milliseconds: Summary,
    pub(crate) peak_memory_bytes: Option<Summary>,
    pub(crate) children: Option<Summary>,
}

/// The failures of a way with or without a round trip, over all of its cutovers.
#[derive(Debug, Serialize)]
pub(crate) struct FailureFigures {
    pub(crate) way: Way,
    pub(crate) round_trip_milliseconds: u64,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// What is collected of a way while it is measured.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    turns: Vec<Turn>,
    backs: Vec<TimedRun>,
    /// The hooks of each deploy without a load.
    quiet: Vec<(&'static str, TimedRun)>,
    /// The hooks of each deploy that was watched.
    watched: Vec<Vec<(&'static str, WatchedRun)>>,
    pub(crate) tallies: BTreeMap<Duration, Tally>,
}

impl Samples {
    pub(crate) fn add_turn(&mut self, turn: Turn) {
        self.tallies.entry(turn.round_trip).or_default().add(&turn.summary, turn.cutovers);
        self.turns.push(turn);
    }

    pub(crate) fn add_backs(&mut self, backs: Vec<TimedRun>) {
        self.backs.extend(backs);
    }

    pub(crate) fn add_quiet(&mut self, runs: Vec<(&'static str, TimedRun)>) {
        self.quiet.extend(runs);
    }

    pub(crate) fn add_watched(&mut self, runs: Vec<(&'static str, WatchedRun)>) {
        self.watched.push(runs);
    }

    /// The answers around the last cutover without a round trip.
    pub(crate) fn steps(&self) -> Option<Vec<Step>> {
        self.turns.iter().rev().find(|turn| turn.round_trip.is_zero()).map(|turn| turn.steps.clone())
    }

    /// What they come to; nothing if something was never measured.
    pub(crate) fn figures(&self) -> Option<DeployFigures> {
        let deploys = self.turns.iter().map(|turn| turn.runs.iter().filter(|(hook, _)| *hook != BACK));
        let total = |of: fn(&TimedRun) -> Duration| -> Vec<f64> {
            deploys.clone().map(|runs| milliseconds(runs.map(|(_, run)| of(run)).sum())).collect()
        };
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let boot = BOOT_MILLISECONDS as f64;
        let over_boot: Vec<f64> = total(|run| run.wall).into_iter().map(|wall| wall - boot).collect();
        let at_once = || self.turns.iter().filter(|turn| turn.round_trip.is_zero()).map(|turn| turn.moments);
        let moments =
            |of: &dyn Fn(crate::timeline::Moments) -> f64| Summary::of(&at_once().map(of).collect::<Vec<_>>());
        Some(DeployFigures {
            over_boot: Summary::of(&over_boot)?,
            cpu: Summary::of(&total(|run| run.cpu_with_children))?,
            // One of the processes that were made is the application.
            children: self.processes(|made, _| made.saturating_sub(1))?,
            processes: self.processes(|made, hooks| made + hooks)?,
            command_to_first_new: moments(&|at| at.first_new - at.command)?,
            command_to_last_old: moments(&|at| at.last_old - at.command)?,
            change_to_first_new: moments(&|at| at.first_new)?,
            change_to_last_old: moments(&|at| at.last_old)?,
            back: self.back(),
            hooks: self.hooks()?,
        })
    }

    /// Of the watched deploys: processes that were made, and hooks.
    fn processes(&self, of: impl Fn(u64, u64) -> u64) -> Option<Summary> {
        let deploys = self.watched.iter().map(|runs| {
            let hooks = || runs.iter().filter(|(hook, _)| *hook != BACK);
            count(of(hooks().map(|(_, run)| run.processes).sum(), hooks().count() as u64))
        });
        Summary::of(&deploys.collect::<Vec<_>>())
    }

    fn back(&self) -> Option<Summary> {
        let of_turns = self.turns.iter().flat_map(|turn| &turn.runs).filter(|(hook, _)| *hook == BACK);
        let all = of_turns.map(|(_, run)| run).chain(&self.backs);
        Summary::of(&all.map(|run| milliseconds(run.wall)).collect::<Vec<_>>())
    }

    fn hooks(&self) -> Option<BTreeMap<&'static str, HookFigures>> {
        let mut timed: BTreeMap<&'static str, Vec<TimedRun>> = BTreeMap::new();
        for (hook, run) in &self.quiet {
            timed.entry(hook).or_default().push(*run);
        }
        let figures = timed.into_iter().map(|(hook, runs)| {
            let of = |of: fn(&TimedRun) -> Duration| {
                Summary::of(&runs.iter().map(|run| milliseconds(of(run))).collect::<Vec<_>>())
            };
            let watched = || self.watched.iter().flatten().filter(|(name, _)| *name == hook).map(|(_, run)| run);
            let figures = HookFigures {
                milliseconds: of(|run| run.wall)?,
                cpu_milliseconds: of(|run| run.cpu)?,
                peak_memory_bytes: Summary::of(&watched().map(|run| count(run.peak_memory)).collect::<Vec<_>>()),
                children: Summary::of(&watched().map(|run| count(run.processes)).collect::<Vec<_>>()),
            };
            Some((hook, figures))
        });
        figures.collect()
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes are far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}
