//! The story that is told by default: a first release, a second one under load, two bad ones, a third good one, and the way
//! back by hand.

use std::path::PathBuf;

use anyhow::Context;
use sandbox::{Binaries, Sandbox};
use shared::lifecycle::PROGRAMS;
use workstation::{files, interruption, programs};

use crate::arguments::{Arguments, number_of};
use crate::console::Console;
use crate::deploys::{self, Deploys, Intent};
use crate::releases::{self, Behaviour, Releases};
use crate::step::Expectation;
use crate::table::{Report, Subject};

/// The deploys in their order, with the exit code of those that are to be refused.
const CHAPTERS: [(&str, Behaviour, Expectation); 5] = [
    ("v1", Behaviour::Good, Expectation::Done),
    ("v2", Behaviour::Good, Expectation::Done),
    ("v3", Behaviour::NeverHealthy, Expectation::Refused { exit_code: 31 }),
    ("v4", Behaviour::DiesAtBoot, Expectation::Refused { exit_code: 30 }),
    ("v5", Behaviour::Good, Expectation::Done),
];

/// What served before v5, and is its standby.
const STANDBY: &str = "v2";

/// Tells it.
pub(crate) fn tell(arguments: &Arguments) -> anyhow::Result<Report> {
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let releases = if arguments.spring { releases::spring(arguments.jars.as_deref())? } else { Releases::Demo };
    let console = Console::new();
    let mut builder = Sandbox::builder().binaries(binaries).keep(arguments.keep);
    if let Releases::Spring { java, .. } = &releases {
        builder = builder.java(java);
    }
    let host = builder.build()?;
    let told = play(&host, arguments, &releases, &console);
    let kept = arguments.keep.then(|| host.directory().to_owned());
    if let Some(directory) = &kept {
        console.line(&format!("kept: {}", directory.display()));
    }
    let closed = host.close();
    let (steps, load) = told?;
    closed?;
    let subject = if arguments.spring { Subject::Spring } else { Subject::Demo };
    Ok(Report::new(subject, number_of(arguments.agent), steps, load, kept))
}

fn play(
    host: &Sandbox,
    arguments: &Arguments,
    releases: &Releases,
    console: &Console,
) -> anyhow::Result<(Vec<crate::step::Step>, crate::load::LoadReport)> {
    let ports = host.ports();
    let agent = number_of(arguments.agent);
    console.line(&format!(
        "a host of its own in {}: nginx on port {}, real1 on {}, real2 on {}; agent {agent}",
        host.directory().display(),
        ports.door,
        ports.blue,
        ports.green
    ));
    host.nginx().start()?;
    host.set("proxy.cutover", &format!("\"{}\"", arguments.cutover))?;
    releases::set_config_locations(host)?;
    let hooks = stripped_hooks(host)?;
    let deploying_agent = deploys::agent(host, arguments.agent, &[])?;
    let mut deploys = Deploys::new(host, console, deploying_agent, ["real1", "real2"], "/profile");
    for (number, (release, behaviour, expected)) in (1..).zip(CHAPTERS) {
        interruption::check()?;
        let what = match (number, behaviour) {
            (1, _) => "the first release",
            (2, _) => "the next one, under load",
            (_, Behaviour::Good) => "a good one again",
            (_, bad) => releases.trouble(bad),
        };
        let title = format!("{release}, {what}");
        console.heading(&format!("{number}. deploy {title}"));
        let bundle = releases.bundle(host, &hooks, release, behaviour)?;
        let release = Some(release.to_owned());
        deploys.deploy(Intent { title, expected, release, moves: true }, &bundle)?;
        if !arguments.keep {
            // The agent has its own copy.
            files::remove(&bundle)?;
        }
        if number == 1 {
            if !deploys.all_well() {
                return deploys.finish();
            }
            deploys.start_load(releases.rate())?;
        }
    }
    console.heading("6. go back by hand: switch --back");
    let title = "switch --back, by hand".to_owned();
    let intent = Intent { title, expected: Expectation::Done, release: Some(STANDBY.to_owned()), moves: true };
    deploys.go_back(intent, || {
        let run = host.hook("switch").argument("--back").run()?;
        Ok((run.code, run.output))
    })?;
    deploys.finish()
}

/// The hooks as they are shipped: without what only a debugger reads, which is most of a development build.
fn stripped_hooks(host: &Sandbox) -> anyhow::Result<PathBuf> {
    let directory = host.directory().join("hooks");
    files::make_directory(&directory)?;
    for name in PROGRAMS {
        let (built, copy) = (host.binaries()?.path(name)?, directory.join(name));
        let stripped = programs::command("strip").arg("-o").arg(&copy).arg(&built).output();
        // Without `strip` the bundles are only larger.
        if !stripped.is_ok_and(|output| output.status.success()) {
            std::fs::copy(&built, &copy).with_context(|| format!("`{}` could not be copied", built.display()))?;
        }
    }
    Ok(directory)
}
