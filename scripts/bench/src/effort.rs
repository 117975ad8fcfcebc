//! How much is measured: what the arguments come to.

use std::time::Duration;

use strict_client::Mode;

use crate::arguments::Arguments;
use crate::cutovers::Goal;
use crate::proxy_cpu;
use crate::rates::{self, Rates};
use crate::way::Way;

/// What `--long` wants to see in every mode that counts.
const LONG_CUTOVERS: u64 = 300;
const LONG_ANSWERS: u64 = 300_000;
const LONG_KILLS: u64 = 100;
/// What is asked of the machine in a second.
const RATE: u32 = 1500;
/// What `--long` asks of it, whose length is given by the answers.
const LONG_RATE: u32 = 3500;
/// What `--quick` asks of a machine that has other things to do.
const QUICK_RATE: u32 = 400;
/// A cutover under `--seconds` or `--quick` has about so much time to itself.
const BETWEEN_CUTOVERS: u64 = 1;

/// The numbers of a run.
#[derive(Clone, Debug)]
pub(crate) struct Effort {
    /// Deploys that are timed; the scripts' deploys sleep, so that there may be fewer.
    pub(crate) deploys: u32,
    pub(crate) script_deploys: u32,
    /// Deploys of the hooks without a load, in which each of them has the machine for itself.
    pub(crate) quiet: u32,
    /// Deploys that are watched with ptrace.
    pub(crate) watched: u32,
    /// Answers in a second while deploys are timed.
    pub(crate) rate: u32,
    pub(crate) kills: u64,
    pub(crate) proxy_cpu: proxy_cpu::Effort,
    /// In place of the seconds.
    long: bool,
    /// As `rate`, while there are many cutovers.
    rate_of_cutovers: u32,
    seconds: u64,
}

impl Effort {
    /// As the arguments say.
    pub(crate) fn of(arguments: &Arguments) -> Self {
        let cpu = |rounds, requests| proxy_cpu::Effort { rounds, requests, per_second: 500 };
        if arguments.quick {
            return Self {
                deploys: 2,
                script_deploys: 1,
                quiet: 1,
                watched: 1,
                rate: QUICK_RATE,
                kills: 5,
                proxy_cpu: cpu(1, 1000),
                long: false,
                rate_of_cutovers: QUICK_RATE,
                seconds: 8,
            };
        }
        Self {
            deploys: arguments.deploys,
            script_deploys: arguments.deploys,
            quiet: 20,
            watched: 3,
            rate: arguments.rate.unwrap_or(RATE),
            kills: if arguments.long { LONG_KILLS } else { 10 },
            proxy_cpu: cpu(5, 5000),
            long: arguments.long,
            rate_of_cutovers: arguments.rate.unwrap_or(if arguments.long { LONG_RATE } else { RATE }),
            seconds: arguments.seconds,
        }
    }

    /// How often a way deploys under the clock.
    pub(crate) fn deploys_of(&self, way: Way) -> u32 {
        if way.has_hooks() { self.deploys } else { self.script_deploys }
    }

    /// The load while deploys are timed: mostly on fresh connections, whose answers tell the moments of a cutover.
    pub(crate) fn rates(&self) -> Rates {
        rates::plan(self.rate, &kinds(), &[Mode::Fresh])
    }

    /// The many cutovers of a way: the load, and when it is enough.
    pub(crate) fn cutovers(&self, way: Way) -> (Rates, Goal) {
        // Of `reload` no more is promised, so that these modes get most of what the machine carries.
        let favoured: &[Mode] = if way == Way::Reload { &[Mode::Fresh, Mode::Retry] } else { &[] };
        let modes = if favoured.is_empty() { kinds() } else { favoured.to_vec() };
        let rates = rates::plan(self.rate_of_cutovers, &kinds(), favoured);
        if self.long {
            return (rates, Goal { cutovers: LONG_CUTOVERS, answers: LONG_ANSWERS, modes });
        }
        let answers = self.seconds * rates::slowest(&rates, &modes);
        (rates, Goal { cutovers: (self.seconds / BETWEEN_CUTOVERS).max(1), answers, modes })
    }

    /// About how long the many cutovers of a way take, once.
    pub(crate) fn duration_of_cutovers(&self, way: Way) -> Duration {
        let (rates, goal) = self.cutovers(way);
        Duration::from_secs(goal.answers.div_ceil(rates::slowest(&rates, &goal.modes)))
    }
}

/// The kinds of client whose answers are small, so that thousands fit into a second; of the others `--reloads` tells.
pub(crate) fn kinds() -> Vec<Mode> {
    Mode::ALL.into_iter().filter(|mode| !Mode::HEAVY.contains(mode)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn effort(line: &[&str]) -> Effort {
        Effort::of(&Arguments::try_parse_from(["bench"].iter().chain(line)).unwrap())
    }

    #[test]
    fn the_long_form_reaches_its_numbers_in_less_than_an_hour() {
        let long = effort(&["--long"]);
        let mut seconds = 0;
        for way in [Way::Reload, Way::Instant] {
            let (_, goal) = long.cutovers(way);
            assert_eq!((goal.cutovers, goal.answers), (300, 300_000));
            seconds += 2 * long.duration_of_cutovers(way).as_secs();
        }
        assert!(seconds < 2400, "{seconds}");
        let (_, goal) = long.cutovers(Way::Instant);
        assert_eq!((goal.modes.len(), kinds().len()), (10, 10));
    }

    #[test]
    fn the_seconds_are_kept_to_and_have_cutovers_in_them() {
        for (line, seconds) in [(&["--quick"][..], 8), (&["--seconds", "30"], 30)] {
            for way in [Way::Reload, Way::Instant] {
                let effort = effort(line);
                let (_, goal) = effort.cutovers(way);
                let duration = effort.duration_of_cutovers(way).as_secs();
                assert_eq!((duration, goal.cutovers), (seconds, seconds), "{line:?} {way:?}");
            }
        }
    }
}
