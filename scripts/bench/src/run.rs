//! The whole measuring, in its order: hosts, deploys without a load, deploys that are watched, deploys that are timed (in turns), many cutovers, kills,
//! nginx's own time.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use sandbox::Binaries;
use strict_client::Mode;
use workstation::console::Console;
use workstation::programs;

use crate::arguments::Arguments;
use crate::effort::Effort;
use crate::host::{BOOT_MILLISECONDS, Host};
use crate::machine::Machine;
use crate::proxy_cpu::Form;
use crate::results::{FailureFigures, Results, Samples};
use crate::tally::Tally;
use crate::timed_run;
use crate::watched_run::{self, WatchedRun};
use crate::way::Way;
use crate::{cutovers, kills, proxy_cpu, turn};

/// Measures all that the arguments ask for; the figures, and what must not have happened.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn measure(arguments: &Arguments, console: &Console) -> anyhow::Result<(Results, Vec<String>)> {
    let effort = Effort::of(arguments);
    let mut ways = arguments.ways.clone();
    ways.sort();
    ways.dedup();
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let baseline = arguments.baseline.canonicalize();
    let baseline = baseline.with_context(|| format!("`{}` could not be found", arguments.baseline.display()))?;
    let machine = Machine::this()?;
    console.line("each way gets a host of its own, with a release in both slots");
    let mut hosts = hosts(&ways, &binaries, &baseline)?;
    let mut samples: BTreeMap<Way, Samples> = ways.iter().map(|way| (*way, Samples::default())).collect();
    quiet_deploys(&mut hosts, &mut samples, &effort, console)?;
    watched_deploys(&mut hosts, &mut samples, &effort, console)?;
    timed_deploys(&mut hosts, &mut samples, &effort, arguments.round_trip, console)?;
    for host in hosts.iter().filter(|host| host.way.has_hooks()) {
        for round_trip in [Duration::ZERO, arguments.round_trip] {
            many_cutovers(host, &mut samples, &effort, round_trip, console)?;
        }
    }
    let instant = hosts.iter().find(|host| host.way == Way::Instant);
    let kills = instant.map(|host| kills::play(host, effort.kills, effort.rate, console)).transpose()?;
    let proxy_cpu = proxy_cpu(&hosts, &binaries, &baseline, &effort, console)?;
    for host in hosts {
        host.sandbox.close()?;
    }
    let breaches = breaches(&samples, kills.as_ref());
    let results = Results {
        machine,
        boot_milliseconds: BOOT_MILLISECONDS,
        round_trip_milliseconds: whole_milliseconds(arguments.round_trip),
        rate: effort.rate,
        fresh_rate: effort.rates().iter().filter(|(mode, _)| *mode == Mode::Fresh).map(|(_, rate)| rate).sum(),
        deploys: samples.iter().filter_map(|(way, samples)| Some((*way, samples.figures()?))).collect(),
        steps: samples.iter().filter_map(|(way, samples)| Some((*way, samples.steps()?))).collect(),
        failures: failures(samples),
        kills,
        proxy_cpu,
    };
    Ok((results, breaches))
}

/// A host for each way, all prepared at once, since the scripts sleep most of that time.
fn hosts(ways: &[Way], binaries: &Binaries, baseline: &Path) -> anyhow::Result<Vec<Host>> {
    thread::scope(|scope| {
        let prepare = |way: Way| {
            move || filled(way, binaries, baseline).with_context(|| format!("{}: no first releases", way.name()))
        };
        let hosts: Vec<_> = ways.iter().map(|way| scope.spawn(prepare(*way))).collect();
        let join = |host: thread::ScopedJoinHandle<'_, _>| {
            host.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        hosts.into_iter().map(join).collect()
    })
}

/// A host with a release in both slots.
fn filled(way: Way, binaries: &Binaries, baseline: &Path) -> anyhow::Result<Host> {
    Host::new(way, binaries.clone(), baseline)?.fill_slots()
}

/// Nobody else is on the machine, as far as that is this program's doing. The scripts, which sleep, are done once.
fn quiet_deploys(
    hosts: &mut [Host],
    samples: &mut BTreeMap<Way, Samples>,
    effort: &Effort,
    console: &Console,
) -> anyhow::Result<()> {
    for host in hosts {
        let deploys = if host.way.has_hooks() { effort.quiet } else { 1 };
        for _ in 0..deploys {
            let deploy = host.next_deploy()?;
            let mut invocations = deploy.invocations;
            if host.way.has_hooks() {
                invocations.push(host.back()?);
            }
            let mut runs = Vec::new();
            for invocation in &invocations {
                runs.push((invocation.hook, timed_run::run(invocation)?));
            }
            if !host.way.has_hooks() {
                host.wait_for(&deploy.release)?;
            }
            samples.entry(host.way).or_default().add_quiet(runs);
        }
        console.line(&format!("{}: {deploys} deploys without a load", host.way.name()));
    }
    Ok(())
}

