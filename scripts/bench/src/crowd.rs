//! What hooks take on a host with many processes (`bench.sh --processes`): the same deploys with few idle processes beside them and
//! with many, in turns, and how long it is from the command `switch` to the first answer of the new release.

mod document;
mod idle;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use sandbox::Binaries;
use strict_client::Mode;
use workstation::console::Console;
use workstation::programs;

use self::document::Crowd;
use self::idle::Idle;
use crate::arguments::Arguments;
use crate::host::Host;
use crate::machine::Machine;
use crate::publication::Publication;
use crate::results::milliseconds;
use crate::statistics::Summary;
use crate::timed_run::{self, TimedRun};
use crate::turn;
use crate::way::Way;

/// Idle processes beside a host.
const SIZES: [u32; 2] = [100, 2000];
/// Requests a second on fresh connections: few enough to leave the hooks alone, and one every two milliseconds.
const RATE: u32 = 500;
/// What looks and is no part of a deploy.
const STATUS: &str = "status";

/// What was measured beside so many processes.
#[derive(Debug, Default)]
struct Samples {
    runs: Vec<(&'static str, TimedRun)>,
    command_to_first_new: Vec<f64>,
    failed: u64,
}

/// Measures, writes processes.md, and shows it.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn measure(arguments: &Arguments, console: &Console) -> anyhow::Result<ExitCode> {
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let baseline = arguments.baseline.canonicalize()?;
    let machine = Machine::this()?;
    let mut host = Host::new(Way::Instant, binaries, &baseline)?.fill_slots()?;
    let mut samples: BTreeMap<u32, Samples> = BTreeMap::new();
    for number in 1..=arguments.deploys {
        for size in SIZES {
            let idle = Idle::start(size)?;
            let samples = samples.entry(size).or_default();
            let turn = turn::take(&mut host, &vec![(Mode::Fresh, RATE)], Duration::ZERO)?;
            samples.runs.extend(turn.runs);
            samples.runs.push((STATUS, timed_run::run(&host.status()?)?));
            let to_first_new = turn.moments.first_new - turn.moments.command;
            samples.command_to_first_new.push(to_first_new);
            samples.failed += turn.summary.failures();
            console.line(&format!(
                "{size} processes: deploy {number} of {}: {to_first_new:.1} ms from `switch` to the first new answer",
                arguments.deploys
            ));
            idle.end()?;
        }
    }
    host.sandbox.close()?;
    let failed: u64 = samples.values().map(|samples| samples.failed).sum();
    let crowd = Crowd {
        machine,
        rate: RATE,
        deploys: arguments.deploys,
        hooks: hooks(&samples),
        command_to_first_new: samples
            .iter()
            .filter_map(|(size, samples)| Some((*size, Summary::of(&samples.command_to_first_new)?)))
            .collect(),
        failed,
    };
    Publication::new("processes", document::write(&crowd)).publish(arguments, console)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Of each hook the times on the clock and on the processors, beside so many processes.
fn hooks(samples: &BTreeMap<u32, Samples>) -> BTreeMap<(&'static str, u32), (Summary, Summary)> {
    let mut all: BTreeMap<(&'static str, u32), Vec<TimedRun>> = BTreeMap::new();
    for (size, samples) in samples {
        for (hook, run) in &samples.runs {
            all.entry((hook, *size)).or_default().push(*run);
        }
    }
    let summary = |runs: &[TimedRun], of: fn(&TimedRun) -> Duration| {
        Summary::of(&runs.iter().map(|run| milliseconds(of(run))).collect::<Vec<_>>())
    };
    all.into_iter()
        .filter_map(|(of, runs)| Some((of, (summary(&runs, |run| run.wall)?, summary(&runs, |run| run.cpu)?))))
        .collect()
}
