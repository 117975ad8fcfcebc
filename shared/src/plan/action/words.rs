//! How each action is told: in a plan, in the report of a way back, and in an error that came up during it.

use std::fmt;
use std::time::Duration;

use super::{Action, Refusal};
use crate::host::{Launch, Process, ProcessIdentity, Share};
use crate::ledger::Change;
use crate::plan::Retirement;
use crate::release::megabytes;
use crate::report::duration;
use crate::slot::Place;
use crate::supervisor::UnitLaunch;

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Remember { change, place } => {
                formatter.write_str("remember: ")?;
                note(formatter, change, place.as_ref())
            }
            Action::Drain { place, at_most } => {
                write!(formatter, "let requests on their way to {place} end, for at most {}", duration(*at_most))
            }
            Action::Terminate { place, processes, grace, .. } => {
                write!(formatter, "{}", end(place, processes, *grace, ""))
            }
            Action::EndMaker { processes, .. } => formatter.write_str(&end_maker(processes)),
            Action::MakeRoom { place, processes, grace } => {
                let why = ", which serves, to make room; NOBODY SERVES from here on";
                write!(formatter, "{}", end(place, processes, *grace, why))
            }
            Action::SeeLive(place) => write!(formatter, "see that {place} still serves"),
            Action::AwaitFree(place) => write!(formatter, "wait until port {} is free", place.port),
            Action::Publish { artifact, release } => write!(
                formatter,
                "copy `{}` ({}) to `{}`",
                artifact.path.to_string_lossy(),
                megabytes(artifact.size),
                release.path.to_string_lossy()
            ),
            Action::InstallUnit(unit) => write!(formatter, "install {unit}"),
            Action::Restore(restoration) => write!(formatter, "{restoration}"),
            Action::Launch { place, launch, unit } => start(formatter, place, launch, unit.as_deref()),
            Action::SeeBoot(seen) => write!(formatter, "{seen}"),
            Action::EndLaunched { place, .. } => write!(formatter, "end what was started in {place}, and free it"),
            Action::Survive { place, at_most, .. } => {
                write!(
                    formatter,
                    "watch it until it listens on port {} or has lived {}",
                    place.port,
                    duration(*at_most)
                )
            }
            Action::Probe { probe, refusal: None, .. } => write!(formatter, "{probe}"),
            Action::Probe { probe, refusal: Some(Refusal { grace, .. }), .. } => {
                write!(formatter, "{probe}; one that is refused is ended: SIGTERM, after {} SIGKILL", duration(*grace))
            }
            Action::WarmUp { warm_up, .. } => write!(formatter, "{warm_up}"),
            Action::Reconsider { probe, .. } => {
                write!(formatter, "where traffic was sent back, {probe}; a release that is refused then is ended")
            }
            Action::Discard(path) => write!(formatter, "remove `{}`, which nobody uses", path.to_string_lossy()),
            Action::Sacrifice { process: ProcessIdentity { id, .. }, score } => match score {
                0 => write!(formatter, "protect process {id} as usual when memory is short"),
                _ => write!(formatter, "let process {id} go first when memory is short"),
            },
            Action::Share { share: of, .. } => formatter.write_str(share(*of)),
            Action::WriteInclude { names, access, .. } => {
                write!(formatter, "make `{}` name {names}", access.include.path.to_string_lossy())
            }
            Action::WriteUpstreams { names, file, .. } => {
                write!(formatter, "make `{}` hold {names}", file.path.to_string_lossy())
            }
            Action::MakeFlagDirectory { directory, .. } => write!(
                formatter,
                "make `{}`, if it is missing, where nginx's workers can see the flag",
                directory.path.to_string_lossy()
            ),
            Action::SetFlag { flag, exists, place } => {
                let verb = if *exists { "make" } else { "remove" };
                write!(formatter, "{verb} the flag `{}`: {place} serves", flag.to_string_lossy())
            }
            Action::TestConfiguration { access, .. } => {
                write!(formatter, "test nginx's configuration: {}", access.dump().join(" "))
            }
            Action::Reload { at_most, .. } => {
                write!(
                    formatter,
                    "reload nginx, in force within {} (new workers accept, no old one does)",
                    duration(*at_most)
                )
            }
            Action::ReloadBack { .. } => write!(formatter, "reload nginx again, if it was told to reload"),
            Action::WriteWord { access, .. } => write!(
                formatter,
                "make `{}` let nginx tell where it sends requests, if nginx reads that file",
                access.upstreams.path.to_string_lossy()
            ),
            Action::TakeWordBack { file, .. } => {
                write!(formatter, "make `{}` hold what it held before, if it was written", file.path.to_string_lossy())
            }
            Action::Prove(proof) => write!(formatter, "{proof}"),
            Action::ProveBack(proof) => write!(formatter, "see that requests go to {} again", proof.place),
            Action::Watch(watch) => write!(formatter, "{watch}"),
            Action::Retire(Retirement { place, drain, grace, .. }) => write!(
                formatter,
                "stop {place}: let its requests end for at most {}, then SIGTERM, after {} SIGKILL",
                duration(*drain),
                duration(*grace)
            ),
            Action::CountDown(countdown) => write!(formatter, "{countdown}, by a timer of systemd"),
            Action::Consult(question) => write!(formatter, "{question}"),
            Action::Validate(validation) => write!(formatter, "{validation}"),
        }
    }
}