fn watched_deploys(
    hosts: &mut [Host],
    samples: &mut BTreeMap<Way, Samples>,
    effort: &Effort,
    console: &Console,
) -> anyhow::Result<()> {
    for host in hosts {
        let deploys = if host.way.has_hooks() { effort.watched } else { 1 };
        for number in 1..=deploys {
            let deploy = host.next_deploy()?;
            let mut invocations = deploy.invocations;
            if host.way.has_hooks() {
                invocations.push(host.back()?);
            }
            let mut runs: Vec<(&'static str, WatchedRun)> = Vec::new();
            for invocation in &invocations {
                runs.push((invocation.hook, watched_run::run(invocation)?));
            }
            // The scripts are done before their reload is.
            if !host.way.has_hooks() {
                host.wait_for(&deploy.release)?;
            }
            let made: Vec<String> = runs.iter().map(|(hook, run)| format!("{hook} {}", run.processes)).collect();
            console.line(&format!(
                "{}: watched deploy {number} of {deploys}: made {}",
                host.way.name(),
                made.join(", ")
            ));
            samples.entry(host.way).or_default().add_watched(runs);
        }
    }
    Ok(())
}

fn timed_deploys(
    hosts: &mut [Host],
    samples: &mut BTreeMap<Way, Samples>,
    effort: &Effort,
    round_trip: Duration,
    console: &Console,
) -> anyhow::Result<()> {
    let rates = effort.rates();
    for number in 1..=effort.deploys {
        // Every other one has the round trip.
        let round_trip = if number % 2 == 0 { round_trip } else { Duration::ZERO };
        for host in hosts.iter_mut().filter(|host| number <= effort.deploys_of(host.way)) {
            let turn = turn::take(host, &rates, round_trip)?;
            let took: Duration = turn.runs.iter().map(|(_, run)| run.wall).sum();
            console.line(&format!(
                "{}: deploy {number} of {} with {} ms of round trip: {:.2} s in all; {} of {} requests failed",
                host.way.name(),
                effort.deploys_of(host.way),
                round_trip.as_millis(),
                took.as_secs_f64(),
                turn.summary.failures(),
                turn.summary.requests()
            ));
            samples.entry(host.way).or_default().add_turn(turn);
        }
    }
    Ok(())
}

fn many_cutovers(
    host: &Host,
    samples: &mut BTreeMap<Way, Samples>,
    effort: &Effort,
    round_trip: Duration,
    console: &Console,
) -> anyhow::Result<()> {
    let (rates, goal) = effort.cutovers(host.way);
    console.line(&format!(
        "{}: {} cutovers and {} answers of each mode that counts, with {} ms of round trip; about {} s",
        host.way.name(),
        goal.cutovers,
        goal.answers,
        round_trip.as_millis(),
        effort.duration_of_cutovers(host.way).as_secs()
    ));
    let (tally, backs) = cutovers::play(host, &rates, round_trip, &goal, console)?;
    let samples = samples.entry(host.way).or_default();
    samples.add_backs(backs);
    samples.tallies.entry(round_trip).or_default().merge(tally);
    Ok(())
}

/// The forms that there are hosts for; the last two have hosts of their own, whose configuration is changed by hand.
fn proxy_cpu(
    hosts: &[Host],
    binaries: &Binaries,
    baseline: &Path,
    effort: &Effort,
    console: &Console,
) -> anyhow::Result<Vec<Form>> {
    let of = |way: Way| hosts.iter().find(|host| host.way == way);
    let Some((reload, instant)) = of(Way::Reload).zip(of(Way::Instant)) else { return Ok(Vec::new()) };
    let kept = filled(Way::Instant, binaries, baseline)?;
    proxy_cpu::keep_upstream_connections(&kept)?;
    let steps = filled(Way::Instant, binaries, baseline)?;
    proxy_cpu::keep_upstream_connections(&steps)?;
    proxy_cpu::add_steps(&steps)?;
    let forms = [
        ("reload", reload),
        ("instant", instant),
        ("instant, upstream connections kept", &kept),
        ("the same, ready for traffic in steps", &steps),
    ];
    let measured = proxy_cpu::measure(&forms, effort.proxy_cpu, console)?;
    kept.sandbox.close()?;
    steps.sandbox.close()?;
    Ok(measured)
}

fn failures(samples: BTreeMap<Way, Samples>) -> Vec<FailureFigures> {
    let of_way = |(way, samples): (Way, Samples)| {
        samples.tallies.into_iter().map(move |(round_trip, tally)| FailureFigures {
            way,
            round_trip_milliseconds: whole_milliseconds(round_trip),
            tally,
        })
    };
    samples.into_iter().flat_map(of_way).collect()
}

fn breaches(samples: &BTreeMap<Way, Samples>, kills: Option<&Tally>) -> Vec<String> {
    let of_ways =
        samples.iter().flat_map(|(way, samples)| samples.tallies.values().flat_map(|tally| tally.breaches(*way)));
    of_ways.chain(kills.map(kills::breaches).unwrap_or_default()).collect()
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
