//! Many cutovers under load: `switch --back`, again and again, between two releases that both run. It goes through the same
//! steps as `switch` and costs no boot, so that hundreds of them fit into a run.

use std::time::Duration;

use strict_client::Mode;
use workstation::console::Console;

use crate::host::Host;
use crate::load::RunningLoad;
use crate::rates::Rates;
use crate::tally::Tally;
use crate::timed_run::TimedRun;
use crate::turn;

/// So many cutovers share a load, which is then ended and begun anew: its records are kept in memory.
const CUTOVERS_OF_A_LOAD: u64 = 25;

/// What is to be reached.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) cutovers: u64,
    /// Answers of each of `modes`; the cutovers are spread over them evenly.
    pub(crate) answers: u64,
    pub(crate) modes: Vec<Mode>,
}

/// Plays until the goal is reached.
///
/// # Errors
/// A cutover or the load fails.
pub(crate) fn play(
    host: &Host,
    rates: &Rates,
    round_trip: Duration,
    goal: &Goal,
    console: &Console,
) -> anyhow::Result<(Tally, Vec<TimedRun>)> {
    let mut tally = Tally::default();
    let mut backs = Vec::new();
    let reached = |tally: &Tally| tally.cutovers >= goal.cutovers && tally.fewest_answers(&goal.modes) >= goal.answers;
    while !reached(&tally) {
        let load = RunningLoad::start(&host.sandbox, rates, round_trip)?;
        let mut cutovers = 0;
        while cutovers < CUTOVERS_OF_A_LOAD && (cutovers == 0 || tally.cutovers + cutovers < goal.cutovers) {
            backs.push(turn::back(host)?.1);
            cutovers += 1;
            load.wait_for_more(goal.answers.div_ceil(goal.cutovers.max(1)), &goal.modes)?;
        }
        load.settle()?;
        tally.add(load.finish()?.summary(), cutovers);
        let failed: u64 = tally.modes.values().map(|count| count.failed).sum();
        console.line(&format!(
            "{} with {} ms of round trip: {} cutovers, {} answers or more in every mode that counts, {failed} failed in all",
            host.way.name(),
            round_trip.as_millis(),
            tally.cutovers,
            tally.fewest_answers(&goal.modes)
        ));
    }
    Ok((tally, backs))
}