fn end(place: &Place, processes: &[Process], grace: Duration, why: &str) -> String {
    format!("end process {} in {place}{why}: SIGTERM, after {} SIGKILL", ids(processes), duration(grace))
}

fn end_maker(processes: &[Process]) -> String {
    format!("end process {}, which makes a class archive for the next deploy", ids(processes))
}

fn ids(processes: &[Process]) -> String {
    let ids: Vec<String> = processes.iter().map(|process| process.identity.id.to_string()).collect();
    ids.join(", ")
}

fn share(share: Share) -> &'static str {
    match share {
        Share::Small => "let it have a small share of the processors until it is proven",
        Share::Least => "let it have the least share of the processors",
        Share::Equal => "let it have as much of the processors as any other",
    }
}

fn start(formatter: &mut fmt::Formatter<'_>, place: &Place, launch: &Launch, unit: Option<&UnitLaunch>) -> fmt::Result {
    write!(formatter, "start in {place}")?;
    if let Some(launch) = unit {
        write!(formatter, " as the unit `{}`", launch.unit.name)?;
    }
    write!(formatter, ": {}", launch.command.join(" "))
}

/// A change as a person would say it.
fn note(formatter: &mut fmt::Formatter<'_>, change: &Change, place: Option<&Place>) -> fmt::Result {
    let place = place.map_or_else(|| "its slot".to_owned(), Place::to_string);
    match change {
        Change::Open(deployment) => write!(formatter, "deployment `{}` works in {place}", deployment.name()),
        Change::Freed(_) => write!(formatter, "{place} is free"),
        Change::MadeRoom { .. } => write!(formatter, "the release in {place} makes room"),
        Change::Restored(_) => write!(formatter, "{place} serves again"),
        Change::Launching { release, .. } => write!(formatter, "{place} is to run release `{}`", release.name),
        Change::Launched { .. } => write!(formatter, "{place} runs it"),
        Change::Refused(_) => write!(formatter, "the release in {place} was refused and ended"),
        Change::Started(_) => write!(formatter, "{place} has survived its first moments"),
        Change::Proven => write!(formatter, "the release is proven"),
        Change::Intend(_) => write!(formatter, "a cutover to {place} begins"),
        Change::Return(_) => write!(formatter, "a way back to {place} begins"),
        Change::Returned => write!(formatter, "the way back has come to its end"),
        Change::SentBack => write!(formatter, "the cutover was undone"),
        Change::Moved(_) => write!(formatter, "{place} is live"),
        Change::Checked(_) => write!(formatter, "nginx's configuration is right for the flag"),
        Change::Retired(_) => write!(formatter, "{place} was stopped after the cutover"),
    }
}
