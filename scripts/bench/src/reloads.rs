//! What a reload of nginx costs each kind of client (`bench.sh --reloads`): bare reloads by nobody's hook, the hooks' own, the one that
//! brings in the flag, and the flag itself, under clients of small and large pages, with TLS and HTTP/2.

mod document;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use sandbox::Binaries;
use serde::Serialize;
use strict_client::{Mode, Summary};
use workstation::console::Console;
use workstation::{interruption, programs};

use crate::arguments::Arguments;
use crate::host::Host;
use crate::load::RunningLoad;
use crate::machine::Machine;
use crate::publication::Publication;
use crate::rates::Rates;
use crate::way::Way;
use crate::{timed_run, turn};

/// Requests a second of each mode that GETs a small page, and of each that GETs a large one.
const SMALL: u32 = 100;
const LARGE: u32 = 20;
/// Small pages, once with a connection for each, and once as most clients ask for them.
const SMALL_MODES: [Mode; 2] = [Mode::Fresh, Mode::Retry];
/// Answers of each mode that pass from one reload to the next, so that each meets clients of every kind.
const BETWEEN: u64 = 10;

/// What is done again and again under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cause {
    /// A SIGHUP to nginx's master, and nothing else.
    Bare,
    /// `switch --back` with `reload`.
    Cutover,
    /// `switch --install`, which brings in the flag.
    Install,
    /// `switch --back` with `instant`, which reloads nothing.
    Flag,
}

/// What became of the requests of one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Count {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// The failures by kind.
    pub(crate) kinds: BTreeMap<String, u64>,
    /// Requests that the client sent a second time.
    pub(crate) retried: u64,
}

/// One thing that was done, with or without a round trip.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) cause: Cause,
    pub(crate) round_trip_milliseconds: u128,
    /// How often it was done.
    pub(crate) times: u32,
    pub(crate) modes: BTreeMap<Mode, Count>,
}

/// All of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) small_per_second: u32,
    pub(crate) large_per_second: u32,
    pub(crate) parts: Vec<Part>,
}

/// Measures, writes reloads.md and reloads.json, and shows the first.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn measure(arguments: &Arguments, console: &Console) -> anyhow::Result<ExitCode> {
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let baseline = arguments.baseline.canonicalize();
    let baseline = baseline.with_context(|| format!("`{}` could not be found", arguments.baseline.display()))?;
    let machine = Machine::this()?;
    let times = arguments.reloads.unwrap_or_default();
    let mut parts = Vec::new();
    let prepared = |way| Host::with_tls(way, binaries.clone(), &baseline)?.fill_slots();
    let (reload, instant) = (prepared(Way::Reload)?, prepared(Way::Instant)?);
    for round_trip in [Duration::ZERO, arguments.round_trip] {
        for (cause, host) in
            [(Cause::Bare, &instant), (Cause::Cutover, &reload), (Cause::Install, &reload), (Cause::Flag, &instant)]
        {
            let mut part =
                Part { cause, round_trip_milliseconds: round_trip.as_millis(), times, modes: BTreeMap::new() };
            play(host, round_trip, &mut part)?;
            let failed: u64 = part.modes.values().map(|count| count.failed).sum();
            let milliseconds = part.round_trip_milliseconds;
            console.line(&format!(
                "{}, {milliseconds} ms of round trip: {times} times, {failed} failed",
                document::title(cause)
            ));
            parts.push(part);
        }
    }
    reload.sandbox.close()?;
    instant.sandbox.close()?;
    let results = Results { machine, small_per_second: SMALL, large_per_second: LARGE, parts };
    Publication::new("reloads", document::write(&results)).figures(&results)?.publish(arguments, console)?;
    let breaches = breaches(&results.parts);
    for breach in &breaches {
        console.line(&format!("MUST NOT HAPPEN: {breach}"));
    }
    Ok(if breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(host: &Host, round_trip: Duration, part: &mut Part) -> anyhow::Result<()> {
    let rates: Rates =
        SMALL_MODES.map(|mode| (mode, SMALL)).into_iter().chain(Mode::HEAVY.map(|mode| (mode, LARGE))).collect();
    let modes: Vec<Mode> = rates.iter().map(|(mode, _)| *mode).collect();
    let mut load = RunningLoad::start(&host.sandbox, &rates, round_trip)?;
    for _ in 0..part.times {
        interruption::check()?;
        let before = host.sandbox.nginx().worker_pids();
        match part.cause {
            Cause::Bare => host.sandbox.nginx().reload_and_wait()?,
            Cause::Cutover | Cause::Flag => drop(turn::back(host)?),
            Cause::Install => {
                host.set_way(Way::Instant)?;
                timed_run::run(&host.install()?)?;
            }
        }
        let has_reloaded = before.iter().all(|id| !host.sandbox.nginx().worker_pids().contains(id));
        anyhow::ensure!(
            has_reloaded == (part.cause != Cause::Flag),
            "{}: nginx has {} workers",
            document::title(part.cause),
            if has_reloaded { "other" } else { "the same" }
        );
        load.wait_for_more(BETWEEN, &modes)?;
        if part.cause == Cause::Install {
            // What takes it back is a reload too, which is not to be counted here.
            part.add(load.finish()?.summary());
            host.set_way(Way::Reload)?;
            turn::back(host)?;
            load = RunningLoad::start(&host.sandbox, &rates, round_trip)?;
        }
    }
    part.add(load.finish()?.summary());
    Ok(())
}

impl Part {
    fn add(&mut self, summary: &Summary) {
        for (mode, counts) in &summary.modes {
            let count = self.modes.entry(*mode).or_default();
            count.requests += counts.requests;
            count.failed += counts.failed();
            count.retried += counts.retries;
            for (kind, number) in &counts.failures {
                *count.kinds.entry(kind.to_string()).or_default() += number;
            }
        }
    }
}

/// What must not have happened: any failure with the flag; and with a reload any but of a client of HTTP/2 that does not send again what
/// nginx says it has not processed (F145), and a large page that ends with nginx's worker (F147).
fn breaches(parts: &[Part]) -> Vec<String> {
    let mut breaches = Vec::new();
    for part in parts {
        for (mode, Count { requests, failed, kinds, retried }) in &part.modes {
            let may_fail = |kind: &str| match kind {
                _ if part.cause == Cause::Flag => false,
                "unprocessed" => *mode == Mode::Http2,
                "eof before response" | "eof within response" => Mode::HEAVY.contains(mode),
                _ => false,
            };
            let where_ = document::title(part.cause);
            if !kinds.keys().all(|kind| may_fail(kind)) {
                breaches.push(format!("{where_}: {failed} of {requests} requests failed in `{mode}`: {kinds:?}"));
            }
            if *retried > 0 && part.cause == Cause::Flag {
                breaches.push(format!("{where_}: {retried} of {requests} requests of `{mode}` had to be sent again"));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(cause: Cause, mode: Mode, kind: &str, retried: u64) -> Part {
        let failed = u64::from(!kind.is_empty());
        let kinds = (failed > 0).then(|| (kind.to_owned(), failed)).into_iter().collect();
        let count = Count { requests: 9, failed, kinds, retried };
        Part { cause, round_trip_milliseconds: 0, times: 1, modes: BTreeMap::from([(mode, count)]) }
    }

    #[test]
    fn f145_f147_what_a_reload_may_cost_is_what_nginx_leaves_and_a_large_page_that_ends_with_its_worker() {
        let table = [
            (Cause::Bare, Mode::Http2, "unprocessed", 0, 0),
            (Cause::Install, Mode::Http2, "unprocessed", 0, 0),
            (Cause::Install, Mode::Http2, "eof before response", 0, 0),
            (Cause::Bare, Mode::Tls, "eof before response", 0, 0),
            (Cause::Bare, Mode::Large, "eof within response", 0, 0),
            (Cause::Bare, Mode::Fresh, "eof before response", 0, 1),
            (Cause::Bare, Mode::Http2Retry, "timeout", 0, 1),
            (Cause::Flag, Mode::Tls, "eof before response", 0, 1),
            (Cause::Bare, Mode::Http2Retry, "unprocessed", 1, 1),
            (Cause::Cutover, Mode::Tls, "reset", 0, 1),
            (Cause::Cutover, Mode::Retry, "", 3, 0),
            (Cause::Flag, Mode::Http2, "unprocessed", 0, 1),
            (Cause::Flag, Mode::Retry, "", 1, 1),
            (Cause::Flag, Mode::Large, "", 0, 0),
        ];
        for (cause, mode, kind, retried, expected) in table {
            let found = breaches(&[part(cause, mode, kind, retried)]);
            assert_eq!(found.len(), expected, "{cause:?} {mode} {kind:?}: {found:?}");
        }
    }
}
